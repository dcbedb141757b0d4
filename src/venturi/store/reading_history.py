"""Reads for what a DAG has done over time: how many runs there were when, how long tasks took, one run's attempts.

Owns these SELECTs. Each is bounded: by buckets of time, by runs that are named, or by a limit.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, Select, bindparam, cast, func, select

from . import tables as t
from .drivers import Driver
from .statements import json_items, text_of

_R, _I, _A = t.run.c, t.task_instance.c, t.attempt.c


class HistoryReads:
    """The part of a reader that looks back."""

    _driver: Driver

    def buckets_of_runs(self, dag_id: str, since: float, until: float, bucket_s: float) -> list[tuple[int, str, int]]:
        """(bucket, state, how many): runs by their logical date, or by when they were made where they have none."""
        return self._history("buckets", dag_id=dag_id, since=since, until=until, bucket_s=bucket_s)

    def lengths_of_tasks(self, runs: list[int]) -> list[tuple[int, str, float, float]]:
        """(run, task, began, ended) of tasks that have ended; of a mapped one from the first instance to the last."""
        return self._history("lengths", runs=json.dumps(runs))

    def states_of_instances(self, task_id: str, runs: list[int], limit: int) -> list[tuple[int, int, str]]:
        """(run, map index, state) of the instances of a mapped task that have been touched, newest run first."""
        return self._history("instances", task_id=task_id, runs=json.dumps(runs), limit=limit)

    def attempts_of_run(self, run: int, limit: int) -> list[tuple[str, int, int, str, float, float]]:
        """(task, map index, try, outcome, began, ended) of attempts that are over, in the order in which they began."""
        return self._history("attempts", run=run, limit=limit)

    def instances_of_run(
        self, run: int, limit: int
    ) -> list[tuple[str, int, int, str, float | None, float | None, float]]:
        """(task, map index, try, state, began, ended, at), in the order in which they began."""
        return self._history("states", run=run, limit=limit)

    def _history(self, name: str, **params: Any) -> list[Any]:
        text, given = _text(name, self._driver.dialect)
        return self._driver.all(text, {**given, **params})


def _queries(dialect: str) -> dict[str, Select[Any]]:
    limit: Any = bindparam("limit")
    run: Any = bindparam("run")
    runs = json_items("runs", BigInteger(), dialect)
    date = func.coalesce(_R.logical_date, _R.queued_at)
    bucket = cast(func.floor((date - bindparam("since")) / bindparam("bucket_s")), BigInteger)
    return {
        "buckets": select(bucket, _R.state, func.count())
        .where(_R.dag_id == bindparam("dag_id"), date >= bindparam("since"), date < bindparam("until"))
        .group_by(bucket, _R.state)
        .order_by(bucket),
        "lengths": select(_I.run, _I.task_id, func.min(_I.started_at), func.max(_I.ended_at))
        .where(_I.run.in_(runs), _I.started_at.is_not(None), _I.ended_at.is_not(None))
        .group_by(_I.run, _I.task_id),
        "instances": select(_I.run, _I.map_index, _I.state)
        .where(_I.run.in_(runs), _I.task_id == bindparam("task_id"), _I.map_index >= 0)
        .order_by(_I.run.desc(), _I.map_index)
        .limit(limit),
        "attempts": select(_A.task_id, _A.map_index, _A.try_number, _A.outcome, _A.started_at, _A.ended_at)
        .where(_A.run == run, _A.started_at.is_not(None))
        .order_by(_A.started_at)
        .limit(limit),
        "states": select(_I.task_id, _I.map_index, _I.try_number, _I.state, _I.started_at, _I.ended_at, _I.at)
        .where(_I.run == run)
        .order_by(_I.started_at, _I.task_id, _I.map_index)
        .limit(limit),
    }


@cache
def _text(name: str, dialect: str) -> tuple[str, dict[str, Any]]:
    return text_of(_queries(dialect)[name], dialect)
