"""The HTTP server: uvicorn's, with an end to requests that never come whole, and to how many may be there at once.

Owns these limits, and what the server does beside serving: `/health` on a port of its own, and a certificate that is
renewed in its place.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from typing import TYPE_CHECKING, Any

# The parts are imported by name: `uvicorn` itself would also look for every protocol that is installed.
from uvicorn.config import Config as Settings
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import Server

from .. import __file__ as venturi_file
from ..config import Config, Home
from .front import Front
from .health_port import serve

if TYPE_CHECKING:
    import ssl

TICK_S = 0.5
END_S = 2.0  # for requests under way, once the lifeline is gone
CONNECTIONS_MAX = 500  # beyond, whoever comes is sent away: open files are few
HEAD_S, BODY_S = 20.0, 120.0  # within which a request comes whole
LOOK_S = 5.0


class Patient(H11Protocol):
    """Who sends a request byte by byte holds a connection for so long and no longer."""

    _done = 0  # requests so far
    _since: tuple[str, int] | None = None
    _from_s = 0.0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS_MAX:
            transport.close()
        else:
            self._look()

    def on_response_complete(self) -> None:
        self._done += 1
        super().on_response_complete()

    def _look(self) -> None:
        if self.transport.is_closing():
            return
        now, waits = self.loop.time(), self._waits()
        if waits is None or waits != self._since:
            self._since, self._from_s = waits, now
        elif now - self._from_s >= (HEAD_S if waits[0] == "head" else BODY_S):
            self.transport.close()
            return
        self.loop.call_later(LOOK_S, self._look)

    def _waits(self) -> tuple[str, int] | None:
        """For which part of which request; None while we answer."""
        if self.cycle is None or self.cycle.response_complete:
            return ("head", self._done)
        return ("body", self._done) if self.cycle.more_body else None


class Quiet(Server):
    """uvicorn's own loop looks ten times a second whether it should end; twice is enough for an idle process."""

    def __init__(self, home: Home, config: Config) -> None:
        self._home, self._settings, self._front = home, config, Front(home, config)
        self.to_begin_anew = False  # without what the API needs
        self._code = _code_mark()
        super().__init__(
            Settings(
                self._front,
                http=Patient,
                ws="none",
                loop="asyncio",
                lifespan="off",
                interface="asgi3",
                access_log=False,
                log_level="warning",
                server_header=False,
                proxy_headers=False,  # whom to believe is for `hosts`
                ssl_certfile=config.tls_cert,
                ssl_keyfile=config.tls_key,
                timeout_graceful_shutdown=int(END_S),
            )
        )

    async def main_loop(self) -> None:
        port = self._settings.health_port
        beside = asyncio.create_task(serve(self._home, port)) if port else None
        renewed = Renewed(self._settings)
        while not await self.on_tick(0):
            renewed.look(self.config.ssl)
            if self._is_idle():
                self.to_begin_anew = self.should_exit = True
            await asyncio.sleep(0 if self.should_exit else TICK_S)
        if beside is not None:
            beside.cancel()

    def _is_idle(self) -> bool:
        """The API takes 60 MB, which nobody needs to hold while nobody asks."""
        used_at = self._front.used_at
        if used_at is None:
            return False
        if self.server_state.connections:  # whoever has just closed a page may open it again
            self._front.used_at = time.monotonic()
            return False
        # Newly installed code waits for `venturi restart`, with the engine.
        return time.monotonic() - used_at > self._settings.web_idle_s and self._code == _code_mark()


def _code_mark() -> tuple[int, int] | None:
    """Of the code that is installed: another one once it is installed anew."""
    try:
        found = os.stat(str(venturi_file))
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


class Renewed:
    """A certificate that is renewed in its place is used from then on; one that is wrong leaves the old one."""

    def __init__(self, config: Config) -> None:
        self._files = [file for file in (config.tls_cert, config.tls_key) if file]
        self._key = config.tls_key
        self._seen = self._now()

    def look(self, context: ssl.SSLContext | None) -> None:
        if context is None or (now := self._now()) == self._seen:
            return
        self._seen = now
        try:
            context.load_cert_chain(self._files[0], self._key)
        except OSError as error:
            logging.getLogger("venturi.web").warning("The certificate cannot be renewed: %s", error)

    def _now(self) -> list[int]:
        try:
            return [os.stat(file).st_mtime_ns for file in self._files]
        except OSError:
            return []
