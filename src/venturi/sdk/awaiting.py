"""What other DAGs have come to: asked once, or again and again by a trigger.

Owns the asking for what `core.awaiting` judges, and the triggers that wait for it. Where an engine runs, it sees to
these triggers itself (`engine.conditions`); `run()` is for wherever there is none.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable
from datetime import datetime
from typing import Any

from ..core.awaiting import Awaited, judged
from . import times
from .port import port
from .rules import TaskInstanceState
from .runs import seconds_of
from .triggers import BaseTrigger, TaskSuccessEvent, TriggerEvent

_EXTERNAL = "airflow.providers.standard.triggers.external_task"
_FIRST_PAUSE_S = 0.25  # waiting begins with short pauses, which grow to the interval that the author has given


def state_words(given: Any) -> list[str]:
    many = [given] if isinstance(given, str) or not isinstance(given, Iterable) else given
    return [str(getattr(one, "value", one)) for one in many]


class Pauses:
    """Short at first, for what ends soon, and never longer than the interval."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = interval_s
        self._next_s = min(_FIRST_PAUSE_S, interval_s)

    def next_s(self) -> float:
        now, self._next_s = self._next_s, min(self._interval_s, self._next_s * 1.5)
        return now


def states_of(awaited: Awaited) -> list[list[str]]:
    """Of each run that is there: the states of what is awaited in it; what was not touched yet has none."""
    ids = None if awaited.task_ids is None else list(awaited.task_ids)
    if awaited.group_id is not None:
        ids = ((port().dag(awaited.dag_id) or {}).get("groups") or {}).get(awaited.group_id, [])
    found = []
    for run in port().runs(awaited.dag_id, **awaited.wanted_runs()):
        if ids is None:
            found.append([run["state"]])
        else:
            states = port().task_states(awaited.dag_id, run["run_id"], ids)
            found.append([states.get(task_id, "none") for task_id in ids])
    return found


def reached(awaited: Awaited, allowed: list[str], failed: list[str], skipped: list[str]) -> str | None:
    """failed, skipped or success; None while it is to be waited for."""
    return judged(states_of(awaited), awaited.runs_expected(), allowed, failed, skipped)


def named(awaited: Awaited) -> str:
    """What is awaited, for people."""
    what = ", ".join(awaited.task_ids) if awaited.task_ids else None
    part = f"the group {awaited.group_id}" if awaited.group_id else what
    dates = [datetime.fromtimestamp(date, times.utc).isoformat() for date in awaited.dates or ()]
    runs = ", ".join([*dates, *(awaited.run_ids or ())][:3])
    said = f"{part} in DAG {awaited.dag_id}" if part else f"DAG {awaited.dag_id}"
    return f"{said} (run of {runs})" if runs else said


def _seconds(dates: list[datetime] | None) -> tuple[float, ...] | None:
    return None if dates is None else tuple(seconds_of(date) for date in dates)


