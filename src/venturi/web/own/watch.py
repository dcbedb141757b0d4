"""One look for all who follow: which event is the newest, and whether engine and database answer.

Owns the looking, which goes on only while somebody follows. What is told to whom is `live`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ...config import Home
from ...core.errors import VenturiError
from ..health import health
from ..readers import Readers

LOOK_S = 0.05  # between a commit and the screen there is half of it, on average
HEALTH_S = 1.0


class Watch:
    def __init__(self, home: Home, readers: Readers) -> None:
        self._home, self._readers = home, readers
        self._followers = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._changed = asyncio.Event()
        self._can_read = True
        self.newest = -1
        self.health: dict[str, str | None] = {}

    @asynccontextmanager
    async def followed(self) -> AsyncIterator[None]:
        self._followers += 1
        if not self._tasks:
            # Apart from one another: an engine that is slow to say how it is keeps no event from the screen.
            self._tasks = [asyncio.create_task(self._look()), asyncio.create_task(self._look_at_health())]
        try:
            yield
        finally:
            self._followers -= 1
            if self._followers == 0:
                for task in self._tasks:
                    task.cancel()
                self._tasks = []

    async def changed(self, event: int, health: dict[str, str | None], limit_s: float) -> bool:
        """Whether there is more than this event, or another health than this, before the limit is over."""
        if self.newest > event or self.health != health:
            return True
        try:
            await asyncio.wait_for(self._changed.wait(), limit_s)
        except asyncio.TimeoutError:
            return False
        return True

    async def _look(self) -> None:
        while True:
            newest = await asyncio.to_thread(self._newest)
            self._can_read = newest is not None
            if newest is None:
                self._tell(self.newest, {**self.health, "database": "unhealthy"})
            else:
                self._tell(newest, self.health)
            await asyncio.sleep(LOOK_S if newest is not None else HEALTH_S)

    async def _look_at_health(self) -> None:
        while True:
            found = await health(self._home)
            database = found["metadatabase"]["status"] if self._can_read else "unhealthy"
            self._tell(self.newest, {"database": database, "engine": found["scheduler"]["status"]})
            await asyncio.sleep(HEALTH_S)

    def _tell(self, newest: int, told: dict[str, str | None]) -> None:
        if newest == self.newest and told == self.health:
            return
        self.newest, self.health = newest, told
        before, self._changed = self._changed, asyncio.Event()
        before.set()

    def _newest(self) -> int | None:
        try:
            with self._readers.take() as reader:
                return reader.last_event()
        except VenturiError:
            return None
