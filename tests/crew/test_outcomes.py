"""How attempts end: whatever author code does to its process, state, reason and log say exactly what happened."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from .stand_in import House, is_alive

TASKS = '''
import ctypes, os, signal, subprocess, sys, threading, time
from pathlib import Path
from airflow import DAG
from airflow.operators.python import PythonOperator

def value(): return {"a": [1, 2]}
def nothing(): print("said")
def large(): return "x" * 200_000
def unkeepable(): return object()
def raises(): raise ValueError("a bad thing")
def segfault(): ctypes.string_at(0)
def leaves(): os._exit(0)
def leaves_seven(): os._exit(7)
def sys_exits(): sys.exit(3)
def killed(): os.kill(os.getpid(), signal.SIGKILL)
def closes_fds():
    os.closerange(0, 1000)
    return 5
def takes_our_numbers():
    os.closerange(3, 200)
    files = [open("/dev/null", "wb") for _ in range(60)]
    return len(files)
def falls_through():
    if os.fork() == 0:
        return "from the fork"
    os.wait()
    return "from the attempt"
def binary(): os.write(1, bytes(range(256)) * 4)
def long_line():
    piece = b"x" * (1 << 20)
    for _ in range(100): os.write(1, piece)
    os.write(1, b"\\nafter\\n")
def leveled():
    import logging
    logging.getLogger("mine").warning("watch out")
    print("plain")
def hangs_in_c():
    lock = ctypes.create_string_buffer(64)
    for _ in range(2): ctypes.CDLL(None).pthread_mutex_lock(lock)
def sleeps(): time.sleep(600)
def swallows():
    while True:
        try: time.sleep(600)
        except BaseException: pass
def ignores_term():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    print("ignoring", flush=True)
    time.sleep(600)
def cleans_up():
    try:
        print("working", flush=True)
        time.sleep(600)
    finally:
        print("cleaned up")
def eats_memory():
    held = []
    while True: held.append(bytearray(8_000_000))
def kin(folder=os.environ.get("KIN", "/tmp")):
    """Leaves a child, a daemon of its own session, and one in its own group behind."""
    script = "import os, time; open({!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    for i, how in enumerate(({}, {"start_new_session": True})):
        subprocess.Popen([sys.executable, "-c", script.format(f"{folder}/kin{i}")], **how)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            Path(f"{folder}/kin2").write_text(str(os.getpid()))
            time.sleep(600)
        os._exit(0)
    os.wait3(0)
    while not all(Path(f"{folder}/kin{i}").exists() and Path(f"{folder}/kin{i}").read_text() for i in range(3)):
        time.sleep(0.01)
def light_bomb():
    for _ in range(30):
        if os.fork() == 0:
            os.setsid()
            for _ in range(2): os.fork()
            time.sleep(600)

with DAG("d", schedule=None) as dag:
    for f in list(globals().values()):
        if callable(f) and getattr(f, "__module__", "") == __name__:
            PythonOperator(task_id=f.__name__, python_callable=f)
'''


@pytest.fixture
def tasks(house: House) -> dict:
    return house.load("tasks.py", TASKS)


def test_a_value_comes_back_encoded(house: House, tasks: dict) -> None:
    ended = house.run("tasks.py", tasks, "value")
    assert (ended["outcome"], ended["body"], ended["exit_code"]) == ("success", b'{"a":[1,2]}', 0)
    assert ended["value"]["kind"] == "dict"
    assert ended["value"]["length"] == 1
    assert ended["started_at"] <= ended["at"]


def test_without_a_value_there_is_none_and_prints_are_stamped(house: House, tasks: dict) -> None:
    ended = house.run("tasks.py", tasks, "nothing")
    assert "value" not in ended
    stamp, level, text = house.log(ended).strip().split(None, 2)
    assert (level, text) == ("INFO", "said")
    assert stamp.endswith("Z")
    assert len(stamp) == 24


def test_a_large_value_goes_to_the_value_store(house: House, tasks: dict) -> None:
    ended = house.run("tasks.py", tasks, "large")
    ref = ended["value"]["ref"]
    assert ended["body"] == b""
    assert (house.home.values / ref[:2] / ref).read_bytes() == b'"' + b"x" * 200_000 + b'"'


def test_a_value_that_cannot_be_kept_fails_the_attempt(house: House, tasks: dict) -> None:
    ended = house.run("tasks.py", tasks, "unkeepable")
    assert ended["outcome"] == "failed"
    assert ended["error"]["type"] == "BadValue"
    assert "no encoding" in house.log(ended)


def test_an_exception_names_the_authors_line(house: House, tasks: dict) -> None:
    ended = house.run("tasks.py", tasks, "raises")
    assert ended["outcome"] == "failed"
    assert (ended["error"]["type"], ended["error"]["message"]) == ("ValueError", "a bad thing")
    assert ended["error"]["file"].endswith("tasks.py")
    assert TASKS.splitlines()[ended["error"]["line"] - 1].startswith("def raises")
    assert "ERROR ValueError: a bad thing" in house.log(ended)


def test_a_segfault_names_the_signal_and_leaves_a_trace(house: House, tasks: dict) -> None:
    ended = house.run("tasks.py", tasks, "segfault")
    assert (ended["outcome"], ended["signal"]) == ("failed", signal.SIGSEGV)
    assert "SIGSEGV (segmentation fault)" in ended["reason"]
    assert "in segfault" in house.log(ended)
    assert house.log(ended).splitlines()[-1].endswith(ended["reason"])


@pytest.mark.parametrize(("task", "code"), [("leaves", 0), ("leaves_seven", 7)])
def test_an_exit_without_a_result_is_a_failure(house: House, tasks: dict, task: str, code: int) -> None:
    ended = house.run("tasks.py", tasks, task)
    assert (ended["outcome"], ended["exit_code"]) == ("failed", code)
    assert ended["reason"] == f"It exited without a result (exit code {code})."


def test_sys_exit_is_the_tasks_failure(house: House, tasks: dict) -> None:
    ended = house.run("tasks.py", tasks, "sys_exits")
    assert (ended["outcome"], ended["error"]["type"]) == ("failed", "SystemExit")


def test_a_sigkill_is_the_tasks_failure_and_named(house: House, tasks: dict) -> None:
    ended = house.run("tasks.py", tasks, "killed")
    assert (ended["outcome"], ended["signal"]) == ("failed", signal.SIGKILL)
    assert "SIGKILL" in ended["reason"]


@pytest.mark.parametrize(("task", "body"), [("closes_fds", b"5"), ("takes_our_numbers", b"60")])
def test_closed_descriptors_do_not_lose_the_result(house: House, tasks: dict, task: str, body: bytes) -> None:
    ended = house.run("tasks.py", tasks, task)
    assert (ended["outcome"], ended["body"]) == ("success", body)


def test_a_fork_that_comes_back_from_the_task_forges_no_result(house: House, tasks: dict) -> None:
    ended = house.run("tasks.py", tasks, "falls_through")
    assert (ended["outcome"], ended["body"]) == ("success", b'"from the attempt"')


def test_binary_output_is_kept(house: House, tasks: dict) -> None:
    ended = house.run("tasks.py", tasks, "binary")
    assert ended["outcome"] == "success"
    raw = (house.home.logs / ended["log"]).read_bytes()
    assert bytes(range(0x80, 0x100)) in raw


def test_an_endless_line_is_cut_with_a_marker_and_what_follows_is_kept(house: House, tasks: dict) -> None:
    ended = house.run("tasks.py", tasks, "long_line")
    assert ended["outcome"] == "success"
    first, second = house.log(ended).splitlines()
    assert len(first) < 66_000
    assert "cut: the line is longer than" in first
    assert second.endswith("INFO  after")


def test_logging_keeps_its_level(house: House, tasks: dict) -> None:
    log = house.log(house.run("tasks.py", tasks, "leveled"))
    assert "WARN  mine: watch out" in log
    assert "INFO  plain" in log


def test_a_time_limit_raises_in_the_task(house: House, tasks: dict) -> None:
    ended = house.run("tasks.py", tasks, "sleeps", time_limit_s=0.2)
    assert ended["outcome"] == "failed"
    assert ended["error"]["type"] == "AirflowTaskTimeout"
    assert "time limit of 0.2 s" in ended["error"]["message"]


@pytest.mark.parametrize("task", ["swallows", "hangs_in_c"])
def test_what_does_not_stop_at_its_limit_is_ended_with_its_stack_in_the_log(make_house, task: str) -> None:
    house = make_house(grace_s=0.3)
    ended = house.run("tasks.py", house.load("tasks.py", TASKS), task, time_limit_s=0.2)
    assert ended["outcome"] == "failed"
    assert "exceeded its time limit of 0.2 s" in ended["reason"]
    assert f"in {task}" in house.log(ended)


def test_a_cancelled_task_may_clean_up(house: House, tasks: dict) -> None:
    token = house.start("tasks.py", tasks, "cleans_up")
    house.started(token)
    house.cancel(token, "cancelled by ada", grace_s=20)
    ended = house.ended(token)
    assert (ended["outcome"], ended["reason"]) == ("cancelled", "cancelled by ada")
    assert house.log(ended).splitlines()[-1].endswith("Cancelled: cancelled by ada")


def test_a_task_that_ignores_sigterm_is_killed_after_the_grace(house: House, tasks: dict) -> None:
    token = house.start("tasks.py", tasks, "ignores_term")
    house.started(token)
    house.wait_for_log(token, "ignoring")
    house.cancel(token, "cancelled by ada", grace_s=0.2)
    ended = house.ended(token)
    assert (ended["outcome"], ended["signal"]) == ("cancelled", signal.SIGKILL)


def test_a_start_that_still_waits_can_be_cancelled(house: House, tasks: dict) -> None:
    house.write("slow.py", "import time\ntime.sleep(600)\n")
    token = house.start("slow.py", None, "t")
    house.cancel(token, "not needed", grace_s=5)
    ended = house.ended(token)
    assert (ended["outcome"], ended["reason"]) == ("cancelled", "not needed")
    assert "pid" not in ended


def test_a_memory_limit_ends_the_task_and_says_so(house: House, tasks: dict) -> None:
    ended = house.run("tasks.py", tasks, "eats_memory", memory_limit_mb=80)
    assert (ended["outcome"], ended["error"]["type"]) == ("failed", "MemoryLimitExceeded")
    assert "memory limit of 80 MB" in ended["reason"]
    assert ended["peak_mb"] >= 80


def test_no_descendant_is_left_when_the_end_is_told(make_house, tmp_path: Path) -> None:
    house = make_house(start=False)
    house.start_crew(KIN=str(tmp_path))
    ended = house.run("tasks.py", house.load("tasks.py", TASKS), "kin")
    assert ended["outcome"] == "success"
    pids = [int((tmp_path / f"kin{i}").read_text()) for i in range(3)]
    assert [pid for pid in pids if is_alive(pid)] == []


def test_a_light_fork_bomb_is_gone_when_the_end_is_told(house: House, tasks: dict) -> None:
    token = house.start("tasks.py", tasks, "light_bomb")
    pid = house.started(token)["pid"]
    house.ended(token)
    assert house.strangers() == []
    assert not is_alive(pid)


def test_an_unknown_dag_fails_with_a_sentence(house: House, tasks: dict) -> None:
    ended = house.run("tasks.py", tasks, "value", {"dag_id": "other"})
    assert "no longer defines DAG 'other'" in ended["error"]["message"]


def test_a_token_told_twice_runs_once(house: House, tasks: dict) -> None:
    first = house.start("tasks.py", tasks, "value")
    house.token -= 1
    house.start("tasks.py", tasks, "value")
    house.ended(first, ack=False)
    other = house.run("tasks.py", tasks, "value")
    assert other["token"] == first + 1
    assert not [h for h, _ in house.engine.seen if h["k"] == "ended"]
