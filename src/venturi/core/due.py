"""What a run is to have done by when, as the engine keeps it in memory: deadlines and SLAs whose moment is to come.

Owns the form and the order in which they are due. Decides nothing: `deadlines` does.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

DEADLINE, SLA = "deadline", "sla"


@dataclass(slots=True)
class Deadline:
    run: int
    n: int  # which of its run's
    kind: str
    due_at: float
    is_length: bool  # a length of time from its run's beginning, and no date
    detail: dict[str, Any] = field(default_factory=dict)


class Deadlines:
    """Those of unfinished runs, and of failed ones: what has not succeeded by then has missed it."""

    def __init__(self) -> None:
        self._open: dict[tuple[int, int], Deadline] = {}
        self._of_run: dict[int, set[int]] = {}
        self._heap: list[tuple[float, int, int]] = []  # an entry counts while its deadline is due at that time

    def __len__(self) -> int:
        return len(self._open)

    def add(self, one: Deadline) -> None:
        """In the place of what had this number."""
        self._open[one.run, one.n] = one
        self._of_run.setdefault(one.run, set()).add(one.n)
        heapq.heappush(self._heap, (one.due_at, one.run, one.n))

    def remove(self, one: Deadline) -> None:
        if self._open.pop((one.run, one.n), None) is not None:
            numbers = self._of_run[one.run]
            numbers.discard(one.n)
            if not numbers:
                del self._of_run[one.run]

    def of_run(self, run: int) -> list[Deadline]:
        return [self._open[run, n] for n in sorted(self._of_run.get(run, ()))]

    def next_at(self) -> float | None:
        self._drop()
        return self._heap[0][0] if self._heap else None

    def passed(self, now: float) -> Iterator[Deadline]:
        """Whose moment is there, in their order; each is to be removed by whoever takes it."""
        while (at := self.next_at()) is not None and at <= now:
            _, run, n = heapq.heappop(self._heap)
            yield self._open[run, n]

    def shift(self, by_s: float) -> None:
        """The clock was set: lengths of time pass as they would have, dates go by the clock."""
        for one in self._open.values():
            if one.is_length:
                one.due_at += by_s
        self._heap = [(one.due_at, *key) for key, one in self._open.items()]
        heapq.heapify(self._heap)

    def _drop(self) -> None:
        while self._heap:
            at, run, n = self._heap[0]
            one = self._open.get((run, n))
            if one is not None and one.due_at == at:
                return
            heapq.heappop(self._heap)
