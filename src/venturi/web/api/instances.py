"""Task instances: list, look at, tries, dependencies, links."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query

from ...core.errors import EngineRefused, NoEngine, NotFound
from ...core.spec import GroupSpec, TaskSpec, tasks_by_group
from ...core.states import FINAL
from ...store import AttemptRecord, Reader
from ...store.reading_pages import Condition
from ..errors import Fault
from ..forming import EXECUTOR, QUEUE, Instance, dag_of, instance_fields, instance_shape, run_of, states_asked
from ..here import At, Here, Routes
from ..instances import Keep, one_instance, page_of, stretch_beside
from ..models.shapes import TaskState
from ..models.tasks import Dependencies, Dependency, InstancesWanted, Links, TaskInstance, TaskInstances, Tries, Try
from ..paging import (
    LIMIT,
    Cursor,
    Limit,
    Number,
    Numbers,
    Offset,
    OrderBy,
    Pattern,
    SpanQuery,
    Start,
    Text,
    Texts,
    at,
    conditions,
    fits,
    order_of,
    spans,
)

routes = Routes("Task Instance")

RUN = "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances"
_FINAL = frozenset(state.value for state in FINAL)
SPANS = {
    "run_after": "run_after",
    "logical_date": "logical_date",
    "start_date": "started_at",
    "end_date": "ended_at",
    "duration": "duration",
    "updated_at": "at",
}
_SAME = (
    "run_after",
    "logical_date",
    "state",
    "duration",
    "map_index",
    "try_number",
    "task_id",
    "dag_id",
    "run_id",
    "note",
)
ORDERS = {name: name for name in _SAME} | {
    "id": "run",
    "dag_run_id": "run_id",
    "start_date": "started_at",
    "end_date": "ended_at",
    "updated_at": "at",
    "rendered_map_index": "map_index",
    "queued_when": "at",
    "task_display_name": "task_id",
}


class MappedQuery(SpanQuery):
    state: Texts = []
    pool: Texts = []
    pool_name_pattern: Pattern = None
    pool_name_prefix_pattern: Start = None
    queue: Texts = []
    queue_name_pattern: Pattern = None
    queue_name_prefix_pattern: Start = None
    executor: Texts = []
    version_number: Numbers = []
    try_number: Numbers = []
    operator: Texts = []
    operator_name_pattern: Pattern = None
    operator_name_prefix_pattern: Start = None
    map_index: Numbers = []
    rendered_map_index_pattern: Pattern = None
    rendered_map_index_prefix_pattern: Start = None
    limit: Limit = LIMIT
    offset: Offset = 0
    order_by: OrderBy = ["map_index"]


class InstanceQuery(MappedQuery):
    cursor: Text | None = None
    task_id: Text | None = None
    task_display_name_pattern: Pattern = None
    task_display_name_prefix_pattern: Start = None
    task_group_id: Text | None = None
    dag_id_pattern: Pattern = None
    dag_id_prefix_pattern: Start = None
    run_id_pattern: Pattern = None
    run_id_prefix_pattern: Start = None


def _check_states(states: list[str]) -> None:
    known = {state.value for state in TaskState} | {"none", "no_status"}
    wrong = [one for one in states if one not in known]
    if wrong:
        raise Fault(422, f"There is no state '{wrong[0]}' of a task. There are: {', '.join(sorted(known))}.")


def _keeper(here: Here, reader: Reader, wanted: MappedQuery) -> Keep | None:
    """What only the DAG file says of a task; None if nothing of it is asked for."""
    group = getattr(wanted, "task_group_id", None)
    names = [getattr(wanted, f"task_display_name_{word}", None) for word in ("pattern", "prefix_pattern")]
    asked = (
        *(wanted.pool, wanted.pool_name_pattern, wanted.pool_name_prefix_pattern, wanted.queue),
        *(wanted.queue_name_pattern, wanted.queue_name_prefix_pattern, wanted.executor, wanted.version_number),
        *(wanted.operator, wanted.operator_name_pattern, wanted.operator_name_prefix_pattern, group, *names),
        *(wanted.rendered_map_index_pattern, wanted.rendered_map_index_prefix_pattern),
    )
    if not any(asked):
        return None

    def keep(one: Instance, task: TaskSpec) -> bool:
        known = here.version(reader, one.version)
        index = str(one.map_index) if one.map_index >= 0 else None
        return (
            (not wanted.pool or task.pool in wanted.pool)
            and fits(task.pool, wanted.pool_name_pattern, wanted.pool_name_prefix_pattern)
            and (not wanted.queue or QUEUE in wanted.queue)
            and fits(QUEUE, wanted.queue_name_pattern, wanted.queue_name_prefix_pattern)
            and (not wanted.executor or EXECUTOR in wanted.executor)
            and (not wanted.version_number or known.number in wanted.version_number)
            and (not wanted.operator or task.operator in wanted.operator)
            and fits(task.operator, wanted.operator_name_pattern, wanted.operator_name_prefix_pattern)
            and fits(task.label or task.task_id, *names)
            and fits(index, wanted.rendered_map_index_pattern, wanted.rendered_map_index_prefix_pattern)
            and (not group or task.task_id in tasks_by_group(known.spec).get(group, ()))
        )

    return keep


def _asked(wanted: MappedQuery, **more: Any) -> list[Condition]:
    _check_states(wanted.state)
    made = conditions(
        state__in=states_asked(wanted.state),
        try_number__in=wanted.try_number,
        map_index__in=wanted.map_index,
        **more,
    )
    return made + spans(wanted, SPANS)


def _page(
    here: Here,
    reader: Reader,
    asked: list[Condition],
    order: list[str],
    limit: int,
    offset: int,
    keep: Keep | None,
    cursor: str | None = None,
) -> TaskInstances:
    by, at = order_of(order, ORDERS), Cursor.of(cursor, order_of(order, ORDERS))
    if at is not None:
        sought = stretch_beside(here, reader, asked, by, limit, at, keep)
        told = [instance_shape(here, reader, one) for one in sought.rows]
        return TaskInstances(task_instances=told, total_entries=None, **at.told(sought))
    found, total = page_of(here, reader, asked, by, limit, offset, keep)
    return TaskInstances(task_instances=[instance_shape(here, reader, one) for one in found], total_entries=total)


@routes.get(RUN, may="tasks:read", by_grant=True)
def get_task_instances(
    here: At, dag_id: Text, dag_run_id: Text, wanted: Annotated[InstanceQuery, Query()]
) -> TaskInstances:
    """Of a run; with ~ in the place of its id, or of the DAG's too, of all runs."""
    asked = _asked(
        wanted,
        dag_id__is=None if dag_id == "~" else dag_id,
        run_id__is=None if dag_run_id == "~" else dag_run_id,
        task_id__is=wanted.task_id,
        dag_id__like=wanted.dag_id_pattern,
        dag_id__prefix=wanted.dag_id_prefix_pattern,
        run_id__like=wanted.run_id_pattern,
        run_id__prefix=wanted.run_id_prefix_pattern,
    )
    with here.reader() as reader:
        _check_there(here, reader, dag_id, dag_run_id, wanted)
        asked += here.in_scope()
        keep = _keeper(here, reader, wanted)
        return _page(here, reader, asked, wanted.order_by, wanted.limit, wanted.offset, keep, wanted.cursor)


