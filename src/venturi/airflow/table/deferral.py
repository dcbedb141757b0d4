"""Triggers, deferring, other DAGs, callbacks."""

from .rows import Refused, Served

_STANDARD = "airflow.providers.standard"
_BASE = "airflow.triggers.base airflow.sdk.bases.trigger airflow.providers.common.compat.sdk"
_EXTERNAL = (
    "airflow.sensors.external_task airflow.sensors.external_task_sensor airflow.operators.sensors airflow.sensors "
    f"{_STANDARD}.sensors.external_task"
)

SERVED: list[Served] = [
    # ── triggers ──
    ("sdk.triggers.BaseTrigger", _BASE, ""),
    ("sdk.triggers.TriggerEvent", _BASE, ""),
    ("sdk.triggers.BaseEventTrigger", _BASE, ""),
    *[
        (f"sdk.triggers.{name}", "airflow.triggers.base", "")
        for name in (
            "BaseTaskEndEvent",
            "TaskSuccessEvent",
            "TaskFailedEvent",
            "TaskSkippedEvent",
            "StartTriggerArgs",
        )
    ],
    ("sdk.triggers.DateTimeTrigger", f"airflow.triggers.temporal {_STANDARD}.triggers.temporal", ""),
    ("sdk.triggers.TimeDeltaTrigger", f"airflow.triggers.temporal {_STANDARD}.triggers.temporal", ""),
    ("sdk.triggers.FileTrigger", f"airflow.triggers.file {_STANDARD}.triggers.file", ""),
    ("sdk.triggers.FileDeleteTrigger", f"airflow.triggers.file {_STANDARD}.triggers.file", ""),
    ("sdk.triggers.DirectoryFileDeleteTrigger", f"{_STANDARD}.triggers.file", ""),
    ("sdk.triggers.SuccessTrigger", "airflow.triggers.testing", ""),
    ("sdk.triggers.FailureTrigger", "airflow.triggers.testing", ""),
    # ── sensors that can be deferred ──
    ("sdk.timed.DateTimeSensor", f"airflow.sensors.date_time {_STANDARD}.sensors.date_time", ""),
    ("sdk.timed.DateTimeSensor", "airflow.sensors.date_time_sensor", ""),
    ("sdk.timed.DateTimeSensorAsync", f"airflow.sensors.date_time {_STANDARD}.sensors.date_time", ""),
    ("sdk.timed.TimeSensor", f"airflow.sensors.time_sensor airflow.sensors.time {_STANDARD}.sensors.time", ""),
    (
        "sdk.timed.TimeSensorAsync",
        f"airflow.sensors.time_sensor airflow.sensors.time_sensor_async {_STANDARD}.sensors.time",
        "",
    ),
    (
        "sdk.timed.TimeDeltaSensor",
        f"airflow.sensors.time_delta airflow.sensors.time_delta_sensor {_STANDARD}.sensors.time_delta",
        "",
    ),
    (
        "sdk.timed.TimeDeltaSensorAsync",
        f"airflow.sensors.time_delta airflow.sensors.time_delta_sensor_async {_STANDARD}.sensors.time_delta",
        "",
    ),
    ("sdk.timed.WaitSensor", f"airflow.sensors.time_delta {_STANDARD}.sensors.time_delta", ""),
    (
        "sdk.timed.DayOfWeekSensor",
        "airflow.sensors.weekday airflow.sensors.day_of_week_sensor airflow.contrib.sensors.weekday_sensor "
        f"{_STANDARD}.sensors.weekday",
        "",
    ),
    ("sdk.weekdays.WeekDay", f"airflow.utils.weekday {_STANDARD}.utils.weekday airflow.contrib.utils.weekday", ""),
    (
        "sdk.files.FileSensor",
        "airflow.sensors.filesystem airflow.sensors.file_sensor airflow.contrib.sensors.file_sensor "
        f"{_STANDARD}.sensors.filesystem",
        "",
    ),
    (
        "sdk.files.FSHook",
        f"airflow.hooks.filesystem airflow.hooks.fs_hook airflow.contrib.hooks.fs_hook {_STANDARD}.hooks.filesystem",
        "",
    ),
    # ── other DAGs ──
    (
        "sdk.elsewhere.TriggerDagRunOperator",
        f"airflow.operators.trigger_dagrun airflow.operators.dagrun_operator {_STANDARD}.operators.trigger_dagrun",
        "",
    ),
    ("sdk.elsewhere.DagRunOrder", "airflow.operators.dagrun_operator", ""),
    ("sdk.elsewhere.XCOM_RUN_ID", f"airflow.operators.trigger_dagrun {_STANDARD}.operators.trigger_dagrun", ""),
    (
        "sdk.elsewhere.XCOM_LOGICAL_DATE_ISO",
        f"airflow.operators.trigger_dagrun {_STANDARD}.operators.trigger_dagrun",
        "",
    ),
    ("sdk.elsewhere.XCOM_EXECUTION_DATE_ISO", "airflow.operators.trigger_dagrun", ""),
    ("sdk.elsewhere.ExternalTaskSensor", _EXTERNAL, ""),
    ("sdk.elsewhere.ExternalTaskMarker", _EXTERNAL, ""),
    *[
        (f"sdk.elsewhere.{name}", f"{_STANDARD}.exceptions", "")
        for name in (
            "ExternalTaskFailedError",
            "ExternalTaskGroupFailedError",
            "ExternalDagFailedError",
            "ExternalDagNotFoundError",
            "ExternalDagDeletedError",
            "ExternalTaskNotFoundError",
            "ExternalTaskGroupNotFoundError",
            "DuplicateStateError",
        )
    ],
    *[
        (f"sdk.awaiting.{name}", f"airflow.triggers.external_task {_STANDARD}.triggers.external_task", "")
        for name in ("WorkflowTrigger", "DagStateTrigger")
    ],
    ("sdk.awaiting.TaskStateTrigger", "airflow.triggers.external_task", ""),
    ("sdk.exceptions.TaskDeferralTimeout", "airflow.exceptions airflow.sdk.exceptions", ""),
]

REFUSED: list[Refused] = []
