"""`airflow pools …` (1.10: `airflow pool`)."""

from __future__ import annotations

import json
from argparse import Namespace
from typing import Any

from ...airflow import exports
from ..printing import SUCCESS, fail
from ..settings import opened_store
from . import At, files, rows

_COLUMNS = ("pool", "slots", "description", "include_deferred")


def _all(at: At) -> list[dict[str, Any]]:
    if not at.has_database:
        with opened_store(at.home, create=True):
            pass
    return [{name: one[name] for name in _COLUMNS} for one in at.verb("pools", "ls").data["pools"]]


def ls(at: At, given: Namespace) -> int:
    rows.show(_all(at), given.output, _COLUMNS)
    return SUCCESS


def get(at: At, given: Namespace) -> int:
    found = [one for one in _all(at) if one["pool"] == given.pool]
    if not found:
        fail(f"There is no pool '{given.pool}'. List them with: airflow pools list", code="no_such_pool")
    rows.show(found, given.output, _COLUMNS)
    return SUCCESS


def set_(at: At, given: Namespace) -> int:
    _set(at, given.pool, given.slots, given.description, given.include_deferred)
    print(f"Pool {given.pool} created")
    return SUCCESS


def _set(at: At, name: str, slots: Any, description: str | None, include_deferred: bool) -> None:
    options = ["--description", description] if description else []
    options.append("--include-deferred" if include_deferred else "--no-include-deferred")
    at.verb("pools", "set", name, str(slots), *options)


def delete(at: At, given: Namespace) -> int:
    at.verb("pools", "rm", given.pool)
    print(f"Pool {given.pool} deleted")
    return SUCCESS


def import_(at: At, given: Namespace) -> int:
    found = exports.read(given.file, "pools").pools
    for name, said in found.items():
        _set(at, name, said["slots"], said.get("description"), bool(said.get("include_deferred")))
    print(f"Uploaded {len(found)} pool(s)")
    return SUCCESS


def export(at: At, given: Namespace) -> int:
    found = {one["pool"]: {name: one[name] for name in _COLUMNS[1:]} for one in _all(at)}
    return files.put(given.file, json.dumps(found, indent=4) + "\n", f"Exported {len(found)} pools to {given.file}")


def by_options(at: At, given: Namespace) -> int:
    """1.10: `-s NAME SLOTS TEXT`, `-g NAME`, `-x NAME`, `-i FILE`, `-e FILE`; without any the list."""
    if given.set:
        name, slots, description = given.set
        return set_(at, Namespace(pool=name, slots=slots, description=description, include_deferred=False))
    if given.get or given.delete:
        return (get if given.get else delete)(at, Namespace(pool=given.get or given.delete, output=None))
    if getattr(given, "import") or given.export:
        file = getattr(given, "import") or given.export
        return (import_ if getattr(given, "import") else export)(at, Namespace(file=file))
    return ls(at, Namespace(output=None))
