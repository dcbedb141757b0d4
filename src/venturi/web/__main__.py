"""`python -m venturi.web`: the web process as `venturi up` starts it, on a listening socket that it is lent.

Owns the server: its socket, its end. What it serves is `front`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import sys
import threading

from ..config import find_home, read_config
from .front import Front

TICK_S = 0.5
END_S = 2.0  # for requests under way, once the lifeline is gone


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser("venturi.web")
    parser.add_argument("--home")
    parser.add_argument("--fd", type=int, required=True, help="a listening socket")
    parser.add_argument("--lifeline", type=int, help="a descriptor at whose end of file the process ends")
    options = parser.parse_args(arguments)
    home = find_home(options.home)
    config = read_config(home)

    # The parts are imported by name: `uvicorn` itself would also look for every protocol that is installed.
    from uvicorn.config import Config
    from uvicorn.server import Server

    class Quiet(Server):
        """uvicorn's own loop looks ten times a second whether it should end; twice is enough for an idle process."""

        async def main_loop(self) -> None:
            while not await self.on_tick(0):
                await asyncio.sleep(TICK_S)

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
            timeout_graceful_shutdown=int(END_S),
        )
    )
    if options.lifeline is not None:
        os.set_inheritable(options.lifeline, False)
        threading.Thread(target=_end_with, args=(options.lifeline, server), daemon=True, name="lifeline").start()
    os.set_inheritable(options.fd, False)
    server.run(sockets=[socket.socket(fileno=options.fd)])
    return 0


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
