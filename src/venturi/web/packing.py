"""States of many tasks in few bytes: a letter for each, and how often it stands there in a row.

Owns the letters and the memory of runs that have been read. An object per task instance is never made: a run of 10,000
tasks is one text. What is remembered of a run is void as soon as an event tells that something of it has changed.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from itertools import groupby
from typing import Any, NamedTuple

from ..store import Reader
from .readers import Known

LETTERS = {
    "none": "n",
    "scheduled": "c",
    "queued": "q",
    "starting": "q",
    "running": "r",
    "success": "s",
    "failed": "f",
    "skipped": "k",
    "up_for_retry": "y",
    "up_for_reschedule": "e",
    "deferred": "d",
    "upstream_failed": "u",
    "removed": "x",
}
ABSENT = "-"  # the run's version has no such task
RUNS_MAX = 2000
EVENTS_MAX = 2000  # more of them, and everything is read anew


def packed(letters: Iterable[str]) -> str:
    """`ssssf` is 4s1f."""
    return "".join(f"{sum(1 for _ in several)}{letter}" for letter, several in groupby(letters))


class States(NamedTuple):
    """Of one run: a letter for each task that has one, and how the instances of mapped tasks stand."""

    letters: dict[str, str]
    groups: dict[str, tuple[int, str]]  # task → how many, and their letters, packed and sorted


def read_states(reader: Reader, run: int) -> States:
    letters: dict[str, str] = {}
    counts: dict[str, dict[str, int]] = {}
    for task_id, mapped, state, n in reader.state_counts(run):
        letter = LETTERS[state]
        if not mapped:
            letters[task_id] = letter
        else:
            several = counts.setdefault(task_id, {})
            several[letter] = several.get(letter, 0) + n
    groups = {}
    for task_id, n, state in reader.group_states(run):
        letters[task_id] = LETTERS[state]
        found = counts.get(task_id, {})
        left = n - sum(found.values())
        if left > 0:
            found["n"] = found.get("n", 0) + left
        groups[task_id] = (n, "".join(f"{found[letter]}{letter}" for letter in sorted(found)))
    return States(letters, groups)


class Grids:
    """Runs as packed states, for all who look at them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[int, int], tuple[str, list[Any]]] = OrderedDict()
        self._event = -1

    def look(self, reader: Reader, rows: list[tuple[int, Known]], tasks: list[str], version: int) -> list[Any]:
        """(cells, mapped) of each run, for the tasks of this version in this order."""
        self._forget_what_changed(reader)
        found = []
        for run, known in rows:
            key = (run, version)
            with self._lock:
                kept = self._known.get(key)
                if kept is not None:
                    self._known.move_to_end(key)
            if kept is None:
                kept = _packed(read_states(reader, run), known, tasks)
                with self._lock:
                    self._known[key] = kept
                    while len(self._known) > RUNS_MAX:
                        self._known.popitem(last=False)
            found.append(kept)
        return found

    def _forget_what_changed(self, reader: Reader) -> None:
        newest = reader.last_event()
        with self._lock:
            before, self._event = self._event, newest
        if before < 0 or newest - before > EVENTS_MAX:
            with self._lock:
                self._known.clear()
        elif newest > before:
            changed = {event.run for event in reader.events_after(before, EVENTS_MAX) if event.run is not None}
            with self._lock:
                for key in [key for key in self._known if key[0] in changed]:
                    del self._known[key]


def _packed(states: States, known: Known, tasks: list[str]) -> tuple[str, list[Any]]:
    letters, there = states.letters, known.tasks
    cells = packed(letters.get(task) or ("n" if task in there else ABSENT) for task in tasks)
    groups = [[at, *states.groups[task]] for at, task in enumerate(tasks) if task in states.groups]
    return cells, groups
