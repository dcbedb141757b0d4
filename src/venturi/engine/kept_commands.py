"""The commands by which people change what tasks have kept: their values, and their state beside these.

Owns what is checked before. A value of a run that is under way goes the way that a task's own goes.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..core.errors import NotFound, Refused
from ..core.moves import Event, StateRow, ValueRow
from ..core.scopes import scope_of_asset, scope_of_task
from ..core.step import Turn
from ..core.world import WHOLE
from ..store.rows import RunRow
from ..wire.frames import Head
from ..wire.values import encode

if TYPE_CHECKING:
    from .turn import Engine

VALUE_BYTES_MAX = 64 * 1024


def _run(engine: Engine, head: Head) -> RunRow:
    dag_id, run_id = str(head["dag_id"]), str(head["run_id"])
    row = engine.reader.run(dag_id, run_id)
    if row is None:
        raise NotFound(kind="run", name=run_id, advice=f"DAG '{dag_id}' has no such run.")
    return row


def _instance(head: Head) -> tuple[str, int]:
    given = head.get("map_index")
    return str(head["task_id"]), WHOLE if given is None else int(given)


def _set_value(engine: Engine, head: Head, turn: Turn) -> dict[str, Any]:
    row, (task_id, map_index), key = _run(engine, head), _instance(head), str(head["key"])
    plan = engine.versions.plan(row.version, row.only)
    number = plan.number(task_id)
    there = engine.reader.value(row.id, task_id, map_index, key)
    if head.get("new") and there is not None:
        raise Refused(reason=f"Task '{task_id}' has a value '{key}' in this run already.", advice="")
    if not head.get("new") and there is None:
        raise NotFound(kind="value", name=key, advice=f"Task '{task_id}' has given none of this key in this run.")
    made = encode(head["value"], key)
    if len(made.whole()) > VALUE_BYTES_MAX:
        raise Refused(reason=f"A value given by hand may have {VALUE_BYTES_MAX} bytes.", advice="")
    token = there.token if there is not None else 0
    data = made.data
    value = ValueRow(row.id, task_id, map_index, key, token, made.kind, made.length, data.decode(), None, len(data))
    run = engine.world.runs.get(row.id)
    if run is None:
        turn.batch.values.append(value)
    else:
        engine.put_value(value, run, number, map_index, turn)
    return _said(head, row, turn, {"task_id": task_id, "map_index": map_index, "key": key, "change": "set"})


def _remove_value(engine: Engine, head: Head, turn: Turn) -> dict[str, Any]:
    row, (task_id, map_index), key = _run(engine, head), _instance(head), str(head["key"])
    if engine.reader.value(row.id, task_id, map_index, key) is None:
        raise NotFound(kind="value", name=key, advice=f"Task '{task_id}' has given none of this key in this run.")
    if row.id in engine.world.runs:
        raise Refused(reason=f"Run '{row.run_id}' is under way, and may be about to read that value.", advice="")
    turn.batch.cleared_values.append((row.id, task_id, map_index, key))
    return _said(head, row, turn, {"task_id": task_id, "map_index": map_index, "key": key, "change": "deleted"})


def _said(head: Head, row: RunRow, turn: Turn, told: dict[str, Any]) -> dict[str, Any]:
    turn.batch.events.append(Event(turn.now, "value", row.dag_id, row.id, {**told, "by": head.get("by")}))
    return {"dag_id": row.dag_id, "run_id": row.run_id, **told}


def _scope(engine: Engine, head: Head) -> str:
    asset = head.get("asset")
    if asset is not None:
        name, uri = asset
        return scope_of_asset(str(name), str(uri))
    row, (task_id, map_index) = _run(engine, head), _instance(head)
    engine.versions.plan(row.version).number(task_id)
    return scope_of_task(row.dag_id, row.run_id, task_id, map_index)


def _set_state(engine: Engine, head: Head, turn: Turn) -> dict[str, Any]:
    until = head.get("expires_at")
    data = json.dumps(head["value"])
    key = str(head["key"])
    expires_at = None if until is None else float(until)
    turn.batch.states.append(StateRow(_scope(engine, head), key, data, turn.now, expires_at))
    return {"key": key}


def _remove_state(engine: Engine, head: Head, turn: Turn) -> dict[str, Any]:
    """Without a key, all of it."""
    key = head.get("key")
    turn.batch.states.append(StateRow(_scope(engine, head), None if key is None else str(key), None, turn.now))
    return {"key": key}


ACTS: dict[str, Callable[[Engine, Head, Turn], dict[str, Any]]] = {
    "value_set": _set_value,
    "value_remove": _remove_value,
    "state_set": _set_state,
    "state_remove": _remove_state,
}
