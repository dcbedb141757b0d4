"""The engine as a process: its lock, its sockets, its clock, and the loop that turns until it is told to stop.

Owns the waiting. Everything it waits for becomes an argument of `Engine.turn`.
"""

from __future__ import annotations

import gc
import os
import selectors
import sys
import time
from collections.abc import Callable
from pathlib import Path

from ..bundles.building import Builds
from ..bundles.environments import Environments
from ..bundles.watch import Watcher
from ..config import Config, Home
from ..core.errors import EpochLost, StoreError
from ..executors.base import Disconnected, Report
from ..executors.local import Local
from ..store import open_store
from .asking import DATABASE_AGAIN_S
from .clock import Clock, this_clock
from .commands import Commands
from .control import Control
from .dagfiles import DagFiles
from .jumps import Jumps
from .lock import EngineLock
from .sweeping import Places
from .turn import LAZY_S, Engine

RECONNECT_S = 0.05
WAIT_MAX_S = 86_400.0  # epoll counts milliseconds in 32 bits
CLOCK_LOOKED_AT_S = 5.0  # while something is to happen by the clock: it may be set, and nobody tells us
# With every slot busy the machine is the bound: what ends within this moment shares one commit and one send.
GATHER_S = 0.0005


def _say(text: str) -> None:
    print(f"venturi engine: {text}", file=sys.stderr, flush=True)


