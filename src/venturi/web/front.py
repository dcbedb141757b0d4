"""The outermost application: which hosts are answered, `/health` and the first page.

Owns what must answer before anything heavy is imported: plain ASGI, so that an idle web process stays small and is
ready at once. The API application (FastAPI) is behind it, imported at its first request.
"""

from __future__ import annotations

import asyncio
import html
import json
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote

from ..config import Config, Home
from . import files, ui
from .health import health
from .hosts import Hosts

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

SLASH = "\ud82f"  # no text that can be sent holds it
_SLASH = re.compile(b"%2[fF]")
BODY_BYTES_MAX = 16 * 1024 * 1024
_OF_APP = frozenset({"/login", "/logout"})


class Front:
    def __init__(self, home: Home, config: Config) -> None:
        self._home, self._config = home, config
        self._hosts = Hosts(config)
        self._app: Any = None
        self._old_app: Any = None  # of `/api/v1`, for which few ask
        self._making = asyncio.Lock()
        self.used_at: float | None = None  # when the API was last asked; None: it is not imported

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        scope = self._hosts.asked(scope)
        if not self._hosts.are_ours(scope):
            await _answer(send, 403, {"detail": "This host name is not allowed. Add it to allowed_hosts."})
        elif scope["path"] in ("/health", "/api/v1/health"):
            await _answer(send, 200, await health(self._home))
        else:
            if self._app is None and b"text/html" in _header(scope, b"accept"):
                self._soon = asyncio.ensure_future(self._made(""))  # whoever opens a page asks the API next
            await self._answered(scope, receive, send)

    async def _answered(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] in files.KINDS and scope["method"] in ("GET", "HEAD"):
            await _send(send, 200, *files.found(scope["path"], _header(scope, b"accept-encoding")))
        elif _is_of_app(scope["path"]):
            await self._by_app(scope, receive, send)
        elif scope["method"] not in ("GET", "HEAD"):
            await _answer(send, 405, {"detail": "Only GET is served here."})
        elif ui.is_built() and (found := await ui.sent(scope["path"], _header(scope, b"accept-encoding"))) is not None:
            await _give(send, scope, found)
        elif scope["path"] == "/":
            await _page(send, await health(self._home))
        else:
            await _answer(send, 404, {"detail": "There is nothing here."})

    async def _by_app(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = _header(scope, b"content-length") or b"0"
        if not length.isdigit() or int(length) > BODY_BYTES_MAX:
            await _answer(send, 413, {"detail": f"A body may have {BODY_BYTES_MAX} bytes."})
            return
        app = await self._made(scope["path"])
        await app(_with_slashes(scope), _limited(receive), _secured(send))

    async def _made(self, path: str) -> Any:
        """The application that answers there, imported in a thread: meanwhile `/health` goes on."""
        self.used_at = time.monotonic()
        async with self._making:
            if self._app is None:
                self._app = await asyncio.to_thread(_make, self._home, self._config)
                await self._app.state.limit_threads()
            if path.startswith("/api/v1/"):
                if self._old_app is None:
                    self._old_app = await asyncio.to_thread(self._app.state.make_old_app)
                return self._old_app
        return self._app


def _make(home: Home, config: Config) -> Any:
    from .app import make_app

    return make_app(home, config)


def _is_of_app(path: str) -> bool:
    if path == "/home":
        return not ui.is_built()
    return path.startswith(("/api/", "/auth/")) or path in _OF_APP


def _header(scope: Scope, wanted: bytes) -> bytes:
    return next((value for name, value in scope["headers"] if name == wanted), b"")


async def _give(send: Send, scope: Scope, found: ui.Sent) -> None:
    known = {name for name, _ in found.headers}
    headers = [*found.headers, *(one for one in _HEADERS if one[0] not in known)]
    headers.append((b"content-length", str(len(found.body)).encode()))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else found.body})


def _with_slashes(scope: Scope) -> Scope:
    """A slash that is part of a name (%2F) divides no path: it is a sign of its own until the name is read."""
    parts = _SLASH.split(scope.get("raw_path", b""))
    if len(parts) == 1:
        return scope
    return {**scope, "path": SLASH.join(unquote(part.decode("latin-1")) for part in parts)}


def _limited(receive: Receive) -> Receive:
    """A body whose length nobody has said is cut off where it becomes too long."""
    had = 0

    async def take() -> Message:
        nonlocal had
        message = await receive()
        had += len(message.get("body", b""))
        return {"type": "http.disconnect"} if had > BODY_BYTES_MAX else message

    return take


def _secured(send: Send) -> Send:
    async def give(message: Message) -> None:
        if message["type"] == "http.response.start":
            known = {name.lower() for name, _ in message["headers"]}
            message["headers"] = [*message["headers"], *(one for one in _HEADERS if one[0] not in known)]
        await send(message)

    return give


_HEADERS = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),  # a page of ours says more
]


async def _answer(send: Send, status: int, data: dict[str, Any]) -> None:
    await _send(send, status, json.dumps(data).encode(), [(b"content-type", b"application/json")])


async def _page(send: Send, found: dict[str, Any]) -> None:
    rows = "".join(
        f"<tr><td>{html.escape(name)}</td><td>{html.escape(str(part['status'] or 'not running'))}</td></tr>"
        for name, part in found.items()
    )
    page = (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Venturi</title>"
        f"<h1>Venturi runs</h1><table>{rows}</table>"
        "<p>The interface is not built here. In a checkout <code>make ui</code> builds it; an installed wheel has it. "
        "Until then: <code>venturi ls</code>, <code>venturi status</code>, <code>venturi logs</code>.</p></html>"
    )
    await _send(send, 200, page.encode(), [(b"content-type", b"text/html; charset=utf-8")])


async def _send(send: Send, status: int, body: bytes, more: list[tuple[bytes, bytes]]) -> None:
    said = {name for name, _ in more}
    headers = [*more, (b"content-length", str(len(body)).encode()), *(one for one in _HEADERS if one[0] not in said)]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
