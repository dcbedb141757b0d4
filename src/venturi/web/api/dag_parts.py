"""What belongs to DAGs: sources, versions, tags, counts, warnings, files that do not import, tasks."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import Header, Query
from fastapi.responses import PlainTextResponse, Response
from pydantic import BaseModel

from ...core.errors import NotFound
from ...core.spec import TaskSpec
from ...store import Reader
from ...store.rows import ImportErrorRow
from ..forming import QUEUE, bundle_of, dag_of, known_of, number, version_shape
from ..here import At, Here, Routes
from ..models.dags import (
    AllDagStats,
    DagSource,
    DagStats,
    DagTags,
    DagWarning,
    DagWarnings,
    ImportError,
    ImportErrors,
    StateCount,
)
from ..models.shapes import DagVersion, DagVersions, RunState
from ..models.tasks import Length, Task, Tasks
from ..paging import (
    LIMIT,
    Limit,
    Number,
    Offset,
    OrderBy,
    Pattern,
    Start,
    Text,
    Texts,
    fits,
    moment,
    order_of,
    sliced,
    sorted_by,
)
from ..readers import Known
from .dags import all_found, param_shape

routes = Routes("DAG")


# ── versions and sources ──


def _versions(here: Here, dag_id: str, version_number: int | None = None) -> list[Known]:
    with here.reader() as reader:
        dag_of(reader, dag_id)
        ids = [id for id, *_ in reader.version_list(dag_id)]
        if version_number is not None:
            if not 1 <= version_number <= len(ids):
                raise NotFound(kind="DAG version", name=version_number, advice=f"DAG '{dag_id}' has {len(ids)}.")
            ids = [ids[version_number - 1]]
        return [here.version(reader, id) for id in ids]


class VersionQuery(BaseModel):
    limit: Limit = LIMIT
    offset: Offset = 0
    version_number: Number | None = None
    bundle_name: Text | None = None
    bundle_version: Text | None = None
    order_by: OrderBy = ["id"]


@routes.get("/dags/{dag_id}/dagVersions", may="dags:read")
def get_dag_versions(here: At, dag_id: Text, wanted: Annotated[VersionQuery, Query()]) -> DagVersions:
    names = ("id", "version_number", "created_at", "bundle_name", "bundle_version")
    order = order_of(wanted.order_by, {name: name for name in names})
    if dag_id == "~":
        with here.reader() as reader:
            found = [here.version(reader, id) for id, *_ in reader.version_list()]
    else:
        found = _versions(here, dag_id)
    shapes = [
        version_shape(known)
        for known in found
        if wanted.version_number in (None, known.number)
        and wanted.bundle_name in (None, bundle_of(known.source))
        and wanted.bundle_version is None
    ]
    shapes = sorted_by(shapes, order, lambda one, field: one.version_number if field == "id" else getattr(one, field))
    return DagVersions(dag_versions=sliced(shapes, wanted.limit, wanted.offset), total_entries=len(shapes))


@routes.get("/dags/{dag_id}/dagVersions/{version_number}", may="dags:read")
def get_dag_version(here: At, dag_id: Text, version_number: Number) -> DagVersion:
    return version_shape(_versions(here, dag_id, version_number)[0])


@routes.get(
    "/dagSources/{dag_id}",
    may="dags:read",
    response_model=DagSource,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
def get_dag_source(
    here: At,
    dag_id: Text,
    version_number: Number | None = None,
    accept: Annotated[str, Header()] = "*/*",
) -> Response | DagSource:
    with here.reader() as reader:
        known = known_of(here, reader, dag_id)
    if version_number is not None:
        known = _versions(here, dag_id, version_number)[0]
    content = source_text(here, known)
    if "text/plain" in accept and "json" not in accept:
        return PlainTextResponse(content or "")
    return DagSource(content=content, dag_id=dag_id, version_number=known.number, dag_display_name=known.name)


def source_text(here: Here, known: Known) -> str:
    """Of the DAG's own file, as that version has it."""
    file = known.source.get("load", {}).get("file")
    digest = known.source.get("modules", {}).get(file)
    if digest is None or not digest.isalnum():
        raise NotFound(kind="source", name=known.dag_id, advice="It was not kept.")
    for place in (here.home.sources / digest, here.home.sources / digest[:2] / digest):
        if place.is_file():
            return str(place.read_bytes().decode("utf-8", "replace"))
    raise NotFound(kind="source", name=known.dag_id, advice="It was not kept.")


