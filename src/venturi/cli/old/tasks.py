"""`airflow tasks …` about what is in the home: lists and states of tasks, running and clearing them by the engine."""

from __future__ import annotations

import time
from argparse import Namespace
from typing import TYPE_CHECKING, Any

from ...core.errors import NothingToChange
from ...core.states import FINAL
from .. import processes
from ..following import name_of
from ..printing import FAILED, SUCCESS, Exit, fail, say
from . import At, finding, inside, rows

if TYPE_CHECKING:
    from ...store.rows import InstanceRow, RunRow

_RUNS_MAX = 100_000
_POLL_S = 0.1
_FINAL = frozenset(state.value for state in FINAL)


def ls(at: At, given: Namespace) -> int:
    if given.subdir or not _is_known(at, given.dag_id):
        return inside.in_file(at, given, ["list_tasks", *(["--tree"] if given.tree else [])])
    with at.reader() as reader:
        tasks = finding.spec(reader, given.dag_id).get("tasks", ())
    if not given.tree:
        print("\n".join(sorted(task["task_id"] for task in tasks)))
        return SUCCESS
    below: dict[str, list[str]] = {task["task_id"]: [] for task in tasks}
    for task in tasks:
        for up in task.get("upstream", ()):
            below[up].append(task["task_id"])
    kinds = {task["task_id"]: task.get("operator", "BaseOperator") for task in tasks}
    for task in sorted((t for t in tasks if not t.get("upstream")), key=lambda t: str(t["task_id"])):
        _show_tree(task["task_id"], below, kinds, 0)
    return SUCCESS


def _is_known(at: At, dag_id: str) -> bool:
    if not at.has_database:
        return False
    with at.reader() as reader:
        row = reader.dag(dag_id)
    return row is not None and row.version is not None


def _show_tree(task_id: str, below: dict[str, list[str]], kinds: dict[str, str], depth: int) -> None:
    print(f"{'    ' * depth}<Task({kinds[task_id]}): {task_id}>")
    for one in sorted(below[task_id]):
        _show_tree(one, below, kinds, depth + 1)


# ── how they stand ───────────────────────────────────────────────────────────────────────────────────────


def state(at: At, given: Namespace) -> int:
    with at.reader() as reader:
        spec, run = finding.spec(reader, given.dag_id), finding.run(reader, given.dag_id, given.run)
        if given.task_id not in [task["task_id"] for task in spec.get("tasks", ())]:
            fail(f"DAG '{given.dag_id}' has no task '{given.task_id}'.", code="no_such_task")
        found = None if run is None else _instance(at, run, given)
    print(_towards_airflow(found.state) if found is not None else None)
    return SUCCESS


def _instance(at: At, run: RunRow, given: Namespace) -> InstanceRow | None:
    wanted = (given.task_id, int(given.map_index if given.map_index is not None else -1))
    with at.reader() as reader:
        found, groups = reader.instances(run.id)
    by_name: dict[tuple[str, int], Any] = {(group.task_id, -1): group for group in groups}
    by_name |= {(row.task_id, row.map_index): row for row in found}
    return by_name.get(wanted)


def _towards_airflow(word: str) -> str | None:
    return {"none": None, "starting": "queued"}.get(word, word)


def states(at: At, given: Namespace) -> int:
    with at.reader() as reader:
        run = finding.known_run(reader, given.dag_id, given.run)
        spec = reader.version(run.version).spec
        found, groups = reader.instances(run.id)
    touched = {row.task_id for row in found}
    lines = [_line(run, row.task_id, row.map_index, row.state, row.started_at, row.ended_at) for row in found]
    lines += [_line(run, g.task_id, -1, g.state, None, None) for g in groups if g.task_id not in touched]
    touched |= {group.task_id for group in groups}
    lines += [
        _line(run, task["task_id"], -1, "none", None, None)
        for task in spec.get("tasks", ())
        if task["task_id"] not in touched and (not run.only or task["task_id"] in run.only)
    ]
    if any(line["map_index"] >= 0 for line in lines):
        columns: tuple[str, ...] = ("dag_id", "logical_date", "task_id", "map_index", "state", "start_date", "end_date")
    else:
        columns = ("dag_id", "logical_date", "task_id", "state", "start_date", "end_date")
        lines = [{name: value for name, value in line.items() if name != "map_index"} for line in lines]
    rows.show(lines, given.output, columns)
    return SUCCESS


def _line(run: RunRow, task_id: str, index: int, state: str, start: float | None, end: float | None) -> dict[str, Any]:
    date = rows.date(run.logical_date)
    names = {"dag_id": run.dag_id, "execution_date": date, "logical_date": date, "task_id": task_id, "map_index": index}
    dates = {"start_date": rows.date(start), "end_date": rows.date(end)}
    return {**names, "state": _towards_airflow(state), **dates}


