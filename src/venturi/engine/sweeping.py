"""Files that nobody names any more: logs of removed runs, large values, sources of versions that are gone.

Owns the removal of files, in a thread of its own with its own reader, so that no turn waits for a disk. A file named by
its content may be about to be named: an attempt writes its value before the result that tells of it, a zygote its
sources before the version that lists them. Only what no row names and what is older than any attempt at work goes;
whoever finds such a file there already makes it young again (`runtime.sources.write_once`).
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..store import Reader
from ..wire.log_names import run_folder

LOOKED_UP_MAX = 200  # files at a time
MANIFEST = ".modules.json"
GOING = ".going"  # a file that is looked at once more before it goes


@dataclass(frozen=True, slots=True)
class Places:
    logs: Path
    values: Path
    sources: Path


@dataclass(slots=True)
class Job:
    """One piece of work for the thread, and what has come of it."""

    act: Callable[[Job], None]
    files: int = 0
    bytes: int = 0
    done: threading.Event = field(default_factory=threading.Event)
    given_up: threading.Event = field(default_factory=threading.Event)  # the engine ends

    def start(self) -> None:
        threading.Thread(target=self._run, name="sweeping", daemon=True).start()

    def _run(self) -> None:
        try:
            self.act(self)
        except OSError:
            pass  # a folder that cannot be read: what is left is found again the next time
        finally:
            self.done.set()


def remove_logs(places: Places, runs: list[tuple[str, str]]) -> Job:
    """Of these (dag_id, run_id)."""

    def act(job: Job) -> None:
        for dag_id, run_id in runs:
            folder = places.logs / run_folder(dag_id, run_id)
            for at, _, names in os.walk(folder):
                job.files += len(names)
                job.bytes += sum(_size(os.path.join(at, name)) for name in names)
            shutil.rmtree(folder, ignore_errors=True)

    return Job(act)


def remove_unnamed(places: Places, reader: Callable[[], Reader], before: float) -> Job:
    """Of what was last written before a moment."""

    def act(job: Job) -> None:
        with reader() as reads:
            for stretch in _old_files(places.values, before):
                named = reads.named_values(path.name for path in stretch)
                _remove((path for path in stretch if path.name not in named), before, job)
                if job.given_up.is_set():
                    return
            kept = _named_sources(reads, job)
            for stretch in _old_files(places.sources, before):
                _remove((path for path in stretch if path.name.removesuffix(MANIFEST) not in kept), before, job)

    return Job(act)


def _named_sources(reads: Reader, job: Job) -> set[str]:
    """Contents and versions of which some row tells."""
    found: set[str] = set()
    after = 0
    while rows := reads.versions_after(after, LOOKED_UP_MAX):
        if job.given_up.is_set():
            break
        for after, source in rows:  # noqa: B007
            found.update((source.get("modules") or {}).values())
            found.add(str((source.get("load") or {}).get("version")))
    return found


def _old_files(folder: Path, before: float) -> Iterator[list[Path]]:
    """A stretch at a time."""
    found: list[Path] = []
    for shard in sorted(folder.iterdir()) if folder.is_dir() else ():
        if not shard.is_dir():
            continue
        for entry in os.scandir(shard):
            if entry.name.endswith(GOING):
                _settle(Path(entry.path), before)
            elif entry.is_file() and entry.stat().st_mtime < before and _is_ours(entry.name, shard.name):
                found.append(Path(entry.path))
                if len(found) >= LOOKED_UP_MAX:
                    yield found
                    found = []
    yield found


def _is_ours(name: str, shard: str) -> bool:
    """Named by a content; a half-written one has a process's number behind its name, and is nobody's once it is old."""
    return name.startswith(shard) and len(name) >= 64


def _remove(paths: Iterator[Path], before: float, job: Job) -> None:
    for path in paths:
        size = _size(path)
        going = path.with_name(path.name + GOING)
        try:
            path.rename(going)  # whoever looks for it now finds none, and writes it anew
        except OSError:
            continue
        if _settle(going, before):
            job.files += 1
            job.bytes += size


def _settle(going: Path, before: float) -> bool:
    """Whether it went: one that was found there meanwhile is young again, and stays."""
    try:
        if going.stat().st_mtime < before:
            going.unlink()
            return True
        going.rename(going.with_name(going.name.removesuffix(GOING)))
    except OSError:
        pass
    return False


def _size(path: str | Path) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
