"""Task and run states and the table of legal moves between them.

Owns the vocabulary of states. Decides nothing: which move happens is `step`'s business.
"""

from __future__ import annotations

from enum import Enum

from .errors import IllegalMove


class TaskState(str, Enum):
    NONE = "none"  # nothing has happened yet
    SCHEDULED = "scheduled"  # ready, waits for admission
    QUEUED = "queued"  # admitted, waits at an executor that has no place yet
    STARTING = "starting"  # a token is committed; the crew may fork
    RUNNING = "running"  # the attempt has begun
    SUCCESS = "success"
    FAILED = "failed"
    SKIPPED = "skipped"
    UP_FOR_RETRY = "up_for_retry"
    UP_FOR_RESCHEDULE = "up_for_reschedule"
    DEFERRED = "deferred"
    UPSTREAM_FAILED = "upstream_failed"
    REMOVED = "removed"


class RunState(str, Enum):
    QUEUED = "queued"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"


class Outcome(str, Enum):
    """How one attempt ended; what becomes of its task is decided from it."""

    SUCCESS = "success"
    FAILED = "failed"  # the author's error: takes one of the task's retries
    FAIL_NOW = "fail_now"  # the author's error, and no retry may follow
    SKIPPED = "skipped"
    RESCHEDULE = "reschedule"  # a sensor asks to be called again later
    DEFERRED = "deferred"  # it waits for a trigger, without a process
    LOST = "lost"  # crew or host gone, or dead before user code: takes the infrastructure budget
    NEVER_RAN = "never_ran"  # handed out, never forked: costs nothing
    CANCELLED = "cancelled"  # ended on a person's word


class CallState(str, Enum):
    """Of a callback's child. It is started once; what is not known to have ended well is not tried again."""

    DUE = "due"
    STARTING = "starting"  # a token is committed; the crew may fork
    DONE = "done"


class BackfillState(str, Enum):
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"  # each of its dates has been dealt with, and none of its runs is unfinished
    CANCELLED = "cancelled"


class DeadlineState(str, Enum):
    """Of a deadline or an SLA of one run."""

    DUE = "due"  # its moment is to come
    MET = "met"
    MISSED = "missed"
    UNKNOWN = "unknown"  # nobody can say when it is due


FINAL = frozenset(
    {
        TaskState.SUCCESS,
        TaskState.FAILED,
        TaskState.SKIPPED,
        TaskState.UPSTREAM_FAILED,
        TaskState.REMOVED,
    }
)
LIVE = frozenset({TaskState.STARTING, TaskState.RUNNING})
RUN_FINAL = frozenset({RunState.SUCCESS, RunState.FAILED})

_S = TaskState
_ENDS = {_S.SUCCESS, _S.FAILED, _S.SKIPPED, _S.UP_FOR_RETRY, _S.UP_FOR_RESCHEDULE, _S.DEFERRED, _S.SCHEDULED}

TASK_MOVES: dict[TaskState, frozenset[TaskState]] = {
    _S.NONE: frozenset({_S.SCHEDULED, _S.SKIPPED, _S.UPSTREAM_FAILED, _S.FAILED, _S.REMOVED}),
    _S.SCHEDULED: frozenset({_S.QUEUED, _S.STARTING, _S.SUCCESS, _S.SKIPPED, _S.FAILED, _S.REMOVED}),
    _S.QUEUED: frozenset({_S.STARTING, _S.SCHEDULED, _S.SKIPPED, _S.FAILED, _S.REMOVED}),
    _S.STARTING: frozenset({_S.RUNNING} | _ENDS),
    _S.RUNNING: frozenset(_ENDS),
    _S.UP_FOR_RETRY: frozenset({_S.SCHEDULED, _S.SKIPPED, _S.FAILED, _S.REMOVED}),
    _S.UP_FOR_RESCHEDULE: frozenset({_S.SCHEDULED, _S.SKIPPED, _S.FAILED, _S.REMOVED}),
    _S.DEFERRED: frozenset({_S.SCHEDULED, _S.SUCCESS, _S.SKIPPED, _S.FAILED, _S.REMOVED}),
    # Final states are left by a person's command alone (BY_PERSON), never by an event.
    _S.SUCCESS: frozenset(),
    _S.FAILED: frozenset(),
    _S.SKIPPED: frozenset(),
    _S.UPSTREAM_FAILED: frozenset(),
    _S.REMOVED: frozenset(),
}

