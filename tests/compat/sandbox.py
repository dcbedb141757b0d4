"""Runs a command as strangers' code: without network, without capabilities, able to write into one folder alone.

Owns the namespaces. Started as a program (`python sandbox.py SCRATCH TOP COMMAND…`) it is the inside: it makes the
mounts and becomes the command. Knows nothing of Airflow.
"""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

TOP = Path(__file__).absolute().parents[2]

_UNSHARE = ["unshare", "--mount", "--net", "--pid", "--ipc", "--uts", "--fork", "--kill-child", "--mount-proc"]
_SETPRIV = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"]
_IFF_UP, _SIOCGIFFLAGS, _SIOCSIFFLAGS = 1, 0x8913, 0x8914
# What a file may rely on: nothing of the developer's own settings or secrets comes along.
_KEPT = ("PATH", "LANG", "LC_ALL", "PYTHONHASHSEED")


def argv(scratch: Path, command: list[str]) -> list[str]:
    """The command line of `command` in the sandbox; it may write into `scratch` and a /tmp of its own."""
    as_root = [] if os.getuid() == 0 else ["--map-root-user"]
    return [*_UNSHARE, *as_root, sys.executable, "-I", __file__, str(scratch), str(TOP), *command]


def environment(scratch: Path, more: Mapping[str, str]) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return {
        **kept,
        "HOME": str(scratch),
        "TMPDIR": "/tmp",
        "TZ": "UTC",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        **more,
    }


def run(
    scratch: Path, command: list[str], time_limit_s: float, more: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Raises subprocess.TimeoutExpired; whatever the command has started is gone when this returns."""
    scratch.mkdir(parents=True, exist_ok=True)
    return subprocess.run(
        argv(scratch, command),
        env=environment(scratch, more or {}),
        cwd=scratch,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=time_limit_s,
    )


def why_not() -> str | None:
    """Why this machine cannot make the sandbox; None where it can."""
    try:
        said = subprocess.run([*_UNSHARE, "true"], capture_output=True, text=True)
    except FileNotFoundError:
        return "there is no `unshare` here (Debian: util-linux)"
    return said.stderr.strip() or None if said.returncode else None


# ── inside ───────────────────────────────────────────────────────────────────────────────────────────────


def _loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        name = b"lo".ljust(16, b"\0")
        flags = struct.unpack("16sh", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, name + b"\0\0")[:18])[1]
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh", name, flags | _IFF_UP))


def _mount(*arguments: str, check: bool = True) -> None:
    subprocess.run(["mount", *arguments], check=check, stderr=None if check else subprocess.DEVNULL)


def _inside(scratch: str, top: str, command: list[str]) -> None:
    _loopback_up()
    _mount("--make-rprivate", "/")
    _mount("--bind", scratch, scratch)
    below_tmp = Path(top).is_relative_to("/tmp")
    if below_tmp:  # the checkout would be hidden with the old /tmp: it is carried over
        _mount("--rbind", top, "/mnt")
    _mount("-t", "tmpfs", "tmpfs", "/tmp")
    if below_tmp:
        os.makedirs(top)
        _mount("--move", "/mnt", top)
    with open("/proc/self/mounts") as mounts:
        places = [line.split()[1].encode().decode("unicode_escape") for line in mounts]
    for place in places:
        if place not in (scratch, "/tmp") and not place.startswith(("/proc", "/sys", "/dev")):
            _mount("-o", "remount,bind,ro", place, check=False)
    os.chdir(scratch)
    os.execvp("setpriv", [*_SETPRIV, *command])


if __name__ == "__main__":
    _inside(sys.argv[1], sys.argv[2], sys.argv[3:])
