"""Runs one task of an imported DAG to its outcome: bind mapped arguments, render templates, execute.

What nearly every attempt needs is imported here and in `warm`, because an import in a fork is paid by each attempt.
Owns the order of these steps and the reading of exceptions as outcomes. Knows no process, pipe or encoding:
`runtime.attempt` calls it inside the fork, `testing` in the author's own process.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..core.errors import UnknownTask
from ..core.names import RETURN_KEY
from ..core.states import Outcome
from . import connections, era, instances, macros, settings, value_backend, variables  # noqa: F401  (an attempt must not import: see below)
from .building import OUR_FOLDER
from .calling import takes
from .context import KEYS, Context, environment_of
from .exceptions import (
    AirflowException,
    AirflowFailException,
    AirflowRescheduleException,
    AirflowSensorTimeout,
    AirflowSkipException,
    AirflowTaskTerminated,
    AirflowTaskTimeout,
    DownstreamTasksSkipped,
    TaskDeferred,
    UnmappableXComTypePushed,
    XComForMappingNotPushed,
)
from .mapped import MappedOperator
from .operator import BaseOperator, Task
from .port import Port, installed
from .references import settled
from .rendered import rendered_fields
from .templates import Templates, has_markup

if TYPE_CHECKING:
    from types import FrameType, TracebackType

    from .dag import DAG
    from .deferring import Wait

TRACEBACK_BYTES_MAX = 32 * 1024
LABEL_CHARS_MAX = 250

# Without the enumerations that `signal.signal` makes of everything: this is on every attempt's way.
_set_handler: Any = importlib.import_module("_signal").signal
_SIGTERM, _DEFAULT = int(signal.SIGTERM), int(signal.SIG_DFL)


@dataclass(slots=True)
class Instance:
    """Which task instance this attempt is, and what its context is made of. Times are aware UTC datetimes."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1
    try_number: int = 1
    token: int = 0
    run_type: str = "manual"
    logical_date: datetime | None = None
    interval_start: datetime | None = None
    interval_end: datetime | None = None
    run_queued_at: datetime | None = None
    run_started_at: datetime | None = None
    conf: dict[str, Any] = field(default_factory=dict)
    partition_key: str | None = None
    partition_date: datetime | None = None
    # Mapped arguments that come from other tasks' values, decoded: {argument: this instance's element}.
    # Literals stay in the DAG file; `indices` says which element of each argument is this instance's.
    elements: dict[str, Any] = field(default_factory=dict)
    indices: dict[str, int] = field(default_factory=dict)
    mapped_count: int = 0
    gpus: Sequence[str] = ()  # the devices it has been given
    first_poke_at: datetime | None = None  # this try's first attempt, where it is called again or goes on by an event
    resume: dict[str, Any] | None = None  # method, kwargs, event: how a deferred task goes on
    tries_before: int = 0  # that its retries are not counted from: it was cleared after them
    call: dict[str, Any] | None = None  # kind, of_run, reason, error …: this attempt runs callbacks, and not the task


@dataclass(slots=True)
class TaskResult:
    outcome: str  # core.states.Outcome
    value: Any = None
    has_value: bool = False
    error: dict[str, Any] | None = None  # type, message, file, line (innermost of the author's own), traceback
    wake_at: float | None = None
    skip: list[str] = field(default_factory=list)  # direct downstream tasks that a branch leaves out
    asset_events: list[dict[str, Any]] = field(default_factory=list)  # `sdk.asset_events` has the form
    retry_delay_s: float | None = None  # the wait that the task's own policy wants before its next try
    wait: Wait | None = None
    label: str | None = None  # what map_index_template makes of this instance
    rendered: dict[str, str] | None = None  # what its template fields came to, in short
    reason: str | None = None  # why it has skipped itself


@dataclass(slots=True)
class Seen:
    """What is told of an attempt however it ends."""

    label: str | None = None
    rendered: dict[str, str] | None = None


