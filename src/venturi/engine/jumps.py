"""The wall clock was set: noticing it, and putting what lasts a length of time on the new clock.

Owns the difference between dates and lengths. Dates (schedules) go by the wall clock as it is; a retry's delay, a
sensor's interval and a time limit are lengths, which pass as they would have had nobody touched the clock. What a
jump moves in memory moves in the database with the next commit, so that it holds over a restart.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from ..core.states import FINAL
from ..core.world import Cell, World
from .clock import Clock

JUMP_S = 2.0  # less is taken for the clock being corrected, and followed
PAUSE_S_MAX = 0.2  # between looking at one clock and at the other


class Jumps:
    """Compares the wall clock with one that nobody can set."""

    def __init__(self, clock: Clock, steady: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._steady = clock, steady
        self._ahead = self._clock.now() - self._steady()

    def since(self) -> float:
        """By how many seconds the clock was set since this was last asked; 0.0 if it was not."""
        before = self._steady()
        ahead = self._clock.now() - before
        if self._steady() - before > PAUSE_S_MAX:
            return 0.0  # this process was held up between the two: look again next time
        by, self._ahead = ahead - self._ahead, ahead
        return by if abs(by) > JUMP_S else 0.0


def shift(world: World, by_s: float) -> None:
    """Every time in memory that a length is counted from or to."""
    world.timers = [(at + by_s, *rest) for at, *rest in world.timers]  # type: ignore[misc]  # still a heap
    world.time_limits = [(at + by_s, run) for at, run in world.time_limits]
    world.start_limits = [(at + by_s, token) for at, token in world.start_limits]
    world.deadlines.shift(by_s)
    for run in world.runs.values():
        run.last_end += by_s
        if run.started_at is not None:
            run.started_at += by_s
    for cell in _cells(world):
        if cell.wake_at is not None:
            cell.wake_at += by_s
        if cell.started_at is not None:
            cell.started_at += by_s


def _cells(world: World) -> Iterator[Cell]:
    for run in world.runs.values():
        for node in run.nodes:
            if node.cell is not None and node.cell.state not in FINAL:
                yield node.cell
            yield from node.live.values()
