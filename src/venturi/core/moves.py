"""A change of state is a value, made here by one constructor per kind, and written in one guarded place (the store).

Owns the form of changes. Decides nothing (`step` does) and writes nothing (`store.commit` does).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .errors import IllegalMove
from .questions import Answered, Asked
from .states import (
    RUN_FINAL,
    BackfillState,
    CallState,
    DeadlineState,
    RunState,
    TaskState,
    check_backfill_move,
    check_call_move,
    check_deadline_move,
    check_run_move,
    check_task_move,
)

if TYPE_CHECKING:
    from .partitions import Came


@dataclass(slots=True)
class TaskMove:
    """One task instance goes from `before` to `after`. The store writes it only where state and token still match."""

    run: int
    task_id: str
    map_index: int  # −1 when not mapped
    before: TaskState
    after: TaskState
    token_before: int  # 0: no attempt yet
    token: int
    at: float
    try_number: int = 0  # of the newest attempt; 0 before the first
    lost: int = 0  # attempts lost to the infrastructure so far
    started_at: float | None = None
    ended_at: float | None = None
    wake_at: float | None = None  # up_for_retry and up_for_reschedule: when it is due again
    reason: str | None = None  # one sentence, for people
    has_row: bool = False  # it comes from `none`, and yet has a row: it was cleared
    by_person: bool = False  # a person's command, which may leave final states

    def __post_init__(self) -> None:
        check_task_move(f"{self.task_id}[{self.map_index}]", self.before, self.after, self.by_person)

    def followed_by(self, later: TaskMove) -> TaskMove:
        """Both in one: what the store writes when an instance moves twice in one commit."""
        joined = _copy(later)
        joined.before, joined.token_before, joined.has_row = self.before, self.token_before, self.has_row
        return joined


def _copy(move: TaskMove) -> TaskMove:
    """A copy that skips the check: two legal moves in one need not be one legal move."""
    made = TaskMove.__new__(TaskMove)
    for name in TaskMove.__slots__:
        setattr(made, name, getattr(move, name))
    return made


@dataclass(slots=True)
class RunMove:
    run: int
    before: RunState
    after: RunState
    at: float
    reason: str | None = None
    by_person: bool = False

    def __post_init__(self) -> None:
        check_run_move(f"run {self.run}", self.before, self.after, self.by_person)


@dataclass(slots=True)
class Deferral:
    """What a deferred instance waits for and how it goes on; its next deferral replaces it."""

    run: int
    task_id: str
    map_index: int
    token: int  # of the attempt that deferred; its event names it
    trigger: str  # the class, as module.name
    method: str  # by which the operator goes on
    data: str  # encoded: the arguments of the trigger and of the method
    at: float


@dataclass(slots=True)
class DeferralEvent:
    """The trigger has spoken, or its time is over. Written once, where this token still waits."""

    run: int
    task_id: str
    map_index: int
    token: int
    event: str  # JSON: kind, and payload or what went wrong


@dataclass(slots=True)
class DeferralEnd:
    """Nothing of this instance goes on by an event any more."""

    run: int
    task_id: str
    map_index: int
    waiting: int = 0  # token of the trigger that need not be watched any longer


@dataclass(slots=True)
class NewCall:
    """Callbacks and mails that an end has made due: one child runs them all."""

    run: int
    task_id: str  # empty: of the run itself
    map_index: int
    kind: str  # success, failure, retry, skipped; deadline, sla
    try_number: int
    of_token: int  # the attempt that ended so
    at: float
    detail: dict[str, Any]  # reason, error, started_at, ended_at; of what was missed: deadline, slas, blocking
    id: int = 0  # given by the engine


@dataclass(slots=True)
class CallMove:
    """The child of a due call starts, ends, or turns out never to have been."""

    id: int
    before: CallState
    after: CallState
    token_before: int
    token: int
    at: float
    outcome: str | None = None
    reason: str | None = None

    def __post_init__(self) -> None:
        check_call_move(f"call {self.id}", self.before, self.after)


@dataclass(slots=True)
class NewDeadline:
    """What a run is to have done by when; the same number again is in the place of the one before."""

    run: int
    n: int
    kind: str  # deadline, sla
    due_at: float | None  # None where it is unknown
    state: DeadlineState
    is_length: bool  # a length of time from its run's beginning, and no date
    detail: dict[str, Any]  # as the DAG file says it


@dataclass(slots=True)
class DeadlineMove:
    """It was met or missed. Written once: guarded by the state before."""

    run: int
    n: int
    before: DeadlineState
    after: DeadlineState
    at: float
    call: int | None = None  # by which somebody is told
    detail: dict[str, Any] | None = None  # None: as it was

    def __post_init__(self) -> None:
        check_deadline_move(f"deadline {self.n} of run {self.run}", self.before, self.after)


@dataclass(slots=True)
class Placement:
    """Which devices an attempt has: read again after a restart, so that none is given out twice."""

    run: int
    task_id: str
    map_index: int
    token: int
    devices: tuple[str, ...]


@dataclass(slots=True)
class PoolChange:
    """A pool is defined or changed; what is None stays as it is. Without slots it is removed."""

    name: str
    slots: int | None
    description: str | None = None
    include_deferred: bool | None = None


@dataclass(slots=True)
class GroupMove:
    """A mapped group as it now is: how many instances, how many of them touched, and its state as one node."""

    run: int
    task_id: str
    n: int
    touched: int  # instances 0 … touched−1 have rows
    state: TaskState
    at: float
    reason: str | None = None
    sizes: list[int] = field(default_factory=list)  # of the mapped arguments; n is their product


@dataclass(slots=True)
class NewRun:
    id: int
    dag_id: str
    run_id: str
    version: int
    state: RunState
    run_type: str  # manual, scheduled, backfill, asset_triggered
    queued_at: float
    logical_date: float | None = None
    interval_start: float | None = None
    interval_end: float | None = None
    conf: dict[str, Any] = field(default_factory=dict)
    idempotency_key: str | None = None
    ignores_pause: bool = False  # `venturi run FILE` starts even if the DAG is paused
    only: tuple[str, ...] = ()  # the tasks chosen; empty: all
    backfill: int | None = None
    started_by: str | None = None
    partition_key: str | None = None
    partition_date: float | None = None  # when that partition begins, where its key says so


@dataclass(slots=True)
class RunReset:
    """A run that is over begins anew, with nothing of what it has left but its attempts."""

    id: int
    dag_id: str
    run_id: str
    before: RunState
    version: int
    queued_at: float
    conf: dict[str, Any]
    idempotency_key: str | None

    def __post_init__(self) -> None:
        if self.before not in RUN_FINAL:
            raise IllegalMove(what=f"run {self.id}", before=self.before.value, after=RunState.QUEUED.value)


@dataclass(slots=True)
class RunReopening:
    """A run that is over goes on, as something of it was cleared or marked."""

    id: int
    before: RunState
    version: int
    queued_at: float
    conf: dict[str, Any]
    ignores_pause: bool
    backfill: int | None  # by which it is done again, or was made

    def __post_init__(self) -> None:
        check_run_move(f"run {self.id}", self.before, RunState.QUEUED, by_person=True)


@dataclass(slots=True)
class Intervention:
    """The newest that a person has done to a task instance or, by an empty task id, to its run."""

    run: int
    task_id: str
    map_index: int
    kind: str  # cleared, resumed, marked
    by: str
    at: float
    tries_before: int = 0  # tries that its retries are not counted from
    becomes: TaskState | None = None  # what it will be when the attempt that is being ended is over
    detail: dict[str, Any] | None = None  # of a run: the failures that it goes on in spite of

    @property
    def words(self) -> str:
        return f"{self.kind} by {self.by}"


@dataclass(slots=True)
class Note:
    """What a person has written on a run, or on a task instance of it; the next one replaces it."""

    run: int
    task_id: str
    map_index: int
    text: str
    by: str
    at: float


@dataclass(slots=True)
class ScheduleMove:
    """Where the timetable of a DAG stands now: written with the run that it has made, if it has made one."""

    dag_id: str
    next_at: float | None  # when the next run is due
    next_date: float | None
    last_date: float | None  # of the last run that it has made
    last_at: float | None
    last_start: float | None
    last_end: float | None
    detail: dict[str, Any] | None = None  # dates ahead of a timetable of the author's own, and what is wrong


@dataclass(slots=True)
class NewBackfill:
    id: int
    dag_id: str
    request: dict[str, Any]  # core.backfills.Request
    at: float
    total: int | None = None
    key: str | None = None


@dataclass(slots=True)
class BackfillMove:
    """A backfill has dealt with some of its dates, or is paused, goes on, is over: written with the runs it has made,
    where it stands as it stood."""

    id: int
    before: BackfillState
    after: BackfillState
    n_before: int
    n: int  # dates dealt with
    cursor: float | None  # the last of them
    at: float
    total: int | None = None  # None: as it was
    reason: str | None = None

    def __post_init__(self) -> None:
        check_backfill_move(f"backfill {self.id}", self.before, self.after)


@dataclass(slots=True)
class BackfillDate:
    """What has become of the n-th date of a backfill."""

    backfill: int
    n: int
    date: float
    run: int | None  # that it has made or done again, or for which it was left out
    what: str  # core.backfills.Verdict
    reason: str | None = None


@dataclass(slots=True)
class RunRemoval:
    """A run that is over goes, for good; what was its own follows in later commits, and then `RunForgotten`."""

    id: int
    dag_id: str
    run_id: str
    at: float


@dataclass(slots=True)
class RunForgotten:
    """Nothing is left of a run that was removed."""

    id: int


@dataclass(slots=True)
class Swept:
    """Old rows of one table go, by their keys."""

    table: str
    keys: list[tuple[Any, ...]]


@dataclass(slots=True)
class AttemptRow:
    """One try, written once, when it has ended."""

    token: int
    run: int
    task_id: str
    map_index: int
    try_number: int
    outcome: str
    started_at: float | None
    ended_at: float
    reason: str | None = None
    pid: int | None = None
    exit_code: int | None = None
    signal: int | None = None
    peak_mb: float | None = None
    log: str | None = None  # relative to the logs folder
    log_bytes: int = 0
    detail: dict[str, Any] | None = None  # error type, file, line, traceback …


@dataclass(slots=True)
class ValueRow:
    """A value under a key of a task instance: `data` is its encoding, or `ref` names a file in the value store."""

    run: int
    task_id: str
    map_index: int
    key: str
    token: int
    kind: str  # the Python type's name, for people
    length: int | None  # of lists, tuples and dicts: what mapping over it would give
    data: str | None
    ref: str | None = None
    bytes: int = 0


@dataclass(slots=True)
class AssetEventRow:
    """A task that has succeeded has made this asset, or added it to aliases; `n` counts those of one attempt."""

    token: int
    n: int
    at: float
    name: str
    uri: str
    extra: dict[str, Any]
    aliases: list[str]
    partition: str | None
    dag_id: str
    run_id: str
    task_id: str
    map_index: int


@dataclass(slots=True)
class AssetWait:
    """An event that a DAG is to be started by, with others, or later."""

    dag_id: str
    token: int
    n: int
    name: str
    uri: str
    at: float
    counts: bool  # for its condition; what comes while it is paused is only told to the run that others start


@dataclass(slots=True)
class AssetStart:
    """All that waits is this run's now."""

    dag_id: str
    run: int


