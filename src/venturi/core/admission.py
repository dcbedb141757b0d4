"""Who may start now: pools, slots, limits per DAG, run and task, resources, priority, fairness between runs.

Owns the order of starting and the name of what keeps each instance from it; `why` says it in words. Pure: it looks at
the world and hands out tokens it is given. Its cost is what it admits plus the number of lanes, never the number of
waiting tasks.

The heaviest starts first, of equals one of the run with the fewest at work. So that weight starves nobody, one start
in PASSED_MAX of those that somebody in the same pool could have made goes to whoever has been passed over most. Who
waits for more of the machine than is free is passed by smaller ones at most PASSED_MAX times; then what it waits for
is kept for it until it has it all.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

from . import mapping, step
from .resources import KINDS
from .states import Outcome
from .step import End, Turn, begin, hand_out
from .world import WHOLE, Cell, Dag, Kept, Lane, Run, World

PASSED_MAX = 16


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


@dataclass(slots=True)
class _Round:
    """One walk through what waits."""

    admitted: list[Admitted]
    kept: Kept | None = None
    started: dict[str, int] = field(default_factory=dict)  # pool → how many of it have started
    taken: dict[str, int] = field(default_factory=dict)  # kind → how many have started that take some of it
    before: dict[Lane, dict[str, int]] = field(default_factory=dict)  # the same, when this lane had its last start
    short: list[tuple[Lane, str]] = field(default_factory=list)  # lanes for which the machine has too little, of what
    passed: set[str] = field(default_factory=set)  # pools in which somebody was passed over


# ── runs ─────────────────────────────────────────────────────────────────────────────────────────────────


def start_runs(world: World, turn: Turn) -> None:
    """Queued runs begin, oldest first, as far as their DAG allows."""
    for dag in world.dags.values():
        for run_id in list(dag.waiting_runs):
            run = world.runs[run_id]
            if run_waits_for(dag, run) is None:
                begin(world, run, turn)


def run_waits_for(dag: Dag, run: Run) -> str | None:
    """What keeps a queued run: paused, runs, backfill_paused, backfill."""
    if dag.paused and not run.ignores_pause:
        return "paused"
    if run.bound is not None:
        if run.bound.paused:
            return "backfill_paused"
        return "backfill" if run.bound.running >= run.bound.most else None
    if run.ignores_pause:
        return None
    return "runs" if dag.running >= dag.max_active_runs else None


# ── instances ────────────────────────────────────────────────────────────────────────────────────────────


def admit(world: World, turn: Turn, next_token: Callable[[], int]) -> list[Admitted]:
    """Start as many ready instances as there is room for."""
    admitted: list[Admitted] = []
    while True:
        beyond = _admit(world, _Round(admitted), turn, next_token)
        if not beyond:
            return admitted
        for lane in beyond:
            _refuse(world, lane, turn, next_token)


def _admit(world: World, this: _Round, turn: Turn, next_token: Callable[[], int]) -> list[Lane]:
    """Returns the lanes whose tasks ask for more than there is in all."""
    beyond: list[Lane] = []
    if world.capacity.is_exhausted:
        return beyond
    ready: list[Lane] = []
    for run in world.runs.values():
        for lane in run.lanes.values():
            if not lane.entries:
                continue
            if lane.needs is not None and world.machine.beyond(lane.needs) is not None:
                beyond.append(lane)
                continue
            waits_for = lane_waits_for(world, lane)
            if waits_for is None:
                ready.append(lane)
            elif waits_for in KINDS:
                this.short.append((lane, waits_for))
    first = _longest_passed(world, ready)
    if world.kept is not None and world.kept.lane in ready:
        first.append(world.kept.lane)  # all that was kept for it is free now
    this.kept = world.kept = _keep(world, this.short) if this.short else None
    queue = [(lane not in first, *_rank(lane), made, lane) for made, lane in enumerate(ready)]
    heapq.heapify(queue)
    made = len(queue)
    while queue:
        lane = heapq.heappop(queue)[-1]
        waits_for = lane_waits_for(world, lane, this.kept)
        if waits_for is not None:  # blocked by what was just admitted; it is looked at again next turn
            _pass_over(world, this, lane, waits_for)
            continue
        _start_best(world, this, lane, turn, next_token)
        if first and lane in first:
            world.pool(lane.pool).passed = 0
        if lane.entries:
            made += 1
            heapq.heappush(queue, (True, *_rank(lane), made, lane))
    for lane, kind in this.short:
        lane.passed += this.taken.get(kind, 0) - this.before.get(lane, {}).get(kind, 0)
    return beyond


def _rank(lane: Lane) -> tuple[int, int, int]:
    return lane.entries[0][0], lane.run.live, lane.run.id


def _longest_passed(world: World, ready: list[Lane]) -> list[Lane]:
    """In each pool in which enough have started since its last turn: the lane that has been passed over most."""
    found: dict[str, Lane] = {}
    for lane in ready:
        if lane.passed and world.pool(lane.pool).passed >= PASSED_MAX:
            best = found.get(lane.pool)
            if best is None or lane.passed > best.passed:
                found[lane.pool] = lane
    return list(found.values())


def _pass_over(world: World, this: _Round, lane: Lane, waits_for: str) -> None:
    """It could have started when the turn began, and others have."""
    if waits_for in KINDS:
        this.short.append((lane, waits_for))
    elif waits_for in ("slots", "pool"):
        n = len(this.admitted) if waits_for == "slots" else this.started.get(lane.pool, 0)
        lane.passed += n
        if lane.pool not in this.passed:
            this.passed.add(lane.pool)
            world.pool(lane.pool).passed += n


def _keep(world: World, short: list[tuple[Lane, str]]) -> Kept | None:
    """For whom what it needs is kept: whoever it was, until it has it; else the one passed over most."""
    lanes = [lane for lane, _ in short]
    lane = world.kept.lane if world.kept is not None and world.kept.lane in lanes else None
    if lane is None or lane.passed < PASSED_MAX:  # it has had its turn
        lane = max(lanes, key=lambda lane: (lane.passed, -lane.entries[0][0], -lane.run.id))
        if lane.passed < PASSED_MAX:
            return None
    assert lane.needs is not None
    return Kept(lane, lane.needs, world.machine.soonest(lane.needs))


def _start_best(world: World, this: _Round, lane: Lane, turn: Turn, next_token: Callable[[], int]) -> None:
    devices: tuple[str, ...] = ()
    if lane.needs is not None:
        kept = this.kept if this.kept is not None and this.kept.lane is not lane else None
        devices = world.machine.pick(lane.needs, kept)
        for kind in KINDS:
            if getattr(lane.needs, kind):
                this.taken[kind] = this.taken.get(kind, 0) + 1
        this.before[lane] = dict(this.taken)
    number, map_index = _take_best(lane)
    cell = hand_out(world, lane.run, number, map_index, next_token(), turn, devices)
    lane.passed = 0
    this.started[lane.pool] = this.started.get(lane.pool, 0) + 1
    this.admitted.append(Admitted(lane.run, number, map_index, cell))


def _take_best(lane: Lane) -> tuple[int, int]:
    """The best goes out of its lane: of a group its next untouched instance."""
    _, number, map_index = lane.entries[0]
    node = lane.run.nodes[number]
    if map_index == WHOLE and node.n:
        map_index = node.touched
        if map_index + 1 < node.n:
            return number, map_index
    heapq.heappop(lane.entries)
    return number, map_index


def _refuse(world: World, lane: Lane, turn: Turn, next_token: Callable[[], int]) -> None:
    """What this machine can never give fails now, as an attempt that has failed without a retry."""
    assert lane.needs is not None
    reason = world.machine.refusal(lane.needs)
    while lane.entries:
        number, map_index = _take_best(lane)
        cell = hand_out(world, lane.run, number, map_index, next_token(), turn)
        end = End(Outcome.FAIL_NOW, turn.now, reason)
        step.ended(world, lane.run, number, map_index, cell, end, turn, infrastructure_retries=0)


def lane_waits_for(world: World, lane: Lane, kept: Kept | None = None) -> str | None:
    """What keeps the best of this lane from starting now, by name; None if it may start."""
    run = lane.run
    dag = world.dag(run.dag_id)
    number = lane.entries[0][1]
    task = run.plan.tasks[number]
    if not world.capacity.online:
        return "crew"
    if dag.paused and not run.ignores_pause:
        return "paused"
    if dag.limits_each_run:
        if run.live >= dag.max_active_tasks:
            return "run_tasks"
    elif dag.live >= dag.max_active_tasks:
        return "dag_tasks"
    limit = task.max_active_per_dag
    if limit is not None and dag.task_live.get(task.task_id, 0) >= limit:
        return "task_in_dag"
    limit = task.max_active_per_run
    if limit is not None and run.task_live.get(number, 0) >= limit:
        return "task_in_run"
    if not world.pool(lane.pool).has_room(task.pool_slots):
        return "pool"
    if not world.capacity.has_room(task.isolation):
        return "slots"
    if lane.needs is None:
        return None
    return world.machine.lacks(lane.needs, kept if kept is not None and kept.lane is not lane else None)
