"""TaskFlow, groups, mapping, parameters and branching as in 2.x."""

from datetime import datetime, timedelta
from typing import Dict

import pendulum
from airflow import DAG, XComArg
from airflow.decorators import dag, setup, task, task_group, teardown
from airflow.models import DagRun, TaskInstance
from airflow.models.baseoperator import BaseOperator, chain, chain_linear, cross_downstream
from airflow.models.mappedoperator import MappedOperator
from airflow.models.param import DagParam, Param, ParamsDict
from airflow.operators.bash import BashOperator
from airflow.operators.branch import BaseBranchOperator, BranchMixIn
from airflow.operators.empty import EmptyOperator
from airflow.operators.python import (
    BranchPythonOperator,
    PythonOperator,
    ShortCircuitOperator,
    get_current_context,
    is_venv_installed,
)
from airflow.sensors.base import BaseSensorOperator, PokeReturnValue, poke_mode_only
from airflow.sensors.bash import BashSensor
from airflow.sensors.python import PythonSensor
from airflow.utils.context import Context
from airflow.utils.edgemodifier import Label
from airflow.utils.state import DagRunState, State, TaskInstanceState
from airflow.utils.task_group import TaskGroup
from airflow.utils.template import literal
from airflow.utils.trigger_rule import TriggerRule
from airflow.utils.types import DagRunType


@dag(
    schedule="@daily",
    start_date=pendulum.datetime(2021, 1, 1, tz="UTC"),
    catchup=False,
    default_args={"retries": 1, "retry_delay": timedelta(0)},
    params={"limit": Param(3, type="integer", minimum=1)},
    tags=["two"],
)
def two_taskflow(greeting: str = "hello"):
    @task(multiple_outputs=True)
    def extract() -> Dict[str, int]:
        context: Context = get_current_context()
        ti: TaskInstance = context["ti"]
        run: DagRun = context["dag_run"]
        assert run.run_type == DagRunType.MANUAL and ti.state == TaskInstanceState.RUNNING == State.RUNNING
        assert isinstance(context["params"], (dict, ParamsDict)) and DagRunState.SUCCESS == "success"
        return {"a": 1, "b": context["params"]["limit"]}

    @task
    def double(n):
        return 2 * n

    @task(trigger_rule=TriggerRule.NONE_FAILED)
    def report(values, said):
        assert sorted(values) == [2, 4, 6] and said == "hello", (list(values), said)

    @task_group
    def checks(value: XComArg):
        @task.branch
        def choose(n):
            return "checks.yes" if n == 3 else "checks.no"

        choose(value) >> Label("if it is") >> [EmptyOperator(task_id="yes"), EmptyOperator(task_id="no")]

    @task.short_circuit
    def goes_on():
        return is_venv_installed() in (True, False)

    @task.sensor(poke_interval=0, timeout=5, mode="poke")
    def there():
        return PokeReturnValue(is_done=True, xcom_value="there")

    @setup
    def opens():
        return "opened"

    @teardown
    def closes():
        pass

    found = extract()
    doubled = double.expand(n=[1, 2, 3])
    assert isinstance(doubled.operator, MappedOperator) and isinstance(greeting, DagParam)
    opens() >> found["a"] >> doubled >> closes()
    report(doubled, greeting)
    checks(found["b"])
    chain(goes_on(), there())


the_dag = two_taskflow()


@poke_mode_only
class AtOnce(BaseSensorOperator):
    def poke(self, context):
        return True


class Picks(BaseBranchOperator):
    def choose_branch(self, context: Context):
        return "picked"


class MixesIn(BaseOperator, BranchMixIn):
    def execute(self, context):
        return self.do_branch(context, "picked")


with DAG("two_operators", start_date=datetime(2022, 1, 1), schedule=None, doc_md="# two") as operators:
    first = BashOperator(task_id="first", bash_command=literal("echo '{{ as it is }}'"))
    second = PythonOperator(task_id="second", python_callable=lambda line: line, op_args=[first.output])
    waits = [
        AtOnce(task_id="at_once"),
        PythonSensor(task_id="python_there", python_callable=lambda: True),
        BashSensor(task_id="bash_there", bash_command="exit 0"),
    ]
    with TaskGroup("group", tooltip="a group") as group:
        left = ShortCircuitOperator(task_id="left", python_callable=lambda: True)
        right = EmptyOperator(task_id="right")
    picked = EmptyOperator(task_id="picked", trigger_rule="none_failed_min_one_success")
    not_picked = EmptyOperator(task_id="not_picked")
    chain_linear([first], [second], waits)
    cross_downstream(waits, [left, right])
    (
        group
        >> [
            Picks(task_id="picks"),
            MixesIn(task_id="mixes_in"),
            BranchPythonOperator(task_id="branch", python_callable=lambda: ["picked"]),
        ]
        >> picked
    )
    group >> not_picked << operators.get_task("picks")
