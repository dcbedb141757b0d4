"""`airflow.lineage`: what a task says it reads and writes, as plain values; nothing is done with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

AUTO = "auto"


def apply_lineage(function: Callable[..., Any]) -> Callable[..., Any]:
    return function


prepare_lineage = apply_lineage


@dataclass
class File:
    url: str
    type_hint: str | None = None


@dataclass
class User:
    email: str
    first_name: str | None = None
    last_name: str | None = None


@dataclass
class Tag:
    tag_name: str


@dataclass
class Column:
    name: str
    description: str | None = None
    data_type: str | None = None
    tags: list[Tag] = field(default_factory=list)


@dataclass
class Table:
    database: str
    cluster: str
    name: str
    tags: list[Tag] = field(default_factory=list)
    description: str | None = None
    columns: list[Column] = field(default_factory=list)
    owners: list[User] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)
    type_hint: str | None = None
