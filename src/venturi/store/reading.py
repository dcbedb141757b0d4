"""Reading: every question that the engine's reader thread, the CLI and the web ask of the database.

Owns the SELECTs, built once per dialect and kept as text. A reader has its own connection that cannot write; each
method is one statement (where it says otherwise, several in one moment) and sees every commit made before it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, literal_column, or_, select

from ..core.errors import NotFound
from ..core.moves import DagVersion
from ..core.states import FINAL, RUN_FINAL, RunState
from . import tables as t
from .drivers import Driver, Row, transaction
from .reading_assets import AssetReads, piles
from .reading_backfills import BackfillReads, open_backfills
from .reading_control import ControlReads, read_interventions
from .reading_deadlines import DeadlineReads, due_deadlines
from .reading_pages import PageReads
from .reading_people import PeopleReads
from .reading_retention import RetentionReads
from .rows import (
    AttemptRecord,
    CallRow,
    CommandRow,
    ConnectionRow,
    DagRow,
    DeferralRow,
    EventRow,
    GroupRow,
    ImportErrorRow,
    InstanceRow,
    Instances,
    PoolRow,
    RunRow,
    ScheduleRow,
    StoredValue,
    VariableRow,
    World,
    version_of,
)
from .sealing import Sealer
from .statements import json_items, text_of

_FINAL = sorted(state.value for state in FINAL)
_UNFINISHED = sorted(state.value for state in RunState if state not in RUN_FINAL)
_P = bindparam
_Query = Callable[[str], Select[Any]]


def _one_of(column: Any, name: str, dialect: str) -> Any:
    """Whether the column is among a parameter given as a JSON array: one statement text for any number of them."""
    return column.in_(json_items(name, column.type, dialect))


def _literally(column: Any, values: Sequence[str]) -> Any:
    """Spelled out in the text, so that a partial index is seen to hold what is asked for."""
    return column.in_([literal_column(f"'{value}'") for value in values])


def _unfinished() -> Any:
    return _literally(t.run.c.state, _UNFINISHED)


def _of_unfinished(column: Any) -> Any:
    return column.in_(select(t.run.c.id).where(_unfinished()))


def _open_call() -> Any:
    return _literally(t.call.c.state, ["due", "starting"])


def _version() -> Select[Any]:
    joined = t.dag_version.outerjoin(t.dag, t.dag.c.dag_id == t.dag_version.c.dag_id)
    flags = (
        func.coalesce(t.dag.c.paused, literal_column("false")),
        func.coalesce(t.dag.c.ad_hoc, literal_column("false")),
    )
    return select(*t.dag_version.c, *flags).select_from(joined)


def _versions_in_use() -> Select[Any]:
    current = select(t.dag.c.version).where(t.dag.c.active)
    used = select(t.run.c.version).where(_unfinished())
    id = t.dag_version.c.id
    return _version().where(or_(id.in_(current), id.in_(used)))


def _runs(of_dag: bool) -> Select[Any]:
    made = select(t.run).order_by(t.run.c.id.desc()).limit(_P("limit"))
    return made.where(t.run.c.dag_id == _P("dag_id")) if of_dag else made


def _run() -> Select[Any]:
    return select(t.run).where(and_(t.run.c.dag_id == _P("dag_id"), t.run.c.run_id == _P("run_id")))


def _runs_found(dialect: str, named: bool, dated: bool, stated: bool, newest: bool) -> Select[Any]:
    """Runs of one DAG: by their ids, by a range of logical dates, by state."""
    c = t.run.c
    made = select(t.run).where(c.dag_id == _P("dag_id")).limit(_P("limit"))
    order = (c.logical_date, c.id)
    made = made.order_by(*(column.desc() for column in order)) if newest else made.order_by(*order)
    if named:
        made = made.where(_one_of(c.run_id, "run_ids", dialect))
    if dated:
        made = made.where(and_(c.logical_date >= _P("first"), c.logical_date <= _P("last")))
    if stated:
        made = made.where(_one_of(c.state, "states", dialect))
    return made


def _values(dialect: str, tasks: bool, indexes: bool, prior: bool) -> Select[Any]:
    """Values under a key in one run or, with `prior`, in it and all runs of its DAG up to its date, newest first."""
    c = t.value.c
    made = select(*c).where(c.key == _P("key")).order_by(c.task_id, c.map_index)
    this = t.run.alias("this")
    named = and_(this.c.dag_id == _P("dag_id"), this.c.run_id == _P("run_id"))
    if prior:
        made = made.join(t.run, t.run.c.id == c.run).join(this, this.c.dag_id == t.run.c.dag_id).where(named)
        made = made.where(or_(t.run.c.id == this.c.id, t.run.c.logical_date < this.c.logical_date))
        made = made.order_by(None).order_by(
            c.task_id, c.map_index, (t.run.c.id == this.c.id).desc(), t.run.c.logical_date.desc(), t.run.c.id.desc()
        )
    else:
        made = made.where(c.run == select(this.c.id).where(named).scalar_subquery())
    if not tasks and not prior:
        made = made.order_by(None).order_by(c.token, c.task_id, c.map_index)  # the newest last
    if tasks:
        made = made.where(_one_of(c.task_id, "task_ids", dialect))
    if indexes:
        made = made.where(_one_of(c.map_index, "map_indexes", dialect))
    return made


def _of_instance(table: Any) -> Any:
    return and_(table.c.run == _P("run"), table.c.task_id == _P("task_id"), table.c.map_index == _P("map_index"))


def _token_run() -> Any:
    i, a, c = t.task_instance.c, t.attempt.c, t.call.c
    ended = select(a.run).where(a.token == _P("token"))
    called = select(c.run).where(c.token == _P("token"))
    return ended.union_all(select(i.run).where(and_(i.token == _P("token"), _of_unfinished(i.run))), called)


def _task_states() -> Any:
    """Single instances and whole groups of one run, by the run's names."""
    i, g = t.task_instance.c, t.task_group.c
    run = (
        select(t.run.c.id).where(and_(t.run.c.dag_id == _P("dag_id"), t.run.c.run_id == _P("run_id"))).scalar_subquery()
    )
    single = select(i.task_id, i.state).where(and_(i.run == run, i.map_index == -1))
    return single.union_all(select(g.task_id, g.state).where(g.run == run))