class WorkflowTrigger(BaseTrigger):
    """Fires when tasks, a group of tasks or a whole DAG have come to their end, well or not."""

    def __init__(
        self,
        external_dag_id: str,
        run_ids: list[str] | None = None,
        execution_dates: list[datetime] | None = None,
        logical_dates: list[datetime] | None = None,
        external_task_ids: Collection[str] | None = None,
        external_task_group_id: str | None = None,
        failed_states: Any = None,
        skipped_states: Any = None,
        allowed_states: Any = None,
        poke_interval: float = 2.0,
        soft_fail: bool = False,
        end_from_trigger: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        self.external_dag_id, self.run_ids = external_dag_id, run_ids
        self.logical_dates = logical_dates if logical_dates is not None else execution_dates
        self.external_task_ids = None if external_task_ids is None else list(external_task_ids)
        self.external_task_group_id = external_task_group_id
        self.failed_states = state_words(failed_states or [])
        self.skipped_states = state_words(skipped_states or [])
        self.allowed_states = state_words(allowed_states or [TaskInstanceState.SUCCESS])
        self.poke_interval, self.soft_fail = poke_interval, soft_fail
        self.end_from_trigger = end_from_trigger

    def serialize(self) -> tuple[str, dict[str, Any]]:
        names = [
            *("external_dag_id", "run_ids", "logical_dates", "external_task_ids", "external_task_group_id"),
            *("failed_states", "skipped_states", "allowed_states", "poke_interval", "soft_fail"),
        ]
        if self.end_from_trigger:
            names.append("end_from_trigger")
        return f"{_EXTERNAL}.WorkflowTrigger", {name: getattr(self, name) for name in names}

    def _awaited(self) -> Awaited:
        ids = None if self.external_task_ids is None else tuple(self.external_task_ids)
        run_ids = None if self.run_ids is None else tuple(self.run_ids)
        return Awaited(self.external_dag_id, ids, self.external_task_group_id, _seconds(self.logical_dates), run_ids)

    def wait_words(self) -> str:
        return named(self._awaited())

    async def run(self) -> AsyncIterator[TriggerEvent]:
        import asyncio

        awaited, pauses = self._awaited(), Pauses(self.poke_interval)
        states = (self.allowed_states, self.failed_states, self.skipped_states)
        while (found := await asyncio.to_thread(reached, awaited, *states)) is None:
            await asyncio.sleep(pauses.next_s())
        ends = self.end_from_trigger and found == "success"
        yield TaskSuccessEvent() if ends else TriggerEvent({"status": found})


class DagStateTrigger(BaseTrigger):
    """Fires when runs of a DAG are in one of these states; the event holds which run is in which."""

    def __init__(
        self,
        dag_id: str,
        states: Any,
        run_ids: list[str] | None = None,
        execution_dates: list[datetime] | None = None,
        logical_dates: list[datetime] | None = None,
        poll_interval: float = 5.0,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        self.dag_id, self.states, self.run_ids = dag_id, state_words(states), run_ids
        self.execution_dates = execution_dates if execution_dates is not None else logical_dates
        self.poll_interval = poll_interval

    def serialize(self) -> tuple[str, dict[str, Any]]:
        names = ("dag_id", "states", "run_ids", "execution_dates", "poll_interval")
        return f"{_EXTERNAL}.DagStateTrigger", {name: getattr(self, name) for name in names}

    def wait_words(self) -> str:
        ids = None if self.run_ids is None else tuple(self.run_ids)
        return named(Awaited(self.dag_id, None, None, _seconds(self.execution_dates), ids))

    async def run(self) -> AsyncIterator[TriggerEvent]:
        import asyncio

        wanted: dict[str, Any] = {"states": self.states}
        if self.run_ids is not None:
            wanted["run_ids"] = self.run_ids
        if self.execution_dates is not None:
            wanted["dates"] = [seconds_of(date) for date in self.execution_dates]
        expected = len(self.run_ids if self.run_ids is not None else self.execution_dates or [1])
        pauses = Pauses(self.poll_interval)
        while True:
            found = await asyncio.to_thread(port().runs, self.dag_id, **wanted)
            if len(found) >= expected:
                break
            await asyncio.sleep(pauses.next_s())
        path, given = self.serialize()
        yield TriggerEvent((path, {**given, "found": {run["run_id"]: run["state"] for run in found}}))


class TaskStateTrigger(WorkflowTrigger):
    """Airflow 2's trigger for one task; the event is {"status": "success"}."""

    def __init__(
        self,
        dag_id: str,
        task_id: str,
        states: Any = None,
        execution_dates: list[datetime] | None = None,
        trigger_start_time: datetime | None = None,
        poll_interval: float = 2.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(dag_id, None, execution_dates, None, [task_id], None, None, None, states, poll_interval)
        self.task_id, self.trigger_start_time = task_id, trigger_start_time

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return "airflow.triggers.external_task.TaskStateTrigger", {
            "dag_id": self.external_dag_id,
            "task_id": self.task_id,
            "states": self.allowed_states,
            "execution_dates": self.logical_dates,
            "trigger_start_time": self.trigger_start_time,
            "poll_interval": self.poke_interval,
        }
