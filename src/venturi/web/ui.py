"""The interface's files: the page that every address of it begins with, and what that page loads.

Owns which files there are, how they are sent (compressed ahead, kept for ever where their name holds their hash), and
what the page may do. Built by `ui/build.py`, at any time; where nothing is built, `front` says so.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).with_name("ui_dist")
PAGE = "index.html"
FOR_EVER = b"public, max-age=31536000, immutable"
ASK_FIRST = b"no-cache"
# No script or style but the files themselves, so that a text of an author's can never become one.
POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data: blob:; "
    b"connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
    b"frame-ancestors 'none'"
)
_KINDS = {
    ".css": b"text/css; charset=utf-8",
    ".html": b"text/html; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".json": b"application/json",
    ".svg": b"image/svg+xml",
    ".webmanifest": b"application/manifest+json",
    ".woff2": b"font/woff2",
}
_CODINGS = ((b"br", ".br"), (b"gzip", ".gz"))


@dataclass(frozen=True)
class File:
    path: Path
    kind: bytes
    kept: bytes
    codings: frozenset[bytes]


@dataclass(frozen=True)
class Sent:
    body: bytes
    headers: list[tuple[bytes, bytes]]


def files() -> dict[str, File]:
    """Address → file. Only these are ever opened, so no address leads out of the folder. Listed again once another page
    stands there: the interface can be built anew under a running web process."""
    try:
        page = (FOLDER / PAGE).stat()
    except OSError:
        return {}
    return _files(FOLDER, page.st_ino, page.st_mtime_ns)


@lru_cache(maxsize=1)
def _files(folder: Path, _inode: int, _changed_ns: int) -> dict[str, File]:
    found = {}
    there = {path for path in folder.rglob("*") if path.is_file()}
    for path in there:
        kind = _KINDS.get(path.suffix)
        if kind is None:
            continue
        address = "/" + path.relative_to(folder).as_posix()
        codings = frozenset(name for name, end in _CODINGS if path.with_name(path.name + end) in there)
        found[address] = File(path, kind, FOR_EVER if address.startswith("/assets/") else ASK_FIRST, codings)
    return found


def is_built() -> bool:
    return f"/{PAGE}" in files()


def is_page(path: str) -> bool:
    """Whether an address is one of the interface's own, which the page makes sense of; a missing file is not. Names
    further down, such as those of runs, may have dots. Built files and the pages of assets share a folder: an asset's
    page is a number there."""
    first, _, rest = path[1:].partition("/")
    if first == "assets":
        return rest == "" or rest.isdecimal()
    return "." not in first


async def sent(path: str, accepted: bytes) -> Sent | None:
    """A file, or for an address of the interface its page."""
    known = files()
    file = known.get(path)
    if file is None and is_page(path):
        file = known.get(f"/{PAGE}")
    if file is None:
        return None
    offered = {part.split(b";")[0].strip() for part in accepted.split(b",")}
    coding, end = next(((n, e) for n, e in _CODINGS if n in offered and n in file.codings), (None, ""))
    try:
        body = await asyncio.to_thread(file.path.with_name(file.path.name + end).read_bytes)
    except FileNotFoundError:  # another build takes its place just now
        return None
    # On every file: a worker obeys the policy that its own script came with.
    headers = [(b"content-type", file.kind), (b"vary", b"accept-encoding"), (b"content-security-policy", POLICY)]
    if coding is not None:
        headers.append((b"content-encoding", coding))
    headers.append((b"cache-control", b"no-store" if file.path.name == PAGE else file.kept))
    return Sent(body, headers)
