"""One run rewritten by a person's word: its rows as they are to be, the moves that make them so, and the run read back.

Owns what becomes of each row, and of a mapped task as one node. Which rows are meant is `core.clearing`'s choice; when,
and of which runs, is `changing`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core import past, step
from ..core.clearing import Choice, Selection
from ..core.mapping import count
from ..core.moves import DeferralEnd, Event, GroupMove, Intervention, RunReopening, TaskMove
from ..core.plan import Plan
from ..core.states import FINAL, LIVE, RUN_FINAL, RunState, TaskState
from ..core.step import Turn
from ..core.world import WHOLE, Run, settled_state
from ..store.rows import InstanceRow, RunRow
from . import recovery
from .looking_back import look_back

if TYPE_CHECKING:
    from .turn import Engine

OVER = frozenset(state.value for state in RUN_FINAL)
_LIVE = frozenset(state.value for state in LIVE)
_FINAL = frozenset(state.value for state in FINAL)
_GONE = (TaskState.NONE.value, TaskState.REMOVED.value)  # of a group these are no instances


def untouched(run: int, task_id: str, map_index: int, at: float) -> InstanceRow:
    """Of an instance that has no row yet."""
    return InstanceRow(run, task_id, map_index, TaskState.NONE.value, 0, 0, 0, None, None, None, at, None)


def put_back(engine: Engine, turn: Turn, kept: recovery.KeptRun, plan: Plan) -> Run:
    run = recovery.put_back(engine.world, kept, plan, engine.reader)
    engine.contexts.forget(run)
    look_back(engine.reader, run, turn.finished_runs)
    past.rewatch(run)
    return run


class RunChange:
    """One run, as it is to be after a person's word: its rows, and the moves that make them so."""

    def __init__(self, engine: Engine, turn: Turn, row: RunRow, plan: Plan, kind: str, by: str) -> None:
        self._engine, self._turn, self._plan = engine, turn, plan
        self._by = by
        self._run: Run | None = None
        self.say(kind)
        self._kept = recovery.read_run(engine.reader, row)
        self._rows = {(r.task_id, r.map_index): r for r in self._kept.rows}
        self._indexes: dict[str, list[int]] = {}
        for task_id, map_index in self._rows:
            if map_index != WHOLE:
                self._indexes.setdefault(task_id, []).append(map_index)
        self._groups = {g.task_id: g for g in self._kept.groups}
        self._last_tries = engine.reader.last_tries(row.id)
        before = engine.reader.run_by_id(row.id)
        assert before is not None
        self._before = before

    def say(self, kind: str) -> None:
        """How what is done from now on is called."""
        self._kind, self._words = kind, f"{kind} by {self._by}"

    def clear(self, choice: Choice) -> None:
        """These are to be run again."""
        for key in choice.keys:
            self._clear(self._rows[key])
        touched = dict.fromkeys(task_id for task_id, _ in choice.keys)
        for task_id in touched:
            self._group_after(task_id, task_id in choice.whole)
        for task_id in sorted(choice.below - touched.keys()):
            group = self._groups.get(task_id)
            if group is not None and group.state not in _FINAL and group.touched < group.n:
                self._group_after(task_id, whole=False)

    def mark(self, selection: Selection, state: TaskState) -> None:
        """These are as if they had ended so."""
        for number, indexes in selection.items():
            task_id = self._plan.tasks[number].task_id
            mine = [row for row in self._instances(task_id) if row.state != TaskState.REMOVED.value]
            if mine and indexes is None and number in self._plan.member_of:
                mine += self._begin_the_rest(task_id)
            if not mine:  # not mapped, or not yet, or ended as one
                self._mark(task_id, WHOLE, state)
                if task_id in self._groups:
                    self._set_group(task_id, 0, 0, state, [])
                continue
            for row in mine:
                if indexes is None or row.map_index in indexes:
                    self._mark(task_id, row.map_index, state)
            self._group_as_marked(task_id, number, whole=indexes is None)

    def _instances(self, task_id: str) -> list[InstanceRow]:
        keys = [(task_id, map_index) for map_index in self._indexes.get(task_id, ())]
        return [self._rows[key] for key in keys if key in self._rows]

    def _begin_the_rest(self, task_id: str) -> list[InstanceRow]:
        """Of a member of a mapped group each instance is waited for by its like of the tasks that come after."""
        there = self._indexes[task_id]
        missing = sorted(set(range(count(self._groups[task_id].sizes))).difference(there))
        there += missing
        return [self._untouched(task_id, map_index) for map_index in missing]

    def _untouched(self, task_id: str, map_index: int) -> InstanceRow:
        return untouched(self._kept.row.id, task_id, map_index, self._turn.now)

    def _mark(self, task_id: str, map_index: int, state: TaskState) -> None:
        key, now = (task_id, map_index), self._turn.now
        row = self._rows.get(key)
        if row is not None and row.state == state.value:
            return
        if row is not None and row.state in _LIVE:
            self._end_attempt(row, state)
            return
        row = row or self._untouched(task_id, map_index)
        self._goes_on_by_no_event(row)
        self._move(row, row._replace(state=state.value, ended_at=now, wake_at=None, at=now, reason=self._words))
        self._word(key, self._tries_before(key))

    def _tries_before(self, key: tuple[str, int]) -> int:
        word = self._kept.words.get(key)
        return word.tries_before if word is not None else 0

    def _group_as_marked(self, task_id: str, number: int, whole: bool) -> None:
        """A mapped task of which some are marked; as a whole it is not to have those that had not begun."""
        group, mine = self._groups[task_id], self._instances(task_id)
        begun = [row.state for row in mine if row.state not in _GONE]
        n, touched = group.n, len(begun) if whole or self._plan.is_decided_by_index(number) else group.touched
        if whole:
            n = touched
        counts: dict[TaskState, int] = {}
        for state in begun:
            counts[TaskState(state)] = counts.get(TaskState(state), 0) + 1
        over = len(begun) == n and all(state in _FINAL for state in begun)
        after = settled_state(counts) if over else TaskState(group.state)
        if not over and after in FINAL:
            after = TaskState.SCHEDULED
        self._set_group(task_id, n, touched, after, group.sizes)

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
            told = [*key, state, TaskState.NONE, row.token, self._words]
            batch.events.append(Event(self._turn.now, "moves", None, run, [told]))
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
        self._word(key, self._tries_before(key), becomes)
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
        if 0 < n < count(sizes) and (whole or number in self._plan.member_of):
            n = count(sizes)  # what had not begun of it when its run was ended begins
        left = sum(row.state not in _GONE for row in self._instances(task_id))
        if whole or not left or n > group.n:  # there may be those again that there were no more
            for row in self._instances(task_id):
                if row.state == TaskState.REMOVED.value:
                    self._clear(row)
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

    def close(self) -> None:
        """That is all: a run that is over is opened again."""
        kept, turn, before = self._kept, self._turn, self._before
        self._word(("", WHOLE), detail={"in_spite_of": self._failed()} if self._plan.spec.fail_fast else None)
        kept.rows, kept.groups = list(self._rows.values()), list(self._groups.values())
        if before.state in OVER:
            was = RunState(before.state)
            row = kept.row
            turn.batch.reopenings.append(
                RunReopening(row.id, was, row.version, turn.now, row.conf, row.ignores_pause, row.backfill)
            )
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

    def put_back(self) -> None:
        """The run as it is now, in the world."""
        self._run = put_back(self._engine, self._turn, self._kept, self._plan)
        if self._before.state in OVER:
            self._engine.deadlines.made_again(self._run, self._turn)

    def go_on(self) -> None:
        """What is ready in it now, is ready; if nothing is left, it ends at once."""
        assert self._run is not None
        step.go_on(self._engine.world, self._run, self._turn)

    def _failed(self) -> list[str]:
        """What has failed and stays so: a DAG that fails fast goes on in spite of it."""
        return sorted({task_id for (task_id, _), row in self._rows.items() if row.state == "failed"})

    def _touched(self) -> list[str]:
        run = self._kept.row.id
        return sorted({word.task_id for word in self._turn.batch.interventions if word.run == run and word.task_id})
