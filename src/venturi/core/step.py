"""What each event does to a run: `step(state, event, now) → moves`, spread over one function per event.

Owns every decision about task and run states except who may start (that is `admission`). No I/O, no clock: `Turn`
carries the time in and the moves out. The cost of a finished task is its out-degree.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from . import calls, deadlines, past, readiness, retry, starting
from .moves import Batch, Deferral, DeferralEnd, DeferralEvent, GroupMove, Placement, RunMove
from .readiness import BAD as _BAD
from .readiness import Settled as _Settled
from .readiness import close as _close
from .readiness import decided as _decided
from .readiness import move as _move
from .readiness import skip_chosen as _skip_chosen
from .readiness import told_downstream as _told_downstream
from .readiness import whole as _whole
from .states import FINAL, Outcome, RunState, TaskState
from .world import WHOLE, Cell, Node, Run, World, why_stopped

_SKIPPED = TaskState.SKIPPED


@dataclass(slots=True)
class Turn:
    """One turn of the engine: its time, and what it has decided so far."""

    now: float
    batch: Batch = field(default_factory=Batch)
    groups: dict[tuple[int, int], Run] = field(default_factory=dict)  # (run, task number) of groups that changed
    finished_runs: list[Run] = field(default_factory=list)
    stale_runs: list[Run] = field(default_factory=list)  # to be put together anew, once this is committed
    cancels: list[tuple[int, str]] = field(default_factory=list)  # tokens of attempts to be ended, and why
    ended_at: float | None = None  # of the attempt whose end is being decided on: earlier than now, if it was told late


TIMED_OUT = '{"kind":"timeout"}'  # the event of a trigger whose time is over


@dataclass(slots=True)
class Wait:
    """What a deferring attempt asks to wait for."""

    trigger: str
    method: str
    data: str
    timeout_s: float | None = None
    words: str | None = None  # what it waits for, for people


@dataclass(slots=True)
class End:
    """How an attempt ended, as far as the decision needs to know."""

    outcome: Outcome
    at: float
    reason: str | None = None
    wake_at: float | None = None
    skip: tuple[str, ...] = ()
    lengths: dict[str, int | None] = field(default_factory=dict)  # of the values it left, by key
    wait: Wait | None = None
    error: dict[str, Any] | None = None
    retry_delay_s: float | None = None  # the task's own word on the wait before its next try


def begin(world: World, run: Run, turn: Turn) -> None:
    """A queued run starts: everything without upstreams becomes ready."""
    _enter_running(world, run, turn)
    reconsider(world, run, turn)


def reconsider(world: World, run: Run, turn: Turn) -> None:
    """Decide every untouched task anew: at the start of a run, and when something of it was taken back."""
    for group in run.plan.groups:
        if readiness.is_fed(run, group):  # mapped over literals alone, or over what has stayed as it was
            _spread(world, run, readiness.expand(run, group, turn), turn)
    for number, node in enumerate(run.nodes):
        undecided = node.state is TaskState.NONE or node.indexed is not None  # or some instances of it are
        if undecided and run.state is RunState.RUNNING:
            _spread(world, run, _decided(run, number, node, turn), turn)
    if run.open_nodes == 0 and run.state is RunState.RUNNING:
        _end_run(world, run, turn)


def go_on(world: World, run: Run, turn: Turn) -> None:
    """A run was put together anew. If it waits for its place and nothing is left of it, its end is decided now."""
    if run.state is RunState.RUNNING:
        reconsider(world, run, turn)
    elif run.state is RunState.QUEUED and run.open_nodes == 0:
        begin(world, run, turn)
    _tell_later_runs(world, run, turn)  # what a person has marked has not settled in this turn


def started(run: Run, number: int, map_index: int, cell: Cell, pid: int, at: float, turn: Turn) -> None:
    if cell.state is not TaskState.STARTING:
        return  # told twice, or after its end
    cell.started_at, cell.pid = at, pid
    _move(run, number, map_index, cell, TaskState.RUNNING, turn)


def ended(
    world: World, run: Run, number: int, map_index: int, cell: Cell, end: End, turn: Turn, infrastructure_retries: int
) -> None:
    """An attempt is over; its task is finished, or waits for another one."""
    task = run.plan.tasks[number]
    turn.ended_at = run.last_end = max(run.last_end, end.at)
    world.release(run, number, cell)
    cell.ended_at = end.at
    cell.reason = end.reason
    outcome = end.outcome
    halt = readiness.halted(run, number)
    if cell.word is not None and _ended_for_a_person(world, run, number, map_index, cell, end, turn, halt):
        return
    if halt is not None and outcome not in (Outcome.SUCCESS, Outcome.SKIPPED, Outcome.NEVER_RAN):
        outcome, cell.reason = Outcome.CANCELLED, halt
    elif halt is not None and outcome is Outcome.NEVER_RAN:
        outcome, cell.reason = Outcome.SKIPPED, halt
    if outcome is Outcome.NEVER_RAN or (outcome is Outcome.LOST and cell.lost < infrastructure_retries):
        cell.lost += outcome is Outcome.LOST
        cell.try_number -= 1  # this try did not count; the next one takes its number
        _move(run, number, map_index, cell, TaskState.SCHEDULED, turn)
        run.offer(number, map_index)
    elif outcome is Outcome.RESCHEDULE:
        cell.wake_at = end.wake_at if end.wake_at is not None else turn.now
        cell.try_number -= 1
        _goes_on_by_no_event(run, number, map_index, cell, turn)
        _move(run, number, map_index, cell, TaskState.UP_FOR_RESCHEDULE, turn)
        world.wake_later(run, number, map_index, cell)
    elif outcome is Outcome.DEFERRED and end.wait is not None:
        _defer(world, run, number, map_index, cell, end.wait, turn)
    elif outcome is Outcome.FAILED and retry.may_retry(task, cell.try_number - tries_before(cell)):
        _goes_on_by_no_event(run, number, map_index, cell, turn)
        calls.after_attempt(world, run, task, map_index, cell, "retry", end, turn)
        _retry_later(world, run, number, map_index, cell, end, turn)
    else:
        _goes_on_by_no_event(run, number, map_index, cell, turn)
        final = {Outcome.SUCCESS: TaskState.SUCCESS, Outcome.SKIPPED: TaskState.SKIPPED}.get(outcome, TaskState.FAILED)
        note_lengths(run.nodes[number], map_index, end.lengths)
        calls.after_attempt(world, run, task, map_index, cell, calls.KINDS[final], end, turn)
        _move(run, number, map_index, cell, final, turn)
        skipped = _skip_chosen(run, number, map_index, end.skip, turn)
        _spread(world, run, [(number, map_index, final), *skipped], turn)
    turn.ended_at = None


def _ended_for_a_person(
    world: World, run: Run, number: int, map_index: int, cell: Cell, end: End, turn: Turn, halt: str | None
) -> bool:
    """The attempt was ended on somebody's word, which says what its task is now: to be run again, or a final state.
    Whether that still holds."""
    word, after = cell.word, cell.becomes
    if word is None or after is None:
        return False
    done = cell.word = replace(word, becomes=None)
    turn.batch.interventions.append(done)
    if after is TaskState.NONE and halt is not None:
        return False  # the run is ended meanwhile
    if after is TaskState.SUCCESS and end.outcome is Outcome.SUCCESS:
        return False  # it has come to that by itself
    task, node = run.plan.tasks[number], run.nodes[number]
    _goes_on_by_no_event(run, number, map_index, cell, turn)
    if after is TaskState.NONE:
        # The number of this try is not given again, also if it never ran: earlier attempts may have been of it.
        done.tries_before, cell.lost, cell.has_row = cell.try_number, 0, True
        cell.started_at = cell.ended_at = None
        cell.reason = word.words
        turn.batch.cleared_values.append((run.id, task.task_id, map_index, None))
        _move(run, number, map_index, cell, TaskState.NONE, turn, by_person=True)
        if map_index != WHOLE:
            node.state = TaskState.NONE
            node.touched -= run.plan.is_decided_by_index(number)
            turn.groups[run.id, number] = run
        run.stale = True
        turn.stale_runs.append(run)
        return True
    cell.reason = word.words
    calls.after_attempt(world, run, task, map_index, cell, calls.KINDS[after], end, turn)
    _move(run, number, map_index, cell, after, turn)
    _spread(world, run, [(number, map_index, after)], turn)
    return True


def due(world: World, run: Run, number: int, map_index: int, cell: Cell, turn: Turn) -> None:
    """The time of a retry or a rescheduled sensor has come, or that of a trigger is over."""
    if cell.state is TaskState.DEFERRED:
        fired(world, run, number, map_index, cell, TIMED_OUT, turn)
        return
    if cell.state is TaskState.UP_FOR_RETRY:  # the failed try's values are there until the next one is due
        turn.batch.cleared_values.append((run.id, run.plan.tasks[number].task_id, map_index, None))
    cell.wake_at = None
    _move(run, number, map_index, cell, TaskState.SCHEDULED, turn)
    run.offer(number, map_index)


def fired(world: World, run: Run, number: int, map_index: int, cell: Cell, event: str, turn: Turn) -> None:
    """What a deferred instance has waited for is there: it goes on as soon as there is a place."""
    world.undefer(cell.token)
    cell.wake_at = cell.reason = None
    task_id = run.plan.tasks[number].task_id
    turn.batch.deferral_events.append(DeferralEvent(run.id, task_id, map_index, cell.token, event))
    _move(run, number, map_index, cell, TaskState.SCHEDULED, turn)
    run.offer(number, map_index)


def ended_by_event(
    world: World, run: Run, number: int, map_index: int, cell: Cell, final: TaskState, turn: Turn
) -> None:
    """What a deferred instance has waited for ends it: nothing of its author's is left to be run, so no attempt is."""
    _goes_on_by_no_event(run, number, map_index, cell, turn, world)
    cell.try_number += 1
    cell.wake_at, cell.ended_at, cell.reason = None, turn.now, None
    if final is not TaskState.SUCCESS:
        cell.reason = f"its trigger ended it as {final.value}"
    outcome = Outcome.FAIL_NOW if final is TaskState.FAILED else Outcome(final.value)
    kind, end = calls.KINDS[final], End(outcome, turn.now, cell.reason)
    calls.after_attempt(world, run, run.plan.tasks[number], map_index, cell, kind, end, turn)
    _move(run, number, map_index, cell, final, turn)
    _spread(world, run, [(number, map_index, final)], turn)


