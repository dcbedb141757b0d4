"""What follows from a settled task: who is told, what its trigger rule then says, how mapped tasks and groups expand.

Owns readiness. In a mapped group each map index is a small run of its own: a member is told by index of those of its
group, and as a whole of all others. Iteration over what settles is `step`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from . import mapping, past
from .moves import TaskMove
from .plan import MappedGroup, Tell
from .rules import Decision, decide
from .spec import MapSource, TaskSpec, values_in
from .states import FINAL, TaskState
from .world import WHOLE, Cell, Node, Run, add, index_by_index, lower, settled_state

if TYPE_CHECKING:
    from .step import Turn

BAD = (TaskState.FAILED, TaskState.UPSTREAM_FAILED)
Settled = list[tuple[int, int, TaskState]]  # (task number, map index, final state) still to be told downstream
NOTHING = "mapped over nothing"
SMALLER = "what it is mapped over is shorter now"


# ── one instance ─────────────────────────────────────────────────────────────────────────────────────────


def move(
    run: Run,
    number: int,
    map_index: int,
    cell: Cell,
    after: TaskState,
    turn: Turn,
    token: int = 0,
    by_person: bool = False,
) -> None:
    before, token_before = cell.state, cell.token
    cell.state = after
    if token:
        cell.token = token
    if map_index == WHOLE:
        run.nodes[number].state = after
    turn.batch.task_moves.append(
        TaskMove(
            run=run.id,
            task_id=run.plan.tasks[number].task_id,
            map_index=map_index,
            before=before,
            after=after,
            token_before=token_before,
            token=cell.token,
            at=turn.now,
            try_number=cell.try_number,
            lost=cell.lost,
            started_at=cell.started_at,
            ended_at=cell.ended_at,
            wake_at=cell.wake_at,
            reason=cell.reason,
            has_row=cell.has_row,
            by_person=by_person,
        )
    )


def whole(run: Run, number: int, node: Node, state: TaskState, reason: str, turn: Turn) -> TaskState:
    """A node ends without having run: as one, however many instances it was to have."""
    cell = node.cell if node.cell is not None else Cell()
    cell.ended_at, cell.reason, cell.wake_at = turn.now, reason, None
    if node.n or (run.word is not None and run.plan.is_many(number)):  # of a run that was changed: its row may say more
        node.n, node.indexed = 0, None
        turn.groups[run.id, number] = run
    remove_cleared(run, number, node, 0, reason, turn)
    move(run, number, WHOLE, cell, state, turn)
    return state


def remove_cleared(run: Run, number: int, node: Node, first: int, reason: str, turn: Turn) -> None:
    """Instances that were cleared and that there will not be again, as their group is smaller now, or ends as one."""
    for map_index in sorted(i for i in node.again if i >= first):
        cell = node.again.pop(map_index)
        cell.ended_at, cell.reason = turn.now, reason
        move(run, number, map_index, cell, TaskState.REMOVED, turn)


def close(run: Run, number: int, node: Node, turn: Turn) -> None:
    """A node has come to its end."""
    if node.again:  # there are no such instances any more
        remove_cleared(run, number, node, 0, SMALLER, turn)
    if node.n:
        node.state = settled_state(node.counts)
        turn.groups[run.id, number] = run
    node.indexed = None
    run.open_nodes -= 1
    if node.state in BAD:
        run.failed.append(number)


def halted(run: Run, number: int) -> str | None:
    """Why this task may not start any more: its run is cancelled or fails fast. A teardown may, until the run is
    cancelled a second time."""
    if run.plan.tasks[number].is_teardown and not run.spares_nothing:
        return None
    return run.reason or run.stopping


# ── telling ──────────────────────────────────────────────────────────────────────────────────────────────


def told_downstream(run: Run, number: int, map_index: int, state: TaskState | None, done: bool, turn: Turn) -> Settled:
    """Everyone who waits for this task hears of one settled instance (None: of none) and whether it was the last;
    returns what has settled by that at once."""
    settled: Settled = []
    if done and number in run.plan.feeds_groups:
        settled.extend(_groups_fed(run, number, turn))
    tells = run.plan.tells.get(number)
    if tells is not None:
        is_setup = run.plan.tasks[number].is_setup
        for tell in tells:
            settled.extend(_told(run, tell, map_index, state, done, is_setup, turn))
        return settled
    for down in run.plan.downstream[number]:
        below = run.nodes[down]
        if state is not None:
            below.tally.count(state)
        below.tally.open -= done
        if below.state not in FINAL:
            settled.extend(decided(run, down, below, turn))
    return settled


def _told(
    run: Run, tell: Tell, map_index: int, state: TaskState | None, done: bool, is_setup: bool, turn: Turn
) -> Settled:
    below = run.nodes[tell.down]
    if below.state in FINAL:
        return []
    if not tell.inner or below.indexed is None:
        lower(below.tally, tell.kind, done)
        if state is not None:
            add(below.tally, tell.kind, state, 1, is_setup)
        return decided(run, tell.down, below, turn)
    if state is None:
        return []
    if map_index == WHOLE:  # it has ended as one after the group was expanded
        lower(below.indexed.fresh, tell.kind, True)
        for tally in below.indexed.tallies.values():
            lower(tally, tell.kind, True)
        add(below.tally, tell.kind, state, 1, is_setup)
        return decided(run, tell.down, below, turn)
    if map_index >= len(below.indexed.decided) or below.indexed.decided[map_index]:
        return []
    tally = below.indexed.tally(map_index)
    lower(tally, tell.kind, True)
    add(tally, tell.kind, state, 1, is_setup)
    return _decided_at(run, tell.down, below, map_index, turn)


def untouched(node: Node) -> list[int]:
    """The instances of a node of many that have no row, if others have one."""
    if not node.touched:
        return []
    if node.indexed is None:
        return list(range(node.touched, node.n))
    return [map_index for map_index, is_decided in enumerate(node.indexed.decided) if not is_decided]


def never_touched(run: Run, number: int, indexes: Iterable[int], turn: Turn) -> Settled:
    """These instances of a member will never be, and have no rows: what stands at the same index takes them for
    skipped."""
    settled: Settled = []
    is_setup = run.plan.tasks[number].is_setup
    for tell in run.plan.tells.get(number, ()):
        if tell.inner and run.nodes[tell.down].indexed is not None:
            for map_index in indexes:
                settled.extend(_told(run, tell, map_index, TaskState.SKIPPED, False, is_setup, turn))
    return settled


# ── deciding ─────────────────────────────────────────────────────────────────────────────────────────────


def decided(run: Run, number: int, node: Node, turn: Turn) -> Settled:
    """Apply the trigger rule of a task that has not been decided; returns what settled at once."""
    if node.indexed is not None:
        return _decided_by_index(run, number, node, turn)
    if node.state is not TaskState.NONE or run.stale:
        return []
    task = run.plan.tasks[number]
    decision = decide(task.trigger_rule, node.tally, bool(task.upstream))
    if decision is Decision.WAIT:
        return []
    if node.n and (node.live or node.counts):
        return _decided_again(run, number, node, decision, turn)
    halt = halted(run, number)
    if halt is not None and decision is Decision.RUN:
        return [(number, WHOLE, whole(run, number, node, TaskState.SKIPPED, halt, turn))]
    waits = decision is Decision.RUN or (decision is Decision.SKIP and task.skips_after_past and halt is None)
    if waits and past.hold(run, number):
        return []
    if decision is not Decision.RUN:
        state, reason = _not_run(run, task, decision)
        return [(number, WHOLE, whole(run, number, node, state, reason, turn))]
    group = run.plan.member_of.get(number)
    if group is not None:
        return _member_ready(run, group, number, node, turn)
    if task.is_mapped:
        return _expanded(run, number, node, turn)
    cell = node.cell = node.cell or Cell()
    return _scheduled(run, number, WHOLE, cell, turn)


def _decided_again(run: Run, number: int, node: Node, decision: Decision, turn: Turn) -> Settled:
    """The same for a mapped task of which only some instances were cleared: the others stay as they are."""
    if any(cell.becomes is TaskState.NONE for cell in node.live.values()):
        return []  # the attempts of some are still being ended
    task, halt = run.plan.tasks[number], halted(run, number)
    if decision is Decision.RUN and halt is None:
        if past.hold(run, number):
            return []
        for map_index, cell in node.live.items():
            if cell.state is TaskState.NONE:
                move(run, number, map_index, cell, TaskState.SCHEDULED, turn)
                run.offer(number, map_index)
        node.state = TaskState.SCHEDULED
        turn.groups[run.id, number] = run
        if node.touched < node.n:
            run.offer(number, WHOLE)
        return []
    state, reason = (TaskState.SKIPPED, halt or "") if decision is Decision.RUN else _not_run(run, task, decision)
    return end_those_cleared(run, number, node, state, reason, turn)


def end_those_cleared(run: Run, number: int, node: Node, state: TaskState, reason: str, turn: Turn) -> Settled:
    """Of a mapped task of which some instances were cleared: these end so, and what had not begun never will."""
    node.n, node.state, node.indexed = node.touched, TaskState.SCHEDULED, None
    turn.groups[run.id, number] = run
    settled: Settled = []
    for map_index, cell in node.live.items():
        if cell.state is TaskState.NONE:
            cell.ended_at, cell.reason = turn.now, reason
            move(run, number, map_index, cell, state, turn)
            settled.append((number, map_index, state))
    remove_cleared(run, number, node, 0, reason, turn)
    if not node.live:
        close(run, number, node, turn)
        settled.extend(told_downstream(run, number, WHOLE, None, True, turn))
    return settled


def _scheduled(run: Run, number: int, map_index: int, cell: Cell, turn: Turn) -> Settled:
    move(run, number, map_index, cell, TaskState.SCHEDULED, turn)
    if run.plan.tasks[number].no_process:
        cell.started_at = cell.ended_at = turn.now
        cell.try_number = 1
        move(run, number, map_index, cell, TaskState.SUCCESS, turn)
        return [(number, map_index, TaskState.SUCCESS)]
    run.offer(number, map_index)
    return []


def _not_run(run: Run, task: TaskSpec, decision: Decision) -> tuple[TaskState, str]:
    if decision is Decision.SKIP:
        return TaskState.SKIPPED, f"under the rule {task.trigger_rule} nothing is to be done: {_upstreams(run, task)}"
    return TaskState.UPSTREAM_FAILED, _whose_fault(run, task)


def _upstreams(run: Run, task: TaskSpec) -> str:
    """How those have ended that have, skipped ones first: that is what a rule goes by."""
    ended = [(up, run.nodes[run.plan.index[up]].state) for up in task.upstream]
    told = sorted((state is not TaskState.SKIPPED, up, state.value) for up, state in ended if state in FINAL)
    if not told:
        return "something further up was skipped"
    named = ", ".join(f"{up} is {state.replace('_', ' ')}" for _, up, state in told[:3])
    return named + (f" and {len(told) - 3} more have ended" if len(told) > 3 else "")


def _whose_fault(run: Run, task: TaskSpec) -> str:
    bad = [up for up in task.upstream if run.nodes[run.plan.index[up]].state in BAD]
    if not bad:  # one instance of a group that is still at work
        bad = [up for up in task.upstream if run.nodes[run.plan.index[up]].counts.get(TaskState.FAILED)]
    return f"upstream {bad[0]} failed" if bad else "an upstream failed"


def _decided_by_index(run: Run, number: int, node: Node, turn: Turn) -> Settled:
    """Something has changed that concerns every instance of a member."""
    indexed = node.indexed
    assert indexed is not None
    if run.stale:
        return []
    if halted(run, number) is not None and node.touched:
        return []  # what had not started never will
    task = run.plan.tasks[number]
    decision = decide(task.trigger_rule, node.tally.plus(indexed.fresh), bool(task.upstream))
    if decision in (Decision.SKIP, Decision.UPSTREAM_FAILED) and not node.touched and not indexed.tallies:
        state, reason = _not_run(run, task, decision)
        return [(number, WHOLE, whole(run, number, node, state, reason, turn))]
    some = sorted(indexed.tallies) if decision is Decision.WAIT else range(node.n)
    settled: Settled = []
    for map_index in some:
        if not indexed.decided[map_index]:
            settled.extend(_decided_at(run, number, node, map_index, turn))
    return settled


def _decided_at(run: Run, number: int, node: Node, map_index: int, turn: Turn) -> Settled:
    """The same for one instance of a member."""
    indexed = node.indexed
    assert indexed is not None
    task = run.plan.tasks[number]
    inner = indexed.tallies.get(map_index, indexed.fresh)
    decision = decide(task.trigger_rule, node.tally.plus(inner), bool(task.upstream))
    if decision is Decision.WAIT or run.stale or halted(run, number) is not None:
        return []
    if decision is Decision.RUN and past.hold(run, number):
        return []
    cell = _touched(run, number, node, map_index, turn)
    if decision is Decision.RUN:
        return _scheduled(run, number, map_index, cell, turn)
    state, cell.reason = _not_run(run, task, decision)
    cell.ended_at = turn.now
    move(run, number, map_index, cell, state, turn)
    return [(number, map_index, state)]


def _touched(run: Run, number: int, node: Node, map_index: int, turn: Turn) -> Cell:
    assert node.indexed is not None
    node.indexed.decided[map_index] = 1
    node.indexed.tallies.pop(map_index, None)
    node.touched += 1
    node.state = TaskState.SCHEDULED
    turn.groups[run.id, number] = run
    cell = node.live[map_index] = node.again.pop(map_index) if map_index in node.again else Cell()
    return cell


def skip_chosen(run: Run, chooser: int, map_index: int, task_ids: Iterable[str], turn: Turn) -> Settled:
    """A branch names the tasks it leaves out; one inside a mapped group does so for its own map index."""
    settled: Settled = []
    reason = f"left out by {run.plan.tasks[chooser].task_id}"
    for task_id in task_ids:
        number = run.plan.index.get(task_id)
        if number is None:
            continue
        node = run.nodes[number]
        if map_index == WHOLE:
            if node.state is TaskState.NONE and not (node.n and (node.live or node.counts)):
                settled.append((number, WHOLE, whole(run, number, node, TaskState.SKIPPED, reason, turn)))
            elif node.state is TaskState.NONE and node.indexed is None:
                settled.extend(end_those_cleared(run, number, node, TaskState.SKIPPED, reason, turn))
            continue
        together = run.plan.member_of.get(chooser) is run.plan.member_of.get(number)
        if together and node.indexed is not None and not node.indexed.decided[map_index]:
            cell = _touched(run, number, node, map_index, turn)
            cell.ended_at, cell.reason = turn.now, reason
            move(run, number, map_index, cell, TaskState.SKIPPED, turn)
            settled.append((number, map_index, TaskState.SKIPPED))
    return settled


# ── expanding ────────────────────────────────────────────────────────────────────────────────────────────


def _expanded(run: Run, number: int, node: Node, turn: Turn) -> Settled:
    """A mapped task is ready: it gets its size, or ends at once."""
    sources = run.plan.tasks[number].mapped
    found = _sizes(run, sources)
    if isinstance(found, tuple):
        return [(number, WHOLE, whole(run, number, node, *found, turn))]
    if mapping.count(found) == 0:
        return [(number, WHOLE, whole(run, number, node, TaskState.SKIPPED, NOTHING, turn))]
    node.n, node.sizes = mapping.count(found), found
    remove_cleared(run, number, node, node.n, SMALLER, turn)
    _offer_all(run, number, node, turn)
    return []


def _offer_all(run: Run, number: int, node: Node, turn: Turn) -> None:
    node.state = TaskState.SCHEDULED
    turn.groups[run.id, number] = run
    run.offer(number, WHOLE)


def length_in(run: Run) -> Callable[[MapSource], int | None]:
    """How long the values are that tasks of this run have left."""

    def length(source: MapSource) -> int | None:
        assert source.task_id is not None
        above = run.plan.index[source.task_id]
        return run.nodes[above].lengths.get(source.key, 0 if run.plan.is_many(above) else None)

    return length


def _sizes(run: Run, sources: tuple[MapSource, ...]) -> list[int] | tuple[TaskState, str]:
    """The length of each mapped argument; or how a task ends that cannot be mapped over them, and why."""
    sizes: list[int] = []
    length = length_in(run)
    worst: tuple[TaskState, str] | None = None
    for source in sources:
        for value in values_in(source):
            assert value.task_id is not None
            number = run.plan.index[value.task_id]
            above = run.nodes[number]
            if above.state in BAD and not (run.plan.is_many(number) and above.lengths.get(value.key)):
                return TaskState.UPSTREAM_FAILED, f"upstream {value.task_id} failed, which it is mapped over"
            if above.state is TaskState.SKIPPED:
                worst = TaskState.SKIPPED, f"{value.task_id} was skipped, which it is mapped over"
            elif length(value) is None and worst is None:
                what = f"{value.key} of {value.task_id}"
                worst = TaskState.FAILED, f"cannot be mapped over {what}: no list, tuple or dict is there"
        sizes.append(mapping.length_of(source, length) or 0)
    if worst is not None:
        return worst
    n = mapping.count(sizes)
    if n > mapping.INSTANCES_MAX:
        return TaskState.FAILED, f"mapped over {n:,} elements; {mapping.INSTANCES_MAX:,} is the most"
    return sizes


def is_fed(run: Run, group: MappedGroup) -> bool:
    return all(run.nodes[feeder].state in FINAL for feeder in group.feeders)


def _groups_fed(run: Run, feeder: int, turn: Turn) -> Settled:
    settled: Settled = []
    for group in run.plan.feeds_groups[feeder]:
        if is_fed(run, group):
            settled.extend(expand(run, group, turn))
    return settled


def expand(run: Run, group: MappedGroup, turn: Turn) -> Settled:
    """All values that a group is mapped over are there: its members get their size, or end at once.

    Over nothing, each member is left to its own rule, and skipped where that would run it.
    """
    found = _sizes(run, group.sources)
    settled: Settled = []
    waiting = [n for n in group.members if run.nodes[n].state is TaskState.NONE and not run.nodes[n].n]
    if isinstance(found, tuple):
        return [(n, WHOLE, whole(run, n, run.nodes[n], *found, turn)) for n in waiting]
    size = mapping.count(found)
    for number in waiting if size else ():
        node = run.nodes[number]
        node.n, node.sizes = size, found
        turn.groups[run.id, number] = run
        remove_cleared(run, number, node, node.n, SMALLER, turn)
        if run.plan.is_decided_by_index(number):
            index_by_index(run, number)
    for number in waiting:
        settled.extend(decided(run, number, run.nodes[number], turn))
    return settled


def _member_ready(run: Run, group: MappedGroup, number: int, node: Node, turn: Turn) -> Settled:
    """The rule of a member as a whole says run: so it does, if its group has its size."""
    if node.n:
        _offer_all(run, number, node, turn)
        return []
    if is_fed(run, group):  # and yet it has no size: it is mapped over nothing
        return [(number, WHOLE, whole(run, number, node, TaskState.SKIPPED, NOTHING, turn))]
    return []
