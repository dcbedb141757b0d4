"""What waits without a process outlives every process; what follows an end comes once, whoever died."""

from __future__ import annotations

import email
import email.policy
import http.server
import json
import os
import signal
import socket
import threading
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
    common = dict(filepath={file!r}, deferrable=True, poke_interval=0.02)
    sensors = [FileSensor(task_id="w", **common), FileSensor(task_id="goes_on", post_execute=lambda *_: None, **common)]
    sensors >> PythonOperator(task_id="then", python_callable=lambda ti: ti.try_number)
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
    until(lambda: state_of(place, "w") == state_of(place, "goes_on") == "deferred", "they are deferred")
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
        assert [a.outcome for a in reader.attempts(run.id, "goes_on")] == ["deferred", "success"]
        assert [a.outcome for a in reader.attempts(run.id, "w")] == ["deferred"], "nothing of it was left to be run"


SERVICE = """
from datetime import datetime
from airflow import DAG
from airflow.operators.python import PythonOperator
from airflow.providers.amazon.aws.hooks.s3 import S3Hook
from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor
from airflow.providers.http.operators.http import HttpOperator
from airflow.providers.http.sensors.http import HttpSensor
def judge(files):
    return files[0]["Size"] == 4
with DAG("service", start_date=datetime(2024, 1, 1), schedule=None, is_paused_upon_creation=False) as dag:
    common = dict(deferrable=True, poke_interval=0.05)
    HttpSensor(task_id="http", http_conn_id="api", endpoint="ready", **common) >> HttpOperator(
        task_id="asks", http_conn_id="api", method="GET", endpoint="answer", deferrable=True,
        response_filter=lambda response: response.json())
    S3KeySensor(task_id="s3", bucket_name="bucket", bucket_key="k", aws_conn_id="s3", check_fn=judge, **common)
"""


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, Page]]:
    """An S3 server with an empty bucket and a page that says nothing yet, named by connections; one slot for tasks."""
    moto = pytest.importorskip("moto.server")
    boto3 = pytest.importorskip("boto3")
    storage = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    storage.start()
    page = Page()
    address = "http://{}:{}".format(*storage.get_host_and_port())
    keys = {"aws_access_key_id": "k", "aws_secret_access_key": "s", "region_name": "us-east-1"}
    s3 = boto3.client("s3", endpoint_url=address, **keys)
    s3.create_bucket(Bucket="bucket")
    extra = {"endpoint_url": address, "region_name": "us-east-1"}
    named = {"conn_type": "aws", "login": "k", "password": "s", "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_S3", json.dumps(named))
    monkeypatch.setenv("AIRFLOW_CONN_API", f"http://127.0.0.1:{page.port}")
    monkeypatch.setenv("VENTURI_SLOTS", "1")
    yield s3, page
    page.close()
    storage.stop()


def test_services_are_waited_for_in_a_trigger_that_takes_no_slot(services: tuple[Any, Page], place: Place) -> None:
    """Requirement S3: several tasks wait at once where only one has a place, and each judges in its own process."""
    s3, page = services
    (place.dags / "service.py").write_text(SERVICE)
    place.up()
    until(lambda: place("trigger", "service").status == 0, "the DAG is known")
    until(lambda: state_of(place, "http") == state_of(place, "s3") == "deferred", "both are deferred")
    with Client(place.home) as client:
        assert client.call("status")["live"] == 0
    s3.put_object(Bucket="bucket", Key="k", Body=b"two")  # its size is wrong
    until(lambda: len(outcomes_of(place, "s3")) > 1, "the task has judged what was found, and waits again")
    page.said = {"ready": True}
    s3.put_object(Bucket="bucket", Key="k", Body=b"four")
    until(lambda: run_state(place) == "success", "all of it is done")
    assert outcomes_of(place, "http") == ["deferred", "success"]
    assert outcomes_of(place, "asks") == ["deferred", "success"]
    with open_store(place.home.database).reader() as reader:
        (run,) = reader.runs()
        value = reader.value(run.id, "asks", -1, "return_value")
        assert value is not None
        assert json.loads(str(value.data)) == {"ready": True}


class Page:
    """An HTTP server that finds nothing until it is told what to say."""

    def __init__(self) -> None:
        self.said: dict[str, Any] | None = None
        page = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = json.dumps(page.said).encode()
                self.send_response(404 if page.said is None else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None: ...

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def outcomes_of(place: Place, task_id: str) -> list[str]:
    with open_store(place.home.database).reader() as reader:
        return [a.outcome for run in reader.runs() for a in reader.attempts(run.id, task_id)]


def run_state(place: Place) -> str:
    with open_store(place.home.database).reader() as reader:
        (run,) = reader.runs()
        return run.state


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
