"""A whole database as one file, and back: copies for keeping, made while everything runs.

A copy is a SQLite file of our schema, whichever database it is of, as of one moment. Owns the making of it, the filling
of a fresh database from it, whether one is damaged, and the removal of all that is ours.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Boolean, Table

from ..core.errors import StoreError
from . import tables as t
from .drivers import PostgresDriver, Row, SqliteDriver, connect_sqlite, sqlite_error, transaction
from .opening import _make_sqlite, file_of, is_postgres, open_driver, url_of

ROWS = 2000  # at a time
PAGES = 4096  # of a SQLite file at a time: 16 MB, between which others write


def copy_to(address: str | Path, file: Path) -> None:
    """Nobody is held up: what is written meanwhile is in the copy as a whole or not at all."""
    if is_postgres(address):
        _copy_rows_to(url_of(address), file)
        return
    source = file_of(address)
    os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    try:
        ours, copy = connect_sqlite(source), connect_sqlite(file)
        try:
            ours.execute("BEGIN")  # one moment: without it the copy begins anew whenever somebody writes
            ours.execute("SELECT count(*) FROM sqlite_master").fetchone()
            ours.backup(copy, pages=PAGES)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, and no other beside it
        finally:
            ours.close()
            copy.close()
    except sqlite3.Error as error:
        file.unlink(missing_ok=True)
        raise sqlite_error(source, error) from error


def _copy_rows_to(url: str, file: Path) -> None:
    source = PostgresDriver(url, writable=False)
    _make_sqlite(file)
    target = SqliteDriver(file)
    try:
        with transaction(source, writing=False), transaction(target):
            for table in t.metadata.sorted_tables:
                target.execute(f'DELETE FROM "{table.name}"')
                for rows in _rows_of(source, table):
                    target.write(_insert(table, "?"), rows)
        target.execute("PRAGMA journal_mode=DELETE")
    finally:
        source.close()
        target.close()


def fill_from(file: Path, address: str | Path) -> None:
    """A database that is not there yet, from a copy. A copy of an older Venturi is migrated in its own place first."""
    open_driver(file, create=True).close()
    if is_postgres(address):
        _fill_postgres(file, url_of(address))
        return
    target = file_of(address)
    if os.path.lexists(target):
        raise StoreError(reason=f"{target} is there already; move it away first")
    for leftover in ("-wal", "-shm", "-journal"):
        Path(f"{file}{leftover}").unlink(missing_ok=True)
    os.replace(file, target)


def _fill_postgres(file: Path, url: str) -> None:
    source, target = SqliteDriver(file, writable=False), open_driver(url, create=True)
    assert isinstance(target, PostgresDriver)
    try:
        with transaction(source, writing=False), transaction(target):
            if target.all('SELECT 1 FROM "event" LIMIT 1') or target.all('SELECT 1 FROM "dag" LIMIT 1'):
                raise StoreError(reason="the database is not empty; name another one, or remove what is in it first")
            for table in t.metadata.sorted_tables:
                target.execute(f'DELETE FROM "{table.name}"')
                for rows in _rows_of(source, table):
                    target.raw.cursor().executemany(_insert(table, "%s"), rows)
            for table in t.metadata.sorted_tables:
                _count_on(target, table)
    finally:
        source.close()
        target.close()


def _count_on(target: PostgresDriver, table: Table) -> None:
    """Numbers that the database gives go on after the greatest."""
    for column in table.primary_key.columns:
        if column.autoincrement is True:
            name = f"pg_get_serial_sequence('\"{table.name}\"', '{column.name}')"
            target.execute(
                f'SELECT setval({name}, (SELECT coalesce(max("{column.name}"), 0) + 1 FROM "{table.name}"), false)'
            )


def _insert(table: Table, sign: str) -> str:
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    return f'INSERT INTO "{table.name}" ({names}) VALUES ({", ".join([sign] * len(table.columns))})'


def _rows_of(source: SqliteDriver | PostgresDriver, table: Table) -> Iterator[list[Row]]:
    names = ", ".join(f'"{column.name}"' for column in table.columns)
    text = f'SELECT {names} FROM "{table.name}"'
    if isinstance(source, SqliteDriver):
        booleans = [n for n, column in enumerate(table.columns) if isinstance(column.type, Boolean)]
        found = source.raw.execute(text)
        while rows := found.fetchmany(ROWS):
            yield [_with_booleans(row, booleans) for row in rows]
        return
    with source.raw.cursor(name="copy") as cursor:  # of the server: not all rows at once here
        cursor.execute(text)
        while rows := cursor.fetchmany(ROWS):
            yield rows


def _with_booleans(row: Row, places: list[int]) -> Row:
    made: list[Any] = list(row)
    for n in places:
        made[n] = None if made[n] is None else bool(made[n])
    return tuple(made)


def damage(address: str | Path) -> str | None:
    """What is broken in a file; a server looks after its own."""
    if is_postgres(address):
        return None
    driver = SqliteDriver(file_of(address), writable=False)
    try:
        said = [str(line) for (line,) in driver.all("PRAGMA quick_check(1)")]
    finally:
        driver.close()
    return None if said == ["ok"] else "; ".join(said)


def remove_all(address: str | Path) -> None:
    """Every table of ours, with all that is in them; a file as a whole."""
    if not is_postgres(address):
        for ending in ("", "-wal", "-shm", "-journal"):
            Path(f"{file_of(address)}{ending}").unlink(missing_ok=True)
        return
    driver = PostgresDriver(url_of(address))
    try:
        with transaction(driver):
            for table in reversed(t.metadata.sorted_tables):
                driver.execute(f'DROP TABLE IF EXISTS "{table.name}"')
    finally:
        driver.close()
