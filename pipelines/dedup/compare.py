"""The naive way (each record against everybody) beside the blocks, on the same sample, in the same process.

    python compare.py [SAMPLE]

After a run of jaro_dag, with the python that `venturi environments build` prints. Reads the database in data/.
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "dags"))
from dedup.matching import SAME_FROM, blocks_of, combined, scores
from dedup.own_postgres import own_postgres
from rapidfuzz.distance import Jaro
from rapidfuzz.process import cdist

NEWEST = "SELECT batch, numbers FROM analyses ORDER BY at DESC LIMIT 1"
SAMPLE = """
SELECT c.n, c.first_name, c.last_name, c.address, i.record_key FROM cleaned c JOIN incoming i USING (batch, n)
WHERE batch = %s ORDER BY md5(c.n::text) LIMIT %s
"""
AT_ONCE = 20


def naive(sample, people):
    """{record: whether anybody else scores SAME_FROM}, and the seconds it took."""
    columns, keys = list(zip(*people, strict=True)), [row[0] for row in people]
    found, began = {}, time.perf_counter()
    for at in range(0, len(sample), AT_ONCE):
        some = sample[at : at + AT_ONCE]
        mine = list(zip(*some, strict=True))
        total = combined(cdist(mine[field], columns[field], scorer=Jaro.similarity, workers=-1) for field in (1, 2, 3))
        for row, line in zip(some, total, strict=True):
            found[row[0]] = any(keys[other] != row[4] for other in (line >= SAME_FROM).nonzero()[0])
    return found, time.perf_counter() - began


def blocked(cursor, sample):
    """The same by the index of blocks."""
    found, began = dict.fromkeys((row[0] for row in sample), False), time.perf_counter()
    keys = [(key, row) for row in sample for key in blocks_of(*row[1:4])]
    cursor.execute(
        "SELECT block, record_key, clean_first, clean_last, clean_address "
        "FROM people_blocks JOIN people USING (person) WHERE block = ANY(%s)",
        ([key for key, _ in keys],),
    )
    by_block = {}
    for key, *person in cursor.fetchall():
        by_block.setdefault(key, []).append(person)
    pairs = [(row, person) for key, row in keys for person in by_block.get(key, ()) if person[0] != row[4]]
    if pairs:
        total = scores([(*row[1:4], *person[1:]) for row, person in pairs])
        for at in (total >= SAME_FROM).nonzero()[0]:
            found[pairs[at][0][0]] = True
    return found, time.perf_counter() - began


def main(size):
    with own_postgres() as connection, connection.cursor() as cursor:
        cursor.execute(NEWEST)
        batch, numbers = cursor.fetchone()
        cursor.execute(SAMPLE, (batch, size))
        sample = cursor.fetchall()
        cursor.execute("SELECT record_key, clean_first, clean_last, clean_address FROM people")
        people = cursor.fetchall()
        slow, slow_s = naive(sample, people)
        fast, fast_s = blocked(cursor, sample)
    whole_s = slow_s / len(sample) * numbers["read"]
    both = sum(slow[n] and fast[n] for n in slow)
    return (
        f"{len(sample)} records against {len(people)} people: naive {slow_s:.2f} s, blocks {fast_s:.4f} s, "
        f"{slow_s / fast_s:.0f} times as fast; the naive way finds {sum(slow.values())} with a match, "
        f"the blocks {both} of them. The whole run took {numbers['seconds']} s for {numbers['read']} records; "
        f"naive it would be {whole_s:.0f} s, {whole_s / max(numbers['seconds'], 0.1):.0f} times as long."
    )


if __name__ == "__main__":
    print(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
