"""Tasks that choose the way: by a condition, by the time, and the arrows between them."""

from __future__ import annotations

from datetime import datetime, time, timedelta, timezone

import pytest

from tests.sdk.loading import load
from venturi import DAG, EmptyOperator, Label, ShortCircuitOperator, chain, chain_linear, cross_downstream, task
from venturi.sdk import times
from venturi.sdk.branching import BranchDateTimeOperator, BranchDayOfWeekOperator, LatestOnlyOperator
from venturi.sdk.describe import describe
from venturi.sdk.running import Instance, run
from venturi.sdk.weekdays import WeekDay
from venturi.testing import LocalPort, LocalStore, run_dag


def empties(*names, **more):
    return [EmptyOperator(task_id=name, **more) for name in names]


def test_a_task_is_skipped_by_its_conditions():
    with DAG("d", schedule=None) as dag:

        @task.run_if(lambda context: context["params"].get("go"), skip_message="no go")
        @task
        def wanted():
            return 1

        @task.skip_if(lambda context: (True, "not today"))
        @task.run_if(lambda context: True)
        @task.bash
        def unwanted():
            return "echo 1"

        wanted(), unwanted()
    assert run_dag(dag).states == {("wanted", -1): "skipped", ("unwanted", -1): "skipped"}
    assert run_dag(dag, conf={"go": True}).states[("wanted", -1)] == "success"
    with pytest.raises(TypeError, match="decorate with @task before @run_if"):
        task.run_if(lambda context: True)(lambda: 1)


def test_a_short_circuit_leaves_rules_and_teardowns_alone_if_told_to():
    def made(**more):
        with DAG("d", schedule=None) as dag:
            stop = ShortCircuitOperator(task_id="stop", python_callable=lambda: False, **more)
            near, far = empties("near")[0], empties("far", trigger_rule="all_done")[0]
            up = EmptyOperator(task_id="up").as_setup()
            chain(up, stop, near, far, EmptyOperator(task_id="down").as_teardown(setups=up))
        return {name: state for (name, _), state in run_dag(dag).states.items()}

    assert made() == {"up": "success", "stop": "success", "near": "skipped", "far": "skipped", "down": "success"}
    assert made(ignore_downstream_trigger_rules=False)["far"] == "success"


def branch_of(operator, now, monkeypatch):
    monkeypatch.setattr(times, "utcnow", lambda: now)
    operator >> empties("yes", "no")
    instance = Instance("d", "r", operator.task_id, logical_date=now - timedelta(days=1), interval_start=now)
    done = run(operator.dag, instance, LocalPort(LocalStore(), instance))
    assert done.error is None
    return done.value


THURSDAY = datetime(2024, 2, 29, 12, tzinfo=timezone.utc)
WAYS = {"follow_task_ids_if_true": "yes", "follow_task_ids_if_false": ["no"]}


@pytest.mark.parametrize(
    ("day", "of_run", "way"),
    [
        ("thursday", False, "yes"),
        (WeekDay.WEDNESDAY, True, "yes"),
        ({WeekDay.THURSDAY, "Friday"}, False, "yes"),
        ("Wednesday", False, ["no"]),
    ],
)
def test_a_day_of_the_week_chooses_the_way(day, of_run, way, monkeypatch):
    with DAG("d", schedule=None):
        operator = BranchDayOfWeekOperator(task_id="b", week_day=day, use_task_logical_date=of_run, **WAYS)
        assert branch_of(operator, THURSDAY, monkeypatch) == way


@pytest.mark.parametrize(
    ("lower", "upper", "way"),
    [
        (datetime(2024, 2, 29, 11), datetime(2024, 2, 29, 13, tzinfo=timezone.utc), "yes"),
        (time(12, 1), None, ["no"]),
        (None, time(12), "yes"),
        (time(11), time(1), "yes"),  # over midnight
        (time(13), time(1), ["no"]),
    ],
)
def test_a_span_of_time_chooses_the_way(lower, upper, way, monkeypatch):
    with DAG("d", schedule=None):
        operator = BranchDateTimeOperator(task_id="b", target_lower=lower, target_upper=upper, **WAYS)
        assert branch_of(operator, THURSDAY, monkeypatch) == way
        with pytest.raises(Exception, match="At least one must be defined"):
            BranchDateTimeOperator(task_id="c", target_lower=None, target_upper=None, **WAYS)


@pytest.mark.parametrize(
    ("run_type", "age", "followed"), [("manual", 9, True), ("scheduled", 1, True), ("scheduled", 9, False)]
)
def test_only_the_latest_run_and_one_by_hand_go_on(run_type, age, followed):
    end = times.utcnow() - timedelta(days=age) + timedelta(hours=1)
    with DAG("d", schedule=None) as dag:
        LatestOnlyOperator(task_id="latest") >> empties("a")
    instance = Instance("d", "r", "latest", run_type=run_type, interval_start=end - timedelta(days=1), interval_end=end)
    done = run(dag, instance, LocalPort(LocalStore(), instance))
    assert done.skip == ([] if followed else ["a"])


def test_arrows_by_function_stand_as_in_airflow():
    with DAG("d", schedule=None) as dag:
        a, b, c, d, e, f, g = empties(*"abcdefg")
        chain(a, [b, c], [d, e], f)
        chain_linear([b, c], [], [f, g])
        cross_downstream([a, b], [g])
    arrows = {(up, t.task_id) for t in describe(dag).tasks for up in t.upstream}
    wanted = "ab ac bd ce df ef bf bg cf cg ag"
    assert arrows == {(pair[0], pair[1]) for pair in wanted.split()}
    with pytest.raises(Exception, match="different lengths"):
        chain([a, b], [c])


def test_words_on_arrows_reach_the_spec():
    with DAG("d", schedule=None) as dag:
        a, b, c, d = empties(*"abcd")
        a >> Label("good") >> [b, c]
        d << Label("back") << b
        chain(a, Label("chained"), d)
    assert describe(dag).edge_labels == {"a": {"b": "good", "c": "good", "d": "chained"}, "b": {"d": "back"}}


SUBDAG = """
    from airflow import DAG
    from airflow.operators.dummy_operator import DummyOperator
    from airflow.operators.subdag_operator import SubDagOperator
    from airflow.utils.dates import days_ago

    args = {"owner": "ann", "start_date": days_ago(2)}

    def part(parent, child):
        inner = DAG(f"{parent}.{child}", default_args=args, schedule_interval="@daily")
        first = DummyOperator(task_id="first", dag=inner)
        with inner:
            first >> DummyOperator(task_id="second")
        return inner

    dag = DAG("outer", default_args=args, schedule_interval="@once")
    start = DummyOperator(task_id="start", dag=dag)
    section = SubDagOperator(task_id="section", subdag=part("outer", "section"), default_args=args, dag=dag)
    end = DummyOperator(task_id="end", dag=dag)
    start >> section >> end
"""


def test_a_subdag_is_a_group_of_the_outer_dag(tmp_path):
    loaded = load(tmp_path, SUBDAG)
    assert loaded.dag.dag_id == "outer"
    assert loaded.edges() == {
        ("start", "section.first"),
        ("section.first", "section.second"),
        ("section.second", "end"),
    }
    assert [g.group_id for g in loaded.spec.groups] == ["section"]
    assert loaded.spec.task("section.first").group_id == "section"
    assert run_dag(loaded.dag).states[("section.second", -1)] == "success"
