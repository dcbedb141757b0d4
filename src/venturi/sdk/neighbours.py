"""`dag.following_schedule(date)` and `dag.previous_schedule(date)`, for the schedules whose dates are plain arithmetic.

Owns the presets and lengths of time. Dates of a cron text come with what starts by time, and are refused till then.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from . import times
from .exceptions import NotServedYet

_STEP = {
    "@hourly": timedelta(hours=1),
    "@daily": timedelta(days=1),
    "@midnight": timedelta(days=1),
    "@weekly": timedelta(days=7),
}
_MONTHS = {"@monthly": 1, "@quarterly": 3, "@yearly": 12, "@annually": 12}


def neighbour(schedule: Any, date: Any, back: bool) -> Any:
    """The schedule's next date after `date`, or its last one before; None for a schedule without dates."""
    at = times.read(date)
    if schedule is None or schedule in ("@once", "@continuous"):
        return None
    if isinstance(schedule, timedelta):
        return at - schedule if back else at + schedule
    if schedule in _STEP:
        begin, step = _floor(at, schedule), _STEP[schedule]
        return (begin if at > begin else begin - step) if back else begin + step
    if schedule in _MONTHS:
        begin = _floor(at, schedule)
        if back and at > begin:
            return begin
        months = begin.year * 12 + begin.month - 1 + (-1 if back else 1) * _MONTHS[schedule]
        return begin.replace(year=months // 12, month=months % 12 + 1)
    raise NotServedYet(f"The dates around {at.isoformat()} of the schedule {schedule!r}", "what starts by time")


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
