"""Task groups: a name before the ids of the tasks in it, defaults for them, one thing to draw arrows to; and mapped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from . import building
from .calling import takes
from .exceptions import AirflowException, BadAuthoring, DuplicateTaskIdFound
from .mapped import arguments_in, check_sets, check_source, element_of, sources_of
from .nodes import Node
from .operator import Task, check_id
from .references import Reference, references_in

if TYPE_CHECKING:
    from ..core.spec import GroupSpec
    from .dag import DAG

NO_DEFAULT: Any = object()


class TaskGroup(Node):
    """`with TaskGroup("clean") as clean:` groups the tasks made in it; every DAG has one nameless group around all."""

    def __init__(
        self,
        group_id: str | None,
        prefix_group_id: bool = True,
        parent_group: TaskGroup | None = None,
        dag: DAG | None = None,
        default_args: Mapping[str, Any] | None = None,
        tooltip: str = "",
        ui_color: str = "CornflowerBlue",
        ui_fgcolor: str = "#000",
        add_suffix_on_collision: bool = False,
        group_display_name: str = "",
        doc_md: str | None = None,
    ) -> None:
        self.prefix_group_id = prefix_group_id
        self.tooltip = tooltip
        self.ui_color, self.ui_fgcolor = ui_color, ui_fgcolor
        self.group_display_name = group_display_name
        self.doc_md = doc_md
        self.children: dict[str, Task | TaskGroup] = {}
        self.before: list[Task] = []  # upstreams drawn to it while it was empty: it lets them through
        self.position = building.author_position(2)
        self.parent_group: TaskGroup | None = None
        self.node_id = ""
        if group_id is None:  # a DAG's own group
            self.dag = dag
            self.default_args: dict[str, Any] = dict(default_args or {})
            return
        dag = dag or (parent_group.dag if parent_group is not None else None) or building.open_dag()
        if dag is None:
            raise AirflowException(f"TaskGroup '{group_id}' can only be used inside a DAG.")
        self.dag = dag
        parent = parent_group or building.open_group(dag)
        assert parent is not None
        check_id("group_id", group_id)
        self.parent_group = parent
        self.node_id = self._free_id(parent.child_id(group_id), dag, add_suffix_on_collision)
        self.default_args = {**dag.default_args, **parent.default_args, **(default_args or {})}
        dag.add_group(self)
        parent.children[self.node_id] = self

    def _free_id(self, wanted: str, dag: DAG, add_suffix: bool) -> str:
        if not dag.has_id(wanted):
            return wanted
        if add_suffix:
            return dag.free_id(wanted)
        raise DuplicateTaskIdFound(task_id=wanted, dag_id=dag.dag_id)

    @property
    def group_id(self) -> str | None:
        return self.node_id or None

    @property
    def is_root(self) -> bool:
        return not self.node_id

    @property
    def label(self) -> str:
        if self.group_display_name:
            return self.group_display_name
        parent = self.parent_group
        if (
            parent is not None
            and parent.node_id
            and parent.prefix_group_id
            and self.node_id.startswith(parent.node_id + ".")
        ):
            return self.node_id[len(parent.node_id) + 1 :]
        return self.node_id

    def child_id(self, label: str) -> str:
        if self.node_id and self.prefix_group_id:
            return f"{self.node_id}.{label}"
        return label

    def add(self, node: Task | TaskGroup) -> None:
        self.children[node.node_id] = node

    def get_child_by_label(self, label: str) -> Task | TaskGroup:
        return self.children[self.child_id(label)]

    def has_task(self, task: Task) -> bool:
        return any(task is mine for mine in self.iter_tasks())

    def iter_tasks(self) -> Iterator[Task]:
        for child in self.children.values():
            if isinstance(child, TaskGroup):
                yield from child.iter_tasks()
            else:
                yield child

    __iter__ = iter_tasks

    @property
    def roots(self) -> list[Task]:
        tasks = list(self.iter_tasks())
        ids = {task.task_id for task in tasks}
        return [task for task in tasks if ids.isdisjoint(task.upstream_task_ids)]

    @property
    def leaves(self) -> list[Task]:
        """Its last tasks, for arrows out of it. These do not wait for teardowns: what stands before one counts."""
        tasks = {task.task_id: task for task in self.iter_tasks()}
        if not tasks:
            return list(self.before)
        found: dict[str, Task] = {}
        for task in tasks.values():
            if not tasks.keys().isdisjoint(task.downstream_task_ids):
                continue
            for leaf in _before_teardowns(task, tasks) if task.is_teardown else [task]:
                found[leaf.task_id] = leaf
        return list(found.values())

    def get_roots(self) -> Iterator[Task]:
        return iter(self.roots)

    def get_leaves(self) -> Iterator[Task]:
        return iter(self.leaves)

    def __enter__(self) -> TaskGroup:
        if self.dag is not None:
            building.open_dags.append(self.dag)
        building.open_groups.append(self)
        return self

    def __exit__(self, *exc: object) -> None:
        building.open_groups.pop()
        if self.dag is not None:
            building.open_dags.pop()

    def mapped_around(self) -> TaskGroup | None:
        """The mapped group that this is, or is in."""
        return self.parent_group.mapped_around() if self.parent_group is not None else None

    def spec(self) -> GroupSpec:
        from ..core.spec import GroupSpec

        parent = self.parent_group
        return GroupSpec(self.node_id, parent.group_id if parent is not None else None, self.label, self.tooltip or "")

    def __repr__(self) -> str:
        return f"<TaskGroup: {self.node_id or '(the DAG)'}>"


def _before_teardowns(task: Task, tasks: Mapping[str, Task]) -> Iterator[Task]:
    """The tasks of a group that end it, found upwards from one of its teardowns."""
    for task_id in sorted(task.upstream_task_ids & tasks.keys()):
        above = tasks[task_id]
        if above.is_teardown:
            yield from _before_teardowns(above, tasks)
        elif not above.is_setup and not any(
            not tasks[down].is_teardown for down in above.downstream_task_ids & tasks.keys() if down != task.task_id
        ):
            yield above


class MappedTaskGroup(TaskGroup):
    """A group of which a run has one instance per element: every task in it is mapped with it."""

    def __init__(self, sources: dict[str, Any], **arguments: Any) -> None:
        super().__init__(**arguments)
        self.sources = sources
        around = self.parent_group.mapped_around() if self.parent_group is not None else None
        if around is not None:
            raise _wrong(
                f"The mapped group '{self.node_id}' is inside the mapped group '{around.node_id}'",
                "Mapped groups cannot be nested, as in Airflow; map one group over the combinations.",
            )

    def mapped_around(self) -> TaskGroup | None:
        return self

    def __exit__(self, *exc: object) -> None:
        for reference in references_in(list(self.sources.values())):
            for task in reference.tasks():
                self.set_upstream(task)
        super().__exit__(*exc)

    def spec(self) -> GroupSpec:
        return replace(super().spec(), mapped=sources_of(self.sources))


class MappedArgument(Reference):
    """In the function of a mapped group: this instance's element of what an argument is mapped over."""

    def __init__(self, sources: dict[str, Any], name: str, default: Any = NO_DEFAULT) -> None:
        self.sources = sources
        self.name = name
        self.default = default

    def tasks(self) -> list[Task]:
        return [task for reference in references_in(list(self.sources.values())) for task in reference.tasks()]

    def resolve(self, context: Mapping[str, Any]) -> Any:
        i = context["ti"].mapped_element
        whole = "" in self.sources
        name = "" if whole else self.name
        element = element_of(name, self.sources[name], i.elements, i.indices, context)
        if not whole:
            return element
        arguments = arguments_in(element, i.task_id)
        if self.name not in arguments and self.default is NO_DEFAULT:
            raise KeyError(self.name)
        return arguments.get(self.name, self.default)

    def __iter__(self) -> Iterator[Any]:
        raise TypeError(f"The argument '{self.name}' of a mapped group exists only at run time; give it to a task.")

    def __repr__(self) -> str:
        return f"MappedArgument({self.name})"


