"""Exceptions: raised, skipped by, caught and extended by their names."""

from datetime import datetime

from airflow import DAG, AirflowException
from airflow.exceptions import (
    AirflowBadRequest,
    AirflowClusterPolicyError,
    AirflowClusterPolicySkipDag,
    AirflowClusterPolicyViolation,
    AirflowConfigException,
    AirflowDagCycleException,
    AirflowDagDuplicatedIdException,
    AirflowDagInconsistent,
    AirflowDeprecationWarning,
    AirflowFailException,
    AirflowFileParseException,
    AirflowInactiveAssetInInletOrOutletException,
    AirflowInternalRuntimeError,
    AirflowNotFoundException,
    AirflowOptionalProviderFeatureException,
    AirflowProviderDeprecationWarning,
    AirflowRescheduleException,
    AirflowRuntimeError,
    AirflowSecretsBackendAccessDenied,
    AirflowSensorTimeout,
    AirflowSkipException,
    AirflowTaskTerminated,
    AirflowTaskTimeout,
    AirflowWebServerTimeout,
    BackfillUnfinished,
    ConnectionNotUnique,
    DagCodeNotFound,
    DagConcurrencyLimitReached,
    DagFileExists,
    DagIsPaused,
    DagNotFound,
    DagRunAlreadyExists,
    DagRunNotFound,
    DeserializingResultError,
    DownstreamTasksSkipped,
    DuplicateTaskIdFound,
    FailStopDagInvalidTriggerRule,
    FileSyntaxError,
    InvalidStatsNameException,
    NoAvailablePoolSlot,
    NodeNotFound,
    ParamValidationError,
    PoolNotFound,
    RemovedInAirflow3Warning,
    RemovedInAirflow4Warning,
    SerializationError,
    TaskAlreadyInTaskGroup,
    TaskAlreadyRunningError,
    TaskConcurrencyLimitReached,
    TaskDeferralError,
    TaskDeferralTimeout,
    TaskDeferred,
    TaskInstanceNotFound,
    TaskNotFound,
    UnknownExecutorException,
    UnmappableOperator,
    UnmappableXComLengthPushed,
    UnmappableXComTypePushed,
    XComForMappingNotPushed,
    XComNotFound,
)
from airflow.operators.empty import EmptyOperator
from airflow.operators.python import PythonOperator
from airflow.providers.standard.exceptions import (
    DuplicateStateError,
    ExternalDagDeletedError,
    ExternalDagFailedError,
    ExternalDagNotFoundError,
    ExternalTaskFailedError,
    ExternalTaskGroupFailedError,
    ExternalTaskGroupNotFoundError,
    ExternalTaskNotFoundError,
    HITLRejectException,
    HITLTimeoutError,
    HITLTriggerEventError,
)
from airflow.utils.trigger_rule import TriggerRule

ERRORS = [
    value for name, value in sorted(globals().items()) if isinstance(value, type) and issubclass(value, Exception)
]
NO_ERRORS = (AirflowTaskTimeout, AirflowTaskTerminated, AirflowInternalRuntimeError, TaskDeferred)


class OfTheAuthor(AirflowClusterPolicyViolation):
    pass


def skips():
    raise AirflowSkipException("not today")


def skips_what_follows():
    raise DownstreamTasksSkipped(tasks=["left_out"])


def caught():
    for kind in (AirflowBadRequest, AirflowNotFoundException, AirflowFailException, PoolNotFound, OfTheAuthor):
        try:
            raise kind("told")
        except AirflowException as error:
            assert str(error) == "told"
    for kind in (DagNotFound, DagRunNotFound, TaskNotFound, TaskInstanceNotFound, DagCodeNotFound):
        assert issubclass(kind, AirflowNotFoundException)
    assert issubclass(NodeNotFound, TaskNotFound) and issubclass(RemovedInAirflow3Warning, DeprecationWarning)
    assert len(ERRORS) > 60 and not any(issubclass(kind, Exception) for kind in NO_ERRORS)
    return AirflowRescheduleException(datetime(2020, 1, 1)).reschedule_date.year


with DAG("failing_words", start_date=datetime(2022, 1, 1), schedule=None):
    end = PythonOperator(task_id="caught", python_callable=caught, trigger_rule=TriggerRule.ALL_DONE)
    follows = PythonOperator(task_id="skips_what_follows", python_callable=skips_what_follows)
    [PythonOperator(task_id="skips", python_callable=skips), follows] >> end
    follows >> EmptyOperator(task_id="left_out")
