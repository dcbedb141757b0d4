"""SubDagOperator of 1.10 and 2.x: the tasks of the inner DAG become a task group of the outer one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import building
from .exceptions import AirflowException
from .groups import TaskGroup
from .operator import SWALLOWED

if TYPE_CHECKING:
    from .dag import DAG

_KEPT = frozenset(
    {"executor", "session", "conf", "propagate_skipped_state", "default_args", "owner", "retries", "depends_on_past"}
)


class SubDagOperator(TaskGroup):
    """`SubDagOperator(task_id="part", subdag=inner_dag)`: the inner tasks are then `part.…` of the outer DAG."""

    ui_color = "#555"

    def __init__(self, *, task_id: str, subdag: DAG, dag: DAG | None = None, **arguments: Any) -> None:
        outer = dag or building.open_dag()
        rule = arguments.pop("trigger_rule", None)
        pool = arguments.pop("pool", None)
        super().__init__(task_id, dag=outer, parent_group=arguments.pop("task_group", None))
        if outer is subdag or outer is None:
            raise AirflowException(f"SubDagOperator '{task_id}' needs an outer DAG: make it inside one, or give dag=.")
        strays = sorted(set(arguments) - _KEPT - SWALLOWED)
        if strays:
            outer.warnings.append(f"SubDagOperator '{task_id}': {', '.join(strays)} does nothing.")
        self.subdag = subdag
        subdag.is_part_of = outer
        self._take(subdag, outer)
        for task in self.iter_tasks():
            if rule is not None and not task.upstream_task_ids:
                task.trigger_rule = str(getattr(rule, "value", rule))
            if pool is not None and task.pool == "default_pool":
                task.pool = pool

    @property
    def task_id(self) -> str:
        return self.node_id

    def _take(self, inner: DAG, outer: DAG) -> None:
        """Every task and group of the inner DAG, under new ids."""
        names = {task_id: self.child_id(task_id) for task_id in inner.task_dict}
        tasks = list(inner.task_dict.values())
        self.children = inner.task_group.children
        for group in inner.task_group_dict.values():
            group.node_id = self.child_id(group.node_id)
            group.dag = outer
            if group.parent_group is inner.task_group:
                group.parent_group = self
            outer.add_group(group)
        for around in (self, *(g for g in inner.task_group_dict.values())):
            around.children = {self.child_id(name): child for name, child in around.children.items()}
        for task in tasks:
            if task.task_group is inner.task_group:
                task.task_group = self
            own = task.__dict__
            own["task_id"] = names[task.task_id]
            own["upstream_task_ids"] = {names[up] for up in task.upstream_task_ids}
            own["downstream_task_ids"] = {names[down] for down in task.downstream_task_ids}
            own["dag_"] = None
            outer.add_task(task)
        for (up, down), word in inner.edge_labels.items():
            outer.edge_labels[names[up], names[down]] = word
        for name, param in inner.params.items():
            outer.params.setdefault(name, param)
        outer.warnings += inner.warnings
        inner.task_dict, inner.task_group_dict = {}, {}
        inner.task_group = TaskGroup(None, dag=inner)
