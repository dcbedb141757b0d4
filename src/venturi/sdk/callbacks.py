"""Callbacks and mails after an end: one child runs them all, once, with the context of the task that has ended.

Owns the context they are shown and the alert that is mailed. What goes wrong in one is logged and keeps no other from
being run; it changes nothing about the task.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from datetime import datetime, timezone
from html import escape
from typing import TYPE_CHECKING, Any

from ..core.states import Outcome
from . import exceptions, value_backend
from .context import Context
from .exceptions import AirflowException
from .port import Port, installed
from .rules import DagRunState, TaskInstanceState
from .settings import conf

if TYPE_CHECKING:
    from .dag import DAG
    from .operator import Task
    from .running import Instance, TaskResult

_STATES = {
    "success": TaskInstanceState.SUCCESS,
    "failure": TaskInstanceState.FAILED,
    "retry": TaskInstanceState.UP_FOR_RETRY,
    "skipped": TaskInstanceState.SKIPPED,
}


def run_calls(dag: DAG, instance: Instance, port: Port) -> TaskResult:
    """Everything that this end has made due. The result says whether all of it went well."""
    from .running import TaskResult

    assert instance.call is not None
    with installed(value_backend.around(port, dag, instance)):
        context = _context(dag, instance)
        context.enter()
        try:
            errors = _run_all(dag, context, instance.call)
        finally:
            context.leave()
    if errors:
        return TaskResult(Outcome.FAILED.value, error=errors[0])
    return TaskResult(Outcome.SUCCESS.value)


def _run_all(dag: DAG, context: Context, call: dict[str, Any]) -> list[dict[str, Any]]:
    if call["kind"] in ("deadline", "sla"):
        from . import missed

    if call["kind"] == "deadline":
        return missed.call_of_deadline(dag, context, call["deadline"])
    if call["kind"] == "sla":
        return missed.call_of_slas(dag, context, call)
    name = f"on_{call['kind']}_callback"
    if call["of_run"]:
        return call_each(name, getattr(dag, name), context)
    task = context.task
    errors = call_each(name, getattr(task, name), context)
    if call["kind"] in ("failure", "retry") and task.email and getattr(task, f"email_on_{call['kind']}"):
        errors += call_each(f"email_on_{call['kind']}", mail_alert, context)
    return errors


def call_each(name: str, given: Any, context: Context) -> list[dict[str, Any]]:
    """One callback or several, each with the context; returns what went wrong, described."""
    import logging

    from .running import describe_error

    log = logging.getLogger("airflow.task")
    callbacks = [] if given is None else list(given) if isinstance(given, Iterable) else [given]
    errors: list[dict[str, Any]] = []
    for callback in callbacks:
        title = getattr(callback, "__name__", type(callback).__name__)
        log.info("%s: %s", name, title)
        try:
            _finish(callback(context))
        except Exception as error:
            errors.append(describe_error(error))
            log.error("%s: %s failed.\n%s", name, title, errors[-1]["traceback"].rstrip("\n"))
    return errors


def _finish(result: Any) -> None:
    import inspect

    if inspect.isawaitable(result):
        import asyncio

        async def wait() -> None:
            await result

        asyncio.run(wait())


# ── what they are shown ──────────────────────────────────────────────────────────────────────────────────


def _context(dag: DAG, instance: Instance) -> Context:
    call = instance.call or {}
    declared = dag.task_dict.get(instance.task_id) or next(iter(dag.task_dict.values()))
    context = Context(dag, declared, instance)
    context.task = _task(declared, instance, context)
    ti, run = context["ti"], context["dag_run"]
    if call["kind"] in ("deadline", "sla"):
        run.state = DagRunState(call.get("state") or "running")
    elif call["of_run"]:
        good = call["kind"] == "success"
        run.state = DagRunState.SUCCESS if good else DagRunState.FAILED
        ti.state = TaskInstanceState.SUCCESS if good else TaskInstanceState.FAILED
        run.end_date = _moment(call.get("ended_at"))
        context["reason"] = "success" if good else _reason(call.get("reason"))
    else:
        ti.state = _STATES[call["kind"]]
        ti.start_date = _moment(call.get("started_at")) or ti.start_date
        ti.end_date = _moment(call.get("ended_at"))
        context["reason"] = call.get("reason")
    error = call.get("error")
    if error or (call["kind"] in ("failure", "retry") and not call["of_run"]):
        context["exception"] = rebuilt(error, call.get("reason"))
    return context


def _reason(reason: str | None) -> str:
    """Airflow's word where a task's failure is the cause, ours where there is another."""
    return "task_failure" if reason is None or reason.endswith(" failed") else reason


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, timezone.utc)


def _task(declared: Task, instance: Instance, context: Context) -> Any:
    """As the attempt had it: of a mapped task this instance's own, with its templates rendered where they can be."""
    from .running import _operator, _render

    try:
        task, untouched = _operator(declared, instance, context)
        context.task = task
        _render(task, context, untouched)
    except Exception:
        return context.task
    return task


