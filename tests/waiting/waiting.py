"""Thousands of tasks that wait, in a home of their own: what they cost while they wait, and when they have passed."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from venturi.cli import processes
from venturi.config import Home

PATIENCE_S = 1200.0
QUIET_S = 10.0  # how long the cost of waiting is measured
POKES_S = 60.0  # between two looks of the file sensors below
TICKS_PER_S = os.sysconf("SC_CLK_TCK")

DAGS = """
from datetime import datetime, timedelta, timezone
from pathlib import Path

from airflow.models.baseoperator import BaseOperator
from airflow.sdk import DAG, task
from airflow.sensors.base import BaseSensorOperator
from airflow.sensors.date_time import DateTimeSensorAsync
from airflow.sensors.filesystem import FileSensor
from until import Until

N, PLACE = {n}, {place!r}
common = dict(executor_config={{"isolation": "reuse"}})
given = dict(schedule=None, max_active_tasks=10_000, is_paused_upon_creation=False)

class Plain(BaseOperator):
    def __init__(self, number, **kwargs):
        super().__init__(**kwargs)
        self.number = number
    def execute(self, context):
        return None

class Deferred(Plain):
    def execute(self, context):
        at = context["dag_run"].conf["at"]
        self.defer(trigger=Until(at), method_name="execute_complete")
    def execute_complete(self, context, event):
        assert event == "there"

class Called(BaseSensorOperator):
    def __init__(self, number, **kwargs):
        super().__init__(**kwargs)
    def poke(self, context):
        return Path(PLACE, "called").exists()

with DAG("plain", **given):
    Plain.partial(task_id="t", **common).expand(number=list(range(N)))
with DAG("moments", **given):
    DateTimeSensorAsync.partial(task_id="t", **common).expand(target_time=["{{{{ dag_run.conf['date'] }}}}"] * N)
with DAG("triggers", **given):
    Deferred.partial(task_id="t", **common).expand(number=list(range(N)))
with DAG("files", **given):
    paths = [f"{{PLACE}}/{{number % 4}}/{{number}}" for number in range(N)]
    FileSensor.partial(task_id="t", poke_interval={pokes_s}, **common).expand(filepath=paths)
with DAG("one_file", **given):
    FileSensor.partial(task_id="t", poke_interval={pokes_s}, mode="reschedule", **common).expand(
        filepath=[f"{{PLACE}}/one"] * N)
