"""From the database back to the world in memory, after a start, a crash or a failed commit.

Owns the reading. What attempts are doing meanwhile is asked of the executor, not guessed from here.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core import calls, starting
from ..core.moves import Intervention
from ..core.places import Pool
from ..core.plan import Plan
from ..core.resources import Machine
from ..core.restoring import KeptGroup, KeptInstance, restore
from ..core.spec import DagSpec
from ..core.states import FINAL, BackfillState, CallState, RunState, TaskState
from ..core.world import WHOLE, Bound, Call, Cell, Run, World
from ..store import Reader
from ..store.rows import GroupRow, InstanceRow, RunRow
from ..store.rows import World as Kept
from ..wire import values
from .looking_back import look_back_again
from .versions import Versions


def read_world(
    kept: Kept,
    reader: Reader,
    versions: Versions,
    slots: int,
    wanted: Callable[[int], bool],
    machine: Machine | None = None,
    start_limit_s: float | None = None,
) -> World:
    """Every unfinished run that is wanted, with sums derived anew."""
    world = World(slots)
    world.machine, world.start_limit_s = machine or world.machine, start_limit_s
    for pool in kept.pools:
        world.pools[pool.name] = Pool(pool.slots, include_deferred=bool(pool.include_deferred), defined=True)
    current = {dag.dag_id: dag.version for dag in kept.dags if dag.active}
    for version in kept.versions:
        versions.add(version, current=current.get(version.dag_id) == version.id)
    for row in kept.dags:
        dag = world.dag(row.dag_id)
        dag.paused = row.paused
        version_now = versions.current(row.dag_id) if row.active else None
        if version_now is not None:
            dag.version = version_now.id
            dag.max_active_tasks, dag.max_active_runs, dag.limits_each_run = limits(version_now.spec)
    for one in kept.backfills:
        paused = one.state == BackfillState.PAUSED.value
        world.backfills[one.id] = Bound(one.request["max_active"], paused)
    instances, groups = _by_run(kept)
    words = {(word.run, word.task_id, word.map_index): word for word in kept.interventions}
    for found in kept.runs:
        if wanted(found.id):
            run = run_of(found, versions.plan(found.version, found.only))
            run.word = words.get((found.id, "", WHOLE))
            restore(world, run, instances[found.id], groups[found.id], _ended_members(run, reader))
            _restore_lengths(run, reader)
    for kept_at, token in [(i.at, i.token) for i in kept.instances if i.state == TaskState.STARTING.value]:
        if token in world.by_token:  # it was handed out when it came to be starting
            run, number, *_ = world.by_token[token]
            starting.watch(world, run.plan.tasks[number], token, kept_at)
    look_back_again(reader, world)
    _restore_calls(world, kept, reader, versions, wanted)
    return world


def limits(spec: dict[str, Any]) -> tuple[int, int, bool]:
    """(tasks at once, runs at once, whether the tasks are of each run) of a spec as JSON, read without opening it."""
    tasks = spec.get("max_active_tasks", _PLAIN.max_active_tasks)
    return tasks, spec.get("max_active_runs", _PLAIN.max_active_runs), spec.get("limits_each_run", False)


_PLAIN = DagSpec("")


@dataclass(slots=True)
class KeptRun:
    """One run as the database holds it, or as it will with what is being committed."""

    row: RunRow
    rows: list[InstanceRow]
    groups: list[GroupRow]
    deferrals: dict[tuple[str, int], int]  # the token under which each is deferred, or goes on
    devices: dict[int, tuple[str, ...]]  # by token
    words: dict[tuple[str, int], Intervention]
    without: set[tuple[str, int]] = field(default_factory=set)  # instances whose values are going


def read_run(reader: Reader, row: RunRow) -> KeptRun:
    rows, groups = reader.instances(row.id)
    return KeptRun(
        row,
        rows,
        groups,
        {(task_id, map_index): token for _, task_id, map_index, token in reader.deferrals(row.id)},
        {token: tuple(names) for *_, token, names in reader.placements(row.id)},
        {(word.task_id, word.map_index): word for word in reader.interventions(row.id)},
    )


def put_back(world: World, kept: KeptRun, plan: Plan, reader: Reader) -> Run:
    """The run as these rows say it stands, whatever the world has held of it."""
    before = world.runs.get(kept.row.id)
    if before is not None:
        world.withdraw(before)
    run = run_of(kept.row, plan)
    run.word = kept.words.get(("", WHOLE))
    instances, ended = [], []
    counts: dict[str, dict[TaskState, int]] = defaultdict(dict)
    for row in kept.rows:
        key = (row.task_id, row.map_index)
        made = _instance(row, kept.deferrals.get(key, 0), kept.devices.get(row.token, ()), kept.words.get(key))
        instances.append(made)
        if made.state in FINAL and made.map_index != WHOLE:
            ended.append(made)
            counts[row.task_id][made.state] = counts[row.task_id].get(made.state, 0) + 1
    groups = [KeptGroup(g.task_id, g.n, g.touched, TaskState(g.state), counts[g.task_id], g.sizes) for g in kept.groups]
    members = {plan.tasks[number].task_id for number in plan.member_of}
    restore(world, run, instances, groups, [one for one in ended if one.task_id in members])
    _restore_lengths(run, reader, kept.without)
    return run


def _instance(row: InstanceRow, deferral: int, devices: tuple[str, ...], word: Intervention | None) -> KeptInstance:
    return KeptInstance(
        row.task_id,
        row.map_index,
        TaskState(row.state),
        row.token,
        row.try_number,
        row.lost,
        row.started_at,
        row.wake_at,
        row.reason,
        deferral,
        devices,
        word,
    )


def run_of(row: RunRow, plan: Plan) -> Run:
    """As the database has it, without its tasks."""
    run = Run(row.id, row.dag_id, row.run_id, plan)
    run.state, run.run_type = RunState(row.state), row.run_type
    run.queued_at, run.started_at = row.queued_at, row.started_at
    run.logical_date, run.interval_start, run.interval_end = row.logical_date, row.interval_start, row.interval_end
    run.conf, run.ignores_pause, run.reason = row.conf, row.ignores_pause, row.reason
    run.only, run.backfill, run.started_by, run.key = row.only, row.backfill, row.started_by, row.idempotency_key
    run.partition_key, run.partition_date = row.partition_key, row.partition_date
    return run


def _restore_calls(world: World, kept: Kept, reader: Reader, versions: Versions, wanted: Callable[[int], bool]) -> None:
    """Callbacks not yet done; their runs may be over."""
    rows = {row.id: row for row in kept.call_runs}
    runs: dict[int, Run] = {}
    for call in kept.calls:
        if not wanted(call.run):
            continue
        run = world.runs.get(call.run) or runs.get(call.run)
        if run is None:
            row = rows[call.run]
            run = runs[call.run] = run_of(row, versions.plan(row.version, row.only))
            for group in reader.instances(call.run).groups:
                node = run.nodes[run.plan.index[group.task_id]]
                node.n, node.sizes = group.n, group.sizes
            _restore_lengths(run, reader)
        made = Call(call.id, run, call.task_id, call.map_index, call.kind, call.try_number)
        calls.restore(world, made, CallState(call.state), call.token, call.of_token, call.detail)


def _by_run(kept: Kept) -> tuple[dict[int, list[KeptInstance]], dict[int, list[KeptGroup]]]:
    instances: dict[int, list[KeptInstance]] = defaultdict(list)
    deferrals = {(run, task_id, map_index): token for run, task_id, map_index, token in kept.deferrals}
    devices = {token: tuple(names) for *_, token, names in kept.placements}
    words = {(word.run, word.task_id, word.map_index): word for word in kept.interventions}
    for row in kept.instances:
        key = (row.run, row.task_id, row.map_index)
        instances[row.run].append(_instance(row, deferrals.get(key, 0), devices.get(row.token, ()), words.get(key)))
    for run, task_id, map_index, state in kept.finished:
        instances[run].append(KeptInstance(task_id, map_index, TaskState(state)))
    counts: dict[tuple[int, str], dict[TaskState, int]] = defaultdict(dict)
    for run, task_id, state, n in kept.group_counts:
        counts[run, task_id][TaskState(state)] = n
    groups: dict[int, list[KeptGroup]] = defaultdict(list)
    for group in kept.groups:
        state = TaskState(group.state)
        sums = counts[group.run, group.task_id]
        groups[group.run].append(KeptGroup(group.task_id, group.n, group.touched, state, sums, group.sizes))
    return instances, groups


def _ended_members(run: Run, reader: Reader) -> list[KeptInstance]:
    """The finished instances in mapped groups: at their index, others wait for them."""
    plan = run.plan
    task_ids = sorted(plan.tasks[number].task_id for number in plan.member_of)
    if not task_ids:
        return []
    rows = reader.ended_instances(run.id, task_ids)
    return [KeptInstance(task_id, map_index, TaskState(state)) for task_id, map_index, state in rows]


def _restore_lengths(run: Run, reader: Reader, without: AbstractSet[tuple[str, int]] = frozenset()) -> None:
    """What mapped tasks will be expanded over: the lengths of values left so far."""
    plan = run.plan
    tasks = sorted({plan.tasks[number].task_id for number, _ in plan.feeds_mapping})
    if not tasks:
        return
    for task_id, map_index, key, length in reader.value_lengths(run.id, tasks):
        node = run.nodes[plan.index[task_id]]
        if (task_id, map_index) in without:
            continue
        if map_index == WHOLE:
            node.lengths[key] = length
        else:
            node.lengths[key] = (node.lengths.get(key) or 0) + 1


def due_timers(world: World, now: float) -> Iterator[tuple[Run, int, int, Cell]]:
    """Retries and rescheduled sensors whose time has come; timers of what has moved on meanwhile are dropped."""
    while world.timers and world.timers[0][0] <= now:
        _, run_id, number, map_index, token = heapq.heappop(world.timers)
        run = world.runs.get(run_id)
        if run is None:
            continue
        node = run.nodes[number]
        cell = node.cell if map_index == WHOLE else node.live.get(map_index)
        if cell is not None and cell.token == token and cell.wake_at is not None:
            yield run, number, map_index, cell


def out_of_time(world: World, now: float) -> Iterator[Run]:
    """Runs whose time limit is over."""
    while world.time_limits and world.time_limits[0][0] <= now:
        at, run_id = heapq.heappop(world.time_limits)
        run = world.runs.get(run_id)
        if run is None or run.started_at is None or run.plan.spec.run_timeout_s is None:
            continue
        if at + 1e-3 >= run.started_at + run.plan.spec.run_timeout_s:  # not of before it was begun again
            yield run


def mapped_elements(reader: Reader, value_folder: Path, run: int, task_id: str, key: str) -> list[bytes]:
    """The encodings of what mapping over a task's value gives, in order."""
    rows = reader.value_elements(run, task_id, key)
    whole = [row for row in rows if row.map_index == WHOLE]
    if whole:
        return values.elements(_data(whole[0].data, whole[0].ref, value_folder))
    return [values.inlined(_data(row.data, row.ref, value_folder)) for row in rows]


def _data(data: str | None, ref: str | None, value_folder: Path) -> bytes:
    if data is not None:
        return data.encode()
    assert ref is not None
    return (value_folder / ref[:2] / ref).read_bytes()
