"""What a DAG file declares, as plain data: the form that leaves the author's process and is kept in the database.

Owns the definitions and the checks of the graph. Knows nothing of author code: a callable never appears here.
JSON leaves out every field that has its default, so that a DAG of 10,000 tasks stays a few megabytes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

from .errors import DagCycle, DuplicateTask, NotWithout, UnknownTask
from .names import DEFAULT_POOL as DEFAULT_POOL
from .names import RETURN_KEY as RETURN_KEY


@dataclass(frozen=True, slots=True)
class MapSource:
    """One mapped argument: a literal of known length, another task's value, or several of these joined."""

    argument: str = ""  # "" for expand_kwargs, whose elements are whole sets of arguments
    length: int | None = None  # literals only
    task_id: str | None = None  # values only
    key: str = RETURN_KEY
    join: str | None = None  # "zip", "zip_longest" or "concat", of the parts
    parts: tuple[MapSource, ...] = ()


@dataclass(frozen=True, slots=True)
class TaskSpec:
    task_id: str
    operator: str = "BaseOperator"
    upstream: tuple[str, ...] = ()
    trigger_rule: str = "all_success"
    retries: int = 0
    retry_delay_s: float = 300.0
    retry_factor: float = 1.0  # 2.0 for Airflow's retry_exponential_backoff=True
    retry_delay_max_s: float | None = None
    time_limit_s: float | None = None  # execution_timeout
    start_limit_s: float | None = None  # between being handed out and its beginning
    memory_limit_mb: float | None = None
    pool: str = DEFAULT_POOL
    pool_slots: int = 1
    priority_weight: int = 1  # total, the weight rule already applied
    max_active_per_dag: int | None = None
    isolation: str = "fork"  # or "reuse": one child serves many attempts
    no_process: bool = False  # an EmptyOperator without callbacks: settled by the engine itself
    mapped: tuple[MapSource, ...] = ()
    is_mapped: bool = False
    group_id: str | None = None
    depends_on_past: bool = False
    wait_for_downstream: bool = False  # of its past, what follows it directly must have succeeded as well
    skips_after_past: bool = False  # it waits for its past even where it is only to be skipped
    line: int | None = None  # where the author wrote it
    template_fields: tuple[str, ...] = ()
    doc: str | None = None
    label: str | None = None
    multiple_outputs: bool = False
    reschedules: bool = False  # a sensor that gives its place back between its calls
    is_setup: bool = False
    is_teardown: bool = False
    fails_run: bool = False  # a teardown whose failure is the run's
    max_active_per_run: int | None = None
    calls: tuple[str, ...] = ()  # ends after which a callback or a mail is due: success, failure, retry, skipped
    inlets: tuple[Any, ...] = ()  # assets it uses, as sdk.assets writes them
    outlets: tuple[Any, ...] = ()  # assets it makes
    sla_s: float | None = None
    resources: Any = None  # of the machine: {"cpus", "ram_mb", "gpus"}; with "at_most" it takes less where that is all
    asks: Any = None  # what it asks a person: {"subject", "options", "params" …}


@dataclass(frozen=True, slots=True)
class GroupSpec:
    group_id: str
    parent: str | None = None
    label: str = ""
    tooltip: str = ""
    mapped: tuple[MapSource, ...] = ()  # every task in it has one instance per element (or combination)


@dataclass(frozen=True, slots=True)
class DagSpec:
    dag_id: str
    file: str = ""
    tasks: tuple[TaskSpec, ...] = ()
    groups: tuple[GroupSpec, ...] = ()
    description: str | None = None
    doc: str | None = None
    schedule: Any = None  # what the file said, as plain data; sdk.schedules lists the forms
    data_intervals: bool = False  # a cron text or length of time means intervals (1.10, 2.x), not moments (3.x)
    start_date: str | None = None
    end_date: str | None = None
    timezone: str = "UTC"
    catchup: bool = False
    params: dict[str, Any] = field(default_factory=dict)  # name → {"value": …, "schema": {…}}
    tags: tuple[str, ...] = ()
    owner: str = ""
    max_active_tasks: int = 16
    max_active_runs: int = 16
    max_failed_runs: int = 0  # after so many that have failed in a row it is paused; 0: never
    run_types: tuple[str, ...] = ()  # what may start it; empty: anything
    limits_each_run: bool = False  # max_active_tasks is of each run (3.x), and not of all together
    run_timeout_s: float | None = None
    deadlines: tuple[Any, ...] = ()  # {"reference", "interval", "callback", "name"?}
    fail_fast: bool = False
    paused_upon_creation: bool | None = None
    label: str | None = None
    line: int | None = None
    warnings: tuple[str, ...] = ()
    edge_labels: dict[str, dict[str, str]] = field(default_factory=dict)  # upstream → downstream → word
    calls: tuple[str, ...] = ()  # ends of a run after which a callback is due: success, failure

    def task(self, task_id: str) -> TaskSpec:
        for task in self.tasks:
            if task.task_id == task_id:
                return task
        raise UnknownTask(dag_id=self.dag_id, task_id=task_id, known=", ".join(t.task_id for t in self.tasks))


