"""What `dag.cli()` does: `python dagfile.py list_tasks`, `… test TASK DATE`, in the file's own process.

Owns the performing of these commands by `testing`. No engine and no database take part; a failure is exit code 1.
"""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from ..airflow.commandline import BadCommand, read
from ..core.states import Outcome
from ..sdk.dag import DAG
from ..sdk.exceptions import TaskNotFound
from ..sdk.times import read as read_date


def main(dag: DAG, argv: list[str]) -> None:
    """Perform the command. Ends the process when it fails, as scripts expect."""
    try:
        wanted = read(argv, dag.dag_id, dag.fileloc)
        if wanted.unknown:
            print(f"Left out: {' '.join(wanted.unknown)}", file=sys.stderr)
        succeeded = _VERBS[wanted.verb](dag, wanted)
    except (BadCommand, TaskNotFound) as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None
    if not succeeded:
        raise SystemExit(1)


def _list_tasks(dag: DAG, wanted: Namespace) -> bool:
    if not wanted.tree:
        print("\n".join(sorted(dag.task_ids)))
        return True
    for root in sorted(dag.roots, key=lambda task: task.task_id):
        _show_tree(dag, root.task_id, 0)
    return True


def _show_tree(dag: DAG, task_id: str, depth: int) -> None:
    task = dag.get_task(task_id)
    print(f"{'    ' * depth}{task!r}")
    for below in sorted(task.downstream_task_ids):
        _show_tree(dag, below, depth + 1)


def _test(dag: DAG, wanted: Namespace) -> bool:
    """One task alone: what is before it is not run, and nothing is kept."""
    from ..sdk.running import run
    from ..testing import LocalPort, LocalStore

    declared = dag.get_task(wanted.task_id)
    if declared.is_mapped:
        raise BadCommand(f"Task '{wanted.task_id}' is mapped: what it gets comes from other tasks. Use: dags test")
    instance = _instance(dag, wanted)
    ended = run(dag, instance, LocalPort(LocalStore(), instance))
    word = {Outcome.SUCCESS.value: "success", Outcome.SKIPPED.value: "skipped"}.get(ended.outcome, ended.outcome)
    print(f"{wanted.task_id}: {word}", file=sys.stderr)
    return ended.outcome in (Outcome.SUCCESS.value, Outcome.SKIPPED.value, Outcome.RESCHEDULE.value)


def _render(dag: DAG, wanted: Namespace) -> bool:
    from ..sdk.running import run
    from ..testing import LocalPort, LocalStore

    declared = dag.get_task(wanted.task_id)
    if declared.is_mapped:
        raise BadCommand(f"Task '{wanted.task_id}' is mapped: what it gets comes from other tasks.")
    instance = _instance(dag, wanted)
    names = list(declared.template_fields)
    # The attempt's own way up to the point where it would execute.
    declared.__dict__["execute"] = lambda context: {name: getattr(context["task"], name, None) for name in names}
    declared.__dict__["do_xcom_push"], pushes = True, declared.__dict__.get("do_xcom_push")
    try:
        ended = run(dag, instance, LocalPort(LocalStore(), instance))
    finally:
        del declared.__dict__["execute"], declared.__dict__["do_xcom_push"]
        if pushes is not None:
            declared.__dict__["do_xcom_push"] = pushes
    for name, value in (ended.value or {}).items():
        print(f"# {'─' * 58}\n# property: {name}\n# {'─' * 58}\n{value}\n")
    return ended.error is None


def _instance(dag: DAG, wanted: Namespace) -> Any:
    from ..sdk.running import Instance

    date = _date(wanted.date)
    found = Instance(dag.dag_id, f"manual__{date.isoformat()}", wanted.task_id)
    found.logical_date = found.interval_start = found.interval_end = date
    found.run_queued_at = found.run_started_at = datetime.now(timezone.utc)
    found.conf = wanted.conf
    return found


def _dag_test(dag: DAG, wanted: Namespace) -> bool:
    from ..testing import run_dag

    result = run_dag(dag, conf=wanted.conf, logical_date=_date(wanted.date))
    for (task_id, index), state in result.states.items():
        print(f"{task_id if index < 0 else f'{task_id} [{index}]'}: {state}")
    print(f"{dag.dag_id}: {result.state}")
    return result.state == "success"


def _backfill(dag: DAG, wanted: Namespace) -> bool:
    start, end = wanted.start or wanted.end, wanted.end or wanted.start
    if start != end:
        raise BadCommand(
            "A file run by itself does one date: give the same to --start-date and --end-date. "
            f"Several are for an engine: venturi backfill {dag.dag_id} --from {start[:10]} --to {end[:10]}"
        )
    wanted.date = start
    return _dag_test(dag, wanted)


def _list_dags(dag: DAG, _: Namespace) -> bool:
    print(dag.dag_id)
    return True


def _show(dag: DAG, _: Namespace) -> bool:
    """The graph in the language of Graphviz."""
    print(f'digraph "{dag.dag_id}" {{\n    rankdir=LR')
    for task_id in dag.task_ids:
        print(f'    "{task_id}"')
        for below in sorted(dag.get_task(task_id).downstream_task_ids):
            print(f'    "{task_id}" -> "{below}"')
    print("}")
    return True


def _date(given: str | None) -> datetime:
    try:
        return read_date(given) if given else datetime.now(timezone.utc)
    except ValueError as error:
        raise BadCommand(f"{given!r} is not a date: {error}.") from None


_VERBS: dict[str, Callable[[DAG, Namespace], bool]] = {
    "list_tasks": _list_tasks,
    "test": _test,
    "run": _test,
    "render": _render,
    "dag_test": _dag_test,
    "backfill": _backfill,
    "list_dags": _list_dags,
    "show": _show,
}
