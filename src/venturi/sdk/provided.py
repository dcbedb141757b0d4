"""What installed provider wheels say they bring: hooks by connection type, `@task.<kind>` decorators, SQL dialects.

They say it by an entry point. Read once, when somebody asks for a kind that we do not have.
"""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple

ENTRY_POINT = "apache_airflow_provider"


class Provider(NamedTuple):
    version: str
    data: dict[str, Any]


_read: list[dict[str, Provider]] = []


def providers() -> dict[str, Provider]:
    """By the name of the distribution. One that cannot be read is left out."""
    if not _read:
        from importlib.metadata import entry_points

        found: dict[str, Provider] = {}
        for entry in entry_points(group=ENTRY_POINT):
            if entry.dist is None:
                continue
            try:
                data = entry.load()()
            except Exception:
                continue
            found[str(data.get("package-name") or entry.dist.name)] = Provider(entry.dist.version, data)
        _read.append(found)
    return _read[0]


def _listed(key: str) -> list[tuple[str, dict[str, Any]]]:
    return [(name, row) for name, provider in providers().items() for row in provider.data.get(key) or ()]


def connection_types() -> dict[str, tuple[str, str]]:
    """By connection type: the hook's class, and the wheel it is in."""
    return {row["connection-type"]: (row["hook-class-name"], name) for name, row in _listed("connection-types")}


def decorators() -> dict[str, str]:
    """By the name behind `@task.`: the function that decorates."""
    return {row["name"]: row["class-name"] for _, row in _listed("task-decorators")}


def dialects() -> dict[str, tuple[str, str]]:
    return {row["dialect-type"]: (row["dialect-class-name"], name) for name, row in _listed("dialects")}


def object_at(path: str) -> Any:
    place, _, name = path.rpartition(".")
    return getattr(importlib.import_module(place), name)
