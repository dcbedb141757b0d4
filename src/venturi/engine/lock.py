"""One engine per home: an advisory lock that the kernel drops with the process, whatever ends it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from ..core.errors import AlreadyRunning


class EngineLock:
    """Held from `take` to the end of the process."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "engine.lock"
        self._fd = -1

    def take(self, home: str, advice: str = "Stop it with: venturi down") -> None:
        fd = os.open(self._file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(fd, 64).decode().strip()
            os.close(fd)
            raise AlreadyRunning(pid=holder or "unknown", home=home, advice=advice) from None
        os.ftruncate(fd, 0)
        os.write(fd, str(os.getpid()).encode())
        self._fd = fd

    def release(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def holder(folder: Path) -> int | None:
    """The pid of the engine that holds this home, if one does."""
    try:
        fd = os.open(folder / "engine.lock", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.read(fd, 64).decode().strip()
        return int(text) if text.isdigit() else None
    finally:
        os.close(fd)
    return None
