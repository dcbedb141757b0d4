"""The `local` executor: this host's crew, over its socket.

Owns the connection to the crew: connecting, frames in and out, what is not yet sent. Decides nothing; starts no crew
(whoever composes the processes does).
"""

from __future__ import annotations

import os
import socket
from typing import Any

from ..core.errors import ProtocolError
from ..wire import PROTOCOL, messages
from ..wire.frames import Decoder, Frame, Head, encode
from .base import Asked, Connected, Dated, Disconnected, Ended, Fired, Loaded, Report, Settled, Start, Started, Watch

READ_BYTES = 1 << 20


class Local:
    def __init__(self, address: str, epoch: int) -> None:
        self._address = address
        self._epoch = epoch
        self._socket: socket.socket | None = None
        self._decoder = Decoder()
        self._out = bytearray()
        self._named: set[int] | None = None  # tokens told since the connection began, until it is settled
        self.slots = 0
        self.crew_pid: int | None = None

    def fileno(self) -> int:
        return self._socket.fileno() if self._socket is not None else -1

    @property
    def connected(self) -> bool:
        return self._socket is not None

    @property
    def wants_to_write(self) -> bool:
        return bool(self._out) and self._socket is not None

    def connect(self) -> bool:
        """Try once; the crew answers with what it holds."""
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        try:
            link.connect(self._address)
        except OSError:
            link.close()
            return False
        link.setblocking(False)
        self._socket, self._decoder, self._named = link, Decoder(), set()
        self._out = bytearray(encode(messages.hello("engine", os.getpid(), epoch=self._epoch)))
        self.flush()
        return True

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._out.clear()

    # ── to the crew ──

    def submit(self, starts: list[Start]) -> None:
        for s in starts:
            head = messages.start(
                s.token, s.source, s.log, s.isolation, s.time_limit_s, s.memory_limit_mb, s.fork_safe, s.what
            )
            if s.gpus:
                head["gpus"] = list(s.gpus)
            if s.cpus:
                head["cpus"] = s.cpus
            self._send(head, s.context)

    def cancel(self, token: int, reason: str, grace_s: float) -> None:
        self._send(messages.cancel(token, reason, grace_s))

    def acknowledge(self, tokens: list[int]) -> None:
        if tokens:
            self._send(messages.ack(tokens))

    def watch(self, watches: list[Watch]) -> None:
        for w in watches:
            head = messages.watch(w.token, w.source, w.trigger, w.log, w.what, w.instance, w.fires_again, w.code)
            self._send(head, w.data)

    def unwatch(self, tokens: list[int]) -> None:
        if tokens:
            self._send(messages.unwatch(tokens))

    def go_on(self, token: int, event: int) -> None:
        self._send(messages.go_on(token, event))

    def answer(self, token: int, request: int, ok: bool, detail: dict[str, Any], body: bytes = b"") -> None:
        self._send(messages.answer(token, request, ok, **detail), body)

    def load(self, request: int, source: dict[str, Any], time_limit_s: float, memory_limit_mb: float | None) -> None:
        self._send(messages.load(request, source, time_limit_s, memory_limit_mb))

    def ask_dates(
        self, request: int, source: dict[str, Any], want: dict[str, Any], time_limit_s: float, fork_safe: bool
    ) -> None:
        self._send(messages.dates(request, source, want, time_limit_s, fork_safe))

    def stop(self, drain_s: float) -> None:
        self._send(messages.stop(drain_s))

    def _send(self, head: Head, body: bytes = b"") -> None:
        if self._socket is not None:  # without a crew nothing is sent: what it must know it asks for when it is back
            self._out += encode(head, body)

    def flush(self) -> None:
        while self._out and self._socket is not None:
            try:
                sent = self._socket.send(self._out)
            except BlockingIOError:
                return
            except OSError:
                return  # the end is noticed by the next read
            del self._out[:sent]

    # ── from the crew ──

    def poll(self) -> list[Report]:
        reports: list[Report] = []
        while self._socket is not None:
            try:
                data = self._socket.recv(READ_BYTES)
            except BlockingIOError:
                break
            except OSError as error:
                reports.append(self._lost(str(error)))
                break
            if not data:
                reports.append(self._lost("it closed the connection"))
                break
            for frame in self._decoder.feed(data):
                report = self._report(frame)
                if report is not None:
                    reports.append(report)
            if len(data) < READ_BYTES:
                break
        return reports

    def _lost(self, reason: str) -> Disconnected:
        self.close()
        return Disconnected(reason)

    def _report(self, frame: Frame) -> Report | None:
        head, body = frame
        kind = head["k"]
        if kind == "started":
            return Started(head["token"], head["pid"], head["at"])
        if kind == "ended":
            if self._named is not None:
                self._named.add(head["token"])
            return Ended(head["token"], head["outcome"], head["at"], head, body)
        if kind == "fired":
            return Fired(head["token"], head["kind"], head, body)
        if kind == "ask":
            return Asked(head["token"], head["request"], head["what"], head, body)
        if kind == "loaded":
            return Loaded(head["request"], body, head)
        if kind == "load_failed":
            return Loaded(head["request"], b"[]", head, head["error"])
        if kind == "dated":
            return Dated(head["request"], head)
        if kind == "state":
            return self._connected(head)
        if kind == "settled":
            named, self._named = self._named or set(), None
            return Settled(named)
        return None  # a kind this engine does not know; a newer crew sent it

    def _connected(self, head: Head) -> Connected:
        if head["v"] != PROTOCOL:
            advice = "It finishes what it has; restart with: venturi restart"
            raise ProtocolError(theirs=head["v"], ours=PROTOCOL, advice=advice)
        self.slots = head["slots"]
        self.crew_pid = head["pid"]
        alive = {one["token"]: (one["pid"], one["at"]) for one in head["alive"]}
        assert self._named is not None
        self._named.update(alive, head["waiting"])
        return Connected(self.slots, alive, set(head["waiting"]), set(head.get("watched") or ()))
