"""Reads for the first look at everything: the newest runs of each DAG, and the runs of the last hours.

Owns these SELECTs, each of which touches only the rows that it returns: nothing here grows with what is kept.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, bindparam, func, literal_column, select

from . import tables as t
from .drivers import Driver
from .reading_history import HistoryReads
from .statements import text_of

PAGE = 1000

_R, _I = t.run.c, t.task_instance.c
_LOOKED = (
    *(_R[name] for name in ("id", "dag_id", "run_id", "state", "run_type")),
    *(_R[name] for name in ("queued_at", "started_at", "ended_at", "logical_date", "started_by")),
)


class Looked(NamedTuple):
    """A run, as much of it as an overview tells."""

    id: int
    dag_id: str
    run_id: str
    state: str
    run_type: str
    queued_at: float
    started_at: float | None
    ended_at: float | None
    logical_date: float | None
    started_by: str | None


class OverviewReads(HistoryReads):
    """The part of a reader that looks at everything from afar."""

    _driver: Driver

    def last_runs(self, dag_id: str, limit: int) -> list[Looked]:
        """Newest first."""
        return [Looked(*row) for row in self._look("of_dag", dag_id=dag_id, limit=limit)]

    def unfinished(self, limit: int) -> list[Looked]:
        """Newest first."""
        return [Looked(*row) for row in self._look("unfinished", limit=limit)]

    def runs_since(self, moment: float, limit: int) -> list[Looked]:
        """Newest first, of all DAGs, by when they were made; a run is never older than one with a smaller number."""
        found: list[Looked] = []
        before = 2**62
        while len(found) < limit:
            rows = [Looked(*row) for row in self._look("before", before=before, limit=PAGE)]
            young = [row for row in rows if row.queued_at >= moment]
            found += young
            if len(young) < PAGE:
                break
            before = rows[-1].id
        return found[:limit]

    def counts_of_tasks(self, runs: list[int]) -> dict[int, dict[str, int]]:
        """Run → state → how many instances have it, of those that have been touched."""
        return {run: dict(self._look("task_counts", run=run)) for run in runs}

    def at_work(self, run: int, limit: int) -> list[tuple[str, int, str, float | None]]:
        """(task, map index, state, begun) of what starts, runs or waits outside."""
        return self._look("at_work", run=run, limit=limit)

    def _look(self, name: str, **params: Any) -> list[Any]:
        text, given = _text(name, self._driver.dialect)
        return self._driver.all(text, {**given, **params})


def _queries() -> dict[str, Select[Any]]:
    limit: Any = bindparam("limit")
    run: Any = bindparam("run")
    newest = select(*_LOOKED).order_by(_R.id.desc()).limit(limit)
    busy = _literally("starting", "running", "deferred", "up_for_retry", "up_for_reschedule")
    return {
        "of_dag": newest.where(_R.dag_id == bindparam("dag_id")),
        "unfinished": newest.where(_R.state.in_(_literally("queued", "running"))),
        "before": newest.where(_R.id < bindparam("before")),
        "task_counts": select(_I.state, func.count()).where(_I.run == run).group_by(_I.state),
        "at_work": select(_I.task_id, _I.map_index, _I.state, _I.started_at)
        .where(_I.run == run, _I.state.in_(busy))
        .order_by(_I.started_at)
        .limit(limit),
    }


def _literally(*states: str) -> list[Any]:
    return [literal_column(f"'{state}'") for state in states]


@cache
def _text(name: str, dialect: str) -> tuple[str, dict[str, Any]]:
    return text_of(_queries()[name], dialect)
