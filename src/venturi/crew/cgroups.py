"""Memory limits that the kernel holds: a control group of its own for each attempt that has one.

Owns finding a place where this process may make groups (cgroup v2, or the memory hierarchy of v1), making and removing
them. Where there is none, which is usual in containers and for plain users, `Groups.find` says so with None, and
`memory` looks for itself. Moves no process that the crew has not started.
"""

from __future__ import annotations

import os
from typing import NamedTuple

PROC = "/proc"
_MB = 1 << 20


class Layout(NamedTuple):
    """The names of one version of the interface."""

    kind: str  # of file system, in the table of mounts
    limit: str
    events: str  # where the kernel counts whom it has killed for the limit
    peak: str
    whole_group: str  # that all of a group end together; "" where the kernel ends one process at a time


V2 = Layout("cgroup2", "memory.max", "memory.events", "memory.peak", "memory.oom.group")
V1 = Layout("cgroup", "memory.limit_in_bytes", "memory.oom_control", "memory.max_usage_in_bytes", "")


class Group:
    """One attempt and all that it starts."""

    def __init__(self, folder: str, layout: Layout) -> None:
        self._folder = folder
        self._layout = layout

    def hold(self, pid: int, limit_mb: float) -> None:
        """From now on. OSError where the kernel does not let us."""
        try:
            os.mkdir(self._folder)
        except FileExistsError:
            pass  # an earlier crew's, and this attempt is in it
        self._write(self._layout.limit, str(int(limit_mb * _MB)))
        if self._layout.whole_group:
            self._write(self._layout.whole_group, "1")
        self._write("cgroup.procs", str(pid))

    def killed(self) -> bool:
        """Whether the kernel has ended something of it for the limit."""
        for line in self._read(self._layout.events).splitlines():
            name, _, count = line.partition(" ")
            if name == "oom_kill":
                return count.strip() != "0"
        return False

    def peak_mb(self) -> float | None:
        text = self._read(self._layout.peak).strip()
        return int(text) / _MB if text.isdigit() else None

    def remove(self) -> None:
        try:
            os.rmdir(self._folder)
        except OSError:
            pass  # something of it is being ended still; the next crew removes it

    def _write(self, name: str, text: str) -> None:
        with open(f"{self._folder}/{name}", "w") as file:
            file.write(text)

    def _read(self, name: str) -> str:
        try:
            with open(f"{self._folder}/{name}") as file:
                return file.read()
        except OSError:
            return ""


class Groups:
    """A folder of groups that is ours."""

    def __init__(self, folder: str, layout: Layout) -> None:
        self._folder = folder
        self._layout = layout

    @classmethod
    def find(cls, name: str, proc: str = PROC) -> Groups | None:
        """The nearest place, from our own group upwards, where groups with a memory limit can be made; or None."""
        for layout, folder, top in _places(proc):
            while folder.startswith(top):
                if _can_hold(f"{folder}/{name}", layout):
                    found = cls(f"{folder}/{name}", layout)
                    found._clear()
                    return found
                folder = os.path.dirname(folder)
        return None

    def group(self, name: str) -> Group:
        return Group(f"{self._folder}/{name}", self._layout)

    def close(self) -> None:
        self._clear()
        Group(self._folder, self._layout).remove()

    def _clear(self) -> None:
        """What an earlier crew has left, unless an attempt is still in it."""
        for entry in os.scandir(self._folder):
            if entry.is_dir():
                self.group(entry.name).remove()


def _places(proc: str) -> list[tuple[Layout, str, str]]:
    """(layout, our own group's folder, the hierarchy's root), the newer interface first."""
    try:
        with open(f"{proc}/self/cgroup") as file:
            ours = [line.strip().split(":", 2) for line in file]
        with open(f"{proc}/self/mounts") as file:
            mounts = [line.split() for line in file]
    except OSError:
        return []
    found = []
    for layout in (V2, V1):
        controllers = "" if layout is V2 else "memory"
        for _, top, kind, options, *_ in mounts:
            if kind != layout.kind or (controllers and controllers not in options.split(",")):
                continue
            for _, of, path in ours:
                if controllers in of.split(","):
                    found.append((layout, (top + path).rstrip("/"), top))
    return found


def _can_hold(folder: str, layout: Layout) -> bool:
    made = False
    try:
        if not os.path.isdir(folder):
            os.mkdir(folder)
            made = True
        if layout is V2:
            with open(f"{folder}/cgroup.subtree_control", "w") as file:
                file.write("+memory")
        elif not os.path.exists(f"{folder}/{layout.limit}"):
            raise OSError(f"{folder} has no {layout.limit}")
    except OSError:
        if made:
            os.rmdir(folder)
        return False
    return True
