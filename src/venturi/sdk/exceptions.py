"""The exceptions author code raises or catches, under the names DAG files know; `running` reads them as outcomes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ..core.errors import AuthoringError, DagCycle, DuplicateTask


class AirflowException(Exception):
    """An error of a task; the attempt fails and is tried again while retries are left."""

    status_code = 500


class AirflowBadRequest(AirflowException):
    status_code = 400


class AirflowNotFoundException(AirflowException):
    status_code = 404


class AirflowConfigException(AirflowException):
    """A setting that is not there or cannot be read."""


class AirflowSensorTimeout(AirflowException):
    """The sensor waited as long as it may; the task fails at once, without a retry."""


class AirflowTaskTimeout(BaseException):
    """The task ran as long as it may."""


class AirflowTaskTerminated(BaseException):
    """The attempt was told to end (SIGTERM); not an Exception, so that no `except Exception` keeps it alive."""


class AirflowSkipException(AirflowException):
    """The task ends as skipped."""


class AirflowFailException(AirflowException):
    """The task fails at once, without a retry."""


class AirflowRescheduleException(AirflowException):
    """The task wants to be called again at this time; no process waits meanwhile."""

    def __init__(self, reschedule_date: datetime) -> None:
        super().__init__(f"to be called again at {reschedule_date.isoformat()}")
        self.reschedule_date = reschedule_date


class DownstreamTasksSkipped(AirflowException):
    """The task succeeds and these direct downstream tasks are left out."""

    def __init__(self, *, tasks: Any) -> None:
        super().__init__(f"skips {', '.join(map(str, tasks))}")
        self.tasks = list(tasks)


class TaskDeferred(BaseException):
    """The task wants to wait for a trigger without a process."""

    def __init__(self, *, trigger: Any, method_name: str, kwargs: Any = None, timeout: Any = None) -> None:
        super().__init__()
        self.trigger, self.method_name, self.kwargs, self.timeout = trigger, method_name, kwargs, timeout
        self.by: Any = None  # the task


class TaskDeferralError(AirflowException):
    """The trigger a task waited for has failed."""


class TaskDeferralTimeout(AirflowException):
    """The trigger a task waited for had no event in time."""


class AirflowOptionalProviderFeatureException(AirflowException):
    """A part of a provider needs a package that is not installed."""


class AirflowProviderDeprecationWarning(DeprecationWarning):
    """A provider's name is on its way out."""


class RemovedInAirflow3Warning(DeprecationWarning):
    """A name that Airflow 3 no longer has; we still serve it."""


class AirflowDeprecationWarning(DeprecationWarning):
    """A name on its way out."""


class XComNotFound(AirflowException):
    """No value was pushed under this key."""

    def __init__(self, dag_id: str = "", task_id: str = "", key: str = "") -> None:
        super().__init__(f"Task '{task_id}' of DAG '{dag_id}' has pushed no value under the key '{key}'.")
        self.dag_id, self.task_id, self.key = dag_id, task_id, key


class XComForMappingNotPushed(TypeError):
    """A task that another one is mapped over has left nothing."""


class UnmappableXComTypePushed(AirflowException):
    """The value to map over is neither a list nor a dict."""


class ParamValidationError(AirflowException):
    """A parameter's value does not fit its schema."""


class AirflowDagDuplicatedIdException(AirflowException):
    """Two files claim one DAG id."""


class DagNotFound(AirflowNotFoundException):
    """There is no such DAG."""


class DagRunNotFound(AirflowNotFoundException):
    """There is no such run."""


class TaskNotFound(AirflowNotFoundException):
    """There is no such task."""


class TaskInstanceNotFound(AirflowNotFoundException):
    """There is no such task instance."""


class DagRunAlreadyExists(AirflowBadRequest):
    """There is a run with this id already."""


class TaskAwaitingInput(BaseException):
    """The task wants a person's answer; only wheels' own operators for that raise it, and ours stand before them."""


class DeserializingResultError(ValueError):
    """The result of a function that ran in another interpreter cannot be read."""


class ConnectionNotUnique(AirflowException):
    """Several connections have this id."""


class AirflowDagCycleException(DagCycle, AirflowException):
    __doc__ = DagCycle.__doc__


class DuplicateTaskIdFound(DuplicateTask, AirflowException):
    __doc__ = DuplicateTask.__doc__


class TaskAlreadyInTaskGroup(AirflowException):
    """A task can be in one group only."""


class BadAuthoring(AuthoringError, AirflowException, TypeError):
    __doc__ = AuthoringError.__doc__


class AirflowTimetableInvalid(AirflowException):
    """A schedule that cannot be."""


class NotServedYet(AirflowFailException, NotImplementedError):
    """What a file may declare, but nothing acts on yet; the task that needs it fails at once and says so."""

    def __init__(self, what: str, waits_for: str) -> None:
        super().__init__(
            f"{what} waits for {waits_for}, which Venturi does not serve yet: it comes with time and control."
        )
