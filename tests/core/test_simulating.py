"""What a schedule will do, told without a store: every run, what overlaps, waits, is late or missed."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from venturi.core import simulating
from venturi.core.findings import findings
from venturi.core.simulating import simulate
from venturi.core.spec import DagSpec, MapSource, TaskSpec
from venturi.core.timetables import Planned

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()


FIRST = at("2026-01-01")


def dag(dag_id="d", tasks=("work",), **more):
    more.setdefault("schedule", "@hourly")
    more.setdefault("start_date", "2025-01-01T00:00:00+00:00")
    made = tuple(each if isinstance(each, TaskSpec) else TaskSpec(each) for each in tasks)
    return DagSpec(dag_id, tasks=made, **more)


def lasting(**seconds):
    return lambda dag_id, task_id: seconds.get(task_id, 0.0)


def test_a_year_of_hourly_is_every_hour_of_it():
    found = simulate([dag()], FIRST, at("2027-01-01") - 1, lasting(work=300.0))
    assert len(found.runs) == 8760
    assert [run.due for run in found.runs] == [FIRST + n * HOUR for n in range(8760)]
    assert {(run.state, run.ended - run.started, run.late_s) for run in found.runs} == {("success", 300.0, 0.0)}
    assert findings(found, [dag()]) == []


def test_runs_that_take_longer_than_their_schedule_leaves_overlap():
    spec = dag(max_active_runs=2)
    found = simulate([spec], FIRST, FIRST + 6 * HOUR, lasting(work=90 * MINUTE))
    assert [run.beside for run in found.runs] == [0, 1, 1, 1, 1, 1, 1]
    assert "6 of 7 runs start while another is at work" in findings(found, [spec])[0]


def test_one_run_at_a_time_is_late_and_passes_over_dates_where_it_does_not_catch_up():
    spec = dag(max_active_runs=1)
    found = simulate([spec], FIRST, FIRST + 9 * HOUR, lasting(work=150 * MINUTE))
    assert not found.overlapping()
    hours = [((run.due - FIRST) / HOUR, (run.started - FIRST) / HOUR) for run in found.runs]
    assert hours == [(0, 0), (1, 2.5), (2, 5), (5, 7.5), (7, 10)]
    assert found.passed_over == {"d": 5}  # 3, 4, 6, 8 and 9
    said = findings(found, [spec])
    assert any("later than they are due" in each for each in said)
    assert any("passed over" in each for each in said)
    caught_up = simulate([dag(max_active_runs=1, catchup=True, start_date="2026-01-01T00:00:00")], FIRST, FIRST + HOUR)
    assert not caught_up.passed_over


def test_catching_up_since_long_ago_is_told():
    spec = dag(schedule="@daily", catchup=True, start_date="2021-01-01T00:00:00+00:00", data_intervals=True)
    found = simulate([spec], FIRST, FIRST + DAY)
    assert len(found.runs) == 1827
    assert "1,825 runs are due at once" in findings(found, [spec])[0]
    assert found.runs[0].run_id == "scheduled__2021-01-01T00:00:00+00:00"


def test_a_schedule_in_default_args_and_what_airflow_would_make_of_it_is_told():
    warning = "schedule_interval=None stands in default_args, where Airflow ignores it; it is taken …"
    spec = dag("jaro_dag", schedule=None, data_intervals=True, warnings=(warning,), start_date="2019-10-07T00:00:00")
    found = simulate([spec], at("2026-11-28"), at("2026-12-05"))
    assert found.runs == []
    trap, nothing = findings(found, [spec])
    assert "2,609 runs at once since 2019-10-07" in trap
    assert "it has no schedule" in nothing


def test_waits_for_a_pool_are_told_with_the_pool():
    two = [TaskSpec("load", pool="db"), TaskSpec("more", pool="db")]
    spec = dag(tasks=two)
    found = simulate([spec], FIRST, FIRST + 3 * HOUR, lasting(load=600.0, more=600.0), pools={"db": 1})
    waits = [(wait.task_id, wait.pool, wait.until - wait.since) for wait in found.waits]
    assert len(waits) == 4
    assert set(waits) == {("more", "db", 600.0)}
    assert "d.more waits 4 times for a slot of pool db, at worst 10 min" in findings(found, [spec])[0]
    assert simulate([spec], FIRST, FIRST + 3 * HOUR, lasting(load=600.0), pools={"db": 2}).waits == []


def test_two_dags_wait_for_the_same_pool():
    specs = [dag("a", [TaskSpec("x", pool="p")]), dag("b", [TaskSpec("x", pool="p")])]
    found = simulate(specs, FIRST, FIRST + HOUR, lasting(x=60.0), pools={"p": 1})
    assert [(wait.dag_id, wait.until - wait.since) for wait in found.waits] == [("b", 60.0)] * 2


def test_instances_of_a_mapped_task_wait_for_the_machine():
    mapped = TaskSpec("many", is_mapped=True, mapped=(MapSource("n", length=6),))
    spec = dag(tasks=[mapped], schedule="@daily")
    found = simulate([spec], FIRST, FIRST + HOUR, lasting(many=10.0), slots=2)
    assert [wait.until - wait.since for wait in found.waits] == [10.0, 10.0, 20.0, 20.0]
    assert found.runs[0].ended == FIRST + 30.0


def test_missed_deadlines_slas_and_time_limits_are_told():
    deadline = {
        "reference": {"reference_type": "DagRunQueuedAtDeadline"},
        "interval": {"every_s": 300.0},
        "callback": {},
        "name": "soon",
    }
    spec = dag(tasks=[TaskSpec("slow", sla_s=60.0), TaskSpec("limited", time_limit_s=30.0)], deadlines=(deadline,))
    found = simulate([spec], FIRST, FIRST, lasting(slow=600.0, limited=40.0))
    assert {(missed.what, missed.due - FIRST) for missed in found.missed} == {
        ("its deadline 'soon'", 300.0),
        ("the SLA of slow", 60.0),
        ("the time limit of limited (execution_timeout)", 30.0),
    }
    assert found.runs[0].state == "failed"
    timed = simulate([dag(run_timeout_s=60.0)], FIRST, FIRST, lasting(work=90.0))
    assert (timed.runs[0].state, timed.runs[0].ended) == ("failed", FIRST + 60.0)
    assert [missed.what for missed in timed.missed] == ["its time limit (dagrun_timeout)"]


def test_what_has_failed_by_then_has_missed_its_deadline_and_its_sla():
    deadline = {"reference": {"reference_type": "DagRunLogicalDateDeadline"}, "interval": {"every_s": 300.0}}
    spec = dag(tasks=[TaskSpec("fails", time_limit_s=10.0, sla_s=60.0)], deadlines=(deadline,))
    found = simulate([spec], FIRST, FIRST, lasting(fails=20.0))
    assert {(missed.what, missed.due - FIRST, missed.ended) for missed in found.missed[1:]} == {
        ("its deadline", 300.0, None),
        ("the SLA of fails", 60.0, None),
    }


def test_a_deadline_may_be_as_long_as_the_last_runs_took():
    average = {"reference_type": "AverageRuntimeDeadline", "max_runs": 2, "min_runs": 2}
    spec = dag(deadlines=({"reference": average, "interval": {"every_s": -5.0}},), schedule="@hourly")
    found = simulate([spec], FIRST, FIRST + 3 * HOUR, lasting(work=20.0))
    late = [(missed.due - FIRST, (missed.ended or 0.0) - FIRST) for missed in found.missed]
    assert late == [(hours * HOUR + 15.0, hours * HOUR + 20.0) for hours in (2, 3)]


def test_what_finds_no_place_ever_comes_to_no_end_and_the_simulation_does():
    spec = dag(tasks=[TaskSpec("big", pool="p", pool_slots=3)], max_active_runs=1)
    found = simulate([spec], FIRST, FIRST + 5 * HOUR, pools={"p": 2})
    assert [(run.state, run.ended) for run in found.runs] == [("running", None)]
    assert any("comes to no end" in each for each in findings(found, [spec]))


@pytest.mark.parametrize(
    ("schedule", "why"),
    [
        (None, "it has no schedule"),
        ({"assets": ["a"]}, "assets start it"),
        ({"timetable": "custom", "class": "m:T", "held": {}}, "a class of its own"),
        ("@continuous", "say how long tasks take"),
    ],
)
def test_what_does_not_start_by_time_is_said(schedule, why):
    spec = dag(schedule=schedule)
    assert why in findings(simulate([spec], FIRST, FIRST + DAY), [spec])[0]


def test_continuous_runs_follow_one_another():
    found = simulate([dag(schedule="@continuous")], FIRST, FIRST + HOUR, lasting(work=1200.0))
    assert [run.started - FIRST for run in found.runs] == [0.0, 1200.0, 2400.0]
    assert not found.overlapping()


def test_what_ran_before_is_not_run_again():
    before = {"d": Planned(FIRST, FIRST, (FIRST, FIRST))}
    found = simulate([dag()], FIRST + 60, FIRST + 2 * HOUR, runs_before=before)
    assert [run.due for run in found.runs] == [FIRST + HOUR, FIRST + 2 * HOUR]


def test_more_runs_than_anybody_wants_to_see_are_cut():
    spec = dag(schedule="* * * * *")
    found = simulate([spec], FIRST, FIRST + DAY, runs_max=100)
    assert (len(found.runs), found.is_cut) == (100, True)
    assert "Only the first 100 runs" in findings(found, [spec])[-1]


@settings(max_examples=40, deadline=None)
@given(
    schedules=st.lists(
        st.sampled_from(["@hourly", "*/20 * * * *", "7,50 * * * *", "0 */3 * * *"]), min_size=1, max_size=3
    ),
    takes=st.dictionaries(st.sampled_from("abc"), st.sampled_from([0.0, 30.0, 700.0, 2000.0]), max_size=3),
    pools=st.sampled_from([{}, {"p": 1}, {"p": 2}]),
    runs_at_once=st.integers(1, 3),
    catchup=st.booleans(),
    sla=st.sampled_from([None, 100.0]),
)
@example(["@hourly", "*/20 * * * *", "@hourly"], {"b": 700.0}, {}, 1, False, None)
def test_a_run_that_is_alone_is_what_going_through_it_gives(schedules, takes, pools, runs_at_once, catchup, sla):
    """That such runs are not gone through each time shows in nothing but the time it takes."""
    tasks = [TaskSpec("a", pool="p"), TaskSpec("b", pool="p"), TaskSpec("c", upstream=("a",), sla_s=sla)]
    specs = [
        dag(
            f"d{n}",
            tasks,
            schedule=each,
            max_active_runs=runs_at_once,
            catchup=catchup,
            start_date="2026-01-01T00:00:00",
        )
        for n, each in enumerate(schedules)
    ]

    def seen(alone):
        with pytest.MonkeyPatch.context() as patch:
            if not alone:
                patch.setattr(simulating._Simulator, "_is_alone", lambda self, dag: False)
            return simulate(specs, FIRST, FIRST + 9 * HOUR, lasting(**takes), pools=pools)

    short, whole = seen(True), seen(False)
    key = lambda one: (one.dag_id, one.run_id, getattr(one, "task_id", ""), repr(one))  # noqa: E731
    assert short.runs == whole.runs
    assert sorted(short.waits, key=key) == sorted(whole.waits, key=key)
    assert sorted(short.missed, key=key) == sorted(whole.missed, key=key)
    assert short.passed_over == whole.passed_over
