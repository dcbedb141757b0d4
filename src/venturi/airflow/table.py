"""The compatibility table, as data: import path → our object, and how fully it stands in for Airflow's.

The importer serves these paths and no others. A row is written once per object, with every path that reaches it;
`path:Name` gives the object another name there. Kinds: full, partial (the reason says what differs), refused (the
reason says what to do; the import fails with it).
"""

from __future__ import annotations

from typing import NamedTuple

FULL, PARTIAL, REFUSED = "full", "partial", "refused"


class Row(NamedTuple):
    module: str
    name: str
    kind: str
    reason: str


# (object, paths, reason for partial or "")
_BASES = "airflow.sdk.bases"
_DEFINITIONS = "airflow.sdk.definitions"
_STANDARD = "airflow.providers.standard"

_SERVED: list[tuple[str, str, str]] = [
    # ── DAG and decorators ───────────────────────────────────────────────────────────────────────────────
    (
        "sdk.dag.DAG",
        f"airflow airflow.models airflow.models.dag airflow.sdk {_DEFINITIONS}.dag",
        "Callbacks, timetables and assets are kept; nothing starts by schedule yet.",
    ),
    ("sdk.dag.dag", f"airflow.decorators airflow.models.dag airflow.sdk {_DEFINITIONS}.dag", ""),
    (
        "sdk.taskflow.task",
        f"airflow.decorators airflow.sdk {_DEFINITIONS}.decorators",
        "@task.virtualenv, .external_python, .docker, .kubernetes and .stub are not there yet.",
    ),
    (
        "sdk.groups.task_group",
        f"airflow.decorators airflow.sdk {_DEFINITIONS}.decorators",
        "Groups cannot be mapped yet.",
    ),
    (
        "sdk.groups.TaskGroup",
        f"airflow.utils.task_group airflow.models.taskgroup airflow.sdk {_DEFINITIONS}.taskgroup",
        "Groups cannot be mapped yet.",
    ),
    # ── operators ────────────────────────────────────────────────────────────────────────────────────────
    (
        "sdk.operator.BaseOperator",
        f"airflow.models airflow.models.baseoperator airflow.sdk {_BASES}.operator airflow.models.operator"
        " airflow.providers.common.compat.sdk airflow.operators",
        "Callbacks, e-mail, pools other than the default, run_as_user, inlets and outlets are kept but not acted on; "
        "defer() fails.",
    ),
    (
        "sdk.python.PythonOperator",
        f"airflow.operators.python airflow.operators.python_operator {_STANDARD}.operators.python airflow.operators",
        "",
    ),
    (
        "sdk.python.BranchPythonOperator",
        f"airflow.operators.python airflow.operators.python_operator {_STANDARD}.operators.python airflow.operators",
        "",
    ),
    (
        "sdk.python.ShortCircuitOperator",
        f"airflow.operators.python airflow.operators.python_operator {_STANDARD}.operators.python airflow.operators",
        "",
    ),
    (
        "sdk.python.BaseBranchOperator",
        f"airflow.operators.branch airflow.operators.branch_operator {_STANDARD}.operators.branch",
        "",
    ),
    (
        "sdk.python.BranchMixIn",
        f"airflow.operators.branch {_STANDARD}.operators.branch {_BASES}.branch airflow.sdk",
        "",
    ),
    (
        "sdk.python.SkipMixin",
        f"airflow.models airflow.models.skipmixin {_BASES}.skipmixin {_STANDARD}.utils.skipmixin",
        "",
    ),
    ("sdk.python.is_venv_installed", f"airflow.operators.python {_STANDARD}.operators.python", ""),
    (
        "sdk.bash.BashOperator",
        f"airflow.operators.bash airflow.operators.bash_operator {_STANDARD}.operators.bash airflow.operators",
        "",
    ),
    ("sdk.empty.EmptyOperator", f"airflow.operators.empty {_STANDARD}.operators.empty", ""),
    (
        "sdk.empty.EmptyOperator",
        "airflow.operators.dummy:DummyOperator airflow.operators.dummy_operator:DummyOperator "
        "airflow.operators:DummyOperator airflow.operators.dummy:EmptyOperator",
        "",
    ),
    (
        "sdk.context.get_current_context",
        f"airflow.operators.python airflow.sdk {_STANDARD}.operators.python airflow.task.context",
        "",
    ),
    # ── sensors ──────────────────────────────────────────────────────────────────────────────────────────
    (
        "sdk.sensors.BaseSensorOperator",
        f"airflow.sensors.base airflow.sensors.base_sensor_operator airflow.sdk {_BASES}.sensor airflow.sensors "
        "airflow.operators.sensors",
        "",
    ),
    ("sdk.sensors.PokeReturnValue", f"airflow.sensors.base airflow.sdk {_BASES}.sensor", ""),
    (
        "sdk.sensors.PythonSensor",
        f"airflow.sensors.python airflow.contrib.sensors.python_sensor {_STANDARD}.sensors.python",
        "",
    ),
    (
        "sdk.sensors.BashSensor",
        f"airflow.sensors.bash airflow.contrib.sensors.bash_sensor {_STANDARD}.sensors.bash",
        "",
    ),
    # ── arrows ───────────────────────────────────────────────────────────────────────────────────────────
    (
        "sdk.nodes.chain",
        f"airflow.models.baseoperator airflow.utils.helpers airflow.sdk {_BASES}.operator",
        "",
    ),
    ("sdk.nodes.chain_linear", f"airflow.models.baseoperator airflow.sdk {_BASES}.operator", ""),
    (
        "sdk.nodes.cross_downstream",
        f"airflow.models.baseoperator airflow.utils.helpers airflow.sdk {_BASES}.operator",
        "",
    ),
    ("sdk.nodes.Label", f"airflow.utils.edgemodifier airflow.sdk {_DEFINITIONS}.edges", "Not drawn yet."),
    ("sdk.nodes.EdgeModifier", f"airflow.utils.edgemodifier airflow.sdk {_DEFINITIONS}.edges", "Not drawn yet."),
    # ── values, parameters, templates ────────────────────────────────────────────────────────────────────
    (
        "sdk.references.XComArg",
        f"airflow airflow.models airflow.models.xcom_arg airflow.sdk {_DEFINITIONS}.xcom_arg",
        "map(), zip() and concat() are not there yet.",
    ),
    ("sdk.mapped.MappedOperator", f"airflow.models.mappedoperator {_DEFINITIONS}.mappedoperator", ""),
    ("sdk.params.Param", f"airflow.models airflow.models.param airflow.sdk {_DEFINITIONS}.param", ""),
    ("sdk.params.ParamsDict", f"airflow.models.param airflow.sdk {_DEFINITIONS}.param", ""),
    ("sdk.references.DagParam", f"airflow.models.param {_DEFINITIONS}.param", ""),
    ("sdk.templates.literal", f"airflow.utils.template airflow.sdk {_DEFINITIONS}.template", ""),
    (
        "sdk.context.Context",
        f"airflow.utils.context airflow.sdk {_DEFINITIONS}.context",
        "prev_*_success and asset events are empty yet.",
    ),
    (
        "sdk.instances.TaskInstance",
        "airflow.models airflow.models.taskinstance",
        "For annotations; the database is not behind it.",
    ),
    ("sdk.instances.DagRun", "airflow.models airflow.models.dagrun", "For annotations; the database is not behind it."),
    # ── variables, connections, settings ─────────────────────────────────────────────────────────────────
    ("sdk.variables.Variable", f"airflow.models airflow.models.variable airflow.sdk {_DEFINITIONS}.variable", ""),
    (
        "sdk.connections.Connection",
        f"airflow.models airflow.models.connection airflow.sdk {_DEFINITIONS}.connection",
        "get_hook() and test_connection() are not there yet.",
    ),
    ("sdk.connections.BaseHook", f"airflow.hooks.base airflow.hooks.base_hook airflow.sdk {_BASES}.hook", ""),
    (
        "sdk.settings.conf",
        "airflow.configuration airflow.sdk",
        "Settings that Airflow would read from its own file have few defaults.",
    ),
    *[
        (
            f"sdk.settings.{name}",
            "airflow.configuration",
            "Settings that Airflow would read from its own file have few defaults.",
        )
        for name in ("get", "getboolean", "getint", "getfloat", "getlist", "getjson")
    ],
    # ── words ────────────────────────────────────────────────────────────────────────────────────────────
    ("sdk.rules.TriggerRule", "airflow.utils.trigger_rule airflow.sdk airflow.task.trigger_rule", ""),
    ("sdk.rules.WeightRule", "airflow.utils.weight_rule airflow.sdk airflow.task.weight_rule", ""),
    ("sdk.rules.State", "airflow.utils.state", ""),
    ("sdk.rules.TaskInstanceState", "airflow.utils.state airflow.sdk", ""),
    ("sdk.rules.DagRunState", "airflow.utils.state airflow.sdk", ""),
    ("sdk.rules.DagRunType", "airflow.utils.types", ""),
    # ── helpers ──────────────────────────────────────────────────────────────────────────────────────────
    ("airflow.dates.days_ago", "airflow.utils.dates", ""),
    ("airflow.dates.cron_presets", "airflow.utils.dates", ""),
    ("airflow.dates.apply_defaults", "airflow.utils.decorators", ""),
    ("airflow.logging_mixin.LoggingMixin", "airflow.utils.log.logging_mixin", ""),
    *[
        (f"sdk.times.{name}", "airflow.utils.timezone airflow.sdk.timezone", "")
        for name in (
            "utc",
            "utcnow",
            "utc_epoch",
            "is_localized",
            "is_naive",
            "make_aware",
            "make_naive",
            "convert_to_utc",
            "coerce_datetime",
            "parse",
        )
    ],
    ("sdk.times.aware_datetime", "airflow.utils.timezone:datetime airflow.sdk.timezone:datetime", ""),
    *[
        (f"sdk.macros.{name}", "airflow.macros airflow.sdk.execution_time.macros airflow.sdk.macros", "")
        for name in (
            "ds_add",
            "ds_format",
            "ds_format_locale",
            "datetime_diff_for_humans",
            "datetime",
            "timedelta",
            "time",
            "json",
            "dateutil",
            "random",
            "uuid",
        )
    ],
    # ── exceptions ───────────────────────────────────────────────────────────────────────────────────────
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
        )
    ],
    ("sdk.exceptions.TaskDeferred", "airflow.exceptions airflow.sdk.exceptions", "A task that defers fails yet."),
    (
        "sdk.exceptions.AirflowException",
        "airflow:AirflowException airflow.sdk:AirflowException airflow.providers.common.compat.sdk:AirflowException",
        "",
    ),
    ("sdk.exceptions.AirflowSkipException", "airflow.sdk:AirflowSkipException", ""),
    ("sdk.exceptions.AirflowFailException", "airflow.sdk:AirflowFailException", ""),
    # ── version ──────────────────────────────────────────────────────────────────────────────────────────
    ("airflow.VERSION", "airflow:__version__ airflow.version:version", ""),
]

_REFUSED: list[tuple[str, str]] = [
    (
        "airflow.operators.subdag.SubDagOperator airflow.operators.subdag_operator.SubDagOperator",
        "Use a TaskGroup instead.",
    ),
]


def _rows() -> dict[str, Row]:
    found: dict[str, Row] = {}
    for target, paths, reason in _SERVED:
        module, _, name = target.rpartition(".")
        for path in paths.split():
            place, _, other = path.partition(":")
            found[f"{place}.{other or name}"] = Row(f"venturi.{module}", name, PARTIAL if reason else FULL, reason)
    for paths, reason in _REFUSED:
        for path in paths.split():
            found[path] = Row("", "", REFUSED, reason)
    return found


TABLE: dict[str, Row] = _rows()


def module_paths() -> set[str]:
    """Every module under `airflow` that has a row in it or below it."""
    found: set[str] = set()
    for path in TABLE:
        place = path.rpartition(".")[0]
        while place and place not in found:
            found.add(place)
            place = place.rpartition(".")[0]
    return found


def counts() -> dict[str, int]:
    found = {FULL: 0, PARTIAL: 0, REFUSED: 0}
    for row in TABLE.values():
        found[row.kind] += 1
    return found
