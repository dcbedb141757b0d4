"""Builds environments in the background: a process each, one at a time.

Owns these processes. Tells of an end by the path of the requirements file, as a file event does: whoever watches looks
anew. What they do is written down by `environments`, where anybody can read it.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

from .environments import REQUIREMENTS


class Builds:
    def __init__(self, environments: Path, changed: Callable[[set[str]], None]) -> None:
        self._environments = environments
        self._changed = changed
        self._waiting: deque[Path] = deque()
        self._lock = threading.Lock()
        self._running: subprocess.Popen[bytes] | None = None
        self._root: Path | None = None
        self._closed = False

    def want(self, root: Path) -> None:
        """Build the environment of this bundle, unless that is on its way."""
        with self._lock:
            if self._closed or root == self._root or root in self._waiting:
                return
            self._waiting.append(root)
            if self._running is None:
                self._next()

    def close(self) -> None:
        """End what is being built; the next start begins it anew."""
        with self._lock:
            self._closed = True
            self._waiting.clear()
            running = self._running
        if running is not None:
            running.terminate()
            running.wait()

    def _next(self) -> None:
        self._running = self._root = None
        if self._closed or not self._waiting:
            return
        self._root = self._waiting.popleft()
        command = [sys.executable, "-m", "venturi.bundles", str(self._environments), str(self._root)]
        self._running = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        threading.Thread(target=self._wait, args=(self._running, self._root), name="build", daemon=True).start()

    def _wait(self, process: subprocess.Popen[bytes], root: Path) -> None:
        process.wait()
        with self._lock:
            self._next()
            closed = self._closed
        if not closed:
            self._changed({str(root / REQUIREMENTS)})