def run(dag: DAG, instance: Instance, port: Port) -> TaskResult:
    """One attempt of one task, from its arguments to its outcome. Never raises for what author code does."""
    try:
        port = value_backend.around(port, dag, instance)
    except Exception as error:
        return _ended_by(error, instance)
    with installed(port):
        left_out: set[str] = set()
        said: list[dict[str, Any]] = []
        seen = Seen()
        try:
            value = _value(dag, instance, port, left_out, said, seen)
        except BaseException as error:
            ended = _ended_by(error, instance)
            ended.label, ended.rendered = seen.label, seen.rendered
            task = dag.task_dict.get(instance.task_id)
            if task is not None and task.retry_policy is not None and ended.outcome == Outcome.FAILED.value:
                _ask_policy(task, instance, error, ended)
            return ended
        done = TaskResult(Outcome.SUCCESS.value, value, value is not None, skip=sorted(left_out), asset_events=said)
        done.label, done.rendered = seen.label, seen.rendered
        return done


def _value(dag: DAG, instance: Instance, port: Port, left_out: set[str], said: list[dict[str, Any]], seen: Seen) -> Any:
    declared = dag.task_dict.get(instance.task_id)
    if declared is None:
        raise UnknownTask(dag_id=dag.dag_id, task_id=instance.task_id, known=", ".join(dag.task_ids[:20]))
    context = Context(dag, declared, instance)
    context.enter()
    try:
        task, untouched = _operator(declared, instance, context)
        context.task = task
        for name, told in environment_of(context).items():
            if os.environ.get(name) != told:  # a reused child is often told the same
                os.environ[name] = told
        _render(task, context, untouched)
        seen.rendered = rendered_fields(task)
        with _told_to_end(task):
            task.pre_execute(context)
            if task.on_execute_callback is not None:
                _on_execute(task, context)
            try:
                if instance.resume is None and not task.start_from_trigger:
                    value = task.execute(context)
                else:
                    value = _deferring().execute(task, instance, context)
            except TaskDeferred as wanted:
                wanted.by = task
                raise
            except DownstreamTasksSkipped as skips:
                left_out.update(t if isinstance(t, str) else t.task_id for t in skips.tasks)
                value = None
            task.post_execute(context, value)
        left_out.update(context["ti"].left_out)
        if left_out and not era.keeps_value_of_a_branch(dag.fileloc):
            value = None
        if task.outlets:
            said += context["outlet_events"].events()
    finally:
        if instance.map_index >= 0:
            seen.label = _label(context)
        context.leave()
    value = settled(value)
    if not task.do_xcom_push:
        value = None
    if dag.mapped_over and (declared.task_id, RETURN_KEY) in dag.mapped_over and not declared.is_many:
        _check_mappable(declared.task_id, value)
    if task.multiple_outputs and value is not None:
        _push_each(port, value)
    return value_backend.made_of(port, value)


def _label(context: Context) -> str | None:
    """What the author's map_index_template says of this instance, also when it has failed."""
    template = context["map_index_template"]
    if not template:
        return None
    try:
        found = str(Templates(context.task, context).render(str(template)))
    except Exception as error:
        _say(f"map_index_template cannot be rendered: {error}", "W")
        return None
    context["ti"].rendered_map_index = found
    return found[:LABEL_CHARS_MAX]


def _deferring() -> Any:
    from . import deferring

    return deferring


def _on_execute(task: BaseOperator, context: Context) -> None:
    from .callbacks import call_each

    call_each("on_execute_callback", task.on_execute_callback, context)


def _operator(declared: Task, instance: Instance, context: Context) -> tuple[BaseOperator, set[int]]:
    """The operator to execute: a copy, because rendering writes into it and the DAG may serve further attempts."""
    if isinstance(declared, MappedOperator):
        element, untouched = declared.element(instance.elements, instance.indices, context)
        return declared.unmap(element), untouched
    assert isinstance(declared, BaseOperator)
    copy = object.__new__(type(declared))
    copy.__dict__.update(declared.__dict__)
    return copy, set()


def _render(task: BaseOperator, context: Context, untouched: set[int]) -> None:
    task.prepare_template()
    if type(task).render_template_fields is not BaseOperator.render_template_fields:
        task.render_template_fields(context)
        return
    Templates(task, context, untouched=untouched).render_fields()


