"""What a DAG has done and will do, packed for pictures: days of a year, the attempts of a run, how long tasks took.

Owns these forms. Nothing here grows with the history: a year in buckets, one run, or the newest runs.
"""

from __future__ import annotations

import time
from typing import Annotated, Any

from fastapi import Query
from fastapi.responses import Response

from ...core.timetables import Planned, upcoming
from ...store.reading_pages import Condition, Order
from ..forming import dag_of, known_of, run_of
from ..here import OWN, At, Routes
from ..packing import LETTERS, packed
from ..paging import Number, Text
from .grid import JSON, Encoding, sent

routes = Routes("Venturi", OWN)

BUCKET_S, YEAR_S = 900.0, 366 * 86_400.0
BARS_MAX = 20_000
CELLS_MAX = 200_000
COMING_MAX = 100


@routes.get("/dags/{dag_id}/calendar", may="runs:read", response_class=Response, responses=JSON)
def get_calendar(
    here: At,
    dag_id: Text,
    since: Annotated[float, Query(ge=0, lt=1e11, description="Seconds since 1970.")],
    encoding: Encoding = "",
) -> Response:
    """How many runs stand how, in quarters of an hour of the year from `since` on: [quarter, state, how many]. A run
    counts at its logical date, or when it was made."""
    start = since // BUCKET_S * BUCKET_S
    with here.reader() as reader:
        dag_of(reader, dag_id)
        event = reader.last_event()
        rows = reader.buckets_of_runs(dag_id, start, start + YEAR_S, BUCKET_S)
    told = {"now": time.time(), "event": event, "since": start, "bucket_s": BUCKET_S, "counts": [list(r) for r in rows]}
    return sent(told, encoding)


@routes.get("/dags/{dag_id}/coming", may="dags:read", response_class=Response, responses=JSON)
def get_coming(here: At, dag_id: Text, many: Annotated[int, Query(ge=1, le=COMING_MAX)] = 5) -> Response:
    """When its next runs are due by its schedule: [due, logical date]. A paused DAG has them too."""
    with here.reader() as reader:
        dag = dag_of(reader, dag_id)
        spec = known_of(here, reader, dag_id).spec
        row = reader.schedules().get(dag_id)
    dates = []
    if row is not None and row.next_at is not None:
        interval = None if row.next_date is None else (row.next_date, row.next_at)
        dates = [
            [one.run_after, one.logical_date]
            for one in upcoming(spec, Planned(row.next_at, row.next_date, interval), many)
        ]
    return sent({"dag_id": dag_id, "now": time.time(), "paused": dag.paused, "dates": dates}, "")


@routes.get("/dags/{dag_id}/timeline", may="runs:read", response_class=Response, responses=JSON)
def get_timeline(here: At, dag_id: Text, run_id: Text, encoding: Encoding = "") -> Response:
    """One run: each attempt that is over and each instance that is not, [place in `tasks`, map index, try, state,
    began, ended]. What has not begun has no times. `cut`: there are more than are told."""
    with here.reader() as reader:
        run = run_of(reader, dag_id, run_id)
        event = reader.last_event()
        known = here.version(reader, run.version)
        attempts = reader.attempts_of_run(run.id, BARS_MAX)
        instances = reader.instances_of_run(run.id, BARS_MAX)
    tasks = list(known.tasks)
    place = {task: at for at, task in enumerate(tasks)}
    bars = [
        [place[task], index, number, outcome, begun, ended]
        for task, index, number, outcome, begun, ended in attempts
        if task in place
    ]
    told_of = {(task, index, number) for task, index, number, *_ in attempts}
    for task, index, number, state, begun, ended, _ in instances:
        is_told = (task, index, number) in told_of and (ended is not None or begun is None)
        if task in place and not is_told:
            bars.append([place[task], index, number, state, begun, ended])
    return sent(
        {
            "dag_id": dag_id,
            "dag_run_id": run_id,
            "number": run.id,
            "now": time.time(),
            "event": event,
            "state": run.state,
            "times": [run.queued_at, run.started_at, run.ended_at, run.logical_date],
            "tasks": tasks,
            "bars": bars,
            "cut": len(attempts) == BARS_MAX or len(instances) == BARS_MAX,
        },
        encoding,
    )


@routes.get("/dags/{dag_id}/durations", may="runs:read", response_class=Response, responses=JSON)
def get_durations(
    here: At, dag_id: Text, runs: Annotated[int, Query(ge=1, le=100)] = 30, encoding: Encoding = ""
) -> Response:
    """How long the tasks of the current version took in the newest runs, oldest first: for each task a list with a
    number of seconds, or null, for each run. Of many tasks fewer runs are told."""
    with here.reader() as reader:
        known = known_of(here, reader, dag_id)
        event = reader.last_event()
        tasks = list(known.tasks)
        many = max(1, min(runs, CELLS_MAX // max(1, len(tasks))))
        rows = list(reversed(reader.last_runs(dag_id, many)))
        lengths = reader.lengths_of_tasks([row.id for row in rows])
    place = {task: at for at, task in enumerate(tasks)}
    column = {row.id: at for at, row in enumerate(rows)}
    table: list[list[float | None]] = [[None] * len(rows) for _ in tasks]
    for run, task, begun, ended in lengths:
        if task in place:
            table[place[task]][column[run]] = round(max(0.0, ended - begun), 3)
    told_runs = [[r.id, r.run_id, r.state, r.queued_at, r.started_at, r.ended_at, r.logical_date] for r in rows]
    return sent({"now": time.time(), "event": event, "tasks": tasks, "runs": told_runs, "seconds": table}, encoding)


@routes.get("/dags/{dag_id}/instances", may="runs:read", response_class=Response, responses=JSON)
def get_instances_of(
    here: At,
    dag_id: Text,
    task_id: Text,
    limit: Annotated[int, Query(ge=1, le=200)] = 30,
    before: Number | None = None,
    encoding: Encoding = "",
) -> Response:
    """The instances of a mapped task, one by one, in the runs that the grid shows: [run's number, letters by map
    index, packed as the grid's]."""
    asked = [Condition("dag_id", "is", dag_id)]
    if before is not None:
        asked.append(Condition("id", "lt", before))
    with here.reader() as reader:
        dag_of(reader, dag_id)
        event = reader.last_event()
        rows = reader.page("runs", asked, [Order("id", True)], limit).rows
        numbers = [row[0] for row in rows]
        sizes = {
            n: size for run in numbers for task, size, _ in reader.group_states(run) if task == task_id for n in [run]
        }
        found = reader.states_of_instances(task_id, numbers, CELLS_MAX)
    letters: dict[int, list[str]] = {number: ["n"] * min(size, CELLS_MAX) for number, size in sizes.items()}
    for run, index, state in found:
        line = letters.setdefault(run, [])
        line.extend("n" * (index + 1 - len(line)))
        line[index] = LETTERS[state]
    told: list[Any] = [[run, packed(line)] for run, line in letters.items()]
    return sent({"task_id": task_id, "event": event, "runs": told, "cut": len(found) == CELLS_MAX}, encoding)
