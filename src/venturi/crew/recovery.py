"""What a new crew finds of the last one: attempts that live on, ends that were never told, zygotes that come to it.

Owns the judgement of each started attempt in the spool: adopt it, tell its end, or hear its zygote first.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from functools import partial

from .. import linux
from ..wire.frames import Frame, Head
from .attempts import Attempt, Attempts, Child
from .deaths import died
from .engine_link import EngineLink
from .link import Link
from .loop import WRITE, Loop
from .orphans import end_kin
from .spool import Found, Spool

ZYGOTES_AWAITED_S = 1.0
MASKS = "/memfd:venturi-masks"
HIDDEN = "What was printed here cannot be shown: the secrets to be masked in it are no longer known."


class Survivor:
    """A zygote of an earlier crew."""

    def __init__(self, pid: int, link: Link) -> None:
        self.pid = pid
        self.link: Link | None = link
        self.children: dict[int, Child] = {}
        self.alive = True


class Recovery:
    def __init__(self, loop: Loop, spool: Spool, attempts: Attempts, engine: EngineLink, boot: str) -> None:
        self._loop = loop
        self._spool = spool
        self._attempts = attempts
        self._engine = engine
        self._boot = boot
        # Dead, but its zygote lives: it knows how, and holds what was printed last.
        self._unsure: dict[tuple[int, int], tuple[Attempt, Head, int | None]] = {}
        self._adopted: dict[tuple[int, int], Child] = {}
        self._survivors: dict[int, Survivor] = {}
        self._awaited: set[int] = set()  # pids of zygotes
        self.then: Callable[[], None] = lambda: None

    def survivors(self) -> set[int]:
        """Pids of the zygotes of earlier crews that are with us."""
        return set(self._survivors)

    # ── the spool ──

    def begin(self, then: Callable[[], None]) -> None:
        """Judge everything in the spool; `then` is called when the zygotes that may know more have come, or soon."""
        self.then = then
        found = self._spool.scan()
        for token, started in found.started.items():
            self._judge(token, started, found)
        for token, (head, body) in found.results.items():
            if token not in found.started:
                self._engine.end(token, {**head, "k": "ended"}, body)
        if self._awaited:
            self._loop.after(ZYGOTES_AWAITED_S, self._stop_waiting)
        else:
            self._loop.after(0, self._stop_waiting)

    def _judge(self, token: int, started: Head, found: Found) -> None:
        pid, ticks = started["pid"], started["ticks"]
        result = found.results.get(token)
        head = {**started, "k": "start"}
        attempt = Attempt(head, b"", self._attempts.log_file(started["log"]))
        attempt.reuse = bool(started.get("reuse"))
        attempt.started_at = started["at"]
        if result is not None:
            attempt.result, attempt.value = result
        lives = started["boot"] == self._boot and linux.start_ticks(pid) == ticks
        if lives and not (attempt.reuse and result is not None):
            self._adopt(attempt, started, masked=token in found.masked)
        elif not attempt.reuse and started["boot"] == self._boot and _is_zygote(started.get("zygote", 0)):
            if token in found.masked:
                attempt.log.hide(HIDDEN)
            self._unsure[pid, ticks] = (attempt, started, found.notes.get((pid, ticks)))
            self._awaited.add(started["zygote"])
        else:
            self._tell(attempt, started, found.notes.get((pid, ticks)))

    def _tell(self, attempt: Attempt, started: Head, status: int | None) -> None:
        """The end of an attempt that died while there was no crew."""
        if started["boot"] == self._boot:
            end_kin(f"{attempt.token}:{self._spool.folder}", started["pid"], started.get("session", -1))
        death = died(attempt, status, None)
        attempt.log.finish(death.level, death.sentence)
        head = death.head
        head.update(log=started["log"], log_bytes=attempt.log.bytes, pid=started["pid"], started_at=started["at"])
        self._engine.end(attempt.token, head, attempt.value)

    def _adopt(self, attempt: Attempt, started: Head, masked: bool) -> None:
        pid, ticks = started["pid"], started["ticks"]
        try:
            pidfd = os.pidfd_open(pid)
        except OSError:
            self._tell(attempt, started, None)
            return
        log_fd = _opened(f"/proc/{pid}/fd/{started['log_fd']}")
        if masked:
            secrets = _read_masks(pid)
            attempt.log.mask(secrets)
            if not secrets and log_fd >= 0:
                attempt.log.hide(HIDDEN)
        child = Child(pid, ticks, pidfd, None, log_fd, None)
        child.last = True
        child.adopted = True
        child.attempt, attempt.child = attempt, child
        self._attempts.all[attempt.token] = attempt
        self._adopted[pid, ticks] = child
        self._attempts.adopt_child(child)
        self._attempts.arm_limits(attempt, max(0.0, time.time() - started["at"]))
        if _is_zygote(started.get("zygote", 0)):
            self._awaited.add(started["zygote"])

    def _stop_waiting(self) -> None:
        self._awaited.clear()
        for unsure in self._unsure.values():
            self._tell(*unsure)
        self._unsure.clear()
        self._check()

    def _check(self) -> None:
        if not self._awaited:
            then, self.then = self.then, lambda: None
            then()

    # ── those who come ──

    def take_zygote(self, link: Link, hello: Head, rest: list[Frame]) -> None:
        survivor = self._survivors[hello["pid"]] = Survivor(hello["pid"], link)
        self._loop.change_handler(link.fileno, partial(self._on_zygote, survivor))
        for head, _ in rest:
            self._on_frame(survivor, head)

    def _on_zygote(self, survivor: Survivor, events: int) -> None:
        link = survivor.link
        if link is None:
            return
        if events & WRITE:
            link.flush()
        frames, alive = link.receive()
        for head, _ in frames:
            self._on_frame(survivor, head)
        if not alive:
            survivor.alive = False
            survivor.link = None
            link.close()
            self._survivors.pop(survivor.pid, None)
            self._settle(survivor.pid)
            self._check()

    def _on_frame(self, survivor: Survivor, head: Head) -> None:
        kind = head["k"]
        if kind == "child":
            assert survivor.link is not None
            self._take_child(survivor, head, survivor.link.fds.popleft())
        elif kind == "exited":
            unsure = self._unsure.pop((head["pid"], head.get("ticks", 0)), None)
            if unsure is not None:
                self._tell(unsure[0], unsure[1], head["status"])
            child = survivor.children.pop(head["pid"], None)
            if child is not None:
                self._attempts.on_exited(child, head["status"], head["peak_mb"])
        elif kind == "told":
            self._settle(survivor.pid)

    def _settle(self, zygote: int) -> None:
        """This zygote has told all it knows."""
        self._awaited.discard(zygote)
        for key in [key for key, (_, started, _s) in self._unsure.items() if started.get("zygote") == zygote]:
            self._tell(*self._unsure.pop(key))
        self._check()

    def _take_child(self, survivor: Survivor, head: Head, log_fd: int) -> None:
        key = (head["pid"], head["ticks"])
        child = self._adopted.get(key)
        if child is not None and not child.dead:
            child.owner = survivor
            survivor.children[child.pid] = child
            self._loop.close(log_fd)
        elif key in self._unsure:
            _drain(log_fd, self._unsure[key][0])
            self._loop.close(log_fd)
        else:
            self._loop.close(log_fd)

    def take_attempt(self, link: Link, hello: Head, rest: list[Frame]) -> None:
        """An attempt that asks something and has found its crew gone."""
        child = self._adopted.get((hello["pid"], hello["ticks"]))
        if child is None or child.dead or child.attempt is None or child.attempt.token != hello["token"]:
            link.close()
            return
        if child.link is not None:
            child.link.close()
        child.link = link
        self._attempts.listen(child)
        for head, body in rest:
            self._attempts.on_frame(child, head, body)


def _is_zygote(pid: int) -> bool:
    """Whether a process that was a zygote is still there. Its number may have gone to another; that costs a second."""
    try:
        with open(f"/proc/{pid}/comm", "rb") as file:
            return file.read().startswith(b"vz:")
    except OSError:
        return False


def _opened(path: str) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return -1


def _read_masks(pid: int) -> list[str]:
    secrets: list[str] = []
    try:
        for fd in os.listdir(f"/proc/{pid}/fd"):
            if os.readlink(f"/proc/{pid}/fd/{fd}").startswith(MASKS):
                with open(f"/proc/{pid}/fd/{fd}", "rb") as file:
                    for line in file:
                        secrets += json.loads(line)
    except (OSError, ValueError):
        pass
    return secrets


def _drain(fd: int, attempt: Attempt) -> None:
    os.set_blocking(fd, False)
    while True:
        try:
            data = os.read(fd, 1 << 16)
        except OSError:
            return
        if not data:
            return
        attempt.log.feed(data)
