"""`conf.get("section", "key")` of Airflow files: answered from AIRFLOW__SECTION__KEY, else from known defaults."""

from __future__ import annotations

import json
from typing import Any

from .exceptions import AirflowConfigException

_NOT_GIVEN: Any = object()


def _known(section: str, key: str) -> str | None:
    from ..config import find_home

    home = str(find_home().root)
    return {
        ("core", "dags_folder"): f"{home}/dags",
        ("core", "plugins_folder"): f"{home}/plugins",
        ("core", "default_timezone"): "utc",
        ("core", "parallelism"): "32",
        ("core", "max_active_tasks_per_dag"): "16",
        ("core", "max_active_runs_per_dag"): "16",
        ("core", "load_examples"): "False",
        ("core", "executor"): "LocalExecutor",
        ("logging", "base_log_folder"): f"{home}/logs",
        ("webserver", "base_url"): "http://localhost:8080",
        ("api", "base_url"): "http://localhost:8080",
        ("operators", "default_owner"): "airflow",
        ("operators", "default_deferrable"): "False",
        ("email", "from_email"): None,
    }.get((section, key))


class Settings:
    def get(self, section: str, key: str, fallback: Any = _NOT_GIVEN, **_: Any) -> Any:
        from ..config import environment

        found = environment(f"AIRFLOW__{section.upper().replace('.', '_')}__{key.upper()}")
        if found is None:
            found = _known(section.lower(), key.lower())
        if found is not None:
            return found
        if fallback is not _NOT_GIVEN:
            return fallback
        raise AirflowConfigException(
            f"section/key [{section}/{key}] not found in config. "
            f"Set AIRFLOW__{section.upper()}__{key.upper()} or give a fallback."
        )

    def getboolean(self, section: str, key: str, **more: Any) -> bool:
        text = str(self.get(section, key, **more)).split("#")[0].strip().lower()
        if text in ("t", "true", "1", "yes", "on"):
            return True
        if text in ("f", "false", "0", "no", "off", "none"):
            return False
        raise AirflowConfigException(f"[{section}/{key}] is {text!r}, which is neither true nor false.")

    def getint(self, section: str, key: str, **more: Any) -> int:
        return int(self.get(section, key, **more))

    def getfloat(self, section: str, key: str, **more: Any) -> float:
        return float(self.get(section, key, **more))

    def getlist(self, section: str, key: str, delimiter: str = ",", **more: Any) -> list[str]:
        found = self.get(section, key, **more)
        return [part.strip() for part in found.split(delimiter)] if isinstance(found, str) else list(found or [])

    def getjson(self, section: str, key: str, **more: Any) -> Any:
        found = self.get(section, key, **more)
        return json.loads(found) if isinstance(found, str) else found

    def has_option(self, section: str, option: str) -> bool:
        return self.get(section, option, fallback=None) is not None


conf = Settings()
get, getboolean, getint, getfloat, getlist, getjson = (
    conf.get,
    conf.getboolean,
    conf.getint,
    conf.getfloat,
    conf.getlist,
    conf.getjson,
)
