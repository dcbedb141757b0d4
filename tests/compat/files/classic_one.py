"""As files of 1.10 are written."""

from datetime import timedelta

import airflow
from airflow.models import DAG
from airflow.operators.bash_operator import BashOperator
from airflow.operators.dummy_operator import DummyOperator
from airflow.operators.python_operator import BranchPythonOperator, PythonOperator
from airflow.utils.dates import days_ago
from airflow.utils.helpers import chain
from airflow.utils.trigger_rule import TriggerRule

args = {
    "owner": "somebody",
    "depends_on_past": False,
    "start_date": airflow.utils.dates.days_ago(2000),
    "email": ["somebody@example.com"],
    "email_on_failure": False,
    "retries": 1,
    "retry_delay": timedelta(seconds=1),
    "concurrency": 1,
    "catchup": False,
    "provide_context": True,
}

dag = DAG(dag_id="classic", default_args=args, schedule_interval="0 0 * * *", dagrun_timeout=timedelta(minutes=60))


def push(**kwargs):
    kwargs["ti"].xcom_push(key="fruit", value="pear")
    return {
        "ds": kwargs["ds"],
        "next": str(kwargs["next_ds"]),
        "yesterday": str(kwargs["yesterday_ds"]),
        "year": kwargs["execution_date"].year,
    }


def pull(color, **kwargs):
    ti = kwargs["task_instance"]
    return [color, ti.xcom_pull(key="fruit", task_ids="push"), ti.xcom_pull(task_ids="push")["year"]]


def choose(**context):
    return "left" if context["params"]["side"] == "l" else "right"


start = DummyOperator(task_id="start", dag=dag)
pushing = PythonOperator(task_id="push", python_callable=push, dag=dag)
pulling = PythonOperator(task_id="pull", python_callable=pull, op_kwargs={"color": "{{ ds_nodash }}"}, dag=dag)
branch = BranchPythonOperator(task_id="branch", python_callable=choose, params={"side": "l"}, dag=dag)
left, right = DummyOperator(task_id="left", dag=dag), DummyOperator(task_id="right", dag=dag)
end = BashOperator(task_id="end", bash_command="echo {{ params.word }}", params={"word": "end"}, dag=dag)
join = DummyOperator(task_id="join", trigger_rule=TriggerRule.ONE_SUCCESS, dag=dag)

pushing.set_upstream(start)
pushing.set_downstream([pulling, branch])
branch >> [left, right] >> join
chain(pulling, end)
for number in range(3):
    BashOperator(task_id="loop_{}".format(number), bash_command="echo {{ task_instance_key_str }}", dag=dag) << start
