"""The statements of a commit: each built once from the tables, as text for one dialect, and sent raw from then on.

Owns what is written under which guard, and the order of the columns in a row. Runs nothing.

A statement takes rows, each an array in the order of its `columns`. On Postgres they come as one JSON parameter that
is unfolded in the statement; on SQLite column i is the parameter ?i of a prepared statement.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    Update,
    and_,
    bindparam,
    cast,
    delete,
    func,
    insert,
    literal_column,
    null,
    select,
    update,
)
from sqlalchemy import Text as TextType
from sqlalchemy.sql.expression import ClauseElement

from ..core.states import FINAL, RUN_FINAL
from . import tables as t


@cache
def dialect_of(name: str) -> Any:
    """SQLAlchemy's, imported when its database is used: Postgres' takes 20 ms."""
    if name == "sqlite":
        from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

        return SQLiteDialect_pysqlite(paramstyle="named")
    from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

    return PGDialect_psycopg()  # type: ignore[no-untyped-call]


def _insert_into(table: Table, dialect: str) -> Any:
    """An INSERT that may say ON CONFLICT, which each dialect spells by itself."""
    if dialect == "sqlite":
        from sqlalchemy.dialects.sqlite import insert as insert_sqlite

        return insert_sqlite(table)
    from sqlalchemy.dialects.postgresql import insert as insert_postgresql

    return insert_postgresql(table)


def json_items(name: str, kind: Any, dialect: str) -> Select[Any]:
    """The items of the JSON array that is the parameter `name`, one a row."""
    if dialect == "sqlite":
        return select(func.json_each(bindparam(name)).table_valued("value").c.value)
    return select(cast(func.jsonb_array_elements_text(_json(name)).column_valued(name), kind))


def _json(name: str) -> ColumnElement[Any]:
    from sqlalchemy.dialects.postgresql import JSONB

    return cast(bindparam(name), JSONB)


def text_of(statement: ClauseElement, dialect: str) -> tuple[str, dict[str, Any]]:
    """A statement with named parameters as text for the driver, and the parameters that have their value already."""
    made = statement.compile(dialect=dialect_of(dialect))
    return str(made), {name: value for name, value in (made.params or {}).items() if value is not None}


class Rows:
    """The rows a statement is given: their columns as expressions."""

    def __init__(self, dialect: str, columns: list[tuple[str, Any]]) -> None:
        self.dialect = dialect
        self._columns = columns
        self._unfolded = None if dialect == "sqlite" else func.jsonb_array_elements(_json("rows")).column_valued("r")

    def __getitem__(self, name: str) -> ColumnElement[Any]:
        i = next(i for i, (known, _) in enumerate(self._columns) if known == name)
        kind = self._columns[i][1]
        if self._unfolded is None:
            return literal_column(f"?{i + 1}", kind)
        column: ColumnElement[Any] = self._unfolded.op("->>")(literal_column(str(i)))
        return column if isinstance(kind, TextType) else cast(column, kind)

    def select(self, *names: str) -> Select[Any]:
        # The condition keeps SQLite from reading ON CONFLICT as a part of a join.
        return select(*(self[name].label(name) for name in names)).where(literal_column("1") == literal_column("1"))


def _of(table: Table, *names: str) -> list[tuple[str, Any]]:
    return [(name, table.c[name].type) for name in names or table.c.keys()]


@dataclass(frozen=True)
class Statement:
    columns: list[tuple[str, Any]]
    build: Callable[[Rows], Any]

    def text(self, dialect: str) -> str:
        text, given = text_of(self.build(Rows(dialect, self.columns)), dialect)
        assert not given, "a constant in a commit's statement is spelled out"
        return text


def _insert(table: Table, *names: str) -> Statement:
    columns = _of(table, *names)
    chosen = [name for name, _ in columns]
    return Statement(columns, lambda rows: insert(table).from_select(chosen, rows.select(*chosen)))


def _upsert(table: Table, change: Callable[[Any], dict[str, Any]] | None = None, *names: str) -> Statement:
    """Insert; where the key is there, set what `change` says of the row proposed: everything, when it is not given."""
    columns = _of(table, *names)
    chosen = [name for name, _ in columns]
    keys = [column.name for column in table.primary_key]

    def build(rows: Rows) -> Any:
        made = _insert_into(table, rows.dialect).from_select(chosen, rows.select(*chosen))
        proposed = made.excluded
        changes = change(proposed) if change else {name: proposed[name] for name in chosen if name not in keys}
        return (
            made.on_conflict_do_update(index_elements=keys, set_=changes) if changes else made.on_conflict_do_nothing()
        )

    return Statement(columns, build)


def _guarded_tasks(rows: Rows) -> Update:
    c = t.task_instance.c
    changed = ("state", "token", "try_number", "lost", "started_at", "ended_at", "wake_at", "at", "reason")
    return (
        update(t.task_instance)
        .values({name: rows[name] for name in changed})
        .where(
            and_(
                c.run == rows["run"],
                c.task_id == rows["task_id"],
                c.map_index == rows["map_index"],
                c.state == rows["before"],
                c.token == rows["token_before"],
            )
        )
    )


def _guarded_runs(rows: Rows) -> Update:
    c = t.run.c
    return (
        update(t.run)
        .values(
            state=rows["state"],
            started_at=func.coalesce(rows["started_at"], c.started_at),
            ended_at=func.coalesce(rows["ended_at"], c.ended_at),
            reason=rows["reason"],
        )
        .where(and_(c.id == rows["id"], c.state == rows["before"]))
    )


def _guarded_calls(rows: Rows) -> Update:
    c = t.call.c
    return (
        update(t.call)
        .values({name: rows[name] for name in ("state", "token", "ended_at", "outcome", "reason")})
        .where(and_(c.id == rows["id"], c.state == rows["before"], c.token == rows["token_before"]))
    )


def _guarded_backfills(rows: Rows) -> Update:
    c = t.backfill.c
    return (
        update(t.backfill)
        .values(
            {name: rows[name] for name in ("state", "n", "cursor", "ended_at", "reason")}
            | {"total": func.coalesce(rows["total"], c.total)}
        )
        .where(and_(c.id == rows["id"], c.state == rows["before"], c.n == rows["n_before"]))
    )


def _guarded_deadlines(rows: Rows) -> Update:
    c = t.deadline.c
    return (
        update(t.deadline)
        .values(
            {name: rows[name] for name in ("state", "at", "call")} | {"detail": func.coalesce(rows["detail"], c.detail)}
        )
        .where(and_(c.run == rows["run"], c.n == rows["n"], c.state == rows["before"]))
    )


def _clock_of_deadlines(rows: Rows) -> Update:
    """Of those that are lengths of time, and still to come."""
    c = t.deadline.c
    return (
        update(t.deadline)
        .values(due_at=c.due_at + rows["by_s"])
        .where(and_(c.state == literal_column("'due'"), c.is_length))
    )


def _of_a_run(table: Table) -> Statement:
    """Everything of one run goes."""
    return Statement(_of(table, "run"), lambda rows: delete(table).where(table.c.run == rows["run"]))


def _flags(rows: Rows) -> Update:
    c = t.dag.c
    flags = {name: func.coalesce(rows[name], c[name]) for name in ("paused", "active", "ad_hoc")}
    return update(t.dag).values(flags).where(c.dag_id == rows["dag_id"])


def _current_version(proposed: Any) -> dict[str, Any]:
    """A new version of a known DAG: its pause flag stays, and once it is a bundle's it is not ad hoc again."""
    return {
        "version": proposed.version,
        "active": proposed.active,
        "ad_hoc": and_(t.dag.c.ad_hoc, proposed.ad_hoc),
        "file": proposed.file,
        "at": proposed.at,
    }


