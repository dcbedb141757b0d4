"""Backfills."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated, Any

from pydantic import Field

from ..paging import Text
from .shapes import JsonObject, Moment, Shape, Strict, When


class Reprocess(str, Enum):
    failed = "failed"
    completed = "completed"
    none = "none"


class Backfill(Shape):
    id: int
    dag_id: str
    from_date: datetime
    to_date: datetime
    dag_run_conf: dict[str, Any] | None
    is_paused: bool
    reprocess_behavior: Reprocess
    max_active_runs: int
    created_at: datetime
    completed_at: When
    updated_at: datetime
    dag_display_name: str


class Backfills(Shape):
    backfills: list[Backfill]
    total_entries: int


class NewBackfill(Strict):
    dag_id: Text
    from_date: Moment
    to_date: Moment
    run_backwards: bool = False
    dag_run_conf: JsonObject | None = None
    reprocess_behavior: Reprocess = Reprocess.none
    max_active_runs: Annotated[int, Field(ge=1, le=2**31 - 1)] = 10
    run_on_latest_version: bool | None = None


class PlannedDate(Shape):
    logical_date: When
    partition_key: str | None
    partition_date: When


class PlannedDates(Shape):
    backfills: list[PlannedDate]
    total_entries: int
