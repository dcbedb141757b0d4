"""A deferred task goes on by the method it named; what goes wrong meanwhile is raised in the task."""

from __future__ import annotations

import textwrap
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from venturi.sdk.deferring import wait_of
from venturi.sdk.exceptions import TaskDeferred
from venturi.testing import DagTestResult, run_dag

from .loading import load

HEAD = """
import asyncio
from datetime import datetime, timedelta
from airflow import DAG
from airflow.models.baseoperator import BaseOperator
from airflow.exceptions import TaskDeferred
from airflow.triggers.base import *
from airflow.triggers.testing import FailureTrigger, SuccessTrigger

class Never(BaseTrigger):
    def serialize(self):
        return ("own.Never", {})
    async def run(self):
        await asyncio.sleep(1000)
        yield TriggerEvent(1)

class Ends(BaseTrigger):
    def __init__(self, event):
        super().__init__()
        self.event = event
    def serialize(self):
        return ("own.Ends", {})
    async def run(self):
        yield self.event

class Op(BaseOperator):
    def __init__(self, trigger=None, timeout=None, **kwargs):
        super().__init__(**kwargs)
        self.trigger, self.timeout = trigger, timeout
    def execute(self, context):
        self.defer(trigger=self.trigger, method_name="execute_complete", kwargs={"a": 1}, timeout=self.timeout)
    def execute_complete(self, context, event, a):
        return [event, a, context["ti"].task_id]
"""


def run(folder: Path, text: str) -> DagTestResult:
    body = textwrap.indent(textwrap.dedent(text), "    ")
    dag = load(folder, f"{HEAD}\nwith DAG('d', schedule=None) as dag:\n{body}").dag
    return run_dag(dag)


def test_it_goes_on_with_the_event_and_its_own_arguments(tmp_path: Path) -> None:
    assert run(tmp_path, "Op(task_id='t', trigger=SuccessTrigger())").value("t") == [True, 1, "t"]


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ("trigger=FailureTrigger()", "TaskDeferralError", "Deliberate trigger failure"),
        ("trigger=Never(), timeout=timedelta(0)", "TaskDeferralTimeout", "Trigger timeout"),
        ("trigger=5", "TypeError", "defer() takes a trigger"),
        ("trigger=SuccessTrigger(), timeout=5", "ValueError", "must be a timedelta"),
    ],
)
def test_what_goes_wrong_is_raised_in_the_task(arguments: str, error: str, says: str, tmp_path: Path) -> None:
    result = run(tmp_path, f"Op(task_id='t', {arguments})")
    assert result.state_of("t") == "failed"
    assert result.errors["t", -1]["type"] == error
    assert says in result.errors["t", -1]["message"]


def test_a_failed_wait_is_tried_again_from_the_beginning(tmp_path: Path) -> None:
    result = run(tmp_path, "Op(task_id='t', trigger=FailureTrigger(), retries=2)")
    assert (result.state_of("t"), result.tries["t", -1]) == ("failed", 3)


@pytest.mark.parametrize("state", ["success", "failed", "skipped"])
def test_an_event_may_end_the_task(state: str, tmp_path: Path) -> None:
    name = f"Task{state.capitalize()}Event"
    result = run(tmp_path, f"Op(task_id='t', trigger=Ends({name}(xcoms={{'k': 7}})), retries=1)")
    assert (result.state_of("t"), result.tries["t", -1]) == (state, 1)
    assert result.value("t", key="k") == 7


def test_a_task_may_begin_by_waiting(tmp_path: Path) -> None:
    text = """
    class Begins(Op):
        start_from_trigger = True
        start_trigger_args = StartTriggerArgs(
            trigger_cls="airflow.triggers.testing.SuccessTrigger", next_method="execute_complete",
            trigger_kwargs={}, next_kwargs={"a": 2}, timeout=None)
        def execute(self, context):
            raise AssertionError("its trigger comes first")
    Begins(task_id='t')
    """
    assert run(tmp_path, text).value("t") == [True, 2, "t"]


