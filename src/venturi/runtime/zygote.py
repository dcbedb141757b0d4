"""A file zygote: imports one DAG file, then forks parked attempts on the crew's word, and reaps them.

Owns the children of this file version. Outlives its crew until they have ended: keeps what they print from being
lost, writes down how they ended, and tells the next crew. Runs no task itself.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import struct
import sys
import time
import warnings
from typing import Any, NoReturn

from .. import linux
from ..crashpoints import crash_at
from ..wire import messages, spool
from ..wire.frames import Frame, Head
from .asking import ChannelPort, ValueFiles
from .attempt import Runner
from .channel import Channel, Socket, connected, pair
from .environment import Places, restore_thread_variables
from .loader import Failed, Imported, Limit, load
from .masks import specs_without, without
from .rehearsal import warm_up

CREW_LOOKED_FOR_EVERY_MS = 100
Ends = tuple[Socket, Socket, int, int]  # our end of a channel and the child's; a log's read end and its write end
TAIL_KEPT_S = 30.0  # for a new crew to take what an ended attempt printed while there was none


class Child:
    """One attempt of ours, parked or at work."""

    __slots__ = ("kept_until", "log_fd", "pid", "pidfd", "status", "ticks")

    def __init__(self, pid: int, pidfd: int, ticks: int, log_fd: int) -> None:
        self.pid = pid
        self.pidfd = pidfd
        self.ticks = ticks
        self.log_fd = log_fd  # read end, so that no death of a crew gives a printing attempt a broken pipe
        self.status: tuple[int, float] | None = None  # wait status and peak memory, once it has ended
        self.kept_until = 0.0


class Zygote:
    def __init__(self, channel: Channel, key: str, source: Head | None, places: Places, preloaded: list[str]) -> None:
        self.channel: Channel | None = channel
        self.key = key
        self.source = source  # None: a bare zygote, whose attempts import for themselves
        self.places = places
        self.preloaded = preloaded
        self.imported: Imported | None = None
        self.secrets: list[str] = []  # that the file has read: known to every attempt of it
        self._files = ValueFiles(places.values, places.value_inline_bytes_max)
        self._children: dict[int, Child] = {}  # by pidfd
        self._helpers: dict[int, int] = {}  # pidfd → pid of forks that ask a timetable
        self._untold: list[Child] = []  # ended while there was no crew
        self._notes_fd = -1
        self._ending = False  # on the crew's word: when no child is left
        self._finally = False  # the crew itself ends, with nothing at work
        self._poll = select.poll()
        self._poll.register(channel.fileno(), select.POLLIN)

    # ── importing ──

    def prepare(self, time_limit_s: float) -> None:
        """Import the file and report; ends this process where it cannot be forked from."""
        if self.source is None:
            self._settle_memory()
            return
        limit = Limit(time_limit_s)
        port = ChannelPort(0, self._exchange_under(limit), self._files, self.secrets.extend)
        from ..sdk.port import installed

        with installed(port):
            made = load(self.source, self.places, limit, self.preloaded, port.reads)
        _flush()
        assert self.channel is not None
        if isinstance(made, Failed):
            error = without(made.error, self.secrets)
            self._report({"k": "load_failed", "error": error, "modules": made.modules, "reads": port.reads}, b"")
            os._exit(0)
        told = {"k": "loaded", **made.report, "answers": port.answers_digest()}
        specs = specs_without(made.specs, self.secrets)
        if not made.report["fork_safe"]:
            self._report(told, specs)
            os._exit(0)
        self._warm(made)
        self._settle_memory()
        self._report(told, specs)
        self.imported = made._replace(specs=b"")

    def _report(self, head: Head, body: bytes) -> None:
        assert self.channel is not None
        try:
            self.channel.send(head, body)
        except OSError:
            os._exit(0)  # there is no crew any more that had asked

    def _warm(self, made: Imported) -> None:
        from ..sdk.running import warm

        for dag in made.dags.values():
            try:
                warm(dag)
            except Exception:
                continue  # the attempt meets it, and says so

    def _settle_memory(self) -> None:
        restore_thread_variables()  # here and not in each attempt, whose every touched page is a copy
        gc.collect()
        gc.freeze()
        gc.disable()

    def _exchange_under(self, limit: Limit) -> Any:
        def exchange(head: Head, body: bytes) -> Frame:
            assert self.channel is not None
            limit.stand_still()
            try:
                self.channel.send(head, body)
                answer = self.channel.receive()
            except OSError:
                answer = None
            if answer is None:
                os._exit(0)  # the crew is gone, and with it whoever wanted this file
            limit.run()
            return answer

        return exchange

    # ── the loop ──

    def serve(self) -> NoReturn:
        while True:
            waits_ms = None if self.channel is not None and not self._untold else CREW_LOOKED_FOR_EVERY_MS
            for fd, _ in self._poll.poll(waits_ms):
                if fd in self._children:
                    self._reap(self._children.pop(fd))
                elif fd in self._helpers:
                    self._reap_helper(fd)
                elif self.channel is not None and fd == self.channel.fileno():
                    self._hear()
            if self._ending and not self._children and not self._helpers:
                os._exit(0)
            if self.channel is None:
                self._without_crew()

    def _hear(self) -> None:
        assert self.channel is not None
        if not self.channel.fill():
            self._lose_crew()
            return
        while self.channel is not None and self.channel.waiting():
            frame = self.channel.receive()
            kind = frame[0]["k"] if frame is not None else ""
            if frame is not None and kind == "park":
                self._fork(frame[0]["spares"], frame[0]["warm"])
            elif frame is not None and kind == "dates":
                self._fork_helper(frame[0], self.channel.fds.popleft())
            elif kind == "end":
                self._ending = True
                self._finally = frame is not None and frame[0]["finally"]

    def _fork(self, n: int, warm: bool) -> None:
        """Several with as little as can be between one and the next: all that is written there is copied each time."""
        ends = [(*pair(), *os.pipe()) for _ in range(n)]
        pids = []
        for mine in ends:
            pid = os.fork()
            if pid == 0:
                self._become_attempt(ends, mine, warm)
            pids.append(pid)
        crash_at("zygote:forked")
        for pid, (ours, childs, log_read, log_write) in zip(pids, ends, strict=True):
            try:
                os.setpgid(pid, pid)  # the child does so, too; whoever is first
            except OSError:
                pass
            childs.close()
            os.close(log_write)
            child = Child(pid, os.pidfd_open(pid), linux.start_ticks(pid) or 0, log_read)
            self._children[child.pidfd] = child
            self._poll.register(child.pidfd, select.POLLIN)
            try:
                assert self.channel is not None
                self.channel.send(messages.parked(pid, child.ticks), fds=[ours.fileno(), log_read, child.pidfd])
            except OSError:
                pass  # the end of the crew is noticed by the next read
            ours.close()
        crash_at("zygote:parked")

    def _become_attempt(self, ends: list[Ends], mine: Ends, warm: bool) -> NoReturn:
        """In the fork: nothing here may ever return into the zygote's loop."""
        code = 70
        try:
            os.setpgid(0, 0)
            for ours, childs, log_read, log_write in ends:
                ours.close()
                if childs is not mine[1]:
                    childs.close()
                    os.close(log_read)
                    os.close(log_write)
            if self.channel is not None:
                for fd in self.channel.fds:  # of a question that came with this word: its asker waits for the end
                    os.close(fd)
                self.channel.close()
            for child in (*self._children.values(), *self._untold):
                os.close(child.log_fd)
                os.close(child.pidfd)
            if self._notes_fd >= 0:
                os.close(self._notes_fd)
            runner = Runner(Channel(mine[1]), mine[2], self.imported, self.places, self._files, self.secrets)
            runner.settle(mine[3])
            if warm:
                warm_up(runner)
            runner.serve()
        except BaseException:
            import traceback

            traceback.print_exc()
            _flush()
        finally:
            os._exit(code)

    # ── timetables of the author's own ──

    def _fork_helper(self, head: Head, out_fd: int) -> None:
        pid = os.fork()
        if pid == 0:
            try:
                os.setpgid(0, 0)
                self._answer_dates(head, out_fd)
            finally:
                os._exit(70)
        os.close(out_fd)
        pidfd = os.pidfd_open(pid)
        self._helpers[pidfd] = pid
        self._poll.register(pidfd, select.POLLIN)

    def _answer_dates(self, head: Head, out_fd: int) -> NoReturn:
        """The kernel ends this fork when its time is over, whatever it does. What it prints is nobody's."""
        from json import dumps

        from .dates import told

        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, head["time_limit_s"])
        nowhere = os.open(os.devnull, os.O_RDWR)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        answer = told(self.imported, head, self.places)
        os.write(out_fd, dumps(without(answer, self.secrets)).encode())
        os._exit(0)

    def _reap_helper(self, pidfd: int) -> None:
        self._poll.unregister(pidfd)
        os.waitpid(self._helpers.pop(pidfd), 0)
        os.close(pidfd)

    def _reap(self, child: Child) -> None:
        """Its group is killed while the zombie still holds the number, then it is waited for."""
        self._poll.unregister(child.pidfd)
        try:
            linux.kill_group(child.pid, signal.SIGKILL)
        except OSError:
            pass
        _, status, used = os.wait4(child.pid, 0)
        crash_at("zygote:reaped")
        child.status = (status, used.ru_maxrss / 1024)
        if self.channel is not None:
            try:
                self.channel.send(messages.exited(child.pid, status, child.status[1]))
            except OSError:
                self._lose_crew()
            else:
                self._release(child)
                return
        self._note(child)

    def _release(self, child: Child) -> None:
        os.close(child.pidfd)
        os.close(child.log_fd)

    # ── without a crew ──

    def _lose_crew(self) -> None:
        if self._finally:
            os._exit(0)
        if self.channel is not None:
            self._poll.unregister(self.channel.fileno())
            self.channel.close()
            self.channel = None

    def _note(self, child: Child) -> None:
        """How it ended, for a crew that may come after this zygote."""
        assert child.status is not None
        if self._notes_fd < 0:
            name = f"{self.places.spool}/z{os.getpid()}.seg"
            self._notes_fd = os.open(name, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.write(self._notes_fd, spool.record(spool.exited(child.pid, child.ticks, child.status[0], time.time())))
        child.kept_until = time.monotonic() + TAIL_KEPT_S
        self._untold.append(child)

    def _without_crew(self) -> None:
        now = time.monotonic()
        for child in list(self._untold):
            if not _has_unread(child.log_fd) or child.kept_until < now:
                self._untold.remove(child)
                self._release(child)
        if not self._children and not self._untold:
            os._exit(0)
        try:
            channel = connected(self.places.crew)
            self._tell(channel)
        except OSError:
            return
        self.channel = channel
        self._poll.register(channel.fileno(), select.POLLIN)

    def _tell(self, channel: Channel) -> None:
        """To a new crew: who lives, who has ended and how, and the read ends of what they print."""
        channel.send(messages.hello("zygote", os.getpid(), key=self.key, children=len(self._children)))
        for child in self._children.values():
            channel.send(messages.child(child.pid, child.ticks), fds=[child.log_fd])
        for child in self._untold:
            assert child.status is not None
            channel.send(messages.child(child.pid, child.ticks), fds=[child.log_fd])
            channel.send({**messages.exited(child.pid, *child.status), "ticks": child.ticks})
        channel.send({"k": "told"})
        for child in self._untold:
            self._release(child)
        self._untold.clear()


def _has_unread(fd: int) -> bool:
    import fcntl  # only where there is no crew: each library is a burden on every fork
    import termios

    count = fcntl.ioctl(fd, termios.FIONREAD, b"\0\0\0\0")
    return bool(struct.unpack("i", count)[0])


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass


def become(channel: Channel, output_fd: int, head: Head, places: Places, preloaded: list[str]) -> NoReturn:
    """In a fork of the base zygote."""
    try:
        os.setpgid(0, 0)
        os.dup2(output_fd, 1)
        os.dup2(output_fd, 2)
        os.close(output_fd)
        # Since 3.12 a fork beside native threads warns; the guard has judged them.
        warnings.filterwarnings("ignore", "This process .* is multi-threaded, use of fork", DeprecationWarning)
        source = head["source"] if head.get("import", True) else None
        name = os.path.basename(source["file"]) if source else "bare"
        linux.name_process(f"vz:{name}")
        zygote = Zygote(channel, head["key"], source, places, preloaded)
        zygote.prepare(head.get("time_limit_s") or 30.0)
        zygote.serve()
    except BaseException:
        import traceback

        traceback.print_exc()
        _flush()
    finally:
        os._exit(70)
