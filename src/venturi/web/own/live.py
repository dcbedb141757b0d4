"""Live events by a server-sent stream, why something does not run, and metrics in the form that Prometheus reads."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Header, Query, Request
from fastapi.responses import PlainTextResponse, Response, StreamingResponse
from pydantic import BaseModel

from ... import __version__
from ...core.errors import StoreError, VenturiError
from ...store.reading_pages import Condition, Order
from ..errors import Fault
from ..here import OWN, STREAMED, At, Here, Routes
from ..paging import Number, Text
from .watch import HEALTH_S, Watch

routes = Routes("Venturi", OWN)

BEAT_S = 15.0
PAGE = 500
STREAMS_MAX = 40
_open: set[object] = set()


class Why(BaseModel):
    """In a sentence for people, a code for programs, and until when at the latest."""

    sentence: str
    code: str
    until: float | None = None
    dag_id: str
    run_id: str | None = None
    task_id: str | None = None
    map_index: int | None = None


@routes.get("/dags/{dag_id}/why", may="runs:read")
def get_why(here: At, dag_id: Text, run_id: Text | None = None, task: Text | None = None) -> Why:
    """Why a DAG, a run or a task (`TASK` or `TASK[3]`) is not running, or how it ended."""
    if task is not None and run_id is None:
        raise Fault(400, "Of which run is the task? Say its run_id.")
    told = here.ask("why", dag_id=dag_id, run_id=run_id, task=task)
    return Why.model_validate({name: told.get(name) for name in Why.model_fields if told.get(name) is not None})


@routes.get(
    "/events",
    may="runs:read",
    by_grant=True,
    response_class=StreamingResponse,
    responses=STREAMED,
)
async def get_events(
    here: At,
    request: Request,
    dag_id: Text | None = None,
    after: Annotated[Number | None, Query(description="The last event that is known; without it, from now on.")] = None,
    last_event_id: Annotated[str | None, Header()] = None,
    page: Annotated[
        bool,
        Query(
            description="For a page: events without names, where they begin, and whether engine and database answer."
        ),
    ] = False,
) -> StreamingResponse:
    """Everything that is committed from now on, or after an event, in the order of the commits."""
    if len(_open) >= STREAMS_MAX:
        raise Fault(503, f"There are {STREAMS_MAX} streams already.")
    if last_event_id is not None and last_event_id.isdigit() and len(last_event_id) < 19:
        after = int(last_event_id)
    newest = await asyncio.to_thread(_last, here)
    start = newest if after is None else min(after, newest)
    first = f"event: from\ndata: {json.dumps({'event': start, 'newest': newest})}\n\n" if page else ""
    stream = _stream(here, request.app.state.watch, dag_id, start, page, first)
    return StreamingResponse(stream, media_type="text/event-stream")


def _last(here: Here) -> int:
    with here.reader() as reader:
        return reader.last_event()


async def _stream(
    here: Here, watch: Watch, dag_id: str | None, after: int, page: bool, first: str
) -> AsyncIterator[str]:
    mark = object()
    _open.add(mark)
    known: dict[str, str | None] = {}
    try:
        async with watch.followed():
            yield f": from event {after} on\n\n{first}"
            while True:
                rows, after = await _looked(here, dag_id, after)
                for row in rows:
                    yield _told(row, named=not page)
                if page and watch.health not in (known, {}):
                    # Without an id: a stream that breaks here goes on after the last event.
                    yield f"event: health\ndata: {json.dumps({'kind': 'health', 'data': watch.health})}\n\n"
                known = watch.health
                if not rows and not await watch.changed(after, known, BEAT_S):
                    yield ": still here\n\n"
    finally:
        _open.discard(mark)


async def _looked(here: Here, dag_id: str | None, after: int) -> tuple[list[tuple[Any, ...]], int]:
    try:
        return await asyncio.to_thread(_look, here, dag_id, after)
    except StoreError:
        await asyncio.sleep(HEALTH_S)  # the watch tells of it, and looks until the database is back
        return [], after


def _look(here: Here, dag_id: str | None, after: int) -> tuple[list[tuple[Any, ...]], int]:
    """The next events, and up to which one has been looked."""
    with here.reader() as reader:
        newest = reader.last_event()
        if newest <= after:
            return [], after
        rows = reader.page("events", [Condition("id", "gt", after)], [Order("id")], PAGE).rows
        if not rows:
            return [], newest
        of_run = {row[4] for row in rows if row[3] is None and row[4] is not None}
        names = {}
        if of_run:
            found = reader.page("runs", [Condition("id", "in", sorted(of_run))]).rows
            names = {row[0]: row[1] for row in found}
    told = [(*row[:3], row[3] or names.get(row[4]), *row[4:]) for row in rows]
    return [row for row in told if dag_id in (None, row[3]) and here.sees(row[3])], rows[-1][0]


def _told(row: tuple[Any, ...], named: bool) -> str:
    id, at, kind, dag_id, _, data, run_id, _ = row
    told = {
        "at": at,
        "kind": kind,
        "dag_id": dag_id,
        "dag_run_id": run_id,
        "data": None if data is None else json.loads(data),
    }
    name = f"event: {kind}\n" if named else ""
    return f"id: {id}\n{name}data: {json.dumps(told)}\n\n"


# ── metrics ──


@routes.get(
    "/metrics",
    may="about:read",
    response_class=Response,  # so that a refusal is described as JSON
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def get_metrics(here: At) -> PlainTextResponse:
    lines: list[str] = []

    def say(name: str, help: str, values: dict[tuple[tuple[str, str], ...], float], kind: str = "gauge") -> None:
        lines.append(f"# HELP venturi_{name} {help}")
        lines.append(f"# TYPE venturi_{name} {kind}")
        for labels, value in sorted(values.items()):
            told = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels)
            lines.append(f"venturi_{name}{{{told}}} {value:g}" if told else f"venturi_{name} {value:g}")

    with here.reader() as reader:
        runs = reader.run_counts()
        dags = [dag for dag in reader.dags() if dag.active]
        open_instances = Counter[str]()
        used = Counter[str]()
        for version, task_id, state, n in reader.open_instances():
            open_instances[state] += n
            task = here.version(reader, version).tasks.get(task_id)
            if task is not None and state in ("starting", "running"):
                used[task.pool] += n * task.pool_slots
        pools = reader.pools()
        errors, last = len(reader.import_errors()), reader.last_event()
    try:
        told = here.ask("status")
    except VenturiError:
        told = {}
    say("info", "Which version answers.", {(("version", __version__),): 1})
    say("engine_up", "Whether an engine answers.", {(): float(bool(told))})
    say("attempts_live", "Attempts at work.", {(): float(told.get("live", 0))})
    say(
        "dags",
        "DAGs that are there.",
        {(("paused", str(p).lower()),): float(n) for p, n in Counter(d.paused for d in dags).items()},
    )
    say("import_errors", "DAG files that cannot be read.", {(): float(errors)})
    say("runs", "Runs that are kept.", {(("dag_id", dag), ("state", state)): float(n) for dag, state, n in runs})
    say("task_instances_open", "Of unfinished runs.", {(("state", s),): float(n) for s, n in open_instances.items()})
    say("pool_slots", "Slots of pools; -1 is no limit.", {(("pool", pool.name),): float(pool.slots) for pool in pools})
    say("pool_slots_used", "By attempts at work.", {(("pool", pool.name),): float(used[pool.name]) for pool in pools})
    say("events_total", "Commits' events so far.", {(): float(last)}, "counter")
    return PlainTextResponse("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
