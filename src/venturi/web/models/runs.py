"""Runs of DAGs, and the events of assets that started them."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Any

from pydantic import Field

from ..paging import Text
from .shapes import DagVersion, JsonObject, Name, OptionalMoment, RunState, RunType, Shape, Strict, Wanted, When


class TriggeredBy(str, Enum):
    cli = "cli"
    operator = "operator"
    rest_api = "rest_api"
    ui = "ui"
    test = "test"
    timetable = "timetable"
    asset = "asset"
    backfill = "backfill"


class DagRun(Shape):
    dag_run_id: str
    dag_id: str
    logical_date: When
    queued_at: When
    start_date: When
    end_date: When
    duration: float | None
    data_interval_start: When
    data_interval_end: When
    run_after: datetime
    last_scheduling_decision: When
    run_type: RunType
    state: RunState
    triggered_by: TriggeredBy | None
    triggering_user_name: str | None
    conf: dict[str, Any] | None
    note: str | None
    dag_versions: list[DagVersion]
    bundle_version: str | None
    dag_display_name: str
    partition_key: str | None
    partition_date: When


class DagRuns(Shape):
    dag_runs: list[DagRun]
    total_entries: int | None
    next_cursor: str | None = None
    previous_cursor: str | None = None


class Materialize(Strict):
    """What a run that somebody wants is to be."""

    dag_run_id: Name | None = None
    data_interval_start: OptionalMoment = None
    data_interval_end: OptionalMoment = None
    logical_date: OptionalMoment = None
    run_after: OptionalMoment = None
    conf: JsonObject | None = None
    note: Text | None = Field(default=None, max_length=1000)
    partition_key: Text | None = Field(default=None, description="Of DAGs whose schedule has partitions.")


class Trigger(Materialize):
    logical_date: OptionalMoment = Field(description="Of a moment; null where the run is about none.")


class RunsWanted(Wanted):
    """A list of runs, asked for by a body."""

    states: list[RunState | None] | None = None
    conf_contains: Text | None = None


class MutableState(str, Enum):
    queued = "queued"
    success = "success"
    failed = "failed"


class RunPatch(Strict):
    state: MutableState | None = None
    note: Text | None = Field(default=None, max_length=1000)


class RunClear(Strict):
    dry_run: bool = True
    only_failed: bool = False
    only_new: bool = False
    run_on_latest_version: bool | None = None
    note: Text | None = Field(default=None, max_length=1000)


class BulkRun(Strict):
    dag_run_id: Text
    dag_id: Text | None = None
    state: MutableState | None = None
    note: Text | None = Field(default=None, max_length=1000)


class RunsClear(Strict):
    partition_key: Text | None = None
    partition_date_start: OptionalMoment = None
    partition_date_end: OptionalMoment = None
    dry_run: bool = True
    only_failed: bool = False
    only_new: bool = False
    run_on_latest_version: bool | None = None
    note: Text | None = Field(default=None, max_length=1000)
    dag_runs: list[BulkRun] = Field(default_factory=list)


class ClearPartitions(Strict):
    """Which runs: by one of run_id, partition_key, and when their partitions begin."""

    partition_key: Text | None = None
    partition_date_start: OptionalMoment = None
    partition_date_end: OptionalMoment = None
    run_id: Text | None = None
    clear_task_instances: bool = False
    dry_run: bool = True


class PartitionsCleared(Shape):
    dag_runs_cleared: int
    task_instances_cleared: int
    dry_run: bool
