"""Plugins, and small parts of Airflow that DAG files, plugins and tests use beside its operators."""

from .rows import Refused, Served, Told

_STANDARD = "airflow.providers.standard"
_LINEAGE = Told("Kept as plain values; nothing is done with them.")

SERVED: list[Served] = [
    (
        "airflow.plugins.AirflowPlugin",
        "airflow.plugins_manager airflow.sdk.plugins_manager",
        "Its operators, sensors, hooks, macros and timetables are served; views, links and listeners are not called.",
    ),
    # ── how DAGs are made ──
    ("airflow.forms.check_cycle", "airflow.utils.dag_cycle_tester airflow.utils.dag_cycle_tester:test_cycle", ""),
    *[
        (f"airflow.forms.{name}", "airflow.utils.dag_parsing_context airflow.sdk.definitions.context", "")
        for name in ("get_parsing_context", "AirflowParsingContext")
    ],
    ("airflow.forms.get_parsing_context", "airflow.sdk", ""),
    ("airflow.forms.result", "airflow.sdk airflow.sdk.definitions.decorators", "Noted on the task, and not shown yet."),
    ("airflow.forms.poke_mode_only", "airflow.sensors.base airflow.sdk.bases.sensor", ""),
    (
        "sdk.operator.OperatorMeta",
        "airflow.models.baseoperator:BaseOperatorMeta airflow.sdk.bases.operator:BaseOperatorMeta",
        "",
    ),
    (
        "sdk.operator.Task",
        "airflow.models.abstractoperator:AbstractOperator "
        "airflow.sdk.definitions._internal.abstractoperator:AbstractOperator",
        "",
    ),
    *[
        ("sdk.nodes.Node", paths, "For annotations and isinstance.")
        for paths in (
            "airflow.models.taskmixin:DAGNode airflow.sdk.definitions._internal.node:DAGNode",
            "airflow.models.taskmixin:TaskMixin airflow.models.taskmixin:DependencyMixin",
            "airflow.sdk.definitions._internal.mixins:DependencyMixin",
        )
    ],
    # ── the machine ──
    *[
        (f"airflow.surroundings.{name}", "airflow.utils.net", "")
        for name in ("getfqdn", "get_hostname", "get_host_ip_address")
    ],
    *[
        (f"airflow.surroundings.{name}", "airflow.utils.process_utils", "")
        for name in ("execute_in_subprocess", "execute_in_subprocess_with_kwargs", "patch_environ")
    ],
    *[
        (f"airflow.surroundings.{name}", "airflow.utils.file", "")
        for name in ("TemporaryDirectory", "mkdirs", "open_maybe_zipped", "list_py_file_paths", "might_contain_dag")
    ],
    ("airflow.surroundings.is_tty", "airflow.utils.platform", ""),
    *[
        (f"airflow.surroundings.{name}", f"airflow.hooks.subprocess {_STANDARD}.hooks.subprocess", "")
        for name in ("SubprocessHook", "SubprocessResult", "working_directory")
    ],
    (
        "airflow.surroundings.PackageIndexHook",
        f"airflow.hooks.package_index {_STANDARD}.hooks.package_index",
        "",
    ),
    ("airflow.forms.SmoothOperator", f"airflow.operators.smooth {_STANDARD}.operators.smooth", ""),
    # ── lineage ──
    *[
        (f"airflow.lineage.{name}", "airflow.lineage", _LINEAGE)
        for name in ("AUTO", "apply_lineage", "prepare_lineage")
    ],
    *[
        (f"airflow.lineage.{name}", "airflow.lineage.entities", _LINEAGE)
        for name in ("File", "User", "Tag", "Column", "Table")
    ],
]

REFUSED: list[Refused] = []