# ── tags, counts, warnings ──


class TagQuery(BaseModel):
    limit: Limit = LIMIT
    offset: Offset = 0
    order_by: OrderBy = ["name"]
    tag_name_pattern: Pattern = None
    tag_name_prefix_pattern: Start = None


@routes.get("/dagTags", may="dags:read", by_grant=True)
def get_dag_tags(here: At, wanted: Annotated[TagQuery, Query()]) -> DagTags:
    order = order_of(wanted.order_by, {"name": "name"})
    with here.reader() as reader:
        tags = {tag for one in all_found(here, reader) if one.row.active for tag in one.spec.tags}
    found = [tag for tag in tags if fits(tag, wanted.tag_name_pattern, wanted.tag_name_prefix_pattern)]
    found = sorted_by(sorted(found), order, lambda tag, _: tag)
    return DagTags(tags=sliced(found, wanted.limit, wanted.offset), total_entries=len(found))


@routes.get("/dagStats", may="dags:read", by_grant=True)
def get_dag_stats(here: At, dag_ids: Texts = []) -> AllDagStats:
    with here.reader() as reader:
        counts: dict[str, dict[str, int]] = {}
        for dag_id, state, n in reader.run_counts():
            counts.setdefault(dag_id, {})[state] = n
        found = [one for one in all_found(here, reader) if not dag_ids or one.row.dag_id in dag_ids]
    told = [
        DagStats(
            dag_id=one.row.dag_id,
            dag_display_name=one.known.name,
            stats=[StateCount(state=s, count=counts.get(one.row.dag_id, {}).get(s.value, 0)) for s in RunState],
        )
        for one in found
    ]
    return AllDagStats(dags=told, total_entries=len(told))


class WarningQuery(BaseModel):
    dag_id: Text | None = None
    warning_type: Annotated[str | None, Query(pattern="^(asset conflict|non-existent pool|runtime varying value)$")] = (
        None
    )
    limit: Limit = LIMIT
    offset: Offset = 0
    order_by: OrderBy = ["dag_id"]


@routes.get("/dagWarnings", may="dags:read", by_grant=True)
def list_dag_warnings(here: At, wanted: Annotated[WarningQuery, Query()]) -> DagWarnings:
    """Tasks in pools that nobody has defined, which run one at a time; and what a file itself warns of."""
    names = ("dag_id", "warning_type", "message", "timestamp")
    order = order_of(wanted.order_by, {name: name for name in names})
    with here.reader() as reader:
        pools = {pool.name for pool in reader.pools()}
        found = [one for one in all_found(here, reader) if one.row.active]
    told = []
    for one in found:
        missing = sorted({task.pool for task in one.spec.tasks} - pools)
        said = [("non-existent pool", f"There is no pool '{pool}'; its tasks run one at a time.") for pool in missing]
        said += [("runtime varying value", text) for text in one.spec.warnings]
        for kind, message in said:
            if wanted.dag_id in (None, one.row.dag_id) and wanted.warning_type in (None, kind):
                told.append(
                    DagWarning(
                        dag_id=one.row.dag_id,
                        warning_type=kind,
                        message=message,
                        timestamp=moment(one.known.at),
                        dag_display_name=one.known.name,
                    )
                )
    told = sorted_by(told, order, getattr)
    return DagWarnings(dag_warnings=sliced(told, wanted.limit, wanted.offset), total_entries=len(told))


class ImportErrorQuery(BaseModel):
    limit: Limit = LIMIT
    offset: Offset = 0
    order_by: OrderBy = ["id"]
    filename_pattern: Pattern = None
    filename_prefix_pattern: Start = None
    filename: Text | None = None
    bundle_name: Text | None = None


def seen_errors(here: Here, reader: Reader) -> list[ImportErrorRow]:
    """Of files all of whose DAGs may be seen."""
    rows = reader.import_errors()
    if here.only is None:
        return rows
    dags: dict[str | None, list[str]] = {}
    for dag in reader.dags():
        dags.setdefault(dag.file, []).append(dag.dag_id)
    return [row for row in rows if row.file in dags and all(map(here.sees, dags[row.file]))]


