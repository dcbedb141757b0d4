"""DAGs: list, look at, pause, mark."""

from __future__ import annotations

import os
from collections import Counter
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import Query, Request
from pydantic import BaseModel

from ...core.errors import NotFound
from ...core.partitions import is_partitioned
from ...core.spec import DagSpec
from ...store import DagRow, Reader, ScheduleRow
from ..forming import bundle_of, dag_of, uuid_of, version_shape
from ..here import At, Here, Routes
from ..keeping import keeper_of
from ..models.dags import Dag, DagDetails, DagPatch, Dags, DagTag
from ..models.shapes import RunState, RunType
from ..paging import (
    LIMIT,
    Limit,
    Offset,
    OrderBy,
    Pattern,
    Start,
    Text,
    Texts,
    at,
    fits,
    moment,
    order_of,
    seconds,
    sliced,
    sorted_by,
)
from ..readers import Known

routes = Routes("DAG")


class DagFilters(BaseModel):
    tags: Texts = []
    tags_match_mode: Annotated[str | None, Query(pattern="^(any|all)$")] = None
    owners: Texts = []
    dag_id_pattern: Pattern = None
    dag_id_prefix_pattern: Start = None
    exclude_stale: bool = True
    paused: bool | None = None


class MoreDagFilters(DagFilters):
    dag_display_name_pattern: Pattern = None
    dag_display_name_prefix_pattern: Start = None
    has_import_errors: bool | None = None
    last_dag_run_state: RunState | None = None
    bundle_name: Text | None = None
    bundle_version: Text | None = None
    has_asset_schedule: bool | None = None
    asset_dependency: Text | None = None
    dag_run_start_date_gte: datetime | None = None
    dag_run_start_date_gt: datetime | None = None
    dag_run_start_date_lte: datetime | None = None
    dag_run_start_date_lt: datetime | None = None
    dag_run_end_date_gte: datetime | None = None
    dag_run_end_date_gt: datetime | None = None
    dag_run_end_date_lte: datetime | None = None
    dag_run_end_date_lt: datetime | None = None
    dag_run_state: Texts = []
    is_favorite: bool | None = None
    timetable_type: Texts = []


class DagQuery(MoreDagFilters):
    limit: Limit = LIMIT
    offset: Offset = 0
    order_by: OrderBy = ["dag_id"]


class DagPatchQuery(DagFilters):
    update_mask: Annotated[list[str] | None, Query()] = None
    limit: Limit = LIMIT
    offset: Offset = 0


class Removed(BaseModel):
    """What becomes of what was to go."""

    detail: str


class Found:
    """A DAG with all that is told of it in a list."""

    def __init__(
        self, row: DagRow, known: Known, schedule: ScheduleRow | None, newest: Any, broken: bool, favorite: bool
    ) -> None:
        self.row, self.known, self.schedule, self.newest, self.broken = row, known, schedule, newest, broken
        self.favorite = favorite
        self.spec = known.spec

    def value(self, field: str) -> Any:
        found = {
            "dag_id": self.row.dag_id,
            "dag_display_name": self.known.name,
            "next_dagrun": None if self.schedule is None else self.schedule.next_at,
            "is_paused": self.row.paused,
            "state": None if self.newest is None else self.newest[1],
            "start_date": None if self.newest is None else self.newest[2],
        }
        return found[field]


ORDERS = {
    "dag_id": "dag_id",
    "dag_display_name": "dag_display_name",
    "next_dagrun": "next_dagrun",
    "next_dagrun_run_after": "next_dagrun",
    "is_paused": "is_paused",
    "last_run_state": "state",
    "last_run_start_date": "start_date",
}


def all_found(here: Here, reader: Reader) -> list[Found]:
    schedules = reader.schedules()
    newest = {row[0]: row for row in reader.newest_runs()}
    broken = {error.file for error in reader.import_errors()}
    favorites = reader.accounts.favorites(here.person.name)
    return [
        Found(
            row,
            here.version(reader, row.version),
            schedules.get(row.dag_id),
            newest.get(row.dag_id),
            row.file in broken,
            row.dag_id in favorites,
        )
        for row in reader.dags()
        if row.version is not None and here.sees(row.dag_id)
    ]