def _changed_pool(proposed: Any) -> dict[str, Any]:
    """What is not given stays."""
    kept = {name: func.coalesce(proposed[name], t.pool.c[name]) for name in ("description", "include_deferred")}
    return {"slots": proposed.slots, **kept}


def _clock(table: Table) -> Statement:
    """The clock was set: what is under way has begun, and is due again, on the new one."""
    c, i = table.c, t.task_instance.c
    unfinished = select(t.run.c.id).where(t.run.c.state.in_([literal_column("'queued'"), literal_column("'running'")]))
    final: list[Any] = [literal_column(f"'{state.value}'") for state in sorted(FINAL)]
    open_task = and_(i.run.in_(unfinished), i.state.not_in(final))
    times = ("started_at", "wake_at", "ended_at", "at")  # at: of what is starting, when it was handed out
    wanted: ColumnElement[bool]
    if table is t.run:
        wanted = c.id.in_(unfinished)
    elif table is t.task_instance:
        wanted = open_task
    else:  # earlier attempts of such a task: its time may count from the first
        same = [c[name] == i[name] for name in ("run", "task_id", "map_index")]
        wanted = select(i.run).where(and_(*same, open_task)).exists()

    def build(rows: Rows) -> Any:
        return update(table).values({n: c[n] + rows["by_s"] for n in times if n in c}).where(wanted)

    return Statement([("by_s", t.run.c.started_at.type)], build)


