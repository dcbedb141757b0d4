"""Shows a run as it goes: live counts on a terminal, a line per task elsewhere, failures always.

Owns what `venturi run` prints while it waits. Everything goes to stderr.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from typing import Any, Protocol

from ..wire.frames import Head
from .printing import say

LINES_MAX = 200  # beyond this many changes a line each would bury the failures
SUMMARY_EVERY_S = 2.0
BAD = frozenset({"failed", "upstream_failed"})
ENDED = BAD | {"success", "skipped", "removed"}
_MARKS = {"success": "✓", "failed": "✗", "skipped": "·", "upstream_failed": "✗", "up_for_retry": "↻", "running": "▸"}
_COLOURS = {"success": "green", "failed": "red", "upstream_failed": "dark_orange", "running": "cyan"}


class View(Protocol):
    def take(self, event: Head) -> None: ...
    def close(self) -> None: ...


def view(what: str) -> View:
    return _Live(what) if sys.stderr.isatty() else _Lines()


def name_of(task_id: str, map_index: int) -> str:
    return task_id if map_index < 0 else f"{task_id}[{map_index}]"


class _States:
    """The newest state of every instance that was told of."""

    def __init__(self) -> None:
        self.now: dict[str, str] = {}
        self.counts: Counter[str] = Counter()

    def take(self, changed: list[list[Any]]) -> None:
        for task_id, map_index, state, *_ in changed:
            name = name_of(task_id, map_index)
            before = self.now.get(name)
            if before is not None:
                self.counts[before] -= 1
            self.now[name] = state
            self.counts[state] += 1

    def summary(self) -> str:
        return " · ".join(f"{n} {state}" for state, n in sorted(self.counts.items()) if n)


class _Lines:
    def __init__(self) -> None:
        self._states = _States()
        self._printed = 0
        self._summed_at = 0.0

    def take(self, event: Head) -> None:
        changed = event.get("changed") or []
        self._states.take(changed)
        for task_id, map_index, state, _try, reason, *_ in changed:
            if state in BAD or state == "up_for_retry" or (state in ENDED and self._printed < LINES_MAX):
                self._printed += 1
                because = f": {reason}" if reason and state != "success" else ""
                say(f"{_MARKS.get(state, ' ')} {name_of(task_id, map_index)} {state}{because}")
        if self._printed >= LINES_MAX and time.monotonic() - self._summed_at > SUMMARY_EVERY_S:
            self._summed_at = time.monotonic()
            say(f"  {self._states.summary()}")

    def close(self) -> None:
        pass


class _Live:
    """A block that is drawn anew: the counts, and what is running."""

    def __init__(self, what: str) -> None:
        from rich.console import Console
        from rich.live import Live

        self._what = what
        self._states = _States()
        self._began = time.monotonic()
        self._live = Live(
            console=Console(stderr=True), refresh_per_second=10, transient=True, get_renderable=self._draw
        )
        self._live.start()

    def take(self, event: Head) -> None:
        changed = event.get("changed") or []
        self._states.take(changed)
        for task_id, map_index, state, _try, reason, *_ in changed:
            if state in ("failed", "up_for_retry"):
                line = f"{_MARKS[state]} {name_of(task_id, map_index)} {state}: {reason or 'no reason given'}"
                self._live.console.print(line, markup=False, highlight=False)

    def _draw(self) -> Any:
        from rich.text import Text

        text = Text(f"{self._what}  {time.monotonic() - self._began:.0f} s  ", style="bold")
        for state, n in sorted(self._states.counts.items()):
            if n:
                text.append(f" {n} {state} ", style=_COLOURS.get(state, ""))
        running = [name for name, state in self._states.now.items() if state == "running"] if self._few() else []
        for name in running[:8]:
            text.append(f"\n  ▸ {name}", style="cyan")
        if len(running) > 8:
            text.append(f"\n    and {len(running) - 8} more")
        return text

    def _few(self) -> bool:
        """Whether looking through all instances at each frame is cheap."""
        return len(self._states.now) < 5000

    def close(self) -> None:
        self._live.stop()
