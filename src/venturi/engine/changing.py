"""What a person changes in runs that are there: cleared, resumed, marked; and how such a run is put together anew.

Owns the acting. What is touched is `core.clearing`'s choice, what follows from it `core`'s as always: the rows as they
will be are read back into the world as after a restart, so that nothing of before lingers. The turn is committed up to
here first (`Engine.settle`), and all of one word is one commit. An attempt at work is ended first: what its task is to
become is kept with the word, and done when the attempt is over, by whichever engine sees that.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..core import step
from ..core.clearing import Choice, Selection, Wish, failed_after, holds, split, to_clear, to_mark, to_resume
from ..core.errors import NotFound, NothingToChange, Refused, StoreError
from ..core.mapping import count
from ..core.moves import RunMove
from ..core.plan import Plan
from ..core.states import FINAL, RunState, TaskState
from ..core.step import Turn
from ..core.world import WHOLE, Run, why_stopped
from ..store import Reader
from ..store.rows import InstanceRow, Instances, RunRow
from . import recovery
from .rewriting import OVER, RunChange, put_back, untouched

if TYPE_CHECKING:
    from .turn import Engine
    from .versions import Versions

LARGE = 2000  # instances: to read such a run anew takes a moment
RUNS_MAX = 1000  # that one word may touch

Choose = Callable[[Plan, RunRow, Instances], Choice]


class TurnIsVoid(Exception):
    """What a turn has decided so far cannot be committed. No answer to anybody: whoever asks, asks again."""

    def __init__(self, error: StoreError) -> None:
        super().__init__(str(error))
        self.error = error


@dataclass(slots=True)
class Touched:
    """What a word touches of one run."""

    row: RunRow
    plan: Plan
    choice: Choice
    rows: list[InstanceRow] = field(default_factory=list)  # as they are
    marked: Selection = field(default_factory=dict)
    state: TaskState | None = None  # what is marked is to be

    def told(self) -> list[list[Any]]:
        """[task_id, map_index, state, what it becomes]; `none`: it is to be run again, if its rule says so."""
        again = set(self.choice.keys)
        state = TaskState.NONE if self.state is None else self.state
        return [
            [r.task_id, r.map_index, r.state, "none" if (r.task_id, r.map_index) in again else state.value]
            for r in self.rows
        ]


# ── clear and resume ─────────────────────────────────────────────────────────────────────────────────────


def clear(
    engine: Engine, turn: Turn, dag_id: str, run_id: str, wish: Wish, by: str, anew: dict[str, Any] | None = None
) -> dict[str, Any]:
    """What is chosen is run again; `anew` is what the run's own row is to say then. Raises a VenturiError, and nothing
    is changed, where that cannot be."""
    engine.settle(turn)
    touched = clearing(engine.reader, engine.versions, dag_id, run_id, wish)
    for one in touched:
        _check_free(engine, one.row, wish.current_code)
        one.row = one.row._replace(**(anew or {}))
    _do(engine, turn, touched, "cleared", by)
    return told(engine, dag_id, run_id, touched)


def resume(engine: Engine, turn: Turn, dag_id: str, run_id: str, by: str, current_code: bool = False) -> dict[str, Any]:
    """The run goes on from what has failed in it; what has succeeded stays."""
    engine.settle(turn)
    touched = resuming(engine.reader, engine.versions, dag_id, run_id, current_code)
    for one in touched:
        _check_free(engine, one.row, current_code)
    _do(engine, turn, touched, "resumed", by)
    return told(engine, dag_id, run_id, touched)


def _do(engine: Engine, turn: Turn, touched: list[Touched], kind: str, by: str) -> None:
    try:
        changes = [RunChange(engine, turn, one.row, one.plan, kind, by) for one in touched]
        for one, change in zip(touched, changes, strict=True):
            if one.state is not None:
                change.mark(one.marked, one.state)
                change.say("cleared")
            change.clear(one.choice)
            change.say(kind)
            change.close()
        for change in changes:
            change.put_back()
        for change in changes:  # only now, as what goes on in one run may be waited for in the next
            change.go_on()
    except StoreError as error:  # some of it is done, and must not be committed without the rest
        raise TurnIsVoid(error) from error


def clearing(reader: Reader, versions: Versions, dag_id: str, run_id: str, wish: Wish) -> list[Touched]:
    """What a clear would touch, without doing it."""
    row = find_run(reader, dag_id, run_id)

    def choose(plan: Plan, other: RunRow, kept: Instances) -> Choice:
        return to_clear(plan, kept.rows, wish, never_begun(plan, kept), strict=other.id == row.id)

    runs = [row, *_others(reader, row, wish)]
    return _touched(reader, versions, runs, choose, wish.current_code)


def resuming(reader: Reader, versions: Versions, dag_id: str, run_id: str, current_code: bool) -> list[Touched]:
    """What a resume would touch, without doing it."""
    row = find_run(reader, dag_id, run_id)
    if row.state == RunState.SUCCESS.value:
        raise Refused(reason=f"Run '{run_id}' has succeeded: there is nothing to resume.", advice="")

    def choose(plan: Plan, row: RunRow, kept: Instances) -> Choice:
        return to_resume(plan, kept.rows, _halts(row, plan, kept.rows), never_begun(plan, kept))

    return _touched(reader, versions, [row], choose, current_code)


# ── mark ─────────────────────────────────────────────────────────────────────────────────────────────────


def mark(engine: Engine, turn: Turn, dag_id: str, run_id: str, state: TaskState, wish: Wish, by: str) -> dict[str, Any]:
    """What is chosen is as if it had ended so. What had failed after it is decided anew, as Airflow does it."""
    engine.settle(turn)
    touched = marking(engine.reader, engine.versions, dag_id, run_id, state, wish)
    for one in touched:
        _check_free(engine, one.row)
    if not wish.tasks and state is TaskState.FAILED:
        _fail_runs(engine, turn, touched, by)
    else:
        _do(engine, turn, touched, f"marked {state.value}", by)
    return told(engine, dag_id, run_id, touched)


def _fail_runs(engine: Engine, turn: Turn, touched: list[Touched], by: str) -> None:
    """Runs as a whole: what is not over is ended as if cancelled, what has succeeded counts as failed from now on."""
    reason = f"marked failed by {by}"
    for one in touched:
        run = engine.world.runs.get(one.row.id)
        if run is not None:
            engine.cancel_run(run, reason, turn)
        else:
            was = RunState(one.row.state)
            turn.batch.run_moves.append(RunMove(one.row.id, was, RunState.FAILED, turn.now, reason, by_person=True))


def marking(
    reader: Reader, versions: Versions, dag_id: str, run_id: str, state: TaskState, wish: Wish
) -> list[Touched]:
    """What a mark would touch, without doing it."""
    row = find_run(reader, dag_id, run_id)
    if not wish.tasks and state is TaskState.SKIPPED:
        raise Refused(reason="A run as a whole cannot be skipped.", advice="Name tasks of it.")
    made = []
    for other in (row, *_others(reader, row, wish)):
        plan = versions.plan(other.version, other.only)
        kept = reader.instances(other.id)
        rows = kept.rows
        if not wish.tasks and state is TaskState.FAILED:
            if other.state != RunState.FAILED.value:
                open_rows = [r for r in rows if TaskState(r.state) not in FINAL]
                made.append(Touched(other, plan, Choice(), open_rows, state=state))
            continue
        marked = to_mark(plan, rows, wish, state, strict=other.id == row.id)
        if marked:
            choice = failed_after(plan, rows, marked, never_begun(plan, kept)) if wish.tasks else Choice()
            keys = set(choice.keys)
            shown = [r for r in rows_of(plan, kept, marked, other.id) if r.state != state.value]
            shown += [r for r in rows if (r.task_id, r.map_index) in keys]
            made.append(Touched(other, plan, choice, shown, marked, state))
    if not made:
        raise NothingToChange(reason=f"Nothing of run '{run_id}' is changed by that.", advice="")
    return made


def never_begun(plan: Plan, kept: Instances) -> dict[str, set[int]]:
    """Of members of mapped groups that were ended when only some of their instances had begun."""
    found = {}
    for group in kept.groups:
        if 0 < group.n < count(group.sizes) and plan.index.get(group.task_id) in plan.member_of:
            there = {row.map_index for row in kept.rows if row.task_id == group.task_id}
            found[group.task_id] = set(range(count(group.sizes))) - there
    return found


def rows_of(plan: Plan, kept: Instances, chosen: Selection, run: int) -> list[InstanceRow]:
    """Of what is chosen, also of tasks that have none yet, and of members of mapped groups that have not all begun."""
    found = [r for r in kept.rows if r.task_id in plan.index and holds(chosen, plan.index[r.task_id], r.map_index)]
    there: dict[str, set[int]] = {}
    for row in found:
        there.setdefault(row.task_id, set()).add(row.map_index)
    sizes = {group.task_id: count(group.sizes) for group in kept.groups}
    for number, indexes in chosen.items():
        task_id, missing = plan.tasks[number].task_id, set[int]()
        if task_id not in there:
            missing = {WHOLE}
        elif indexes is None and number in plan.member_of:
            missing = set(range(sizes.get(task_id, 0))) - there[task_id]
        found += [untouched(run, task_id, map_index, 0.0) for map_index in sorted(missing)]
    return found


def _halts(row: RunRow, plan: Plan, rows: list[InstanceRow]) -> set[str | None]:
    """For which reasons something was skipped only because its run was ended."""
    shell = Run(row.id, row.dag_id, row.run_id, plan)
    failed = {plan.index[r.task_id] for r in rows if r.state == "failed" and r.task_id in plan.index}
    return {row.reason, *(why_stopped(shell, number) for number in failed if plan.spec.fail_fast)}


def _touched(
    reader: Reader, versions: Versions, runs: list[RunRow], choose: Choose, current_code: bool
) -> list[Touched]:
    made, left_out = [], []
    for row in runs:
        version = _version(reader, row, current_code)
        plan = versions.plan(version, row.only)
        kept = reader.instances(row.id)
        rows = kept.rows
        choice = choose(plan, row, kept)
        left_out += choice.left_out
        if choice.keys:
            keys = set(choice.keys)
            touched = [r for r in rows if (r.task_id, r.map_index) in keys]
            made.append(Touched(row._replace(version=version), plan, choice, touched))
    if not made and left_out:
        task, branch = left_out[0]
        reason = f"'{task}' was left out by the branch '{branch}', whose choice still stands."
        raise Refused(reason=reason, advice=f"Clear '{branch}' as well.")
    if not made:
        raise NothingToChange(reason=f"Nothing of run '{runs[0].run_id}' is to be run again by that.", advice="")
    return made


def find_run(reader: Reader, dag_id: str, run_id: str) -> RunRow:
    if reader.dag(dag_id) is None:
        raise NotFound(kind="DAG", name=dag_id, advice="List them with: venturi ls")
    row = reader.run(dag_id, run_id)
    if row is None:
        raise NotFound(kind="run", name=run_id, advice=f"The newest: venturi status {dag_id}")
    return row


def instance_of(plan: Plan, task: str | None) -> tuple[str, int]:
    """By its name; the run itself without one."""
    if not task:
        return "", WHOLE
    task_id, map_index = (task, WHOLE) if task in plan.index else split(task)
    plan.number(task_id)
    return task_id, map_index


def _others(reader: Reader, row: RunRow, wish: Wish) -> list[RunRow]:
    """Runs of earlier or later dates, oldest first."""
    if not (wish.past or wish.future):
        return []
    if row.logical_date is None:
        raise Refused(reason=f"Run '{row.run_id}' has no date, so none comes before or after it.", advice="")
    first = -math.inf if wish.past else row.logical_date
    last = math.inf if wish.future else row.logical_date
    found = reader.find_runs(row.dag_id, dates=(first, last), limit=RUNS_MAX + 1)
    if len(found) > RUNS_MAX:
        raise Refused(reason=f"That would touch more than {RUNS_MAX:,} runs.", advice="Choose fewer at a time.")
    return [other for other in found if other.id != row.id]


def _version(reader: Reader, row: RunRow, current_code: bool) -> int:
    if not current_code:
        return row.version
    dag = reader.dag(row.dag_id)
    if dag is None or not dag.active or dag.version is None:
        raise Refused(reason=f"The file of DAG '{row.dag_id}' is gone, so it has no current code.", advice="")
    return dag.version


def _check_free(engine: Engine, row: RunRow, current_code: bool = False) -> None:
    """Raises where the run cannot be changed now."""
    run = engine.world.runs.get(row.id)
    if run is None:
        if row.state not in OVER:
            advice = "Say it to the engine that does, or again when it has ended."
            raise Refused(reason=f"This engine does not run '{row.run_id}'.", advice=advice)
        return
    halt = run.reason or run.stopping
    if halt is not None:
        raise Refused(reason=f"Run '{row.run_id}' is being ended: {halt}.", advice="Say it again when it has ended.")
    if current_code and run.live:
        advice = "Say it again when they have ended."
        raise Refused(reason=f"Attempts of run '{row.run_id}' are at work with its own code.", advice=advice)


def told(engine: Engine, dag_id: str, run_id: str, touched: list[Touched]) -> dict[str, Any]:
    runs = [
        {
            "run_id": one.row.run_id,
            "tasks": one.told(),
            "reopened": one.row.state in OVER,
        }
        for one in touched
    ]
    return {"dag_id": dag_id, "run_id": run_id, "runs": runs, "waits": engine.world.dag(dag_id).paused}


# ── a run put together anew ──────────────────────────────────────────────────────────────────────────────


def put_together(engine: Engine, run: Run) -> Callable[[Turn], None]:
    """An attempt is over whose task was cleared meanwhile: the run is read anew, and goes on."""

    def act(turn: Turn) -> None:
        if engine.world.runs.get(run.id) is not run:
            return  # done already, with something else
        if sum(node.touched for node in run.nodes) > LARGE and _more_to_come(engine, run):
            return  # once for all of them
        engine.settle(turn)
        row = engine.reader.run_by_id(run.id)
        if row is not None and engine.world.runs.get(run.id) is run:
            again = put_back(engine, turn, recovery.read_run(engine.reader, row), run.plan)
            step.go_on(engine.world, again, turn)

    return act


def _more_to_come(engine: Engine, run: Run) -> bool:
    """Whether other attempts of what was cleared are still being ended."""
    return any(known[0] is run and known[3].becomes is TaskState.NONE for known in engine.world.by_token.values())


def reconsidered(engine: Engine, run: Run) -> Callable[[Turn], None]:
    """After a restart: what was cleared may be ready."""

    def act(turn: Turn) -> None:
        if engine.world.runs.get(run.id) is run:
            step.go_on(engine.world, run, turn)

    return act
