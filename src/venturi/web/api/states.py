"""What tasks keep beside their values: of one instance over its tries, or of an asset over all runs."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from ...core.errors import NotFound
from ...core.scopes import scope_of_asset, scope_of_task
from ...store.reading_pages import Condition
from ..errors import Fault
from ..forming import run_of
from ..here import At, Here, Routes
from ..instances import one_instance
from ..models.assets import AssetState, AssetStates, KeptState
from ..models.states import TaskState, TaskStateBody, TaskStatePatch, TaskStates
from ..paging import LIMIT, Limit, Number, Offset, Text, at, moment, seconds, sliced
from .assets import find_asset
from .instances import RUN

routes = Routes("State store")

_OF_TASK = RUN + "/{task_id}/state-store"
_OF_ASSET = "/assets/{asset_id}/state-store"


def _kept(here: Here, scope: str, key: str | None = None) -> list[Any]:
    with here.reader() as reader:
        found = reader.stored_states(scope, time.time())
    if key is None:
        return found
    found = [row for row in found if row[0] == key]
    if not found:
        raise NotFound(kind="key", name=key, advice="Nothing is kept under it.")
    return found


# ── of task instances ──


def _task_scope(here: Here, dag_id: str, run_id: str, task_id: str, map_index: int) -> str:
    with here.reader() as reader:
        one_instance(here, reader, dag_id, run_id, task_id, map_index)
    return scope_of_task(dag_id, run_id, task_id, map_index)


def _task_shape(row: Any) -> TaskState:
    key, value, when, until = row
    return TaskState(key=key, value=value, updated_at=moment(when), expires_at=at(until))


@routes.get(_OF_TASK, may="values:read")
def list_task_state_store(
    here: At,
    dag_id: Text,
    dag_run_id: Text,
    task_id: Text,
    map_index: Number = -1,
    limit: Limit = LIMIT,
    offset: Offset = 0,
) -> TaskStates:
    found = _kept(here, _task_scope(here, dag_id, dag_run_id, task_id, map_index))
    told = [_task_shape(row) for row in sliced(found, limit, offset)]
    return TaskStates(task_state_store=told, total_entries=len(found))


@routes.delete(_OF_TASK, may="values:write")
def clear_task_state_store(
    here: At,
    dag_id: Text,
    dag_run_id: Text,
    task_id: Text,
    map_index: Number = -1,
    all_map_indices: bool = False,
) -> None:
    indexes = [map_index]
    if all_map_indices:
        with here.reader() as reader:
            run = run_of(reader, dag_id, dag_run_id)
            named = [Condition("run", "is", run.id), Condition("task_id", "is", task_id)]
            indexes = [row[2] for row in reader.page("instances", named).rows]
        if not indexes:
            raise NotFound(kind="task instance", name=task_id, advice=f"Run '{dag_run_id}' has none.")
    else:
        _task_scope(here, dag_id, dag_run_id, task_id, map_index)
    for index in indexes:
        here.tell("state_remove", dag_id=dag_id, run_id=dag_run_id, task_id=task_id, map_index=index)


@routes.get(_OF_TASK + "/{key}", may="values:read")
def get_task_state_store(
    here: At, dag_id: Text, dag_run_id: Text, task_id: Text, key: Text, map_index: Number = -1
) -> TaskState:
    return _task_shape(_kept(here, _task_scope(here, dag_id, dag_run_id, task_id, map_index), key)[0])


@routes.put(_OF_TASK + "/{key}", may="values:write", status_code=204)
def set_task_state_store(
    here: At, dag_id: Text, dag_run_id: Text, task_id: Text, key: Text, body: TaskStateBody, map_index: Number = -1
) -> None:
    _task_scope(here, dag_id, dag_run_id, task_id, map_index)
    until = seconds(body.expires_at) if isinstance(body.expires_at, datetime) else None
    if body.value is None:
        raise Fault(422, "Nothing cannot be kept: remove the key instead.")
    named = {"dag_id": dag_id, "run_id": dag_run_id, "task_id": task_id, "map_index": map_index, "key": key}
    here.tell("state_set", **named, value=body.value, expires_at=until)


@routes.patch(_OF_TASK + "/{key}", may="values:write")
def patch_task_state_store(
    here: At, dag_id: Text, dag_run_id: Text, task_id: Text, key: Text, body: TaskStatePatch, map_index: Number = -1
) -> TaskState:
    """The value alone: when it expires stays."""
    kept = _kept(here, _task_scope(here, dag_id, dag_run_id, task_id, map_index), key)[0]
    if body.value is None:
        raise Fault(422, "Nothing cannot be kept: remove the key instead.")
    named = {"dag_id": dag_id, "run_id": dag_run_id, "task_id": task_id, "map_index": map_index, "key": key}
    here.tell("state_set", **named, value=body.value, expires_at=kept[3])
    return get_task_state_store(here, dag_id, dag_run_id, task_id, key, map_index)


@routes.delete(_OF_TASK + "/{key}", may="values:write")
def delete_task_state_store(
    here: At, dag_id: Text, dag_run_id: Text, task_id: Text, key: Text, map_index: Number = -1
) -> None:
    _kept(here, _task_scope(here, dag_id, dag_run_id, task_id, map_index), key)
    named = {"dag_id": dag_id, "run_id": dag_run_id, "task_id": task_id, "map_index": map_index, "key": key}
    here.tell("state_remove", **named)


# ── of assets ──


def _asset(here: Here, asset_id: int) -> tuple[str, str]:
    with here.reader() as reader:
        one = find_asset(here, reader, asset_id)
    return one["name"], one["uri"]


def _asset_shape(row: Any) -> AssetState:
    key, value, when, _ = row
    return AssetState(key=key, value=value, updated_at=moment(when), last_updated_by=None)


@routes.get(_OF_ASSET, may="assets:read")
def list_asset_state_store(here: At, asset_id: Number, limit: Limit = LIMIT, offset: Offset = 0) -> AssetStates:
    found = _kept(here, scope_of_asset(*_asset(here, asset_id)))
    told = [_asset_shape(row) for row in sliced(found, limit, offset)]
    return AssetStates(asset_state_store=told, total_entries=len(found))


@routes.delete(_OF_ASSET, may="assets:write")
def clear_asset_state_store(here: At, asset_id: Number) -> None:
    here.tell("state_remove", asset=_asset(here, asset_id))


@routes.get(_OF_ASSET + "/{key}", may="assets:read")
def get_asset_state_store(here: At, asset_id: Number, key: Text) -> AssetState:
    return _asset_shape(_kept(here, scope_of_asset(*_asset(here, asset_id)), key)[0])


@routes.put(_OF_ASSET + "/{key}", may="assets:write", status_code=204)
def set_asset_state_store(here: At, asset_id: Number, key: Text, body: KeptState) -> None:
    if body.value is None:
        raise Fault(422, "Nothing cannot be kept: remove the key instead.")
    here.tell("state_set", asset=_asset(here, asset_id), key=key, value=body.value)


@routes.delete(_OF_ASSET + "/{key}", may="assets:write")
def delete_asset_state_store(here: At, asset_id: Number, key: Text) -> None:
    asset = _asset(here, asset_id)
    _kept(here, scope_of_asset(*asset), key)
    here.tell("state_remove", asset=asset, key=key)
