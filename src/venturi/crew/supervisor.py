"""The crew: composes its parts, takes connections, and decides when it is done.

Owns the listening socket, the lock that keeps a second crew out, stopping and idling.
"""

from __future__ import annotations

import fcntl
import os
import signal
import socket
from functools import partial
from zlib import crc32

from .. import linux
from ..core.errors import AlreadyRunning
from ..wire import messages
from ..wire.frames import Frame, Head
from .attempts import Attempts
from .bases import Bases
from .dates import Dates
from .deaths import kernel_killed_for_memory
from .engine_link import EngineLink, speaks_our_protocol
from .link import Link
from .loop import Loop, Timer
from .memory import Memory
from .orphans import Orphans
from .recovery import Recovery
from .settings import Settings
from .spool import Spool
from .triggers import TriggerHosts
from .zygotes import Zygotes

BACKLOG = 64
LINGER_S = 5.0  # after the last end, for the engine's acknowledgements


class Crew:
    def __init__(self, settings: Settings) -> None:
        linux.require()
        self._settings = settings
        self._lock_fd = _locked(settings.lock)
        self._boot = linux.boot_id()
        self.loop = loop = Loop()
        self._engine = EngineLink(loop, self._on_engine, self._on_engine_change)
        self._orphans = Orphans(loop, self._is_known)
        self._memory = Memory(loop, f"venturi-{crc32(settings.spool.encode()):08x}")
        self._spool = Spool(settings.spool)
        self._attempts = Attempts(loop, settings, self._spool, self._engine, self._orphans, self._memory)
        self._bases = Bases(loop, settings, self._boot)
        self._zygotes = Zygotes(loop, settings, self._bases, self._attempts, self._engine, self._memory)
        self._dates = Dates(loop, self._engine, self._zygotes)
        self._triggers = TriggerHosts(loop, settings, self._engine)
        self._recovery = Recovery(loop, self._spool, self._attempts, self._engine, self._boot)
        self._attempts.place = self._zygotes.place
        self._attempts.unplace = self._zygotes.unplace
        self._attempts.freed = self._zygotes.freed
        self._attempts.gone = self._zygotes.gone
        self._attempts.on_ended = self._on_ended
        self._recovered = False
        self._engine_waiting: tuple[Link, Head, list[Frame]] | None = None
        self._idle: Timer | None = None
        self._stopping = False
        loop.after_each = self._engine.flush

    def run(self) -> None:
        linux.become_subreaper()
        linux.name_process("venturi-crew")
        kernel_killed_for_memory()  # from now on, only what is new
        self._listen()
        self._take_signals()
        self._recovery.begin(self._on_recovered)
        self._on_engine_change()
        self.loop.run()
        self._zygotes.end_all()
        self._bases.end()
        self._triggers.end()
        self._spool.close()
        self._memory.close()
        try:
            os.unlink(self._settings.socket)
        except OSError:
            pass

    def _is_known(self, pid: int) -> bool:
        parts = (self._attempts, self._zygotes, self._bases, self._triggers)
        return any(pid in part.pids for part in parts)

    # ── connections ──

    def _listen(self) -> None:
        address = self._settings.socket
        try:
            os.unlink(address)
        except FileNotFoundError:
            pass
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        before = os.umask(0o177)
        try:
            listener.bind(address)
        finally:
            os.umask(before)
        listener.listen(BACKLOG)
        self._listener = listener
        self.loop.add(listener.fileno(), self._accept)

    def _accept(self, _: int) -> None:
        while True:
            try:
                accepted, _address = self._listener.accept()
            except BlockingIOError:
                return
            except OSError:
                return
            link = Link(self.loop, accepted, passing=True)
            self.loop.add(link.fileno, partial(self._on_stranger, link))

    def _on_stranger(self, link: Link, _: int) -> None:
        frames, alive = link.receive()
        waits = self._engine_waiting is not None and self._engine_waiting[0] is link
        if not frames:
            if not alive:
                link.close()
                if waits:
                    self._engine_waiting = None  # it has died before it was answered
            return
        if waits and self._engine_waiting is not None:
            self._engine_waiting[2].extend(frames)
            return
        (hello, _body), *rest = frames
        role = hello.get("role")
        if hello.get("k") != "hello":
            link.close()
        elif role == "engine":
            if self._engine_waiting is not None:
                self._engine_waiting[0].close()
            self._engine_waiting = (link, hello, rest)
            self._welcome_engine()
        elif role == "zygote":
            self._recovery.take_zygote(link, hello, rest)
        elif role == "attempt":
            self._recovery.take_attempt(link, hello, rest)
        else:
            link.close()

    # ── the engine ──

    def _on_recovered(self) -> None:
        self._recovered = True
        self._spool.forget_notes(self._recovery.survivors())
        self._welcome_engine()
        self._on_ended()

    def _welcome_engine(self) -> None:
        """Not before everything in the spool is judged: what the engine is told must be all there is."""
        if self._engine_waiting is None or not self._recovered:
            return
        link, hello, rest = self._engine_waiting
        self._engine_waiting = None
        self._zygotes.forget_requests()
        self._dates.forget()
        self._engine.take(link, self._state(), rest if speaks_our_protocol(hello) else [])

    def _state(self) -> Head:
        alive, waiting = [], []
        for token, attempt in self._attempts.all.items():
            if attempt.started_at is not None and attempt.child is not None:
                alive.append({"token": token, "pid": attempt.child.pid, "at": attempt.started_at})
            else:
                waiting.append(token)
        return messages.state(os.getpid(), self._boot, self._settings.slots, alive, waiting, self._triggers.tokens())

    def _on_engine(self, head: Head, body: bytes) -> None:
        kind = head["k"]
        if kind == "start":
            self._attempts.start(head, body)
        elif kind == "ack":
            self._engine.acknowledged(head["tokens"])
            self._spool.acknowledge(head["tokens"])
            self._spool.forget_notes(self._recovery.survivors())
            self._check_done()
        elif kind == "answer":
            if self._engine.answered(head["token"], head["request"]):
                self._asker(head["token"]).answer(head, body)
        elif kind == "watch":
            self._triggers.watch(head, body)
        elif kind == "unwatch":
            self._triggers.unwatch(head["tokens"])
        elif kind == "go_on":
            self._triggers.go_on(head)
        elif kind == "load":
            self._zygotes.load(head["request"], head["source"], head["time_limit_s"], head.get("memory_limit_mb"))
        elif kind == "dates":
            self._dates.ask(head)
        elif kind == "cancel":
            self._attempts.cancel(head["token"], head["reason"], head["grace_s"])
        elif kind == "stop":
            self._stop(head["drain_s"])

    def _asker(self, token: int) -> Attempts | Zygotes | TriggerHosts:
        if token <= 0:
            return self._zygotes
        return self._attempts if token in self._attempts.all else self._triggers

    def _on_engine_change(self) -> None:
        self._check_idle()
        if self._stopping:
            self._check_done()

    # ── the end ──

    def _take_signals(self) -> None:
        """SIGTERM asks to drain and end, a second one to end now."""
        read, write = os.pipe()
        for fd in (read, write):
            os.set_blocking(fd, False)
        signal.set_wakeup_fd(write, warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, lambda *_: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

        def told(_: int) -> None:
            os.read(read, 100)
            self._stop(0.0 if self._stopping else self._settings.drain_s)

        self.loop.add(read, told)

    def _stop(self, drain_s: float) -> None:
        self._stopping = self._attempts.stopping = True
        for attempt in list(self._attempts.all.values()):
            if attempt.child is None:
                self._zygotes.unplace(attempt)
                self._attempts.end_unstarted(attempt, "never_ran", "The crew is stopping and starts nothing new.")
        self.loop.after(drain_s, self._end_all)
        self._check_done()

    def _end_all(self) -> None:
        for attempt in list(self._attempts.all.values()):
            self._attempts.stop(attempt, "The crew was stopped.", self._settings.grace_s)

    def _on_ended(self) -> None:
        if self._stopping:
            self._check_done()
        elif not self._engine.connected:
            self._check_idle()

    def _check_done(self) -> None:
        if not self._stopping or self._attempts.all:
            return
        if not self._engine.connected or not self._engine.unacknowledged:
            self._finish()
        elif self._idle is None or self._idle.cancelled:
            self._idle = self.loop.after(LINGER_S, self._finish)

    def _check_idle(self) -> None:
        if self._stopping:
            return
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        if self._recovered and not self._engine.connected and not self._is_at_work():
            self._idle = self.loop.after(self._settings.idle_s, self._end_if_idle)

    def _is_at_work(self) -> bool:
        """What has no process yet is no work: its file may be waiting for an engine that never comes."""
        return any(attempt.child is not None for attempt in self._attempts.all.values())

    def _end_if_idle(self) -> None:
        if not self._is_at_work():  # else its end asks again
            self._finish()

    def _finish(self) -> None:
        self._engine.flush()
        self.loop.stopped = True


def _locked(path: str) -> int:
    """One crew a home; the kernel lets go of the lock however we end."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder = os.read(fd, 20).decode() or "?"
        raise AlreadyRunning(pid=holder, home=path, advice="It is a crew; nothing needs to be started.") from None
    os.ftruncate(fd, 0)
    os.pwrite(fd, str(os.getpid()).encode(), 0)
    return fd
