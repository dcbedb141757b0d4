"""A run, and an instance of one of its tasks, each in one compact answer; a run's events; and its end by a person.

Owns these forms. Why something is as it is, the engine says (`live`); what a person changes beside, `api.changing`.
"""

from __future__ import annotations

import json
import time
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel

from ...core.errors import NotFound
from ...core.spec import TaskSpec
from ...store import AttemptRecord, Reader
from ...store.reading_pages import Condition, Order
from ...store.rows import InstanceRow
from ..forming import run_of, run_type
from ..here import OWN, At, Routes
from ..instances import one_instance
from ..paging import Number, Text
from ..readers import Known
from .labels import labels_of
from .log_views import TASK

routes = Routes("Venturi", OWN)

RUN = "/dags/{dag_id}/runs/{run_id}"
INSTANCES_MAX, EVENTS_MAX = 1000, 200


class TaskLine(BaseModel):
    """A task in a run. Of a mapped one `counts` says how many of its `n` instances stand how, and the times are those
    of the first that began and the last that ended."""

    task_id: str
    label: str
    operator: str
    group: str | None
    upstream: list[str]
    mapped: bool
    n: int | None
    counts: dict[str, int]
    state: str
    try_number: int
    tries: int
    started: float | None
    ended: float | None
    wake: float | None
    reason: str | None
    note: str | None


class RunView(BaseModel):
    """`event` is the last event that this answer knows of."""

    now: float
    event: int
    dag_id: str
    dag_name: str
    paused: bool
    run_id: str
    number: int
    state: str
    run_type: str
    by: str | None
    backfill: int | None
    queued: float
    started: float | None
    ended: float | None
    date: float | None
    interval: tuple[float, float] | None
    conf: dict[str, Any]
    note: str | None
    reason: str | None
    version_number: int
    groups: dict[str, str]
    tasks: list[TaskLine]


class Attempt(BaseModel):
    """One that has ended, and what it took. A try has several where one was lost or looked again later."""

    try_number: int
    outcome: str
    started: float | None
    ended: float
    reason: str | None
    exit_code: int | None
    signal: int | None
    peak_mb: float | None
    cpu_s: float | None
    host: str | None
    log_bytes: int
    error: dict[str, Any] | None
    rendered: dict[str, str]


class KeptValue(BaseModel):
    key: str
    kind: str
    bytes: int


class TaskView(BaseModel):
    """An instance of a task. `n`: how many there are of it, where it is mapped; with it the index −1 stands for all."""

    now: float
    event: int
    dag_id: str
    dag_name: str
    run_id: str
    task_id: str
    task_label: str
    map_index: int
    label: str | None
    n: int | None
    counts: dict[str, int]
    state: str
    try_number: int
    tries: int
    started: float | None
    ended: float | None
    wake: float | None
    reason: str | None
    note: str | None
    operator: str
    pool: str
    memory_limit_mb: float | None
    time_limit_s: float | None
    doc: str | None
    asks: bool
    attempts: list[Attempt]
    values: list[KeptValue]
    upstream: list[str]
    downstream: list[str]


class MappedLine(BaseModel):
    map_index: int
    label: str | None
    state: str
    try_number: int
    started: float | None
    ended: float | None
    reason: str | None


class MappedLines(BaseModel):
    """`n` is how many there are in all."""

    now: float
    event: int
    n: int
    instances: list[MappedLine]


class RunEvent(BaseModel):
    id: int
    at: float
    kind: str
    data: Any


class RunEvents(BaseModel):
    """Newest first; `more`: there are older ones."""

    event: int
    events: list[RunEvent]
    more: bool


# ── a run ──


@routes.get(RUN, may="runs:read")
def get_run_view(here: At, dag_id: Text, run_id: Text) -> RunView:
    """All of a run that its page shows first."""
    with here.reader() as reader:
        event = reader.last_event()
        run = run_of(reader, dag_id, run_id)
        known = here.version(reader, run.version)
        dag = reader.dag(dag_id)
        found = reader.page("runs", [Condition("id", "is", run.id)], (), 1).rows
        rows, groups = reader.instances(run.id)
        noted = [Condition("run", "is", run.id), Condition("note", "gt", "")]
        notes = {(row[1], row[2]): row[-1] for row in reader.page("instances", noted).rows}
    by_task: dict[str, list[InstanceRow]] = {}
    for row in rows:
        by_task.setdefault(row.task_id, []).append(row)
    sizes = {group.task_id: group.n for group in groups}
    states = {group.task_id: (group.state, group.reason) for group in groups}
    only = set(run.only)
    tasks = [
        _line(task, by_task.get(task.task_id, []), sizes.get(task.task_id), states.get(task.task_id), notes)
        for task in known.spec.tasks
        if not only or task.task_id in only
    ]
    interval = run.interval_start, run.interval_end
    return RunView(
        now=time.time(),
        event=event,
        dag_id=dag_id,
        dag_name=known.name,
        paused=dag is not None and dag.paused,
        run_id=run_id,
        number=run.id,
        state=run.state,
        run_type=run_type(run.run_type).value,
        by=run.started_by,
        backfill=run.backfill,
        queued=run.queued_at,
        started=run.started_at,
        ended=run.ended_at,
        date=run.logical_date,
        interval=None if interval[0] is None or interval[1] is None else (interval[0], interval[1]),
        conf=run.conf or {},
        note=found[0][-1] if found else None,
        reason=run.reason,
        version_number=known.number,
        groups={group.group_id: group.label or group.group_id for group in known.spec.groups},
        tasks=tasks,
    )


