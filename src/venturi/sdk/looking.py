"""Looking for files, for many who wait: one look at a folder tells all of them whether anything in it has changed.

Owns the rounds of looks of one event loop. Each round asks every folder for its time of change, a few microseconds
each; what waits there is looked for when that differs, and at its own interval in any case. What a folder's time does
not tell of (patterns over several folders, folders that a file is to come into) is looked for as often as is cheap.
"""

from __future__ import annotations

import asyncio
import contextvars
import glob
import heapq
import os
import time
from collections.abc import Callable, Iterable
from functools import partial
from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

from .triggers import found_file

ROUND_S = 0.4
ROUND_S_MAX = 5.0
IDLE_PER_LOOK = 50  # of the time that looks take, so that they never cost more than a fiftieth of a core
LISTED_FROM = 32  # so many names in one folder are looked up in its list
FRESH_NS = 2_000_000_000  # a folder that has just changed may change again within the same tick of its clock
TURNS_AN_INTERVAL = 10  # many who look at long intervals share their rounds
HUNG_S = 10.0  # a folder that does not answer (a lost network drive) is left alone until it does

Signature = tuple[int, ...] | None


class Wait:
    """All that wait for one pattern."""

    __slots__ = ("due_at", "folder", "futures", "interval_s", "is_deep", "name", "pattern", "recursive")

    def __init__(self, pattern: str, recursive: bool, folder: Folder) -> None:
        self.pattern, self.recursive, self.folder = pattern, recursive, folder
        self.name = os.path.basename(pattern)
        self.is_deep = not self.name or glob.has_magic(os.path.dirname(pattern)) or "**" in self.name
        self.interval_s = float("inf")
        self.due_at = float("inf")  # when it is looked for next, whether its folder changes or not
        self.futures: dict[asyncio.Future[str], None] = {}


class Folder:
    __slots__ = ("hangs", "path", "seen", "waits")

    def __init__(self, path: str) -> None:
        self.path = path
        self.seen: Signature = ()
        self.waits: dict[tuple[str, bool], Wait] = {}
        self.hangs = False


Found = list[tuple[Wait, str | None, bool]]  # what was found, and whether a folder stands there


