"""`python -m venturi.web`: the web process as `venturi up` starts it, on a listening socket that it is lent.

Owns its socket and its end. How it serves is `server`, what it serves `front`.
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
import threading

from ..config import find_home, read_config
from . import binding
from .server import END_S, Quiet


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser("venturi.web")
    parser.add_argument("--home")
    parser.add_argument("--fd", type=int, required=True, help="a listening socket")
    parser.add_argument("--lifeline", type=int, help="a descriptor at whose end of file the process ends")
    binding.add_to(parser)
    options = parser.parse_args(arguments)
    home = find_home(options.home)
    server = Quiet(home, read_config(home, **binding.given(options)))
    if options.lifeline is not None:
        os.set_inheritable(options.lifeline, False)
        threading.Thread(target=_end_with, args=(options.lifeline, server), daemon=True, name="lifeline").start()
    os.set_inheritable(options.fd, False)
    kept = os.dup(options.fd)  # the server closes its own
    server.run(sockets=[socket.socket(fileno=options.fd)])
    if server.to_begin_anew:
        _begin_anew(kept, options.fd, options.lifeline)
    return 0


def _begin_anew(kept: int, fd: int, lifeline: int | None) -> None:
    """Ourselves from the start, with the same pid, socket and lifeline. Who comes meanwhile waits in the backlog."""
    os.dup2(kept, fd)
    os.close(kept)
    for one in (fd, lifeline):
        if one is not None:
            os.set_inheritable(one, True)
    os.execv(sys.executable, sys.orig_argv)


def _end_with(lifeline: int, server: Quiet) -> None:
    """Whoever held the tree together is gone: end in order, and if that takes too long, all the same."""
    try:
        while os.read(lifeline, 1):
            pass
    except OSError:
        pass
    server.to_begin_anew = False
    server.should_exit = True
    threading.Event().wait(END_S + 1)
    os._exit(0)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
