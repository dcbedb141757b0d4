"""How a task comes to wait for a trigger, and how it goes on: what `defer()` raises, what its event leads to.

Owns the reading of TaskDeferred and of events. Loaded by tasks that defer alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from . import times
from .exceptions import (
    AirflowFailException,
    AirflowSkipException,
    TaskDeferralError,
    TaskDeferralTimeout,
    TaskDeferred,
)
from .triggers import BaseTrigger

if TYPE_CHECKING:
    from .context import Context
    from .operator import BaseOperator
    from .running import Instance

FAIL = "__fail__"  # the method's name where there is no event but an error
TIMED_OUT = "Trigger timeout"


@dataclass(slots=True)
class Wait:
    """What a task waits for, before it is encoded."""

    trigger: str  # the class, as module.name
    trigger_kwargs: dict[str, Any]
    method: str
    kwargs: dict[str, Any]
    timeout_s: float | None
    made: Any = None  # the trigger itself, where it is at hand
    words: str | None = None  # what is waited for, for people


def wait_of(error: TaskDeferred, task: BaseOperator | None, began_at: datetime | None) -> Wait:
    """What the task asks to wait for; raises in words where it cannot be."""
    trigger, kwargs = _serialized(error.trigger)
    if error.kwargs is not None and not isinstance(error.kwargs, Mapping):
        raise TypeError(f"defer() takes kwargs as a dict, not {type(error.kwargs).__name__}.")
    if error.timeout is not None and not isinstance(error.timeout, timedelta):
        raise ValueError("Timeout value must be a timedelta")
    timeout_s = None if error.timeout is None else error.timeout.total_seconds()
    limit = task.execution_timeout if task is not None else None
    if limit is not None:  # it counts through the waiting
        passed_s = (times.utcnow() - began_at).total_seconds() if began_at is not None else 0.0
        left_s = max(0.0, limit.total_seconds() - passed_s)
        timeout_s = left_s if timeout_s is None else min(timeout_s, left_s)
    made = None if isinstance(error.trigger, tuple) else error.trigger
    words = str(made.wait_words() or "") if isinstance(made, BaseTrigger) else ""
    more = {"made": made, "words": words or None}
    return Wait(trigger, kwargs, str(error.method_name), dict(error.kwargs or {}), timeout_s, **more)


def _serialized(trigger: Any) -> tuple[str, dict[str, Any]]:
    if isinstance(trigger, tuple):  # of start_trigger_args: the class is not needed here
        return trigger
    serialize = getattr(trigger, "serialize", None)
    if serialize is None:
        raise TypeError(f"defer() takes a trigger, which has serialize() and run(), not {type(trigger).__name__}.")
    found = serialize()
    try:
        path, kwargs = found
    except (TypeError, ValueError):
        path, kwargs = None, None
    if not isinstance(path, str) or "." not in path or not isinstance(kwargs, Mapping):
        name = type(trigger).__name__
        raise TypeError(f"{name}.serialize() must give ('module.{name}', {{arguments}}), not {found!r}.")
    return path, dict(kwargs)


def execute(task: BaseOperator, instance: Instance, context: Context) -> Any:
    """The task's own work in this attempt: from its beginning, or from where it was deferred."""
    if instance.resume is not None:
        return _go_on(task, instance.resume, context)
    if task.start_from_trigger and task.start_trigger_args is not None:
        from .templates import Templates

        given = task.start_trigger_args
        render = Templates(task, context).render
        raise TaskDeferred(
            trigger=(given.trigger_cls, render(dict(given.trigger_kwargs or {}))),
            method_name=given.next_method,
            kwargs=render(given.next_kwargs),
            timeout=given.timeout,
        )
    return task.execute(context)


def _go_on(task: BaseOperator, resume: Mapping[str, Any], context: Context) -> Any:
    event = resume["event"]
    kind = event["kind"]
    if kind == "event":
        return task.resume_execution(resume["method"], {**resume["kwargs"], "event": event.get("payload")}, context)
    if kind == "timeout":
        return task.resume_execution(FAIL, {"error": TIMED_OUT}, context)
    if kind == "error":
        trace = str(event.get("traceback") or "").splitlines()
        return task.resume_execution(FAIL, {"error": event.get("message"), "traceback": trace}, context)
    xcoms = (event.get("payload") or {}).get("xcoms") or {}
    for key, value in xcoms.items():
        context["ti"].xcom_push(key=key, value=value)
    if kind == "skipped":
        raise AirflowSkipException("Its trigger ended the task as skipped.")
    if kind == "failed":
        raise AirflowFailException("Its trigger ended the task as failed.")
    return None


def resume_execution(
    task: BaseOperator, next_method: str, next_kwargs: Mapping[str, Any] | None, context: Context
) -> Any:
    """What `BaseOperator.resume_execution` does: call the method, or raise what went wrong while it waited."""
    kwargs = dict(next_kwargs or {})
    if next_method == FAIL:
        trace = kwargs.get("traceback")
        if trace:
            task.log.error("Trigger failed:\n%s", "\n".join(trace))
        error = kwargs.get("error", "Unknown")
        raise (TaskDeferralTimeout if error == TIMED_OUT else TaskDeferralError)(error)
    method = getattr(task, next_method, None)
    if not callable(method):
        raise TaskDeferralError(
            f"{type(task).__name__} has no method '{next_method}', which defer() named to go on with."
        )
    return method(context, **kwargs)
