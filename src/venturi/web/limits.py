"""How often somebody may try: plain counters in memory, over windows of fixed length.

Owns the numbers. A window ends by itself, so nobody is locked out for long by what others try.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

# what → how often within how many seconds
LIMITS = {
    "sign-in of an address": (30, 60.0),
    "sign-in of a name from an address": (8, 60.0),
    "requests": (6000, 10.0),
}
KEYS_MAX = 10_000


class Limits:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._windows: dict[tuple[str, str], tuple[float, int]] = {}
        self._lock = threading.Lock()

    def wait_s(self, what: str, key: str) -> float:
        """How long until the next may come; 0 for now."""
        most, _ = LIMITS[what]
        with self._lock:
            end, n = self._windows.get((what, key), (0.0, 0))
            now = self._clock()
            return end - now if n >= most and end > now else 0.0

    def count(self, what: str, key: str) -> None:
        _, length_s = LIMITS[what]
        with self._lock:
            now = self._clock()
            end, n = self._windows.get((what, key), (0.0, 0))
            if end <= now:
                if len(self._windows) >= KEYS_MAX:
                    self._windows = {k: v for k, v in self._windows.items() if v[0] > now}
                    if len(self._windows) >= KEYS_MAX:
                        self._windows.clear()  # rather than grow without an end
                end, n = now + length_s, 0
            self._windows[(what, key)] = (end, n + 1)