def _wrong(problem: str, advice: str) -> BadAuthoring:
    at = building.author_position()
    return BadAuthoring(problem=problem, file=at.file, line=at.line, advice=advice)


class GroupDecorator:
    """A function under `@task_group`: each call makes a group and the tasks the function makes in it."""

    def __init__(
        self, function: Callable[..., Any], arguments: dict[str, Any], shared: dict[str, Any] | None = None
    ) -> None:
        self.function = function
        self.arguments = arguments
        self.shared = shared or {}
        self.__name__ = getattr(function, "__name__", "group")
        self.__doc__ = function.__doc__
        self.__wrapped__ = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._make(TaskGroup, args, {**self.shared, **kwargs})

    def _make(self, factory: Callable[..., TaskGroup], args: Any, kwargs: Mapping[str, Any]) -> Any:
        arguments = {"group_id": self.__name__, "tooltip": (self.__doc__ or "").strip(), **self.arguments}
        arguments.setdefault("add_suffix_on_collision", True)
        with factory(**arguments) as group:
            made = self.function(*args, **kwargs)
        return group if made is None else made

    def override(self, **arguments: Any) -> GroupDecorator:
        return GroupDecorator(self.function, {**self.arguments, **arguments}, self.shared)

    def partial(self, **kwargs: Any) -> GroupDecorator:
        """The arguments that all instances of the group share."""
        self._check(kwargs, "partial")
        return GroupDecorator(self.function, self.arguments, {**self.shared, **kwargs})

    def expand(self, **sources: Any) -> Any:
        """One instance of the whole group per element; several arguments give every combination."""
        if not sources:
            raise _wrong(f"{self.__name__}.expand() got nothing to map over", "Name at least one argument.")
        self._check(sources, "expand")
        for name, value in sources.items():
            if isinstance(value, MappedArgument):
                raise _wrong(
                    f"The mapped group '{self.__name__}' is mapped over an argument of the mapped group around it",
                    "Mapped groups cannot be nested, as in Airflow.",
                )
            sources[name] = check_source(name, value)
        stubs = {name: MappedArgument(sources, name) for name in sources}
        return self._make(partial(MappedTaskGroup, sources), (), {**self.shared, **stubs})

    def expand_kwargs(self, kwargs: Any) -> Any:
        """One instance per element, each element a dict of arguments."""
        import inspect

        parameters = inspect.signature(self.function).parameters.values()
        if any(p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters):
            raise _wrong(
                f"{self.__name__}() takes * or **, so its arguments cannot come from expand_kwargs()",
                "Name its parameters.",
            )
        sources = {"": check_sets(kwargs)}
        stubs = {
            p.name: MappedArgument(sources, p.name, NO_DEFAULT if p.default is p.empty else p.default)
            for p in parameters
            if p.name not in self.shared
        }
        return self._make(partial(MappedTaskGroup, sources), (), {**self.shared, **stubs})

    def _check(self, given: Mapping[str, Any], where: str) -> None:
        wanted = takes(self.function)
        strays = sorted(set(given) - set(wanted.names)) if wanted is not None and not wanted.everything else []
        if strays:
            raise _wrong(
                f"{self.__name__}.{where}() got the argument '{strays[0]}', which the function does not take",
                f"It takes: {', '.join(wanted.names) if wanted else 'nothing'}.",
            )
        for name in given:
            if name in self.shared:
                raise _wrong(f"'{name}' is in partial() and in {where}()", "Give it in one of them.")


def task_group(python_callable: Callable[..., Any] | str | None = None, **arguments: Any) -> Any:
    """`@task_group`, bare or with the arguments of TaskGroup."""
    if callable(python_callable):
        return GroupDecorator(python_callable, arguments)
    if isinstance(python_callable, str):
        arguments["group_id"] = python_callable
    return lambda function: GroupDecorator(function, arguments)
