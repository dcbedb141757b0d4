"""Memory limits: held by the kernel where it lets us make control groups, else looked at a few times a second.

Owns the looking, at the private memory of a process and all below it. Kills nothing itself. Never a resource limit: a
limit on addresses breaks libraries that reserve many and use few.
"""

from __future__ import annotations

from collections.abc import Callable

from ..linux import anonymous_mb, descendants, private_mb
from .cgroups import Group, Groups
from .loop import Loop, Timer

LOOKED_AT_EVERY_S = 0.1


class _Watched:
    __slots__ = ("limit_mb", "on_exceeded", "pid")

    def __init__(self, pid: int, limit_mb: float, on_exceeded: Callable[[float], None]) -> None:
        self.pid = pid
        self.limit_mb = limit_mb
        self.on_exceeded = on_exceeded


class Memory:
    def __init__(self, loop: Loop, name: str) -> None:
        self._loop = loop
        self._name = name  # of our groups' folder: another crew of this home finds the same
        self._groups: Groups | None = None
        self._looked_for_groups = False
        self._held: dict[int, Group] = {}
        self._watched: dict[int, _Watched] = {}
        self._timer: Timer | None = None

    def hold(self, pid: int, limit_mb: float, on_exceeded: Callable[[float], None]) -> None:
        """To the end of this process, by the kernel if it can be (`release` then tells), else watched."""
        if not self._looked_for_groups:
            self._looked_for_groups = True
            self._groups = Groups.find(self._name)
        if self._groups is not None:
            group = self._groups.group(str(pid))
            try:
                group.hold(pid, limit_mb)
                self._held[pid] = group
                return
            except OSError:
                group.remove()
        self.watch(pid, limit_mb, on_exceeded)

    def release(self, pid: int) -> float | None:
        """It is dead: the megabytes at which the kernel ended it for its limit, None if it did not."""
        self.unwatch(pid)
        group = self._held.pop(pid, None)
        if group is None:
            return None
        peak_mb = group.peak_mb() or 0.0 if group.killed() else None
        group.remove()
        return peak_mb

    def close(self) -> None:
        if self._groups is not None:
            self._groups.close()

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
