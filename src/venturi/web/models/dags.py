"""DAGs, their sources, versions, tags, counts, warnings and import errors."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from .shapes import DagVersion, RunState, RunType, Shape, Strict, When


class DagTag(Shape):
    name: str
    dag_id: str
    dag_display_name: str


class Dag(Shape):
    dag_id: str
    dag_display_name: str
    is_paused: bool
    is_stale: bool
    last_parsed_time: When
    last_parse_duration: float | None
    last_expired: When
    bundle_name: str | None
    bundle_version: str | None
    relative_fileloc: str | None
    fileloc: str
    description: str | None
    timetable_summary: str | None
    timetable_description: str | None
    timetable_partitioned: bool
    timetable_periodic: bool
    tags: list[DagTag]
    max_active_tasks: int
    max_active_runs: int | None
    max_consecutive_failed_dag_runs: int
    has_task_concurrency_limits: bool
    has_import_errors: bool
    next_dagrun_logical_date: When
    next_dagrun_data_interval_start: When
    next_dagrun_data_interval_end: When
    next_dagrun_run_after: When
    allowed_run_types: list[RunType] | None
    owners: list[str]
    is_backfillable: bool
    file_token: str


class Dags(Shape):
    dags: list[Dag]
    total_entries: int


class DagDetails(Dag):
    catchup: bool
    dag_run_timeout: str | None
    asset_expression: dict[str, Any] | None
    doc_md: str | None
    start_date: When
    end_date: When
    is_paused_upon_creation: bool | None
    params: dict[str, Any] | None
    render_template_as_native_obj: bool
    template_search_path: list[str] | None
    timezone: str | None
    last_parsed: When
    default_args: dict[str, Any] | None
    rerun_with_latest_version: bool | None
    owner_links: dict[str, str] | None
    is_favorite: bool
    active_runs_count: int
    concurrency: int
    latest_dag_version: DagVersion | None


class DagPatch(Strict):
    is_paused: bool


class DagSource(Shape):
    content: str | None
    dag_id: str
    version_number: int | None
    dag_display_name: str


class StateCount(Shape):
    state: RunState
    count: int


class DagStats(Shape):
    dag_id: str
    dag_display_name: str
    stats: list[StateCount]


class AllDagStats(Shape):
    dags: list[DagStats]
    total_entries: int


class DagTags(Shape):
    tags: list[str]
    total_entries: int


class DagWarning(Shape):
    dag_id: str
    warning_type: str
    message: str
    timestamp: datetime
    dag_display_name: str


class DagWarnings(Shape):
    dag_warnings: list[DagWarning]
    total_entries: int


class ImportError(Shape):
    import_error_id: int
    timestamp: datetime
    filename: str
    bundle_name: str | None
    stack_trace: str


class ImportErrors(Shape):
    import_errors: list[ImportError]
    total_entries: int
