"""Starting `runtime` in an interpreter: with the author's environment, one channel and nothing else of ours.

Owns which variables author code is handed.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from typing import Any


def authors_environment(python: str = sys.executable) -> dict[str, str]:
    """Author code is not handed what is ours: the database's address, keys. In a bundle's environment `python` and
    its other commands are those of that environment, as if it were activated: a Bash task finds what the bundle asks
    for."""
    handed = {name: value for name, value in os.environ.items() if _is_authors(name)}
    if python != sys.executable:
        folder = os.path.dirname(python)
        handed["PATH"] = os.pathsep.join((folder, handed.get("PATH") or os.defpath))
        handed["VIRTUAL_ENV"] = os.path.dirname(folder)
    return handed


def _is_authors(name: str) -> bool:
    return not name.startswith("VENTURI_") or name.startswith(("VENTURI_HOME", "VENTURI_CRASH_"))


def spawn(python: str, module: str, told: dict[str, Any], environment: dict[str, str]) -> tuple[int, socket.socket]:
    """Its pid and our end of its channel, which it finds under the number that `told` gets as "channel".

    Raises OSError where the interpreter cannot be started.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    safe = ["-P"] if sys.version_info >= (3, 11) else []  # the working directory must not shadow a library
    argv = [python, *safe, "-m", module, json.dumps({**told, "channel": 3})]
    with theirs:
        fd = theirs.fileno()
        actions: list[Any] = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0), (os.POSIX_SPAWN_DUP2, fd, 3)]
        if fd == 3:
            os.set_inheritable(fd, True)
        default = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]
        try:
            pid = os.posix_spawn(python, argv, environment, file_actions=actions, setpgroup=0, setsigdef=default)
        except OSError:
            ours.close()
            raise
    return pid, ours
