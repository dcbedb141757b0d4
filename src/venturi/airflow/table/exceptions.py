"""Exceptions."""

from .rows import Refused, Served

SERVED: list[Served] = [
    # ── exceptions ──
    *[
        (f"sdk.exceptions.{name}", "airflow.exceptions airflow.sdk.exceptions", "")
        for name in (
            "AirflowException",
            "AirflowBadRequest",
            "AirflowNotFoundException",
            "AirflowConfigException",
            "AirflowSensorTimeout",
            "AirflowTaskTimeout",
            "AirflowTaskTerminated",
            "AirflowSkipException",
            "AirflowFailException",
            "AirflowRescheduleException",
            "DownstreamTasksSkipped",
            "TaskDeferralError",
            "AirflowOptionalProviderFeatureException",
            "AirflowProviderDeprecationWarning",
            "RemovedInAirflow3Warning",
            "AirflowDeprecationWarning",
            "XComNotFound",
            "UnmappableXComTypePushed",
            "XComForMappingNotPushed",
            "ParamValidationError",
            "AirflowDagDuplicatedIdException",
            "AirflowDagCycleException",
            "DuplicateTaskIdFound",
            "TaskAlreadyInTaskGroup",
            "DagNotFound",
            "DagRunNotFound",
            "DagRunAlreadyExists",
            "TaskNotFound",
            "TaskInstanceNotFound",
            "ConnectionNotUnique",
            "DeserializingResultError",
        )
    ],
    ("sdk.exceptions.TaskDeferred", "airflow.exceptions airflow.sdk.exceptions", ""),
    (
        "sdk.exceptions.AirflowException",
        "airflow:AirflowException airflow.sdk:AirflowException airflow.providers.common.compat.sdk:AirflowException",
        "",
    ),
    ("sdk.exceptions.AirflowSkipException", "airflow.sdk:AirflowSkipException", ""),
    ("sdk.exceptions.AirflowFailException", "airflow.sdk:AirflowFailException", ""),
    # ── never raised here ──
    *[
        (f"airflow.exceptions.{name}", "airflow.exceptions airflow.sdk.exceptions", "")
        for name in (
            *("AirflowInternalRuntimeError", "AirflowRuntimeError", "AirflowSecretsBackendAccessDenied"),
            *("AirflowWebServerTimeout", "InvalidStatsNameException", "UnmappableOperator", "AirflowDagInconsistent"),
            *("UnmappableXComLengthPushed", "AirflowClusterPolicyViolation", "AirflowClusterPolicySkipDag"),
            *("AirflowClusterPolicyError", "DagCodeNotFound", "DagFileExists", "SerializationError", "PoolNotFound"),
            *("NoAvailablePoolSlot", "DagConcurrencyLimitReached"),
            *("TaskConcurrencyLimitReached", "BackfillUnfinished", "FileSyntaxError", "AirflowFileParseException"),
            *("UnknownExecutorException", "AirflowInactiveAssetInInletOrOutletException"),
            *("TaskAlreadyRunningError", "NodeNotFound", "RemovedInAirflow4Warning", "FailStopDagInvalidTriggerRule"),
        )
    ],
    (
        "airflow.exceptions.FailStopDagInvalidTriggerRule",
        "airflow.exceptions:FailFastDagInvalidTriggerRule airflow.sdk.exceptions:FailFastDagInvalidTriggerRule",
        "",
    ),
    (
        "airflow.exceptions.DagIsPaused",
        "airflow.exceptions airflow.providers.standard.operators.trigger_dagrun",
        "",
    ),
]

REFUSED: list[Refused] = []
