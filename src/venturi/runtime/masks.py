"""The secrets that an attempt has come to know, where the next crew finds them but no disk does.

Owns a memory file (memfd) of this process, one JSON list of strings a line. The crew that relayed them masks from its
own memory; a crew that adopts this attempt reads them through /proc before it pumps a byte of the log.
"""

from __future__ import annotations

import json
import os

NAME = "venturi-masks"


class Masks:
    __slots__ = ("_fd", "_known")

    def __init__(self) -> None:
        self._fd = -1
        self._known: set[str] = set()

    def add(self, secrets: list[str]) -> bool:
        """Whether these were the first."""
        new = [s for s in secrets if s and s not in self._known]
        if not new:
            return False
        first = not self._known
        self._known.update(new)
        if self._fd < 0:
            self._fd = os.memfd_create(NAME, os.MFD_CLOEXEC)
        try:
            os.write(self._fd, json.dumps(new).encode() + b"\n")
        except OSError:
            self._fd = -1  # closed by the author; a crew to come then shows nothing of what is printed
        return first
