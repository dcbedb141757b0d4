"""Variables, connections, hooks and settings."""

from .rows import Refused, Served

_BASES = "airflow.sdk.bases"
_DEFINITIONS = "airflow.sdk.definitions"

SERVED: list[Served] = [
    # ── variables, connections, settings ──
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
]

REFUSED: list[Refused] = []
