"""Attempts at work: from the start that the engine sends to the end that it is told.

Owns attempts and the processes that run them: hand-over, frames, logs, limits, death. Which process an attempt gets is
the zygotes' business; what remains of a process when it is dead, the orphans'.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from .. import crashpoints, linux
from ..crashpoints import crash_at
from ..wire import messages
from ..wire.frames import Head
from .deaths import Death, died, shortened
from .engine_link import EngineLink
from .link import Link
from .logs import READ_BYTES, LogFile
from .loop import READ, WRITE, Loop, Timer
from .memory import Memory
from .orphans import Orphans, end_kin
from .settings import Settings
from .spawning import secrets_of_environment
from .spool import Spool

HANDS_MAX = 3  # processes that may die under one attempt before it has begun
STATUS_AWAITED_S = 1.0  # from the parent, after a death without a result
TRACE_TIME_S = 0.3  # between asking a hung process for its stack and ending it


class Attempt:
    __slots__ = (
        "body",
        "child",
        "hands",
        "head",
        "killed",
        "log",
        "parent",
        "result",
        "reuse",
        "started_at",
        "timers",
        "token",
        "value",
    )  # fmt: skip

    def __init__(self, head: Head, body: bytes, log: LogFile) -> None:
        self.token: int = head["token"]
        self.head = head
        self.body = body
        self.log = log
        self.reuse = head.get("isolation") == "reuse"
        self.child: Child | None = None
        self.parent: Any = None  # the zygote that is to give it a process
        self.started_at: float | None = None
        self.result: Head | None = None
        self.value = b""
        self.killed: tuple[str, str] | None = None  # cancelled, time, memory or stopped; and the reason in words
        self.hands = 0
        self.timers: list[Timer] = []


class Child:
    """A process that runs attempts: parked, at work, between two, or dead."""

    __slots__ = ("adopted", "attempt", "dead", "last", "link", "log_fd", "owner", "peak_mb", "pid", "pidfd", "pool",
                 "secrets", "status", "status_timer", "ticks")  # fmt: skip

    def __init__(self, pid: int, ticks: int, pidfd: int, link: Link | None, log_fd: int, owner: Any) -> None:
        self.pid = pid
        self.ticks = ticks
        self.pidfd = pidfd
        self.link = link
        self.log_fd = log_fd
        self.owner = owner  # the zygote it was forked by
        self.attempt: Attempt | None = None
        self.secrets: list[str] = list(owner.secrets) if owner is not None else []  # that it holds
        self.pool: Any = None  # of reused children
        self.last = False  # it serves no further attempt
        self.adopted = False  # of an earlier crew: no child of ours, and what it leaves does not come to us
        self.dead = False
        self.status: int | None = None
        self.peak_mb: float | None = None
        self.status_timer: Timer | None = None

    def owner_alive(self) -> bool:
        return self.owner is not None and bool(self.owner.alive)


class Attempts:
    def __init__(
        self, loop: Loop, settings: Settings, spool: Spool, engine: EngineLink, orphans: Orphans, memory: Memory
    ) -> None:
        self._loop = loop
        self._settings = settings
        self._spool = spool
        self._engine = engine
        self._orphans = orphans
        self._memory = memory
        self.all: dict[int, Attempt] = {}
        self.pids: set[int] = set()  # of living children, so that none is taken for an orphan
        self.stopping = False
        self._of_environment = secrets_of_environment()
        # Set by whoever composes the crew:
        self.place: Callable[[Attempt], None] = lambda _: None  # finds a process for an attempt
        self.unplace: Callable[[Attempt], None] = lambda _: None
        self.freed: Callable[[Child], None] = lambda _: None  # a reused child can take its next
        self.gone: Callable[[Child], None] = lambda _: None  # a child is dead
        self.on_ended: Callable[[], None] = lambda: None

    # ── beginning ──

    def start(self, head: Head, body: bytes) -> None:
        crash_at("crew:start-received")
        token = head["token"]
        if token in self.all or self._engine.has_end(token):
            return  # told twice; a token is run once
        attempt = self.all[token] = Attempt(head, body, self.log_file(head["log"]))
        if self.stopping:
            self.end_unstarted(attempt, "never_ran", "The crew is stopping and starts nothing new.")
        else:
            self.place(attempt)

    def log_file(self, name: str) -> LogFile:
        path = f"{self._settings.logs}/{name}"
        made = LogFile(path, self._settings.log_bytes_max, self._settings.log_line_bytes_max)
        if self._of_environment:
            made.mask(self._of_environment)
        return made

    def adopt_child(self, child: Child) -> None:
        """Watch a process from now on."""
        self.pids.add(child.pid)
        self._loop.add(child.pidfd, partial(self._on_death, child))
        if child.link is not None:
            self._loop.add(child.link.fileno, partial(self._on_channel, child))
        if child.log_fd >= 0:
            os.set_blocking(child.log_fd, False)
            self._loop.add(child.log_fd, partial(self._on_log, child))

    def listen(self, child: Child) -> None:
        """It has come on a connection of its own."""
        assert child.link is not None
        self._loop.change_handler(child.link.fileno, partial(self._on_channel, child))

    def hand(self, attempt: Attempt, child: Child, bare: bool) -> None:
        crash_at("crew:spare-chosen")
        head = attempt.head
        attempt.child, child.attempt = child, attempt
        if child.secrets:
            attempt.log.mask(child.secrets)
        attempt.parent = None
        attempt.hands += 1
        told: Head = {
            "k": "start",
            "token": attempt.token,
            "segment": self._spool.assign(attempt.token),
            "log": head["log"],
            "ticks": child.ticks,
            "what": head.get("what", ""),
        }
        for name in ("time_limit_s", "memory_limit_mb", "gpus", "cpus"):
            if head.get(name):
                told[name] = head[name]
        if attempt.reuse:
            told["reuse"] = True
        if bare:
            told["source"] = head["source"]
        assert child.link is not None
        child.link.send(told, attempt.body)

    def has_started(self, attempt: Attempt, at: float) -> None:
        """Its journal line is written: limits begin."""
        attempt.started_at = at
        attempt.body = b""
        self.arm_limits(attempt, time.time() - at)

    def arm_limits(self, attempt: Attempt, passed_s: float) -> None:
        limit_s = attempt.head.get("time_limit_s")
        if limit_s:
            wait_s = max(limit_s + self._settings.grace_s - passed_s, 0.001)
            attempt.timers.append(self._loop.after(wait_s, partial(self._out_of_time, attempt, limit_s)))
        limit_mb = attempt.head.get("memory_limit_mb")
        if limit_mb and attempt.child is not None:
            # A reused child's next attempt may have another limit, or none.
            limit = self._memory.watch if attempt.reuse else self._memory.hold
            limit(attempt.child.pid, limit_mb, partial(self._out_of_memory, attempt, limit_mb))

    # ── what a child says ──

    def _on_channel(self, child: Child, events: int) -> None:
        if child.link is None:
            return
        if events & WRITE:
            child.link.flush()
        if not self._read_channel(child):
            self._hang_up(child)

    def _hang_up(self, child: Child) -> None:
        if child.link is not None:
            child.link.close()
            child.link = None

    def _read_channel(self, child: Child) -> bool:
        if child.link is None:
            return False
        frames, alive = child.link.receive()
        for head, body in frames:
            self.on_frame(child, head, body)
        return alive

    def on_frame(self, child: Child, head: Head, body: bytes) -> None:
        attempt = child.attempt
        if attempt is None or attempt.token != head.get("token"):
            return
        kind = head["k"]
        if kind == "started":
            if attempt.started_at is None:
                self.has_started(attempt, head["at"])
                self._engine.send(head)
                self._relayed()
        elif kind == "result":
            crash_at("crew:result-received")
            self._take_result(attempt, head, body)
            if child.adopted:
                self._hang_up(child)  # reused, it would wait for a next
            elif head["then"] != "dies" and not child.dead:
                self._end_at_result(attempt, child, head["then"])
        elif kind == "ask":
            self._ask(attempt, child, head, body)

    def _relayed(self) -> None:
        if crashpoints.ARMED:
            self._engine.flush()
        crash_at("crew:started-relayed")

    def _take_result(self, attempt: Attempt, head: Head, body: bytes) -> None:
        attempt.result, attempt.value = head, body
        self._spool.grew(attempt.token, len(body))

    def _ask(self, attempt: Attempt, child: Child, head: Head, body: bytes) -> None:
        if head["what"] == "mask":
            self._mask(attempt, child, head.get("secrets") or [])
            if child.link is not None:
                child.link.send(messages.answer(attempt.token, head["request"], True))
        else:
            self._engine.ask(head, body)

    def answer(self, head: Head, body: bytes) -> None:
        """The engine's, to whoever asked; its secrets are masked before the attempt can print them."""
        attempt = self.all.get(head["token"])
        if attempt is None or attempt.child is None:
            return
        if head.get("mask"):
            self._mask(attempt, attempt.child, head["mask"])
        if attempt.child.link is not None:
            attempt.child.link.send(head, body)

    def _mask(self, attempt: Attempt, child: Child, secrets: list[str]) -> None:
        """Before it has them. A child that is reused may print them in its next attempts too."""
        attempt.log.mask(secrets)
        if attempt.reuse:
            child.secrets += [secret for secret in secrets if secret not in child.secrets]

    def _on_log(self, child: Child, events: int) -> None:
        if events & READ and child.attempt is not None:
            child.attempt.log.be_open()  # first: between a read and its write nothing may take long
        self._pump(child)

    def _pump(self, child: Child, everything: bool = False) -> None:
        while child.log_fd >= 0:
            try:
                data = os.read(child.log_fd, READ_BYTES)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:  # nobody can write to it any more
                self._loop.close(child.log_fd)
                child.log_fd = -1
                return
            if child.attempt is not None:
                child.attempt.log.feed(data)
            if not everything:
                return

    # ── limits ──

    def cancel(self, token: int, reason: str, grace_s: float) -> None:
        attempt = self.all.get(token)
        if attempt is None:
            if not self._engine.has_end(token):
                head = messages.ended(token, "never_ran", time.time(), reason="It is not known here.")
                self._engine.end(token, head, b"")
            return
        self._end_by_force(attempt, "cancelled", reason, grace_s)

    def stop(self, attempt: Attempt, reason: str, grace_s: float) -> None:
        self._end_by_force(attempt, "stopped", reason, grace_s)

    def _end_by_force(self, attempt: Attempt, kind: str, reason: str, grace_s: float) -> None:
        if attempt.child is None:
            self.unplace(attempt)
            outcome = "cancelled" if kind == "cancelled" else "never_ran"
            self.end_unstarted(attempt, outcome, reason)
            return
        if attempt.killed is None:
            attempt.killed = (kind, reason)
        self._signal(attempt, signal.SIGTERM)
        attempt.timers.append(self._loop.after(grace_s, partial(self._signal, attempt, signal.SIGKILL)))

    def _signal(self, attempt: Attempt, number: signal.Signals) -> None:
        """To the whole group, while its leader surely lives or is a zombie of our own."""
        child = attempt.child
        if child is None or child.dead:
            return
        try:
            signal.pidfd_send_signal(child.pidfd, number)
            linux.kill_group(child.pid, number)
        except OSError:
            pass

    def _out_of_time(self, attempt: Attempt, limit_s: float) -> None:
        if attempt.result is None and attempt.killed is None:
            attempt.killed = ("time", f"It exceeded its time limit of {limit_s:g} s and did not stop when told to.")
        child = attempt.child
        if child is not None and not child.dead:
            try:
                signal.pidfd_send_signal(child.pidfd, signal.SIGABRT)  # its stack goes to the log
            except OSError:
                pass
        attempt.timers.append(self._loop.after(TRACE_TIME_S, partial(self._signal, attempt, signal.SIGKILL)))

    def _out_of_memory(self, attempt: Attempt, limit_mb: float, found_mb: float) -> None:
        if attempt.killed is None:
            found = f"{found_mb:.0f} MB when it was ended"
            attempt.killed = ("memory", f"It exceeded its memory limit of {limit_mb:g} MB ({found}).")
        if attempt.child is not None:
            attempt.child.peak_mb = round(found_mb, 1)
        self._signal(attempt, signal.SIGKILL)

    # ── ending ──

    def _on_death(self, child: Child, _: int) -> None:
        crash_at("crew:death-seen")
        self._loop.remove(child.pidfd)
        self._read_channel(child)
        child.dead = True
        self.pids.discard(child.pid)
        ended_at_mb = self._memory.release(child.pid)
        try:
            pid, status, used = os.wait4(child.pid, os.WNOHANG)
            if pid:
                child.status = status
                child.peak_mb = child.peak_mb or round(used.ru_maxrss / 1024, 1)
        except ChildProcessError:
            pass  # its zygote waits for it
        attempt = child.attempt
        if attempt is not None and attempt.result is None:
            self._look_it_up(attempt)
        if attempt is not None and attempt.result is None and ended_at_mb is not None:
            self._out_of_memory(attempt, attempt.head["memory_limit_mb"], ended_at_mb)
        if attempt is not None and attempt.result is None and child.status is None and child.owner_alive():
            child.status_timer = self._loop.after(STATUS_AWAITED_S, partial(self._bury, child))
            return
        self._bury(child)

    def _look_it_up(self, attempt: Attempt) -> None:
        """What it wrote down itself but could not send."""
        started, result, _ = self._spool.look_up(attempt.token)
        if started is not None and attempt.started_at is None:
            attempt.started_at = started["at"]
        if result is not None:
            self._take_result(attempt, *result)

    def on_exited(self, child: Child, status: int, peak_mb: float) -> None:
        """Its zygote has waited for it."""
        child.status = status
        child.peak_mb = child.peak_mb or round(peak_mb, 1)
        if child.status_timer is not None and not child.status_timer.cancelled:
            child.status_timer.cancel()
            self._bury(child)

    def _bury(self, child: Child) -> None:
        """What it has left behind first; then its end is told."""
        if child.adopted and child.attempt is not None:
            head = child.attempt.head
            end_kin(f"{child.attempt.token}:{self._settings.spool}", child.pid, head.get("session", -1))
        self._orphans.sweep(partial(self._close, child))

    def _close(self, child: Child) -> None:
        attempt = child.attempt
        self._pump(child, everything=True)
        if attempt is not None:
            child.attempt = None
            if attempt.result is None and attempt.started_at is None and attempt.killed is None and not self.stopping:
                self._try_again(attempt)
            else:
                self._end(attempt, child)
        self._hang_up(child)
        if child.log_fd >= 0:
            self._loop.close(child.log_fd)
            child.log_fd = -1
        self._loop.close(child.pidfd)
        self.gone(child)

    def _try_again(self, attempt: Attempt) -> None:
        """The process died before it had written its journal line: no author code ran, another may."""
        attempt.child = None
        if attempt.hands < HANDS_MAX:
            self.place(attempt)
        else:
            self.end_unstarted(attempt, "lost", f"{attempt.hands} processes in turn died before they could begin it.")

    def _end_at_result(self, attempt: Attempt, child: Child, then: str) -> None:
        """Its result is on disk and nothing of it goes on: its process serves the next, or is being cleared away."""
        self._pump(child, everything=True)
        child.attempt = None
        child.last = then == "over"
        self._end(attempt, child)
        if attempt.reuse:
            self.freed(child)

    def _end(self, attempt: Attempt, child: Child) -> None:
        death = died(attempt, child.status, child.peak_mb)
        self._tell_end(attempt, death, child.pid)

    def _tell_end(self, attempt: Attempt, death: Death, pid: int | None) -> None:
        for timer in attempt.timers:
            timer.cancel()
        if attempt.child is not None:
            self._memory.unwatch(attempt.child.pid)
        attempt.log.finish(death.level, death.sentence)
        head = death.head
        head["log"], head["log_bytes"] = attempt.head["log"], attempt.log.bytes
        if pid is not None:
            head["pid"] = pid
        if attempt.started_at is not None:
            head["started_at"] = attempt.started_at
        self.all.pop(attempt.token, None)
        self._engine.forget_asks(attempt.token)
        self._engine.end(attempt.token, head, attempt.value)
        self.on_ended()

    def end_unstarted(self, attempt: Attempt, outcome: str, reason: str, error: Head | None = None) -> None:
        """It never got a process, or lost it before it could begin."""
        head = messages.ended(attempt.token, outcome, time.time(), reason=shortened(reason))
        if error is not None:
            head["error"] = error
        level = "ERROR" if outcome == "failed" else "WARN"
        self._tell_end(attempt, Death(head, level, reason), None)
