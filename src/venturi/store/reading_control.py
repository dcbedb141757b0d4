"""Reads of what people have done to runs: interventions and notes, and what is needed to put a run together anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, func, literal_column, select

from ..core.moves import Intervention, Note
from ..core.states import TaskState
from . import tables as t
from .drivers import Driver, Row
from .statements import text_of


class ControlReads:
    """The part of a reader that looks at what people have done."""

    _driver: Driver

    def interventions(self, run: int | None = None) -> list[Intervention]:
        """Of one run, or of all unfinished ones: the newest of each instance."""
        if run is None:
            return read_interventions(self._driver)
        return [_intervention(row) for row in _ask(self._driver, "interventions_of_run", run=run)]

    def notes(self, run: int) -> list[Note]:
        """Of the run itself first."""
        return [Note(*row) for row in _ask(self._driver, "notes", run=run)]

    def last_tries(self, run: int) -> dict[tuple[str, int], int]:
        """The highest try of which each instance has an ended attempt."""
        rows = _ask(self._driver, "last_tries", run=run)
        return {(task_id, map_index): try_number for task_id, map_index, try_number in rows}

    def deferrals(self, run: int) -> list[tuple[int, str, int, int]]:
        """(run, task_id, map_index, token) of what waits, or goes on by an event."""
        return _ask(self._driver, "deferrals_of_run", run=run)

    def placements(self, run: int) -> list[tuple[int, str, int, int, list[str]]]:
        """(run, task_id, map_index, token, devices)"""
        return [(*row[:4], json.loads(row[4])) for row in _ask(self._driver, "placements_of_run", run=run)]


def read_interventions(driver: Driver) -> list[Intervention]:
    """Of all unfinished runs."""
    return [_intervention(row) for row in _ask(driver, "interventions")]


_I, _A, _D, _P = t.intervention.c, t.attempt.c, t.deferral.c, t.placement.c
_RUN: Any = bindparam("run")


def _interventions() -> Select[Any]:
    unfinished = t.run.c.state.in_([literal_column("'queued'"), literal_column("'running'")])
    return select(t.intervention).where(_I.run.in_(select(t.run.c.id).where(unfinished)))


_QUERIES: dict[str, Callable[[], Select[Any]]] = {
    "interventions": _interventions,
    "interventions_of_run": lambda: select(t.intervention).where(_I.run == _RUN).order_by(_I.task_id, _I.map_index),
    "notes": lambda: select(t.note).where(t.note.c.run == _RUN).order_by(t.note.c.task_id, t.note.c.map_index),
    "last_tries": lambda: (
        select(_A.task_id, _A.map_index, func.max(_A.try_number))
        .where(_A.run == _RUN)
        .group_by(_A.task_id, _A.map_index)
    ),
    "deferrals_of_run": lambda: select(_D.run, _D.task_id, _D.map_index, _D.token).where(_D.run == _RUN),
    "placements_of_run": lambda: select(_P.run, _P.task_id, _P.map_index, _P.token, _P.devices).where(_P.run == _RUN),
}


@cache
def _text(name: str, dialect: str) -> tuple[str, dict[str, Any]]:
    return text_of(_QUERIES[name](), dialect)


def _ask(driver: Driver, name: str, **params: Any) -> list[Row]:
    text, given = _text(name, driver.dialect)
    return driver.all(text, {**given, **params})


def _intervention(row: Row) -> Intervention:
    run, task_id, map_index, kind, by, at, tries_before, becomes, detail = row
    after = None if becomes is None else TaskState(becomes)
    told = None if detail is None else json.loads(detail)
    return Intervention(run, task_id, map_index, kind, by, at, tries_before, after, told)
