"""`python -m venturi.cli.up`: the process that holds the tree together.

Starts crew, engine and web, each anew when it crashes, and ends them in order. Runs no author code, reads no database,
imports the standard library alone and sleeps until something happens.

Engine and web hold the read end of a *lifeline* pipe whose write end is here: they end when this process does, whatever
ended it. The crew has none: attempts outlive everything but a stop. A living crew is adopted.
"""

from __future__ import annotations

import argparse
import errno
import fcntl
import json
import os
import select
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .. import linux
from ..config import Config, Home, find_home, read_config
from ..core.errors import ProcessError, VenturiError
from ..web import binding
from ..wire.frames import Decoder, Head, encode
from . import processes
from .probe import Probe

BACKOFF_S = (0.0, 0.0, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)
KILLED_BACKOFF_S = 0.2
STEADY_S = 1.0  # alive for this long: the next crash is the first again
CRASHES_AT_START = 3  # so many before the first readiness: it will not come up by itself
READY_CHECK_S = 0.01
LOCK_CHECK_S = 0.2
CREW_CHECK_S = 0.05
WEB_STOP_S = 3.0
STOP_MARGIN_S = 10.0  # beyond the drain and the grace, before an engine that does not end is killed
STDOUT = 1  # as `--ready-fd`: one line there, and only that one
AGAIN = -1  # what `hold` returns for a restart


@dataclass
class Child:
    """One role: its process if it has one, and when it may be started again."""

    role: str
    pid: int | None = None
    pidfd: int = -1  # of an adopted crew, which is nobody's child here
    lifeline: int = -1
    started_at: float = 0.0
    crashes: int = 0
    due_at: float | None = 0.0  # None: not wanted