def _cleared_values(rows: Rows) -> Any:
    c = t.value.c
    named = [c[name] == func.coalesce(rows[name], c[name]) for name in ("map_index", "key")]
    return delete(t.value).where(and_(c.run == rows["run"], c.task_id == rows["task_id"], *named))


_GUARD = [("before", TextType()), ("token_before", t.task_instance.c.token.type)]

_OF_A_RUN = (t.task_instance, t.task_group, t.value, t.deferral, t.placement, t.question, t.intervention)

_REOPENED = ("version", "queued_at", "conf", "ignores_pause", "backfill")
_ANSWER = ("run", "task_id", "map_index", "token", "answer", "answered_by", "answered_at")

# What is of one run alone goes with it; the log goes by its age as well, and a backfill still says what it has done.
_NOT_A_PART = (t.event, t.removed_run, t.backfill_run)
PARTS_OF_A_RUN = [table for table in t.metadata.sorted_tables if "run" in table.c and table not in _NOT_A_PART]
AGEING = (t.event, t.command, t.asset_event, t.asset_alias_event, t.stored_state, t.dag_version, t.dag)


def _gone(table: Table, *given: str) -> Statement:
    """Rows by these of their columns, or else by their key."""
    names = given or tuple(column.name for column in table.primary_key)
    return Statement(
        _of(table, *names), lambda rows: delete(table).where(and_(*(table.c[name] == rows[name] for name in names)))
    )


def _removed_runs(rows: Rows) -> Any:
    final: list[Any] = [literal_column(f"'{state.value}'") for state in sorted(RUN_FINAL)]
    return delete(t.run).where(and_(t.run.c.id == rows["id"], t.run.c.state.in_(final)))


