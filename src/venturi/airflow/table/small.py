"""Small names of 1.10 and 2.x beside operators: helpers, constants, the modules of single decorators."""

from .rows import Refused, Served, Told

_D = "airflow.sdk.definitions"
_STANDARD = "airflow.providers.standard"

SERVED: list[Served] = [
    # ── one decorator, one module ──
    *[
        (f"airflow.task_kinds.{name}", paths, "")
        for name, paths in (
            ("python_task", f"airflow.decorators.python airflow.decorators {_STANDARD}.decorators.python"),
            ("bash_task", f"airflow.decorators.bash airflow.decorators {_STANDARD}.decorators.bash"),
            (
                "branch_task",
                f"airflow.decorators.branch_python airflow.decorators {_STANDARD}.decorators.branch_python",
            ),
            (
                "branch_virtualenv_task",
                f"airflow.decorators.branch_virtualenv airflow.decorators {_STANDARD}.decorators.branch_virtualenv",
            ),
            (
                "branch_external_python_task",
                "airflow.decorators.branch_external_python airflow.decorators "
                f"{_STANDARD}.decorators.branch_external_python",
            ),
            (
                "external_python_task",
                f"airflow.decorators.external_python airflow.decorators {_STANDARD}.decorators.external_python",
            ),
            (
                "virtualenv_task",
                f"airflow.decorators.python_virtualenv airflow.decorators {_STANDARD}.decorators.python_virtualenv",
            ),
            ("sensor_task", f"airflow.decorators.sensor airflow.decorators {_STANDARD}.decorators.sensor"),
            (
                "short_circuit_task",
                f"airflow.decorators.short_circuit airflow.decorators {_STANDARD}.decorators.short_circuit",
            ),
            ("stub_task", f"{_STANDARD}.decorators.stub:stub"),
            ("TaskDecoratorCollection", f"airflow.decorators {_D}.decorators"),
        )
    ],
    ("sdk.taskflow.task", "airflow.operators.python:task", "@task.kubernetes comes with its provider wheel."),
    ("sdk.groups.task_group", f"airflow.decorators.task_group {_D}.decorators.task_group", ""),
    *[
        (
            f"sdk.conditions.{name}",
            f"airflow.decorators.condition airflow.decorators {_D}.decorators.condition",
            "",
        )
        for name in ("run_if", "skip_if")
    ],
    *[
        (
            f"sdk.scopes.{ours}",
            f"airflow.decorators.setup_teardown:{name} {_D}.decorators.setup_teardown:{name} airflow.decorators:{name}",
            "",
        )
        for ours, name in (("setup", "setup_task"), ("teardown", "teardown_task"))
    ],
    ("sdk.operator.Task", "airflow.models:Operator airflow.models.operator:Operator", ""),
    ("sdk.mapped.MappedOperator", "airflow.models", ""),
    ("airflow.links.BaseOperatorLink", "airflow.sdk.bases.operatorlink", "Kept, not shown."),
    ("sdk.backends.BaseSecretsBackend", "airflow.sdk.bases.secrets_backend", ""),
    ("sdk.xcoms.XCOM_RETURN_KEY", "airflow.models", ""),
    ("sdk.context.get_current_context", f"{_D}.context", ""),
    # ── airflow.utils.helpers, strings, json … ──
    *[
        (f"airflow.old_kit.{name}", "airflow.utils.helpers", "")
        for name in (
            *("as_flattened_list", "convert_camel_to_snake", "validate_group_key", "prevent_duplicates", "ask_yesno"),
            *("parse_template_string", "render_template", "render_template_to_string", "render_template_as_native"),
            *("KEY_REGEX", "GROUP_KEY_REGEX"),
        )
    ],
    *[
        (f"airflow.old_kit.{name}", f"{_D}.context", "")
        for name in ("render_template", "render_template_to_string", "render_template_as_native")
    ],
    ("airflow.old_kit.get_random_string", "airflow.utils.strings", ""),
    ("airflow.old_kit.TRUE_LIKE_VALUES", "airflow.utils.strings", ""),
    ("airflow.old_kit.AirflowJsonEncoder", "airflow.utils.json airflow.utils.json:WebEncoder", ""),
    ("airflow.xcom_json.XComEncoder", "airflow.utils.json", "Plain data, dates, sets, Decimal, UUID and bytes."),
    ("airflow.xcom_json.XComDecoder", "airflow.utils.json", "What XComEncoder has written."),
    ("airflow.old_kit.uncompress_file", "airflow.utils.compression", ""),
    ("airflow.old_kit.run_with_db_retries", "airflow.utils.retries", "There is no database; one attempt is made."),
    ("airflow.server_side.unchanged", "airflow.utils.retries:retry_db_transaction", "The function, as it is."),
    ("airflow.old_kit.getattr_with_deprecation", "airflow.utils.deprecation_tools", ""),
    ("airflow.old_kit.add_deprecated_classes", "airflow.utils.deprecation_tools", ""),
    ("airflow.old_kit.capture_with_reraise", "airflow.utils.warnings", ""),
    (
        "airflow.old_kit.remove_task_decorator",
        "airflow.utils.decorators airflow.utils.python_virtualenv",
        "",
    ),
    (
        "airflow.python_script.write_python_script",
        "airflow.providers.standard.utils.python_virtualenv airflow.utils.python_virtualenv",
        "For wheels that run a function in another Python.",
    ),
    (
        "airflow.python_script.SERIALIZERS",
        "airflow.providers.standard.operators.python:_SERIALIZERS airflow.operators.python:_SERIALIZERS "
        "airflow.providers.common.compat.standard.operators:_SERIALIZERS",
        "For wheels that run a function in another Python.",
    ),
    ("airflow.old_kit.ENABLE_AIP_52", "airflow.settings:_ENABLE_AIP_52", ""),
    ("airflow.old_kit.IS_WINDOWS", "airflow.utils.platform", ""),
    ("airflow.old_kit.cached_property", "airflow.compat.functools", ""),
    ("airflow.old_kit.cache", "airflow.compat.functools", ""),
    *[
        (f"airflow.old_kit.{name}", f"airflow.utils.operator_resources {_D}.operator_resources", "")
        for name in ("Resource", "Resources", "CpuResource", "RamResource", "DiskResource", "GpuResource")
    ],
    ("airflow.dates.apply_defaults", "airflow.utils", ""),
    # ── logging, secrets ──
    *[
        (f"airflow.old_kit.{name}", "airflow.utils.log.logging_mixin", "")
        for name in ("StreamLogWriter", "redirect_stdout", "redirect_stderr")
    ],
    (
        "airflow.old_kit.should_hide_value_for_key",
        "airflow.utils.log.secrets_masker airflow.sdk.execution_time.secrets_masker",
        "",
    ),
    ("airflow.logging_mixin.LoggingMixin", "airflow:LoggingMixin", ""),
    # ── settings, configuration ──
    *[(f"airflow.old_kit.{name}", "airflow.configuration", "") for name in ("expand_env_var", "run_command")],
    ("sdk.exceptions.AirflowConfigException", "airflow.configuration", ""),
    ("sdk.settings.Settings", "airflow.configuration:AirflowConfigParser", "No defaults file; it reads as conf does."),
    ("airflow.old_kit.STATE_COLORS", "airflow.settings", ""),
    ("sdk.times.utc", "airflow.settings:TIMEZONE", "Times are in UTC."),
    (
        "airflow.sessions.Session",
        "airflow.settings:engine airflow.settings:NonScopedSession airflow.settings:AsyncSession",
        Told("There is no database of Airflow behind it."),
    ),
    # ── constants ──
    *[
        (f"airflow.old_kit.{name}", "airflow.models.abstractoperator", "")
        for name in ("DEFAULT_OWNER", "DEFAULT_POOL_SLOTS", "DEFAULT_PRIORITY_WEIGHT", "DEFAULT_QUEUE")
    ],
    *[
        (f"airflow.old_kit.{name}", "airflow.models.skipmixin airflow.sdk.bases.skipmixin", "")
        for name in ("XCOM_SKIPMIXIN_KEY", "XCOM_SKIPMIXIN_SKIPPED", "XCOM_SKIPMIXIN_FOLLOWED")
    ],
    ("airflow.old_kit.MAX_XCOM_SIZE", "airflow.models.xcom airflow.utils.xcom", "Said, and held to by nobody."),
    ("airflow.old_kit.CONN_ENV_PREFIX", "airflow.secrets airflow.secrets.environment_variables", ""),
    ("airflow.old_kit.CONN_ENV_PREFIX", "airflow.hooks.base_hook", ""),
    ("airflow.old_kit.VAR_ENV_PREFIX", "airflow.secrets airflow.secrets.environment_variables", ""),
    # ── exceptions never raised here ──
    *[
        (f"airflow.exceptions.{name}", "airflow.exceptions", "")
        for name in (
            *("AirflowTimetableInvalid", "PodMutationHookException", "PodReconciliationError", "VariableNotUnique"),
            *("DagNotPartitionedError", "InvalidPartitionKeyError", "NotMapped", "DeserializationError"),
            *("DagRunTypeNotAllowed", "AirflowUnsupportedFileTypeException", "AirflowClearRunningTaskException"),
        )
    ],
    ("airflow.exceptions.AirflowTimetableInvalid", "airflow.sdk.exceptions", ""),
    ("airflow.exceptions.NotMapped", "airflow.models.abstractoperator", ""),
    ("sdk.rules.TriggerRule", "airflow.exceptions", ""),
    ("sdk.exceptions.RemovedInAirflow3Warning", "airflow.utils.context:AirflowContextDeprecationWarning", ""),
]

REFUSED: list[Refused] = []
