"""Setups and teardowns as files spell them."""

from __future__ import annotations

import pytest

from venturi import DAG, BashOperator, TaskGroup, setup, task, teardown
from venturi.sdk.describe import describe
from venturi.sdk.scopes import context_wrapper
from venturi.testing import run_dag


def edges(dag):
    return {(up, t.task_id) for t in describe(dag).tasks for up in t.upstream}


def bash(name, command="true"):
    return BashOperator(task_id=name, bash_command=command)


def test_tasks_made_in_the_scope_stand_between_setup_and_teardown():
    with DAG("d", schedule=None) as dag:
        with bash("up").as_setup() >> bash("down").as_teardown():
            bash("a") >> bash("b")
            bash("c")
        bash("outside")
    arrows = {("up", "a"), ("a", "b"), ("b", "down"), ("up", "c"), ("c", "down"), ("up", "down")}
    assert edges(dag) == arrows
    spec = describe(dag)
    assert spec.task("up").is_setup
    assert spec.task("down").is_teardown
    assert spec.task("down").trigger_rule == "all_done_setup_success"


def test_as_teardown_names_its_setups():
    with DAG("d", schedule=None) as dag:
        up, other, work = bash("up"), bash("other"), bash("work")
        up >> work >> bash("down").as_teardown(setups=[up, other], on_failure_fail_dagrun=True)
    assert edges(dag) == {("up", "work"), ("work", "down"), ("up", "down"), ("other", "down")}
    spec = describe(dag)
    assert [t.task_id for t in spec.tasks if t.is_setup] == ["up", "other"]
    assert spec.task("down").fails_run


def test_decorators_stand_over_functions_and_over_task():
    with DAG("d", schedule=None) as dag:

        @setup
        def up():
            return "made"

        @task
        def work(what):
            raise RuntimeError(what)

        @teardown(on_failure_fail_dagrun=False)
        @task(retries=0)
        def down(what):
            return f"{what} and gone"

        made = up()
        with down(made) as scope:
            scope.add_task(work(made))
    assert edges(dag) == {("up", "work"), ("work", "down"), ("up", "down")}
    result = run_dag(dag)
    assert result.states == {("up", -1): "success", ("work", -1): "failed", ("down", -1): "success"}
    assert result.value("down") == "made and gone"
    assert result.state == "failed"


def test_scopes_inside_scopes_are_nested():
    with DAG("d", schedule=None) as dag, bash("up1").as_setup() >> bash("down1").as_teardown():
        bash("a")
        with bash("up2").as_setup() >> bash("down2").as_teardown():
            bash("b")
    assert {("up1", "up2"), ("down2", "down1"), ("up2", "b"), ("b", "down2"), ("up1", "a"), ("a", "down1")} <= edges(
        dag
    )


def test_several_setups_open_one_scope():
    with DAG("d", schedule=None) as dag:
        ups = [bash("up1").as_setup(), bash("up2").as_setup()]
        down = bash("down").as_teardown(setups=ups)
        with context_wrapper(ups):
            bash("work")
    assert {("up1", "work"), ("up2", "work"), ("work", "down")} <= edges(dag)
    assert down.is_teardown


def test_an_arrow_out_of_a_group_does_not_wait_for_its_teardowns():
    with DAG("d", schedule=None) as dag:
        with TaskGroup("g") as group:
            up = bash("up").as_setup()
            work = bash("work")
            up >> work >> bash("down").as_teardown(setups=up)
        group >> bash("after")
    assert describe(dag).task("after").upstream == ("g.work",)


def test_a_failed_teardown_alone_does_not_fail_the_run():
    with DAG("d", schedule=None) as dag:
        up, work = bash("up").as_setup(), bash("work")
        up >> work >> bash("down", "exit 3").as_teardown(setups=up)
    result = run_dag(dag)
    assert result.state_of("down") == "failed"
    assert result.state == "success"


def test_what_cannot_be_said_of_a_teardown_is_refused():
    with DAG("d", schedule=None):
        with pytest.raises(Exception, match="Only setup/teardown tasks can be used as context managers"), bash("x"):
            pass
        with pytest.raises(ValueError, match="is no teardown"):
            bash("y").on_failure_fail_dagrun = True
        with pytest.raises(ValueError, match="Trigger rule not configurable"):
            teardown(task(trigger_rule="all_done")(lambda: 1))()
