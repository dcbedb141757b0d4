"""What people take away by name: a run, a task instance of one, or a DAG with all its runs.

Owns what is checked before: nothing goes that is under way, or that something under way looks back at. What follows a
run that is removed is `retention`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..core.errors import NotFound, Refused
from ..core.moves import Event, Swept
from ..core.states import RUN_FINAL
from ..core.step import Turn
from ..store.rows import RunRow
from ..wire.frames import Head

if TYPE_CHECKING:
    from .turn import Engine

_FINAL = frozenset(state.value for state in RUN_FINAL)


def _run(engine: Engine, head: Head) -> RunRow:
    """One that may be touched."""
    dag_id, run_id = str(head["dag_id"]), str(head["run_id"])
    row = engine.reader.run(dag_id, run_id)
    if row is None:
        raise NotFound(kind="run", name=run_id, advice=f"DAG '{dag_id}' has no such run.")
    if row.state not in _FINAL or row.id in engine.world.runs:
        raise Refused(reason=f"Run '{run_id}' is not over.", advice="Cancel it first.")
    return row


def _remove_run(engine: Engine, head: Head, turn: Turn) -> dict[str, Any]:
    row = _run(engine, head)
    in_backfill = row.backfill is not None and engine.backfills.get(row.backfill) is not None
    if in_backfill or row.id in engine.retention.needed(row.dag_id):
        raise Refused(
            reason=f"Run '{row.run_id}' cannot be removed yet:",
            advice="a callback, a backfill or a later run needs it.",
        )
    engine.retention.take(row.id, row.dag_id, row.run_id, turn)
    engine.retention.finish()
    turn.batch.events.append(Event(turn.now, "removed", row.dag_id, None, {"run_id": row.run_id, "by": head.get("by")}))
    return {"dag_id": row.dag_id, "run_id": row.run_id}


def _remove_instance(engine: Engine, head: Head, turn: Turn) -> dict[str, Any]:
    """Its row and what was its own; the run stays as it ended."""
    row, task_id, given = _run(engine, head), str(head["task_id"]), head.get("map_index")
    index = -1 if given is None else int(given)
    parts = engine.reader.parts_of_instance(row.id, task_id, index)
    if not any(table == "task_instance" for table, _ in parts):
        name = task_id if index < 0 else f"{task_id}[{index}]"
        raise NotFound(kind="task instance", name=name, advice=f"Run '{row.run_id}' has none of this name.")
    if row.id in engine.retention.needed(row.dag_id):
        raise Refused(reason=f"A callback of run '{row.run_id}' is still to come.", advice="Say it again then.")
    turn.batch.swept.extend(Swept(table, keys) for table, keys in parts)
    told = {"task_id": task_id, "map_index": index, "by": head.get("by")}
    turn.batch.events.append(Event(turn.now, "removed", row.dag_id, row.id, told))
    return {"dag_id": row.dag_id, "run_id": row.run_id, "task_id": task_id, "map_index": index}


def _remove_dag(engine: Engine, head: Head, turn: Turn) -> dict[str, Any]:
    """Its runs in steps, and then itself; a DAG whose file is there stays listed."""
    dag_id = str(head["dag_id"])
    if engine.reader.dag(dag_id) is None:
        raise NotFound(kind="DAG", name=dag_id, advice="List them with: venturi ls")
    if any(run.id in engine.world.runs for run in engine.world.dag(dag_id).runs.values()):
        raise Refused(reason=f"DAG '{dag_id}' has runs that are not over.", advice="Cancel them first.")
    if any(row.state not in ("done", "cancelled") for row in engine.reader.backfills(dag_id, 100)):
        raise Refused(reason=f"DAG '{dag_id}' has a backfill that is not over.", advice="Cancel it first.")
    engine.retention.remove_dag(dag_id)
    stays = engine.versions.current(dag_id) is not None
    turn.batch.events.append(Event(turn.now, "removed", dag_id, None, {"by": head.get("by")}))
    return {"dag_id": dag_id, "stays": stays}


ACTS: dict[str, Callable[[Engine, Head, Turn], dict[str, Any]]] = {
    "remove_run": _remove_run,
    "remove_task_instance": _remove_instance,
    "remove_dag": _remove_dag,
}