_attempts_in_order = select(t.attempt).order_by(t.attempt.c.token)
_values_in_order = select(t.value).order_by(t.value.c.map_index)

QUERIES: dict[str, Callable[[str], Any]] = {
    "dags": lambda d: select(t.dag).order_by(t.dag.c.dag_id),
    "dag": lambda d: select(t.dag).where(t.dag.c.dag_id == _P("dag_id")),
    "version": lambda d: _version().where(t.dag_version.c.id == _P("id")),
    "version_ids": lambda d: (
        select(t.dag_version.c.id)
        .where(and_(t.dag_version.c.dag_id == _P("dag_id"), t.dag_version.c.hash == _P("hash")))
        .order_by(t.dag_version.c.id.desc())
    ),
    "run": lambda d: _run(),
    "run_by_id": lambda d: select(t.run).where(t.run.c.id == _P("id")),
    "run_by_key": lambda d: select(t.run.c.run_id).where(
        and_(t.run.c.dag_id == _P("dag_id"), t.run.c.idempotency_key == _P("key"))
    ),
    "runs": lambda d: _runs(of_dag=False),
    "runs_of_dag": lambda d: _runs(of_dag=True),
    "run_state": lambda d: _run().with_only_columns(t.run.c.state),
    "task_states": lambda d: _task_states(),
    "instances": lambda d: (
        select(t.task_instance)
        .where(t.task_instance.c.run == _P("run"))
        .order_by(t.task_instance.c.task_id, t.task_instance.c.map_index)
    ),
    "groups": lambda d: select(t.task_group).where(t.task_group.c.run == _P("run")).order_by(t.task_group.c.task_id),
    "group": lambda d: select(t.task_group).where(
        and_(t.task_group.c.run == _P("run"), t.task_group.c.task_id == _P("task_id"))
    ),
    "attempts": lambda d: _attempts_in_order.where(_of_instance(t.attempt)),
    "attempts_of_run": lambda d: _attempts_in_order.where(t.attempt.c.run == _P("run")),
    "attempt": lambda d: select(t.attempt).where(t.attempt.c.token == _P("token")),
    "first_started_at": lambda d: select(func.min(t.attempt.c.started_at)).where(
        and_(_of_instance(t.attempt), t.attempt.c.try_number == _P("try_number"))
    ),
    "deferral": lambda d: select(t.deferral).where(_of_instance(t.deferral)),
    "waiting_deferrals": lambda d: (
        select(t.deferral)
        .where(and_(_of_unfinished(t.deferral.c.run), t.deferral.c.event.is_(None)))
        .order_by(t.deferral.c.token)
    ),
    "calls_of_run": lambda d: select(t.call).where(t.call.c.run == _P("run")).order_by(t.call.c.id),
    "token_run": lambda d: _token_run(),
    "value": lambda d: select(t.value).where(and_(_of_instance(t.value), t.value.c.key == _P("key"))),
    "value_elements": lambda d: _values_in_order.where(
        and_(t.value.c.run == _P("run"), t.value.c.task_id == _P("task_id"), t.value.c.key == _P("key"))
    ),
    "values_of_run": lambda d: (
        select(t.value)
        .where(and_(t.value.c.run == _P("run"), t.value.c.key == _P("key")))
        .order_by(t.value.c.task_id, t.value.c.map_index)
    ),
    "value_lengths": lambda d: (
        select(t.value.c.task_id, t.value.c.map_index, t.value.c.key, t.value.c.length)
        .where(and_(t.value.c.run == _P("run"), _one_of(t.value.c.task_id, "task_ids", d)))
        .order_by(t.value.c.task_id, t.value.c.map_index)
    ),
    "ended_instances": lambda d: select(*(t.task_instance.c[n] for n in ("task_id", "map_index", "state"))).where(
        and_(
            t.task_instance.c.run == _P("run"),
            t.task_instance.c.map_index >= 0,
            _literally(t.task_instance.c.state, _FINAL),
            _one_of(t.task_instance.c.task_id, "task_ids", d),
        )
    ),
    "events_after": lambda d: select(t.event).where(t.event.c.id > _P("id")).order_by(t.event.c.id).limit(_P("limit")),
    "last_event": lambda d: select(func.max(t.event.c.id)),
    "import_errors": lambda d: select(t.import_error).order_by(t.import_error.c.file),
    "pools": lambda d: select(t.pool).order_by(t.pool.c.name),
    "variable": lambda d: select(t.variable).where(t.variable.c.key == _P("key")),
    "variables": lambda d: select(t.variable).order_by(t.variable.c.key),
    "connection": lambda d: select(t.connection).where(t.connection.c.conn_id == _P("conn_id")),
    "connections": lambda d: select(t.connection).order_by(t.connection.c.conn_id),
    "sealed": lambda d: (
        select(t.variable.c.key)
        .where(t.variable.c.sealed.is_not(None))
        .union_all(select(t.connection.c.conn_id).where(t.connection.c.sealed.is_not(None)))
        .limit(1)
    ),
    "settings_changes": lambda d: (
        select(t.event.c.kind, t.event.c.data)
        .where(and_(t.event.c.id > _P("id"), _literally(t.event.c.kind, ("variable", "connection"))))
        .order_by(t.event.c.id)
    ),
    "command": lambda d: select(t.command).where(t.command.c.id == _P("id")),
    "commands": lambda d: (
        select(t.command).where(t.command.c.name == _P("named")).order_by(t.command.c.id.desc()).limit(_P("limit"))
    ),
    "waiting_commands": lambda d: select(t.command).where(t.command.c.done_at.is_(None)).order_by(t.command.c.id),
    "schedules": lambda d: select(t.schedule).order_by(t.schedule.c.dag_id),
    # what a restarting engine reads
    "newest_ids": lambda d: select(
        select(func.max(t.run.c.id)).scalar_subquery(),
        select(func.max(t.attempt.c.token)).scalar_subquery(),
        select(t.meta.c.value).where(t.meta.c.key == literal_column("'token_floor'")).scalar_subquery(),
        select(func.max(t.dag_version.c.id)).scalar_subquery(),
        select(func.max(t.call.c.id)).scalar_subquery(),
    ),
    "world_versions": lambda d: _versions_in_use(),
    "world_runs": lambda d: select(t.run).where(_unfinished()).order_by(t.run.c.id),
    "world_instances": lambda d: select(t.task_instance).where(
        and_(_of_unfinished(t.task_instance.c.run), t.task_instance.c.state.not_in(_literals(_FINAL)))
    ),
    "world_finished": lambda d: select(*(t.task_instance.c[n] for n in ("run", "task_id", "map_index", "state"))).where(
        and_(
            _of_unfinished(t.task_instance.c.run),
            t.task_instance.c.map_index == -1,
            _literally(t.task_instance.c.state, _FINAL),
        )
    ),
    "world_deferrals": lambda d: select(*(t.deferral.c[n] for n in ("run", "task_id", "map_index", "token"))).where(
        _of_unfinished(t.deferral.c.run)
    ),
    "world_placements": lambda d: select(
        *(t.placement.c[n] for n in ("run", "task_id", "map_index", "token", "devices"))
    ).where(_of_unfinished(t.placement.c.run)),
    "open_calls": lambda d: select(t.call).where(_open_call()).order_by(t.call.c.id),
    "runs_of_open_calls": lambda d: select(t.run).where(t.run.c.id.in_(select(t.call.c.run).where(_open_call()))),
    "world_groups": lambda d: select(t.task_group).where(_of_unfinished(t.task_group.c.run)),
    "world_counts": lambda d: (
        select(t.task_instance.c.run, t.task_instance.c.task_id, t.task_instance.c.state, func.count())
        .where(
            and_(
                _of_unfinished(t.task_instance.c.run),
                t.task_instance.c.map_index >= 0,
                _literally(t.task_instance.c.state, _FINAL),
            )
        )
        .group_by(t.task_instance.c.run, t.task_instance.c.task_id, t.task_instance.c.state)
    ),
}


