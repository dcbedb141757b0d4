"""The spool's segments on disk: where attempts append, what a new crew finds, when a segment may go.

Owns the folder. A segment is a file of records (wire.spool); it goes when it is full and every attempt in it is
acknowledged.
"""

from __future__ import annotations

import os
from typing import NamedTuple

from ..wire import spool
from ..wire.frames import Frame, Head

SEGMENT_BYTES_MAX = 4 * 1024 * 1024
_RECORD_BYTES = 600  # roughly, of a `started` and the head of a `result` together


class Found(NamedTuple):
    """What attempts of earlier crews have left."""

    started: dict[int, Head]
    results: dict[int, Frame]
    notes: dict[tuple[int, int], int]  # (pid, start ticks) → wait status
    masked: set[int]  # tokens that came to know secrets


class Segment:
    __slots__ = ("bytes", "full", "name", "tokens")

    def __init__(self, name: str) -> None:
        self.name = name
        self.tokens: set[int] = set()  # not yet acknowledged
        self.bytes = 0
        self.full = False


class Spool:
    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._by_token: dict[int, Segment] = {}
        numbers = [int(n[:8]) for n in os.listdir(folder) if n[:8].isdigit() and n.endswith(".seg")]
        self._number = max(numbers, default=0)
        self._current = self._next()
        self._has_notes = False

    def _next(self) -> Segment:
        self._number += 1
        return Segment(f"{self._number:08d}.seg")

    def scan(self) -> Found:
        """Read every segment that is there; they go as their attempts are acknowledged."""
        found = Found({}, {}, {}, set())
        acked: set[int] = set()
        for name in sorted(os.listdir(self.folder)):
            if name.endswith(".seg"):
                self._scan_one(name, found, acked)
        for token in acked:
            found.started.pop(token, None)
            found.results.pop(token, None)
            self._release(token)
        return found

    def _scan_one(self, name: str, found: Found, acked: set[int]) -> None:
        segment = Segment(name)
        segment.full = True
        with open(f"{self.folder}/{name}", "rb") as file:
            data = file.read()
        for head, body in spool.records(data):
            kind = head.get("k")
            if kind == "exited":
                self._has_notes = True
                found.notes[head["pid"], head["ticks"]] = head["status"]
                continue
            if kind == "acked":
                acked.update(head["tokens"])
                continue
            token = head["token"]
            if kind == "started":
                found.started[token] = head
            elif kind == "result":
                found.results[token] = (head, body)
            elif kind == "masked":
                found.masked.add(token)
            if token not in self._by_token:
                segment.tokens.add(token)
                self._by_token[token] = segment
        if not name.startswith("z"):
            self._unlink_if_done(segment)
        # A zygote's notes stay as long as the attempts that they tell of: see `forget_notes`.

    def forget_notes(self, living: set[int]) -> None:
        """Notes of zygotes that are gone, once no attempt of an earlier crew is unacknowledged."""
        if not self._has_notes or any(segment.full for segment in self._by_token.values()):
            return
        self._has_notes = bool(living)
        for name in os.listdir(self.folder):
            if name.startswith("z") and name.endswith(".seg") and int(name[1:-4]) not in living:
                _unlink(f"{self.folder}/{name}")

    def assign(self, token: int) -> str:
        """The segment that this attempt is to append to."""
        segment = self._current
        if segment.bytes > SEGMENT_BYTES_MAX:
            segment.full = True
            self._unlink_if_done(segment)
            segment = self._current = self._next()
        segment.tokens.add(token)
        segment.bytes += _RECORD_BYTES
        self._by_token[token] = segment
        return segment.name

    def grew(self, token: int, body_bytes: int) -> None:
        segment = self._by_token.get(token)
        if segment is not None:
            segment.bytes += body_bytes

    def look_up(self, token: int) -> tuple[Head | None, Frame | None, bool]:
        """What an attempt has itself written down: its `started`, its `result`, whether it came to know secrets."""
        segment = self._by_token.get(token)
        started: Head | None = None
        result: Frame | None = None
        masked = False
        if segment is None:
            return started, result, masked
        try:
            with open(f"{self.folder}/{segment.name}", "rb") as file:
                data = file.read()
        except OSError:
            return started, result, masked
        for head, body in spool.records(data):
            if head.get("token") == token:
                kind = head["k"]
                started = head if kind == "started" else started
                result = (head, body) if kind == "result" else result
                masked = masked or kind == "masked"
        return started, result, masked

    def acknowledge(self, tokens: list[int]) -> None:
        """Their ends are committed; written down, so that a crew to come does not tell them again."""
        kept = [token for token in tokens if not self._release(token)]
        if kept:
            fd = os.open(
                f"{self.folder}/{self._current.name}", os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
            try:
                data = spool.record({"k": "acked", "tokens": kept})
                os.write(fd, data)
                self._current.bytes += len(data)
            finally:
                os.close(fd)

    def _release(self, token: int) -> bool:
        """Whether the record went with its whole segment."""
        segment = self._by_token.pop(token, None)
        if segment is None:
            return True
        segment.tokens.discard(token)
        return self._unlink_if_done(segment)

    def _unlink_if_done(self, segment: Segment) -> bool:
        if segment.full and not segment.tokens:
            _unlink(f"{self.folder}/{segment.name}")
            return True
        return False

    def close(self) -> None:
        """At the crew's end: nothing unacknowledged in it, nothing kept of it."""
        self._current.full = True
        self._unlink_if_done(self._current)


def _unlink(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass
