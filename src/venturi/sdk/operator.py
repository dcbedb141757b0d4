"""Operators: what every task has, how its arguments are settled, and where the author made it.

An argument comes from the call, else from `default_args` (the operator's own, its groups', the DAG's), else from the
class. Only what is given is kept on the instance, so that ten thousand operators stay cheap.
"""

from __future__ import annotations

import re
from abc import ABCMeta
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from . import building, era, times
from .building import Position
from .exceptions import AirflowException, BadAuthoring
from .nodes import Node, flat
from .references import XComArg, references_in
from .rendering import Renders

if TYPE_CHECKING:
    import logging

    from .dag import DAG
    from .groups import TaskGroup
    from .params import ParamsDict

_ID = re.compile(r"[\w.\-]+").fullmatch
ID_CHARS_MAX = 250


def check_id(kind: str, given: Any) -> str:
    if isinstance(given, str) and _ID(given) and len(given) <= ID_CHARS_MAX:
        return given
    at = building.author_position()
    raise BadAuthoring(
        problem=f"{given!r} cannot be a {kind}",
        file=at.file,
        line=at.line,
        advice=f"Use letters, digits, dashes, dots and underscores, at most {ID_CHARS_MAX} of them.",
    )


def _duration(value: Any) -> timedelta | None:
    return value if isinstance(value, timedelta) or value is None else timedelta(seconds=float(value))


def _moment(value: Any) -> datetime | None:
    return None if value is None else times.read(value)


def _count(value: Any) -> int:
    return int(value or 0)


def _word(value: Any) -> str:
    return str(getattr(value, "value", value))


READ: dict[str, Callable[[Any], Any]] = {
    "retries": _count,
    "retry_delay": _duration,
    "max_retry_delay": _duration,
    "execution_timeout": _duration,
    "sla": _duration,
    "start_date": _moment,
    "end_date": _moment,
    "trigger_rule": _word,
    "pool": lambda value: value or "default_pool",
}
RENAMED = {
    "task_concurrency": "max_active_tis_per_dag",
    "xcom_push": "do_xcom_push",
    "pre_execute": "pre_execute_hook",
    "post_execute": "post_execute_hook",
    "display_name": "task_display_name",
}
# Taken by 1.10 and without a meaning since.
SWALLOWED = frozenset({"provide_context", "adhoc", "schedule_interval", "allow_nested_operators", "on_retry"})


