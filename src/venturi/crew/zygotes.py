"""File zygotes: one per DAG-file version; importing, keeping the last used, handing parked children to attempts.

Owns which zygote serves which attempt, the number of spares, reused children and the limits of an import. Runs nothing.
"""

from __future__ import annotations

import os
import signal
from collections import deque
from functools import partial
from time import monotonic

from ..linux import kill_group
from ..wire import messages
from ..wire.frames import Head
from .attempts import Attempt, Attempts, Child
from .bases import Bases, Kind
from .dates import Questions
from .engine_link import EngineLink
from .imports import Import
from .link import Link
from .loop import WRITE, Loop
from .memory import Memory
from .settings import Settings

LARGE_MB = 60.0
SPARES_MAX = 4
FORKS_ASKED_MAX = 8
SPARES_CALM_S = 5.0  # this long without a shortage: one spare is enough again
IDLE_S = 60.0  # unused spares and reused children go
TRIES_MAX = 3

Key = tuple[str, str, str]  # interpreter, file, version


class Pool:
    """Reused children of one file version, and what waits for them: whatever tasks of it have asked for reuse."""

    __slots__ = ("claims", "idle", "waiting", "zygote")

    def __init__(self, zygote: Zygote) -> None:
        self.zygote = zygote
        self.waiting: deque[Attempt] = deque()
        self.idle: list[Child] = []
        self.claims = 0  # places of ours in the zygote's line for a spare


class Zygote:
    def __init__(self, zygotes: Zygotes, key: str, source: Head | None, python: str) -> None:
        self._zygotes = zygotes
        self.key = key
        self.source = source  # None: bare
        self.python = python
        self.version: str | None = source.get("version") if source else None
        self.preload: tuple[str, ...] = ()
        self.link: Link | None = None
        self.pid = 0
        self.pidfd = -1
        self.alive = True
        self.ready = False
        self.retired = False
        self.importing: Import | None = None
        self.specs_hash = 0  # of its specs, and of the variables and connections that it has read
        self.secrets: list[str] = []  # among these: hidden in the log of every attempt of it
        self.spares: deque[Child] = deque()
        self.children: dict[int, Child] = {}  # by pid, living
        self.waiting: deque[Attempt | Pool] = deque()  # in line for a process
        self.pools: dict[str, Pool] = {}  # by file version
        self.questions = Questions()
        self.asked = 0  # forks asked for and not yet parked
        self.target = 1
        self.used_at = monotonic()
        self.short_at = 0.0
        self.tries = 0

    @property
    def name(self) -> str:
        return os.path.basename(self.source["file"]) if self.source else "bare"

    def busy(self) -> bool:
        awaited = self.waiting or self.questions or self.importing
        return bool(awaited) or any(c.attempt for c in self.children.values())

    # ── told by the base ──

    def on_forked(self, pid: int, pidfd: int) -> None:
        self._zygotes.on_forked(self, pid, pidfd)

    def on_exited(self, status: int, peak_mb: float) -> None:
        self._zygotes.on_exited(self, status)

    def on_base_lost(self, reason: str) -> None:
        self._zygotes.on_base_lost(self, reason)


