"""Runs a DAG through core alone: no store, no processes, a clock that is a number."""

from __future__ import annotations

from collections.abc import Callable

from venturi.core import admission, step
from venturi.core.moves import TaskMove
from venturi.core.plan import Plan
from venturi.core.spec import DagSpec, TaskSpec
from venturi.core.states import Outcome, RunState
from venturi.core.step import End, Turn
from venturi.core.world import Run, World

Ends = Callable[[TaskSpec, int, int], End]  # (task, map index, try number) → how this attempt ends


class Driven:
    """One run, and every move it made."""

    def __init__(self, spec: DagSpec, slots: int = 4) -> None:
        self.world = World(slots)
        dag = self.world.dag(spec.dag_id)
        dag.max_active_tasks = spec.max_active_tasks
        self.run = Run(1, spec.dag_id, "r", Plan(spec, 1))
        self.world.add(self.run)
        self.now = 0.0
        self.token = 0
        self.moves: list[TaskMove] = []
        self.most_live = 0

    def turn(self) -> Turn:
        return Turn(self.now)

    def next_token(self) -> int:
        self.token += 1
        return self.token

    def admit(self, turn: Turn) -> list[admission.Admitted]:
        admission.start_runs(self.world, turn)
        made = admission.admit(self.world, turn, self.next_token)
        self.most_live = max(self.most_live, len(self.world.by_token))
        return made

    def close(self, turn: Turn) -> None:
        self.moves += turn.batch.task_moves

    def to_the_end(self, ends: Ends, infrastructure_retries: int = 2) -> RunState:
        live: list[admission.Admitted] = []
        while True:
            turn = self.turn()
            while self.world.timers and self.world.timers[0][0] <= self.now:
                _, _, number, map_index, _ = self.world.timers.pop(0)
                node = self.run.nodes[number]
                cell = node.cell if map_index < 0 else node.live[map_index]
                assert cell is not None
                step.due(self.world, self.run, number, map_index, cell, turn)
            live += self.admit(turn)
            if live:
                one = live.pop(0)
                step.started(self.run, one.number, one.map_index, one.cell, 1, self.now, turn)
                end = ends(self.run.plan.tasks[one.number], one.map_index, one.cell.try_number)
                step.ended(self.world, self.run, one.number, one.map_index, one.cell, end, turn, infrastructure_retries)
            self.close(turn)
            if self.run.id not in self.world.runs:
                return self.run.state
            if not live and not any(lane.entries for lane in self.run.lanes.values()):
                assert self.world.timers, "nothing lives, nothing waits, and the run is not over"
                self.world.timers.sort()
                self.now = max(self.now, self.world.timers[0][0])
            self.now += 1

    def state(self, task_id: str) -> str:
        return self.run.nodes[self.run.plan.index[task_id]].state.value


def succeeds(task: TaskSpec, map_index: int, try_number: int) -> End:
    return End(Outcome.SUCCESS, 0.0)
