"""The crew's one loop: descriptors that are ready, moments that have come.

Owns epoll, the heap of timers and the closing of descriptors. Knows nothing of what they mean.
"""

from __future__ import annotations

import heapq
import os
import select
from collections.abc import Callable
from time import monotonic

READ = select.EPOLLIN
WRITE = select.EPOLLOUT

Handler = Callable[[int], None]  # told the events


class Timer:
    __slots__ = ("_loop", "at", "call", "cancelled")

    def __init__(self, loop: Loop, at: float, call: Callable[[], None]) -> None:
        self._loop = loop
        self.at = at
        self.call = call
        self.cancelled = False

    def cancel(self) -> None:
        if not self.cancelled:
            self.cancelled = True
            self._loop.one_cancelled()

    def __lt__(self, other: Timer) -> bool:
        return self.at < other.at


class Loop:
    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._handlers: dict[int, Handler] = {}
        self._timers: list[Timer] = []
        self._cancelled = 0
        self._closing: list[int] = []
        self.after_each: Callable[[], None] = lambda: None
        self.stopped = False

    # ── descriptors ──

    def add(self, fd: int, handler: Handler, events: int = READ) -> None:
        self._handlers[fd] = handler
        self._epoll.register(fd, events)

    def change_handler(self, fd: int, handler: Handler) -> None:
        self._handlers[fd] = handler

    def change(self, fd: int, events: int) -> None:
        self._epoll.modify(fd, events)

    def remove(self, fd: int) -> None:
        """Before closing: a pipe shared with other processes would stay in the epoll otherwise."""
        if self._handlers.pop(fd, None) is not None:
            self._epoll.unregister(fd)

    def close(self, fd: int) -> None:
        """At the end of this round, so that no event of the round meets a new descriptor under the old number."""
        self.remove(fd)
        self._closing.append(fd)

    # ── time ──

    def after(self, seconds: float, call: Callable[[], None]) -> Timer:
        timer = Timer(self, monotonic() + seconds, call)
        heapq.heappush(self._timers, timer)
        return timer

    def one_cancelled(self) -> None:
        """Long limits of short attempts must not pile up."""
        self._cancelled += 1
        if self._cancelled > 1000 and self._cancelled > len(self._timers) // 2:
            self._timers[:] = [timer for timer in self._timers if not timer.cancelled]
            heapq.heapify(self._timers)
            self._cancelled = 0

    def _next_s(self) -> float:
        timers = self._timers
        while timers and timers[0].cancelled:
            heapq.heappop(timers)
            self._cancelled -= 1
        return max(0.0, timers[0].at - monotonic()) if timers else -1.0

    def _run_due(self) -> None:
        timers = self._timers
        now = monotonic()
        while timers and (timers[0].cancelled or timers[0].at <= now):
            timer = heapq.heappop(timers)
            if timer.cancelled:
                self._cancelled -= 1
            else:
                timer.cancelled = True
                timer.call()

    # ── running ──

    def run(self) -> None:
        poll, handlers, closing = self._epoll.poll, self._handlers, self._closing
        while not self.stopped:
            for fd, events in poll(self._next_s()):
                handler = handlers.get(fd)
                if handler is not None:
                    handler(events)
            if self._timers:
                self._run_due()
            self.after_each()
            if closing:
                for fd in closing:
                    os.close(fd)
                closing.clear()
