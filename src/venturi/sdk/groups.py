"""Task groups: a name before the ids of the tasks in it, defaults for them, and one thing to draw arrows to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from . import building
from .exceptions import AirflowException, BadAuthoring, DuplicateTaskIdFound
from .nodes import Node
from .operator import Task, check_id

if TYPE_CHECKING:
    from ..core.spec import GroupSpec
    from .dag import DAG


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
        tasks = list(self.iter_tasks())
        ids = {task.task_id for task in tasks}
        return [task for task in tasks if ids.isdisjoint(task.downstream_task_ids)]

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

    def spec(self) -> GroupSpec:
        from ..core.spec import GroupSpec

        parent = self.parent_group
        return GroupSpec(self.node_id, parent.group_id if parent is not None else None, self.label, self.tooltip or "")

    @classmethod
    def partial(cls, **_: Any) -> Any:
        _no_mapping()

    def __repr__(self) -> str:
        return f"<TaskGroup: {self.node_id or '(the DAG)'}>"


def _no_mapping() -> Any:
    at = building.author_position()
    raise BadAuthoring(
        problem="A task group is mapped over values, which is not served yet",
        file=at.file,
        line=at.line,
        advice="Map each task of the group over the same values instead.",
    )


class GroupDecorator:
    """A function under `@task_group`: each call makes a group and the tasks the function makes in it."""

    def __init__(self, function: Callable[..., Any], arguments: dict[str, Any]) -> None:
        self.function = function
        self.arguments = arguments
        self.__name__ = getattr(function, "__name__", "group")
        self.__doc__ = function.__doc__
        self.__wrapped__ = function

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        arguments = {"group_id": self.__name__, "tooltip": (self.__doc__ or "").strip(), **self.arguments}
        arguments.setdefault("add_suffix_on_collision", True)
        with TaskGroup(**arguments) as group:
            made = self.function(*args, **kwargs)
        return group if made is None else made

    def override(self, **arguments: Any) -> GroupDecorator:
        return GroupDecorator(self.function, {**self.arguments, **arguments})

    def partial(self, **_: Any) -> Any:
        _no_mapping()

    def expand(self, **_: Any) -> Any:
        _no_mapping()

    def expand_kwargs(self, *_: Any) -> Any:
        _no_mapping()


def task_group(python_callable: Callable[..., Any] | str | None = None, **arguments: Any) -> Any:
    """`@task_group`, bare or with the arguments of TaskGroup."""
    if callable(python_callable):
        return GroupDecorator(python_callable, arguments)
    if isinstance(python_callable, str):
        arguments["group_id"] = python_callable
    return lambda function: GroupDecorator(function, arguments)
