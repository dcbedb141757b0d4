"""An engine's stand-in for tests of the crew: starts a real crew, speaks its frames, waits for them.

Waits are on frames with a generous deadline that only a broken crew meets.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from venturi.config import Home
from venturi.wire import messages
from venturi.wire.frames import Decoder, Frame, Head, encode

DEADLINE_S = 30.0


class Engine:
    """One connection to the crew."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        until = time.monotonic() + DEADLINE_S
        while True:
            try:
                self.socket.connect(address)
                break
            except OSError:
                assert time.monotonic() < until, "no crew listens"
                time.sleep(0.005)  # there is no event for a socket that is not there yet
        self._decoder = Decoder()
        self.inbox: deque[Frame] = deque()
        self.seen: list[Frame] = []
        self.send(messages.hello("engine", os.getpid()))
        self.state, _ = self.wait("state")

    def send(self, head: Head, body: bytes = b"") -> None:
        self.socket.sendall(encode(head, body))

    def receive(self, timeout_s: float = DEADLINE_S) -> Frame | None:
        if not self.inbox:
            self.socket.settimeout(timeout_s)
            try:
                data = self.socket.recv(1 << 20)
            except TimeoutError:
                return None
            if not data:
                raise ConnectionError("the crew closed the connection")
            self.inbox.extend(self._decoder.feed(data))
            if not self.inbox:
                return self.receive(timeout_s)
        return self.inbox.popleft()

    def wait(self, kind: str, which: Callable[[Head], bool] = lambda _: True) -> Frame:
        """The next frame of this kind, from what has been set aside or from the crew."""
        for i, (head, body) in enumerate(self.seen):
            if head["k"] == kind and which(head):
                del self.seen[i]
                return head, body
        until = time.monotonic() + DEADLINE_S
        while True:
            frame = self.receive(max(0.01, until - time.monotonic()))
            assert frame is not None, f"no '{kind}' came; seen: {[h for h, _ in self.seen]}"
            if frame[0]["k"] == kind and which(frame[0]):
                return frame
            self.seen.append(frame)

    def close(self) -> None:
        self.socket.close()