def _defer(world: World, run: Run, number: int, map_index: int, cell: Cell, wait: Wait, turn: Turn) -> None:
    cell.wake_at = None if wait.timeout_s is None else turn.now + wait.timeout_s
    cell.try_number -= 1
    cell.deferral = cell.token
    cell.reason = f"deferred: waits for {wait.words or 'its trigger ' + wait.trigger.rpartition('.')[2]}"
    task_id = run.plan.tasks[number].task_id
    turn.batch.deferrals.append(
        Deferral(run.id, task_id, map_index, cell.token, wait.trigger, wait.method, wait.data, turn.now)
    )
    _move(run, number, map_index, cell, TaskState.DEFERRED, turn)
    world.defer(run, number, map_index, cell)
    if cell.wake_at is not None:
        world.wake_later(run, number, map_index, cell)


def _goes_on_by_no_event(
    run: Run, number: int, map_index: int, cell: Cell, turn: Turn, world: World | None = None
) -> None:
    """An attempt that went on by an event is over, or the wait for one is given up."""
    if cell.deferral:
        waiting = cell.token if world is not None and world.undefer(cell.token) else 0
        turn.batch.deferral_ends.append(DeferralEnd(run.id, run.plan.tasks[number].task_id, map_index, waiting))
        cell.deferral = 0


