"""What a whole DAG is at: what starts its next run and when, and what keeps it from that.

Owns the sentences. Pure; what schedules, assets and the store know is handed in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .backfills import Standing
from .why import Why, at, closed, lowered, some, unpause, within


@dataclass(slots=True)
class DagFacts:
    dag_id: str
    now: float
    active: bool = True  # a file defines it
    ad_hoc: bool = False
    file: str | None = None
    error: dict[str, Any] | None = None  # why its file cannot be read
    paused: bool = False
    paused_as: str | None = None  # where it is known
    waiting: list[str] = field(default_factory=list)  # queued runs
    unfinished: tuple[str, Why] | None = None  # the oldest one that has begun
    refused: tuple[float, str] | None = None  # the newest trigger, where it was
    newest: tuple[str, str] | None = None  # run and state
    schedule: Any = None  # as the file says it
    start_date: str | None = None
    end_date: str | None = None
    told: dict[str, Any] = field(default_factory=dict)  # engine.schedules: next, words, problem, full
    assets: str | None = None  # engine.assets: what it waits for
    backfills: list[Standing] = field(default_factory=list)  # that are not over


def of_dag(f: DagFacts) -> Why:
    backfills = " ".join(one.words() for one in f.backfills)
    for of in (_of_file, _of_flag, _of_runs):
        found = of(f)
        if found is not None:
            more = f"{closed(found.sentence)} {backfills}" if backfills else found.sentence
            return Why(more, found.code, found.until)
    found = _of_next(f)
    if backfills:
        return Why(f"{closed(backfills)} {found.sentence}", "backfill", found.until)
    if f.refused is not None:
        when, message = f.refused
        return Why(f"The newest trigger, at {at(when)}, was refused: {closed(message)} {found.sentence}", "refused")
    return found


def _of_file(f: DagFacts) -> Why | None:
    if f.error is not None:
        line = f", line {f.error['line']}" if f.error.get("line") else ""
        message = closed(" ".join(str(f.error.get("message") or "no reason is kept").split()))
        meanwhile = " Its last good version is used until then." if f.active else ""
        return Why(f"Its file {f.file}{line} cannot be read: {message}{meanwhile}", "import_error")
    if not f.active:
        last = f"; it was last in {f.file}" if f.file else ""
        goes = " What of it has begun goes on." if f.unfinished is not None or f.waiting else ""
        return Why(f"No file defines DAG {f.dag_id} any more{last}. Nothing of it starts.{goes}", "file_gone")
    return None


def _of_flag(f: DagFacts) -> Why | None:
    if not f.paused:
        return None
    n = len(f.waiting)
    also = f"; {n} {'run waits' if n == 1 else 'runs wait'} ({some(f.waiting)})" if n else ""
    since = f", as {f.paused_as}" if f.paused_as else ""
    return Why(f"DAG {f.dag_id} is paused{since}, so that nothing of it starts{also}. {unpause(f.dag_id)}", "paused")


def _of_runs(f: DagFacts) -> Why | None:
    if f.unfinished is None:
        return None
    run_id, why = f.unfinished
    n = sum(waiting != run_id for waiting in f.waiting)
    more = f" {n} more {'waits' if n == 1 else 'wait'} for {'its' if n == 1 else 'their'} turn." if n else ""
    if f.told.get("full"):
        more += " By its schedule more are due: the next is made when one of its unfinished runs ends."
    return Why(f"Its run {run_id}: {lowered(why.sentence)}{more}", why.code, why.until)


def _of_next(f: DagFacts) -> Why:
    last = f" The newest, {f.newest[0]}, {_ended(f.newest[1])}." if f.newest is not None else ""
    if f.ad_hoc:
        said = (
            f"DAG {f.dag_id} was run by hand from {f.file}, which is in no folder of DAG files: nothing else starts it."
        )
        return Why(said + last, "ad_hoc")
    words = f.told.get("words")
    if f.told.get("problem"):
        return Why(
            f"Its timetable cannot say when the next run is: {closed(str(f.told['problem']))}{last}", "timetable"
        )
    begins = f.told.get("next")
    if begins is not None:
        if f.told.get("full"):
            return Why("Its next run is due, and is made when one of its unfinished runs ends.", "max_active_runs")
        when = f"{within(begins, f.now)} ({at(begins)})"
        first = "Its first run begins" if f.newest is None else "Its next run begins"
        return Why(f"{first} {when}{', ' + words if words else ''}.{last}", "scheduled", begins)
    if f.assets is not None:
        return Why(f"It starts when its assets are there: it {f.assets.removeprefix('it ')}.{last}", "assets")
    end = _moment(f.end_date)
    if f.schedule is not None and end is not None and end <= f.now:
        return Why(f"No more runs come by its schedule: its end_date {at(end)} is over.{last}", "end_date")
    if f.schedule is not None and words:
        return Why(f"No more runs come by its schedule ({words}).{last}", "no_more")
    if f.schedule is not None:
        return Why(f"Nothing says yet when its next run is due.{last}", "unknown")
    return Why(f"It has no schedule.{last} Start a run with: venturi trigger {f.dag_id}", "no_schedule")


def _ended(state: str) -> str:
    return {"success": "has succeeded", "failed": "has failed"}.get(state, f"is {state}")


def _moment(text: str | None) -> float | None:
    return None if text is None else datetime.fromisoformat(text).timestamp()
