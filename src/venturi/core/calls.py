"""Callbacks and mails: which ends make one due, when its child starts, what its end means.

Owns the life of a call: due, starting, done. It is started once: a child that was never forked is due again; one that
has begun is never begun a second time, whatever became of it. It takes no slot from tasks; a few run beside them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .moves import CallMove, NewCall
from .spec import TaskSpec
from .states import CallState, Outcome, TaskState
from .world import WHOLE, Call, Cell, Run, World

if TYPE_CHECKING:
    from .step import End, Turn

AT_ONCE_MAX = 4

KINDS = {TaskState.SUCCESS: "success", TaskState.FAILED: "failure", TaskState.SKIPPED: "skipped"}


def after_attempt(
    world: World, run: Run, task: TaskSpec, map_index: int, cell: Cell, kind: str, end: End, turn: Turn
) -> None:
    """An attempt has ended so; what never ran, ended in no way that its author is told."""
    if kind not in task.calls or end.outcome is Outcome.NEVER_RAN:
        return
    call = Call(world.next_call_id, run, task.task_id, map_index, kind, cell.try_number)
    call.of_token = cell.token
    call.detail = {"reason": cell.reason, "error": end.error, "started_at": cell.started_at, "ended_at": end.at}
    _is_due(world, call, turn)


def after_run(world: World, run: Run, kind: str, reason: str | None, turn: Turn) -> None:
    """A run has ended so. Its callbacks are shown one task of it: the first that failed, else the last."""
    if kind not in run.plan.spec.calls or not run.plan.leaves:
        return
    shown = run.plan.tasks[run.failed[0] if run.failed else run.plan.leaves[-1]].task_id
    call = Call(world.next_call_id, run, "", WHOLE, kind, 1)
    call.detail = {"reason": reason, "task_id": shown, "started_at": run.started_at, "ended_at": turn.now}
    _is_due(world, call, turn)


def after_deadline(world: World, run: Run, kind: str, told: dict[str, Any], turn: Turn) -> int:
    """What was to be there in time is not; the number of the call by which its author is told. The run may be over."""
    if not run.plan.tasks:
        shown = ""
    else:
        leaves = run.plan.leaves
        shown = run.plan.tasks[run.failed[0] if run.failed else leaves[-1] if leaves else 0].task_id
    call = Call(world.next_call_id, run, "", WHOLE, kind, 1)
    call.detail = {"task_id": shown, "started_at": run.started_at, "state": run.state.value, **told}
    _is_due(world, call, turn)
    return call.id


def _is_due(world: World, call: Call, turn: Turn) -> None:
    world.next_call_id += 1
    world.calls_due.append(call)
    turn.batch.new_calls.append(
        NewCall(
            id=call.id,
            run=call.run.id,
            task_id=call.task_id,
            map_index=call.map_index,
            kind=call.kind,
            try_number=call.try_number,
            of_token=call.of_token,
            at=turn.now,
            detail=call.detail,
        )
    )


def hand_out(world: World, turn: Turn, next_token: Callable[[], int]) -> list[Call]:
    """Those that start in this turn, oldest first."""
    started: list[Call] = []
    while world.calls_due and len(world.calls) < AT_ONCE_MAX:
        call = world.calls_due.popleft()
        _move(call, CallState.STARTING, turn, token=next_token())
        world.calls[call.token] = call
        started.append(call)
    return started


def ended(world: World, call: Call, outcome: Outcome, reason: str | None, turn: Turn) -> None:
    del world.calls[call.token]
    if outcome is Outcome.NEVER_RAN:
        _move(call, CallState.DUE, turn)
        world.calls_due.append(call)
    else:
        _move(call, CallState.DONE, turn, outcome=outcome.value, reason=reason)


def restore(world: World, call: Call, state: CallState, token: int, of_token: int, detail: dict[str, Any]) -> None:
    """A call read from the database."""
    call.state, call.token, call.of_token, call.detail = state, token, of_token, detail
    if state is CallState.STARTING:
        world.calls[token] = call
    else:
        world.calls_due.append(call)


def _move(
    call: Call, after: CallState, turn: Turn, token: int = 0, outcome: str | None = None, reason: str | None = None
) -> None:
    before, token_before = call.state, call.token
    call.state = after
    call.token = token or call.token
    turn.batch.call_moves.append(CallMove(call.id, before, after, token_before, call.token, turn.now, outcome, reason))
