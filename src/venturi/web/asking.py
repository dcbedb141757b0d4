"""Commands: over the engine's socket where an engine answers, else left in the database for the next one.

Owns the client's end of one command from the web. What a command does is the engine's.
"""

from __future__ import annotations

import json
import socket
from typing import Any

from ..config import Config, Home
from ..core.errors import ConnectionLost, EngineRefused, NoEngine, VenturiError
from ..store import open_store
from ..wire.frames import Decoder, Head, encode

ANSWER_S = 30.0
READ_BYTES = 1 << 16


class Waits(VenturiError):
    """No engine runs, so the command waits for the next one: {what}."""


def ask(home: Home, name: str, **arguments: Any) -> Head:
    """The engine's answer. NoEngine when none listens, EngineRefused when it says no."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as link:
        link.settimeout(ANSWER_S)
        try:
            link.connect(home.socket("engine"))
        except OSError:
            raise NoEngine(home=home.own) from None
        try:
            link.sendall(encode({"k": "command", "id": 1, "name": name, **arguments}))
            decoder = Decoder()
            while data := link.recv(READ_BYTES):
                for head, _ in decoder.feed(data):
                    if head.get("k") == "answer":
                        return _agreed(head)
        except TimeoutError:
            raise ConnectionLost(peer="engine", reason=f"it did not answer in {ANSWER_S:.0f} s") from None
        except OSError as error:
            raise ConnectionLost(peer="engine", reason=error.strerror or error) from None
    raise ConnectionLost(peer="engine", reason="it has ended")


def _agreed(head: Head) -> Head:
    if head.get("ok"):
        return head
    raise EngineRefused(**{"message": "The engine refused.", "code": "refused", **head})


def tell(home: Home, config: Config, name: str, **arguments: Any) -> Head:
    """As `ask`; without an engine the command is left for the next one, and `Waits` says so."""
    try:
        return ask(home, name, **arguments)
    except NoEngine:
        with open_store(config.database_url or home.database, create=False, key_file=home.sealing_key) as store:
            id = store.put_command(name, arguments)
        raise Waits(what=name, command=id, run_id=arguments.get("run_id")) from None


def is_json(value: Any) -> bool:
    """Whether it can go over the socket and into the database."""
    try:
        json.dumps(value, allow_nan=False).encode()
    except (ValueError, TypeError, RecursionError):
        return False
    return True
