"""Reads of what is old: a stretch at a time, by keys, so that none of them takes long however much there is."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from functools import cache, partial
from typing import Any, NamedTuple

from sqlalchemy import Table, and_, bindparam, func, literal_column, null, or_, select
from sqlalchemy import Text as TextType

from . import tables as t
from .drivers import Driver, Row
from .statements import PARTS_OF_A_RUN, json_items, text_of

_P = bindparam

PARTS_OF_AN_INSTANCE = [table for table in PARTS_OF_A_RUN if {"task_id", "map_index"} <= set(table.c.keys())]


class RunAge(NamedTuple):
    id: int
    run_id: str
    state: str
    ended_at: float | None
    logical_date: float | None
    backfill: int | None


class RetentionReads:
    """The part of a reader that looks at what may go."""

    _driver: Driver

    def run_ages(self, dag_id: str, after: int, limit: int) -> list[RunAge]:
        """The runs of a DAG in the order in which they were made, after the one with this id."""
        return [RunAge._make(row) for row in _ask(self._driver, "run_ages", dag_id=dag_id, id=after, limit=limit)]

    def nth_newest_run(self, dag_id: str, n: int) -> int | None:
        """The id of the run before which there are n − 1 newer ones; None: there are not so many."""
        found = _ask(self._driver, "nth_newest", dag_id=dag_id, skip=n - 1)
        return found[0][0] if found else None

    def run_of_newest_date(self, dag_id: str) -> int | None:
        found = _ask(self._driver, "newest_date", dag_id=dag_id)
        return found[0][0] if found else None

    def removed_runs(self, limit: int) -> list[tuple[int, str, str]]:
        """(run, dag_id, run_id) of those of which something may be left."""
        return [(row[0], row[1], row[2]) for row in _ask(self._driver, "removed_runs", limit=limit)]

    def parts_of_runs(self, runs: Iterable[int], limit: int) -> list[tuple[str, list[tuple[Any, ...]]]]:
        """Keys of rows that are of these runs, table by table, at most so many in all."""
        found, left, named = [], limit, json.dumps(list(runs))
        for table in PARTS_OF_A_RUN:
            if left <= 0:
                break
            keys = [tuple(row) for row in _ask(self._driver, f"of_{table.name}", runs=named, limit=left)]
            if keys:
                found.append((table.name, keys))
                left -= len(keys)
        return found

    def parts_of_instance(self, run: int, task_id: str, map_index: int) -> list[tuple[str, list[tuple[Any, ...]]]]:
        """Keys of rows that are of this task instance, table by table."""
        found = []
        for table in PARTS_OF_AN_INSTANCE:
            rows = _ask(self._driver, f"of_{table.name}_one", run=run, task_id=task_id, map_index=map_index)
            if rows:
                found.append((table.name, [tuple(row) for row in rows]))
        return found

    def old_events(self, after: int, limit: int) -> list[tuple[int, float, bool, bool]]:
        """(id, at, is of a run, is of one that is gone) of the events after this one; never the newest of all."""
        return [
            (row[0], row[1], bool(row[2]), bool(row[3])) for row in _ask(self._driver, "events", id=after, limit=limit)
        ]

    def old_commands(self, before: float, limit: int) -> list[tuple[int]]:
        return [(row[0],) for row in _ask(self._driver, "commands", before=before, limit=limit)]

    def old_asset_events(self, after: int, before: float, limit: int) -> list[tuple[int, int, bool]]:
        """(token, n, nobody names it) of those told before a moment."""
        found = _ask(self._driver, "asset_events", token=after, before=before, limit=limit)
        return [(row[0], row[1], bool(row[2])) for row in found]

    def aliases_of(self, tokens: Iterable[int]) -> list[tuple[str, int, int]]:
        found = _ask(self._driver, "aliases", tokens=json.dumps(list(tokens)))
        return [(row[0], row[1], row[2]) for row in found]

    def states_of_run(self, prefix: str, limit: int) -> list[tuple[str, str]]:
        """Keys of what tasks of a run have kept; its scopes begin like this."""
        found = _ask(self._driver, "states", first=prefix, last=prefix + "\U0010ffff", limit=limit)
        return [(row[0], row[1]) for row in found]

    def unused_versions(self, before: float, limit: int) -> list[int]:
        """Of no run, and no DAG's current one; never the newest of all."""
        return [row[0] for row in _ask(self._driver, "versions", before=before, limit=limit)]

    def versions_after(self, id: int, limit: int) -> list[tuple[int, dict[str, Any]]]:
        """(id, source), by id."""
        found = _ask(self._driver, "sources", id=id, limit=limit)
        return [(row[0], json.loads(row[1])) for row in found]

    def named_values(self, refs: Iterable[str]) -> set[str]:
        """Which of these files some value names."""
        return {row[0] for row in _ask(self._driver, "refs", refs=json.dumps(list(refs)))}


