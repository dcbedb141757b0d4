"""One import of a DAG file under way: its limits, what it prints, what it asks, and what is said when it dies of it.

Owns the clock of an import, which stands still while an ask waits. The zygote keeps the same clock inside and is
faster to stop itself; this one holds when it cannot.
"""

from __future__ import annotations

import os
import re
import signal
from time import monotonic
from typing import TYPE_CHECKING

from ..core.secrets import hidden
from ..wire import messages
from ..wire.frames import Head
from .deaths import how, kernel_killed_for_memory
from .loop import Timer

if TYPE_CHECKING:
    from .zygotes import Zygote, Zygotes

HARD_AFTER_S = 2.0  # past the limit; the zygote's own trace comes one second after it
OUTPUT_BYTES_KEPT = 8192
TRIES_MAX = 3

_TRACE_LINE = re.compile(rb'^  File "(.+)", line (\d+)', re.MULTILINE)


class Import:
    def __init__(
        self, zygote: Zygote, request: int | None, limit_s: float, memory_limit_mb: float | None, zygotes: Zygotes
    ) -> None:
        self.request = request  # of the engine; None: the crew itself needs the file
        self.limit_s = limit_s
        self.status: int | None = None
        self._zygote = zygote
        self._zygotes = zygotes
        self._loop = zygotes.loop
        self._memory_limit_mb = memory_limit_mb
        self._left_s = limit_s + HARD_AFTER_S
        self._running_since = 0.0
        self._timer: Timer | None = None
        self._killed: tuple[str, str] | None = None
        self._output_fd = -1
        self._output = b""
        self._output_cut = False
        self.secrets: list[str] = []
        self._token = 0
        self._asks: set[int] = set()

    # ── the clock ──

    def begin(self, pid: int) -> None:
        self._left_s = self.limit_s + HARD_AFTER_S
        self._run()
        if self._memory_limit_mb:
            self._zygotes.memory.watch(pid, self._memory_limit_mb, self._out_of_memory)

    def _run(self) -> None:
        self._running_since = monotonic()
        self._timer = self._loop.after(self._left_s, self._out_of_time)

    def _stand_still(self) -> None:
        if self._timer is not None and not self._timer.cancelled:
            self._timer.cancel()
            self._left_s -= monotonic() - self._running_since

    def _out_of_time(self) -> None:
        longer = f"Importing the file took longer than {self.limit_s:g} s"
        self._killed = ("TimeLimitExceeded", f"{longer}, and it did not stop when told to.")
        self._zygotes.kill(self._zygote)

    def _out_of_memory(self, found_mb: float) -> None:
        limit = f"Importing the file took more memory than its limit of {self._memory_limit_mb:g} MB"
        self._killed = ("MemoryLimitExceeded", f"{limit} ({found_mb:.0f} MB when it was ended).")
        self._zygotes.kill(self._zygote)

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._zygotes.memory.unwatch(self._zygote.pid)
        self._read_output(0)
        if self._output_fd >= 0:
            self._loop.close(self._output_fd)
            self._output_fd = -1

    # ── what it prints ──

    def listen(self, fd: int) -> None:
        if self._output_fd >= 0:
            self._loop.close(self._output_fd)
        self._output_fd = fd
        self._output = b""
        os.set_blocking(fd, False)
        self._loop.add(fd, self._read_output)

    def _read_output(self, _: int) -> None:
        for _ in range(16):
            if self._output_fd < 0:
                return
            try:
                data = os.read(self._output_fd, 1 << 16)
            except BlockingIOError:
                return
            if not data:
                self._loop.close(self._output_fd)
                self._output_fd = -1
                return
            self._output += data
            if len(self._output) > OUTPUT_BYTES_KEPT:
                self._output, self._output_cut = self._output[-OUTPUT_BYTES_KEPT:], True

    def said(self) -> Head:
        """The end of what it printed, as a field of the report."""
        return {"output": self._shown()} if self._output else {}

    def _shown(self) -> str:
        secrets = sorted(self.secrets, key=len, reverse=True)
        text = self._output.decode("utf-8", "replace")
        if secrets and self._output_cut:  # perhaps in the middle of one
            text = text[len(secrets[0]) :]
        return hidden(text, secrets)

    # ── what it asks ──

    def ask(self, head: Head, body: bytes) -> None:
        if head["what"] == "mask":
            self.secrets += [str(s) for s in head.get("secrets") or []]
            self._reply(messages.answer(0, head["request"], True), b"")
            return
        self._stand_still()
        self._token = self._token or self._zygotes.asking_token(self._zygote)
        self._asks.add(head["request"])
        head["token"] = self._token
        self._zygotes.relay_ask(head, body)

    def answer(self, head: Head, body: bytes) -> None:
        if head["request"] in self._asks:
            self._asks.discard(head["request"])
            self.secrets += [str(s) for s in head.get("mask") or []]
            self._run()
            self._reply(head, body)

    def _reply(self, head: Head, body: bytes) -> None:
        if self._zygote.link is not None:
            self._zygote.link.send(head, body)

    # ── its death ──

    def was_struck(self, tries: int) -> bool:
        """Whether it was killed from outside, so that trying again is fair."""
        if self.status is None or not os.WIFSIGNALED(self.status) or os.WTERMSIG(self.status) != signal.SIGKILL:
            return False
        if self._killed is not None or tries >= TRIES_MAX:
            return False
        if kernel_killed_for_memory():
            self._killed = ("OutOfMemory", "The machine ran out of memory while the file was imported.")
            return False
        return True

    def why_dead(self) -> Head:
        """The report for a file whose import ended its process."""
        self._read_output(0)
        source = self._zygote.source or {}
        file, line = source.get("file"), None
        trace = self._shown()
        if self._killed is not None:
            kind, message = self._killed
        elif b"Timeout (" in self._output and self.status is not None and os.WIFEXITED(self.status):
            kind, message = "TimeLimitExceeded", f"Importing the file took longer than {self.limit_s:g} s."
        elif self.status is None:
            kind, message = "ProcessDied", "The process that imported the file is gone, and how it ended is not known."
        elif os.WIFSIGNALED(self.status):
            kind, message = "ProcessDied", f"Importing the file crashed its process. {how(self.status)}"
        else:
            code = os.WEXITSTATUS(self.status)
            kind = "ProcessDied"
            message = f"The file ended the process that imported it (exit code {code}, as by os._exit)."
        roots = tuple(os.path.join(r, "") for r in (source.get("root", ""), *source.get("roots", ())) if r)
        for match in _TRACE_LINE.finditer(self._output):
            name = match[1].decode("utf-8", "replace")
            if name.startswith(roots):
                file, line = name, int(match[2])
                break
        return {"type": kind, "message": message, "file": file, "line": line, "traceback": trace}
