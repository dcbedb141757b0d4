"""Reads what a run looks back at: the last ended run of its DAG before it, with the states of its tasks.

Owns the reading; which run counts and what it holds up is `core.past`'s. Runs that end in the very turn in which a
later one is made are not in the database yet and come from the turn.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from ..core import past
from ..core.states import RUN_FINAL, TaskState
from ..core.world import Run, World
from ..store import Reader

_MANUAL_BETWEEN_MAX = 200  # how many runs that people have started may lie between two scheduled ones
_ENDED = [state.value for state in RUN_FINAL]


def look_back(reader: Reader, run: Run, just_ended: Iterable[Run]) -> None:
    """For a new run. It costs nothing where no task depends on the past."""
    if not past.looks_back(run):
        return
    assert run.logical_date is not None
    dates = (-math.inf, math.nextafter(run.logical_date, -math.inf))
    only_scheduled = past.only_scheduled(run.plan.spec)
    limit = _MANUAL_BETWEEN_MAX if only_scheduled else 1
    for row in reader.find_runs(run.dag_id, dates=dates, states=_ENDED, newest_first=True, limit=limit):
        if row.logical_date is not None and not (only_scheduled and row.run_type == past.MANUAL):
            states = {name: TaskState(state) for name, state in reader.task_states(run.dag_id, row.run_id).items()}
            past.keep(run, past.Before(row.run_id, row.run_type, row.logical_date, states))
            break
    for ended in just_ended:
        if ended.dag_id == run.dag_id:
            past.keep_run(run, ended)


def look_back_again(reader: Reader, world: World) -> None:
    """After a restart, for every unfinished run."""
    for run in world.runs.values():
        look_back(reader, run, ())
        past.rewatch(run)
