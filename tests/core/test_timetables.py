"""Which run comes after which: cron expressions, lengths of time and lists of moments, read from plain schedules."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from venturi.core.spec import DagSpec
from venturi.core.timetables import Planned, custom_of, timetable_of

PARIS = ZoneInfo("Europe/Paris")


def at(text: str, zone: Any = timezone.utc, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).timestamp()


def timetable(schedule, **more):
    made = timetable_of(DagSpec("d", schedule=schedule, **more))
    assert made is not None
    return made


def made_until(table, now, *, earliest=None, latest=None, catchup=False, count=1000):
    """What is made of a DAG that is looked at for the first time at `now`."""
    last, made = None, []
    while len(made) < count:
        planned = table.next(last, earliest, latest, catchup, now)
        if planned is None or planned.run_after > now:
            break
        made.append(planned)
        last = planned
    return made


def shown(planned: Planned | None, zone=timezone.utc) -> str | None:
    return None if planned is None else f"{datetime.fromtimestamp(planned.run_after, zone):%Y-%m-%d %H:%M:%S}"


# ── the words of the seeds ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("data_intervals", [True, False])
def test_daily_without_catchup_since_2021_starts_exactly_one_run(data_intervals):
    table = timetable("@daily", data_intervals=data_intervals)
    now = at("2026-11-28T12:00")
    made = made_until(table, now, earliest=at("2021-01-01"))
    assert [shown(run) for run in made] == ["2026-11-28 00:00:00"]
    assert made[0].interval == (
        (at("2026-11-27"), at("2026-11-28")) if data_intervals else (at("2026-11-28"), at("2026-11-28"))
    )


def test_with_catchup_every_interval_since_the_start_is_made_up_for_in_order():
    table = timetable("@daily", data_intervals=True)
    made = made_until(table, at("2026-01-05T12:00"), earliest=at("2026-01-01"), catchup=True)
    assert [run.interval for run in made] == [(at(f"2026-01-0{n}"), at(f"2026-01-0{n + 1}")) for n in range(1, 5)]


def test_nothing_begins_after_the_end_date():
    table = timetable("@daily", data_intervals=True)
    made = made_until(table, at("2026-02-01"), earliest=at("2026-01-01"), latest=at("2026-01-03"), catchup=True)
    assert [run.logical_date for run in made] == [at("2026-01-01"), at("2026-01-02"), at("2026-01-03")]


def test_a_run_made_by_hand_is_about_the_last_whole_interval():
    table = timetable("@daily", data_intervals=True)
    assert table.manual(at("2026-01-25T01:00")) == (at("2026-01-24"), at("2026-01-25"))
    assert timetable("@daily").manual(at("2026-01-25T01:00")) == (at("2026-01-25T01:00"),) * 2


# ── clocks that are put forward and back ─────────────────────────────────────────────────────────────────


def fired(expression, zone, first, last):
    table = timetable(expression, timezone=zone.key)
    return [datetime.fromtimestamp(run.run_after, zone) for run in table.between(first, last)]


def test_a_time_that_is_passed_over_comes_once_and_that_much_later():
    runs = fired("30 2 * * *", PARIS, at("2024-03-30"), at("2024-04-02"))
    assert [f"{run:%d %H:%M%z}" for run in runs] == ["30 02:30+0100", "31 03:30+0200", "01 02:30+0200"]


def test_a_time_that_is_shown_twice_comes_once():
    runs = fired("30 2 * * *", PARIS, at("2024-10-26"), at("2024-10-29"))
    assert [f"{run:%d %H:%M%z}" for run in runs] == ["26 02:30+0200", "27 02:30+0100", "28 02:30+0100"]


def test_every_quarter_of_an_hour_comes_in_both_hours():
    runs = fired("*/15 * * * *", PARIS, at("2024-10-27T00:00"), at("2024-10-27T01:45"))
    assert [f"{run:%H:%M%z}" for run in runs] == [f"02:{m:02}{z}" for z in ("+0200", "+0100") for m in (0, 15, 30, 45)]


# ── forms of schedule ────────────────────────────────────────────────────────────────────────────────────

BY_FORM = [
    ("@hourly", ["2026-01-31 11:00:00", "2026-01-31 12:00:00"]),
    ("@midnight", ["2026-02-01 00:00:00", "2026-02-02 00:00:00"]),
    ("@weekly", ["2026-02-01 00:00:00", "2026-02-08 00:00:00"]),
    ("@monthly", ["2026-02-01 00:00:00", "2026-03-01 00:00:00"]),
    ("@quarterly", ["2026-04-01 00:00:00", "2026-07-01 00:00:00"]),
    ("@annually", ["2027-01-01 00:00:00", "2028-01-01 00:00:00"]),
    ("0 6 L * *", ["2026-02-28 06:00:00", "2026-03-31 06:00:00"]),
    ("0 6 * * mon#2", ["2026-02-09 06:00:00", "2026-03-09 06:00:00"]),
    ("0 6 * * L5", ["2026-02-27 06:00:00", "2026-03-27 06:00:00"]),
    ("0 0 29 2 *", ["2028-02-29 00:00:00", "2032-02-29 00:00:00"]),
    ("*/20,5 10-11 * * *", ["2026-01-31 10:20:00", "2026-01-31 10:40:00"]),
    ("0 0 15 jan-mar fri", ["2026-02-06 00:00:00", "2026-02-13 00:00:00"]),
    ("30 10 * * * 15", ["2026-01-31 10:30:15", "2026-02-01 10:30:15"]),
    ("0 0 1 1 * 0 2030", ["2030-01-01 00:00:00", None]),
    ({"every_s": 5400.0}, ["2026-01-31 11:45:00", "2026-01-31 13:15:00"]),
    ({"every": {"months": 1}}, ["2026-02-28 10:15:00", "2026-03-28 10:15:00"]),
    (
        {
            "timetable": "MultipleCronTriggerTimetable",
            "expressions": ["0 12 * * *", "30 11 * * *"],
            "timezone": "UTC",
        },
        ["2026-01-31 11:30:00", "2026-01-31 12:00:00"],
    ),
]


@pytest.mark.parametrize(("schedule", "wanted"), BY_FORM, ids=lambda value: str(value)[:30])
def test_each_form_of_schedule_names_its_moments(schedule, wanted):
    table = timetable(schedule)
    last = Planned(at("2026-01-31T10:15"), None, None)
    found = []
    for _ in wanted:
        last = table.next(last, None, None, True, 0.0) if last is not None else None
        found.append(shown(last))
    assert found == wanted


def test_once_and_continuous():
    once = timetable("@once")
    only = once.next(None, at("2026-01-01"), None, False, at("2026-02-01"))
    assert shown(only) == "2026-01-01 00:00:00"
    assert once.next(only, at("2026-01-01"), None, False, at("2026-02-01")) is None
    always = timetable("@continuous")
    assert (always.runs_at_once_max, always.needs_end_of_last) == (1, True)
    first = always.next(None, at("2026-01-01"), None, False, at("2026-02-01"))
    assert first is not None
    assert first.interval == (at("2026-01-01"), at("2026-02-01"))
    second = always.next(first, at("2026-01-01"), None, False, at("2026-02-02"))
    assert second is not None
    assert second.interval == (at("2026-02-01"), at("2026-02-02"))


def test_events_are_not_lost_and_not_doubled():
    dates = ["2026-01-01T00:00:00+00:00", "2026-01-02T00:00:00+00:00", "2026-01-03T00:00:00+00:00"]
    table = timetable({"timetable": "EventsTimetable", "event_dates": dates, "restrict_to_events": True})
    all_three = made_until(table, at("2026-01-09"), catchup=True)
    assert [shown(run) for run in all_three] == ["2026-01-01 00:00:00", "2026-01-02 00:00:00", "2026-01-03 00:00:00"]
    assert shown(table.next(None, None, None, False, at("2026-01-01T12:00"))) == "2026-01-02 00:00:00"
    assert table.manual(at("2026-01-02T05:00")) == (at("2026-01-02"),) * 2


def test_a_partition_is_named_by_the_clocks_of_its_zone():
    plain = {
        "timetable": "CronPartitionTimetable",
        "expression": "0 0 * * *",
        "timezone": "Asia/Taipei",
        "run_offset": -1,
        "key_format": "%Y-%m-%d",
    }
    planned = timetable(plain).next(None, at("2026-01-05"), None, True, 0.0)
    assert planned == Planned(at("2026-01-05T16:00"), None, None, "2026-01-05", at("2026-01-04T16:00"))


def test_the_time_part_of_assets_or_time_is_its_timetable():
    time = {"timetable": "CronTriggerTimetable", "expression": "0 5 * * *", "timezone": "UTC"}
    plain = {"timetable": "AssetOrTimeSchedule", "assets": ["a"], "time": time}
    assert timetable(plain).words() == "daily at 05:00 UTC"
    custom = {"timetable": "custom", "class": "m:C", "held": {}}
    assert custom_of(DagSpec("d", schedule={**plain, "time": custom})) == custom


@pytest.mark.parametrize("schedule", [None, {"assets": ["a"]}, {"timetable": "PartitionedAtRuntime"}])
def test_what_has_no_time_of_its_own_has_no_timetable(schedule):
    assert timetable_of(DagSpec("d", schedule=schedule)) is None


@pytest.mark.parametrize(
    ("schedule", "zone", "why"),
    [
        ("61 * * * *", "UTC", "no cron expression"),
        ("H * * * *", "UTC", "to chance"),
        ("@daily", "Europe/Pariss", "there is no time zone 'Europe/Pariss'"),
        ({"every_s": 0.0}, "UTC", "no length of time"),
    ],
)
def test_a_schedule_that_cannot_be_is_told_in_one_sentence(schedule, zone, why):
    with pytest.raises(ValueError, match=why):
        timetable_of(DagSpec("d", schedule=schedule, timezone=zone))


@pytest.mark.parametrize(
    ("schedule", "zone", "words"),
    [
        ("@daily", "UTC", "daily at 00:00 UTC"),
        ("*/5 * * * *", "UTC", "every 5 minutes"),
        ("0 6 * * 1-5", "Europe/Paris", "0 6 * * 1-5 (Europe/Paris)"),
        ({"every_s": 300.0}, "UTC", "every 5 minutes"),
        ({"every_s": 86400.0}, "UTC", "every day"),
        ({"every": {"months": 1}}, "UTC", "every month"),
    ],
)
def test_words_say_when(schedule, zone, words):
    assert timetable(schedule, timezone=zone).words() == words


def test_runs_of_files_with_intervals_are_named_by_their_start():
    for data_intervals, name in ((True, "2026-01-01"), (False, "2026-01-02")):
        table = timetable("@daily", data_intervals=data_intervals)
        planned = table.next(None, at(name), None, True, 0.0)
        assert planned is not None
        assert table.run_id(planned) == f"scheduled__{name}T00:00:00+00:00"


def test_lengths_of_time_keep_their_rhythm_after_a_long_stop():
    table = timetable({"every_s": 600.0})
    last = Planned(at("2026-01-01T00:07"), at("2026-01-01T00:07"), (at("2026-01-01T00:07"),) * 2)
    found = table.next(last, None, None, False, at("2026-01-01T05:00:03"))
    assert shown(found) == "2026-01-01 04:57:00"
    assert timedelta(seconds=found.run_after - last.run_after) % timedelta(minutes=10) == timedelta(0)