RUN_MOVES: dict[RunState, frozenset[RunState]] = {
    RunState.QUEUED: frozenset({RunState.RUNNING, RunState.FAILED}),
    # To itself: it has been cancelled, and the reason is kept while its last attempts are being ended.
    RunState.RUNNING: frozenset({RunState.RUNNING, RunState.SUCCESS, RunState.FAILED}),
    RunState.SUCCESS: frozenset(),
    RunState.FAILED: frozenset(),
}


# What a person may do beside: take anything back, and say how something has ended. What is at work is ended first.
_SAID = {_S.SUCCESS, _S.FAILED, _S.SKIPPED}
BY_PERSON: dict[TaskState, frozenset[TaskState]] = {
    state: frozenset({_S.NONE} if state in LIVE else ({_S.NONE} | _SAID) - {state}) for state in TaskState
}
RUN_BY_PERSON: dict[RunState, frozenset[RunState]] = {
    RunState.QUEUED: frozenset(),
    RunState.RUNNING: frozenset(),
    RunState.SUCCESS: frozenset({RunState.QUEUED, RunState.FAILED}),
    RunState.FAILED: frozenset({RunState.QUEUED}),
}


CALL_MOVES: dict[CallState, frozenset[CallState]] = {
    CallState.DUE: frozenset({CallState.STARTING}),
    CallState.STARTING: frozenset({CallState.DUE, CallState.DONE}),  # due again: it was never forked
    CallState.DONE: frozenset(),
}

_B = BackfillState

BACKFILL_MOVES: dict[BackfillState, frozenset[BackfillState]] = {
    # To itself: some more of its dates have been dealt with.
    _B.RUNNING: frozenset({_B.RUNNING, _B.PAUSED, _B.DONE, _B.CANCELLED}),
    _B.PAUSED: frozenset({_B.PAUSED, _B.RUNNING, _B.CANCELLED}),
    _B.DONE: frozenset(),
    _B.CANCELLED: frozenset(),
}


DEADLINE_MOVES: dict[DeadlineState, frozenset[DeadlineState]] = {
    DeadlineState.DUE: frozenset({DeadlineState.MET, DeadlineState.MISSED}),
    # A run that begins anew makes new ones; a move never does.
    DeadlineState.MET: frozenset(),
    DeadlineState.MISSED: frozenset(),
    DeadlineState.UNKNOWN: frozenset(),
}


def check_task_move(what: str, before: TaskState, after: TaskState, by_person: bool = False) -> None:
    if after not in TASK_MOVES[before] and not (by_person and after in BY_PERSON[before]):
        raise IllegalMove(what=what, before=before.value, after=after.value)


def check_run_move(what: str, before: RunState, after: RunState, by_person: bool = False) -> None:
    if after not in RUN_MOVES[before] and not (by_person and after in RUN_BY_PERSON[before]):
        raise IllegalMove(what=what, before=before.value, after=after.value)


def check_call_move(what: str, before: CallState, after: CallState) -> None:
    if after not in CALL_MOVES[before]:
        raise IllegalMove(what=what, before=before.value, after=after.value)


def check_backfill_move(what: str, before: BackfillState, after: BackfillState) -> None:
    if after not in BACKFILL_MOVES[before]:
        raise IllegalMove(what=what, before=before.value, after=after.value)


def check_deadline_move(what: str, before: DeadlineState, after: DeadlineState) -> None:
    if after not in DEADLINE_MOVES[before]:
        raise IllegalMove(what=what, before=before.value, after=after.value)
