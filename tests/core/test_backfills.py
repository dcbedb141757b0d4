"""Backfills: which dates they are about, in which order, and what becomes of a date that has its run."""

from __future__ import annotations

import gc
from datetime import datetime, timezone
from typing import Any

import pytest

from venturi.core.backfills import REPROCESS, Request, There, date_of, dates, request_of, verdict
from venturi.core.errors import NotWithout, UnknownTask, VenturiError
from venturi.core.spec import DagSpec, MapSource, TaskSpec
from venturi.core.timetables import Planned, timetable_of

NOW = datetime(2026, 6, 1, 12, tzinfo=timezone.utc).timestamp()


def spec(schedule: Any = "@daily", **more: Any) -> DagSpec:
    return DagSpec("d", **{"schedule": schedule, "data_intervals": True, **more})


def walked(of: DagSpec, after: float | None = None, now: float = NOW, **given: Any) -> list[str]:
    request = request_of({"from" if k == "first" else "to" if k == "last" else k: v for k, v in given.items()}, of, now)
    return [shown(date_of(planned)) for planned in dates(timetable_of(of), request, after)]


def shown(date: float) -> str:
    return datetime.fromtimestamp(date, timezone.utc).strftime("%m-%d %H:%M")


def refusal(of: DagSpec, **given: Any) -> str:
    with pytest.raises(VenturiError) as caught:
        walked(of, **given)
    return str(caught.value)


# ── the range ────────────────────────────────────────────────────────────────────────────────────────────


def test_the_bounds_belong_to_it_and_the_last_day_is_meant_as_a_whole() -> None:
    assert walked(spec(), first="2026-01-01", last="2026-01-03") == ["01-01 00:00", "01-02 00:00", "01-03 00:00"]
    assert walked(spec("0 6 * * *"), first="2026-01-01", last="2026-01-02") == ["01-01 06:00", "01-02 06:00"]
    assert walked(spec("0 6 * * *"), first="2026-01-01", last="2026-01-02T05:00") == ["01-01 06:00"]
    assert len(walked(spec("@hourly"), first="2026-01-01", last="2026-01-01")) == 24


def test_dates_without_an_offset_are_by_the_clock_of_the_dag() -> None:
    berlin = spec("@daily", timezone="Europe/Berlin")
    assert walked(berlin, first="2026-01-01", last="2026-01-02") == ["12-31 23:00", "01-01 23:00"]
    assert walked(berlin, first="2026-01-01T00:00Z", last="2026-01-02T00:00Z") == ["01-01 23:00"]


def test_a_run_about_an_interval_is_known_by_its_start_and_one_of_a_moment_by_that() -> None:
    of = {"from": "2026-01-01", "to": "2026-01-01"}
    for intervals, about in ((True, 86_400.0), (False, 0.0)):
        dag = spec(data_intervals=intervals)
        (planned,) = dates(timetable_of(dag), request_of(of, dag, NOW))
        assert planned.logical_date is not None
        assert planned.interval is not None
        assert shown(planned.logical_date) == "01-01 00:00"
        assert planned.interval[1] - planned.interval[0] == about


def test_what_is_still_to_come_is_no_part_of_it() -> None:
    assert walked(spec(), first="2026-05-30", last="2026-06-30") == ["05-30 00:00", "05-31 00:00"]
    moments = spec(data_intervals=False)
    assert walked(moments, first="2026-05-31", last="2026-06-30") == ["05-31 00:00", "06-01 00:00"]
    assert walked(moments, first="2026-05-31", last="2026-06-30", reverse=True) == ["06-01 00:00", "05-31 00:00"]


def test_a_start_date_is_no_bound() -> None:
    assert walked(spec(start_date="2026-03-01T00:00:00+00:00"), first="2026-01-01", last="2026-01-01") == [
        "01-01 00:00"
    ]


