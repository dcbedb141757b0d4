"""One raw connection to either database: SQLite by `sqlite3`, Postgres by psycopg 3.

Owns connecting, transactions, and turning a driver's exceptions into ours. Knows no table.

The hot path is `write`: one compiled statement for all rows of a kind. Postgres takes them as one JSON parameter in
one round trip. SQLite lives in our process, where there is no trip to save: the prepared statement is stepped over the
rows in one C call, which takes half the time of `json_each` and keeps every float exact.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol, TypeVar

from ..core.errors import Conflict, DatabaseLost, StoreError

BUSY_TIMEOUT_S = 60.0
_CACHE_KB = 16 * 1024

Row = tuple[Any, ...]
_T = TypeVar("_T")
Params = Mapping[str, Any]
NO_PARAMS: Params = MappingProxyType({})
_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


class Driver(Protocol):
    dialect: str  # "sqlite" or "postgresql", as SQLAlchemy names them

    def write(self, text: str, rows: Sequence[Sequence[Any]]) -> int:
        """One statement over all rows; how many it changed."""

    def all(self, text: str, params: Params = NO_PARAMS) -> list[Row]: ...
    def execute(self, text: str, params: Params = NO_PARAMS) -> int:
        """How many rows it changed."""

    def script(self, texts: Sequence[str]) -> None: ...
    def begin(self, writing: bool = True) -> None:
        """Writing: no other writer until the end. Reading: every read sees the same moment."""

    def commit(self) -> None: ...
    def rollback(self) -> None:
        """Never raises: what failed before is what matters."""

    def close(self) -> None: ...


@contextmanager
def transaction(driver: Driver, writing: bool = True) -> Iterator[None]:
    """All or nothing."""
    driver.begin(writing)
    try:
        yield
        driver.commit()
    except BaseException:
        driver.rollback()
        raise


# ── SQLite ───────────────────────────────────────────────────────────────────────────────────────────────


class SqliteDriver:
    dialect = "sqlite"

    def __init__(self, file: Path, writable: bool = True) -> None:
        """Opens an existing file; never makes one."""
        self.file = file
        try:
            self.raw = connect_sqlite(file)
            if not writable:
                self.raw.execute("PRAGMA query_only=ON")
        except sqlite3.Error as error:
            raise self._ours(error) from error

    def write(self, text: str, rows: Sequence[Sequence[Any]]) -> int:
        try:
            if len(rows) == 1:
                return self.raw.execute(text, rows[0]).rowcount
            return self.raw.executemany(text, rows).rowcount
        except sqlite3.Error as error:
            raise self._ours(error) from error

    def all(self, text: str, params: Params = NO_PARAMS) -> list[Row]:
        try:
            return self.raw.execute(text, dict(params)).fetchall()
        except sqlite3.Error as error:
            raise self._ours(error) from error

    def execute(self, text: str, params: Params = NO_PARAMS) -> int:
        try:
            return self.raw.execute(text, dict(params)).rowcount
        except sqlite3.Error as error:
            raise self._ours(error) from error

    def script(self, texts: Sequence[str]) -> None:
        for text in texts:
            self.execute(text)

    def begin(self, writing: bool = True) -> None:
        self.execute("BEGIN IMMEDIATE" if writing else "BEGIN")

    def commit(self) -> None:
        self.execute("COMMIT")

    def rollback(self) -> None:
        try:
            if self.raw.in_transaction:
                self.raw.execute("ROLLBACK")
        except sqlite3.Error:
            pass

    def close(self) -> None:
        self.raw.close()

    def _ours(self, error: sqlite3.Error) -> StoreError:
        return sqlite_error(self.file, error)


def connect_sqlite(file: Path) -> sqlite3.Connection:
    raw = sqlite3.connect(
        f"{file.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,  # transactions are begun by us
        check_same_thread=False,  # a reader is made in one thread and used in another
        cached_statements=256,
    )
    raw.execute("PRAGMA synchronous=FULL")
    raw.execute(f"PRAGMA cache_size=-{_CACHE_KB}")
    raw.execute("PRAGMA temp_store=MEMORY")
    raw.execute("PRAGMA foreign_keys=OFF")
    return raw


def sqlite_error(file: Path, error: sqlite3.Error) -> StoreError:
    said = str(error)
    if isinstance(error, sqlite3.IntegrityError):
        return Conflict(reason=said)
    if "not a database" in said:
        return StoreError(reason=f"{file} is not a SQLite database; move it away or name another file")
    if "malformed" in said:
        return StoreError(reason=f"{file} is damaged ({said}); restore it from a backup, or move it away to start anew")
    if "locked" in said or "busy" in said:
        return StoreError(reason=f"another program has kept {file} locked for {BUSY_TIMEOUT_S:.0f} s")
    if "unable to open" in said and not os.path.exists(file):
        return StoreError(reason=f"there is no file {file}")
    return StoreError(reason=f"{said} ({file})")


# ── Postgres ─────────────────────────────────────────────────────────────────────────────────────────────


class PostgresDriver:
    """A connection that is lost (the server restarts, a network drops it) is opened anew where nothing was under way:
    at the beginning of a transaction, and for a single read. Within a transaction it is `DatabaseLost`."""

    dialect = "postgresql"

    def __init__(self, url: str, writable: bool = True) -> None:
        try:
            import psycopg
        except ImportError as error:
            raise StoreError(
                reason="Postgres needs psycopg; install it with: pip install 'venturi[postgres]'"
            ) from error
        self._psycopg = psycopg
        self._url, self._writable = url, writable
        self._ended = False
        self._under_way = False  # a transaction
        self.raw = self._opened()

    def _opened(self) -> Any:
        try:
            raw = self._psycopg.connect(self._url, autocommit=True, application_name="venturi")
            if not self._writable:
                raw.execute("SET default_transaction_read_only = on")
        except self._psycopg.OperationalError as error:
            raise DatabaseLost(reason=_in_one_line(error)) from error
        except self._psycopg.Error as error:
            raise self._ours(error) from error
        return raw

    def write(self, text: str, rows: Sequence[Sequence[Any]]) -> int:
        # jsonb has no U+0000; a reason quoting one is the worse for it, not the turn
        param = _dumps(rows)
        if "\\u0000" in param:
            param = _dumps([[v.replace("\0", "\ufffd") if isinstance(v, str) else v for v in row] for row in rows])
        return self.execute(text, {"rows": param})

    def all(self, text: str, params: Params = NO_PARAMS) -> list[Row]:
        if self._under_way:
            return self._all(text, params)
        return self._again_if_lost(lambda: self._all(text, params))

    def _all(self, text: str, params: Params) -> list[Row]:
        try:
            return self.raw.execute(text, params).fetchall()  # type: ignore[no-any-return]
        except self._psycopg.Error as error:
            raise self._ours(error) from error

    def execute(self, text: str, params: Params = NO_PARAMS) -> int:
        try:
            return self.raw.execute(text, params or None).rowcount  # type: ignore[no-any-return]
        except self._psycopg.Error as error:
            raise self._ours(error) from error

    def script(self, texts: Sequence[str]) -> None:
        self.execute(";\n".join(texts))

    def begin(self, writing: bool = True) -> None:
        text = "BEGIN" if writing else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        self._again_if_lost(lambda: self.execute(text))
        self._under_way = True

    def _again_if_lost(self, ask: Callable[[], _T]) -> _T:
        """Of what may be done twice: on the connection there is, and if that is lost, on a new one."""
        if self._ended:
            raise StoreError(reason="this store was closed")
        if self.raw.closed:
            self.raw = self._opened()
        try:
            return ask()
        except DatabaseLost:
            self.raw = self._opened()
            return ask()

    def commit(self) -> None:
        self.execute("COMMIT")
        self._under_way = False

    def rollback(self) -> None:
        self._under_way = False
        try:
            self.raw.execute("ROLLBACK")
        except self._psycopg.Error:
            pass

    def close(self) -> None:
        self._ended = True  # a connection that we have closed is not a lost one
        self.raw.close()

    def _ours(self, error: Exception) -> StoreError:
        said = _in_one_line(error)
        if isinstance(error, self._psycopg.errors.IntegrityError):
            return Conflict(reason=said)
        return DatabaseLost(reason=said) if self.raw.closed else StoreError(reason=said)


def _in_one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
