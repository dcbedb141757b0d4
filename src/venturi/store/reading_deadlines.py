"""Reads of deadlines and SLAs, and of how long runs have taken."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import and_, bindparam, func, literal_column, select

from . import tables as t
from .drivers import Driver
from .rows import CallRow, DeadlineRow
from .statements import text_of


class DeadlineReads:
    """The part of a reader that looks at them."""

    _driver: Driver

    def deadlines(self, run: int) -> list[DeadlineRow]:
        """All that this run is, or was, to have done by when."""
        text, given = _of_run_text(self._driver.dialect)
        return [DeadlineRow.of(row) for row in self._driver.all(text, {**given, "run": run})]

    def call(self, id: int) -> CallRow | None:
        text, given = _call_text(self._driver.dialect)
        rows = self._driver.all(text, {**given, "id": id})
        return CallRow.of(rows[0]) if rows else None

    def run_durations(self, dag_id: str, limit: int) -> Sequence[float]:
        """Of the last ended runs of a DAG, by their dates: how many seconds each took from its start."""
        text, given = _durations_text(self._driver.dialect)
        return [row[0] for row in self._driver.all(text, {**given, "dag_id": dag_id, "limit": limit})]


_D, _R = t.deadline.c, t.run.c


def due_deadlines(driver: Driver) -> list[DeadlineRow]:
    """Whose moment is to come, or has come while no engine was there."""
    text, given = _due_text(driver.dialect)
    return [DeadlineRow.of(row) for row in driver.all(text, given)]


@cache
def _due_text(dialect: str) -> tuple[str, dict[str, Any]]:
    due = select(t.deadline).where(_D.state == literal_column("'due'")).order_by(_D.due_at, _D.run, _D.n)
    return text_of(due, dialect)


@cache
def _of_run_text(dialect: str) -> tuple[str, dict[str, Any]]:
    return text_of(select(t.deadline).where(_D.run == bindparam("run")).order_by(_D.n), dialect)


@cache
def _call_text(dialect: str) -> tuple[str, dict[str, Any]]:
    return text_of(select(t.call).where(t.call.c.id == bindparam("id")), dialect)


@cache
def _durations_text(dialect: str) -> tuple[str, dict[str, Any]]:
    ended = and_(_R.dag_id == bindparam("dag_id"), _R.started_at.is_not(None), _R.ended_at.is_not(None))
    newest = (func.coalesce(_R.logical_date, _R.queued_at).desc(), _R.id.desc())
    took = select(_R.ended_at - _R.started_at).where(ended).order_by(*newest).limit(bindparam("limit"))
    return text_of(took, dialect)
