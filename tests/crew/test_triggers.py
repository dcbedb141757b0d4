"""Trigger hosts: events come once and are kept until they are taken; whatever dies or blocks, no innocent suffers."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from typing import Any

import pytest

from venturi.wire import messages
from venturi.wire.frames import Head

from .stand_in import DEADLINE_S, House, children, named, wait_death

TRIGGERS = """
import asyncio, os, time
from airflow.triggers.base import BaseTrigger, TaskSuccessEvent, TriggerEvent
from venturi.sdk.port import port

class Base(BaseTrigger):
    def __init__(self, **kwargs):
        super().__init__()
        self.given = kwargs
    def serialize(self):
        return (f"own.{type(self).__name__}", self.given)

class Tells(Base):
    async def run(self):
        print("printed by", self.task_instance.task_id)
        self.log.warning("logged")
        yield TriggerEvent({"given": self.given, "id": self.trigger_id})

class Ends(Base):
    async def run(self):
        yield TaskSuccessEvent(xcoms={"return_value": 5})

class Breaks(Base):
    async def run(self):
        raise ValueError("no luck")
        yield

class SaysNothing(Base):
    async def run(self):
        return
        yield

class Waits(Base):
    async def run(self):
        while not os.path.exists(self.given["file"]):
            await asyncio.sleep(0.01)
        yield TriggerEvent("there")
    async def cleanup(self):
        if "cleaned" in self.given:
            open(self.given["cleaned"], "w").write("x")

class Blocks(Base):
    async def run(self):
        until = time.monotonic() + self.given["s"]
        while time.monotonic() < until:
            time.sleep(0.1)
        yield TriggerEvent("done")

class Stuck(Base):
    async def run(self):
        while True:
            try:
                while True:
                    time.sleep(0.1)
            except Exception:
                pass
        yield

class Kills(Base):
    async def run(self):
        os.kill(os.getpid(), 9)
        yield

class Asks(Base):
    async def run(self):
        state = await asyncio.to_thread(port().run_state, "other", "r")
        yield TriggerEvent([state, port().variable("v")])

class Reveals(Base):
    async def run(self):
        print("password", port().connection("db")["password"])
        yield TriggerEvent(None)

class Betrays(Base):
    async def run(self):
        raise ValueError("refused: " + port().connection("db")["password"])
        yield
