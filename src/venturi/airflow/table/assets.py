"""Assets and datasets, timetables, object storage, notifiers, human input."""

from .rows import Refused, Served, Told

_DEFINITIONS = "airflow.sdk.definitions"
_OWN_REFERENCE = Told(
    "Those of Airflow are served. A class of one's own is kept, but nothing evaluates it: such a deadline is not "
    "watched, which `venturi status` and `venturi why` say."
)
_MAPPERS = {
    "base": ("PartitionMapper", "RollupMapper"),
    "allowed_key": ("AllowedKeyMapper",),
    "chain": ("ChainMapper",),
    "fixed_key": ("FixedKeyMapper",),
    "identity": ("IdentityMapper",),
    "product": ("ProductMapper",),
    "temporal": (
        "FanOutMapper",
        "StartOfHourMapper",
        "StartOfDayMapper",
        "StartOfWeekMapper",
        "StartOfMonthMapper",
        "StartOfQuarterMapper",
        "StartOfYearMapper",
    ),
    "wait_policy": ("WaitPolicy", "WaitForAll", "MinimumCount"),
    "window": (
        "Window",
        "HourWindow",
        "DayWindow",
        "WeekWindow",
        "MonthWindow",
        "QuarterWindow",
        "YearWindow",
        "SegmentWindow",
    ),
}
_NOT_IN_SDK = {"WaitPolicy"}

