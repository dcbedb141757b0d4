"""The commands by which people change runs that are there: clear, resume, mark, note.

Owns the form of what they are told and answer. What they do is `changing`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..core.clearing import Wish
from ..core.moves import Event, Note
from ..core.states import TaskState
from ..core.step import Turn
from ..wire.frames import Head
from . import changing

if TYPE_CHECKING:
    from .turn import Engine

MARKS = ("success", "failed", "skipped")
NOTE_MAX = 10_000
_FLAGS = ("upstream", "downstream", "past", "future", "only_failed", "only_running", "current_code")


def wish_of(head: Head) -> Wish:
    tasks = head.get("tasks") or ()
    if not isinstance(tasks, (list, tuple)) or not all(isinstance(task, str) for task in tasks):
        raise ValueError("tasks must be a list of names")
    return Wish(tuple(tasks), **{name: bool(head.get(name)) for name in _FLAGS})


def _clear(engine: Engine, head: Head, turn: Turn) -> dict[str, Any]:
    return changing.clear(engine, turn, str(head["dag_id"]), str(head["run_id"]), wish_of(head), _by(head))


def _resume(engine: Engine, head: Head, turn: Turn) -> dict[str, Any]:
    current_code = bool(head.get("current_code"))
    return changing.resume(engine, turn, str(head["dag_id"]), str(head["run_id"]), _by(head), current_code)


def _mark(engine: Engine, head: Head, turn: Turn) -> dict[str, Any]:
    state = str(head["state"])
    if state not in MARKS:
        raise ValueError(f"state must be one of {', '.join(MARKS)}")
    run = str(head["dag_id"]), str(head["run_id"])
    return {**changing.mark(engine, turn, *run, TaskState(state), wish_of(head), _by(head)), "state": state}


def _note(engine: Engine, head: Head, turn: Turn) -> dict[str, Any]:
    """What somebody writes on a run or a task instance; kept with who and when, and replaced by the next."""
    row = changing.find_run(engine.reader, str(head["dag_id"]), str(head["run_id"]))
    plan = engine.versions.plan(row.version, row.only)
    task_id, map_index = changing.instance_of(plan, head.get("task"))
    text, by = str(head["text"]).strip()[:NOTE_MAX], _by(head)
    turn.batch.notes.append(Note(row.id, task_id, map_index, text, by, turn.now))
    told = {"task_id": task_id, "map_index": map_index, "text": text, "by": by}
    turn.batch.events.append(Event(turn.now, "note", row.dag_id, row.id, told))
    return {"dag_id": row.dag_id, "run_id": row.run_id, **told}


def _clear_partition(engine: Engine, head: Head, turn: Turn) -> dict[str, Any]:
    """A run is for no partition any more; what it has made stays as it was told."""
    row = changing.find_run(engine.reader, str(head["dag_id"]), str(head["run_id"]))
    run = engine.world.runs.get(row.id)
    if run is not None:
        run.partition_key = run.partition_date = None
        engine.contexts.forget(run)
    turn.batch.no_partition.append(row.id)
    told = {"partition": row.partition_key, "by": _by(head)}
    turn.batch.events.append(Event(turn.now, "partition_cleared", row.dag_id, row.id, told))
    return {"dag_id": row.dag_id, "run_id": row.run_id, **told}


def _by(head: Head) -> str:
    return str(head.get("by") or "nobody named")


def _look_at_clear(engine: Engine, head: Head) -> dict[str, Any]:
    dag_id, run_id = str(head["dag_id"]), str(head["run_id"])
    touched = changing.clearing(engine.reader, engine.versions, dag_id, run_id, wish_of(head))
    return changing.told(engine, dag_id, run_id, touched)


def _look_at_mark(engine: Engine, head: Head) -> dict[str, Any]:
    dag_id, run_id, state = str(head["dag_id"]), str(head["run_id"]), TaskState(str(head["state"]))
    touched = changing.marking(engine.reader, engine.versions, dag_id, run_id, state, wish_of(head))
    return changing.told(engine, dag_id, run_id, touched)


# What a word would touch, without doing it.
LOOKS: dict[str, Callable[[Engine, Head], dict[str, Any]]] = {
    "clear_look": _look_at_clear,
    "mark_look": _look_at_mark,
}
ACTS: dict[str, Callable[[Engine, Head, Turn], dict[str, Any]]] = {
    "clear": _clear,
    "resume": _resume,
    "mark": _mark,
    "note": _note,
    "clear_partition": _clear_partition,
}
