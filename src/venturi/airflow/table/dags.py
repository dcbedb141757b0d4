"""DAGs, decorators, groups, arrows, parameters, templates, and what a task is given."""

from .rows import Refused, Served

_BASES = "airflow.sdk.bases"
_DEFINITIONS = "airflow.sdk.definitions"

SERVED: list[Served] = [
    # ── DAG and decorators ──
    (
        "sdk.dag.DAG",
        f"airflow airflow.models airflow.models.dag airflow.sdk {_DEFINITIONS}.dag",
        "Nothing starts by a timetable yet.",
    ),
    ("sdk.dag.dag", f"airflow.decorators airflow.models.dag airflow.sdk {_DEFINITIONS}.dag", ""),
    (
        "sdk.taskflow.task",
        f"airflow.decorators airflow.sdk {_DEFINITIONS}.decorators",
        "@task.kubernetes comes with its provider wheel.",
    ),
    (
        "sdk.groups.task_group",
        f"airflow.decorators airflow.sdk {_DEFINITIONS}.decorators",
        "",
    ),
    (
        "sdk.groups.TaskGroup",
        f"airflow.utils.task_group airflow.models.taskgroup airflow.sdk {_DEFINITIONS}.taskgroup",
        "",
    ),
    (
        "sdk.groups.MappedTaskGroup",
        f"airflow.utils.task_group airflow.models.taskgroup {_DEFINITIONS}.taskgroup",
        "",
    ),
    ("sdk.scopes.setup", f"airflow.decorators airflow.sdk {_DEFINITIONS}.decorators", ""),
    ("sdk.scopes.teardown", f"airflow.decorators airflow.sdk {_DEFINITIONS}.decorators", ""),
    (
        "sdk.scopes.context_wrapper",
        f"airflow.decorators.setup_teardown {_DEFINITIONS}.decorators.setup_teardown",
        "",
    ),
    (
        "sdk.scopes.ContextWrapper",
        f"airflow.decorators.setup_teardown {_DEFINITIONS}.decorators.setup_teardown",
        "",
    ),
    # ── arrows ──
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
    # ── values, parameters, templates ──
    (
        "sdk.references.XComArg",
        f"airflow airflow.models airflow.models.xcom_arg airflow.sdk {_DEFINITIONS}.xcom_arg",
        "",
    ),
    ("sdk.references.XComArg", f"airflow.models.xcom_arg:PlainXComArg {_DEFINITIONS}.xcom_arg:PlainXComArg", ""),
    ("sdk.references.MappedArg", f"airflow.models.xcom_arg:MapXComArg {_DEFINITIONS}.xcom_arg:MapXComArg", ""),
    ("sdk.references.ZippedArg", f"airflow.models.xcom_arg:ZipXComArg {_DEFINITIONS}.xcom_arg:ZipXComArg", ""),
    ("sdk.references.JoinedArg", f"airflow.models.xcom_arg:ConcatXComArg {_DEFINITIONS}.xcom_arg:ConcatXComArg", ""),
    ("sdk.mapped.MappedOperator", f"airflow.models.mappedoperator {_DEFINITIONS}.mappedoperator", ""),
    ("sdk.params.Param", f"airflow.models airflow.models.param airflow.sdk {_DEFINITIONS}.param", ""),
    ("sdk.params.ParamsDict", f"airflow.models.param airflow.sdk {_DEFINITIONS}.param", ""),
    ("sdk.references.DagParam", f"airflow.models.param {_DEFINITIONS}.param", ""),
    ("sdk.templates.literal", f"airflow.utils.template airflow.sdk {_DEFINITIONS}.template", ""),
    (
        "sdk.context.Context",
        f"airflow.utils.context airflow.sdk {_DEFINITIONS}.context",
        "",
    ),
    (
        "sdk.instances.TaskInstance",
        "airflow.models airflow.models.taskinstance airflow.sdk airflow.sdk.types",
        "What it tells of other runs is read from what is kept; nothing is written through it.",
    ),
    (
        "sdk.instances.DagRun",
        "airflow.models airflow.models.dagrun",
        "find() and what it gives read what is kept, nothing is written through them.",
    ),
    # ── words ──
    ("sdk.rules.TriggerRule", "airflow.utils.trigger_rule airflow.sdk airflow.task.trigger_rule", ""),
    ("sdk.rules.WeightRule", "airflow.utils.weight_rule airflow.sdk airflow.task.weight_rule", ""),
    ("sdk.rules.State", "airflow.utils.state", ""),
    ("sdk.rules.TaskInstanceState", "airflow.utils.state airflow.sdk", ""),
    ("sdk.rules.DagRunState", "airflow.utils.state airflow.sdk", ""),
    ("sdk.rules.DagRunType", "airflow.utils.types", ""),
    # ── version ──
    ("airflow.VERSION", "airflow:__version__ airflow.version:version airflow.sdk:__version__", ""),
]

REFUSED: list[Refused] = []
