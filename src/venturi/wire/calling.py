"""A connection to one of our sockets, from outside: one command, one answer; or a run, followed to its end.

Owns the asking end of these sockets, for the command line and the web process alike. Blocks, and prints nothing.
"""

from __future__ import annotations

import itertools
import socket
from collections.abc import Iterator
from typing import Any

from ..core.errors import ConnectionLost, EngineRefused
from .frames import Decoder, Frame, Head, encode

READ_BYTES = 1 << 16
RUN_FINAL = frozenset({"success", "failed"})


class Caller:
    """Commands wait for their answer; `follow` yields what a run's following streams. OSError where nobody listens."""

    def __init__(self, address: str, peer: str, timeout_s: float | None = None) -> None:
        self._peer = peer
        self._ids = itertools.count(1)
        self._decoder = Decoder()
        self._frames: Iterator[Frame] = iter(())
        self._early: list[Head] = []  # events that came before the answer to their `follow`
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        self._socket.settimeout(timeout_s)
        try:
            self._socket.connect(address)
        except OSError:
            self._socket.close()
            raise

    def close(self) -> None:
        self._socket.close()

    def call(self, name: str, **arguments: Any) -> Head:
        """The answer; EngineRefused (its `parts` hold the code and all the answer said) when it is no."""
        number = next(self._ids)
        self._send({"k": "command", "name": name, "id": number, **arguments})
        while True:
            head = self._read()
            if head.get("k") == "answer" and head.get("id") == number:
                if head.get("ok"):
                    return head
                raise EngineRefused(**{"message": "The engine refused.", "code": "refused", **head})
            if head.get("k") == "event":
                self._early.append(head)

    def send(self, name: str, **arguments: Any) -> None:
        """A command whose answer the reading side passes over; safe beside a `call` or `follow` in another thread."""
        self._send({"k": "command", "name": name, "id": next(self._ids), **arguments})

    def follow(self, dag_id: str, run_id: str) -> Iterator[Head]:
        """Every change of the run from now on; the last event has its final state."""
        self.call("follow", dag_id=dag_id, run_id=run_id)
        while True:
            head = self._early.pop(0) if self._early else self._read()
            if head.get("k") == "event":
                yield head
                if head.get("state") in RUN_FINAL:
                    return

    def _send(self, head: Head) -> None:
        try:
            self._socket.sendall(encode(head))
        except OSError as error:
            raise ConnectionLost(peer=self._peer, reason=error.strerror or error) from None

    def _read(self) -> Head:
        while True:
            for head, _ in self._frames:
                return head
            try:
                data = self._socket.recv(READ_BYTES)
            except TimeoutError:
                raise ConnectionLost(peer=self._peer, reason="it did not answer in time") from None
            except OSError as error:
                raise ConnectionLost(peer=self._peer, reason=error.strerror or error) from None
            if not data:
                raise ConnectionLost(peer=self._peer, reason="it has ended")
            self._frames = self._decoder.feed(data)
