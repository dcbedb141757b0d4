"""Other DAGs: starting them and waiting for them or for tasks in them, in a process, by calls, or deferred.

Owns the operators and sensors. What other runs are like is asked of the engine (`sdk.runs`); a run is made
by the engine, once for each ask of a try.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from ..core.awaiting import Awaited
from . import runs, times
from .awaiting import DagStateTrigger, Pauses, WorkflowTrigger, reached, state_words
from .calling import call
from .empty import EmptyOperator
from .exceptions import AirflowException, AirflowSkipException, DagNotFound, DagRunAlreadyExists
from .operator import BaseOperator
from .port import port
from .rules import DagRunState, TaskInstanceState
from .triggers import BaseTrigger
from .waiting import WaitingSensor, deferrable_unless_said

XCOM_RUN_ID = "trigger_run_id"
XCOM_LOGICAL_DATE_ISO = "trigger_logical_date_iso"
XCOM_EXECUTION_DATE_ISO = "trigger_execution_date_iso"


class ExternalTaskFailedError(AirflowException):
    """A task or DAG that was waited for has failed."""


class ExternalTaskGroupFailedError(ExternalTaskFailedError):
    """A group of tasks that was waited for has failed."""


class ExternalDagFailedError(ExternalTaskFailedError):
    """A DAG that was waited for has failed."""


class ExternalDagNotFoundError(AirflowException):
    """There is no DAG to wait for."""


class ExternalDagDeletedError(ExternalDagNotFoundError):
    """The DAG to wait for is gone."""


class ExternalTaskNotFoundError(AirflowException):
    """There is no task to wait for."""


class ExternalTaskGroupNotFoundError(AirflowException):
    """There is no group of tasks to wait for."""


class DuplicateStateError(AirflowException):
    """One state is given for several ends."""


# ── starting another DAG ─────────────────────────────────────────────────────────────────────────────────


class DagRunOrder:
    """What a `python_callable` of Airflow 1.10 fills in."""

    def __init__(self, run_id: str | None = None, payload: Any = None) -> None:
        self.run_id = run_id
        self.payload = payload


class TriggerDagRunOperator(BaseOperator):
    """Starts a run of another DAG, and waits for its end if told to. A paused DAG's run waits until it is unpaused."""

    template_fields: Collection[str] = (
        "trigger_dag_id",
        "trigger_run_id",
        "logical_date",
        "conf",
        "wait_for_completion",
        "skip_when_already_exists",
    )
    ui_color = "#ffefeb"

    def __init__(
        self,
        *,
        trigger_dag_id: str,
        trigger_run_id: str | None = None,
        conf: Any = None,
        logical_date: Any = None,
        execution_date: Any = None,
        run_after: Any = None,
        reset_dag_run: bool = False,
        wait_for_completion: bool = False,
        poke_interval: float | timedelta = 60,
        allowed_states: Any = None,
        failed_states: Any = None,
        skip_when_already_exists: bool = False,
        fail_when_dag_is_paused: bool = False,
        deferrable: bool | None = None,
        note: str | None = None,
        openlineage_inject_parent_info: bool = True,
        python_callable: Callable[..., Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.trigger_dag_id, self.trigger_run_id, self.conf = trigger_dag_id, trigger_run_id, conf
        date = logical_date if logical_date is not None else execution_date
        if not (date is None or isinstance(date, (str, datetime)) or hasattr(date, "tasks")):
            kind = type(date).__name__
            raise TypeError(f"Expected str or datetime.datetime type for parameter 'logical_date'. Got {kind}")
        self.logical_date = date
        self.reset_dag_run = reset_dag_run
        self.wait_for_completion = wait_for_completion
        self.poke_interval = times.seconds(poke_interval) or 0.0
        self.allowed_states = state_words(allowed_states or [DagRunState.SUCCESS])
        self.failed_states = state_words([DagRunState.FAILED] if failed_states is None else failed_states)
        self.skip_when_already_exists = skip_when_already_exists
        self.fail_when_dag_is_paused = fail_when_dag_is_paused
        self.deferrable = deferrable_unless_said() if deferrable is None else bool(deferrable)
        self.note = note
        self.python_callable = python_callable

    @property
    def execution_date(self) -> Any:
        return self.logical_date

    def execute(self, context: Any) -> Any:
        wanted = self._wanted(context)
        if wanted is None:
            self.log.info("Criteria not met, moving on")
            return
        made = port().trigger(self.trigger_dag_id, **wanted)
        outcome = made["outcome"]
        if outcome == "no_such_dag":
            raise DagNotFound(f"Dag id {self.trigger_dag_id} not found")
        if outcome == "paused":
            raise AirflowException(f"Dag {self.trigger_dag_id} is paused")
        if outcome == "refused":
            raise AirflowException(f"DAG {self.trigger_dag_id} could not be triggered: {made['why']}")
        if outcome == "exists":
            if not self.skip_when_already_exists:
                raise DagRunAlreadyExists(
                    f"A run of {self.trigger_dag_id} with this id or date exists: {made['run_id']}"
                )
            raise AirflowSkipException(
                "Skipping due to skip_when_already_exists is set to True and DagRunAlreadyExists"
            )
        run_id = str(made["run_id"])
        self.log.info("Triggered DAG %s: run %s", self.trigger_dag_id, run_id)
        if made.get("waits"):
            self.log.warning(
                "DAG %s is paused, so its run waits. Unpause it with: venturi unpause %s",
                self.trigger_dag_id,
                self.trigger_dag_id,
            )
        self._push(context["ti"], run_id, made)
        if self.wait_for_completion:
            self._wait(run_id)

    def _wanted(self, context: Any) -> dict[str, Any] | None:
        conf, run_id = self.conf, self.trigger_run_id
        if self.python_callable is not None:  # 1.10: it decides whether, and with what
            order = call(self.python_callable, (context, DagRunOrder(run_id, conf)), {}, {})
            if not order:
                return None
            conf, run_id = order.payload, order.run_id
        if isinstance(conf, str):
            conf = json.loads(conf)
        try:
            json.dumps(conf)
        except (TypeError, ValueError):
            raise AirflowException("conf parameter should be JSON Serializable") from None
        wanted: dict[str, Any] = {"conf": conf, "run_id": run_id or None}
        if self.logical_date:
            wanted["date"] = times.read(self.logical_date).timestamp()
        if self.reset_dag_run:
            wanted["reset"] = True
        if self.fail_when_dag_is_paused:
            wanted["unless_paused"] = True
        return wanted

    def _push(self, ti: Any, run_id: str, made: dict[str, Any]) -> None:
        ti.xcom_push(key=XCOM_RUN_ID, value=run_id)
        if made.get("date") is not None:
            date = datetime.fromtimestamp(made["date"], times.utc).isoformat()
            ti.xcom_push(key=XCOM_LOGICAL_DATE_ISO, value=date)
            ti.xcom_push(key=XCOM_EXECUTION_DATE_ISO, value=date)

    def _wait(self, run_id: str) -> None:
        states = [*self.allowed_states, *self.failed_states]
        if self.deferrable:
            trigger = DagStateTrigger(
                dag_id=self.trigger_dag_id, states=states, run_ids=[run_id], poll_interval=self.poke_interval
            )
            self.defer(trigger=trigger, method_name="execute_complete")
        pauses = Pauses(self.poke_interval)
        while True:
            state = port().run_state(self.trigger_dag_id, run_id)
            if state in states:
                self._judge({run_id: state})
                return
            self.log.info("Waiting for %s on %s to become one of %s ...", self.trigger_dag_id, run_id, states)
            time.sleep(pauses.next_s())

    def execute_complete(self, context: Any, event: Any = None) -> None:
        self._judge(event[1]["found"] if isinstance(event, (list, tuple)) else dict(event or {}))

    def _judge(self, found: dict[str, str]) -> None:
        for run_id, state in found.items():
            if state in self.failed_states:
                raise AirflowException(f"{self.trigger_dag_id} failed with failed state {state} in run {run_id}")
            self.log.info("%s finished with allowed state %s", self.trigger_dag_id, state)


# ── waiting for what other DAGs do ───────────────────────────────────────────────────────────────────────


class ExternalTaskSensor(WaitingSensor):
    """Waits for tasks, a group of tasks or a whole DAG, of the run at this run's own date or at one derived from it."""

    template_fields: Collection[str] = (
        "external_dag_id",
        "external_task_id",
        "external_task_ids",
        "external_task_group_id",
    )
    ui_color = "#4db7db"

    def __init__(
        self,
        *,
        external_dag_id: str,
        external_task_id: str | None = None,
        external_task_ids: Collection[str] | None = None,
        external_task_group_id: str | None = None,
        allowed_states: Any = None,
        skipped_states: Any = None,
        failed_states: Any = None,
        execution_delta: timedelta | None = None,
        execution_date_fn: Callable[..., Any] | None = None,
        check_existence: bool = False,
        poll_interval: float = 2.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        of_tasks = external_task_id is not None or external_task_ids is not None or external_task_group_id is not None
        self.allowed_states = state_words(allowed_states or [TaskInstanceState.SUCCESS])
        self.skipped_states = state_words(skipped_states or [])
        self.failed_states = state_words(failed_states or [])
        self._check_states(of_tasks)
        if execution_delta is not None and execution_date_fn is not None:
            raise ValueError(
                "Only one of `execution_delta` or `execution_date_fn` may be provided to ExternalTaskSensor; not both."
            )
        if external_task_id is not None and external_task_ids is not None:
            raise ValueError(
                "Only one of `external_task_id` or `external_task_ids` may be provided to ExternalTaskSensor; "
                "use external_task_id or external_task_ids or external_task_group_id."
            )
        if external_task_group_id is not None and (external_task_id is not None or external_task_ids is not None):
            raise ValueError("Only one of `external_task_group_id` or external_task_id(s) may be provided.")
        if external_task_id is not None:
            external_task_ids = [external_task_id]
        if isinstance(external_task_ids, (list, tuple)) and len(external_task_ids) > len(set(external_task_ids)):
            raise ValueError("Duplicate task_ids passed in external_task_ids parameter")
        self.external_dag_id = external_dag_id
        self.external_task_id = external_task_id
        self.external_task_ids = external_task_ids
        self.external_task_group_id = external_task_group_id
        self.execution_delta, self.execution_date_fn = execution_delta, execution_date_fn
        self.check_existence = check_existence
        self.poll_interval = poll_interval
        self._has_checked_existence = False

    def _check_states(self, of_tasks: bool) -> None:
        given = [*self.allowed_states, *self.skipped_states, *self.failed_states]
        if len(given) != len(set(given)):
            raise DuplicateStateError(
                "Duplicate values provided across allowed_states, skipped_states and failed_states."
            )
        known = {state.value for state in (TaskInstanceState if of_tasks else DagRunState)}
        strange = [state for state in given if state not in known]
        if strange:
            kind = "`external_task_id`, `external_task_ids` or `external_task_group_id` is not `None`"
            raise ValueError(
                "Valid values for `allowed_states`, `skipped_states` and `failed_states` "
                f"when {kind if of_tasks else 'these are `None`'}: {sorted(known)}, not {strange}"
            )

    def awaited(self, context: Any) -> Awaited:
        """What is waited for in this run; the ids are those after templates."""
        ids = None if self.external_task_ids is None else tuple(self.external_task_ids)
        if self.external_task_id is not None:
            ids = (self.external_task_id,)
        dates = tuple(runs.seconds_of(date) for date in self._dates(context))
        return Awaited(self.external_dag_id, ids, self.external_task_group_id, dates)

    def _dates(self, context: Any) -> list[Any]:
        date = context["logical_date"]
        if date is None:
            date = context["dag_run"].run_after or context["dag_run"].queued_at
        if self.execution_delta is not None:
            return [date - self.execution_delta]
        if self.execution_date_fn is None:
            return [date]
        found = call(self.execution_date_fn, (date,), {}, context)
        return list(found) if isinstance(found, (list, tuple, set)) else [found]

    def poke(self, context: Any) -> bool:
        awaited = self.awaited(context)
        dates = ", ".join(datetime.fromtimestamp(d, times.utc).isoformat() for d in awaited.dates or [])
        what = awaited.group_id or (", ".join(awaited.task_ids) if awaited.task_ids else "the whole DAG")
        self.log.info("Poking for %s in DAG %s on %s ...", what, self.external_dag_id, dates)
        if self.check_existence and not self._has_checked_existence:
            self._check_existence(awaited)
        found = reached(awaited, self.allowed_states, self.failed_states, self.skipped_states)
        if found == "failed":
            self._fail(awaited)
        if found == "skipped":
            raise AirflowSkipException(
                f"{what} in DAG {self.external_dag_id} reached a state in our states-to-skip-on list. Skipping."
            )
        return found == "success"

    def _fail(self, awaited: Awaited) -> None:
        if awaited.task_ids:
            error: AirflowException = ExternalTaskFailedError(
                f"Some of the external tasks {list(awaited.task_ids)} in DAG {awaited.dag_id} failed."
            )
        elif awaited.group_id:
            error = ExternalTaskGroupFailedError(
                f"The external task_group '{awaited.group_id}' in DAG '{awaited.dag_id}' failed."
            )
        else:
            error = ExternalDagFailedError(f"The external DAG {awaited.dag_id} failed.")
        if self.soft_fail:
            raise AirflowSkipException(f"{error} Skipping due to soft_fail.")
        raise error

    def _check_existence(self, awaited: Awaited) -> None:
        known = port().dag(awaited.dag_id)
        if known is None:
            raise ExternalDagNotFoundError(f"The external DAG {awaited.dag_id} does not exist.")
        for task_id in awaited.task_ids or []:
            if task_id not in known["tasks"]:
                raise ExternalTaskNotFoundError(f"The external task {task_id} in DAG {awaited.dag_id} does not exist.")
        if awaited.group_id is not None and awaited.group_id not in known["groups"]:
            raise ExternalTaskGroupNotFoundError(
                f"The external task group '{awaited.group_id}' in DAG '{awaited.dag_id}' does not exist."
            )
        self._has_checked_existence = True

    def condition(self, context: Any, ends: bool) -> BaseTrigger:
        awaited = self.awaited(context)
        return WorkflowTrigger(
            external_dag_id=awaited.dag_id,
            external_task_ids=awaited.task_ids,
            external_task_group_id=awaited.group_id,
            logical_dates=[datetime.fromtimestamp(date, times.utc) for date in awaited.dates or []],
            allowed_states=self.allowed_states,
            failed_states=self.failed_states,
            skipped_states=self.skipped_states,
            poke_interval=self.poll_interval if self.deferrable else self.poke_interval,
            soft_fail=self.soft_fail,
            end_from_trigger=ends,
        )

    def judge(self, context: Any, event: Any) -> None:
        status = (event or {}).get("status")
        if status == "success":
            self.log.info("External tasks %s has executed successfully.", self.external_task_ids)
        elif status == "skipped":
            raise AirflowSkipException("External job has skipped skipping.")
        else:
            self._fail(self.awaited(context))


class ExternalTaskMarker(EmptyOperator):
    """Says that a task of another DAG depends on this one."""

    template_fields: Collection[str] = ("external_dag_id", "external_task_id", "logical_date")
    ui_color = "#4db7db"

    def __init__(
        self,
        *,
        external_dag_id: str,
        external_task_id: str,
        logical_date: Any = "{{ logical_date.isoformat() }}",
        execution_date: Any = None,
        recursion_depth: int = 10,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.external_dag_id, self.external_task_id = external_dag_id, external_task_id
        date = execution_date if execution_date is not None else logical_date
        if not isinstance(date, (str, datetime)):
            raise TypeError(f"Expected str or datetime.datetime type for logical_date. Got {type(date).__name__}")
        self.logical_date = date.isoformat() if isinstance(date, datetime) else date
        if recursion_depth <= 0:
            raise ValueError("recursion_depth should be a positive integer")
        self.recursion_depth = recursion_depth
