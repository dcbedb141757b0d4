"""`conf.get("section", "key")` of Airflow files: from AIRFLOW__SECTION__KEY, else airflow.cfg, else known defaults.

Owns this order and the defaults of what DAG files are known to ask for. What steers Venturi itself is `config`'s.
"""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta
from typing import Any

from ..config import environment, environment_names, find_home, read_config
from ..core.secrets import sounds_secret
from .exceptions import AirflowConfigException

_NOT_GIVEN: Any = object()
_TRUE, _FALSE = ("t", "true", "1", "yes", "on"), ("f", "false", "0", "no", "off", "none")

# What moved between Airflow's generations: asked for under one name, it is found under the other.
_MOVED = {
    ("core", "dag_concurrency"): ("core", "max_active_tasks_per_dag"),
    ("core", "base_log_folder"): ("logging", "base_log_folder"),
    ("core", "logging_level"): ("logging", "logging_level"),
    ("core", "remote_logging"): ("logging", "remote_logging"),
    ("core", "sql_alchemy_conn"): ("database", "sql_alchemy_conn"),
    **{
        ("kubernetes", key): ("kubernetes_executor", key)
        for key in ("namespace", "worker_container_repository", "worker_container_tag")
    },
    ("webserver", "base_url"): ("api", "base_url"),
    ("webserver", "secret_key"): ("api", "secret_key"),
}
_MOVED |= {new: old for old, new in _MOVED.items()}

_DEFAULTS = {
    ("core", "default_timezone"): "utc",
    ("core", "default_pool_task_slot_count"): "128",
    ("core", "default_task_retries"): "0",
    ("core", "default_task_retry_delay"): "300",
    ("core", "default_task_weight_rule"): "downstream",
    ("core", "default_impersonation"): "",
    ("core", "dag_run_conf_overrides_params"): "True",
    ("core", "load_examples"): "False",
    ("core", "unit_test_mode"): "False",
    ("core", "enable_xcom_pickling"): "False",
    ("core", "executor"): "LocalExecutor",
    ("core", "xcom_backend"): "airflow.models.xcom.BaseXCom",
    ("kubernetes_executor", "namespace"): "default",
    ("kubernetes_executor", "worker_container_repository"): "",
    ("kubernetes_executor", "worker_container_tag"): "",
    ("local_kubernetes_executor", "kubernetes_queue"): "kubernetes",
    ("logging", "logging_level"): "INFO",
    ("logging", "remote_logging"): "False",
    ("operators", "default_owner"): "airflow",
    ("operators", "default_deferrable"): "False",
    ("sensors", "default_timeout"): "604800",
    ("secrets", "backend"): "",
    ("secrets", "backend_kwargs"): "",
}

# What our own configuration says.
_OURS = {
    ("core", "parallelism"): "slots",
    ("core", "max_active_tasks_per_dag"): "max_active_tasks_per_dag",
    ("core", "max_active_runs_per_dag"): "max_active_runs_per_dag",
    ("core", "dags_are_paused_at_creation"): "dags_paused_at_creation",
    ("scheduler", "catchup_by_default"): "catchup_by_default",
}


def _of_home(section: str, key: str) -> str | None:
    home = find_home()
    if section == "core" and key in ("dags_folder", "plugins_folder"):
        return str(home.root / key.removesuffix("_folder"))
    if section == "logging" and key == "base_log_folder":
        return str(home.logs)
    if section == "api" and key == "base_url":
        return f"http://localhost:{read_config(home).port}"
    field = _OURS.get((section, key))
    return None if field is None else str(getattr(read_config(home), field))


def _variable_name(section: str, key: str) -> str:
    return f"AIRFLOW__{section.replace('.', '_').replace('-', '_')}__{key.replace('.', '_').replace('-', '_')}".upper()


# Those that a command or a secrets backend may give, beside all whose name sounds secret.
_SECRET_SETTINGS = frozenset(
    {
        *(("database", "sql_alchemy_conn"), ("core", "sql_alchemy_conn"), ("core", "fernet_key")),
        *(("celery", "broker_url"), ("celery", "flower_basic_auth"), ("celery", "result_backend")),
        *(("sentry", "sentry_dsn"), ("atlas", "password"), ("smtp", "smtp_password"), ("api", "secret_key")),
    }
)


def _is_secret(section: str, key: str) -> bool:
    if section in ("secrets", "workers"):
        return False  # they say where secrets are looked for
    return (section, key) in _SECRET_SETTINGS or sounds_secret(key)


