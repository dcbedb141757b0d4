"""Deadlines and SLAs with real processes: what is called, with what, and what status and why say of it."""

from __future__ import annotations

import json
import os
import signal

from .conftest import Place, until

DEADLINES = """
import json, os
from datetime import datetime, timedelta, timezone
from airflow.sdk import DAG, AsyncCallback, BaseNotifier, DeadlineAlert, DeadlineReference, SyncCallback, task

SAID = {said!r}

def note(*words):
    with open(SAID, "a") as file:
        file.write(json.dumps(words) + "\\n")

async def awaited(**kwargs):
    run, deadline = kwargs["context"]["dag_run"], kwargs["context"]["deadline"]
    note("awaited", run["dag_id"], run.get("dag_run_id"), run["state"], kwargs["to"],
         deadline["deadline_time"].isoformat())

def at_once(to):
    note("at once", to)

def breaks():
    raise ValueError("nobody is there")

class Tells(BaseNotifier):
    template_fields = ("text",)
    def __init__(self, text, **kwargs):
        super().__init__(**kwargs)
        self.text = text
    def notify(self, context):
        note("notified", self.text)

over = DeadlineReference.FIXED_DATETIME(datetime(2024, 1, 1, tzinfo=timezone.utc))
none = timedelta(0)
with DAG("late", schedule=None, deadline=[
    DeadlineAlert(over, none, AsyncCallback(awaited, kwargs={{"to": "ana"}}), name="first"),
    DeadlineAlert(over, none, SyncCallback(at_once, kwargs={{"to": "ben"}})),
    DeadlineAlert(over, none, SyncCallback(Tells, kwargs={{"text": "{{{{ dag_run.dag_run_id }}}} is late"}})),
    DeadlineAlert(over, none, AsyncCallback(Tells, kwargs={{"text": "{{{{ dag_run.dag_id }}}} too"}})),
    DeadlineAlert(over, none, SyncCallback(breaks)),
    DeadlineAlert(DeadlineReference.DAGRUN_QUEUED_AT, timedelta(hours=1), SyncCallback(breaks)),
]):
    @task
    def work(): ...
    work()
"""


def said(place: Place) -> list[list[str]]:
    file = place.folder / "said"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def test_what_is_missed_calls_its_callback_with_its_arguments_and_the_run(place: Place) -> None:
    file = place.file("late.py", DEADLINES.format(said=str(place.folder / "said")))
    done = place("run", file, "--json")
    assert done.status == 0, done.err
    run_id = done.json["run_id"]
    told = sorted(said(place))
    assert [line for line in told if line[0] != "awaited"] == [
        ["at once", "ben"],
        ["notified", "late too"],
        ["notified", f"{run_id} is late"],
    ]
    (line,) = (line for line in told if line[0] == "awaited")
    assert (line[1:3], line[4:]) == (["late", run_id], ["ana", "2024-01-01T00:00:00+00:00"])
    status = place("status", "late", run_id)
    assert "missed its deadline 'first' of 2024-01-01 00:00:00 UTC" in status.out
    assert "the call of" in status.out
    assert "ValueError: nobody is there" in status.out
    listed = place("status", "late", run_id, "--json").json["deadlines"]
    assert [one["state"] for one in listed] == ["missed"] * 5 + ["met"]
    assert [one["call"]["outcome"] for one in listed[:5]] == ["success"] * 4 + ["failed"]
    why = place("why", "late", run_id)
    assert why.out.startswith("It has succeeded at ")
    assert "; awaited was called" in why.out


SLAS = """
from datetime import datetime, timedelta, timezone
from airflow import DAG
from airflow.operators.bash import BashOperator

def missed(dag, task_list, blocking_task_list, slas, blocking_tis):
    with open({said!r}, "a") as file:
        print(dag.dag_id, task_list, "|", blocking_task_list, "|", slas[0].task_id, blocking_tis[0].state, file=file)

with DAG("slow", schedule_interval="@once", start_date=datetime(2024, 1, 1, tzinfo=timezone.utc), catchup=True,
         is_paused_upon_creation=False,
         sla_miss_callback=missed, default_args={{"email": "ana@x.org"}}) as dag:
    BashOperator(task_id="t", bash_command="while [ ! -e {end} ]; do sleep 0.05; done", sla=timedelta(hours=1))
"""


def test_a_missed_sla_calls_back_once_and_sends_a_mail(place: Place) -> None:
    out, end = place.folder / "said", place.folder / "end"
    (place.dags / "slow.py").write_text(SLAS.format(said=str(out), end=str(end)))
    assert place.up().status == 0
    box = place.home.own / "outbox"
    until(lambda: out.exists() and box.exists() and list(box.glob("*.eml")), "somebody is told")
    end.touch()
    until(lambda: place("status", "slow", "--json").json["state"] == "success", "the run ends")
    assert out.read_text().startswith("slow t on 2024-01-01T00:00:00+00:00 | t on 2024-01-01T00:00:00+00:00 | t ")
    (mail,) = box.glob("*.eml")
    assert "Subject: Venturi: SLA missed in DAG slow" in mail.read_text()
    assert len(out.read_text().splitlines()) == 1
    assert "t has missed its SLA, which was 2024-01-01 01:00:00 UTC" in place("status", "slow").out
    assert "It has missed its SLA" in place("why", "slow", "t").out


LIMITED = """
from datetime import timedelta
from airflow.sdk import DAG, task

with DAG("run_limit", schedule=None, is_paused_upon_creation=False, dagrun_timeout=timedelta(seconds={s})):
    @task
    def sleeps():
        import time
        time.sleep(1000)
    sleeps()
with DAG("task_limit", schedule=None, is_paused_upon_creation=False):
    @task(execution_timeout=timedelta(seconds={s}))
    def sleeps():
        import time
        time.sleep(1000)
    sleeps()
"""


def test_time_limits_hold_over_an_engine_that_is_killed_and_one_that_is_away(place: Place) -> None:
    (place.dags / "limited.py").write_text(LIMITED.format(s=6))
    assert place.up().status == 0
    until(lambda: len(place("ls", "--json").json["dags"]) == 2, "the file is read")
    for dag_id in ("run_limit", "task_limit"):
        assert place("trigger", dag_id).status == 0
    until(lambda: all(tasks(place, d) == {"running": 1} for d in ("run_limit", "task_limit")), "both run")
    engine = place.pids()["engine"]
    os.kill(engine, signal.SIGKILL)
    until(lambda: place.pids().get("engine") not in (None, engine), "another engine is there")
    for dag_id in ("run_limit", "task_limit"):
        until(lambda dag_id=dag_id: place("status", dag_id, "--json").json["state"] == "failed", f"{dag_id} is ended")
    assert "dagrun_timeout" in place("status", "run_limit", "--json").json["reason"]
    assert "time limit" in place("why", "task_limit", "sleeps").out


def tasks(place: Place, dag_id: str) -> dict[str, int]:
    said = place("status", dag_id, "--json")
    return said.json["tasks"] if said.status == 0 else {}
