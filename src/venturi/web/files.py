"""The pages that are files: the API's description and the page that shows it, served as they lie there.

Owns which there are, and their policy. Imports nothing heavy: an idle web process serves them, too.
"""

from __future__ import annotations

import gzip
from functools import cache
from importlib import resources

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
KINDS = {
    "/docs": ("docs.html", b"text/html; charset=utf-8"),
    "/docs.js": ("docs.js", b"text/javascript; charset=utf-8"),
    "/docs.css": ("docs.css", b"text/css; charset=utf-8"),
    "/sign-in.css": ("sign-in.css", b"text/css; charset=utf-8"),
    "/openapi.json": ("openapi.json", b"application/json"),
}
GZIP_BYTES_MIN = 4096


def found(path: str, encodings: bytes) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """Its content, and the headers that say what it is."""
    name, kind = KINDS[path]
    headers = [(b"content-type", kind), (b"content-security-policy", POLICY.encode())]
    content = (resources.files(__package__) / "pages" / name).read_bytes()
    if len(content) >= GZIP_BYTES_MIN:
        headers.append((b"vary", b"accept-encoding"))
        if b"gzip" in encodings:
            return _packed(name), [*headers, (b"content-encoding", b"gzip")]
    return content, headers


@cache
def _packed(name: str) -> bytes:
    return gzip.compress((resources.files(__package__) / "pages" / name).read_bytes(), 6, mtime=0)
