"""Timetable classes of the authors' own, asked for the engine: a fork of the file's zygote answers into a pipe.

Owns the pipes and the time limit. What is asked and answered is passed on unread.
"""

from __future__ import annotations

import json
import os
from time import monotonic
from typing import TYPE_CHECKING

from ..wire import messages
from ..wire.frames import Head
from .engine_link import EngineLink
from .link import Link
from .loop import Loop, Timer

if TYPE_CHECKING:
    from .zygotes import Zygotes

LATE_S = 1.0  # the fork ends itself at its limit; this much later nobody listens any more
ANSWER_BYTES_MAX = 1 << 20


class Ask:
    """One question under way."""

    def __init__(self, dates: Dates, head: Head) -> None:
        self.head = head
        self._dates = dates
        self._fd = -1
        self._answer = b""
        self._timer: Timer | None = None

    def place(self) -> None:
        zygotes = self._dates.zygotes
        zygote = zygotes.serving(self.head)
        zygote.used_at = monotonic()
        zygote.questions.add(self)
        zygotes.dispatch(zygote)

    def send(self, link: Link) -> None:
        """To the zygote, which is ready."""
        loop = self._dates.loop
        self._fd, write = os.pipe()
        os.set_blocking(self._fd, False)
        link.send({name: self.head[name] for name in ("k", "source", "want", "time_limit_s")}, fds=[write])
        os.close(write)
        loop.add(self._fd, self._read)
        self._timer = loop.after(self.head["time_limit_s"] + LATE_S, self._too_late)

    def fail(self, problem: str) -> None:
        self._end({"error": problem})

    def _read(self, _: int) -> None:
        try:
            data = os.read(self._fd, 1 << 16)
        except BlockingIOError:
            return
        if data and len(self._answer) <= ANSWER_BYTES_MAX:
            self._answer += data
            return
        try:
            self._end(json.loads(self._answer))
        except ValueError:
            limit_s = self.head["time_limit_s"]
            was_late = self._timer is not None and self._timer.at - LATE_S <= monotonic()
            self.fail(f"It gave no answer within {limit_s:g} s." if was_late else "The process that asked it has died.")

    def _too_late(self) -> None:
        self.fail(f"It gave no answer within {self.head['time_limit_s']:g} s.")

    def _end(self, told: Head) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._fd >= 0:
            self._dates.loop.close(self._fd)
            self._fd = -1
        self._dates.tell(self, told)


class Questions:
    """What waits until a zygote is ready."""

    def __init__(self) -> None:
        self._asks: list[Ask] = []

    def __bool__(self) -> bool:
        return bool(self._asks)

    def add(self, ask: Ask) -> None:
        self._asks.append(ask)

    def _taken(self) -> list[Ask]:
        taken, self._asks = self._asks, []
        return taken

    def send(self, link: Link | None) -> None:
        if self._asks and link is not None:
            for ask in self._taken():
                ask.send(link)

    def fail(self, problem: str) -> None:
        for ask in self._taken():
            ask.fail(problem)

    def move(self) -> None:
        """To whichever zygote serves them now."""
        for ask in self._taken():
            ask.place()


class Dates:
    def __init__(self, loop: Loop, engine: EngineLink, zygotes: Zygotes) -> None:
        self.loop = loop
        self.zygotes = zygotes
        self._engine = engine
        self._asks: set[Ask] = set()

    def ask(self, head: Head) -> None:
        one = Ask(self, head)
        self._asks.add(one)
        one.place()

    def forget(self) -> None:
        """A new engine: what the old one has asked has nobody to be told."""
        self._asks.clear()

    def tell(self, one: Ask, told: Head) -> None:
        if one in self._asks:
            self._asks.discard(one)
            self._engine.send(messages.dated(one.head["request"], **told))
