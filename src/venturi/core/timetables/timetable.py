"""The kinds of timetable: which run comes after which.

Owns when a run may start, what stretch of time it is about and which missed ones are made up for, as Airflow has it:
either a run is about the interval between two moments and starts at its end, or it starts at a moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timezone

from .cron import Cron
from .spans import Span


@dataclass(frozen=True, slots=True)
class Planned:
    """One run to come."""

    run_after: float  # may start from then on, seconds since the epoch
    logical_date: float | None
    interval: tuple[float, float] | None  # its data interval
    partition_key: str | None = None
    partition_date: float | None = None


def _about(start: float, end: float) -> Planned:
    return Planned(float(end), float(start), (float(start), float(end)))


class Timetable:
    """What `next` has given stays planned until that run is made: it is asked again then, or when the timetable,
    its dates or the pause of its DAG have changed. A moment that came and went meanwhile is not lost so."""

    runs_at_once_max: int | None = None
    needs_end_of_last = False  # the next run is planned when the last has ended
    named_by_start = False  # a run's id tells its logical date; else from when on it may start

    def next(
        self, last: Planned | None, earliest: float | None, latest: float | None, catchup: bool, now: float
    ) -> Planned | None:
        raise NotImplementedError

    def manual(self, at: float) -> tuple[float, float]:
        return (at, at)

    def between(self, first: float, last: float) -> Iterator[Planned]:
        return iter(())

    def words(self) -> str:
        raise NotImplementedError

    def run_id(self, planned: Planned, run_type: str = "scheduled") -> str:
        at = planned.logical_date if self.named_by_start and planned.logical_date is not None else planned.run_after
        return f"{run_type}__{datetime.fromtimestamp(at, timezone.utc).isoformat()}"


def _end(last: Planned) -> float:
    return last.interval[1] if last.interval is not None else last.run_after


# ── steps: what is common to cron expressions and lengths of time ────────────────────────────────────────


class Steps:
    """Moments one after the other."""

    def after(self, moment: float) -> float | None:
        raise NotImplementedError

    def before(self, moment: float) -> float | None:
        raise NotImplementedError

    def at_or_after(self, moment: float) -> float | None:
        raise NotImplementedError

    def at_or_before(self, moment: float) -> float | None:
        raise NotImplementedError

    def newest(self, anchor: float | None, now: float) -> float | None:
        """The newest moment at or before `now`."""
        raise NotImplementedError

    def words(self) -> str:
        raise NotImplementedError


class CronSteps(Steps):
    """The moments of one or more cron expressions."""

    def __init__(self, expressions: list[str], zone: str) -> None:
        self.zone = zone
        self.crons = [Cron(expression, zone) for expression in expressions]

    def after(self, moment: float) -> float | None:
        return min((found for cron in self.crons if (found := cron.next(moment)) is not None), default=None)

    def before(self, moment: float) -> float | None:
        return max((found for cron in self.crons if (found := cron.prev(moment)) is not None), default=None)

    def at_or_after(self, moment: float) -> float | None:
        return min((found for cron in self.crons if (found := cron.at_or_next(moment)) is not None), default=None)

    def at_or_before(self, moment: float) -> float | None:
        return max((found for cron in self.crons if (found := cron.at_or_prev(moment)) is not None), default=None)

    def newest(self, anchor: float | None, now: float) -> float | None:
        return self.at_or_before(now)

    def words(self) -> str:
        return " or ".join(_cron_words(cron.expression, self.zone) for cron in self.crons)


def _cron_words(expression: str, zone: str) -> str:
    fields = expression.split()
    minute, hour = fields[0], fields[1]
    if fields[2:] == ["*", "*", "*"]:
        if minute.isdigit() and hour.isdigit():
            return f"daily at {int(hour):02}:{int(minute):02} {zone}"
        if minute.isdigit() and hour == "*":
            return "every hour" if int(minute) == 0 else f"every hour at minute {int(minute)}"
        if hour == "*" and minute == "*":
            return "every minute"
        if hour == "*" and minute.startswith("*/") and minute[2:].isdigit() and 60 % int(minute[2:]) == 0:
            return f"every {int(minute[2:])} minutes"
    return f"{expression} ({zone})"


class SpanSteps(Steps):
    """One length of time after another, from wherever the first was."""

    def __init__(self, span: Span, anchor: float | None) -> None:
        self.span, self.anchor = span, anchor

    def after(self, moment: float) -> float | None:
        found = self.span.after(moment)
        return found if found > moment else None

    def before(self, moment: float) -> float | None:
        found = self.span.before(moment)
        return found if found < moment else None

    def at_or_after(self, moment: float) -> float | None:
        return moment

    def at_or_before(self, moment: float) -> float | None:
        return moment

    def newest(self, anchor: float | None, now: float) -> float | None:
        """By the calendar, counted from the start date; else in whole lengths since the epoch."""
        if self.span.by_calendar:
            return self.latest_of(anchor if anchor is not None else now, now)
        about = self.span.about
        return now - now % about if about > 0 else now

    def latest_of(self, anchor: float, now: float) -> float:
        """The newest moment at or before `now` of those counted from `anchor`."""
        if self.span.seconds is not None:
            return anchor + (now - anchor) // self.span.seconds * self.span.seconds if now > anchor else anchor
        at = anchor
        while (then := self.span.after(at)) <= now and then > at:
            at = then
        return at

    def from_anchor(self, first: float) -> float:
        """The first moment at or after `first` of those counted from the start date."""
        if self.anchor is None:
            return first
        at = self.latest_of(self.anchor, first)
        while at < first and (then := self.span.after(at)) > at:
            at = then
        while self.anchor > first and (then := self.span.before(at)) >= first and then < at:
            at = then
        return at

    def words(self) -> str:
        return f"every {self.span.words()}"


# ── about the interval between two moments, or at a moment ───────────────────────────────────────────────


class Intervals(Timetable):
    """Each run is about the time from one moment to the next, and starts at its end."""

    def __init__(self, steps: Steps) -> None:
        self.steps = steps

    def next(
        self, last: Planned | None, earliest: float | None, latest: float | None, catchup: bool, now: float
    ) -> Planned | None:
        first = self.steps.at_or_after(earliest) if earliest is not None else None
        if not catchup:
            newest = self.steps.newest(earliest, now)
            done = self.steps.before(newest) if newest is not None else None
            known = [moment for moment in (first, done) if moment is not None]
            first = max(known) if known and (earliest is None or first is not None) else None
        if last is None:
            start = first
        else:
            end = self.steps.at_or_before(_end(last))
            start = max(moment for moment in (end, first) if moment is not None) if end is not None else first
            begun = last.interval[0] if last.interval is not None else last.run_after
            if start is not None and start <= begun:
                start = self.steps.after(start)
                if start is not None and start <= begun:
                    start = self.steps.after(begun)
        if start is None or (latest is not None and start > latest):
            return None
        end = self.steps.after(start)
        return _about(start, end) if end is not None else None

    def manual(self, at: float) -> tuple[float, float]:
        end = self.steps.at_or_before(at)
        start = self.steps.before(end) if end is not None else None
        return (at, at) if start is None or end is None else (float(start), float(end))

    def between(self, first: float, last: float) -> Iterator[Planned]:
        start = self.steps.from_anchor(first) if isinstance(self.steps, SpanSteps) else self.steps.at_or_after(first)
        while start is not None and start <= last:
            end = self.steps.after(start)
            if end is None:
                return
            yield _about(start, end)
            start = end

    def words(self) -> str:
        return self.steps.words()


class Moments(Timetable):
    """Each run starts at a moment, and is about the time of a given length before it."""

    def __init__(self, steps: Steps, length: Span, immediately: object = False) -> None:
        self.steps, self.length, self.immediately = steps, length, immediately

    def next(
        self, last: Planned | None, earliest: float | None, latest: float | None, catchup: bool, now: float
    ) -> Planned | None:
        known: list[float | None] = []
        if last is not None:
            known.append(self.steps.after(_end(last)))
        elif earliest is None:
            known.append(self._first(now))
        if earliest is not None and not (catchup and last is not None):
            known.append(self.steps.at_or_after(earliest))
        if None in known:
            return None  # there are no more
        if not catchup:
            known.append(self._due(last, now))
        at = max(moment for moment in known if moment is not None)
        if latest is not None and at > latest:
            return None
        return self._planned(at)

    def _due(self, last: Planned | None, now: float) -> float | None:
        if isinstance(self.steps, SpanSteps):
            return now if last is None else self.steps.latest_of(_end(last), now)
        return self.steps.at_or_before(now)

    def _first(self, now: float) -> float | None:
        """Of a DAG without a start date: the moment just past, if it is near enough, else the one to come."""
        past, to_come = self.steps.at_or_before(now), self.steps.at_or_after(now)
        if past is None or self.immediately is True or to_come is None:
            return past if past is not None else to_come
        if isinstance(self.immediately, dict):
            near = Span(self.immediately, may_be_none=True).about
        else:
            near = max((to_come - past) / 10, 300.0)
        return past if now - past <= near else to_come

    def _planned(self, at: float) -> Planned:
        return _about(self.length.before(at), at)

    def manual(self, at: float) -> tuple[float, float]:
        return (self.length.before(at), at)

    def between(self, first: float, last: float) -> Iterator[Planned]:
        least = self.length.after(first)
        at = self.steps.from_anchor(least) if isinstance(self.steps, SpanSteps) else self.steps.at_or_after(least)
        while at is not None:
            planned = self._planned(at)
            date = planned.logical_date if planned.logical_date is not None else planned.run_after
            if date > last:
                return
            if date >= first:
                yield planned
            at = self.steps.after(at)

    def words(self) -> str:
        return self.steps.words()


class Partitions(Moments):
    """Each run starts at a moment, for the partition that lies so many moments away."""

    def __init__(self, steps: CronSteps, immediately: object, offset: int, key_format: str) -> None:
        super().__init__(steps, Span(0, may_be_none=True), immediately)
        self.offset, self.key_format = offset, key_format

    def _planned(self, at: float) -> Planned:
        assert isinstance(self.steps, CronSteps)
        from .zones import zone_of

        of: float = at
        for _ in range(abs(self.offset)):
            of = (self.steps.after(of) if self.offset > 0 else self.steps.before(of)) or of
        key = datetime.fromtimestamp(of, zone_of(self.steps.zone)).strftime(self.key_format)
        return Planned(float(at), None, None, key, float(of))


def counted_from(timetable: Timetable, moment: float) -> Timetable:
    """The same; where it has no start date that lengths of time are counted from, they are counted from this moment."""
    steps = timetable.steps if isinstance(timetable, (Intervals, Moments)) else None
    if not isinstance(steps, SpanSteps) or steps.anchor is not None:
        return timetable
    made = copy(timetable)
    made.steps = SpanSteps(steps.span, moment)  # type: ignore[attr-defined]
    return made


# ── others ───────────────────────────────────────────────────────────────────────────────────────────────


class Once(Timetable):
    def next(
        self, last: Planned | None, earliest: float | None, latest: float | None, catchup: bool, now: float
    ) -> Planned | None:
        at = earliest if earliest is not None else now
        if last is not None or (latest is not None and at > latest):
            return None
        return _about(at, at)

    def words(self) -> str:
        return "once"


class Continuous(Timetable):
    runs_at_once_max = 1
    needs_end_of_last = True

    def next(
        self, last: Planned | None, earliest: float | None, latest: float | None, catchup: bool, now: float
    ) -> Planned | None:
        first = earliest if earliest is not None else now
        if last is None:
            start, end = first, max(first, now)
        elif _end(last) > now:
            begun = last.interval[0] if last.interval is not None else last.run_after
            start, end = first, first + _end(last) - begun
        else:
            start, end = _end(last), now
        return None if latest is not None and end > latest else _about(start, end)

    def words(self) -> str:
        return "whenever the last run has ended"


class Events(Timetable):
    """At the moments listed."""

    def __init__(self, dates: list[float], restricted: bool, description: str) -> None:
        self.dates, self.restricted, self.description = sorted(set(dates)), restricted, description

    def next(
        self, last: Planned | None, earliest: float | None, latest: float | None, catchup: bool, now: float
    ) -> Planned | None:
        to_come = [
            date
            for date in self.dates
            if (earliest is None or date >= earliest) and (last is None or date > _end(last))
        ]
        if not catchup:
            missed = [date for date in to_come if date <= now] if last is not None else []
            to_come = missed[-1:] or [date for date in to_come if date >= now]
        if not to_come or (latest is not None and to_come[0] > latest):
            return None
        return _about(to_come[0], to_come[0])

    def manual(self, at: float) -> tuple[float, float]:
        if self.restricted and self.dates:
            at = max((date for date in self.dates if date <= at), default=self.dates[0])
        return (at, at)

    def between(self, first: float, last: float) -> Iterator[Planned]:
        return (_about(date, date) for date in self.dates if first <= date <= last)

    def words(self) -> str:
        return f"at {self.description}" if self.description else f"at {len(self.dates)} dates"
