"""Commands: over the engine's socket where an engine answers, else left in the database for the next one.

Owns what becomes of a command without an engine. What a command does is the engine's.
"""

from __future__ import annotations

import json
from typing import Any

from ..config import Config, Home
from ..core.errors import NoEngine, VenturiError
from ..store import open_store
from ..wire.calling import Caller
from ..wire.frames import Head

ANSWER_S = 30.0


class Waits(VenturiError):
    """No engine runs, so the command waits for the next one: {what}."""


def ask(home: Home, name: str, **arguments: Any) -> Head:
    """The engine's answer. NoEngine when none listens, EngineRefused when it says no."""
    try:
        link = Caller(home.socket("engine"), "engine", ANSWER_S)
    except OSError:
        raise NoEngine(home=home.own) from None
    try:
        return link.call(name, **arguments)
    finally:
        link.close()


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