def rebuilt(error: dict[str, Any] | None, reason: str | None) -> BaseException:
    """An exception with the type's name and the text of the one that ended the attempt, which died in its process."""
    if not error:
        return AirflowException(reason or "The task failed.")
    name, message = str(error.get("type") or "AirflowException"), str(error.get("message") or "")
    known: Any = getattr(exceptions, name, None) or getattr(builtins, name, None)
    if isinstance(known, type) and issubclass(known, BaseException):
        try:
            made: BaseException = known(message)
        except Exception:
            made = AirflowException(message)
        if type(made).__name__ == name and str(made) in (message, repr(message)):
            return made
    kind: type[AirflowException] = type(name if name.isidentifier() else "Error", (AirflowException,), {})
    return kind(message)


# ── mail ─────────────────────────────────────────────────────────────────────────────────────────────────

_SUBJECT = "Venturi alert: {{ ti }}"
_RETRY = "Try {{ try_number }} of {{ max_tries + 1 }} failed; it will be tried again."
_FAILED = "Try {{ try_number }} of {{ max_tries + 1 }} failed."


def mail_alert(context: Context) -> None:
    """`email_on_failure` and `email_on_retry`."""
    import logging

    from .mail import send

    task, ti, call = context.task, context["ti"], context.instance.call or {}
    error = call.get("error") or {}
    told = {
        "exception": context.get("exception"),
        "exception_html": escape(str(context.get("exception"))).replace("\n", "<br>"),
        "try_number": ti.try_number,
        "max_tries": ti.max_tries,
        "ti": ti,
    }
    subject = _filled(
        _template("email.subject_template", "smtp_provider.templated_email_subject_path") or _SUBJECT,
        told,
        task,
        context,
    )
    own = _template("email.html_content_template", "smtp_provider.templated_html_content_path")
    html = _filled(own, told, task, context) if own else _alert(ti, call, error, task, told, context)
    sent = send(task.email, subject, html)
    where = "kept in the outbox, since no mail server is named:" if sent.is_kept else "sent by"
    logging.getLogger("airflow.task").info("Mail to %s %s %s", ", ".join(sent.recipients), where, sent.place)


def _template(*names: str) -> str | None:
    """The text of the file that one of these settings names, each written as section.name."""
    for setting in names:
        section, _, name = setting.partition(".")
        path = conf.get(section, name, fallback=None)
        if path:
            try:
                with open(path, encoding="utf-8") as file:
                    return file.read()
            except (OSError, UnicodeDecodeError) as error:
                raise AirflowException(
                    f"The mail template {path}, which [{section}] {name} names, cannot be read: {error}."
                ) from error
    return None


def _filled(text: str, told: dict[str, Any], task: Any, context: Context) -> str:
    from .templates import environment

    return str(environment(task.dag_).from_string(text).render({**told, "context": context}))


def _alert(ti: Any, call: dict[str, Any], error: dict[str, Any], task: Any, told: dict[str, Any], context: Any) -> str:
    first = _filled(_RETRY if call["kind"] == "retry" else _FAILED, told, task, context)
    rows = [
        ("DAG", ti.dag_id),
        ("Task", ti.task_id + (f" [{ti.map_index}]" if ti.map_index >= 0 else "")),
        ("Run", ti.run_id),
        ("Why", call.get("reason") or told["exception"]),
        ("Where", f"{error['file']}:{error['line']}" if error.get("file") else None),
    ]
    lines = "".join(f"<tr><td>{name}</td><td>{escape(str(value))}</td></tr>" for name, value in rows if value)
    trace = f"<pre>{escape(str(error['traceback']))}</pre>" if error.get("traceback") else ""
    return f"<p>{escape(first)}</p><table>{lines}</table>{trace}"
