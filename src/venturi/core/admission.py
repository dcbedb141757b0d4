"""Who may start now, and why not the others: pools, slots, limits per DAG and task, priority, fairness between runs.

Owns the order of starting. Pure: it looks at the world and hands out tokens it is given. Its cost is what it admits
plus the number of lanes that are blocked, never the number of waiting tasks.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass

from . import mapping, past
from .plan import Kind
from .states import FINAL, RunState, TaskState
from .step import Turn, begin, hand_out
from .world import WHOLE, Cell, Lane, Run, World


@dataclass(slots=True)
class Admitted:
    """An instance that starts in this turn."""

    run: Run
    number: int
    map_index: int
    cell: Cell

    def indices(self) -> list[int]:
        """Which element of each mapped argument it gets."""
        sizes = self.run.nodes[self.number].sizes
        return mapping.indices(sizes, self.map_index) if self.map_index != WHOLE else []


def start_runs(world: World, turn: Turn) -> None:
    """Queued runs begin, oldest first, as far as their DAG allows."""
    for dag in world.dags.values():
        for run_id in list(dag.waiting_runs):
            run = world.runs[run_id]
            if _run_waits_for(world, run) is None:
                begin(world, run, turn)


def _run_waits_for(world: World, run: Run) -> str | None:
    dag = world.dag(run.dag_id)
    if run.ignores_pause:
        return None
    if dag.paused:
        return f"DAG {run.dag_id} is paused"
    if dag.running >= dag.max_active_runs:
        return f"DAG {run.dag_id} already has {dag.running} of {dag.max_active_runs} active runs"
    return None


def admit(world: World, turn: Turn, next_token: Callable[[], int]) -> list[Admitted]:
    """Start as many ready instances as there is room for."""
    queue: list[tuple[int, int, int, int, Lane]] = []
    made = 0
    for run in world.runs.values():
        for lane in run.lanes.values():
            if lane.entries and _lane_waits_for(world, lane) is None:
                made += 1
                queue.append((lane.entries[0][0], run.live, run.id, made, lane))
    heapq.heapify(queue)
    admitted: list[Admitted] = []
    while queue:
        lane = heapq.heappop(queue)[-1]
        if _lane_waits_for(world, lane) is not None:
            continue  # blocked by what was just admitted; it is looked at again next turn
        admitted.append(_start_best(world, lane, turn, next_token))
        if lane.entries:
            made += 1
            heapq.heappush(queue, (lane.entries[0][0], lane.run.live, lane.run.id, made, lane))
    return admitted


def _start_best(world: World, lane: Lane, turn: Turn, next_token: Callable[[], int]) -> Admitted:
    run = lane.run
    _, number, map_index = lane.entries[0]
    node = run.nodes[number]
    if map_index == WHOLE and node.n:  # a group: its next untouched instance
        map_index = node.touched
        if map_index + 1 >= node.n:
            heapq.heappop(lane.entries)
    else:
        heapq.heappop(lane.entries)
    cell = hand_out(world, run, number, map_index, next_token(), turn)
    return Admitted(run, number, map_index, cell)


def _lane_waits_for(world: World, lane: Lane) -> str | None:
    """Why the best of this lane cannot start now, in words; None if it can."""
    run = lane.run
    dag = world.dag(run.dag_id)
    task = run.plan.tasks[lane.entries[0][1]]
    if not world.capacity.online:
        return "the crew of this machine does not answer; it is being started again"
    if not world.capacity.has_room(task.isolation):
        return f"all {world.capacity.slots} slots of this machine are busy"
    if dag.paused and not run.ignores_pause:
        return f"DAG {run.dag_id} is paused"
    if dag.live >= dag.max_active_tasks:
        return f"DAG {run.dag_id} already runs {dag.live} of {dag.max_active_tasks} tasks at once"
    pool = world.pool(lane.pool)
    if pool.used + task.pool_slots > pool.slots:
        if task.pool_slots > pool.slots:
            return f"needs {task.pool_slots} slots of pool {lane.pool}, which has only {pool.slots} in all"
        free = pool.slots - pool.used
        return f"pool {lane.pool} has {free} of {pool.slots} slots free and {task.pool_slots} are needed"
    limit = task.max_active_per_dag
    if limit is not None and dag.task_live.get(task.task_id, 0) >= limit:
        return f"{task.task_id} already runs {limit} times at once, its own limit"
    limit = task.max_active_per_run
    if limit is not None and run.task_live.get(lane.entries[0][1], 0) >= limit:
        return f"{task.task_id} already runs {limit} times at once in this run, its own limit"
    return None


def why(world: World, run: Run, number: int, map_index: int = WHOLE) -> str:
    """What an instance waits for that is not running."""
    halt = run.reason or run.stopping
    if halt is not None and run.plan.tasks[number].is_teardown and run.nodes[number].state not in FINAL:
        return f"The run ends ({halt}), but for its teardowns. {_why(world, run, number, map_index)}"
    return _why(world, run, number, map_index)


def _why(world: World, run: Run, number: int, map_index: int) -> str:
    """One exact sentence."""
    task = run.plan.tasks[number]
    node = run.nodes[number]
    if run.state is RunState.QUEUED:
        return f"The run waits: {_run_waits_for(world, run) or 'it starts in the next turn'}."
    cell = node.cell if map_index == WHOLE else node.live.get(map_index)
    state = cell.state if cell is not None else node.state
    if state in FINAL or state in (TaskState.RUNNING, TaskState.STARTING):
        return f"It is {state.value}" + (f": {cell.reason}." if cell is not None and cell.reason else ".")
    if state in (TaskState.UP_FOR_RETRY, TaskState.UP_FOR_RESCHEDULE, TaskState.DEFERRED) and cell is not None:
        return f"{cell.reason or 'It waits for its next call'}."
    held = past.holds(run, number) if (run.id, number) in world.dag(run.dag_id).held else None
    if node.indexed is not None and map_index != WHOLE and not node.indexed.decided[map_index]:
        return "Waits for what comes before it in its group" + (f", and for its past. {held}." if held else ".")
    if state is TaskState.NONE:
        waiting = [up for up in task.upstream if run.nodes[run.plan.index[up]].state not in FINAL]
        done = len(task.upstream) - len(waiting)
        if waiting:
            return f"Waits for {', '.join(waiting[:3])} ({done} of {len(task.upstream)} done)."
        if held is not None:
            return f"Waits for its past. {held}."
        beside = _open_beside(run, number)
        return f"Waits for {', '.join(beside[:3])}." if beside else "It is decided in the next turn."
    lane = Lane(run, task.pool)
    lane.push(task.priority_weight, number, map_index)
    return f"Waits: {_lane_waits_for(world, lane) or 'it starts in the next turn'}."


def _open_beside(run: Run, number: int) -> list[str]:
    """Setups it is in the scope of and, if it is a teardown, what lies in its own: all that no arrow says."""
    tells = run.plan.tells.items()
    ups = [up for up, told in tells if any(t.down == number and t.kind is not Kind.UPSTREAM for t in told)]
    return [run.plan.tasks[up].task_id for up in ups if run.nodes[up].state not in FINAL]
