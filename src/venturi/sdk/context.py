"""What a running task knows: the mapping handed to execute(), to functions and to templates.

Every key is made when it is first looked at, so that a task that touches no date never loads pendulum, and one
without templates never loads Jinja. Keys of 1.10 and 2.x are here beside those of 3.x.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, MutableMapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from . import times
from .exceptions import AirflowException

if TYPE_CHECKING:
    from .dag import DAG
    from .operator import Task
    from .running import Instance

_current: list[Context] = []


class Context(MutableMapping[str, Any]):
    """Lazy, and otherwise as a dict."""

    def __init__(self, dag: DAG, task: Task, instance: Instance) -> None:
        self.dag = dag
        self.task = task
        self.instance = instance
        self._made: dict[str, Any] = {}
        self._removed: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        if name in self._made:
            return self._made[name]
        maker = KEYS.get(name)
        if maker is None or name in self._removed:
            raise KeyError(name)
        value = self._made[name] = maker(self)
        return value

    def spread(self, name: str) -> Any:
        """For a function's **kwargs: what would have to be asked for is asked when it is looked at."""
        return Later(self, name) if name in ASKED and name not in self._made else self[name]

    def __contains__(self, name: object) -> bool:
        return name in self._made or (name in KEYS and name not in self._removed)

    def __setitem__(self, name: str, value: Any) -> None:
        self._made[name] = value

    def __delitem__(self, name: str) -> None:
        if name not in self:
            raise KeyError(name)
        self._made.pop(name, None)
        self._removed.add(name)

    def __iter__(self) -> Iterator[str]:
        yield from (name for name in KEYS if name not in self._removed or name in self._made)
        yield from (name for name in self._made if name not in KEYS)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"<Context of {self.instance.dag_id}.{self.instance.task_id}>"

    def enter(self) -> None:
        _current.append(self)

    def leave(self) -> None:
        if self in _current:
            _current.remove(self)


class Later:
    """Stands for a key of the context until something is done with it."""

    __slots__ = ("_context", "_name")

    def __init__(self, context: Context, name: str) -> None:
        self._context = context
        self._name = name

    def _value(self) -> Any:
        return self._context[self._name]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._value(), name)

    def __bool__(self) -> bool:
        return bool(self._value())

    def __str__(self) -> str:
        return str(self._value())

    def __repr__(self) -> str:
        return repr(self._value())

    def __format__(self, spec: str) -> str:
        return format(self._value(), spec)

    def __hash__(self) -> int:
        return hash(self._value())

    def __eq__(self, other: object) -> bool:
        return bool(self._value() == other)

    def __lt__(self, other: Any) -> Any:
        return self._value() < other

    def __le__(self, other: Any) -> Any:
        return self._value() <= other

    def __gt__(self, other: Any) -> Any:
        return self._value() > other

    def __ge__(self, other: Any) -> Any:
        return self._value() >= other

    def __sub__(self, other: Any) -> Any:
        return self._value() - other

    def __rsub__(self, other: Any) -> Any:
        return other - self._value()

    def __add__(self, other: Any) -> Any:
        return self._value() + other


def get_current_context() -> Context:
    """The context of the task now running."""
    if not _current:
        raise AirflowException(
            "Current context was requested but no context was found! Are you running within a task? "
            "get_current_context() works inside a task's function or execute()."
        )
    return _current[-1]


# ── dates ────────────────────────────────────────────────────────────────────────────────────────────────


def moment(context: Context) -> datetime:
    """What the run is about: its logical date, and for a run without one the time it was asked for."""
    i = context.instance
    return i.logical_date or i.interval_start or i.run_queued_at or i.run_started_at or times.utcnow()


def _pendulum(value: datetime | None) -> datetime | None:
    return None if value is None else times.with_pendulum(value)


def _is_manual(context: Context) -> bool:
    return context.instance.run_type == "manual"


def _next(context: Context) -> datetime | None:
    return moment(context) if _is_manual(context) else context.instance.interval_end


def _previous(context: Context) -> datetime | None:
    i = context.instance
    if _is_manual(context):
        return moment(context)
    if i.interval_start is None or i.interval_end is None:
        return None
    try:
        before = context.dag.previous_schedule(i.interval_start)
    except (ImportError, ValueError):
        before = None
    return before or i.interval_start - (i.interval_end - i.interval_start)


def _day(value: datetime | None) -> str | None:
    return None if value is None else value.strftime("%Y-%m-%d")


def _nodash(text: str | None) -> str | None:
    return None if text is None else text.replace("-", "")


def _ts(context: Context) -> str:
    return moment(context).isoformat()


# ── the rest ─────────────────────────────────────────────────────────────────────────────────────────────


def _params(context: Context) -> dict[str, Any]:
    merged = context.task.params
    merged.update(context.instance.conf or {})
    return merged.validate()


def _instance(context: Context) -> Any:
    from .instances import TaskInstance

    return TaskInstance(context)


def _run(context: Context) -> Any:
    from .instances import DagRun

    return DagRun(context)


def _of_last_success(context: Context, name: str) -> datetime | None:
    """Of the last run before this one that succeeded; None if there is none."""
    from .port import has_port
    from .runs import previous

    run = previous(context["dag_run"], "success") if has_port() else None
    return None if run is None else _pendulum(getattr(run, name))


def _macros(_: Context) -> Any:
    from . import macros

    return macros


