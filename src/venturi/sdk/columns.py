"""Columns of Airflow's database, where a file names them: `Log.dttm`, `DagRun.start_date`, `XCom.timestamp`.

Owns naming them without harm. There is no such database: what would ask it says so.
"""

from __future__ import annotations

from typing import Any

from .exceptions import AirflowException

_INSTEAD = (
    "Variables, connections and values are reached by Variable, BaseHook.get_connection and ti.xcom_pull; runs by "
    "DagRun.find; the rest by Venturi's command line and API."
)
# Of runs, task instances and values; their objects have most of them, their classes do not.
_KNOWN = frozenset(
    {
        *("id", "dag_id", "task_id", "run_id", "map_index", "execution_date", "logical_date", "start_date", "end_date"),
        *("duration", "state", "try_number", "max_tries", "hostname", "unixname", "job_id", "pool", "pool_slots"),
        *("queue", "priority_weight", "operator", "queued_dttm", "queued_at", "pid", "executor_config", "updated_at"),
        *("conf", "run_type", "external_trigger", "creating_job_id", "last_scheduling_decision", "dag_run"),
        *("data_interval_start", "data_interval_end", "key", "value", "timestamp", "note", "trigger_id"),
    }
)

# What makes an expression of a column, which asks nobody yet.
_EXPRESSIONS = frozenset(
    {"asc", "between", "desc", "ilike", "in_", "is_", "is_not", "isnot", "label", "like", "not_in", "notin_"}
)


class NoDatabase(AirflowException):
    """Something of Airflow's database was used, and there is none."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is of Airflow's database, and there is none. {_INSTEAD}")


class Column:
    """A column that was named: to compare or call it is to ask the database, but for the making of expressions."""

    def __init__(self, name: str) -> None:
        self.__dict__["name"] = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Column(f"{self.name}.{name}")

    def __call__(self, *_: Any, **__: Any) -> Column:
        if self.name.rpartition(".")[2] in _EXPRESSIONS:
            return Column(f"{self.name}()")
        raise NoDatabase(self.name)

    def _ask(self, *_: Any, **__: Any) -> Any:
        raise NoDatabase(self.name)

    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = __and__ = __or__ = __invert__ = _ask
    __add__ = __sub__ = __iter__ = __len__ = __bool__ = __getitem__ = __contains__ = __setattr__ = _ask
    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"<{self.name} of Airflow's database>"


class WithColumns(type):
    """Of a class of ours whose columns a file may name."""

    def __getattribute__(cls, name: str) -> Any:
        found = super().__getattribute__(name)
        return Column(f"{cls.__name__}.{name}") if isinstance(found, property) and name in _KNOWN else found

    def __getattr__(cls, name: str) -> Any:
        if name in _KNOWN:
            return Column(f"{cls.__name__}.{name}")
        raise AttributeError(f"type object {cls.__name__!r} has no attribute {name!r}")
