"""`Connection`: where an outside service is and how to log in, by id; and `BaseHook`, which hooks extend.

Owns the two written forms of a connection, the URI and the JSON object, as Airflow reads and writes them. Where one is
looked for is `backends`' business.
"""

from __future__ import annotations

import json
from typing import Any

from ..core.secrets import CONNECTION_FIELDS
from .exceptions import AirflowException, AirflowNotFoundException

_URI_ONLY = "Give either uri= or single fields (conn_type, host, login, password, schema, port, extra), not both."
_OWN_EXTRA = "__extra__"  # the query's name for an extra that is not flat texts


class Connection:
    EXTRA_KEY = _OWN_EXTRA

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
        self.description = description
        if uri is not None:
            if any(part is not None and part != "" for part in (conn_type, host, login, password, schema, port, extra)):
                raise AirflowException(_URI_ONLY)
            self._read_uri(uri)
            return
        self.conn_type, self.host, self.login = conn_type, host, login
        self.password = password or None
        self.schema, self.port = schema, _number(port)
        self.extra: str | None = extra if isinstance(extra, str) or extra is None else json.dumps(extra)

    # ── URIs ──

    def _read_uri(self, uri: str) -> None:
        """`type://login:password@host:port/schema?name=value`. A host with a scheme of its own is written encoded
        (`http://https%3a%2f%2fexample.org`) or with that scheme before the login (`http://https://me@example.org`)."""
        from urllib.parse import parse_qsl, unquote, urlsplit

        kind, found, rest = uri.strip().partition("://")
        if not found or not kind:
            raise AirflowException(
                "A connection's URI begins with its type, as in postgres://login:password@host:5432/db"
            )
        inner, found, after = rest.partition("://")
        if found:
            if "@" in inner or "://" in after:
                raise AirflowException(f"A {kind} connection's URI has a second scheme that is not before its login.")
            rest = after
        parts = urlsplit(f"x://{rest}")
        self.conn_type = _type_name(kind)
        host = unquote(parts.hostname or "")
        self.host = f"{inner}://{host}" if found else host
        self.login = parts.username and unquote(parts.username)
        self.password = unquote(parts.password) if parts.password else None
        self.schema = unquote(parts.path[1:])
        try:
            self.port = parts.port
        except ValueError:
            raise ValueError(f"The port in the URI of a {kind} connection is no number up to 65535.") from None
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        self.extra = query.get(_OWN_EXTRA) or (json.dumps(query) if query else None)

    def get_uri(self) -> str:
        from urllib.parse import quote, urlencode

        kind = (self.conn_type or "").lower().replace("_", "-")
        scheme, found, host = (self.host or "").rpartition("://")
        login = quote(self.login, safe="") if self.login is not None else ""
        login += ":" + quote(self.password, safe="") if self.password else ""
        place = quote(host, safe="")
        if self.port:
            place += f":{self.port}" if place or login else f"@:{self.port}"
        uri = f"{kind}://" if kind else "//"
        uri += f"{scheme}{found}" + (f"{login}@" if login else "") + place
        if self.schema:
            uri += "/" + quote(self.schema, safe="")
        if self.extra:
            uri += ("?" if self.schema else "/?") + urlencode(self._flat_extra() or {_OWN_EXTRA: self.extra})
        return uri

    def _flat_extra(self) -> dict[str, str]:
        """The extra, if a query of plain texts holds all of it."""
        found = self.extra_dejson
        return found if isinstance(found, dict) and all(isinstance(v, str) for v in found.values()) else {}

    # ── JSON ──

    @classmethod
    def from_json(cls, value: str, conn_id: str | None = None) -> Connection:
        try:
            data = json.loads(value)
        except ValueError:
            data = None
        if not isinstance(data, dict):
            raise AirflowException(f"{_named(conn_id)} is written as JSON and is no JSON object.")
        return cls.from_fields(data, conn_id)

    @classmethod
    def from_fields(cls, fields: dict[str, Any], conn_id: str | None = None) -> Connection:
        """`type`, `user` and `pass` are taken for conn_type, login and password, as some tools write them."""
        data = {_OTHER_NAMES.get(name, name): part for name, part in fields.items() if name != "conn_id"}
        unknown = sorted(data.keys() - {*CONNECTION_FIELDS, "uri"})
        if unknown:
            known = ", ".join(CONNECTION_FIELDS)
            raise AirflowException(f"{_named(conn_id)} has no field '{unknown[0]}'. The fields are: {known}, uri.")
        made = cls(conn_id, **data)
        made.conn_type = _type_name(made.conn_type) if made.conn_type else made.conn_type
        return made

    @classmethod
    def from_uri(cls, uri: str, conn_id: str | None = None) -> Connection:
        return cls(conn_id, uri=uri)

    @classmethod
    def read(cls, text: str, conn_id: str | None = None) -> Connection:
        """From either form."""
        text = text.strip()
        return cls.from_json(text, conn_id) if text.startswith("{") else cls.from_uri(text, conn_id)

    def fields(self) -> dict[str, Any]:
        """What is set, extra as text."""
        return {name: part for name in CONNECTION_FIELDS if (part := getattr(self, name)) not in (None, "")}

    def as_json(self) -> str:
        found = self.fields()
        if "extra" in found:
            found["extra"] = self.extra_dejson or found["extra"]
        return json.dumps(found)

    def to_dict(self, *, prune_empty: bool = False, validate: bool = True) -> dict[str, Any]:
        found = {"conn_id": self.conn_id, **{name: getattr(self, name) for name in CONNECTION_FIELDS}}
        found["extra"] = self.extra_dejson
        return {k: v for k, v in found.items() if v not in (None, "", {})} if prune_empty else found

    # ── as Airflow's code asks ──

    @property
    def extra_dejson(self) -> Any:
        return self.get_extra_dejson()

    def get_extra_dejson(self, nested: bool = False) -> Any:
        """The extra as what it says in JSON; empty where it is no JSON. `nested`: texts inside that are JSON too."""
        try:
            found = json.loads(self.extra) if self.extra else {}
        except ValueError:
            return {}
        return _opened(found) if nested else found

    def get_password(self) -> str | None:
        return self.password

    def set_password(self, value: str | None) -> None:
        self.password = value or None

    def get_extra(self) -> str | None:
        return self.extra

    def set_extra(self, value: str | None) -> None:
        self.extra = value

    @classmethod
    def get(cls, conn_id: str) -> Connection:
        return get_connection(conn_id)

    def get_hook(self, *, hook_params: dict[str, Any] | None = None) -> Any:
        """The hook that speaks to it, by its type."""
        from .services.hooks import hook_for

        return hook_for(self, hook_params)

    def test_connection(self) -> tuple[bool, str]:
        try:
            hook = self.get_hook()
        except Exception as error:
            return False, str(error)
        if not hasattr(hook, "test_connection"):
            return False, f"{type(hook).__name__} cannot test its connection."
        said: tuple[bool, str] = hook.test_connection()
        return said

    @classmethod
    def get_connection_from_secrets(cls, conn_id: str) -> Connection:
        return get_connection(conn_id)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Connection) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(self.conn_id)

    def __repr__(self) -> str:
        return f"<Connection {self.conn_id}: {self.conn_type}>"

    def __str__(self) -> str:
        return str(self.conn_id)


