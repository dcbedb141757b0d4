"""What the engine keeps in memory: DAGs, unfinished runs, their task instances, pools, and what waits for a place.

Owns the form of that state and the sums derived from it (tallies, slots in use). `step` and `admission` change it;
nothing here is true unless the database says so too: after a failed commit the world is thrown away and read again.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import Any

from .plan import Plan
from .rules import Tally
from .spec import DEFAULT_POOL
from .states import FINAL, LIVE, RunState, TaskState

WHOLE = -1  # the map index of a task that is not mapped, and of a group as one node


class Cell:
    """One task instance that has been touched and is not yet final."""

    __slots__ = ("ended_at", "lost", "pid", "reason", "started_at", "state", "token", "try_number", "wake_at")

    def __init__(self) -> None:
        self.state = TaskState.NONE
        self.token = 0
        self.try_number = 0
        self.lost = 0
        self.started_at: float | None = None
        self.ended_at: float | None = None
        self.wake_at: float | None = None
        self.reason: str | None = None
        self.pid: int | None = None


class Node:
    """One task of one run: a single instance, or a mapped group with its counts."""

    __slots__ = ("cell", "counts", "lengths", "live", "n", "sizes", "state", "tally", "touched")

    def __init__(self, upstream_count: int) -> None:
        self.state = TaskState.NONE
        self.tally = Tally(upstream_count)
        self.cell: Cell | None = None
        # Groups only: instances 0 … touched−1 have been handed out, the living ones are in `live`.
        self.n = 0
        self.touched = 0
        self.live: dict[int, Cell] = {}
        self.counts: dict[TaskState, int] = {}
        self.sizes: list[int] = []  # of the mapped arguments, in the order of TaskSpec.mapped
        # Lengths of the values this task has left behind, by key, where a mapped task is expanded over them.
        self.lengths: dict[str, int | None] = {}


class Lane:
    """Ready instances of one run that share every limit, best first. A whole group is one entry."""

    __slots__ = ("entries", "pool", "run")

    def __init__(self, run: Run, pool: str) -> None:
        self.run = run
        self.pool = pool
        self.entries: list[tuple[int, int, int]] = []  # (−priority, task number, map index or WHOLE)

    def push(self, priority: int, number: int, map_index: int) -> None:
        heapq.heappush(self.entries, (-priority, number, map_index))


class Run:
    """One unfinished run."""

    __slots__ = (
        "conf",
        "dag_id",
        "failed",
        "id",
        "ignores_pause",
        "interval_end",
        "interval_start",
        "lanes",
        "live",
        "logical_date",
        "nodes",
        "open_nodes",
        "plan",
        "queued_at",
        "reason",
        "run_id",
        "run_type",
        "started_at",
        "state",
    )

    def __init__(self, id: int, dag_id: str, run_id: str, plan: Plan) -> None:
        self.id = id
        self.dag_id = dag_id
        self.run_id = run_id
        self.plan = plan
        self.state = RunState.QUEUED
        self.run_type = "manual"
        self.queued_at = 0.0
        self.started_at: float | None = None
        self.logical_date: float | None = None
        self.interval_start: float | None = None
        self.interval_end: float | None = None
        self.conf: dict[str, Any] = {}
        self.ignores_pause = False
        self.reason: str | None = None
        self.nodes = [Node(n) for n in plan.upstream_count]
        self.open_nodes = len(self.nodes)
        self.failed: list[int] = []  # nodes that ended badly, in order
        self.live = 0  # instances starting or running
        self.lanes: dict[tuple[str, str, int | None], Lane] = {}

    def offer(self, number: int, map_index: int) -> None:
        """Instance (or group) is ready: it waits in its lane for admission."""
        task = self.plan.tasks[number]
        key = (task.pool, task.isolation, number if task.max_active_per_dag is not None else None)
        lane = self.lanes.get(key)
        if lane is None:
            lane = self.lanes[key] = Lane(self, task.pool)
        lane.push(task.priority_weight, number, map_index)


@dataclass(slots=True)
class Pool:
    slots: int
    used: int = 0


@dataclass(slots=True)
class Dag:
    """What admission must know of a DAG across its runs."""

    dag_id: str
    paused: bool = False
    version: int = 0
    max_active_tasks: int = 16
    max_active_runs: int = 16
    live: int = 0
    running: int = 0
    task_live: dict[str, int] = field(default_factory=dict)
    waiting_runs: list[int] = field(default_factory=list)  # queued, oldest first


@dataclass(slots=True)
class Capacity:
    """Places at the executor. Reused children take several attempts in advance: each of them is a process already."""

    slots: int
    online: bool = True
    forked: int = 0
    reused: int = 0
    ahead: int = 4  # attempts handed out per slot for tasks with isolation="reuse"

    @property
    def is_full(self) -> bool:
        """Several attempts at once, and no place for one more."""
        return self.forked >= self.slots > 1 or self.reused > self.slots

    def has_room(self, isolation: str) -> bool:
        if isolation == "reuse":
            return self.reused < self.slots * self.ahead and self.forked < self.slots
        return self.forked + min(self.reused, self.slots) < self.slots


class World:
    """Everything unfinished, and the sums over it."""

    def __init__(self, slots: int) -> None:
        self.dags: dict[str, Dag] = {}
        self.runs: dict[int, Run] = {}
        self.pools: dict[str, Pool] = {DEFAULT_POOL: Pool(128)}
        self.capacity = Capacity(slots)
        self.by_token: dict[int, tuple[Run, int, int, Cell]] = {}
        self.timers: list[tuple[float, int, int, int, int]] = []  # (due at, run, task number, map index, token)

    def dag(self, dag_id: str) -> Dag:
        return self.dags.setdefault(dag_id, Dag(dag_id))

    def pool(self, name: str) -> Pool:
        """A pool nobody has defined has one slot, so that a misspelt name is slow and visible instead of unlimited."""
        return self.pools.setdefault(name, Pool(1))

    def take(self, run: Run, number: int, map_index: int, cell: Cell) -> None:
        """An instance has been handed out: it is counted everywhere until `release`."""
        self._count(run, number, 1)
        self.by_token[cell.token] = (run, number, map_index, cell)

    def release(self, run: Run, number: int, cell: Cell) -> None:
        self._count(run, number, -1)
        del self.by_token[cell.token]

    def _count(self, run: Run, number: int, by: int) -> None:
        task = run.plan.tasks[number]
        dag = self.dag(run.dag_id)
        self.pool(task.pool).used += by * task.pool_slots
        dag.live += by
        run.live += by
        if task.isolation == "reuse":
            self.capacity.reused += by
        else:
            self.capacity.forked += by
        if task.max_active_per_dag is not None:
            dag.task_live[task.task_id] = dag.task_live.get(task.task_id, 0) + by

    def wake_later(self, run: Run, number: int, map_index: int, cell: Cell) -> None:
        assert cell.wake_at is not None
        heapq.heappush(self.timers, (cell.wake_at, run.id, number, map_index, cell.token))

    def add(self, run: Run) -> None:
        self.runs[run.id] = run
        dag = self.dag(run.dag_id)
        if run.state is RunState.QUEUED:
            dag.waiting_runs.append(run.id)
        else:
            dag.running += 1


def settled_state(counts: dict[TaskState, int]) -> TaskState:
    """What a whole group has come to: failed if any instance failed, success if any succeeded, else skipped."""
    for state in (TaskState.FAILED, TaskState.UPSTREAM_FAILED, TaskState.SUCCESS, TaskState.SKIPPED):
        if counts.get(state):
            return state
    return TaskState.REMOVED


@dataclass(slots=True)
class KeptInstance:
    """A task instance as the database holds it."""

    task_id: str
    map_index: int
    state: TaskState
    token: int = 0
    try_number: int = 0
    lost: int = 0
    started_at: float | None = None
    wake_at: float | None = None
    reason: str | None = None


@dataclass(slots=True)
class KeptGroup:
    """A mapped group as the database holds it, with its finished instances counted by state."""

    task_id: str
    n: int
    touched: int
    state: TaskState
    counts: dict[TaskState, int]
    sizes: list[int]


def restore(world: World, run: Run, instances: list[KeptInstance], groups: list[KeptGroup]) -> None:
    """Put a run read from the database back into the world. Every sum is derived anew; none is trusted."""
    plan = run.plan
    world.add(run)
    for group in groups:
        number = plan.index.get(group.task_id)
        if number is None:
            continue
        node = run.nodes[number]
        node.n, node.touched, node.state = group.n, group.touched, group.state
        node.counts, node.sizes = dict(group.counts), list(group.sizes)
    for kept in instances:
        number = plan.index.get(kept.task_id)
        if number is None:
            continue
        node = run.nodes[number]
        if kept.map_index == WHOLE:
            node.state = kept.state
        if kept.state in FINAL:
            continue  # groups have their counts; a single instance is its node's state
        cell = Cell()
        cell.state, cell.token, cell.try_number, cell.lost = kept.state, kept.token, kept.try_number, kept.lost
        cell.started_at, cell.wake_at, cell.reason = kept.started_at, kept.wake_at, kept.reason
        if kept.map_index == WHOLE:
            node.cell = cell
        else:
            node.live[kept.map_index] = cell
        if cell.state in LIVE:
            world.take(run, number, kept.map_index, cell)
        elif cell.state is TaskState.SCHEDULED:
            run.offer(number, kept.map_index)
        elif cell.wake_at is not None:
            world.wake_later(run, number, kept.map_index, cell)
    _restore_tallies(run)


def _restore_tallies(run: Run) -> None:
    for number, node in enumerate(run.nodes):
        final = node.state in FINAL
        if final:
            run.open_nodes -= 1
            if node.state in (TaskState.FAILED, TaskState.UPSTREAM_FAILED):
                run.failed.append(number)
        if node.n and not final and node.touched < node.n:
            run.offer(number, WHOLE)
        counts = node.counts if node.n else ({node.state: 1} if final else {})
        for down in run.plan.downstream[number]:
            tally = run.nodes[down].tally
            tally.open -= final
            for state, n in counts.items():
                tally.count(state, n)
