"""Operators and sensors of 1.10, with context asked for as one did then."""

from __future__ import print_function

from builtins import range
from datetime import timedelta

import airflow
from airflow.contrib.sensors.bash_sensor import BashSensor
from airflow.contrib.sensors.python_sensor import PythonSensor
from airflow.hooks.base_hook import BaseHook
from airflow.models import DAG, BaseOperator, SkipMixin, Variable
from airflow.operators.bash_operator import BashOperator
from airflow.operators.branch_operator import BaseBranchOperator
from airflow.operators.dummy_operator import DummyOperator
from airflow.operators.python_operator import BranchPythonOperator, PythonOperator, ShortCircuitOperator
from airflow.sensors.base_sensor_operator import BaseSensorOperator
from airflow.utils.dates import cron_presets
from airflow.utils.decorators import apply_defaults
from airflow.utils.helpers import chain, cross_downstream
from airflow.utils.log.logging_mixin import LoggingMixin
from airflow.utils.state import State
from airflow.utils.trigger_rule import TriggerRule
from airflow.utils.weight_rule import WeightRule

default_args = {
    "owner": "somebody",
    "depends_on_past": False,
    "start_date": airflow.utils.dates.days_ago(2),
    "retries": 1,
    "retry_delay": timedelta(seconds=0),
    "provide_context": True,
    "weight_rule": WeightRule.ABSOLUTE,
}
dag = DAG("classic", default_args=default_args, schedule_interval=cron_presets["@daily"], catchup=False)


class Words(LoggingMixin):
    def say(self, what):
        self.log.info("says %s", what)
        return what


class CountOperator(BaseOperator, SkipMixin):
    template_fields = ("upto",)

    @apply_defaults
    def __init__(self, upto, *args, **kwargs):
        super(CountOperator, self).__init__(*args, **kwargs)
        self.upto = upto

    def execute(self, context):
        return sum(range(int(self.upto)))


class ThereSensor(BaseSensorOperator):
    def poke(self, context):
        return context["ti"].task_id == "there"


class ChoosesOperator(BaseBranchOperator):
    def choose_branch(self, context):
        return "kept"


class Hook(BaseHook):
    def get_conn(self):
        return "connected"


def pushes(**context):
    context["ti"].xcom_push(key="state", value=State.SUCCESS)
    return Variable.get("nowhere", default_var="default")


def pulls(ds, **kwargs):
    ti = kwargs["task_instance"]
    assert ti.xcom_pull(task_ids="push", key="state") == "success"
    assert ti.xcom_pull(task_ids="push") == "default"
    assert Hook(None).get_conn() == "connected"
    return Words().say(ds)


push = PythonOperator(task_id="push", python_callable=pushes, dag=dag)
pull = PythonOperator(task_id="pull", python_callable=pulls, provide_context=True, xcom_push=True, dag=dag)
count = CountOperator(task_id="count", upto="{{ params.n }}", params={"n": 5}, stray="tolerated", dag=dag)
bash = BashOperator(task_id="bash", bash_command="echo {{ ds }}{{ unknown }}", op_kwargs={"stray": 1}, dag=dag)
there = ThereSensor(task_id="there", poke_interval=0, timeout=5, dag=dag)
python_there = PythonSensor(task_id="python_there", python_callable=lambda **_: True, dag=dag)
bash_there = BashSensor(task_id="bash_there", bash_command="true", dag=dag)
goes_on = ShortCircuitOperator(task_id="goes_on", python_callable=lambda **_: True, dag=dag)
chooses = ChoosesOperator(task_id="chooses", dag=dag)
branch = BranchPythonOperator(task_id="branch", python_callable=lambda **_: "kept", dag=dag)
kept = DummyOperator(task_id="kept", trigger_rule=TriggerRule.NONE_FAILED, dag=dag)
left_out = DummyOperator(task_id="left_out", dag=dag)
end = DummyOperator(task_id="end", trigger_rule="none_failed", dag=dag)

chain(push, pull, [count, bash], goes_on)
cross_downstream([goes_on], [there, python_there, bash_there])
there >> chooses >> [kept, left_out]
python_there >> branch >> [kept, left_out]
bash_there.set_downstream(kept)
end.set_upstream([kept, left_out])

if __name__ == "__main__":
    dag.cli()