with DAG("called", **given):
    Called.partial(task_id="t", poke_interval=10, mode="reschedule", **common).expand(number=list(range(N // 50)))
"""
UNTIL = """
import asyncio, time
from airflow.triggers.base import BaseTrigger, TriggerEvent

class Until(BaseTrigger):
    def __init__(self, at):
        super().__init__()
        self.at = at
    def serialize(self):
        return ("until.Until", {"at": self.at})
    async def run(self):
        await asyncio.sleep(max(0.0, self.at - time.time()))
        yield TriggerEvent("there")
"""


@dataclass
class Measured:
    """One kind of waiting."""

    tasks: int
    began_s: float  # until all of them waited
    cpu_percent: float  # of one core, of engine, crew and all below it, while they waited
    engine_mb: float
    crew_mb: float
    host_mb: float
    passed_s: float  # from the event to the last one's end
    attempts: int


class Hall:
    def __init__(self, folder: Path, n: int) -> None:
        self.n = n
        self.home = Home(folder / "home", folder / "home")
        self.place = folder / "place"
        for number in range(4):
            (self.place / str(number)).mkdir(parents=True)
        dags = self.home.root / "dags"
        dags.mkdir(parents=True)
        (dags / "until.py").write_text(UNTIL)
        (dags / "waiting.py").write_text(DAGS.format(n=n, place=str(self.place), pokes_s=POKES_S))
        self("up", "-D", "--port", "0")

    def __call__(self, *arguments: str) -> str:
        argv = [sys.executable, "-m", "venturi.cli", *arguments, "--home", str(self.home.root)]
        return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=PATIENCE_S).stdout

    def close(self) -> None:
        self("down")

    def _until(self, condition: Callable[[], Any], what: str) -> Any:
        give_up_at = time.monotonic() + PATIENCE_S
        while time.monotonic() < give_up_at:
            found = condition()
            if found:
                return found
            time.sleep(0.05)
        raise AssertionError(f"never: {what}")

    def _known(self, dag_id: str) -> bool:
        return dag_id in self("ls")

    def trigger(self, dag_id: str, **conf: Any) -> str:
        self._until(lambda: self._known(dag_id), f"{dag_id} is known")
        return self("trigger", dag_id, "--conf", json.dumps(conf)).strip()

    def states(self, dag_id: str) -> dict[str, int]:
        ask = (
            "SELECT state, count(*) FROM task_instance WHERE run = (SELECT max(id) FROM run WHERE dag_id = ?) "
            "GROUP BY state"
        )
        with sqlite3.connect(f"file:{self.home.database}?mode=ro", uri=True) as link:
            return dict(link.execute(ask, (dag_id,)).fetchall())

    def _ended_at(self, dag_id: str) -> float | None:
        with sqlite3.connect(f"file:{self.home.database}?mode=ro", uri=True) as link:
            ((state, at),) = link.execute(
                "SELECT state, ended_at FROM run WHERE dag_id = ? ORDER BY id DESC LIMIT 1", (dag_id,)
            ).fetchall()
        assert state != "failed", f"{dag_id} failed"
        return float(at) if state == "success" else None

    def _attempts(self, dag_id: str) -> int:
        ask = "SELECT count(*) FROM attempt WHERE run = (SELECT max(id) FROM run WHERE dag_id = ?)"
        with sqlite3.connect(f"file:{self.home.database}?mode=ro", uri=True) as link:
            return int(link.execute(ask, (dag_id,)).fetchone()[0])

    # ── processes ──

    def pids(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {"host": []}
        for role in ("engine", "crew"):
            noted = processes.noted(self.home, role)
            found[role] = [noted["pid"]] if noted else []
        (crew,) = found["crew"]
        for child in Path(f"/proc/{crew}/task/{crew}/children").read_text().split():
            if Path(f"/proc/{child}/comm").read_text().startswith("venturi-trigger"):
                found["host"].append(int(child))
        return found

    def ticks(self, with_ended: bool) -> dict[int, int]:
        """Of engine, crew and all below it; with what their ended children have used, or without: a child that is
        reaped brings all that it has used in its life."""
        found: dict[int, int] = {}
        left = [pid for role in ("engine", "crew") for pid in self.pids()[role]]
        while left:
            pid = left.pop()
            try:
                stat = Path(f"/proc/{pid}/stat").read_text()
                left += [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
            except OSError:
                continue  # it has just ended
            found[pid] = sum(int(field) for field in stat.rpartition(")")[2].split()[11 : 15 if with_ended else 13])
        return found

    def cpu_percent(self, s: float, with_ended: bool) -> float:
        """Of one core, over so many seconds."""
        before, since = self.ticks(with_ended), time.monotonic()
        time.sleep(s)
        used = sum(max(0, ticks - before.get(pid, 0)) for pid, ticks in self.ticks(with_ended).items())
        return round(100 * used / TICKS_PER_S / max(1e-9, time.monotonic() - since), 2)

    def private_mb(self, role: str) -> float:
        total = 0
        for pid in self.pids()[role]:
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Private_"):
                    total += int(line.split()[1])
        return round(total / 1024, 1)

    # ── measuring ──

    def plain(self) -> float:
        """The same tasks with nothing to wait for, from their first to their last."""
        began_at = time.time()
        self.trigger("plain")
        return self._until(lambda: self._ended_at("plain"), "all of them are done") - began_at

    def measure(self, dag_id: str, event: Callable[[], float], waits: str = "deferred", **conf: Any) -> Measured:
        """`event` makes what they wait for happen, and says when that was."""
        began_at = time.monotonic()
        self.trigger(dag_id, **conf)
        n = self.n // 50 if dag_id == "called" else self.n
        self._until(lambda: self.states(dag_id).get(waits) == n, f"all of {dag_id} wait")
        began_s = time.monotonic() - began_at
        time.sleep(2.0)  # what has been begun is over
        are_called = waits != "deferred"
        looks = dag_id in ("files", "one_file")
        seconds = 1.1 * POKES_S if looks else 3 * QUIET_S if are_called else QUIET_S
        percent = self.cpu_percent(seconds, with_ended=are_called)
        mb = {role: self.private_mb(role) for role in ("engine", "crew", "host")}
        came_at = event()
        ended_at = self._until(lambda: self._ended_at(dag_id), f"all of {dag_id} have passed")
        return Measured(
            tasks=n,
            began_s=round(began_s, 1),
            cpu_percent=percent,
            engine_mb=mb["engine"],
            crew_mb=mb["crew"],
            host_mb=mb["host"],
            passed_s=round(ended_at - came_at, 2),
            attempts=self._attempts(dag_id),
        )

    def in_files(self) -> float:
        for number in range(self.n):
            (self.place / str(number % 4) / str(number)).touch()
        return time.time()

    def in_one_file(self, name: str) -> float:
        (self.place / name).touch()
        return time.time()


def as_plain(measured: Measured) -> dict[str, Any]:
    return asdict(measured)
