from datetime import timedelta

import airflow
from airflow.models import DAG
from airflow.operators.python_operator import PythonOperator

default_args = {
    "owner": "me",
    "depends_on_past": False,
    "start_date": airflow.utils.dates.days_ago(1),
    "email_on_failure": False,
    "retries": 1,
    "retry_delay": timedelta(minutes=5),
}


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


def step(**kwargs):
    kwargs["ti"].xcom_pull(task_ids=kwargs["before"]) if kwargs["before"] else None
    return fib(10)


dag = DAG("classic", default_args=default_args, schedule_interval=None, catchup=False)
before = None
for i in range(40):
    task = PythonOperator(
        task_id=f"t{i}",
        python_callable=step,
        op_kwargs={"before": before.task_id if before else ""},
        provide_context=True,
        dag=dag,
    )
    if before is not None:
        before >> task
    before = task
