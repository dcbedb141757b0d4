"""Where variables and connections are looked for: the secrets backend that is configured, the environment, the engine.

Owns this order, which is Airflow's, and the contract of a backend: `get_connection(conn_id)` and `get_variable(key)`,
each None for what it has not. What is found outside the engine is registered for masking here before it is given away.
"""

from __future__ import annotations

import json
from typing import Any

from ..config import environment
from ..core import secrets
from .connections import Connection
from .exceptions import AirflowConfigException, AirflowException
from .port import has_port, port


class BaseSecretsBackend:
    """What backends extend. Enough is one of the three `get_conn_…`/`get_connection`, and `get_variable`."""

    def __init__(self, **_: Any) -> None: ...

    @staticmethod
    def build_path(path_prefix: str, secret_id: str, sep: str = "/") -> str:
        return f"{path_prefix}{sep}{secret_id}"

    def get_conn_value(self, conn_id: str) -> str | None:
        """The connection as a URI or as JSON."""
        return self.get_conn_uri(conn_id)

    def get_conn_uri(self, conn_id: str) -> str | None:
        return None

    def deserialize_connection(self, conn_id: str, value: str) -> Connection:
        return Connection.read(value, conn_id)

    def get_connection(self, conn_id: str) -> Connection | None:
        found = self.get_conn_value(conn_id)
        return self.deserialize_connection(conn_id, found) if found else None

    def get_variable(self, key: str) -> str | None:
        return None

    def get_config(self, key: str) -> str | None:
        return None


class EnvironmentVariablesBackend(BaseSecretsBackend):
    def get_conn_value(self, conn_id: str) -> str | None:
        return environment(f"AIRFLOW_CONN_{conn_id.upper()}")

    def deserialize_connection(self, conn_id: str, value: str) -> Connection:
        try:
            return super().deserialize_connection(conn_id, value)
        except (AirflowException, ValueError) as error:
            raise AirflowException(
                f"The environment variable AIRFLOW_CONN_{conn_id.upper()} is no connection. {error}"
            ) from None

    def get_variable(self, key: str) -> str | None:
        return environment(f"AIRFLOW_VAR_{key.upper()}")


class LocalFilesystemBackend(BaseSecretsBackend):
    """Of files: JSON, YAML or NAME=VALUE lines."""

    def __init__(
        self, variables_file_path: str | None = None, connections_file_path: str | None = None, **_: Any
    ) -> None:
        super().__init__()
        self.variables_file, self.connections_file = variables_file_path, connections_file_path

    def get_connection(self, conn_id: str) -> Connection | None:
        from .settings_files import connections_in

        return connections_in(self.connections_file).get(conn_id) if self.connections_file else None

    def get_variable(self, key: str) -> str | None:
        from .settings_files import variables_in

        found = variables_in(self.variables_file).get(key) if self.variables_file else None
        return None if found is None else found.value


# ── looking ──────────────────────────────────────────────────────────────────────────────────────────────

_made: dict[tuple[str, str], Any] = {}  # (path, arguments) of the configured backend → itself


def configured_backend() -> Any:
    """The one that AIRFLOW__SECRETS__BACKEND names (its arguments in …BACKEND_KWARGS, as JSON), or None."""
    from .settings import conf

    path = conf.get("workers", "secrets_backend", fallback="")
    section, name = ("workers", "secrets_backend") if path else ("secrets", "backend")
    path = path or conf.get(section, name, fallback="")
    if not path:
        return None
    given = conf.get(section, f"{name}_kwargs", fallback="") or "{}"
    made = _made.get((path, given))
    if made is None:
        made = _made[path, given] = _make(path, given, f"AIRFLOW__{section}__{name}".upper())
    return made


def _make(path: str, given: str, setting: str) -> Any:
    import importlib

    try:
        arguments = json.loads(given)
        module, _, name = path.rpartition(".")
        return getattr(importlib.import_module(module), name)(**arguments)
    except ValueError:
        raise AirflowConfigException(f"{setting}_KWARGS is no JSON object.") from None
    except (ImportError, AttributeError, TypeError) as error:
        raise AirflowConfigException(
            f"The secrets backend {path}, named by {setting}, cannot be made: {error}"
        ) from error


def find_variable(key: str) -> str | None:
    found = None
    backend = configured_backend()
    if backend is not None:
        found = backend.get_variable(key)
    if found is None:
        found = _ENVIRONMENT.get_variable(key)
    if found is not None:
        _hide(secrets.of_named(key, found))
        return str(found)
    return port().variable(key) if has_port() else None


def find_connection(conn_id: str) -> Connection | None:
    found = None
    backend = configured_backend()
    if backend is not None:
        found = backend.get_connection(conn_id)
    if found is None:
        found = _ENVIRONMENT.get_connection(conn_id)
    if found is not None:
        made: Connection = found
        _hide(secrets.of_connection(made.fields()))
        return made
    data = port().connection(conn_id) if has_port() else None
    if data is None:
        return None
    known = {name: value for name, value in data.items() if name in (*secrets.CONNECTION_FIELDS, "uri")}
    return Connection(conn_id, **known)


def _hide(words: list[str]) -> None:
    if words and has_port():
        port().mask(*words)


_ENVIRONMENT = EnvironmentVariablesBackend()
