"""One look for all who follow: which event is the newest, and whether engine and database answer.

Owns the looking, which goes on only while somebody follows. What is told to whom is `live`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic

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
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self.newest = -1
        self.health: dict[str, str | None] = {}

    @asynccontextmanager
    async def followed(self) -> AsyncIterator[None]:
        self._followers += 1
        if self._task is None:
            self._task = asyncio.create_task(self._look())
        try:
            yield
        finally:
            self._followers -= 1
            if self._followers == 0 and self._task is not None:
                self._task.cancel()
                self._task = None

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
        looked_at = -HEALTH_S
        while True:
            newest = await asyncio.to_thread(self._newest)
            told = self.health
            if newest is None or monotonic() - looked_at >= HEALTH_S:
                looked_at = monotonic()
                found = await health(self._home)
                told = {"database": found["metadatabase"]["status"], "engine": found["scheduler"]["status"]}
            if newest is None:
                told = {**told, "database": "unhealthy"}
            if (newest is not None and newest != self.newest) or told != self.health:
                self.newest, self.health = self.newest if newest is None else newest, told
                before, self._changed = self._changed, asyncio.Event()
                before.set()
            await asyncio.sleep(LOOK_S if newest is not None else HEALTH_S)

    def _newest(self) -> int | None:
        try:
            with self._readers.take() as reader:
                return reader.last_event()
        except VenturiError:
            return None
