"""Variables, connections and pools."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ..paging import Text
from .shapes import Json, Name, Shape, Strict

Port = Annotated[int, Field(ge=0, le=65535)]
Slots = Annotated[int, Field(ge=-1, le=2**31 - 1)]


class Variable(Shape):
    key: str
    value: str | None = None
    description: str | None
    is_encrypted: bool
    team_name: str | None


class Variables(Shape):
    variables: list[Variable]
    total_entries: int


class VariableBody(Strict):
    key: Name
    value: Json
    description: Text | None = None
    team_name: Text | None = None


class Connection(Shape):
    connection_id: str
    conn_type: str
    description: str | None
    host: str | None
    login: str | None
    schema_: str | None = Field(alias="schema")
    port: int | None
    password: str | None
    extra: str | None
    team_name: str | None


class Connections(Shape):
    connections: list[Connection]
    total_entries: int


class ConnectionBody(Strict):
    connection_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.\-]+$", min_length=1, max_length=200)]
    conn_type: Name
    description: Text | None = None
    host: Text | None = None
    login: Text | None = None
    schema_: Text | None = Field(default=None, alias="schema")
    port: Port | None = None
    password: Text | None = None
    extra: Text | None = None
    team_name: Text | None = None


class ConnectionTestBody(ConnectionBody):
    commit_on_success: bool = False
    executor: Text | None = None
    queue: Text | None = None


class ConnectionTest(Shape):
    status: bool
    message: str


class QueuedConnectionTest(Shape):
    token: str
    connection_id: str
    state: str


class ConnectionTestState(QueuedConnectionTest):
    result_message: str | None = None
    created_at: str


class Pool(Shape):
    name: str
    slots: int
    description: str | None = None
    include_deferred: bool
    occupied_slots: int
    running_slots: int
    queued_slots: int
    scheduled_slots: int
    open_slots: int
    deferred_slots: int
    team_name: str | None


class Pools(Shape):
    pools: list[Pool]
    total_entries: int


class PoolBody(Strict):
    name: Name
    slots: Slots
    description: Text | None = None
    include_deferred: bool = False
    team_name: Text | None = None


class PoolPatch(Strict):
    pool: Name | None = None
    slots: Slots | None = None
    description: Text | None = None
    include_deferred: bool | None = None
    team_name: Text | None = None