def printed_by(command: str, setting: str) -> str:
    import shlex
    import subprocess

    try:
        done = subprocess.run(shlex.split(command), capture_output=True, text=True, check=False)
    except (OSError, ValueError) as error:
        raise AirflowConfigException(f"The command for {setting} cannot be run: {error}") from None
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-1:]
        why = f": {said[0]}" if said else "."
        raise AirflowConfigException(f"The command for {setting} failed with exit code {done.returncode}{why}")
    return done.stdout.strip()


def get_airflow_home() -> str:
    return os.path.abspath(os.path.expanduser(environment("AIRFLOW_HOME") or str(find_home().root)))


def get_airflow_config(airflow_home: str | None = None) -> str:
    found = environment("AIRFLOW_CONFIG") or os.path.join(airflow_home or get_airflow_home(), "airflow.cfg")
    return os.path.abspath(os.path.expanduser(found))


def _of_wheels(section: str, key: str) -> str | None:
    """The default that an installed provider wheel gives to a setting of its own."""
    from .provided import providers

    for provider in providers().values():
        options = (provider.data.get("config") or {}).get(section, {}).get("options", {})
        if key in options:
            default = options[key].get("default")
            return None if default is None else str(default)
    return None


class Settings:
    def __init__(self) -> None:
        self._set: dict[tuple[str, str], str] = {}  # by the file itself, for this process
        self._file: tuple[str, Any] | None = None  # path, parsed airflow.cfg or None

    # ── where values come from ──

    def _from_file(self, section: str, key: str) -> str | None:
        parsed = self._parsed()
        return parsed.get(section, key, fallback=None) if parsed is not None else None

    def _parsed(self) -> Any:
        path = get_airflow_config()
        if self._file is None or self._file[0] != path:
            parsed = None
            if os.path.isfile(path):
                from configparser import Error, RawConfigParser

                parsed = RawConfigParser(strict=False)
                try:
                    parsed.read(path, "utf-8")
                except (Error, OSError, UnicodeDecodeError) as error:
                    said = str(error).splitlines()[0]
                    raise AirflowConfigException(f"{path} cannot be read: {said}") from None
            self._file = (path, parsed)
        return self._file[1]

    def _own(self, section: str, key: str) -> str | None:
        """What somebody has set, under this very name."""
        for found in (self._set.get((section, key)), environment(_variable_name(section, key))):
            if found is not None:
                return os.path.expandvars(os.path.expanduser(found))
        if _is_secret(section, key):
            name = _variable_name(section, key)
            found = self._asked(section, key, environment(f"{name}_CMD"), environment(f"{name}_SECRET"))
            if found is not None:
                return found
        found = self._from_file(section, key)
        if found is not None:
            return os.path.expandvars(os.path.expanduser(found.replace("%%", "%")))
        if not _is_secret(section, key):
            return None
        return self._asked(
            section, key, self._from_file(section, f"{key}_cmd"), self._from_file(section, f"{key}_secret")
        )

    def _asked(self, section: str, key: str, command: str | None, secret: str | None) -> str | None:
        """A secret setting that a command prints, or that the secrets backend keeps under the name given."""
        from .port import has_port, port

        found = None
        if command:
            found = printed_by(command, f"[{section}/{key}]")
        elif secret:
            from .backends import configured_backend

            backend = configured_backend()
            found = None if backend is None else backend.get_config(secret)
        if found and has_port():
            port().mask(found)
        return found

    def _find(self, section: str, key: str) -> str | None:
        section, key = section.lower(), key.lower()
        names = [(section, key)]
        if (section, key) in _MOVED:
            names.append(_MOVED[section, key])
        for name in names:
            found = self._own(*name)
            if found is not None:
                return found
        for name in names:
            found = _DEFAULTS[name] if name in _DEFAULTS else _of_home(*name)
            if found is not None:
                return found
        return _of_wheels(section, key)

    # ── as Airflow's code asks ──

    def get(self, section: str, key: str, fallback: Any = _NOT_GIVEN, **_: Any) -> Any:
        found = self._find(section, key)
        if found is not None:
            return found
        if fallback is not _NOT_GIVEN:
            return fallback
        raise AirflowConfigException(
            f"section/key [{section}/{key}] not found in config. Set {_variable_name(section, key)} or give a fallback."
        )

    def getboolean(self, section: str, key: str, **more: Any) -> bool:
        text = str(self.get(section, key, **more)).split("#")[0].strip().lower()
        if text in _TRUE:
            return True
        if text in _FALSE:
            return False
        raise AirflowConfigException(f"[{section}/{key}] is {text!r}, which is neither true nor false.")

    def getint(self, section: str, key: str, **more: Any) -> int:
        return int(self._number(int, section, key, more))

    def getfloat(self, section: str, key: str, **more: Any) -> float:
        return float(self._number(float, section, key, more))

    def _number(self, kind: type[int] | type[float], section: str, key: str, more: dict[str, Any]) -> Any:
        found = self.get(section, key, **more)
        try:
            return found if found is None else kind(found)
        except (TypeError, ValueError):
            raise AirflowConfigException(f"[{section}/{key}] is {found!r}, which is no number.") from None

    def getlist(self, section: str, key: str, delimiter: str = ",", **more: Any) -> list[str]:
        found = self.get(section, key, **more)
        return [part.strip() for part in found.split(delimiter)] if isinstance(found, str) else list(found or [])

    def getjson(self, section: str, key: str, **more: Any) -> Any:
        found = self.get(section, key, **more)
        try:
            return json.loads(found) if isinstance(found, str) and found else found
        except ValueError:
            raise AirflowConfigException(f"[{section}/{key}] is no JSON.") from None

    def gettimedelta(self, section: str, key: str, fallback: Any = None, **_: Any) -> timedelta | None:
        found = self.get(section, key, fallback=fallback)
        return found if found is None or isinstance(found, timedelta) else timedelta(seconds=int(found))

    def getimport(self, section: str, key: str, **more: Any) -> Any:
        """The object at the dotted path that is set; None where nothing is set."""
        path = self.get(section, key, **{"fallback": None, **more})
        if not path:
            return None
        from importlib import import_module

        module, _, name = path.rpartition(".")
        try:
            return getattr(import_module(module), name)
        except (ImportError, AttributeError, ValueError) as error:
            raise AirflowConfigException(f"[{section}/{key}] is {path!r}, which cannot be imported: {error}") from error

    def get_mandatory_value(self, section: str, key: str, **more: Any) -> str:
        found = self.get(section, key, **more)
        if found is None:
            raise ValueError(f"The value [{section}/{key}] should be set.")
        return str(found)

    def getsection(self, section: str) -> dict[str, Any] | None:
        """Every setting of it that is known or set, numbers and truths as such."""
        names = self.options(section)
        return {name: _typed(self.get(section, name)) for name in names} if names else None

    def options(self, section: str) -> list[str]:
        section = section.lower()
        found = dict.fromkeys(key for place, key in (*_DEFAULTS, *_OURS, *self._set) if place == section)
        parsed = self._parsed()
        if parsed is not None and parsed.has_section(section):
            found.update(dict.fromkeys(parsed.options(section)))
        prefix = _variable_name(section, "")
        found.update(dict.fromkeys(name[len(prefix) :].lower() for name in environment_names(prefix)))
        return list(found)

    def sections(self) -> list[str]:
        parsed = self._parsed()
        own = parsed.sections() if parsed is not None else []
        return sorted({*own, *(section for section, _ in (*_DEFAULTS, *_OURS, *self._set))})

    def has_section(self, section: str) -> bool:
        return bool(self.options(section))

    def has_option(self, section: str, option: str, **_: Any) -> bool:
        return self._find(section, option) is not None

    def set(self, section: str, option: str, value: Any = None) -> None:
        """For this process alone."""
        self._set[section.lower(), option.lower()] = str(value)

    def remove_option(self, section: str, option: str, **_: Any) -> None:
        """What `set` has set."""
        self._set.pop((section.lower(), option.lower()), None)

    def as_dict(self, *_: Any, **__: Any) -> dict[str, dict[str, str]]:
        return {section: {key: self.get(section, key) for key in self.options(section)} for section in self.sections()}


def _typed(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


conf = Settings()
get, getboolean, getint, getfloat, getlist, getjson, getsection, has_option = (
    conf.get,
    conf.getboolean,
    conf.getint,
    conf.getfloat,
    conf.getlist,
    conf.getjson,
    conf.getsection,
    conf.has_option,
)


def __getattr__(name: str) -> Any:
    """What Airflow has as constants, found when it is asked for; interned, so that it is one object each time."""
    if name == "AIRFLOW_HOME":
        return sys.intern(get_airflow_home())
    if name == "AIRFLOW_CONFIG":
        return sys.intern(get_airflow_config())
    if name in ("DAGS_FOLDER", "PLUGINS_FOLDER"):
        return sys.intern(conf.get("core", name.lower()))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