class House:
    """A home, its crew, and the engine's stand-in."""

    def __init__(self, folder: Path, **config: Any) -> None:
        self.home = Home(folder, folder)
        self.home.make()
        self.dags = folder / "dags"
        self.dags.mkdir(exist_ok=True)
        (folder / "venturi.toml").write_text("".join(f"{k} = {json.dumps(v)}\n" for k, v in config.items()))
        self.environment: dict[str, str] = {}
        self.crew: subprocess.Popen[bytes] | None = None
        self.crews: list[subprocess.Popen[bytes]] = []
        self.engine: Engine
        self.token = 0
        self.request = 0

    def start_crew(self, connect: bool = True, **environment: str) -> None:
        argv = [sys.executable, "-m", "venturi.crew", "--home", str(self.home.root)]
        self.crew = subprocess.Popen(
            argv, env={**os.environ, **self.environment, **environment}, start_new_session=True
        )
        self.crews.append(self.crew)
        if connect:
            self.connect()

    def connect(self) -> Engine:
        self.engine = Engine(self.home.socket("crew"))
        return self.engine

    # ── what an engine asks for ──

    def write(self, name: str, text: str) -> Path:
        file = self.dags / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def source(self, name: str, version: str | None = None, **more: Any) -> Head:
        root = str(self.home.root)
        found = messages.source(str(self.dags / name), root, [str(self.dags), root], sys.executable, version)
        return {**found, **more}

    def ask_to_load(self, name: str, time_limit_s: float = 30.0, memory_limit_mb: float | None = None) -> int:
        self.request += 1
        self.engine.send(messages.load(self.request, self.source(name), time_limit_s, memory_limit_mb))
        return self.request

    def load(self, name: str, text: str | None = None, **limits: Any) -> Head:
        """Import a file that is good."""
        if text is not None:
            self.write(name, text)
        request = self.ask_to_load(name, **limits)
        head, body = self.wait_loaded(request)
        assert head["k"] == "loaded", head
        head["specs"] = json.loads(body)
        return head

    def load_fails(self, name: str, text: str, **limits: Any) -> Head:
        self.write(name, text)
        head, _ = self.wait_loaded(self.ask_to_load(name, **limits))
        assert head["k"] == "load_failed", head
        return head

    def wait_loaded(self, request: int) -> Frame:
        engine = self.engine
        for i, frame in enumerate(engine.seen):
            if frame[0].get("request") == request and frame[0]["k"] in ("loaded", "load_failed"):
                return engine.seen.pop(i)
        while True:
            frame = engine.receive() or ({}, b"")
            assert frame[0], "no report of the import came"
            if frame[0].get("request") == request and frame[0]["k"] in ("loaded", "load_failed"):
                return frame
            engine.seen.append(frame)

    def start(self, name: str, loaded: Head | None, task_id: str, instance: Head | None = None, **more: Any) -> int:
        self.token += 1
        source = self.source(name, loaded["version"] if loaded else None)
        dag_id = loaded["specs"][0]["dag_id"] if loaded and "specs" in loaded else "d"
        source.update(more.pop("source", {}))
        head = messages.start(self.token, source, f"{dag_id}/{task_id}/{self.token}.log", what=f"{dag_id} · {task_id}")
        head.update(more)
        body = {
            "dag_id": dag_id,
            "run_id": "r",
            "task_id": task_id,
            "token": self.token,
            "logical_date": 1e9,
            **(instance or {}),
        }
        self.engine.send(head, json.dumps(body).encode())
        return self.token

    def started(self, token: int) -> Head:
        return self.engine.wait("started", lambda h: h["token"] == token)[0]

    def ended(self, token: int, ack: bool = True) -> Head:
        head, body = self.engine.wait("ended", lambda h: h["token"] == token)
        head["body"] = body
        if ack:
            self.engine.send(messages.ack([token]))
        return head

    def run(self, name: str, loaded: Head | None, task_id: str, instance: Head | None = None, **more: Any) -> Head:
        return self.ended(self.start(name, loaded, task_id, instance, **more))

    def log(self, ended: Head) -> str:
        file = self.home.logs / ended["log"]
        return file.read_bytes().decode("utf-8", "backslashreplace") if file.exists() else ""

    def cancel(self, token: int, reason: str, grace_s: float) -> None:
        self.engine.send(messages.cancel(token, reason, grace_s))

    def wait_for_log(self, token: int, text: str) -> None:
        """Until a task has printed this."""
        until = time.monotonic() + DEADLINE_S
        while not any(text in file.read_text() for file in self.home.logs.rglob(f"{token}.log")):
            assert time.monotonic() < until, f"'{text}' was never printed"
            time.sleep(0.005)

    # ── processes ──

    def strangers(self) -> list[int]:
        """Children of the crew that are no zygotes: what a dead attempt has left comes to it."""
        assert self.crew is not None
        return [pid for pid in children(self.crew.pid) if not named(pid).startswith(("venturi-", "vz:"))]

    def kill_crew(self) -> None:
        assert self.crew is not None
        self.crew.kill()
        self.crew.wait()

    def wait_for(self, path: Path, empty: bool = False) -> str:
        """A file that author code writes when it has come so far."""
        until = time.monotonic() + DEADLINE_S
        while not path.exists() or not (empty or path.read_text()):
            assert time.monotonic() < until, f"{path.name} was never written"
            time.sleep(0.005)
        return path.read_text()

    def close(self) -> None:
        for crew in self.crews:
            if crew.poll() is None:
                for pid in descendants(crew.pid):
                    _kill(pid)
                crew.kill()
                crew.wait()
        for name in os.listdir("/proc"):  # what survived its crew on purpose
            if name.isdigit() and mentions(int(name), str(self.home.spool)):
                _kill(int(name))


def mentions(pid: int, text: str) -> bool:
    try:
        return text.encode() in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except OSError:
        pass


def descendants(pid: int) -> list[int]:
    from venturi import linux

    return linux.descendants(pid)


def children(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def named(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def is_alive(pid: int) -> bool:
    from venturi import linux

    return linux.start_ticks(pid) is not None


def wait_death(pid: int) -> None:
    """Until this process is dead, by its pidfd."""
    try:
        fd = os.pidfd_open(pid)
    except OSError:
        return
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    try:
        assert poll.poll(DEADLINE_S * 1000), f"{pid} still lives"
    finally:
        os.close(fd)
