"""Our processes on this host: how each is started, which are alive, where that is written down.

Owns the pid files (`run/<role>.json`) and the command lines of the roles. Holds nothing together; that is `up`.
Standard library only: `up` is one small process that lives long.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..config import Home
from ..linux import start_ticks
from ..wire import messages
from ..wire.frames import encode

ROLES = ("engine", "crew", "web")
FOR_EVER_S = 20 * 86400.0  # a drain that takes as long as it takes; epoll knows no longer wait than 24 days
LOG_BYTES_MAX = 10 * 1024 * 1024  # of a process's own log, which then begins anew beside its predecessor


def note(home: Home, role: str, pid: int, **more: Any) -> None:
    """Write down that this process has the role; whole or not at all."""
    file = home.run / f"{role}.json"
    temporary = file.with_name(f".{role}.{os.getpid()}.json")
    temporary.write_text(json.dumps({"pid": pid, "ticks": start_ticks(pid), **more}))
    temporary.replace(file)


def forget(home: Home, role: str) -> None:
    (home.run / f"{role}.json").unlink(missing_ok=True)


def noted(home: Home, role: str) -> dict[str, Any] | None:
    """What was written down of the role, if that process is alive."""
    try:
        known = json.loads((home.run / f"{role}.json").read_text())
        pid = int(known["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    ticks = start_ticks(pid)
    return known if ticks is not None and ticks == known.get("ticks") else None


def answers(home: Home, peer: str) -> bool:
    """Whether somebody listens on this socket of the home."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as link:
        try:
            link.connect(home.socket(peer))
        except OSError:
            return False
    return True


def command(role: str, home_given: str | None, *more: str) -> list[str]:
    """`python -m venturi.<role> …`"""
    chosen = ["--home", home_given] if home_given else []
    return [sys.executable, "-m", f"venturi.{role}", *chosen, *more]


def log_file(home: Home, role: str) -> Path:
    return home.logs / f"venturi-{role}.log"


def hand_on(kept_fds: Sequence[int] = ()) -> None:
    """What is executed from here on holds these descriptors of ours, and none that whoever started us has left open:
    his port would be taken for as long as we live."""
    for fd in [int(name) for name in os.listdir("/dev/fd")]:
        if fd > 2:
            with contextlib.suppress(OSError):  # the listing's own, closed by now
                os.set_inheritable(fd, fd in kept_fds)


def spawn(argv: Sequence[str], log: Path, kept_fds: Sequence[int] = ()) -> int:
    """A process of its own session, writing to `log`, with these descriptors of ours under their own numbers."""
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LOG_BYTES_MAX:
            log.replace(log.with_suffix(".1.log"))
    hand_on(kept_fds)
    try:
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ]
        return os.posix_spawn(argv[0], list(argv), os.environ, file_actions=actions, setsid=True)
    finally:
        for fd in kept_fds:
            os.set_inheritable(fd, False)


def ensure_crew(home: Home, home_given: str | None) -> tuple[int, bool]:
    """The pid of the home's crew, and whether it was started here: a living one is adopted, never doubled.

    It has a session of its own, since it outlives whoever starts it.
    """
    lock = os.open(home.run / "crew-start.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two commands at the same moment: the second sees what the first has noted
        known = noted(home, "crew")
        if known is not None:
            return known["pid"], False
        pid = spawn(command("crew", home_given), log_file(home, "crew"))
        note(home, "crew", pid)
        return pid, True
    finally:
        os.close(lock)


def stop_crew(home: Home, drain_s: float) -> bool:
    """Tell the crew itself to end, where no engine does; whether one was there to be told."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as link:
        link.settimeout(2.0)
        try:
            link.connect(home.socket("crew"))
            link.sendall(encode(messages.hello("engine", os.getpid())) + encode(messages.stop(drain_s)))
            link.recv(1)  # it has read us; an early close could lose the order
        except OSError:
            return False
    return True


def tail(file: Path, lines: int = 5) -> str:
    """The last lines of a log, for the sentence that says what went wrong."""
    try:
        with open(file, "rb") as log:
            log.seek(max(0, os.fstat(log.fileno()).st_size - 8192))
            text = log.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join([line for line in text.splitlines() if line.strip()][-lines:])
