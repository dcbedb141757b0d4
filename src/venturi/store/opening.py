"""Opening a database: making a fresh one, checking the one that is there, migrating an older one.

Owns schema and stamps. A fresh SQLite file is made whole beside its place and then linked into it, so that a file
that is there is always a whole database or a damaged one, never one half made; nothing is ever made over a file.
"""

from __future__ import annotations

import os
import sqlite3
import struct
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from sqlalchemy.schema import CreateIndex, CreateTable

from ..core.errors import StoreError, WrongSchema
from ..core.spec import DEFAULT_POOL
from . import tables as t
from .drivers import Driver, PostgresDriver, SqliteDriver, connect_sqlite, sqlite_error, transaction
from .statements import dialect_of

_POSTGRES = ("postgresql://", "postgres://")
_MAKING_LOCK = 0x56454E54  # of pg_advisory_xact_lock: two fresh starts on one database take turns
DEFAULT_POOL_SLOTS = 128


def is_postgres(address: str | Path) -> bool:
    return str(address).replace("+psycopg", "", 1).startswith(_POSTGRES)


def file_of(address: str | Path) -> Path:
    text = str(address)
    for start in ("sqlite:///", "sqlite://"):
        if text.startswith(start):
            return Path(text[len(start) :])
    if "://" in text:
        raise StoreError(reason=f"'{text}' is neither a file nor a sqlite:/// or postgresql:// address")
    return Path(text)


def url_of(address: str | Path) -> str:
    """As libpq and SQLAlchemy both take it."""
    return f"postgresql://{str(address).partition('://')[2]}"


def open_driver(address: str | Path, create: bool) -> Driver:
    """A writing connection to a database of our schema. With `create` a missing one is made, an older one migrated."""
    if is_postgres(address):
        return _open_postgres(url_of(address), create)
    return _open_sqlite(file_of(address), create)


def read_driver(address: str | Path) -> Driver:
    """A connection that cannot write, to a database that has been opened before."""
    if is_postgres(address):
        return PostgresDriver(url_of(address), writable=False)
    return SqliteDriver(file_of(address), writable=False)


# ── the schema ───────────────────────────────────────────────────────────────────────────────────────────


@cache
def schema_texts(dialect: str) -> tuple[str, ...]:
    """Every statement that a fresh database is made with, our stamp and the first rows among them."""
    made: list[Any] = []
    for table in t.metadata.sorted_tables:
        made.append(CreateTable(table))
        made.extend(CreateIndex(index) for index in sorted(table.indexes, key=lambda index: str(index.name)))
    made.append(insert(t.stamp).values(version_num=t.HEAD))
    made.append(insert(t.meta).values([{"key": "epoch", "value": "0"}, {"key": "token_floor", "value": "0"}]))
    made.append(insert(t.pool).values(name=DEFAULT_POOL, slots=DEFAULT_POOL_SLOTS))
    return tuple(
        str(part.compile(dialect=dialect_of(dialect), compile_kwargs={"literal_binds": True})) for part in made
    )


def _check_stamp(driver: Driver, address: str | Path, found: str | None, create: bool) -> None:
    if found == t.HEAD:
        return
    if found not in t.STAMPS:
        advice = (
            "It is not a database of Venturi: name another one."
            if found is None
            else "A newer Venturi has written it: install that one, or name another database."
        )
        raise WrongSchema(found=found or "none", wanted=t.HEAD, advice=advice)
    if not create:
        raise WrongSchema(found=found, wanted=t.HEAD, advice="Start the engine once with this Venturi; it migrates.")
    from .migrations import migrate

    migrate(driver, address)


# ── SQLite ───────────────────────────────────────────────────────────────────────────────────────────────


