"""Turns a DAG object into its spec: pure data, complete, nothing of the author's objects left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..core.spec import DagSpec, TaskSpec, values_in
from . import era, times, value_backend
from .dag import DAG
from .empty import EmptyOperator
from .mapped import MappedOperator
from .operator import BaseOperator, Task
from .plain import plain
from .priorities import strategy_of, weight_by
from .resources import asked
from .schedules import plain_schedule, runs_at_once_max
from .settings import conf
from .templates import files_of

ALL_EQUAL_TASKS_MAX = 2_000
_CALLBACKS = ("on_execute_callback", "on_success_callback", "on_failure_callback", "on_skipped_callback")
_BACKOFF = 2.0


def describe(dag: DAG) -> DagSpec:
    for task in dag.task_dict.values():
        _late_references(task)
    weights = total_weights(dag)
    first = dag.start_date or dag.default_args.get("start_date")
    end = dag.end_date or dag.default_args.get("end_date")
    start = times.read(first) if first is not None else None
    dag.value_backend = value_backend.chosen()
    no_backend = [f"{dag.value_backend} Until then every task fails."] if isinstance(dag.value_backend, str) else []
    schedule = plain_schedule(dag.schedule)
    warnings = [*dag.warnings, *no_backend]
    groups = tuple(group.spec() for group in dag.task_group_dict.values())
    tasks = tuple(describe_task(task, weights[task.task_id], dag.fileloc) for task in dag.task_dict.values())
    mapped = [source for task in tasks for source in task.mapped] + [s for group in groups for s in group.mapped]
    dag.mapped_over = {
        (value.task_id, value.key) for source in mapped for value in values_in(source) if value.task_id is not None
    }
    return DagSpec(
        dag_id=dag.dag_id,
        file=dag.fileloc,
        tasks=tasks,
        groups=groups,
        description=dag.description,
        doc=_text(dag.doc_md),
        schedule=schedule,
        data_intervals=era.has_data_intervals(dag.era),
        start_date=start.isoformat() if start is not None else None,
        end_date=times.read(end).isoformat() if end is not None else None,
        timezone=times.zone_name(start),
        catchup=dag.catchup,
        params={name: plain_param(dag.params.get_param(name)) for name in dag.params},
        tags=tuple(sorted(str(tag) for tag in dag.tags)),
        owner=dag.owner,
        max_active_tasks=dag.max_active_tasks,
        limits_each_run=era.limits_each_run(dag.era),
        max_active_runs=min(dag.max_active_runs, runs_at_once_max(dag.schedule) or dag.max_active_runs),
        max_failed_runs=int(getattr(dag, "max_consecutive_failed_dag_runs", None) or 0),
        run_types=_run_types(getattr(dag, "allowed_run_types", None)),
        run_timeout_s=times.seconds(dag.dagrun_timeout),
        deadlines=_deadlines(getattr(dag, "deadline", None)),
        fail_fast=dag.fail_fast,
        paused_upon_creation=dag.is_paused_upon_creation,
        label=dag.dag_display_name if dag.dag_display_name != dag.dag_id else None,
        line=dag.position.line if dag.position.file == dag.fileloc else None,
        warnings=tuple(warnings),
        edge_labels=_edge_labels(dag),
        calls=_calls_of_dag(dag),
    )


def _run_types(said: Any) -> tuple[str, ...]:
    """Names of types, or one of them, or values of an enumeration."""
    several = [said] if isinstance(said, str) else said or ()
    return tuple(str(getattr(one, "value", one)) for one in several)


def _edge_labels(dag: DAG) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for (up, down), word in dag.edge_labels.items():
        found.setdefault(up, {})[down] = word
    return found


def describe_task(task: Task, weight: int, file: str) -> TaskSpec:
    group = task.task_group
    resources = asked(task)
    backoff = task.retry_exponential_backoff
    return TaskSpec(
        task_id=task.task_id,
        operator=task.operator_name,
        upstream=tuple(sorted(task.upstream_task_ids)),
        trigger_rule=task.trigger_rule,
        retries=task.retries,
        retry_delay_s=times.seconds(task.retry_delay) or 0.0,
        retry_factor=_BACKOFF if backoff is True else float(backoff or 1.0),
        retry_delay_max_s=times.seconds(task.max_retry_delay),
        time_limit_s=times.seconds(task.execution_timeout),
        start_limit_s=_given_number(task, "start_timeout_s"),
        memory_limit_mb=_given_number(task, "memory_mb"),
        pool=task.pool,
        pool_slots=task.pool_slots,
        priority_weight=weight,
        max_active_per_dag=task.max_active_tis_per_dag,
        isolation=_isolation(task) if not (resources or {}).get("gpus") else "fork",  # its devices are its process's
        resources=resources,
        no_process=_needs_no_process(task),
        mapped=task.map_sources() if isinstance(task, MappedOperator) else (),
        is_mapped=task.is_mapped,
        group_id=group.group_id if group is not None else None,
        depends_on_past=bool(task.depends_on_past or task.wait_for_downstream),
        wait_for_downstream=bool(task.wait_for_downstream),
        skips_after_past=bool(task.wait_for_past_depends_before_skipping),
        line=task.position.line if task.position.file == file else None,
        template_fields=tuple(task.template_fields),
        doc=_text(task.doc_md or task.doc or task.doc_rst or task.doc_yaml or task.doc_json),
        label=task.task_display_name,
        multiple_outputs=bool(task.multiple_outputs),
        reschedules=_given(task, "mode") == "reschedule",
        inlets=_assets(task.inlets),
        outlets=_assets(task.outlets),
        sla_s=times.seconds(task.sla) if _has_slas(file) else None,
        asks=_asks(task),
        is_setup=task.is_setup,
        is_teardown=task.is_teardown,
        fails_run=task.fails_run,
        max_active_per_run=task.max_active_tis_per_dagrun,
        calls=calls_of_task(task),
    )


def _calls_of_dag(dag: DAG) -> tuple[str, ...]:
    """The ends of its runs after which a callback is due, and whether one is when tasks have missed their SLA."""
    ends = tuple(kind for kind in ("success", "failure") if getattr(dag, f"on_{kind}_callback"))
    return (*ends, "sla") if getattr(dag, "sla_miss_callback", None) and _has_slas(dag.fileloc) else ends


def _has_slas(file: str) -> bool:
    return era.keeps_slas(file) and conf.getboolean("core", "check_slas", fallback=True)


def calls_of_task(task: Task) -> tuple[str, ...]:
    """The ends of its attempts after which a callback or a mail is due, and whether one is when its SLA is missed."""
    mails = {kind for kind in ("failure", "retry") if task.email and getattr(task, f"email_on_{kind}")}
    kinds = ("success", "failure", "retry", "skipped")
    ends = tuple(kind for kind in kinds if kind in mails or getattr(task, f"on_{kind}_callback"))
    return (*ends, "sla") if task.sla is not None and task.email else ends


def template_files(dag: DAG) -> list[str]:
    """The files that templates of this DAG are read from: part of its version."""
    found: set[str] = set()
    for task in dag.task_dict.values():
        extensions = tuple(_extensions(task))
        if not extensions:
            continue
        for name in getattr(task, "template_fields", ()):
            for text in _texts(_given(task, name)):
                if text.endswith(extensions):
                    found.update(files_of(dag, text))
    return sorted(found)


def _extensions(task: Task) -> Iterable[str]:
    if isinstance(task, MappedOperator):
        return task.shared.get("templates_exts") or task.operator_class.template_ext
    return task.template_ext if isinstance(task, BaseOperator) else ()


def _texts(value: Any, depth: int = 0) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, tuple, set)) and depth < 5:
        for part in value:
            yield from _texts(part, depth + 1)
    elif isinstance(value, dict) and depth < 5:
        yield from _texts(list(value.values()), depth + 1)


def _late_references(task: Task) -> None:
    """Another task's value may have been put into a template field after the operator was made."""
    if isinstance(task, BaseOperator):
        for name in task.template_fields:
            value = task.__dict__.get(name)
            if value is not None and type(value) is not str:
                task.follow_references(value)


