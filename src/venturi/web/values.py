"""Values of tasks as JSON for clients: as they are where they are plain, an image as an address of its own bytes, else
in words.

Owns that form. Makes no object of an author's class.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from ..config import Home
from ..core.errors import BadValue
from ..store import StoredValue
from ..wire import values

BYTES_MAX = 16 * 1024 * 1024
# How files of images begin. SVG is left out: it is text, and says more than a picture does.
_IMAGES = ((b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpeg"), (b"GIF87a", "gif"), (b"GIF89a", "gif"))


def native(home: Home, kept: StoredValue) -> Any:
    if kept.bytes > BYTES_MAX:
        return f"<{kept.kind} of {kept.bytes} bytes>"
    data = _data(home, kept)
    if data is None:
        return f"<{kept.kind}, whose file is gone>"
    if values.is_plain(data):
        return json.loads(data)
    try:
        return _plain(values.decode(data))
    except BadValue:
        return f"<{kept.kind}>"


def text(home: Home, kept: StoredValue) -> str:
    found = native(home, kept)
    return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)


def _data(home: Home, kept: StoredValue) -> bytes | None:
    if kept.data is not None:
        return kept.data.encode()
    ref = str(kept.ref)
    file = home.values / ref[:2] / ref
    return file.read_bytes() if ref.isalnum() and file.is_file() else None


def _plain(found: Any, depth: int = 0) -> Any:
    if found is None or isinstance(found, (bool, int, str)):
        return found
    if isinstance(found, float):
        return found if found == found and abs(found) != float("inf") else str(found)
    if depth < 50 and isinstance(found, (list, tuple, set, frozenset)):
        return [_plain(one, depth + 1) for one in found]
    if depth < 50 and isinstance(found, dict):
        return {str(key): _plain(one, depth + 1) for key, one in found.items()}
    if isinstance(found, (bytes, bytearray)):
        return _image(bytes(found)) or str(found)
    return str(found)


def _image(found: bytes) -> str | None:
    is_webp = found[:4] == b"RIFF" and found[8:12] == b"WEBP"
    kind = "webp" if is_webp else next((kind for begin, kind in _IMAGES if found.startswith(begin)), None)
    return None if kind is None else f"data:image/{kind};base64,{base64.b64encode(found).decode()}"
