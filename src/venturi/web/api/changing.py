"""Runs and task instances are cleared, marked and noted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Query
from pydantic import JsonValue

from ...core.errors import NotFound, VenturiError
from ...core.spec import tasks_by_group
from ...store import Reader
from ...store.reading_pages import Condition, Order
from ...store.rows import RunRow
from ..changing import change, instances_of, mark, name_of, note
from ..errors import Fault, status_of
from ..forming import dag_of, run_of, told_run
from ..here import At, Here, Routes
from ..instances import one_instance
from ..models.bulks import Bulk, BulkResult, BulkResults
from ..models.runs import BulkRun, ClearPartitions, DagRun, DagRuns, PartitionsCleared, RunClear, RunPatch, RunsClear
from ..models.tasks import BulkInstance, ClearedInstances, ClearInstances, InstancePatch, TaskInstance, TaskInstances
from ..paging import Number, Text, conditions, seconds
from .instances import RUN

routes = Routes("Changes")

ONE_RUN = "/dags/{dag_id}/dagRuns/{dag_run_id}"
RUNS_AT_ONCE_MAX = 100
Mask = Annotated[list[str] | None, Query()]


def _listed(found: list[TaskInstance]) -> TaskInstances:
    return TaskInstances(task_instances=found, total_entries=len(found))


# ── runs ──


@routes.patch(ONE_RUN, may="runs:write")
def patch_dag_run(here: At, dag_id: Text, dag_run_id: Text, body: RunPatch, update_mask: Mask = None) -> DagRun:
    """Mark it, or with `queued` clear it; and write a note on it."""
    with here.reader() as reader:
        run_of(reader, dag_id, dag_run_id)
    _patch_run(here, dag_id, dag_run_id, body, update_mask)
    with here.reader() as reader:
        return told_run(here, reader, dag_id, dag_run_id)


def _patch_run(here: Here, dag_id: str, run_id: str, body: RunPatch | BulkRun, mask: list[str] | None) -> None:
    given = body.model_fields_set if mask is None else set(mask) & body.model_fields_set
    if not given & {"state", "note"}:
        raise Fault(400, "Say a state, a note, or both.")
    if "state" in given and body.state is not None:
        if body.state.value == "queued":
            change(here, "clear", False, dag_id, run_id)
        else:
            change(here, "mark", False, dag_id, run_id, state=body.state.value)
    if "note" in given:
        note(here, dag_id, run_id, body.note)


def _clear_words(body: RunClear | RunsClear) -> dict[str, Any]:
    if body.only_new:
        raise Fault(400, "Tasks that are new in a DAG are run with the rest: say run_on_latest_version alone.")
    return {"only_failed": body.only_failed, "current_code": bool(body.run_on_latest_version)}


@routes.post(ONE_RUN + "/clear", may="runs:write", response_model=ClearedInstances | DagRun)
def clear_dag_run(here: At, dag_id: Text, dag_run_id: Text, body: RunClear) -> ClearedInstances | DagRun:
    """All of it, or what has failed in it, is run again."""
    with here.reader() as reader:
        run_of(reader, dag_id, dag_run_id)
    touched = change(here, "clear", body.dry_run, dag_id, dag_run_id, **_clear_words(body))
    if body.dry_run:
        found = instances_of(here, dag_id, touched)
        return ClearedInstances(task_instances=[*found], total_entries=len(found))
    if body.note is not None:
        note(here, dag_id, dag_run_id, body.note)
    with here.reader() as reader:
        return told_run(here, reader, dag_id, dag_run_id)


@routes.post("/dags/{dag_id}/clearDagRuns", may="runs:write", by_grant=True, response_model=ClearedInstances | DagRuns)
def clear_dag_runs(here: At, dag_id: Text, body: RunsClear) -> ClearedInstances | DagRuns:
    by_partition = _by_partition(body)
    if bool(body.dag_runs) == bool(by_partition):
        raise Fault(400, "Say which runs to clear: by dag_runs, by partition_key, or by when their partitions begin.")
    words = _clear_words(body)
    named = [(_dag_of(here, dag_id, one), one.dag_run_id) for one in body.dag_runs[:RUNS_AT_ONCE_MAX]]
    with here.reader() as reader:
        if by_partition:
            if dag_id == "~":
                raise Fault(400, "By their partitions runs of one DAG are cleared: name it in the address.")
            dag_of(reader, dag_id)
            named = [(dag_id, run.run_id) for run in _of_partitions(reader, dag_id, by_partition)]
        for dag, run_id in named:
            run_of(reader, dag, run_id)
    found: list[TaskInstance] = []
    for dag, run_id in named:
        touched = change(here, "clear", body.dry_run, dag, run_id, **words)
        if body.dry_run:
            found += instances_of(here, dag, touched)
        elif body.note is not None:
            note(here, dag, run_id, body.note)
    if body.dry_run:
        return ClearedInstances(task_instances=[*found], total_entries=len(found))
    with here.reader() as reader:
        told = [told_run(here, reader, dag, run_id) for dag, run_id in named]
    return DagRuns(dag_runs=told, total_entries=len(told))


def _dag_of(here: Here, dag_id: str, one: BulkRun | BulkInstance) -> str:
    """Of the address, or where that says ~ of the body."""
    what = f"run '{one.dag_run_id}'" if isinstance(one, BulkRun) else f"task '{one.task_id}'"
    if dag_id != "~":
        if one.dag_id not in (None, dag_id):
            raise Fault(400, f"In the body {what} is said to be of another DAG than '{dag_id}'.")
        return dag_id
    if one.dag_id is None or one.dag_id == "~":
        raise Fault(400, f"Of which DAG is {what}? Say its dag_id.")
    here.must_see(one.dag_id)
    return one.dag_id


@routes.post("/dags/{dag_id}/clearPartitions", may="runs:write")
def clear_dag_run_partitions(here: At, dag_id: Text, body: ClearPartitions) -> PartitionsCleared:
    """Runs are for no partition any more; with `clear_task_instances` they run again as well."""
    by_partition = _by_partition(body)
    if (body.run_id is None) == (not by_partition):
        raise Fault(422, "Say which runs: by run_id, by partition_key, or by when their partitions begin.")
    with here.reader() as reader:
        dag_of(reader, dag_id)
        wanted = by_partition if body.run_id is None else [Condition("run_id", "is", body.run_id)]
        found = _of_partitions(reader, dag_id, wanted)
    tasks = 0
    for run in found:
        if run.partition_key is not None and not body.dry_run:
            here.tell("clear_partition", dag_id=dag_id, run_id=run.run_id, by=here.person.name)
        if body.clear_task_instances:
            tasks += len(change(here, "clear", body.dry_run, dag_id, run.run_id))
    many = sum(run.partition_key is not None for run in found)
    return PartitionsCleared(dag_runs_cleared=many, task_instances_cleared=tasks, dry_run=body.dry_run)


def _by_partition(body: RunsClear | ClearPartitions) -> list[Condition]:
    """Of the two ways at most one: by a key, or by when partitions begin."""
    start, end = body.partition_date_start, body.partition_date_end
    if body.partition_key is not None and (start or end):
        raise Fault(422, "Say a partition_key, or when partitions begin, and not both.")
    if start is not None and end is not None and seconds(start) > seconds(end):
        raise Fault(422, "partition_date_start lies after partition_date_end.")
    return conditions(partition_key__is=body.partition_key, partition_date__ge=start, partition_date__le=end)


def _of_partitions(reader: Reader, dag_id: str, wanted: list[Condition]) -> list[RunRow]:
    order = [Order("partition_date"), Order("run_id")]
    rows = reader.page("runs", [Condition("dag_id", "is", dag_id), *wanted], order, RUNS_AT_ONCE_MAX).rows
    return [RunRow.of(row[:-1]) for row in rows]


@routes.patch("/dags/{dag_id}/dagRuns", may="runs:write", by_grant=True)
def bulk_dag_runs(here: At, dag_id: Text, body: Bulk[BulkRun]) -> BulkResults:
    """Runs are marked and noted."""

    def act(action: Any, one: Any) -> str:
        run = one if isinstance(one, BulkRun) else BulkRun(dag_run_id=one)
        dag = _dag_of(here, dag_id, run)
        with here.reader() as reader:
            run_of(reader, dag, run.dag_run_id)
        if action.action == "update":
            _patch_run(here, dag, run.dag_run_id, run, action.update_mask)
        elif action.action == "delete":
            here.tell("remove_run", dag_id=dag, run_id=run.dag_run_id, by=here.person.name)
        else:
            raise Fault(405, "A run is started by POST …/dagRuns, each by itself.")
        return f"{dag}.{run.dag_run_id}"

    return _each(body.actions, act)


def _each(actions: list[Any], act: Callable[[Any, Any], str]) -> BulkResults:
    """Every one by itself, with what became of it."""
    results = BulkResults()
    for action in actions:
        told = getattr(results, action.action) or BulkResult()
        setattr(results, action.action, told)
        for one in action.entities:
            try:
                told.success.append(act(action, one))
            except NotFound as error:
                if getattr(action, "action_on_non_existence", "fail") == "fail":
                    told.errors.append({"error": str(error), "status_code": 404})
            except Fault as fault:
                told.errors.append({"error": fault.detail, "status_code": fault.status})
            except VenturiError as error:
                told.errors.append({"error": str(error), "status_code": status_of(error)})
    return results


# ── task instances ──


@routes.post("/dags/{dag_id}/clearTaskInstances", may="tasks:write")
def post_clear_task_instances(here: At, dag_id: Text, body: ClearInstances) -> TaskInstances:
    """What is chosen is run again: in one run, or in those between two dates."""
    with here.reader() as reader:
        dag_of(reader, dag_id)
        runs = _runs_to_clear(reader, dag_id, body)
    tasks = [one if isinstance(one, str) else name_of(*one) for one in body.task_ids or []]
    words = {
        "tasks": tasks,
        "upstream": body.include_upstream,
        "downstream": body.include_downstream,
        "past": body.include_past,
        "future": body.include_future,
        "only_failed": body.only_failed,
        "only_running": body.only_running,
        "current_code": bool(body.run_on_latest_version),
    }
    if body.prevent_running_task:
        would = [one for run in runs for one in change(here, "clear", True, dag_id, run, **words)]
        at_work = [one for one in instances_of(here, dag_id, would) if one.state is not None and one.state == "running"]
        if at_work:
            raise Fault(409, f"Task '{at_work[0].task_id}' runs at the moment.")
    touched = [one for run in runs for one in change(here, "clear", body.dry_run, dag_id, run, **words)]
    if body.note is not None and not body.dry_run:
        for run_id, task_id, index in touched:
            note(here, dag_id, run_id, body.note, name_of(task_id, index))
    return _listed(instances_of(here, dag_id, dict.fromkeys(touched)))


def _runs_to_clear(reader: Any, dag_id: str, body: ClearInstances) -> list[str]:
    if body.dag_run_id is not None:
        return [run_of(reader, dag_id, body.dag_run_id).run_id]
    if body.include_past or body.include_future:
        raise Fault(400, "Past and future are seen from a run: say its dag_run_id.")
    asked = [Condition("dag_id", "is", dag_id)]
    for field, how in (("start_date", "ge"), ("end_date", "le")):
        limit = getattr(body, field)
        if limit is not None:
            asked.append(Condition("logical_date", how, seconds(limit)))
    found = reader.page("runs", asked, [Order("id")], RUNS_AT_ONCE_MAX)
    if found.total > RUNS_AT_ONCE_MAX:
        raise Fault(400, f"That would be {found.total} runs; {RUNS_AT_ONCE_MAX} is the most. Say fewer dates.")
    return [row[2] for row in found.rows]


def _patch(
    here: Here, dag_id: str, run_id: str, tasks: list[str], body: InstancePatch, mask: list[str] | None, dry_run: bool
) -> TaskInstances:
    touched = mark(here, dag_id, run_id, tasks, body, mask, dry_run)
    if not touched and not dry_run:
        touched = [(run_id, *_split(task)) for task in tasks]
    return _listed(instances_of(here, dag_id, touched))


def _split(task: str) -> tuple[str, int]:
    name, bracket, index = task.partition("[")
    return (name, int(index[:-1])) if bracket else (task, -1)


def _check_instance(here: Here, dag_id: str, run_id: str, task_id: str, map_index: int | None) -> None:
    with here.reader() as reader:
        run = run_of(reader, dag_id, run_id)
        if map_index is not None:
            one_instance(here, reader, dag_id, run_id, task_id, map_index)
        elif task_id not in here.version(reader, run.version).tasks:
            raise NotFound(kind="task", name=task_id, advice=f"Run '{run_id}' has none of this name.")


@routes.patch(RUN + "/{task_id}", may="tasks:write")
def patch_task_instance(
    here: At,
    dag_id: Text,
    dag_run_id: Text,
    task_id: Text,
    body: InstancePatch,
    map_index: Number | None = None,
    update_mask: Mask = None,
) -> TaskInstances:
    """Mark it, or all instances of a mapped task, and write a note on it."""
    _check_instance(here, dag_id, dag_run_id, task_id, map_index)
    return _patch(here, dag_id, dag_run_id, [name_of(task_id, map_index)], body, update_mask, False)


@routes.patch(RUN + "/{task_id}/dry_run", may="tasks:read")
def patch_task_instance_dry_run(
    here: At,
    dag_id: Text,
    dag_run_id: Text,
    task_id: Text,
    body: InstancePatch,
    map_index: Number | None = None,
    update_mask: Mask = None,
) -> TaskInstances:
    _check_instance(here, dag_id, dag_run_id, task_id, map_index)
    return _patch(here, dag_id, dag_run_id, [name_of(task_id, map_index)], body, update_mask, True)


@routes.patch(RUN + "/{task_id}/{map_index}", may="tasks:write")
def patch_task_instance_by_map_index(
    here: At,
    dag_id: Text,
    dag_run_id: Text,
    task_id: Text,
    map_index: Number,
    body: InstancePatch,
    update_mask: Mask = None,
) -> TaskInstances:
    return patch_task_instance(here, dag_id, dag_run_id, task_id, body, map_index, update_mask)


@routes.patch(RUN + "/{task_id}/{map_index}/dry_run", may="tasks:read")
def patch_task_instance_dry_run_by_map_index(
    here: At,
    dag_id: Text,
    dag_run_id: Text,
    task_id: Text,
    map_index: Number,
    body: InstancePatch,
    update_mask: Mask = None,
) -> TaskInstances:
    return patch_task_instance_dry_run(here, dag_id, dag_run_id, task_id, body, map_index, update_mask)


def _group(here: Here, dag_id: str, run_id: str, group_id: str) -> list[str]:
    with here.reader() as reader:
        run = run_of(reader, dag_id, run_id)
        tasks = tasks_by_group(here.version(reader, run.version).spec).get(group_id)
    if not tasks:
        raise NotFound(kind="task group", name=group_id, advice=f"Run '{run_id}' has none of this name.")
    return tasks


@routes.patch(ONE_RUN + "/taskGroupInstances/{group_id}", may="tasks:write")
def patch_task_group_instances(
    here: At, dag_id: Text, dag_run_id: Text, group_id: Text, body: InstancePatch, update_mask: Mask = None
) -> TaskInstances:
    tasks = _group(here, dag_id, dag_run_id, group_id)
    return _patch(here, dag_id, dag_run_id, tasks, body, update_mask, False)


@routes.patch(ONE_RUN + "/taskGroupInstances/{group_id}/dry_run", may="tasks:read")
def patch_task_group_instances_dry_run(
    here: At, dag_id: Text, dag_run_id: Text, group_id: Text, body: InstancePatch
) -> TaskInstances:
    tasks = _group(here, dag_id, dag_run_id, group_id)
    return _patch(here, dag_id, dag_run_id, tasks, body, None, True)


@routes.patch(RUN, may="tasks:write", by_grant=True)
def bulk_task_instances(here: At, dag_id: Text, dag_run_id: Text, body: Bulk[BulkInstance]) -> BulkResults:
    """Task instances are marked and noted."""

    def act(action: Any, one: Any) -> str:
        instance = one if isinstance(one, BulkInstance) else BulkInstance(task_id=one)
        dag = _dag_of(here, dag_id, instance)
        run_id = dag_run_id if dag_run_id != "~" else instance.dag_run_id or "~"
        if run_id == "~":
            raise Fault(400, f"Of which run is '{instance.task_id}'? Say its dag_run_id.")
        if instance.dag_run_id not in (None, run_id):
            raise Fault(400, f"In the body task '{instance.task_id}' is said to be of another run than '{run_id}'.")
        _check_instance(here, dag, run_id, instance.task_id, instance.map_index)
        if action.action == "update":
            mark(here, dag, run_id, [name_of(instance.task_id, instance.map_index)], instance, action.update_mask)
        elif action.action == "delete":
            _remove_instance(here, dag, run_id, instance.task_id, instance.map_index)
        else:
            raise Fault(405, "Task instances are made with their run.")
        index = -1 if instance.map_index is None else instance.map_index
        return f"{dag}.{run_id}.{instance.task_id}[{index}]"

    return _each(body.actions, act)


@routes.delete(RUN + "/{task_id}", may="tasks:write", status_code=200)
def delete_task_instance(
    here: At, dag_id: Text, dag_run_id: Text, task_id: Text, map_index: Number = -1
) -> dict[str, JsonValue]:
    """Of a run that is over, with its tries, values and notes; the run stays as it ended."""
    _check_instance(here, dag_id, dag_run_id, task_id, map_index)
    return _remove_instance(here, dag_id, dag_run_id, task_id, map_index)


def _remove_instance(here: Here, dag_id: str, run_id: str, task_id: str, map_index: int | None) -> dict[str, JsonValue]:
    index = -1 if map_index is None else map_index
    named = {"dag_id": dag_id, "run_id": run_id, "task_id": task_id, "map_index": index}
    here.tell("remove_task_instance", **named, by=here.person.name)
    return {"detail": f"Task instance '{name_of(task_id, index)}' is removed."}
