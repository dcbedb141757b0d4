"""Processes that dead attempts have left behind: found as our children that nobody else accounts for, and ended.

Owns the sweep. The crew is the sub-reaper of all that it has started, and a living attempt of all below it: so what
comes to the crew and is no zygote and no attempt belonged to an attempt that is dead.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

from .. import linux
from .loop import Loop

MARK = "VENTURI_ATTEMPT"  # environment variable that runtime.attempt sets: token and spool folder
GIVEN_UP_AFTER_S = 5.0  # a process that SIGKILL does not end hangs in the kernel


class Orphans:
    def __init__(self, loop: Loop, is_known: Callable[[int], bool]) -> None:
        self._loop = loop
        self._is_known = is_known
        self._children = linux.Children()
        self._dying: dict[int, int] = {}  # pid → pidfd
        self._given_up: set[int] = set()
        self._waiting: list[Callable[[], None]] = []

    def sweep(self, then: Callable[[], None]) -> None:
        """End every stranger among our children; `then` is called when none is left, at once if there is none."""
        self._kill()
        if self._dying:
            self._waiting.append(then)
        else:
            then()

    def _kill(self) -> None:
        while True:
            found = False
            for pid in self._children.pids():
                if pid in self._dying or pid in self._given_up or self._is_known(pid):
                    continue
                found = True
                try:
                    os.kill(pid, signal.SIGKILL)
                    if os.waitpid(pid, os.WNOHANG)[0] == 0:
                        self._watch(pid)
                except OSError:
                    continue
            if not found:
                return  # what a killed one has left comes to us in turn, so look until nothing is new

    def _watch(self, pid: int) -> None:
        pidfd = os.pidfd_open(pid)
        self._dying[pid] = pidfd
        timer = self._loop.after(GIVEN_UP_AFTER_S, lambda: self._gone(pid, reaped=False))

        def dead(_: int) -> None:
            timer.cancel()
            self._gone(pid, reaped=True)

        self._loop.add(pidfd, dead)

    def _gone(self, pid: int, reaped: bool) -> None:
        pidfd = self._dying.pop(pid, None)
        if pidfd is None:
            return
        if reaped:
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                pass
        else:
            self._given_up.add(pid)
        self._loop.close(pidfd)
        self._kill()
        if not self._dying:
            waiting, self._waiting = self._waiting, []
            for then in waiting:
                then()


def end_kin(mark: str, group: int, session: int) -> None:
    """For an attempt that was no child of ours: what is left of its group, and what carries its mark.

    A group's number may belong to a stranger by now; its session tells them apart. The mark names the home as well.
    """
    marked = f"{MARK}={mark}\0".encode()
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
            is_kin = group > 1 and int(fields[2]) == group and int(fields[3]) == session
            if not is_kin:
                with open(f"/proc/{name}/environ", "rb") as file:
                    is_kin = marked in file.read()
            if is_kin:
                os.kill(int(name), signal.SIGKILL)
        except (OSError, IndexError):
            continue