class Zygotes:
    def __init__(
        self, loop: Loop, settings: Settings, bases: Bases, attempts: Attempts, engine: EngineLink, memory: Memory
    ) -> None:
        self.loop = self._loop = loop
        self._settings = settings
        self._bases = bases
        self._attempts = attempts
        self._engine = engine
        self.memory = self._memory = memory
        self._count = 0
        self._all: dict[str, Zygote] = {}  # living, by their own key
        self._current: dict[Key, Zygote] = {}  # the one that serves a version
        self._unsafe: set[Key] = set()  # versions that cannot be forked from
        self._heavy: dict[str, tuple[str, ...]] = {}  # file → what its next zygote finds preloaded
        self._large: set[str] = set()  # files whose zygotes are big without anything preloaded
        self._never_preload: set[str] = set()
        self._reused_busy = 0
        self._hungry: dict[Pool, None] = {}  # pools that wait for one of the slots
        self._asking: dict[int, Zygote] = {}  # token of their asks (negative) → zygote
        self.pids: set[int] = set()
        loop.after(IDLE_S / 2, self._release_idle)

    # ── loading ──

    def load(self, request: int | None, source: Head, time_limit_s: float, memory_limit_mb: float | None) -> Zygote:
        zygote = self._made(source)
        zygote.importing = Import(zygote, request, time_limit_s, memory_limit_mb, self)
        self._fork(zygote)
        return zygote

    def _made(self, source: Head | None, python: str = "") -> Zygote:
        self._count += 1
        zygote = Zygote(self, f"{os.getpid()}-{self._count}", source, source["python"] if source else python)
        self._all[zygote.key] = zygote
        return zygote

    def _fork(self, zygote: Zygote) -> None:
        source = zygote.source
        file = source["file"] if source else ""
        zygote.tries += 1
        zygote.preload = () if file in self._never_preload else self._heavy.get(file, ())
        head: Head = messages.fork_file(zygote.key, source or {}, None)
        head["import"] = source is not None
        output_read, output_write = os.pipe()
        if zygote.importing is not None:
            head["time_limit_s"] = zygote.importing.limit_s
            zygote.importing.listen(output_read)
        else:
            self._loop.close(output_read)
        try:
            kind = Kind(zygote.python, zygote.preload, file in self._large)
            zygote.link = self._bases.fork(kind, zygote, head, output_write)
        except OSError as error:
            problem = f"The interpreter {zygote.python} cannot be started: {error.strerror}."
            self._loop.after(0, partial(self._give_up, zygote, problem))
            return
        finally:
            os.close(output_write)
        self._loop.add(zygote.link.fileno, partial(self._on_link, zygote))

    def on_forked(self, zygote: Zygote, pid: int, pidfd: int) -> None:
        zygote.pid, zygote.pidfd = pid, pidfd
        self.pids.add(pid)
        self._loop.add(pidfd, partial(self._on_death, zygote))
        if zygote.importing is not None:
            zygote.importing.begin(pid)
        else:
            zygote.ready = True
            self.dispatch(zygote)

    def on_base_lost(self, zygote: Zygote, reason: str) -> None:
        """The base died before it could fork it."""
        self._unlink(zygote)
        if zygote.tries < TRIES_MAX:
            self._fork(zygote)
        else:
            self._give_up(zygote, reason or "The zygotes that were to import the file died again and again.")

    def _unlink(self, zygote: Zygote) -> None:
        if zygote.link is not None:
            zygote.link.close()
            zygote.link = None

    def _give_up(self, zygote: Zygote, problem: str) -> None:
        file = zygote.source["file"] if zygote.source else None
        self.import_failed(zygote, {"type": "ProcessError", "message": problem, "file": file, "line": None})

    # ── what a zygote says ──

    def _on_link(self, zygote: Zygote, events: int) -> None:
        link = zygote.link
        if link is None:
            return
        if events & WRITE:
            link.flush()
        frames, alive = link.receive()
        for head, body in frames:
            self._on_frame(zygote, link, head, body)
        if not alive and zygote.link is link:
            self._unlink(zygote)

    def _on_frame(self, zygote: Zygote, link: Link, head: Head, body: bytes) -> None:
        kind = head["k"]
        if kind == "parked":
            self._on_parked(zygote, link, head)
        elif kind == "exited":
            child = zygote.children.pop(head["pid"], None)
            if child is not None:
                self._attempts.on_exited(child, head["status"], head["peak_mb"])
        elif kind == "loaded":
            self._on_loaded(zygote, head, body)
        elif kind == "load_failed":
            self._on_load_failed(zygote, head)
        elif kind == "ask" and zygote.importing is not None:
            zygote.importing.ask(head, body)

    def _on_loaded(self, zygote: Zygote, head: Head, body: bytes) -> None:
        importing, zygote.importing = zygote.importing, None
        if importing is None or zygote.source is None:
            return
        importing.end()
        zygote.secrets = importing.secrets
        answers = head.pop("answers", "")
        file = zygote.source["file"]
        self._heavy[file] = tuple(head["heavy"])
        if head["memory_mb"] > LARGE_MB and not head["heavy"]:
            self._large.add(file)
        if zygote.version is None:
            zygote.version = head["version"]
        key = (zygote.python, file, zygote.version)
        if importing.request is not None:
            self._engine.send({**head, "request": importing.request, **importing.said()}, body)
        if not head["fork_safe"]:
            self._unsafe.add(key)
            zygote.retired = True
            self._move_waiting(zygote)
            return
        self._unsafe.discard(key)
        zygote.specs_hash = hash((body, answers))
        before = self._current.get(key)
        stays = before is not None and before.alive and before.ready and before.specs_hash == zygote.specs_hash
        if zygote.retired or (stays and before is not zygote):
            self.end(zygote)  # the same again: the one that is warm stays
            self._move_waiting(zygote)
            return
        zygote.ready = True
        self._current[key] = zygote
        if before is not None and before is not zygote:
            self._move_waiting(before)
            self.end(before)
        self._evict()
        self.dispatch(zygote)

    def _on_load_failed(self, zygote: Zygote, head: Head) -> None:
        if head["error"]["type"] == "LoadAgain" and zygote.source is not None:
            # Its file makes settings that may have been meant for what was preloaded: never preload for it.
            self._never_preload.add(zygote.source["file"])
            zygote.tries = 0
            return  # its death, which follows, starts the next
        self.import_failed(zygote, head["error"], head)

    def import_failed(self, zygote: Zygote, error: Head, head: Head | None = None) -> None:
        importing, zygote.importing = zygote.importing, None
        zygote.retired = True
        self._forget(zygote)
        if importing is not None:
            importing.end()
            if importing.request is not None:
                more = {k: v for k, v in (head or {}).items() if k not in ("k", "error", "request")}
                more.update(importing.said())
                self._engine.send(messages.load_failed(importing.request, error, **more))
        sentence = f"The DAG file could not be imported: {error['type']}: {error['message']}"
        zygote.questions.fail(sentence)
        for attempt in self._waiting_of(zygote):
            self._attempts.end_unstarted(attempt, "failed", sentence, error)
        if zygote.pid == 0:
            zygote.alive = False
            self._unlink(zygote)

    def answer(self, head: Head, body: bytes) -> None:
        """The engine's, to a zygote that asked while importing."""
        zygote = self._asking.get(head["token"])
        if zygote is not None and zygote.importing is not None:
            zygote.importing.answer(head, body)

    def asking_token(self, zygote: Zygote) -> int:
        token = -int(zygote.key.rpartition("-")[2])
        self._asking[token] = zygote
        return token

    def relay_ask(self, head: Head, body: bytes) -> None:
        self._engine.ask(head, body)

    def forget_requests(self) -> None:
        """A new engine: what the old one wanted loaded has nobody to be told."""
        for zygote in self._all.values():
            if zygote.importing is not None:
                zygote.importing.request = None

    # ── spares ──

    def _on_parked(self, zygote: Zygote, link: Link, head: Head) -> None:
        from socket import socket as make_socket

        channel, log_fd, pidfd = link.fds.popleft(), link.fds.popleft(), link.fds.popleft()
        child = Child(head["pid"], head["ticks"], pidfd, Link(self._loop, make_socket(fileno=channel)), log_fd, zygote)
        zygote.asked = max(0, zygote.asked - 1)
        zygote.children[child.pid] = child
        self._attempts.adopt_child(child)
        zygote.spares.append(child)
        self.dispatch(zygote)

    def place(self, attempt: Attempt) -> None:
        """Find a process for this attempt: now, when one is parked, or when its file is imported."""
        zygote = self.serving(attempt.head)
        attempt.parent = zygote
        zygote.used_at = monotonic()
        if attempt.reuse:
            source = attempt.head["source"]
            key = str(source.get("version") or source["file"])
            pool = zygote.pools.get(key)
            if pool is None:
                pool = zygote.pools[key] = Pool(zygote)
            pool.waiting.append(attempt)
            self._feed(pool)
        else:
            zygote.waiting.append(attempt)
            zygote.target = max(zygote.target, 1)
            self.dispatch(zygote)

    def unplace(self, attempt: Attempt) -> None:
        zygote = attempt.parent
        if zygote is None:
            return
        attempt.parent = None
        if attempt in zygote.waiting:
            zygote.waiting.remove(attempt)
        for pool in zygote.pools.values():
            if attempt in pool.waiting:
                pool.waiting.remove(attempt)

    def serving(self, head: Head) -> Zygote:
        """Whoever has imported what this start or question is of, or will have."""
        source = head["source"]
        version = source.get("version") or ""
        key = (source["python"], source["file"], version)
        if not head.get("fork_safe", True) or key in self._unsafe:
            return self._bare(source["python"])
        zygote = self._current.get(key)
        if zygote is None or not zygote.alive:
            s = self._settings
            zygote = self.load(None, source, s.parse_time_limit_s, s.parse_memory_limit_mb)
            self._current[key] = zygote
        return zygote

    def _bare(self, python: str) -> Zygote:
        key = (python, "", "")
        zygote = self._current.get(key)
        if zygote is None or not zygote.alive:
            zygote = self._current[key] = self._made(None, python)
            self._fork(zygote)
        return zygote

    def dispatch(self, zygote: Zygote) -> None:
        """Parked children to whoever is first in line; as many more as are needed."""
        if not zygote.ready:
            return
        zygote.questions.send(zygote.link)
        waiting, spares = zygote.waiting, zygote.spares
        short = False
        while waiting:
            if not spares:
                short = True
                break
            item = waiting.popleft()
            pool: Pool | None = None
            if isinstance(item, Pool):
                pool = item
                pool.claims -= 1
                if not pool.waiting or self._reused_busy >= self._settings.slots:
                    self._hungry.update({pool: None} if pool.waiting else {})
                    continue
                item = pool.waiting.popleft()
                self._reused_busy += 1
            child = spares.popleft()
            child.pool = pool
            self._attempts.hand(item, child, bare=zygote.source is None)
            zygote.used_at = monotonic()
        self._keep_spares(zygote, short)

    def _keep_spares(self, zygote: Zygote, short: bool) -> None:
        if short:
            zygote.short_at = zygote.used_at
            if zygote.target < SPARES_MAX and len(zygote.waiting) > 1:
                zygote.target += 1
        elif zygote.target > 1 and zygote.used_at - zygote.short_at > SPARES_CALM_S:
            zygote.target -= 1
        wanted = min(len(zygote.waiting) + zygote.target, FORKS_ASKED_MAX)
        have = len(zygote.spares) + zygote.asked
        at_least = 1 if zygote.waiting else (zygote.target + 1) // 2  # forks in one go are cheaper than one by one
        if wanted - have >= at_least and (zygote.waiting or zygote.source is not None):
            self._askserving(zygote, wanted - have)

    def _askserving(self, zygote: Zygote, n: int) -> None:
        if zygote.link is not None and not zygote.retired:
            zygote.asked += n
            # A spare that nobody waits for makes itself warm; one that is wanted now has no time to.
            zygote.link.send(messages.park(n, warm=not zygote.waiting and zygote.target == 1))

    def gone(self, child: Child) -> None:
        """A child of ours is dead and buried."""
        zygote = child.owner
        if not isinstance(zygote, Zygote):
            return
        if child in zygote.spares:
            zygote.spares.remove(child)
        if not zygote.alive:
            zygote.children.pop(child.pid, None)
        pool = child.pool
        if pool is not None:
            if child in pool.idle:
                pool.idle.remove(child)
            elif not child.last:
                self._reused_busy -= 1  # it died at work
            self._feed(pool)
            self._feed_hungry()
        self.dispatch(zygote)

    # ── reuse ──

    def freed(self, child: Child) -> None:
        """A reused child has done its attempt."""
        pool = child.pool
        assert pool is not None
        if child.last:
            self._reused_busy -= 1
            self._feed(pool)
            self._feed_hungry()
        elif pool.waiting and not self._hungry:
            self._attempts.hand(pool.waiting.popleft(), child, bare=pool.zygote.source is None)
        else:
            self._reused_busy -= 1
            pool.idle.append(child)
            self._feed_hungry()
            self._feed(pool)
        pool.zygote.used_at = monotonic()

    def _feed(self, pool: Pool) -> None:
        zygote = pool.zygote
        slots = self._settings.slots
        while pool.waiting and pool.idle and self._reused_busy < slots:
            self._reused_busy += 1
            self._attempts.hand(pool.waiting.popleft(), pool.idle.pop(), bare=zygote.source is None)
        if not pool.waiting:
            return
        if self._reused_busy >= slots:
            self._hungry[pool] = None
            return
        needed = min(len(pool.waiting), slots - self._reused_busy) - pool.claims
        for _ in range(needed):
            pool.claims += 1
            zygote.waiting.append(pool)
        if needed > 0:
            self.dispatch(zygote)

    def _feed_hungry(self) -> None:
        hungry, self._hungry = self._hungry, {}
        for pool in hungry:
            self._feed(pool)

    # ── ends ──

    def on_exited(self, zygote: Zygote, status: int) -> None:
        if zygote.importing is not None:
            zygote.importing.status = status
            if not zygote.alive:
                self._after_death(zygote)

    def _on_death(self, zygote: Zygote, _: int) -> None:
        self._on_link(zygote, 0)
        self._loop.close(zygote.pidfd)
        self.pids.discard(zygote.pid)
        zygote.alive = False
        zygote.ready = False
        self._unlink(zygote)
        try:
            pid, status = os.waitpid(zygote.pid, os.WNOHANG)  # ours, if its base is dead
            if pid and zygote.importing is not None:
                zygote.importing.status = status
        except ChildProcessError:
            pass
        for spare in zygote.spares:
            self._let_go(spare)
        zygote.spares.clear()
        self._memory.unwatch(zygote.pid)
        if zygote.importing is not None and zygote.importing.status is None:
            self._loop.after(1.0, partial(self._after_death, zygote))
        else:
            self._after_death(zygote)

    def _after_death(self, zygote: Zygote) -> None:
        if self._all.get(zygote.key) is not zygote:
            return
        importing = zygote.importing
        if importing is not None:
            if zygote.source is not None and zygote.source["file"] in self._never_preload and zygote.preload:
                self._again(zygote)
                return
            if importing.status is not None and os.WIFSIGNALED(importing.status) and importing.was_struck(zygote.tries):
                self._again(zygote)
                return
            self.import_failed(zygote, importing.why_dead())
            return
        self._forget(zygote)
        self._move_waiting(zygote)

    def _again(self, zygote: Zygote) -> None:
        zygote.alive, zygote.pid, zygote.pidfd = True, 0, -1
        assert zygote.importing is not None
        zygote.importing.end()
        zygote.importing.status = None
        self._fork(zygote)

    def _forget(self, zygote: Zygote) -> None:
        self._all.pop(zygote.key, None)
        self._asking.pop(-int(zygote.key.rpartition("-")[2]), None)
        for key in [key for key, one in self._current.items() if one is zygote]:
            del self._current[key]

    def _waiting_of(self, zygote: Zygote) -> list[Attempt]:
        found = [item for item in zygote.waiting if isinstance(item, Attempt)]
        for pool in zygote.pools.values():
            found += pool.waiting
            self._hungry.pop(pool, None)
            pool.waiting.clear()
            pool.claims = 0
        zygote.waiting.clear()
        return found

    def _move_waiting(self, zygote: Zygote) -> None:
        """To whoever serves them now."""
        for key in [key for key, one in self._current.items() if one is zygote]:
            del self._current[key]
        zygote.questions.move()
        for attempt in self._waiting_of(zygote):
            self.place(attempt)

    def end(self, zygote: Zygote, finally_: bool = False) -> None:
        """It takes nothing new, and ends when its last attempt has."""
        zygote.retired = True
        for key in [key for key, one in self._current.items() if one is zygote]:
            del self._current[key]
        for child in list(zygote.spares):
            self._let_go(child)
        zygote.spares.clear()
        for pool in zygote.pools.values():
            for child in pool.idle:
                self._let_go(child)
            pool.idle.clear()
        if zygote.link is not None:
            zygote.link.send({"k": "end", "finally": finally_})

    def end_all(self) -> None:
        """The crew ends, in order: no zygote shall wait for another."""
        for zygote in list(self._all.values()):
            if zygote.importing is not None:
                self.kill(zygote)
            else:
                self.end(zygote, finally_=True)

    def _let_go(self, child: Child) -> None:
        """A parked or idle child ends at the end of its channel."""
        child.last = True
        if child.link is not None:
            child.link.close()
            child.link = None

    def _evict(self) -> None:
        living = [z for z in self._current.values() if z.source is not None and z.ready]
        over = len(living) - self._settings.file_zygotes_max
        for zygote in sorted(living, key=lambda z: z.used_at)[: max(0, over)]:
            if not zygote.busy():
                self.end(zygote)

    def _release_idle(self) -> None:
        before = monotonic() - IDLE_S
        for zygote in self._all.values():
            if zygote.used_at < before and not zygote.busy():
                for child in (*zygote.spares, *(c for pool in zygote.pools.values() for c in pool.idle)):
                    self._let_go(child)
                zygote.spares.clear()
                for pool in zygote.pools.values():
                    pool.idle.clear()
                zygote.target = 0
        self._loop.after(IDLE_S / 2, self._release_idle)

    def kill(self, zygote: Zygote) -> None:
        for kill in (kill_group, os.kill):  # it may not have its own group yet
            try:
                if zygote.pid:
                    kill(zygote.pid, signal.SIGKILL)
            except OSError:
                continue