SCHEDULES = ["@hourly", "*/7 3 * * 1-5", "0 0 31 * *", {"every_s": 5000.0}, {"every": {"months": 1}}, "30 2 * * *"]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=str)
@pytest.mark.parametrize("start", [None, "2023-12-31T00:30:00+00:00"])
@pytest.mark.parametrize("intervals", [True, False])
def test_in_reverse_the_same_dates_come_the_other_way_round(schedule: Any, start: Any, intervals: bool) -> None:
    dag = spec(schedule, start_date=start, data_intervals=intervals, timezone="Europe/Berlin")
    asked = {"first": "2024-01-31", "last": "2024-12-31"}
    forward = walked(dag, **asked)
    assert forward
    assert walked(dag, **asked, reverse=True) == forward[::-1]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=str)
@pytest.mark.parametrize("reverse", [True, False])
def test_it_goes_on_after_any_date_as_if_it_had_not_stopped(schedule: Any, reverse: bool) -> None:
    dag = spec(schedule, timezone="Europe/Berlin")
    request = request_of({"from": "2024-01-31", "to": "2024-04-30", "reverse": reverse}, dag, NOW)
    whole = [date_of(p) for p in dates(timetable_of(dag), request)]
    for at in range(0, len(whole), max(1, len(whole) // 20)):
        assert [date_of(p) for p in dates(timetable_of(dag), request, whole[at])] == whole[at + 1 :]


def test_of_five_years_of_hours_only_the_next_few_are_held() -> None:
    dag = spec("@hourly")
    for reverse in (False, True):
        request = request_of({"from": "2020-01-01", "to": "2024-12-31", "reverse": reverse}, dag, NOW)
        n = 0
        for n, _ in enumerate(dates(timetable_of(dag), request), 1):
            if n % 9000 == 0:
                assert sum(type(one) is Planned for one in gc.get_objects()) < 2000
        assert n == 43_848


# ── dates that are named ─────────────────────────────────────────────────────────────────────────────────


def test_named_dates_are_done_once_each_in_order() -> None:
    given = ["2026-01-05", "2026-01-01", "2026-01-05"]
    assert walked(spec(), dates=given) == ["01-01 00:00", "01-05 00:00"]
    assert walked(spec(), dates=given, reverse=True) == ["01-05 00:00", "01-01 00:00"]
    after = datetime(2026, 1, 1, tzinfo=timezone.utc).timestamp()
    assert walked(spec(), after, dates=given) == ["01-05 00:00"]


def test_a_named_date_that_the_schedule_does_not_have_is_refused_with_the_next_that_it_has() -> None:
    assert refusal(spec(), dates=["2026-01-01T05:00"]) == (
        "2026-01-01T05:00:00Z is no date of its schedule (daily at 00:00 UTC); the next is 2026-01-02T00:00:00Z."
    )


@pytest.mark.parametrize("schedule", [None, "@once", "@continuous", {"assets": {"ref": {"name": "a"}}}], ids=str)
def test_a_dag_without_dates_takes_those_that_are_named_and_no_range(schedule: Any) -> None:
    assert walked(spec(schedule), dates=["2026-01-01T05:00"]) == ["01-01 05:00"]
    said = refusal(spec(schedule), first="2026-01-01", last="2026-01-02")
    assert said.startswith("DAG 'd' has no dates of its own, as ")
    assert said.endswith("Name them with --dates.")


# ── refusals ─────────────────────────────────────────────────────────────────────────────────────────────


def test_what_cannot_be_is_one_sentence() -> None:
    asked = {"first": "2026-01-01", "last": "2026-01-02"}
    own = spec({"timetable": "custom", "summary": "workdays"})
    assert refusal(spec(), first="2026-01-02", last="2026-01-01") == "--to 2026-01-01 is before --from 2026-01-02."
    assert refusal(spec(), first="2026-01-02") == "Say which dates: --from DATE --to DATE, or --dates DATE,DATE,…"
    assert refusal(spec(), dates=["2026-01-01"], **asked) == "Say either --dates or --from and --to, not both."
    assert "'soon' is no date" in refusal(spec(), first="soon", last="2026-01-02")
    assert "would start nothing" in refusal(spec(), max_active=0, **asked)
    assert "--reprocess is one of: none, failed, all" in refusal(spec(), reprocess="some", **asked)
    assert "only says what comes next" in refusal(own, reverse=True, **asked)
    assert "cannot be" in refusal(spec("61 * * * *"), **asked)
    partitions = {"timetable": "CronPartitionTimetable", "expression": "@daily", "key_format": "%Y"}
    assert "starts by partitions" in refusal(spec(partitions), **asked)


def test_what_depends_on_its_past_is_not_done_in_reverse() -> None:
    dag = spec(tasks=(TaskSpec("a"), TaskSpec("b", depends_on_past=True)))
    asked = {"first": "2026-01-01", "last": "2026-01-01", "reverse": True}
    assert refusal(dag, **asked) == "Task 'b' depends on its past (depends_on_past), so it cannot be done in reverse."
    assert walked(dag, **asked, tasks=["a"]) == ["01-01 00:00"]


# ── tasks ────────────────────────────────────────────────────────────────────────────────────────────────

CHAIN = (TaskSpec("a"), TaskSpec("b", upstream=("a",)), TaskSpec("c", upstream=("b",)), TaskSpec("d", upstream=("b",)))


@pytest.mark.parametrize(
    ("given", "chosen"),
    [
        ({}, ()),
        ({"tasks": ["b"]}, ("b",)),
        ({"tasks": ["c"], "upstream": True}, ("a", "b", "c")),
        ({"tasks": ["b"], "downstream": True}, ("b", "c", "d")),
        ({"tasks": ["c"], "upstream": True, "downstream": True}, ("a", "b", "c")),
        ({"tasks": ["a"], "downstream": True}, ()),
    ],
)
def test_the_tasks_chosen_come_alone_unless_their_upstream_is_asked_for(given: Any, chosen: Any) -> None:
    asked = {"from": "2026-01-01", "to": "2026-01-01", **given}
    assert request_of(asked, spec(tasks=CHAIN), NOW).tasks == chosen


def test_a_task_that_is_not_there_or_misses_what_it_is_mapped_over_is_refused() -> None:
    asked = {"from": "2026-01-01", "to": "2026-01-01"}
    with pytest.raises(UnknownTask):
        request_of({**asked, "tasks": ["x"]}, spec(tasks=CHAIN), NOW)
    mapped = TaskSpec("m", upstream=("a",), is_mapped=True, mapped=(MapSource("n", task_id="a"),))
    with pytest.raises(NotWithout):
        request_of({**asked, "tasks": ["m"]}, spec(tasks=(TaskSpec("a"), mapped)), NOW)


def test_as_many_at_once_as_the_dag_has_but_no_more_than_ten_unless_it_is_said() -> None:
    asked = {"from": "2026-01-01", "to": "2026-01-01"}
    assert request_of(asked, spec(max_active_runs=3), NOW).max_active == 3
    assert request_of(asked, spec(max_active_runs=16), NOW).max_active == 10
    assert request_of({**asked, "max_active": 40}, spec(max_active_runs=3), NOW).max_active == 40


def test_a_request_is_the_same_after_it_was_written_down() -> None:
    asked = {"dates": ["2026-01-01", "2026-01-02"], "tasks": ["b"], "conf": {"n": 1}, "reprocess": "failed"}
    request = request_of(asked, spec(tasks=CHAIN), NOW)
    assert Request.of(request.plain()) == request


# ── what becomes of a date ───────────────────────────────────────────────────────────────────────────────


def test_a_date_that_has_its_run_is_left_out_or_done_again_as_was_said() -> None:
    words = {
        (state, how): verdict(None if state is None else There(1, "r", state), how).what
        for state in (None, "queued", "running", "success", "failed")
        for how in REPROCESS
    }
    new = {(None, how): "new" for how in REPROCESS}
    again = {("failed", "failed"): "again", ("failed", "all"): "again", ("success", "all"): "again"}
    assert words == dict.fromkeys(words, "left out") | new | again
    assert verdict(There(1, "r", "failed"), "none").reason == "its run r has failed"
    assert verdict(There(1, "r", "running"), "all").reason == "its run r is running"
