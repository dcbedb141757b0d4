"""Logs of attempts, read in pieces: which files a try has, and how far somebody has read.

Owns the continuation token. Opens only what an attempt's record, or its name under the logs folder, says.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from ..config import Home
from ..core.states import FINAL
from ..store import Reader
from ..wire.log_names import log_name
from .errors import Fault
from .forming import Instance
from .models.tasks import LogLine

PIECE_BYTES = 1 << 20
_FINAL = frozenset(state.value for state in FINAL)
_LINE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) ([A-Z]+) +(.*)", re.S)
_LEVELS = {"WARN": "warning", "FATAL": "critical"}


class Place(NamedTuple):
    """How far a try's logs have been read."""

    file: int = 0
    byte: int = 0

    def token(self) -> str:
        return base64.urlsafe_b64encode(json.dumps([self.file, self.byte]).encode()).decode()


def place_of(token: str | None) -> Place:
    if not token:
        return Place()
    try:
        file, byte = json.loads(base64.urlsafe_b64decode(token.encode()))
        place = Place(int(file), int(byte))
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise Fault(400, "The continuation token is none of ours.") from None
    if not (0 <= place.file < 2**31 and 0 <= place.byte < 2**62):
        raise Fault(400, "The continuation token is none of ours.")
    return place


def files_of(home: Home, reader: Reader, one: Instance, try_number: int) -> list[Path]:
    """Of one try, in the order of their attempts: an attempt that was lost has a file of its own."""
    attempts = reader.attempts(one.run, one.task_id, one.map_index)
    names = [attempt.log for attempt in attempts if attempt.try_number == try_number and attempt.log]
    if try_number == one.try_number and one.state not in _FINAL:
        names.append(log_name(one.dag_id, one.run_id, one.task_id, one.map_index, try_number, one.lost))
    known = dict.fromkeys(names)
    return [home.logs / name for name in known]


def has_try(reader: Reader, one: Instance, try_number: int) -> bool:
    if 0 < try_number <= one.try_number:
        return True
    return any(a.try_number == try_number for a in reader.attempts(one.run, one.task_id, one.map_index))


def is_over(one: Instance, try_number: int) -> bool:
    return try_number < one.try_number or one.state in _FINAL or one.state in ("up_for_retry", "none", "scheduled")


def piece(files: list[Path], place: Place, bytes_max: int = PIECE_BYTES) -> tuple[bytes, Place, bool]:
    """Whole lines from there on, where they end, and whether there is nothing more at present."""
    at = place
    while at.file < len(files):
        try:
            with open(files[at.file], "rb") as file:
                file.seek(at.byte)
                data = file.read(bytes_max)
        except OSError:
            data = b""
        if data:
            end = data.rfind(b"\n") + 1
            if len(data) == bytes_max and end:
                data = data[:end]
            elif len(data) < bytes_max:
                data = data[:end] if end and at.file == len(files) - 1 else data
            return data, Place(at.file, at.byte + len(data)), False
        if at.file == len(files) - 1:
            break
        at = Place(at.file + 1, 0)
    return b"", at, True


def lines(data: bytes) -> list[LogLine]:
    return [_line(text) for text in data.decode("utf-8", "replace").splitlines()]


def _line(text: str) -> LogLine:
    found = _LINE.match(text)
    if found is None:
        return LogLine(event=text)
    when, level, event = found.groups()
    return LogLine(
        timestamp=datetime.fromisoformat(when.replace("Z", "+00:00")),
        event=event,
        level=_LEVELS.get(level, level.lower()),
    )