def cancel(world: World, run: Run, reason: str, turn: Turn) -> list[int]:
    """A person or its time limit ends the run: what waits is skipped now, the tokens returned are to be cancelled at
    their executor. Teardowns are left to their rule, as what their setups have made is still there; a second word, or
    one before anything has begun, ends them too. (An engine that dies at that moment forgets the second word alone.)"""
    run.spares_nothing = run.reason is not None or run.state is RunState.QUEUED
    run.reason = reason
    if run.state is RunState.QUEUED:  # passes through running, so that its end is told like any other
        _enter_running(world, run, turn)
    tokens = _stop(world, run, reason, turn)
    if run.state is RunState.RUNNING:  # it waits for these ends, or for teardowns
        _move_run(run, RunState.RUNNING, turn, reason)
    return tokens


def out_of_time(world: World, run: Run, turn: Turn) -> None:
    """The time is over that its DAG gives a run."""
    if run.reason is None:
        reason = f"its time limit of {run.plan.spec.run_timeout_s:g} s (dagrun_timeout) is over"
        turn.cancels += [(token, reason) for token in cancel(world, run, reason, turn)]


def _fail_fast(world: World, run: Run, reason: str, turn: Turn) -> None:
    """One failure ends what runs and skips what waits; teardowns are left to their rule."""
    if run.stopping is not None or run.reason is not None or run.state is not RunState.RUNNING:
        return
    run.stopping = reason
    turn.cancels += [(token, reason) for token in _stop(world, run, reason, turn)]


