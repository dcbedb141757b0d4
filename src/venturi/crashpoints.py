"""Named places where a process can be made to die at once, for the proofs of recovery.

Owns the reading of `VENTURI_CRASH_AT` ("crew:started-relayed", or "crew:started-relayed:3" for the third time) and
`VENTURI_CRASH_ONCE` (a marker file, so that a restarted process does not die again; the dead one's pid is in it)
and `VENTURI_CRASH_WHEN` (a file: nobody dies before it exists). Does nothing unless armed.
"""

from __future__ import annotations

import os
import signal

_place = os.environ.get("VENTURI_CRASH_AT", "")
_once = os.environ.get("VENTURI_CRASH_ONCE", "")
_when = os.environ.get("VENTURI_CRASH_WHEN", "")
_left = 1

if _place.count(":") == 2:
    _place, _, _count = _place.rpartition(":")
    _left = int(_count)

ARMED = bool(_place)


def crash_at(name: str) -> None:
    """SIGKILL to this process if the place is armed and its turn has come."""
    if name == _place:
        _crash()


def _crash() -> None:
    global _left
    if _when and not os.path.exists(_when):
        return
    _left -= 1
    if _left > 0:
        return
    if _once:
        try:
            marker = os.open(_once, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        except FileExistsError:
            return
        os.write(marker, str(os.getpid()).encode())
        os.close(marker)
    os.kill(os.getpid(), signal.SIGKILL)
