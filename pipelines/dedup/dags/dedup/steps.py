"""The tasks. Each is one transaction, and repeating one changes nothing: a batch is a run, and its name is the key."""

import csv
import json
import logging
import os
import re
import time

from airflow.exceptions import AirflowException, AirflowFailException
from airflow.models import Variable

from dedup.cleaning import clean
from dedup.database import copy, create_tables, database, rows_of
from dedup.matching import SAME_FROM, blocks_of, decide, scores
from dedup.own_postgres import data_folder

PEOPLE_AT_FIRST = 1000
RECORDS_A_RUN = 500
PAIRS_AT_ONCE = 50000
log = logging.getLogger(__name__)


def batch_of(context):
    return re.sub(r"[^A-Za-z0-9]+", "-", context["run_id"]).strip("-")


def conf_of(context):
    return getattr(context.get("dag_run"), "conf", None) or {}


def create_table(**context):
    """The tables, and in an empty one the first people, so that there is something to compare with."""
    from dedup.people import People

    count = int(conf_of(context).get("people", PEOPLE_AT_FIRST))
    with database() as connection, connection.cursor() as cursor:
        create_tables(connection)
        cursor.execute("SELECT EXISTS (SELECT FROM people)")
        if not cursor.fetchone()[0]:
            people = People("first", count)
            rows = [(f"first-{n:07d}", *people.person()) for n in range(count)]
            insert(connection, "first", [(*row, *clean(*row[1:])) for row in rows])
            log.info("The table was empty: %s people are in it now.", count)
        connection.commit()