# Which state of its instances a mapped task shows, the heaviest first.
_WEIGHT = ("running", "failed", "upstream_failed", "up_for_retry", "up_for_reschedule", "deferred", "starting")
_REST = ("queued", "scheduled", "none", "success", "skipped", "removed")


def heaviest(counts: dict[str, int]) -> str:
    return next((state for state in (*_WEIGHT, *_REST) if counts.get(state)), "none")


def _line(
    task: TaskSpec,
    rows: list[InstanceRow],
    n: int | None,
    group: tuple[str, str | None] | None,
    notes: dict[tuple[str, int], str],
) -> TaskLine:
    is_mapped = n is not None or any(row.map_index >= 0 for row in rows) or task.is_mapped
    one = rows[0] if rows and not is_mapped else None
    counts = counted(rows, n) if is_mapped else {}
    state = one.state if one is not None else "none"
    if is_mapped:
        state = heaviest(counts) if counts else (group[0] if group is not None else "none")
    began = [row.started_at for row in rows if row.started_at is not None]
    ended = [row.ended_at for row in rows if row.ended_at is not None]
    whole = bool(rows) and all(row.ended_at is not None for row in rows) and (n is None or len(rows) >= n)
    return TaskLine(
        task_id=task.task_id,
        label=task.label or task.task_id,
        operator=task.operator,
        group=task.group_id,
        upstream=list(task.upstream),
        mapped=is_mapped,
        n=n if is_mapped else None,
        counts=counts,
        state=state,
        try_number=max((row.try_number for row in rows), default=0),
        tries=task.retries + 1,
        started=min(began, default=None),
        ended=max(ended, default=None) if whole else None,
        wake=min((row.wake_at for row in rows if row.wake_at is not None), default=None),
        reason=one.reason if one is not None else (group[1] if group is not None else None),
        note=notes.get((task.task_id, -1)),
    )


def counted(rows: list[InstanceRow], n: int | None) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.state] = counts.get(row.state, 0) + 1
    if n is not None and n > len(rows):
        counts["none"] = counts.get("none", 0) + n - len(rows)
    return counts


# ── its events ──


@routes.get(RUN + "/events", may="runs:read")
def get_run_events(
    here: At,
    dag_id: Text,
    run_id: Text,
    before: Number | None = None,
    limit: Annotated[int, Query(ge=1, le=EVENTS_MAX)] = EVENTS_MAX,
) -> RunEvents:
    """What has happened to a run and its tasks."""
    with here.reader() as reader:
        event = reader.last_event()
        run = run_of(reader, dag_id, run_id)
        asked = [Condition("run", "is", run.id)]
        if before is not None:
            asked.append(Condition("id", "lt", before))
        rows = reader.page("events", asked, [Order("id", True)], limit + 1).rows
    told = [RunEvent(id=row[0], at=row[1], kind=row[2], data=_opened(row[5])) for row in rows[:limit]]
    return RunEvents(event=event, events=told, more=len(rows) > limit)


def _opened(data: str | None) -> Any:
    return None if data is None else json.loads(data)


# ── an instance of a task ──


@routes.get(TASK, may="tasks:read")
def get_task_view(here: At, dag_id: Text, run_id: Text, task_id: Text, map_index: Number = -1) -> TaskView:
    """All of an instance that its page shows first. Of a mapped task, without an index, all of them together."""
    with here.reader() as reader:
        event = reader.last_event()
        run = run_of(reader, dag_id, run_id)
        known = here.version(reader, run.version)
        task = known.tasks.get(task_id, TaskSpec(task_id=task_id))
        n, rows = _mapped(reader, run.id, task_id)
        together = map_index == -1 and n is not None
        line = None
        if together or (n is None and task.is_mapped):
            line = _line(task, rows, n, None, {})
            one = None
        else:
            one = one_instance(here, reader, dag_id, run_id, task_id, map_index)
        attempts = [] if together else reader.attempts(run.id, task_id, map_index)
        named = [Condition("run", "is", run.id), Condition("task_id", "is", task_id)]
        named.append(Condition("map_index", "is", map_index))
        values = [] if together else reader.page("values", named).rows
        question = None if together else reader.question(run.id, task_id, map_index)
        labels = labels_of(here.home, reader, known, run.id, task_id, [map_index]) if map_index >= 0 else {}
    told = one if one is not None else line
    assert told is not None
    return TaskView(
        now=time.time(),
        event=event,
        dag_id=dag_id,
        dag_name=known.name,
        run_id=run_id,
        task_id=task_id,
        task_label=task.label or task_id,
        map_index=map_index,
        label=labels.get(map_index),
        n=n,
        counts={} if line is None else line.counts,
        state=told.state,
        try_number=told.try_number,
        tries=task.retries + 1,
        **_times(one, line),
        reason=told.reason,
        note=told.note,
        operator=task.operator,
        pool=task.pool,
        memory_limit_mb=task.memory_limit_mb,
        time_limit_s=task.time_limit_s,
        doc=task.doc,
        asks=question is not None and question.answered_at is None,
        attempts=[_attempt(attempt) for attempt in attempts],
        values=[KeptValue(key=row[3], kind=row[4] or "", bytes=row[5] or 0) for row in values],
        upstream=list(task.upstream),
        downstream=list(known.downstream.get(task_id, ())),
    )


