"""Time as an argument: the real clock, and the protocol a simulated one has."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    def now(self) -> float:
        """Seconds since the epoch."""


class WallClock:
    def now(self) -> float:
        return time.time()