class Task(Node):
    """What every task of a DAG has, an operator or a mapped one. The class attributes are the defaults."""

    is_task = True
    is_mapped: ClassVar[bool] = False
    # Without annotations, because these are no arguments.
    is_setup = False
    is_teardown = False
    fails_run = False
    template_fields: Collection[str] = ()

    owner: str = "airflow"
    email: Any = None
    email_on_retry: bool = True
    email_on_failure: bool = True
    retries: int = 0
    retry_delay: timedelta = timedelta(seconds=300)
    retry_exponential_backoff: bool | float = False
    max_retry_delay: timedelta | None = None
    retry_policy: Any = None
    start_date: datetime | None = None
    end_date: datetime | None = None
    depends_on_past: bool = False
    wait_for_downstream: bool = False
    ignore_first_depends_on_past: bool = True
    wait_for_past_depends_before_skipping: bool = False
    priority_weight: int = 1
    weight_rule: Any = "downstream"
    queue: str = "default"
    pool: str = "default_pool"
    pool_slots: int = 1
    execution_timeout: timedelta | None = None
    on_execute_callback: Any = None
    on_failure_callback: Any = None
    on_success_callback: Any = None
    on_retry_callback: Any = None
    on_skipped_callback: Any = None
    pre_execute_hook: Any = None
    post_execute_hook: Any = None
    trigger_rule: str = "all_success"
    resources: Any = None
    run_as_user: str | None = None
    executor: str | None = None
    executor_config: Any = None
    do_xcom_push: bool = True
    multiple_outputs: bool = False
    inlets: Any = ()
    outlets: Any = ()
    doc: str | None = None
    doc_md: str | None = None
    doc_json: str | None = None
    doc_yaml: str | None = None
    doc_rst: str | None = None
    task_display_name: str | None = None
    map_index_template: str | None = None
    max_active_tis_per_dag: int | None = None
    max_active_tis_per_dagrun: int | None = None
    logger_name: str | None = None
    sla: timedelta | None = None
    render_template_as_native_obj: bool | None = None
    isolation: str | None = None

    task_id: str
    dag_: DAG | None
    task_group: TaskGroup | None
    upstream_task_ids: set[str]
    downstream_task_ids: set[str]
    position: Position = Position("", 0)
    own_params: Mapping[str, Any] | None = None

    @property
    def roots(self) -> list[Task]:
        return [self]

    leaves = roots

    @property
    def dag(self) -> Any:
        return self.dag_

    @dag.setter
    def dag(self, dag: DAG | None) -> None:
        if dag is None or self.dag_ is dag:
            return
        if self.dag_ is not None:
            raise AirflowException(
                f"Task '{self.task_id}' is in DAG '{self.dag_.dag_id}' already; it cannot join another."
            )
        dag.add_task(self)

    def has_dag(self) -> bool:
        return self.dag_ is not None

    @property
    def dag_id(self) -> str:
        return self.dag_.dag_id if self.dag_ is not None else f"adhoc_{self.owner}"

    @property
    def label(self) -> str:
        """The task's name inside its group."""
        group = self.task_group
        if (
            group is not None
            and group.node_id
            and group.prefix_group_id
            and self.task_id.startswith(group.node_id + ".")
        ):
            return self.task_id[len(group.node_id) + 1 :]
        return self.task_id

    @property
    def node_id(self) -> str:
        return self.task_id

    @property
    def task_type(self) -> str:
        return type(self).__name__

    @property
    def operator_name(self) -> str:
        return str(getattr(self, "custom_operator_name", None) or self.task_type)

    @property
    def output(self) -> XComArg:
        return XComArg(self)

    @property
    def mapped_group(self) -> TaskGroup | None:
        """The mapped group it is in."""
        return self.task_group.mapped_around() if self.task_group is not None else None

    @property
    def is_many(self) -> bool:
        """Whether it may have several instances in a run."""
        return self.is_mapped or self.mapped_group is not None

    # ── setups and teardowns ──

    def as_setup(self) -> Task:
        self.is_setup = True
        return self

    def as_teardown(self, *, setups: Any = None, on_failure_fail_dagrun: bool | None = None) -> Task:
        """It runs when all before it is over, if one of its setups succeeded."""
        self.is_teardown = True
        self.trigger_rule = "all_done_setup_success"
        if on_failure_fail_dagrun is not None:
            self.on_failure_fail_dagrun = on_failure_fail_dagrun
        for setup in flat(setups) if setups is not None else ():
            setup.is_setup = True
            setup.set_downstream(self)
        return self

    @property
    def on_failure_fail_dagrun(self) -> bool:
        return self.fails_run

    @on_failure_fail_dagrun.setter
    def on_failure_fail_dagrun(self, value: bool) -> None:
        if value and not self.is_teardown:
            raise ValueError(f"'{self.task_id}' is no teardown, so on_failure_fail_dagrun cannot be set.")
        self.fails_run = bool(value)

    def __enter__(self) -> Any:
        from .scopes import enter

        return enter([self])

    def __exit__(self, *exc: object) -> None:
        from .scopes import leave

        leave()

    @property
    def params(self) -> ParamsDict:
        """The DAG's parameters with this task's own on top."""
        from .params import ParamsDict

        merged = ParamsDict()
        if self.dag_ is not None:
            merged.update(self.dag_.params)
        if self.own_params:
            merged.update(self.own_params)
        return merged

    @params.setter
    def params(self, given: Mapping[str, Any]) -> None:
        self.own_params = given

    @property
    def upstream_list(self) -> list[Task]:
        return [self.dag.task_dict[task_id] for task_id in self.upstream_task_ids]

    @property
    def downstream_list(self) -> list[Task]:
        return [self.dag.task_dict[task_id] for task_id in self.downstream_task_ids]

    def get_direct_relatives(self, upstream: bool = False) -> list[Task]:
        return self.upstream_list if upstream else self.downstream_list

    def get_flat_relative_ids(self, upstream: bool = False) -> set[str]:
        """Every task before (or after) this one, however far."""
        found: set[str] = set()
        open_ids = list(self.upstream_task_ids if upstream else self.downstream_task_ids)
        while open_ids:
            task_id = open_ids.pop()
            if task_id not in found:
                found.add(task_id)
                task = self.dag.task_dict[task_id]
                open_ids += task.upstream_task_ids if upstream else task.downstream_task_ids
        return found

    def get_flat_relatives(self, upstream: bool = False) -> list[Task]:
        return [self.dag.task_dict[task_id] for task_id in self.get_flat_relative_ids(upstream)]

    def __repr__(self) -> str:
        return f"<Task({self.operator_name}): {self.task_id}>"

    def __lt__(self, other: Any) -> bool:
        """Tasks sort by their ids; a `>` that was meant as `>>` draws no arrow, in Airflow neither."""
        return self.task_id < other.task_id if isinstance(other, Task) else NotImplemented

    # ── making ───────────────────────────────────────────────────────────────────────────────────────────

    def settle(
        self, task_id: str, defaults: Mapping[str, Any], arguments: dict[str, Any], group: TaskGroup | None
    ) -> None:
        """Take the common arguments out of the call and the defaults; `arguments` keeps what is not known here."""
        own = self.__dict__
        own["dag_"] = None
        own["upstream_task_ids"] = set()
        own["downstream_task_ids"] = set()
        own["task_group"] = group
        own["task_id"] = group.child_id(task_id) if group is not None else task_id
        check_id("task_id", own["task_id"])
        for name, value in defaults.items():
            if name in COMMON and name not in arguments and name != "params":
                name = RENAMED.get(name, name)
                own[name] = READ[name](value) if name in READ else value
        if defaults.get("params"):
            own["own_params"] = defaults["params"]
        for name in [name for name in arguments if name in COMMON]:
            value = arguments.pop(name)
            if name == "params":
                own["own_params"] = {**(own.get("own_params") or {}), **(value or {})}
                continue
            name = RENAMED.get(name, name)
            own[name] = READ[name](value) if name in READ else value
        if own.get("trigger_rule") is not None:
            self._check_rule(own["trigger_rule"])
        for name in ("inlets", "outlets"):
            if name in own and not isinstance(own[name], list):
                own[name] = list(own[name]) if isinstance(own[name], (tuple, set)) else [own[name]] if own[name] else []

    def _check_rule(self, rule: str) -> None:
        from ..core.rules import RULES

        if rule not in RULES:
            raise BadAuthoring(
                problem=f"Task '{self.task_id}' has the unknown trigger rule {rule!r}",
                file=self.position.file,
                line=self.position.line,
                advice=f"Rules are: {', '.join(sorted(RULES))}.",
            )

    def follow_references(self, value: Any) -> None:
        """Tasks whose values stand in this argument come before this task."""
        for reference in references_in(value):
            for task in reference.tasks():
                if task is not self and task.task_id not in self.upstream_task_ids:
                    self.set_upstream(task)