def with_only(spec: DagSpec, task_ids: Collection[str]) -> DagSpec:
    """The same DAG, in which there are these tasks alone: what is left out is no upstream of anything."""
    chosen = frozenset(task_ids)
    for task_id in chosen:
        spec.task(task_id)
    kept = [task for task in spec.tasks if task.task_id in chosen]
    parents = {group.group_id: group.parent for group in spec.groups}
    needed: set[str | None] = set()
    for task in kept:
        group = task.group_id
        while group is not None and group not in needed:
            needed.add(group)
            group = parents.get(group)
    groups = tuple(group for group in spec.groups if group.group_id in needed)
    for name, sources in [(t.task_id, t.mapped) for t in kept] + [(g.group_id, g.mapped) for g in groups]:
        for value in (value for source in sources for value in values_in(source)):
            if value.task_id not in chosen:
                raise NotWithout(dag_id=spec.dag_id, task_id=name, missing=value.task_id)
    tasks = tuple(replace(task, upstream=tuple(up for up in task.upstream if up in chosen)) for task in kept)
    return replace(spec, tasks=tasks, groups=groups)


def tasks_by_group(spec: DagSpec) -> dict[str, list[str]]:
    """The ids of the tasks in each group, those of groups inside it too."""
    parents = {group.group_id: group.parent for group in spec.groups}
    found: dict[str, list[str]] = {group.group_id: [] for group in spec.groups}
    for task in spec.tasks:
        group = task.group_id
        while group in found:
            found[group].append(task.task_id)
            group = parents.get(group)
    return found


def values_in(source: MapSource) -> Iterator[MapSource]:
    """The parts of a source that are other tasks' values."""
    if source.task_id is not None:
        yield source
    for part in source.parts:
        yield from values_in(part)


_T = TypeVar("_T", TaskSpec, GroupSpec, DagSpec, MapSource)
_NESTED: dict[tuple[type, str], type[Any]] = {
    (DagSpec, "tasks"): TaskSpec,
    (DagSpec, "groups"): GroupSpec,
    (TaskSpec, "mapped"): MapSource,
    (GroupSpec, "mapped"): MapSource,
    (MapSource, "parts"): MapSource,
}
_DEFAULTS: dict[type, dict[str, Any]] = {}


def _defaults(kind: type) -> dict[str, Any]:
    known = _DEFAULTS.get(kind)
    if known is None:
        known = {f.name: f.default_factory() if callable(f.default_factory) else f.default for f in fields(kind)}
        _DEFAULTS[kind] = known
    return known


def to_json(spec: TaskSpec | GroupSpec | DagSpec | MapSource) -> dict[str, Any]:
    """The spec as JSON-ready data, defaults left out."""
    out: dict[str, Any] = {}
    for name, default in _defaults(type(spec)).items():
        value = getattr(spec, name)
        if value == default:
            continue
        if (type(spec), name) in _NESTED:
            value = [to_json(v) for v in value]
        elif isinstance(value, tuple):
            value = list(value)
        out[name] = value
    return out


def _read(kind: type[_T], data: dict[str, Any]) -> _T:
    known = _defaults(kind)
    made: dict[str, Any] = {}
    for name, value in data.items():
        if name not in known:
            continue  # written by a newer Venturi
        inner = _NESTED.get((kind, name))
        if inner is not None:
            value = tuple(_read(inner, v) for v in value)
        elif isinstance(value, list) and isinstance(known[name], tuple):
            value = tuple(value)
        made[name] = value
    return kind(**made)


def dag_from_json(data: dict[str, Any]) -> DagSpec:
    return _read(DagSpec, data)


def check_graph(spec: DagSpec) -> list[str]:
    """The task ids in an order where every task follows its upstreams; raises on duplicates, strangers and cycles.

    Iterative, so that a chain of 10,000 tasks is as good as any other graph.
    """
    missing: dict[str, int] = {}
    downstream: dict[str, list[str]] = {}
    for task in spec.tasks:
        if task.task_id in missing:
            raise DuplicateTask(task_id=task.task_id, dag_id=spec.dag_id, file=spec.file, line=task.line)
        missing[task.task_id] = len(task.upstream)
        downstream.setdefault(task.task_id, [])
    for task in spec.tasks:
        for up in task.upstream:
            if up not in missing:
                raise UnknownTask(dag_id=spec.dag_id, task_id=up, known=", ".join(sorted(missing)[:20]))
            downstream[up].append(task.task_id)
    order = [task_id for task_id, n in missing.items() if n == 0]
    for task_id in order:
        for down in downstream[task_id]:
            missing[down] -= 1
            if missing[down] == 0:
                order.append(down)
    if len(order) < len(missing):
        path = _a_cycle(spec, {t for t, n in missing.items() if n > 0})
        line = next(t.line for t in spec.tasks if t.task_id == path[0])
        raise DagCycle(dag_id=spec.dag_id, path=" → ".join(path), file=spec.file, line=line)
    return order


def _a_cycle(spec: DagSpec, stuck: set[str]) -> list[str]:
    upstream = {t.task_id: [u for u in t.upstream if u in stuck] for t in spec.tasks if t.task_id in stuck}
    at = min(t for t in stuck if upstream[t])
    seen: list[str] = []
    while at not in seen:  # each stuck task has a stuck upstream, so this walk must come round
        seen.append(at)
        at = upstream[at][0]
    cycle = [*seen[seen.index(at) :], at]
    return cycle[::-1]