COMMIT: dict[str, Statement] = {
    "new_run": _insert(t.run),
    **{f"clock_of_{table.name}": _clock(table) for table in (t.run, t.attempt, t.task_instance)},
    "clock_of_deadline": Statement([("by_s", t.run.c.started_at.type)], _clock_of_deadlines),
    "schedule": _upsert(t.schedule),
    "new_backfill": _insert(t.backfill, "id", "dag_id", "state", "request", "n", "total", "key", "at"),
    "backfill_move": Statement(
        [
            *_of(t.backfill, "id", "state", "n", "cursor", "total", "ended_at", "reason"),
            ("before", TextType()),
            ("n_before", t.backfill.c.n.type),
        ],
        _guarded_backfills,
    ),
    "backfill_run": _insert(t.backfill_run),
    "run_move": Statement(
        [*_of(t.run, "id", "state", "started_at", "ended_at", "reason"), ("before", TextType())], _guarded_runs
    ),
    "version": _upsert(t.dag_version, lambda proposed: {}),
    "dag": _upsert(t.dag, _current_version),
    "dag_flags": Statement(_of(t.dag, "dag_id", "paused", "active", "ad_hoc"), _flags),
    "task_new": _insert(t.task_instance),
    "task_move": Statement([*_of(t.task_instance), *_GUARD], _guarded_tasks),
    "run_reset": Statement(
        [
            *_of(t.run, "id", "version", "queued_at", "conf", "idempotency_key"),
            ("before", TextType()),
        ],
        lambda rows: (
            update(t.run)
            .values(
                {name: rows[name] for name in ("version", "queued_at", "conf", "idempotency_key")}
                | {"state": literal_column("'queued'")}
                | dict.fromkeys(("started_at", "ended_at", "reason"), null())
            )
            .where(and_(t.run.c.id == rows["id"], t.run.c.state == rows["before"]))
        ),
    ),
    "run_reopening": Statement(
        [*_of(t.run, "id", *_REOPENED), ("before", TextType())],
        lambda rows: (
            update(t.run)
            .values(
                {name: rows[name] for name in _REOPENED}
                | {"state": literal_column("'queued'")}
                | dict.fromkeys(("started_at", "ended_at", "reason"), null())
            )
            .where(and_(t.run.c.id == rows["id"], t.run.c.state == rows["before"]))
        ),
    ),
    "run_version": Statement(
        _of(t.run, "id", "version"),
        lambda rows: update(t.run).values(version=rows["version"]).where(t.run.c.id == rows["id"]),
    ),
    "row_gone": Statement(
        _of(t.task_instance, "run", "task_id", "map_index"),
        lambda rows: delete(t.task_instance).where(
            and_(*(t.task_instance.c[name] == rows[name] for name in ("run", "task_id", "map_index")))
        ),
    ),
    "intervention": _upsert(t.intervention),
    "note": _upsert(t.note),
    **{f"{table.name}_of_run": _of_a_run(table) for table in _OF_A_RUN},
    "deferral": _upsert(t.deferral),
    "deferral_event": Statement(
        _of(t.deferral, "run", "task_id", "map_index", "token", "event"),
        lambda rows: (
            update(t.deferral)
            .values(event=rows["event"])
            .where(
                and_(
                    *(t.deferral.c[name] == rows[name] for name in ("run", "task_id", "map_index", "token")),
                    t.deferral.c.event.is_(None),
                )
            )
        ),
    ),
    "deferral_end": Statement(
        _of(t.deferral, "run", "task_id", "map_index"),
        lambda rows: delete(t.deferral).where(
            and_(*(t.deferral.c[name] == rows[name] for name in ("run", "task_id", "map_index")))
        ),
    ),
    "deadline": _upsert(t.deadline),
    "deadline_move": Statement(
        [*_of(t.deadline, "run", "n", "state", "at", "call", "detail"), ("before", TextType())], _guarded_deadlines
    ),
    "placement": _upsert(t.placement),
    "question": _upsert(t.question),
    "answer": Statement(
        _of(t.question, *_ANSWER),
        lambda rows: (
            update(t.question)
            .values({name: rows[name] for name in _ANSWER[4:]})
            .where(and_(*(t.question.c[n] == rows[n] for n in _ANSWER[:4]), t.question.c.answered_at.is_(None)))
        ),
    ),
    "new_call": _insert(t.call),
    "call_move": Statement(
        [*_of(t.call, "id", "state", "token", "ended_at", "outcome", "reason"), *_GUARD], _guarded_calls
    ),
    "group": _upsert(t.task_group),
    "attempt": _insert(t.attempt),
    "value_clear": Statement(_of(t.value, "run", "task_id", "map_index", "key"), _cleared_values),
    "value": _upsert(t.value),
    "asset": _upsert(t.asset),
    "asset_event": _insert(t.asset_event),
    "asset_alias_event": _insert(t.asset_alias_event),
    "asset_wait": _insert(t.asset_waiting),
    "asset_start": Statement(
        [*_of(t.asset_waiting, "dag_id"), *_of(t.run_asset_event, "run")],
        lambda rows: insert(t.run_asset_event).from_select(
            ["run", "token", "n"],
            select(rows["run"], t.asset_waiting.c.token, t.asset_waiting.c.n).where(
                t.asset_waiting.c.dag_id == rows["dag_id"]
            ),
        ),
    ),
    "asset_started": _gone(t.asset_waiting, "dag_id"),
    "asset_forget": _gone(t.asset_waiting, "dag_id", "name", "uri"),
    "no_partition": Statement(
        _of(t.run, "id"),
        lambda rows: update(t.run).values(partition_key=null(), partition_date=null()).where(t.run.c.id == rows["id"]),
    ),
    "partition_wait": _upsert(t.partition_waiting, lambda proposed: {}),
    "partition_event": _insert(t.partition_event),
    "partition_start": Statement(
        [*_of(t.partition_event, "dag_id", "key"), *_of(t.run_asset_event, "run")],
        lambda rows: insert(t.run_asset_event).from_select(
            ["run", "token", "n"],
            select(rows["run"], t.partition_event.c.token, t.partition_event.c.n).where(
                and_(*(t.partition_event.c[name] == rows[name] for name in ("dag_id", "key")))
            ),
        ),
    ),
    "partition_gone": _gone(t.partition_waiting),
    "partition_events_gone": _gone(t.partition_event, "dag_id", "key"),
    "state": _upsert(t.stored_state),
    "state_gone": Statement(
        _of(t.stored_state, "scope", "key"),
        lambda rows: delete(t.stored_state).where(
            and_(t.stored_state.c.scope == rows["scope"], t.stored_state.c.key == rows["key"])
        ),
    ),
    "state_clear": Statement(
        _of(t.stored_state, "scope"),
        lambda rows: delete(t.stored_state).where(t.stored_state.c.scope == rows["scope"]),
    ),
    "import_error": _upsert(t.import_error),
    "import_error_clear": Statement(
        _of(t.import_error, "file"),
        lambda rows: delete(t.import_error).where(t.import_error.c.file == rows["file"]),
    ),
    "command_done": Statement(
        _of(t.command, "id", "answer", "done_at"),
        lambda rows: (
            update(t.command)
            .values(answer=rows["answer"], done_at=rows["done_at"])
            .where(and_(t.command.c.id == rows["id"], t.command.c.done_at.is_(None)))
        ),
    ),
    "command": _insert(t.command, "name", "payload", "at", "done_at", "answer"),
    "pool": _upsert(t.pool, _changed_pool),
    "pool_clear": Statement(_of(t.pool, "name"), lambda rows: delete(t.pool).where(t.pool.c.name == rows["name"])),
    "run_removed": Statement(_of(t.run, "id"), _removed_runs),
    "removed_run": _insert(t.removed_run),
    "run_forgotten": _gone(t.removed_run),
    **{f"swept_{table.name}": _gone(table) for table in (*PARTS_OF_A_RUN, *AGEING)},
    "event": _insert(t.event, "at", "kind", "dag_id", "run", "data"),
}


