"""depends_on_past: what a task waits for in the run of its DAG that comes before its own, by logical date.

Owns the choice of that run and the judgement of it. An unfinished one is looked at where it is, of an ended one its
states are kept; `engine.looking_back` reads them. A run without a date, the first one, and one that a person tries by
`venturi run` wait for nothing of the kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import takewhile

from .spec import DagSpec, TaskSpec
from .states import FINAL, RunState, TaskState
from .world import Dag, Run

_GOOD = (TaskState.SUCCESS, TaskState.SKIPPED, TaskState.REMOVED)
MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class Before:
    """A run that has ended, as far as a later one looks at it."""

    run_id: str
    run_type: str
    date: float
    states: dict[str, TaskState]  # of tasks and whole groups, by id


def failed_in_a_row(ended: list[tuple[float | None, int, str]]) -> int:
    """How many runs, given as (date, id, state), have failed since the newest that has not."""
    newest_first = sorted(ended, key=lambda one: (one[0] is not None, one[0] or 0.0, one[1]), reverse=True)
    return sum(1 for _ in takewhile(lambda one: one[2] == RunState.FAILED.value, newest_first))


def looks_back(run: Run) -> bool:
    tried = run.ignores_pause and run.backfill is None
    return bool(run.plan.past) and run.logical_date is not None and not tried


def only_scheduled(spec: DagSpec) -> bool:
    """A DAG that catches up goes by its schedule: what people start in between is no past of it."""
    return spec.catchup


def holds(run: Run, number: int) -> str | None:
    """Why this task may not start yet although its upstreams are done; None if it may."""
    if number not in run.plan.past or not looks_back(run):
        return None
    before = _before(run)
    if before is None:
        return None
    task = run.plan.tasks[number]
    states = _states(before)
    if task.task_id not in states:
        return None  # it was not there yet, so this is its first run
    mine = states[task.task_id]
    if mine not in _GOOD:
        return f"depends_on_past: {_said(task, mine)} in the run before, {before.run_id}"
    if task.wait_for_downstream:
        for down in run.plan.downstream[number]:
            below = run.plan.tasks[down]
            if below.task_id in states and states[below.task_id] not in _GOOD:
                said = _said(below, states[below.task_id])
                return f"wait_for_downstream: {said} in the run before, {before.run_id}"
    return None


def _said(task: TaskSpec, state: TaskState) -> str:
    if state is TaskState.FAILED:
        return f"{task.task_id} has failed"
    if state in FINAL:
        return f"{task.task_id} is {state.value}"
    return f"{task.task_id} is not done"


def hold(run: Run, number: int) -> bool:
    """Whether the task is kept back; it is then looked at again whenever something of an earlier run has settled."""
    if not run.plan.past or run.dag is None:
        return False
    if holds(run, number) is None:
        run.dag.held.pop((run.id, number), None)
        return False
    run.dag.held[run.id, number] = None
    return True


def held(dag: Dag, settled: Run) -> list[tuple[Run, int]]:
    """What may go on now that something of this run has settled."""
    found = []
    for run_id, number in list(dag.held):
        run = dag.runs.get(run_id)
        node = None if run is None else run.nodes[number]
        if run is None or node is None or (node.state is not TaskState.NONE and node.indexed is None):
            del dag.held[run_id, number]
        elif run is not settled:
            found.append((run, number))
    return found


def note_ended(dag: Dag, ended: Run) -> None:
    """A run is over: later ones that look back keep its states."""
    for run in dag.runs.values():
        if looks_back(run):
            keep_run(run, ended)


def keep_run(run: Run, ended: Run) -> None:
    if ended.logical_date is not None:
        keep(run, Before(ended.run_id, ended.run_type, ended.logical_date, _states(ended)))


def keep(run: Run, ended: Before) -> None:
    """This one has ended: the run looks back at it, unless it knows of a later one or does not go by it."""
    assert run.logical_date is not None
    known = float("-inf") if run.before is None else run.before.date
    if known <= ended.date < run.logical_date and _counts(run, ended.run_type):
        run.before = ended


def rewatch(run: Run) -> None:
    """After a restart: what has not been decided may be held."""
    if looks_back(run) and run.dag is not None and run.state is RunState.RUNNING:
        for number in run.plan.past:
            if run.nodes[number].state not in FINAL:
                run.dag.held[run.id, number] = None


def _before(run: Run) -> Run | Before | None:
    """Of the unfinished and the ended ones the last before this run."""
    assert run.dag is not None
    assert run.logical_date is not None
    found: Run | Before | None = run.before
    date = run.before.date if run.before is not None else float("-inf")
    for other in run.dag.runs.values():
        then = other.logical_date
        if then is None or not date <= then < run.logical_date or not _counts(run, other.run_type):
            continue
        if other.state is RunState.QUEUED and other.id > run.id:
            continue  # made after this one, it may be waiting for this one's end
        found, date = other, then
    return found


def _counts(run: Run, run_type: str) -> bool:
    return run_type != MANUAL or not only_scheduled(run.plan.spec)


def _states(before: Run | Before) -> dict[str, TaskState]:
    if isinstance(before, Before):
        return before.states
    return {task.task_id: node.state for task, node in zip(before.plan.tasks, before.nodes, strict=True)}
