"""What a DAG can be given as its schedule, and what is said of the run in the context."""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.operators.python import PythonOperator

NAMES = (
    "ds",
    "ds_nodash",
    "ts",
    "ts_nodash",
    "ts_nodash_with_tz",
    "logical_date",
    "data_interval_start",
    "data_interval_end",
)


def tell(**context):
    told = {name: str(context[name]) for name in NAMES}
    told["run_type"] = str(getattr(context["dag_run"].run_type, "value", context["dag_run"].run_type))
    told["key"] = context["task_instance_key_str"]
    return told


for name, schedule in {
    "none": None,
    "daily": "@daily",
    "hourly": "@hourly",
    "weekly": "@weekly",
    "once": "@once",
    "cron": "30 4 * * 1-5",
    "delta": timedelta(hours=6),
    "day": timedelta(days=1),
}.items():
    with DAG(f"schedule_{name}", start_date=datetime(2024, 1, 1), schedule=schedule, catchup=False):
        PythonOperator(task_id="tell", python_callable=tell)
