"""File events: calls back with the paths that have changed below some folders, within 60 ms of the last change.

Owns the watching thread. Decides nothing about what a change means.

Where the kernel gives no more file events (inotify is exhausted) the folders are compared every two seconds instead,
and `polling` says why. A folder that is not there yet, and one reached through a link that is later pointed elsewhere,
are found by looking at the given paths themselves every two seconds. A new folder is told of as a path of its own, and
what was put into it in its first milliseconds only as that: whoever hears of a folder looks into it.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import ProcessError

if TYPE_CHECKING:
    from watchfiles._rust_notify import RustNotify

# A change is told once nothing more has changed for one step, so that a file being written is not read half; a folder
# that keeps changing is told of after `GROUP_MS` all the same.
# The watcher wakes once a step whether anything has changed or not: this is what an idle engine costs.
STEP_MS = 60
GROUP_MS = 120
LOOK_AGAIN_MS = 2000

_IGNORED_FOLDERS = frozenset(
    {"__pycache__", ".git", ".hg", ".svn", "node_modules", ".mypy_cache", ".pytest_cache", ".ruff_cache"}
)
_IGNORED_ENDINGS = (".pyc", ".pyo", ".swp", ".swx", "~", ".tmp", ".lock")


class Watcher:
    """`changed` is called in the watching thread, with absolute paths as given (links in them are not resolved)."""

    def __init__(self, folders: Iterable[Path | str], changed: Callable[[set[str]], None]) -> None:
        self._folders = [os.path.abspath(f) for f in folders]
        self._changed = changed
        self._stop = threading.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watch", daemon=True)
        self.polling: str | None = None  # why there are no file events, if so

    def start(self) -> None:
        """Returns once changes are noticed."""
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        make = _rust_notify()
        places: dict[str, str] | None = None
        notify: RustNotify | None = None
        try:
            while not self._stop.is_set():
                now = {f: os.path.realpath(f) for f in self._folders if os.path.isdir(f)}
                if now != places:
                    # Watch the new first and tell after: a change between the two is then told, not lost.
                    if notify is not None:
                        notify.close()
                    notify = self._notify(make, list(now)) if now else None
                    if places is not None:
                        self._changed({f for f in self._folders if now.get(f) != places.get(f)})
                    places = now
                self._ready.set()
                if notify is None:
                    self._stop.wait(LOOK_AGAIN_MS / 1000)
                    continue
                seen = notify.watch(GROUP_MS, STEP_MS, LOOK_AGAIN_MS, self._stop)
                paths = {p for _, p in seen if not is_noise(p)} if isinstance(seen, set) else set()
                if paths:
                    self._changed(paths)
        finally:
            self._ready.set()
            if notify is not None:
                notify.close()

    def _notify(self, make: Any, folders: list[str]) -> RustNotify:
        try:
            made: RustNotify = make(folders, False, self.polling is not None, LOOK_AGAIN_MS, True, True)
        except OSError as error:
            if self.polling is not None:
                raise ProcessError(reason=f"Cannot watch {', '.join(folders)}: {error}.") from error
            self.polling = (
                f"The kernel gives no file events ({error}), so folders are compared every two seconds. "
                "More room: sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=512."
            )
            made = make(folders, False, True, LOOK_AGAIN_MS, True, True)
        return made


def is_noise(path: str) -> bool:
    """Byte code, version control, an editor's own files."""
    return path.endswith(_IGNORED_ENDINGS) or not _IGNORED_FOLDERS.isdisjoint(path.split(os.sep))


def _rust_notify() -> Any:
    """The watcher of `watchfiles` without the package around it: 1 MB and 3 ms instead of 6 MB (asyncio) and 50 ms."""
    package = importlib.machinery.PathFinder.find_spec("watchfiles")
    where = list(package.submodule_search_locations or ()) if package else []
    spec = importlib.machinery.PathFinder.find_spec("_rust_notify", where)
    if spec is None or spec.loader is None:
        from watchfiles._rust_notify import RustNotify

        return RustNotify
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.RustNotify
