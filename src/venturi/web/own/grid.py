"""The grid and the graph of a DAG, packed: texts and numbers instead of an object for each task."""

from __future__ import annotations

import gzip
import json
import time
from typing import Annotated, Any

from fastapi import Header, Request
from fastapi.responses import Response

from ...core.assets import declared_in
from ...core.errors import NotFound
from ...store.reading_pages import Condition, Order
from ..forming import dag_of, known_of
from ..here import OWN, At, Routes
from ..packing import LETTERS
from ..paging import Number, Text
from ..readers import Known

routes = Routes("Venturi", OWN)

RUNS_MAX = 200
GZIP_LEVEL = 4
GZIP_BYTES_MIN = 2000
Encoding = Annotated[str, Header(alias="accept-encoding")]
JSON: dict[int | str, dict[str, Any]] = {200: {"content": {"application/json": {"schema": {"type": "object"}}}}}


def sent(told: dict[str, Any], encoding: str) -> Response:
    body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {}
    if "gzip" in encoding and len(body) >= GZIP_BYTES_MIN:
        body, headers = gzip.compress(body, GZIP_LEVEL), {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return Response(body, media_type="application/json", headers=headers)


@routes.get("/dags/{dag_id}/grid", may="runs:read", response_class=Response, responses=JSON)
def get_grid(
    here: At, request: Request, dag_id: Text, limit: Number = 30, before: Number | None = None, encoding: Encoding = ""
) -> Response:
    """The newest runs, or those before a run's number, as of the event `event`. `cells` of a run are the letters of
    `tasks` in their order, each after how often it stands there in a row; `mapped` of a run is [place in `tasks`, how
    many instances, letters]."""
    asked = [Condition("dag_id", "is", dag_id)]
    if before is not None:
        asked.append(Condition("id", "lt", before))
    with here.reader() as reader:
        dag_of(reader, dag_id)
        event = reader.last_event()
        known = known_of(here, reader, dag_id)
        tasks = list(known.tasks)
        rows = reader.page("runs", asked, [Order("id", True)], min(max(0, limit), RUNS_MAX)).rows
        versions = {row[3]: here.version(reader, row[3]) for row in rows}
        cells = request.app.state.grids.look(reader, [(row[0], versions[row[3]]) for row in rows], tasks, known.id)
    runs = [_run(row, versions[row[3]], *found) for row, found in zip(rows, cells, strict=True)]
    letters = {letter: "queued" if state == "starting" else state for state, letter in LETTERS.items()}
    told = {"dag_id": dag_id, "version_number": known.number, "letters": {**letters, "-": None}, "tasks": tasks}
    return sent({**told, "now": time.time(), "event": event, "runs": runs}, encoding)


def _run(row: tuple[Any, ...], known: Known, cells: str, mapped: list[Any]) -> dict[str, Any]:
    id, _, run_id, _, state, run_type, queued, started, ended, date = row[:10]
    return {
        "number": id,
        "dag_run_id": run_id,
        "state": state,
        "run_type": run_type,
        "version_number": known.number,
        "times": [queued, started, ended, date],
        "cells": cells,
        "mapped": mapped,
    }


@routes.get("/dags/{dag_id}/graph", may="dags:read", response_class=Response, responses=JSON)
def get_graph(here: At, dag_id: Text, version_number: Number | None = None, encoding: Encoding = "") -> Response:
    """Tasks by their place in `tasks`: `edges` are pairs of places one after the other, `group_of` and `operator_of`
    are places in `groups` (−1: in none) and `operators`. `uses` and `makes` are [task, asset], `starts` the assets that
    start the DAG, all as places in `assets` ([name, URI])."""
    with here.reader() as reader:
        known = known_of(here, reader, dag_id)
        if version_number is not None:
            ids = [id for id, *_ in reader.version_list(dag_id)]
            if not 1 <= version_number <= len(ids):
                raise NotFound(kind="DAG version", name=version_number, advice=f"DAG '{dag_id}' has {len(ids)}.")
            known = here.version(reader, ids[version_number - 1])
    return sent(_graph(known), encoding)


def _graph(known: Known) -> dict[str, Any]:
    spec = known.spec
    place = {task.task_id: at for at, task in enumerate(spec.tasks)}
    operators = sorted({task.operator for task in spec.tasks})
    operator = {name: at for at, name in enumerate(operators)}
    group = {one.group_id: at for at, one in enumerate(spec.groups)}
    return {
        "dag_id": known.dag_id,
        "version_number": known.number,
        "tasks": list(place),
        "labels": {place[task.task_id]: task.label for task in spec.tasks if task.label},
        "operators": operators,
        "operator_of": [operator[task.operator] for task in spec.tasks],
        "groups": [
            [one.group_id, -1 if one.parent is None else group.get(one.parent, -1), one.label] for one in spec.groups
        ],
        "group_of": [group.get(task.group_id or "", -1) for task in spec.tasks],
        "mapped": [place[task.task_id] for task in spec.tasks if task.is_mapped],
        "setups": [place[task.task_id] for task in spec.tasks if task.is_setup],
        "teardowns": [place[task.task_id] for task in spec.tasks if task.is_teardown],
        "edges": [at for task in spec.tasks for up in task.upstream for at in (place[up], place[task.task_id])],
        **_assets(known),
        "edge_labels": [
            [place[up], place[down], word]
            for up, several in spec.edge_labels.items()
            for down, word in several.items()
            if up in place and down in place
        ],
    }


def _assets(known: Known) -> dict[str, Any]:
    places: dict[tuple[str, str], int] = {}

    def found(parts: Any) -> list[int]:
        keys = [(one["name"], one["uri"]) for one in declared_in({"schedule": parts})]
        return [places.setdefault(key, len(places)) for key in keys]

    spec = known.spec
    starts = found(spec.schedule)
    uses = [[at, one] for at, task in enumerate(spec.tasks) for one in found(list(task.inlets))]
    makes = [[at, one] for at, task in enumerate(spec.tasks) for one in found(list(task.outlets))]
    return {"assets": [list(key) for key in places], "starts": starts, "uses": uses, "makes": makes}
