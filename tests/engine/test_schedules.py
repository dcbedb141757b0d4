"""What starts by time: each date once, over crashes, pauses, new versions and clocks that are set."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest

from venturi.core.spec import DagSpec, TaskSpec
from venturi.engine.pausing import set_paused
from venturi.executors.base import Connected, Dated, Disconnected
from venturi.store.rows import RunRow

from .conftest import Bench

HOUR, DAY = 3600.0, 86_400.0
DONE_AT_ONCE = (TaskSpec("a", no_process=True),)
WORKS = (TaskSpec("a"),)


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()


def daily(**more: Any) -> DagSpec:
    made = DagSpec(
        "d", tasks=DONE_AT_ONCE, schedule="@daily", data_intervals=True, start_date="2021-01-01T00:00:00+00:00"
    )
    return replace(made, **more)


def serve(bench: Bench, *specs: DagSpec, version: str = "v1", file: str = "/dags/one.py") -> None:
    """As if a file of a served folder had been read."""
    bench.files.want(file, lambda state, turn: None)
    bench.files.files[file].ad_hoc = False
    bench.files.pump()
    bench.loaded(list(specs), version)


def runs(bench: Bench, dag_id: str = "d") -> list[RunRow]:
    with bench.store.reader() as reader:
        return reader.runs(dag_id, limit=10_000)[::-1]


def dates(bench: Bench, dag_id: str = "d") -> list[str]:
    made = runs(bench, dag_id)
    assert {run.run_type for run in made} <= {"scheduled"}
    return [text(run.logical_date) for run in made]


def text(moment: float | None) -> str:
    assert moment is not None
    return datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%dT%H:%M")


def go_to(bench: Bench, moment: float, most: int = 1000) -> None:
    """As the loop of a living engine: turn at each time that it waits for."""
    for _ in range(most):
        timer = bench.engine.next_timer()
        if timer is None or timer > moment:
            break
        bench.now = max(bench.now, timer)
        bench.turn()
    bench.now = moment
    bench.turn()


def finish_all(bench: Bench) -> None:
    for token in list(bench.engine.world.by_token):
        bench.turn(bench.ended(token))


def test_daily_without_catchup_from_2021_starts_exactly_one_run(bench: Bench) -> None:
    bench.now = at("2023-11-14T12:00")
    serve(bench, daily())
    go_to(bench, bench.now + HOUR)
    assert dates(bench) == ["2023-11-13T00:00"]
    (run,) = runs(bench)
    assert run.run_id == "scheduled__2023-11-13T00:00:00+00:00"
    assert (run.interval_start, run.interval_end) == (at("2023-11-13T00:00"), at("2023-11-14T00:00"))
    assert run.started_by == "its schedule"
    go_to(bench, at("2023-11-15T00:00"))
    assert dates(bench) == ["2023-11-13T00:00", "2023-11-14T00:00"]


def test_a_run_starts_in_the_turn_in_which_it_is_due(bench: Bench) -> None:
    bench.now = at("2023-11-14T12:00")
    serve(bench, daily(tasks=WORKS, start_date="2023-11-14T00:00:00+00:00"))
    assert bench.engine.next_timer() == at("2023-11-15T00:00")
    bench.now = at("2023-11-15T00:00")
    bench.turn()
    assert len(bench.executor.starts) == 1


def test_catch_up_makes_no_more_runs_at_once_than_the_dag_may_have(bench: Bench) -> None:
    bench.now = at("2023-11-14T12:00")
    serve(bench, daily(tasks=WORKS, catchup=True, max_active_runs=3, start_date="2023-11-01T00:00:00+00:00"))
    assert dates(bench) == ["2023-11-01T00:00", "2023-11-02T00:00", "2023-11-03T00:00"]
    assert bench.engine.next_timer() is None
    (first, *_) = bench.engine.world.by_token
    bench.turn(bench.ended(first))
    assert dates(bench)[3:] == ["2023-11-04T00:00"]
    for _ in range(20):
        finish_all(bench)
    assert dates(bench) == [f"2023-11-{day:02}T00:00" for day in range(1, 14)]


def test_catch_up_of_a_dag_whose_runs_end_at_once_makes_every_date_in_bounded_turns(bench: Bench) -> None:
    bench.now = at("2023-11-14T12:00")
    serve(bench, daily(catchup=True, schedule="0 * * * *", start_date="2023-11-01T00:00:00+00:00", max_active_runs=1))
    go_to(bench, bench.now + 1.0)
    assert len(dates(bench)) == len(set(dates(bench))) == 13 * 24 + 12


def test_a_slow_dag_without_catch_up_passes_over_what_it_has_missed(bench: Bench) -> None:
    bench.now = at("2023-11-14T12:00")
    serve(bench, daily(tasks=WORKS, schedule="0 * * * *", max_active_runs=1, start_date="2023-11-14T12:00:00+00:00"))
    go_to(bench, at("2023-11-14T17:30"))
    assert dates(bench) == ["2023-11-14T12:00"]
    finish_all(bench)
    assert dates(bench)[1:] == ["2023-11-14T16:00"]


def test_a_new_engine_goes_on_from_the_row(bench: Bench) -> None:
    bench.now = at("2023-11-14T12:00")
    serve(bench, daily(schedule="0 * * * *", catchup=True, start_date="2023-11-14T10:00:00+00:00"))
    go_to(bench, at("2023-11-14T13:10"))
    bench.start()
    bench.settle()
    assert bench.engine.next_timer() == at("2023-11-14T14:00")
    bench.now = at("2023-11-14T16:05")  # it was away for that long
    bench.start()
    bench.settle()
    go_to(bench, bench.now)
    assert dates(bench) == [f"2023-11-14T{hour}:00" for hour in range(10, 16)]


def test_without_catch_up_a_new_engine_makes_the_newest_only(bench: Bench) -> None:
    bench.now = at("2023-11-14T12:00")
    serve(bench, daily(schedule="0 * * * *"))
    bench.now = at("2023-11-14T17:30")
    bench.start()
    bench.settle()
    go_to(bench, bench.now)
    assert dates(bench) == ["2023-11-14T11:00", "2023-11-14T16:00"]


def test_a_paused_dag_starts_nothing_and_unpaused_without_catch_up_the_newest(bench: Bench) -> None:
    bench.now = at("2023-11-14T12:00")
    serve(bench, daily(schedule="0 * * * *"))
    bench.turn(do=lambda turn: set_paused(bench.engine, "d", True, turn))
    go_to(bench, at("2023-11-14T20:30"))
    assert dates(bench) == ["2023-11-14T11:00"]
    bench.turn(do=lambda turn: set_paused(bench.engine, "d", False, turn))
    assert dates(bench) == ["2023-11-14T11:00", "2023-11-14T19:00"]


def test_unpaused_with_catch_up_every_date_is_made_up_for(bench: Bench) -> None:
    bench.now = at("2023-11-14T12:00")
    serve(bench, daily(schedule="0 * * * *", catchup=True, start_date="2023-11-14T11:00:00+00:00"))
    bench.turn(do=lambda turn: set_paused(bench.engine, "d", True, turn))
    go_to(bench, at("2023-11-14T15:30"))
    bench.turn(do=lambda turn: set_paused(bench.engine, "d", False, turn))
    go_to(bench, bench.now)
    assert dates(bench) == [f"2023-11-14T{hour}:00" for hour in range(11, 15)]


def test_once_is_once_for_ever(bench: Bench) -> None:
    serve(bench, daily(schedule="@once"))
    serve(bench, daily(schedule="@once", description="changed"), version="v2")
    bench.start()
    bench.settle()
    go_to(bench, bench.now + 400 * DAY)
    assert len(runs(bench)) == 1


def test_continuous_goes_on_after_the_end_of_the_last_and_at_most_once_a_second(bench: Bench) -> None:
    serve(bench, daily(schedule="@continuous", tasks=WORKS, max_active_runs=1))
    began = bench.now
    assert len(runs(bench)) == 1
    bench.now += 500
    bench.turn()
    assert len(runs(bench)) == 1
    finish_all(bench)
    second = runs(bench)[1]
    assert second.queued_at == began + 500
    assert (second.interval_start, second.interval_end) == (began, began + 500)
    bench.now += 0.2
    finish_all(bench)
    assert len(runs(bench)) == 2
    go_to(bench, bench.now + 0.8)
    assert len(runs(bench)) == 3


def test_a_new_version_with_another_schedule_goes_on_from_its_last_date(bench: Bench) -> None:
    bench.now = at("2023-11-14T12:00")
    serve(bench, daily())
    bench.now += 60
    serve(bench, daily(schedule="0 * * * *"), version="v2")
    go_to(bench, at("2023-11-14T14:00"))
    assert dates(bench) == ["2023-11-13T00:00", "2023-11-14T11:00", "2023-11-14T12:00", "2023-11-14T13:00"]
    serve(bench, daily(schedule=None), version="v3")
    go_to(bench, at("2023-11-20T00:00"))
    assert len(runs(bench)) == 4
    assert bench.engine.schedules.told("d") == {}


def test_a_file_that_goes_and_comes_back_doubles_no_date(bench: Bench) -> None:
    bench.now = at("2023-11-14T12:00")
    serve(bench, daily())
    serve(bench, version="v2")
    go_to(bench, at("2023-11-16T12:00"))
    serve(bench, daily(), version="v1")
    assert dates(bench) == ["2023-11-13T00:00", "2023-11-15T00:00"]


def test_an_end_date_in_the_past_and_a_start_date_in_the_far_future_start_nothing(bench: Bench) -> None:
    serve(bench, daily(end_date="2022-01-01T00:00:00+00:00"))
    serve(bench, daily(start_date="9000-01-01T00:00:00+00:00", dag_id="far"), version="v2")
    go_to(bench, bench.now + 100 * DAY)
    assert runs(bench) == runs(bench, "far") == []


def test_a_start_date_that_moves_with_each_reading_of_the_file_loses_no_day(bench: Bench) -> None:
    """`days_ago(0)` is the day on which the file is read."""
    bench.now = at("2023-11-14T12:00")
    serve(bench, daily(start_date="2023-11-14T00:00:00+00:00"))
    for day in (15, 16, 17):
        bench.now = at(f"2023-11-{day}T00:00")
        serve(bench, daily(start_date=f"2023-11-{day}T00:00:00+00:00"), version=f"of {day}")
        go_to(bench, bench.now + HOUR)
    assert dates(bench) == [f"2023-11-{day}T00:00" for day in (14, 15, 16)]


def test_a_date_that_was_run_by_hand_has_its_run(bench: Bench) -> None:
    bench.now = at("2023-11-14T12:00")
    serve(bench, daily(schedule="0 * * * *"))
    bench.trigger("d", date="2023-11-14T12:00:00+00:00")
    go_to(bench, at("2023-11-14T14:00"))
    assert [(r.run_type, text(r.logical_date)[11:]) for r in runs(bench)] == [
        ("scheduled", "11:00"),
        ("manual", "12:00"),
        ("scheduled", "13:00"),
    ]


def test_a_run_by_hand_is_about_the_interval_that_its_timetable_says(bench: Bench) -> None:
    serve(bench, daily(start_date="2030-01-01T00:00:00+00:00"))
    bench.trigger("d", date="2023-11-14T12:00:00+00:00")
    (run,) = runs(bench)
    assert (run.interval_start, run.interval_end) == (at("2023-11-13T00:00"), at("2023-11-14T00:00"))
    assert run.logical_date == at("2023-11-14T12:00")


def test_a_foreground_engine_and_a_dag_that_is_only_tried_by_hand_start_nothing_by_time(bench: Bench) -> None:
    bench.declare(daily())
    assert runs(bench) == []
    bench.start(foreground=True)
    bench.settle()
    serve(bench, daily(dag_id="e"))
    go_to(bench, bench.now + 10 * DAY)
    assert runs(bench) == runs(bench, "e") == []
    assert bench.engine.next_timer() is None


def test_an_ad_hoc_dag_is_scheduled_once_its_folder_is_served(bench: Bench) -> None:
    bench.declare(daily())
    serve(bench, daily())
    assert len(runs(bench)) == 1


@pytest.mark.parametrize("catchup", [True, False])
@pytest.mark.parametrize("jump", [HOUR, DAY, -HOUR, -DAY])
def test_a_clock_that_is_set_and_set_back_loses_no_date_and_doubles_none(
    bench: Bench, jump: float, catchup: bool
) -> None:
    bench.now = at("2023-11-14T12:30")
    first = "2023-11-14T12:20:00+00:00"
    serve(bench, daily(schedule="*/10 * * * *", catchup=catchup, start_date=first))
    go_to(bench, at("2023-11-14T13:05"))
    bench.now += jump
    bench.engine.clock_set(jump)
    bench.turn()
    go_to(bench, bench.now + 1500)
    bench.now -= jump
    bench.engine.clock_set(-jump)
    bench.turn()
    go_to(bench, at("2023-11-16T13:05"))
    made = dates(bench)
    assert len(made) == len(set(made))
    due = {text(moment) for moment in range(int(at("2023-11-14T12:20")), int(at("2023-11-16T13:00")), 600)}
    # Without catch-up the two are passed over that came while the clock showed another time.
    assert due - set(made) == (set() if catchup else {"2023-11-14T13:00", "2023-11-14T13:10"})


@pytest.mark.parametrize("jump", [DAY, -DAY])
def test_lengths_of_time_pass_as_they_would_have_when_the_clock_is_set(bench: Bench, jump: float) -> None:
    spec = DagSpec("d", tasks=(TaskSpec("a", retries=1, retry_delay_s=300), TaskSpec("b")), run_timeout_s=1000)
    bench.declare(spec)
    run_id = bench.trigger("d")
    bench.turn(bench.started(1), bench.started(2))
    bench.turn(bench.ended(1, "failed"))
    bench.now += 100 + jump
    bench.engine.clock_set(jump)
    bench.turn()
    assert bench.states("d", run_id) == {"a": "up_for_retry", "b": "running"}
    bench.start()  # and over a restart
    bench.settle(2)
    assert bench.states("d", run_id) == {"a": "up_for_retry", "b": "running"}
    bench.now += 201
    bench.turn()
    assert bench.states("d", run_id)["a"] == "starting"
    bench.now += 698
    bench.turn()
    assert bench.run_state("d", run_id) == "running"
    assert bench.executor.cancels == []
    bench.now += 3
    bench.turn()
    assert [reason for _, reason in bench.executor.cancels if "dagrun_timeout" in reason] != []


def test_what_is_wrong_with_a_schedule_is_told_and_stalls_only_its_dag(bench: Bench) -> None:
    needs = {"n": {"schema": {"type": "integer"}}}
    serve(bench, daily(params=needs, dag_id="bad"))
    serve(bench, daily(dag_id="good"), file="/dags/two.py")
    assert runs(bench, "bad") == []
    assert len(runs(bench, "good")) == 1
    assert "n" in bench.engine.schedules.told("bad")["problem"]
    assert bench.engine.next_timer() == bench.engine.schedules.told("good")["next"]
    given = {"n": {"schema": {"type": "integer"}, "value": 1}}
    serve(bench, daily(params=given, dag_id="bad"), version="v2")
    assert len(runs(bench, "bad")) == 1


def test_a_thousand_dags_that_are_due_at_once_start_in_bounded_turns(bench: Bench) -> None:
    bench.now = at("2023-11-14T12:00")
    specs = [daily(dag_id=f"d{n}", start_date="2023-11-14T00:00:00+00:00") for n in range(250)]
    serve(bench, *specs)
    bench.now = at("2023-11-15T00:00")
    turns = 0
    while (timer := bench.engine.next_timer()) is not None and timer <= bench.now:
        bench.turn()
        turns += 1
    assert 3 <= turns <= 6
    assert all(len(runs(bench, spec.dag_id)) == 1 for spec in specs)


# ── timetable classes of the authors' own ──

OWN = {"timetable": "custom", "class": "one:Third", "held": {}, "summary": "Third"}


def answer(bench: Bench, days: list[int], done: bool = False) -> None:
    """As its process would have."""
    request, _ = bench.executor.questions[-1]
    first = at("2023-11-01T00:00")
    told = [[first + (day + 1) * DAY, first + day * DAY, [first + day * DAY, first + (day + 1) * DAY]] for day in days]
    bench.turn(Dated(request, {"dates": told, "done": done}))


def test_a_timetable_of_ones_own_is_asked_a_hundred_dates_ahead_and_kept(bench: Bench) -> None:
    bench.now = at("2023-11-14T12:00")
    serve(bench, daily(schedule=OWN, catchup=True, start_date="2023-11-01T00:00:00+00:00"))
    ((_, want),) = bench.executor.questions
    assert (want["dag_id"], want["last"], want["count"]) == ("d", None, 100)
    assert runs(bench) == []
    answer(bench, [3 * n for n in range(12)])
    assert dates(bench) == [f"2023-11-{day:02}T00:00" for day in (1, 4, 7, 10, 13)]
    bench.start()
    bench.settle()
    assert bench.executor.questions == []
    go_to(bench, at("2023-11-17T00:00"))
    assert dates(bench)[-1] == "2023-11-16T00:00"


def test_before_its_dates_run_out_it_is_asked_for_more(bench: Bench) -> None:
    bench.now = at("2023-11-14T12:00")
    serve(bench, daily(schedule=OWN, catchup=True, start_date="2023-11-01T00:00:00+00:00"))
    answer(bench, list(range(15)))
    assert len(bench.executor.questions) == 2
    assert bench.executor.questions[-1][1]["last"][1] == at("2023-11-13T00:00")
    answer(bench, [13, 14], done=True)
    go_to(bench, at("2023-12-14T00:00"))
    assert dates(bench) == [f"2023-11-{day:02}T00:00" for day in range(1, 16)]
    assert len(bench.executor.questions) == 2


def test_one_that_hangs_stalls_its_dag_alone_says_so_and_is_asked_again(bench: Bench) -> None:
    bench.now = at("2023-11-14T12:00")
    serve(bench, daily(schedule=OWN, start_date="2023-11-01T00:00:00+00:00"))
    serve(bench, daily(dag_id="good"), file="/dags/two.py")
    bench.turn(Dated(bench.executor.questions[-1][0], {"error": "It gave no answer within 10 s."}))
    told = bench.engine.schedules.told("d")
    assert told["problem"] == "Its timetable Third cannot say what comes next: It gave no answer within 10 s."
    assert len(runs(bench, "good")) == 1
    go_to(bench, bench.now + 299)
    assert len(bench.executor.questions) == 1
    go_to(bench, bench.now + 2)
    assert len(bench.executor.questions) == 2
    answer(bench, [10, 11, 12, 13, 14, 15, 16, 17, 18, 19])
    assert dates(bench) == ["2023-11-13T00:00"]
    assert bench.engine.schedules.told("d")["problem"] is None


def test_it_is_asked_again_when_its_file_has_changed_and_by_a_new_crew(bench: Bench) -> None:
    serve(bench, daily(schedule=OWN))
    serve(bench, daily(schedule=OWN, description="new"), version="v2")
    assert len(bench.executor.questions) == 2
    bench.turn(Disconnected("it is gone"))
    bench.turn(Connected(4, {}, set()))
    bench.settle()
    assert len(bench.executor.questions) == 4


@pytest.mark.parametrize("after_s", [0.0, 0.12345499, 0.1234555, 0.9999996, 0.00000149])
def test_a_run_by_hand_waits_for_what_it_is_about(bench: Bench, after_s: float) -> None:
    bench.now += after_s
    serve(bench, daily(schedule=OWN, start_date="2030-01-01T00:00:00+00:00"))
    answer(bench, [], done=True)
    told: list[dict[str, Any]] = []

    class Client:
        follows: frozenset[int] = frozenset()

        def send(self, head: dict[str, Any]) -> None:
            told.append(head)

    bench.commands.handle(Client(), {"name": "trigger", "dag_id": "d", "id": 1})  # type: ignore[arg-type]
    bench.turn()
    assert told == runs(bench) == []
    request, want = bench.executor.questions[-1]
    assert want == {"dag_id": "d", "manual": bench.now}
    bench.now += 5
    bench.turn(Dated(request, {"interval": [bench.now - DAY, bench.now]}))
    (run,) = runs(bench)
    assert told[0]["run_id"] == run.run_id
    assert (run.interval_start, run.logical_date) == (bench.now - DAY, pytest.approx(bench.now - 5, abs=1e-5))


# ── runs for partitions ──

BY_DAY = {"timetable": "CronPartitionTimetable", "expression": "0 0 * * *", "timezone": "UTC", "key_format": "%Y-%m-%d"}


def partitions_of(bench: Bench) -> list[tuple[str | None, float | None]]:
    return [(run.partition_key, run.partition_date) for run in runs(bench)]


def test_each_moment_of_a_partition_timetable_is_one_run_with_its_key_over_crashes(bench: Bench) -> None:
    bench.now = at("2023-11-14T12:00")
    serve(bench, daily(schedule={**BY_DAY, "run_offset": -1}, catchup=True, start_date="2023-11-13T00:00:00+00:00"))
    go_to(bench, bench.now)
    first = [("2023-11-12", at("2023-11-12T00:00")), ("2023-11-13", at("2023-11-13T00:00"))]
    assert partitions_of(bench) == first
    bench.start()
    bench.settle()
    go_to(bench, at("2023-11-15T00:00"))
    assert partitions_of(bench) == [*first, ("2023-11-14", at("2023-11-14T00:00"))]
    assert [run.logical_date for run in runs(bench)] == [None] * 3


def test_a_partition_is_not_run_twice_by_a_clock_that_is_set_back(bench: Bench) -> None:
    bench.now = at("2023-11-14T12:00")
    serve(bench, daily(schedule=BY_DAY, start_date="2023-11-13T00:00:00+00:00"))
    go_to(bench, at("2023-11-16T12:00"))
    made = partitions_of(bench)
    bench.now = at("2023-11-15T12:00")
    bench.engine.schedules.touch_all()
    go_to(bench, at("2023-11-16T13:00"))
    assert partitions_of(bench) == made
    go_to(bench, at("2023-11-17T01:00"))
    assert [key for key, _ in partitions_of(bench)[len(made) :]] == ["2023-11-17"]


def test_a_timetable_of_ones_own_may_give_partitions_and_they_are_kept(bench: Bench) -> None:
    bench.now = at("2023-11-14T12:00")
    serve(bench, daily(schedule={**OWN, "partitioned": True}, catchup=True, start_date="2023-11-01T00:00:00+00:00"))
    request, _ = bench.executor.questions[-1]
    first = at("2023-11-15T00:00")
    told = [[first + n * DAY, None, None, f"day {n}", first + n * DAY] for n in range(8)]
    bench.turn(Dated(request, {"dates": told, "done": False}))
    bench.start()
    bench.settle()
    go_to(bench, first + 1.5 * DAY)
    assert partitions_of(bench) == [("day 0", first), ("day 1", first + DAY)]
