"""Backfills: which dates of a DAG are run again or for the first time, in which order, and what becomes of each.

Owns the reading of a request, the walk over its dates, and the word on a date that has its run already. Pure: dates
come one after the other, so that of a request for many years only the next few are ever held.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta, timezone, tzinfo
from itertools import islice
from typing import Any, Literal

from .errors import NoBackfill
from .spec import DagSpec, with_only
from .states import RUN_FINAL, RunState
from .timetables import (
    Continuous,
    Once,
    Partitions,
    Planned,
    Timetable,
    counted_from,
    custom_of,
    timetable_of,
    zone_of,
)

Reprocess = Literal["none", "failed", "all"]
REPROCESS: tuple[Reprocess, ...] = ("none", "failed", "all")
MAX_ACTIVE_DEFAULT = 10  # at most; fewer where the DAG itself has fewer runs at once
DATES_MAX = 10_000  # that can be named one by one
_SAME_S = 1e-5  # dates pass through datetimes, which count microseconds
_WINDOW_S = 3600.0  # of the first look backwards; wider where few dates are found
_FEW = 50


@dataclass(frozen=True, slots=True)
class Request:
    """What a backfill is to do: the dates from `first` to `last`, or those named."""

    first: float
    last: float
    until: float  # what was still to come when it was asked for is not a part of it
    dates: tuple[float, ...] = ()  # oldest first; empty: those of the timetable
    tasks: tuple[str, ...] = ()  # empty: all
    reverse: bool = False
    max_active: int = MAX_ACTIVE_DEFAULT
    reprocess: Reprocess = "none"
    ignores_pause: bool = False
    conf: dict[str, Any] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, plain: Mapping[str, Any]) -> Request:
        return cls(**{**plain, "dates": tuple(plain["dates"]), "tasks": tuple(plain["tasks"])})


# ── from what was said ───────────────────────────────────────────────────────────────────────────────────


def request_of(given: Mapping[str, Any], spec: DagSpec, now: float) -> Request:
    """Raises a VenturiError with one sentence for what cannot be."""
    zone = _zone(spec)
    named = [_moment(str(text), zone) for text in given.get("dates") or ()]
    first, last = given.get("from"), given.get("to")
    if named and (first or last):
        raise NoBackfill(problem="Say either --dates or --from and --to, not both.")
    if not named and not (first and last):
        raise NoBackfill(problem="Say which dates: --from DATE --to DATE, or --dates DATE,DATE,…")
    if len(named) > DATES_MAX:
        raise NoBackfill(problem=f"--dates names {len(named):,} dates; {DATES_MAX:,} is the most. Say --from and --to.")
    begin, end = (min(named), max(named)) if named else (_moment(str(first), zone), _moment(str(last), zone, True))
    if end < begin:
        raise NoBackfill(problem=f"--to {last} is before --from {first}.")
    wanted = _chosen(given.get("tasks") or (), spec, bool(given.get("upstream")), bool(given.get("downstream")))
    reverse = bool(given.get("reverse"))
    if reverse:
        _check_reverse(spec, wanted)
    if not named:
        _check_has_dates(spec, reverse)
    most = given.get("max_active")
    if most is not None and int(most) < 1:
        raise NoBackfill(problem=f"--max-active {most} would start nothing; it is 1 or more.")
    reprocess = given.get("reprocess") or "none"
    if reprocess not in REPROCESS:
        raise NoBackfill(problem=f"--reprocess is one of: {', '.join(REPROCESS)}; {reprocess!r} is none of them.")
    return Request(
        begin,
        end,
        now,
        tuple(sorted(set(named))),
        wanted,
        reverse,
        int(most) if most is not None else min(spec.max_active_runs, MAX_ACTIVE_DEFAULT),
        reprocess,
        bool(given.get("ignores_pause")),
        dict(given.get("conf") or {}),
    )


def _zone(spec: DagSpec) -> tzinfo:
    try:
        return zone_of(spec.timezone)
    except ValueError:
        return timezone.utc


def _moment(text: str, zone: tzinfo, ends_day: bool = False) -> float:
    """A text without an offset is by the DAG's own clock; the last day of a range is meant as a whole."""
    try:
        made = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError:
        problem = f"'{text}' is no date; write it like 2026-01-31 or 2026-01-31T12:00."
        raise NoBackfill(problem=problem) from None
    if made.tzinfo is None:
        made = made.replace(tzinfo=zone)
    if ends_day and len(text.strip()) <= len("2026-01-31"):
        return (made + timedelta(days=1)).timestamp() - 0.001
    return made.timestamp()