def insert(connection, batch, rows):
    """Rows of (key, first, last, address, and the three cleaned) with their blocks. How many were not there yet."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE fresh (LIKE people) ON COMMIT DROP")
        cursor.execute("ALTER TABLE fresh DROP COLUMN person")
        copy(connection, "fresh", ((*row, batch) for row in rows))
        cursor.execute(
            "INSERT INTO people (record_key, first_name, last_name, address, clean_first, clean_last, clean_address, "
            "batch) SELECT * FROM fresh ON CONFLICT (record_key) DO NOTHING"
        )
        count = cursor.rowcount
    fresh = "SELECT person, clean_first, clean_last, clean_address FROM people WHERE batch = %s"
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE fresh_blocks (LIKE people_blocks) ON COMMIT DROP")
        for rows in rows_of(connection, fresh, (batch,)):
            copy(connection, "fresh_blocks", [(key, person) for person, *fields in rows for key in blocks_of(*fields)])
        # In the order of the index: a million in any other would have its pages read and written again and again.
        cursor.execute("INSERT INTO people_blocks SELECT * FROM fresh_blocks ORDER BY block")
        cursor.execute("ANALYZE people, people_blocks")
    return count


# ── in ──


def ingest(**context):
    """The feed of this run into the table `incoming`. Without a feed of your own, Faker makes one."""
    batch, conf = batch_of(context), conf_of(context)
    feed = conf.get("feed") or Variable.get("people_feed", default_var=None)
    with database() as connection, connection.cursor() as cursor:
        if feed is None:
            feed = data_folder() / "feeds" / f"{batch}.csv"
            if not feed.exists():
                make_feed(connection, feed, batch, int(conf.get("records", RECORDS_A_RUN)))
        rows = read_feed(feed, batch)
        if not rows:
            raise AirflowException(f"The feed {feed} holds no records: nothing is inserted.")
        cursor.execute("DELETE FROM incoming WHERE batch = %s", (batch,))
        copy(
            connection,
            "incoming (batch, n, record_key, first_name, last_name, address)",
            ((batch, n, *row[:4]) for n, row in enumerate(rows)),
        )
        cursor.execute("CREATE TEMP TABLE told (LIKE known) ON COMMIT DROP")
        copy(connection, "told", ((row[0], row[4]) for row in rows if row[4]))
        cursor.execute("INSERT INTO known SELECT * FROM told ON CONFLICT DO NOTHING")
        connection.commit()
    log.info("%s records came in from %s.", len(rows), feed)
    return {"read": len(rows), "feed": str(feed)}


def make_feed(connection, file, batch, count):
    """Faker's people, some of whom are in the database already; whole or not at all."""
    from dedup.people import COLUMNS, People

    known = []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT record_key, first_name, last_name, address, coalesce(entity, record_key) FROM people "
            "LEFT JOIN known USING (record_key) ORDER BY md5(record_key || %s) LIMIT %s",
            (batch, count),
        )
        known = cursor.fetchall()
    file.parent.mkdir(parents=True, exist_ok=True)
    parts = file.with_suffix(".part")
    with open(str(parts), "w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(COLUMNS)
        writer.writerows(People(batch, count).feed(count, batch, known))
    os.replace(str(parts), str(file))


def read_feed(file, batch):
    """Rows of (key, first, last, address, known_as). A record without a key is named by its batch and place."""
    try:
        with open(str(file), newline="", encoding="utf-8-sig") as lines:
            reader = csv.DictReader(lines)
            missing = {"first_name", "last_name", "address"} - set(reader.fieldnames or ())
            if missing and reader.fieldnames:
                raise AirflowFailException("The feed {} has no column {}.".format(file, ", ".join(sorted(missing))))
            found = {}
            for n, row in enumerate(reader):
                key = row.get("record_key") or f"{batch}-{n:07d}"
                fields = [row[name] or "" for name in ("first_name", "last_name", "address")]
                if any(fields):
                    found.setdefault(key, (key, *fields, row.get("known_as")))
            return list(found.values())
    except OSError as error:
        raise AirflowException(f"The feed {file} cannot be read: {error.strerror}.") from error


def clean_records(**context):
    batch = batch_of(context)
    with database() as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM cleaned WHERE batch = %s", (batch,))
        read = "SELECT n, first_name, last_name, address FROM incoming WHERE batch = %s ORDER BY n"
        rows = [(batch, n, *clean(*fields)) for part in rows_of(connection, read, (batch,)) for n, *fields in part]
        copy(connection, "cleaned", rows)
        connection.commit()
    log.info("%s records are cleaned.", len(rows))
    return {"cleaned": len(rows)}


# ── matching ──

CANDIDATES = """
SELECT x.n, x.other, a.first_name, a.last_name, a.address, p.clean_first, p.clean_last, p.clean_address
FROM (SELECT DISTINCT n, person AS other FROM new_blocks JOIN people_blocks USING (block)) x
JOIN cleaned a ON a.batch = %s AND a.n = x.n JOIN people p ON p.person = x.other
"""
CANDIDATES_INSIDE = """
SELECT x.n, x.other, a.first_name, a.last_name, a.address, b.first_name, b.last_name, b.address
FROM (SELECT DISTINCT a.n, b.n AS other FROM new_blocks a JOIN new_blocks b ON a.block = b.block AND b.n < a.n) x
JOIN cleaned a ON a.batch = %s AND a.n = x.n JOIN cleaned b ON b.batch = a.batch AND b.n = x.other
"""


def run_analysis(**context):
    """Inserts those records of the batch that match nobody. What is inserted and what is told of it is one commit."""
    batch, began = batch_of(context), time.time()
    with database() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT numbers FROM analyses WHERE batch = %s", (batch,))
        done = cursor.fetchone()
        if done:
            log.info("%s is in the database already: an earlier attempt got as far as its commit.", batch)
            return done[0]
        cursor.execute("LOCK TABLE people IN SHARE ROW EXCLUSIVE MODE")  # nobody else matches against what we insert
        cursor.execute("SELECT count(*) FROM people")
        people_before = cursor.fetchone()[0]
        records = block(connection, batch)
        in_people, compared = best_matches(connection, CANDIDATES, batch)
        in_batch, more = best_matches(connection, CANDIDATES_INSIDE, batch)
        found = decide(in_people, in_batch)
        inserted = write(connection, batch, found)
        numbers = {
            "read": records,
            "inserted": inserted,
            "duplicates": records - inserted,
            "people": people_before + inserted,
            "compared": compared + more,
            "all_pairs": records * people_before + records * (records - 1) // 2,
            "seconds": round(time.time() - began, 1),
        }
        cursor.execute("INSERT INTO analyses (batch, numbers) VALUES (%s, %s)", (batch, json.dumps(numbers)))
        connection.commit()
    log.info(
        "%(inserted)s of %(read)s records inserted, %(duplicates)s were there; %(compared)s pairs compared of "
        "%(all_pairs)s possible, in %(seconds)s s.",
        numbers,
    )
    return numbers


def block(connection, batch):
    """The table `new_blocks`; how many records there are."""
    records, read = 0, "SELECT n, first_name, last_name, address FROM cleaned WHERE batch = %s"
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '256MB'")
        cursor.execute("SET LOCAL client_min_messages = warning")
        cursor.execute('CREATE TEMP TABLE new_blocks (block text COLLATE "C", n integer) ON COMMIT DROP')
        for rows in rows_of(connection, read, (batch,), 200000):
            records += len(rows)
            copy(connection, "new_blocks", [(key, n) for n, *fields in rows for key in blocks_of(*fields)])
        cursor.execute("ANALYZE new_blocks")
    if not records:
        raise AirflowFailException(f"There are no cleaned records of {batch}: run ingest and clean_records.")
    return records


def best_matches(connection, candidates, batch):
    """{record: (other, score)} of the best pair from SAME_FROM up, and how many pairs were compared."""
    best, compared = {}, 0
    for rows in rows_of(connection, candidates, (batch,), PAIRS_AT_ONCE):
        compared += len(rows)
        found = scores([row[2:] for row in rows])
        for at in (found >= SAME_FROM).nonzero()[0]:
            n, other, scored = rows[at][0], rows[at][1], float(found[at])
            if n not in best or (scored, -other) > (best[n][1], -best[n][0]):
                best[n] = (other, scored)
    return best, compared


def write(connection, batch, found):
    """Inserts what is not found, keeps what was found of what."""
    read = (
        "SELECT n, i.record_key, i.first_name, i.last_name, i.address, c.first_name, c.last_name, c.address "
        "FROM incoming i JOIN cleaned c USING (batch, n) WHERE batch = %s ORDER BY n"
    )
    keys, fresh = {}, []
    for rows in rows_of(connection, read, (batch,)):
        for n, *row in rows:
            keys[n] = row[0]
            if n not in found:
                fresh.append(row)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE found (n integer, person bigint, of_key text, score real) ON COMMIT DROP")
        told = (
            (n, of if kind == "person" else None, keys[of] if kind == "record" else None, score)
            for n, (kind, of, score) in found.items()
        )
        copy(connection, "found", told)
        cursor.execute(
            "INSERT INTO duplicates SELECT %s, n, coalesce(of_key, record_key), score FROM found "
            "LEFT JOIN people USING (person) ON CONFLICT DO NOTHING",
            (batch,),
        )
    return insert(connection, batch, fresh)


# ── how good it was ──

MEASURE = """
SELECT count(*) FILTER (WHERE d.of_key IS NOT NULL AND coalesce(o.entity, d.of_key) = k.entity),
       count(*) FILTER (WHERE d.of_key IS NOT NULL),
       count(*) FILTER (WHERE k.entity <> i.record_key),
       count(*)
FROM incoming i JOIN known k USING (record_key)
LEFT JOIN duplicates d USING (batch, n) LEFT JOIN known o ON o.record_key = d.of_key
WHERE i.batch = %s
"""


def measure(precision_at_least, recall_at_least, **context):
    """Against what is known of the feed. A model that has become bad fails the run."""
    batch = batch_of(context)
    with database() as connection, connection.cursor() as cursor:
        cursor.execute(MEASURE, (batch,))
        right, told, planted, known = cursor.fetchone()
        numbers = {
            "precision": right / told if known and told else None if not known else 1.0,
            "recall": right / planted if known and planted else None if not known else 1.0,
            "planted": planted,
            "found": right,
        }
        cursor.execute("UPDATE analyses SET measured = %s WHERE batch = %s", (json.dumps(numbers), batch))
        connection.commit()
    context["ti"].xcom_push(key="numbers", value=numbers)
    if not known:
        log.info("Nothing is known of the duplicates in this feed: precision and recall are not measured.")
        return numbers
    log.info("Precision %.3f, recall %.3f: %s of %s planted duplicates.", *list(numbers.values())[:2], right, planted)
    for name, least in (("precision", precision_at_least), ("recall", recall_at_least)):
        if numbers[name] < least:
            raise AirflowFailException(f"The {name} is {numbers[name]:.3f}, below {least}.")
    return numbers
