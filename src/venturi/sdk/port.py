"""What author code may ask of Venturi while it runs or is parsed: one protocol, installed by whoever runs the code.

Owns the seam. In attempts and zygotes `runtime` installs a port that asks over the attempt's channel; `testing`
and `check` install one that answers in the process. Author-facing names (`ti.xcom_pull`, `Variable.get`) call it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

from ..core.errors import NotFound, Refused


class Value(NamedTuple):
    """One stored value: which task instance pushed it, and what it is, decoded."""

    task_id: str
    map_index: int
    value: Any


class Port(Protocol):
    def values(
        self,
        key: str,
        task_ids: list[str] | None = None,
        map_indexes: list[int] | None = None,
        dag_id: str | None = None,
        run_id: str | None = None,
        include_prior_dates: bool = False,
    ) -> list[Value]:
        """Every value under this key, by task then map index; of the attempt's own run unless said otherwise."""

    def put(self, key: str, value: Any) -> None:
        """Durable when this returns."""

    def clear_values(self, task_id: str, map_index: int | None, key: str | None) -> None:
        """Values of a task of the attempt's own run go: all of its instances without an index, all keys without one."""

    def variable(self, key: str) -> str | None: ...
    def set_variable(self, key: str, value: str | None, description: str | None = None) -> None:
        """Durable when this returns; None deletes it. A description that is not given stays."""

    def connection(self, conn_id: str) -> dict[str, Any] | None: ...
    def asset(self, name: str | None, uri: str | None) -> dict[str, Any] | None:
        """An asset that some DAG file declares: {"name", "uri", "group", "extra"}."""

    def asset_events(self, **wanted: Any) -> list[dict[str, Any]]:
        """What tasks have said of an asset (`name`, `uri`), of all assets under an `alias`, or what has started a run
        (`dag_id`, `run_id`); `after`, `before`, `limit`, `newest_first`. `sdk.asset_events` has the form."""

    def state(self, scope: str | None, key: str) -> tuple[Any] | None:
        """What was kept there, in a tuple of one. Without a scope: by this task instance, over its tries."""

    def keep_state(self, scope: str | None, key: str | None, value: tuple[Any] | None, keep_s: float | None) -> None:
        """Durable when this returns. Without a value it goes; without a key, all of the scope goes."""

    def run_state(self, dag_id: str, run_id: str) -> str | None: ...
    def task_states(self, dag_id: str, run_id: str, task_ids: list[str] | None) -> dict[str, str]: ...
    def runs(self, dag_id: str, **wanted: Any) -> list[dict[str, Any]]:
        """Runs of a DAG by logical date, as `sdk.runs` reads them: those that fit `run_ids`, `dates`, `since`, `until`,
        `states` where given; `newest_first`, `limit`."""

    def instances(self, dag_id: str, run_id: str, task_ids: list[str] | None = None) -> list[dict[str, Any]]:
        """Task instances of a run that have been touched."""

    def dag(self, dag_id: str) -> dict[str, Any] | None:
        """What is known of a DAG: {"paused", "tasks": [ids], "groups": {id: [ids of the tasks in it]}, "file"}."""

    def trigger(self, dag_id: str, **wanted: Any) -> dict[str, Any]:
        """A run of another DAG, made once for each ask of a task's try: {"outcome", "run_id", …}; `sdk.elsewhere`
        reads it. Wanted: `run_id`, `date`, `conf`, `reset`, `unless_paused`."""

    def mask(self, *secrets: str) -> None:
        """From now on the log shows *** in their place, in whatever form they are printed."""


class WithoutTask:
    """The part of a port that is the same wherever no task runs: there are no values, events or states, and nothing is
    written. Variables and connections are asked for by whoever extends it."""

    advice = "A DAG file that is read cannot do that."

    def _refused(self, reason: str) -> Exception:
        return Refused(reason=reason, advice=self.advice)

    def values(self, *_: Any, **__: Any) -> list[Value]:
        return []

    def put(self, key: str, value: Any) -> None:
        raise self._refused("Values are pushed by a running task.")

    def clear_values(self, task_id: str, map_index: int | None, key: str | None) -> None:
        raise self._refused("Values are cleared by a running task.")

    def set_variable(self, key: str, value: str | None, description: str | None = None) -> None:
        raise self._refused("Variables are set by a running task.")

    def asset(self, name: str | None, uri: str | None) -> dict[str, Any] | None:
        return None

    def asset_events(self, **wanted: Any) -> list[dict[str, Any]]:
        return []

    def state(self, scope: str | None, key: str) -> tuple[Any] | None:
        return None

    def keep_state(self, scope: str | None, key: str | None, value: tuple[Any] | None, keep_s: float | None) -> None:
        raise self._refused("State is kept by a running task.")

    def run_state(self, dag_id: str, run_id: str) -> str | None:
        return None

    def task_states(self, dag_id: str, run_id: str, task_ids: list[str] | None) -> dict[str, str]:
        return {}

    def runs(self, dag_id: str, **wanted: Any) -> list[dict[str, Any]]:
        return []

    def instances(self, dag_id: str, run_id: str, task_ids: list[str] | None = None) -> list[dict[str, Any]]:
        return []

    def dag(self, dag_id: str) -> dict[str, Any] | None:
        return None

    def trigger(self, dag_id: str, **wanted: Any) -> dict[str, Any]:
        raise self._refused("Other DAGs are triggered by a running task.")

    def mask(self, *secrets: str) -> None:
        return None


_installed: list[Port] = []


def port() -> Port:
    if not _installed:
        raise NotFound(
            kind="running task",
            name="here",
            advice="Values, variables and connections can be asked for while a DAG file is parsed or a task runs.",
        )
    return _installed[-1]


def has_port() -> bool:
    return bool(_installed)


def always(new: Port) -> None:
    """Beneath all others, to the end of this process."""
    _installed.insert(0, new)


@contextmanager
def installed(new: Port) -> Iterator[None]:
    _installed.append(new)
    try:
        yield
    finally:
        _installed.remove(new)