def _check_mappable(task_id: str, value: Any) -> None:
    """The task that leaves what cannot be mapped over fails, not the one that would be mapped over it."""
    if value is None:
        raise XComForMappingNotPushed(f"did not push XCom for task mapping: '{task_id}' returned nothing")
    if not isinstance(value, (list, tuple, set, frozenset, range, Mapping)) and not _is_sequence(value):
        raise UnmappableXComTypePushed(
            f"unmappable return type '{type(value).__name__}': a task is mapped over what '{task_id}' returns, "
            "so it must return a list, a tuple or a dict"
        )


def _is_sequence(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray))


def _push_each(port: Port, value: Any) -> None:
    if not isinstance(value, Mapping):
        raise TypeError(
            f"Returned output was type {type(value).__name__}, expected a dict, because multiple_outputs is set."
        )
    for key in value:
        if not isinstance(key, str):
            raise TypeError(f"Returned dictionary keys must be strings when using multiple_outputs, found {key!r}.")
    for key, part in value.items():
        port.put(key, part)


@contextmanager
def _told_to_end(task: BaseOperator) -> Iterator[None]:
    """SIGTERM, or the end of its time, lets the operator stop what it started, and then ends the attempt."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def on_term(number: int, frame: FrameType | None) -> None:
        task.on_kill()
        if callable(before):  # whoever runs the attempt knows whether this moment may be broken off
            before(number, frame)
        else:
            raise AirflowTaskTerminated("The task was told to end (SIGTERM).")

    before = _set_handler(_SIGTERM, on_term)
    try:
        yield
    except AirflowTaskTimeout:
        task.on_kill()
        raise
    finally:
        _set_handler(_SIGTERM, before if before is not None else _DEFAULT)


# ── how it ended ─────────────────────────────────────────────────────────────────────────────────────────


def _ended_by(error: BaseException, instance: Instance) -> TaskResult:
    if isinstance(error, AirflowRescheduleException):
        return TaskResult(Outcome.RESCHEDULE.value, wake_at=error.reschedule_date.timestamp())
    if isinstance(error, AirflowSkipException):
        if str(error):
            _say(f"Skipped: {error}", "I")
        return TaskResult(Outcome.SKIPPED.value, reason=str(error) or None)
    if isinstance(error, TaskDeferred):
        try:
            return TaskResult(
                Outcome.DEFERRED.value, wait=_deferring().wait_of(error, error.by, instance.first_poke_at)
            )
        except Exception as problem:
            error = problem
    described = describe_error(error)
    _say(described["traceback"].rstrip("\n"), "E")
    now = isinstance(error, (AirflowFailException, AirflowSensorTimeout))
    return TaskResult((Outcome.FAIL_NOW if now else Outcome.FAILED).value, error=described)


def describe_error(error: BaseException) -> dict[str, Any]:
    """What the error is and where in the author's own files, as plain data."""
    file, line = _authors_place(error.__traceback__)
    message = f"exit code {error.code}" if isinstance(error, SystemExit) else _message(error)
    if isinstance(error, SyntaxError) and error.filename and file is None:
        file, line = error.filename, error.lineno
    return {"type": type(error).__name__, "message": message, "file": file, "line": line, "traceback": _readable(error)}


def _ask_policy(task: Task, instance: Instance, error: BaseException, ended: TaskResult) -> None:
    """The task's own policy may end it now, or choose the wait before its next try."""
    try:
        decided = task.retry_policy.evaluate(error, instance.try_number, task.retries, None)
        action = str(getattr(decided.action, "value", decided.action))
    except Exception as problem:
        _say(f"The retry policy raised {type(problem).__name__}: {problem}; the usual retries hold.", "W")
        return
    if action == "fail":
        ended.outcome = Outcome.FAIL_NOW.value
    elif action == "retry" and decided.retry_delay is not None:
        ended.retry_delay_s = max(0.0, decided.retry_delay.total_seconds())
    if action != "default" and decided.reason:
        _say(f"Retry policy: {action}. {decided.reason}", "I")


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:
        return f"(its text cannot be made: {type(error).__name__}.__str__ failed)"