def _given(task: Task, name: str) -> Any:
    return task.shared.get(name) if isinstance(task, MappedOperator) else task.__dict__.get(name)


def _isolation(task: Task) -> str:
    config = task.executor_config
    chosen = task.isolation or (config.get("isolation") if isinstance(config, Mapping) else None)
    return "reuse" if chosen == "reuse" else "fork"


def _given_number(task: Task, name: str) -> float | None:
    """Of `executor_config`."""
    given = task.executor_config
    return float(given[name]) if isinstance(given, Mapping) and given.get(name) is not None else None


def _needs_no_process(task: Task) -> bool:
    return (
        isinstance(task, EmptyOperator)
        and type(task).execute is EmptyOperator.execute
        and type(task).pre_execute is BaseOperator.pre_execute
        and type(task).post_execute is BaseOperator.post_execute
        and task.pre_execute_hook is None
        and task.post_execute_hook is None
        and not task.outlets
        and not any(getattr(task, name) for name in _CALLBACKS)
    )


def _assets(listed: Any) -> tuple[Any, ...]:
    """The assets in `inlets` and `outlets`, where lineage of 2.x may have left other things too."""
    return tuple(one.as_plain() for one in listed if hasattr(one, "iter_assets")) if listed else ()


def _deadlines(given: Any) -> tuple[Any, ...]:
    listed = given if isinstance(given, (list, tuple)) else [given] if given is not None else []
    return tuple(one.as_plain() for one in listed)


