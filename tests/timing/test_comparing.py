"""The proof beside real Airflows can fail: what is no named difference is explained by none."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from .cases import Case, cases, file_of
from .comparing import DIFFERENCES, Runs, judge

HOUR, DAY = 3600.0, 86_400.0


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()


def case(schedule: Any, kind: str = "cron", zone: str = "Europe/Berlin", **more: Any) -> Case:
    jump = ["jump", at("2026-04-01T12:00")]
    made = Case(id="s", kind=kind, schedule=schedule, zone=zone, as_class="", catchup=False, late_s=0)
    made.update(start=[2026, 3, 1, 0, 0], end=None, begin=0.0, steps=[["live", 0.0], jump], **more)
    return made


def runs(*moments: float) -> Runs:
    """Of a timetable that starts at moments."""
    return [[str(moment), moment, moment, moment] for moment in moments]


def difference(ours: Runs, theirs: Runs, of: Case, generation: str = "3.3") -> str | None:
    verdict = judge(generation, of, {"runs": ours}, [{"runs": theirs}, {"runs": theirs}])
    assert not verdict.same
    return verdict.difference


def test_the_schedules_are_the_same_each_time() -> None:
    assert cases(7, 20) == cases(7, 20)
    assert file_of(cases(7, 20), "2.11") != file_of(cases(8, 20), "2.11")


def test_what_is_the_same_is_the_same_whichever_looks_first() -> None:
    one, other = runs(1.0, 2.0), runs(2.0)
    assert judge("3.3", case("@daily"), {"runs": one}, [{"runs": one}, {"runs": other}]).looks_first is False
    assert judge("3.3", case("@daily"), {"runs": one}, [{"runs": other}, {"runs": one}]).looks_first is True


MIDNIGHT = at("2026-04-02T22:00")  # of Friday the 3rd in Berlin, after the clocks were put forward


def test_an_hour_off_after_a_change_of_clocks_is_named_and_an_hour_off_on_our_side_is_not() -> None:
    of = case("0 * 13 * FRI")
    named = "clocks changed between two dates of an hourly schedule"
    assert difference(runs(MIDNIGHT), runs(MIDNIGHT + HOUR), of) == named
    assert difference(runs(MIDNIGHT + HOUR), runs(MIDNIGHT), of) is None
    assert difference(runs(MIDNIGHT - HOUR), runs(MIDNIGHT), of) is None


def test_half_an_hour_off_on_lord_howe_is_named_and_only_there() -> None:
    right = at("2026-04-05T03:30")  # 14:00 there
    of = case("0 * * * *", zone="Australia/Lord_Howe")
    assert difference(runs(right), runs(right - HOUR / 2), of) == "clocks put by half an hour"
    assert difference(runs(right - HOUR / 2), runs(right), of) is None
    assert difference(runs(right), runs(right - HOUR / 2), case("0 * * * *", zone="UTC")) is None


def test_a_doubled_date_and_one_left_out_are_explained_by_nothing() -> None:
    of = case("0 9 * * *")
    days = [at(f"2026-03-{day:02}T08:00") for day in range(10, 15)]
    assert difference(runs(*days[:3], *days[2:]), runs(*days), of) is None
    assert difference(runs(*days[:2], *days[3:]), runs(*days), of) is None
    assert difference(runs(*days), runs(*days[:2]), of) is None


def test_a_new_rhythm_is_named_only_from_the_pause_on_and_only_where_ours_goes_on() -> None:
    of = case({"days": 1}, "length")
    jump, before = of["steps"][1][1], [at(f"2026-03-{day}T07:00") for day in (20, 21, 22)]
    ours, theirs = runs(*before, at("2026-04-01T07:00")), runs(*before, jump)
    assert difference(ours, theirs, of) == "a new rhythm after a pause"
    assert difference(runs(*before, at("2026-04-01T08:00")), theirs, of) is None
    assert difference(ours, runs(*before, jump - HOUR), of) is None
    assert difference(ours, theirs, of | {"catchup": True}) is None  # type: ignore[arg-type]


def test_thirty_days_are_named_in_2_11_alone() -> None:
    of = case({"months": 1}, "calendar", "UTC")
    ours = [["a", at("2026-03-01T00:00"), at("2026-03-01T00:00"), at("2026-04-01T00:00")]]
    theirs = [["b", at("2026-03-12T00:00"), at("2026-03-12T00:00"), at("2026-04-12T00:00")]]
    assert difference(ours, theirs, of, "2.11") == "a month taken for thirty days"
    assert difference(theirs, ours, of, "2.11") is None
    assert difference(ours, theirs, of, "3.3") is None


def test_what_failed_on_either_side_is_no_difference_with_a_name() -> None:
    told = {"runs": runs(1.0)}
    assert judge("3.3", case("@daily"), {"error": "broken"}, [told, told]).detail == "broken"
    assert judge("3.3", case("@daily"), told, [{"error": "broken"}, told]).same is False


@pytest.mark.parametrize("name", DIFFERENCES)
def test_each_difference_has_a_reason(name: str) -> None:
    assert DIFFERENCES[name].why.endswith(".")
