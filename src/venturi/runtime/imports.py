"""What an import costs and begins: private memory per third-party package, threads, and whether it may be preloaded.

Owns the watching of imports while a DAG file is read. Watches outermost third-party imports only, so that a file of a
thousand modules pays for a handful of measurements.
"""

from __future__ import annotations

import os
import sys
import types
from collections.abc import Callable
from typing import Any

from ..linux import anonymous_mb

HEAVY_MB = 20.0  # a package that grows the process by more is preloaded in a base of its own from the next time on


class Watch:
    """A finder that finds nothing itself: placed first, it sees each import begin and times its execution."""

    def __init__(self, is_bundles_own: Callable[[str], bool], on_import: Callable[[str], None]) -> None:
        self._is_bundles_own = is_bundles_own
        self._on_import = on_import  # after each outermost one
        self._inside = False
        self._grown_mb: dict[str, float] = {}  # module → growth, outermost imports in their order
        self._not_preloadable: set[str] = set()
        self._surroundings = _surroundings()
        self.surroundings_changed = False  # by the author, at any time
        self.threads_began_in: str | None = None

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if self._inside or (name != "random" and name.partition(".")[0] in sys.stdlib_module_names):
            return None
        self._inside = True  # the finders may import, too
        try:
            spec = _find(self, name, path, target)
        finally:
            self._inside = False
        if spec is None or spec.origin is None or self._is_bundles_own(spec.origin):
            return spec
        self._measure(name, spec)
        return spec

    def _measure(self, name: str, spec: Any) -> None:
        loader = spec.loader
        execute = getattr(loader, "exec_module", None)
        if execute is None or isinstance(loader, type):
            return

        def measured(module: types.ModuleType) -> None:
            del loader.exec_module
            if self._inside:
                execute(module)
                return
            self.look()
            if self.surroundings_changed:
                self._not_preloadable.add(name)
            self._inside = True
            before_mb, threads = anonymous_mb(), _thread_count()
            try:
                execute(module)
            finally:
                self._inside = False
                self._grown_mb[name] = anonymous_mb() - before_mb
                self._surroundings = _surroundings()  # what a library sets is not the author's doing
                if self.threads_began_in is None and _thread_count() > threads:
                    self.threads_began_in = name
                self._on_import(name)

        try:
            loader.exec_module = measured
        except AttributeError:
            return

    def look(self) -> None:
        """Notice whether the author has changed the surroundings since the last look."""
        now = _surroundings()
        if now != self._surroundings:
            self.surroundings_changed = True
            self._surroundings = now

    def heavy(self) -> list[str]:
        """The modules to preload, in the order of their import; none where the author's settings must come first."""
        packages: dict[str, float] = {}
        for name, grown_mb in self._grown_mb.items():
            top = name.partition(".")[0]
            packages[top] = packages.get(top, 0.0) + grown_mb
        chosen = [n for n in self._grown_mb if packages[n.partition(".")[0]] > HEAVY_MB]
        return [] if any(name in self._not_preloadable for name in chosen) else chosen


def _find(watch: Watch, name: str, path: Any, target: Any) -> Any:
    for finder in sys.meta_path:
        if finder is watch:
            continue
        find = getattr(finder, "find_spec", None)
        spec = find(name, path, target) if find is not None else None
        if spec is not None:
            return spec
    return None


def _surroundings() -> tuple[dict[str, str], list[str], str]:
    try:
        folder = os.getcwd()
    except OSError:
        folder = ""
    return dict(os.environ), list(sys.path), folder


def _thread_count() -> int:
    return len(os.listdir("/proc/self/task"))
