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

WHOLE_CHARS_MIN = 6  # shorter ones would blacken logs that have nothing to do with them


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


def secrets_of_environment() -> list[str]:
    """Connections and sensitive variables of the environment, each as a whole: a task that prints its environment shows
    none. What is inside one is hidden once it is asked for."""
    names = [n for n in os.environ if n.startswith(("AIRFLOW_CONN_", "AIRFLOW_VAR_"))]
    if not names:
        return []
    from ..core.secrets import in_all_forms, sounds_secret

    kept = [n for n in names if n.startswith("AIRFLOW_CONN_") or sounds_secret(n.removeprefix("AIRFLOW_VAR_"))]
    return in_all_forms([os.environ[n] for n in kept if len(os.environ[n]) >= WHOLE_CHARS_MIN])


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


_TRY = "import sys; print(*sys.version_info[:2], flush=True); import venturi.runtime.base"
_TRY_S = 5
OLDEST = (3, 10)


def why_unfit(python: str) -> str:
    """What keeps this interpreter from running author code, in a sentence; empty if nothing does. Asks it, which takes
    a moment: for when something has gone wrong already."""
    import subprocess

    environment = authors_environment(python)
    try:
        said = subprocess.run([python, "-c", _TRY], capture_output=True, text=True, timeout=_TRY_S, env=environment)
    except (OSError, subprocess.SubprocessError) as error:
        return f"It cannot be asked why: {error}."
    if said.returncode == 0:
        return ""
    version = tuple(int(part) for part in said.stdout.split() if part.isdigit())
    if len(version) == 2 and version < OLDEST:
        return f"It is Python {version[0]}.{version[1]}, and Venturi needs {OLDEST[0]}.{OLDEST[1]} or newer."
    last = (said.stderr.strip().splitlines() or ["it is no Python"])[-1]
    if last == "ModuleNotFoundError: No module named 'venturi'":
        return (
            f"It has no Venturi on its path: install Venturi there with its own pip ({python} -m pip install …), or "
            "take the line `python` out of the bundle's venturi.toml."
        )
    return f"It says: {last}"
