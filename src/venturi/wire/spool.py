"""The spool: what an attempt leaves on disk by itself, so that no death around it loses anything.

An attempt appends two records to its spool segment, each with one write(2) to a file opened O_APPEND:
`started` before any author code (the journal line: token, pid, start ticks, boot id) and `result` before it
exits. A zygote without a crew appends `exited` notes. The page cache is enough: what takes it away (a power
loss) ends every process too.

    magic "VSP1" · u32 head length · u32 body length · u32 crc of head and body · head (JSON) · body

A writer killed in the middle of a record leaves a torn one; the reader finds the next magic and goes on.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator

from .frames import Frame, Head, dumps

MAGIC = b"VSP1"
_HEADER = struct.Struct("!4sIII")


def record(head: Head, body: bytes = b"") -> bytes:
    text = dumps(head).encode("utf-8", "surrogatepass")
    return _HEADER.pack(MAGIC, len(text), len(body), zlib.crc32(body, zlib.crc32(text))) + text + body


def started(token: int, pid: int, ticks: int, boot: str, at: float) -> Head:
    return {"k": "started", "token": token, "pid": pid, "ticks": ticks, "boot": boot, "at": at}


def exited(pid: int, ticks: int, status: int, at: float) -> Head:
    return {"k": "exited", "pid": pid, "ticks": ticks, "status": status, "at": at}


def records(data: bytes) -> Iterator[Frame]:
    """Every whole record in a segment, torn ones stepped over."""
    at = data.find(MAGIC)
    while 0 <= at <= len(data) - _HEADER.size:
        _, head_bytes, body_bytes, crc = _HEADER.unpack_from(data, at)
        middle = at + _HEADER.size + head_bytes
        end = middle + body_bytes
        if end <= len(data) and zlib.crc32(data[middle:end], zlib.crc32(data[at + _HEADER.size : middle])) == crc:
            yield json.loads(data[at + _HEADER.size : middle].decode("utf-8", "surrogatepass")), data[middle:end]
            at = data.find(MAGIC, end)
        else:
            at = data.find(MAGIC, at + 1)
