"""From a spec's plain schedule to its timetable."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ..spec import DagSpec
from .spans import Span
from .timetable import (
    Continuous,
    CronSteps,
    Events,
    Intervals,
    Moments,
    Once,
    Partitions,
    Planned,
    SpanSteps,
    Steps,
    Timetable,
)

_NO_LENGTH = {"every_s": 0.0}


def timetable_of(spec: DagSpec) -> Timetable | None:
    """None: nothing starts by time. Raises ValueError with one sentence for a schedule that cannot be."""
    made = _made(spec.schedule, spec)
    if made is not None:
        made.named_by_start = spec.data_intervals
    return made


def upcoming(spec: DagSpec, first: Planned, many: int) -> list[Planned]:
    """The next runs of a DAG's schedule from a known one on. Of a timetable of the author's own, that one alone."""
    found = [first]
    table = timetable_of(spec)
    last = None if spec.end_date is None else _seconds(spec.end_date)
    while table is not None and len(found) < many:
        planned = table.next(found[-1], None, last, True, found[-1].run_after)
        if planned is None or planned.run_after <= found[-1].run_after:
            break
        found.append(planned)
    return found


def custom_of(spec: DagSpec) -> dict[str, Any] | None:
    """The plain form of a timetable class of the author's own, also beside assets."""
    plain = spec.schedule
    if isinstance(plain, dict) and plain.get("timetable") == "AssetOrTimeSchedule":
        plain = plain.get("time")
    return plain if isinstance(plain, dict) and plain.get("timetable") == "custom" else None


def _made(plain: Any, spec: DagSpec) -> Timetable | None:
    if plain is None:
        return None
    if plain == "@once":
        return Once()
    if plain == "@continuous":
        return Continuous()
    if isinstance(plain, str):
        return _plain_steps(CronSteps([plain], spec.timezone), spec)
    if not isinstance(plain, dict):
        raise ValueError(f"{plain!r} is no schedule")
    if "every_s" in plain or "every" in plain:
        return _plain_steps(SpanSteps(Span(plain), _start(spec)), spec)
    return _of_class(plain, spec) if "timetable" in plain else None


def _plain_steps(steps: Steps, spec: DagSpec) -> Timetable:
    return Intervals(steps) if spec.data_intervals else Moments(steps, Span(_NO_LENGTH, may_be_none=True))


def _of_class(plain: dict[str, Any], spec: DagSpec) -> Timetable | None:
    kind = plain["timetable"]
    zone = plain.get("timezone") or spec.timezone
    length = Span(plain.get("interval") or _NO_LENGTH, may_be_none=True)
    immediately = plain.get("run_immediately", False)
    if kind == "CronDataIntervalTimetable":
        return Intervals(CronSteps([plain["expression"]], zone))
    if kind == "CronTriggerTimetable":
        return Moments(CronSteps([plain["expression"]], zone), length, immediately)
    if kind == "MultipleCronTriggerTimetable":
        return Moments(CronSteps(plain["expressions"], zone), length, immediately)
    if kind == "CronPartitionTimetable":
        steps = CronSteps([plain["expression"]], zone)
        return Partitions(steps, immediately, plain.get("run_offset") or 0, plain["key_format"])
    if kind == "DeltaDataIntervalTimetable":
        return Intervals(SpanSteps(Span(plain["delta"]), _start(spec)))
    if kind == "DeltaTriggerTimetable":
        return Moments(SpanSteps(Span(plain["delta"]), _start(spec)), length)
    if kind == "EventsTimetable":
        dates = [_seconds(date) for date in plain["event_dates"]]
        return Events(dates, bool(plain.get("restrict_to_events")), plain.get("description") or "")
    if kind == "AssetOrTimeSchedule":
        return _made(plain.get("time"), spec)
    return None  # by assets alone, at run time, or a class of the author's own


def _start(spec: DagSpec) -> float | None:
    return _seconds(spec.start_date) if spec.start_date else None


def _seconds(text: str) -> float:
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone.utc)).timestamp()