def _asks(task: Task) -> dict[str, Any] | None:
    if not hasattr(task, "assigned_users"):
        return None
    names = ("subject", "body", "options", "defaults", "multiple", "assigned_users")
    told = {name: plain(value) for name in names if (value := getattr(task, name, None))}
    asked = getattr(task, "asked", None)
    if asked:
        told["params"] = {name: plain_param(asked.get_param(name)) for name in asked}
    limit = getattr(task, "response_timeout", None)
    return told if limit is None else {**told, "time_limit_s": times.seconds(limit)}


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def plain_param(param: Any) -> dict[str, Any]:
    """A parameter as a form needs it: its schema, its default, its description."""
    found: dict[str, Any] = {"schema": plain(param.schema)}
    if param.has_value:
        found["value"] = plain(param.value)
    if param.description:
        found["description"] = str(param.description)
    return found


# ── priority ─────────────────────────────────────────────────────────────────────────────────────────────


def total_weights(dag: DAG) -> dict[str, int]:
    """Each task's weight by its rule: its own (absolute), or with those of all tasks behind (downstream) or before it.

    Sets of tasks are bits of one integer each. Where every weight is 1 and there are more than ALL_EQUAL_TASKS_MAX
    tasks, own weights are taken: the totals would only repeat the order of the graph, at the price of the sets.
    """
    tasks = dag.task_dict
    own = {task_id: int(1 if task.priority_weight is None else task.priority_weight) for task_id, task in tasks.items()}
    if len(tasks) > ALL_EQUAL_TASKS_MAX and set(own.values()) == {1}:
        return own
    rules = {task_id: str(getattr(task.weight_rule, "value", task.weight_rule)) for task_id, task in tasks.items()}
    for task_id, task in tasks.items():
        strategy = strategy_of(task.weight_rule)
        if strategy is not None:
            own[task_id] = weight_by(strategy, task)
    totals = dict(own)
    for rule, follow in (("downstream", "downstream_task_ids"), ("upstream", "upstream_task_ids")):
        if rule in rules.values():
            reach = _reach(tasks, follow)
            if reach is None:
                return own  # a cycle, which check_graph will name
            by_weight = _bits_by_weight(tasks, own)
            for task_id in tasks:
                if rules[task_id] == rule:
                    reached = reach[task_id]
                    totals[task_id] = own[task_id] + sum(
                        w * (reached & bits).bit_count() for w, bits in by_weight.items()
                    )
    return totals


def _bits_by_weight(tasks: Mapping[str, Task], own: Mapping[str, int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for at, task_id in enumerate(tasks):
        found[own[task_id]] = found.get(own[task_id], 0) | 1 << at
    return found


def _reach(tasks: Mapping[str, Task], follow: str) -> dict[str, int] | None:
    """Which tasks lie behind (or before) each; None if there is a cycle."""
    bit = {task_id: 1 << at for at, task_id in enumerate(tasks)}
    before = "upstream_task_ids" if follow == "downstream_task_ids" else "downstream_task_ids"
    missing = {task_id: len(getattr(task, follow)) for task_id, task in tasks.items()}
    ready = [task_id for task_id, n in missing.items() if n == 0]
    reach: dict[str, int] = {}
    for task_id in ready:
        task = tasks[task_id]
        found = 0
        for other in getattr(task, follow):
            found |= reach[other] | bit[other]
        reach[task_id] = found
        for other in getattr(task, before):
            missing[other] -= 1
            if missing[other] == 0:
                ready.append(other)
    return reach if len(reach) == len(tasks) else None
