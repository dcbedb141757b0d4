"""Setups and teardowns: `with setup >> teardown:` puts the tasks made in it between the two, and the decorators.

Owns these scopes and the arrows they draw. What a teardown waits for is `core.rules`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from . import building
from .exceptions import AirflowException, BadAuthoring
from .nodes import connect, flat

if TYPE_CHECKING:
    from .operator import Task


class Scope:
    """What `with` gives: the tasks made meanwhile, and those added by hand, stand between its setups and teardowns."""

    def __init__(self, setups: list[Task], teardowns: list[Task]) -> None:
        self.setups = setups
        self.teardowns = teardowns
        self.tasks: list[Task] = []

    def add_task(self, task: Any) -> None:
        if self not in building.scopes:
            raise AirflowException("Cannot add task to context outside the context manager.")
        self.tasks += [one if one.is_task else one.operator for one in flat(task)]

    def close(self, around: Scope | None) -> None:
        work = [task for task in self.tasks if not (task.is_setup or task.is_teardown)]
        if work:
            leaves = [task for task in work if not task.downstream_task_ids] or work[-1:]
            connect(self.setups, [task for task in work if not task.upstream_task_ids] or work[:1])
            connect(leaves, self.teardowns)
        if around is not None:
            connect(around.setups, self.setups)
            connect(self.teardowns, around.teardowns)


def enter(tasks: list[Task]) -> Scope:
    first = tasks[0]
    if not all(task.is_setup or task.is_teardown for task in tasks):
        raise AirflowException("Only setup/teardown tasks can be used as context managers.")
    if any(task.is_setup != first.is_setup for task in tasks):
        raise ValueError("All tasks in the list must be either setup or teardown tasks")
    if first.is_teardown:
        scope = Scope(_nearest(first, lambda task: task.is_setup, "upstream_list"), tasks)
    else:
        scope = Scope(tasks, _nearest(first, lambda task: task.is_teardown, "downstream_list"))
    building.scopes.append(scope)
    return scope


def leave() -> None:
    if building.scopes:
        scope = building.scopes.pop()
        scope.close(building.scopes[-1] if building.scopes else None)


def _nearest(start: Task, wanted: Callable[[Task], bool], side: str) -> list[Task]:
    """The setups before a teardown, or the teardowns after a setup, at the first step where there is one."""
    seen: set[str] = set()
    level: list[Task] = getattr(start, side)
    while level:
        found = [task for task in level if wanted(task)]
        if found:
            return sorted(found, key=lambda task: task.task_id)
        seen.update(task.task_id for task in level)
        level = [task for one in level for task in getattr(one, side) if task.task_id not in seen]
    return []


class ContextWrapper(list[Any]):
    """`with context_wrapper([setup_1, setup_2]):` for several setups, or several teardowns, at once."""

    def __init__(self, tasks: Iterable[Any]) -> None:
        super().__init__(tasks)

    def __enter__(self) -> Scope:
        return enter([one if one.is_task else one.operator for one in flat(list(self))])

    def __exit__(self, *exc: object) -> None:
        leave()


context_wrapper = ContextWrapper


def _task_function(given: Any) -> Any:
    from .groups import GroupDecorator
    from .taskflow import TaskDecorator, task

    if isinstance(given, GroupDecorator):
        at = building.author_position()
        raise BadAuthoring(
            problem="Task groups cannot be marked as setup or teardown",
            file=at.file,
            line=at.line,
            advice="Mark the tasks in it.",
        )
    return given if isinstance(given, TaskDecorator) else task(given)


def setup(function: Any) -> Any:
    """`@setup`, over a function or over `@task`: its calls make setups."""
    made = _task_function(function)
    made.is_setup = True
    return made


def teardown(function: Any = None, *, on_failure_fail_dagrun: bool = False) -> Any:
    """`@teardown`, bare or with on_failure_fail_dagrun."""

    def decorate(given: Any) -> Any:
        made = _task_function(given)
        made.is_teardown = True
        made.on_failure_fail_dagrun = on_failure_fail_dagrun
        return made

    return decorate if function is None else decorate(function)
