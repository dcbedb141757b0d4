"""Variables, connections, hooks and settings."""

from .rows import Refused, Served

_BASES = "airflow.sdk.bases"
_DEFINITIONS = "airflow.sdk.definitions"

_FEW_DEFAULTS = (
    "Environment variables with their _CMD and _SECRET forms, airflow.cfg, and of the defaults those most asked for."
)

SERVED: list[Served] = [
    # ── variables, connections ──
    ("sdk.variables.Variable", f"airflow.models airflow.models.variable airflow.sdk {_DEFINITIONS}.variable", ""),
    (
        "sdk.connections.Connection",
        f"airflow.models airflow.models.connection airflow.sdk {_DEFINITIONS}.connection",
        "",
    ),
    (
        "sdk.connections.BaseHook",
        f"airflow.hooks airflow.hooks.base airflow.hooks.base_hook airflow.sdk {_BASES}.hook",
        "",
    ),
    ("sdk.backends.BaseSecretsBackend", "airflow.secrets airflow.secrets.base_secrets", ""),
    ("sdk.backends.EnvironmentVariablesBackend", "airflow.secrets.environment_variables", ""),
    ("sdk.backends.LocalFilesystemBackend", "airflow.secrets.local_filesystem", ""),
    # ── settings ──
    ("sdk.settings.conf", "airflow.configuration airflow.sdk airflow.settings", _FEW_DEFAULTS),
    *[
        (f"sdk.settings.{name}", "airflow.configuration", _FEW_DEFAULTS)
        for name in ("get", "getboolean", "getint", "getfloat", "getlist", "getjson", "getsection", "has_option")
    ],
    ("sdk.settings.AIRFLOW_HOME", "airflow.configuration airflow.settings", ""),
    ("sdk.settings.AIRFLOW_CONFIG", "airflow.configuration", ""),
    ("sdk.settings.DAGS_FOLDER", "airflow.settings", ""),
    ("sdk.settings.PLUGINS_FOLDER", "airflow.settings", ""),
    ("sdk.settings.get_airflow_home", "airflow.configuration", ""),
    ("sdk.settings.get_airflow_config", "airflow.configuration", ""),
]

REFUSED: list[Refused] = []