def _open_sqlite(file: Path, create: bool) -> SqliteDriver:
    if not os.path.lexists(file):
        if not create:
            raise StoreError(reason=f"there is no database {file}; the first `venturi up` or `venturi run` makes it")
        _make_sqlite(file)
    _check_file(file)
    driver = SqliteDriver(file)
    try:
        driver.execute("PRAGMA journal_mode=WAL")  # in the file for ever, but a restored copy may have lost it
        names = {name for (name,) in driver.all("SELECT name FROM sqlite_master WHERE type = 'table'")}
        found = driver.all("SELECT version_num FROM alembic_version") if t.stamp.name in names else []
        _check_stamp(driver, file, found[0][0] if found else None, create)
    except BaseException:
        driver.close()
        raise
    return driver


def _check_file(file: Path) -> None:
    """What SQLite itself would take for an empty database, or notice only pages later."""
    try:
        with open(file, "rb") as opened:
            head = opened.read(100)
            size = os.fstat(opened.fileno()).st_size
    except OSError as error:
        raise StoreError(reason=f"{file} cannot be read ({error.strerror})") from error
    if not head:
        raise StoreError(reason=f"{file} is empty; restore it from a backup, or delete it to start anew")
    if len(head) < 100 or not head.startswith(b"SQLite format 3\0"):
        raise StoreError(reason=f"{file} is not a SQLite database; move it away or name another file")
    page_bytes = struct.unpack_from(">H", head, 16)[0]
    page_bytes = 65536 if page_bytes == 1 else page_bytes
    changes, pages, valid_for = struct.unpack_from(">I", head, 24)[0], *_unpack_sizes(head)
    wal = Path(f"{file}-wal")
    if changes == valid_for and size < pages * page_bytes and not (wal.exists() and wal.stat().st_size):
        raise StoreError(
            reason=f"{file} is cut short ({size} of {pages * page_bytes} bytes); restore it from a backup,"
            " or move it away to start anew"
        )


def _unpack_sizes(head: bytes) -> tuple[int, int]:
    """The size in pages, and the change it is valid for."""
    return struct.unpack_from(">I", head, 28)[0], struct.unpack_from(">I", head, 92)[0]


def _make_sqlite(file: Path) -> None:
    for leftover in ("-wal", "-journal"):
        if os.path.exists(f"{file}{leftover}"):
            raise StoreError(
                reason=f"{file} is gone but {file.name}{leftover} is there; restore the database,"
                f" or delete {file.name}{leftover} to start anew"
            )
    making = file.with_name(f".{file.name}.{os.getpid()}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        making.unlink(missing_ok=True)
        try:
            _fill_sqlite(making)
            _put_in_place(making, file)
        finally:
            making.unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(reason=f"{file} cannot be made ({error.strerror})") from error
    except sqlite3.Error as error:
        raise sqlite_error(file, error) from error


def _fill_sqlite(making: Path) -> None:
    os.close(os.open(making, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    raw = connect_sqlite(making)
    try:
        raw.execute("PRAGMA journal_mode=MEMORY")  # nobody sees this file before it is whole
        raw.executescript("BEGIN;\n" + ";\n".join(schema_texts("sqlite")) + ";\nCOMMIT;")
        raw.execute("PRAGMA journal_mode=WAL")
    finally:
        raw.close()


def _put_in_place(making: Path, file: Path) -> None:
    try:
        os.link(making, file)
    except FileExistsError:
        return  # another process was quicker, and its database is as good
    except OSError:
        if file.exists():
            return
        os.rename(making, file)  # a file system without hard links
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


# ── Postgres ─────────────────────────────────────────────────────────────────────────────────────────────


def _open_postgres(url: str, create: bool) -> PostgresDriver:
    driver = PostgresDriver(url)
    try:
        with transaction(driver):
            if create:
                driver.execute(f"SELECT pg_advisory_xact_lock({_MAKING_LOCK})")
            names = {
                name
                for (name,) in driver.all(
                    "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema()"
                )
            }
            if not names & t.metadata.tables.keys():
                if not create:
                    raise StoreError(reason="it holds no tables of Venturi yet; the first `venturi up` makes them")
                driver.script(schema_texts("postgresql"))
                return driver
            found = driver.all("SELECT version_num FROM alembic_version") if t.stamp.name in names else []
        _check_stamp(driver, url, found[0][0] if found else None, create)
    except BaseException:
        driver.close()
        raise
    return driver