def _chosen(tasks: Collection[str], spec: DagSpec, upstream: bool, downstream: bool) -> tuple[str, ...]:
    """The tasks chosen, in the order of the DAG, with what comes before or after them where that was said."""
    if not tasks:
        return ()
    ups = {task.task_id: task.upstream for task in spec.tasks}
    chosen: dict[str, None] = dict.fromkeys(spec.task(str(task)).task_id for task in tasks)
    if upstream:
        _reach(chosen, ups)
    if downstream:
        downs: dict[str, list[str]] = {}
        for name, above in ups.items():
            for up in above:
                downs.setdefault(up, []).append(name)
        later = dict.fromkeys(str(task) for task in tasks)
        _reach(later, downs)
        chosen.update(later)
    found = tuple(task.task_id for task in spec.tasks if task.task_id in chosen)
    with_only(spec, found)  # where a mapped one needs a value of one left out
    return () if len(found) == len(spec.tasks) else found


def _reach(found: dict[str, None], to: Mapping[str, Sequence[str]]) -> None:
    waiting = list(found)
    while waiting:
        for name in to.get(waiting.pop(), ()):
            if name not in found:
                found[name] = None
                waiting.append(name)


def _check_reverse(spec: DagSpec, tasks: Collection[str]) -> None:
    for task in spec.tasks:
        if task.depends_on_past and (not tasks or task.task_id in tasks):
            problem = f"Task '{task.task_id}' depends on its past (depends_on_past), so it cannot be done in reverse."
            raise NoBackfill(problem=problem)


def _check_has_dates(spec: DagSpec, reverse: bool) -> None:
    """Whether its timetable says which dates lie between two others."""
    own = custom_of(spec)
    if own is not None:
        if reverse:
            said = f"its timetable {own.get('summary') or ''} is a class that only says what comes next".replace(
                "  ", " "
            )
            raise NoBackfill(problem=f"DAG '{spec.dag_id}' cannot be done in reverse: {said}. Name them with --dates.")
        return
    try:
        timetable = timetable_of(spec)
    except ValueError as error:
        raise NoBackfill(problem=f"The schedule of DAG '{spec.dag_id}' cannot be: {error}.") from None
    why = None
    if timetable is None:
        why = "it has no schedule" if spec.schedule is None else "nothing of it starts by time"
    elif isinstance(timetable, (Once, Continuous)):
        why = f"it starts {timetable.words()}"
    elif isinstance(timetable, Partitions):
        raise NoBackfill(problem=f"DAG '{spec.dag_id}' starts by partitions, and its runs have no dates.")
    if why is not None:
        raise NoBackfill(problem=f"DAG '{spec.dag_id}' has no dates of its own, as {why}. Name them with --dates.")


# ── its dates ────────────────────────────────────────────────────────────────────────────────────────────


def date_of(planned: Planned) -> float:
    return planned.run_after if planned.logical_date is None else planned.logical_date


def dates(timetable: Timetable | None, request: Request, after: float | None = None) -> Iterator[Planned]:
    """In the order they are to be done, each once, those beyond `after`. Without a timetable a date is about itself."""
    walked: Iterator[Planned]
    if request.dates:
        listed = reversed(request.dates) if request.reverse else iter(request.dates)
        walked = (named(timetable, date) for date in listed if _is_beyond(date, after, request.reverse))
    else:
        assert timetable is not None
        counted = counted_from(timetable, request.first)
        if request.reverse:
            walked = _backwards(counted, request.first, request.last if after is None else after)
        else:
            walked = counted.between(request.first if after is None else after, request.last)
    for planned in walked:
        date = date_of(planned)
        if planned.run_after > request.until and not request.dates:
            if not request.reverse:
                return
        elif _is_beyond(date, after, request.reverse):
            after = date
            yield planned


