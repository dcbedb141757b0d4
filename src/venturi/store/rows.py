"""What is read from the database, as values: one form per table, JSON already opened.

Owns these forms and how a row of the driver becomes one. A form's fields are the columns of its SELECT, in order.
`DagVersion` is core's, since the engine writes and reads the same one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..core.moves import DagVersion, Intervention


class DagRow(NamedTuple):
    dag_id: str
    version: int | None  # the current one
    paused: bool
    active: bool
    ad_hoc: bool
    file: str | None
    at: float

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> DagRow:
        dag_id, version, paused, active, ad_hoc, file, at = row
        return cls(dag_id, version, bool(paused), bool(active), bool(ad_hoc), file, at)


def version_of(row: tuple[Any, ...]) -> DagVersion:
    """Columns of dag_version, then paused and ad_hoc of its DAG."""
    id, dag_id, digest, spec, source, at, paused, ad_hoc = row
    return DagVersion(id, dag_id, digest, json.loads(spec), json.loads(source), at, bool(paused), bool(ad_hoc))


class RunRow(NamedTuple):
    id: int
    dag_id: str
    run_id: str
    version: int
    state: str
    run_type: str
    queued_at: float
    started_at: float | None
    ended_at: float | None
    logical_date: float | None
    interval_start: float | None
    interval_end: float | None
    conf: dict[str, Any]
    idempotency_key: str | None
    ignores_pause: bool
    reason: str | None
    only: tuple[str, ...] = ()
    backfill: int | None = None
    started_by: str | None = None
    partition_key: str | None = None
    partition_date: float | None = None

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> RunRow:
        made = cls._make(row)
        only = tuple(json.loads(row[16])) if row[16] else ()
        return made._replace(conf=json.loads(row[12]), ignores_pause=bool(made.ignores_pause), only=only)


class InstanceRow(NamedTuple):
    run: int
    task_id: str
    map_index: int
    state: str
    token: int
    try_number: int
    lost: int
    started_at: float | None
    ended_at: float | None
    wake_at: float | None
    at: float
    reason: str | None


class QuestionRow(NamedTuple):
    """What a task asks a person, and what was answered."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    token: int
    detail: dict[str, Any]
    at: float
    answer: dict[str, Any] | None  # chosen, params
    by: str | None
    answered_at: float | None


class DeferralRow(NamedTuple):
    run: int
    task_id: str
    map_index: int
    token: int
    trigger: str
    method: str
    data: str
    event: str | None
    at: float


class CallRow(NamedTuple):
    id: int
    run: int
    task_id: str
    map_index: int
    kind: str
    try_number: int
    of_token: int
    state: str
    token: int
    at: float
    ended_at: float | None
    outcome: str | None
    reason: str | None
    detail: dict[str, Any]

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> CallRow:
        return cls._make((*row[:13], json.loads(row[13])))


class DeadlineRow(NamedTuple):
    """What a run is to have done by when, and what has become of it."""

    run: int
    n: int
    kind: str
    due_at: float | None
    state: str
    is_length: bool
    at: float | None
    call: int | None
    detail: dict[str, Any]

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> DeadlineRow:
        made = cls._make(row)
        return made._replace(is_length=bool(made.is_length), detail=json.loads(row[8]))


class GroupRow(NamedTuple):
    run: int
    task_id: str
    n: int
    touched: int
    state: str
    at: float
    reason: str | None
    sizes: list[int]

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> GroupRow:
        return cls._make((*row[:7], json.loads(row[7])))


class Instances(NamedTuple):
    """All of a run that has been touched."""

    rows: list[InstanceRow]
    groups: list[GroupRow]


class AttemptRecord(NamedTuple):
    token: int
    run: int
    task_id: str
    map_index: int
    try_number: int
    outcome: str
    started_at: float | None
    ended_at: float
    reason: str | None
    pid: int | None
    exit_code: int | None
    signal: int | None
    peak_mb: float | None
    log: str | None
    log_bytes: int
    detail: dict[str, Any] | None

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> AttemptRecord:
        return cls._make((*row[:15], None if row[15] is None else json.loads(row[15])))


