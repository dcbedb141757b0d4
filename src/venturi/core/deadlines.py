"""Deadlines of runs and SLAs of tasks: when each is due, whether it was met, and what is called once it was not.

Owns these decisions. What counts is success in time: a run that has failed by then has not come in time, as in
Airflow, and a task has its SLA when it has succeeded or was skipped. An SLA counts from the end of the data interval of
a scheduled run. A miss is a move and, where somebody is to be told, a call, in one commit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from . import calls
from .due import DEADLINE, SLA, Deadline
from .moves import DeadlineMove, Event, NewDeadline
from .spec import DagSpec
from .states import DeadlineState, TaskState
from .world import Run, World

if TYPE_CHECKING:
    from .step import Turn

SCHEDULED = "scheduled"
GOOD = frozenset({TaskState.SUCCESS, TaskState.SKIPPED})
_QUEUED_AT = "DagRunQueuedAtDeadline"


@dataclass(frozen=True, slots=True)
class Reads:
    """What is asked of the database as a run is made."""

    durations: Callable[[int], list[float]]  # of the last so many ended runs of its DAG, in seconds
    variable: Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class When:
    """Of one deadline: a moment, or why there is none."""

    at: float | None = None
    is_length: bool = False
    problem: str | None = None


def of_new_run(spec: DagSpec, run: Run, now: float, reads: Reads) -> list[NewDeadline]:
    """All that a run is to have done by when. An average over too few runs gives no deadline."""
    made: list[NewDeadline] = []
    for n, alert in enumerate(spec.deadlines):
        when = when_of(alert, run.queued_at, run.logical_date, now, reads)
        if when.at is not None or when.problem is not None:
            made.append(_new(run, n, DEADLINE, when, alert))
    if run.run_type == SCHEDULED and run.interval_end is not None:
        for n, sla_s in enumerate(lengths_of(spec), len(spec.deadlines)):
            made.append(_new(run, n, SLA, When(run.interval_end + sla_s), {"sla_s": sla_s}))
    return made


def of_run_again(run: Run, kept: Iterable[NewDeadline], now: float, reads: Reads) -> list[NewDeadline]:
    """A run that is over begins anew: what counts from its beginning does so too, if it was not missed. A date that
    was kept stays kept."""
    made = []
    for one in kept:
        if one.is_length and one.state is not DeadlineState.MISSED:
            when = when_of(one.detail, run.queued_at, run.logical_date, now, reads)
            if when.at is not None:
                made.append(_new(run, one.n, one.kind, when, one.detail))
    return made


def _new(run: Run, n: int, kind: str, when: When, detail: dict[str, Any]) -> NewDeadline:
    state = DeadlineState.DUE if when.at is not None else DeadlineState.UNKNOWN
    told = detail if when.problem is None else {**detail, "problem": when.problem}
    return NewDeadline(run.id, n, kind, when.at, state, when.is_length, told)


def lengths_of(spec: DagSpec) -> list[float]:
    """The SLAs that its tasks have: those of one length are due together."""
    return sorted({task.sla_s for task in spec.tasks if task.sla_s is not None})


def when_of(alert: Mapping[str, Any], queued_at: float, date: float | None, now: float, reads: Reads) -> When:
    """When a deadline as the DAG file says it is due."""
    interval, reference = alert.get("interval") or {}, alert.get("reference") or {}
    if "variable" in interval:
        key = str(interval["variable"])
        text = reads.variable(key)
        if text is None or not text.strip().lstrip("+-").isdigit():
            what = "is not there" if text is None else f"is no whole number of seconds: {text!r}"
            return When(problem=f"the variable {key!r}, which says how long it is, {what}")
        length_s = float(text)
    elif "every_s" in interval:
        length_s = float(interval["every_s"])
    else:
        return When(problem="its interval is no length of time")
    kind = str(reference.get("reference_type"))
    if kind == "DagRunLogicalDateDeadline":
        return When(problem="its run has no logical date") if date is None else When(date + length_s)
    if kind == _QUEUED_AT:
        return When(queued_at + length_s, True)
    if kind == "FixedDatetimeDeadline":
        return When(float(reference["datetime"]) + length_s)
    if kind == "AverageRuntimeDeadline":
        took = reads.durations(int(reference["max_runs"]))
        enough = len(took) >= int(reference.get("min_runs") or reference["max_runs"])
        return When(now + sum(took) / len(took) + length_s, True) if took and enough else When()
    return When(problem=f"its reference {kind} is a class of the author's own, which nothing evaluates")


def begin(world: World, made: Iterable[NewDeadline], turn: Turn) -> None:
    for one in made:
        turn.batch.new_deadlines.append(one)
        if one.due_at is not None:
            world.deadlines.add(Deadline(one.run, one.n, one.kind, one.due_at, one.is_length, one.detail))


# ── met ──────────────────────────────────────────────────────────────────────────────────────────────────


def run_succeeded(world: World, run: Run, turn: Turn) -> None:
    """Its last task has ended, which may be a moment before this turn: that is what counts."""
    ended_at = turn.now if turn.ended_at is None else min(turn.now, turn.ended_at)
    for one in world.deadlines.of_run(run.id):
        if ended_at <= one.due_at and (one.kind == DEADLINE or not _not_good(run, one)):
            world.deadlines.remove(one)
            turn.batch.deadline_moves.append(_move(one, DeadlineState.MET, turn))


def _not_good(run: Run, sla: Deadline) -> list[str]:
    tasks = zip(run.plan.tasks, run.nodes, strict=True)
    return [t.task_id for t, node in tasks if t.sla_s == sla.detail["sla_s"] and node.state not in GOOD]


def _move(one: Deadline, after: DeadlineState, turn: Turn, call: int | None = None, detail: Any = None) -> DeadlineMove:
    return DeadlineMove(one.run, one.n, DeadlineState.DUE, after, turn.now, call, detail)


# ── missed ───────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class States:
    """How far the tasks of a run are: whole mapped tasks under their own id."""

    now: Mapping[str, TaskState]
    ended_at: Mapping[str, float]  # of those that have ended, with the last of their instances
    open: list[tuple[str, int, str]] = field(default_factory=list)  # instances that have not succeeded


def late_tasks(run: Run, sla: Deadline, states: States) -> list[str]:
    """Which of its tasks had not succeeded, nor were skipped, at that moment."""
    late = []
    for task in run.plan.tasks:
        if task.sla_s == sla.detail["sla_s"]:
            state, ended_at = states.now.get(task.task_id), states.ended_at.get(task.task_id)
            if state not in GOOD or (ended_at is not None and ended_at > sla.due_at):
                late.append(task.task_id)
    return late


@dataclass(slots=True)
class Miss:
    run: Run
    deadline: Deadline
    late: list[str] = field(default_factory=list)  # tasks, of an SLA
    open: list[tuple[str, int, str]] = field(default_factory=list)


def missed(world: World, misses: Iterable[Miss], turn: Turn) -> None:
    """Each is told once; the SLAs of a DAG that are missed together in one call."""
    batches: dict[tuple[str, int], list[Miss]] = {}
    for miss in misses:
        one = miss.deadline
        world.deadlines.remove(one)
        if one.kind == SLA:
            if miss.late:
                batches.setdefault((miss.run.dag_id, miss.run.plan.version), []).append(miss)
            else:
                turn.batch.deadline_moves.append(_move(one, DeadlineState.MET, turn))
            continue
        told = {"deadline": {"n": one.n, "due_at": one.due_at, "alert": one.detail}}
        call = calls.after_deadline(world, miss.run, DEADLINE, told, turn)
        _tell(miss, call, None, turn)
    for together in batches.values():
        told_by = _call_of_slas(world, together, turn)
        for miss in together:
            _tell(miss, told_by, {**miss.deadline.detail, "tasks": miss.late}, turn)


def _call_of_slas(world: World, together: list[Miss], turn: Turn) -> int | None:
    """Of several runs the newest is the one whose context is shown."""
    spec = together[-1].run.plan.spec
    mails = {task.task_id for task in spec.tasks if SLA in task.calls}
    if SLA not in spec.calls and not any(mails.intersection(miss.late) for miss in together):
        return None
    told = {
        "slas": [
            {"task_id": task_id, "run_id": m.run.run_id, "logical_date": m.run.logical_date, "due_at": due_at}
            for m, due_at in ((m, m.deadline.due_at) for m in together)
            for task_id in m.late
        ],
        "blocking": [
            {"task_id": t, "map_index": i, "state": state, "run_id": m.run.run_id, "logical_date": m.run.logical_date}
            for m in {miss.run.id: miss for miss in together}.values()
            for t, i, state in m.open
        ],
    }
    newest = max((miss.run for miss in together), key=lambda run: run.id)
    return calls.after_deadline(world, newest, SLA, told, turn)


def _tell(miss: Miss, call: int | None, detail: dict[str, Any] | None, turn: Turn) -> None:
    one = miss.deadline
    turn.batch.deadline_moves.append(_move(one, DeadlineState.MISSED, turn, call, detail))
    told: dict[str, Any] = {"n": one.n, "kind": one.kind, "due_at": one.due_at}
    if miss.late:
        told["tasks"] = miss.late
    turn.batch.events.append(Event(turn.now, "deadline_missed", miss.run.dag_id, miss.run.id, told))


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────


def name_of(kind: str, detail: Mapping[str, Any]) -> str:
    if kind == SLA:
        tasks = ", ".join(detail.get("tasks") or ())
        return f"the SLA of {tasks}" if tasks else "its SLA"
    return f"its deadline {detail['name']!r}" if detail.get("name") else "its deadline"
