"""What a DAG file does to the world while it is imported: processes, connections, files it writes.

Owns the audit hook and the judgement whose doing it is: the author's, unless an import of a library lies between.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

from .inspecting import Finding

_ADVICE = "It does so every time the file is read; do it in a task."
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_FILE_EVENTS = {
    "os.remove": "deletes",
    "os.rename": "renames",
    "os.mkdir": "makes the folder",
    "os.rmdir": "deletes the folder",
    "os.symlink": "links to",
    "os.truncate": "empties",
    "shutil.rmtree": "deletes the folder",
    "shutil.copyfile": "copies",
    "shutil.copytree": "copies the folder",
    "shutil.move": "moves",
}
_PROCESS_EVENTS = ("subprocess.Popen", "os.system", "os.posix_spawn", "os.exec", "os.spawn", "pty.spawn")
_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


class SideEffects:
    def __init__(self, is_bundles_own: Callable[[str], bool]) -> None:
        self._is_bundles_own = is_bundles_own
        self._found: dict[tuple[int, str], Finding] = {}
        self._watching = False

    def begin(self) -> None:
        self._watching = True
        sys.addaudithook(self._hear)  # it cannot be taken back; the process is a fork for this one file

    def end(self) -> None:
        self._watching = False

    def findings(self) -> list[Finding]:
        return list(self._found.values())

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if not self._watching:
            return
        what = _told(event, args)
        if what is None:
            return
        self._watching = False  # what is done here is not the author's
        try:
            place = self._authors_place()
            if place is not None:
                file, line = place
                where = "" if file is None else f"{os.path.basename(file)}: "
                self._found.setdefault(
                    (line, what), Finding(line, f"{where}While it is imported, the file {what}. {_ADVICE}")
                )
        finally:
            self._watching = True

    def _authors_place(self) -> tuple[str | None, int] | None:
        """The author's innermost line; None when a library being imported, or we, did it."""
        frame: Any = sys._getframe(2)
        while frame is not None:
            name = frame.f_code.co_filename
            if name.startswith(("<frozen importlib", _OURS)):
                return None
            if self._is_bundles_own(name):
                return None, frame.f_lineno
            frame = frame.f_back
        return None


def _told(event: str, args: tuple[Any, ...]) -> str | None:
    if event in _PROCESS_EVENTS:
        command = args[1] if event == "subprocess.Popen" and len(args) > 1 else args[0] if args else ""
        if isinstance(command, (list, tuple)):
            through_shell = len(command) > 2 and command[1] in ("-c", b"-c")
            command = command[2] if through_shell else command[0] if command else ""
        shown = os.fsdecode(command) if isinstance(command, (str, bytes)) else str(command)
        return f"starts a process ({shown.split()[0] if shown.split() else 'unnamed'})"
    if event == "socket.connect":
        address = args[1] if len(args) > 1 else ""
        shown = str(address[0]) if isinstance(address, tuple) and address else str(address)
        return f"connects to {shown}"
    if event == "open":
        path, _, flags = (*args, None, None, 0)[:3]
        if not isinstance(flags, int) or not flags & _WRITES or not isinstance(path, (str, bytes)):
            return None
        shown = os.fsdecode(path)
        return None if shown.startswith("/dev/") or shown.endswith(".pyc") else f"writes {shown}"
    if event in _FILE_EVENTS and args and isinstance(args[0], (str, bytes)):
        return f"{_FILE_EVENTS[event]} {os.fsdecode(args[0])}"
    return None
