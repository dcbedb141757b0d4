"""Commands to the engine: asked, asked again while it restarts, or left in the database for the next one.

Owns the waiting for an engine. What an answer means is for the verbs.
"""

from __future__ import annotations

import time
from typing import Any

from ..config import Home, read_config
from ..core.errors import ConnectionLost, EngineRefused, NoEngine
from .client import Client
from .printing import say

ANSWER_S = 30.0
AGAIN_S = 5.0  # how long a restarting engine is waited for
POLL_S = 0.05
NOTICE_S = 5.0


def ask(home: Home, name: str, given: dict[str, Any]) -> dict[str, Any] | None:
    """The engine's answer; None if there is no engine. One that ends while it is asked is asked again."""
    give_up_at: float | None = None
    while True:
        try:
            with Client(home, timeout_s=ANSWER_S) as client:
                return client.call(name, **given)
        except ConnectionLost:
            give_up_at = give_up_at or time.monotonic() + AGAIN_S
        except NoEngine:
            if give_up_at is None or time.monotonic() > give_up_at:
                return None
        time.sleep(POLL_S)


def leave(home: Home, name: str, given: dict[str, Any], create: bool = False) -> None:
    """Insert the command's row; the next engine takes it up."""
    from ..store import open_store

    config = read_config(home)
    with open_store(config.database_url or home.database, create) as store:
        store.put_command(name, given)
    say("No engine is running: the command waits for the next `venturi up`.")


def tell_settings_changed(home: Home) -> list[str]:
    """After a change in the database: the DAG files that a running engine reads again because of it."""
    try:
        with Client(home, timeout_s=NOTICE_S) as client:
            return list(client.call("settings_changed")["files"])
    except (NoEngine, ConnectionLost, EngineRefused):
        return []  # an engine that starts reads every file anyway
