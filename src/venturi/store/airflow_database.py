"""The metadata database of an Airflow, of 1.10, 2.x or 3.x, read and never written.

Owns the names of its tables and columns in each generation, and the opening of what it keeps encrypted. What of it is
taken is `core.coming`'s business. All is read as of one moment.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..core.coming import UNFINISHED, Found, LastRun, Left, Unfinished
from ..core.errors import BadFile
from .drivers import PostgresDriver, sqlite_error
from .opening import file_of, is_postgres, url_of

_NEEDED = ("dag", "dag_run", "connection", "variable", "slot_pool")
_BUSY_TIMEOUT_S = 30.0
_EXPORTS = "airflow connections export, variables export, pools export, dags list -o json, dags list-runs -o json"

_NO_KEY = "it is encrypted, and no fernet key was given or found; give it with --fernet-key"
_OTHER_KEY = "it is encrypted with another fernet key than those given or found"


def read_airflow(address: str, fernet_keys: Sequence[str] = ()) -> Found:
    """Raises BadFile for what is no database of Airflow, StoreError for one that does not answer."""
    opener = _Opener(fernet_keys)
    database = _open(address)
    try:
        return _Reading(database, opener, in_words(address)).all()
    finally:
        database.close()


def in_words(address: str) -> str:
    """Without login and password."""
    kind, _, rest = address.partition("://")
    if not rest:
        return address
    if kind.startswith("sqlite"):
        return str(file_of(f"sqlite://{rest}"))
    return f"{kind.partition('+')[0]}://{rest.rpartition('@')[2].partition('?')[0]}"


# ── connections to it ────────────────────────────────────────────────────────────────────────────────────


class _Postgres:
    def __init__(self, url: str) -> None:
        self._driver = PostgresDriver(url, writable=False)
        self._driver.begin(writing=False)

    def all(self, text: str) -> list[tuple[Any, ...]]:
        return self._driver.all(text)

    def columns(self) -> list[tuple[str, str]]:
        return self.all(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()"
        )

    def close(self) -> None:
        self._driver.rollback()
        self._driver.close()


class _Sqlite:
    def __init__(self, file: Path) -> None:
        if not file.is_file():
            raise BadFile(file=file, problem="there is no such file", advice="")
        self._file = file
        how = "immutable=1" if _is_at_rest(file) else "mode=ro"
        try:
            self._raw = sqlite3.connect(
                f"{file.absolute().as_uri()}?{how}", uri=True, timeout=_BUSY_TIMEOUT_S, isolation_level=None
            )
            self._raw.execute("BEGIN")
        except sqlite3.Error as error:
            raise sqlite_error(file, error) from None

    def all(self, text: str) -> list[tuple[Any, ...]]:
        try:
            return self._raw.execute(text).fetchall()
        except sqlite3.Error as error:
            raise sqlite_error(self._file, error) from None

    def columns(self) -> list[tuple[str, str]]:
        return self.all(
            "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'"
        )

    def close(self) -> None:
        self._raw.close()


def _is_at_rest(file: Path) -> bool:
    """Whether it would keep a log of what is written, and has none: nobody has it open. SQLite would leave the files
    of an empty one beside it, which would be ours, and which an Airflow of another user could not open then."""
    with open(file, "rb") as opened:
        return opened.read(20)[18:20] == b"\2\2" and not file.with_name(f"{file.name}-wal").exists()


def _open(address: str) -> _Postgres | _Sqlite:
    kind, found, rest = address.partition("://")
    if found and kind.startswith("postgres"):  # the name of a driver after a + is SQLAlchemy's own
        return _Postgres(url_of(f"postgresql://{rest}"))
    if found and not kind.startswith("sqlite"):
        advice = f"Write it out with Airflow's own commands, and name the files: {_EXPORTS}."
        raise BadFile(
            file=in_words(address), problem=f"a database of the kind '{kind}' is not read here", advice=advice
        )
    assert not is_postgres(address)
    return _Sqlite(file_of(f"sqlite://{rest}" if found else address))


# ── what is encrypted ────────────────────────────────────────────────────────────────────────────────────


class _Opener:
    def __init__(self, keys: Sequence[str]) -> None:
        """Each of them may be several with commas between, as Airflow has it."""
        from cryptography.fernet import Fernet, InvalidToken, MultiFernet

        each = [key.strip() for several in keys for key in several.split(",") if key.strip()]
        try:
            self._fernet = MultiFernet([Fernet(key) for key in each]) if each else None
        except ValueError:
            raise BadFile(
                file="The fernet key",
                problem="it is not 32 bytes in url-safe base64",
                advice="Give it with --fernet-key.",
            ) from None
        self._wrong: type[Exception] = InvalidToken

    def open(self, text: Any, encrypted: Any) -> str | None:
        """Raises _Sealed."""
        if text is None or text == "" or not encrypted:
            return None if text is None else str(text)
        if self._fernet is None:
            raise _Sealed(_NO_KEY)
        try:
            return self._fernet.decrypt(str(text).encode()).decode()
        except (self._wrong, UnicodeError):
            raise _Sealed(_OTHER_KEY) from None


class _Sealed(Exception):
    """The message is why it stays closed."""


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────


class _Reading:
    def __init__(self, database: _Postgres | _Sqlite, opener: _Opener, name: str) -> None:
        self._database, self._opener, self._found = database, opener, Found()
        self._tables: dict[str, set[str]] = {}
        for table, column in database.columns():
            self._tables.setdefault(table, set()).add(column)
        missing = [table for table in _NEEDED if table not in self._tables]
        if missing:
            raise BadFile(
                file=name, problem=f"it is no database of Airflow, and has no table '{missing[0]}'", advice=""
            )
        runs = self._tables["dag_run"]
        # 3.x, and there it may be null; before it every run had one, called otherwise.
        self._date = "logical_date" if "logical_date" in runs else "execution_date"

    def all(self) -> Found:
        self._connections()
        self._variables()
        self._pools()
        subdags = self._dags()
        self._last_runs(subdags)
        self._unfinished(subdags)
        self._scheduler()
        self._left()
        return self._found

    def _rows(self, table: str, columns: Sequence[str], more: str = "") -> list[dict[str, Any]]:
        """Columns that this generation does not have are None."""
        there = [column for column in columns if column in self._tables[table]]
        named = ", ".join(f'{table}."{column}"' for column in there)
        rows = self._database.all(f"SELECT {named} FROM {table} {more}")
        nothing: dict[str, Any] = dict.fromkeys(columns)
        return [{**nothing, **dict(zip(there, row, strict=True))} for row in rows]

    def _count(self, table: str, more: str = "") -> int:
        return int(self._database.all(f"SELECT count(*) FROM {table} {more}")[0][0]) if table in self._tables else 0

    def _leave(self, what: str, why: str, count: int | None = None) -> None:
        self._found.left.append(Left(what, why, count))

    # ── settings ──

    def _connections(self) -> None:
        plain = ("conn_type", "host", "schema", "login", "port", "description")
        columns = ("conn_id", *plain, "password", "extra", "is_encrypted", "is_extra_encrypted", "team_name")
        for row in self._rows("connection", columns, "ORDER BY id"):
            conn_id = str(row["conn_id"])
            if conn_id in self._found.connections:  # 1.10 allows it, and takes one of them by chance
                self._leave(f"connection '{conn_id}' once more", "there is another one of this name, which is taken")
                continue
            try:
                password = self._opener.open(row["password"], row["is_encrypted"])
                extra = self._opener.open(row["extra"], row["is_extra_encrypted"])
            except _Sealed as sealed:
                self._leave(f"connection '{conn_id}'", str(sealed))
                continue
            fields = {name: row[name] for name in plain} | {"password": password, "extra": extra}
            self._found.connections[conn_id] = {k: v for k, v in fields.items() if v not in (None, "")}
            self._team("connection", conn_id, row)

    def _variables(self) -> None:
        columns = ("key", "val", "description", "is_encrypted", "team_name")
        for row in self._rows("variable", columns, "ORDER BY id"):
            key = str(row["key"])
            try:
                value = self._opener.open(row["val"], row["is_encrypted"])
            except _Sealed as sealed:
                self._leave(f"variable '{key}'", str(sealed))
                continue
            if value is None:
                self._leave(f"variable '{key}'", "it has no value")
            else:
                self._found.variables[key] = (value, row["description"] or None)
                self._team("variable", key, row)

    def _team(self, kind: str, name: str, row: dict[str, Any]) -> None:
        if row["team_name"]:
            self._leave(f"the team of {kind} '{name}'", "there are no teams here: every DAG may ask for it")

    def _pools(self) -> None:
        for row in self._rows("slot_pool", ("pool", "slots", "description", "include_deferred"), "ORDER BY id"):
            deferred = row["include_deferred"]
            self._found.pools[str(row["pool"])] = {
                "slots": int(row["slots"] or 0),
                "description": row["description"] or None,
                "include_deferred": None if deferred is None else bool(deferred),
            }

    # ── DAGs and their runs ──

    def _dags(self) -> set[str]:
        """The ids of sub-DAGs, which are parts of others."""
        subdags = set()
        for row in self._rows("dag", ("dag_id", "is_paused", "is_subdag")):
            if row["is_subdag"]:
                subdags.add(row["dag_id"])
            else:
                self._found.paused[row["dag_id"]] = bool(row["is_paused"])
        return subdags

    def _last_runs(self, subdags: set[str]) -> None:
        columns = self._tables["dag_run"]
        if "run_type" in columns:
            made = "run_type IN ('scheduled', 'backfill')"
        else:
            made = (
                "(substr(run_id, 1, 11) = 'scheduled__' OR substr(run_id, 1, 8) = 'backfill' OR NOT external_trigger)"
            )
        moment = f"coalesce({self._date}, run_after)" if "run_after" in columns else self._date
        newest = f"SELECT dag_id AS of_dag, max({moment}) AS newest FROM dag_run WHERE {made} GROUP BY dag_id"
        more = f"JOIN ({newest}) AS n ON dag_id = n.of_dag AND {moment} = n.newest WHERE {made}"
        for row in self._runs(more):
            if row["dag_id"] not in subdags:
                self._found.saw(row["dag_id"], self._last(row))

    def _unfinished(self, subdags: set[str]) -> None:
        states = ", ".join(f"'{state}'" for state in UNFINISHED)
        for row in self._runs(f"WHERE state IN ({states}) ORDER BY dag_id, {self._date}"):
            if row["dag_id"] not in subdags:
                date = self._last(row).date
                self._found.unfinished.append(Unfinished(row["dag_id"], row["run_id"], row["state"], date))

    def _runs(self, more: str) -> list[dict[str, Any]]:
        columns = ("dag_id", "run_id", "state", self._date, "data_interval_start", "data_interval_end", "run_after")
        return self._rows("dag_run", columns, more)

    def _last(self, row: dict[str, Any]) -> LastRun:
        start, end = _moment(row["data_interval_start"]), _moment(row["data_interval_end"])
        interval = None if start is None or end is None else (start, end)
        return LastRun(_moment(row[self._date]), _moment(row["run_after"]), interval)

    def _scheduler(self) -> None:
        if "job" in self._tables:
            found = self._database.all(
                "SELECT max(latest_heartbeat) FROM job WHERE job_type = 'SchedulerJob' AND state = 'running'"
            )
            self._found.scheduler_seen = _moment(found[0][0])

    # ── what is left ──

    def _left(self) -> None:
        runs, tasks = self._count("dag_run"), self._count("task_instance")
        told: list[tuple[int, str, str]] = [
            (runs, f"runs, of {tasks} task instances", "what Airflow has done stays in its database"),
            (self._count("xcom"), "XComs", "they belong to these runs"),
            (self._count("ab_user") or self._count("users"), "users", "they log in to Airflow's web server"),
            (self._count("ab_role"), "roles", "they are of Airflow's web server"),
        ]
        for count, what, why in told:
            if count:
                self._leave(what, why, count)
        for table in ("dataset_dag_run_queue", "asset_dag_run_queue"):
            self._waiting_events(table)
        if "backfill" in self._tables:
            for (dag_id,) in self._database.all("SELECT DISTINCT dag_id FROM backfill WHERE completed_at IS NULL"):
                self._leave(f"the backfill of '{dag_id}' under way", "the rest of it has to be started here")

    def _waiting_events(self, table: str) -> None:
        if table in self._tables:
            rows = self._database.all(f"SELECT DISTINCT target_dag_id FROM {table} ORDER BY target_dag_id")
            if rows:
                names = ", ".join(f"'{dag_id}'" for (dag_id,) in rows)
                self._leave(
                    f"the asset events that wait for {names}",
                    "a DAG that starts by several waits for all of them anew; tell one with: venturi assets event",
                    self._count(table),
                )


def _moment(value: Any) -> float | None:
    """SQLite has texts in UTC, Postgres moments with a zone."""
    if value is None or value == "":
        return None
    made = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return (made if made.tzinfo is not None else made.replace(tzinfo=timezone.utc)).timestamp()
