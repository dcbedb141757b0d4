"""Time as an argument: the real clock, one that a proof can set, and the protocol a simulated one has."""

from __future__ import annotations

import time
from typing import Protocol

from ..config import environment


class Clock(Protocol):
    def now(self) -> float:
        """Seconds since the epoch."""


class WallClock:
    def now(self) -> float:
        return time.time()


class SetClock:
    """As far from the real clock as a file says, in seconds: for proofs in which a living engine's clock is set."""

    def __init__(self, file: str) -> None:
        self._file = file

    def now(self) -> float:
        try:
            with open(self._file) as file:
                ahead_s = float(file.read() or 0.0)
        except FileNotFoundError:
            ahead_s = 0.0
        return time.time() + ahead_s


def this_clock() -> Clock:
    """The wall clock; where `VENTURI_CLOCK_SET_BY` names a file, that one."""
    file = environment("VENTURI_CLOCK_SET_BY")
    return SetClock(file) if file else WallClock()