class EngineProcess:
    def __init__(
        self, home: Home, config: Config, roots: list[Path], foreground: bool = False, clock: Clock | None = None
    ) -> None:
        self._home, self._config = home, config
        self._clock = clock or this_clock()
        self._jumps = Jumps(self._clock)
        self._lock = EngineLock(home.run)
        self._lock.take(str(home.root))
        self._store = open_store(config.database_url or home.database, key_file=home.sealing_key)
        self._executor = Local(home.socket("crew"), 0)
        self._engine = Engine(self._store, self._executor, config, home.values, foreground)
        self._engine.retention.places = Places(home.logs, home.values, home.sources)
        self._files = DagFiles(self._engine, roots, home.root, Environments(home.environments))
        self._builds = Builds(home.environments, self._on_changed)
        self._files.build = self._builds.want
        self._commands = Commands(self._engine, self._files, self._clock)
        self._selector = selectors.DefaultSelector()
        self._control = Control(home.socket("engine"), self._selector, self._commands.handle)
        self._commands.control = self._control
        if not foreground:
            self._commands.take_waiting(self._engine.waiting_commands)
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._selector.register(self._wake_read, selectors.EVENT_READ, self._drain_wakes)
        self._changed: set[str] = set()
        self._crew_fd = -1
        self._lifeline_gone = False
        self._connect_at = 0.0
        self._whole_at = 0.0
        self._refresh_at = 0.0
        self._watcher = Watcher(roots, self._on_changed) if roots and not foreground else None
        self.on_crew_lost: Callable[[], None] = lambda: None

    # ── wakes from other threads ──

    def _on_changed(self, paths: set[str]) -> None:
        self._changed |= paths
        self._wake()

    def _wake(self) -> None:
        try:
            os.write(self._wake_write, b"x")
        except BlockingIOError:
            pass  # it is awake already

    def _drain_wakes(self, _: int) -> None:
        os.read(self._wake_read, 4096)

    def watch_lifeline(self, fd: int) -> None:
        """When the other end closes, whoever held the tree together is gone: end."""

        def gone(_: int) -> None:
            self._lifeline_gone = True

        self._selector.register(fd, selectors.EVENT_READ, gone)

    # ── the loop ──

    def run(self, ready: Callable[[], None] | None = None) -> None:
        self._engine.asks.wake = self._wake
        self._engine.asks.start(self._store)
        if self._watcher is not None:
            self._watcher.start()
            self._files.scan()
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 100)  # the world is long-lived: looking through it often finds nothing
        try:
            self._connect(self._clock.now())
            if ready is not None:
                ready()
            while not self._is_over():
                self._once()
        finally:
            self._close()

    def _once(self) -> None:
        now = self._clock.now()
        for key, mask in self._selector.select(self._timeout(now)):
            if key.fd != self._crew_fd:
                key.data(mask)
        if self._engine.is_void and not self._is_whole_again():
            return
        if self._engine.world.capacity.is_full:
            time.sleep(GATHER_S)
        by_s = self._jumps.since()
        now = self._clock.now()
        if by_s and not self._clock_set(by_s):
            return
        self._connect(now)
        reports: list[Report] = self._executor.poll()
        if any(isinstance(r, Disconnected) for r in reports):
            self._files.forget_requests()
            self._connect_at = now
        self._engine.asks.send_answers()
        if self._changed:
            changed, self._changed = self._changed, set()
            self._files.changed(changed)
        if now >= self._refresh_at and not self._engine.foreground:
            self._refresh_at = self._files.refresh(now)
        commands = self._commands.take_pending()
        commands.append(self._files.tell_gone)
        try:
            self._engine.turn(reports, commands, now)
            if self._engine.waits and not self._more_comes():
                self._engine.finish()
        except EpochLost:
            raise
        except StoreError as error:
            self._lose_database(error)
        else:
            self._files.pump()
        self._watch_crew()

    def _clock_set(self, by_s: float) -> bool:
        """Whether the engine could go on from there."""
        _say(f"The clock was set {'forward' if by_s > 0 else 'back'} by {abs(by_s):.0f} s.")
        self._connect_at += by_s
        self._refresh_at += by_s
        self._files.clock_set(by_s)
        if self._commands.stopping is not None:
            self._commands.stopping["at"] += by_s
        try:
            self._engine.clock_set(by_s)
        except EpochLost:
            raise
        except StoreError as error:
            self._lose_database(error)
            return False
        return True

    def _lose_database(self, error: StoreError) -> None:
        _say(str(error))
        self._executor.close()  # what it tells meanwhile it tells again
        self._whole_at = self._clock.now() + DATABASE_AGAIN_S

    def _is_whole_again(self) -> bool:
        """After a void turn: whether the database could be read anew. Attempts go on meanwhile; what they ask waits."""
        if 0.0 < self._whole_at - self._clock.now() <= DATABASE_AGAIN_S:  # more: the clock was set meanwhile
            return False
        try:
            self._engine.restart()
        except StoreError:
            self._whole_at = self._clock.now() + DATABASE_AGAIN_S
            return False
        _say("The state is read anew from the database.")
        self._files.begin_anew()
        if not self._engine.foreground:
            self._commands.take_waiting(self._engine.waiting_commands)
        self._connect_at = self._clock.now()
        return True

    def _more_comes(self) -> bool:
        """Whether something arrives within the time a lazy commit may wait."""
        return bool(self._selector.select(LAZY_S))

    def _timeout(self, now: float) -> float | None:
        if self._engine.is_void:
            return min(max(0.0, self._whole_at - now), DATABASE_AGAIN_S)
        if self._engine.has_reports:
            return 0.0
        waits = []
        timer = self._engine.next_timer()
        if timer is not None:
            waits += [timer - now, CLOCK_LOOKED_AT_S]
        if not self._executor.connected:
            waits.append(self._connect_at - now)
        if not self._engine.foreground and self._files.files:
            waits.append(self._refresh_at - now)
        stopping = self._commands.stopping
        if stopping is not None:
            waits.append(stopping["at"] + float(stopping.get("drain_s") or 0.0) - now)
        return max(0.0, min([*waits, WAIT_MAX_S])) if waits else None

    def _connect(self, now: float) -> None:
        if self._executor.connected or now < self._connect_at:
            return
        if not self._executor.connect():
            self._connect_at = now + RECONNECT_S
            self.on_crew_lost()
        self._watch_crew()

    def _watch_crew(self) -> None:
        fd = self._executor.fileno()
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._executor.wants_to_write else 0)
        if fd != self._crew_fd:
            if self._crew_fd >= 0:
                self._selector.unregister(self._crew_fd)
            if fd >= 0:
                self._selector.register(fd, wanted)
            self._crew_fd = fd
        elif fd >= 0 and self._selector.get_key(fd).events != wanted:
            self._selector.modify(fd, wanted)
        self._executor.flush()

    # ── the end ──

    def _is_over(self) -> bool:
        if self._lifeline_gone:
            return True
        stop = self._commands.stopping
        if stop is None:
            return False
        world = self._engine.world
        if stop.get("when_idle"):
            return not (self._engine.handed & world.runs.keys() or world.calls or world.calls_due)
        if stop.get("keep_tasks"):
            return True
        world.capacity.online = False  # no new starts
        over = self._clock.now() >= stop["at"] + float(stop.get("drain_s") or 0.0)
        if (world.by_token or world.calls) and not over:
            return False
        if not stop.get("told_crew"):
            stop["told_crew"] = True
            self._executor.stop(0.0)
            self._executor.flush()
            stop["at"], stop["drain_s"] = self._clock.now(), self._config.grace_s + 5.0
            return False
        return over or not self._executor.connected

    def _close(self) -> None:
        if self._watcher is not None:
            self._watcher.stop()
        self._builds.close()
        self._engine.asks.stop()
        self._control.close()
        self._executor.close()
        self._store.close()
        self._lock.release()


def serve(
    home: Home,
    config: Config,
    roots: list[Path],
    foreground: bool = False,
    ready: Callable[[], None] | None = None,
    on_crew_lost: Callable[[], None] | None = None,
    lifeline: int | None = None,
) -> int:
    """Be this home's engine until told to stop. Raises AlreadyRunning when another one is."""
    process = EngineProcess(home, config, roots, foreground)
    if on_crew_lost is not None:
        process.on_crew_lost = on_crew_lost
    if lifeline is not None:
        process.watch_lifeline(lifeline)
    process.run(ready)
    return 0
