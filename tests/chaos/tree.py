"""A real `venturi up` in a home of its own, and a DAG whose effects are counted from outside."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from venturi.cli.client import Client
from venturi.config import Home

VENTURI = Path(sys.executable).with_name("venturi")
PATIENCE_S = 120.0

# Each task writes down that it began and that it ended, prints meanwhile (a survivor must not die of that), and has
# retries for the one death that is its own: of the attempt itself.
DAG_FILE = """
import os
import time
from datetime import datetime, timedelta

from airflow import DAG
from airflow.operators.python import PythonOperator

WIDTH, DEPTH, STEPS = {width}, {depth}, {steps}


def note(what, name):
    fd = os.open({effects!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(fd, f"{{what}} {{name}} {{os.getpid()}}\\n".encode())
    os.close(fd)


def work(name):
    note("begin", name)
    for step in range(STEPS):
        print(f"{{name}} at step {{step}}", flush=True)
        time.sleep(0.01)
    note("end", name)
    return name


with DAG("chaos", start_date=datetime(2024, 1, 1), schedule=None, max_active_tasks=WIDTH + 1,
         default_args=dict(retries=20, retry_delay=timedelta(0))) as dag:
    for column in range(WIDTH):
        before = None
        for row in range(DEPTH):
            name = f"t{{column}}_{{row}}"
            task = PythonOperator(task_id=name, python_callable=work, op_kwargs=dict(name=name))
            if before is not None:
                before >> task
            before = task
"""

# Beside it a row of tasks that wait without a process before they work, that tell of their success, and that start
# runs of another DAG. `called` and the child's runs are counted as well.
WAITS = """
from airflow.models.baseoperator import BaseOperator, chain
from airflow.operators.empty import EmptyOperator
from airflow.operators.trigger_dagrun import TriggerDagRunOperator
from later import Later


class Waits(BaseOperator):
    def execute(self, context):
        self.defer(trigger=Later(0.03), method_name="go_on")

    def go_on(self, context, event):
        work(self.task_id)


def called(context):
    note("called", context["ti"].task_id)


with dag:
    row = []
    for n in range({depth}):
        row.append(Waits(task_id=f"w{{n}}", on_success_callback=called))
        row.append(TriggerDagRunOperator(task_id=f"starts{{n}}", trigger_dag_id="child"))
    chain(*row)

with DAG("child", start_date=datetime(2024, 1, 1), schedule=None, is_paused_upon_creation=False):
    EmptyOperator(task_id="nothing")
"""


# A trigger of the author's own: what ours wait for the engine sees itself, without a host.
LATER = """
import asyncio

from airflow.triggers.base import BaseTrigger, TriggerEvent


class Later(BaseTrigger):
    def __init__(self, seconds):
        super().__init__()
        self.seconds = seconds

    def serialize(self):
        return "later.Later", {"seconds": self.seconds}

    async def run(self):
        await asyncio.sleep(self.seconds)
        yield TriggerEvent("over")
"""


@dataclass
class Effects:
    begun: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    pids: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))  # of every body begun
    open: dict[str, int] = field(default_factory=dict)  # task → pid, begun and not ended
    called: Counter[str] = field(default_factory=Counter)  # by callbacks


class Tree:
    def __init__(
        self, folder: Path, width: int = 4, depth: int = 4, steps: int = 10, env: dict[str, str] | None = None
    ):
        self.home = Home(folder / "home", folder / "home")
        self.dags = folder / "files"
        self.dags.mkdir(parents=True)
        self.effects_file = folder / "effects"
        self.waits = depth
        self.tasks = width * depth + self.waits
        self.environment = {**os.environ, **(env or {}), "VENTURI_SLOTS": str(width + 1), "VENTURI_CREW_IDLE_S": "5"}
        self.environment.pop("PYTEST_CURRENT_TEST", None)
        text = DAG_FILE.format(width=width, depth=depth, steps=steps, effects=str(self.effects_file))
        (self.dags / "later.py").write_text(LATER)
        (self.dags / "chaos.py").write_text(text + WAITS.format(depth=depth))
        self.killed: set[int] = set()
        self.child_runs_before = 0
        self.adoption_s: list[float] = []

    # ── the command line ──

    def venturi(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        command = [str(VENTURI), *arguments, "--home", str(self.home.root)]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=PATIENCE_S)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(arguments)} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def up(self) -> None:
        self.venturi("up", "-D", "--port", "0", "--dags", str(self.dags))

    def down(self) -> None:
        self.venturi("down", check=False)

    @contextmanager
    def at_work(self) -> Iterator[str]:
        """Up, with a run of which several attempts live; down again whatever happens. Yields the run's id."""
        self.up()
        try:
            run_id = self.trigger()
            self.until_live(3)
            yield run_id
        finally:
            self.down()

    def wait_for_dag(self) -> None:
        """Until the DAG file has been read."""
        self.until(lambda: self.call("status").get("dags", 0) > 0, "the DAG file was not read")

    def call(self, name: str, **arguments: Any) -> dict[str, Any]:
        with Client(self.home) as client:
            return client.call(name, **arguments)

    def trigger(self) -> str:
        self.wait_for_dag()
        self.child_runs_before = self.child_runs()
        return str(self.call("trigger", dag_id="chaos", unpause=True)["run_id"])

    def state(self, run_id: str) -> str | None:
        done = self.venturi("status", "chaos", run_id, "--json", check=False)
        return json.loads(done.stdout)["state"] if done.returncode == 0 else None

    # ── who is alive ──

    def hosts(self) -> list[int]:
        """Trigger hosts."""
        crew = self.pid("crew")
        if crew is None:
            return []
        children = Path(f"/proc/{crew}/task/{crew}/children").read_text().split()
        return [int(c) for c in children if Path(f"/proc/{c}/comm").read_text().startswith("venturi-trigger")]

    def pid(self, role: str) -> int | None:
        try:
            return int(json.loads((self.home.run / f"{role}.json").read_text())["pid"])
        except (OSError, ValueError, KeyError):
            return None

    def zygotes(self) -> list[int]:
        """File zygotes: parents of attempts."""
        return sorted(
            {parent_of(pid) for pid in self.effects().open.values()} - {None, 1, self.pid("crew"), self.pid("up")}
        )

    def effects(self) -> Effects:
        made = Effects()
        if not self.effects_file.exists():
            return made
        for what, name, pid in re.findall(
            r"^(begin|end|called) (\S+) (\d+)$", self.effects_file.read_text(), re.MULTILINE
        ):
            if what == "begin":
                made.begun[name] += 1
                made.pids[name].append(int(pid))
                made.open[name] = int(pid)
            elif what == "called":
                made.called[name] += 1
            else:
                made.ended[name] += 1
                made.open.pop(name, None)
        made.open = {name: pid for name, pid in made.open.items() if is_alive(pid)}
        return made

    def kill(self, pid: int) -> None:
        self.killed.add(pid)
        kill_and_wait(pid)

    def until(self, holds: Any, otherwise: str, patience_s: float = PATIENCE_S) -> None:
        """Look again until it holds; the time limit only ends a test that hangs."""
        give_up_at = time.monotonic() + patience_s
        while True:
            try:
                if holds():
                    return
            except Exception as error:
                if time.monotonic() > give_up_at:
                    raise AssertionError(f"{otherwise}: {error}") from error
            if time.monotonic() > give_up_at:
                raise AssertionError(otherwise)
            time.sleep(0.005)

    def until_live(self, n: int) -> None:
        self.until(lambda: len(self.effects().open) >= n, f"never {n} attempts lived at once")

    def until_final(self, run_id: str) -> str:
        found: list[str | None] = []

        def final() -> bool:
            from venturi.store import open_store

            with open_store(self.home.database) as store, store.reader() as reader:
                found.append(reader.run_state("chaos", run_id))
            return found[-1] in ("success", "failed")

        self.until(final, "the run did not end")
        self.until(self.callbacks_done, "callbacks were left")
        return str(found[-1])

    # ── what must hold ──

    def problems(self, everything_died: bool = False) -> list[str]:
        """Zero lost, zero doubled where the attempt survived."""
        effects, problems = self.effects(), []
        names = set(effects.begun)
        if len(names) != self.tasks:
            problems.append(f"{self.tasks - len(names)} tasks never ran")
        for name in sorted(names):
            if effects.ended[name] < 1:
                problems.append(f"{name} never ended")
            deaths = len([pid for pid in effects.pids[name] if pid in self.killed])
            if effects.begun[name] > 1 + deaths and not everything_died:
                problems.append(f"{name} began {effects.begun[name]} times, {deaths} of its attempts were killed")
        problems += [f"the callback of {name} came {n} times" for name, n in effects.called.items() if n > 1]
        if self.waits - len(effects.called) > len(self.killed):  # one that dies at work is not begun again
            problems.append(f"{self.waits - len(effects.called)} callbacks never came")
        started = self.child_runs() - self.child_runs_before
        if (
            not self.waits <= started <= self.waits + len(self.killed)
        ):  # a killed attempt is tried again, and starts one more
            problems.append(f"{started} runs of the other DAG for {self.waits} tasks that start one")
        return problems

    def child_runs(self) -> int:
        from venturi.store import open_store

        with open_store(self.home.database) as store, store.reader() as reader:
            return len(reader.runs("child", limit=100_000))

    def callbacks_done(self) -> bool:
        """Whether none is due or at work."""
        from venturi.store import open_store

        with open_store(self.home.database) as store:
            return not store.load_world().calls


def is_alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rsplit(")", 1)[1].split()[0] not in "ZX"


def parent_of(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    except OSError:
        return None


def kill_and_wait(pid: int) -> None:
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        signal.pidfd_send_signal(fd, signal.SIGKILL)
        select.select([fd], [], [], PATIENCE_S)
    except ProcessLookupError:
        pass
    finally:
        os.close(fd)
