"""The client of the control socket: one command, one answer, and a run followed to its end."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from venturi.cli.client import Client
from venturi.config import Home
from venturi.core.errors import ConnectionLost, EngineRefused, NoEngine
from venturi.wire.frames import Decoder, encode


class Peer:
    """The other end of one connection, which says what the test tells it to."""

    def __init__(self, home: Home) -> None:
        home.make()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(home.socket("engine"))
        self._listener.listen(1)
        self.heard: list[dict] = []

    def script(self, *replies) -> threading.Thread:
        """Each reply is made from the command heard, as the frames to send; then the connection is closed."""

        def talk() -> None:
            link, _ = self._listener.accept()
            with link:
                heads = self._hear(link)
                for reply in replies:
                    head = next(heads)
                    link.sendall(b"".join(encode(frame) for frame in reply(head)))

        thread = threading.Thread(target=talk)
        thread.start()
        return thread

    def _hear(self, link: socket.socket) -> Iterator[dict]:
        decoder = Decoder()
        while data := link.recv(4096):
            for head, _ in decoder.feed(data):
                self.heard.append(head)
                yield head


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path, tmp_path)


@pytest.fixture
def peer(home: Home) -> Peer:
    return Peer(home)


def ok(head: dict, **more) -> dict:
    return {"k": "answer", "id": head["id"], "ok": True, **more}


def test_a_command_gets_its_answer(home, peer):
    talk = peer.script(lambda h: [ok(h, run_id="r1")])
    with Client(home) as client:
        assert client.call("trigger", dag_id="d")["run_id"] == "r1"
    talk.join()
    assert peer.heard == [{"k": "command", "name": "trigger", "id": 1, "dag_id": "d"}]


def test_a_refusal_is_an_error_with_its_code_and_all_that_was_said(home, peer):
    refusal = {"ok": False, "code": "several_dags", "message": "It has two.", "dag_ids": ["a", "b"]}
    talk = peer.script(lambda h: [{"k": "answer", "id": h["id"], **refusal}])
    with Client(home) as client, pytest.raises(EngineRefused, match=r"It has two\.") as caught:
        client.call("run_file", file="f.py")
    talk.join()
    assert caught.value.parts["code"] == "several_dags"
    assert caught.value.parts["dag_ids"] == ["a", "b"]


def test_a_run_is_followed_until_it_is_final_and_no_event_before_the_answer_is_lost(home, peer):
    events = [{"k": "event", "state": s, "n": n} for n, s in enumerate(["running", "running", "success", "never read"])]
    talk = peer.script(lambda h: [events[0], ok(h), *events[1:]])
    with Client(home) as client:
        assert [e["n"] for e in client.follow("d", "r")] == [0, 1, 2]
    talk.join()


def test_answers_to_commands_that_nobody_waits_for_are_passed_over(home, peer):
    talk = peer.script(lambda h: [ok(h)], lambda h: [ok(h, pid=7)])
    with Client(home) as client:
        client.send("cancel_run", run_id="r")
        assert client.call("status")["pid"] == 7
    talk.join()


def test_an_engine_that_ends_meanwhile_is_a_lost_connection(home, peer):
    talk = peer.script(lambda h: [])
    with Client(home) as client, pytest.raises(ConnectionLost, match="has ended"):
        client.call("status")
    talk.join()


def test_an_engine_that_does_not_answer_in_time_is_a_lost_connection(home, peer):
    with Client(home, timeout_s=0.01) as client, pytest.raises(ConnectionLost, match="in time"):
        client.call("status")


def test_without_an_engine_the_message_says_how_to_start_one(home):
    home.make()
    with pytest.raises(NoEngine, match="venturi up"):
        Client(home)


def test_a_socket_that_an_engine_left_behind_is_no_engine(home, peer):
    peer._listener.close()
    with pytest.raises(NoEngine):
        Client(home)
