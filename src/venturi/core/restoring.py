"""A run read from the database, put back into the world: after a restart, and after a person has changed what was over.

Owns what follows from rows alone: counts, tallies, what waits where, and of which mapped groups nothing is left, so
that they are expanded anew. Every sum is derived; none is trusted. Reads nothing itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from .mapping import count
from .moves import Intervention
from .plan import Kind, Tell
from .readiness import is_fed
from .states import FINAL, LIVE, TaskState
from .world import WHOLE, Cell, Node, Run, World, add, index_by_index, lower, why_stopped


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
    deferral: int = 0
    devices: tuple[str, ...] = ()
    word: Intervention | None = None


@dataclass(slots=True)
class KeptGroup:
    """A mapped group as the database holds it, with its finished instances counted by state."""

    task_id: str
    n: int
    touched: int
    state: TaskState
    counts: dict[TaskState, int]
    sizes: list[int]


def restore(
    world: World,
    run: Run,
    instances: list[KeptInstance],
    groups: list[KeptGroup],
    ended: list[KeptInstance] | None = None,
) -> None:
    """Put a run read from the database back into the world. Every sum is derived anew; none is trusted.

    `ended` are the finished instances of members of mapped groups: what comes next at their index depends on them.
    """
    plan = run.plan
    world.add(run)
    world.limit_time(run)
    for group in groups:
        number = plan.index.get(group.task_id)
        if number is None:
            continue
        node = run.nodes[number]
        node.n, node.touched, node.state = group.n, group.touched, group.state
        node.counts = {state: n for state, n in group.counts.items() if state is not TaskState.REMOVED}
        node.sizes = list(group.sizes)
    for kept in instances:
        number = plan.index.get(kept.task_id)
        if number is None:
            continue
        node = run.nodes[number]
        if kept.map_index == WHOLE:
            node.state = kept.state
            if kept.state in FINAL:
                node.n = 0  # it has ended as one
        if kept.state in FINAL:
            continue  # groups have their counts; a single instance is its node's state
        cell = Cell()
        cell.state, cell.token, cell.try_number, cell.lost = kept.state, kept.token, kept.try_number, kept.lost
        cell.started_at, cell.wake_at, cell.reason = kept.started_at, kept.wake_at, kept.reason
        cell.deferral, cell.devices, cell.word = kept.deferral, kept.devices, kept.word
        if cell.state is TaskState.NONE:
            _put_back(run, number, kept.map_index, cell)
            continue
        if cell.state is TaskState.DEFERRED:
            world.defer(run, number, kept.map_index, cell)
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
    _expand_again(run)
    _restore_tallies(run)
    run.stopping = stopped_by(run)
    if plan.groups:
        _restore_indexed(run, ended or [])


def _put_back(run: Run, number: int, map_index: int, cell: Cell) -> None:
    """One that was cleared: it waits for its rule again, of a group in its place among the others."""
    node = run.nodes[number]
    cell.has_row = True
    if map_index == WHOLE:
        node.cell = cell
    elif run.plan.is_decided_by_index(number) or map_index >= node.touched:
        node.again[map_index] = cell
    else:
        node.live[map_index] = cell


def _expand_again(run: Run) -> None:
    """A group of which nothing is left gets its size anew; a member that had none has that of the others."""
    plan = run.plan
    for number, node in enumerate(run.nodes):
        if plan.tasks[number].is_mapped and number not in plan.member_of and node.n and _is_empty(node):
            _fold(node)
    for group in plan.groups:
        nodes = [run.nodes[number] for number in group.members]
        if not is_fed(run, group) and all(_is_empty(node) or not node.n for node in nodes):
            for node in nodes:
                if _is_empty(node):
                    _fold(node)
        sizes = next((node.sizes for node in nodes if node.n), None)
        for node in nodes if sizes is not None else ():
            if node.state is TaskState.NONE and not node.n:
                node.n, node.sizes = count(sizes or []), list(sizes or [])


def _is_empty(node: Node) -> bool:
    """All that there was of it was cleared, or never begun."""
    begun = node.counts or any(cell.state is not TaskState.NONE for cell in node.live.values())
    return node.state is TaskState.NONE and not begun


def _fold(node: Node) -> None:
    node.again.update(node.live)
    node.live.clear()
    node.n = node.touched = 0
    node.sizes = []


def _restore_tallies(run: Run) -> None:
    plan = run.plan
    for number, node in enumerate(run.nodes):
        final = node.state in FINAL
        if final:
            run.open_nodes -= 1
            if node.state in (TaskState.FAILED, TaskState.UPSTREAM_FAILED):
                run.failed.append(number)
        waits_for_places = node.state is TaskState.SCHEDULED and not plan.is_decided_by_index(number)
        if node.n and waits_for_places and node.touched < node.n:
            run.offer(number, WHOLE)
        counts = node.counts if node.n else ({node.state: 1} if final else {})
        is_setup = plan.tasks[number].is_setup
        tells = plan.tells.get(number) or [Tell(down, Kind.UPSTREAM, False) for down in plan.downstream[number]]
        for tell in tells:
            if tell.inner and node.n:
                continue  # told by map index
            tally = run.nodes[tell.down].tally
            lower(tally, tell.kind, final)
            for state, n in counts.items():
                add(tally, tell.kind, state, n, is_setup)


def _restore_indexed(run: Run, ended: list[KeptInstance]) -> None:
    plan = run.plan
    for number in plan.member_of:
        node = run.nodes[number]
        if node.n and node.state not in FINAL and plan.is_decided_by_index(number) and not node.is_given_up:
            index_by_index(run, number)
            assert node.indexed is not None
            for map_index in node.live:
                node.indexed.decided[map_index] = 1
    by_task: dict[int, list[KeptInstance]] = {}
    for kept in ended:
        number = plan.index.get(kept.task_id, -1)
        if number >= 0 and kept.state is not TaskState.REMOVED:
            by_task.setdefault(number, []).append(kept)
    for number, kept_here in by_task.items():
        node = run.nodes[number]
        if node.indexed is not None:
            for kept in kept_here:
                node.indexed.decided[kept.map_index] = 1
            node.touched = len(kept_here) + len(node.live)
    for number, kept_here in by_task.items():
        for tell in plan.tells.get(number, ()):
            indexed = run.nodes[tell.down].indexed
            if not tell.inner or indexed is None:
                continue
            for kept in kept_here:
                if kept.map_index < len(indexed.decided) and not indexed.decided[kept.map_index]:
                    tally = indexed.tally(kept.map_index)
                    lower(tally, tell.kind, True)
                    add(tally, tell.kind, kept.state, 1, plan.tasks[number].is_setup)
    _restore_never_touched(run, by_task)


def _restore_never_touched(run: Run, ended: dict[int, list[KeptInstance]]) -> None:
    """Of a member that was given up, what stands at the same index takes an instance without a row for skipped."""
    for down, tells in run.plan.inner.items():
        indexed = run.nodes[down].indexed
        if indexed is None:
            continue
        for up, kind, _ in tells:
            above = run.nodes[up]
            if not above.is_given_up or (above.state not in FINAL and not (run.reason or run.stopping)):
                continue
            there = {kept.map_index for kept in ended.get(up, ())} | above.live.keys()
            for map_index in range(run.nodes[down].n):
                if map_index not in there and not indexed.decided[map_index]:
                    tally = indexed.tally(map_index)
                    lower(tally, kind, True)
                    add(tally, kind, TaskState.SKIPPED, 1, run.plan.tasks[up].is_setup)


def stopped_by(run: Run) -> str | None:
    """Why a fail-fast run starts nothing new any more."""
    if not run.plan.spec.fail_fast:
        return None
    forgiven = (run.word.detail or {}).get("in_spite_of", ()) if run.word is not None else ()
    for number, node in enumerate(run.nodes):
        if run.plan.tasks[number].task_id in forgiven:
            continue
        if not run.plan.tasks[number].is_teardown and (
            node.state is TaskState.FAILED or node.counts.get(TaskState.FAILED)
        ):
            return why_stopped(run, number)
    return None