def _check_there(here: Here, reader: Reader, dag_id: str, dag_run_id: str, wanted: InstanceQuery) -> None:
    if dag_id != "~":
        row = dag_of(reader, dag_id)
        assert row.version is not None
        if wanted.task_group_id and wanted.task_group_id not in _groups(here, reader, row.version):
            raise NotFound(kind="task group", name=wanted.task_group_id, advice=f"DAG '{dag_id}' has no such group.")
        if dag_run_id != "~":
            run_of(reader, dag_id, dag_run_id)


def _groups(here: Here, reader: Reader, version: int) -> dict[str, GroupSpec]:
    return {group.group_id: group for group in here.version(reader, version).spec.groups}


@routes.post(RUN + "/list", may="tasks:read", by_grant=True)
def get_task_instances_batch(here: At, dag_id: Text, dag_run_id: Text, body: InstancesWanted) -> TaskInstances:
    if (dag_id, dag_run_id) != ("~", "~"):
        raise Fault(400, "This list is of all DAGs and runs: put ~ in the place of both ids.")
    asked = conditions(
        dag_id__in=body.dag_ids or [],
        run_id__in=body.dag_run_ids or [],
        task_id__in=body.task_ids or [],
        state__in=states_asked(body.state or []),
    )
    asked += spans(body, SPANS) + here.in_scope()
    names = MappedQuery(pool=body.pool or [], queue=body.queue or [], executor=body.executor or [])
    order = [body.order_by or "map_index"]
    with here.reader() as reader:
        keep = _keeper(here, reader, names)
        return _page(here, reader, asked, order, body.page_limit, body.page_offset, keep)