_R, _E, _C, _A, _V = t.run.c, t.event.c, t.command.c, t.asset_event.c, t.dag_version.c


def _events() -> Any:
    newest = select(func.max(_E.id)).scalar_subquery()
    is_gone = and_(_E.run.is_not(None), _R.id.is_(None))
    return (
        select(_E.id, _E.at, _E.run.is_not(None), is_gone)
        .select_from(t.event.outerjoin(t.run, _R.id == _E.run))
        .where(and_(_E.id > _P("id"), _E.id < newest))
        .order_by(_E.id)
        .limit(_P("limit"))
    )


def _asset_events() -> Any:
    named = [
        select(null()).where(and_(table.c.token == _A.token, table.c.n == _A.n)).exists()
        for table in (t.asset_waiting, t.partition_event, t.run_asset_event)
    ]
    return (
        select(_A.token, _A.n, ~or_(*named))
        .where(and_(_A.token > _P("token"), _A.at < _P("before")))
        .order_by(_A.token, _A.n)
        .limit(_P("limit"))
    )


def _versions() -> Any:
    of_run = select(null()).where(_R.version == _V.id).exists()
    of_dag = select(null()).where(t.dag.c.version == _V.id).exists()
    newest = select(func.max(_V.id)).scalar_subquery()
    return (
        select(_V.id)
        .where(and_(_V.at < _P("before"), _V.id < newest, ~of_run, ~of_dag))
        .order_by(_V.id)
        .limit(_P("limit"))
    )


def _of_runs(table: Table, dialect: str) -> Any:
    return (
        select(*table.primary_key)
        .where(table.c.run.in_(json_items("runs", table.c.run.type, dialect)))
        .limit(_P("limit"))
    )


def _of_instance(table: Table, _: str) -> Any:
    c = table.c
    is_it = and_(c.run == _P("run"), c.task_id == _P("task_id"), c.map_index == _P("map_index"))
    return select(*table.primary_key).where(is_it)


_of_dag = _R.dag_id == _P("dag_id")
_dated = and_(_of_dag, _R.logical_date.is_not(None))
_QUERIES: dict[str, Callable[[str], Any]] = {
    "run_ages": lambda d: (
        select(*(_R[name] for name in RunAge._fields))
        .where(and_(_of_dag, _R.id > _P("id")))
        .order_by(_R.id)
        .limit(_P("limit"))
    ),
    "nth_newest": lambda d: (
        select(_R.id).where(_of_dag).order_by(_R.id.desc()).limit(literal_column("1")).offset(_P("skip"))
    ),
    "newest_date": lambda d: (
        select(_R.id).where(_dated).order_by(_R.logical_date.desc(), _R.id.desc()).limit(literal_column("1"))
    ),
    "removed_runs": lambda d: (
        select(*(t.removed_run.c[n] for n in ("run", "dag_id", "run_id")))
        .order_by(t.removed_run.c.run)
        .limit(_P("limit"))
    ),
    **{f"of_{table.name}": partial(_of_runs, table) for table in PARTS_OF_A_RUN},
    **{f"of_{table.name}_one": partial(_of_instance, table) for table in PARTS_OF_AN_INSTANCE},
    "events": lambda d: _events(),
    "commands": lambda d: select(_C.id).where(_C.done_at < _P("before")).order_by(_C.id).limit(_P("limit")),
    "asset_events": lambda d: _asset_events(),
    "aliases": lambda d: select(*t.asset_alias_event.primary_key).where(
        t.asset_alias_event.c.token.in_(json_items("tokens", _A.token.type, d))
    ),
    "states": lambda d: (
        select(*t.stored_state.primary_key)
        .where(and_(t.stored_state.c.scope >= _P("first"), t.stored_state.c.scope < _P("last")))
        .limit(_P("limit"))
    ),
    "versions": lambda d: _versions(),
    "sources": lambda d: select(_V.id, _V.source).where(_V.id > _P("id")).order_by(_V.id).limit(_P("limit")),
    "refs": lambda d: select(t.value.c.ref).where(t.value.c.ref.in_(json_items("refs", TextType(), d))).distinct(),
}


@cache
def _text(name: str, dialect: str) -> tuple[str, dict[str, Any]]:
    return text_of(_QUERIES[name](dialect), dialect)


def _ask(driver: Driver, name: str, **params: Any) -> list[Row]:
    text, given = _text(name, driver.dialect)
    return driver.all(text, {**given, **params})