def _import_errors(here: Here) -> list[ImportError]:
    with here.reader() as reader:
        rows = seen_errors(here, reader)
    return [
        ImportError(
            import_error_id=number("import error", row.file),
            timestamp=moment(row.at or 0.0),
            filename=row.file,
            bundle_name=None,
            stack_trace=str(row.error.get("traceback") or row.error.get("message") or ""),
        )
        for row in rows
    ]


@routes.get("/importErrors", may="dags:read", by_grant=True)
def get_import_errors(here: At, wanted: Annotated[ImportErrorQuery, Query()]) -> ImportErrors:
    names = {"id": "import_error_id", "import_error_id": "import_error_id"}
    names |= {name: name for name in ("timestamp", "filename", "bundle_name", "stack_trace")}
    order = order_of(wanted.order_by, names)
    found = [
        one
        for one in _import_errors(here)
        if fits(one.filename, wanted.filename_pattern, wanted.filename_prefix_pattern)
        and wanted.filename in (None, one.filename)
        and wanted.bundle_name is None
    ]
    found = sorted_by(found, order, getattr)
    return ImportErrors(import_errors=sliced(found, wanted.limit, wanted.offset), total_entries=len(found))


@routes.get("/importErrors/{import_error_id}", may="dags:read", by_grant=True)
def get_import_error(here: At, import_error_id: Number) -> ImportError:
    for one in _import_errors(here):
        if one.import_error_id == import_error_id:
            return one
    raise NotFound(kind="import error", name=import_error_id, advice="")


# ── tasks ──


def _length(length_s: float | None) -> Length | None:
    if length_s is None:
        return None
    made = timedelta(seconds=length_s)
    return Length(days=made.days, seconds=made.seconds, microseconds=made.microseconds)


def task_shape(known: Known, task: TaskSpec) -> Task:
    spec = known.spec
    return Task(
        task_id=task.task_id,
        task_display_name=task.label or task.task_id,
        owner=spec.owner or "airflow",
        start_date=None,
        end_date=None,
        trigger_rule=task.trigger_rule,
        depends_on_past=task.depends_on_past,
        wait_for_downstream=task.wait_for_downstream,
        retries=task.retries,
        queue=QUEUE,
        pool=task.pool,
        pool_slots=task.pool_slots,
        execution_timeout=_length(task.time_limit_s),
        retry_delay=_length(task.retry_delay_s),
        retry_exponential_backoff=0.0 if task.retry_factor == 1.0 else task.retry_factor,
        priority_weight=task.priority_weight,
        weight_rule="downstream",
        ui_color="#fff",
        ui_fgcolor="#000",
        template_fields=list(task.template_fields),
        downstream_task_ids=sorted(known.downstream.get(task.task_id, [])),
        doc_md=task.doc,
        operator_name=task.operator,
        params={name: param_shape(param) for name, param in spec.params.items()},
        class_ref={"class_name": task.operator, "module_path": None},
        is_mapped=task.is_mapped,
        extra_links=[],
    )


@routes.get("/dags/{dag_id}/tasks", may="dags:read")
def get_tasks(here: At, dag_id: Text, order_by: Text = "task_id") -> Tasks:
    fields = set(Task.model_fields) - {"params", "class_ref", "execution_timeout", "retry_delay"}
    order = order_of(order_by, {name: name for name in sorted(fields)})
    with here.reader() as reader:
        known = known_of(here, reader, dag_id)
    found = sorted_by([task_shape(known, task) for task in known.spec.tasks], order, _sortable)
    return Tasks(tasks=found, total_entries=len(found))


def _sortable(task: Task, field: str) -> Any:
    value = getattr(task, field)
    return str(value) if isinstance(value, list) else value


@routes.get("/dags/{dag_id}/tasks/{task_id}", may="dags:read")
def get_task(here: At, dag_id: Text, task_id: Text) -> Task:
    with here.reader() as reader:
        known = known_of(here, reader, dag_id)
    task = known.tasks.get(task_id)
    if task is None:
        raise NotFound(kind="task", name=task_id, advice=f"DAG '{dag_id}' has no such task.")
    return task_shape(known, task)
