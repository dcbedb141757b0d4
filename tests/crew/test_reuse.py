"""Reused children: several attempts of one task in one process, each with its own report, log and end."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from .stand_in import House, is_alive

TASKS = """
import os, signal, subprocess, sys, time
from pathlib import Path
from airflow import DAG
from airflow.operators.python import PythonOperator
from airflow.operators.python import get_current_context

HERE = Path(__file__).parent
calls = []

def me():
    calls.append(1)
    index = get_current_context()["ti"].map_index
    print(f"line of {index}")
    return [os.getpid(), len(calls)]

def raw():
    index = get_current_context()["ti"].map_index
    os.write(1, b"raw %d\\n" % index)

def dies_at_two():
    index = get_current_context()["ti"].map_index
    with open(HERE / "ran", "a") as file: file.write(f"{index} ")
    if index == 2: os.kill(os.getpid(), signal.SIGKILL)

def leaves_kin():
    kin = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    return kin.pid

held = []
def grows():
    held.append(bytearray(os.urandom(1 << 20) * 30))
    return os.getpid()

def waits():
    while not (HERE / "go").exists(): time.sleep(0.002)
    return os.getpid()

with DAG("d", schedule=None) as dag:
    for f in (me, raw, dies_at_two, leaves_kin, grows, waits):
        PythonOperator(task_id=f.__name__, python_callable=f)
"""


@pytest.fixture
def house(make_house) -> House:
    return make_house(slots=2)


@pytest.fixture
def tasks(house: House) -> dict:
    return house.load("tasks.py", TASKS)


def start(house: House, tasks: dict, task: str, index: int = -1) -> int:
    return house.start("tasks.py", tasks, task, {"map_index": index}, isolation="reuse")


def test_attempts_of_one_task_share_children_and_each_has_its_log(house: House, tasks: dict) -> None:
    tokens = [start(house, tasks, "me", i) for i in range(40)]
    ended = [house.ended(token) for token in tokens]
    assert {e["outcome"] for e in ended} == {"success"}
    pids = {json.loads(e["body"])[0] for e in ended}
    assert 1 <= len(pids) <= 2
    assert sum(json.loads(e["body"])[1] > 1 for e in ended) >= 38
    for i, e in enumerate(ended):
        assert house.log(e).endswith(f"INFO  line of {i}\n")
        assert len(house.log(e).splitlines()) == 1


def test_what_is_written_past_python_is_in_the_right_log(house: House, tasks: dict) -> None:
    for i, token in enumerate([start(house, tasks, "raw", i) for i in range(30)]):
        assert house.log(house.ended(token)).endswith(f"INFO  raw {i}\n")


def test_started_and_ended_are_told_of_each_in_order(house: House, tasks: dict) -> None:
    tokens = [start(house, tasks, "me", i) for i in range(5)]
    for token in tokens:
        assert house.started(token)["pid"] == house.ended(token)["pid"]


def test_the_tasks_of_a_file_share_its_children(house: House, tasks: dict) -> None:
    first = json.loads(house.ended(start(house, tasks, "me"))["body"])[0]
    (house.dags / "go").write_text("go")
    second = json.loads(house.ended(start(house, tasks, "waits"))["body"])
    assert first == second


def test_a_death_ends_only_the_attempt_at_work(house: House, tasks: dict) -> None:
    tokens = [start(house, tasks, "dies_at_two", i) for i in range(6)]
    ended = [house.ended(token) for token in tokens]
    assert [e["outcome"] for e in ended] == ["success", "success", "failed", "success", "success", "success"]
    assert ended[2]["signal"] == signal.SIGKILL
    assert sorted((house.dags / "ran").read_text().split()) == ["0", "1", "2", "3", "4", "5"]


def test_no_more_run_at_once_than_there_are_slots(house: House, tasks: dict) -> None:
    tokens = [start(house, tasks, "waits", i) for i in range(5)]
    for token in tokens[:2]:
        house.started(token)
    quick = start(house, tasks, "me")
    assert [h for h, _ in house.engine.seen if h["k"] == "started"] == []
    (house.dags / "go").write_text("go")
    for token in (*tokens, quick):
        assert house.ended(token)["outcome"] == "success"


def test_a_descendant_left_by_one_attempt_is_gone_at_its_end(house: House, tasks: dict) -> None:
    for _ in range(2):
        ended = house.ended(start(house, tasks, "leaves_kin"))
        assert not is_alive(json.loads(ended["body"]))


def test_a_child_that_has_grown_is_replaced(make_house) -> None:
    house = make_house(slots=1)
    tasks = house.load("tasks.py", TASKS)
    tokens = [start(house, tasks, "grows", i) for i in range(45)]
    pids = [json.loads(house.ended(token)["body"]) for token in tokens]
    assert len(set(pids)) >= 2


def test_a_child_serves_two_hundred_attempts_at_most(make_house) -> None:
    house = make_house(slots=1)
    tasks = house.load("tasks.py", TASKS)
    tokens = [start(house, tasks, "me", i) for i in range(250)]
    counts = [json.loads(house.ended(token)["body"])[1] for token in tokens]
    assert max(counts) == 200


def test_a_waiting_attempt_can_be_cancelled_and_one_at_work(house: House, tasks: dict) -> None:
    tokens = [start(house, tasks, "waits", i) for i in range(4)]
    house.started(tokens[0])
    house.cancel(tokens[3], "not needed", 5)
    assert house.ended(tokens[3])["outcome"] == "cancelled"
    house.cancel(tokens[0], "not needed", 5)
    assert house.ended(tokens[0])["outcome"] == "cancelled"
    (house.dags / "go").write_text("go")
    assert {house.ended(token)["outcome"] for token in tokens[1:3]} == {"success"}


def test_the_attempt_at_work_survives_its_crew_and_the_next_goes_on(house: House, tasks: dict) -> None:
    done = house.ended(start(house, tasks, "me"))
    token = start(house, tasks, "waits")
    pid = house.started(token)["pid"]
    house.kill_crew()
    house.start_crew()
    assert [one["token"] for one in house.engine.state["alive"]] == [token]
    (house.dags / "go").write_text("go")
    assert json.loads(house.ended(token)["body"]) == pid
    assert done["outcome"] == "success"
    assert house.ended(start(house, tasks, "me"))["outcome"] == "success"


def test_a_time_limit_holds_for_each_attempt(house: House, tasks: dict) -> None:
    for _ in range(2):
        token = house.start("tasks.py", tasks, "waits", isolation="reuse", time_limit_s=0.2)
        assert house.ended(token)["error"]["type"] == "AirflowTaskTimeout"


def test_a_dead_zygote_does_not_stop_the_line(house: House, tasks: dict) -> None:
    tokens = [start(house, tasks, "waits", i) for i in range(4)]
    pids = [house.started(token)["pid"] for token in tokens[:2]]
    zygote = int(Path(f"/proc/{pids[0]}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(zygote, signal.SIGKILL)
    (house.dags / "go").write_text("go")
    assert {house.ended(token)["outcome"] for token in tokens} == {"success"}
