"""Arrows: what `>>`, `<<`, `chain` and their kin may stand between, and how an arrow becomes an edge.

A node is whatever has `roots` and `leaves`, the tasks an arrow into and out of it touches: a task, a task group,
another task's value, a label. Edges live in the tasks, as two sets of task ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from . import building
from .exceptions import AirflowException, BadAuthoring

if TYPE_CHECKING:
    from .operator import Task


class Node:
    """One end of an arrow."""

    is_task = False

    @property
    def roots(self) -> list[Task]:
        raise NotImplementedError

    @property
    def leaves(self) -> list[Task]:
        raise NotImplementedError

    def __rshift__(self, other: Any) -> Any:
        connect(self, other)
        return other

    def __lshift__(self, other: Any) -> Any:
        connect(other, self)
        return other

    def __rrshift__(self, other: Any) -> Any:
        connect(other, self)
        return self

    def __rlshift__(self, other: Any) -> Any:
        connect(self, other)
        return self

    def set_downstream(self, task_or_task_list: Any, edge_modifier: EdgeModifier | None = None) -> None:
        connect(self, task_or_task_list, edge_modifier)

    def set_upstream(self, task_or_task_list: Any, edge_modifier: EdgeModifier | None = None) -> None:
        connect(task_or_task_list, self, edge_modifier)


class EdgeModifier(Node):
    """`a >> Label("yes") >> b`: an edge from a to b once both sides are known, with a word on it."""

    def __init__(self, label: str | None = None) -> None:
        self.label = label
        self._before: list[Any] = []
        self._after: list[Any] = []

    @property
    def roots(self) -> list[Task]:
        return [task for node in self._after for task in node.roots]

    @property
    def leaves(self) -> list[Task]:
        return [task for node in self._before for task in node.leaves]

    def before(self, nodes: list[Any]) -> None:
        self._before += nodes
        self._join(nodes, self._after)

    def after(self, nodes: list[Any]) -> None:
        self._after += nodes
        self._join(self._before, nodes)

    def _join(self, ups: list[Any], downs: list[Any]) -> None:
        if ups and downs:
            connect(ups, downs, self)


def Label(label: str) -> EdgeModifier:
    """A word on an arrow."""
    return EdgeModifier(label)


def flat(item: Any) -> list[Any]:
    """The nodes in one side of an arrow: a node, or lists of them however deep."""
    if isinstance(item, Node):
        return [item]
    if isinstance(item, (list, tuple, set, frozenset)):
        found: list[Any] = []
        for part in item:
            if isinstance(part, Node):
                found.append(part)
            else:
                found += flat(part)
        return found
    at = building.author_position()
    raise BadAuthoring(
        problem=f"An arrow leads to {item!r}, which is {_kind(item)}",
        file=at.file,
        line=at.line,
        advice="Arrows stand between tasks, task groups and lists of them; call a decorated function to make its task.",
    )


def _kind(item: Any) -> str:
    return "nothing" if item is None else f"a {type(item).__name__} and no task"


def connect(ups: Any, downs: Any, label: EdgeModifier | None = None) -> None:
    """Every task that ends `ups` comes before every task that begins `downs`."""
    up_nodes, down_nodes = flat(ups), flat(downs)
    for node in down_nodes:
        if isinstance(node, EdgeModifier):
            node.before(up_nodes)
    for node in up_nodes:
        if isinstance(node, EdgeModifier):
            node.after(down_nodes)
    up_tasks = _tasks(up_nodes, "leaves")
    down_tasks = _tasks(down_nodes, "roots")
    for node in down_nodes:
        if not node.is_task and getattr(node, "children", None) == {}:
            node.before += up_tasks
    if up_tasks and down_tasks:
        link(up_tasks, down_tasks)
        if label is not None and label.label:
            dag = up_tasks[0].dag
            for up in up_tasks:
                for down in down_tasks:
                    dag.edge_labels[(up.task_id, down.task_id)] = label.label


def _tasks(nodes: list[Any], side: str) -> list[Task]:
    found: list[Task] = []
    for node in nodes:
        if node.is_task:
            found.append(node)
        elif not isinstance(node, EdgeModifier):
            found += getattr(node, side)
    return found


def link(ups: Sequence[Task], downs: Sequence[Task]) -> None:
    """The edges themselves. Sets are joined whole: layers of hundreds by hundreds are common in generated DAGs."""
    dag = ups[0].dag
    for task in (*ups, *downs):
        if task.dag is not dag or dag is None:
            _share_a_dag([*ups, *downs])
            break
    down_ids = [task.task_id for task in downs]
    for up in ups:
        up.downstream_task_ids.update(down_ids)
    up_ids = [task.task_id for task in ups]
    for down in downs:
        down.upstream_task_ids.update(up_ids)


def _share_a_dag(tasks: list[Task]) -> None:
    """Tasks without a DAG join the DAG of those they are connected with."""
    dags = {id(task.dag): task.dag for task in tasks if task.dag is not None}
    names = ", ".join(task.task_id for task in tasks[:5])
    if len(dags) > 1:
        ids = ", ".join(sorted(dag.dag_id for dag in dags.values()))
        raise AirflowException(f"Tried to set relationships between tasks in more than one DAG: {ids} (tasks {names}).")
    if not dags:
        raise AirflowException(f"The tasks {names} belong to no DAG yet; give at least one of them `dag=`.")
    (dag,) = dags.values()
    for task in tasks:
        if task.dag is None:
            task.dag = dag


def chain(*tasks: Any) -> None:
    """Each item before the next; two lists side by side are joined pairwise and must be equally long."""
    for up, down in pairwise(tasks):
        if isinstance(up, (list, tuple)) and isinstance(down, (list, tuple)):
            if len(up) != len(down):
                raise AirflowException(
                    f"chain() joins neighbouring lists pairwise, but got different lengths: {len(up)} and {len(down)}."
                )
            for one, other in zip(up, down, strict=True):
                connect(one, other)
        else:
            connect(up, down)


def chain_linear(*elements: Any) -> None:
    """Each item before the next; two lists side by side are joined every one with every other."""
    if not elements:
        raise ValueError("chain_linear() needs at least one task.")
    before: Any = None
    for item in elements:
        if isinstance(item, (list, tuple)) and not item:
            continue  # an empty list in between is passed over
        if before is not None:
            connect(before, item)
        before = item


def cross_downstream(from_tasks: Iterable[Any], to_tasks: Any) -> None:
    """Every one of the first before every one of the second."""
    connect(list(from_tasks), to_tasks)
