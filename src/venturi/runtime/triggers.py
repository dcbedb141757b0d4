"""A trigger host: one event loop that runs the triggers of deferred tasks, started by the crew, gone with its channel.

Owns no state that matters: the engine has each trigger told again after this process's death. A thread reads the
channel, so that a trigger that asks something in the middle of the loop is answered; another watches the loop.
"""

from __future__ import annotations

import asyncio
import contextvars
import faulthandler
import importlib
import json
import logging
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from .. import linux
from ..core.names import MODULE_OF_A_FILE
from ..crashpoints import crash_at
from ..sdk.port import installed
from ..sdk.triggers import BaseTaskEndEvent, BaseTrigger, TriggerEvent
from ..wire import messages
from ..wire.frames import Frame, Head
from ..wire.values import decode, encode
from .asking import ChannelPort, ValueFiles
from .channel import of_descriptor
from .environment import Places
from .loader import Failed, load
from .masks import without

BLOCKED_S = 1.0  # a trigger that keeps the loop this long is named in its log
STUCK_S = 5.0  # after it was to be broken off, where that does not help: the process ends without it
BEAT_S = 0.1

_ours: contextvars.ContextVar[Running | None] = contextvars.ContextVar("trigger", default=None)


class TriggerBlocked(Exception):
    """Raised in the midst of a trigger that does not let the others run."""


class Running:
    """One trigger at work. There may be many, so it holds little until it asks for something."""

    __slots__ = ("_host", "_port", "name", "printed", "secrets", "taken", "task", "token")

    def __init__(self, token: int, name: str, host: Host) -> None:
        self.token = token
        self.name = name
        self.secrets: list[str] = []  # that it has come to know
        self.task: asyncio.Task[None] | None = None
        self.printed = ""
        self.taken: tuple[int, asyncio.Future[None]] | None = None  # the number of its event that is not taken yet
        self._host = host
        self._port: ChannelPort | None = None

    @property
    def port(self) -> ChannelPort:
        if self._port is None:
            self._port = self._host.port_of(self)
        return self._port


class TaskInstanceView:
    """`self.task_instance` of a trigger: which task waits."""

    state = "deferred"

    def __init__(self, told: Head) -> None:
        self.dag_id, self.run_id, self.task_id = (sys.intern(told[n]) for n in ("dag_id", "run_id", "task_id"))
        self.map_index: int = told["map_index"]
        self.try_number: int = told["try_number"]

    @property
    def key(self) -> tuple[str, str, str, int, int]:
        return (self.dag_id, self.task_id, self.run_id, self.try_number, self.map_index)