def _literals(values: Sequence[str]) -> list[Any]:
    return [literal_column(f"'{value}'") for value in values]


@cache
def _text(name: str, dialect: str) -> tuple[str, dict[str, Any]]:
    return text_of(QUERIES[name](dialect), dialect)


@cache
def _runs_found_text(dialect: str, named: bool, dated: bool, stated: bool, newest: bool) -> tuple[str, dict[str, Any]]:
    return text_of(_runs_found(dialect, named, dated, stated, newest), dialect)


@cache
def _values_text(dialect: str, tasks: bool, indexes: bool, prior: bool) -> tuple[str, dict[str, Any]]:
    return text_of(_values(dialect, tasks, indexes, prior), dialect)


def ask(driver: Driver, name: str, **params: Any) -> list[Row]:
    text, given = _text(name, driver.dialect)
    return driver.all(text, {**given, **params})


class Reader(AssetReads, BackfillReads, PeopleReads, ControlReads, PageReads, DeadlineReads, RetentionReads):
    """Reads of one connection, for one thread at a time."""

    def __init__(self, driver: Driver, sealer: Sealer) -> None:
        self._driver = driver
        self._sealer = sealer

    def close(self) -> None:
        self._driver.close()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _all(self, name: str, **params: Any) -> list[Row]:
        return ask(self._driver, name, **params)

    def _first(self, name: str, **params: Any) -> Row | None:
        found = ask(self._driver, name, **params)
        return found[0] if found else None

    # ── DAGs ─────────────────────────────────────────────────────────────────────────────────────────────

    def dags(self) -> list[DagRow]:
        return [DagRow.of(row) for row in self._all("dags")]

    def dag(self, dag_id: str) -> DagRow | None:
        row = self._first("dag", dag_id=dag_id)
        return None if row is None else DagRow.of(row)

    def version(self, id: int) -> DagVersion:
        row = self._first("version", id=id)
        if row is None:
            raise NotFound(kind="DAG version", name=id, advice="")
        return version_of(row)

    def version_id(self, dag_id: str, digest: str) -> int | None:
        """The newest version of this DAG with this hash."""
        row = self._first("version_ids", dag_id=dag_id, hash=digest)
        return None if row is None else row[0]

    def schedules(self) -> dict[str, ScheduleRow]:
        """By DAG: of those that have a timetable, or had one."""
        return {row[0]: ScheduleRow.of(row) for row in self._all("schedules")}

    def import_errors(self) -> list[ImportErrorRow]:
        return [ImportErrorRow.of(row) for row in self._all("import_errors")]

    # ── runs and what is in them ─────────────────────────────────────────────────────────────────────────

    def run(self, dag_id: str, run_id: str) -> RunRow | None:
        row = self._first("run", dag_id=dag_id, run_id=run_id)
        return None if row is None else RunRow.of(row)

    def run_by_id(self, id: int) -> RunRow | None:
        row = self._first("run_by_id", id=id)
        return None if row is None else RunRow.of(row)

    def run_by_key(self, dag_id: str, key: str) -> str | None:
        """The run_id that was made for this idempotency key."""
        row = self._first("run_by_key", dag_id=dag_id, key=key)
        return None if row is None else row[0]

    def runs(self, dag_id: str | None = None, limit: int = 100) -> list[RunRow]:
        """Newest first."""
        if dag_id is None:
            return [RunRow.of(row) for row in self._all("runs", limit=limit)]
        return [RunRow.of(row) for row in self._all("runs_of_dag", dag_id=dag_id, limit=limit)]

    def find_runs(
        self,
        dag_id: str,
        run_ids: list[str] | None = None,
        dates: tuple[float, float] | None = None,
        states: list[str] | None = None,
        newest_first: bool = False,
        limit: int = 1000,
    ) -> list[RunRow]:
        """By logical date: what fits everything that is given; `dates` are the first and the last."""
        params: dict[str, Any] = {"dag_id": dag_id, "limit": limit}
        if run_ids is not None:
            params["run_ids"] = json.dumps(run_ids)
        if dates is not None:
            params["first"], params["last"] = dates
        if states is not None:
            params["states"] = json.dumps(states)
        text, given = _runs_found_text(
            self._driver.dialect, run_ids is not None, dates is not None, states is not None, newest_first
        )
        return [RunRow.of(row) for row in self._driver.all(text, {**given, **params})]

    def run_state(self, dag_id: str, run_id: str) -> str | None:
        row = self._first("run_state", dag_id=dag_id, run_id=run_id)
        return None if row is None else row[0]

    def task_states(self, dag_id: str, run_id: str, task_ids: list[str] | None = None) -> dict[str, str]:
        """By task id, a mapped group under its own id; what has not been touched is left out."""
        wanted = None if task_ids is None else set(task_ids)
        rows = self._all("task_states", dag_id=dag_id, run_id=run_id)
        return {task_id: state for task_id, state in rows if wanted is None or task_id in wanted}

    def instances(self, run: int) -> Instances:
        """Both lists as of one moment."""
        with transaction(self._driver, writing=False):
            rows = [InstanceRow._make(row) for row in self._all("instances", run=run)]
            return Instances(rows, [GroupRow.of(row) for row in self._all("groups", run=run)])

    def ended_instances(self, run: int, task_ids: list[str]) -> list[tuple[str, int, str]]:
        """(task_id, map_index, state) of every finished instance of these mapped tasks."""
        return self._all("ended_instances", run=run, task_ids=json.dumps(task_ids))

    def attempts(self, run: int, task_id: str | None = None, map_index: int = -1) -> list[AttemptRecord]:
        """Of one instance, or without a task of the whole run; oldest first."""
        if task_id is None:
            return [AttemptRecord.of(row) for row in self._all("attempts_of_run", run=run)]
        rows = self._all("attempts", run=run, task_id=task_id, map_index=map_index)
        return [AttemptRecord.of(row) for row in rows]

    def first_started_at(self, run: int, task_id: str, map_index: int, try_number: int) -> float | None:
        """When the first attempt of this try began: a rescheduled sensor makes many attempts in one try."""
        row = self._first("first_started_at", run=run, task_id=task_id, map_index=map_index, try_number=try_number)
        return None if row is None else row[0]

    def deferral(self, run: int, task_id: str, map_index: int) -> DeferralRow | None:
        """What this instance waits for, or goes on by."""
        row = self._first("deferral", run=run, task_id=task_id, map_index=map_index)
        return None if row is None else DeferralRow._make(row)

    def waiting_deferrals(self) -> list[DeferralRow]:
        """Of unfinished runs, those without an event, oldest first."""
        return [DeferralRow._make(row) for row in self._all("waiting_deferrals")]

    def world(self) -> World:
        """What an engine would begin with, as of one moment."""
        return read_world(self._driver)

    def calls(self, run: int) -> list[CallRow]:
        """Callbacks of a run and its tasks, oldest first."""
        return [CallRow.of(row) for row in self._all("calls_of_run", run=run)]

    def token_run(self, token: int) -> int | None:
        """Which run this attempt is, or was, of."""
        row = self._first("token_run", token=token)
        return None if row is None else row[0]

    # ── values ───────────────────────────────────────────────────────────────────────────────────────────

    def values(
        self,
        dag_id: str,
        run_id: str,
        key: str,
        task_ids: list[str] | None = None,
        map_indexes: list[int] | None = None,
        include_prior_dates: bool = False,
    ) -> list[StoredValue]:
        """By task id, then map index. With prior dates: of each instance the newest at or before this run's date."""
        params: dict[str, Any] = {"dag_id": dag_id, "run_id": run_id, "key": key}
        if task_ids is not None:
            params["task_ids"] = json.dumps(task_ids)
        if map_indexes is not None:
            params["map_indexes"] = json.dumps(map_indexes)
        text, given = _values_text(
            self._driver.dialect, task_ids is not None, map_indexes is not None, include_prior_dates
        )
        found: dict[tuple[str, int], StoredValue] = {}
        for row in self._driver.all(text, {**given, **params}):
            made = StoredValue._make(row)
            found.setdefault((made.task_id, made.map_index), made)
        return list(found.values())

    def values_of_run(self, run: int, key: str) -> list[StoredValue]:
        """By task id, then map index."""
        return [StoredValue._make(row) for row in self._all("values_of_run", run=run, key=key)]

    def value(self, run: int, task_id: str, map_index: int, key: str) -> StoredValue | None:
        row = self._first("value", run=run, task_id=task_id, map_index=map_index, key=key)
        return None if row is None else StoredValue._make(row)

    def value_elements(self, run: int, task_id: str, key: str) -> list[StoredValue]:
        """What mapping over a task's value is made from: its one value (map index −1), or of a mapped task one value
        per instance, in their order."""
        return [StoredValue._make(row) for row in self._all("value_elements", run=run, task_id=task_id, key=key)]

    def value_lengths(self, run: int, task_ids: list[str]) -> list[tuple[str, int, str, int | None]]:
        """(task_id, map_index, key, length) of every value of these tasks, without the values themselves."""
        return self._all("value_lengths", run=run, task_ids=json.dumps(task_ids))

    # ── the rest ─────────────────────────────────────────────────────────────────────────────────────────

    def events_after(self, id: int, limit: int = 1000) -> list[EventRow]:
        """In the order of their commits: what has a smaller id than one seen will not appear later."""
        return [EventRow.of(row) for row in self._all("events_after", id=id, limit=limit)]

    def last_event(self) -> int:
        return self._all("last_event")[0][0] or 0

    def pools(self) -> list[PoolRow]:
        return [PoolRow._make(row) for row in self._all("pools")]

    # ── variables and connections ────────────────────────────────────────────────────────────────────────

    def variable(self, key: str) -> str | None:
        row = self._first("variable", key=key)
        return None if row is None else sealed_text(self._sealer, row)

    def variables(self) -> list[VariableRow]:
        """By key, unopened."""
        return [VariableRow(key, description, at) for key, _, _, description, at in self._all("variables")]

    def connection(self, conn_id: str) -> dict[str, Any] | None:
        """Opened: every field that is set."""
        row = self._first("connection", conn_id=conn_id)
        return None if row is None else opened_connection(self._sealer, row)

    def connections(self) -> list[ConnectionRow]:
        """By id, unopened."""
        return [ConnectionRow(id, kind, description, at) for id, kind, _, description, at in self._all("connections")]

    def settings_changes(self, id: int) -> list[tuple[str, str]]:
        """Which ("variable", key) and ("connection", conn_id) have changed after this event, oldest first."""
        rows = [(kind, json.loads(data)) for kind, data in self._all("settings_changes", id=id)]
        return [(kind, str(data["key" if kind == "variable" else "conn_id"])) for kind, data in rows]

    # ── commands ─────────────────────────────────────────────────────────────────────────────────────────

    def command(self, id: int) -> CommandRow | None:
        row = self._first("command", id=id)
        return None if row is None else CommandRow.of(row)

    def commands(self, name: str, limit: int) -> list[CommandRow]:
        """Newest first."""
        return [CommandRow.of(row) for row in self._all("commands", named=name, limit=limit)]

    def waiting_commands(self) -> list[CommandRow]:
        return [CommandRow.of(row) for row in self._all("waiting_commands")]


