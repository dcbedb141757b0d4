"""Talks to the engine (or to `up`) over its control socket.

Owns which socket that is, and what it means that nobody listens there. Prints nothing.
"""

from __future__ import annotations

from ..config import Home
from ..core.errors import NoEngine
from ..wire.calling import RUN_FINAL, Caller

__all__ = ["RUN_FINAL", "Client"]


class Client(Caller):
    def __init__(self, home: Home, peer: str = "engine", timeout_s: float | None = None) -> None:
        try:
            super().__init__(home.socket(peer), peer, timeout_s)
        except OSError:
            raise NoEngine(home=home.own) from None

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
