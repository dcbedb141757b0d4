"""Lengths of time as specs hold them: {"every_s": seconds} or {"every": {"months": 1 …}}, counted in UTC."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class Span:
    """Raises ValueError for one in which no time passes."""

    def __init__(self, plain: Any, *, may_be_none: bool = False) -> None:
        self.plain = plain
        every = plain.get("every") if isinstance(plain, dict) else None
        self.seconds: float | None = None
        self._delta: Any = None
        if every is not None:
            self._delta = _relative(every)
            passes = self.after(0.0) > 0 or self.after(28 * 86400.0) > 28 * 86400.0
        else:
            self.seconds = float(plain["every_s"] if isinstance(plain, dict) else plain or 0)
            passes = self.seconds > 0
        if not passes and not (may_be_none and self.seconds == 0):
            raise ValueError(f"{plain!r} is no length of time that passes")

    def after(self, moment: float) -> float:
        if self.seconds is not None:
            return moment + self.seconds
        return _seconds(_moment(moment) + self._delta)

    def before(self, moment: float) -> float:
        if self.seconds is not None:
            return moment - self.seconds
        return _seconds(_moment(moment) - self._delta)

    @property
    def by_calendar(self) -> bool:
        """Whether it is longer in one month than in another."""
        return self.seconds is None and bool(self._delta.months or self._delta.years)

    @property
    def about(self) -> float:
        """How many seconds it is, with months of 30 days."""
        if self.seconds is not None:
            return self.seconds
        d = self._delta
        days = d.years * 365 + d.months * 30 + d.days
        return float(days * 86400 + d.hours * 3600 + d.minutes * 60 + d.seconds)

    def words(self) -> str:
        if self.seconds is None:
            said = [_counted(n, unit) for unit, n in self.plain["every"].items() if isinstance(n, int)]
            return " and ".join(said) or "some time"
        left, said = self.seconds, []
        for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
            n, left = divmod(left, size)
            if n:
                said.append(_counted(int(n), unit))
        if left or not said:
            said.append(_counted(int(left) if left == int(left) else left, "seconds"))
        return " and ".join(said)


def _counted(n: float, unit: str) -> str:
    return unit.removesuffix("s") if n == 1 else f"{n:g} {unit}"


def _relative(parts: dict[str, Any]) -> Any:
    from dateutil.relativedelta import relativedelta, weekday

    parts = dict(parts)
    day = parts.get("weekday")
    if isinstance(day, list):
        parts["weekday"] = weekday(*day)
    return relativedelta(**parts)


def _moment(seconds: float) -> datetime:
    return _EPOCH + timedelta(seconds=seconds)


def _seconds(moment: datetime) -> float:
    return (moment - _EPOCH).total_seconds()