@dataclass(slots=True)
class AssetForget:
    """The DAG does not wait for this asset any more."""

    dag_id: str
    name: str
    uri: str


@dataclass(slots=True)
class PartitionWait:
    """An event that a DAG is to be started by for a partition, once that is whole."""

    dag_id: str
    key: str
    rule: str
    came: Came


@dataclass(slots=True)
class PartitionStart:
    """All that waits for a partition is this run's now. Written once, where it still waits."""

    dag_id: str
    key: str
    run: int


@dataclass(slots=True)
class PartitionForget:
    """The DAG does not wait for this partition any more."""

    dag_id: str
    key: str


AssetStep = AssetWait | AssetStart | AssetForget | PartitionWait | PartitionStart | PartitionForget


@dataclass(slots=True)
class StateRow:
    """What tasks keep beside their values: of one instance over its tries, or of an asset over all runs."""

    scope: str
    key: str | None  # None with no data: all of the scope goes
    data: str | None  # JSON; None: it goes
    at: float
    expires_at: float | None = None


@dataclass(slots=True)
class Event:
    """One line of the append-only log. `data` of kind "moves" packs every move of one run in one turn:
    [[task_id, map_index, before, after, token, reason?] …]."""

    at: float
    kind: str
    dag_id: str | None = None
    run: int | None = None
    data: Any = None


