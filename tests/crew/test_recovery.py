"""Deaths around an attempt: whoever is killed, nothing is lost, nothing runs twice, and the report is exact."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from venturi import linux
from venturi.wire import messages, spool

from .stand_in import Engine, House, children, is_alive, named, wait_death

TASKS = '''
import os, subprocess, sys, time
from pathlib import Path
from airflow import DAG
from airflow.operators.python import PythonOperator

HERE = Path(__file__).parent

def effect(name):
    with open(HERE / f"{name}.effects", "a") as file: file.write("x")

def wait(name):
    """Until the test says go; each time it is run leaves one mark."""
    effect(name)
    while not (HERE / f"{name}.go").exists(): time.sleep(0.002)
    print("was printed last")
    return name

def waits_and_prints():
    effect("prints")
    print("before", flush=True)
    while not (HERE / "prints.go").exists():
        print("x" * 1000, flush=True)
        time.sleep(0.002)
    print("after", flush=True)
    return "printed"

def waits_and_fills():
    effect("fills")
    while not (HERE / "fills.go").exists(): time.sleep(0.002)
    print("y" * 300_000, flush=True)
    print("all of it", flush=True)

def waits_and_asks():
    from airflow.models import Variable
    effect("asks")
    while not (HERE / "asks.go").exists(): time.sleep(0.002)
    return Variable.get("late")

def waits_and_leaves_kin():
    script = f"import os, time; open({str(HERE / 'kin')!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    subprocess.Popen([sys.executable, "-c", script], start_new_session=True)
    while not (HERE / "kin").exists() or not (HERE / "kin").read_text(): time.sleep(0.002)
    return wait("kin")

def secret():
    from airflow.hooks.base import BaseHook
    from venturi.sdk.port import port
    port().mask("hunter2secret")
    effect("secret")
    while not (HERE / "secret.go").exists(): time.sleep(0.002)
    print("it is hunter2secret", flush=True)

def quick(): return "quick"
def sleeps():
    effect("sleeps")
    time.sleep(600)
def dies():
    effect("dies")
    while not (HERE / "dies.go").exists(): time.sleep(0.002)
    os.kill(os.getpid(), 11)

with DAG("d", schedule=None) as dag:
    for f in (waits_and_prints, waits_and_fills, waits_and_asks, waits_and_leaves_kin, secret, quick, sleeps, dies):
        PythonOperator(task_id=f.__name__, python_callable=f)
    for name in ("a", "b"):
        PythonOperator(task_id=name, python_callable=wait, op_args=[name])
'''


@pytest.fixture
def tasks(house: House) -> dict:
    return house.load("tasks.py", TASKS)


def go(house: House, name: str) -> None:
    (house.dags / f"{name}.go").write_text("go")


def effects(house: House, name: str) -> int:
    return len((house.dags / f"{name}.effects").read_text())


def at_work(house: House, tasks: dict, task: str, name: str, **more) -> tuple[int, int]:
    """Token and pid of an attempt that author code runs in."""
    token = house.start("tasks.py", tasks, task, **more)
    pid = house.started(token)["pid"]
    house.wait_for(house.dags / f"{name}.effects")
    return token, pid


def zygotes(house: House) -> list[int]:
    """File zygotes below the crew."""
    assert house.crew is not None
    below = [pid for child in children(house.crew.pid) for pid in (child, *children(child))]
    return [pid for pid in below if named(pid).startswith("vz:")]


def bases(house: House) -> list[int]:
    assert house.crew is not None
    return [pid for pid in children(house.crew.pid) if named(pid) == "venturi-base"]


def kill(*pids: int) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    for pid in pids:
        wait_death(pid)


# ── the engine ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_new_engine_is_told_what_lives_and_what_has_ended(house: House, tasks: dict) -> None:
    done = house.run("tasks.py", tasks, "quick")
    unacknowledged = house.start("tasks.py", tasks, "quick")
    house.ended(unacknowledged, ack=False)
    token, pid = at_work(house, tasks, "a", "a")
    house.engine.close()
    engine = house.connect()
    assert [(one["token"], one["pid"]) for one in engine.state["alive"]] == [(token, pid)]
    assert engine.state["slots"] > 0
    assert house.ended(unacknowledged)["body"] == b'"quick"'
    engine.wait("settled")
    assert not engine.seen
    go(house, "a")
    assert house.ended(token)["body"] == b'"a"'
    assert done["outcome"] == "success"
    assert effects(house, "a") == 1


def test_what_ends_while_there_is_no_engine_is_told_to_the_next(house: House, tasks: dict) -> None:
    token, pid = at_work(house, tasks, "a", "a")
    house.engine.close()
    go(house, "a")
    wait_death(pid)
    house.connect()
    assert house.ended(token)["outcome"] == "success"
    house.engine.wait("settled")


def test_a_second_engine_replaces_the_first(house: House, tasks: dict) -> None:
    first = house.engine
    house.connect()
    with pytest.raises(ConnectionError):
        first.receive()
    assert house.run("tasks.py", tasks, "quick")["outcome"] == "success"


def test_an_ask_waits_for_the_next_engine(house: House, tasks: dict) -> None:
    token, _ = at_work(house, tasks, "waits_and_asks", "asks")
    house.engine.close()
    go(house, "asks")
    house.connect()
    ask, _ = house.engine.wait("ask")
    assert (ask["token"], ask["what"], ask["key"]) == (token, "variable_get", "late")
    house.engine.send(messages.answer(token, ask["request"], True, value="answered"))
    assert house.ended(token)["body"] == b'"answered"'


# ── zygotes and attempts ─────────────────────────────────────────────────────────────────────────────────


def test_an_attempt_killed_is_failed_at_once_with_the_signal(house: House, tasks: dict) -> None:
    token, pid = at_work(house, tasks, "sleeps", "sleeps")
    os.kill(pid, signal.SIGKILL)
    ended = house.ended(token)
    assert (ended["outcome"], ended["signal"]) == ("failed", signal.SIGKILL)
    assert effects(house, "sleeps") == 1


def test_a_parked_spare_killed_costs_nothing(house: House, tasks: dict) -> None:
    assert house.run("tasks.py", tasks, "quick")["outcome"] == "success"
    (zygote,) = zygotes(house)
    kill(*children(zygote))
    assert house.run("tasks.py", tasks, "quick")["outcome"] == "success"


def test_a_file_zygote_killed_leaves_its_attempts_at_work(house: House, tasks: dict) -> None:
    token, pid = at_work(house, tasks, "a", "a")
    kill(*zygotes(house))
    other = house.run("tasks.py", tasks, "quick")
    assert other["outcome"] == "success"
    assert is_alive(pid)
    go(house, "a")
    assert house.ended(token)["body"] == b'"a"'
    assert effects(house, "a") == 1


def test_an_attempt_whose_zygote_is_dead_still_has_its_signal_told(house: House, tasks: dict) -> None:
    token, pid = at_work(house, tasks, "sleeps", "sleeps")
    kill(*zygotes(house))
    os.kill(pid, signal.SIGSEGV)
    ended = house.ended(token)
    assert (ended["outcome"], ended["signal"]) == ("failed", signal.SIGSEGV)


def test_base_and_file_zygote_killed_leave_attempts_at_work(house: House, tasks: dict) -> None:
    token, _ = at_work(house, tasks, "a", "a")
    kill(*bases(house), *zygotes(house))
    assert house.run("tasks.py", tasks, "quick")["outcome"] == "success"
    go(house, "a")
    assert house.ended(token)["outcome"] == "success"


# ── the crew ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_crew_killed_is_replaced_and_adopts(house: House, tasks: dict) -> None:
    token, pid = at_work(house, tasks, "a", "a")
    house.kill_crew()
    house.start_crew()
    assert [(one["token"], one["pid"]) for one in house.engine.state["alive"]] == [(token, pid)]
    house.engine.wait("settled")
    go(house, "a")
    ended = house.ended(token)
    assert (ended["outcome"], ended["body"]) == ("success", b'"a"')
    assert effects(house, "a") == 1
    assert house.run("tasks.py", tasks, "quick")["outcome"] == "success"


def test_what_ends_while_there_is_no_crew_is_told_by_the_next(house: House, tasks: dict) -> None:
    token, pid = at_work(house, tasks, "a", "a")
    house.kill_crew()
    go(house, "a")
    wait_death(pid)
    house.start_crew()
    assert house.engine.state["alive"] == []
    ended = house.ended(token)
    assert ended["body"] == b'"a"'
    assert "was printed last" in house.log(ended)
    house.engine.wait("settled")


def test_how_it_died_while_there_was_no_crew_is_known_from_its_zygote(house: House, tasks: dict) -> None:
    token, pid = at_work(house, tasks, "dies", "dies")
    house.kill_crew()
    go(house, "dies")
    wait_death(pid)
    house.start_crew()
    ended = house.ended(token)
    assert (ended["outcome"], ended["signal"]) == ("failed", signal.SIGSEGV)
    assert "Segmentation fault" in house.log(ended)


def test_everything_but_the_attempt_killed_loses_nothing(house: House, tasks: dict) -> None:
    token, pid = at_work(house, tasks, "a", "a")
    others = [*zygotes(house), *bases(house)]
    assert house.crew is not None
    house.crew.kill()
    kill(*[one for one in others if is_alive(one)])
    house.crew.wait()
    go(house, "a")
    wait_death(pid)
    house.start_crew()
    assert house.ended(token)["body"] == b'"a"'
    assert effects(house, "a") == 1


def test_everything_but_the_attempt_killed_and_it_lives_on(house: House, tasks: dict) -> None:
    token, pid = at_work(house, tasks, "a", "a")
    others = [*zygotes(house), *bases(house)]
    house.kill_crew()
    kill(*[one for one in others if is_alive(one)])
    house.start_crew()
    assert [one["pid"] for one in house.engine.state["alive"]] == [pid]
    go(house, "a")
    assert house.ended(token)["body"] == b'"a"'


def test_everything_killed_is_lost_and_said_to_be(house: House, tasks: dict) -> None:
    token, pid = at_work(house, tasks, "sleeps", "sleeps")
    others = [*zygotes(house), *bases(house)]
    house.kill_crew()
    kill(*[one for one in (*others, pid) if is_alive(one)])
    house.start_crew()
    ended = house.ended(token)
    assert ended["outcome"] == "lost"
    assert "how it ended is not known" in ended["reason"]


def test_a_start_that_no_process_had_begun_is_not_named_by_the_next_crew(house: House, tasks: dict) -> None:
    house.write("slow.py", "import time\ntime.sleep(600)\n")
    token = house.start("slow.py", None, "t")
    house.run("tasks.py", tasks, "quick")
    house.kill_crew()
    house.start_crew()
    assert house.engine.state["waiting"] == []
    house.engine.wait("settled")
    assert token not in [h.get("token") for h, _ in house.engine.seen]


def test_an_adopted_attempt_prints_on_and_is_read_on(house: House, tasks: dict) -> None:
    token, _ = at_work(house, tasks, "waits_and_prints", "prints")
    house.wait_for_log(token, "before")
    house.kill_crew()
    house.start_crew()
    go(house, "prints")
    ended = house.ended(token)
    assert ended["outcome"] == "success"
    log = house.log(ended)
    assert "INFO  before" in log
    assert "INFO  after" in log


@pytest.mark.parametrize("zygote_too", [False, True])
def test_a_survivor_that_fills_its_pipe_waits_for_the_next_crew(house: House, tasks: dict, zygote_too: bool) -> None:
    token, _pid = at_work(house, tasks, "waits_and_fills", "fills")
    others = [*zygotes(house), *bases(house)]
    house.kill_crew()
    if zygote_too:
        kill(*[one for one in others if is_alive(one)])
    go(house, "fills")
    house.start_crew()
    ended = house.ended(token)
    assert ended["outcome"] == "success"
    assert house.log(ended).splitlines()[-1].endswith("all of it")
    assert house.log(ended).count("y") == 300_000 or "cut" in house.log(ended)


def test_an_adopted_attempt_can_ask(house: House, tasks: dict) -> None:
    token, _ = at_work(house, tasks, "waits_and_asks", "asks")
    house.kill_crew()
    go(house, "asks")
    house.start_crew()
    ask, _ = house.engine.wait("ask")
    assert ask["token"] == token
    house.engine.send(messages.answer(token, ask["request"], True, value="answered"))
    assert house.ended(token)["body"] == b'"answered"'


def test_a_new_crew_still_masks_what_an_adopted_attempt_prints(house: House, tasks: dict) -> None:
    token, _ = at_work(house, tasks, "secret", "secret")
    house.kill_crew()
    house.start_crew()
    go(house, "secret")
    assert "it is ***" in house.log(house.ended(token))


def test_an_adopted_attempt_can_be_cancelled_with_all_below_it(house: House, tasks: dict) -> None:
    token, _pid = at_work(house, tasks, "waits_and_leaves_kin", "kin")
    kin = int((house.dags / "kin").read_text())
    house.kill_crew()
    house.start_crew()
    house.cancel(token, "cancelled by ada", grace_s=5)
    assert house.ended(token)["outcome"] == "cancelled"
    wait_death(kin)


def test_an_adopted_attempt_keeps_its_time_limit(make_house) -> None:
    house = make_house(grace_s=0.2)
    tasks = house.load("tasks.py", TASKS)
    token, _ = at_work(house, tasks, "sleeps", "sleeps", time_limit_s=1.0)
    house.kill_crew()
    house.start_crew()
    ended = house.ended(token)
    assert ended["outcome"] == "failed"
    assert "time limit of 1 s" in (ended.get("reason") or ended["error"]["message"])


def test_two_crews_killed_in_turn_lose_nothing(house: House, tasks: dict) -> None:
    tokens = [at_work(house, tasks, name, name)[0] for name in ("a", "b")]
    for _ in range(2):
        house.kill_crew()
        house.start_crew()
        house.engine.wait("settled")
    go(house, "a")
    go(house, "b")
    assert sorted(house.ended(token)["body"] for token in tokens) == [b'"a"', b'"b"']
    assert (effects(house, "a"), effects(house, "b")) == (1, 1)


def test_an_acknowledged_end_is_not_told_by_the_next_crew(house: House, tasks: dict) -> None:
    house.run("tasks.py", tasks, "quick")
    house.run("tasks.py", tasks, "quick")
    token, _ = at_work(house, tasks, "a", "a")  # its start shows that the acknowledgements before it were read
    house.kill_crew()
    house.start_crew()
    house.engine.wait("settled")
    assert [h for h, _ in house.engine.seen if h["k"] == "ended"] == []
    go(house, "a")
    house.ended(token)


def test_a_pid_that_belongs_to_another_is_neither_adopted_nor_killed(make_house) -> None:
    house = make_house(start=False)
    stranger = os.getpid()
    started = {
        **spool.started(7, stranger, (linux.start_ticks(stranger) or 0) - 1, linux.boot_id(), 1.0),
        "log": "x.log",
        "log_fd": 3,
    }
    (house.home.spool / "00000001.seg").write_bytes(spool.record(started))
    house.start_crew()
    assert house.ended(7)["outcome"] == "lost"
    assert house.engine.state["alive"] == []


def test_a_torn_record_is_stepped_over(make_house) -> None:
    house = make_house(start=False)
    result = spool.record(messages.result(9, "success", 2.0), b"1")
    started = spool.record({**spool.started(9, 1, 1, "another boot", 1.0), "log": "x.log", "log_fd": 3})
    (house.home.spool / "00000001.seg").write_bytes(started[:20] + started + result)
    house.start_crew()
    ended = house.ended(9)
    assert (ended["outcome"], ended["body"]) == ("success", b"1")


def test_a_second_crew_of_one_home_refuses(house: House) -> None:
    house.start_crew(connect=False)
    assert house.crews[1].wait(20) == 1
    assert "Another" in (house.home.logs / "venturi-crew.log").read_text()
    assert house.crews[0].poll() is None


# ── the end ──────────────────────────────────────────────────────────────────────────────────────────────


def test_stop_lets_attempts_finish_within_the_drain(house: House, tasks: dict) -> None:
    token, _ = at_work(house, tasks, "a", "a")
    house.engine.send(messages.stop(20.0))
    late = house.start("tasks.py", tasks, "quick")
    assert house.ended(late)["outcome"] == "never_ran"
    go(house, "a")
    assert house.ended(token)["outcome"] == "success"
    assert house.crew is not None
    assert house.crew.wait(20) == 0
    assert list(house.home.spool.iterdir()) == []


def test_stop_ends_what_does_not_finish_as_lost(house: House, tasks: dict) -> None:
    token, pid = at_work(house, tasks, "sleeps", "sleeps")
    house.engine.send(messages.stop(0.0))
    ended = house.ended(token)
    assert (ended["outcome"], ended["reason"]) == ("lost", "The crew was stopped.")
    assert house.crew is not None
    assert house.crew.wait(20) == 0
    assert not is_alive(pid)


def test_a_crew_without_an_engine_ends_when_it_has_nothing_left(make_house) -> None:
    house = make_house(crew_idle_s=0.2)
    tasks = house.load("tasks.py", TASKS)
    token, pid = at_work(house, tasks, "a", "a")
    house.engine.close()
    go(house, "a")
    wait_death(pid)
    assert house.crew is not None
    assert house.crew.wait(20) == 0
    house.start_crew()
    assert house.ended(token)["outcome"] == "success"


def test_sigterm_drains_and_a_second_one_does_not_wait(house: House, tasks: dict) -> None:
    token, _ = at_work(house, tasks, "sleeps", "sleeps")
    assert house.crew is not None
    house.crew.terminate()
    while house.run("tasks.py", tasks, "quick")["outcome"] != "never_ran":
        pass  # the signal is on its way
    house.crew.terminate()
    assert house.ended(token)["outcome"] == "lost"
    assert house.crew.wait(20) == 0


def test_a_crew_leaves_nothing_behind(make_house) -> None:
    house = make_house()
    tasks = house.load("tasks.py", TASKS)
    assert house.run("tasks.py", tasks, "quick")["outcome"] == "success"
    pids = [*zygotes(house), *bases(house)]
    pids += [pid for zygote in pids for pid in children(zygote)]
    house.engine.send(messages.stop(0.0))
    assert house.crew is not None
    house.crew.wait(20)
    for pid in pids:
        wait_death(pid)
    assert not Path(house.home.socket("crew")).exists()


def test_json_of_a_result_is_what_the_attempt_wrote(house: House, tasks: dict) -> None:
    ended = house.run("tasks.py", tasks, "quick")
    assert json.loads(ended["body"]) == "quick"
    assert isinstance(house.engine, Engine)
