"""One frame: a JSON head that both sides read, and a raw body that passes through untouched.

    u32 head length · u32 body length · head (JSON object with "k", its kind) · body

Owns the coding of frames. Opens no socket.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from typing import Any

from ..core.errors import ProtocolError
from . import PROTOCOL

Head = dict[str, Any]
Frame = tuple[Head, bytes]

_SIZES = struct.Struct("!II")
FRAME_BYTES_MAX = 256 * 1024 * 1024


def _dumper() -> Callable[[Head], str]:
    """Compact JSON, from one C encoder: `JSONEncoder.encode` makes a new one each time, which is half of its cost."""
    plain = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False)
    make = getattr(json.encoder, "c_make_encoder", None)
    if make is None:  # an interpreter without CPython's accelerator
        return plain.encode
    pieces = make(None, plain.default, json.encoder.encode_basestring, None, ":", ",", False, False, True)
    return lambda head: "".join(pieces(head, 0))


dumps = _dumper()
_read = json.JSONDecoder().raw_decode


def encode(head: Head, body: bytes = b"") -> bytes:
    text = dumps(head).encode("utf-8", "surrogatepass")
    return _SIZES.pack(len(text), len(body)) + text + body


class Decoder:
    """Turns a stream of bytes, cut anywhere, into frames."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        buffer = self._buffer
        buffer += data
        at, held = 0, len(buffer)
        try:
            while held - at >= 8:
                head_bytes, body_bytes = _SIZES.unpack_from(buffer, at)
                if head_bytes + body_bytes > FRAME_BYTES_MAX:
                    raise ProtocolError(
                        theirs="a frame too large", ours="256 MB at most", advice="The connection is closed."
                    )
                end = at + 8 + head_bytes + body_bytes
                if end > held:
                    break
                try:
                    head = _read(buffer[at + 8 : at + 8 + head_bytes].decode("utf-8", "surrogatepass"))[0]
                except ValueError:
                    advice = "The connection is closed."
                    raise ProtocolError(theirs="something that is no frame", ours=PROTOCOL, advice=advice) from None
                body = bytes(buffer[at + 8 + head_bytes : end]) if body_bytes else b""
                at = end
                yield head, body
        finally:
            del buffer[:at]

    @property
    def pending_bytes(self) -> int:
        return len(self._buffer)
