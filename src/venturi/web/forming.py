"""Rows as the shapes that clients know: versions, runs, task instances, and the numbers that stand for names.

Owns these translations, and which state a client is told (`starting` reads `queued`, `none` reads null).
"""

from __future__ import annotations

import os
import pwd
import socket
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from ..core.errors import NotFound
from ..core.spec import TaskSpec
from ..store import DagRow, Reader, RunRow
from .here import Here
from .models.runs import DagRun, TriggeredBy
from .models.shapes import DagVersion, RunState, RunType, TaskState
from .models.tasks import TaskInstance
from .paging import at, moment
from .readers import Known

_OURS = UUID("6f1c7ed1-35f5-4f5c-9b0f-7d0c1a4f2e11")
QUEUE = "default"
EXECUTOR = "local"
_RUN_TYPES = {"asset": RunType.asset_triggered}
_BY = {"scheduled": TriggeredBy.timetable, "backfill": TriggeredBy.backfill, "asset_triggered": TriggeredBy.asset}


def number(*names: str) -> int:
    """Stands for what has a name and no number; the same on every day."""
    return int.from_bytes(sha256("\0".join(names).encode("utf-8", "replace")).digest()[:6], "big")


def uuid_of(*names: object) -> str:
    return str(uuid5(_OURS, "/".join(map(str, names))))


def dag_of(reader: Reader, dag_id: str) -> DagRow:
    found = reader.dag(dag_id)
    if found is None or found.version is None:
        raise NotFound(kind="DAG", name=dag_id, advice="")
    return found


def known_of(here: Here, reader: Reader, dag_id: str) -> Known:
    """The current version."""
    version = dag_of(reader, dag_id).version
    assert version is not None
    return here.version(reader, version)


def run_of(reader: Reader, dag_id: str, run_id: str) -> RunRow:
    dag_of(reader, dag_id)
    found = reader.run(dag_id, run_id)
    if found is None:
        raise NotFound(kind="run", name=run_id, advice=f"DAG '{dag_id}' has no such run.")
    return found


def bundle_of(source: dict[str, Any]) -> str | None:
    root = source.get("load", {}).get("root")
    return os.path.basename(root) if root else None


def version_shape(known: Known) -> DagVersion:
    return DagVersion(
        id=uuid_of("version", known.id),
        version_number=known.number,
        dag_id=known.dag_id,
        bundle_name=bundle_of(known.source),
        bundle_version=None,
        created_at=moment(known.at),
        dag_display_name=known.name,
        bundle_url=None,
    )


# ── runs ─────────────────────────────────────────────────────────────────────────────────────────────────


def run_type(text: str) -> RunType:
    try:
        return _RUN_TYPES.get(text) or RunType(text)
    except ValueError:
        return RunType.manual


def run_after(run: RunRow) -> float:
    if run.run_type in ("scheduled", "backfill"):
        return next(one for one in (run.interval_end, run.logical_date, run.queued_at) if one is not None)
    return run.queued_at


def run_shape(here: Here, reader: Reader, run: RunRow, note: str | None) -> DagRun:
    known = here.version(reader, run.version)
    duration = None if run.started_at is None or run.ended_at is None else run.ended_at - run.started_at
    return DagRun(
        dag_run_id=run.run_id,
        dag_id=run.dag_id,
        logical_date=at(run.logical_date),
        queued_at=at(run.queued_at),
        start_date=at(run.started_at),
        end_date=at(run.ended_at),
        duration=duration,
        data_interval_start=at(run.interval_start),
        data_interval_end=at(run.interval_end),
        run_after=moment(run_after(run)),
        last_scheduling_decision=at(run.ended_at or run.started_at),
        run_type=run_type(run.run_type),
        state=RunState(run.state),
        triggered_by=_BY.get(run.run_type, TriggeredBy.rest_api),
        triggering_user_name=run.started_by,
        conf=run.conf,
        note=note,
        dag_versions=[version_shape(known)],
        bundle_version=None,
        dag_display_name=known.name,
        partition_key=run.partition_key,
        partition_date=at(run.partition_date),
    )


def listed_run(here: Here, reader: Reader, row: tuple[Any, ...]) -> DagRun:
    """Of a row of the list of runs."""
    return run_shape(here, reader, RunRow.of(row[:-1]), row[-1])


def told_run(here: Here, reader: Reader, dag_id: str, run_id: str) -> DagRun:
    """As it now is."""
    run_of(reader, dag_id, run_id)
    from ..store.reading_pages import Condition

    rows = reader.page("runs", [Condition("dag_id", "is", dag_id), Condition("run_id", "is", run_id)]).rows
    return listed_run(here, reader, rows[0])


# ── task instances ───────────────────────────────────────────────────────────────────────────────────────


class Instance(NamedTuple):
    """A row of the list of instances."""

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
    at: float | None
    reason: str | None
    dag_id: str
    run_id: str
    version: int
    logical_date: float | None
    run_after: float
    run_type: str
    note: str | None


_STATES = {"none": None, "starting": TaskState.queued}


def state_of(state: str) -> TaskState | None:
    return _STATES[state] if state in _STATES else TaskState(state)


def states_asked(states: Iterable[Any]) -> list[str]:
    """Ours, of those that a client names; null is `none`."""
    found = []
    for one in states:
        name = getattr(one, "value", one)
        if name in (None, "none", "no_status", "null"):
            found.append("none")
        elif name == "queued":
            found += ["queued", "starting"]
        else:
            found.append(str(name))
    return found


@cache
def host() -> str:
    return socket.gethostname()


@cache
def user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


_GONE = TaskSpec(task_id="")  # a task that its run's version does not have


def instance_shape(here: Here, reader: Reader, one: Instance) -> TaskInstance:
    known = here.version(reader, one.version)
    common = instance_fields(known, one)
    label = known.tasks.get(one.task_id, _GONE).label
    return TaskInstance(
        id=uuid_of("instance", one.run, one.task_id, one.map_index),
        logical_date=at(one.logical_date),
        run_after=moment(one.run_after),
        note=one.note,
        rendered_map_index=str(one.map_index) if one.map_index >= 0 else None,
        rendered_fields={},
        trigger=None,
        triggerer_job=None,
        **{**common, "task_display_name": label or one.task_id},
    )


def instance_fields(known: Known, one: Instance) -> dict[str, Any]:
    task = known.tasks.get(one.task_id, _GONE)
    ended = one.ended_at
    begun = one.state not in ("none", "scheduled")
    return {
        "task_id": one.task_id,
        "dag_id": one.dag_id,
        "dag_run_id": one.run_id,
        "map_index": one.map_index,
        "start_date": at(one.started_at),
        "end_date": at(ended),
        "duration": None if one.started_at is None or ended is None else ended - one.started_at,
        "state": state_of(one.state),
        "try_number": one.try_number,
        "max_tries": task.retries,
        "task_display_name": task.label or one.task_id,
        "dag_display_name": known.name,
        "hostname": host() if one.try_number else None,
        "unixname": user() if one.try_number else None,
        "pool": task.pool,
        "pool_slots": task.pool_slots,
        "queue": QUEUE,
        "priority_weight": task.priority_weight,
        "operator": task.operator,
        "operator_name": task.operator,
        "queued_when": at(one.at) if begun and one.started_at is None else at(one.started_at),
        "scheduled_when": at(one.at) if one.started_at is None and one.state != "none" else at(one.started_at),
        "pid": None,
        "executor": EXECUTOR,
        "executor_config": "{}",
        "dag_version": version_shape(known),
    }