def _fits(one: Found, wanted: DagFilters) -> bool:
    spec, row = one.spec, one.row
    if (wanted.exclude_stale and not row.active) or wanted.paused not in (None, row.paused):
        return False
    if not fits(row.dag_id, wanted.dag_id_pattern, wanted.dag_id_prefix_pattern):
        return False
    if wanted.tags:
        has = [tag in spec.tags for tag in wanted.tags]
        if not (all(has) if wanted.tags_match_mode == "all" else any(has)):
            return False
    if wanted.owners and not set(wanted.owners) & set(_owners(spec)):
        return False
    return not isinstance(wanted, MoreDagFilters) or _fits_more(one, wanted)


def _fits_more(one: Found, wanted: MoreDagFilters) -> bool:
    if not fits(one.known.name, wanted.dag_display_name_pattern, wanted.dag_display_name_prefix_pattern):
        return False
    schedule = one.spec.schedule
    by_assets = isinstance(schedule, dict) and "assets" in schedule
    state, started, ended = (None, None, None) if one.newest is None else one.newest[1:4]
    said = (
        wanted.has_import_errors in (None, one.broken)
        and wanted.last_dag_run_state in (None, state)
        and wanted.bundle_name in (None, bundle_of(one.known.source))
        and wanted.bundle_version is None
        and wanted.has_asset_schedule in (None, by_assets)
        and (wanted.asset_dependency is None or (by_assets and wanted.asset_dependency in str(schedule)))
        and wanted.is_favorite in (None, one.favorite)
        and (not wanted.dag_run_state or state in wanted.dag_run_state)
        and (not wanted.timetable_type or timetable_type(one.spec) in wanted.timetable_type)
    )
    return said and in_span(wanted, "dag_run_start_date", started) and in_span(wanted, "dag_run_end_date", ended)


def in_span(wanted: BaseModel, name: str, value: float | None) -> bool:
    limits = {end: getattr(wanted, f"{name}_{end}") for end in ("gte", "gt", "lte", "lt")}
    asked = {end: seconds(limit) for end, limit in limits.items() if limit is not None}
    if not asked or value is None:
        return not asked
    return (
        value >= asked.get("gte", value)
        and value <= asked.get("lte", value)
        and ("gt" not in asked or value > asked["gt"])
        and ("lt" not in asked or value < asked["lt"])
    )


def _owners(spec: DagSpec) -> list[str]:
    return [part.strip() for part in spec.owner.split(",") if part.strip()] or ["airflow"]


def timetable_type(spec: DagSpec) -> str:
    schedule = spec.schedule
    if isinstance(schedule, dict):
        return str(schedule.get("timetable") or ("AssetTriggeredTimetable" if "assets" in schedule else "Delta"))
    return "NullTimetable" if schedule is None else str(schedule)


def _summary(one: Found) -> str | None:
    """A short text for the schedule, as the file has it where it is one."""
    schedule = one.spec.schedule
    if schedule is None:
        return None
    if isinstance(schedule, str):
        return schedule
    if "assets" in schedule:
        return "Asset"
    words = (one.schedule.detail or {}).get("words") if one.schedule is not None else None
    return words or str(schedule.get("summary") or schedule.get("timetable") or schedule)


