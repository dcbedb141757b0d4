"""Places that attempts take: slots of pools, and of the executor. Owns the sums of each, and whether there is room."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Pool:
    slots: int  # −1: without a limit
    used: int = 0
    deferred: int = 0  # slots of instances that wait without a process
    include_deferred: bool = False
    defined: bool = False  # by a person
    passed: int = 0  # starts that somebody in it could have made, since the longest passed over had its turn

    @property
    def taken(self) -> int:
        return self.used + self.deferred if self.include_deferred else self.used

    def has_room(self, n: int) -> bool:
        """A pool that was made smaller than what is in it has none, until enough of that has ended."""
        return self.slots < 0 or self.taken + n <= self.slots


@dataclass(slots=True)
class Capacity:
    """Places at the executor. Reused children take several attempts in advance: each of them is a process already."""

    slots: int
    online: bool = True
    forked: int = 0
    reused: int = 0
    ahead: int = 4  # attempts handed out per slot for tasks with isolation="reuse"

    @property
    def is_full(self) -> bool:
        """Several attempts at once, and no place for one more."""
        return self.forked >= self.slots > 1 or self.reused > self.slots

    @property
    def is_exhausted(self) -> bool:
        """No place for anything."""
        return not (self.online and (self.has_room("fork") or self.has_room("reuse")))

    def has_room(self, isolation: str) -> bool:
        if isolation == "reuse":
            return self.reused < self.slots * self.ahead and self.forked < self.slots
        return self.forked + min(self.reused, self.slots) < self.slots
