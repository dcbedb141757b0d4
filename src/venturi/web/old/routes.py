"""What clients of Airflow 2.x use most: DAGs, runs, task instances, logs, variables, connections, pools, XComs.

Owns the paths and queries of `/api/v1`; each route asks the one of `/api/v2` for the answer.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Header, Query
from fastapi.responses import PlainTextResponse, Response
from pydantic import BaseModel, Field

from ..api import changing, connections, dags, instances, logs, pools, runs, variables, xcoms
from ..changing import note
from ..errors import Fault
from ..forming import run_of, told_run
from ..here import OLD, At, Routes
from ..models.dags import DagPatch
from ..models.runs import DagRun, RunClear, RunPatch, Trigger
from ..models.settings import Connection, ConnectionBody, PoolBody, PoolPatch, VariableBody
from ..models.shapes import Json, JsonObject, OptionalMoment, TaskState
from ..models.tasks import ClearInstances, InstancePatch, TaskInstance
from ..paging import Limit, Number, Offset, Pattern, Text, Texts
from . import forms

routes = Routes("Airflow 2", OLD)

LIMIT = 100
Mask = Annotated[list[str] | None, Query()]
RUN = "/dags/{dag_id}/dagRuns/{dag_run_id}"
TASK = RUN + "/taskInstances/{task_id}"
_ORDERS = {"execution_date": "logical_date"}


def _order(asked: str | None, default: str) -> list[str]:
    name = asked or default
    falling = "-" if name.startswith("-") else ""
    plain = name.removeprefix("-")
    return [falling + _ORDERS.get(plain, plain)]


def _listed(name: str, found: list[Any], total: int | None) -> dict[str, Any]:
    return {name: found, "total_entries": total}


# ── DAGs ──


class OldDagQuery(BaseModel):
    limit: Limit = LIMIT
    offset: Offset = 0
    tags: Texts = []
    only_active: bool = True
    paused: bool | None = None
    order_by: Text | None = None
    dag_id_pattern: Pattern = None


@routes.get("/dags", may="dags:read", by_grant=True)
def get_dags(here: At, wanted: Annotated[OldDagQuery, Query()]) -> dict[str, Any]:
    query = dags.DagQuery(
        limit=wanted.limit,
        offset=wanted.offset,
        tags=wanted.tags,
        exclude_stale=wanted.only_active,
        paused=wanted.paused,
        dag_id_pattern=wanted.dag_id_pattern,
        order_by=_order(wanted.order_by, "dag_id"),
    )
    found = dags.get_dags(here, query)
    return _listed("dags", [forms.dag(one) for one in found.dags], found.total_entries)


@routes.get("/dags/{dag_id}", may="dags:read")
def get_dag(here: At, dag_id: Text) -> dict[str, Any]:
    return forms.dag(dags.get_dag(here, dag_id))


@routes.get("/dags/{dag_id}/details", may="dags:read")
def get_dag_details(here: At, dag_id: Text) -> dict[str, Any]:
    found = dags.get_dag_details(here, dag_id)
    told = found.model_dump(mode="json")
    names = (
        "catchup",
        "doc_md",
        "start_date",
        "end_date",
        "is_paused_upon_creation",
        "params",
        "timezone",
        "last_parsed",
    )
    return forms.dag(found) | {name: told[name] for name in (*names, "concurrency", "render_template_as_native_obj")}


class OldDagPatch(BaseModel):
    is_paused: bool


@routes.patch("/dags/{dag_id}", may="dags:write")
def patch_dag(here: At, dag_id: Text, body: OldDagPatch, update_mask: Mask = None) -> dict[str, Any]:
    return forms.dag(dags.patch_dag(here, dag_id, DagPatch(is_paused=body.is_paused), None))


# ── runs ──


class OldRunQuery(BaseModel):
    limit: Limit = LIMIT
    offset: Offset = 0
    execution_date_gte: datetime | None = None
    execution_date_lte: datetime | None = None
    start_date_gte: datetime | None = None
    start_date_lte: datetime | None = None
    end_date_gte: datetime | None = None
    end_date_lte: datetime | None = None
    state: Texts = []
    order_by: Text | None = None


@routes.get("/dags/{dag_id}/dagRuns", may="runs:read", by_grant=True)
def get_dag_runs(here: At, dag_id: Text, wanted: Annotated[OldRunQuery, Query()]) -> dict[str, Any]:
    query = runs.RunQuery(
        limit=wanted.limit,
        offset=wanted.offset,
        logical_date_gte=wanted.execution_date_gte,
        logical_date_lte=wanted.execution_date_lte,
        start_date_gte=wanted.start_date_gte,
        start_date_lte=wanted.start_date_lte,
        end_date_gte=wanted.end_date_gte,
        end_date_lte=wanted.end_date_lte,
        state=wanted.state,
        order_by=_order(wanted.order_by, "id"),
    )
    found = runs.get_dag_runs(here, dag_id, query)
    return _listed("dag_runs", [forms.run(one) for one in found.dag_runs], found.total_entries)


class OldTrigger(BaseModel):
    dag_run_id: Text | None = None
    logical_date: OptionalMoment = None
    execution_date: OptionalMoment = None
    data_interval_start: OptionalMoment = None
    data_interval_end: OptionalMoment = None
    conf: JsonObject | None = None
    note: Text | None = None


@routes.post("/dags/{dag_id}/dagRuns", may="runs:write")
def post_dag_run(here: At, dag_id: Text, body: OldTrigger) -> dict[str, Any]:
    wanted = Trigger(
        dag_run_id=body.dag_run_id or None,
        logical_date=body.logical_date or body.execution_date,
        data_interval_start=body.data_interval_start,
        data_interval_end=body.data_interval_end,
        conf=body.conf,
        note=body.note,
    )
    return forms.run(runs.trigger_dag_run(here, dag_id, wanted))


@routes.get(RUN, may="runs:read")
def get_dag_run(here: At, dag_id: Text, dag_run_id: Text) -> dict[str, Any]:
    return forms.run(runs.get_dag_run(here, dag_id, dag_run_id))


class OldState(BaseModel):
    state: Text


@routes.patch(RUN, may="runs:write")
def update_dag_run_state(here: At, dag_id: Text, dag_run_id: Text, body: OldState) -> dict[str, Any]:
    if body.state not in ("queued", "success", "failed"):
        raise Fault(400, "A run can be: queued, success, failed.")
    return forms.run(changing.patch_dag_run(here, dag_id, dag_run_id, RunPatch.model_validate({"state": body.state})))


class OldNote(BaseModel):
    note: Text = Field(max_length=1000)


@routes.patch(RUN + "/setNote", may="runs:write")
def set_dag_run_note(here: At, dag_id: Text, dag_run_id: Text, body: OldNote) -> dict[str, Any]:
    return forms.run(changing.patch_dag_run(here, dag_id, dag_run_id, RunPatch(note=body.note)))


class OldClear(BaseModel):
    dry_run: bool = True


@routes.post(RUN + "/clear", may="runs:write")
def clear_dag_run(here: At, dag_id: Text, dag_run_id: Text, body: OldClear) -> dict[str, Any]:
    told = changing.clear_dag_run(here, dag_id, dag_run_id, RunClear(dry_run=body.dry_run))
    if isinstance(told, DagRun):
        return forms.run(told)
    found = [forms.instance(one) for one in told.task_instances if isinstance(one, TaskInstance)]
    return _listed("task_instances", found, told.total_entries)


# ── task instances ──


class OldInstanceQuery(BaseModel):
    limit: Limit = LIMIT
    offset: Offset = 0
    execution_date_gte: datetime | None = None
    execution_date_lte: datetime | None = None
    start_date_gte: datetime | None = None
    start_date_lte: datetime | None = None
    end_date_gte: datetime | None = None
    end_date_lte: datetime | None = None
    duration_gte: float | None = None
    duration_lte: float | None = None
    state: Texts = []
    pool: Texts = []
    queue: Texts = []
    order_by: Text | None = None

    def new(self) -> instances.InstanceQuery:
        same = ("limit", "offset", "start_date_gte", "start_date_lte", "end_date_gte", "end_date_lte", "state", "pool")
        given: dict[str, Any] = {name: getattr(self, name) for name in (*same, "duration_gte", "duration_lte", "queue")}
        dates: dict[str, Any] = {
            "logical_date_gte": self.execution_date_gte,
            "logical_date_lte": self.execution_date_lte,
        }
        return instances.InstanceQuery(**given, **dates, order_by=_order(self.order_by, "map_index"))


@routes.get(RUN + "/taskInstances", may="tasks:read", by_grant=True)
def get_task_instances(
    here: At, dag_id: Text, dag_run_id: Text, wanted: Annotated[OldInstanceQuery, Query()]
) -> dict[str, Any]:
    found = instances.get_task_instances(here, dag_id, dag_run_id, wanted.new())
    return _listed("task_instances", [forms.instance(one) for one in found.task_instances], found.total_entries)


@routes.get(TASK, may="tasks:read")
def get_task_instance(here: At, dag_id: Text, dag_run_id: Text, task_id: Text) -> dict[str, Any]:
    return forms.instance(instances.get_task_instance(here, dag_id, dag_run_id, task_id))


@routes.get(TASK + "/listMapped", may="tasks:read")
def get_mapped_task_instances(
    here: At, dag_id: Text, dag_run_id: Text, task_id: Text, wanted: Annotated[OldInstanceQuery, Query()]
) -> dict[str, Any]:
    found = instances.get_mapped_task_instances(here, dag_id, dag_run_id, task_id, wanted.new())
    return _listed("task_instances", [forms.instance(one) for one in found.task_instances], found.total_entries)


@routes.get(TASK + "/tries", may="tasks:read")
def get_task_instance_tries(
    here: At, dag_id: Text, dag_run_id: Text, task_id: Text, map_index: Number = -1
) -> dict[str, Any]:
    found = instances.get_task_instance_tries(here, dag_id, dag_run_id, task_id, map_index)
    date = {"execution_date": get_dag_run(here, dag_id, dag_run_id)["execution_date"]}
    return _listed("task_instances", [forms.instance(one) | date for one in found.task_instances], found.total_entries)


@routes.get(TASK + "/logs/{task_try_number}", may="logs:read", response_model=None)
def get_log(
    here: At,
    dag_id: Text,
    dag_run_id: Text,
    task_id: Text,
    task_try_number: Number,
    full_content: bool = False,
    map_index: Number = -1,
    token: Text | None = None,
    accept: Annotated[str, Header()] = "*/*",
) -> Response | dict[str, Any]:
    plain = "text/plain" in accept and "json" not in accept
    told = logs.get_log(
        here, dag_id, dag_run_id, task_id, task_try_number, full_content or plain, map_index, token, "application/json"
    )
    if isinstance(told, Response):
        return told
    text = "\n".join(one if isinstance(one, str) else one.event for one in told.content)
    if plain:
        return PlainTextResponse(text)
    return {"content": text, "continuation_token": told.continuation_token or ""}


class OldPatch(BaseModel):
    dry_run: bool = True
    new_state: TaskState


@routes.patch(TASK, may="tasks:write")
def patch_task_instance(here: At, dag_id: Text, dag_run_id: Text, task_id: Text, body: OldPatch) -> dict[str, Any]:
    patch = InstancePatch(new_state=body.new_state)
    act = changing.patch_task_instance_dry_run if body.dry_run else changing.patch_task_instance
    found = act(here, dag_id, dag_run_id, task_id, patch).task_instances
    with here.reader() as reader:
        date = told_run(here, reader, dag_id, dag_run_id).logical_date
    named = {"dag_id": dag_id, "dag_run_id": dag_run_id, "task_id": task_id}
    return forms.reference(found[0]) if found else {**named, "execution_date": date}


@routes.patch(TASK + "/setNote", may="tasks:write")
def set_task_instance_note(here: At, dag_id: Text, dag_run_id: Text, task_id: Text, body: OldNote) -> dict[str, Any]:
    instances.get_task_instance(here, dag_id, dag_run_id, task_id)
    note(here, dag_id, dag_run_id, body.note, task_id)
    return get_task_instance(here, dag_id, dag_run_id, task_id)


class OldClearTasks(BaseModel):
    """Words of 2.x that mean nothing here (parents, sub-DAGs) are passed over."""

    dry_run: bool = True
    task_ids: list[Text] | None = None
    start_date: OptionalMoment = None
    end_date: OptionalMoment = None
    only_failed: bool = True
    only_running: bool = False
    reset_dag_runs: bool = False
    dag_run_id: Text | None = None
    include_upstream: bool = False
    include_downstream: bool = False
    include_future: bool = False
    include_past: bool = False


@routes.post("/dags/{dag_id}/clearTaskInstances", may="tasks:write")
def post_clear_task_instances(here: At, dag_id: Text, body: OldClearTasks) -> dict[str, Any]:
    found = changing.post_clear_task_instances(here, dag_id, ClearInstances.model_validate(body.model_dump()))
    return {"task_instances": [forms.reference(one) for one in found.task_instances]}


class OldUpdate(BaseModel):
    dry_run: bool = True
    task_id: Text
    dag_run_id: Text
    include_upstream: bool = False
    include_downstream: bool = False
    include_future: bool = False
    include_past: bool = False
    new_state: TaskState


@routes.post("/dags/{dag_id}/updateTaskInstancesState", may="tasks:write")
def post_set_task_instances_state(here: At, dag_id: Text, body: OldUpdate) -> dict[str, Any]:
    with here.reader() as reader:
        run_of(reader, dag_id, body.dag_run_id)
    patch = InstancePatch.model_validate(body.model_dump(exclude={"dry_run", "task_id", "dag_run_id"}))
    act = changing.patch_task_instance_dry_run if body.dry_run else changing.patch_task_instance
    found = act(here, dag_id, body.dag_run_id, body.task_id, patch).task_instances
    return {"task_instances": [forms.reference(one) for one in found]}


# ── XComs ──


@routes.get(TASK + "/xcomEntries", may="values:read")
def get_xcom_entries(
    here: At,
    dag_id: Text,
    dag_run_id: Text,
    task_id: Text,
    limit: Limit = LIMIT,
    offset: Offset = 0,
    map_index: Number | None = None,
    xcom_key: Text | None = None,
) -> dict[str, Any]:
    query = xcoms.XComQuery(limit=limit, offset=offset, map_index=map_index, xcom_key=xcom_key)
    found = xcoms.get_xcom_entries(here, dag_id, dag_run_id, task_id, query)
    return _listed("xcom_entries", [forms.xcom(one) for one in found.xcom_entries], found.total_entries)


@routes.get(TASK + "/xcomEntries/{xcom_key}", may="values:read")
def get_xcom_entry(
    here: At,
    dag_id: Text,
    dag_run_id: Text,
    task_id: Text,
    xcom_key: Text,
    map_index: Number = -1,
    deserialize: bool = False,
    stringify: bool = True,
) -> dict[str, Any]:
    found = xcoms.get_xcom_entry(here, dag_id, dag_run_id, task_id, xcom_key, map_index, deserialize, stringify)
    return forms.xcom(found)


# Below what has a word in the place of the map index.
@routes.get(TASK + "/{map_index}", may="tasks:read")
def get_mapped_task_instance(
    here: At, dag_id: Text, dag_run_id: Text, task_id: Text, map_index: Number
) -> dict[str, Any]:
    return forms.instance(instances.get_mapped_task_instance(here, dag_id, dag_run_id, task_id, map_index))


# ── settings ──


@routes.get("/variables", may="variables:read")
def get_variables(here: At, limit: Limit = LIMIT, offset: Offset = 0, order_by: Text | None = None) -> dict[str, Any]:
    query = variables.VariableQuery(limit=limit, offset=offset, order_by=_order(order_by, "key"))
    found = variables.get_variables(here, query)
    return _listed("variables", [forms.setting(one) for one in found.variables], found.total_entries)


class OldVariable(BaseModel):
    key: Text
    value: Json
    description: Text | None = None


@routes.post("/variables", may="variables:write")
def post_variables(here: At, body: OldVariable) -> dict[str, Any]:
    return forms.setting(variables.post_variable(here, VariableBody.model_validate(body.model_dump())))


@routes.get("/variables/{variable_key}", may="variables:read")
def get_variable(here: At, variable_key: Text) -> dict[str, Any]:
    return forms.setting(variables.get_variable(here, variable_key))


@routes.patch("/variables/{variable_key}", may="variables:write")
def patch_variable(here: At, variable_key: Text, body: OldVariable, update_mask: Mask = None) -> dict[str, Any]:
    new = VariableBody.model_validate(body.model_dump(exclude_unset=True))
    return forms.setting(variables.patch_variable(here, variable_key, new, update_mask))


@routes.delete("/variables/{variable_key}", may="variables:write")
def delete_variable(here: At, variable_key: Text) -> None:
    variables.delete_variable(here, variable_key)


@routes.get("/connections", may="connections:read")
def get_connections(here: At, limit: Limit = LIMIT, offset: Offset = 0, order_by: Text | None = None) -> dict[str, Any]:
    query = connections.ConnectionQuery(limit=limit, offset=offset, order_by=_order(order_by, "connection_id"))
    found = connections.get_connections(here, query)
    names = ("connection_id", "conn_type", "description", "host", "login", "schema", "port")
    told = [forms.setting(one) for one in found.connections]
    return _listed("connections", [{name: one[name] for name in names} for one in told], found.total_entries)


@routes.post("/connections", may="connections:write")
def post_connection(here: At, body: ConnectionBody) -> dict[str, Any]:
    return _connection(connections.post_connection(here, body))


@routes.get("/connections/{connection_id}", may="connections:read")
def get_connection(here: At, connection_id: Text) -> dict[str, Any]:
    return _connection(connections.get_connection(here, connection_id))


@routes.patch("/connections/{connection_id}", may="connections:write")
def patch_connection(here: At, connection_id: Text, body: ConnectionBody, update_mask: Mask = None) -> dict[str, Any]:
    return _connection(connections.patch_connection(here, connection_id, body, update_mask))


@routes.delete("/connections/{connection_id}", may="connections:write")
def delete_connection(here: At, connection_id: Text) -> None:
    connections.delete_connection(here, connection_id)


def _connection(found: Connection) -> dict[str, Any]:
    told = forms.setting(found)
    told.pop("password", None)  # never told in 2.x
    return told


@routes.get("/pools", may="pools:read")
def get_pools(here: At, limit: Limit = LIMIT, offset: Offset = 0, order_by: Text | None = None) -> dict[str, Any]:
    found = pools.get_pools(here, pools.PoolQuery(limit=limit, offset=offset, order_by=_order(order_by, "name")))
    return _listed("pools", [forms.setting(one) for one in found.pools], found.total_entries)


class OldPool(BaseModel):
    name: Text | None = None
    slots: Number | None = Field(default=None, ge=-1, le=2**31 - 1)
    description: Text | None = None
    include_deferred: bool | None = None


@routes.post("/pools", may="pools:write")
def post_pool(here: At, body: OldPool) -> dict[str, Any]:
    given = body.model_dump(exclude_none=True)
    if not body.name or body.slots is None:
        raise Fault(400, "A pool has a name and slots.")
    return forms.setting(pools.post_pool(here, PoolBody.model_validate(given)))


@routes.get("/pools/{pool_name}", may="pools:read")
def get_pool(here: At, pool_name: Text) -> dict[str, Any]:
    return forms.setting(pools.get_pool(here, pool_name))


@routes.patch("/pools/{pool_name}", may="pools:write")
def patch_pool(here: At, pool_name: Text, body: OldPool, update_mask: Mask = None) -> dict[str, Any]:
    given = body.model_dump(exclude_none=True)
    if "name" in given:
        given["pool"] = given.pop("name")
    return forms.setting(pools.patch_pool(here, pool_name, PoolPatch.model_validate(given), update_mask))


@routes.delete("/pools/{pool_name}", may="pools:write")
def delete_pool(here: At, pool_name: Text) -> None:
    pools.delete_pool(here, pool_name)


@routes.get("/version", may="about:read")
def get_version(here: At) -> dict[str, Any]:
    return {"version": "2.10.0", "git_version": None}
