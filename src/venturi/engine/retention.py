"""What is old goes: runs with all that was their own, old lines of the log, versions and files that nobody names.

Owns the walk, a stretch of a few hundred rows a turn and none sooner than a moment after the last, so that starting
tasks goes on beside it. Which runs may go is `core.retention`'s rule, files are removed by `sweeping`.

The run's own row goes first, so that it is gone for everybody at once, and `removed_run` says what is still to follow;
an engine that dies in between leaves it to the next. Never removed: unfinished runs, the newest of each DAG by number
and by date, those whose callbacks are still to come, those that unfinished ones look back at, and those of a backfill
that is not over.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from ..core.moves import Event, RunForgotten, RunRemoval, Swept
from ..core.retention import Rule
from ..core.step import Turn
from ..store import Reader
from . import sweeping
from .sweeping import Job, Places

if TYPE_CHECKING:
    from .turn import Engine

ROWS_A_TURN_MAX = 300
RUNS_A_TURN_MAX = 50
STRETCH = 500  # rows looked at in one question
PAUSE_S = 0.05  # between two stretches
EVERY_S = 3600.0  # how often it is looked by the setting
FIRST_AFTER_S = 60.0  # once the engine is there
FILES_OLD_S = 86_400.0  # what was written later may be about to be named
DAY_S = 86_400.0


@dataclass(slots=True)
class Sweep:
    """One walk through everything, and what has gone so far."""

    rule: Rule
    n: int = 0
    runs: int = 0
    rows: int = 0
    files: int = 0
    bytes: int = 0
    over: bool = False

    def told(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("runs", "rows", "files", "bytes", "over")}


@dataclass(slots=True)
class _Budget:
    turn: Turn
    left: int = ROWS_A_TURN_MAX
    jobs: list[Job] = field(default_factory=list)


class Retention:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.places: Places | None = None  # None: no files are removed
        self.sweep: Sweep | None = None
        self._steps: Iterator[None] | None = None
        self._b: _Budget | None = None
        self._next_at: float | None = None  # of the next stretch, or of the next sweep by the setting
        self._job: Job | None = None
        self._wanted: list[Callable[[Sweep], Iterator[None]]] = []  # beside the walk, as people have asked

    def restart(self) -> None:
        """What was under way is found again by what it has left."""
        if self._job is not None:
            self._job.given_up.set()
        waiting = self.sweep if self.sweep is not None and not self.sweep.over else None
        self._steps = self._job = None
        self._next_at = None  # of the setting: said in the first turn, which has a clock
        if waiting is not None:
            self.begin(waiting.rule, waiting)

    def _by_setting(self) -> bool:
        return self._engine.config.keep_runs_days is not None and not self._engine.foreground

    def begin(self, rule: Rule, sweep: Sweep | None = None) -> Sweep:
        """From the next turn on."""
        self.sweep = sweep or Sweep(rule)
        self._steps = self._walk(self.sweep)
        self._next_at = 0.0
        return self.sweep

    def finish(self) -> None:
        """What was of a run that has just been removed goes soon."""
        self._want(self._finish_later)

    def remove_dag(self, dag_id: str) -> None:
        """All its runs, and itself if no file holds it. One that dies in between leaves the rest: it is said again."""
        newest = self._engine.reader.nth_newest_run(dag_id, 1)
        self._want(partial(self._whole_dag, dag_id, newest or 0))

    def _want(self, steps: Callable[[Sweep], Iterator[None]]) -> None:
        self._wanted.append(steps)
        if self._steps is None:
            self._begin_wanted()

    def _begin_wanted(self) -> None:
        self.sweep = Sweep(Rule(0.0))
        self._steps = self._wanted.pop(0)(self.sweep)
        self._next_at = 0.0

    def next_due(self) -> float | None:
        """None: not before something else happens."""
        return self._next_at if self._engine.world.capacity.online and not self._engine.foreground else None

    def act(self, turn: Turn) -> None:
        """One stretch, if it is time."""
        if self._engine.foreground or not self._engine.world.capacity.online:
            return
        if self._steps is None:
            if not self._by_setting():
                self._next_at = None
                return
            if self._next_at is None:
                self._next_at = turn.now + FIRST_AFTER_S
            if turn.now < self._next_at:
                return
            days, least = self._engine.config.keep_runs_days, self._engine.config.keep_runs_min
            assert days is not None
            self.begin(Rule(turn.now - days * DAY_S, max(1, least)))
        elif self._next_at is not None and 0.0 <= self._next_at - turn.now <= PAUSE_S:
            return
        self._step(turn)

    def _step(self, turn: Turn) -> None:
        assert self._steps is not None
        assert self.sweep is not None
        self._b = _Budget(turn)
        self._next_at = turn.now + PAUSE_S
        if next(self._steps, self) is self:
            sweep, self._steps = self.sweep, None
            sweep.over = True
            self._next_at = turn.now + EVERY_S if self._by_setting() else None
            if self._wanted:
                self._begin_wanted()
            if sweep.runs or sweep.rows or sweep.files:
                turn.batch.events.append(Event(turn.now, "retention", None, None, sweep.told()))
        for job in self._b.jobs:
            self._engine.after_commit(job.start, job.given_up.set)
        self._b = None

    # ── the walk: each `yield` is the end of a turn ──

    @property
    def _now(self) -> _Budget:
        assert self._b is not None
        return self._b

    def _walk(self, sweep: Sweep) -> Iterator[None]:
        yield from self._finish_removed(sweep)
        reader = self._engine.reader
        for dag in reader.dags():
            if sweep.rule.dags and dag.dag_id not in sweep.rule.dags:
                continue
            for found in runs_to_remove(reader, dag.dag_id, sweep.rule, self._stays):
                for at in range(0, len(found), RUNS_A_TURN_MAX):
                    self._remove(dag.dag_id, found[at : at + RUNS_A_TURN_MAX], sweep)
                    yield
                    yield from self._finish_removed(sweep)
            yield
        yield from self._old_events(sweep)
        if sweep.rule.before is not None and not sweep.rule.dags:
            yield from self._old_commands(sweep, sweep.rule.before)
            yield from self._old_asset_events(sweep, sweep.rule.before)
            yield from self._old_versions(sweep, sweep.rule.before)
        yield from self._files(sweep)

    def _stays(self, dag_id: str) -> set[int]:
        """What the rule is not asked about, as of now."""
        newest = self._engine.reader.run_of_newest_date(dag_id)
        return self.needed(dag_id) | ({newest} if newest is not None else set())

    def needed(self, dag_id: str) -> set[int]:
        """Runs that are under way, whose callbacks are to come, or that one under way looks back at."""
        engine = self._engine
        world = engine.world
        stays = {call.run.id for call in (*world.calls.values(), *world.calls_due)} | world.runs.keys()
        for run in world.dag(dag_id).runs.values():
            if run.before is not None:
                row = engine.reader.run(dag_id, run.before.run_id)
                if row is not None:
                    stays.add(row.id)
        return stays

    def _remove(self, dag_id: str, found: list[tuple[int, str, int | None]], sweep: Sweep) -> None:
        stays = self._stays(dag_id)  # again: some turns may have passed
        self._take_all(dag_id, found, stays, sweep)

    def _take_all(self, dag_id: str, found: list[tuple[int, str, int | None]], stays: set[int], sweep: Sweep) -> None:
        for id, run_id, backfill in found:
            if id not in stays and (backfill is None or self._engine.backfills.get(backfill) is None):
                self.take(id, dag_id, run_id, self._now.turn)
                sweep.runs += 1

    def take(self, id: int, dag_id: str, run_id: str, turn: Turn) -> None:
        turn.batch.removals.append(RunRemoval(id, dag_id, run_id, turn.now))
        for deadline in self._engine.world.deadlines.of_run(id):  # of a run that has failed it may be due yet
            self._engine.world.deadlines.remove(deadline)

    def _finish_later(self, sweep: Sweep) -> Iterator[None]:
        yield  # the turn of the word itself: what it removes is not committed yet
        yield from self._finish_removed(sweep)

    def _whole_dag(self, dag_id: str, newest: int, sweep: Sweep) -> Iterator[None]:
        """What is made after the word stays."""
        after = 0
        while rows := self._engine.reader.run_ages(dag_id, after, RUNS_A_TURN_MAX):
            after = rows[-1].id
            found = [(row.id, row.run_id, row.backfill) for row in rows if row.id <= newest]
            self._take_all(dag_id, found, self.needed(dag_id), sweep)
            yield
            yield from self._finish_removed(sweep)
        comes = any(version.dag_id == dag_id for version in self._now.turn.batch.versions)
        left = self._engine.reader.run_ages(dag_id, 0, 1)
        if self._engine.versions.current(dag_id) is None and not comes and not left:
            self._sweep("dag", [(dag_id,)], sweep)
            yield

    def _finish_removed(self, sweep: Sweep) -> Iterator[None]:
        """What was the removed runs' own."""
        reader = self._engine.reader
        while removed := reader.removed_runs(RUNS_A_TURN_MAX):
            while parts := reader.parts_of_runs([id for id, *_ in removed], self._now.left):
                for table, keys in parts:
                    self._sweep(table, keys, sweep)
                yield
            for _, dag_id, run_id in removed:
                prefix = json.dumps([dag_id, run_id])[:-1] + ", "
                while keys := reader.states_of_run(prefix, max(1, self._now.left)):
                    self._sweep("stored_state", keys, sweep)
                    yield
            if self.places is not None:
                yield from self._wait_for(sweeping.remove_logs(self.places, [(d, r) for _, d, r in removed]), sweep)
            self._now.turn.batch.forgotten.extend(RunForgotten(id) for id, *_ in removed)
            yield

    def _sweep(self, table: str, keys: list[Any], sweep: Sweep) -> None:
        if keys:
            self._now.turn.batch.swept.append(Swept(table, keys))
            self._now.left -= len(keys)
            sweep.rows += len(keys)

    def _old_events(self, sweep: Sweep) -> Iterator[None]:
        """Of runs that are gone; by age alone those that are of none."""
        reader, before = self._engine.reader, sweep.rule.before if not sweep.rule.dags else None
        after, newest = 0, reader.last_event()  # what is written meanwhile is not chased
        while after < newest and (rows := reader.old_events(after, STRETCH)):
            gone = [(id,) for id, at, is_of_run, is_gone in rows if is_gone or _is_old(at, is_of_run, before)]
            for at in range(0, len(gone), ROWS_A_TURN_MAX):
                self._sweep("event", gone[at : at + ROWS_A_TURN_MAX], sweep)
                yield
            after = rows[-1][0]
            if before is not None and rows[-1][1] >= before:
                return
            yield

    def _old_commands(self, sweep: Sweep, before: float) -> Iterator[None]:
        while keys := self._engine.reader.old_commands(before, ROWS_A_TURN_MAX):
            self._sweep("command", keys, sweep)
            yield

    def _old_asset_events(self, sweep: Sweep, before: float) -> Iterator[None]:
        """Those by which nothing was started that is still told of, and that nothing waits with."""
        after, reader = -(1 << 62), self._engine.reader
        while rows := reader.old_asset_events(after, before, ROWS_A_TURN_MAX // 2):
            gone = {(token, n) for token, n, is_free in rows if is_free}
            self._sweep("asset_event", sorted(gone), sweep)
            aliases = [key for key in reader.aliases_of({token for token, _ in gone}) if key[1:] in gone]
            self._sweep("asset_alias_event", aliases, sweep)
            after = rows[-1][0]
            yield

    def _old_versions(self, sweep: Sweep, before: float) -> Iterator[None]:
        engine = self._engine
        while True:
            found = engine.reader.unused_versions(before, ROWS_A_TURN_MAX)
            used = {version.id for version in engine.versions.all_current()}
            used |= {version.id for version in self._now.turn.batch.versions}
            keys = [(id,) for id in found if id not in used]
            self._sweep("dag_version", keys, sweep)
            if not keys:
                return
            yield

    def _files(self, sweep: Sweep) -> Iterator[None]:
        if self.places is None:
            return
        now, engine = self._now.turn.now, self._engine
        # An attempt at work may have written what its result will name; one that is not known to have begun has not.
        begun = [cell.started_at for *_, cell in engine.world.by_token.values() if cell.started_at is not None]
        before = min([now - FILES_OLD_S, *(at - 1.0 for at in begun)])
        yield from self._wait_for(sweeping.remove_unnamed(self.places, engine.store.reader, before), sweep)

    def _wait_for(self, job: Job, sweep: Sweep) -> Iterator[None]:
        """It begins once this turn is committed."""
        self._job = job
        self._now.jobs.append(job)
        yield
        while not job.done.is_set():
            yield
        sweep.files += job.files
        sweep.bytes += job.bytes
        self._job = None


def _is_old(at: float, is_of_run: bool, before: float | None) -> bool:
    return not is_of_run and before is not None and at < before


def would_go(reader: Reader, rule: Rule) -> Iterator[tuple[str, int]]:
    """(dag_id, how many of its runs), without removing any."""

    def stays(dag_id: str) -> set[int | None]:
        return {reader.run_of_newest_date(dag_id)}

    for dag in reader.dags():
        if rule.dags and dag.dag_id not in rule.dags:
            continue
        n = sum(len(found) for found in runs_to_remove(reader, dag.dag_id, rule, stays))
        if n:
            yield dag.dag_id, n


def runs_to_remove(
    reader: Reader, dag_id: str, rule: Rule, stays: Callable[[str], Collection[int | None]]
) -> Iterator[list[tuple[int, str, int | None]]]:
    """(id, run_id, backfill) of the runs of a DAG that may go, a stretch at a time."""
    first_kept = reader.nth_newest_run(dag_id, rule.keep)
    if first_kept is None:
        return
    after = 0
    while rows := reader.run_ages(dag_id, after, STRETCH):
        after = rows[-1].id
        here = stays(dag_id)
        found = [row for row in rows if rule.holds_for(row, first_kept, here)]
        if found:
            yield [(row.id, row.run_id, row.backfill) for row in found]
        if rule.is_past(rows) or after >= first_kept:
            return
