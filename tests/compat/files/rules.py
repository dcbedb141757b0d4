"""Every trigger rule behind every mixture of two ended tasks."""

from datetime import datetime

from airflow import DAG
from airflow.exceptions import AirflowSkipException
from airflow.operators.empty import EmptyOperator
from airflow.operators.python import PythonOperator
from airflow.utils.trigger_rule import TriggerRule

RULES = [
    TriggerRule.ALL_SUCCESS,
    TriggerRule.ALL_FAILED,
    TriggerRule.ALL_DONE,
    TriggerRule.ONE_SUCCESS,
    TriggerRule.ONE_FAILED,
    TriggerRule.ONE_DONE,
    TriggerRule.NONE_FAILED,
    TriggerRule.NONE_SKIPPED,
    TriggerRule.ALWAYS,
    TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS,
    TriggerRule.ALL_SKIPPED,
]


def succeed():
    return "done"


def skip():
    raise AirflowSkipException("not today")


def fail():
    raise ValueError("as meant")


with DAG("rules", start_date=datetime(2024, 1, 1), schedule=None, catchup=False):
    ends = {
        "success": PythonOperator(task_id="success", python_callable=succeed),
        "skipped": PythonOperator(task_id="skipped", python_callable=skip),
        "failed": PythonOperator(task_id="failed", python_callable=fail),
    }
    ends["upstream_failed"] = EmptyOperator(task_id="upstream_failed")
    ends["failed"] >> ends["upstream_failed"]
    names = list(ends)
    pairs = [(a, b) for i, a in enumerate(names) for b in names[i:]]
    for rule in sorted(str(getattr(rule, "value", rule)) for rule in RULES):
        for a, b in pairs:
            task = EmptyOperator(task_id=f"{rule}-{a}-{b}", trigger_rule=rule)
            [ends[a], ends[b]] >> task
        EmptyOperator(task_id=f"{rule}-alone", trigger_rule=rule)
