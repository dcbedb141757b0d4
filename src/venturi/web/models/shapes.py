"""What the shapes have in common."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

from ..paging import NUMBER_MAX, Text


class Shape(BaseModel):
    """Of an answer: fields that no default can be left to are always there."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True, defer_build=True)


class Strict(BaseModel):
    """Of a request: a field that nobody knows is a mistake."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, defer_build=True)


def _in_reach(given: datetime) -> datetime:
    if not 1 < given.year < 9999:
        raise ValueError("a year from 2 to 9998")
    return given


When = datetime | None
Moment = Annotated[datetime, AfterValidator(_in_reach)]  # in requests
OptionalMoment = Moment | None


def _sound(value: Any) -> Any:
    """JSON that a database takes: no U+0000, no lone surrogate, no number that is none, not too deep."""
    import json

    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
        text.encode()
    except (ValueError, RecursionError) as error:
        raise ValueError("it is no JSON that can be kept") from error
    if "\\u0000" in text:
        raise ValueError("U+0000 is no part of a text")
    return value


Json = Annotated[JsonValue, AfterValidator(_sound)]
JsonObject = Annotated[dict[str, Any], AfterValidator(_sound)]
Int = Annotated[int, Field(ge=-(2**63), le=NUMBER_MAX)]
Name = Annotated[Text, Field(min_length=1, max_length=250)]


class RunState(str, Enum):
    queued = "queued"
    running = "running"
    success = "success"
    failed = "failed"


class RunType(str, Enum):
    backfill = "backfill"
    scheduled = "scheduled"
    manual = "manual"
    operator_triggered = "operator_triggered"
    asset_triggered = "asset_triggered"
    asset_materialization = "asset_materialization"


class TaskState(str, Enum):
    removed = "removed"
    scheduled = "scheduled"
    queued = "queued"
    running = "running"
    success = "success"
    restarting = "restarting"
    failed = "failed"
    up_for_retry = "up_for_retry"
    up_for_reschedule = "up_for_reschedule"
    upstream_failed = "upstream_failed"
    skipped = "skipped"
    deferred = "deferred"
    awaiting_input = "awaiting_input"


class DagVersion(Shape):
    id: str
    version_number: int
    dag_id: str
    bundle_name: str | None
    bundle_version: str | None
    created_at: datetime
    dag_display_name: str
    bundle_url: str | None


class DagVersions(Shape):
    dag_versions: list[DagVersion]
    total_entries: int


class Wanted(Strict):
    """A page of a list, asked for by a body: of runs and of task instances alike."""

    order_by: str | None = None
    page_offset: int = Field(default=0, ge=0, le=2**63 - 1)
    page_limit: int = Field(default=100, ge=0, le=2**63 - 1)
    dag_ids: list[Text] | None = None
    run_after_gte: OptionalMoment = None
    run_after_gt: OptionalMoment = None
    run_after_lte: OptionalMoment = None
    run_after_lt: OptionalMoment = None
    logical_date_gte: OptionalMoment = None
    logical_date_gt: OptionalMoment = None
    logical_date_lte: OptionalMoment = None
    logical_date_lt: OptionalMoment = None
    start_date_gte: OptionalMoment = None
    start_date_gt: OptionalMoment = None
    start_date_lte: OptionalMoment = None
    start_date_lt: OptionalMoment = None
    end_date_gte: OptionalMoment = None
    end_date_gt: OptionalMoment = None
    end_date_lte: OptionalMoment = None
    end_date_lt: OptionalMoment = None
    duration_gte: float | None = None
    duration_gt: float | None = None
    duration_lte: float | None = None
    duration_lt: float | None = None
