"""After runs of jaro_dag: the numbers they told are those in the database, and the matching is good.

Reads the feeds and the database in data/ (DEDUP_DATA), not what the tasks made of them.
"""

import csv
import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "dags"))
from dedup.own_postgres import data_folder, own_postgres

PRECISION, RECALL = 0.9, 0.9


def verify(runs):
    """The sentence. Raises AssertionError with the reason."""
    right = told = planted = read = inserted = 0
    with own_postgres() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT record_key, entity FROM known")
        entity_of = dict(cursor.fetchall())
        for run in runs:
            assert run["state"] == "success", f"{run['run_id']} is {run['state']}"
            batch = re.sub(r"[^A-Za-z0-9]+", "-", run["run_id"]).strip("-")
            with open(str(data_folder() / "feeds" / f"{batch}.csv"), newline="") as lines:
                feed = {row["record_key"]: row["known_as"] for row in csv.DictReader(lines)}
            cursor.execute("SELECT record_key FROM people WHERE batch = %s", (batch,))
            new = {key for (key,) in cursor.fetchall()}
            cursor.execute(
                "SELECT record_key, of_key FROM duplicates JOIN incoming USING (batch, n) WHERE batch = %s", (batch,)
            )
            found = dict(cursor.fetchall())
            assert sorted([*new, *found]) == sorted(feed), (
                f"of {len(feed)} records {len(new)} are in the table and {len(found)} are told to be duplicates"
            )
            cursor.execute("SELECT numbers FROM analyses WHERE batch = %s", (batch,))
            (numbers,) = cursor.fetchone()
            values = [task["value"] for task in run["tasks"] if task["task_id"] == "run_analysis"]
            assert values in ([numbers], [None]), f"{values} was told, {numbers} is kept"
            assert numbers["inserted"] == len(new), f"{numbers['inserted']} were told, {len(new)} are there"
            read, inserted = read + len(feed), inserted + len(new)
            told += len(found)
            planted += sum(key != entity for key, entity in feed.items())
            right += sum(entity_of.get(of, of) == feed[key] for key, of in found.items())
        cursor.execute("SELECT count(*) FROM people")
        people = cursor.fetchone()[0]
    precision, recall = right / max(told, 1), right / max(planted, 1)
    figures = (
        f"{len(runs)} runs, {inserted} of {read} records inserted, {people} people; "
        f"precision {precision:.3f}, recall {recall:.3f} of {planted} planted duplicates"
    )
    assert min(precision - PRECISION, recall - RECALL) >= 0, f"{figures}: below {PRECISION} and {RECALL}"
    return f"{figures}."


if __name__ == "__main__":
    try:
        print(verify([json.loads(Path(file).read_text()) for file in sys.argv[1:]]))
    except AssertionError as error:
        print(f"dedup is not as it should be: {error}.")
        sys.exit(1)
