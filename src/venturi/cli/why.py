"""The verb `why`: one sentence on what keeps a DAG, a run or a task from running, and what will change it.

Asks the engine; without one it is told from the database, and says that an engine must run first.
"""

from __future__ import annotations

import time
from typing import Any

import click

from ..config import Home, find_home, read_config
from . import options
from .printing import SUCCESS, iso, show
from .sending import ask


@click.command()
@click.argument("dag_id")
@click.argument("run_id", required=False)
@click.argument("task", metavar="[TASK[INDEX]]", required=False)
@options.everywhere
def why(dag_id: str, run_id: str | None, task: str | None, home_given: str | None, as_json: bool) -> int:
    """Why it is not running: a DAG, a run of it, a task in that run, or with DAG TASK a task in its newest run."""
    data = told_why(find_home(home_given), dag_id, run_id, task)
    show(data, as_json, data["sentence"])
    return SUCCESS


def told_why(home: Home, dag_id: str, run_id: str | None = None, task: str | None = None) -> dict[str, Any]:
    given = {"dag_id": dag_id, "run_id": run_id, "task": task}
    told = ask(home, "why", given)
    with_engine = told is not None
    if told is None:
        told = _from_the_database(home, given)
    kept = ("dag_id", "run_id", "task_id", "map_index", "sentence", "code")
    data = {name: told[name] for name in kept if name in told}
    if told.get("until"):
        data["until"] = iso(told["until"])
    return {**data, "engine": with_engine}


def _from_the_database(home: Home, given: dict[str, Any]) -> dict[str, Any]:
    from ..engine.whys import answer, known_without
    from .reading import open_reader

    config = read_config(home)
    with open_reader(home, config) as reader:
        return answer(known_without(reader, config), time.time(), **given)