def _stop(world: World, run: Run, reason: str, turn: Turn) -> list[int]:
    """Nothing that is halted goes on or starts; returns the tokens of what runs."""
    for lane in run.lanes.values():
        lane.keep(lambda number: readiness.halted(run, number) is None)
    settled: _Settled = []
    tokens: list[int] = []
    never: list[tuple[int, list[int]]] = []
    for number in range(len(run.nodes)):
        if readiness.halted(run, number) is not None:
            never.append((number, readiness.untouched(run.nodes[number])))
            tokens += _give_up(world, run, number, reason, settled, turn)
    for number, indexes in never:
        settled += readiness.never_touched(run, number, indexes, turn)
    _spread(world, run, settled, turn)
    return tokens


def _give_up(world: World, run: Run, number: int, reason: str, settled: _Settled, turn: Turn) -> list[int]:
    """What waits of this task is skipped; the tokens of what runs are returned."""
    node = run.nodes[number]
    if node.state in FINAL:
        return []
    if node.touched:
        return _cancel_group(world, run, number, node, reason, settled, turn)
    if node.cell is not None and node.cell.token in world.by_token:
        return [node.cell.token]
    after = _given_up(world, run, number, WHOLE, node.cell, turn) if node.cell is not None else _SKIPPED
    settled.append((number, WHOLE, _whole(run, number, node, after, reason, turn)))
    return []


def _cancel_group(
    world: World, run: Run, number: int, node: Node, reason: str, settled: _Settled, turn: Turn
) -> list[int]:
    node.n, node.indexed = node.touched, None  # what had not started never will
    turn.groups[run.id, number] = run
    readiness.remove_cleared(run, number, node, 0, reason, turn)
    tokens = []
    for map_index, cell in node.live.items():
        if cell.token in world.by_token:
            tokens.append(cell.token)
        else:
            after = _given_up(world, run, number, map_index, cell, turn)
            cell.ended_at, cell.reason = turn.now, reason
            _move(run, number, map_index, cell, after, turn)
            settled.append((number, map_index, after))
    if not node.live:  # all it had started was done already
        _close(run, number, node, turn)
        settled.extend(_told_downstream(run, number, WHOLE, None, True, turn))
    return tokens


def _given_up(world: World, run: Run, number: int, map_index: int, cell: Cell, turn: Turn) -> TaskState:
    """What becomes of an instance that no attempt runs when its run is cancelled: one that is deferred had begun."""
    begun = cell.state is TaskState.DEFERRED
    _goes_on_by_no_event(run, number, map_index, cell, turn, world)
    return TaskState.FAILED if begun else _SKIPPED


def group_moves(turn: Turn) -> list[GroupMove]:
    """Every group that changed in this turn, as it is at its end."""
    made = []
    for (_, number), run in turn.groups.items():
        node = run.nodes[number]
        task_id = run.plan.tasks[number].task_id
        made.append(GroupMove(run.id, task_id, node.n, node.touched, node.state, turn.now, None, node.sizes))
    return made


# ── one instance ─────────────────────────────────────────────────────────────────────────────────────────


def hand_out(
    world: World, run: Run, number: int, map_index: int, token: int, turn: Turn, devices: tuple[str, ...] = ()
) -> Cell:
    """Admission has found a place: the instance gets its token and starts."""
    node = run.nodes[number]
    cell = node.cell if map_index == WHOLE else node.live.get(map_index)
    if cell is None:  # an instance of a group that nobody has touched yet
        cell = node.live[map_index] = node.again.pop(map_index) if map_index in node.again else Cell()
        node.touched = max(node.touched, map_index + 1)
        turn.groups[run.id, number] = run
        _move(run, number, map_index, cell, TaskState.SCHEDULED, turn)
    cell.try_number += 1
    cell.started_at = cell.ended_at = cell.wake_at = cell.reason = cell.pid = None
    _move(run, number, map_index, cell, TaskState.STARTING, turn, token)
    if devices:
        cell.devices = devices
        turn.batch.placements.append(Placement(run.id, run.plan.tasks[number].task_id, map_index, token, devices))
    world.take(run, number, map_index, cell)
    starting.watch(world, run.plan.tasks[number], token, turn.now)
    return cell


