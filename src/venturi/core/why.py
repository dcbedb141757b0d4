"""Why something is not running: one exact sentence for any state, and what will change it and when.

Owns the words for what waits, of runs and task instances that are not over; `why_ended` has those for what is. Pure:
it looks at the world and at what the store has told. A new way of waiting gets its sentence here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, Protocol

from . import admission, past, starting
from .deadlocks import stuck_holders
from .moves import Intervention
from .plan import Kind
from .resources import KINDS, amount, said
from .spec import TaskSpec
from .states import FINAL, TaskState
from .step import tries_before
from .world import WHOLE, Cell, Lane, Run, World

NAMED_MAX = 3


@dataclass(frozen=True, slots=True)
class Why:
    """The answer; `code` is for programs, `until` is when it changes by itself at the latest."""

    sentence: str
    code: str
    until: float | None = None


class Row(Protocol):
    """A task instance as the store holds it."""

    @property
    def task_id(self) -> str: ...
    @property
    def map_index(self) -> int: ...
    @property
    def state(self) -> str: ...
    @property
    def try_number(self) -> int: ...
    @property
    def started_at(self) -> float | None: ...
    @property
    def ended_at(self) -> float | None: ...
    @property
    def at(self) -> float: ...
    @property
    def reason(self) -> str | None: ...


class Attempt(Protocol):
    """One that has ended."""

    @property
    def outcome(self) -> str: ...
    @property
    def try_number(self) -> int: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def signal(self) -> int | None: ...
    @property
    def peak_mb(self) -> float | None: ...
    @property
    def detail(self) -> dict[str, Any] | None: ...


@dataclass(slots=True)
class Facts:
    """What the store knows of a run, and of the instance that is asked about."""

    now: float
    rows: Mapping[tuple[str, int], Row] = field(default_factory=dict)
    attempts: Sequence[Attempt] = ()  # oldest first
    deferred_at: float | None = None


# ── a run ────────────────────────────────────────────────────────────────────────────────────────────────


def of_run(world: World, run: Run, facts: Facts) -> Why:
    """Of one that is not over."""
    waits = _of_queued(world, run)
    if waits is not None and run.word is not None:
        return Why(f"It was {_said_by(run.word)}. {waits.sentence}", *_rest(waits))
    if waits is not None:
        return waits
    halt = run.reason or run.stopping
    states = [node.state for node in run.nodes]
    done = sum(state in FINAL for state in states)
    counts = f"{done} of {len(states)} tasks are done"
    at_work = sorted({known[0].plan.tasks[known[1]].task_id for known in world.by_token.values() if known[0] is run})
    if halt is not None:
        ending = f"its attempts of {some(at_work)} to end" if at_work else "its teardowns"
        return Why(f"It is being ended ({halt}): waits for {ending}.", "ending")
    if at_work:
        return Why(f"It runs: {counts}, at work: {some(at_work)}.", "running", _limit_of(run))
    first = next((n for n, state in enumerate(states) if state not in FINAL and state is not TaskState.NONE), None)
    first = first if first is not None else next(n for n, state in enumerate(states) if state not in FINAL)
    inner = of_instance(world, run, first, WHOLE, facts)
    return Why(f"Nothing of it runs, {counts}. {run.plan.tasks[first].task_id}: {inner.sentence}", *_rest(inner))


def _rest(why: Why) -> tuple[str, float | None]:
    return why.code, why.until


def _limit_of(run: Run) -> float | None:
    limit_s = run.plan.spec.run_timeout_s
    return None if limit_s is None or run.started_at is None else run.started_at + limit_s


def _of_queued(world: World, run: Run) -> Why | None:
    if run.id not in world.dag(run.dag_id).waiting_runs:
        return None
    dag = world.dag(run.dag_id)
    waits_for = admission.run_waits_for(dag, run)
    if waits_for == "paused":
        return Why(f"The run waits: DAG {run.dag_id} is paused. {unpause(run.dag_id)}", "paused")
    if waits_for == "runs":
        others = [other.run_id for other in dag.runs.values() if other.id not in dag.waiting_runs]
        ahead = dag.waiting_runs.index(run.id)
        before = f"; {ahead} more {_be(ahead)} before it" if ahead else ""
        have = f"DAG {run.dag_id} already has {dag.running} of {dag.max_active_runs} active runs (max_active_runs)"
        return Why(f"The run waits: {have}: {some(others)}{before}.", "max_active_runs")
    if run.bound is not None and waits_for == "backfill_paused":
        advice = f"Go on with it: venturi backfill resume {run.backfill}"
        return Why(f"The run waits: its backfill {run.backfill} is paused. {advice}", "backfill_paused")
    if run.bound is not None and waits_for == "backfill":
        mine = [other for other in dag.runs.values() if other.bound is run.bound and other.id not in dag.waiting_runs]
        have = f"backfill {run.backfill} already has {run.bound.running} of {run.bound.most} active runs"
        return Why(f"The run waits: {have}: {some(other.run_id for other in mine)}.", "backfill")
    return Why("The run begins in the next turn.", "next_turn")


# ── an instance ──────────────────────────────────────────────────────────────────────────────────────────


def of_instance(world: World, run: Run, number: int, map_index: int = WHOLE, facts: Facts | None = None) -> Why:
    """Of one that is not over, in a run that is not."""
    halt = run.reason or run.stopping
    found = _of_queued(world, run) or _of_instance(world, run, number, map_index, facts or Facts(run.queued_at))
    if halt is not None and run.plan.tasks[number].is_teardown and run.nodes[number].state not in FINAL:
        return Why(f"The run ends ({halt}), but for its teardowns. {found.sentence}", *_rest(found))
    return found


def _of_instance(world: World, run: Run, number: int, map_index: int, facts: Facts) -> Why:
    node = run.nodes[number]
    cell = node.cell if map_index == WHOLE else node.live.get(map_index) or node.again.get(map_index)
    if map_index == WHOLE and node.n:
        return _of_group(world, run, number, facts)
    if cell is not None and cell.word is not None:
        return _of_changed(world, run, number, map_index, cell, cell.word, facts)
    return _of_unchanged(world, run, number, map_index, cell, facts)


def _of_changed(
    world: World, run: Run, number: int, map_index: int, cell: Cell, word: Intervention, facts: Facts
) -> Why:
    """Of one that somebody has cleared or marked."""
    if word.becomes is TaskState.NONE:
        return Why(f"It was {_said_by(word)}: its attempt is being ended, and then it runs again.", "cleared")
    if word.becomes is not None:
        return Why(f"It was {_said_by(word)}: its attempt is being ended, and then it is so.", "marked")
    found = _of_unchanged(world, run, number, map_index, cell, facts)
    if cell.state not in (TaskState.NONE, TaskState.SCHEDULED):
        return found
    return Why(f"It was {_said_by(word)}. {found.sentence}", *_rest(found))


def _said_by(word: Intervention) -> str:
    return f"{word.words} at {at(word.at)}"


def _of_unchanged(world: World, run: Run, number: int, map_index: int, cell: Cell | None, facts: Facts) -> Why:
    node = run.nodes[number]
    state = cell.state if cell is not None else node.state
    if cell is not None and state not in (TaskState.NONE, TaskState.SCHEDULED):
        return _of_begun(world, run, number, cell, facts)
    held = past.holds(run, number) if (run.id, number) in world.dag(run.dag_id).held else None
    if node.indexed is not None and map_index != WHOLE and not node.indexed.decided[map_index]:
        also = f", and for its past. {held}." if held else "."
        return Why(f"Waits for what comes before it in its group{also}", "past" if held else "upstream")
    if state is TaskState.NONE:
        return _of_untouched(run, number, held)
    lane = Lane(run, run.plan.tasks[number].pool, run.plan.needs.get(number))
    lane.push(run.plan.tasks[number].priority_weight, number, map_index)
    return _of_ready(world, lane)


def _of_group(world: World, run: Run, number: int, facts: Facts) -> Why:
    node = run.nodes[number]
    counts = {state.value: n for state, n in node.counts.items() if n}
    for cell in node.live.values():
        counts[cell.state.value] = counts.get(cell.state.value, 0) + 1
    untouched = node.n - sum(counts.values())
    if untouched > 0:
        counts["not started"] = untouched
    told = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in sorted(counts.items()))
    waiting = next((i for i, cell in node.live.items() if cell.token not in world.by_token), None)
    if waiting is None and untouched and node.indexed is None:
        waiting = node.touched
    if waiting is None:
        return Why(f"Of its {node.n} instances: {told}.", "group")
    inner = _of_instance(world, run, number, waiting, facts)
    return Why(f"Of its {node.n} instances: {told}. [{waiting}]: {inner.sentence}", *_rest(inner))


def _of_begun(world: World, run: Run, number: int, cell: Cell, facts: Facts) -> Why:
    task, now = run.plan.tasks[number], facts.now
    most = task.retries + 1 + tries_before(cell)
    tries = f"try {cell.try_number} of {most}" if task.retries else f"try {cell.try_number}"
    due = f"{within(cell.wake_at, now)} ({at(cell.wake_at)})" if cell.wake_at is not None else ""
    if cell.state is TaskState.STARTING:
        until = starting.given_up_at(world, cell.token)
        limit = (
            f" If it has not begun {within(until, now)} ({at(until)}), it is tried again." if until is not None else ""
        )
        return Why(f"It is starting ({tries}): its process is being made.{limit}", "starting", until)
    if cell.state is TaskState.RUNNING:
        since = f" since {at(cell.started_at)}" if cell.started_at else ""
        has = f", on GPU {', '.join(cell.devices)}" if cell.devices else ""
        limit_s, until = task.time_limit_s, None
        if limit_s is not None and cell.started_at is not None:
            until = cell.started_at + limit_s
            has += f"; its time limit of {limit_s:g} s ends {within(until, now)}"
        return Why(f"It is running{since} ({tries}){has}.", "running", until)
    if cell.state is TaskState.UP_FOR_RETRY:
        reason = (cell.reason or "failed").rpartition("; try ")[0] or cell.reason or "failed"
        more = f"{cell.try_number + 1} of {most}"
        return Why(f"Failed: {closed(reason)} Try {more} begins {due}.", "up_for_retry", cell.wake_at)
    if cell.state is TaskState.UP_FOR_RESCHEDULE:
        return Why(f"What it waits for is not there yet; it looks again {due}.", "up_for_reschedule", cell.wake_at)
    if cell.state is TaskState.DEFERRED:
        since = f" since {at(facts.deferred_at)}" if facts.deferred_at else ""
        limit = f"; it waits no longer than until {at(cell.wake_at)}" if cell.wake_at is not None else ""
        return Why(f"{_capital(cell.reason or 'deferred')}{since}{limit}.", "deferred", cell.wake_at)
    return Why(f"It is {cell.state.value}: {closed(cell.reason or 'no reason is kept')}", cell.state.value)


def _of_untouched(run: Run, number: int, held: str | None) -> Why:
    task, plan = run.plan.tasks[number], run.plan
    waiting = [up for up in task.upstream if run.nodes[plan.index[up]].state not in FINAL]
    if waiting:
        done = f"({len(task.upstream) - len(waiting)} of {len(task.upstream)} done)"
        name, state = _in_the_end(run, waiting[0])
        if name != waiting[0]:
            return Why(f"Waits for {some(waiting)} {done}, in the end for {name}, which {state}.", "upstream")
        if len(waiting) == 1:
            return Why(f"Waits for {name}, which {state} {done}.", "upstream")
        return Why(f"Waits for {some(waiting)} {done}; {name} {state}.", "upstream")
    if held is not None:
        return Why(f"Waits for its past. {held}.", "past")
    beside = _open_beside(run, number)
    if beside:
        return Why(f"Waits for {some(beside)}.", "upstream")
    return Why("It is decided in the next turn.", "next_turn")


def _in_the_end(run: Run, first: str) -> tuple[str, str]:
    """Up from one of its upstreams that is not done, the first that has come further than waiting for others."""
    name = first
    for _ in run.nodes:
        node = run.nodes[run.plan.index[name]]
        if node.state is not TaskState.NONE:
            break
        ups = run.plan.tasks[run.plan.index[name]].upstream
        above = next((up for up in ups if run.nodes[run.plan.index[up]].state not in FINAL), None)
        if above is None:
            break
        name = above
    return name, _IN_WORDS.get(node.state, f"is {node.state.value}")


_IN_WORDS = {
    TaskState.NONE: "has not begun",
    TaskState.SCHEDULED: "waits for a place",
    TaskState.UP_FOR_RETRY: "has failed and is to be tried again",
    TaskState.UP_FOR_RESCHEDULE: "looks again later",
}


def _open_beside(run: Run, number: int) -> list[str]:
    """Setups it is in the scope of and, if it is a teardown, what lies in its own: all that no arrow says."""
    tells = run.plan.tells.items()
    ups = [up for up, told in tells if any(t.down == number and t.kind is not Kind.UPSTREAM for t in told)]
    return [run.plan.tasks[up].task_id for up in ups if run.nodes[up].state not in FINAL]


# ── what is ready, and has no place ──────────────────────────────────────────────────────────────────────


def _of_ready(world: World, lane: Lane) -> Why:
    run, number = lane.run, lane.entries[0][1]
    task, dag = run.plan.tasks[number], world.dag(run.dag_id)
    if lane.needs is not None and world.machine.beyond(lane.needs) is not None:
        return Why(f"It can never start here: {world.machine.refusal(lane.needs)}.", "never_fits")
    kept = world.kept
    if kept is not None and kept.lane.run is run and kept.lane.needs == lane.needs:
        kept = None  # for itself
    code = admission.lane_waits_for(world, lane, kept)
    if code is None:
        return Why("It is ready, and starts in the next turn.", "next_turn")
    if code == "pool":
        return _of_pool(world, lane, task.pool_slots)
    if code in KINDS:
        return _of_machine(world, lane, code)
    of_dag = f"DAG {run.dag_id} already runs {dag.live} of {dag.max_active_tasks} tasks at once (max_active_tasks)"
    of_run = f"this run already runs {run.live} of {dag.max_active_tasks} tasks at once (max_active_tasks)"
    in_dag, in_run = task.max_active_per_dag, task.max_active_per_run
    sentence = {
        "crew": "Waits for the crew of this machine, which does not answer; it is being started again.",
        "slots": f"Waits for a place: all {world.capacity.slots} slots of this machine are busy. "
        "It starts when a task ends and none comes before it.",
        "paused": f"Waits: DAG {run.dag_id} is paused. {unpause(run.dag_id)}",
        "dag_tasks": f"Waits: {of_dag}.",
        "run_tasks": f"Waits: {of_run}.",
        "task_in_dag": f"Waits: {task.task_id} already runs {_times(in_dag)}, its own limit (max_active_tis_per_dag).",
        "task_in_run": f"Waits: {task.task_id} already runs {_times(in_run)} in this run, its own limit "
        "(max_active_tis_per_dagrun).",
    }[code]
    return Why(sentence, code)


def _of_pool(world: World, lane: Lane, slots: int) -> Why:
    name, pool = lane.pool, world.pool(lane.pool)
    if not pool.defined:
        advice = f"Define it with: venturi pools set {name} SLOTS"
        only = f"the one slot of pool {name}, which nobody has defined"
        return Why(f"Waits for {only}; {_holders(world, name)}. {advice}", "undefined_pool")
    if slots > pool.slots:
        more = f"Give it more with: venturi pools set {name} {slots}"
        return Why(f"Needs {slots} slots of pool {name}, which has only {pool.slots} in all. {more}", "pool_too_small")
    stuck = [(run, number) for run, number, _, _ in stuck_holders(world) if run.plan.tasks[number].pool == name]
    if pool.slots - sum(run.plan.tasks[number].pool_slots for run, number in stuck) < slots:
        who = some([f"{run.dag_id}.{run.plan.tasks[number].task_id}" for run, number in stuck])
        advice = f"Give it more with: venturi pools set {name} {pool.slots + slots}"
        return Why(
            f"Deadlock: the slots of pool {name} are held by {who}, waiting for runs that need a slot of it. {advice}",
            "pool_deadlock",
        )
    free = max(0, pool.slots - pool.taken)
    need = f"{free} of {pool.slots} slots are free and {slots} {'is' if slots == 1 else 'are'} needed"
    return Why(f"Waits for pool {name}: {need}; {_holders(world, name)}.", "pool")


def _holders(world: World, pool: str) -> str:
    """Who has its slots."""
    include = world.pool(pool).include_deferred
    everybody = [*world.by_token.values(), *(world.deferred.values() if include else ())]
    names = [
        f"{run.dag_id}.{run.plan.tasks[number].task_id}"
        for run, number, *_ in everybody
        if run.plan.tasks[number].pool == pool
    ]
    return f"in it: {some(list(dict.fromkeys(names)))}" if names else "nothing is in it"


def _of_machine(world: World, lane: Lane, kind: str) -> Why:
    machine, needs = world.machine, lane.needs
    assert needs is not None
    needs = machine.bounded(needs)
    wanted, total, free = said(kind, amount(needs, kind)), machine.total(kind), machine.free(kind)
    have = f"{free or 0:,g} of {said(kind, total or 0)} {'is' if free == 1 else 'are'} free"
    if kind == "gpus" and needs.gpus < 1000:
        most = max((1000 - machine.on[device] for device in machine.devices), default=0)
        have = f"the most that is free on one is {max(0, most) / 1000:g}"
    holders = [
        f"{run.dag_id}.{run.plan.tasks[number].task_id} "
        + (f"(GPU {', '.join(cell.devices)})" if kind == "gpus" else f"({said(kind, amount(theirs, kind))})")
        for run, number, _, cell in world.by_token.values()
        if (theirs := run.plan.needs.get(number)) is not None and getattr(theirs, kind)
    ]
    who = f"; at work: {some(list(dict.fromkeys(holders)))}" if holders else ""
    kept = world.kept
    if kept is not None and (kept.lane.run is not lane.run or kept.lane.needs != lane.needs):
        number = kept.lane.entries[0][1] if kept.lane.entries else 0
        task = kept.lane.run.plan.tasks[number].task_id
        who += f"; what comes free is kept for {kept.lane.run.dag_id}.{task}, which has waited longer"
    return Why(f"Waits for {wanted}: {have}{who}.", kind)


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────


def some(names: Sequence[str] | Iterable[str]) -> str:
    names = list(names)
    rest = len(names) - NAMED_MAX
    return ", ".join(names[:NAMED_MAX]) + (f" and {rest} more" if rest > 0 else "")


def unpause(dag_id: str) -> str:
    return f"Unpause it with: venturi unpause {dag_id}"


def closed(text: str) -> str:
    """As a sentence of its own."""
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


def at(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%d %H:%M:%S UTC")


def within(until: float | None, now: float) -> str:
    left = 0.0 if until is None else until - now
    return f"in {lasting(left)}" if left > 0 else "now"


def lasting(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.3g} s" if seconds < 10 else f"{seconds:.0f} s"
    if seconds < 2 * 3600:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 2 * 86400 else f"{seconds / 86400:.0f} days"


def of_long_wait(world: World, task: TaskSpec, row: Row | None, now: float) -> list[str]:
    """Of what is ready and has had no place for longer than it may take to begin. It goes on waiting all the same."""
    limit_s = starting.limit_of(world, task)
    if row is None or row.state != TaskState.SCHEDULED.value or limit_s is None or now - row.at <= limit_s:
        return []
    return [f"It has waited since {at(row.at)}, which is longer than start_timeout_s ({limit_s:g} s)."]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def lowered(text: str) -> str:
    """As a part of another sentence."""
    return text[:1].lower() + text[1:] if text.split(" ")[0] in ("It", "Its", "The", "Nothing", "Waits") else text


def _times(n: int | None) -> str:
    return "once" if n == 1 else f"{n} times at once"


def _be(n: int) -> str:
    return "is" if n == 1 else "are"
