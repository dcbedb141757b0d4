"""Base zygotes: clean interpreters that file zygotes are forked from; one per interpreter and set of packages.

Owns their starting, their channels and their deaths. Does not know what a file zygote is for.
"""

from __future__ import annotations

import os
import socket
from functools import partial
from typing import Any, NamedTuple, Protocol

from ..wire.frames import Head
from .link import Link
from .loop import WRITE, Loop
from .settings import Settings
from .spawning import authors_environment, spawn, why_unfit

THREADS_ONE = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
# For heavy zygotes: huge pages cut the page tables that each fork copies; small objects must come from malloc to lie on
# them. A light zygote is forked faster with Python's own allocator, which spreads a task's work over fewer pages.
FORK_CHEAPLY = {"PYTHONMALLOC": "malloc", "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
PRELOADED_BASES_MAX = 2


class Forked(Protocol):
    """What a base forks."""

    key: str

    def on_forked(self, pid: int, pidfd: int) -> None: ...
    def on_exited(self, status: int, peak_mb: float) -> None: ...
    def on_base_lost(self, reason: str) -> None: ...


class Kind(NamedTuple):
    """Bases of one kind are one."""

    python: str
    preload: tuple[str, ...] = ()
    large: bool = False  # for files that fill their own zygote: memory laid out for cheap forks


class Base:
    def __init__(self, kind: Kind, pid: int, link: Link) -> None:
        self.kind = kind
        self.pid = pid
        self.pidfd = os.pidfd_open(pid)
        self.link = link
        self.asked: dict[str, Forked] = {}  # key → what it is to fork
        self.living: dict[int, Forked] = {}  # pid → what it has forked
        self.ready = False


class Bases:
    def __init__(self, loop: Loop, settings: Settings, boot: str) -> None:
        self._loop = loop
        self._settings = settings
        self._boot = boot
        self._all: dict[Kind, Base] = {}
        self.not_preloadable: set[tuple[str, ...]] = set()  # sets of packages that cannot be forked from
        self.pids: set[int] = set()

    def fork(self, kind: Kind, what: Forked, head: Head, output_fd: int) -> Link:
        """Ask for a file zygote, which prints to `output_fd`; `what` is told. Returns our end of its channel.

        Raises OSError where the interpreter cannot be started.
        """
        if kind.preload in self.not_preloadable:
            kind = Kind(kind.python, (), True)
        base = self._all.get(kind) or self._start(kind)
        ours, zygotes = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with zygotes:
            base.asked[what.key] = what
            base.link.send(head, fds=[zygotes.fileno(), output_fd])
        return Link(self._loop, ours, passing=True)

    def _start(self, kind: Kind) -> Base:
        environment = authors_environment(kind.python)
        users = {name: environment.get(name) for name in (*THREADS_ONE, *FORK_CHEAPLY)}
        environment.update(dict.fromkeys(THREADS_ONE, "1"), **(FORK_CHEAPLY if kind.preload or kind.large else {}))
        s = self._settings
        told: dict[str, Any] = {
            "places": [s.spool, s.values, s.sources, s.socket, self._boot, s.value_inline_bytes_max],
            "preload": kind.preload,
            "environment": users,
        }
        pid, ours = spawn(kind.python, "venturi.runtime", told, environment)
        base = Base(kind, pid, Link(self._loop, ours, passing=True))
        self._all[kind] = base
        self.pids.add(pid)
        self._loop.add(base.link.fileno, partial(self._on_link, base))
        self._loop.add(base.pidfd, partial(self._on_death, base))
        self._drop_least_used(base)
        return base

    def _drop_least_used(self, newest: Base) -> None:
        preloaded = [b for b in self._all.values() if b.kind.preload and b is not newest]
        for base in preloaded[: max(0, len(preloaded) + bool(newest.kind.preload) - PRELOADED_BASES_MAX)]:
            if not base.asked:
                del self._all[base.kind]
                base.link.close()  # it ends at the end of its channel; what it has forked lives on

    def _on_link(self, base: Base, events: int) -> None:
        if events & WRITE:
            base.link.flush()
        frames, alive = base.link.receive()
        for head, _ in frames:
            kind = head["k"]
            if kind == "forked":
                pidfd = base.link.fds.popleft()
                what = base.asked.pop(head["key"], None)
                if what is None:
                    self._loop.close(pidfd)
                else:
                    base.living[head["pid"]] = what
                    what.on_forked(head["pid"], pidfd)
            elif kind == "exited":
                gone = base.living.pop(head["pid"], None)
                if gone is not None:
                    gone.on_exited(head["status"], head["peak_mb"])
            elif kind == "ready":
                base.ready = True
                if head["why_unsafe"]:
                    self.not_preloadable.add(base.kind.preload)
        if not alive:
            base.link.close()

    def _on_death(self, base: Base, _: int) -> None:
        self._on_link(base, 0)
        self._loop.close(base.pidfd)
        base.link.close()
        self.pids.discard(base.pid)
        _, status = os.waitpid(base.pid, 0)
        if self._all.get(base.kind) is base:
            del self._all[base.kind]
        reason = "" if base.ready else _why_not_ready(base, status)
        for what in base.asked.values():
            what.on_base_lost(reason)
        base.asked.clear()

    def end(self) -> None:
        for base in list(self._all.values()):
            base.link.close()
        self._all.clear()


def _why_not_ready(base: Base, status: int) -> str:
    from .deaths import how

    python = base.kind.python
    why = why_unfit(python) if os.WIFEXITED(status) else ""
    return f"The interpreter {python} could not be made ready. {why or f'{how(status)} See logs/venturi-crew.log.'}"
