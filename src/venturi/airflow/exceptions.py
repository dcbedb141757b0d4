"""Exceptions that Venturi never raises: authors catch, extend and raise them, so they are there to be named."""

from __future__ import annotations

from ..sdk.exceptions import AirflowException, AirflowFailException, AirflowNotFoundException, TaskNotFound


class AirflowInternalRuntimeError(BaseException):
    """Airflow itself has failed."""


class AirflowRuntimeError(AirflowException):
    """Airflow could not answer a task."""


class AirflowSecretsBackendAccessDenied(AirflowException):
    """A store of secrets has refused to answer."""


class AirflowWebServerTimeout(AirflowException):
    """The web server did not come up."""


class InvalidStatsNameException(AirflowException):
    """A metric cannot have this name."""


class UnmappableOperator(AirflowException):
    """An operator that cannot be mapped."""


class UnmappableXComLengthPushed(AirflowException):
    """A value to map over is too long."""


class AirflowDagInconsistent(AirflowException):
    """A DAG contradicts itself."""


class AirflowClusterPolicyViolation(AirflowException):
    """A DAG breaks a rule of its cluster."""


class AirflowClusterPolicySkipDag(AirflowException):
    """A rule of the cluster leaves this DAG out."""


class AirflowClusterPolicyError(AirflowException):
    """A rule of the cluster could not be applied."""


class DagCodeNotFound(AirflowNotFoundException):
    """The source of a DAG is not kept."""


class DagFileExists(AirflowException):
    """There is such a DAG file already."""


class FailStopDagInvalidTriggerRule(AirflowException):
    """In a DAG that ends at its first failure every task must have the rule all_success."""


class SerializationError(AirflowException):
    """A DAG cannot be told as data."""


class PoolNotFound(AirflowNotFoundException):
    """There is no such pool."""


class NoAvailablePoolSlot(AirflowException):
    """The pool has no room."""


class DagConcurrencyLimitReached(AirflowException):
    """The DAG has as many tasks running as it may."""


class TaskConcurrencyLimitReached(AirflowException):
    """The task has as many attempts running as it may."""


class BackfillUnfinished(AirflowException):
    """Not all of a backfill has succeeded."""


class FileSyntaxError(AirflowException):
    """A file has a mistake on a line."""


class AirflowFileParseException(AirflowException):
    """A file of connections or variables cannot be read."""


class UnknownExecutorException(ValueError):
    """There is no such executor."""


class AirflowInactiveAssetInInletOrOutletException(AirflowException):
    """An asset that a task names is not active."""


class TaskAlreadyRunningError(AirflowException):
    """The attempt has been started by another."""


class NodeNotFound(TaskNotFound):
    """There is no such task or group."""


class RemovedInAirflow4Warning(DeprecationWarning):
    """Told of names that the next Airflow will not have."""


class DagIsPaused(AirflowFailException):
    """A run was asked of a DAG that is paused."""


class AirflowTimetableInvalid(AirflowException):
    """A timetable cannot be used as it is."""


class PodMutationHookException(AirflowException):
    """The hook that changes pods has failed."""


class PodReconciliationError(AirflowException):
    """Two descriptions of a pod do not go together."""


class VariableNotUnique(AirflowException):
    """Several variables have one key."""


class DagNotPartitionedError(AirflowException):
    """A partition was asked of a DAG that has none."""


class InvalidPartitionKeyError(AirflowException):
    """A partition key cannot be read."""


class NotMapped(Exception):
    """A task that is not mapped was asked for its instances."""


class DeserializationError(Exception):
    """What was kept of a DAG cannot be read."""


class DagRunTypeNotAllowed(AirflowException):
    """The DAG does not allow runs of this kind."""


class AirflowUnsupportedFileTypeException(AirflowException):
    """A file is of a kind that is not read."""


class AirflowClearRunningTaskException(AirflowException):
    """A task that runs was to be cleared."""
