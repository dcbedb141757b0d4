"""What the engine keeps in memory: DAGs, unfinished runs, their task instances, pools, and what waits for a place.

Owns the form of that state and the sums derived from it (tallies, slots in use). `step` and `admission` change it;
nothing here is true unless the database says so too: after a failed commit the world is thrown away and read again.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .due import Deadlines
from .mapping import count
from .places import Capacity, Pool
from .plan import Kind, Plan
from .resources import Machine, Needs
from .rules import Tally
from .spec import DEFAULT_POOL
from .states import FINAL, CallState, RunState, TaskState

if TYPE_CHECKING:
    from .moves import Intervention
    from .past import Before

WHOLE = -1  # the map index of a task that is not mapped, and of a group as one node
UNDEFINED_POOL_SLOTS = 1


class Cell:
    """One task instance that has been touched and is not yet final."""

    __slots__ = (
        "deferral",
        "devices",
        "ended_at",
        "has_row",
        "lost",
        "pid",
        "reason",
        "started_at",
        "state",
        "token",
        "try_number",
        "wake_at",
        "word",
    )

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
        self.deferral = 0  # the token it is deferred under, or by whose event its attempt goes on
        self.devices: tuple[str, ...] = ()  # that its attempt has
        self.has_row = False  # it was cleared, and keeps its row
        self.word: Intervention | None = None  # the newest of a person's

    @property
    def becomes(self) -> TaskState | None:
        """A person's word on what it is to be when its attempt, which is being ended, is over."""
        return self.word.becomes if self.word is not None else None


class Indexed:
    """What a member of a mapped group keeps when its instances become ready one by one."""

    __slots__ = ("decided", "fresh", "tallies")

    def __init__(self, n: int, fresh: Tally) -> None:
        self.decided = bytearray(n)  # 1 where an instance has left `none`
        self.fresh = fresh  # of its upstreams in the group, before any has settled
        self.tallies: dict[int, Tally] = {}  # of the undecided instances for which one has

    def tally(self, map_index: int) -> Tally:
        """To be counted in."""
        found = self.tallies.get(map_index)
        if found is None:
            found = self.tallies[map_index] = self.fresh.plus(_ZERO)
        return found


_ZERO = Tally()


class Node:
    """One task of one run: a single instance, or a mapped group with its counts."""

    __slots__ = ("again", "cell", "counts", "indexed", "lengths", "live", "n", "sizes", "state", "tally", "touched")

    def __init__(self, upstream_count: int) -> None:
        self.state = TaskState.NONE
        self.tally = Tally(upstream_count)
        self.cell: Cell | None = None
        # Many instances only: `touched` of the `n` have a row, the living ones are in `live`. They are touched in
        # order, except where `indexed` says that each becomes ready by itself.
        self.n = 0
        self.touched = 0
        self.indexed: Indexed | None = None
        self.live: dict[int, Cell] = {}
        self.again: dict[int, Cell] = {}  # cleared, by map index: untouched, but their rows and tries are kept
        self.counts: dict[TaskState, int] = {}
        self.sizes: list[int] = []  # of the mapped arguments, in the order of TaskSpec.mapped
        # Lengths of the values this task has left behind, by key, where a mapped task is expanded over them.
        self.lengths: dict[str, int | None] = {}

    @property
    def is_given_up(self) -> bool:
        """Its run was halted when only some of its instances had been touched."""
        return 0 < self.n < count(self.sizes)


class Lane:
    """Ready instances of one run that share every limit, best first. A whole group is one entry."""

    __slots__ = ("entries", "needs", "passed", "pool", "run")

    def __init__(self, run: Run, pool: str, needs: Needs | None = None) -> None:
        self.run = run
        self.pool = pool
        self.needs = needs
        self.passed = 0  # how many others have started before the best of this lane, that could have
        self.entries: list[tuple[int, int, int]] = []  # (−priority, task number, map index or WHOLE)

    def push(self, priority: int, number: int, map_index: int) -> None:
        heapq.heappush(self.entries, (-priority, number, map_index))

    def keep(self, wanted: Callable[[int], bool]) -> None:
        """Only the tasks that are wanted go on waiting."""
        self.entries = [entry for entry in self.entries if wanted(entry[1])]
        heapq.heapify(self.entries)


@dataclass(slots=True)
class Kept:
    """Of the machine, what is kept free for the best of a lane, which has been passed over often enough."""

    lane: Lane
    needs: Needs
    devices: tuple[str, ...]


@dataclass(slots=True)
class Bound:
    """Of a backfill that is not over: how many of its runs there may be, beside those that its DAG may have."""

    most: int
    paused: bool = False
    running: int = 0
    unfinished: int = 0  # running, and those that wait for a place