def _variables(_: Context) -> Any:
    from .variables import VariableAccess

    return {"value": VariableAccess(False), "json": VariableAccess(True)}


def _connections(_: Context) -> Any:
    from .connections import ConnectionAccess

    return ConnectionAccess()


def _inlet_events(context: Context) -> Any:
    from .asset_events import InletsEvents

    return InletsEvents(context.task.inlets)


def _triggering_assets(context: Context) -> Any:
    from .asset_events import TriggeringAssetEvents

    return TriggeringAssetEvents(context.instance.dag_id, context.instance.run_id)


def _triggering_datasets(context: Context) -> Any:
    from .asset_events import TriggeringDatasetEvents

    return TriggeringDatasetEvents(context.instance.dag_id, context.instance.run_id)


def _task_state(_: Context) -> Any:
    from .stored_state import StoredState

    return StoredState()


def _asset_states(context: Context) -> Any:
    from .stored_state import AssetStates

    return AssetStates([*context.task.inlets, *context.task.outlets])


def _outlet_events(context: Context) -> Any:
    from .asset_events import OutletEvents

    return OutletEvents(context.task.outlets)


def _settings(_: Context) -> Any:
    from .settings import conf

    return conf


def _task_key(context: Context) -> str:
    return f"{context.instance.dag_id}__{context.instance.task_id}__{_nodash(_day(moment(context)))}"


_DAY = timedelta(days=1)

KEYS: dict[str, Callable[[Context], Any]] = {
    "asset_state_store": _asset_states,
    "conf": _settings,
    "conn": _connections,
    "dag": lambda c: c.dag,
    "dag_run": _run,
    "data_interval_end": lambda c: _pendulum(c.instance.interval_end or moment(c)),
    "data_interval_start": lambda c: _pendulum(c.instance.interval_start or moment(c)),
    "ds": lambda c: _day(moment(c)),
    "ds_nodash": lambda c: _nodash(_day(moment(c))),
    "exception": lambda c: None,
    "execution_date": lambda c: _pendulum(moment(c)),
    "expanded_ti_count": lambda c: c.instance.mapped_count or None,
    "inlet_events": _inlet_events,
    "inlets": lambda c: list(c.task.inlets),
    "latest_date": lambda c: _day(moment(c)),
    "logical_date": lambda c: _pendulum(c.instance.logical_date or moment(c)),
    "macros": _macros,
    "map_index_template": lambda c: c.task.map_index_template,
    "next_ds": lambda c: _day(_next(c)),
    "next_ds_nodash": lambda c: _nodash(_day(_next(c))),
    "next_execution_date": lambda c: _pendulum(_next(c)),
    "outlet_events": _outlet_events,
    "outlets": lambda c: list(c.task.outlets),
    "params": _params,
    "partition_key": lambda c: c.instance.partition_key,
    "prev_data_interval_end_success": lambda c: _of_last_success(c, "data_interval_end"),
    "prev_data_interval_start_success": lambda c: _of_last_success(c, "data_interval_start"),
    "prev_ds": lambda c: _day(_previous(c)),
    "prev_ds_nodash": lambda c: _nodash(_day(_previous(c))),
    "prev_end_date_success": lambda c: _of_last_success(c, "end_date"),
    "prev_execution_date": lambda c: _pendulum(_previous(c)),
    "prev_execution_date_success": lambda c: _of_last_success(c, "logical_date"),
    "prev_start_date_success": lambda c: _of_last_success(c, "start_date"),
    "reason": lambda c: None,
    "run_id": lambda c: c.instance.run_id,
    "start_date": lambda c: c["ti"].start_date,
    "task": lambda c: c.task,
    "task_instance": lambda c: c["ti"],
    "task_instance_key_str": _task_key,
    "task_state_store": _task_state,
    "templates_dict": lambda c: None,
    "test_mode": lambda c: False,
    "ti": _instance,
    "tomorrow_ds": lambda c: _day(moment(c) + _DAY),
    "tomorrow_ds_nodash": lambda c: _nodash(_day(moment(c) + _DAY)),
    "triggering_asset_events": _triggering_assets,
    "triggering_dataset_events": _triggering_datasets,
    "try_number": lambda c: c.instance.try_number,
    "ts": _ts,
    "ts_nodash": lambda c: moment(c).strftime("%Y%m%dT%H%M%S"),
    "ts_nodash_with_tz": lambda c: _ts(c).replace("-", "").replace(":", ""),
    "var": _variables,
    "yesterday_ds": lambda c: _day(moment(c) - _DAY),
    "yesterday_ds_nodash": lambda c: _nodash(_day(moment(c) - _DAY)),
}


ASKED = frozenset(name for name in KEYS if name.startswith("prev_") and name.endswith("_success"))


def environment_of(context: Context) -> dict[str, str]:
    """What a task's own child processes are told about it."""
    i = context.instance
    return {
        "AIRFLOW_CTX_DAG_OWNER": context.task.owner,
        "AIRFLOW_CTX_DAG_ID": i.dag_id,
        "AIRFLOW_CTX_TASK_ID": i.task_id,
        "AIRFLOW_CTX_EXECUTION_DATE": _ts(context),
        "AIRFLOW_CTX_LOGICAL_DATE": _ts(context),
        "AIRFLOW_CTX_TRY_NUMBER": str(i.try_number),
        "AIRFLOW_CTX_DAG_RUN_ID": i.run_id,
    }