"""


class Watching:
    def __init__(self, house: House) -> None:
        self.house = house
        house.write("own.py", TRIGGERS)
        house.write("dag.py", "")
        self.tokens = iter(range(100, 1000))

    def watch(self, name: str, token: int = 0, **given: Any) -> int:
        token = token or next(self.tokens)
        instance = {"dag_id": "d", "run_id": "r", "task_id": f"t{token}", "map_index": -1, "try_number": 1}
        path = name if "." in name else f"own.{name}"
        head = messages.watch(token, self.house.source("dag.py"), path, f"d/{token}.log", f"d · t{token}", instance)
        self.house.engine.send(head, json.dumps(given).encode())
        return token

    def fired(self, token: int) -> tuple[Head, Any]:
        head, body = self.house.engine.wait("fired", lambda h: h["token"] == token)
        return head, json.loads(body) if body else None

    def log(self, token: int) -> str:
        return (self.house.home.logs / f"d/{token}.log").read_text()

    def hosts(self) -> list[int]:
        assert self.house.crew is not None
        return [pid for pid in children(self.house.crew.pid) if named(pid) == "venturi-trigger"]

    def until_hosts(self, n: int) -> list[int]:
        until = time.monotonic() + DEADLINE_S
        while len(found := self.hosts()) != n:
            assert time.monotonic() < until, f"{len(found)} hosts"
            time.sleep(0.01)
        return found


@pytest.fixture
def watching(house: House) -> Watching:
    return Watching(house)


def test_an_event_comes_with_its_payload_and_what_was_printed_goes_to_the_tasks_log(watching: Watching) -> None:
    token = watching.watch("Tells", a=1)
    head, payload = watching.fired(token)
    assert head["kind"] == "event"
    assert payload == {"given": {"a": 1}, "id": token}
    lines = watching.log(token).splitlines()
    assert [line.split("Z ", 1)[1] for line in lines] == [f"INFO  printed by t{token}", "WARN  logged"]


def test_a_trigger_may_end_the_task_itself(watching: Watching) -> None:
    head, payload = watching.fired(watching.watch("Ends"))
    assert (head["kind"], payload) == ("success", {"xcoms": {"return_value": 5}})


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("Breaks", "The trigger Breaks failed: ValueError: no luck"),
        ("SaysNothing", "It ended without an event."),
        ("Missing", "has no attribute 'Missing'"),
        ("nowhere.T", "No module named 'nowhere'"),
    ],
)
def test_what_goes_wrong_in_a_trigger_is_its_event(name: str, sentence: str, watching: Watching) -> None:
    head, _ = watching.fired(watching.watch(name))
    assert head["kind"] == "error"
    assert sentence in head["message"]


def test_an_event_is_told_again_until_it_is_taken(watching: Watching) -> None:
    token = watching.watch("Tells")
    first = watching.fired(token)
    watching.house.connect()
    assert watching.house.engine.state["watched"] == [token]
    watching.watch("Tells", token)
    assert watching.fired(token) == first
    watching.house.engine.send(messages.unwatch([token]))
    assert watching.house.connect().state["watched"] == []


def test_a_trigger_not_wanted_any_more_is_ended_and_cleans_up(watching: Watching, tmp_path: Any) -> None:
    cleaned = tmp_path / "cleaned"
    token = watching.watch("Waits", file=str(tmp_path / "never"), cleaned=str(cleaned))
    watching.fired(watching.watch("Tells"))  # it runs by now
    watching.house.engine.send(messages.unwatch([token]))
    watching.house.wait_for(cleaned)


def test_a_killed_host_is_replaced_and_its_triggers_are_made_anew(watching: Watching, tmp_path: Any) -> None:
    file = tmp_path / "go"
    tokens = [watching.watch("Waits", file=str(file)) for _ in range(3)]
    watching.fired(watching.watch("Tells"))
    (host,) = watching.until_hosts(1)
    os.kill(host, 9)
    wait_death(host)
    file.touch()
    assert [watching.fired(token)[1] for token in tokens] == ["there"] * 3
    assert watching.until_hosts(1) != [host]


def test_one_that_kills_its_host_again_and_again_fails_alone(watching: Watching, tmp_path: Any) -> None:
    file = tmp_path / "go"
    good = [watching.watch("Waits", file=str(file)) for _ in range(4)]
    head, _ = watching.fired(watching.watch("Kills"))
    assert head["kind"] == "error"
    assert "killed by SIGKILL" in head["message"]
    file.touch()
    assert [watching.fired(token)[1] for token in good] == ["there"] * 4


def test_a_host_is_gone_when_there_is_nothing_to_wait_for(watching: Watching) -> None:
    token = watching.watch("Tells")
    watching.fired(token)
    watching.until_hosts(1)
    watching.house.engine.send(messages.unwatch([token]))
    watching.until_hosts(0)


def test_a_trigger_that_blocks_the_loop_is_named_in_its_log(watching: Watching) -> None:
    token = watching.watch("Blocks", s=2.0)
    assert watching.fired(token)[0]["kind"] == "event"
    said = watching.log(token)
    assert "WARN  The trigger Blocks has kept the event loop for" in said
    assert "at own.py:" in said


def test_one_that_goes_on_blocking_is_broken_off_and_others_go_on(make_house: Callable[..., House]) -> None:
    watching = Watching(make_house(trigger_blocks_s_max=1.5))
    token = watching.watch("Blocks", s=600)
    other = watching.watch("Tells")
    head, _ = watching.fired(token)
    assert (head["kind"], "TriggerBlocked" in head["message"]) == ("error", True)
    assert watching.fired(other)[0]["kind"] == "event"


def test_one_that_cannot_even_be_broken_off_fails_and_others_are_made_anew(make_house: Callable[..., House]) -> None:
    watching = Watching(make_house(trigger_blocks_s_max=1.2))
    token = watching.watch("Stuck")
    other = watching.watch("Tells")
    assert "The trigger Stuck has kept the event loop" in watching.fired(token)[0]["message"]
    assert watching.fired(other)[0]["kind"] == "event"


def test_a_trigger_asks_as_a_task_does_and_secrets_are_masked(watching: Watching) -> None:
    engine = watching.house.engine
    token = watching.watch("Asks")
    ask, _ = engine.wait("ask")
    assert (ask["token"], ask["what"]) == (token, "run_state")
    engine.send(messages.answer(token, ask["request"], True, state="success"))
    ask, _ = engine.wait("ask")
    engine.send(messages.answer(token, ask["request"], True, value="5"))
    assert watching.fired(token)[1] == ["success", "5"]
    token = watching.watch("Reveals")
    ask, _ = engine.wait("ask")
    found = {"conn_type": "x", "password": "s3cret-value"}
    engine.send(messages.answer(token, ask["request"], True, connection=found, mask=["s3cret-value"]))
    watching.fired(token)
    assert "password ***" in watching.log(token)


def test_with_the_crew_its_hosts_end(watching: Watching, tmp_path: Any) -> None:
    watching.watch("Waits", file=str(tmp_path / "never"))
    (host,) = watching.until_hosts(1)
    watching.house.kill_crew()
    wait_death(host)


def test_a_secret_does_not_leave_in_the_message_of_a_failure(watching: Watching) -> None:
    token = watching.watch("Betrays")
    engine = watching.house.engine
    ask, _ = engine.wait("ask")
    found = {"conn_id": "db", "password": "s3cret-value"}
    engine.send(messages.answer(token, ask["request"], True, connection=found, mask=["s3cret-value"]))
    head, _ = watching.fired(token)
    assert "ValueError: refused: ***" in head["message"]
    assert "s3cret" not in json.dumps(head)
