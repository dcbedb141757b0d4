"""`Connection`: where an outside service is and how to log in, by id. AIRFLOW_CONN_<ID> wins over the store."""

from __future__ import annotations

import json
from typing import Any

from ..config import environment
from .exceptions import AirflowNotFoundException
from .port import has_port, port

_FIELDS = ("conn_type", "description", "host", "login", "password", "schema", "port", "extra")


class Connection:
    def __init__(
        self,
        conn_id: str | None = None,
        conn_type: str | None = None,
        description: str | None = None,
        host: str | None = None,
        login: str | None = None,
        password: str | None = None,
        schema: str | None = None,
        port: int | str | None = None,
        extra: Any = None,
        uri: str | None = None,
    ) -> None:
        self.conn_id = conn_id
        self.conn_type, self.description, self.host, self.login = conn_type, description, host, login
        self.password, self.schema = password, schema
        self.port = int(port) if port not in (None, "") else None
        self.extra: str | None = extra if isinstance(extra, str) or extra is None else json.dumps(extra)
        if uri is not None:
            self._read_uri(uri)

    def _read_uri(self, uri: str) -> None:
        from urllib.parse import parse_qsl, unquote, urlsplit

        parts = urlsplit(uri)
        kind = parts.scheme.replace("-", "_")
        self.conn_type = "postgres" if kind == "postgresql" else kind
        place = parts.netloc.rpartition("@")[2]
        host, rest = place, parts.path
        if "://" in rest or rest.startswith("//"):  # http://https%3a… is written with the inner scheme as host
            host, rest = place + rest, ""
        name, _, number = host.partition(":") if not host.startswith("[") else (host, "", "")
        self.host = unquote(name) or None
        self.port = int(number) if number.isdigit() else None
        self.login = unquote(parts.username) if parts.username else None
        self.password = unquote(parts.password) if parts.password else None
        self.schema = unquote(rest[1:]) if len(rest) > 1 else None
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        if query:
            self.extra = query["__extra__"] if "__extra__" in query else json.dumps(query)

    @property
    def extra_dejson(self) -> dict[str, Any]:
        try:
            found = json.loads(self.extra) if self.extra else {}
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def get_extra_dejson(self) -> dict[str, Any]:
        return self.extra_dejson

    def get_password(self) -> str | None:
        return self.password

    def get_uri(self) -> str:
        from urllib.parse import quote, urlencode

        login = quote(self.login or "", safe="")
        if self.password is not None:
            login += ":" + quote(self.password, safe="")
        place = (login + "@" if login else "") + quote(self.host or "", safe="")
        if self.port:
            place += f":{self.port}"
        uri = f"{(self.conn_type or '').lower().replace('_', '-')}://{place}"
        uri += "/" + quote(self.schema, safe="") if self.schema else "/" if self.extra else ""
        if self.extra:
            flat = self.extra_dejson
            plain = flat and all(isinstance(value, str) for value in flat.values())
            uri += "?" + (urlencode(flat) if plain else urlencode({"__extra__": self.extra}))
        return uri

    @classmethod
    def get(cls, conn_id: str) -> Connection:
        return get_connection(conn_id)

    @classmethod
    def from_json(cls, value: str, conn_id: str | None = None) -> Connection:
        data = json.loads(value)
        return cls(conn_id, **{name: data[name] for name in _FIELDS if name in data})

    def as_json(self) -> str:
        return json.dumps({name: getattr(self, name) for name in _FIELDS if getattr(self, name) is not None})

    def __repr__(self) -> str:
        return f"<Connection {self.conn_id}: {self.conn_type}>"


def get_connection(conn_id: str) -> Connection:
    text = environment(f"AIRFLOW_CONN_{conn_id.upper()}")
    if text:
        text = text.strip()
        return Connection.from_json(text, conn_id) if text.startswith("{") else Connection(conn_id, uri=text)
    data = port().connection(conn_id) if has_port() else None
    if data is None:
        raise AirflowNotFoundException(f"The conn_id `{conn_id}` isn't defined")
    known = {name: value for name, value in data.items() if name in (*_FIELDS, "uri")}
    return Connection(conn_id, **known)


class BaseHook:
    """What hooks extend: `self.get_connection(conn_id)` and a log."""

    def __init__(self, logger_name: str | None = None, *_: Any, **__: Any) -> None:
        self._logger_name = logger_name

    @classmethod
    def get_connection(cls, conn_id: str) -> Connection:
        return get_connection(conn_id)

    @classmethod
    def get_connections(cls, conn_id: str) -> list[Connection]:
        return [get_connection(conn_id)]

    def get_conn(self) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no get_conn().")

    @property
    def log(self) -> Any:
        import logging

        return logging.getLogger(f"airflow.task.hooks.{type(self).__module__}.{type(self).__name__}")


class ConnectionAccess:
    """`conn.my_id.host` in templates."""

    def __getattr__(self, conn_id: str) -> Any:
        if conn_id.startswith("__"):
            raise AttributeError(conn_id)
        return get_connection(conn_id)

    def __getitem__(self, conn_id: str) -> Any:
        return get_connection(conn_id)

    def get(self, conn_id: str, default_conn: Any = None) -> Any:
        try:
            return get_connection(conn_id)
        except AirflowNotFoundException:
            return default_conn

    def __repr__(self) -> str:
        return "<connections>"