def why(at: At, given: Namespace) -> int:
    with at.reader() as reader:
        run = finding.known_run(reader, given.dag_id, given.run)
    return at.run("why", given.dag_id, run.run_id, name_of(given.task_id, int(given.map_index or -1)))


# ── running them ─────────────────────────────────────────────────────────────────────────────────────────


def run(at: At, given: Namespace) -> int:
    """In the run of that date or name if it is there, else in one of this task alone; followed to its end."""
    if not processes.answers(at.home, "engine"):
        fail(
            "No engine is running. Start one with: airflow scheduler -D; or run it here: airflow tasks test",
            code="no_engine",
        )
    with at.reader() as reader:
        found = finding.run(reader, given.dag_id, given.run)
        paused = finding.dag(reader, given.dag_id).paused
    name = name_of(given.task_id, int(given.map_index or -1))
    if found is None and given.mark_success:
        raise Exit(f"There is no run '{given.run}' in which it could be marked.", FAILED)
    if found is None:
        run_id = at.verb("run-task", given.dag_id, given.task_id, *_named(given.run)).data["run_id"]
    else:
        run_id = found.run_id
        words = (
            ["mark", given.dag_id, run_id, name, "success"]
            if given.mark_success
            else ["clear", given.dag_id, run_id, name]
        )
        at.verb(*words, "--yes")
    if paused:
        return SUCCESS
    with at.reader() as reader:
        row = finding.known_run(reader, given.dag_id, run_id)
    while (ended := _instance(at, row, given)) is None or ended.state not in _FINAL:
        time.sleep(_POLL_S)
    say(f"{name} in run {run_id}: {ended.state}. Its log: venturi logs {given.dag_id} {run_id} {given.task_id}")
    return SUCCESS if ended.state in ("success", "skipped") else FAILED


def _named(run: str) -> list[str]:
    try:
        return ["--date", finding.iso(run)]
    except Exit:
        return ["--run-id", run]


def clear(at: At, given: Namespace) -> int:
    dag_ids = finding.dags_like(at, given.dag_id) if given.dag_regex else [given.dag_id]
    first = finding.moment(given.start_date) if given.start_date else float("-inf")
    last = finding.moment(given.end_date) if given.end_date else float("inf")
    chosen: list[tuple[RunRow, list[str]]] = []
    with at.reader() as reader:
        for dag_id in dag_ids:
            spec = finding.spec(reader, dag_id)
            tasks = finding.tasks_like(spec, given.task_regex) if given.task_regex else []
            dated = reader.runs(dag_id, _RUNS_MAX)
            chosen += [(run, tasks) for run in dated if first <= (run.logical_date or run.queued_at) <= last]
    if not chosen:
        print("Nothing to clear.")
        return SUCCESS
    finding.sure(f"To be cleared: {_many(chosen)}.", given.yes or given.no_confirm)
    options = [f"--{name}" for name in ("upstream", "downstream") if getattr(given, name)]
    options += [f"--{name.replace('_', '-')}" for name in ("only_failed", "only_running") if getattr(given, name)]
    cleared = sum(_clear_one(at, run, tasks, options) for run, tasks in chosen)
    print(f"{cleared} task instance{'' if cleared == 1 else 's'} cleared.")
    return SUCCESS


def _many(chosen: list[tuple[RunRow, list[str]]]) -> str:
    tasks = sorted({task for _, names in chosen for task in names})
    runs = f"{len(chosen)} run{'' if len(chosen) == 1 else 's'}"
    return f"{', '.join(tasks)} in {runs}" if tasks else f"all tasks of {runs}"


def _clear_one(at: At, run: RunRow, tasks: list[str], options: list[str]) -> int:
    from ...core.errors import EngineRefused

    try:
        told = at.verb("clear", run.dag_id, run.run_id, *tasks, *options, "--yes").data
    except NothingToChange:
        return 0
    except EngineRefused as refused:
        if refused.parts.get("code") == "nothing_to_change":
            return 0
        raise
    return sum(len(one["tasks"]) for one in told["runs"])


def clear_run(at: At, given: Namespace) -> int:
    """3.x's `dags clear`."""
    if given.run_id is None:
        fail("Say which run: airflow dags clear DAG --run-id RUN (for dates: airflow tasks clear)", 2, "usage")
    finding.sure(f"Run {given.run_id} is to be cleared.", given.yes)
    options = [f"--{name.replace('_', '-')}" for name in ("only_failed", "only_running") if getattr(given, name)]
    return at.run("clear", given.dag_id, given.run_id, *options, "--yes")
