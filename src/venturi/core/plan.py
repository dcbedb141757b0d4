"""A DAG version compiled for running: tasks by number, arrows as lists of numbers. Made once, shared by its runs."""

from __future__ import annotations

from .errors import UnknownTask
from .rules import RULES
from .spec import DagSpec, TaskSpec


class Plan:
    """Everything about a DAG version that its runs only read."""

    __slots__ = ("downstream", "feeds_mapping", "index", "leaves", "spec", "tasks", "upstream_count", "version")

    def __init__(self, spec: DagSpec, version: int) -> None:
        self.spec = spec
        self.version = version
        self.tasks: tuple[TaskSpec, ...] = spec.tasks
        self.index: dict[str, int] = {task.task_id: i for i, task in enumerate(spec.tasks)}
        self.downstream: list[list[int]] = [[] for _ in spec.tasks]
        self.upstream_count: list[int] = [len(task.upstream) for task in spec.tasks]
        # The keys of each task's values that a mapped task is expanded over: their lengths must be remembered.
        self.feeds_mapping: dict[tuple[int, str], bool] = {}
        for i, task in enumerate(spec.tasks):
            for up in task.upstream:
                self.downstream[self.index[up]].append(i)
            for source in task.mapped:
                if source.task_id is not None:
                    self.feeds_mapping[self.index[source.task_id], source.key] = True
        self.leaves: list[int] = [i for i, down in enumerate(self.downstream) if not down]

    def number(self, task_id: str) -> int:
        found = self.index.get(task_id)
        if found is None:
            raise UnknownTask(dag_id=self.spec.dag_id, task_id=task_id, known=", ".join(self.index))
        return found


def unknown_rules(spec: DagSpec) -> list[str]:
    """Trigger rules that nobody defined, for the report on a DAG file."""
    return sorted({task.trigger_rule for task in spec.tasks} - RULES.keys())