class Link:
    """One connection to our control socket."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.decoder = Decoder()

    def answer(self, head: Head, **more: Any) -> None:
        try:
            self.socket.sendall(encode({"k": "answer", "id": head.get("id"), **more}))
        except OSError:
            pass  # the asker has gone


class Tree:
    def __init__(self, home: Home, config: Config, options: argparse.Namespace, tell: Callable[[str], None]) -> None:
        self.home, self.config, self.options, self.tell = home, config, options, tell
        self.children = {role: Child(role) for role in processes.ROLES}
        self.selector = selectors.DefaultSelector()
        self.web_socket = self._listen_http()
        self.url = binding.url(config, *self.web_socket.getsockname()[:2])
        self.ready = False
        self.failed: str | None = None  # why it did not come up
        self.stopping: dict[str, Any] | None = None  # what was ordered
        self.stop_by = 0.0
        self.crew_is_told = True
        self.askers: list[tuple[Link, Head]] = []  # who waits for the end
        self.probe: Probe | None = None  # our first request to the web process, while it is not answered
        self.web_answers = False
        self.held_by: int | None = None  # a foreground `run` whose end we wait for
        self._signals = 0
        self._wake_r, self._wake_w = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._control = self._listen_control()

    # ── the loop ──

    def hold(self) -> int:
        """Until stopped: 0, 1 when it never came up, AGAIN when it was told to restart."""
        signal.set_wakeup_fd(self._wake_w, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        linux.become_subreaper()
        self.selector.register(self._wake_r, selectors.EVENT_READ, self._woken)
        self.selector.register(self._control, selectors.EVENT_READ, self._accept)
        while not self._over():
            self._start_what_is_due()
            self._check_ready()
            for key, _ in self.selector.select(self._pause_s()):
                key.data()
            self._reap()
            self._push_the_stop()
        return self._finish()

    def _pause_s(self) -> float | None:
        """How long nothing has to be done; for ever when all is well."""
        now = time.monotonic()
        moments = [c.due_at for c in self.children.values() if c.pid is None and c.due_at is not None]
        if self.held_by is not None:
            moments.append(now + LOCK_CHECK_S)
        elif not self.ready and self.stopping is None:
            moments.append(now + READY_CHECK_S)
        if self.stopping is not None:
            crew_waits = not self.crew_is_told and self.children["engine"].pid is None
            moments.append(now + CREW_CHECK_S if crew_waits else self.stop_by)
        return max(0.0, min(moments) - now) if moments else None

    def _woken(self) -> None:
        try:
            while os.read(self._wake_r, 512):
                pass
        except BlockingIOError:
            pass

    # ── children ──

    def _start_what_is_due(self) -> None:
        now = time.monotonic()
        for child in self.children.values():
            if child.pid is None and child.due_at is not None and child.due_at <= now:
                self._start(child, now)

    def _start(self, child: Child, now: float) -> None:
        if child.role == "crew":
            self._start_crew(child, now)
            return
        if child.role == "engine" and self._engine_is_held(child, now):
            return
        read, child.lifeline = os.pipe2(os.O_CLOEXEC)
        more, kept = ["--lifeline", str(read)], [read]
        if child.role == "engine":
            for folder in self.options.dags:
                more += ["--dags", folder]
        if child.role == "web":
            more += ["--fd", str(self.web_socket.fileno()), *binding.words(binding.given(self.options))]
            kept.append(self.web_socket.fileno())
        argv = processes.command(child.role, self.options.home, *more)
        child.pid = processes.spawn(argv, processes.log_file(self.home, child.role), kept)
        child.started_at = now
        processes.note(self.home, child.role, child.pid)
        os.close(read)

    def _start_crew(self, child: Child, now: float) -> None:
        pid, ours = processes.ensure_crew(self.home, self.options.home)
        if ours:
            child.pid, child.started_at = pid, now
        else:
            self._adopt(child, pid, now)

    def _adopt(self, child: Child, pid: int, now: float) -> None:
        try:
            child.pidfd = os.pidfd_open(pid)
        except ProcessLookupError:  # it has just ended; the next round starts another
            return
        child.pid, child.started_at = pid, now

        def gone() -> None:
            self.selector.unregister(child.pidfd)
            os.close(child.pidfd)
            child.pidfd = -1
            self._ended(child, "has ended", killed=True)

        self.selector.register(child.pidfd, selectors.EVENT_READ, gone)

    def _engine_is_held(self, child: Child, now: float) -> bool:
        """Whether a foreground `run` has the home: its end is waited for."""
        from ..engine.lock import holder

        pid = holder(self.home.run)
        if pid is not None and pid != self.held_by:
            foreground = (processes.noted(self.home, "engine") or {}).get("foreground")
            who = "`venturi run`" if foreground else "Another engine"
            said = f"{who} (pid {pid}) holds {self.home.own}; ours starts when it has ended."
            self.tell(said)
            if self.options.ready_fd != STDOUT:
                self._report({"say": said})
        self.held_by = pid
        if pid is not None:
            child.due_at = now + LOCK_CHECK_S
        return pid is not None

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            for child in self.children.values():
                if child.pid == pid and child.pidfd < 0:
                    self._ended(child, _how(status), killed=os.WIFSIGNALED(status))

    def _ended(self, child: Child, how: str, killed: bool) -> None:
        now = time.monotonic()
        if child.lifeline >= 0:
            os.close(child.lifeline)
            child.lifeline = -1
        child.pid = None
        processes.forget(self.home, child.role)
        if self.stopping is not None:
            child.due_at = None
            return
        if self.ready and now - child.started_at > STEADY_S:  # before that a slow machine only takes longer to fail
            child.crashes = 0
        pause_s = BACKOFF_S[min(child.crashes, len(BACKOFF_S) - 1)]
        if killed:  # from outside: it did not give up, and attempts wait for it
            pause_s = min(pause_s, KILLED_BACKOFF_S)
        child.crashes += 1
        child.due_at = now + pause_s
        self.tell(f"{child.role} {how}; started again" + (f" in {pause_s:g} s." if pause_s else "."))
        if not self.ready and child.crashes >= CRASHES_AT_START and self.options.ready_fd is not None:
            log = processes.log_file(self.home, child.role)
            self.failed = f"{child.role} {how} {child.crashes} times; the end of {log}:\n{processes.tail(log)}"
            self._order(drain_s=0.0, keep_tasks=True)

    # ── readiness ──

    def _check_ready(self) -> None:
        """Ready: the engine answers and the web process has taken its first request."""
        if self.ready or self.held_by is not None or self.stopping is not None:
            return
        if any(c.pid is None for c in self.children.values()) or not processes.answers(self.home, "engine"):
            return
        if not self.web_answers:
            self._ask_web()
            return
        self.ready = True
        self.note_self()
        self.tell(f"Venturi runs: {self.url}")
        self._report({"ok": True, "pid": os.getpid(), "url": self.url})
        self._stop_reporting()

    def _ask_web(self) -> None:
        """One request, which waits in the backlog until the web process is there; asked again only if it failed."""
        if self.probe is not None:
            return
        try:
            self.probe = probe = Probe(self.web_socket, with_tls=bool(self.config.tls_cert))
        except OSError:
            return

        def heard() -> None:
            if probe.is_over():
                self.web_answers = probe.answered
                self.selector.unregister(probe.socket)
                probe.socket.close()
                self.probe = None

        self.selector.register(probe.socket, selectors.EVENT_READ, heard)

    def note_self(self) -> None:
        processes.note(self.home, "up", os.getpid(), url=self.url, ready=self.ready, dags=self.options.dags)

    def _report(self, line: dict[str, Any]) -> None:
        """To `up -D`, which waits for it."""
        if self.options.ready_fd is not None:
            try:
                os.write(self.options.ready_fd, json.dumps(line).encode() + b"\n")
            except OSError:
                self._stop_reporting()  # nobody waits any more

    def _stop_reporting(self) -> None:
        if self.options.ready_fd is not None:
            if self.options.ready_fd != STDOUT:  # stays open, so that no pipe of ours gets its number
                os.close(self.options.ready_fd)
            self.options.ready_fd = None

    # ── stopping ──

    def _on_signal(self, *_: object) -> None:
        self._signals += 1
        if self._signals == 1:
            if self.stopping is None:
                self.tell(f"Stopping; attempts have {self.config.drain_s:g} s to finish. Again: at once.")
                self._order(drain_s=self.config.drain_s, keep_tasks=False)
            return
        self._order(drain_s=0.0, keep_tasks=False)

    def _order(self, drain_s: float | None, keep_tasks: bool, again: bool = False) -> None:
        """The orderly end: engine first (it drains the crew), then the web process, then we."""
        wait_s = processes.FOR_EVER_S if drain_s is None else drain_s
        self.stopping = {"drain_s": wait_s, "keep_tasks": keep_tasks, "again": again}
        self.stop_by = time.monotonic() + wait_s + self.config.grace_s + STOP_MARGIN_S
        for child in self.children.values():
            child.due_at = None
        self.crew_is_told = keep_tasks
        engine = self.children["engine"]
        if engine.pid is not None and not _command(self.home, "engine", "stop", drain_s=wait_s, keep_tasks=keep_tasks):
            os.close(engine.lifeline)  # it does not listen (yet)
            engine.lifeline = -1

    def _push_the_stop(self) -> None:
        """The next step of the stop, once the one before is done or overdue."""
        if self.stopping is None:
            return
        engine, crew, web = (self.children[role] for role in ("engine", "crew", "web"))
        if web.lifeline >= 0 and engine.pid is None:
            os.close(web.lifeline)
            web.lifeline = -1
        if engine.pid is None and crew.pid is not None and not self.crew_is_told:
            # The engine drains the crew; one that could not (a crash, a crew just starting) leaves it to us.
            left_s = self.stop_by - time.monotonic() - self.config.grace_s - STOP_MARGIN_S
            self.crew_is_told = processes.stop_crew(self.home, max(0.0, left_s))
        if time.monotonic() < self.stop_by:
            return
        self.stop_by = time.monotonic() + WEB_STOP_S
        for child in (engine, web) if self.stopping["keep_tasks"] else (engine, web, crew):
            if child.pid is not None:
                self.tell(f"{child.role} (pid {child.pid}) does not end and is killed.")
                os.kill(child.pid, signal.SIGKILL)

    def _over(self) -> bool:
        if self.stopping is None:
            return False
        roles = ("engine", "web") if self.stopping["keep_tasks"] else processes.ROLES
        return all(self.children[role].pid is None for role in roles)

    def _finish(self) -> int:
        assert self.stopping is not None
        again, asked = self.stopping["again"], self.askers
        if self.failed is not None:
            self.tell(self.failed)
            self._report({"ok": False, "message": self.failed})
        self.ready = False
        if again:
            self.note_self()
        else:
            processes.forget(self.home, "up")
            os.unlink(self.home.socket("up"))
        for link, head in asked:
            link.answer(head, ok=True)
        return 1 if self.failed else AGAIN if again else 0

    # ── asking us ──

    def _accept(self) -> None:
        connection, _ = self._control.accept()
        link = Link(connection)
        self.selector.register(connection, selectors.EVENT_READ, lambda: self._heard(link))

    def _heard(self, link: Link) -> None:
        try:
            data = link.socket.recv(4096)
            heads = [head for head, _ in link.decoder.feed(data)]
        except (OSError, VenturiError, ValueError):
            data, heads = b"", []
        if not data:
            self.selector.unregister(link.socket)
            link.socket.close()
            self.askers = [(who, head) for who, head in self.askers if who is not link]
            return
        for head in heads:
            self._obey(link, head)

    def _obey(self, link: Link, head: Head) -> None:
        name = head.get("name")
        if name == "status":
            link.answer(head, ok=True, pid=os.getpid(), url=self.url, ready=self.ready)
        elif name in ("stop", "restart"):
            again = name == "restart"
            self.askers.append((link, head))
            self._order(
                drain_s=0.0 if again else head.get("drain_s", self.config.drain_s),
                keep_tasks=again or bool(head.get("keep_tasks")),
                again=again,
            )
        else:
            link.answer(head, ok=False, code="unknown", message=f"`up` knows no command '{name}'.")

    # ── sockets ──

    def _listen_http(self) -> socket.socket:
        """Bound here and lent to the web process: its restart loses no request, and a taken port is known at once."""
        if self.options.http_fd is not None:
            os.set_inheritable(self.options.http_fd, False)
            return socket.socket(fileno=self.options.http_fd)
        made = socket.socket(socket.AF_INET6 if ":" in self.config.host else socket.AF_INET)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((self.config.host, self.config.port))
        except OverflowError:
            raise ProcessError(reason=f"There is no port {self.config.port}: ports go from 1 to 65535.") from None
        except OSError as error:
            reason = f"Cannot listen on {self.config.host}:{self.config.port}: {error.strerror}."
            advice = (
                "port: venturi up --port N" if error.errno == errno.EADDRINUSE else "address: venturi up --host ADDR"
            )
            raise ProcessError(reason=f"{reason} Another {advice}") from None
        made.listen(256)
        return made

    def _listen_control(self) -> socket.socket:
        address = self.home.socket("up")
        try:
            os.unlink(address)
        except FileNotFoundError:
            pass
        made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        made.bind(address)
        made.listen(16)
        return made


def _how(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


def _command(home: Home, peer: str, name: str, **arguments: Any) -> bool:
    """Send one command without waiting for its answer; whether somebody took it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as link:
        try:
            link.connect(home.socket(peer))
            link.sendall(encode({"k": "command", "name": name, "id": 1, **arguments}))
        except OSError:
            return False
    return True