class Host:
    def __init__(self, told: Head) -> None:
        self._channel = of_descriptor(told["channel"])
        os.set_inheritable(told["channel"], False)
        self._places = Places(*told["places"])
        self._files = ValueFiles(self._places.values, self._places.value_inline_bytes_max)
        self._blocks_s_max: float = told["blocks_s_max"]
        self._sending = threading.Lock()
        self._answers: dict[tuple[int, int], queue.SimpleQueue[Frame]] = {}
        self._running: dict[int, Running] = {}
        self._beat = time.monotonic()
        self._strike: Running | None = None
        self._classes: dict[tuple[str, str], Any] = {}  # of triggers, by path and DAG file

    # ── the channel ──

    def send(self, head: Head, body: bytes = b"") -> None:
        with self._sending:
            try:
                self._channel.send(head, body)
            except OSError:
                os._exit(0)  # there is no crew any more: the next one has all of this told again

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        while True:
            frame = self._channel.receive()
            if frame is None:
                os._exit(0)
            head = frame[0]
            if head["k"] == "answer":
                waiting = self._answers.pop((head["token"], head["request"]), None)
                if waiting is not None:
                    waiting.put(frame)
            else:
                loop.call_soon_threadsafe(self._hear, frame)

    def _exchange(self, head: Head, body: bytes) -> Frame:
        waiting: queue.SimpleQueue[Frame] = queue.SimpleQueue()
        self._answers[head["token"], head["request"]] = waiting
        self.send(head, body)
        return waiting.get()

    def _hear(self, frame: Frame) -> None:
        head, body = frame
        if head["k"] == "watch" and head["token"] not in self._running:
            crash_at("host:watch-received")
            running = Running(head["token"], sys.intern(head["trigger"].rpartition(".")[2]), self)
            self._running[running.token] = running
            running.task = asyncio.get_running_loop().create_task(self._run(running, head, body))
        elif head["k"] == "go_on":
            known = self._running.get(head["token"])
            if known is not None and known.taken is not None and known.taken[0] == head["event"]:
                known.taken[1].set_result(None)
                known.taken = None
        elif head["k"] == "unwatch":
            for token in head["tokens"]:
                gone = self._running.pop(token, None)
                if gone is not None and gone.task is not None:
                    gone.task.cancel()

    def port_of(self, running: Running) -> ChannelPort:
        port = ChannelPort(running.token, self._exchange, self._files, running.secrets.extend)
        port.count_from(time.time_ns() // 1000)  # an answer to an earlier host must not be taken for ours
        return port

    # ── one trigger ──

    async def _run(self, running: Running, head: Head, body: bytes) -> None:
        _ours.set(running)
        try:
            trigger, fires_again = await self._made(running, head, body), head["fires_again"]
            del head, body  # it may wait long
            events = self._events_of if fires_again else self._event_of
            head, payload = await events(running, trigger)
        except asyncio.CancelledError:
            if running.token not in self._running:
                return  # it is not wanted any more
            head, payload = _broken(running, "It cancelled itself."), b""
        except BaseException as error:
            head, payload = _broken(running, _message(error), _readable(error)), b""
        self._running.pop(running.token, None)
        crash_at("host:event-made")
        self.send(head, payload)
        crash_at("host:event-sent")

    async def _made(self, running: Running, head: Head, body: bytes) -> BaseTrigger:
        path, source = head["trigger"], head["source"]
        key = (path, source["file"])
        kind = self._classes.get(key)
        if kind is None:
            kind = self._classes[key] = await asyncio.to_thread(self._class_of, path, source)
        trigger: BaseTrigger = kind(**decode(body, classes=True, key="trigger"))
        if head["instance"] is not None:
            trigger.task_instance = TaskInstanceView(head["instance"])
        trigger.trigger_id = running.token
        return trigger

    async def _event_of(self, running: Running, trigger: BaseTrigger) -> tuple[Head, bytes]:
        async with _cleaned_up(trigger):
            async for event in trigger.run():
                return _told(running, event)
            return _broken(running, "It ended without an event."), b""

    async def _events_of(self, running: Running, trigger: BaseTrigger) -> tuple[Head, bytes]:
        """One after the other, each once the one before it is taken; then how it ended."""
        number = 0
        async with _cleaned_up(trigger):
            async for event in trigger.run():
                if not isinstance(event, TriggerEvent):
                    return _told(running, event)
                number = max(number + 1, time.time_ns() // 1000)  # larger than any of an earlier host
                body = encode(event.payload, "the watcher's event").data
                running.taken = number, asyncio.get_running_loop().create_future()
                self.send(messages.fired(running.token, "event", event=number), body)
                await running.taken[1]
            return messages.fired(running.token, "over"), b""

    def _class_of(self, path: str, source: Head) -> Any:
        """In a thread: an import may take long."""
        module, _, name = path.rpartition(".")
        if module.startswith(MODULE_OF_A_FILE) and module not in sys.modules:
            made = load(source, self._places, None, [], [])  # it stands in the DAG file itself
            if isinstance(made, Failed):
                raise ImportError(f"{made.error['type']}: {made.error['message']}")
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
        return found

    # ── what a trigger prints ──

    def say(self, running: Running, text: str) -> None:
        self.send(messages.said(running.token, text))

    # ── the loop ──

    async def serve(self) -> None:
        loop = asyncio.get_running_loop()
        self._tick(loop)
        signal.signal(signal.SIGUSR1, self._struck)
        for target in (self._read, self._watch):
            threading.Thread(target=target, args=(loop,), daemon=True).start()
        await loop.create_future()

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        self._beat = time.monotonic()
        loop.call_later(BEAT_S, self._tick, loop)

    # ── a trigger that blocks the loop ──

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """In a thread: who keeps the loop, if it does not beat."""
        named: Running | None = None
        while True:
            time.sleep(BLOCKED_S / 4)
            silent_s = time.monotonic() - self._beat
            if silent_s < BLOCKED_S:
                named = self._strike = None
                continue
            if named is None:
                named = self._at_work(loop)
                if named is not None:
                    self.say(named, f"\x1eW{self._why(named, silent_s)}\n")
            elif silent_s > self._blocks_s_max + STUCK_S:
                self.send(_broken(named, self._why(named, silent_s)))
                os._exit(70)
            elif silent_s > self._blocks_s_max and self._strike is None:
                self._strike = named
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)

    def _at_work(self, loop: asyncio.AbstractEventLoop) -> Running | None:
        at_work = asyncio.current_task(loop)
        return next((r for r in self._running.values() if r.task is not None and r.task is at_work), None)

    def _struck(self, *_: Any) -> None:
        running = self._strike
        if running is not None and _ours.get() is running:
            raise TriggerBlocked(self._why(running, time.monotonic() - self._beat))

    def _why(self, running: Running, silent_s: float) -> str:
        place = _place_of(sys._current_frames().get(threading.main_thread().ident or 0))
        return (
            f"The trigger {running.name} has kept the event loop for {silent_s:.1f} s{place}, and no other trigger of "
            "this environment runs meanwhile. Use await asyncio.sleep(), or await asyncio.to_thread() for calls that "
            "block."
        )


@asynccontextmanager
async def _cleaned_up(trigger: BaseTrigger) -> AsyncIterator[None]:
    """However it ends."""
    try:
        yield
    finally:
        try:
            await trigger.cleanup()
        except Exception:
            trigger.log.exception("The trigger's cleanup() failed.")


def _told(running: Running, event: Any) -> tuple[Head, bytes]:
    if isinstance(event, BaseTaskEndEvent):
        head = messages.fired(running.token, event.ends_as)
        return head, encode({"xcoms": event.xcoms or {}}, "the trigger's xcoms").data
    if not isinstance(event, TriggerEvent):
        return _broken(running, f"It gave a {type(event).__name__} where a TriggerEvent was expected."), b""
    return messages.fired(running.token, "event"), encode(event.payload, "the trigger's event").data


def _broken(running: Running, message: str, trace: str = "") -> Head:
    more = without({"traceback": trace} if trace else {}, running.secrets)
    message = without(f"The trigger {running.name} failed: {message}", running.secrets)
    return messages.fired(running.token, "error", message=message, **more)


def _message(error: BaseException) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:
        return type(error).__name__


def _readable(error: BaseException) -> str:
    return "".join(traceback.format_exception(type(error), error, error.__traceback__))[-20_000:]


def _place_of(frame: Any) -> str:
    """Where the main thread is: the innermost line that is neither the standard library's nor ours."""
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith((os.path.dirname(os.__file__), os.path.dirname(os.path.dirname(__file__)), "<")):
            return f" at {os.path.basename(file)}:{frame.f_lineno}"
        frame = frame.f_back
    return ""


class _PortOfTheTrigger:
    """Whoever asks, is the trigger in whose task or thread the ask is made."""

    def __getattr__(self, name: str) -> Any:
        running = _ours.get()
        if running is None:
            raise RuntimeError("Only a trigger that runs can ask for values, variables and connections.")
        return getattr(running.port, name)


class _Out:
    """stdout and stderr: a trigger's lines go to the log of its task, all others to the host's."""

    def __init__(self, host: Host, real: Any) -> None:
        self._host = host
        self._real = real

    def write(self, text: str) -> int:
        running = _ours.get()
        if running is None:
            return int(self._real.write(text))
        *lines, running.printed = (running.printed + text).split("\n")
        if lines:
            self._host.say(running, "\n".join([*lines, ""]))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def main(argument: str) -> None:
    told: dict[str, Any] = json.loads(argument)
    if not getattr(sys.flags, "safe_path", False) and sys.path and sys.path[0] in ("", os.getcwd()):
        del sys.path[0]
    for entry in reversed(told["roots"]):
        if entry not in sys.path:
            sys.path.insert(0, entry)
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)  # type: ignore[union-attr]
    faulthandler.enable()
    linux.name_process("venturi-triggers")
    from ..airflow import importer
    from ..sdk import logs

    importer.install()
    logs.setup()
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    host = Host(told)
    sys.stdout, sys.stderr = _Out(host, sys.stdout), _Out(host, sys.stderr)
    with installed(_PortOfTheTrigger()):
        asyncio.run(host.serve())


if __name__ == "__main__":
    main(sys.argv[1])