@dataclass(slots=True)
class CommandDone:
    """A command that came over the socket: its row is written together with what it did and what was answered."""

    name: str
    payload: dict[str, Any]
    at: float
    answer: dict[str, Any]


@dataclass(slots=True)
class DagVersion:
    """A version of a DAG to be kept: a new row when its hash is new, and made the DAG's current one."""

    id: int
    dag_id: str
    hash: str
    spec: dict[str, Any]
    source: dict[str, Any]  # file, root, roots, python, modules {path: sha}, fork_safe, heavy, reads
    at: float
    paused: bool  # only for a DAG not seen before
    ad_hoc: bool = False


@dataclass(slots=True)
class Batch:
    """Everything one turn writes, in one transaction."""

    clock_set_by_s: float = 0.0  # lengths of time that are under way go on on the new clock
    new_runs: list[NewRun] = field(default_factory=list)
    run_resets: list[RunReset] = field(default_factory=list)
    reopenings: list[RunReopening] = field(default_factory=list)
    run_versions: list[tuple[int, int]] = field(default_factory=list)  # (run, version): it goes on with that one
    no_partition: list[int] = field(default_factory=list)  # runs that are for none any more
    rows_gone: list[tuple[int, str, int]] = field(default_factory=list)  # (run, task_id, map_index), before any move
    interventions: list[Intervention] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    schedules: list[ScheduleMove] = field(default_factory=list)
    new_backfills: list[NewBackfill] = field(default_factory=list)
    backfills: list[BackfillMove] = field(default_factory=list)
    backfill_dates: list[BackfillDate] = field(default_factory=list)
    run_moves: list[RunMove] = field(default_factory=list)
    task_moves: list[TaskMove] = field(default_factory=list)
    deferrals: list[Deferral] = field(default_factory=list)
    deferral_events: list[DeferralEvent] = field(default_factory=list)
    deferral_ends: list[DeferralEnd] = field(default_factory=list)
    questions: list[Asked] = field(default_factory=list)
    answers: list[Answered] = field(default_factory=list)
    new_calls: list[NewCall] = field(default_factory=list)
    call_moves: list[CallMove] = field(default_factory=list)
    new_deadlines: list[NewDeadline] = field(default_factory=list)
    deadline_moves: list[DeadlineMove] = field(default_factory=list)
    placements: list[Placement] = field(default_factory=list)
    group_moves: list[GroupMove] = field(default_factory=list)
    attempts: list[AttemptRow] = field(default_factory=list)
    values: list[ValueRow] = field(default_factory=list)
    asset_events: list[AssetEventRow] = field(default_factory=list)
    asset_steps: list[AssetStep] = field(default_factory=list)  # in their order
    states: list[StateRow] = field(default_factory=list)
    removals: list[RunRemoval] = field(default_factory=list)
    swept: list[Swept] = field(default_factory=list)
    forgotten: list[RunForgotten] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    versions: list[DagVersion] = field(default_factory=list)
    dag_flags: list[tuple[str, str, bool]] = field(default_factory=list)  # (dag_id, "paused"|"active"|"ad_hoc", to)
    import_errors: list[tuple[str, dict[str, Any] | None]] = field(
        default_factory=list
    )  # (file, error; None clears it)
    # (run, task_id, map_index, key), before what this turn writes; without an index or a key: all of them
    cleared_values: list[tuple[int, str, int | None, str | None]] = field(default_factory=list)
    commands_done: list[tuple[int, dict[str, Any]]] = field(default_factory=list)  # (id of a waiting one, answer)
    commands: list[CommandDone] = field(default_factory=list)
    pools: list[PoolChange] = field(default_factory=list)

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in self.__slots__)

    def only_task_moves(self) -> bool:
        return not any(getattr(self, name) for name in self.__slots__ if name != "task_moves")
