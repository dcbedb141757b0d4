"""The trigger rule that came with 3.x, behind every mixture of two ended tasks."""

from datetime import datetime

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, TriggerRule, task
from airflow.sdk.exceptions import AirflowSkipException


@task
def succeed():
    return "done"


@task
def skip():
    raise AirflowSkipException("not today")


@task
def fail():
    raise ValueError("as meant")


with DAG("rules_three", start_date=datetime(2024, 1, 1)):
    ends = {"success": succeed(), "skipped": skip(), "failed": fail()}
    ends["upstream_failed"] = EmptyOperator(task_id="upstream_failed")
    ends["failed"] >> ends["upstream_failed"]
    names = list(ends)
    for i, a in enumerate(names):
        for b in names[i:]:
            [ends[a], ends[b]] >> EmptyOperator(task_id=f"{a}-{b}", trigger_rule=TriggerRule.ALL_DONE_MIN_ONE_SUCCESS)
