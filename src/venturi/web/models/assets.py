"""Assets, aliases, their events, and what waits to start a DAG."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from ..paging import Text
from .shapes import Int, Json, JsonObject, Shape, Strict, When


class ScheduledDag(Shape):
    dag_id: str
    created_at: datetime
    updated_at: datetime


class TaskOfAsset(Shape):
    dag_id: str
    task_id: str
    created_at: datetime
    updated_at: datetime


class Alias(Shape):
    id: int
    name: str
    group: str


class Aliases(Shape):
    asset_aliases: list[Alias]
    total_entries: int


class Watcher(Shape):
    name: str
    trigger_id: int
    created_date: datetime


class LastEvent(Shape):
    id: int | None = None
    timestamp: When = None


class Asset(Shape):
    id: int
    name: str
    uri: str
    group: str
    extra: dict[str, Any] | None = None
    created_at: datetime
    updated_at: datetime
    scheduled_dags: list[ScheduledDag]
    producing_tasks: list[TaskOfAsset]
    consuming_tasks: list[TaskOfAsset]
    aliases: list[Alias]
    watchers: list[Watcher]
    last_asset_event: LastEvent | None = None


class Assets(Shape):
    assets: list[Asset]
    total_entries: int


class RunOfEvent(Shape):
    run_id: str
    dag_id: str
    logical_date: When
    start_date: datetime
    end_date: When
    state: str
    data_interval_start: When
    data_interval_end: When
    partition_key: str | None


class AssetEvent(Shape):
    id: int
    asset_id: int
    uri: str | None = None
    name: str | None = None
    group: str | None = None
    extra: dict[str, Any] | None = None
    source_task_id: str | None = None
    source_dag_id: str | None = None
    source_run_id: str | None = None
    source_map_index: int
    created_dagruns: list[RunOfEvent]
    timestamp: datetime
    partition_key: str | None = None


class AssetEvents(Shape):
    asset_events: list[AssetEvent]
    total_entries: int


class _Access(Strict):
    consumer_teams: list[Text] | None = None
    allow_global: bool = True


class NewAssetEvent(Strict):
    asset_id: Int
    partition_key: Text | None = None
    extra: JsonObject = Field(default_factory=dict)
    access_control: _Access | None = None


class QueuedEvent(Shape):
    dag_id: str
    asset_id: int
    created_at: datetime
    dag_display_name: str


class QueuedEvents(Shape):
    queued_events: list[QueuedEvent]
    total_entries: int


class KeptState(Strict):
    value: Json


class KeptBy(Shape):
    kind: str
    dag_id: str | None = None
    run_id: str | None = None
    task_id: str | None = None
    map_index: int | None = None


class AssetState(Shape):
    key: str
    value: Any
    updated_at: datetime
    last_updated_by: KeptBy | None = None


class AssetStates(Shape):
    asset_state_store: list[AssetState]
    total_entries: int
