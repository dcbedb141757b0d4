"""What official provider wheels import from Airflow's core beside the names that DAG files use."""

from .rows import Refused, Served, Told

_SERVER = "For wheels that import it; a use of it says that Venturi has its own."
_NO_SESSION = Told("The function is called; the session is empty.")
_QUIET = "Taken, and passed to nobody."
_COMPAT = "airflow.providers.common.compat.sdk"
_INTERNAL = "airflow.sdk.definitions._internal.types"

SERVED: list[Served] = [
    # ── small functions ──
    *[
        (f"airflow.kit.{name}", "airflow.utils.helpers", "")
        for name in (
            *("prune_dict", "merge_dicts", "exactly_one", "at_most_one", "chunks", "is_container", "as_tuple"),
            *("reduce_in_chunks", "partition", "validate_key", "build_airflow_url_with_query"),
            "build_airflow_dagrun_url",
        )
    ],
    *[
        (f"airflow.kit.{name}", f"airflow.utils.module_loading airflow.sdk.module_loading {more}", "")
        for name, more in (
            ("import_string", ""),
            ("qualname", ""),
            ("iter_namespace", ""),
            ("is_valid_dotpath", "airflow.sdk._shared.module_loading"),
        )
    ],
    ("airflow.kit.md5", "airflow.utils.hashlib_wrapper", ""),
    ("airflow.kit.to_boolean", "airflow.utils.strings", ""),
    ("airflow.kit.getuser", "airflow.utils.platform", ""),
    ("airflow.kit.remove_escape_codes", "airflow.utils.log.logging_mixin", ""),
    ("airflow.kit.get_unique_dag_module_name", "airflow.utils.file", ""),
    ("airflow.kit.correct_maybe_zipped", "airflow.utils.file", ""),
    *[
        (f"airflow.yaml_form.{name}", "airflow.utils.yaml", "")
        for name in ("safe_load", "safe_load_all", "dump", "safe_dump", "YAMLError")
    ],
    # ── calling, contexts ──
    ("airflow.kit.determine_kwargs", f"airflow.utils.operator_helpers airflow.sdk.bases.decorator {_COMPAT}", ""),
    ("airflow.kit.KeywordParameters", f"airflow.utils.operator_helpers airflow.sdk.bases.decorator {_COMPAT}", ""),
    ("airflow.kit.make_kwargs_callable", "airflow.utils.operator_helpers", ""),
    ("airflow.kit.ExecutionCallableRunner", "airflow.utils.operator_helpers", ""),
    ("airflow.kit.create_executable_runner", "airflow.sdk.execution_time.callback_runner", ""),
    ("airflow.kit.create_async_executable_runner", "airflow.sdk.execution_time.callback_runner", ""),
    ("airflow.kit.context_merge", f"airflow.utils.context airflow.sdk.definitions.context {_COMPAT}", ""),
    ("airflow.kit.context_get_outlet_events", "airflow.utils.context airflow.sdk.execution_time.context", ""),
    *[
        (f"airflow.kit.{name}", f"airflow.utils.operator_helpers airflow.sdk.execution_time.context {_COMPAT}", "")
        for name in ("context_to_airflow_vars", "AIRFLOW_VAR_NAME_FORMAT_MAPPING")
    ],
    # ── decorators ──
    ("sdk.decorating.DecoratedOperator", f"airflow.decorators.base airflow.sdk.bases.decorator {_COMPAT}", ""),
    ("sdk.decorating.task_decorator_factory", f"airflow.decorators.base airflow.sdk.bases.decorator {_COMPAT}", ""),
    ("sdk.decorating.get_unique_task_id", f"airflow.decorators.base airflow.sdk.bases.decorator {_COMPAT}", ""),
    (
        "sdk.taskflow.TaskDecorator",
        f"airflow.decorators airflow.decorators.base airflow.sdk.bases.decorator {_COMPAT}",
        "",
    ),
    ("sdk.decorating.is_async_callable", "airflow.sdk.bases.decorator", ""),
    ("sdk.decorating.BaseAsyncOperator", "airflow.sdk airflow.sdk.bases.operator", ""),
    # ── marks ──
    ("airflow.marks.NOTSET", f"airflow.utils.types {_INTERNAL}", ""),
    ("airflow.marks.ArgNotSet", f"airflow.utils.types {_INTERNAL}", ""),
    ("airflow.marks.SET_DURING_EXECUTION", f"{_INTERNAL} {_COMPAT}", ""),
    ("airflow.marks.is_arg_set", _INTERNAL, ""),
    # ── values and links ──
    ("sdk.xcoms.XCOM_RETURN_KEY", f"airflow.models.xcom airflow.utils.xcom {_COMPAT}", ""),
    ("airflow.links.TaskInstanceKey", f"airflow.models.taskinstancekey airflow.sdk.types {_COMPAT}", ""),
    (
        "airflow.links.BaseOperatorLink",
        f"airflow.models airflow.models.baseoperatorlink airflow.models.baseoperator airflow.sdk {_COMPAT}",
        "Kept, not shown.",
    ),
    # ── secrets and time ──
    (
        "airflow.secrecy.mask_secret",
        "airflow.sdk.log airflow.sdk.execution_time.secrets_masker airflow.utils.log.secrets_masker "
        f"airflow.sdk._shared.secrets_masker {_COMPAT}",
        "",
    ),
    (
        "airflow.secrecy.redact",
        "airflow.sdk.log airflow.sdk.execution_time.secrets_masker airflow.utils.log.secrets_masker "
        f"airflow.sdk._shared.secrets_masker {_COMPAT}",
        "",
    ),
    ("airflow.secrecy.timeout", f"airflow.utils.timeout airflow.sdk.execution_time.timeout {_COMPAT}", ""),
    # ── mail, sessions ──
    ("airflow.emails.send_email", "airflow.utils.email", ""),
    ("airflow.emails.send_email_smtp", "airflow.utils.email", ""),
    ("airflow.emails.build_mime_message", "airflow.utils.email", ""),
    ("airflow.emails.get_email_address_list", "airflow.utils.email", ""),
    *[
        (f"airflow.sessions.{name}", f"airflow.utils.session{more}", _NO_SESSION)
        for name, more in (
            ("provide_session", " airflow.utils.db"),
            ("create_session", " airflow.utils.db"),
            ("NEW_SESSION", ""),
            ("Session", " airflow.settings"),
        )
    ],
    # ── people ──
    ("sdk.exceptions.TaskAwaitingInput", "airflow.sdk.exceptions", "Ours ask in their own way."),
    *[
        (f"airflow.server_side.{name}", "airflow.sdk.execution_time.hitl", _SERVER)
        for name in ("get_hitl_detail_content_detail", "update_hitl_detail_response", "upsert_hitl_detail", "HITLUser")
    ],
    # ── installed providers ──
    (
        "airflow.providers_manager.ProvidersManager",
        "airflow.providers_manager airflow.sdk.providers_manager_runtime:ProvidersManagerTaskRuntime",
        "Providers, hooks, dialects and decorators, as installed wheels name them.",
    ),
    # ── observers ──
    (
        "airflow.observing.Stats",
        f"airflow.stats airflow.sdk.observability.stats airflow.observability.stats {_COMPAT}",
        _QUIET,
    ),
    *[
        (f"airflow.observing.{name}", f"airflow.lineage.hook airflow.sdk.lineage {_COMPAT}", _QUIET)
        for name in (
            "get_hook_lineage_collector",
            "NoOpCollector",
            "HookLineage",
            "HookLineageReader",
            "AssetLineageInfo",
        )
    ],
    (
        "airflow.observing.NoOpCollector",
        f"airflow.lineage.hook:HookLineageCollector airflow.sdk.lineage:HookLineageCollector "
        f"{_COMPAT}:HookLineageCollector",
        _QUIET,
    ),
    (
        "airflow.observing.get_listener_manager",
        f"airflow.listeners.listener airflow.sdk.listener {_COMPAT}",
        _QUIET,
    ),
    (
        "airflow.observing.hookimpl",
        f"airflow.listeners airflow.policies airflow.sdk._shared.listeners {_COMPAT}",
        _QUIET,
    ),
    # ── Airflow's server ──
    *[
        (f"airflow.server_side.{name}", paths, _SERVER)
        for name, paths in (
            ("BaseExecutor", "airflow.executors.base_executor"),
            ("ExecutorConf", "airflow.executors.base_executor"),
            ("ExecutorLoader", "airflow.executors.executor_loader"),
            ("ExecuteTask", "airflow.executors.workloads"),
            ("ExecuteCallback", "airflow.executors.workloads"),
            ("WorkloadType", "airflow.executors.workloads.base"),
            ("TaskInstanceUuid", "airflow.executors.workloads.types"),
            ("BaseAuthManager", "airflow.api_fastapi.auth.managers.base_auth_manager"),
            ("COOKIE_NAME_JWT_TOKEN", "airflow.api_fastapi.auth.managers.base_auth_manager"),
            ("BaseUser", "airflow.api_fastapi.auth.managers.models.base_user"),
            ("AccessView", "airflow.api_fastapi.auth.managers.models.resource_details"),
            ("AssetDetails", "airflow.api_fastapi.auth.managers.models.resource_details"),
            ("AssetAliasDetails", "airflow.api_fastapi.auth.managers.models.resource_details"),
            ("AUTH_MANAGER_FASTAPI_APP_PREFIX", "airflow.api_fastapi.app"),
            ("get_auth_manager", "airflow.api_fastapi.app"),
            ("get_cookie_path", "airflow.api_fastapi.app"),
            ("AirflowRouter", "airflow.api_fastapi.common.router"),
            ("BaseModel", "airflow.api_fastapi.core_api.base"),
            ("BaseDagBundle", "airflow.dag_processing.bundles.base"),
            ("FileTaskHandler", "airflow.utils.log.file_task_handler"),
            ("JobState", "airflow.utils.state"),
            ("SerializedDagModel", "airflow.models.serialized_dag"),
            ("SimpleTaskInstance", "airflow.models.taskinstance"),
            ("expand_alias_to_assets", "airflow.models.asset"),
            ("coerce_to_core_timetable", "airflow.serialization.encoders"),
            ("create_scheduler_operator", "airflow.serialization.serialized_objects"),
            ("get_coordinator_manager", "airflow.sdk.execution_time.coordinator"),
            ("pod_mutation_hook", "airflow.settings"),
            ("get_bagged_dag", "airflow.utils.cli"),
            ("action_cli", "airflow.utils.cli"),
            ("suppress_logs_and_warning", "airflow.utils.cli"),
            ("unchanged", "airflow.utils.providers_configuration_loader:providers_configuration_loaded"),
            *[
                (name, "airflow.cli.cli_config")
                for name in (
                    *("Arg", "ActionCommand", "GroupCommand", "CLICommand", "lazy_load_command", "positive_int"),
                    *("ARG_DAG_ID", "ARG_OUTPUT_PATH", "ARG_VERBOSE", "ARG_LOGICAL_DATE", "ARG_BUNDLE_NAME"),
                )
            ],
            ("DefaultHelpParser", "airflow.cli.cli_parser"),
            ("AirflowHelpFormatter", "airflow.cli.cli_parser"),
        )
    ],
]

REFUSED: list[Refused] = []