def _retry_later(world: World, run: Run, number: int, map_index: int, cell: Cell, end: End, turn: Turn) -> None:
    task = run.plan.tasks[number]
    jitter = retry.jitter(run.run_id, task.task_id, map_index, cell.try_number)
    earlier = tries_before(cell)
    delay = retry.delay_s(task, cell.try_number - earlier, jitter) if end.retry_delay_s is None else end.retry_delay_s
    cell.wake_at = turn.now + delay
    tries = f"try {cell.try_number + 1} of {earlier + task.retries + 1}"
    cell.reason = f"{end.reason or 'failed'}; {tries} in {delay:.0f} s"
    _move(run, number, map_index, cell, TaskState.UP_FOR_RETRY, turn)
    world.wake_later(run, number, map_index, cell)


def tries_before(cell: Cell) -> int:
    """Those that its retries are not counted from: of before it was cleared."""
    return cell.word.tries_before if cell.word is not None else 0


def note_lengths(node: Node, map_index: int, lengths: dict[str, int | None]) -> None:
    """A task has left values that another one is mapped over."""
    if map_index == WHOLE:
        node.lengths.update(lengths)
    else:  # mapping over a mapped task gives one instance per value it left
        for key in lengths:
            node.lengths[key] = (node.lengths.get(key) or 0) + 1


# ── one node, and what follows from it ───────────────────────────────────────────────────────────────────


def _spread(world: World, run: Run, work: _Settled, turn: Turn) -> None:
    """Tell what is downstream of settled instances, and of what settles by that. Iterative: chains are long."""
    failed: int | None = None
    has_settled = bool(work)
    while work:
        number, map_index, state = work.pop()
        node = run.nodes[number]
        if state is TaskState.FAILED and failed is None and not run.plan.tasks[number].is_teardown:
            failed = number
        done = True
        if map_index == WHOLE:
            node.cell = None
        else:
            node.live.pop(map_index, None)
            node.counts[state] = node.counts.get(state, 0) + 1
            done = node.touched >= node.n and not node.live
        if done:
            _close(run, number, node, turn)
        work.extend(_told_downstream(run, number, map_index, state, done, turn))
    if failed is not None and run.plan.spec.fail_fast:
        _fail_fast(world, run, why_stopped(run, failed), turn)
    if run.open_nodes == 0 and run.state is RunState.RUNNING:
        _end_run(world, run, turn)
    elif has_settled:
        _tell_later_runs(world, run, turn)


def _tell_later_runs(world: World, run: Run, turn: Turn) -> None:
    """What depends on the past may go on."""
    dag = world.dag(run.dag_id)
    if dag.held:
        for later, number in past.held(dag, run):
            _spread(world, later, _decided(later, number, later.nodes[number], turn), turn)


# ── the run itself ───────────────────────────────────────────────────────────────────────────────────────


def _move_run(run: Run, after: RunState, turn: Turn, reason: str | None = None) -> None:
    before, run.state = run.state, after
    turn.batch.run_moves.append(RunMove(run.id, before, after, turn.now, reason))


def _enter_running(world: World, run: Run, turn: Turn) -> None:
    dag = world.dag(run.dag_id)
    dag.waiting_runs.remove(run.id)
    world.count_running(run, 1)
    run.started_at = turn.now
    _move_run(run, RunState.RUNNING, turn)
    world.limit_time(run)


def _end_run(world: World, run: Run, turn: Turn) -> None:
    """Every task is settled: the leaves say how it went."""
    bad = [n for n in run.plan.leaves if run.nodes[n].state in _BAD]
    reason = run.reason
    if reason is None and bad:
        counted = (n for n in run.failed if not run.plan.tasks[n].is_teardown or run.plan.tasks[n].fails_run)
        first = next((n for n in counted if run.nodes[n].state is TaskState.FAILED), bad[0])
        reason = f"{run.plan.tasks[first].task_id} failed"
    good = not bad and run.reason is None
    _move_run(run, RunState.SUCCESS if good else RunState.FAILED, turn, reason)
    calls.after_run(world, run, "success" if good else "failure", reason, turn)
    if good:
        deadlines.run_succeeded(world, run, turn)
    world.remove(run)
    past.note_ended(world.dag(run.dag_id), run)
    turn.finished_runs.append(run)
    _tell_later_runs(world, run, turn)
