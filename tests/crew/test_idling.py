"""A crew that nobody needs ends itself, however those above it have ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from venturi.wire import messages
from venturi.wire.frames import encode

from .stand_in import DEADLINE_S, House, wait_death
from .test_recovery import TASKS, at_work, bases, go, zygotes

MakeHouse = Callable[..., House]
IDLE_S = 0.2


def ends(house: House) -> None:
    assert house.crew is not None
    assert house.crew.wait(DEADLINE_S) == 0
    assert not Path(house.home.socket("crew")).exists()


def test_one_that_no_engine_has_ever_asked(make_house: MakeHouse) -> None:
    house = make_house(start=False, crew_idle_s=IDLE_S)
    house.start_crew(connect=False)
    ends(house)


def test_one_whose_engine_has_died_after_it_was_idle(make_house: MakeHouse) -> None:
    house = make_house(crew_idle_s=IDLE_S)
    house.load("tasks.py", TASKS)
    house.engine.close()
    ends(house)


def test_one_whose_engine_died_before_it_was_answered(make_house: MakeHouse) -> None:
    """While the crew still hears those of the last crew: the dead engine is not taken for a living one afterwards."""
    house = make_house(crew_idle_s=IDLE_S)
    tasks = house.load("tasks.py", TASKS)
    _, pid = at_work(house, tasks, "a", "a")
    survivors = [*zygotes(house), *bases(house)]
    house.kill_crew()
    for one in survivors:
        os.kill(one, signal.SIGSTOP)  # the next crew waits for what they have to tell
    house.start_crew(connect=False)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dying:
            while dying.connect_ex(house.home.socket("crew")):
                pass
            dying.sendall(encode(messages.hello("engine", os.getpid())))
        go(house, "a")
        wait_death(pid)
        ends(house)
    finally:
        for one in survivors:
            os.kill(one, signal.SIGCONT)


def test_one_whose_attempts_wait_for_a_file_that_waits_for_the_engine(make_house: MakeHouse) -> None:
    """Nothing of it is at work: an import that asks has no time limit while it waits, and nobody is there to answer."""
    house = make_house(crew_idle_s=IDLE_S)
    house.write("asks.py", "from airflow.models import Variable\nVariable.get('never')\n" + TASKS)
    house.start("asks.py", None, "a")
    house.engine.wait("ask")
    house.engine.close()
    ends(house)


@pytest.mark.parametrize(("task_id", "name"), [("a", "a"), ("waits_and_asks", "asks")])
def test_one_with_an_attempt_at_work_does_not(make_house: MakeHouse, task_id: str, name: str) -> None:
    house = make_house(crew_idle_s=IDLE_S)
    tasks = house.load("tasks.py", TASKS)
    token, _ = at_work(house, tasks, task_id, name)
    house.engine.close()
    if name == "asks":
        go(house, name)
    assert house.crew is not None
    with pytest.raises(subprocess.TimeoutExpired):
        house.crew.wait(4 * IDLE_S)
    house.connect()
    go(house, name)
    if name == "asks":
        ask, _ = house.engine.wait("ask")
        house.engine.send(messages.answer(token, ask["request"], True, value="late"))
    assert house.ended(token)["outcome"] == "success"
