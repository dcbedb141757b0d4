"""What waits without a process outlives every process; what follows an end comes once, whoever died."""

from __future__ import annotations

import email
import email.policy
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from venturi.cli import processes
from venturi.cli.client import Client
from venturi.store import open_store

from .conftest import Place, until

WAITS = """
from datetime import datetime
from airflow import DAG
from airflow.operators.python import PythonOperator
from airflow.sensors.filesystem import FileSensor
with DAG("waits", start_date=datetime(2024, 1, 1), schedule=None, is_paused_upon_creation=False) as dag:
    FileSensor(task_id="w", filepath={file!r}, deferrable=True, poke_interval=0.02) >> PythonOperator(
        task_id="then", python_callable=lambda ti: ti.try_number)
"""


def state_of(place: Place, task_id: str) -> str | None:
    with open_store(place.home.database).reader() as reader:
        rows = [row for run in reader.runs() for row in reader.instances(run.id).rows if row.task_id == task_id]
        return rows[0].state if rows else None


def hosts(place: Place) -> list[int]:
    crew = place.pids()["crew"]
    children = Path(f"/proc/{crew}/task/{crew}/children").read_text().split()
    return [int(c) for c in children if Path(f"/proc/{c}/comm").read_text().startswith("venturi-trigger")]


@pytest.mark.parametrize("dies", ["host", "engine", "crew", "up"])
def test_a_deferred_task_holds_no_process_and_outlives_any(dies: str, place: Place) -> None:
    """Requirement S3: deferrable operators; the trigger is made anew, the event resumes its task once."""
    there = place.folder / "there"
    (place.dags / "waits.py").write_text(WAITS.format(file=str(there)))
    place.up()
    until(lambda: place("trigger", "waits").status == 0, "the DAG is known")
    until(lambda: state_of(place, "w") == "deferred", "it is deferred")
    with Client(place.home) as client:
        assert client.call("status")["live"] == 0
    (host,) = until(lambda: hosts(place), "a host runs its trigger")
    top = processes.noted(place.home, "up")
    assert top is not None
    pids = {**place.pids(), "host": host, "up": top["pid"]}
    os.kill(pids[dies], signal.SIGKILL)
    if dies == "up":
        until(lambda: place.up().status == 0, "it is up again")
    there.touch()
    until(lambda: state_of(place, "then") == "success", "it goes on")
    with open_store(place.home.database).reader() as reader:
        (run,) = reader.runs()
        assert [a.outcome for a in reader.attempts(run.id, "w")] == ["deferred", "success"]


CALLS = """
import os, time
from datetime import datetime
from airflow import DAG
from airflow.operators.python import PythonOperator

def dies(): os.kill(os.getpid(), 9)
def note(context):
    with open({noted!r}, "a") as file:
        print(context["ti"].task_id, context["ti"].state, context.get("exception"), context["reason"], file=file)
def sleeps(context): time.sleep(1000)

with DAG("calls", start_date=datetime(2024, 1, 1), schedule=None, on_failure_callback=note) as dag:
    PythonOperator(task_id="killed", python_callable=dies, on_failure_callback=note, email="a@x.org")
    PythonOperator(task_id="fine", python_callable=lambda: 1, on_success_callback={success})
"""


class Mailbox:
    def __init__(self) -> None:
        self.mails: list[Any] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"


@pytest.fixture
def mailbox(place: Place) -> Iterator[Mailbox]:
    made = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(made, hostname="127.0.0.1", port=port)
    controller.start()
    place._environment |= {"AIRFLOW__SMTP__SMTP_HOST": "127.0.0.1", "AIRFLOW__SMTP__SMTP_PORT": str(port)}
    yield made
    controller.stop()


def test_a_task_that_was_killed_has_its_callback_and_its_mail(place: Place, mailbox: Mailbox) -> None:
    noted = place.folder / "noted"
    file = place.file("calls.py", CALLS.format(noted=str(noted), success="note"))
    assert place("run", file).status == 1
    killed = "It was killed by SIGKILL (killed from outside)."
    assert sorted(noted.read_text().splitlines()) == [
        "fine success None None",
        f"killed failed {killed} {killed}",
        "killed failed None task_failure",
    ]
    (mail,) = mailbox.mails
    assert mail["To"] == "a@x.org"
    assert killed in mail.get_body(("html",)).get_content()


def test_a_callback_has_a_time_limit_and_changes_nothing_about_its_task(place: Place) -> None:
    place._environment["VENTURI_CALLBACK_TIME_LIMIT_S"] = "5"
    noted = place.folder / "noted"
    file = place.file("calls.py", CALLS.format(noted=str(noted), success="sleeps"))
    place("run", file)
    assert state_of(place, "fine") == "success"
    with open_store(place.home.database).reader() as reader:
        (run,) = reader.runs()
        calls = {(call.task_id, call.kind): call for call in reader.calls(run.id)}
    assert calls["fine", "success"].outcome == "failed"
    assert "time limit" in str(calls["fine", "success"].reason)
    assert calls["killed", "failure"].outcome == "success"


FAMILY = """
from datetime import datetime
from airflow import DAG
from airflow.operators.python import PythonOperator
from airflow.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sensors.external_task import ExternalTaskSensor
with DAG("child", start_date=datetime(2024, 1, 1), schedule=None):
    PythonOperator(task_id="c", python_callable=lambda dag_run: dag_run.conf)
with DAG("parent", start_date=datetime(2024, 1, 1), schedule=None):
    starts = TriggerDagRunOperator(
        task_id="starts", trigger_dag_id="child", conf={"k": 1}, wait_for_completion=True, deferrable=True,
        poke_interval=0.05, logical_date="{{ logical_date }}")
    starts >> [
        ExternalTaskSensor(task_id="poke", external_dag_id="child", external_task_id="c"),
        ExternalTaskSensor(task_id="reschedule", external_dag_id="child", mode="reschedule"),
        ExternalTaskSensor(task_id="deferred", external_dag_id="child", deferrable=True, check_existence=True),
        TriggerDagRunOperator(task_id="anew", trigger_dag_id="child", reset_dag_run=True, wait_for_completion=True,
                              logical_date="{{ logical_date }}", conf={"k": 2}, poke_interval=0.05)]
"""


def test_another_dag_is_started_waited_for_and_reset_for_real(place: Place) -> None:
    said = place("run", place.file("family.py", FAMILY), "parent", "--json")
    assert said.status == 0, said.err
    with open_store(place.home.database).reader() as reader:
        (child,) = [run for run in reader.runs() if run.dag_id == "child"]
        assert (child.state, child.conf) == ("success", {"k": 2})
