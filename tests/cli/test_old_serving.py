"""`airflow webserver` and `airflow scheduler`: one tree behind all of them, whoever starts it."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
from pathlib import Path

import pytest

from venturi.cli import processes
from venturi.config import Home

from .conftest import Place, until


@pytest.fixture
def place(place: Place) -> Place:
    """Whatever it starts takes a port that is free, and not 8080."""
    place._environment["VENTURI_PORT"] = "0"
    return place


@pytest.fixture
def begun(place: Place):
    """Commands in the foreground, each with what it says in a file."""
    all_of_them: list[subprocess.Popen[bytes]] = []

    def begin(*words: str) -> tuple[subprocess.Popen[bytes], Path]:
        said = place.folder / f"said-{len(all_of_them)}"
        with open(said, "wb") as file:
            one = subprocess.Popen(place.argv("airflow", *words), stdout=file, stderr=file, env=place._environment)
        all_of_them.append(one)
        return one, said

    yield begin
    for one in all_of_them:
        if one.poll() is None:
            one.kill()
        one.wait()


def is_up(place: Place) -> bool:
    return bool((processes.noted(place.home, "up") or {}).get("url")) and processes.answers(place.home, "engine")


def test_the_first_is_the_tree_and_ending_it_ends_all(place: Place, begun) -> None:
    first, _ = begun("scheduler")
    until(lambda: is_up(place), "the tree is up")
    second, said = begun("webserver")
    until(lambda: "Joining it" in said.read_text(), "the other joins")
    assert second.poll() is None
    assert "Venturi already runs" in said.read_text()
    first.send_signal(signal.SIGTERM)
    assert first.wait(60) == 0
    assert second.wait(60) == 0
    assert processes.noted(place.home, "up") is None


def test_ending_one_that_joined_leaves_the_tree_at_work(place: Place, begun) -> None:
    begun("webserver")
    until(lambda: is_up(place), "the tree is up")
    second, said = begun("scheduler")
    until(lambda: "Joining it" in said.read_text(), "the other joins")
    second.send_signal(signal.SIGINT)
    assert second.wait(60) == 0
    assert is_up(place)


def test_both_at_the_same_moment_are_one_tree(place: Place, begun) -> None:
    both = [begun("scheduler"), begun("webserver")]
    until(lambda: is_up(place), "the tree is up")
    until(lambda: sum("Joining it" in said.read_text() for _, said in both) == 1, "the later one joins")
    assert [one.poll() for one, _ in both] == [None, None]


def test_one_that_joins_what_never_comes_up_takes_its_turn(place: Place, begun) -> None:
    """The lock is held by somebody who has not said yet that he is up, and goes."""
    place.home.run.mkdir(parents=True, exist_ok=True)
    with open(place.home.run / "up.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _, said = begun("scheduler")
        until(lambda: "Joining it" in said.read_text(), "it joins")
    until(lambda: is_up(place), "it is the tree now")


def test_a_daemon_returns_and_leaves_its_pid(place: Place) -> None:
    said = place("airflow", "webserver", "-D")
    assert said.status == 0, said.err
    pid = int((place.home.root / "airflow-webserver.pid").read_text())
    assert pid == (processes.noted(place.home, "up") or {})["pid"]
    again = place("airflow", "scheduler", "--daemon")
    assert (again.status, again.out) == (0, "")
    assert again.err.startswith("Venturi runs already, with all that `airflow scheduler` is for: http://127.0.0.1:")
    os.kill(pid, signal.SIGTERM)
    until(lambda: processes.noted(place.home, "up") is None, "it has ended")


def test_where_it_is_not_safe_to_listen_it_says_what_is_missing(place: Place) -> None:
    """1.10 and 2.x listen everywhere unless they are told otherwise; this machine alone is enough here."""
    said = place("airflow", "webserver", "-D", "-H", "0.0.0.0")
    assert (said.status, said.err.count("\n")) == (2, 1)
    assert processes.noted(place.home, "up") is None


def test_dag_files_are_found_where_airflows_variable_says(place: Place, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "here.py").write_text("from airflow import DAG\n\ndag = DAG('here', schedule=None)\n")
    place._environment["AIRFLOW__CORE__DAGS_FOLDER"] = str(tmp_path / "elsewhere")
    assert place("airflow", "scheduler", "-D").status == 0
    until(lambda: "here" in place("airflow", "dags", "list").out, "it is known")


def test_a_home_of_airflows_own_is_where_the_files_are(tmp_path: Path) -> None:
    home = Home(tmp_path, tmp_path / ".venturi")
    environment = {**os.environ, "AIRFLOW_HOME": str(tmp_path)}
    environment.pop("VENTURI_HOME", None)
    argv = Place(tmp_path / "none").argv("airflow", "db", "init")[:-2]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout == f"The database is ready: {home.database}\n"
