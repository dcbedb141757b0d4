"""The engine's control socket: commands from the command line and the web, and runs that are followed.

Owns the connections and the forms of commands. What a command does happens in the engine's turn, and it is answered
once that is durable.
"""

from __future__ import annotations

import os
import selectors
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..core.errors import ProtocolError
from ..core.step import Turn
from ..wire.frames import Decoder, Head, encode

Command = Callable[[Turn], None]
OUT_BYTES_MAX = 16 * 1024 * 1024  # a client that does not read is let go


@dataclass(eq=False)
class Client:
    socket: socket.socket
    decoder: Decoder = field(default_factory=Decoder)
    out: bytearray = field(default_factory=bytearray)
    follows: set[int] = field(default_factory=set)  # run ids

    def send(self, head: Head) -> None:
        self.out += encode(head)
        self.flush()

    def flush(self) -> bool:
        """False when the client is gone."""
        while self.out:
            try:
                sent = self.socket.send(self.out)
            except BlockingIOError:
                return len(self.out) < OUT_BYTES_MAX
            except OSError:
                return False
            del self.out[:sent]
        return True


class Control:
    """`handle(client, head)` is given each command as it comes."""

    def __init__(self, address: str, selector: selectors.BaseSelector, handle: Callable[[Client, Head], None]) -> None:
        self._selector = selector
        self._handle = handle
        self.clients: set[Client] = set()
        self._address = address
        if os.path.exists(address):
            os.unlink(address)  # the engine lock is ours, so nobody listens there any more
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        self._listener.bind(address)
        os.chmod(address, 0o600)
        self._listener.listen(64)
        selector.register(self._listener, selectors.EVENT_READ, self._accept)

    def _accept(self, _: int) -> None:
        while True:
            try:
                link, _address = self._listener.accept()
            except BlockingIOError:
                return
            link.setblocking(False)
            client = Client(link)
            self.clients.add(client)
            self._selector.register(link, selectors.EVENT_READ, lambda mask, c=client: self._serve(c, mask))

    def _serve(self, client: Client, mask: int) -> None:
        if mask & selectors.EVENT_READ:
            try:
                data = client.socket.recv(1 << 16)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self.drop(client)
                return
            try:
                for head, _body in client.decoder.feed(data):
                    self._handle(client, head)
            except ProtocolError:  # not one of our clients
                self.drop(client)
                return
        self.settle(client)

    def settle(self, client: Client) -> None:
        """Send what is waiting, and listen for room if some of it had to wait."""
        if client not in self.clients:
            return
        if not client.flush():
            self.drop(client)
            return
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if client.out else 0)
        self._selector.modify(client.socket, wanted, self._selector.get_key(client.socket).data)

    def drop(self, client: Client) -> None:
        if client in self.clients:
            self.clients.discard(client)
            self._selector.unregister(client.socket)
            client.socket.close()

    def close(self) -> None:
        for client in list(self.clients):
            client.flush()
            self.drop(client)
        self._selector.unregister(self._listener)
        self._listener.close()
        if os.path.exists(self._address):
            os.unlink(self._address)


class Asker(Protocol):
    def send(self, head: Head) -> None: ...


def answer(client: Asker, head: Head, **result: Any) -> None:
    client.send({"k": "answer", "id": head.get("id"), "ok": True, **result})


def refuse(client: Asker, head: Head, code: str, message: str, **more: Any) -> None:
    client.send({"k": "answer", "id": head.get("id"), "ok": False, "code": code, "message": message, **more})
