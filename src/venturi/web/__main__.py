"""`python -m venturi.web`: the web process as `venturi up` starts it, on a listening socket that it is lent.

Owns the server: its socket, its end. What it serves is `front`.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import socket
import sys
import threading
from typing import TYPE_CHECKING

from ..config import Config as Settings
from ..config import find_home, read_config
from . import binding
from .front import Front
from .health_port import serve

if TYPE_CHECKING:
    import ssl

TICK_S = 0.5
END_S = 2.0  # for requests under way, once the lifeline is gone


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser("venturi.web")
    parser.add_argument("--home")
    parser.add_argument("--fd", type=int, required=True, help="a listening socket")
    parser.add_argument("--lifeline", type=int, help="a descriptor at whose end of file the process ends")
    binding.add_to(parser)
    options = parser.parse_args(arguments)
    home = find_home(options.home)
    config = read_config(home, **binding.given(options))

    # The parts are imported by name: `uvicorn` itself would also look for every protocol that is installed.
    from uvicorn.config import Config
    from uvicorn.server import Server

    class Quiet(Server):
        """uvicorn's own loop looks ten times a second whether it should end; twice is enough for an idle process."""

        async def main_loop(self) -> None:
            beside = asyncio.create_task(serve(home, config.health_port)) if config.health_port else None
            renewed = Renewed(config)
            while not await self.on_tick(0):
                renewed.look(self.config.ssl)
                await asyncio.sleep(TICK_S)
            if beside is not None:
                beside.cancel()

    server = Quiet(
        Config(
            Front(home, config),
            http="h11",
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
    if options.lifeline is not None:
        os.set_inheritable(options.lifeline, False)
        threading.Thread(target=_end_with, args=(options.lifeline, server), daemon=True, name="lifeline").start()
    os.set_inheritable(options.fd, False)
    server.run(sockets=[socket.socket(fileno=options.fd)])
    return 0


class Renewed:
    """A certificate that is renewed in its place is used from then on; one that is wrong leaves the old one."""

    def __init__(self, config: Settings) -> None:
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


def _end_with(lifeline: int, server: object) -> None:
    """Whoever held the tree together is gone: end in order, and if that takes too long, all the same."""
    try:
        while os.read(lifeline, 1):
            pass
    except OSError:
        pass
    server.should_exit = True  # type: ignore[attr-defined]
    threading.Event().wait(END_S + 1)
    os._exit(0)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
