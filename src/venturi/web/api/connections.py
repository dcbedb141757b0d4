"""Connections: sealed; passwords, and what is secret in the extra, are never told."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import Header, Query
from pydantic import BaseModel

from ...core.errors import NotFound
from ...core.secrets import HIDDEN, hidden, in_all_forms, of_connection
from ...store import Reader
from ..bulk import Kind, apply
from ..errors import Fault
from ..here import At, Here, Routes
from ..models.bulks import Bulk, BulkResults
from ..models.settings import (
    Connection,
    ConnectionBody,
    Connections,
    ConnectionTest,
    ConnectionTestBody,
    ConnectionTestState,
    QueuedConnectionTest,
)
from ..paging import LIMIT, Limit, Offset, OrderBy, Pattern, Start, Text, fits, order_of, sliced, sorted_by

routes = Routes("Connection")

Mask = Annotated[list[str] | None, Query()]
_FIELDS = ("conn_type", "description", "host", "login", "schema", "port", "password", "extra")


def _shape(conn_id: str, fields: dict[str, Any]) -> Connection:
    secrets = in_all_forms(of_connection(fields))

    def told(name: str) -> str | None:
        value = fields.get(name)
        if value is None or value == "":
            return None
        return hidden(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), secrets)

    port = fields.get("port")
    return Connection(
        connection_id=conn_id,
        conn_type=str(fields.get("conn_type") or ""),
        description=fields.get("description"),
        host=told("host"),
        login=told("login"),
        schema=told("schema"),
        port=int(str(port)) if str(port or "").isdigit() else None,
        password=HIDDEN if fields.get("password") else None,
        extra=told("extra"),
        team_name=None,
    )


def _opened(reader: Reader, conn_id: str) -> dict[str, Any]:
    found = reader.connection(conn_id)
    if found is None:
        raise NotFound(kind="connection", name=conn_id, advice="")
    return found


def _fields(body: ConnectionBody) -> dict[str, Any]:
    given = {"schema" if name == "schema_" else name: value for name, value in body.model_dump().items()}
    return {name: given[name] for name in _FIELDS}


class ConnectionQuery(BaseModel):
    limit: Limit = LIMIT
    offset: Offset = 0
    order_by: OrderBy = ["id"]
    connection_id_pattern: Pattern = None
    connection_id_prefix_pattern: Start = None


@routes.get("/connections", may="connections:read")
def get_connections(here: At, wanted: Annotated[ConnectionQuery, Query()]) -> Connections:
    names = {"id": "conn_id", "conn_id": "conn_id", "connection_id": "conn_id", "conn_type": "conn_type"}
    order = order_of(wanted.order_by, {**names, "description": "description"})
    with here.reader() as reader:
        found = [
            row
            for row in reader.connections()
            if fits(row.conn_id, wanted.connection_id_pattern, wanted.connection_id_prefix_pattern)
        ]
        chosen = sliced(sorted_by(found, order, getattr), wanted.limit, wanted.offset)
        told = [_shape(row.conn_id, _opened(reader, row.conn_id)) for row in chosen]
    return Connections(connections=told, total_entries=len(found))


# Above what takes any word in the same place.
_NO_TEST = "Over the API no connection is tested: the server would reach out to wherever it is told. On its machine: "
_NO_TEST += "venturi connections test NAME"


@routes.post("/connections/test", may="connections:write")
def test_connection(here: At, body: ConnectionBody) -> ConnectionTest:
    raise Fault(403, _NO_TEST)


@routes.post("/connections/enqueue-test", may="connections:write", status_code=202)
def enqueue_connection_test(here: At, body: ConnectionTestBody) -> QueuedConnectionTest:
    raise Fault(403, _NO_TEST)


@routes.get("/connections/enqueue-test", may="connections:read")
def get_connection_test(
    here: At, token: Annotated[str, Header(alias="Airflow-Connection-Test-Token")]
) -> ConnectionTestState:
    raise Fault(403, _NO_TEST)


@routes.post("/connections/defaults", may="connections:write", status_code=204)
def create_default_connections(here: At) -> None:
    raise Fault(409, "Venturi has no connections that everybody has; make those that you need.")


@routes.get("/connections/{connection_id}", may="connections:read")
def get_connection(here: At, connection_id: Text) -> Connection:
    with here.reader() as reader:
        return _shape(connection_id, _opened(reader, connection_id))


@routes.post("/connections", may="connections:write", status_code=201)
def post_connection(here: At, body: ConnectionBody) -> Connection:
    with here.reader() as reader:
        if any(row.conn_id == body.connection_id for row in reader.connections()):
            raise Fault(409, f"There is already a connection '{body.connection_id}'.")
    _set(here, body)
    here.settings_changed()
    return get_connection(here, body.connection_id)


def _set(here: Here, body: ConnectionBody) -> None:
    with here.store() as store:
        store.connection_set(body.connection_id, _sound(_fields(body)))


def _sound(fields: dict[str, Any]) -> dict[str, Any]:
    if fields.get("extra"):
        try:
            made = json.loads(fields["extra"])
        except (ValueError, RecursionError):
            made = None
        if not isinstance(made, dict):
            raise Fault(422, "The extra must be a JSON object, written as text.")
    return {name: value for name, value in fields.items() if value is not None}


def _change(here: Here, body: ConnectionBody, mask: list[str] | None) -> None:
    with here.reader() as reader:
        kept = _opened(reader, body.connection_id)
    new = _fields(body)
    given = {"schema" if name == "schema_" else name for name in body.model_fields_set}
    changed = [name for name in _FIELDS if name in (given if mask is None else mask)]
    shown = _shape(body.connection_id, kept)
    for name in changed:
        was_shown = {"password": shown.password, "extra": shown.extra, "host": shown.host}.get(name)
        if was_shown is not None and new[name] == was_shown and HIDDEN in was_shown:
            continue  # what was shown in its place comes back
        kept[name] = new[name]
    with here.store() as store:
        store.connection_set(body.connection_id, _sound({name: kept.get(name) for name in _FIELDS}))


@routes.patch("/connections/{connection_id}", may="connections:write")
def patch_connection(here: At, connection_id: Text, body: ConnectionBody, update_mask: Mask = None) -> Connection:
    if body.connection_id != connection_id:
        raise Fault(400, "A connection's id cannot be changed: that of the body is another one than that of the path.")
    _change(here, body, update_mask)
    here.settings_changed()
    return get_connection(here, connection_id)


@routes.delete("/connections/{connection_id}", may="connections:write")
def delete_connection(here: At, connection_id: Text) -> None:
    _remove(here, connection_id)
    here.settings_changed()


def _remove(here: Here, conn_id: str) -> None:
    with here.store() as store:
        if not store.connection_delete(conn_id):
            raise NotFound(kind="connection", name=conn_id, advice="")


@routes.patch("/connections", may="connections:write")
def bulk_connections(here: At, body: Bulk[ConnectionBody]) -> BulkResults:
    def names() -> set[str]:
        with here.reader() as reader:
            return {row.conn_id for row in reader.connections()}

    kind = Kind(
        "connection",
        "connection_id",
        names,
        lambda one: _set(here, one),
        lambda one, mask: _change(here, one, mask),
        lambda name: _remove(here, name),
    )
    told = apply(kind, body.actions)
    here.settings_changed()
    return told
