"""Runs and task instances of any DAG, as author code reads them: what is kept, as of the moment it was asked for.

Owns the reading surface (`DagRun.find`, `ti.get_dr_count` …). Everything is asked of the engine; nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from . import times
from .instances import DagRun, TaskInstance, kind_of_run
from .port import port
from .rules import DagRunState, TaskInstanceState


class KeptRun(DagRun):
    """A run that was found."""

    def __init__(self, told: dict[str, Any]) -> None:
        self._told = told
        self.state = DagRunState(told["state"])

    def _moment(self, name: str) -> Any:
        seconds = self._told.get(name)
        return None if seconds is None else times.with_pendulum(datetime.fromtimestamp(seconds, times.utc))

    @property
    def dag_id(self) -> str:
        return str(self._told["dag_id"])

    @property
    def run_id(self) -> str:
        return str(self._told["run_id"])

    @property
    def run_type(self) -> str:
        return kind_of_run(str(self._told.get("run_type") or "manual"), self.run_id)

    @property
    def conf(self) -> dict[str, Any]:
        return dict(self._told.get("conf") or {})

    @property
    def partition_key(self) -> str | None:
        return self._told.get("partition_key")

    @property
    def partition_date(self) -> Any:
        return self._moment("partition_date")

    @property
    def external_trigger(self) -> bool:
        return self.run_type == "manual"

    @property
    def dag(self) -> Any:
        return None

    @property
    def logical_date(self) -> Any:
        return self._moment("logical_date")

    @property
    def execution_date(self) -> Any:
        return self._moment("logical_date")

    @property
    def data_interval_start(self) -> Any:
        return self._moment("interval_start")

    @property
    def data_interval_end(self) -> Any:
        return self._moment("interval_end")

    @property
    def run_after(self) -> Any:
        return self._moment("interval_end")

    @property
    def queued_at(self) -> Any:
        return self._moment("queued_at")

    @property
    def start_date(self) -> Any:
        return self._moment("started_at")

    @property
    def end_date(self) -> Any:
        return self._moment("ended_at")

    def refresh_from_db(self, session: Any = None) -> None:
        found = port().runs(self.dag_id, run_ids=[self.run_id])
        if found:
            self.__init__(found[0])  # type: ignore[misc]

    def get_state(self) -> DagRunState:
        return self.state

    def __repr__(self) -> str:
        return f"<DagRun {self.dag_id} @ {self.run_id}: {self.state.value}>"


class KeptInstance(TaskInstance):
    """A task instance that was found."""

    def __init__(self, run: Any, told: dict[str, Any]) -> None:
        self._run = run
        self._told = told
        self.task = None  # type: ignore[assignment]
        self.state = TaskInstanceState(told["state"])
        self.start_date = _moment(told.get("started_at"))  # type: ignore[assignment]
        self.end_date = _moment(told.get("ended_at"))
        self.hostname = ""

    dag_id = property(lambda self: self._run.dag_id)
    run_id = property(lambda self: self._run.run_id)
    dag_run = property(lambda self: self._run)
    logical_date = property(lambda self: self._run.logical_date)
    execution_date = property(lambda self: self._run.logical_date)
    task_id = property(lambda self: str(self._told["task_id"]))
    map_index = property(lambda self: int(self._told["map_index"]))
    try_number = property(lambda self: int(self._told.get("try_number") or 0))

    def _is_mapped(self, task_id: str, dag_id: str | None) -> bool:
        return False

    def current_state(self, session: Any = None) -> TaskInstanceState:
        return self.state

    def refresh_from_db(self, session: Any = None) -> None:
        found = [
            t for t in port().instances(self.dag_id, self.run_id, [self.task_id]) if t["map_index"] == self.map_index
        ]
        if found:
            self.__init__(self._run, found[0])  # type: ignore[misc]


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, times.utc)


def seconds_of(value: Any) -> float:
    """A date in whatever form, as seconds since the epoch."""
    return times.read(value).timestamp()


def _words(given: Any) -> list[str] | None:
    """One state, several or none, as the database has them."""
    if given is None:
        return None
    many = [given] if isinstance(given, str) or not isinstance(given, Iterable) else list(given)
    return [str(getattr(one, "value", one)) for one in many]


def _many(given: Any) -> list[Any] | None:
    if given is None:
        return None
    return [given] if isinstance(given, (str, datetime)) or not isinstance(given, Iterable) else list(given)


def find(
    dag_id: Any,
    run_id: Any = None,
    execution_date: Any = None,
    state: Any = None,
    run_type: Any = None,
    start: Any = None,
    end: Any = None,
    external_trigger: bool | None = None,
    newest_first: bool = False,
    limit: int | None = None,
) -> list[KeptRun]:
    wanted: dict[str, Any] = {"newest_first": newest_first}
    dates = _many(execution_date)
    if dates is not None:
        wanted["dates"] = [seconds_of(date) for date in dates]
    if run_id is not None:
        wanted["run_ids"] = _many(run_id)
    if state is not None:
        wanted["states"] = _words(state)
    for name, value in (("since", start), ("until", end)):
        if value is not None:
            wanted[name] = seconds_of(value)
    found = [KeptRun(told) for one in _many(dag_id) or [] for told in port().runs(one, **wanted)]
    kinds = _words(run_type)
    if kinds is not None:
        found = [run for run in found if run.run_type in kinds]
    if external_trigger is not None:
        found = [run for run in found if run.external_trigger is external_trigger]
    return found[:limit]


def previous(run: DagRun, state: Any = None) -> KeptRun | None:
    """The run of the same DAG before this one, by logical date."""
    if run.logical_date is None:
        return None
    found = find(run.dag_id, state=state, end=run.logical_date, newest_first=True, limit=2)
    return next((one for one in found if one.run_id != run.run_id), None)


def instances(run: DagRun, state: Any = None, task_ids: list[str] | None = None) -> list[KeptInstance]:
    words = _words(state)
    found = [KeptInstance(run, told) for told in port().instances(run.dag_id, run.run_id, task_ids)]
    return [ti for ti in found if words is None or ti.state.value in words]


def instance(run: DagRun, task_id: str, map_index: int = -1) -> KeptInstance | None:
    return next((ti for ti in instances(run, task_ids=[task_id]) if ti.map_index == map_index), None)


def count_runs(dag_id: str, logical_dates: Any = None, run_ids: Any = None, states: Any = None) -> int:
    return len(find(dag_id, run_ids, logical_dates, states))


def task_states(
    dag_id: str,
    map_index: int | None = None,
    task_ids: Any = None,
    task_group_id: str | None = None,
    logical_dates: Any = None,
    run_ids: Any = None,
) -> dict[str, dict[str, str]]:
    """{run id: {task id: state}}; of a mapped task `task_<index>` for each instance."""
    ids = _many(task_ids)
    if task_group_id is not None:
        known = (port().dag(dag_id) or {}).get("groups", {}).get(task_group_id, [])
        ids = [*(ids or []), *known]
    found: dict[str, dict[str, str]] = {}
    for run in find(dag_id, run_ids, logical_dates):
        rows = [ti for ti in instances(run, task_ids=ids) if map_index is None or ti.map_index == map_index]
        found[run.run_id] = {
            ti.task_id if ti.map_index < 0 else f"{ti.task_id}_{ti.map_index}": ti.state.value for ti in rows
        }
    return found


def count_instances(states: Any = None, **where: Any) -> int:
    words = _words(states)
    return sum(words is None or state in words for run in task_states(**where).values() for state in run.values())
