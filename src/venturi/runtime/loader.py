"""Importing a DAG file: its specs as plain data, or a report that names the author's own file and line.

Owns the time limit inside the process, the import itself, and what is told of it. Forks nothing.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import signal
import sys
import time
import types
from typing import Any, NamedTuple

from ..linux import anonymous_mb
from ..wire.frames import Head
from . import guard
from .environment import Places, RandomState
from .imports import Watch
from .sources import Sources, manifest, module_of

_HARD_AFTER_S = 1.0  # past the limit: ended with a trace even if it never comes back to Python


class ImportTooLong(BaseException):
    """Raised in the author's code when its time is up."""


class Failed(NamedTuple):
    error: Head
    modules: dict[str, str]


class Imported(NamedTuple):
    dags: dict[str, Any]
    module: types.ModuleType
    random: RandomState
    report: Head
    specs: bytes


class Limit:
    """The time limit of an import; it stands still while an answer is awaited."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._left = seconds

    def run(self) -> None:
        signal.signal(signal.SIGALRM, self._reached)
        signal.setitimer(signal.ITIMER_REAL, max(self._left, 0.001))
        # A thread in C: it ends the process with a trace even where Python code no longer runs.
        faulthandler.dump_traceback_later(self._left + _HARD_AFTER_S, exit=True)

    def stand_still(self) -> None:
        self._left = signal.setitimer(signal.ITIMER_REAL, 0)[0]
        faulthandler.cancel_dump_traceback_later()

    def end(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        faulthandler.cancel_dump_traceback_later()

    def _reached(self, *_: Any) -> None:
        raise ImportTooLong(f"Importing the file took longer than {self.seconds:g} s.")


def load(
    source: Head, places: Places, limit: Limit | None, preloaded: list[str], reads: list[list[str]]
) -> Imported | Failed:
    """Import the file that `source` names. Author code runs in here."""
    began = time.monotonic()
    file = source["file"]
    kept = dict(source.get("kept") or {})
    if source.get("version") and not kept:
        kept = manifest(places.sources, source["version"])
    sources = Sources(source["root"], source["roots"], places.sources, kept)
    random = RandomState()
    sources.install()
    watch = Watch(sources.owns, lambda _: random.look())  # after it: what we change is not the author's doing
    sys.meta_path.insert(0, watch)
    random.look()
    try:
        try:
            if limit is not None:
                limit.run()
            module, dags, specs = read(file, sources)
        finally:
            if limit is not None:
                limit.end()
            random.settle()
            with contextlib.suppress(ValueError):
                sys.meta_path.remove(watch)
    except BaseException as error:
        return Failed(describe_error(error, file, sources), sources.modules)
    watch.look()
    version = sources.version()
    if source.get("version") and source["version"] != version and not kept:
        return Failed(_not_kept(source), sources.modules)
    sources.keep(version)
    if _cannot_stay_preloaded(watch, preloaded):
        return Failed({"type": "LoadAgain", "message": "without preloading", "file": file, "line": None}, {})
    began_in = {"thread": watch.threads_began_in} if watch.threads_began_in else {}
    why = guard.why_unsafe(began_in)
    still_used = [name for name in preloaded if _is_used(name, sources)]
    report = {
        "version": version,
        "modules": sources.modules,
        "fork_safe": why is None,
        "why_unsafe": why,
        "heavy": list(dict.fromkeys([*still_used, *watch.heavy()])),
        "reads": reads,
        "warnings": [],
        "memory_mb": round(anonymous_mb(), 1),
        "seconds": round(time.monotonic() - began, 4),
    }
    return Imported(dags, module, random, report, specs)


def read(file: str, sources: Sources) -> tuple[types.ModuleType, dict[str, Any], bytes]:
    """Execute the file: its module, its DAGs, and their specs as JSON."""
    from ..core.spec import check_graph, to_json
    from ..sdk.collecting import collecting, dags_of
    from ..sdk.describe import describe

    module, code = module_of(file, sources)
    with collecting() as collected:
        exec(code, module.__dict__)
    found = dags_of(module, collected)
    specs = []
    for dag in found:
        spec = describe(dag)
        check_graph(spec)
        specs.append(to_json(spec))
    return module, {dag.dag_id: dag for dag in found}, json.dumps(specs, separators=(",", ":")).encode()


def _cannot_stay_preloaded(watch: Watch, preloaded: list[str]) -> bool:
    """A setting that the author makes may have been meant for a package that was imported before it."""
    return bool(preloaded) and watch.surroundings_changed


def _is_used(name: str, sources: Sources) -> bool:
    """Whether the bundle's sources still mention a preloaded package."""
    top = name.partition(".")[0].encode()
    for path in sources.modules:
        with contextlib.suppress(OSError), open(path, "rb") as file:
            if top in file.read():
                return True
    return False


def _not_kept(source: Head) -> Head:
    version = f"Version {source['version'][:12]} of this file"
    return {
        "type": "VersionGone",
        "message": f"{version} is not kept, and the files on the disk have changed since.",
        "file": source["file"],
        "line": None,
    }


# ── errors ───────────────────────────────────────────────────────────────────────────────────────────────


def describe_error(error: BaseException, file: str, sources: Sources) -> Head:
    """{type, message, file, line, traceback}: the innermost line that is the author's own."""
    at_file, at_line = file, None
    message = str(error)
    if isinstance(error, SyntaxError) and error.filename:
        at_file, at_line = error.filename, error.lineno
        message = error.msg or message
    else:
        import traceback

        for frame, line in traceback.walk_tb(error.__traceback__):
            if sources.owns(frame.f_code.co_filename):
                at_file, at_line = frame.f_code.co_filename, line
    parts = getattr(error, "parts", None)
    if isinstance(parts, dict) and parts.get("file") and parts.get("line"):
        at_file, at_line = str(parts["file"]), parts["line"]
    kind = type(error).__name__
    if isinstance(error, SystemExit):
        message = f"The file called sys.exit({'' if error.code is None else repr(error.code)}) while it was imported."
    elif isinstance(error, ImportTooLong):
        kind = "TimeLimitExceeded"
    elif isinstance(error, MemoryError) and not message:
        message = "The file ran out of memory while it was imported."
    return {"type": kind, "message": message, "file": at_file, "line": at_line, "traceback": _traceback(error)}


_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def _traceback(error: BaseException) -> str:
    """As Python prints it, without our own frames above the author's and without the import machinery's."""
    import traceback

    told = traceback.TracebackException.from_exception(error, capture_locals=False)
    seen: set[int] = set()
    waiting: list[traceback.TracebackException | None] = [told]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        kept = [f for f in one.stack if not f.filename.startswith("<frozen importlib")]
        first = next((i for i, f in enumerate(kept) if not f.filename.startswith(_OURS)), len(kept))
        one.stack = traceback.StackSummary.from_list(kept[first:])
        waiting += [one.__cause__, one.__context__]
    return "".join(told.format())[-20_000:]
