"""Tasks and their instances, tries, logs, links, dependencies and values."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from ..paging import Text
from .about import Job
from .shapes import DagVersion, Int, Json, OptionalMoment, Shape, Strict, TaskState, Wanted, When


class TriggerShape(Shape):
    id: int
    classpath: str
    kwargs: str
    created_date: datetime
    queue: str | None
    triggerer_id: int | None


class _Instance(Shape):
    task_id: str
    dag_id: str
    dag_run_id: str
    map_index: int
    start_date: When
    end_date: When
    duration: float | None
    state: TaskState | None
    try_number: int
    max_tries: int
    task_display_name: str
    dag_display_name: str
    hostname: str | None
    unixname: str | None
    pool: str
    pool_slots: int
    queue: str | None
    priority_weight: int | None
    operator: str | None
    operator_name: str | None
    queued_when: When
    scheduled_when: When
    pid: int | None
    executor: str | None
    executor_config: str
    dag_version: DagVersion | None


class TaskInstance(_Instance):
    id: str
    logical_date: When
    run_after: datetime
    note: str | None
    rendered_map_index: str | None
    rendered_fields: dict[str, Any] = Field(default_factory=dict)
    trigger: TriggerShape | None
    triggerer_job: Job | None


class TaskInstances(Shape):
    task_instances: list[TaskInstance]
    total_entries: int | None
    next_cursor: str | None = None
    previous_cursor: str | None = None


class Try(_Instance):
    pass


class Tries(Shape):
    task_instances: list[Try]
    total_entries: int


class NewTask(Shape):
    task_id: str
    task_display_name: str


class ClearedInstances(Shape):
    task_instances: list[TaskInstance | NewTask]
    total_entries: int


class Dependency(Shape):
    name: str
    reason: str


class Dependencies(Shape):
    dependencies: list[Dependency]


class Links(Shape):
    extra_links: dict[str, str | None]
    total_entries: int


class LogLine(Shape):
    timestamp: datetime | None = None
    event: str
    level: str | None = None


class Log(Shape):
    content: list[LogLine] | list[str]
    continuation_token: str | None


class LogUrl(Shape):
    url: str


class Length(Shape):
    type: str = Field(default="TimeDelta", alias="__type")
    days: int
    seconds: int
    microseconds: int


class Task(Shape):
    task_id: str | None
    task_display_name: str | None
    owner: str | None
    start_date: When
    end_date: When
    trigger_rule: str | None
    depends_on_past: bool
    wait_for_downstream: bool
    retries: float | None
    queue: str | None
    pool: str | None
    pool_slots: float | None
    execution_timeout: Length | None
    retry_delay: Length | None
    retry_exponential_backoff: float
    priority_weight: float | None
    weight_rule: str | None
    ui_color: str | None
    ui_fgcolor: str | None
    template_fields: list[str] | None
    downstream_task_ids: list[str] | None
    doc_md: str | None
    operator_name: str | None
    params: dict[str, Any] | None
    class_ref: dict[str, Any] | None
    is_mapped: bool | None
    extra_links: list[str]


class Tasks(Shape):
    tasks: list[Task]
    total_entries: int


class XCom(Shape):
    key: str
    timestamp: datetime
    logical_date: When
    map_index: int
    task_id: str
    dag_id: str
    run_id: str
    dag_display_name: str
    task_display_name: str
    run_after: datetime


class XComNative(XCom):
    value: Any


class XComs(Shape):
    xcom_entries: list[XCom]
    total_entries: int


class XComCreate(Strict):
    key: Text = Field(min_length=1, max_length=512)
    value: Json
    map_index: Int = -1


class XComUpdate(Strict):
    value: Json
    map_index: Int = -1


class InstancesWanted(Wanted):
    """A list of task instances, asked for by a body."""

    dag_run_ids: list[Text] | None = None
    task_ids: list[Text] | None = None
    state: list[TaskState | None] | None = None
    pool: list[Text] | None = None
    queue: list[Text] | None = None
    executor: list[Text] | None = None


class InstancePatch(Strict):
    new_state: TaskState | None = None
    note: Text | None = Field(default=None, max_length=1000)
    include_upstream: bool = False
    include_downstream: bool = False
    include_future: bool = False
    include_past: bool = False


class BulkInstance(InstancePatch):
    task_id: Text
    map_index: Int | None = None
    dag_id: Text | None = None
    dag_run_id: Text | None = None


class ClearInstances(Strict):
    dry_run: bool = True
    start_date: OptionalMoment = None
    end_date: OptionalMoment = None
    only_failed: bool = True
    only_running: bool = False
    reset_dag_runs: bool = True
    task_ids: list[Text | tuple[Text, Int]] | None = None
    dag_run_id: Text | None = None
    include_upstream: bool = False
    include_downstream: bool = False
    include_future: bool = False
    include_past: bool = False
    run_on_latest_version: bool | None = None
    prevent_running_task: bool = False
    note: Text | None = Field(default=None, max_length=1000)
