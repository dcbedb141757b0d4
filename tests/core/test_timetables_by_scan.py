"""Cron expressions against a scan of every minute: no lost date, no doubled one, whatever clocks do.

The scan knows nothing of the code under test: it reads the five fields itself, looks at what the clocks of the zone
show at each minute of time, and fires where they match. A time that is shown twice counts the second time, unless
the hour is `*`; what was passed over while the clocks were put forward counts once, as much later as they were put.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from venturi.core.spec import DagSpec
from venturi.core.timetables import Planned, timetable_of
from venturi.core.timetables.cron import Cron

ZONES = [
    *("UTC", "Europe/Berlin", "Europe/Dublin", "Europe/London", "America/New_York", "America/St_Johns"),
    *("America/Havana", "America/Sao_Paulo", "America/Nuuk", "Australia/Lord_Howe", "Australia/Sydney"),
    *("Asia/Kathmandu", "Asia/Tehran", "Africa/Casablanca", "Africa/El_Aaiun", "Pacific/Chatham", "Pacific/Apia"),
    *("Asia/Gaza", "Europe/Istanbul", "Asia/Pyongyang", "Antarctica/Troll"),
]
RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
MINUTE = timedelta(minutes=1)


# ── the scan ─────────────────────────────────────────────────────────────────────────────────────────────


def numbers(field: str, least: int, most: int) -> set[int]:
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        if span == "*":
            low, high = least, most
        elif "-" in span:
            low, high = (int(each) for each in span.split("-"))
        else:
            low, high = int(span), most if step else int(span)
        found.update(range(low, high + 1, int(step or 1)))
    return found


class Scan:
    def __init__(self, expression: str, zone: str) -> None:
        self.fields = expression.split()
        self.minutes, self.hours, self.days, self.months, self.weekdays = (
            numbers(field, *span) for field, span in zip(self.fields, RANGES, strict=True)
        )
        self.zone = ZoneInfo(zone)
        self.every_hour = self.hours == set(range(24))

    def shows(self, shown: datetime) -> bool:
        if shown.minute not in self.minutes or shown.hour not in self.hours or shown.month not in self.months:
            return False
        by_day, by_weekday = shown.day in self.days, (shown.weekday() + 1) % 7 in self.weekdays
        if "*" in (self.fields[2], self.fields[4]):  # a range of all days is a condition, a star is none
            return by_day and by_weekday
        return by_day or by_weekday  # as cron has it: two conditions on the day are either one

    def fires(self, first: datetime, last: datetime) -> list[int]:
        """From a day before, so that what the clocks did just then is known."""
        found: set[int] = set()
        moment, before = first - timedelta(days=2), None
        while moment <= last:
            shown = moment.astimezone(self.zone)
            wall = shown.replace(tzinfo=None, fold=0)
            if before is not None and wall - before > MINUTE:
                passed = before + MINUTE
                while passed < wall and not self.shows(passed):
                    passed += MINUTE
                if passed < wall:
                    found.add(int((moment + (passed - before - MINUTE)).timestamp()))
            again = shown.replace(fold=1).utcoffset() != shown.replace(fold=0).utcoffset() and not shown.fold
            if self.shows(wall) and (self.every_hour or not again):
                found.add(int(moment.timestamp()))
            before, moment = wall, moment + MINUTE
        return sorted(each for each in found if first.timestamp() <= each <= last.timestamp())


# ── what is tried ────────────────────────────────────────────────────────────────────────────────────────


@st.composite
def fields(draw, least: int, most: int, often_star: int = 2) -> str:
    kind = draw(st.sampled_from(["*"] * often_star + ["number", "list", "range", "step", "stepped range"]))
    one = st.integers(least, most)
    if kind == "number":
        return str(draw(one))
    if kind == "list":
        return ",".join(str(n) for n in sorted(draw(st.sets(one, min_size=1, max_size=4))))
    if kind in ("range", "stepped range"):
        low = draw(st.integers(least, most - 1))
        high = draw(st.integers(low + 1, most))  # every Airflow takes 5-5 for `*`, and so must we
        return f"{low}-{high}" + (f"/{draw(st.integers(1, 7))}" if kind == "stepped range" else "")
    return f"*/{draw(st.integers(2, max(2, most // 2)))}" if kind == "step" else "*"


@st.composite
def expressions(draw) -> str:
    minute, hour = draw(fields(0, 59, 1)), draw(fields(0, 23))
    return " ".join([minute, hour, draw(fields(1, 31, 6)), draw(fields(1, 12, 8)), draw(fields(0, 6, 6))])


def changes(zone: str, year: int) -> list[datetime]:
    """The hours of a year at which the clocks of a zone were put forward or back."""
    at, found = datetime(year, 1, 1, tzinfo=timezone.utc), []
    for _ in range(366 * 24):
        then = at + timedelta(hours=1)
        if at.astimezone(ZoneInfo(zone)).utcoffset() != then.astimezone(ZoneInfo(zone)).utcoffset():
            found.append(at)
        at = then
    return found


@st.composite
def places(draw) -> tuple[str, datetime]:
    """A zone, and a moment at which something happens there: a change of clocks, the end of a month, the 29th."""
    zone = draw(st.sampled_from(ZONES))
    year = draw(st.integers(2005, 2027))
    ends = [datetime(year, month, 28, 20, tzinfo=timezone.utc) for month in (2, 3, 12)]
    moment = draw(st.sampled_from([*changes(zone, year), *ends]))
    return zone, moment + timedelta(minutes=draw(st.integers(-600, 60)))


def walked(cron: Cron, first: datetime, last: datetime) -> list[int]:
    found, at = [], cron.at_or_next(first.timestamp())
    while at is not None and at <= last.timestamp():
        found.append(at)
        at = cron.next(at)
    return found


HALF_HOUR = ("Australia/Lord_Howe", datetime(2024, 10, 5, 12, tzinfo=timezone.utc))
HALF_HOUR_BACK = ("Australia/Lord_Howe", datetime(2024, 4, 6, 12, tzinfo=timezone.utc))
A_DAY_IS_PASSED_OVER = ("Pacific/Apia", datetime(2011, 12, 29, 20, tzinfo=timezone.utc))
A_DAY_ENDS_TWICE = ("America/St_Johns", datetime(2005, 10, 30, 2, tzinfo=timezone.utc))
MIDNIGHT_IS_PASSED_OVER = ("America/Havana", datetime(2024, 3, 10, 1, tzinfo=timezone.utc))


@settings(max_examples=50, deadline=None)
@given(expressions(), places())
@example("15,45 2 * * *", HALF_HOUR)
@example("*/20 * * * *", HALF_HOUR)
@example("0 * * * *", HALF_HOUR_BACK)
@example("45 1 * * *", HALF_HOUR_BACK)
@example("0 12 * * *", A_DAY_IS_PASSED_OVER)
@example("30 0 30 12 *", A_DAY_IS_PASSED_OVER)
@example("0 0 * * *", MIDNIGHT_IS_PASSED_OVER)
@example("* * 1 * 0-6", ("UTC", datetime(2005, 2, 28, 20, tzinfo=timezone.utc)))
@example("* * * * 6", A_DAY_ENDS_TWICE)
@example("* * * * 0", A_DAY_ENDS_TWICE)
@example("15,30 23 * * 6", A_DAY_ENDS_TWICE)
@example("0 0 29 2 *", ("Europe/Berlin", datetime(2024, 2, 28, 12, tzinfo=timezone.utc)))
def test_a_walk_forward_and_one_back_give_what_a_scan_of_every_minute_gives(expression, place):
    zone, first = place
    last = first + timedelta(days=2, hours=6)
    wanted = Scan(expression, zone).fires(first, last)
    cron = Cron(expression, zone)
    assert walked(cron, first, last) == wanted
    back, at = [], cron.at_or_prev(last.timestamp())
    while at is not None and at >= first.timestamp():
        back.append(at)
        at = cron.prev(at)
    assert back[::-1] == wanted


@settings(max_examples=80, deadline=None)
@given(expressions(), places(), st.booleans())
def test_next_again_and_again_is_what_between_gives(expression, place, data_intervals):
    zone, first = place
    spec = DagSpec("d", schedule=expression, timezone=zone, data_intervals=data_intervals)
    table = timetable_of(spec)
    assert table is not None
    earliest = first.timestamp()
    one_by_one, last = [], None
    for _ in range(12):
        last = table.next(last, earliest, None, True, earliest)
        if last is None:
            break
        one_by_one.append(last)
    assume(one_by_one)
    until = one_by_one[-1].logical_date
    assert until is not None
    assert list(islice(table.between(earliest, until), 20)) == one_by_one
    dates = [run.logical_date for run in one_by_one]
    assert all(a < b for a, b in pairwise(dates))  # none twice, none out of order
    if data_intervals:
        assert all(a.interval[1] == b.interval[0] for a, b in pairwise(one_by_one))  # no stretch of time is lost


SPANS = st.one_of(
    st.integers(60, 10 * 86400).map(lambda n: {"every_s": float(n)}),
    st.fixed_dictionaries({"every": st.fixed_dictionaries({"months": st.integers(1, 14)})}),
    st.fixed_dictionaries({"every": st.fixed_dictionaries({"days": st.integers(1, 9), "hours": st.integers(0, 9)})}),
)


@settings(max_examples=80, deadline=None)
@given(st.one_of(expressions(), SPANS), places(), st.booleans(), st.lists(st.integers(1, 40 * 86400), max_size=12))
def test_without_catchup_a_stop_of_any_length_loses_and_doubles_nothing_but_what_it_passed_over(
    schedule, place, data_intervals, pauses
):
    """At each waking at most one run is made up for, it is the newest, and no date comes again."""
    zone, first = place
    start = datetime.fromtimestamp(first.timestamp(), timezone.utc).isoformat()
    spec = DagSpec("d", schedule=schedule, timezone=zone, data_intervals=data_intervals, start_date=start)
    table = timetable_of(spec)
    assert table is not None
    now, last = first.timestamp(), None
    made: list[Planned] = []
    for pause in pauses:
        now += pause
        fresh = []
        while (
            planned := table.next(last, first.timestamp(), None, False, now)
        ) is not None and planned.run_after <= now:
            fresh.append(planned)
            last = planned
        assert len(fresh) <= 1 + (isinstance(schedule, dict) and not fresh)
        made += fresh
        if planned is not None:
            assert planned.run_after > now
    assert all(a.logical_date < b.logical_date for a, b in pairwise(made))


@pytest.mark.parametrize("zone", ZONES)
def test_every_hour_of_two_years_comes_an_hour_after_the_last(zone):
    """Where clocks are put by whole hours; where by less, no way is longer than an hour and what they were put by."""
    cron = Cron("17 * * * *", zone)
    first = datetime(2024, 1, 1, tzinfo=timezone.utc)
    ways = {b - a for a, b in pairwise(walked(cron, first, first + timedelta(days=731)))}
    halves = {1800, 5400} if zone == "Australia/Lord_Howe" else set()
    assert ways <= {3600} | halves


def moments(found: list[int]) -> Iterator[datetime]:
    return (datetime.fromtimestamp(each, timezone.utc) for each in found)


def test_the_29th_of_february_comes_in_leap_years_alone():
    found = walked(
        Cron("0 0 29 2 *"), datetime(1999, 1, 1, tzinfo=timezone.utc), datetime(2101, 1, 1, tzinfo=timezone.utc)
    )
    assert [each.year for each in moments(found)] == list(range(2000, 2100, 4))


def test_the_last_of_each_month():
    first = datetime(2023, 1, 1, tzinfo=timezone.utc)
    found = list(moments(walked(Cron("0 0 L * *"), first, datetime(2024, 12, 31, tzinfo=timezone.utc))))
    assert len(found) == 24
    assert all((each + timedelta(days=1)).day == 1 for each in found)
