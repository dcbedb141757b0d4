"""Which hook speaks to a connection, by its type: an installed wheel's, else ours."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from typing import Any

from ..connections import Connection
from ..exceptions import AirflowException

# Type → our hook, and the argument that takes the connection's id.
_OURS = {
    "postgres": ("postgres.PostgresHook", "postgres_conn_id"),
    "sqlite": ("sqlite.SqliteHook", "sqlite_conn_id"),
    "http": ("http.HttpHook", "http_conn_id"),
    "https": ("http.HttpHook", "http_conn_id"),
    "docker": ("docker_engine.DockerHook", "docker_conn_id"),
    "aws": ("s3.S3Hook", "aws_conn_id"),
    "s3": ("s3.S3Hook", "aws_conn_id"),
    "smtp": ("email.SmtpHook", "smtp_conn_id"),
}


def hook_for(connection: Connection, hook_params: Mapping[str, Any] | None = None) -> Any:
    from ..provided import connection_types, object_at

    kind = connection.conn_type or ""
    given = dict(hook_params or {})
    wheels = connection_types()
    if kind in wheels:
        hook = object_at(wheels[kind][0])
        return hook(**{hook.conn_name_attr: connection.conn_id}, **given)
    if kind not in _OURS:
        raise AirflowException(
            f"No hook is known for the type '{kind}' of the connection '{connection.conn_id}'. "
            f"Install the provider wheel that has it (apache-airflow-providers-…), or correct the type."
        )
    place, argument = _OURS[kind]
    module, _, name = place.partition(".")
    made = _joined(getattr(importlib.import_module(f"{__package__}.{module}"), name))
    return made(**{argument: connection.conn_id}, **given)


def _joined(hook: Any) -> Any:
    """Operators of the wheel common-sql take nothing but their own kind of hook: ours becomes that kind too."""
    from .database import DbApiHook

    wheel = sys.modules.get("airflow.providers.common.sql.hooks.sql")
    theirs = getattr(wheel, "DbApiHook", DbApiHook)
    if theirs is DbApiHook or not issubclass(hook, DbApiHook):
        return hook
    return type(hook.__name__, (hook, theirs), {"__module__": hook.__module__})
