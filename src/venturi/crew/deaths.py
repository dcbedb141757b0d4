"""How an attempt ended, in words and as a frame: from its result, from the signal, from who ended it and why.

Pure but for the kernel's count of out-of-memory kills. Knows no process.
"""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, NamedTuple

from ..wire import messages
from ..wire.frames import Head

if TYPE_CHECKING:
    from .attempts import Attempt

_FAILURES = ("failed", "fail_now")
_MEANINGS = {
    signal.SIGSEGV: "segmentation fault",
    signal.SIGBUS: "bus error",
    signal.SIGABRT: "abort",
    signal.SIGFPE: "arithmetic error",
    signal.SIGILL: "illegal instruction",
    signal.SIGKILL: "killed from outside",
    signal.SIGTERM: "told to end from outside",
}
_KINDS = {"time": "TimeLimitExceeded", "memory": "MemoryLimitExceeded"}

_oom_kills = 0


class Death(NamedTuple):
    head: Head  # the `ended` frame
    level: str
    sentence: str  # last line of the log; empty where the log says enough already


def died(attempt: Attempt, status: int | None, peak_mb: float | None) -> Death:
    result, killed = attempt.result, attempt.killed
    asked_for = killed is not None and killed[0] in ("cancelled", "stopped")
    if killed is not None and (result is None or (asked_for and result["outcome"] in _FAILURES)):
        return _by_us(attempt, *killed, status, peak_mb)
    if result is not None:
        head = result
        head["k"] = "ended"
        head.pop("then", None)
        if status is not None and os.WIFSIGNALED(status):
            head["signal"] = os.WTERMSIG(status)
            head["exit_note"] = f"It was ended by {_signal_name(os.WTERMSIG(status))} after it had its result."
        elif not attempt.reuse:
            head["exit_code"] = 0
        return Death(head, "", "")
    return _by_itself(attempt, status, peak_mb)


def _by_us(attempt: Attempt, kind: str, reason: str, status: int | None, peak_mb: float | None) -> Death:
    outcome = {"cancelled": "cancelled", "stopped": "lost"}.get(kind, "failed")
    head = messages.ended(attempt.token, outcome, time.time(), reason=shortened(reason))
    if outcome == "failed":
        head["error"] = {"type": _KINDS[kind], "message": reason, "file": None, "line": None}
    _add_status(head, status, peak_mb)
    sentence = f"Cancelled: {reason}" if kind == "cancelled" else reason
    return Death(head, "WARN" if kind in ("cancelled", "stopped") else "ERROR", sentence)


def _by_itself(attempt: Attempt, status: int | None, peak_mb: float | None) -> Death:
    if status is None:
        reason = "Its process is gone without a result, and how it ended is not known."
        head = messages.ended(attempt.token, "lost", time.time(), reason=reason)
        _add_status(head, status, peak_mb)
        return Death(head, "ERROR", reason)
    reason = how(status, peak_mb)
    head = messages.ended(attempt.token, "failed", time.time(), reason=reason)
    head["error"] = {"type": "ProcessDied", "message": reason, "file": None, "line": None}
    _add_status(head, status, peak_mb)
    return Death(head, "ERROR", reason)


def _add_status(head: Head, status: int | None, peak_mb: float | None) -> None:
    if status is not None:
        if os.WIFSIGNALED(status):
            head["signal"] = os.WTERMSIG(status)
        else:
            head["exit_code"] = os.WEXITSTATUS(status)
    if peak_mb is not None:
        head["peak_mb"] = peak_mb


def how(status: int, peak_mb: float | None = None) -> str:
    """A wait status in one sentence."""
    if not os.WIFSIGNALED(status):
        return f"It exited without a result (exit code {os.WEXITSTATUS(status)})."
    number = os.WTERMSIG(status)
    if number == signal.SIGKILL and kernel_killed_for_memory():
        size = f", at a peak of {peak_mb:.0f} MB" if peak_mb else ""
        return f"It was killed by SIGKILL: the machine ran out of memory and the kernel chose it{size}."
    return f"It was killed by {_signal_name(number)}."


def _signal_name(number: int) -> str:
    try:
        known = signal.Signals(number)
    except ValueError:
        return f"signal {number}"
    meaning = _MEANINGS.get(known)
    return f"{known.name} ({meaning})" if meaning else known.name


def kernel_killed_for_memory() -> bool:
    """Whether the kernel has ended a process for memory since the last call."""
    global _oom_kills
    try:
        with open("/proc/vmstat", "rb") as file:
            for line in file:
                if line.startswith(b"oom_kill "):
                    before, _oom_kills = _oom_kills, int(line.split()[1])
                    return _oom_kills > before
    except OSError:
        pass
    return False


def shortened(text: str) -> str:
    return text if len(text) <= 2000 else text[:2000] + "…"
