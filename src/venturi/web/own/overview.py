"""The first look, each in one compact answer: everything at a glance, and the list of DAGs with their last runs.

Owns these two forms. Nothing here grows with the history: each DAG's newest runs, what is unfinished, and a day.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel

from ...core.errors import VenturiError
from ...store import Reader
from ...store.reading_overview import Looked
from ...store.reading_pages import Condition
from ...store.rows import ImportErrorRow
from ..api.dag_parts import seen_errors
from ..api.dags import Found, all_found, dag_fields
from ..forming import run_type
from ..here import OWN, At, Here, Routes

routes = Routes("Venturi", OWN)

DAY_S, BUCKET_S = 24 * 3600.0, 900.0
LAST_RUNS, LAST_RUNS_MAX = 20, 50
DAY_RUNS_MAX, RUNNING_MAX, FAILED_MAX, NEXT_MAX, AT_WORK_MAX = 20_000, 50, 12, 12, 8
CODE_LINES, FILE_BYTES_MAX = 4, 1 << 20

# number, run, state, type, queued, started, ended, logical date
Run = tuple[int, str, str, str, float, float | None, float | None, float | None]


class ListedDag(BaseModel):
    """As much of a DAG as a list shows. `next_at` is when its next run is due; `active` runs are queued or running."""

    dag_id: str
    name: str
    description: str | None
    paused: bool
    tags: list[str]
    owners: list[str]
    schedule: str | None
    schedule_words: str | None
    next_at: float | None
    file: str | None
    bundle: str | None
    version_number: int
    broken: bool
    has_params: bool
    active: int
    runs: list[Run]


class CodeLine(BaseModel):
    number: int
    text: str


class BrokenFile(BaseModel):
    """A DAG file that cannot be read: where, why, and the lines around."""

    file: str
    at: float | None
    kind: str | None
    message: str
    at_file: str
    line: int | None
    trace: str
    code: list[CodeLine]


class DagList(BaseModel):
    """`event` is the last event that this answer knows of."""

    now: float
    event: int
    dags: list[ListedDag]
    broken: list[BrokenFile]


class AtWork(BaseModel):
    """An instance of a task that is under way."""

    task_id: str
    map_index: int
    state: str
    started: float | None


class OpenRun(BaseModel):
    """A run that is not over, how many instances of tasks stand how, and what is under way."""

    dag_id: str
    name: str
    run: Run
    by: str | None
    paused: bool
    tasks: int
    counts: dict[str, int]
    at_work: list[AtWork]


class FailedRun(BaseModel):
    """A run that has failed, in a sentence why, and whether a newer one of its DAG has succeeded since."""

    dag_id: str
    name: str
    run: Run
    why: str | None
    mended: bool


class Coming(BaseModel):
    """The next run of a DAG."""

    dag_id: str
    name: str
    at: float
    schedule: str | None


class Activity(BaseModel):
    """How many runs ended in each `bucket_s` from `since` on."""

    since: float
    bucket_s: float
    success: list[int]
    failed: list[int]


class Glance(BaseModel):
    """`event` is the last event that this answer knows of."""

    now: float
    event: int
    dags: int
    paused: int
    broken: int
    questions: int
    unfinished: int
    running: list[OpenRun]
    failed: list[FailedRun]
    coming: list[Coming]
    activity: Activity


@routes.get("/dags", may="dags:read", by_grant=True)
def get_dag_list(here: At, runs: Annotated[int, Query(ge=0, le=LAST_RUNS_MAX)] = LAST_RUNS) -> DagList:
    """All DAGs that are there, each with its newest runs, oldest first."""
    with here.reader() as reader:
        event = reader.last_event()
        active: dict[str, int] = {}
        for dag_id, state, n in reader.run_counts():
            if state in ("queued", "running"):
                active[dag_id] = active.get(dag_id, 0) + n
        found = [one for one in all_found(here, reader) if one.row.active]
        told = [
            _listed(one, active.get(one.row.dag_id, 0), reader.last_runs(one.row.dag_id, runs) if runs else [])
            for one in sorted(found, key=lambda one: one.row.dag_id)
        ]
        broken = [_broken(row) for row in seen_errors(here, reader)]
    return DagList(now=time.time(), event=event, dags=told, broken=broken)


def _listed(one: Found, active: int, runs: list[Looked]) -> ListedDag:
    fields = dag_fields(one)
    due = fields["next_dagrun_run_after"]
    return ListedDag(
        dag_id=one.row.dag_id,
        name=one.known.name,
        description=fields["description"],
        paused=one.row.paused,
        tags=list(one.spec.tags),
        owners=fields["owners"],
        schedule=fields["timetable_summary"],
        schedule_words=fields["timetable_description"] if one.spec.schedule else None,
        next_at=None if due is None else due.timestamp(),
        file=fields["relative_fileloc"] or one.row.file,
        bundle=fields["bundle_name"],
        version_number=one.known.number,
        broken=one.broken,
        has_params=bool(one.spec.params),
        active=active,
        runs=[_run(row) for row in reversed(runs)],
    )


def _run(row: Looked) -> Run:
    kind = run_type(row.run_type).value
    return (row.id, row.run_id, row.state, kind, row.queued_at, row.started_at, row.ended_at, row.logical_date)


def _broken(row: ImportErrorRow) -> BrokenFile:
    error = row.error
    line = error.get("line")
    at_file = str(error.get("file") or row.file)
    kind, told = error.get("type"), str(error.get("message") or "")
    return BrokenFile(
        file=row.file,
        at=row.at,
        kind=None if kind is None else str(kind),
        message=told,
        at_file=at_file,
        line=line if isinstance(line, int) else None,
        trace=str(error.get("traceback") or told),
        code=_around(at_file, line) if isinstance(line, int) and at_file.endswith(".py") else [],
    )


def _around(file: str, line: int) -> list[CodeLine]:
    """As the file is now."""
    try:
        with Path(file).open("rb") as source:
            text = source.read(FILE_BYTES_MAX).decode("utf-8", "replace")
    except OSError:
        return []
    lines = text.splitlines()
    first = max(0, line - 1 - CODE_LINES)
    return [CodeLine(number=first + at + 1, text=one) for at, one in enumerate(lines[first : line + CODE_LINES])]


# ── everything at a glance ──


@routes.get("/home", may="runs:read", by_grant=True)
def get_home(here: At) -> Glance:
    """What runs, what failed and why, what comes next, and the last day."""
    now = time.time()
    with here.reader() as reader:
        event = reader.last_event()
        dags = [one for one in all_found(here, reader) if one.row.active]
        unfinished = [row for row in reader.unfinished(DAY_RUNS_MAX) if here.sees(row.dag_id)]
        day = [row for row in reader.runs_since(now - 2 * DAY_S, DAY_RUNS_MAX) if here.sees(row.dag_id)]
        running = [_open(here, reader, row) for row in _most_alive(unfinished)[:RUNNING_MAX]]
        failed = _failed(here, reader, day, now)
        waiting = [Condition("answered_at", "empty", True), *here.in_scope()]
        questions = reader.page("questions", waiting, limit=1).total
        broken = len(seen_errors(here, reader))
        names = {one.row.dag_id: one.known.name for one in dags}
    coming = sorted((_coming(one) for one in dags if _is_due(one)), key=lambda one: one.at)
    return Glance(
        now=now,
        event=event,
        dags=len(dags),
        paused=sum(one.row.paused for one in dags),
        broken=broken,
        questions=questions,
        unfinished=len(unfinished),
        running=running,
        failed=[_why(here, row, mended, names) for row, mended in failed],
        coming=coming[:NEXT_MAX],
        activity=_activity(day, now),
    )


def _most_alive(rows: list[Looked]) -> list[Looked]:
    return sorted(rows, key=lambda row: (row.state != "running", -row.id))


def _open(here: Here, reader: Reader, row: Looked) -> OpenRun:
    found = reader.run_by_id(row.id)
    known = None if found is None else here.version(reader, found.version)
    dag = reader.dag(row.dag_id)
    return OpenRun(
        dag_id=row.dag_id,
        name=row.dag_id if known is None else known.name,
        run=_run(row),
        by=row.started_by,
        paused=dag is not None and dag.paused,
        tasks=0 if known is None else len(known.tasks),
        counts=reader.counts_of_tasks([row.id])[row.id],
        at_work=[
            AtWork(task_id=task, map_index=index, state=state, started=begun)
            for task, index, state, begun in reader.at_work(row.id, AT_WORK_MAX)
        ],
    )


def _failed(here: Here, reader: Reader, day: list[Looked], now: float) -> list[tuple[Looked, bool]]:
    """What failed within a day, and whatever a DAG ended with last, newest first."""
    found: dict[int, tuple[Looked, bool]] = {}
    ended: dict[str, Looked] = {}
    for row in day:
        if row.ended_at is None:
            continue
        if row.state == "failed" and row.ended_at >= now - DAY_S:
            newer = ended.get(row.dag_id)
            found[row.id] = (row, newer is not None and newer.state == "success")
        ended.setdefault(row.dag_id, row)
    for dag_id, state, *_ in reader.newest_runs():
        if state == "failed" and dag_id not in ended and here.sees(dag_id):
            for row in reader.last_runs(dag_id, 1):
                found[row.id] = (row, False)
    return sorted(found.values(), key=lambda one: (one[1], -(one[0].ended_at or 0.0)))[:FAILED_MAX]


def _why(here: Here, row: Looked, mended: bool, names: dict[str, str]) -> FailedRun:
    try:
        told: str | None = str(here.ask("why", dag_id=row.dag_id, run_id=row.run_id, task=None)["sentence"])
    except (VenturiError, KeyError):
        told = None  # the run is shown all the same
    return FailedRun(dag_id=row.dag_id, name=names.get(row.dag_id, row.dag_id), run=_run(row), why=told, mended=mended)


def _is_due(one: Found) -> bool:
    return one.schedule is not None and one.schedule.next_at is not None and not one.row.paused and not one.row.ad_hoc


def _coming(one: Found) -> Coming:
    fields: dict[str, Any] = dag_fields(one)
    assert one.schedule is not None
    assert one.schedule.next_at is not None
    words = fields["timetable_description"] or fields["timetable_summary"]
    return Coming(dag_id=one.row.dag_id, name=one.known.name, at=one.schedule.next_at, schedule=words)


def _activity(day: list[Looked], now: float) -> Activity:
    n = int(DAY_S / BUCKET_S)
    since = (now // BUCKET_S + 1) * BUCKET_S - DAY_S
    told = Activity(since=since, bucket_s=BUCKET_S, success=[0] * n, failed=[0] * n)
    for row in day:
        at = -1 if row.ended_at is None else int((row.ended_at - since) // BUCKET_S)
        if 0 <= at < n and row.state in ("success", "failed"):
            (told.success if row.state == "success" else told.failed)[at] += 1
    return told
