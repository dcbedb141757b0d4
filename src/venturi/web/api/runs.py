"""Runs of DAGs: list, look at, start, follow."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Header, Query
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field, JsonValue

from ...core.spec import RETURN_KEY
from ...core.states import RUN_FINAL
from ...store import Reader
from ...store.reading_pages import Condition
from ..changing import note
from ..errors import Fault
from ..forming import dag_of, known_of, listed_run, run_of, told_run
from ..here import At, Here, Routes
from ..models.assets import AssetEvents
from ..models.runs import DagRun, DagRuns, RunsWanted, Trigger
from ..paging import (
    LIMIT,
    Cursor,
    Limit,
    Numbers,
    Offset,
    OrderBy,
    Pattern,
    SpanQuery,
    Start,
    Text,
    Texts,
    conditions,
    limit_of,
    order_of,
    seconds,
    sought_by,
    spans,
)
from ..values import native
from .assets import events_of_run

routes = Routes("DagRun")

_FINAL = frozenset(state.value for state in RUN_FINAL)
SPANS = {
    "run_after": "run_after",
    "logical_date": "logical_date",
    "start_date": "started_at",
    "end_date": "ended_at",
    "duration": "duration",
    "updated_at": "updated_at",
}
ORDERS = {
    "id": "id",
    "state": "state",
    "dag_id": "dag_id",
    "run_id": "run_id",
    "dag_run_id": "run_id",
    "logical_date": "logical_date",
    "run_after": "run_after",
    "start_date": "started_at",
    "end_date": "ended_at",
    "updated_at": "updated_at",
    "queued_at": "queued_at",
    "duration": "duration",
    "run_type": "run_type",
    "conf": "conf",
    "triggering_user_name": "started_by",
    "note": "note",
}


class RunQuery(SpanQuery):
    cursor: Text | None = None
    limit: Limit = LIMIT
    offset: Offset = 0
    conf_contains: Text | None = None
    run_type: Texts = []
    state: Texts = []
    dag_version: Numbers = []
    bundle_version: Text | None = None
    order_by: OrderBy = ["id"]
    run_id_pattern: Pattern = None
    run_id_prefix_pattern: Start = None
    triggering_user_name_pattern: Pattern = None
    triggering_user_name_prefix_pattern: Start = None
    dag_id_pattern: Pattern = None
    dag_id_prefix_pattern: Start = None
    partition_key_pattern: Pattern = None
    partition_key_prefix_pattern: Start = None
    consuming_asset_pattern: Pattern = None


def _of_versions(here: Here, reader: Reader, dag_id: str, numbers: list[int]) -> list[Condition]:
    if not numbers:
        return []
    counted: dict[str, int] = {}
    ids = []
    for id, dag, _, _ in reader.version_list(None if dag_id == "~" else dag_id):
        counted[dag] = counted.get(dag, 0) + 1
        if counted[dag] in numbers:
            ids.append(id)
    return [Condition("version", "in", ids)]


def list_runs(
    here: Here,
    reader: Reader,
    wanted: list[Condition],
    order: list[str],
    limit: int,
    offset: int,
    cursor: str | None = None,
) -> DagRuns:
    by, at = order_of(order, ORDERS), Cursor.of(cursor, order_of(order, ORDERS))
    if at is None:
        found = reader.page("runs", wanted, by, limit_of(limit), offset)
        return DagRuns(dag_runs=[listed_run(here, reader, row) for row in found.rows], total_entries=found.total)
    sought = sought_by(at, reader, "runs", wanted, by, limit)
    told = [listed_run(here, reader, row) for row in sought.rows]
    return DagRuns(dag_runs=told, total_entries=None, **at.told(sought))


@routes.get("/dags/{dag_id}/dagRuns", may="runs:read", by_grant=True)
def get_dag_runs(here: At, dag_id: Text, wanted: Annotated[RunQuery, Query()]) -> DagRuns:
    """Of one DAG, or with ~ of all."""
    _check_states(wanted.state)
    asked = conditions(
        dag_id__is=None if dag_id == "~" else dag_id,
        state__in=wanted.state,
        run_type__in=run_types(wanted.run_type),
        conf__like=wanted.conf_contains,
        run_id__like=wanted.run_id_pattern,
        run_id__prefix=wanted.run_id_prefix_pattern,
        started_by__like=wanted.triggering_user_name_pattern,
        started_by__prefix=wanted.triggering_user_name_prefix_pattern,
        dag_id__like=wanted.dag_id_pattern,
        dag_id__prefix=wanted.dag_id_prefix_pattern,
        partition_key__like=wanted.partition_key_pattern,
        partition_key__prefix=wanted.partition_key_prefix_pattern,
    )
    asked += spans(wanted, SPANS)
    if any(one is not None for one in (wanted.bundle_version, wanted.consuming_asset_pattern)):
        return DagRuns(dag_runs=[], total_entries=0)
    with here.reader() as reader:
        if dag_id != "~":
            dag_of(reader, dag_id)
        asked += _of_versions(here, reader, dag_id, wanted.dag_version) + here.in_scope()
        return list_runs(here, reader, asked, wanted.order_by, wanted.limit, wanted.offset, wanted.cursor)


def run_types(asked: list[str]) -> list[str]:
    """Ours, of what Airflow calls them."""
    return [name for one in asked for name in ((one, "asset") if one == "asset_triggered" else (one,))]


def _check_states(states: list[str]) -> None:
    wrong = [one for one in states if one not in ("queued", "running", "success", "failed")]
    if wrong:
        raise Fault(422, f"There is no state '{wrong[0]}' of a run. There are: queued, running, success, failed.")


@routes.post("/dags/{dag_id}/dagRuns/list", may="runs:read", by_grant=True)
def get_list_dag_runs_batch(here: At, dag_id: Text, body: RunsWanted) -> DagRuns:
    if dag_id != "~":
        raise Fault(400, "This list is of all DAGs: put ~ in the place of the DAG's id.")
    states = [None if one is None else one.value for one in body.states or []]
    asked = conditions(dag_id__in=body.dag_ids or [], state__in=[s for s in states if s], conf__like=body.conf_contains)
    with here.reader() as reader:
        order = [body.order_by or "id"]
        return list_runs(
            here, reader, asked + spans(body, SPANS) + here.in_scope(), order, body.page_limit, body.page_offset
        )


@routes.get("/dags/{dag_id}/dagRuns/{dag_run_id}", may="runs:read")
def get_dag_run(here: At, dag_id: Text, dag_run_id: Text) -> DagRun:
    with here.reader() as reader:
        return told_run(here, reader, dag_id, dag_run_id)


@routes.delete("/dags/{dag_id}/dagRuns/{dag_run_id}", may="runs:write")
def delete_dag_run(here: At, dag_id: Text, dag_run_id: Text) -> None:
    """One that is over, with all that was its own."""
    with here.reader() as reader:
        run_of(reader, dag_id, dag_run_id)
    here.tell("remove_run", dag_id=dag_id, run_id=dag_run_id, by=here.person.name)


@routes.get("/dags/{dag_id}/dagRuns/{dag_run_id}/upstreamAssetEvents", may="runs:read")
def get_upstream_asset_events(here: At, dag_id: Text, dag_run_id: Text) -> AssetEvents:
    with here.reader() as reader:
        run_of(reader, dag_id, dag_run_id)
        found = events_of_run(here, reader, dag_id, dag_run_id)
    return AssetEvents(asset_events=found, total_entries=len(found))


# ── start ──


def trigger_words(body: Any, here: Here) -> dict[str, Any]:
    """What the engine is told of a run that somebody wants."""
    start, end = body.data_interval_start, body.data_interval_end
    if (start is None) != (end is None):
        raise Fault(422, "Give both ends of the data interval, or none.")
    if start is not None and end is not None and seconds(end) < seconds(start):
        raise Fault(422, "The data interval ends before it starts.")
    told: dict[str, Any] = {
        "run_id": body.dag_run_id,
        "conf": body.conf,
        "date": None if body.logical_date is None else body.logical_date.isoformat(),
        "by": here.person.name,
        "partition": body.partition_key,
    }
    if start is not None and end is not None:
        told["interval"] = [seconds(start), seconds(end)]
    return told


@routes.post("/dags/{dag_id}/dagRuns", may="runs:write")
def trigger_dag_run(here: At, dag_id: Text, body: Trigger) -> DagRun:
    """Start a run. Of a paused DAG it waits."""
    with here.reader() as reader:
        dag_of(reader, dag_id)
        known_of(here, reader, dag_id)
    told = here.tell("trigger", dag_id=dag_id, **trigger_words(body, here))
    if body.note:
        note(here, dag_id, str(told["run_id"]), body.note)
    return get_dag_run(here, dag_id, str(told["run_id"]))


# ── follow ──


class WaitQuery(BaseModel):
    interval: Annotated[float, Field(gt=0, le=3600, description="Seconds between two looks.")]
    result: list[Text] | None = None


class Waited(BaseModel):
    state: str
    results: dict[str, JsonValue] | None = None


@routes.get(
    "/dags/{dag_id}/dagRuns/{dag_run_id}/wait",
    may="runs:read",
    response_model=Waited,
    responses={200: {"content": {"application/x-ndjson": {"schema": {"type": "string"}}}}},
)
async def wait_dag_run_until_finished(
    here: At,
    dag_id: Text,
    dag_run_id: Text,
    wanted: Annotated[WaitQuery, Query()],
    accept: Annotated[str, Header()] = "*/*",
) -> StreamingResponse:
    """A line with its state at every look until it is over, the last one with the values asked for. To a client that
    reads JSON alone, the last one alone."""

    def look() -> dict[str, Any]:
        return _state(here, dag_id, dag_run_id, wanted.result)

    first = await asyncio.to_thread(look)
    as_one = "application/json" in accept

    async def lines() -> AsyncIterator[str]:
        told = first
        while True:
            over = told["state"] in _FINAL
            yield "\n" if as_one and not over else json.dumps(told) + "\n"  # space before JSON says that we are there
            if over:
                return
            await asyncio.sleep(wanted.interval)
            told = await asyncio.to_thread(look)

    return StreamingResponse(lines(), media_type="application/json" if as_one else "application/x-ndjson")


def _state(here: Here, dag_id: str, run_id: str, results: list[str] | None) -> dict[str, Any]:
    with here.reader() as reader:
        run = run_of(reader, dag_id, run_id)
        told: dict[str, Any] = {"state": run.state}
        if run.state in _FINAL and results:
            kept = reader.values(dag_id, run_id, RETURN_KEY, results)
            told["results"] = {one.task_id: native(here.home, one) for one in kept if one.map_index == -1}
            mapped: dict[str, list[Any]] = {}
            for one in kept:
                if one.map_index >= 0:
                    mapped.setdefault(one.task_id, []).append(native(here.home, one))
            told["results"].update(mapped)
        return told
