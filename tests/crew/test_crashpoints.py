"""SIGKILL at each named place of crew, zygote and attempt: every effect happens once, every end is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from venturi.wire import messages

from .stand_in import House

TASKS = """
import os, time
from pathlib import Path
from airflow import DAG
from airflow.operators.python import PythonOperator
from airflow.operators.python import get_current_context

HERE = Path(__file__).parent

def effect():
    token = get_current_context()["ti"].map_index
    with open(HERE / f"{token}.effects", "a") as file: file.write("x")
    return token

def long():
    effect()
    while not (HERE / "go").exists(): time.sleep(0.002)

with DAG("d", schedule=None) as dag:
    PythonOperator(task_id="effect", python_callable=effect)
    PythonOperator(task_id="long", python_callable=long)
"""

CREW = ["start-received", "spare-chosen", "started-relayed", "result-received", "death-seen", "ended-sent"]
CREW += ["ack-received"]
ZYGOTE = ["forked", "parked", "reaped"]
ATTEMPT = ["awake", "journalled", "started-sent", "result-spooled", "result-sent"]
SELDOM_WITH_REUSE = ("zygote:reaped", "crew:death-seen", "zygote:forked", "zygote:parked")
POINTS = [f"crew:{p}" for p in CREW] + [f"zygote:{p}" for p in ZYGOTE] + [f"attempt:{p}" for p in ATTEMPT]


class Run:
    """Five attempts beside two long ones; the crew is started again whenever it dies, as `up` does."""

    def __init__(self, house: House, isolation: str) -> None:
        self.house = house
        self.isolation = isolation
        self.ends: dict[int, str] = {}

    def go(self) -> None:
        house = self.house
        loaded = house.load("tasks.py", TASKS)
        self.loaded = loaded
        for task in ("long", "long", "effect", "effect", "effect", "effect", "effect"):
            self.start(task, house.token + 1)
        (house.dags / "go").write_text("go")
        while len(self.ends) < 7:
            try:
                self.take()
            except OSError:
                self.replace_crew()
        for token in self.ends:
            self.tell(messages.ack([token]))

    def start(self, task: str, token: int) -> None:
        self.house.token = token - 1
        try:
            self.house.start("tasks.py", self.loaded, task, {"map_index": token}, isolation=self.isolation)
        except OSError:
            self.replace_crew()
            if token not in self.named:
                self.start(task, token)

    def tell(self, head: dict) -> None:
        try:
            self.house.engine.send(head)
        except OSError:
            self.replace_crew()

    def take(self) -> None:
        head, _ = self.house.engine.wait("ended")
        assert self.ends.get(head["token"], head["outcome"]) == head["outcome"]
        self.ends[head["token"]] = head["outcome"]
        if head["token"] % 2:
            self.house.engine.send(messages.ack([head["token"]]))

    def replace_crew(self) -> None:
        """What the new crew does not name has never run, and is handed out again."""
        house = self.house
        assert house.crew is not None
        house.crew.wait(30)
        house.start_crew()
        house.engine.wait("settled")
        self.named = {one["token"] for one in house.engine.state["alive"]} | set(house.engine.state["waiting"])
        self.named |= {head["token"] for head, _ in house.engine.seen if head["k"] == "ended"}
        for token in range(1, house.token + 1):
            if token not in self.named and token not in self.ends:
                task = "long" if token <= 2 else "effect"
                again = house.token
                self.start(task, token)
                house.token = again


@pytest.mark.parametrize("isolation", ["fork", "reuse"])
@pytest.mark.parametrize("point", POINTS)
def test_a_death_there_loses_and_doubles_nothing(make_house, tmp_path: Path, point: str, isolation: str) -> None:
    house = make_house(start=False, grace_s=0.5)
    marker = tmp_path / "crashed"
    often = not point.startswith("attempt") and point not in ("crew:ack-received", "zygote:reaped")
    house.environment = {"VENTURI_CRASH_AT": f"{point}:3" if often else point, "VENTURI_CRASH_ONCE": str(marker)}
    house.start_crew()
    run = Run(house, isolation)
    run.go()
    if isolation == "fork" or point not in SELDOM_WITH_REUSE:
        house.wait_for(marker, empty=True)  # the place was reached
    files = [house.dags / f"{token}.effects" for token in range(1, 8)]
    effects = [len(file.read_text()) if file.exists() else 0 for file in files]
    if point in ("attempt:journalled", "attempt:started-sent"):
        assert sorted(run.ends.values()) == ["failed"] + ["success"] * 6  # its journal says that it began
        assert sorted(effects) == [0, 1, 1, 1, 1, 1, 1]
    else:
        assert set(run.ends.values()) == {"success"}
        assert effects == [1] * 7
