"""A value with large parts: its JSON, and behind it the bytes that stand aside from it.

Owns that container. In the JSON a part aside is {"__venturi__": "blob", "at": its number}; inlined, it is base64. Such
a value is always kept in a file, so that a table of a gigabyte is read and written as it is.
"""

from __future__ import annotations

import json
from binascii import a2b_base64, b2a_base64
from collections.abc import Sequence
from typing import Any

MAGIC = b"venturi-value-1\n"
ASIDE_BYTES_MIN = 32 * 1024  # smaller parts stay in the JSON


def packed(data: bytes, blobs: Sequence[Any]) -> list[Any]:
    """The container's parts, to be written one after the other."""
    lengths = json.dumps([len(data), *(memoryview(blob).nbytes for blob in blobs)]).encode()
    return [MAGIC, lengths + b"\n", data, *blobs]


def is_packed(data: bytes | memoryview) -> bool:
    return bytes(data[: len(MAGIC)]) == MAGIC


def unpacked(data: bytes | memoryview) -> tuple[bytes, list[memoryview]]:
    """The JSON, and the parts aside; what is no container is all JSON. ValueError when it is damaged."""
    if not is_packed(data):
        return bytes(data), []
    whole = memoryview(data)
    at = bytes(whole[len(MAGIC) : len(MAGIC) + 65_536]).find(b"\n") + len(MAGIC) + 1
    if at <= len(MAGIC):
        raise ValueError("its list of parts is cut short")
    parts: list[memoryview] = []
    for length in json.loads(bytes(whole[len(MAGIC) : at])):
        parts.append(whole[at : at + length])
        at += length
    if at != len(whole):
        raise ValueError(f"it has {len(whole)} bytes and should have {at}")
    return bytes(parts[0]), parts[1:]


def base64(data: Any) -> str:
    return b2a_base64(data, newline=False).decode("ascii")


def bytes_of(held: Any, aside: Sequence[memoryview]) -> Any:
    """What stands for bytes in the JSON: text in base64, or a part aside."""
    return a2b_base64(held) if isinstance(held, str) else aside[held["at"]]