_OTHER_NAMES = {"type": "conn_type", "user": "login", "username": "login", "pass": "password", "extras": "extra"}


def _named(conn_id: str | None) -> str:
    return f"Connection '{conn_id}'" if conn_id else "A connection"


def _type_name(kind: str) -> str:
    name = kind.replace("-", "_")
    return "postgres" if name == "postgresql" else name


def _number(port: int | str | None) -> int | None:
    if port is None or port == "":
        return None
    try:
        return int(port)
    except ValueError:
        raise ValueError(f"The port of a connection is a number, and not {port!r}.") from None


def _opened(data: Any) -> Any:
    if isinstance(data, dict):
        return {name: _opened(part) for name, part in data.items()}
    if isinstance(data, str):
        try:
            return json.loads(data)
        except ValueError:
            return data
    return data


def get_connection(conn_id: str) -> Connection:
    from .backends import find_connection

    found = find_connection(conn_id)
    if found is None:
        advice = f"Define it with: venturi connections set {conn_id} URI"
        raise AirflowNotFoundException(f"The conn_id `{conn_id}` isn't defined. {advice}")
    return found


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

    @classmethod
    def get_hook(cls, conn_id: str, hook_params: dict[str, Any] | None = None) -> Any:
        return get_connection(conn_id).get_hook(hook_params=hook_params)

    @classmethod
    async def aget_connection(cls, conn_id: str) -> Connection:
        import asyncio

        return await asyncio.to_thread(cls.get_connection, conn_id)

    def get_conn(self) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no get_conn().")

    @property
    def log(self) -> Any:
        import logging

        name = (
            self._logger_name
            if getattr(self, "_logger_name", None)
            else f"{type(self).__module__}.{type(self).__name__}"
        )
        return logging.getLogger(f"airflow.task.hooks.{name}")


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
