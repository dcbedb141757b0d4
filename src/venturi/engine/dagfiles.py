"""Freshness: notices DAG files and their changes, has them read in a zygote, keeps versions and import errors.

Owns which files are read when. Never imports one itself: that is the zygotes' business, and what comes back is data.
The last good version of a DAG stays active beside the error of a broken file.
"""

from __future__ import annotations

import itertools
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..bundles.environments import Environments
from ..bundles.finding import Bundle, Finder, import_roots
from ..core.errors import AuthoringError, DuplicateDag, VenturiError
from ..core.moves import DagVersion, Event
from ..core.plan import Plan, unknown_rules
from ..core.rules import RULES
from ..core.spec import DagSpec, check_graph, dag_from_json
from ..core.step import Turn
from ..executors.base import Loaded
from ..wire import messages
from .turn import Engine

LOADING_MAX = 2  # files read at once; a read is CPU-bound in its zygote


@dataclass
class FileState:
    """What is known of one DAG file."""

    file: str
    bundle: Bundle
    version: str = ""  # hash of the sources of its last good read
    watched: frozenset[str] = frozenset()  # files it loaded: a change of any reads it again
    settings: frozenset[tuple[str, str]] = frozenset()  # ("variable", key) and ("connection", id) that it read
    changed_meanwhile: set[tuple[str, str]] = field(default_factory=set)  # of these, while it was being read
    dag_ids: tuple[str, ...] = ()
    error: dict[str, Any] | None = None
    read_at: float = 0.0
    reading: int | None = None  # the request under way
    again: bool = False  # it changed while it was being read
    wanted_by: list[Callable[[FileState, Turn], None]] = field(default_factory=list)
    ad_hoc: bool = False


