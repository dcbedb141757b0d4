"""What a missed deadline or SLA calls: the callback of a `DeadlineAlert`, `sla_miss_callback`, and mail.

Owns what these are shown. Runs in the child of a call, as the callbacks of an end do; what goes wrong is logged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timezone
from html import escape
from typing import TYPE_CHECKING, Any

from .exceptions import AirflowException
from .rules import TaskInstanceState

if TYPE_CHECKING:
    from .context import Context
    from .dag import DAG
    from .deadlines import Callback


# ── deadlines ────────────────────────────────────────────────────────────────────────────────────────────


def call_of_deadline(dag: DAG, context: Context, told: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The callback of this deadline, once; returns what went wrong, described."""
    from .callbacks import call_each

    callback = _alert(dag, told).callback
    context["dag_run"] = RunTold(context["dag_run"], str((context.instance.call or {}).get("state") or "running"))
    due = datetime.fromtimestamp(told["due_at"], timezone.utc)
    context["deadline"] = {"id": f"{dag.dag_id}/{context.instance.run_id}/{told['n']}", "deadline_time": due}

    def one(context: Context) -> Any:
        return _called(callback, context)

    one.__name__ = callback.path.rpartition(".")[2]
    return call_each("deadline", one, context)


def _alert(dag: DAG, told: Mapping[str, Any]) -> Any:
    """As the file says it now: the one that is as it was, else the one in its place."""
    given = dag.deadline  # type: ignore[attr-defined]
    alerts = list(given) if isinstance(given, (list, tuple)) else [given] if given is not None else []
    same = [alert for alert in alerts if alert.as_plain() == told["alert"]]
    at = int(told["n"])
    if not same and at >= len(alerts):
        raise AirflowException(f"DAG '{dag.dag_id}' has no such deadline any more.")
    return same[0] if same else alerts[at]


def _called(callback: Callback, context: Context) -> Any:
    """As Airflow does: its arguments, with the context where it takes one; what it makes is called with the context."""
    import inspect

    from .deadlines import AsyncCallback
    from .notifiers import BaseNotifier

    function = callback.resolve()
    given = dict(callback.kwargs)
    if _takes_context(function):
        given["context"] = context
    made = function(**given)
    if isinstance(made, BaseNotifier):
        # One that only knows how to notify at once is taken for an asynchronous callback too.
        is_async = isinstance(callback, AsyncCallback) and type(made).async_notify is not BaseNotifier.async_notify
        return made if is_async else made(context)
    if inspect.isawaitable(made) or not callable(made):
        return made
    return made(context=context) if _takes_context(made) else made()


def _takes_context(function: Callable[..., Any]) -> bool:
    import inspect

    try:
        found = inspect.signature(function).parameters
    except (ValueError, TypeError):
        return True
    return "context" in found or any(one.kind is one.VAR_KEYWORD for one in found.values())


class RunTold(dict[str, Any]):
    """The run as the callback of a deadline is shown it: with the keys of Airflow's answer, and as an object."""

    def __init__(self, run: Any, state: str) -> None:
        super().__init__(
            dag_run_id=run.run_id,
            dag_id=run.dag_id,
            dag_display_name=run.dag_id,
            logical_date=_text(run.logical_date),
            queued_at=_text(run.queued_at),
            start_date=_text(run.start_date),
            end_date=None,
            data_interval_start=_text(run.data_interval_start),
            data_interval_end=_text(run.data_interval_end),
            run_after=_text(run.run_after),
            run_type=run.run_type,
            state=state,
            conf=run.conf,
        )
        self._run = run

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._run, name)


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


# ── SLAs ─────────────────────────────────────────────────────────────────────────────────────────────────


class SlaMiss:
    """One task of one date that was not there in time."""

    email_sent = notification_sent = False
    description = None

    def __init__(self, dag_id: str, told: Mapping[str, Any], noticed: datetime) -> None:
        self.dag_id, self.task_id, self.run_id = dag_id, str(told["task_id"]), str(told["run_id"])
        self.execution_date = self.logical_date = _moment(told.get("logical_date"))
        self.deadline_time = _moment(told.get("due_at"))
        self.timestamp = noticed

    def __repr__(self) -> str:
        return str((self.dag_id, self.task_id, _text(self.execution_date)))


class Blocking:
    """A task instance that had not succeeded when an SLA was missed."""

    def __init__(self, dag: DAG, told: Mapping[str, Any]) -> None:
        self.dag_id, self.task_id, self.run_id = dag.dag_id, str(told["task_id"]), str(told["run_id"])
        self.map_index = int(told["map_index"])
        self.state = TaskInstanceState(told["state"]) if told["state"] in _STATES else str(told["state"])
        self.execution_date = self.logical_date = _moment(told.get("logical_date"))
        self.task = dag.task_dict.get(self.task_id)

    def __repr__(self) -> str:
        return f"<TaskInstance: {self.dag_id}.{self.task_id} {self.run_id} [{self.state}]>"


_STATES = frozenset(state.value for state in TaskInstanceState)


def call_of_slas(dag: DAG, context: Context, call: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`sla_miss_callback` once for all that is missed together, then one mail to all that its tasks name."""
    from .callbacks import call_each

    noticed = _moment(call.get("at")) or datetime.now(timezone.utc)
    slas = [SlaMiss(dag.dag_id, told, noticed) for told in call["slas"]]
    blocking = [Blocking(dag, told) for told in call["blocking"]]
    missed, open_ = _lines(slas), _lines(blocking)
    given: Any = dag.sla_miss_callback  # type: ignore[attr-defined]
    callbacks = [] if given is None else list(given) if isinstance(given, Iterable) else [given]

    def with_all(callback: Callable[..., Any]) -> Callable[[Any], Any]:
        def one(_: Any) -> Any:
            return callback(dag, missed, open_, slas, blocking)

        one.__name__ = getattr(callback, "__name__", type(callback).__name__)
        return one

    errors = call_each("sla_miss_callback", [with_all(callback) for callback in callbacks], context)
    people = _people(dag, slas)
    if people:

        def mail(_: Any) -> None:
            _send(dag, people, missed, open_)

        errors += call_each("SLA mail", mail, context)
    return errors


def _lines(listed: Iterable[SlaMiss | Blocking]) -> str:
    return "\n".join(f"{one.task_id} on {_text(one.execution_date)}" for one in listed)


def _people(dag: DAG, slas: Iterable[SlaMiss]) -> list[str]:
    from .mail import addresses

    tasks = (dag.task_dict.get(sla.task_id) for sla in slas)
    return list(dict.fromkeys(a for task in tasks if task is not None and task.email for a in addresses(task.email)))


def _send(dag: DAG, people: list[str], missed: str, blocking: str) -> None:
    import logging

    from .mail import send

    parts = [f"<p>These tasks of DAG {escape(dag.dag_id)} have missed their SLA:</p><pre>{escape(missed)}</pre>"]
    if blocking:
        parts.append(f"<p>What had not succeeded by then:</p><pre>{escape(blocking)}</pre>")
    sent = send(people, f"Venturi: SLA missed in DAG {dag.dag_id}", "".join(parts))
    where = "kept in the outbox, since no mail server is named:" if sent.is_kept else "sent by"
    logging.getLogger("airflow.task").info("Mail to %s %s %s", ", ".join(sent.recipients), where, sent.place)


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, timezone.utc)
