"""`@task.run_if` and `@task.skip_if`: a condition on the context that is asked before the task executes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .exceptions import AirflowSkipException


def run_if(condition: Callable[[Any], Any], skip_message: str | None = None) -> Callable[[Any], Any]:
    """The task is skipped unless the condition, or the first of the pair it returns, is true."""
    return _decorator(condition, skip_message, wanted=True, name="run_if")


def skip_if(condition: Callable[[Any], Any], skip_message: str | None = None) -> Callable[[Any], Any]:
    """The task is skipped if the condition, or the first of the pair it returns, is true."""
    return _decorator(condition, skip_message, wanted=False, name="skip_if")


def _decorator(
    condition: Callable[[Any], Any], skip_message: str | None, wanted: bool, name: str
) -> Callable[[Any], Any]:
    def check(context: Any) -> None:
        found = condition(context)
        said = None
        if isinstance(found, tuple):
            found, said = found
        if bool(found) is not wanted:
            raise AirflowSkipException(said or skip_message or "Task was skipped due to condition.")

    def decorate(task: Any) -> Any:
        from .taskflow import TaskDecorator

        if not isinstance(task, TaskDecorator):
            raise TypeError(f"{name} can only be used with task. decorate with @task before @{name}.")
        earlier = task.arguments.get("pre_execute")
        task.arguments["pre_execute"] = _in_turn(earlier, check) if earlier is not None else check
        return task

    return decorate


def _in_turn(*hooks: Callable[[Any], Any]) -> Callable[[Any], None]:
    def both(context: Any) -> None:
        for hook in hooks:
            hook(context)

    return both
