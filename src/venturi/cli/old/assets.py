"""`airflow assets …` and `airflow datasets …`."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from ..printing import SUCCESS, fail
from . import At, rows

_COLUMNS = ("name", "uri", "group", "extra")


def ls(at: At, given: Namespace) -> int:
    found = at.verb("assets", "ls").data["assets"]
    columns = [name.strip() for name in given.columns.split(",")] if given.columns else list(_COLUMNS)
    rows.show([{name: one.get(name) for name in columns} for one in found], given.output, columns)
    return SUCCESS


def _one(at: At, given: Namespace) -> dict[str, Any]:
    if not (given.name or given.uri):
        fail("Say which: --name NAME or --uri URI.", 2, "usage")
    found = [
        one
        for one in at.verb("assets", "ls").data["assets"]
        if given.name in (None, one["name"]) and given.uri in (None, one["uri"])
    ]
    if not found:
        fail(
            f"No DAG file declares an asset '{given.name or given.uri}'. List them with: airflow assets list",
            code="no_such_asset",
        )
    return dict(found[0])


def details(at: At, given: Namespace) -> int:
    pairs = [{"property_name": name, "property_value": value} for name, value in _one(at, given).items()]
    rows.show(pairs, given.output, ("property_name", "property_value"))
    return SUCCESS


def materialize(at: At, given: Namespace) -> int:
    """A run of the DAG that makes it."""
    one = _one(at, given)
    makers = sorted({name.partition(".")[0] for name in one["made_by"]})
    if len(makers) != 1:
        who = f"These DAGs make it: {', '.join(makers)}. Start one" if makers else "No DAG makes it. Tell of it by hand"
        fail(f"{who} with: venturi {'trigger DAG' if makers else 'assets event NAME'}", code="usage")
    run_id = at.verb("trigger", makers[0]).data["run_id"]
    rows.show([{"dag_id": makers[0], "dag_run_id": run_id}], given.output, ("dag_id", "dag_run_id"))
    return SUCCESS
