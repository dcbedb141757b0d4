"""Deadlines and SLAs: what is read as a run is made, and the turn in which the moment of one has come.

Owns when they are looked at. What is due, met or missed is `core.deadlines`'. While the crew has not told what it
holds nothing is called missed: what has ended meanwhile may have ended in time, and nobody could be told.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..core import deadlines
from ..core.deadlines import Miss, Reads, States
from ..core.due import SLA, Deadline
from ..core.moves import NewDeadline
from ..core.states import FINAL, DeadlineState, TaskState
from ..core.step import Turn
from ..core.world import WHOLE, Run
from ..store.rows import DeadlineRow
from .recovery import run_of

if TYPE_CHECKING:
    from .turn import Engine

MISSES_A_TURN_MAX = 200  # the rest in the next turn


class Deadlines:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def restore(self, rows: Iterable[DeadlineRow]) -> None:
        world, engine = self._engine.world, self._engine
        for row in rows:
            if row.due_at is not None and (not engine.foreground or row.run in engine.handed):
                world.deadlines.add(Deadline(row.run, row.n, row.kind, row.due_at, row.is_length, row.detail))

    def next_at(self) -> float | None:
        return self._engine.world.deadlines.next_at() if self._engine.world.capacity.online else None

    # ── runs ──

    def made(self, run: Run, turn: Turn) -> None:
        """A new run."""
        spec = run.plan.spec
        if spec.deadlines or any(task.sla_s is not None for task in spec.tasks):
            made = deadlines.of_new_run(spec, run, turn.now, self._reads(run.dag_id))
            deadlines.begin(self._engine.world, made, turn)

    def made_again(self, run: Run, turn: Turn) -> None:
        """A run that was over begins anew."""
        kept = [
            NewDeadline(row.run, row.n, row.kind, row.due_at, DeadlineState(row.state), row.is_length, row.detail)
            for row in self._engine.reader.deadlines(run.id)
        ]
        again = deadlines.of_run_again(run, kept, turn.now, self._reads(run.dag_id))
        deadlines.begin(self._engine.world, again, turn)

    def _reads(self, dag_id: str) -> Reads:
        reader = self._engine.reader
        return Reads(lambda limit: list(reader.run_durations(dag_id, limit)), reader.variable)

    # ── the turn ──

    def act(self, turn: Turn) -> None:
        """What has come is met or missed."""
        world = self._engine.world
        if not world.capacity.online:
            return
        misses: list[Miss] = []
        for one in world.deadlines.passed(turn.now):
            world.deadlines.remove(one)
            misses.append(self._looked_at(one, turn))
            if len(misses) == MISSES_A_TURN_MAX:
                break
        if misses:
            deadlines.missed(world, misses, turn)

    def _looked_at(self, one: Deadline, turn: Turn) -> Miss:
        run = self._run(one.run, turn)
        if one.kind != SLA:
            return Miss(run, one)
        states = self._states(run, turn)
        return Miss(run, one, deadlines.late_tasks(run, one, states), states.open)

    def _run(self, id: int, turn: Turn) -> Run:
        for run in (self._engine.world.runs.get(id), *turn.finished_runs):
            if run is not None and run.id == id:
                return run
        row = self._engine.reader.run_by_id(id)
        assert row is not None, "what deletes runs deletes their deadlines"
        run = run_of(row, self._engine.versions.plan(row.version, row.only))
        for task_id, state in self._engine.reader.task_states(row.dag_id, row.run_id).items():
            if task_id in run.plan.index:
                run.nodes[run.plan.index[task_id]].state = TaskState(state)
        return run

    def _states(self, run: Run, turn: Turn) -> States:
        """By the database, and by what this turn has decided so far."""
        known = {
            (row.task_id, row.map_index): (TaskState(row.state), row.ended_at)
            for row in self._engine.reader.instances(run.id).rows
        }
        for move in turn.batch.task_moves:
            if move.run == run.id:
                known[move.task_id, move.map_index] = (move.after, move.ended_at)
        ended: dict[str, float] = {}
        for (task_id, _), (state, at) in known.items():
            if state in FINAL and at is not None:
                ended[task_id] = max(at, ended.get(task_id, at))
        now = {task.task_id: node.state for task, node in zip(run.plan.tasks, run.nodes, strict=True)}
        waiting = [(*key, state.value) for key, (state, _) in known.items() if state is not TaskState.SUCCESS]
        begun = {task_id for task_id, _, _ in waiting}
        waiting += [
            (task_id, WHOLE, state.value)
            for task_id, state in now.items()
            if state not in (TaskState.NONE, TaskState.SUCCESS) and task_id not in begun
        ]
        return States(now, ended, sorted(waiting))
