"""Attempts' logs: pumped from a pipe in chunks, masked, stamped line by line, cut where they are too long.

Owns the log file of an attempt. Costs the same memory for one line of a gigabyte as for none.
"""

from __future__ import annotations

import os
import time

from ..core.secrets import HIDDEN_CHARS_MIN

READ_BYTES = 1 << 16
MARK = 0x1E  # before a level's letter at the start of a line; see runtime.logs
_LEVELS = {68: b"DEBUG ", 73: b"INFO  ", 87: b"WARN  ", 69: b"ERROR ", 67: b"FATAL "}
_INFO = b"INFO  "

_stamped_second = 0
_stamp_second = b""


def stamp() -> bytes:
    """`2026-11-20T13:04:05.123Z `"""
    global _stamped_second, _stamp_second
    now = time.time()
    second = int(now)
    if second != _stamped_second:
        _stamped_second = second
        _stamp_second = time.strftime("%Y-%m-%dT%H:%M:%S.", time.gmtime(second)).encode()
    return b"%s%03dZ " % (_stamp_second, int((now - second) * 1000))


class LogFile:
    """One attempt's log. Made at the first byte."""

    __slots__ = ("_bytes_max", "_capped", "_dropping", "_fd", "_held", "_hidden", "_line_bytes", "_line_bytes_max",
                 "_line_cut", "_path", "_secrets", "_trouble", "bytes", "dropped_bytes")  # fmt: skip

    def __init__(self, path: str, bytes_max: int, line_bytes_max: int) -> None:
        self._path = path
        self._bytes_max = bytes_max
        self._line_bytes_max = line_bytes_max
        self._fd = -1
        self.bytes = 0
        self.dropped_bytes = 0
        self._line_bytes = 0  # of the line under way; 0: the next byte begins one
        self._line_cut = False
        self._capped = False
        self._hidden = ""
        self._dropping = False
        self._trouble = ""
        self._secrets: list[bytes] = []
        self._held = b""  # perhaps the beginning of a secret

    def mask(self, secrets: list[str]) -> None:
        for text in secrets:
            secret = text.encode("utf-8", "surrogatepass")
            if len(text) >= HIDDEN_CHARS_MIN and secret not in self._secrets:
                self._secrets.append(secret)
        self._secrets.sort(key=len, reverse=True)

    def hide(self, notice: str) -> None:
        """Show the notice in place of whatever comes."""
        self._hidden = notice

    # ── from the pipe ──

    def be_open(self) -> None:
        """Something has been printed: what is read from now on can be written at once."""
        if self._fd < 0 and not self._capped:
            self._open()

    def feed(self, data: bytes) -> None:
        if self._hidden:
            data, self._hidden, self._dropping = self._hidden.encode() + b"\n", "", True
        elif self._dropping:
            self.dropped_bytes += len(data)
            return
        if self._secrets or self._held:
            data = self._masked(self._held + data)
        if data:
            self._write_lines(data)

    def _masked(self, data: bytes) -> bytes:
        for secret in self._secrets:
            if secret in data:
                data = data.replace(secret, b"***")
        held = 0
        for secret in self._secrets:
            for n in range(min(len(secret) - 1, len(data)), held, -1):
                if data.endswith(secret[:n]):
                    held = n
                    break
        self._held = data[len(data) - held :] if held else b""
        return data[: len(data) - held] if held else data

    def _write_lines(self, data: bytes) -> None:
        if self._capped:
            self.dropped_bytes += len(data)
            return
        if self._fd < 0:
            self._open()
        lead = stamp()
        first_end = data.find(b"\n")
        first_bytes = len(data) if first_end < 0 else first_end
        simple = MARK not in data and len(data) <= self._line_bytes_max
        if simple and (self._line_bytes == 0 or self._line_bytes + first_bytes <= self._line_bytes_max):
            self._write_simply(data, lead + _INFO)
        else:
            self._write_carefully(data, lead)

    def _write_simply(self, data: bytes, prefix: bytes) -> None:
        """No line in it is marked or too long."""
        if self._line_cut:
            cut_end = data.find(b"\n")
            if cut_end < 0:
                self.dropped_bytes += len(data)
                return
            data = data[cut_end:]
            self._line_cut = False
        inner = data[:-1].replace(b"\n", b"\n" + prefix) + data[-1:]
        self._put(inner if self._line_bytes else prefix + inner)
        last = data.rfind(b"\n")
        if last < 0:
            self._line_bytes += len(data)
        else:
            self._line_bytes = len(data) - last - 1

    def _write_carefully(self, data: bytes, lead: bytes) -> None:
        out: list[bytes] = []
        limit = self._line_bytes_max
        for piece in _lines(data):
            ends = piece.endswith(b"\n")
            text = piece[:-1] if ends else piece
            if self._line_bytes == 0 and not self._line_cut:
                level = _INFO
                if text[:1] == b"\x1e":
                    level = _LEVELS.get(text[1], _INFO) if len(text) > 1 else _INFO
                    text = text[2:]
                out += (lead, level)
            if self._line_cut:
                self.dropped_bytes += len(text)
            elif self._line_bytes + len(text) > limit:
                room = limit - self._line_bytes
                self.dropped_bytes += len(text) - room
                out += (text[:room], b" [... cut: the line is longer than %d bytes]" % limit)
                self._line_cut = True
            else:
                out.append(text)
            if ends:
                out.append(b"\n")
                self._line_bytes, self._line_cut = 0, False
            else:
                self._line_bytes += max(len(text), 1)
        self._put(b"".join(out))

    # ── the crew's own words ──

    def finish(self, level: str = "", sentence: str = "") -> None:
        """The last lines: what was held back, and why the attempt ended where it does not say so itself."""
        if self._held:
            held, self._held = self._held, b""
            self._write_lines(held)
        if self._line_bytes and self._fd >= 0:
            self._put(b"\n", always=True)
            self._line_bytes = 0
        if sentence:
            if self._fd < 0:
                self._open()
            text = " ".join(sentence.split()).encode("utf-8", "replace")
            self._put(stamp() + level.encode().ljust(6) + text + b"\n", always=True)
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    # ── the file ──

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        try:
            try:
                self._fd = os.open(self._path, flags, 0o600)
            except FileNotFoundError:
                os.makedirs(os.path.dirname(self._path), exist_ok=True)
                self._fd = os.open(self._path, flags, 0o600)
            self.bytes = os.fstat(self._fd).st_size
        except OSError as error:
            self._trouble = str(error)
            self._capped = True

    def _put(self, data: bytes, always: bool = False) -> None:
        if self._fd < 0:
            return
        if self.bytes + len(data) > self._bytes_max and not always:
            self.dropped_bytes += len(data)
            cut = b"WARN  [... cut: the log is longer than %d bytes, the rest was dropped]" % self._bytes_max
            data = b"\n" + stamp() + cut + b"\n"
            self._capped = True
            self._line_bytes = 0
        try:
            self.bytes += os.write(self._fd, data)
        except OSError as error:  # a full disk: the task goes on, its log has a gap
            self._trouble = str(error)
            self.dropped_bytes += len(data)


def _lines(data: bytes) -> list[bytes]:
    """By newlines alone: a carriage return does not end a line."""
    parts = data.split(b"\n")
    lines = [part + b"\n" for part in parts[:-1]]
    if parts[-1]:
        lines.append(parts[-1])
    return lines