@routes.get(RUN + "/{task_id}", may="tasks:read")
def get_task_instance(here: At, dag_id: Text, dag_run_id: Text, task_id: Text) -> TaskInstance:
    return get_mapped_task_instance(here, dag_id, dag_run_id, task_id, -1)


@routes.get(RUN + "/{task_id}/listMapped", may="tasks:read")
def get_mapped_task_instances(
    here: At, dag_id: Text, dag_run_id: Text, task_id: Text, wanted: Annotated[MappedQuery, Query()]
) -> TaskInstances:
    asked = _asked(wanted, dag_id__is=dag_id, run_id__is=dag_run_id, task_id__is=task_id, map_index__ge=0)
    with here.reader() as reader:
        run = run_of(reader, dag_id, dag_run_id)
        task = here.version(reader, run.version).tasks.get(task_id)
        if task is None:
            raise NotFound(kind="task", name=task_id, advice=f"Run '{dag_run_id}' has none of this name.")
        keep = _keeper(here, reader, wanted)
        found = _page(here, reader, asked, wanted.order_by, wanted.limit, wanted.offset, keep)
        in_mapped_group = any(group.mapped for group in here.version(reader, run.version).spec.groups)
        if not found.task_instances and not task.is_mapped and not in_mapped_group:
            raise NotFound(kind="mapped task", name=task_id, advice="It is not mapped.")
        return found


# ── tries ──


_OUTCOMES = {
    "success": "success",
    "skipped": "skipped",
    "reschedule": "up_for_reschedule",
    "deferred": "deferred",
}


def _tries(here: Here, reader: Reader, one: Instance) -> list[Try]:
    """The last attempt of each try; of the one under way, what it is now."""
    by_number: dict[int, list[AttemptRecord]] = {}
    for attempt in reader.attempts(one.run, one.task_id, one.map_index):
        by_number.setdefault(attempt.try_number, []).append(attempt)
    known = here.version(reader, one.version)
    found = {}
    for n, attempts in by_number.items():
        last = attempts[-1]
        started = next((attempt.started_at for attempt in attempts if attempt.started_at is not None), None)
        state = _OUTCOMES.get(last.outcome, "failed")
        then = one._replace(try_number=n, state=state, started_at=started, ended_at=last.ended_at)
        found[n] = Try(**{**instance_fields(known, then), "pid": last.pid})
    if one.try_number not in found or one.state not in _FINAL | {"up_for_retry"}:
        if one.try_number:
            found[one.try_number] = Try(**instance_fields(known, one))
    elif one.try_number in found and one.state in _FINAL:
        found[one.try_number] = found[one.try_number].model_copy(update={"state": TaskState(one.state)})
    return [found[n] for n in sorted(found)]


@routes.get(RUN + "/{task_id}/tries", may="tasks:read")
def get_task_instance_tries(here: At, dag_id: Text, dag_run_id: Text, task_id: Text, map_index: Number = -1) -> Tries:
    with here.reader() as reader:
        found = _tries(here, reader, one_instance(here, reader, dag_id, dag_run_id, task_id, map_index))
    return Tries(task_instances=found, total_entries=len(found))