class DagFiles:
    def __init__(
        self, engine: Engine, roots: list[Path], home: Path | None = None, environments: Environments | None = None
    ) -> None:
        self._engine = engine
        self._home = home  # for its folder of plugins
        self._config = engine.config
        self._environments = environments
        self._finder = Finder(roots, environments)
        self.build: Callable[[Path], None] = lambda _: None  # a bundle's environment, in the background
        self._failed: set[Path] = set()  # bundles whose environment could not be built
        self.files: dict[str, FileState] = {}
        self.problems: dict[str, str] = {}
        self._requests = itertools.count(1)
        self._by_request: dict[int, FileState] = {}
        self._queue: deque[FileState] = deque()
        self._gone: list[FileState] = []  # files that are no longer there, to be told in the next turn
        engine.on_loaded = self.take
        self._remember()

    def _remember(self) -> None:
        """What the last engine knew: who has which DAG, which files are broken. A scan finds what has gone since."""
        for version in self._engine.versions.all_current():
            load = version.source["load"]
            state = self._known(load["file"], Bundle(Path(load["root"]).name, Path(load["root"]), load["python"]))
            state.dag_ids, state.ad_hoc = (*state.dag_ids, version.dag_id), version.ad_hoc
        for row in self._engine.known_errors:
            self._known(row.file, self._finder.bundle_for(Path(row.file))).error = row.error

    # ── noticing ──

    def scan(self) -> None:
        """Compare the folders with what is known: new files are read, files that are gone lose their DAGs."""
        scan = self._finder.scan()
        self.problems = {str(p.path): p.reason for p in scan.problems}
        found = {str(f.file): f.bundle for f in scan.files}
        self._failed = {bundle.root for bundle in scan.bundles if bundle.environment == "failed"}
        for bundle in scan.bundles:
            if bundle.environment == "absent":
                self.build(bundle.root)
            elif bundle.environment == "ready" and self._environments is not None:
                self._environments.remember(bundle.root, bundle.python)
        for file, bundle in found.items():
            known = self._known(file, bundle)
            known.ad_hoc = False
            self._place(known, bundle)
        for file in [f for f, state in self.files.items() if f not in found and not state.ad_hoc]:
            state = self.files.pop(file)
            if state in self._queue:
                self._queue.remove(state)
            self._gone.append(state)

    def _place(self, state: FileState, bundle: Bundle) -> None:
        """Into a bundle, which may have another interpreter than when the file was read."""
        moved, state.bundle = state.bundle.python != bundle.python, bundle
        if moved or not state.read_at:
            self.read(state)

    def changed(self, paths: set[str]) -> None:
        """File events: what loaded one of these is read again; new files are looked for."""
        for state in list(self.files.values()):
            if state.file in paths or not paths.isdisjoint(state.watched):
                self.read(state)
        self.scan()
        for state in self.files.values():
            if state.ad_hoc and state.bundle.environment:
                self._place(state, self._finder.bundle_for(Path(state.file)))

    def settings_changed(self, changes: set[tuple[str, str]]) -> list[FileState]:
        """What read one of these while it was imported is read again."""
        found = []
        for state in self.files.values():
            if state.reading is not None:  # it may have read them before
                state.changed_meanwhile |= changes
            if not changes.isdisjoint(state.settings):
                self.read(state)
                found.append(state)
        return found

    def refresh(self, now: float) -> float:
        """Read what was read too long ago; returns when to come again."""
        for root in self._failed:
            self.build(root)  # a registry may be reachable again
        for state in self.files.values():
            if state.read_at and now - state.read_at > self._config.refresh_interval_s:
                self.read(state)
        return min((s.read_at for s in self.files.values() if s.read_at), default=now) + self._config.refresh_interval_s

    def clock_set(self, by_s: float) -> None:
        """What was read so long ago was read so long ago on the new clock, too."""
        for state in self.files.values():
            if state.read_at:
                state.read_at += by_s

    def want(self, file: str, then: Callable[[FileState, Turn], None]) -> None:
        """Read this one file, inside or outside the roots, and tell when it is done."""
        bundle = self._finder.bundle_for(Path(file))
        state = self.files.get(file)
        if state is None:
            state = self._known(file, bundle)
            state.ad_hoc = True
        state.bundle = bundle
        if bundle.environment == "absent":
            self.build(bundle.root)
        state.wanted_by.append(then)
        self.read(state, first=True)

    def _known(self, file: str, bundle: Bundle) -> FileState:
        return self.files.setdefault(file, FileState(file, bundle))

    # ── reading ──

    def read(self, state: FileState, first: bool = False) -> None:
        if state.bundle.waits:
            pass  # the end of the build comes as a change
        elif state.reading is not None:
            state.again = True
        elif state in self._queue:
            pass
        elif first:
            self._queue.appendleft(state)
        else:
            self._queue.append(state)

    def pump(self) -> None:
        """Send read requests as far as there is room; called after each turn."""
        executor = self._engine.executor
        while self._queue and len(self._by_request) < LOADING_MAX and self._engine.world.capacity.online:
            state = self._queue.popleft()
            request = next(self._requests)
            state.reading = request
            self._by_request[request] = state
            executor.load(
                request, self._source(state), self._config.parse_time_limit_s, self._config.parse_memory_limit_mb
            )
        executor.flush()

    def begin_anew(self) -> None:
        """The engine has read its state anew: what was taken in since the last commit may not be in it, so that every
        file is read again."""
        self.forget_requests()
        for state in self.files.values():
            state.dag_ids, state.error = (), None
        self._gone.clear()
        self._remember()
        for state in self.files.values():
            self.read(state)
        if not self._engine.foreground:
            self.scan()

    def forget_requests(self) -> None:
        """The crew is gone and with it what it was reading."""
        for state in self._by_request.values():
            state.reading = None
            self._queue.append(state)
        self._by_request.clear()

    def _source(self, state: FileState) -> dict[str, Any]:
        bundle = state.bundle
        return messages.source(state.file, str(bundle.root), self._roots(state), bundle.python)

    def _roots(self, state: FileState) -> list[str]:
        return import_roots(state.bundle, Path(state.file), self._home)

    # ── what a read has shown ──

    def take(self, report: Loaded, turn: Turn) -> None:
        state = self._by_request.pop(report.request, None)
        if state is None:
            return
        state.reading = None
        if self.files.get(state.file) is not state:  # gone while it was read: what it was counts no more
            self._tell_wanted(state, turn)
            return
        state.read_at = turn.now
        if state.again:
            state.again = False
            self.read(state)
        state.watched = frozenset(report.detail.get("modules") or {}) | frozenset(report.detail.get("templates") or ())
        state.settings = frozenset((kind, name) for kind, name in report.detail.get("reads") or ())
        changed, state.changed_meanwhile = state.changed_meanwhile, set()
        if not changed.isdisjoint(state.settings):
            self.read(state)
        error = report.error
        if error is None:
            try:
                self._accept(state, report, turn)
            except VenturiError as problem:
                error = {"type": type(problem).__name__, "message": str(problem), "file": state.file, "line": None}
        if error is not None or state.error is not None:
            turn.batch.import_errors.append((state.file, error))
            if error != state.error:
                self._tell_error(state, error, turn)
        state.error = error
        if state not in self._queue:  # else what has just been read is out of date
            self._tell_wanted(state, turn)

    def _tell_error(self, state: FileState, error: dict[str, Any] | None, turn: Turn) -> None:
        """For those who follow events: whether a file can be read has changed."""
        told = {"file": state.file, "error": None if error is None else error["type"]}
        turn.batch.events.append(Event(turn.now, "file", None, None, told))

    def _tell_wanted(self, state: FileState, turn: Turn) -> None:
        wanted, state.wanted_by = state.wanted_by, []
        for then in wanted:
            then(state, turn)

    def _accept(self, state: FileState, report: Loaded, turn: Turn) -> None:
        specs = [dag_from_json(one) for one in json.loads(report.specs)]
        for spec in specs:
            check_graph(spec)
            self._check_claim(state, spec)
            bad = unknown_rules(spec)
            if bad:
                raise _bad_rule(state.file, spec, bad[0])
        versions = self._engine.versions
        source = {
            "load": messages.source(
                state.file,
                str(state.bundle.root),
                self._roots(state),
                state.bundle.python,
                report.detail["version"],
            ),
            "modules": report.detail.get("modules") or {},
            "fork_safe": report.detail.get("fork_safe", True),
            "why_unsafe": report.detail.get("why_unsafe"),
            "heavy": report.detail.get("heavy") or [],
            "reads": report.detail.get("reads") or [],
        }
        state.version = report.detail["version"]
        gone = set(state.dag_ids) - {spec.dag_id for spec in specs}
        state.dag_ids = tuple(spec.dag_id for spec in specs)
        python = state.bundle.python
        for raw, spec in zip(json.loads(report.specs), specs, strict=True):
            digest = sha256((state.version + json.dumps(raw, sort_keys=True)).encode()).hexdigest()
            current = versions.current(spec.dag_id)
            load = current.source["load"] if current is not None and current.hash == digest else {}
            if current is not None and load.get("file") == state.file and load.get("python") == python:
                if current.ad_hoc and not state.ad_hoc:  # tried by hand where it lies, and now in a folder of ours
                    current.ad_hoc = False
                    versions.changes += 1
                    turn.batch.dag_flags.append((spec.dag_id, "ad_hoc", False))
                    self._engine.schedules.touch(spec.dag_id)
                continue
            self._keep(state, spec, raw, source, digest, turn)
        for dag_id in sorted(gone):
            self._retire(dag_id, turn)

    def _keep(
        self, state: FileState, spec: DagSpec, raw: dict[str, Any], source: dict[str, Any], digest: str, turn: Turn
    ) -> None:
        versions, config = self._engine.versions, self._config
        paused = spec.paused_upon_creation
        made = DagVersion(
            id=versions.id_for(spec.dag_id, digest, state.file, state.bundle.python),
            dag_id=spec.dag_id,
            hash=digest,
            spec=raw,
            source=source,
            at=turn.now,
            paused=config.dags_paused_at_creation if paused is None else paused,
            ad_hoc=state.ad_hoc,
        )
        dag = self._engine.world.dag(spec.dag_id)
        if versions.current(spec.dag_id) is None:
            kept = self._engine.schedules.take_kept_pause(spec.dag_id)
            before = self._engine.reader.dag(spec.dag_id)  # it was away, and comes as it went
            if kept is not None:
                made.paused = kept
                turn.batch.dag_flags.append((spec.dag_id, "paused", kept))
            elif before is not None:
                made.paused = before.paused
            dag.paused = made.paused
        versions.add(made, Plan(spec, made.id))
        dag.version = made.id
        dag.max_active_tasks, dag.max_active_runs = spec.max_active_tasks, spec.max_active_runs
        dag.limits_each_run = spec.limits_each_run
        turn.batch.versions.append(made)
        self._engine.schedules.touch(spec.dag_id)
        turn.batch.events.append(Event(turn.now, "version", spec.dag_id, None, {"version": made.id, "hash": digest}))

    def _check_claim(self, state: FileState, spec: DagSpec) -> None:
        """A dag_id belongs to the file that has it, as long as that file is there.

        A file that was only run by hand gives it up to one in the folders, so that a DAG can be tried and then kept.
        """
        for other in self.files.values():
            if other is state or spec.dag_id not in other.dag_ids:
                continue
            if other.ad_hoc and (not state.ad_hoc or not Path(other.file).exists()):
                other.dag_ids = tuple(d for d in other.dag_ids if d != spec.dag_id)
            else:
                raise _already_defined(state.file, other.file, spec)

    def _retire(self, dag_id: str, turn: Turn) -> None:
        """No file defines this DAG any more: its unfinished runs go on, new ones cannot be made."""
        self._engine.versions.retire(dag_id)
        self._engine.schedules.touch(dag_id)
        turn.batch.dag_flags.append((dag_id, "active", False))

    def tell_gone(self, turn: Turn) -> None:
        for state in self._gone:
            for dag_id in state.dag_ids:
                self._retire(dag_id, turn)
            if state.error is not None:
                turn.batch.import_errors.append((state.file, None))
                self._tell_error(state, None, turn)
            if state.reading is None:
                self._tell_wanted(state, turn)
        self._gone.clear()


def _bad_rule(file: str, spec: DagSpec, rule: str) -> VenturiError:
    task = next(t for t in spec.tasks if t.trigger_rule == rule)
    return AuthoringError(
        problem=f"Task '{task.task_id}' of DAG '{spec.dag_id}' has the trigger rule '{rule}', which does not exist",
        file=file,
        line=task.line,
        advice=f"Use one of: {', '.join(RULES)}.",
    )


def _already_defined(file: str, first: str, spec: DagSpec) -> VenturiError:
    return DuplicateDag(dag_id=spec.dag_id, first_file=first, file=file)
