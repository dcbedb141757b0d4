"""A class of the author's own for values ([core] xcom_backend): asked on the way into the store and out of it.

Owns finding that class, and the port that calls its `serialize_value` and `deserialize_value`. Where values lie stays
the engine's: what the class makes of a value is kept as any value is. Its other methods are not called. What tasks are
mapped over does not pass through it, because its length and its elements are the engine's to know.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from ..core.names import RETURN_KEY
from .calling import takes
from .exceptions import AirflowConfigException
from .port import Port, Value
from .settings import conf

if TYPE_CHECKING:
    from .dag import DAG
    from .running import Instance

OURS = "BaseXCom"


def chosen() -> Any:
    """The class that is configured; None where it is our own; where it cannot be had, the sentence that says so."""
    wanted = conf.get("core", "xcom_backend", fallback="") or ""
    module, _, name = wanted.rpartition(".")
    if name in ("", OURS):
        return None
    import importlib

    try:
        return getattr(importlib.import_module(module), name)
    except Exception as error:
        return (
            f"xcom_backend in [core] names {wanted}, which cannot be imported ({type(error).__name__}: {error}). "
            "Put its module beside the DAG file, or its package into the bundle's requirements.txt, or take the "
            "setting away."
        )


def around(port: Port, dag: DAG, instance: Instance) -> Port:
    """The port itself where no such class is configured."""
    if dag.value_backend is None:
        return port
    if isinstance(dag.value_backend, str):
        raise AirflowConfigException(dag.value_backend)
    made: Any = _BackendPort(port, dag, instance)  # a Port by __getattr__
    return cast("Port", made)


def made_of(port: Port, value: Any) -> Any:
    """What a task's result is kept as."""
    return port.made_of(RETURN_KEY, value) if isinstance(port, _BackendPort) else value


def has_read(port: Port) -> bool:
    """Whether what this port gives has been through the class already."""
    return isinstance(port, _BackendPort)


class _Kept:
    """What `deserialize_value` is given: enough of a row of Airflow's table."""

    def __init__(self, key: str, found: Value, dag_id: str, run_id: str) -> None:
        self.key, self.value = key, found.value
        self.task_id, self.map_index, self.dag_id, self.run_id = found.task_id, found.map_index, dag_id, run_id


class _BackendPort:
    """All asks go to the port behind it; values pass through the author's class."""

    def __init__(self, behind: Port, dag: DAG, instance: Instance) -> None:
        self._behind = behind
        self._backend = dag.value_backend
        self._untouched = dag.mapped_over
        self._instance = instance

    def __getattr__(self, name: str) -> Any:
        return getattr(self._behind, name)

    def values(self, key: str, task_ids: list[str] | None = None, *more: Any, **named: Any) -> list[Value]:
        found = self._behind.values(key, task_ids, *more, **named)
        dag_id = named.get("dag_id") or self._instance.dag_id
        run_id = named.get("run_id") or self._instance.run_id
        own = dag_id == self._instance.dag_id
        return [
            one
            if own and (one.task_id, key) in self._untouched
            else one._replace(value=self._backend.deserialize_value(_Kept(key, one, dag_id, run_id)))
            for one in found
        ]

    def put(self, key: str, value: Any) -> None:
        self._behind.put(key, self.made_of(key, value))

    def made_of(self, key: str, value: Any) -> Any:
        i = self._instance
        if value is None or (i.task_id, key) in self._untouched:
            return value
        told = {"key": key, "task_id": i.task_id, "dag_id": i.dag_id, "run_id": i.run_id, "map_index": i.map_index}
        make: Callable[..., Any] = self._backend.serialize_value
        wanted = takes(make)
        if wanted is not None and not wanted.everything:  # 1.10 and 2.0 gave the value alone
            told = {name: told[name] for name in wanted.names if name in told}
        return make(value, **told)
