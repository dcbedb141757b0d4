"""Triggers, run by hand where no other run is asked for; and the small words of triggering DAGs and of services."""

import asyncio
import os
import sqlite3
from datetime import datetime, timedelta, timezone

from airflow import DAG
from airflow.decorators.setup_teardown import ContextWrapper
from airflow.models.xcom_arg import ConcatXComArg
from airflow.operators.dagrun_operator import DagRunOrder
from airflow.operators.python import PythonOperator
from airflow.operators.trigger_dagrun import XCOM_EXECUTION_DATE_ISO, XCOM_LOGICAL_DATE_ISO, XCOM_RUN_ID
from airflow.providers.amazon.aws.operators.s3 import S3ListPrefixesOperator
from airflow.providers.common.sql.hooks.sql import fetch_all_handler, fetch_one_handler
from airflow.providers.common.sql.operators.sql import BaseSQLOperator
from airflow.providers.docker.exceptions import DockerContainerFailedException, DockerContainerFailedSkipException
from airflow.timetables.base import DagInfo
from airflow.triggers.base import (
    BaseTaskEndEvent,
    BaseTrigger,
    StartTriggerArgs,
    TaskFailedEvent,
    TaskSkippedEvent,
    TaskSuccessEvent,
    TriggerEvent,
)
from airflow.triggers.external_task import DagStateTrigger, TaskStateTrigger, WorkflowTrigger
from airflow.triggers.file import FileTrigger
from airflow.triggers.temporal import DateTimeTrigger, TimeDeltaTrigger
from airflow.triggers.testing import FailureTrigger, SuccessTrigger


class Counts(BaseTrigger):
    def __init__(self, upto):
        super().__init__()
        self.upto = upto

    def serialize(self):
        return "triggers.Counts", {"upto": self.upto}

    async def run(self):
        for _ in range(self.upto):
            await asyncio.sleep(0)
        yield TriggerEvent(self.upto)


async def first(trigger):
    async for event in trigger.run():
        return event
    return None


def fires():
    assert asyncio.run(first(Counts(3))).payload == 3
    assert asyncio.run(first(SuccessTrigger())).payload is True
    past = datetime(2020, 1, 1, tzinfo=timezone.utc)
    assert asyncio.run(first(DateTimeTrigger(past))) and asyncio.run(first(TimeDeltaTrigger(timedelta(0))))
    assert asyncio.run(first(FileTrigger(os.path.abspath(__file__), poke_interval=0.1)))
    try:
        asyncio.run(first(FailureTrigger()))
    except ValueError:
        pass
    for kind in (TaskSuccessEvent, TaskFailedEvent, TaskSkippedEvent):
        assert isinstance(kind(), BaseTaskEndEvent)
    for trigger in (
        WorkflowTrigger("other", logical_dates=[past]),
        DagStateTrigger("other", ["success"], run_ids=["a"]),
        TaskStateTrigger("other", "task", ["success"], [past]),
    ):
        path, given = trigger.serialize()
        assert path.startswith("airflow.") and given
    assert StartTriggerArgs("triggers.Counts", "execute_complete").next_method == "execute_complete"


def words():
    assert DagRunOrder(payload={"a": 1}).payload == {"a": 1}
    assert (XCOM_RUN_ID, XCOM_LOGICAL_DATE_ISO, XCOM_EXECUTION_DATE_ISO)[0] == "trigger_run_id"
    cursor = sqlite3.connect(":memory:").execute("select 1 union select 2")
    assert fetch_one_handler(cursor) == (1,) and fetch_all_handler(cursor) == [(2,)]
    assert issubclass(DockerContainerFailedException, Exception)
    assert issubclass(DockerContainerFailedSkipException, Exception)
    assert "prefix" in S3ListPrefixesOperator.template_fields
    assert ContextWrapper and ConcatXComArg and DagInfo


class Asks(BaseSQLOperator):
    def execute(self, context):
        os.environ["AIRFLOW_CONN_HERE"] = "sqlite:///:memory:"
        return self.get_db_hook().get_first("select 41 + 1")[0]


with DAG("triggers", start_date=datetime(2022, 1, 1), schedule=None):
    PythonOperator(task_id="fires", python_callable=fires)
    PythonOperator(task_id="words", python_callable=words)
    Asks(task_id="asks", conn_id="here")
