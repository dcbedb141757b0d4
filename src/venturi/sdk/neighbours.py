"""`dag.following_schedule(date)` and `dag.previous_schedule(date)`: the dates around one, by the DAG's schedule.

Owns the schedules whose dates are plain arithmetic; the others are `core.timetables`', which is loaded for them alone.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from . import times

_STEP = {
    "@hourly": timedelta(hours=1),
    "@daily": timedelta(days=1),
    "@midnight": timedelta(days=1),
    "@weekly": timedelta(days=7),
}
_MONTHS = {"@monthly": 1, "@quarterly": 3, "@yearly": 12, "@annually": 12}


def neighbour(schedule: Any, date: Any, back: bool, zone: str = "UTC") -> Any:
    """The schedule's next date after `date`, or its last one before; None for a schedule without dates."""
    at = times.read(date)
    if schedule is None or schedule in ("@once", "@continuous"):
        return None
    if isinstance(schedule, timedelta):
        return at - schedule if back else at + schedule
    if zone == "UTC" and isinstance(schedule, str) and schedule in _STEP:
        begin, step = _floor(at, schedule), _STEP[schedule]
        return (begin if at > begin else begin - step) if back else begin + step
    if zone == "UTC" and isinstance(schedule, str) and schedule in _MONTHS:
        begin = _floor(at, schedule)
        if back and at > begin:
            return begin
        months = begin.year * 12 + begin.month - 1 + (-1 if back else 1) * _MONTHS[schedule]
        return begin.replace(year=months // 12, month=months % 12 + 1)
    return _by_timetable(schedule, at, back, zone)


def _by_timetable(schedule: Any, at: datetime, back: bool, zone: str) -> Any:
    from ..core.spec import DagSpec
    from ..core.timetables import timetable_of
    from .schedules import plain_schedule

    steps = getattr(timetable_of(DagSpec("", schedule=plain_schedule(schedule), timezone=zone)), "steps", None)
    if steps is None:
        return None  # it has no dates, or is a class of the author's own
    found = steps.before(at.timestamp()) if back else steps.after(at.timestamp())
    return None if found is None else datetime.fromtimestamp(found, times.utc).astimezone(at.tzinfo)


def _floor(at: datetime, preset: str) -> datetime:
    hour = at.replace(minute=0, second=0, microsecond=0)
    if preset == "@hourly":
        return hour
    day = hour.replace(hour=0)
    if preset == "@weekly":
        return day - timedelta(days=(day.weekday() + 1) % 7)  # weeks begin on Sunday
    if preset not in _MONTHS:
        return day
    months = _MONTHS[preset]
    return day.replace(day=1, month=(day.month - 1) // months * months + 1)
