"""`venturi run FILE`: the run's result, its exit code, Ctrl-C, and the engine that may have the home already."""

from __future__ import annotations

import os
import signal
from datetime import datetime

from venturi.cli import processes

from .conftest import Gate, Place, until

KINDS = """
from airflow.decorators import dag, task
from airflow.operators.empty import EmptyOperator

@dag(schedule=None)
def kinds():
    @task
    def a_set():
        return {1, 2}

    @task
    def large():
        return "x" * 70_000

    @task
    def nothing():
        return None

    @task
    def none_to_map():
        return []

    @task
    def over(n):
        return n

    a_set(), large(), nothing(), over.expand(n=none_to_map())
    EmptyOperator(task_id="empty")

kinds()
"""
TWO = """
from airflow import DAG
from airflow.operators.empty import EmptyOperator

with DAG("one", schedule=None) as one:
    EmptyOperator(task_id="t")
with DAG("two", schedule=None) as two:
    EmptyOperator(task_id="t")
"""
BROKEN = """
from airflow.decorators import dag, task

@dag(schedule=None)
def broken():
    @task
    def fails():
        print("about to fail")
        raise ValueError("no such luck")

    fails()

broken()
"""


def test_a_run_is_told_as_one_line_of_json(place: Place, hello):
    said = place("run", hello, "--json")
    found = said.json
    assert said.status == 0
    assert (found["dag_id"], found["state"]) == ("hello", "success")
    rows = {(t["task_id"], t["map_index"]): t for t in found["tasks"]}
    assert {key: t["value"] for key, t in rows.items()} == {
        ("numbers", -1): [1, 2, 3],
        **{("square", i): (i + 1) ** 2 for i in range(3)},
    }
    for t in rows.values():
        assert (t["state"], t["try"]) == ("success", 1)
        assert datetime.fromisoformat(t["start"].replace("Z", "+00:00")) <= datetime.fromisoformat(
            t["end"].replace("Z", "+00:00")
        )
        assert t["start"].endswith("Z")
    assert found["seconds"] > 0


def test_values_that_are_no_small_json_are_named_by_their_type(place: Place):
    found = place("run", place.file("kinds.py", KINDS), "--json").json
    rows = {t["task_id"]: t for t in found["tasks"]}
    assert (rows["a_set"]["value"], rows["a_set"]["value_type"]) == (None, "set")
    assert (rows["large"]["value"], rows["large"]["value_type"]) == (None, "str")
    assert rows["nothing"]["value"] is None
    assert (rows["over"]["map_index"], rows["over"]["state"]) == (-1, "skipped")
    assert (rows["empty"]["state"], "value_type" in rows["empty"]) == ("success", False)


def test_people_see_the_tasks_and_the_end(place: Place, hello):
    said = place("run", hello)
    assert said.status == 0
    assert "square[2]  success" in said.out
    assert "success in" in said.out.splitlines()[-1]


def test_a_failed_run_is_1_and_says_why_with_the_end_of_the_log(place: Place):
    said = place("run", place.file("broken.py", BROKEN))
    assert said.status == 1
    assert "ValueError: no such luck in broken.py:9" in said.out
    assert "about to fail" in said.out


def test_several_dags_are_listed_and_one_can_be_named(place: Place):
    file = place.file("two.py", TWO)
    said = place("run", file, "--json")
    assert said.status == 2
    assert sorted(said.json["dag_ids"]) == ["one", "two"]
    assert place("run", file, "two", "--json").json["dag_id"] == "two"
    assert place("run", file, "three").status == 2


def test_a_file_that_cannot_be_read_is_2_with_file_and_line(place: Place):
    said = place("run", place.file("syntax.py", "x = 1\ndef f(:\n"), "--json")
    assert said.status == 2
    assert said.json["error"]["code"] == "load_failed"
    assert "line 2" in said.err
    assert place("run", place.file("none.py", "x = 1\n")).status == 2


def test_conf_and_date_reach_the_tasks(place: Place):
    file = place.file(
        "told.py",
        """
from airflow.decorators import dag, task

@dag(schedule=None)
def told():
    @task
    def tell(**context):
        return [context["dag_run"].conf["n"], context["ds"]]

    tell()

told()
""",
    )
    found = place("run", file, "--conf", '{"n": 7}', "--date", "2026-01-31", "--json").json
    assert found["tasks"][0]["value"] == [7, "2026-01-31"]
    assert place("run", file, "--date", "yesterday").status == 2


def test_nothing_is_left_running(place: Place, hello):
    assert place("run", hello).status == 0
    assert all(processes.noted(place.home, role) is None for role in processes.ROLES)


def test_ctrl_c_cancels_the_run(place: Place, gate: Gate):
    running = place.begin("run", gate.file, "--conf", gate.conf, "--json")
    gate.has_begun()
    running.send_signal(signal.SIGINT)
    out, err = running.communicate()
    assert running.returncode == 130
    assert '"state":"failed"' in out
    assert "cancelled by" in err


def test_a_second_ctrl_c_does_not_wait(place: Place):
    file = place.file(
        "stubborn.py",
        """
import signal, time
from airflow.decorators import dag, task

@dag(schedule=None)
def stubborn():
    @task
    def stay(**context):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        open(context["dag_run"].conf["began"], "w").close()
        while True:
            time.sleep(1)

    stay()

stubborn()
""",
    )
    gate = Gate(place)
    running = place.begin("run", file, "--conf", gate.conf)
    gate.has_begun()
    running.send_signal(signal.SIGINT)
    assert running.stderr is not None
    while "Again" not in running.stderr.readline():
        pass
    running.send_signal(signal.SIGINT)
    running.communicate()
    assert running.returncode == 130
    until(lambda: processes.noted(place.home, "crew") is None, "the crew ends with the last attempt")


def test_with_an_engine_the_file_is_handed_to_it(place: Place, hello):
    place.up()
    before = place.pids()
    found = place("run", hello, "--json")
    assert (found.status, found.json["state"]) == (0, "success")
    assert place.pids() == before
    assert place("ls", "--json").json["dags"][0]["ad_hoc"] is True


def test_a_run_that_was_handed_over_outlives_a_crash_of_the_engine(place: Place, gate: Gate):
    place.up()
    running = place.begin("run", gate.file, "--conf", gate.conf, "--json")
    gate.has_begun()
    os.kill(place.pids()["engine"], signal.SIGKILL)
    until(lambda: "goes on" in (running.stderr.readline() if running.stderr else ""), "the loss is told")
    gate.open()
    out, _ = running.communicate()
    assert running.returncode == 0
    assert '"try":1' in out


def test_two_runs_at_once_share_one_engine(place: Place, gate: Gate, hello):
    first = place.begin("run", gate.file, "--conf", gate.conf)
    gate.has_begun()
    assert place("run", hello).status == 0  # handed to the first
    gate.open()
    first.communicate()
    assert first.returncode == 0


def test_a_crew_that_dies_is_replaced(place: Place, gate: Gate):
    running = place.begin("run", gate.file, "--conf", gate.conf)
    gate.has_begun()
    crew = processes.noted(place.home, "crew")
    assert crew is not None
    os.kill(crew["pid"], signal.SIGKILL)
    until(lambda: (processes.noted(place.home, "crew") or crew)["pid"] != crew["pid"], "another crew")
    gate.open()
    running.communicate()
    assert running.returncode == 0