@cache
def commit_text(name: str, dialect: str) -> str:
    return COMMIT[name].text(dialect)


def _meta(dialect: str) -> Any:
    made = select(t.meta.c.value).where(t.meta.c.key == bindparam("key"))
    return made.with_for_update() if dialect == "postgresql" else made


def _keep_sealed(dialect: str, table: Table, key: str, *more: str) -> Any:
    """Set a row; a description that is not given stays."""
    names = (key, *more, "sealed", "description", "at")
    made = _insert_into(table, dialect).values({n: bindparam(n) for n in names})
    changes = {n: made.excluded[n] for n in (*more, "sealed", "at")}
    changes["description"] = func.coalesce(made.excluded.description, table.c.description)
    if "value" in table.c:
        changes["value"] = null()
    return made.on_conflict_do_update(index_elements=[key], set_=changes)


def _seal_again(table: Table, key: str) -> Update:
    changes: dict[str, Any] = {"sealed": bindparam("sealed")}
    if "value" in table.c:
        changes["value"] = null()
    return update(table).values(changes).where(table.c[key] == bindparam("key_"))


# The single statements of short transactions, with named parameters.
WRITES: dict[str, Callable[[str], Any]] = {
    "meta": _meta,
    "set_meta": lambda d: update(t.meta).values(value=bindparam("value")).where(t.meta.c.key == bindparam("key_")),
    "put_command": lambda d: (
        insert(t.command).values({n: bindparam(n) for n in ("name", "payload", "at")}).returning(t.command.c.id)
    ),
    "variable_set": lambda d: _keep_sealed(d, t.variable, "key"),
    "variable_delete": lambda d: delete(t.variable).where(t.variable.c.key == bindparam("key")),
    "variable_seal": lambda d: _seal_again(t.variable, "key"),
    "connection_set": lambda d: _keep_sealed(d, t.connection, "conn_id", "conn_type"),
    "connection_delete": lambda d: delete(t.connection).where(t.connection.c.conn_id == bindparam("conn_id")),
    "connection_seal": lambda d: _seal_again(t.connection, "conn_id"),
}


@cache
def write_text(name: str, dialect: str) -> str:
    text, given = text_of(WRITES[name](dialect), dialect)
    assert not given, "a constant in a statement is spelled out"
    return text
