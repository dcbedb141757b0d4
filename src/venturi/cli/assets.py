"""The verbs of assets: `ls`, `events`, `waiting`, `event`. What tasks make, what came of it, and who waits for it.

Telling of an event is a command to the engine; without one its row waits in the database. The rest is read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from ..config import find_home, read_config
from ..core import assets as meaning
from ..core.assets import Pile
from ..core.partitions import Waiting, by_assets, waits_for
from ..store import Reader
from . import options
from .printing import COULD_NOT_START, SUCCESS, fail, iso, show, table
from .sending import ask, leave


@click.group(cls=options.Verbs)
def assets() -> None:
    """What tasks make and use, and what starts by it."""


@contextmanager
def _reader(home_given: str | None) -> Iterator[Reader]:
    from .reading import open_reader

    home = find_home(home_given)
    with open_reader(home, read_config(home)) as reader:
        yield reader


@assets.command("ls")
@options.everywhere
def assets_ls(home_given: str | None, as_json: bool) -> int:
    """The assets that DAG files declare, who makes them and who starts by them."""
    with _reader(home_given) as reader:
        found, specs = reader.assets(), list(_specs(reader))
    data: list[dict[str, Any]] = []
    for one in found:
        told = {name: one.get(name) for name in ("name", "uri", "group", "extra", "events")}
        users = {"made_by": _makers(specs, one), "starts": _starters(specs, one)}
        data.append({**told, "group": one.get("group") or "asset", "last_event": iso(one["last_at"]), **users})
    lines = [
        (d["name"], "" if d["uri"] == d["name"] else d["uri"], d["events"], d["last_event"], ", ".join(d["starts"]))
        for d in data
    ]
    show({"assets": data}, as_json, table(("NAME", "URI", "EVENTS", "LAST", "STARTS"), lines))
    return SUCCESS


def _specs(reader: Reader) -> Iterator[dict[str, Any]]:
    for dag in reader.dags():
        if dag.active and dag.version is not None:
            yield reader.version(dag.version).spec


def _makers(specs: list[dict[str, Any]], one: dict[str, Any]) -> list[str]:
    key, found = (one["name"], one["uri"]), []
    for spec in specs:
        for task in spec.get("tasks", ()):
            if any(meaning.concerns(outlet, key, _no_alias) for outlet in task.get("outlets", ())):
                found.append(f"{spec['dag_id']}.{task['task_id']}")
    return found


def _starters(specs: list[dict[str, Any]], one: dict[str, Any]) -> list[str]:
    key = one["name"], one["uri"]
    conditions = [(spec["dag_id"], meaning.condition_in(spec.get("schedule"))) for spec in specs]
    return [dag_id for dag_id, condition in conditions if condition and meaning.concerns(condition, key, _no_alias)]


def _no_alias(_: str) -> tuple[()]:
    return ()


@assets.command("events")
@click.argument("named", metavar="[NAME|URI]", required=False)
@click.option("--alias", help="What came through this alias.")
@click.option("--limit", type=click.IntRange(min=1), default=50, show_default=True)
@options.everywhere
def assets_events(named: str | None, alias: str | None, limit: int, home_given: str | None, as_json: bool) -> int:
    """What was said of an asset, or of all of them, newest first."""
    with _reader(home_given) as reader:
        wanted: dict[str, Any] = {"alias": alias}
        if named is not None:
            one = reader.asset(name=named) or reader.asset(uri=named)
            if one is None:
                fail(_unknown(named), code="no_such_asset")
            wanted |= {"name": one["name"], "uri": one["uri"]}
        found = reader.asset_events(**wanted, limit=limit, newest_first=True)
    data = [{**event, "at": iso(event["at"])} for event in found]
    lines = [
        (e["at"], e["name"], e["partition"] or "", _made_by(e), json.dumps(e["extra"]) if e["extra"] else "")
        for e in data
    ]
    show({"events": data}, as_json, table(("AT", "ASSET", "PARTITION", "BY", "EXTRA"), lines))
    return SUCCESS


def _made_by(event: dict[str, Any]) -> str:
    if event["dag_id"] is None:
        return "a person"
    return f"{event['dag_id']}.{event['task_id']} {event['run_id']}"


@assets.command("waiting")
@click.argument("dag_id", required=False)
@options.everywhere
def assets_waiting(dag_id: str | None, home_given: str | None, as_json: bool) -> int:
    """The DAGs that start by assets: what each still waits for, and which events wait with it."""
    data = []
    with _reader(home_given) as reader:
        rows, partitions = reader.asset_piles(), reader.waiting_partitions()
        for spec in _specs(reader):
            condition = meaning.condition_in(spec.get("schedule"))
            if condition is None or dag_id not in (None, spec["dag_id"]):
                continue
            if by_assets(spec["schedule"]):
                data.append(_of_partitions(reader, spec, partitions.get(spec["dag_id"], [])))
                continue
            of_dag = [row for row in rows if row.dag_id == spec["dag_id"]]
            piles = [Pile(r.name, r.uri, r.n, r.first_at or 0.0) for r in of_dag]
            has = [{"name": r.name, "uri": r.uri, "events": r.n, "since": iso(r.first_at)} for r in of_dag if r.n]
            words = meaning.waits_for(condition, piles, reader.assets_of_alias)
            data.append({"dag_id": spec["dag_id"], "words": words, "has": has})
    if dag_id is not None and not data:
        fail(f"There is no DAG '{dag_id}' that starts by assets. List them with: venturi assets waiting", code="no_dag")
    lines = [(d["dag_id"], sum(h["events"] for h in d["has"]), d["words"]) for d in data]
    show({"waiting": data}, as_json, table(("DAG", "EVENTS", "IT"), lines))
    return SUCCESS


def _of_partitions(reader: Reader, spec: dict[str, Any], waiting: list[Waiting]) -> dict[str, Any]:
    """The same of a DAG that starts by partitions; and of each of these what has come."""
    words = waits_for(spec["schedule"], waiting, reader.assets_of_alias)
    found = [
        {
            "key": one.key,
            "since": iso(one.at),
            "lacks": one.lacks(spec["schedule"], reader.assets_of_alias) or None,
            "has": [{"name": c.name, "uri": c.uri, "partition": c.source, "at": iso(c.at)} for c in one.events],
        }
        for one in waiting
        if not one.is_unsaid
    ]
    has: dict[tuple[str, str], dict[str, Any]] = {}
    for came in {(c.token, c.n): c for one in waiting for c in one.events}.values():
        told = {"name": came.name, "uri": came.uri, "events": 0, "since": iso(came.at)}
        has.setdefault(came.asset, told)["events"] += 1
    return {"dag_id": spec["dag_id"], "words": words, "has": list(has.values()), "partitions": found}


@assets.command("event")
@click.argument("named", metavar="NAME|URI")
@click.option("--extra", metavar="JSON", help="An object that is told to the runs it starts.")
@click.option("--partition", metavar="KEY", help="It is of this partition alone.")
@options.everywhere
def assets_event(named: str, extra: str | None, partition: str | None, home_given: str | None, as_json: bool) -> int:
    """Tell of an event of an asset by hand, as if a task had made it."""
    home = find_home(home_given)
    given = {"named": named, "extra": _extra(extra), "partition": partition}
    told = ask(home, "asset_event", given)
    if told is None:
        with _reader(home_given) as reader:
            if (reader.asset(name=named) or reader.asset(uri=named)) is None:
                fail(_unknown(named), code="no_such_asset")
        leave(home, "asset_event", given)
        show({"waits": True}, as_json)
        return SUCCESS
    started = [f"{run['dag_id']} {run['run_id']}" for run in told["started"]]
    text = f"Asset '{told['name']}' has an event." + "".join(f"\nStarted: {one}" for one in started)
    show({**{name: told[name] for name in ("name", "uri", "event", "started")}, "waits": False}, as_json, text)
    return SUCCESS


def _extra(text: str | None) -> dict[str, Any]:
    try:
        found = json.loads(text) if text else {}
    except ValueError as error:
        fail(f"--extra is not JSON: {error}.", COULD_NOT_START, "bad_extra")
    if not isinstance(found, dict):
        fail("--extra must be a JSON object, such as '{\"rows\": 3}'.", COULD_NOT_START, "bad_extra")
    return found


def _unknown(named: str) -> str:
    return f"No DAG file declares an asset '{named}'. List them with: venturi assets ls"