COMMON = frozenset(
    {name for name, kind in Task.__annotations__.items() if not name.endswith("_") and "ClassVar" not in str(kind)}
    - {"task_id", "template_fields", "task_group", "upstream_task_ids", "downstream_task_ids", "position", "own_params"}
    | set(RENAMED)
    | {"params"}
)


def merged_defaults(dag: DAG | None, group: TaskGroup | None, own: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if group is not None and group.default_args:
        merged: Mapping[str, Any] = group.default_args  # holds the DAG's and its parents' already
    elif dag is not None:
        merged = dag.default_args
    else:
        merged = {}
    return {**merged, **own} if own else merged


_own_arguments: dict[type, tuple[frozenset[str], tuple[str, ...]]] = {}


def own_arguments(cls: type) -> tuple[frozenset[str], tuple[str, ...]]:
    """The names an operator class takes beyond the common ones, and its positional ones in order; read once a class."""
    known = _own_arguments.get(cls)
    if known is not None:
        return known
    names: set[str] = set()
    positional: tuple[str, ...] = ()
    for level, kind in enumerate(k for k in cls.__mro__ if "__init__" in vars(k)):
        if kind is BaseOperator or kind is object:
            break
        init = vars(kind)["__init__"]
        while hasattr(init, "__wrapped__"):
            init = init.__wrapped__
        code = getattr(init, "__code__", None)
        if code is None:
            break
        found = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
        names.update(found)
        if level == 0:
            positional = code.co_varnames[1 : code.co_argcount]
        if not code.co_flags & 0x08:  # without **kwargs nothing gets further down
            break
    known = frozenset(names - {"task_id", "dag", "task_group", "default_args", "params"}), positional
    _own_arguments[cls] = known
    return known


class OperatorMeta(ABCMeta):
    """Makes an operator: fills in `default_args`, notes the author's line, and follows references when all is set."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        dag = kwargs.get("dag") or building.open_dag()
        group = kwargs.get("task_group") or building.open_group(dag)
        if dag is None and group is not None:
            dag = group.dag
        defaults = merged_defaults(dag, group, kwargs.get("default_args"))
        if defaults:
            names, positional = own_arguments(cls)
            for name in defaults:
                if name in names and name not in kwargs and name not in positional[: len(args)]:
                    kwargs[name] = defaults[name]
        self: Any = cls.__new__(cls, *args, **kwargs)  # type: ignore[arg-type]
        self.__dict__["position"] = building.author_position(2)
        self.__dict__["_place"] = (dag, group)
        self.__init__(*args, **kwargs)
        self.__dict__.pop("_place", None)
        if building.is_detached():
            return self
        for name in self.template_fields:
            value = self.__dict__.get(name)
            if value is not None and type(value) is not str:
                self.follow_references(value)
        return self


class BaseOperator(Renders, Task, metaclass=OperatorMeta):
    """The class every operator extends: give `execute(self, context)`."""

    template_fields: Collection[str] = ()
    template_ext: Sequence[str] = ()
    template_fields_renderers: ClassVar[dict[str, str]] = {}
    ui_color: str = "#fff"
    ui_fgcolor: str = "#000"
    operator_extra_links: Collection[Any] = ()
    custom_operator_name: str | None = None
    shallow_copy_attrs: Sequence[str] = ()
    supports_lineage = False
    start_from_trigger: bool = False
    start_trigger_args: Any = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if isinstance(cls.template_fields, str):  # template_fields = ("sql"), a comma short
            cls.template_fields = (cls.template_fields,)

    def __init__(self, task_id: str, **arguments: Any) -> None:
        dag, group = self.__dict__.pop("_place", (None, None))
        dag = arguments.pop("dag", None) or dag
        group = arguments.pop("task_group", None) or group
        if group is not None and group.dag is not dag:
            group = building.open_group(dag)
        defaults = merged_defaults(dag, group, arguments.pop("default_args", None))
        self.settle(task_id, defaults, arguments, group)
        if arguments:
            self._refuse_strays(arguments)
        if dag is not None:
            dag.add_task(self)

    def _refuse_strays(self, arguments: dict[str, Any]) -> None:
        strays = sorted(set(arguments) - SWALLOWED)
        if not strays:
            return
        at = self.position
        names = ", ".join(strays)
        what = f"{type(self).__name__} '{self.task_id}' does not know the argument{'s' * (len(strays) > 1)} {names}"
        if not era.tolerates_stray_arguments(era.era_of(at.file)):
            raise BadAuthoring(problem=what, file=at.file, line=at.line, advice="Remove it, or correct its name.")
        dag = building.open_dag()
        warning = f"{what} (line {at.line}); it is ignored, as Airflow 1.10 did."
        if dag is not None:
            dag.warnings.append(warning)
        else:
            self.__dict__["stray_warning"] = warning

    def execute(self, context: Any) -> Any:
        """What the task does; its return value becomes the task's value."""
        raise NotImplementedError(f"{type(self).__name__} has no execute() method.")

    def pre_execute(self, context: Any) -> None:
        if self.pre_execute_hook is not None:
            self.pre_execute_hook(context)

    def post_execute(self, context: Any, result: Any = None) -> None:
        if self.post_execute_hook is not None:
            self.post_execute_hook(context, result)

    def on_kill(self) -> None:
        """Called when the attempt is told to end, to stop what it started outside its process."""

    def prepare_template(self) -> None:
        """Called before the templates are rendered."""

    def render_template_fields(self, context: Any, jinja_env: Any = None) -> None:
        from .templates import Templates

        Templates(self, context, jinja_env).render_fields()

    def render_template(self, content: Any, context: Any, jinja_env: Any = None, seen_oids: Any = None) -> Any:
        from .templates import Templates

        return Templates(self, context, jinja_env, seen_oids=seen_oids).render(content)

    def resolve_template_files(self) -> None:
        """Template files are read when they are rendered."""

    def get_template_env(self, dag: Any = None) -> Any:
        from .templates import environment

        return environment(dag or self.dag_)

    def dry_run(self) -> None:
        """Nothing is done."""

    @property
    def log(self) -> logging.Logger:
        import logging

        return logging.getLogger(
            self.logger_name or f"airflow.task.operators.{type(self).__module__}.{type(self).__name__}"
        )

    @staticmethod
    def xcom_push(context: Any, key: str, value: Any, execution_date: Any = None) -> None:  # noqa: ARG004
        context["ti"].xcom_push(key=key, value=value)

    @staticmethod
    def xcom_pull(context: Any, task_ids: Any = None, dag_id: str | None = None, **more: Any) -> Any:
        return context["ti"].xcom_pull(task_ids=task_ids, dag_id=dag_id, **more)

    def defer(self, *, trigger: Any, method_name: str, kwargs: Any = None, timeout: Any = None) -> Any:
        from .exceptions import TaskDeferred

        raise TaskDeferred(trigger=trigger, method_name=method_name, kwargs=kwargs, timeout=timeout)

    def resume_execution(self, next_method: str, next_kwargs: Any, context: Any) -> Any:
        """Called in the place of `execute` when what the task was deferred for is there."""
        from .deferring import resume_execution

        return resume_execution(self, next_method, next_kwargs, context)

    @classmethod
    def partial(cls, **arguments: Any) -> Any:
        """The arguments that all instances of a mapped task share; `.expand(…)` names those that differ."""
        from .mapped import Partial

        return Partial(cls, arguments)
