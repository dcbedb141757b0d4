"""The crew's connection to the engine: one at a time, and what must be told again when the next one comes.

Owns unacknowledged ends and unanswered asks. Frames of one round of the loop leave in one write.
"""

from __future__ import annotations

from collections.abc import Callable

from ..crashpoints import crash_at
from ..wire import PROTOCOL, messages
from ..wire.frames import Frame, Head, encode
from .link import Link
from .loop import WRITE, Loop


class EngineLink:
    def __init__(self, loop: Loop, on_frame: Callable[[Head, bytes], None], on_change: Callable[[], None]) -> None:
        self._loop = loop
        self._on_frame = on_frame
        self._on_change = on_change
        self._link: Link | None = None
        self._out: list[bytes] = []
        self._ends: dict[int, bytes] = {}  # token → its `ended` frame, until it is acknowledged
        self._asks: dict[tuple[int, int], bytes] = {}  # (token, request) → its `ask` frame, until it is answered

    @property
    def connected(self) -> bool:
        return self._link is not None

    @property
    def unacknowledged(self) -> int:
        return len(self._ends)

    def has_end(self, token: int) -> bool:
        return token in self._ends

    def take(self, link: Link, state: Head, rest: list[Frame]) -> None:
        """A new engine; it replaces the old one and is told everything."""
        self.drop()
        self._link = link
        self._loop.change_handler(link.fileno, self._ready)
        self._out = [encode(state), *self._ends.values(), *self._asks.values(), encode(messages.settled())]
        self.flush()
        self._on_change()
        for head, body in rest:
            self._on_frame(head, body)

    def drop(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None
            self._out.clear()
            self._on_change()

    def _ready(self, events: int) -> None:
        link = self._link
        if link is None:
            return
        if events & WRITE:
            link.flush()
        frames, alive = link.receive()
        for head, body in frames:
            self._on_frame(head, body)
        if not alive and self._link is link:
            self.drop()

    # ── to the engine ──

    def send(self, head: Head, body: bytes = b"") -> None:
        if self._link is not None:
            self._out.append(encode(head, body))

    def send_bytes(self, frame: bytes) -> None:
        if self._link is not None:
            self._out.append(frame)

    def end(self, token: int, head: Head, body: bytes) -> None:
        """Told now, and to every engine to come until it is acknowledged."""
        frame = self._ends[token] = encode(head, body)
        if self._link is not None:
            self._out.append(frame)
        crash_at("crew:ended-sent")

    def ask(self, head: Head, body: bytes) -> None:
        frame = self._asks[head["token"], head["request"]] = encode(head, body)
        if self._link is not None:
            self._out.append(frame)

    def answered(self, token: int, request: int) -> bool:
        """Whether this ask was still waiting."""
        return self._asks.pop((token, request), None) is not None

    def forget_asks(self, token: int) -> None:
        if self._asks:
            for key in [key for key in self._asks if key[0] == token]:
                del self._asks[key]

    def acknowledged(self, tokens: list[int]) -> None:
        crash_at("crew:ack-received")
        for token in tokens:
            self._ends.pop(token, None)

    def flush(self) -> None:
        if self._out and self._link is not None:
            out = self._out
            self._link.send_bytes(out[0] if len(out) == 1 else b"".join(out))
            out.clear()


def speaks_our_protocol(head: Head) -> bool:
    return head.get("v") == PROTOCOL
