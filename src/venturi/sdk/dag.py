"""The DAG: what a file declares around its tasks, and the registry of the tasks in it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from ..config import find_home, read_config
from . import building, era, times
from .exceptions import BadAuthoring, DuplicateTaskIdFound, TaskNotFound
from .groups import TaskGroup
from .operator import Task, check_id
from .params import MISSING, Param, ParamsDict
from .references import DagParam

UNSET: Any = type("Unset", (), {"__repr__": lambda _: "(not given)"})()

# Taken and kept as attributes: `describe` reads some, the rest has never done anything outside Airflow's own UI.
_KEPT: dict[str, Any] = {
    "access_control": None,
    "allowed_run_types": None,
    "deadline": None,
    "default_view": None,
    "disable_bundle_versioning": False,
    "full_filepath": None,
    "max_consecutive_failed_dag_runs": 0,
    "on_failure_callback": None,
    "on_success_callback": None,
    "orientation": None,
    "owner_links": None,
    "rerun_with_latest_version": None,
    "sla_miss_callback": None,
}


class DAG:
    """`with DAG("id", schedule="@daily", start_date=…) as dag:` or, as an object, given to each task as `dag=dag`."""

    def __init__(
        self,
        dag_id: str,
        description: str | None = None,
        schedule: Any = UNSET,
        start_date: datetime | str | None = None,
        end_date: datetime | str | None = None,
        *,
        schedule_interval: Any = UNSET,
        timetable: Any = UNSET,
        default_args: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        catchup: bool | None = None,
        tags: Iterable[str] | None = None,
        max_active_tasks: int | None = None,
        concurrency: int | None = None,
        max_active_runs: int | None = None,
        dagrun_timeout: timedelta | None = None,
        doc_md: str | None = None,
        dag_display_name: str | None = None,
        is_paused_upon_creation: bool | None = None,
        fail_fast: bool | None = None,
        fail_stop: bool | None = None,
        template_searchpath: str | Iterable[str] | None = None,
        template_undefined: Any = None,
        user_defined_macros: Mapping[str, Any] | None = None,
        user_defined_filters: Mapping[str, Any] | None = None,
        jinja_environment_kwargs: Mapping[str, Any] | None = None,
        render_template_as_native_obj: bool = False,
        auto_register: bool = True,
        **kept: Any,
    ) -> None:
        self.position = building.author_position(2)
        self.fileloc = self.position.file
        self.era = era.era_of(self.fileloc)
        self.warnings: list[str] = []
        self.dag_id = check_id("dag_id", dag_id)
        self.description = description
        self.default_args = dict(default_args or {})
        self.params = ParamsDict(params)
        self.params.update(self.default_args.pop("params", None) or {})
        self.start_date = times.read(start_date) if start_date is not None else None
        self.end_date = times.read(end_date) if end_date is not None else None
        self.schedule = self._schedule(
            {"schedule": schedule, "schedule_interval": schedule_interval, "timetable": timetable}
        )
        self._check_schedule()
        defaults = read_config(find_home())
        self.catchup = defaults.catchup_by_default if catchup is None else bool(catchup)
        self.says_catchup = catchup is not None
        self.tags = {tags} if isinstance(tags, str) else set(tags or ())
        self.max_active_tasks = int(max_active_tasks or concurrency or defaults.max_active_tasks_per_dag)
        self.max_active_runs = int(max_active_runs or defaults.max_active_runs_per_dag)
        self.dagrun_timeout = dagrun_timeout
        self.doc_md = doc_md
        self.dag_display_name = dag_display_name or dag_id
        self.is_paused_upon_creation = is_paused_upon_creation
        self.fail_fast = bool(fail_fast or fail_stop)
        searchpath = [template_searchpath] if isinstance(template_searchpath, str) else template_searchpath
        self.template_searchpath = [os.fspath(folder) for folder in searchpath or ()]
        self.template_undefined = template_undefined
        self.user_defined_macros = user_defined_macros
        self.user_defined_filters = user_defined_filters
        self.jinja_environment_kwargs = jinja_environment_kwargs
        self.render_template_as_native_obj = render_template_as_native_obj
        self.auto_register = auto_register
        self._keep(kept)
        self.task_dict: dict[str, Task] = {}
        self.task_group_dict: dict[str, TaskGroup] = {}
        self.edge_labels: dict[tuple[str, str], str] = {}
        self.is_part_of: DAG | None = None  # a SubDagOperator has made its tasks a group of that DAG
        # Told by `describe`: values (task, key) that tasks are mapped over; the class that values pass through.
        self.mapped_over: set[tuple[str, str]] = set()
        self.value_backend: Any = None
        self._last_suffix: dict[str, int] = {}
        self.task_group = TaskGroup(None, dag=self)
        self.was_opened = False
        if building.collections:
            building.collections[-1].append(self)

    def _keep(self, kept: Mapping[str, Any]) -> None:
        for name in kept:
            if name not in _KEPT:
                import difflib

                near = difflib.get_close_matches(name, [*_KEPT, *DAG.__init__.__annotations__], 1)
                raise BadAuthoring(
                    problem=f"DAG '{self.dag_id}' does not know the argument '{name}'",
                    file=self.position.file,
                    line=self.position.line,
                    advice=f"Did you mean '{near[0]}'?" if near else "Remove it.",
                )
        for name, default in _KEPT.items():
            setattr(self, name, kept.get(name, default))

    def _schedule(self, given: dict[str, Any]) -> Any:
        """What starts the DAG; one of three spellings, else what `default_args` says, else what its era means."""
        found = {name: value for name, value in given.items() if value is not UNSET}
        if len([value for value in found.values() if value is not None]) > 1:
            raise BadAuthoring(
                problem=f"DAG '{self.dag_id}' has more than one of: {', '.join(found)}",
                file=self.position.file,
                line=self.position.line,
                advice="Keep one of them.",
            )
        if found:
            return next((value for value in found.values() if value is not None), None)
        for name in ("schedule", "schedule_interval"):
            if name in self.default_args:
                self.warnings.append(
                    f"{name}={self.default_args[name]!r} stands in default_args, where Airflow ignores it; "
                    "it is taken as the schedule of the DAG. Give it to DAG(…) itself."
                )
                return self.default_args[name]
        schedule = era.missing_schedule(self.era)
        if schedule is not None:
            self.warnings.append(f"No schedule is given; in a file of Airflow {self.era.value} that means daily.")
        return schedule

    def _check_schedule(self) -> None:
        from .schedules import schedule_problem

        if callable(getattr(self.schedule, "validate", None)):
            self.schedule.validate()
        wrong = schedule_problem(self.schedule)
        if wrong:
            raise BadAuthoring(
                problem=f"DAG '{self.dag_id}' cannot start by its schedule: {wrong}",
                file=self.position.file,
                line=self.position.line,
                advice="Use None, a preset such as '@daily', a cron expression, a timedelta, a timetable or assets.",
            )

    # ── tasks and groups ─────────────────────────────────────────────────────────────────────────────────

    def add_task(self, task: Task) -> None:
        task_id = task.task_id
        present = self.task_dict.get(task_id)
        if present is task:
            return
        if present is not None or task_id in self.task_group_dict:
            raise DuplicateTaskIdFound(task_id=task_id, dag_id=self.dag_id)
        self.task_dict[task_id] = task
        task.dag_ = self
        if task.task_group is None:
            task.task_group = self.task_group
        task.task_group.children[task_id] = task
        if building.scopes:
            building.scopes[-1].tasks.append(task)
        stray = task.__dict__.pop("stray_warning", None)
        if stray:
            self.warnings.append(stray)

    def add_tasks(self, tasks: Iterable[Task]) -> None:
        for task in tasks:
            self.add_task(task)

    def add_group(self, group: TaskGroup) -> None:
        self.task_group_dict[group.node_id] = group

    def has_id(self, node_id: str) -> bool:
        return node_id in self.task_dict or node_id in self.task_group_dict

    def free_id(self, wanted: str) -> str:
        """The id itself, or with `__1`, `__2` … after it if it is taken."""
        if not self.has_id(wanted):
            return wanted
        stem = re.sub(r"__\d+$", "", wanted)
        n = self._last_suffix.get(stem, 0) + 1
        while self.has_id(f"{stem}__{n}"):
            n += 1
        self._last_suffix[stem] = n
        return f"{stem}__{n}"

    @property
    def tasks(self) -> list[Task]:
        return list(self.task_dict.values())

    @property
    def task_ids(self) -> list[str]:
        return list(self.task_dict)

    @property
    def task_count(self) -> int:
        return len(self.task_dict)

    @property
    def roots(self) -> list[Task]:
        return [task for task in self.task_dict.values() if not task.upstream_task_ids]

    @property
    def leaves(self) -> list[Task]:
        return [task for task in self.task_dict.values() if not task.downstream_task_ids]

    def has_task(self, task_id: str) -> bool:
        return task_id in self.task_dict

    def get_task(self, task_id: str, include_subdags: bool = False) -> Task:
        task = self.task_dict.get(task_id)
        if task is None:
            raise TaskNotFound(
                f"Task '{task_id}' not found in DAG '{self.dag_id}'. It has: {', '.join(self.task_ids[:20])}."
            )
        return task

    def topological_sort(self) -> list[Task]:
        from ..core.spec import check_graph
        from .describe import describe

        return [self.task_dict[task_id] for task_id in check_graph(describe(self))]

    # ── facts ────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def folder(self) -> str:
        return os.path.dirname(self.fileloc)

    @property
    def filepath(self) -> str:
        return self.fileloc

    @property
    def owner(self) -> str:
        return ", ".join(sorted({task.owner for task in self.task_dict.values()}))

    @property
    def schedule_interval(self) -> Any:
        return self.schedule

    @property
    def concurrency(self) -> int:
        return self.max_active_tasks

    @property
    def timezone(self) -> Any:
        date = self.start_date or self.default_args.get("start_date")
        return getattr(date, "tzinfo", None) or times.utc

    def param(self, name: str, default: Any = MISSING) -> DagParam:
        if default is not MISSING or name not in self.params:
            self.params[name] = default
        return DagParam(self, name)

    def __enter__(self) -> DAG:
        self.was_opened = True
        building.open_dags.append(self)
        building.open_groups.append(self.task_group)
        return self

    def __exit__(self, *exc: object) -> None:
        building.open_groups.pop()
        building.open_dags.pop()

    def __repr__(self) -> str:
        return f"<DAG: {self.dag_id}>"

    @property
    def task(self) -> Any:
        """`@dag.task`, `@dag.task(…)`: the decorator, for tasks of this DAG."""
        from functools import partial

        from .taskflow import task

        return partial(task, dag=self)

    def following_schedule(self, dttm: Any) -> Any:
        """The date after this one, as 1.10 and 2.x files ask for it."""
        from .neighbours import neighbour

        return neighbour(self.schedule, dttm, back=False, zone=times.zone_name(self.start_date))

    def previous_schedule(self, dttm: Any) -> Any:
        from .neighbours import neighbour

        return neighbour(self.schedule, dttm, back=True, zone=times.zone_name(self.start_date))

    # ── running it here ──────────────────────────────────────────────────────────────────────────────────

    def test(self, execution_date: Any = None, run_conf: Mapping[str, Any] | None = None, **more: Any) -> Any:
        """Run the DAG in this process, in a debugger or a test."""
        from .. import testing  # the one permitted upward call

        date = more.pop("logical_date", None) or execution_date
        return testing.run_dag(self, conf=run_conf, logical_date=date)

    def cli(self) -> None:
        """The command line that a file ends with: `python dagfile.py list_tasks`, `… test TASK DATE`, `… dags test`."""
        from .. import testing  # the one permitted upward call

        testing.command_line(self)


def _functions_params(dag: DAG, function: Callable[..., Any], args: Any, kwargs: Any) -> dict[str, Any]:
    """The arguments of a function under `@dag`, each one a parameter of the DAG."""
    import inspect

    signature = inspect.signature(function)
    bound = signature.bind_partial(*args, **kwargs)
    found: dict[str, Any] = {}
    for name, parameter in signature.parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        if name in bound.arguments:
            value = bound.arguments[name]
        elif parameter.default is not parameter.empty:
            value = parameter.default
        else:
            value = dag.params.get_param(name) if name in dag.params else Param()
        found[name] = dag.param(name, value)
    return found


def dag(dag_id: Any = "", *positional: Any, **arguments: Any) -> Any:
    """`@dag`, bare or with DAG's arguments: each call of the function makes the DAG; its arguments become params."""

    def decorate(function: Callable[..., Any]) -> Callable[..., DAG]:
        def make(*args: Any, **kwargs: Any) -> DAG:
            made = DAG(given_id or function.__name__, *positional, **arguments)
            if function.__doc__ and made.doc_md is None:
                made.doc_md = function.__doc__
            with made:
                function(**_functions_params(made, function, args, kwargs))
            return made

        make.__name__ = function.__name__
        make.__qualname__ = function.__qualname__
        make.__module__ = function.__module__
        make.__doc__ = function.__doc__
        make.__wrapped__ = function  # type: ignore[attr-defined]
        return make

    if callable(dag_id):
        function, given_id = dag_id, ""
        return decorate(function)
    given_id = arguments.pop("dag_id", "") or dag_id
    return decorate
