"""Whether a DAG is paused: by a person, or since too many of its runs have failed one after the other.

Owns the flag. What it keeps from starting is `admission`'s, and the schedules'.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.moves import Event
from ..core.past import failed_in_a_row
from ..core.states import RunState
from ..core.step import Turn
from ..store import Reader

if TYPE_CHECKING:
    from .turn import Engine

_ENDED = [RunState.SUCCESS.value, RunState.FAILED.value]


def set_paused(engine: Engine, dag_id: str, paused: bool, turn: Turn, why: str | None = None) -> None:
    engine.world.dag(dag_id).paused = paused
    engine.schedules.touch(dag_id)
    turn.batch.dag_flags.append((dag_id, "paused", paused))
    turn.batch.events.append(
        Event(turn.now, "paused" if paused else "unpaused", dag_id, None, None if why is None else {"why": why})
    )


def pause_what_fails(engine: Engine, turn: Turn) -> None:
    """In the commit of the last failure, so that nothing more of it starts."""
    for dag_id in dict.fromkeys(run.dag_id for run in turn.finished_runs):
        version = engine.versions.current(dag_id)
        most = 0 if version is None else engine.versions.plan(version.id).spec.max_failed_runs
        if not most or engine.foreground or engine.world.dag(dag_id).paused:
            continue
        fresh = {run.id: (run.logical_date, run.id, run.state.value) for run in turn.finished_runs}
        kept = {id: known for id, known in _newest(engine.reader, dag_id, most) if id not in fresh}
        of_dag = [fresh[run.id] for run in turn.finished_runs if run.dag_id == dag_id]
        if failed_in_a_row([*kept.values(), *of_dag]) >= most:
            set_paused(engine, dag_id, True, turn, why=failed_words(most))


def is_paused_by_failures(reader: Reader, dag_id: str, most: int) -> bool:
    """Whether this is what has paused it, as far as its runs tell."""
    return most > 0 and failed_in_a_row([known for _, known in _newest(reader, dag_id, most)]) >= most


def failed_words(most: int) -> str:
    return f"its newest {'run has' if most == 1 else f'{most} runs have'} failed (max_consecutive_failed_dag_runs)"


def _newest(reader: Reader, dag_id: str, most: int) -> list[tuple[int, tuple[float | None, int, str]]]:
    found = reader.find_runs(dag_id, states=_ENDED, newest_first=True, limit=most)
    return [(row.id, (row.logical_date, row.id, row.state)) for row in found]