class Run:
    """One unfinished run."""

    __slots__ = (
        "backfill",
        "before",
        "bound",
        "conf",
        "dag",
        "dag_id",
        "failed",
        "id",
        "ignores_pause",
        "interval_end",
        "interval_start",
        "key",
        "lanes",
        "last_end",
        "live",
        "logical_date",
        "nodes",
        "only",
        "open_nodes",
        "partition_date",
        "partition_key",
        "plan",
        "queued_at",
        "reason",
        "run_id",
        "run_type",
        "spares_nothing",
        "stale",
        "started_at",
        "started_by",
        "state",
        "stopping",
        "task_live",
        "word",
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
        self.only: tuple[str, ...] = ()  # the tasks chosen; its plan has no others
        self.backfill: int | None = None
        self.bound: Bound | None = None  # of that, once it is in the world
        self.started_by: str | None = None
        self.partition_key: str | None = None
        self.partition_date: float | None = None
        self.key: str | None = None  # by which whoever wanted it knows it again
        self.dag: Dag | None = None  # once it is in the world
        self.before: Before | None = None  # the last ended run before it, where a task looks back at it: core.past
        self.ignores_pause = False
        self.reason: str | None = None
        self.spares_nothing = False  # cancelled twice: its teardowns end too
        self.word: Intervention | None = None  # the newest of a person's on the whole run
        self.stale = False  # something of it was taken back: it is about to be put together anew from its rows
        self.stopping: str | None = None  # why nothing new starts but teardowns: a task of a fail-fast DAG has failed
        self.nodes = [Node(n) for n in plan.upstream_count]
        for number, (guards, scope) in plan.waits_beside.items():
            self.nodes[number].tally.guards, self.nodes[number].tally.scope = guards, scope
        self.open_nodes = len(self.nodes)
        self.failed: list[int] = []  # nodes that ended badly, in order
        self.last_end = 0.0  # the latest end of an attempt that this engine knows of
        self.live = 0  # instances starting or running
        self.task_live: dict[int, int] = {}  # the same, of tasks with a limit of their own per run
        self.lanes: dict[tuple[str, str, int | None, Needs | None], Lane] = {}

    def offer(self, number: int, map_index: int) -> None:
        """Instance (or group) is ready: it waits in its lane for admission."""
        task = self.plan.tasks[number]
        limited = task.max_active_per_dag is not None or task.max_active_per_run is not None
        needs = self.plan.needs.get(number)
        key = (task.pool, task.isolation, number if limited else None, needs)
        lane = self.lanes.get(key)
        if lane is None:
            lane = self.lanes[key] = Lane(self, task.pool, needs)
        lane.push(task.priority_weight, number, map_index)


@dataclass(slots=True)
class Dag:
    """What admission must know of a DAG across its runs."""

    dag_id: str
    paused: bool = False
    version: int = 0
    max_active_tasks: int = 16
    max_active_runs: int = 16
    limits_each_run: bool = False  # max_active_tasks is of each run, as in Airflow 3
    live: int = 0
    running: int = 0  # runs, but for those of backfills, which have a bound of their own
    task_live: dict[str, int] = field(default_factory=dict)
    waiting_runs: list[int] = field(default_factory=list)  # queued, oldest first
    runs: dict[int, Run] = field(default_factory=dict)  # unfinished
    held: dict[tuple[int, int], None] = field(default_factory=dict)  # (run, task number): kept back by core.past


class Call:
    """Callbacks that are due after an end, or run in their child. Its run may be over."""

    __slots__ = ("detail", "id", "kind", "map_index", "of_token", "run", "state", "task_id", "token", "try_number")

    def __init__(self, id: int, run: Run, task_id: str, map_index: int, kind: str, try_number: int) -> None:
        self.id = id
        self.run = run
        self.task_id = task_id
        self.map_index = map_index
        self.kind = kind
        self.try_number = try_number
        self.of_token = 0
        self.state = CallState.DUE
        self.token = 0
        self.detail: dict[str, Any] = {}


class World:
    """Everything unfinished, and the sums over it."""

    def __init__(self, slots: int) -> None:
        self.dags: dict[str, Dag] = {}
        self.runs: dict[int, Run] = {}
        self.backfills: dict[int, Bound] = {}
        self.pools: dict[str, Pool] = {DEFAULT_POOL: Pool(128, defined=True)}
        self.capacity = Capacity(slots)
        self.machine = Machine()
        self.kept: Kept | None = None
        self.by_token: dict[int, tuple[Run, int, int, Cell]] = {}
        self.timers: list[tuple[float, int, int, int, int]] = []  # (due at, run, task number, map index, token)
        self.time_limits: list[tuple[float, int]] = []  # (due at, run)
        self.deferred: dict[int, tuple[Run, int, int, Cell]] = {}  # by the token they are deferred under
        self.start_limits: list[tuple[float, int]] = []  # (due at, token) of what is starting: core.starting
        self.start_limit_s: float | None = None
        self.deadlines = Deadlines()
        self.calls_due: deque[Call] = deque()
        self.calls: dict[int, Call] = {}  # by token, starting
        self.next_call_id = 1

    def dag(self, dag_id: str) -> Dag:
        return self.dags.setdefault(dag_id, Dag(dag_id))

    def pool(self, name: str) -> Pool:
        """A pool nobody has defined has one slot, so that a misspelt name is slow and visible instead of unlimited."""
        found = self.pools.get(name)
        if found is None:
            found = self.pools[name] = Pool(UNDEFINED_POOL_SLOTS)
        return found

    def take(self, run: Run, number: int, map_index: int, cell: Cell) -> None:
        """An instance has been handed out: it is counted everywhere until `release`."""
        self._count(run, number, 1)
        if run.plan.needs and number in run.plan.needs:
            self.machine.count(run.plan.needs[number], cell.devices, 1)
        self.by_token[cell.token] = (run, number, map_index, cell)

    def release(self, run: Run, number: int, cell: Cell) -> None:
        self._count(run, number, -1)
        if run.plan.needs and number in run.plan.needs:
            self.machine.count(run.plan.needs[number], cell.devices, -1)
            cell.devices = ()
        del self.by_token[cell.token]

    def defer(self, run: Run, number: int, map_index: int, cell: Cell) -> None:
        """An instance waits without a process, under the token of the attempt that has said so."""
        self.deferred[cell.token] = (run, number, map_index, cell)
        task = run.plan.tasks[number]
        self.pool(task.pool).deferred += task.pool_slots

    def undefer(self, token: int) -> bool:
        """It waits no longer. Whether it did."""
        known = self.deferred.pop(token, None)
        if known is None:
            return False
        task = known[0].plan.tasks[known[1]]
        self.pool(task.pool).deferred -= task.pool_slots
        return True

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
        if task.max_active_per_run is not None:
            run.task_live[number] = run.task_live.get(number, 0) + by

    def wake_later(self, run: Run, number: int, map_index: int, cell: Cell) -> None:
        assert cell.wake_at is not None
        heapq.heappush(self.timers, (cell.wake_at, run.id, number, map_index, cell.token))

    def remove(self, run: Run) -> None:
        dag = self.dag(run.dag_id)
        self.count_running(run, -1)
        if run.bound is not None:
            run.bound.unfinished -= 1
        del self.runs[run.id], dag.runs[run.id]
        for key in [key for key in dag.held if key[0] == run.id]:
            del dag.held[key]

    def count_running(self, run: Run, by: int) -> None:
        if run.bound is not None:
            run.bound.running += by
        else:
            self.dag(run.dag_id).running += by

    def withdraw(self, run: Run) -> None:
        """Out of the world as if it had never been in it: it is about to be put back otherwise."""
        for token in [token for token, known in self.by_token.items() if known[0] is run]:
            _, number, _, cell = self.by_token[token]
            self.release(run, number, cell)
        for token in [token for token, known in self.deferred.items() if known[0] is run]:
            self.undefer(token)
        if self.kept is not None and self.kept.lane.run is run:
            self.kept = None
        dag = self.dag(run.dag_id)
        if run.id in dag.waiting_runs:
            dag.waiting_runs.remove(run.id)
            self.count_running(run, 1)
        self.remove(run)

    def limit_time(self, run: Run) -> None:
        """From its start on a run has the time that its DAG says."""
        limit_s = run.plan.spec.run_timeout_s
        if limit_s is not None and run.started_at is not None and run.reason is None:
            heapq.heappush(self.time_limits, (run.started_at + limit_s, run.id))

    def add(self, run: Run) -> None:
        self.runs[run.id] = run
        dag = run.dag = self.dag(run.dag_id)
        dag.runs[run.id] = run
        run.bound = None if run.backfill is None else self.backfills.get(run.backfill)
        if run.bound is not None:
            run.bound.unfinished += 1
        if run.state is RunState.QUEUED:
            dag.waiting_runs.append(run.id)
        else:
            self.count_running(run, 1)


def settled_state(counts: dict[TaskState, int]) -> TaskState:
    """What a whole group has come to: failed if any instance failed, success if any succeeded, else skipped."""
    for state in (TaskState.FAILED, TaskState.UPSTREAM_FAILED, TaskState.SUCCESS, TaskState.SKIPPED):
        if counts.get(state):
            return state
    return TaskState.REMOVED


def why_stopped(run: Run, failed: int) -> str:
    return f"{run.plan.tasks[failed].task_id} failed, and the DAG fails fast"


def index_by_index(run: Run, number: int) -> None:
    """From now on this member's upstreams in its group are counted by map index, except those that ended as one."""
    node = run.nodes[number]
    fresh = Tally()
    for up, kind, _ in run.plan.inner.get(number, ()):
        above = run.nodes[up]
        if above.state in FINAL and not above.n:
            continue
        lower(node.tally, kind, True)
        lower(fresh, kind, -1)
    node.indexed = Indexed(node.n, fresh)


def lower(tally: Tally, kind: Kind, by: int) -> None:
    """So many fewer are still open."""
    if kind is Kind.UPSTREAM:
        tally.open -= by
    elif kind is Kind.GUARD:
        tally.guards -= by
    else:
        tally.scope -= by


def add(tally: Tally, kind: Kind, state: TaskState, n: int, is_setup: bool) -> None:
    """So many instances have settled in this state."""
    if kind is Kind.UPSTREAM:
        tally.count(state, n, is_setup)
    elif kind is Kind.GUARD:
        tally.count_guard(state, n)