def test_what_a_task_begins_to_wait_by_is_rendered(tmp_path: Path) -> None:
    (tmp_path / "2024-01-05.csv").touch()
    text = f"""
    class Begins(Op):
        start_from_trigger = True
        start_trigger_args = StartTriggerArgs(
            trigger_cls="airflow.providers.standard.triggers.file.FileTrigger", next_method="execute_complete",
            trigger_kwargs={{"filepath": "{tmp_path}/{{{{ ds }}}}.csv"}},
            next_kwargs={{"a": ["{{{{ ti.task_id }}}} {{{{ params.n }}}}"]}}, timeout=None)
    Begins(task_id='t', params={{"n": 3}})
    """
    loaded = load(tmp_path, f"{HEAD}\nwith DAG('d', schedule=None):\n{textwrap.indent(textwrap.dedent(text), '    ')}")
    assert run_dag(loaded.dag, logical_date="2024-01-05").value("t") == [True, ["t 3"], "t"]
    (given,) = {type(task).start_trigger_args.next_kwargs["a"][0] for task in loaded.dag.tasks}
    assert given == "{{ ti.task_id }} {{ params.n }}", "the class is as it was"


def test_the_time_limit_of_the_task_counts_through_the_waiting(tmp_path: Path) -> None:
    loaded = load(tmp_path, f"{HEAD}\nwith DAG('d', schedule=None):\n    Op(task_id='t', execution_timeout=9)")
    task: Any = loaded.dag.task_dict["t"]
    wanted = TaskDeferred(trigger=loaded.module.SuccessTrigger(), method_name="m", timeout=timedelta(seconds=100))
    assert wait_of(wanted, task, None).timeout_s == 9
    wanted.timeout = timedelta(seconds=3)
    assert wait_of(wanted, task, None).timeout_s == 3


SENSORS = """
from datetime import datetime, timedelta, timezone
from airflow.sensors.date_time import DateTimeSensor, DateTimeSensorAsync
from airflow.sensors.filesystem import FileSensor
from airflow.sensors.time_delta import TimeDeltaSensor, TimeDeltaSensorAsync, WaitSensor
from airflow.sensors.time_sensor import TimeSensor, TimeSensorAsync
from airflow.sensors.weekday import DayOfWeekSensor
"""


@pytest.mark.parametrize(
    "sensor",
    [
        "DateTimeSensor(task_id='t', target_time='{{ logical_date }}', poke_interval=0)",
        "DateTimeSensor(task_id='t', target_time='{{ logical_date }}', mode='reschedule')",
        "DateTimeSensorAsync(task_id='t', target_time=datetime(2024, 1, 1))",
        "TimeSensor(task_id='t', target_time=datetime(2024, 1, 1).time())",
        "TimeSensorAsync(task_id='t', target_time=datetime(2024, 1, 1).time())",
        "TimeDeltaSensor(task_id='t', delta=timedelta(0), poke_interval=0)",
        "TimeDeltaSensor(task_id='t', delta=timedelta(0), deferrable=True)",
        "TimeDeltaSensorAsync(task_id='t', delta=timedelta(milliseconds=10))",
        "WaitSensor(task_id='t', time_to_wait=timedelta(milliseconds=10), deferrable=True)",
        "DayOfWeekSensor(task_id='t', week_day='Friday', use_task_logical_date=True)",
        "FileSensor(task_id='t', filepath=__file__)",
        "FileSensor(task_id='t', filepath=__file__, deferrable=True)",
    ],
)
def test_sensors_of_time_and_files_succeed_when_what_they_wait_for_is_there(sensor: str, tmp_path: Path) -> None:
    loaded = load(tmp_path, f"{HEAD}{SENSORS}\nwith DAG('d', schedule=None) as dag:\n    {sensor}")
    assert run_dag(loaded.dag, logical_date="2024-01-05").state == "success"


def test_a_deferred_sensor_that_waits_too_long_fails_at_once_or_is_skipped(tmp_path: Path) -> None:
    text = """
    FileSensor(task_id='fails', filepath='/nowhere/x', deferrable=True, timeout=0.01, poke_interval=1, retries=3)
    FileSensor(task_id='skips', filepath='/nowhere/x', deferrable=True, timeout=0.01, poke_interval=1, soft_fail=True)
    """
    body = textwrap.indent(textwrap.dedent(text), "    ")
    result = run_dag(load(tmp_path, f"{HEAD}{SENSORS}\nwith DAG('d', schedule=None):\n{body}").dag)
    assert (result.state_of("fails"), result.tries["fails", -1]) == ("failed", 1)
    assert result.errors["fails", -1]["type"] == "AirflowSensorTimeout"
    assert result.state_of("skips") == "skipped"