def dag_fields(one: Found) -> dict[str, Any]:
    row, spec, schedule = one.row, one.spec, one.schedule
    detail = (schedule.detail if schedule is not None else None) or {}
    waits = schedule is None or row.paused or row.ad_hoc
    start, end = detail.get("next") or (None, None)
    timed = isinstance(spec.schedule, str) or (isinstance(spec.schedule, dict) and "assets" not in spec.schedule)
    return {
        "dag_id": row.dag_id,
        "dag_display_name": one.known.name,
        "is_paused": row.paused,
        "is_stale": not row.active,
        "last_parsed_time": moment(row.at),
        "last_parse_duration": None,
        "last_expired": None,
        "bundle_name": bundle_of(one.known.source),
        "bundle_version": None,
        "relative_fileloc": _relative(row, one.known.source),
        "fileloc": row.file or "",
        "description": spec.description,
        "timetable_summary": _summary(one),
        "timetable_description": detail.get("words")
        or ("Never, external triggers only" if not spec.schedule else None),
        "timetable_partitioned": is_partitioned(spec.schedule),
        "timetable_periodic": timed and spec.schedule not in ("@once", "@continuous"),
        "tags": [DagTag(name=tag, dag_id=row.dag_id, dag_display_name=one.known.name) for tag in spec.tags],
        "max_active_tasks": spec.max_active_tasks,
        "max_active_runs": spec.max_active_runs,
        "max_consecutive_failed_dag_runs": 0,
        "has_task_concurrency_limits": any(t.max_active_per_dag or t.max_active_per_run for t in spec.tasks),
        "has_import_errors": one.broken,
        "next_dagrun_logical_date": None if waits or schedule is None else at(schedule.next_date),
        "next_dagrun_data_interval_start": None if waits else at(start),
        "next_dagrun_data_interval_end": None if waits else at(end),
        "next_dagrun_run_after": None if waits or schedule is None else at(schedule.next_at),
        "allowed_run_types": list(RunType),
        "owners": _owners(spec),
        "is_backfillable": timed,
        "file_token": file_token(row),
    }


def file_token(row: DagRow) -> str:
    """By which a file is named in an address."""
    return uuid_of("file", row.file or row.dag_id)


def _relative(row: DagRow, source: dict[str, Any]) -> str | None:
    root = source.get("load", {}).get("root")
    if not row.file or not root:
        return None
    return os.path.relpath(row.file, root)


def dag_shape(one: Found) -> Dag:
    return Dag(**dag_fields(one))


def found_one(here: Here, reader: Reader, dag_id: str) -> Found:
    row = dag_of(reader, dag_id)
    assert row.version is not None
    newest = next((one for one in reader.newest_runs() if one[0] == dag_id), None)
    broken = any(error.file == row.file for error in reader.import_errors())
    favorite = dag_id in reader.accounts.favorites(here.person.name)
    return Found(row, here.version(reader, row.version), reader.schedules().get(dag_id), newest, broken, favorite)


@routes.get("/dags", may="dags:read", by_grant=True)
def get_dags(here: At, wanted: Annotated[DagQuery, Query()]) -> Dags:
    order = order_of(wanted.order_by, ORDERS)
    with here.reader() as reader:
        found = [one for one in all_found(here, reader) if _fits(one, wanted)]
    found = sorted_by(sorted(found, key=lambda one: one.row.dag_id), order, Found.value)
    return Dags(dags=[dag_shape(one) for one in sliced(found, wanted.limit, wanted.offset)], total_entries=len(found))


@routes.patch("/dags", may="dags:write", by_grant=True)
def patch_dags(here: At, wanted: Annotated[DagPatchQuery, Query()], body: DagPatch) -> Dags:
    """Pause or unpause all that fit."""
    with here.reader() as reader:
        found = [one for one in all_found(here, reader) if _fits(one, wanted)]
    chosen = sliced(sorted(found, key=lambda one: one.row.dag_id), wanted.limit, wanted.offset)
    for one in chosen:
        if one.row.paused != body.is_paused:
            here.tell("pause" if body.is_paused else "unpause", dag_id=one.row.dag_id)
    with here.reader() as reader:
        again = [dag_shape(found_one(here, reader, one.row.dag_id)) for one in chosen]
    return Dags(dags=again, total_entries=len(found))


@routes.get("/dags/{dag_id}", may="dags:read")
def get_dag(here: At, dag_id: Text) -> Dag:
    with here.reader() as reader:
        return dag_shape(found_one(here, reader, dag_id))


