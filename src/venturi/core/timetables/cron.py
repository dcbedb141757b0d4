"""The moments that a cron expression names, by the clocks of a time zone.

Owns the walk from one moment to the next and back. What an expression means is the cron library's matter: it reads
the fields and finds the days. It is asked in naive time only, since what clocks do that are put forward or back is
decided here:

- a time that the clocks pass over fires once, that much later (02:30 comes at 03:30); of several such times the first;
- a time that they show twice fires the second time only; where the hour is `*`, both times.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import date, datetime, timedelta
from functools import lru_cache

from .zones import Stretch, stretch_at

PRESETS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@quarterly": "0 0 1 */3 *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_DAY_S = 86400
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_MARGIN_S = 2 * _DAY_S  # further than clocks have ever been put forward or back


class Cron:
    """Raises ValueError for an expression that the library does not take."""

    def __init__(self, expression: str, zone: str = "UTC") -> None:
        self.expression, self.zone = PRESETS.get(expression, expression), zone
        self._hours, self._minutes, self._seconds, self._day_fields = _fields(self.expression)
        self.every_hour = len(self._hours) == 24
        stretch_at(zone, 0)

    def next(self, after: float) -> int | None:
        """The first moment later than `after`."""
        return self.at_or_next(int(after // 1) + 1)

    def prev(self, before: float) -> int | None:
        """The last moment earlier than `before`."""
        return self.at_or_prev(-int(-before // 1) - 1)

    def at_or_next(self, moment: float) -> int | None:
        at = -int(-moment // 1)
        while True:
            stretch = stretch_at(self.zone, at)
            shown = self._shown_from(at + stretch.offset)
            found = self._within(stretch, at, shown)
            if found is not None:
                return found
            if shown is None:
                return None
            again = stretch.after < stretch.offset  # the next one shows once more what this one has passed
            at = stretch.end if again else max(stretch.end, shown - stretch.offset - _MARGIN_S)

    def at_or_prev(self, moment: float) -> int | None:
        at = int(moment // 1)
        while True:
            stretch = stretch_at(self.zone, at)
            shown = self._shown_until(min(at + stretch.offset, self._last_shown(stretch)))
            found = shown - stretch.offset if shown is not None else None
            late = self._made_up_for(stretch)
            if late is not None and late <= at and (found is None or late > found):
                return late
            if found is not None and found >= stretch.start:
                return found
            if shown is None:
                return None
            again = stretch.before > stretch.offset
            at = stretch.start - 1 if again else min(stretch.start - 1, shown - stretch.offset + _MARGIN_S)

    def _within(self, stretch: Stretch, at: int, shown: int | None) -> int | None:
        found = None
        if shown is not None and shown <= self._last_shown(stretch):
            found = shown - stretch.offset
        late = self._made_up_for(stretch)
        if late is not None and late >= at and (found is None or late < found):
            return late
        return found

    def _last_shown(self, stretch: Stretch) -> int:
        """The last time on the clocks that counts in this stretch."""
        twice = max(0, stretch.offset - stretch.after) if not self.every_hour else 0
        return stretch.end + stretch.offset - twice - 1

    def _made_up_for(self, stretch: Stretch) -> int | None:
        """When the first time comes that was passed over as this stretch began."""
        if stretch.offset <= stretch.before:
            return None
        shown = self._shown_from(stretch.start + stretch.before)
        return shown - stretch.before if shown is not None and shown < stretch.start + stretch.offset else None

    # Times as clocks show them, in seconds from the epoch of the same clock.

    def _shown_from(self, shown: int) -> int | None:
        day, second = divmod(shown, _DAY_S)
        there = self._day_from(day)
        if there == day:
            in_day = self._in_day_from(second)
            if in_day is not None:
                return day * _DAY_S + in_day
            there = self._day_from(day + 1)
        return None if there is None else there * _DAY_S + self._first_in_day

    def _shown_until(self, shown: int) -> int | None:
        day, second = divmod(shown, _DAY_S)
        there = self._day_until(day)
        if there == day:
            in_day = self._in_day_until(second)
            if in_day is not None:
                return day * _DAY_S + in_day
            there = self._day_until(day - 1)
        return None if there is None else there * _DAY_S + self._last_in_day

    def _day_from(self, day: int) -> int | None:
        return day if self._day_fields is None else _day_from(self._day_fields, day)

    def _day_until(self, day: int) -> int | None:
        return day if self._day_fields is None else _day_until(self._day_fields, day)

    @property
    def _first_in_day(self) -> int:
        return self._hours[0] * 3600 + self._minutes[0] * 60 + self._seconds[0]

    @property
    def _last_in_day(self) -> int:
        return self._hours[-1] * 3600 + self._minutes[-1] * 60 + self._seconds[-1]

    def _in_day_from(self, second: int) -> int | None:
        hour, minute, second = second // 3600, second // 60 % 60, second % 60
        h = bisect_left(self._hours, hour)
        if h < len(self._hours) and self._hours[h] == hour:
            m = bisect_left(self._minutes, minute)
            if m < len(self._minutes) and self._minutes[m] == minute:
                s = bisect_left(self._seconds, second)
                if s < len(self._seconds):
                    return hour * 3600 + minute * 60 + self._seconds[s]
                m += 1
            if m < len(self._minutes):
                return hour * 3600 + self._minutes[m] * 60 + self._seconds[0]
            h += 1
        if h < len(self._hours):
            return self._hours[h] * 3600 + self._minutes[0] * 60 + self._seconds[0]
        return None

    def _in_day_until(self, second: int) -> int | None:
        hour, minute, second = second // 3600, second // 60 % 60, second % 60
        h = bisect_right(self._hours, hour) - 1
        if h >= 0 and self._hours[h] == hour:
            m = bisect_right(self._minutes, minute) - 1
            if m >= 0 and self._minutes[m] == minute:
                s = bisect_right(self._seconds, second) - 1
                if s >= 0:
                    return hour * 3600 + minute * 60 + self._seconds[s]
                m -= 1
            if m >= 0:
                return hour * 3600 + self._minutes[m] * 60 + self._seconds[-1]
            h -= 1
        if h >= 0:
            return self._hours[h] * 3600 + self._minutes[-1] * 60 + self._seconds[-1]
        return None


_Fields = tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], "str | None"]


@lru_cache(maxsize=4096)
def _fields(expression: str) -> _Fields:
    """Its hours, minutes and seconds, and what it says of days as an expression of its own; None for every day."""
    from croniter import CroniterBadCronError, croniter

    if any(letter in "hr" for letter in _hashed(expression)):
        raise ValueError(
            f"{expression!r} leaves a field to chance, and dates must be the same whenever they are asked for"
        )
    try:
        found = croniter(expression, datetime(2000, 1, 1)).expanded
    except (CroniterBadCronError, ValueError, KeyError) as error:
        raise ValueError(f"{expression!r} is no cron expression: {error}") from None
    seconds = _numbers(found[5], 60) if len(found) > 5 else (0,)
    text = expression.split()
    year = text[6] if len(text) > 6 else "*"
    days = text[2:5]
    every = found[2] == ["*"] and found[3] == ["*"] and found[4] == ["*"] and year == "*"
    of_days = None if every else " ".join(["0", "0", *days, *(["0", year] if year != "*" else [])])
    return _numbers(found[1], 24), _numbers(found[0], 60), seconds, of_days


def _hashed(expression: str) -> list[str]:
    """Fields that begin as `H` and `R` do, which stand for a number of somebody's choosing."""
    return [part[0] for field in expression.lower().split() for part in field.split(",") if part[:1] in ("h", "r")]


def _numbers(field: list[int | str], size: int) -> tuple[int, ...]:
    return tuple(range(size)) if field == ["*"] else tuple(sorted({int(each) for each in field}))


@lru_cache(maxsize=65536)
def _day_from(expression: str, day: int) -> int | None:
    from croniter import CroniterBadDateError, croniter

    start = datetime.fromordinal(day + _EPOCH_DAY) - timedelta(seconds=1)
    try:
        found: datetime = croniter(expression, start).get_next(datetime)
    except CroniterBadDateError:
        return None
    return found.toordinal() - _EPOCH_DAY


@lru_cache(maxsize=65536)
def _day_until(expression: str, day: int) -> int | None:
    from croniter import CroniterBadDateError, croniter

    start = datetime.fromordinal(day + 1 + _EPOCH_DAY)
    try:
        found: datetime = croniter(expression, start).get_prev(datetime)
    except CroniterBadDateError:
        return None
    return found.toordinal() - _EPOCH_DAY


def never(cron: Cron) -> bool:
    """Whether no day is like that, as the 30th of February."""
    return cron._day_fields is not None and len(cron.expression.split()) < 7 and cron._day_from(10957) is None