def sealed_text(sealer: Sealer, row: Row) -> str | None:
    """Of a row of `variable`."""
    key, in_clear, sealed = row[:3]
    return in_clear if sealed is None else sealer.open("variable", key, bytes(sealed))


def opened_connection(sealer: Sealer, row: Row) -> dict[str, Any]:
    """Of a row of `connection`."""
    conn_id, kind, sealed, description = row[:4]
    found = {"conn_id": conn_id, "conn_type": kind, "description": description}
    if sealed is not None:
        found.update(json.loads(sealer.open("connection", conn_id, bytes(sealed))))
    return {name: part for name, part in found.items() if part is not None}


def read_world(driver: Driver) -> World:
    """Everything as of one moment."""
    with transaction(driver, writing=False):
        return World(
            dags=[DagRow.of(row) for row in ask(driver, "dags")],
            versions=[version_of(row) for row in ask(driver, "world_versions")],
            runs=[RunRow.of(row) for row in ask(driver, "world_runs")],
            instances=[InstanceRow._make(row) for row in ask(driver, "world_instances")],
            finished=ask(driver, "world_finished"),
            groups=[GroupRow.of(row) for row in ask(driver, "world_groups")],
            group_counts=ask(driver, "world_counts"),
            deferrals=ask(driver, "world_deferrals"),
            placements=[(*row[:4], json.loads(row[4])) for row in ask(driver, "world_placements")],
            calls=[CallRow.of(row) for row in ask(driver, "open_calls")],
            call_runs=[RunRow.of(row) for row in ask(driver, "runs_of_open_calls")],
            pools=[PoolRow._make(row) for row in ask(driver, "pools")],
            schedules=[ScheduleRow.of(row) for row in ask(driver, "schedules")],
            import_errors=[ImportErrorRow.of(row) for row in ask(driver, "import_errors")],
            commands=[CommandRow.of(row) for row in ask(driver, "waiting_commands")],
            piles=piles(driver),
            backfills=open_backfills(driver),
            interventions=read_interventions(driver),
            deadlines=due_deadlines(driver),
        )