@routes.get(RUN + "/{task_id}/tries/{task_try_number}", may="tasks:read")
def get_task_instance_try_details(
    here: At, dag_id: Text, dag_run_id: Text, task_id: Text, task_try_number: Number, map_index: Number = -1
) -> Try:
    for one in get_task_instance_tries(here, dag_id, dag_run_id, task_id, map_index).task_instances:
        if one.try_number == task_try_number:
            return one
    raise NotFound(kind="try", name=task_try_number, advice=f"Task '{task_id}' has no such try in this run.")


@routes.get(RUN + "/{task_id}/dependencies", may="tasks:read")
def get_task_instance_dependencies(
    here: At, dag_id: Text, dag_run_id: Text, task_id: Text, map_index: Number = -1
) -> Dependencies:
    """What keeps it from starting, in a sentence; empty when nothing does."""
    with here.reader() as reader:
        one = one_instance(here, reader, dag_id, dag_run_id, task_id, map_index)
    if one.state in _FINAL | {"running", "starting"}:
        return Dependencies(dependencies=[])
    name = task_id if map_index == -1 else f"{task_id}[{map_index}]"
    try:
        told = here.ask("why", dag_id=dag_id, run_id=dag_run_id, task=name)
    except NoEngine:
        told = {"code": "no_engine", "sentence": "No engine runs; start one with: venturi up"}
    except EngineRefused as refused:
        told = {"code": "unknown", "sentence": str(refused)}
    return Dependencies(dependencies=[Dependency(name=str(told["code"]), reason=str(told["sentence"]))])


@routes.get(RUN + "/{task_id}/links", may="tasks:read")
def get_extra_links(
    here: At,
    dag_id: Text,
    dag_run_id: Text,
    task_id: Text,
    map_index: Number = -1,
    try_number: Number | None = None,
) -> Links:
    """Operators' links to other places are not kept: there are none."""
    with here.reader() as reader:
        one_instance(here, reader, dag_id, dag_run_id, task_id, map_index)
    return Links(extra_links={}, total_entries=0)


# ── the same, with the map index in the path: below what has a word in its place ──


@routes.get(RUN + "/{task_id}/{map_index}", may="tasks:read")
def get_mapped_task_instance(
    here: At, dag_id: Text, dag_run_id: Text, task_id: Text, map_index: Number
) -> TaskInstance:
    with here.reader() as reader:
        one = one_instance(here, reader, dag_id, dag_run_id, task_id, map_index)
        made = instance_shape(here, reader, one)
        attempts = reader.attempts(one.run, task_id, map_index)
        made.rendered_fields = ((attempts[-1].detail or {}).get("rendered") or {}) if attempts else {}
        deferral = reader.deferral(one.run, task_id, map_index) if one.state == "deferred" else None
    if deferral is None:
        return made
    trigger = {
        "id": deferral.token,
        "classpath": deferral.trigger,
        "kwargs": "{}",  # they may hold what is nobody's business
        "created_date": at(deferral.at),
        "queue": None,
        "triggerer_id": None,
    }
    return TaskInstance.model_validate({**made.model_dump(), "trigger": trigger})


@routes.get(RUN + "/{task_id}/{map_index}/tries", may="tasks:read")
def get_mapped_task_instance_tries(here: At, dag_id: Text, dag_run_id: Text, task_id: Text, map_index: Number) -> Tries:
    return get_task_instance_tries(here, dag_id, dag_run_id, task_id, map_index)


@routes.get(RUN + "/{task_id}/{map_index}/tries/{task_try_number}", may="tasks:read")
def get_mapped_task_instance_try_details(
    here: At, dag_id: Text, dag_run_id: Text, task_id: Text, map_index: Number, task_try_number: Number
) -> Try:
    return get_task_instance_try_details(here, dag_id, dag_run_id, task_id, task_try_number, map_index)


@routes.get(RUN + "/{task_id}/{map_index}/dependencies", may="tasks:read")
def get_task_instance_dependencies_by_map_index(
    here: At, dag_id: Text, dag_run_id: Text, task_id: Text, map_index: Number
) -> Dependencies:
    return get_task_instance_dependencies(here, dag_id, dag_run_id, task_id, map_index)
