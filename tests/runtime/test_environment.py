"""The author's surroundings: fork hooks, random numbers and errors as in a process of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crew.stand_in import House

TASKS = '''
import logging, os, random, sys, threading
from airflow import DAG
from airflow.operators.python import PythonOperator

def forks():
    """A fork of the author's runs the standard library's hooks and none of our signal handlers."""
    import signal
    before = random.getstate()
    read, write = os.pipe()
    if os.fork() == 0:
        same = random.getstate() == before
        os.write(write, f"{same} {signal.getsignal(signal.SIGTERM) is signal.SIG_DFL}".encode())
        os._exit(0)
    os.wait()
    return os.read(read, 100).decode()

def thread_in_task():
    found = []
    thread = threading.Thread(target=lambda: found.append(threading.current_thread().name))
    thread.start()
    thread.join()
    return [len(found), threading.main_thread().native_id == os.getpid(), threading.active_count()]

def pools():
    from multiprocessing import get_context
    with get_context("fork").Pool(2) as pool:
        return pool.map(abs, [-1, -2, -3])

def secrets_of_ours(): return sorted(k for k in os.environ if k.startswith("VENTURI_"))
def malloc(): return [os.environ.get("PYTHONMALLOC"), os.environ.get("GLIBC_TUNABLES")]
def path(): return [sys.path[0], os.getcwd() in sys.path or "" in sys.path]
def open_files():
    links = [f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd")]
    return sorted(os.readlink(link).split(":")[0] for link in links if os.path.islink(link))

with DAG("d", schedule=None) as dag:
    for f in (forks, thread_in_task, pools, secrets_of_ours, malloc, path, open_files):
        PythonOperator(task_id=f.__name__, python_callable=f)
'''


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    house = House(tmp_path / "home")
    house.start_crew(VENTURI_DATABASE_URL="postgresql://secret@db", VENTURI_FERNET_KEY="key", PYTHONMALLOC="pymalloc")
    yield house
    house.close()


@pytest.fixture
def tasks(house: House) -> dict:
    return house.load("tasks.py", TASKS)


def value(house: House, tasks: dict, task: str):
    ended = house.run("tasks.py", tasks, task)
    assert ended["outcome"] == "success", ended
    return json.loads(ended["body"])


def test_the_authors_forks_run_all_hooks_and_inherit_no_handler_of_ours(house: House, tasks: dict) -> None:
    assert value(house, tasks, "forks") == "False True"


def test_threads_work_in_an_attempt(house: House, tasks: dict) -> None:
    assert value(house, tasks, "thread_in_task") == [1, True, 1]


def test_a_process_pool_works_in_an_attempt(house: House, tasks: dict) -> None:
    assert value(house, tasks, "pools") == [1, 2, 3]


def test_author_code_is_handed_no_server_secret(house: House, tasks: dict) -> None:
    assert value(house, tasks, "secrets_of_ours") == ["VENTURI_ATTEMPT", "VENTURI_HOME"]


def test_the_users_own_settings_are_shown(house: House, tasks: dict) -> None:
    assert value(house, tasks, "malloc") == ["pymalloc", None]


def test_imports_come_from_the_bundle_first_and_never_from_the_working_directory(house: House, tasks: dict) -> None:
    assert value(house, tasks, "path") == [str(house.dags), False]


def test_an_attempt_holds_only_descriptors_of_its_own(house: House, tasks: dict) -> None:
    for _ in range(3):
        found = value(house, tasks, "open_files")
    assert len([name for name in found if name in ("socket", "pipe")]) <= 5