class Looker:
    def __init__(self) -> None:
        self._folders: dict[str, Folder] = {}
        self._due: list[tuple[float, int, Wait]] = []
        self._numbers = count()
        self._task: asyncio.Task[None] | None = None
        self._more = asyncio.Event()
        self._deep = 0  # how many waits are of that kind
        self._deep_s = 0.0  # what a look at one of them takes

    async def found(self, pattern: str, recursive: bool, interval_s: float) -> str:
        """The first file that fits, once there is one; looked for every `interval_s` at least."""
        future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        wait = self._add(pattern, recursive, max(interval_s, 0.01))
        wait.futures[future] = None
        if self._task is None or self._task.done():
            # In nobody's context: what it says is no trigger's.
            self._task = contextvars.Context().run(asyncio.get_running_loop().create_task, self._rounds())
        try:
            return await future
        finally:
            del wait.futures[future]
            if not wait.futures:
                self._drop(wait)

    def _add(self, pattern: str, recursive: bool, interval_s: float) -> Wait:
        path = os.path.dirname(pattern)
        folder = self._folders.get(path)
        if folder is None:
            folder = self._folders[path] = Folder(path)
        wait = folder.waits.get((pattern, recursive))
        if wait is None:
            wait = folder.waits[pattern, recursive] = Wait(pattern, recursive, folder)
            self._deep += wait.is_deep
        if interval_s < wait.interval_s or wait.is_deep:
            wait.interval_s = min(interval_s, wait.interval_s)
            self._look_at(wait, 0.0)
        return wait

    def _drop(self, wait: Wait) -> None:
        folder = wait.folder
        if folder.waits.get((wait.pattern, wait.recursive)) is wait:
            del folder.waits[wait.pattern, wait.recursive]
            self._deep -= wait.is_deep
            if not folder.waits and self._folders.get(folder.path) is folder:
                del self._folders[folder.path]

    def _look_at(self, wait: Wait, in_s: float) -> None:
        at = time.monotonic() + in_s
        if in_s > 0.0:
            step_s = min(in_s / TURNS_AN_INTERVAL, ROUND_S_MAX)
            at = at // step_s * step_s
        if at >= wait.due_at:
            return
        wait.due_at = at
        heapq.heappush(self._due, (at, next(self._numbers), wait))
        if in_s == 0.0:
            self._more.set()

    # ── rounds ──

    async def _rounds(self) -> None:
        while self._folders:
            began_at = time.monotonic()
            self._more.clear()
            changed = await self._changed_folders()
            wanted = {id(w): w for folder in changed for w in list(folder.waits.values()) if not w.is_deep}
            due = self._take_due()
            wanted.update((id(wait), wait) for wait in due)
            found_some = await self._look(wanted.values())
            for wait in due:
                if wait.futures:
                    self._look_at(wait, self._pause_s(wait))
            took_s = time.monotonic() - began_at
            # A round that has found something was worth its time, and where files come, more come.
            pause_s = ROUND_S if found_some else min(max(ROUND_S, took_s * IDLE_PER_LOOK), ROUND_S_MAX)
            try:
                await asyncio.wait_for(self._more.wait(), max(0.005, min(pause_s, self._next_due_s())))
            except asyncio.TimeoutError:
                pass

    def _pause_s(self, wait: Wait) -> float:
        if not wait.is_deep:
            return wait.interval_s
        return min(wait.interval_s, max(ROUND_S, self._deep_s * self._deep * IDLE_PER_LOOK))

    def _next_due_s(self) -> float:
        while self._due and not _stands(self._due[0]):
            heapq.heappop(self._due)
        return self._due[0][0] - time.monotonic() if self._due else float("inf")

    def _take_due(self) -> list[Wait]:
        now = time.monotonic()
        taken = []
        while self._due and self._due[0][0] <= now:
            entry = heapq.heappop(self._due)
            if _stands(entry):
                entry[2].due_at = float("inf")
                taken.append(entry[2])
        return taken

    async def _changed_folders(self) -> list[Folder]:
        folders = [folder for folder in self._folders.values() if not folder.hangs]
        seen: dict[str, Signature] = {}

        def look(folder: Folder) -> None:
            seen[folder.path] = _signature(folder.path)

        await self._each(folders, look)
        changed = []
        for folder in folders:
            signature = seen.get(folder.path, folder.seen)
            if signature != folder.seen or _is_fresh(signature):
                folder.seen = signature
                changed.append(folder)
        return changed

    async def _look(self, waits: Iterable[Wait]) -> bool:
        """Whether anything was found."""
        by_folder: dict[Folder, list[Wait]] = {}
        for wait in waits:
            if not wait.folder.hangs:
                by_folder.setdefault(wait.folder, []).append(wait)
        found: Found = []
        took: list[float] = []
        await self._each(list(by_folder), lambda folder: _look_in(folder, by_folder[folder], found, took))
        if took:
            self._deep_s = sum(took) / len(took)
        for wait, path, is_folder in found:
            if path is not None:
                for future in wait.futures:
                    if not future.done():
                        future.set_result(path)
            elif is_folder and not wait.is_deep:  # a file is to come into it, of which its own folder does not tell
                wait.is_deep = True
                self._deep += 1
                self._look_at(wait, ROUND_S)
        return any(path is not None for _, path, _ in found)

    async def _each(self, folders: list[Folder], look: Callable[[Folder], None]) -> None:
        """One after the other in a thread; one that does not come back is left to it, and the others go on."""
        at = 0
        while at < len(folders):
            reached = [at]
            job = asyncio.get_running_loop().run_in_executor(None, _walk, folders, reached, look)
            done, _ = await asyncio.wait([job], timeout=HUNG_S)
            while not done and reached[0] > at:  # it is slow, but it goes on
                at = reached[0]
                done, _ = await asyncio.wait([job], timeout=HUNG_S)
            if done:
                job.result()
                return
            hung = folders[at]
            hung.hangs = True
            reached.append(-1)  # the thread stops there once it comes back
            job.add_done_callback(partial(_answers_again, hung))
            at += 1


def _stands(due: tuple[float, int, Wait]) -> bool:
    """Whether somebody still waits, and it is not looked for sooner."""
    at, _, wait = due
    return bool(wait.futures) and at == wait.due_at


def _answers_again(folder: Folder, _: Any) -> None:
    folder.hangs = False


def _walk(folders: list[Folder], reached: list[int], look: Callable[[Folder], None]) -> None:
    while reached[0] < len(folders) and len(reached) == 1:
        look(folders[reached[0]])
        reached[0] += 1


def _signature(path: str) -> Signature:
    try:
        found = os.stat(path or ".")
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_ino, found.st_dev)


def _is_fresh(signature: Signature) -> bool:
    return bool(signature) and abs(time.time_ns() - signature[0]) < FRESH_NS  # type: ignore[index]


def _look_in(folder: Folder, waits: list[Wait], found: Found, took: list[float]) -> None:
    names: set[str] | None = None
    if len(waits) >= LISTED_FROM:
        try:
            names = set(os.listdir(folder.path or "."))
        except OSError:
            names = set()
    for wait in waits:
        began_at = time.monotonic()
        if names is not None and wait.name not in names and not wait.is_deep and not glob.has_magic(wait.name):
            continue
        path = found_file(wait.pattern, wait.recursive)
        is_folder = path is None and not wait.is_deep and _is_a_folder_there(wait)
        found.append((wait, path, is_folder))
        if wait.is_deep:
            took.append(time.monotonic() - began_at)


def _is_a_folder_there(wait: Wait) -> bool:
    return any(True for _ in glob.iglob(wait.pattern, recursive=wait.recursive))


_lookers: WeakKeyDictionary[Any, Looker] = WeakKeyDictionary()


def looker() -> Looker:
    """Of the loop that runs."""
    loop = asyncio.get_running_loop()
    found = _lookers.get(loop)
    if found is None:
        found = _lookers[loop] = Looker()
    return found
