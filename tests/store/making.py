"""Short spellings of moves and batches for these tests."""

from __future__ import annotations

from typing import Any

from venturi.core.moves import Batch, DagVersion, NewRun, TaskMove
from venturi.core.states import RunState, TaskState

S = TaskState
NOW = 1_700_000_000.123456


def new_run(id: int = 1, dag_id: str = "d", run_id: str | None = None, **more: Any) -> NewRun:
    given = {"version": 1, "state": RunState.QUEUED, "run_type": "manual", "queued_at": NOW, **more}
    return NewRun(id, dag_id, run_id or f"r{id}", **given)


def move(
    task_id: str, before: TaskState, after: TaskState, token_before: int = 0, token: int = 0, **more: Any
) -> TaskMove:
    given = {"run": 1, "map_index": -1, "at": NOW, **more}
    return TaskMove(
        task_id=task_id, before=before, after=after, token_before=token_before, token=token or token_before, **given
    )


def starting(task_id: str, token: int, **more: Any) -> list[TaskMove]:
    """From nothing to an attempt that has been handed out."""
    return [
        move(task_id, S.NONE, S.SCHEDULED, **more),
        move(task_id, S.SCHEDULED, S.STARTING, 0, token, try_number=1, **more),
    ]


def version(id: int = 1, dag_id: str = "d", **more: Any) -> DagVersion:
    given = {"hash": f"h{id}", "spec": {"dag_id": dag_id}, "source": {"load": {"file": f"/f/{dag_id}.py"}}, "at": NOW}
    return DagVersion(id, dag_id, **{**given, "paused": True, **more})


def batch(**lists: list[Any]) -> Batch:
    return Batch(**lists)