def _is_authors(file: str) -> bool:
    return not (
        file.startswith((OUR_FOLDER, "<", os.path.dirname(os.__file__) + os.sep))
        or f"{os.sep}site-packages{os.sep}" in file
        or f"{os.sep}dist-packages{os.sep}" in file
    )


def _authors_place(trace: TracebackType | None) -> tuple[str | None, int | None]:
    found: tuple[str | None, int | None] = (None, None)
    while trace is not None:
        if _is_authors(trace.tb_frame.f_code.co_filename):
            found = (trace.tb_frame.f_code.co_filename, trace.tb_lineno)
        trace = trace.tb_next
    return found


def _readable(error: BaseException) -> str:
    """The traceback without our own frames at its top, cut in the middle if it is very long. An operator of ours that
    says in a sentence what is wrong needs none."""
    import traceback

    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(OUR_FOLDER):
        trace = trace.tb_next
    alone = error.__cause__ is None and (error.__suppress_context__ or error.__context__ is None)
    if trace is None and alone and isinstance(error, AirflowException):
        return f"{type(error).__name__}: {_message(error)}\n"
    try:
        text = "".join(traceback.format_exception(type(error), error, trace or error.__traceback__))
    except Exception as problem:
        text = f"{type(error).__name__}: its traceback cannot be made ({type(problem).__name__})\n"
    if len(text) > TRACEBACK_BYTES_MAX // 4 and len(text.encode("utf-8", "backslashreplace")) > TRACEBACK_BYTES_MAX:
        half = TRACEBACK_BYTES_MAX // 2 - 200
        data = text.encode("utf-8", "backslashreplace")
        head, tail = data[:half].decode("utf-8", "ignore"), data[-half:].decode("utf-8", "ignore")
        text = f"{head}\n… {len(data) - 2 * half} bytes left out …\n{tail}"
    return text


def _say(text: str, mark: str) -> None:
    from .logs import marked

    try:
        sys.stderr.write(marked(text, mark) + "\n")
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):
        pass  # an author may have closed stderr; the outcome matters more
    except UnicodeEncodeError:
        sys.stderr.write(marked(text, mark).encode("ascii", "backslashreplace").decode() + "\n")


# ── before forking ───────────────────────────────────────────────────────────────────────────────────────

_DATES = frozenset(name for name in KEYS if "date" in name or name.startswith("data_interval"))


def warm(dag: DAG) -> None:
    """Import now, in the process that attempts are forked from, what this DAG's attempts will surely import."""
    for task in dag.task_dict.values():
        for load in _needs(task):
            load()


def _needs(task: Task) -> Iterator[Callable[[], object]]:
    given: Mapping[str, Any] = task.shared if isinstance(task, MappedOperator) else task.__dict__
    function = given.get("python_callable")
    wanted = takes(function) if callable(function) else None
    if wanted is not None and (wanted.everything or not _DATES.isdisjoint(wanted.names)):
        yield _load_pendulum
    if (wanted is not None and (wanted.everything or not _OF_ASSETS.isdisjoint(wanted.names))) or given.get("outlets"):
        yield _load_assets
    for name in task.template_fields:
        value = given.get(name)
        if value and has_markup(value if isinstance(value, str) else repr(value)):
            yield _load_jinja
    if "bash_command" in given:
        yield _load_processes


_OF_ASSETS = frozenset({"asset_state_store", "inlet_events", "outlet_events", "task_state_store"})


def _load_assets() -> object:
    from . import asset_events, stored_state

    return asset_events, stored_state


def _load_pendulum() -> object:
    try:
        import pendulum
    except ImportError:
        return None
    return pendulum


def _load_jinja() -> object:
    try:
        import jinja2.ext
        import jinja2.nativetypes
        import jinja2.sandbox
    except ImportError:
        return None
    return jinja2


def _load_processes() -> object:
    import shutil
    import subprocess
    import tempfile

    return shutil, subprocess, tempfile
