"""What a person changes in runs that are there: cleared, resumed, marked; and how such a run is put together anew.

Owns the acting. What is touched is `core.clearing`'s choice, what follows from it `core`'s as always: the rows as they
will be are read back into the world as after a restart, so that nothing of before lingers. The turn is committed up to
here first (`Engine.settle`), and all of one word is one commit. An attempt at work is ended first: what its task is to
become is kept with the word, and done when the attempt is over, by whichever engine sees that.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..core import past, step
from ..core.clearing import Choice, Wish, to_clear, to_resume
from ..core.errors import NotFound, Refused
from ..core.mapping import count
from ..core.moves import DeferralEnd, Event, GroupMove, Intervention, RunReopening, TaskMove
from ..core.plan import Plan
from ..core.states import LIVE, RUN_FINAL, RunState, TaskState
from ..core.step import Turn
from ..core.world import WHOLE, Run, why_stopped
from ..store import Reader
from ..store.rows import InstanceRow, RunRow
from . import recovery
from .looking_back import look_back

if TYPE_CHECKING:
    from .turn import Engine
    from .versions import Versions

RUNS_MAX = 1000  # that one word may touch
_OVER = frozenset(state.value for state in RUN_FINAL)
_LIVE = frozenset(state.value for state in LIVE)

Choose = Callable[[Plan, RunRow, list[InstanceRow]], Choice]


@dataclass(slots=True)
class Touched:
    """What a word touches of one run."""

    row: RunRow
    plan: Plan
    choice: Choice
    rows: list[InstanceRow] = field(default_factory=list)  # as they are


# ── clear and resume ─────────────────────────────────────────────────────────────────────────────────────


def clear(engine: Engine, turn: Turn, dag_id: str, run_id: str, wish: Wish, by: str) -> dict[str, Any]:
    """What is chosen is run again. Raises a VenturiError, and nothing is changed, where that cannot be."""
    engine.settle(turn)
    touched = clearing(engine.reader, engine.versions, dag_id, run_id, wish)
    for one in touched:
        _check_free(engine, one.row, wish.current_code)
    for one in touched:
        _Change(engine, turn, one.row, one.plan, "cleared", by).clear(one.choice)
    return _told(engine, dag_id, run_id, touched)


def resume(engine: Engine, turn: Turn, dag_id: str, run_id: str, by: str, current_code: bool = False) -> dict[str, Any]:
    """The run goes on from what has failed in it; what has succeeded stays."""
    engine.settle(turn)
    touched = resuming(engine.reader, engine.versions, dag_id, run_id, current_code)
    for one in touched:
        _check_free(engine, one.row, current_code)
        _Change(engine, turn, one.row, one.plan, "resumed", by).clear(one.choice)
    return _told(engine, dag_id, run_id, touched)


def clearing(reader: Reader, versions: Versions, dag_id: str, run_id: str, wish: Wish) -> list[Touched]:
    """What a clear would touch, without doing it."""
    row = _found(reader, dag_id, run_id)

    def choose(plan: Plan, other: RunRow, rows: list[InstanceRow]) -> Choice:
        return to_clear(plan, rows, wish, strict=other.id == row.id)

    runs = [row, *_others(reader, row, wish)]
    return _touched(reader, versions, runs, choose, wish.current_code)


def resuming(reader: Reader, versions: Versions, dag_id: str, run_id: str, current_code: bool) -> list[Touched]:
    """What a resume would touch, without doing it."""
    row = _found(reader, dag_id, run_id)
    if row.state == RunState.SUCCESS.value:
        raise Refused(reason=f"Run '{run_id}' has succeeded: there is nothing to resume.", advice="")

    def choose(plan: Plan, row: RunRow, rows: list[InstanceRow]) -> Choice:
        return to_resume(plan, rows, _halts(row, plan, rows))

    return _touched(reader, versions, [row], choose, current_code)


def _halts(row: RunRow, plan: Plan, rows: list[InstanceRow]) -> set[str | None]:
    """For which reasons something was skipped only because its run was ended."""
    shell = Run(row.id, row.dag_id, row.run_id, plan)
    failed = {plan.index[r.task_id] for r in rows if r.state == "failed" and r.task_id in plan.index}
    return {row.reason, *(why_stopped(shell, number) for number in failed if plan.spec.fail_fast)}


def _touched(
    reader: Reader, versions: Versions, runs: list[RunRow], choose: Choose, current_code: bool
) -> list[Touched]:
    made, left_out = [], []
    for row in runs:
        version = _version(reader, row, current_code)
        plan = versions.plan(version, row.only)
        rows = reader.instances(row.id).rows
        choice = choose(plan, row, rows)
        left_out += choice.left_out
        if choice.keys:
            keys = set(choice.keys)
            touched = [r for r in rows if (r.task_id, r.map_index) in keys]
            made.append(Touched(row._replace(version=version), plan, choice, touched))
    if not made and left_out:
        task, branch = left_out[0]
        reason = f"'{task}' was left out by the branch '{branch}', whose choice still stands."
        raise Refused(reason=reason, advice=f"Clear '{branch}' as well.")
    if not made:
        raise Refused(reason=f"Nothing of run '{runs[0].run_id}' is to be run again by that.", advice="")
    return made


def _found(reader: Reader, dag_id: str, run_id: str) -> RunRow:
    if reader.dag(dag_id) is None:
        raise NotFound(kind="DAG", name=dag_id, advice="List them with: venturi ls")
    row = reader.run(dag_id, run_id)
    if row is None:
        raise NotFound(kind="run", name=run_id, advice=f"The newest: venturi status {dag_id}")
    return row


def _others(reader: Reader, row: RunRow, wish: Wish) -> list[RunRow]:
    """Runs of earlier or later dates, oldest first."""
    if not (wish.past or wish.future):
        return []
    if row.logical_date is None:
        raise Refused(reason=f"Run '{row.run_id}' has no date, so none comes before or after it.", advice="")
    first = -math.inf if wish.past else row.logical_date
    last = math.inf if wish.future else row.logical_date
    found = reader.find_runs(row.dag_id, dates=(first, last), limit=RUNS_MAX + 1)
    if len(found) > RUNS_MAX:
        raise Refused(reason=f"That would touch more than {RUNS_MAX:,} runs.", advice="Choose fewer at a time.")
    return [other for other in found if other.id != row.id]


def _version(reader: Reader, row: RunRow, current_code: bool) -> int:
    if not current_code:
        return row.version
    dag = reader.dag(row.dag_id)
    if dag is None or not dag.active or dag.version is None:
        raise Refused(reason=f"The file of DAG '{row.dag_id}' is gone, so it has no current code.", advice="")
    return dag.version


def _check_free(engine: Engine, row: RunRow, current_code: bool = False) -> None:
    """Raises where the run cannot be changed now."""
    run = engine.world.runs.get(row.id)
    if run is None:
        if row.state not in _OVER:
            advice = "Say it to the engine that does, or again when it has ended."
            raise Refused(reason=f"This engine does not run '{row.run_id}'.", advice=advice)
        return
    halt = run.reason or run.stopping
    if halt is not None:
        raise Refused(reason=f"Run '{row.run_id}' is being ended: {halt}.", advice="Say it again when it has ended.")
    if current_code and run.live:
        advice = "Say it again when they have ended."
        raise Refused(reason=f"Attempts of run '{row.run_id}' are at work with its own code.", advice=advice)


def _told(engine: Engine, dag_id: str, run_id: str, touched: list[Touched]) -> dict[str, Any]:
    runs = [
        {
            "run_id": one.row.run_id,
            "tasks": [[row.task_id, row.map_index, row.state] for row in one.rows],
            "reopened": one.row.state in _OVER,
        }
        for one in touched
    ]
    return {"dag_id": dag_id, "run_id": run_id, "runs": runs, "waits": engine.world.dag(dag_id).paused}


# ── a run put together anew ──────────────────────────────────────────────────────────────────────────────


def put_together(engine: Engine, run: Run) -> Callable[[Turn], None]:
    """An attempt is over whose task was cleared meanwhile: the run is read anew, and goes on."""

    def act(turn: Turn) -> None:
        if engine.world.runs.get(run.id) is not run:
            return  # done already, with something else
        engine.settle(turn)
        row = engine.reader.run_by_id(run.id)
        if row is not None and engine.world.runs.get(run.id) is run:
            _put_back(engine, turn, recovery.read_run(engine.reader, row), run.plan)

    return act


def reconsidered(engine: Engine, run: Run) -> Callable[[Turn], None]:
    """After a restart: what was cleared may be ready."""

    def act(turn: Turn) -> None:
        if engine.world.runs.get(run.id) is run and run.state is RunState.RUNNING:
            step.reconsider(engine.world, run, turn)

    return act


def _put_back(engine: Engine, turn: Turn, kept: recovery.KeptRun, plan: Plan) -> Run:
    run = recovery.put_back(engine.world, kept, plan, engine.reader)
    engine.contexts.forget(run)
    look_back(engine.reader, run, turn.finished_runs)
    past.rewatch(run)
    if run.state is RunState.RUNNING:
        step.reconsider(engine.world, run, turn)
    return run


class _Change:
    """One run, as it is to be after a person's word: its rows, and the moves that make them so."""

    def __init__(self, engine: Engine, turn: Turn, row: RunRow, plan: Plan, kind: str, by: str) -> None:
        self._engine, self._turn, self._plan = engine, turn, plan
        self._kind, self._by = kind, by
        self._words = f"{kind} by {by}"
        self._kept = recovery.read_run(engine.reader, row)
        self._rows = {(r.task_id, r.map_index): r for r in self._kept.rows}
        self._groups = {g.task_id: g for g in self._kept.groups}
        self._last_tries = engine.reader.last_tries(row.id)
        before = engine.reader.run_by_id(row.id)
        assert before is not None
        self._before = before

    def clear(self, choice: Choice) -> None:
        for key in choice.keys:
            self._clear(self._rows[key])
        for task_id in dict.fromkeys(task_id for task_id, _ in choice.keys):
            self._group_after(task_id, task_id in choice.whole)
        self._finish()

    def _clear(self, row: InstanceRow) -> None:
        key, state = (row.task_id, row.map_index), TaskState(row.state)
        if row.state in _LIVE:
            self._end_attempt(row, TaskState.NONE)
            return
        run, batch = self._kept.row.id, self._turn.batch
        batch.cleared_values.append((run, *key, None))
        self._kept.without.add(key)
        self._goes_on_by_no_event(row)
        if row.map_index == WHOLE and self._plan.is_many(self._plan.index[row.task_id]):
            batch.rows_gone.append((run, *key))
            batch.events.append(Event(self._turn.now, "moves", None, run, [[*key, state, TaskState.NONE, row.token]]))
            del self._rows[key]
            return
        tries = max(row.try_number, self._last_tries.get(key, 0))
        after = row._replace(
            state=TaskState.NONE.value, try_number=tries, lost=0, started_at=None, ended_at=None, wake_at=None,
            at=self._turn.now, reason=self._words,
        )  # fmt: skip
        self._move(row, after)
        self._word(key, tries)

    def _move(self, row: InstanceRow, after: InstanceRow) -> None:
        key = (row.task_id, row.map_index)
        has_row = key in self._rows and row.state == TaskState.NONE.value
        self._rows[key] = after
        self._turn.batch.task_moves.append(
            TaskMove(
                run=self._kept.row.id,
                task_id=row.task_id,
                map_index=row.map_index,
                before=TaskState(row.state),
                after=TaskState(after.state),
                token_before=row.token,
                token=row.token,
                at=self._turn.now,
                try_number=after.try_number,
                lost=after.lost,
                started_at=after.started_at,
                ended_at=after.ended_at,
                reason=after.reason,
                has_row=has_row,
                by_person=True,
            )
        )

    def _end_attempt(self, row: InstanceRow, becomes: TaskState) -> None:
        """It is killed; the task becomes what was said when it is over."""
        key = (row.task_id, row.map_index)
        word = self._kept.words.get(key)
        self._word(key, word.tries_before if word is not None else 0, becomes)
        self._turn.cancels.append((row.token, self._words))

    def _goes_on_by_no_event(self, row: InstanceRow) -> None:
        key = (row.task_id, row.map_index)
        if key in self._kept.deferrals:
            waiting = row.token if row.state == TaskState.DEFERRED.value else 0
            self._turn.batch.deferral_ends.append(DeferralEnd(self._kept.row.id, *key, waiting))
            del self._kept.deferrals[key]

    def _word(
        self,
        key: tuple[str, int],
        tries_before: int = 0,
        becomes: TaskState | None = None,
        detail: dict[str, Any] | None = None,
    ) -> None:
        run, now = self._kept.row.id, self._turn.now
        word = Intervention(run, *key, self._kind, self._by, now, tries_before, becomes, detail)
        self._kept.words[key] = word
        self._turn.batch.interventions.append(word)

    def _group_after(self, task_id: str, whole: bool) -> None:
        """A mapped task of which something was cleared is to be decided again, as a node."""
        group, number = self._groups.get(task_id), self._plan.index[task_id]
        if group is None:
            return
        n, touched, sizes = group.n, group.touched, group.sizes
        by_index = self._plan.is_decided_by_index(number)
        if 0 < n < count(sizes) and (whole or by_index):
            n = count(sizes)  # what had not begun of it when its run was ended begins
        gone = (TaskState.NONE.value, TaskState.REMOVED.value)
        left = sum(t == task_id and i >= 0 and row.state not in gone for (t, i), row in self._rows.items())
        if by_index or not left:
            touched = left
        if not left and self._kept.row.version != self._before.version:
            n, sizes = 0, []
        self._set_group(task_id, n, touched, TaskState.NONE, sizes)

    def _set_group(self, task_id: str, n: int, touched: int, state: TaskState, sizes: list[int]) -> None:
        run, now = self._kept.row.id, self._turn.now
        group = self._groups[task_id]
        self._groups[task_id] = group._replace(n=n, touched=touched, state=state.value, at=now, sizes=sizes)
        self._turn.batch.group_moves.append(GroupMove(run, task_id, n, touched, state, now, None, sizes))

    def _finish(self) -> Run:
        """The run goes on with these rows: one that is over is opened again."""
        kept, turn, before = self._kept, self._turn, self._before
        self._word(("", WHOLE), detail={"in_spite_of": self._failed()} if self._plan.spec.fail_fast else None)
        kept.rows, kept.groups = list(self._rows.values()), list(self._groups.values())
        if before.state in _OVER:
            was = RunState(before.state)
            turn.batch.reopenings.append(RunReopening(before.id, was, kept.row.version, turn.now))
            told = [was, RunState.QUEUED, self._words]
            turn.batch.events.append(Event(turn.now, "run", before.dag_id, before.id, told))
            begun: dict[str, Any] = dict.fromkeys(("started_at", "ended_at", "reason"))
            kept.row = kept.row._replace(state=RunState.QUEUED.value, queued_at=turn.now, **begun)
        elif kept.row.version != before.version:
            turn.batch.run_versions.append((before.id, kept.row.version))
        told_of = {"by": self._by, "tasks": self._touched()}
        turn.batch.events.append(Event(turn.now, self._kind, before.dag_id, before.id, told_of))
        if self._engine.foreground:
            self._engine.handed.add(before.id)
        return _put_back(self._engine, turn, kept, self._plan)

    def _failed(self) -> list[str]:
        """What has failed and stays so: a DAG that fails fast goes on in spite of it."""
        return sorted({task_id for (task_id, _), row in self._rows.items() if row.state == "failed"})

    def _touched(self) -> list[str]:
        run = self._kept.row.id
        return sorted({word.task_id for word in self._turn.batch.interventions if word.run == run and word.task_id})
