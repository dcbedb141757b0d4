"""A home of its own for each test, and the command line in it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from venturi.cli import processes
from venturi.config import Home
from venturi.linux import start_ticks

PATIENCE_S = 60


class Said(NamedTuple):
    status: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        assert self.out.count("\n") == 1, (self.out, self.err)
        return json.loads(self.out)


def until(condition: Callable[[], Any], what: str) -> Any:
    """The first true answer. The limit is a safety net, not a measure."""
    give_up_at = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up_at:
        found = condition()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError(f"never: {what}")


class Place:
    """One home; `venturi …` in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = Home(folder / "home", folder / "home")
        self.dags = self.home.root / "dags"
        self.dags.mkdir(parents=True)
        self._environment = {**os.environ, "VENTURI_GRACE_S": "1"}

    def argv(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "venturi.cli", *arguments, "--home", str(self.home.root)]

    def __call__(self, *arguments: str, given: str | None = None) -> Said:
        """With `given` on stdin."""
        done = subprocess.run(
            self.argv(*arguments),
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            env=self._environment,
            input=given,
        )
        return Said(done.returncode, done.stdout, done.stderr)

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(self.argv(*arguments), text=True, env=self._environment, **pipes)

    def up(self, *more: str) -> Said:
        return self("up", "-D", "--port", "0", "--json", *more)

    def pids(self) -> dict[str, int]:
        return {p["role"]: p["pid"] for p in self("status", "--json").json["processes"]}

    def file(self, name: str, text: str) -> str:
        place = self.folder / name
        place.write_text(text)
        return str(place)

    def end(self) -> None:
        """Whatever a test left running: by the pids written down, and by nothing else."""
        for role in ("up", *processes.ROLES):
            known = processes.noted(self.home, role)
            if known is not None and known["pid"] != os.getpid():
                self._end(role, known)

    def _end(self, role: str, known: dict[str, Any]) -> None:
        def is_there() -> bool:
            return start_ticks(known["pid"]) == known["ticks"]

        if role == "crew":
            until(lambda: processes.stop_crew(self.home, 0.0) or not is_there(), "the crew listens")
            until(lambda: not is_there(), "the crew ends")
        elif is_there():
            os.kill(known["pid"], signal.SIGKILL)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.end()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item):
    """A failure shows what our processes wrote, and what the home looks like."""
    report = yield
    place = getattr(item, "funcargs", {}).get("place")
    if report.failed and isinstance(place, Place):
        for log in sorted(place.home.logs.glob("venturi-*.log")):
            report.sections.append((log.name, processes.tail(log, 40)))
        for verb in ("ls", "status"):
            report.sections.append((f"venturi {verb}", str(place(verb))))
    return report


HELLO = """
from airflow.decorators import dag, task

@dag(schedule=None)
def hello():
    @task
    def numbers():
        print("counting")
        return [1, 2, 3]

    @task
    def square(n):
        return n * n

    square.expand(n=numbers())

hello()
"""

# Runs until the file named in conf is there.
WAITING = """
import os, time
from airflow.decorators import dag, task

@dag(schedule=None)
def waiting():
    @task
    def wait(**context):
        print("waiting", flush=True)
        open(context["dag_run"].conf["began"], "a").close()
        while not os.path.exists(context["dag_run"].conf["go"]):
            time.sleep(0.01)

    wait()

waiting()
"""


@pytest.fixture
def hello(place: Place) -> str:
    return place.file("hello.py", HELLO)


class Gate:
    """A task that has begun, and goes on when it is told to."""

    def __init__(self, place: Place) -> None:
        self.file = place.file("waiting.py", WAITING)
        self._began, self._go = place.folder / "began", place.folder / "go"
        self.conf = json.dumps({"began": str(self._began), "go": str(self._go)})

    def has_begun(self) -> None:
        until(self._began.exists, "the task begins")

    def open(self) -> None:
        self._go.touch()


@pytest.fixture
def gate(place: Place) -> Gate:
    return Gate(place)
