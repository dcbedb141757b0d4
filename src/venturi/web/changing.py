"""What people change in runs: the words of clients as commands to the engine, and what became of the instances named.

Owns the translation. What is touched, and whether it may be, the engine decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..core.errors import EngineRefused
from ..store.reading_pages import Condition
from .errors import Fault
from .forming import instance_shape
from .here import Here
from .instances import page_of
from .models.tasks import TaskInstance
from .paging import LIMIT_MAX

MARKS = ("success", "failed", "skipped")
NOTHING = "NothingToChange"

Touched = list[tuple[str, str, int]]  # (run_id, task_id, map_index)


def name_of(task_id: str, map_index: int | None) -> str:
    return task_id if map_index is None or map_index < 0 else f"{task_id}[{map_index}]"


def change(here: Here, command: str, dry_run: bool, dag_id: str, run_id: str, **words: Any) -> Touched:
    """Do it, or with `dry_run` see what it would touch. Nothing to do is no mistake."""
    named = {"dag_id": dag_id, "run_id": run_id, "by": here.person.name, **words}
    try:
        told = here.ask(f"{command}_look", **named) if dry_run else here.tell(command, **named)
    except EngineRefused as refused:
        if refused.parts.get("code") == NOTHING:
            return []
        raise
    return [(run["run_id"], task_id, index) for run in told["runs"] for task_id, index, *_ in run["tasks"]]


def note(here: Here, dag_id: str, run_id: str, text: str | None, task: str | None = None) -> None:
    here.tell("note", dag_id=dag_id, run_id=run_id, task=task, text=text or "", by=here.person.name)


def instances_of(here: Here, dag_id: str, touched: Iterable[tuple[str, str, int]]) -> list[TaskInstance]:
    """As they are now."""
    by_run: dict[str, set[tuple[str, int]]] = {}
    for run_id, task_id, index in touched:
        by_run.setdefault(run_id, set()).add((task_id, index))
    found = []
    with here.reader() as reader:
        for run_id, keys in by_run.items():
            of_run = [Condition("dag_id", "is", dag_id), Condition("run_id", "is", run_id)]
            tasks = sorted({task_id for task_id, _ in keys})
            asked = [*of_run, Condition("task_id", "in", tasks)]
            offset, total = 0, 1
            while offset < total:
                rows, total = page_of(here, reader, asked, (), LIMIT_MAX, offset)
                offset += LIMIT_MAX
                found += [
                    instance_shape(here, reader, one)
                    for one in rows
                    if (one.task_id, one.map_index) in keys or (one.task_id, -1) in keys
                ]
    return found


def mark(
    here: Here, dag_id: str, run_id: str, tasks: list[str], body: Any, mask: list[str] | None, dry_run: bool = False
) -> Touched:
    """What a patch of task instances says: a state, a note, or both."""
    given = body.model_fields_set if mask is None else set(mask) & body.model_fields_set
    touched: Touched = []
    if "new_state" in given and body.new_state is not None:
        if body.new_state.value not in MARKS:
            raise Fault(400, f"A task can be marked: {', '.join(MARKS)}.")
        words = {
            "upstream": body.include_upstream,
            "downstream": body.include_downstream,
            "past": body.include_past,
            "future": body.include_future,
        }
        touched = change(here, "mark", dry_run, dag_id, run_id, tasks=tasks, state=body.new_state.value, **words)
    elif "note" not in given:
        raise Fault(400, "Say a new_state, a note, or both.")
    if "note" in given and not dry_run:
        for task in tasks:
            note(here, dag_id, run_id, body.note, task)
    return touched
