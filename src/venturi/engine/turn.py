"""One turn: events and commands in, moves decided by core, one commit, and only then effects.

Owns the order of these steps and the in-memory world. Opens no socket and no file: reports, commands and the time
come in as arguments, which is how the simulation drives it through thousands of crashes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..config import Config
from ..core import admission, calls, starting, step
from ..core.errors import DatabaseLost, EpochLost, StoreError, VenturiError
from ..core.moves import AttemptRow, Batch, Event, TaskMove, ValueRow
from ..core.readiness import halted
from ..core.spec import RETURN_KEY
from ..core.states import LIVE, Outcome, TaskState
from ..core.step import End, Turn
from ..core.world import Call, Run, World
from ..crashpoints import crash_at
from ..executors.base import (
    Asked,
    Connected,
    Dated,
    Disconnected,
    Ended,
    Executor,
    Fired,
    Loaded,
    Report,
    Settled,
    Start,
    Started,
    Watch,
)
from ..store import Store
from ..store.rows import DeferralRow
from . import changing, questions, recovery
from .asking import Asks
from .assets import Assets
from .backfills import Backfills
from .changing import TurnIsVoid
from .conditions import Conditions
from .contexts import Contexts
from .deadlines import Deadlines
from .jumps import shift
from .looking_back import look_back
from .machine import machine_of
from .outcomes import as_it_counts, asset_event_rows, attempt_row, end_of, ended_by, event_of, reason_of, value_row
from .own_timetables import OwnTimetables
from .pausing import pause_what_fails
from .retention import Retention
from .schedules import Schedules
from .versions import Versions
from .watchers import Watchers

LAZY_S = 0.01  # how long a commit that only says "running" may wait for company


@dataclass(slots=True)
class Effects:
    """What happens outside once the turn is durable."""

    admitted: list[admission.Admitted] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    watched: list[DeferralRow] = field(default_factory=list)
    unwatched: list[int] = field(default_factory=list)
    acks: list[int] = field(default_factory=list)
    cancels: list[tuple[int, str, float]] = field(default_factory=list)
    after: list[Callable[[], None]] = field(default_factory=list)
    otherwise: list[Callable[[], None]] = field(default_factory=list)  # if the turn is void


class Engine:
    """The only writer of run and task state."""

    def __init__(
        self, store: Store, executor: Executor, config: Config, value_folder: Path, foreground: bool = False
    ) -> None:
        self.store = store
        self._value_folder = value_folder
        self.reader = store.reader()
        self.executor = executor
        self.config = config
        self.foreground = foreground  # `venturi run`: only runs handed to this engine
        self.epoch = store.take_epoch()
        self.versions = Versions(self.reader)
        self.contexts = Contexts(config, self._elements, self.versions.source)
        self.asks = Asks(self)
        self.assets = Assets(self)
        self.deadlines = Deadlines(self)
        self.own_timetables = OwnTimetables(self)
        self.backfills = Backfills(self)
        self.schedules = Schedules(self)
        self.watchers = Watchers(self)
        self.retention = Retention(self)
        self.on_commit: Callable[[Turn, int], None] = lambda turn, last_event: None
        self.on_finished: Callable[[Run], list[Asked]] = lambda run: []  # what has waited for the end of a run
        self.on_loaded: Callable[[Loaded, Turn], None] = lambda report, turn: None
        self.handed: set[int] = set()  # run ids that a foreground engine is here for
        self._effects = Effects()
        self._turn: Turn | None = None
        self._now = 0.0
        self._own_reports: list[Report] = []  # ends that this engine knows by itself
        self._own_acts: list[Callable[[Turn], None]] = []  # what it does by itself in the next turn
        self.is_void = False  # what it holds in memory is no longer what the database says
        self._set_by_s = 0.0  # by how much the clock was set that the database does not know of yet
        self.restart()

    # ── state ──

    def restart(self) -> None:
        """Read everything from the database: at the start, and when a turn was void. Until this has been done no turn
        may be taken; and the executor must be asked anew what it holds."""
        self.versions.forget()
        self.next_run_id, self._next_token, self.versions.next_id, next_call_id = self.store.counters()
        kept = self.store.load_world()
        self.waiting_commands, self.known_errors = kept.commands, kept.import_errors
        slots, machine, limit_s = self.executor.slots, machine_of(self.config), self.config.start_timeout_s
        self.world: World = recovery.read_world(kept, self.reader, self.versions, slots, self._wanted, machine, limit_s)
        self.world.next_call_id = next_call_id
        self.conditions = Conditions(self)
        self.assets.restore(kept.piles, self.reader.waiting_partitions())
        self.deadlines.restore(kept.deadlines)
        self.world.capacity.online = False  # until the executor has told what it holds
        self.backfills.restart(kept.backfills)
        self.schedules.restart(kept.schedules)
        self.watchers.restart()
        self.retention.restart()
        self._effects = Effects()
        self._turn = None
        self._own_reports = []
        self._own_acts = [changing.reconsidered(self, run) for run in self.world.runs.values() if run.word is not None]
        self.is_void = False
        shift(self.world, self._set_by_s)

    def clock_set(self, by_s: float) -> None:
        """The wall clock has jumped: dates go by it as it is now, lengths of time pass as they would have."""
        self.finish()
        self._set_by_s += by_s
        shift(self.world, by_s)
        self.schedules.touch_all()

    def _void(self, effects: Effects) -> None:
        """The database did not take the turn, or may have: what was decided counts for nothing until it is read."""
        self.is_void = True
        self._turn, self._effects = None, Effects()
        for tell in effects.otherwise:
            tell()

    def _wanted(self, run_id: int) -> bool:
        return not self.foreground or run_id in self.handed

    def report(self, known: Report) -> None:
        """What this engine has seen by itself: taken in the next turn, which comes at once."""
        self._own_reports.append(known)

    def take_token(self) -> int:
        token = self._next_token
        self._next_token += 1
        return token

    def take_run_id(self) -> int:
        made = self.next_run_id
        self.next_run_id += 1
        return made

    # ── the turn ──

    def turn(self, reports: Iterable[Report], commands: Iterable[Callable[[Turn], None]], now: float) -> None:
        """Drain what came in, decide, commit once, act. A StoreError leaves the engine void: see `restart`."""
        try:
            turn = self._decide(reports, commands, now)
        except EpochLost:
            raise
        except StoreError:
            self._void(self._effects)
            raise
        except TurnIsVoid as void:
            self._void(self._effects)
            raise void.error from None
        self._turn = turn
        if not self._may_wait(turn):
            self.finish()

    def _decide(self, reports: Iterable[Report], commands: Iterable[Callable[[Turn], None]], now: float) -> Turn:
        turn = self._turn or Turn(now)
        turn.now = now
        turn.batch.clock_set_by_s = self._set_by_s
        self._now = now
        own, self._own_reports = self._own_reports, []
        for report in (*own, *reports):
            self._take(report, turn)
        acts, self._own_acts = self._own_acts, []
        for act in (*commands, *acts):
            act(turn)
        self._wake(turn)
        self.deadlines.act(turn)
        self.schedules.act(turn)
        self.backfills.act(turn)
        self.own_timetables.pump()
        self.watchers.act(turn)
        self._cancel_at_executor(turn)
        self.assets.start_runs(turn)
        admission.start_runs(self.world, turn)
        if self.world.capacity.online:
            self._effects.admitted += admission.admit(self.world, turn, self.take_token)
            self._effects.calls += calls.hand_out(self.world, turn, self.take_token)
        self.retention.act(turn)
        return turn

    def _cancel_at_executor(self, turn: Turn) -> None:
        for token, reason in turn.cancels:
            self._cancel(token, reason, self.config.grace_s)
        turn.cancels.clear()

    def _may_wait(self, turn: Turn) -> bool:
        """A turn that only learned that attempts are running waits a moment for something that matters."""
        batch = turn.batch
        effects = self._effects
        if effects.admitted or effects.acks or effects.unwatched or effects.cancels or effects.after or turn.groups:
            return False
        lazy = len(batch.task_moves)
        return lazy > 0 and batch.only_task_moves() and all(m.after is TaskState.RUNNING for m in batch.task_moves)

    @property
    def waits(self) -> bool:
        return self._turn is not None

    @property
    def has_reports(self) -> bool:
        """Whether the next turn has something to do at once."""
        return bool(self._own_reports or self._own_acts)

    def settle(self, turn: Turn) -> None:
        """Commit what the turn has decided so far; it goes on with nothing. For what must be read as it stands."""
        self._cancel_at_executor(turn)
        effects, self._effects = self._effects, Effects()
        try:
            self._commit(turn, effects)
            self._act(effects)
        except StoreError as error:
            self._effects = effects
            raise TurnIsVoid(error) from error
        turn.batch, turn.groups, turn.finished_runs, turn.stale_runs = Batch(), {}, [], []

    def finish(self) -> None:
        """Commit what the turn decided, then let it happen."""
        turn, effects = self._turn, self._effects
        self._turn, self._effects = None, Effects()
        if turn is None:
            return
        try:
            self._commit(turn, effects)
            self._act(effects)
        except EpochLost:
            raise
        except StoreError:
            self._void(effects)
            raise

    def _commit(self, turn: Turn, effects: Effects) -> None:
        turn.batch.group_moves.extend(step.group_moves(turn))
        pause_what_fails(self, turn)
        if turn.batch:
            turn.batch.events.extend(_events(turn))
            crash_at("engine:before-commit")
            last_event = self.store.commit(turn.batch, self.epoch)
            crash_at("engine:committed")
            self._set_by_s = 0.0
            for run in turn.finished_runs:
                self.contexts.forget(run)
                self._own_reports += self.on_finished(run)
            if turn.batch.versions:
                self.versions.drop_unused(self._versions_in_use())
            self.schedules.ended(turn.finished_runs)
            self.backfills.ended(turn.finished_runs)
            self._own_acts += [changing.put_together(self, run) for run in turn.stale_runs]
            self.on_commit(turn, last_event)
            self._note_deferrals(turn, effects)
            self.conditions.committed(turn)

    def _versions_in_use(self) -> set[int]:
        world = self.world
        runs = [*world.runs.values(), *(call.run for call in (*world.calls.values(), *world.calls_due))]
        return {run.plan.version for run in runs}

    def _note_deferrals(self, turn: Turn, effects: Effects) -> None:
        batch = turn.batch
        for d in batch.deferrals:
            effects.watched.append(
                DeferralRow(d.run, d.task_id, d.map_index, d.token, d.trigger, d.method, d.data, None, d.at)
            )
        effects.unwatched += [event.token for event in batch.deferral_events]
        effects.unwatched += [end.waiting for end in batch.deferral_ends if end.waiting]

    def _act(self, effects: Effects) -> None:
        self.executor.submit([*self._starts(effects.admitted), *self._calls(effects.calls)])
        self.executor.watch(list(self._watches(effects.watched)))
        self.executor.unwatch([token for token in effects.unwatched if not self.conditions.forget(token)])
        for token, reason, grace_s in effects.cancels:
            self.executor.cancel(token, reason, grace_s)
        self.executor.acknowledge(effects.acks)
        for action in effects.after:
            action()
        self.executor.flush()
        if effects.admitted:
            crash_at("engine:start-sent")
        if effects.acks:
            crash_at("engine:ack-sent")
        if effects.calls:
            crash_at("engine:call-sent")
        if effects.watched:
            crash_at("engine:watch-sent")
        if effects.unwatched:
            crash_at("engine:unwatch-sent")

    def _starts(self, admitted: list[admission.Admitted]) -> list[Start]:
        """Made after the commit, because the elements of mapped tasks may be values of this very turn."""
        starts = []
        for one in admitted:
            try:
                starts.append(self.contexts.start(one, self._now, self._began_at(one), self._resume(one)))
            except DatabaseLost:
                raise  # never handed out, so it is started when the database is back
            except (OSError, VenturiError, IndexError) as error:
                reason = f"its input could not be read: {error}"
                self._own_reports.append(Ended(one.cell.token, Outcome.FAIL_NOW, self._now, {"reason": reason}))
        return starts

    def _calls(self, due: list[Call]) -> Iterator[Start]:
        for call in due:
            try:
                yield self.contexts.call(call)
            except DatabaseLost:
                raise
            except (OSError, VenturiError, IndexError) as error:
                reason = f"its input could not be read: {error}"
                self._own_reports.append(Ended(call.token, Outcome.FAILED, self._now, {"reason": reason}))

    def _watches(self, rows: list[DeferralRow]) -> Iterator[Watch]:
        for row in rows:
            known = self.world.deferred.get(row.token)
            if known is not None:
                told = _trigger_part(row.data)
                if not self.conditions.take(row, told):
                    yield self.contexts.watch(*known, row.trigger, told)

    def _resume(self, one: admission.Admitted) -> DeferralRow | None:
        """Where the instance was deferred: what it goes on with."""
        if not one.cell.deferral:
            return None
        return self.reader.deferral(one.run.id, one.run.plan.tasks[one.number].task_id, one.map_index)

    # ── what comes in ──

    def _take(self, report: Report, turn: Turn) -> None:
        match report:
            case Started():
                self._started(report.token, report.pid, report.at, turn)
            case Ended():
                self._ended(report, turn)
            case Fired():
                self.fired(report, turn)
            case Asked():
                self.asks.take(report, turn)
            case Loaded():
                self.on_loaded(report, turn)
            case Dated():
                self.own_timetables.take(report, turn)
            case Connected():
                self.own_timetables.connection_lost()
                # Nothing is handed out before it has told all: `Settled` takes what it did not name for never run.
                self.world.capacity.online = False
                self.world.capacity.slots = report.slots
                self._effects.unwatched += [t for t in report.watched if self._is_unwanted(t)]
                for token, (pid, at) in report.alive.items():
                    self._started(token, pid, at, turn)
            case Settled():
                self._settle(report.named, turn)
            case Disconnected():
                self.world.capacity.online = False

    def fired(self, report: Fired, turn: Turn) -> None:
        crash_at("engine:event-received")
        known = self.world.deferred.get(report.token)
        if known is not None:
            run, number, *_ = known
            final = ended_by(report, run, number)
            if final is None:
                step.fired(self.world, *known, event_of(report), turn)
            else:
                step.ended_by_event(self.world, *known, final, turn)
        elif self.watchers.knows(report.token):
            self.watchers.fired(report, turn)
        elif self._is_unwanted(report.token):
            self._effects.unwatched.append(report.token)

    def _started(self, token: int, pid: int, at: float, turn: Turn) -> None:
        known = self.world.by_token.get(token)
        if known is not None:
            step.started(*known, pid, at, turn)
        elif not self.foreground and token not in self.world.calls:
            self._cancel(token, "its task has moved on without it", 0.0)

    def _ended(self, report: Ended, turn: Turn) -> None:
        crash_at("engine:end-received")
        report = as_it_counts(report)
        call = self.world.calls.get(report.token)
        if call is not None:
            calls.ended(self.world, call, Outcome(report.outcome), reason_of(report.detail), turn)
            if call.run.id not in self.world.runs:
                self.contexts.forget(call.run)
            self._effects.acks.append(report.token)
            return
        known = self.world.by_token.get(report.token)
        if known is None:
            # Told before, or of an attempt that was given up: changes nothing. A foreground engine leaves the
            # ends of other runs in the spool, for the engine that has them in its world.
            if not self.foreground or self._is_ours(report.token):
                self._effects.acks.append(report.token)
            return
        run, number, map_index, cell = known
        if cell.started_at is None and report.detail.get("started_at") is not None:
            cell.started_at = report.detail["started_at"]
        task = run.plan.tasks[number]
        end = end_of(report, (number, RETURN_KEY) in run.plan.feeds_mapping)
        batch = turn.batch
        batch.attempts.append(attempt_row(report, run, task.task_id, map_index, cell, end))
        if cell.becomes in (None, TaskState.SUCCESS):  # else what it has made counts for nothing
            value = value_row(report, run, task.task_id, map_index)
            if value is not None:
                batch.values.append(value)
            self.assets.happened(asset_event_rows(report, run, task.task_id, map_index), run, turn)
        self._effects.acks.append(report.token)
        step.ended(self.world, run, number, map_index, cell, end, turn, self.config.infrastructure_retries)
        if end.wait is not None:
            questions.asked(run, number, map_index, cell, end, turn)

    def _is_unwanted(self, trigger: int) -> bool:
        """Its event was taken by an engine that did not live to say so; a foreground engine speaks for its runs."""
        if trigger in self.world.deferred or self.watchers.knows(trigger):
            return False
        return not self.foreground or self._is_ours(trigger)

    def _is_ours(self, token: int) -> bool:
        return self.reader.token_run(token) in self.handed

    def _settle(self, named: set[int], turn: Turn) -> None:
        """The executor has told all it knows: what it did not name was never forked."""
        for token in [t for t in self.world.by_token if t not in named]:
            run, number, map_index, cell = self.world.by_token[token]
            end = End(Outcome.NEVER_RAN, turn.now, "it was handed out but never started")
            step.ended(self.world, run, number, map_index, cell, end, turn, self.config.infrastructure_retries)
        for call in [call for token, call in self.world.calls.items() if token not in named]:
            calls.ended(self.world, call, Outcome.NEVER_RAN, None, turn)
        if self.world.deferred:  # a new crew has none of their triggers; one that has, starts none twice
            self._effects.watched += [d for d in self.reader.waiting_deferrals() if d.token in self.world.deferred]
        for token, (run, number, _, cell) in self.world.by_token.items():
            halt = cell.word.words if cell.word is not None and cell.becomes is not None else halted(run, number)
            if halt is not None:  # cancelled by an engine that may not have lived to say so
                self._cancel(token, halt, self.config.grace_s)
        self.watchers.connected()
        self.world.capacity.online = True

    def _wake(self, turn: Turn) -> None:
        for run, number, map_index, cell in recovery.due_timers(self.world, turn.now):
            step.due(self.world, run, number, map_index, cell, turn)
        for report in self.conditions.due(turn):
            self.fired(report, turn)
        for run in recovery.out_of_time(self.world, turn.now):
            step.out_of_time(self.world, run, turn)
        if self.world.capacity.online:
            for token, reason in starting.overdue(self.world, turn.now):
                self._cancel(token, reason, self.config.grace_s)

    def next_timer(self) -> float | None:
        times: list[float | None] = [heap[0][0] for heap in (self.world.timers, self.world.time_limits) if heap]
        times.append(starting.next_at(self.world) if self.world.capacity.online else None)
        begins = (self.schedules.next_due(), self.backfills.next_due(), self.retention.next_due())
        moments = (self.conditions.next_at(), self.deadlines.next_at(), self.watchers.next_at(), *begins)
        return min((moment for moment in (*times, *moments) if moment is not None), default=None)

    # ── commands and reads ──

    def add_run(self, run: Run, turn: Turn) -> None:
        """A run that is made or reset in this turn."""
        self.world.add(run)
        look_back(self.reader, run, turn.finished_runs)

    def cancel_run(self, run: Run, reason: str, turn: Turn) -> None:
        for token in step.cancel(self.world, run, reason, turn):
            self._cancel(token, reason, self.config.grace_s)

    def _cancel(self, token: int, reason: str, grace_s: float) -> None:
        self._effects.cancels.append((token, reason, grace_s))

    def after_commit(self, action: Callable[[], None], otherwise: Callable[[], None] | None = None) -> None:
        """`otherwise`: if it never comes to that."""
        self._effects.after.append(action)
        if otherwise is not None:
            self._effects.otherwise.append(otherwise)

    def put_value(self, row: ValueRow, run: Run, number: int, map_index: int, turn: Turn) -> None:
        """An attempt leaves a value while it runs. What was cleared leaves none."""
        known = self.world.by_token.get(row.token)
        if known is not None and known[3].becomes is TaskState.NONE:
            return
        turn.batch.values.append(row)
        if (number, row.key) in run.plan.feeds_mapping:
            step.note_lengths(run.nodes[number], map_index, {row.key: row.length})

    def _began_at(self, one: admission.Admitted) -> float | None:
        """A rescheduled sensor and a deferred task count their time from their first attempt."""
        task = one.run.plan.tasks[one.number]
        if not task.reschedules and not one.cell.deferral:
            return None
        return self.reader.first_started_at(one.run.id, task.task_id, one.map_index, one.cell.try_number)

    def _elements(self, run: int, task_id: str, key: str) -> list[bytes]:
        return recovery.mapped_elements(self.reader, self._value_folder, run, task_id, key)


def _trigger_part(data: str) -> str:
    """The trigger's own arguments, of what a deferral keeps."""
    return json.dumps(json.loads(data).get("trigger") or {}, ensure_ascii=False, separators=(",", ":"))


def _events(turn: Turn) -> list[Event]:
    """The log's lines for this turn: one per run, packing its moves."""
    by_run: dict[int, list[list[Any]]] = {}
    for m in turn.batch.task_moves:
        by_run.setdefault(m.run, []).append(_packed(m))
    events = [Event(turn.now, "moves", None, run, moves) for run, moves in by_run.items()]
    for move in turn.batch.run_moves:
        events.append(Event(turn.now, "run", None, move.run, [move.before, move.after, move.reason]))
    return events


def _packed(m: TaskMove) -> list[Any]:
    made = [m.task_id, m.map_index, m.before, m.after, m.token]
    return [*made, m.reason] if m.reason and m.after not in LIVE else made


__all__ = ["AttemptRow", "Effects", "Engine"]