def _is_beyond(date: float, after: float | None, reverse: bool) -> bool:
    return after is None or (date < after - _SAME_S if reverse else date > after + _SAME_S)


def _backwards(timetable: Timetable, first: float, last: float) -> Iterator[Planned]:
    """A timetable goes forward only: it is walked in stretches, the last one first."""
    width_s = _WINDOW_S
    while last >= first:
        begin = max(first, last - width_s)
        found = list(timetable.between(begin, last))
        yield from reversed(found)
        if len(found) < _FEW:
            width_s *= 4
        elif len(found) > 10 * _FEW:
            width_s /= 4
        last = math.nextafter(begin, -math.inf)


def named(timetable: Timetable | None, date: float) -> Planned:
    """A date that was named: what the timetable has there. Raises NoBackfill where it has nothing."""
    if timetable is None or isinstance(timetable, (Once, Continuous, Partitions)):
        return Planned(date, date, (date, date))
    found = next(iter(timetable.between(date - _SAME_S, date + _SAME_S)), None)
    if found is None:
        near = [said(date_of(p)) for p in islice(timetable.between(date, date + 400 * 86_400.0), 1)]
        advice = f"; the next is {near[0]}" if near else ""
        raise NoBackfill(problem=f"{said(date)} is no date of its schedule ({timetable.words()}){advice}.")
    return found


def said(date: float) -> str:
    return datetime.fromtimestamp(date, timezone.utc).isoformat(timespec="seconds").replace("+00:00", "Z")


# ── where one stands ─────────────────────────────────────────────────────────────────────────────────────

Waits = Literal["paused", "problem", "dag", "runs", "next turn"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Of a backfill that is not over: how far it is, and what its next date waits for."""

    id: int
    n: int  # dates dealt with
    total: int | None
    unfinished: int  # of its runs
    most: int
    waits_for: Waits
    problem: str | None = None

    def words(self) -> str:
        of = f" of {self.total:,}" if self.total is not None else ""
        far = f"{self.n:,}{of} {'date' if (self.total or self.n) == 1 else 'dates'} begun"
        runs = f"{self.unfinished} of at most {self.most} {'run' if self.most == 1 else 'runs'} unfinished"
        if self.waits_for == "paused":
            return f"Backfill {self.id} is paused, {far}. Go on with it: venturi backfill resume {self.id}"
        if self.waits_for == "problem":
            problem = (self.problem or "").rstrip(".")
            return f"Backfill {self.id} cannot go on, {far}: {problem}."
        if self.waits_for == "dag":
            return f"Backfill {self.id} waits until it is unpaused, {far}."
        if self.waits_for == "runs":
            return f"Backfill {self.id}: {far}, {runs}."
        return f"Backfill {self.id} goes on in the next turn, {far}."


# ── a date that has its run ──────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class There:
    """The newest run of a date."""

    id: int
    run_id: str
    state: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a date: `new`, `again` (the run that is there), or `left out` and why."""

    what: Literal["new", "again", "left out"]
    reason: str | None = None


NEW = Verdict("new")
AGAIN = Verdict("again")


def verdict(there: There | None, reprocess: Reprocess) -> Verdict:
    if there is None:
        return NEW
    if RunState(there.state) not in RUN_FINAL:
        return Verdict("left out", f"its run {there.run_id} is {there.state}")
    if reprocess == "all" or (reprocess == "failed" and there.state == RunState.FAILED.value):
        return AGAIN
    ended = "has failed" if there.state == RunState.FAILED.value else "has succeeded"
    return Verdict("left out", f"its run {there.run_id} {ended}")
