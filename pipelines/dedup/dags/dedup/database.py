"""Where the people are: Postgres by the connection `people_db`, else a server of our own below data/, and the tables.

The own server lives as long as the task that needs it; its files stay. What is wrong with Postgres is one sentence.
"""

import io
import logging
import os
import subprocess
from contextlib import ExitStack, closing, contextmanager

import psycopg2
from airflow.exceptions import AirflowException, AirflowFailException
from airflow.hooks.base_hook import BaseHook

from dedup.own_postgres import data_folder, own_postgres

CONNECTION = "people_db"
CONNECT_S = 10  # libpq itself would wait for ever for something that listens and says nothing
TABLES = """
CREATE TABLE IF NOT EXISTS people (
    person bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    record_key text NOT NULL UNIQUE,
    first_name text NOT NULL, last_name text NOT NULL, address text NOT NULL,
    clean_first text NOT NULL, clean_last text NOT NULL, clean_address text NOT NULL,
    batch text NOT NULL
);
CREATE TABLE IF NOT EXISTS people_blocks (block text COLLATE "C" NOT NULL, person bigint NOT NULL);
CREATE INDEX IF NOT EXISTS people_blocks_block ON people_blocks (block);
CREATE TABLE IF NOT EXISTS incoming (
    batch text, n integer, record_key text NOT NULL, first_name text NOT NULL, last_name text NOT NULL,
    address text NOT NULL, PRIMARY KEY (batch, n), UNIQUE (batch, record_key)
);
CREATE TABLE IF NOT EXISTS cleaned (
    batch text, n integer, first_name text NOT NULL, last_name text NOT NULL, address text NOT NULL,
    PRIMARY KEY (batch, n)
);
CREATE TABLE IF NOT EXISTS duplicates (
    batch text, n integer, of_key text NOT NULL, score real NOT NULL, PRIMARY KEY (batch, n)
);
CREATE TABLE IF NOT EXISTS analyses (
    batch text PRIMARY KEY, numbers jsonb NOT NULL, measured jsonb, at timestamptz NOT NULL DEFAULT now()
);
-- What is known of who is who. Only the measuring reads it.
CREATE TABLE IF NOT EXISTS known (record_key text PRIMARY KEY, entity text NOT NULL);
"""
log = logging.getLogger(__name__)


@contextmanager
def database():
    """A connection of psycopg2. What is not committed when the block ends is void."""
    try:
        known = BaseHook.get_connection(CONNECTION)
    except AirflowException:
        known = None
    with _named(known) if known else _own() as connection:
        try:
            yield connection
        except psycopg2.errors.UndefinedTable as error:
            table = str(error).split('"')[1]
            raise AirflowFailException(
                f"The table '{table}' is missing: run the task create_table first, on the same database."
            ) from error
        except psycopg2.OperationalError as error:
            raise AirflowException(
                f"Postgres went away in the middle, nothing of this task is kept: {_first_line(error)}"
            ) from error


@contextmanager
def _named(known):
    from airflow.hooks.postgres_hook import PostgresHook  # whoever has a connection has its provider

    place = "{}:{}".format(known.host or "localhost", known.port or 5432)
    os.environ.setdefault("PGCONNECT_TIMEOUT", str(CONNECT_S))
    try:
        connection = PostgresHook(postgres_conn_id=CONNECTION).get_conn()
    except psycopg2.OperationalError as error:
        said = _first_line(error)
        if "authentication failed" in said or "no password supplied" in said:
            raise AirflowFailException(
                f"Postgres at {place} refuses the login '{known.login}': "
                f"set another password in the connection '{CONNECTION}'."
            ) from error
        if 'database "' in said and "does not exist" in said:
            raise AirflowFailException(
                f"Postgres at {place} has no database '{known.schema}': "
                f"create it, or name another in the connection '{CONNECTION}'."
            ) from error
        raise AirflowException(
            f"Postgres does not answer at {place} (connection '{CONNECTION}'): {said}. "
            f"`ss -ltn | grep :{known.port or 5432}` shows whether anything listens on that port."
        ) from error
    log.info("The people are in Postgres at %s (connection '%s').", place, CONNECTION)
    with closing(connection):
        yield connection


@contextmanager
def _own():
    place = data_folder() / "postgres"
    with ExitStack() as ends:
        try:
            connection = ends.enter_context(own_postgres())
        except (OSError, subprocess.SubprocessError, psycopg2.OperationalError) as error:
            raise AirflowException(
                f"The Postgres of our own in {place} does not start: {_first_line(error)}. "
                f"Its log is {place / 'log'}; a connection '{CONNECTION}' names another server."
            ) from error
        log.info("No connection '%s': the people are in a Postgres of our own, in %s.", CONNECTION, place)
        yield connection


def _first_line(error):
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def create_tables(connection):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(201910)")  # CREATE IF NOT EXISTS alone may clash with another
        cursor.execute(TABLES)


def rows_of(connection, sql, parameters=(), at_once=20000):
    """Lists of rows, as they come from the server."""
    with connection.cursor("rows") as cursor:
        cursor.itersize = at_once
        cursor.execute(sql, parameters)
        while True:
            rows = cursor.fetchmany(at_once)
            if not rows:
                return
            yield rows


class _Lines(io.RawIOBase):
    """Rows as the text that COPY reads, made as it is read."""

    def __init__(self, rows):
        self._rows, self._left = iter(rows), b""

    def readable(self):
        return True

    def readinto(self, buffer):
        parts, size = [self._left], len(self._left)
        while size < len(buffer):
            row = next(self._rows, None)
            if row is None:
                break
            line = "\t".join(map(_copied, row)).encode() + b"\n"
            parts.append(line)
            size += len(line)
        data = b"".join(parts)
        taken, self._left = data[: len(buffer)], data[len(buffer) :]
        buffer[: len(taken)] = taken
        return len(taken)


def _copied(value):
    if value is None:
        return "\\N"
    text = str(value)
    if "\\" in text or "\t" in text or "\n" in text or "\r" in text:
        text = text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return text


def copy(connection, table, rows):
    """Many rows at once; `table` may name its columns."""
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} FROM STDIN", io.BufferedReader(_Lines(rows), 1 << 20), 1 << 16)
