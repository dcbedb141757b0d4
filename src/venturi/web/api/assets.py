"""Assets, their events, and what waits to start a DAG by them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel

from ...core.assets import declared_in
from ...core.errors import NotFound
from ...store import Reader
from ..errors import Fault
from ..forming import known_of, number, told_run
from ..here import At, Here, Routes
from ..models.assets import (
    Alias,
    Aliases,
    Asset,
    AssetEvent,
    AssetEvents,
    Assets,
    LastEvent,
    NewAssetEvent,
    QueuedEvent,
    QueuedEvents,
    RunOfEvent,
    ScheduledDag,
    TaskOfAsset,
    Watcher,
)
from ..models.runs import DagRun, Materialize
from ..paging import (
    LIMIT,
    Limit,
    Number,
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
from .dags import Found, all_found

routes = Routes("Asset")


def asset_number(name: str, uri: str) -> int:
    return number("asset", name, uri)


def _keys(listed: Iterable[Any]) -> set[tuple[str, str]]:
    """(name, URI) of the assets that expressions name."""
    return {(one["name"], one["uri"]) for one in declared_in({"schedule": list(listed)})}


def _names_of_aliases(parts: Any) -> set[str]:
    found: set[str] = set()
    if isinstance(parts, dict):
        alias = parts.get("alias")
        if isinstance(alias, dict) and "name" in alias:
            found.add(str(alias["name"]))
        elif isinstance(alias, str):
            found.add(alias)
        for value in parts.values():
            found |= _names_of_aliases(value)
    elif isinstance(parts, (list, tuple)):
        for value in parts:
            found |= _names_of_aliases(value)
    return found


def all_assets(here: Here, reader: Reader) -> list[Asset]:
    dags = [one for one in all_found(here, reader) if one.row.active]
    uses = [_Uses(one) for one in dags]
    by_alias: dict[tuple[str, str], list[Alias]] = {}
    for alias in _all_aliases(dags):
        for key in reader.assets_of_alias(alias.name):
            by_alias.setdefault(key, []).append(alias)
    newest: dict[tuple[str, str], dict[str, Any]] = {}
    for event in reader.asset_events(newest_first=True):
        newest.setdefault((event["name"], event["uri"]), event)
    return [_asset(one, uses, by_alias, newest) for one in reader.assets()]


class _Uses:
    def __init__(self, one: Found) -> None:
        self.dag_id, self.at = one.row.dag_id, one.known.at
        schedule = one.spec.schedule
        self.schedule = _keys([schedule]) if isinstance(schedule, dict) else set()
        self.makes = {task.task_id: _keys(task.outlets) for task in one.spec.tasks if task.outlets}
        self.uses = {task.task_id: _keys(task.inlets) for task in one.spec.tasks if task.inlets}


def _asset(one: dict[str, Any], uses: list[_Uses], by_alias: Any, newest: Any) -> Asset:
    key = (one["name"], one["uri"])
    times = [
        use.at
        for use in uses
        if key in use.schedule or any(key in k for k in (*use.makes.values(), *use.uses.values()))
    ]
    first = moment(min(times, default=0.0))
    last = newest.get(key)

    def tasks(which: str) -> list[TaskOfAsset]:
        return [
            TaskOfAsset(dag_id=use.dag_id, task_id=task_id, created_at=moment(use.at), updated_at=moment(use.at))
            for use in uses
            for task_id, keys in getattr(use, which).items()
            if key in keys
        ]

    return Asset(
        id=asset_number(*key),
        name=one["name"],
        uri=one["uri"],
        group=one.get("group") or "asset",
        extra=one.get("extra") or {},
        created_at=first,
        updated_at=moment(max(times, default=0.0)),
        scheduled_dags=[
            ScheduledDag(dag_id=use.dag_id, created_at=moment(use.at), updated_at=moment(use.at))
            for use in uses
            if key in use.schedule
        ],
        producing_tasks=tasks("makes"),
        consuming_tasks=tasks("uses"),
        aliases=by_alias.get(key, []),
        watchers=[
            Watcher(name=told["name"], trigger_id=number("watcher", told["trigger"], told["name"]), created_date=first)
            for told in one.get("watchers", ())
        ],
        last_asset_event=None if last is None else LastEvent(id=last["id"], timestamp=at(last["at"])),
    )


def _all_aliases(dags: list[Found]) -> list[Alias]:
    names = set()
    for one in dags:
        names |= _names_of_aliases([one.spec.schedule, *(task.outlets for task in one.spec.tasks)])
    return [Alias(id=number("alias", name), name=name, group="asset") for name in sorted(names)]


def find_asset(here: Here, reader: Reader, asset_id: int) -> dict[str, Any]:
    for one in reader.assets():
        if asset_number(one["name"], one["uri"]) == asset_id:
            return one
    raise NotFound(kind="asset", name=asset_id, advice="")


class AssetQuery(BaseModel):
    limit: Limit = LIMIT
    offset: Offset = 0
    name_pattern: Pattern = None
    name_prefix_pattern: Start = None
    uri_pattern: Pattern = None
    uri_prefix_pattern: Start = None
    dag_ids: Texts = []
    only_active: bool = True
    order_by: OrderBy = ["id"]


@routes.get("/assets", may="assets:read")
def get_assets(here: At, wanted: Annotated[AssetQuery, Query()]) -> Assets:
    order = order_of(wanted.order_by, {name: name for name in ("id", "name", "uri", "created_at", "updated_at")})
    with here.reader() as reader:
        found = all_assets(here, reader)
    kept = []
    for one in found:
        dags = {use.dag_id for use in one.scheduled_dags}
        dags |= {use.dag_id for use in (*one.producing_tasks, *one.consuming_tasks)}
        if (
            fits(one.name, wanted.name_pattern, wanted.name_prefix_pattern)
            and fits(one.uri, wanted.uri_pattern, wanted.uri_prefix_pattern)
            and (not wanted.dag_ids or dags & set(wanted.dag_ids))
            and (dags or not wanted.only_active)
        ):
            kept.append(one)
    kept = sorted_by(kept, order, getattr)
    return Assets(assets=sliced(kept, wanted.limit, wanted.offset), total_entries=len(kept))


class AliasQuery(BaseModel):
    limit: Limit = LIMIT
    offset: Offset = 0
    name_pattern: Pattern = None
    name_prefix_pattern: Start = None
    order_by: OrderBy = ["id"]


@routes.get("/assets/aliases", may="assets:read")
def get_asset_aliases(here: At, wanted: Annotated[AliasQuery, Query()]) -> Aliases:
    order = order_of(wanted.order_by, {name: name for name in ("id", "name")})
    with here.reader() as reader:
        found = _all_aliases(all_found(here, reader))
    kept = [one for one in found if fits(one.name, wanted.name_pattern, wanted.name_prefix_pattern)]
    kept = sorted_by(kept, order, getattr)
    return Aliases(asset_aliases=sliced(kept, wanted.limit, wanted.offset), total_entries=len(kept))


@routes.get("/assets/aliases/{asset_alias_id}", may="assets:read")
def get_asset_alias(here: At, asset_alias_id: Number) -> Alias:
    with here.reader() as reader:
        for one in _all_aliases(all_found(here, reader)):
            if one.id == asset_alias_id:
                return one
    raise NotFound(kind="asset alias", name=asset_alias_id, advice="")


# ── events ──


def _runs_by_event(reader: Reader) -> dict[int, list[RunOfEvent]]:
    found: dict[int, list[RunOfEvent]] = {}
    for token, n, run_id, dag_id, date, queued, started, ended, state, start, end, key in reader.runs_of_asset_events():
        found.setdefault(token * 1000 + n, []).append(
            RunOfEvent(
                run_id=run_id,
                dag_id=dag_id,
                logical_date=at(date),
                start_date=moment(started or queued),
                end_date=at(ended),
                state=state,
                data_interval_start=at(start),
                data_interval_end=at(end),
                partition_key=key,
            )
        )
    return found


def event_shape(event: dict[str, Any], runs: dict[int, list[RunOfEvent]]) -> AssetEvent:
    return AssetEvent(
        id=event["id"],
        asset_id=asset_number(event["name"], event["uri"]),
        uri=event["uri"],
        name=event["name"],
        group="asset",
        extra=event["extra"],
        source_task_id=event["task_id"],
        source_dag_id=event["dag_id"],
        source_run_id=event["run_id"],
        source_map_index=event["map_index"],
        created_dagruns=runs.get(event["id"], []),
        timestamp=moment(event["at"]),
        partition_key=event["partition"],
    )


def events_of_run(here: Here, reader: Reader, dag_id: str, run_id: str) -> list[AssetEvent]:
    runs = _runs_by_event(reader)
    return [event_shape(event, runs) for event in reader.asset_events(dag_id=dag_id, run_id=run_id)]


class AssetEventQuery(BaseModel):
    limit: Limit = LIMIT
    offset: Offset = 0
    order_by: OrderBy = ["timestamp"]
    asset_id: Number | None = None
    source_dag_id: Text | None = None
    source_task_id: Text | None = None
    source_run_id: Text | None = None
    source_map_index: Number | None = None
    name_pattern: Pattern = None
    name_prefix_pattern: Start = None
    timestamp_gte: datetime | None = None
    timestamp_gt: datetime | None = None
    timestamp_lte: datetime | None = None
    timestamp_lt: datetime | None = None


@routes.get("/assets/events", may="assets:read")
def get_asset_events(here: At, wanted: Annotated[AssetEventQuery, Query()]) -> AssetEvents:
    names = {"id": "id", "timestamp": "at", "source_task_id": "task_id", "source_dag_id": "dag_id"}
    order = order_of(wanted.order_by, {**names, "source_run_id": "run_id", "source_map_index": "map_index"})
    after = [seconds(one) for one in (wanted.timestamp_gte, wanted.timestamp_gt) if one is not None]
    before = [seconds(one) for one in (wanted.timestamp_lte, wanted.timestamp_lt) if one is not None]
    with here.reader() as reader:
        found = reader.asset_events(after=max(after, default=None), before=min(before, default=None))
        runs = _runs_by_event(reader)
    kept = [event for event in found if _is_wanted(event, wanted)]
    kept = sorted_by(kept, order, lambda event, field: event[field])
    told = [event_shape(event, runs) for event in sliced(kept, wanted.limit, wanted.offset)]
    return AssetEvents(asset_events=told, total_entries=len(kept))


def _is_wanted(event: dict[str, Any], wanted: AssetEventQuery) -> bool:
    if wanted.asset_id is not None and asset_number(event["name"], event["uri"]) != wanted.asset_id:
        return False
    if wanted.timestamp_gt is not None and event["at"] <= seconds(wanted.timestamp_gt):
        return False
    if wanted.timestamp_lt is not None and event["at"] >= seconds(wanted.timestamp_lt):
        return False
    return (
        wanted.source_dag_id in (None, event["dag_id"])
        and wanted.source_task_id in (None, event["task_id"])
        and wanted.source_run_id in (None, event["run_id"])
        and wanted.source_map_index in (None, event["map_index"])
        and fits(event["name"], wanted.name_pattern, wanted.name_prefix_pattern)
    )


@routes.post("/assets/events", may="assets:write")
def create_asset_event(here: At, body: NewAssetEvent) -> AssetEvent:
    """Tell that an asset has been made anew; DAGs that wait for it start."""
    with here.reader() as reader:
        one = find_asset(here, reader, body.asset_id)
    extra = {"from_rest_api": True, **body.extra}
    told = here.tell("asset_event", named=one["name"], extra=extra, partition=body.partition_key)
    with here.reader() as reader:
        for event in reader.asset_events(name=one["name"], uri=one["uri"], newest_first=True):
            if event["id"] == told["event"]:
                return event_shape(event, _runs_by_event(reader))
    raise NotFound(kind="asset event", name=told["event"], advice="")


@routes.post("/assets/{asset_id}/materialize", may="runs:write", by_grant=True)
def materialize_asset(here: At, asset_id: Number, body: Materialize | None = None) -> DagRun:
    """Start the one DAG that makes the asset."""
    from .runs import trigger_words

    with here.reader() as reader:
        key = (one := find_asset(here, reader, asset_id))["name"], one["uri"]
        makers = [
            found.row.dag_id
            for found in all_found(here, reader)
            if found.row.active and any(key in _keys(task.outlets) for task in found.spec.tasks)
        ]
    if not makers:
        raise Fault(404, f"No DAG makes the asset '{one['name']}'.")
    if len(makers) > 1:
        raise Fault(409, f"Several DAGs make the asset '{one['name']}': {', '.join(makers)}. Start one of them.")
    told = here.tell("trigger", dag_id=makers[0], **trigger_words(body or Materialize(), here))
    with here.reader() as reader:
        return told_run(here, reader, makers[0], str(told["run_id"]))


# ── what waits to start a DAG ──


Before = Annotated[datetime | None, Query(description="Events from before this moment.")]


def _queued(
    here: Here, reader: Reader, before: datetime | None, dag_id: str | None = None, asset_id: int | None = None
) -> list[QueuedEvent]:
    limit = None if before is None else seconds(before)
    names = {one.row.dag_id: one.known.name for one in all_found(here, reader)}
    return [
        QueuedEvent(dag_id=dag, asset_id=asset_number(name, uri), created_at=moment(when), dag_display_name=names[dag])
        for dag, name, uri, when in reader.waiting_asset_events()
        if dag in names
        and dag_id in (None, dag)
        and asset_id in (None, asset_number(name, uri))
        and (limit is None or when < limit)
    ]


def _told_queued(found: list[QueuedEvent], what: str) -> QueuedEvents:
    if not found:
        raise NotFound(kind="queued event", name=what, advice="Nothing waits there.")
    return QueuedEvents(queued_events=found, total_entries=len(found))


@routes.get("/assets/{asset_id}/queuedEvents", may="assets:read")
def get_asset_queued_events(here: At, asset_id: Number, before: Before = None) -> QueuedEvents:
    with here.reader() as reader:
        find_asset(here, reader, asset_id)
        return _told_queued(_queued(here, reader, before, asset_id=asset_id), str(asset_id))


@routes.get("/dags/{dag_id}/assets/queuedEvents", may="assets:read")
def get_dag_asset_queued_events(here: At, dag_id: Text, before: Before = None) -> QueuedEvents:
    with here.reader() as reader:
        known_of(here, reader, dag_id)
        return _told_queued(_queued(here, reader, before, dag_id), dag_id)


@routes.get("/dags/{dag_id}/assets/{asset_id}/queuedEvents", may="assets:read")
def get_dag_asset_queued_event(here: At, dag_id: Text, asset_id: Number, before: Before = None) -> QueuedEvent:
    with here.reader() as reader:
        known_of(here, reader, dag_id)
        found = _queued(here, reader, before, dag_id, asset_id)
    return _told_queued(found, f"{dag_id}, {asset_id}").queued_events[0]


def _forget(
    here: Here, before: datetime | None, dag_id: str | None = None, asset: dict[str, Any] | None = None
) -> None:
    with here.reader() as reader:
        asset_id = None if asset is None else asset_number(asset["name"], asset["uri"])
        there = _queued(here, reader, None, dag_id, asset_id)
        older = _queued(here, reader, before, dag_id, asset_id)
    if not older:
        raise NotFound(kind="queued event", name=dag_id or str(asset_id), advice="Nothing waits there.")
    if len(older) < len(there):
        raise Fault(409, "Some of what waits there is younger, and an asset's events are let go together.")
    key = None if asset is None else [asset["name"], asset["uri"]]
    here.tell("asset_forget", dag_id=dag_id, asset=key)


@routes.delete("/assets/{asset_id}/queuedEvents", may="assets:write")
def delete_asset_queued_events(here: At, asset_id: Number, before: Before = None) -> None:
    """What it has waiting starts no DAG any more."""
    with here.reader() as reader:
        asset = find_asset(here, reader, asset_id)
    _forget(here, before, asset=asset)


@routes.delete("/dags/{dag_id}/assets/queuedEvents", may="assets:write")
def delete_dag_asset_queued_events(here: At, dag_id: Text, before: Before = None) -> None:
    with here.reader() as reader:
        known_of(here, reader, dag_id)
    _forget(here, before, dag_id)


@routes.delete("/dags/{dag_id}/assets/{asset_id}/queuedEvents", may="assets:write")
def delete_dag_asset_queued_event(here: At, dag_id: Text, asset_id: Number, before: Before = None) -> None:
    with here.reader() as reader:
        known_of(here, reader, dag_id)
        asset = find_asset(here, reader, asset_id)
    _forget(here, before, dag_id, asset)


# Below what begins with the same words.
@routes.get("/assets/{asset_id}", may="assets:read")
def get_asset(here: At, asset_id: Number) -> Asset:
    with here.reader() as reader:
        find_asset(here, reader, asset_id)
        return next(one for one in all_assets(here, reader) if one.id == asset_id)