def _times(one: Any, line: TaskLine | None) -> dict[str, float | None]:
    if line is not None:
        return {"started": line.started, "ended": line.ended, "wake": line.wake}
    return {"started": one.started_at, "ended": one.ended_at, "wake": one.wake_at}


def _attempt(one: AttemptRecord) -> Attempt:
    detail = one.detail or {}
    error = detail.get("error")
    return Attempt(
        try_number=one.try_number,
        outcome=one.outcome,
        started=one.started_at,
        ended=one.ended_at,
        reason=one.reason,
        exit_code=one.exit_code,
        signal=one.signal,
        peak_mb=one.peak_mb,
        cpu_s=detail.get("cpu_s"),
        host=detail.get("host"),
        log_bytes=one.log_bytes,
        error=error if isinstance(error, dict) else None,
        rendered={str(name): str(text) for name, text in (detail.get("rendered") or {}).items()},
    )


def _mapped(reader: Reader, run: int, task_id: str) -> tuple[int | None, list[InstanceRow]]:
    """How many instances there are, and those that have been touched; None: it is not mapped, or not yet."""
    n = next((n for _, name, n in reader.touched_groups([run]) if name == task_id), None)
    if n is None:
        return None, []
    return n, [row for row in reader.instances(run).rows if row.task_id == task_id]


@routes.get(TASK + "/instances", may="tasks:read")
def get_mapped_lines(
    here: At,
    dag_id: Text,
    run_id: Text,
    task_id: Text,
    begin: Annotated[int, Query(ge=0, le=2**31)] = 0,
    limit: Annotated[int, Query(ge=1, le=INSTANCES_MAX)] = INSTANCES_MAX,
    state: Annotated[list[Text], Query(description="Only those that stand so.")] = [],
) -> MappedLines:
    """The instances of a mapped task in their order, each with a label, whether it has begun or not."""
    with here.reader() as reader:
        event = reader.last_event()
        run = run_of(reader, dag_id, run_id)
        known: Known = here.version(reader, run.version)
        n, rows = _mapped(reader, run.id, task_id)
        if n is None:
            if task_id not in known.tasks:
                raise NotFound(kind="task", name=task_id, advice=f"Run '{run_id}' has none of this name.")
            return MappedLines(now=time.time(), event=event, n=0, instances=[])
        by_index = {row.map_index: row for row in rows}
        wanted = [index for index in range(n) if not state or _state(by_index.get(index)) in state]
        wanted = wanted[begin : begin + limit]
        labels = labels_of(here.home, reader, known, run.id, task_id, wanted)
    return MappedLines(
        now=time.time(),
        event=event,
        n=n,
        instances=[_mapped_line(index, by_index.get(index), labels.get(index)) for index in wanted],
    )


def _state(row: InstanceRow | None) -> str:
    return "none" if row is None else row.state


def _mapped_line(index: int, row: InstanceRow | None, label: str | None) -> MappedLine:
    if row is None:
        return MappedLine(
            map_index=index, label=label, state="none", try_number=0, started=None, ended=None, reason=None
        )
    return MappedLine(
        map_index=index,
        label=label,
        state=row.state,
        try_number=row.try_number,
        started=row.started_at,
        ended=row.ended_at,
        reason=row.reason,
    )


# ── a person ends it ──


class Ended(BaseModel):
    state: str


@routes.post(RUN + "/cancel", may="runs:write")
def cancel_run(here: At, dag_id: Text, run_id: Text) -> Ended:
    """What runs in it is ended, what has not begun does not begin; the run has failed then."""
    with here.reader() as reader:
        run_of(reader, dag_id, run_id)
    here.tell("cancel_run", dag_id=dag_id, run_id=run_id, reason=f"cancelled by {here.person.name}")
    with here.reader() as reader:
        return Ended(state=run_of(reader, dag_id, run_id).state)