class StoredValue(NamedTuple):
    """`data` is the encoding; without it `ref` names the file in the value store that holds it."""

    run: int
    task_id: str
    map_index: int
    key: str
    token: int
    kind: str
    length: int | None
    data: str | None
    ref: str | None
    bytes: int


class EventRow(NamedTuple):
    id: int
    at: float
    kind: str
    dag_id: str | None
    run: int | None
    data: Any

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> EventRow:
        return cls._make((*row[:5], None if row[5] is None else json.loads(row[5])))


class CommandRow(NamedTuple):
    id: int
    name: str
    payload: dict[str, Any]
    at: float
    done_at: float | None
    answer: dict[str, Any] | None

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> CommandRow:
        id, name, payload, at, done_at, answer = row
        return cls(id, name, json.loads(payload), at, done_at, None if answer is None else json.loads(answer))


class PoolRow(NamedTuple):
    name: str
    slots: int
    description: str | None
    include_deferred: bool | None


class VariableRow(NamedTuple):
    """What can be told without opening it."""

    key: str
    description: str | None
    at: float


class ConnectionRow(NamedTuple):
    """What can be told without opening it."""

    conn_id: str
    conn_type: str | None
    description: str | None
    at: float


class ImportErrorRow(NamedTuple):
    file: str
    error: dict[str, Any]
    at: float | None

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> ImportErrorRow:
        return cls(row[0], json.loads(row[1]), row[2])


class ScheduleRow(NamedTuple):
    dag_id: str
    next_at: float | None
    next_date: float | None
    last_date: float | None
    last_at: float | None
    last_start: float | None
    last_end: float | None
    detail: dict[str, Any] | None

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> ScheduleRow:
        return cls._make((*row[:7], None if row[7] is None else json.loads(row[7])))


class BackfillRow(NamedTuple):
    id: int
    dag_id: str
    state: str
    request: dict[str, Any]
    n: int
    cursor: float | None
    total: int | None
    key: str | None
    at: float
    ended_at: float | None
    reason: str | None

    @classmethod
    def of(cls, row: tuple[Any, ...]) -> BackfillRow:
        return cls._make((*row[:3], json.loads(row[3]), *row[4:]))


class BackfillDateRow(NamedTuple):
    """A date of a backfill that has been dealt with, and how its run stands."""

    n: int
    logical_date: float
    what: str
    reason: str | None
    run: int | None
    run_id: str | None  # None: there is none any more
    state: str | None


class PileRow(NamedTuple):
    """The events of one asset that wait for a DAG to start by them."""

    dag_id: str
    name: str
    uri: str
    n: int  # those that count for its condition
    first_at: float | None  # of these
    start: float  # data intervals of the runs that made them
    end: float


@dataclass(slots=True)
class World:
    """All that an engine needs to go on where the last one ended, as of one moment."""

    dags: list[DagRow]
    versions: list[DagVersion]  # current ones of active DAGs, and those of unfinished runs
    runs: list[RunRow]  # unfinished, oldest first
    instances: list[InstanceRow]  # of these runs, not final
    finished: list[tuple[int, str, int, str]]  # (run, task_id, −1, state): final and not of a group
    groups: list[GroupRow]
    group_counts: list[tuple[int, str, str, int]]  # (run, task_id, final state, how many instances)
    deferrals: list[tuple[int, str, int, int]]  # (run, task_id, map_index, token)
    placements: list[tuple[int, str, int, int, list[str]]]  # (run, task_id, map_index, token, devices)
    calls: list[CallRow]  # due or starting, oldest first
    call_runs: list[RunRow]  # of these, whether they are over or not
    pools: list[PoolRow]
    schedules: list[ScheduleRow]
    import_errors: list[ImportErrorRow]
    commands: list[CommandRow]  # waiting, oldest first
    piles: list[PileRow]
    interventions: list[Intervention]  # of unfinished runs
    backfills: list[BackfillRow] = field(default_factory=list)  # running or paused
    deadlines: list[DeadlineRow] = field(default_factory=list)  # due, also of runs that have failed