def _tell(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("venturi up")
    parser.add_argument("--home")
    parser.add_argument("--port", type=int)
    parser.add_argument("--dags", action="append", default=[])
    parser.add_argument("--join", action="store_true", help="where it runs already, stay until it ends")
    parser.add_argument("--ready-fd", type=int, help="where `up -D` waits for lines of JSON")
    parser.add_argument("--lock-fd", type=int, help="of ourselves before a restart")
    parser.add_argument("--http-fd", type=int, help="of ourselves before a restart")
    binding.add_to(parser)
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    options = _options(arguments)
    home = find_home(options.home)
    home.make()
    (home.root / "dags").mkdir(exist_ok=True)  # the engine watches it only if it is there

    def report(line: dict[str, Any]) -> None:
        if options.ready_fd is not None:
            os.write(options.ready_fd, json.dumps(line).encode() + b"\n")

    lock: int | None = options.lock_fd
    if lock is None:
        lock = os.open(home.run / "up.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        other = processes.noted(home, "up") or {}
        said = f"Venturi already runs (pid {other.get('pid', 'unknown')}, {other.get('url', 'not ready yet')})."
        _tell(said)
        report({"ok": True, "already": said, "pid": other.get("pid"), "url": other.get("url")})
        if not (options.join and _outlasts_the_other(home, lock)):
            return 0
    try:
        tree = Tree(home, read_config(home, port=options.port, **binding.given(options)), options, _tell)
        tree.note_self()
    except (VenturiError, ValueError) as error:
        _tell(str(error))
        report({"ok": False, "message": str(error)})
        return 1
    status = tree.hold()
    if status == AGAIN:
        _anew(options, lock, tree.web_socket.fileno())
    return status


def _outlasts_the_other(home: Home, lock: int) -> bool:
    """Stay until it ends; ending us leaves it at work. True if it ended before it was up: then the turn is ours."""
    _tell("Joining it: this ends when it does, and ending this leaves it at work.")
    try:
        while (other := processes.noted(home, "up")) is None:  # it is just starting, or has just ended
            time.sleep(READY_CHECK_S)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                pass
        select.select([os.pidfd_open(other["pid"])], [], [])
    except (KeyboardInterrupt, ProcessLookupError):
        pass
    return False


def _anew(options: argparse.Namespace, lock: int, http: int) -> None:
    """Ourselves from the start, with the code now installed and the same pid, lock and port."""
    argv = [sys.executable, "-m", "venturi.cli.up", "--lock-fd", str(lock), "--http-fd", str(http)]
    argv += binding.words(binding.given(options))
    for name, values in (("--home", [options.home]), ("--port", [options.port]), ("--dags", options.dags)):
        for value in values:
            argv += [name, str(value)] if value is not None else []
    for fd in (lock, http):
        os.set_inheritable(fd, True)
    os.execv(sys.executable, argv)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