@routes.patch("/dags/{dag_id}", may="dags:write")
def patch_dag(here: At, dag_id: Text, body: DagPatch, update_mask: Annotated[list[str] | None, Query()] = None) -> Dag:
    with here.reader() as reader:
        dag_of(reader, dag_id)
    if update_mask is None or "is_paused" in update_mask:
        here.tell("pause" if body.is_paused else "unpause", dag_id=dag_id)
    return get_dag(here, dag_id)


@routes.delete("/dags/{dag_id}", may="dags:write", status_code=200)
def delete_dag(here: At, dag_id: Text) -> Removed:
    """With all its runs, in steps. One whose file is there stays listed, without them."""
    with here.reader() as reader:
        dag_of(reader, dag_id)
    told = here.tell("remove_dag", dag_id=dag_id, by=here.person.name)
    stays = " Its file is there, so it stays listed." if told["stays"] else ""
    return Removed(detail=f"The runs of '{dag_id}' are being removed.{stays}")


@routes.post("/dags/{dag_id}/favorite", may="dags:read", status_code=204)
def favorite_dag(here: At, request: Request, dag_id: Text) -> None:
    """Mark it for whoever asks; nobody else sees that."""
    _mark(here, request, dag_id, True)


@routes.post("/dags/{dag_id}/unfavorite", may="dags:read", status_code=204)
def unfavorite_dag(here: At, request: Request, dag_id: Text) -> None:
    """It is marked no more."""
    _mark(here, request, dag_id, False)


def _mark(here: Here, request: Request, dag_id: str, is_one: bool) -> None:
    with here.reader() as reader:
        dag_of(reader, dag_id)
    with keeper_of(request).writing() as accounts:
        accounts.mark_favorite(here.person.name, dag_id, is_one)


@routes.get("/dags/{dag_id}/details", may="dags:read")
def get_dag_details(here: At, dag_id: Text) -> DagDetails:
    with here.reader() as reader:
        one = found_one(here, reader, dag_id)
        states = Counter({state: n for dag, state, n in reader.run_counts() if dag == dag_id})
    spec = one.spec
    schedule = spec.schedule
    more: dict[str, Any] = {
        "catchup": spec.catchup,
        "dag_run_timeout": None if spec.run_timeout_s is None else iso_length(spec.run_timeout_s),
        "asset_expression": schedule["assets"] if isinstance(schedule, dict) and "assets" in schedule else None,
        "doc_md": spec.doc,
        "start_date": _read_date(spec.start_date),
        "end_date": _read_date(spec.end_date),
        "is_paused_upon_creation": spec.paused_upon_creation,
        "params": {name: param_shape(param) for name, param in spec.params.items()},
        "render_template_as_native_obj": False,
        "template_search_path": None,
        "timezone": spec.timezone,
        "last_parsed": moment(one.row.at),
        "default_args": None,
        "rerun_with_latest_version": None,
        "owner_links": None,
        "is_favorite": one.favorite,
        "active_runs_count": states["running"] + states["queued"],
        "concurrency": spec.max_active_tasks,
        "latest_dag_version": version_shape(one.known),
    }
    return DagDetails(**dag_fields(one), **more)


def param_shape(param: dict[str, Any]) -> dict[str, Any]:
    return {"value": param.get("value"), "schema": param.get("schema"), "description": param.get("description")}


def _read_date(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text.replace("Z", "+00:00"))


def iso_length(length_s: float) -> str:
    """ISO 8601, as in PT90.5S."""
    whole = timedelta(seconds=length_s)
    rest = whole - timedelta(days=whole.days)
    days = f"{whole.days}D" if whole.days else ""
    return f"P{days}T{rest.total_seconds():g}S"


@routes.put("/parseDagFile/{file_token}", may="dags:write", by_grant=True, status_code=201)
def reparse_dag_file(here: At, file_token: Text) -> None:
    """Read a file again, though nothing in it has changed."""
    with here.reader() as reader:
        for row in reader.dags():
            if row.file and file_token == uuid_of("file", row.file):
                here.must_see(row.dag_id)
                here.ask("refresh", file=row.file)
                return
    raise NotFound(kind="DAG file", name=file_token, advice="Each DAG tells its file_token.")
