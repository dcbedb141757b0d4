"""Memory limits: private memory of a process and all below it, looked at a few times a second.

Owns the looking. Kills nothing itself. Never a resource limit: a limit on addresses breaks libraries that reserve
many and use few.
"""

from __future__ import annotations

from collections.abc import Callable

from ..linux import anonymous_mb, descendants, private_mb
from .loop import Loop, Timer

LOOKED_AT_EVERY_S = 0.1


class _Watched:
    __slots__ = ("limit_mb", "on_exceeded", "pid")

    def __init__(self, pid: int, limit_mb: float, on_exceeded: Callable[[float], None]) -> None:
        self.pid = pid
        self.limit_mb = limit_mb
        self.on_exceeded = on_exceeded


class Memory:
    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._watched: dict[int, _Watched] = {}
        self._timer: Timer | None = None

    def watch(self, pid: int, limit_mb: float, on_exceeded: Callable[[float], None]) -> None:
        """`on_exceeded` is told the megabytes found."""
        self._watched[pid] = _Watched(pid, limit_mb, on_exceeded)
        if self._timer is None:
            self._timer = self._loop.after(LOOKED_AT_EVERY_S, self._look)

    def unwatch(self, pid: int) -> None:
        self._watched.pop(pid, None)

    def _look(self) -> None:
        self._timer = None
        for one in list(self._watched.values()):
            pids = [one.pid, *descendants(one.pid)]
            # Cheap and never too low; the page tables are walked only where it matters.
            if sum(map(anonymous_mb, pids)) <= one.limit_mb:
                continue
            found_mb = sum(map(private_mb, pids))
            if found_mb > one.limit_mb:
                del self._watched[one.pid]
                one.on_exceeded(found_mb)
        if self._watched:
            self._timer = self._loop.after(LOOKED_AT_EVERY_S, self._look)