SERVED: list[Served] = [
    # ── assets ──
    ("sdk.assets.Asset", f"airflow.sdk {_DEFINITIONS}.asset airflow.assets", ""),
    (
        "sdk.assets.Dataset",
        f"airflow airflow.datasets {_DEFINITIONS}.asset airflow.models.dataset airflow.models",
        "",
    ),
    ("sdk.assets.Model", f"{_DEFINITIONS}.asset", ""),
    *[
        (f"sdk.assets.{name}", f"{where} {_DEFINITIONS}.asset airflow.datasets:{old}", "")
        for name, where, old in (
            ("AssetAlias", "airflow.sdk airflow.assets", "DatasetAlias"),
            ("AssetAll", "airflow.sdk airflow.assets", "DatasetAll"),
            ("AssetAny", "airflow.sdk airflow.assets", "DatasetAny"),
            ("BaseAsset", "airflow.assets", "BaseDataset"),
        )
    ],
    ("sdk.assets.AssetWatcher", f"airflow.sdk {_DEFINITIONS}.asset", ""),
    (
        "sdk.assets.AssetAccessControl",
        f"airflow.sdk {_DEFINITIONS}.asset {_DEFINITIONS}.asset.access_control",
        Told("Kept; there are no teams here."),
    ),
    *[
        (f"sdk.assets.{name}", f"{_DEFINITIONS}.asset", "")
        for name in ("AssetRef", "AssetNameRef", "AssetUriRef", "AssetUniqueKey", "AssetAliasUniqueKey")
    ],
    ("sdk.assets.Metadata", f"airflow.sdk {_DEFINITIONS}.asset.metadata airflow.datasets.metadata", ""),
    ("sdk.asset_decorator.asset", f"airflow.sdk {_DEFINITIONS}.asset.decorators", ""),
    # ── object storage ──
    (
        "sdk.object_paths.ObjectStoragePath",
        "airflow.sdk airflow.io.path airflow.sdk.io.path airflow.sdk.io airflow.providers.common.compat.sdk",
        "",
    ),
    *[
        (f"sdk.object_stores.{name}", f"{places}", "")
        for name, places in (
            ("ObjectStore", "airflow.io.store airflow.sdk.io.store airflow.sdk.io"),
            ("attach", "airflow.io.store airflow.sdk.io.store airflow.sdk.io"),
            ("get_fs", "airflow.io airflow.sdk.io airflow.sdk.io.fs"),
            ("has_fs", "airflow.io airflow.sdk.io airflow.sdk.io.fs"),
        )
    ],
    # ── timetables ──
    *[
        (f"sdk.timetables.{name}", "airflow.timetables.base", "")
        for name in ("DataInterval", "TimeRestriction", "DagRunInfo", "DagInfo")
    ],
    (
        "sdk.timetables.Timetable",
        "airflow.timetables.base airflow.sdk.bases.timetable:BaseTimetable",
        "",
    ),
    *[
        (f"sdk.timetables.{name}", f"airflow.timetables.simple {_DEFINITIONS}.timetables.simple", "")
        for name in ("NullTimetable", "OnceTimetable", "ContinuousTimetable")
    ],
    *[
        (
            f"sdk.timetables.{name}",
            f"airflow.sdk airflow.timetables.interval {_DEFINITIONS}.timetables.interval",
            "",
        )
        for name in ("CronDataIntervalTimetable", "DeltaDataIntervalTimetable")
    ],
    *[
        (f"sdk.timetables.{name}", f"airflow.sdk airflow.timetables.trigger {_DEFINITIONS}.timetables.trigger", "")
        for name in (
            "CronTriggerTimetable",
            "DeltaTriggerTimetable",
            "MultipleCronTriggerTimetable",
            "CronPartitionTimetable",
        )
    ],
    (
        "sdk.timetables.EventsTimetable",
        f"airflow.sdk airflow.timetables.events {_DEFINITIONS}.timetables.events",
        "",
    ),
    (
        "sdk.timetables.AssetOrTimeSchedule",
        f"airflow.sdk airflow.timetables.assets {_DEFINITIONS}.timetables.assets",
        "",
    ),
    ("sdk.timetables.DatasetOrTimeSchedule", "airflow.timetables.datasets", ""),
    (
        "sdk.timetables.AssetTriggeredTimetable",
        f"airflow.timetables.simple {_DEFINITIONS}.timetables.assets "
        "airflow.timetables.simple:DatasetTriggeredTimetable",
        "",
    ),
    *[
        (f"sdk.timetables.{name}", f"airflow.sdk airflow.timetables.simple {_DEFINITIONS}.timetables.assets", "")
        for name in ("PartitionedAssetTimetable", "PartitionedAtRuntime")
    ],
    *[
        (
            f"sdk.partitions.{name}",
            ("" if name in _NOT_IN_SDK else "airflow.sdk ")
            + f"airflow.partition_mappers.{module} {_DEFINITIONS}.partition_mappers.{module}",
            "",
        )
        for module, names in _MAPPERS.items()
        for name in names
    ],
    # ── deadlines ──
    *[
        (f"sdk.deadlines.{name}", f"airflow.sdk {_DEFINITIONS}.deadline", "")
        for name in ("DeadlineAlert", "DeadlineReference")
    ],
    *[
        (f"sdk.deadlines.{name}", f"airflow.sdk {_DEFINITIONS}.deadline", _OWN_REFERENCE)
        for name in ("BaseDeadlineReference", "deadline_reference")
    ],
    *[
        (f"sdk.deadlines.{name}", f"{_DEFINITIONS}.deadline", "")
        for name in (
            "DagRunLogicalDateDeadline",
            "DagRunQueuedAtDeadline",
            "FixedDatetimeDeadline",
            "AverageRuntimeDeadline",
            "VariableInterval",
        )
    ],
    *[
        (f"sdk.deadlines.{name}", f"airflow.sdk {_DEFINITIONS}.callback", "")
        for name in ("AsyncCallback", "SyncCallback")
    ],
    ("sdk.deadlines.Callback", f"{_DEFINITIONS}.callback", ""),
    # ── people ──
    *[
        (f"sdk.people.{name}", "airflow.providers.standard.operators.hitl", "")
        for name in ("HITLOperator", "ApprovalOperator", "HITLBranchOperator", "HITLEntryOperator")
    ],
    *[
        (f"sdk.people.{name}", "airflow.providers.standard.exceptions", "")
        for name in ("HITLTriggerEventError", "HITLTimeoutError", "HITLRejectException")
    ],
    # ── notifiers, retry policies ──
    (
        "sdk.notifiers.BaseNotifier",
        "airflow.sdk airflow.sdk.bases.notifier airflow.notifications.basenotifier airflow.providers.common.compat.sdk "
        "airflow.providers.common.compat.notifier",
        "",
    ),
    *[
        (f"sdk.retry_policies.{name}", f"airflow.sdk {_DEFINITIONS}.retry_policy", "")
        for name in ("RetryPolicy", "ExceptionRetryPolicy", "RetryRule", "RetryAction", "RetryDecision")
    ],
    # ── what tasks keep ──
    ("sdk.stored_state.NEVER_EXPIRE", "airflow.sdk airflow.sdk.execution_time.context", ""),
    ("sdk.stored_state.ResumableJobMixin", "airflow.sdk airflow.sdk.bases.resumablejobmixin", ""),
    (
        "sdk.priorities.PriorityWeightStrategy",
        "airflow.task.priority_strategy",
        "Asked once, when the file is loaded, and not for each try.",
    ),
]

REFUSED: list[Refused] = []
