"""Starting other DAGs and waiting for them, as files spell it in every generation."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from venturi.testing import DagTestResult, LocalStore, run_dag

from .loading import load

HEAD = """
from datetime import datetime, timedelta
from airflow import DAG
from airflow.models import DagRun
from airflow.operators.empty import EmptyOperator
from airflow.operators.python import PythonOperator
from airflow.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sensors.external_task import ExternalTaskMarker, ExternalTaskSensor
from airflow.utils.state import State
from airflow.utils.task_group import TaskGroup

def fails(): raise ValueError("no luck")

with DAG("child", schedule=None) as child:
    with TaskGroup("g"):
        PythonOperator(task_id="conf", python_callable=lambda dag_run: dag_run.conf)
    EmptyOperator(task_id="also")

with DAG("broken", schedule=None) as broken:
    PythonOperator(task_id="bad", python_callable=fails)
"""


def run(folder: Path, text: str) -> DagTestResult:
    body = textwrap.indent(textwrap.dedent(text), "    ")
    loaded = load(folder, f"{HEAD}\nwith DAG('parent', schedule=None) as parent:\n{body}")
    store = LocalStore(dags={dag.dag_id: dag for dag in loaded.dags})
    return run_dag(loaded.module.parent, logical_date="2024-03-01", store=store)


def test_a_run_of_another_dag_gets_its_conf_and_is_waited_for(tmp_path: Path) -> None:
    result = run(
        tmp_path,
        """
        TriggerDagRunOperator(task_id="t", trigger_dag_id="child", conf={"day": "{{ ds }}"}, wait_for_completion=True)
        """,
    )
    assert result.state == "success"
    run_id = result.value("t", key="trigger_run_id")
    assert result.store.values["child", run_id, "g.conf", -1, "return_value"] == b'{"day":"2024-03-01"}'


@pytest.mark.parametrize(
    ("arguments", "state", "says"),
    [
        ("trigger_dag_id='broken', wait_for_completion=True", "failed", "broken failed with failed state failed"),
        ("trigger_dag_id='broken', wait_for_completion=True, deferrable=True", "failed", "broken failed with"),
        (
            "trigger_dag_id='broken', wait_for_completion=True, allowed_states=['failed'], failed_states=[]",
            "success",
            "",
        ),
        ("trigger_dag_id='broken'", "success", ""),
        ("trigger_dag_id='nobody'", "failed", "Dag id nobody not found"),
        ("trigger_dag_id='child', conf={'x': object()}", "failed", "JSON Serializable"),
    ],
)
def test_how_the_other_ends_is_how_this_one_ends(arguments: str, state: str, says: str, tmp_path: Path) -> None:
    result = run(tmp_path, f"TriggerDagRunOperator(task_id='t', poke_interval=0.01, {arguments})")
    assert result.state_of("t") == state
    if says:
        assert says in result.errors["t", -1]["message"]


def test_a_run_that_is_there_already_fails_skips_or_is_reset(tmp_path: Path) -> None:
    result = run(
        tmp_path,
        """
        first = TriggerDagRunOperator(task_id="first", trigger_dag_id="child", trigger_run_id="mine")
        first >> [TriggerDagRunOperator(task_id="again", trigger_dag_id="child", trigger_run_id="mine"),
                  TriggerDagRunOperator(task_id="skips", trigger_dag_id="child", trigger_run_id="mine",
                                        skip_when_already_exists=True)]
        """,
    )
    assert result.errors["again", -1]["type"] == "DagRunAlreadyExists"
    assert result.state_of("skips") == "skipped"


def test_airflow_1_decides_by_a_function(tmp_path: Path) -> None:
    text = """
    def conditionally(context, dag_run_obj):
        if context["params"].get("go"):
            dag_run_obj.payload = {"message": "hi"}
            return dag_run_obj
    TriggerDagRunOperator(task_id="goes", trigger_dag_id="child", python_callable=conditionally, params={"go": True})
    TriggerDagRunOperator(task_id="stays", trigger_dag_id="child", python_callable=conditionally)
    """
    result = run(tmp_path, text)
    assert result.state == "success"
    run_id = result.value("goes", key="trigger_run_id")
    assert result.store.values["child", run_id, "g.conf", -1, "return_value"] == b'{"message":"hi"}'
    assert result.value("stays", key="trigger_run_id") is None


AFTER_CHILD = """
first = TriggerDagRunOperator(task_id="first", trigger_dag_id="{dag}", logical_date="{{{{ logical_date }}}}")
first >> ExternalTaskSensor(task_id="w", external_dag_id="{dag}", poke_interval=0.01, timeout=0.05, {arguments})
"""


@pytest.mark.parametrize("mode", ["", "mode='reschedule'", "deferrable=True, poll_interval=0.01"])
@pytest.mark.parametrize(
    ("dag", "arguments", "state"),
    [
        ("child", "", "success"),
        ("child", "external_task_id='also'", "success"),
        ("child", "external_task_ids=['also', 'g.conf'], check_existence=True", "success"),
        ("child", "external_task_group_id='g'", "success"),
        ("child", "external_task_id='also', execution_delta=timedelta(0)", "success"),
        ("child", "execution_date_fn=lambda date: [date]", "success"),
        ("child", "execution_delta=timedelta(days=1)", "failed"),  # nobody ran then: its time is over
        ("child", "external_task_id='nobody', check_existence=True", "failed"),
        ("nobody", "check_existence=True", "failed"),
        ("broken", "failed_states=[State.FAILED]", "failed"),
        ("broken", "failed_states=['failed'], soft_fail=True", "skipped"),
        ("broken", "external_task_id='bad', skipped_states=['failed']", "skipped"),
        ("broken", "allowed_states=['failed']", "success"),
    ],
)
def test_a_sensor_waits_for_what_it_names(mode: str, dag: str, arguments: str, state: str, tmp_path: Path) -> None:
    text = AFTER_CHILD.format(dag=dag, arguments=", ".join(filter(None, (arguments, mode))))
    if dag == "nobody":
        text = text.replace("first = TriggerDagRunOperator(", "first = EmptyOperator(").replace(
            ', trigger_dag_id="nobody", logical_date="{{ logical_date }}"', ""
        )
    result = run(tmp_path, text)
    assert result.state_of("w") == state


@pytest.mark.parametrize(
    "arguments",
    [
        "external_task_id='a', external_task_ids=['b']",
        "external_task_ids=['a', 'a']",
        "external_task_id='a', external_task_group_id='g'",
        "allowed_states=['success'], failed_states=['success']",
        "allowed_states=['nonsense']",
        "execution_delta=timedelta(1), execution_date_fn=lambda date: date",
    ],
)
def test_what_cannot_be_meant_is_refused_at_once(arguments: str, tmp_path: Path) -> None:
    with pytest.raises((ValueError, Exception), match=r"Only one of|Duplicate|Valid values"):
        run(tmp_path, f"ExternalTaskSensor(task_id='w', external_dag_id='child', {arguments})")


def test_a_marker_is_an_empty_task(tmp_path: Path) -> None:
    text = 'ExternalTaskMarker(task_id="m", external_dag_id="child", external_task_id="also")'
    result = run(tmp_path, text)
    assert result.state_of("m") == "success"


def test_runs_and_their_tasks_can_be_read(tmp_path: Path) -> None:
    text = """
    def look(ti, dag_run):
        (found,) = DagRun.find(dag_id="child", state=State.SUCCESS)
        states = {t.task_id: t.state for t in found.get_task_instances()}
        return [found.run_id, str(found.logical_date.date()), sorted(states), found.get_task_instance("also").state,
                ti.get_dr_count("child"), ti.get_dagrun_state("child", found.run_id),
                ti.get_ti_count("child", task_ids=["also"], states=["success"]), DagRun.find(dag_id="nobody")]
    TriggerDagRunOperator(task_id="t", trigger_dag_id="child", trigger_run_id="mine",
                          logical_date="2024-01-01") >> PythonOperator(task_id="look", python_callable=look)
    """
    result = run(tmp_path, text)
    assert result.value("look") == ["mine", "2024-01-01", ["also", "g.conf"], "success", 1, "success", 1, []]
