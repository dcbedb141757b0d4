"""The verbs of DAGs: `ls`, `trigger`, `pause`, `unpause`.

Each change is a command to the engine. Without an engine its row waits in the database, and the caller is told so.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any
from uuid import uuid4

import click

from ..config import Home, find_home, read_config
from . import options, printing
from .environments import unready
from .printing import say, show
from .sending import ask, leave


@click.command("ls")
@options.everywhere
def ls(home_given: str | None, as_json: bool) -> int:
    """The DAGs of this home, and the files that could not be read."""
    home = find_home(home_given)
    from .reading import dag_list, open_reader

    with open_reader(home, read_config(home)) as reader:
        found, text = dag_list(reader)
    show(found, as_json, text)
    for line in unready(home):
        say(line)
    return printing.SUCCESS


@click.command()
@click.argument("dag_id")
@click.option("--conf", metavar="JSON", help="The run's configuration, an object.")
@click.option("--date", metavar="ISO", help="The run's logical date. [default: now]")
@click.option("--run-id", help="A name for the run. [default: manual__ and its date]")
@click.option("--unpause", "unpauses", is_flag=True, help="Unpause the DAG too.")
@options.everywhere
def trigger(
    dag_id: str,
    conf: str | None,
    date: str | None,
    run_id: str | None,
    unpauses: bool,
    home_given: str | None,
    as_json: bool,
) -> int:
    """Start a run. Of a paused DAG it waits until the DAG is unpaused."""
    given = {
        "dag_id": dag_id,
        "run_id": run_id,
        "conf": options.read_conf(conf),
        "date": date,
        "unpause": unpauses,
        "idempotency_key": uuid4().hex,  # asked twice over a restart of the engine, it is one run
    }
    answer = _command(find_home(home_given), "trigger", given)
    if answer.get("waits"):
        say(f"DAG '{dag_id}' is paused, so the run waits. Start it with: venturi unpause {dag_id}")
    show({"run_id": answer["run_id"]}, as_json, str(answer["run_id"]))
    return printing.SUCCESS


@click.command()
@click.argument("dag_id")
@options.everywhere
def pause(dag_id: str, home_given: str | None, as_json: bool) -> int:
    """Start no more runs of a DAG; what runs goes on."""
    return _set_paused("pause", dag_id, home_given, as_json)


@click.command()
@click.argument("dag_id")
@options.everywhere
def unpause(dag_id: str, home_given: str | None, as_json: bool) -> int:
    """Start runs of a DAG again."""
    return _set_paused("unpause", dag_id, home_given, as_json)


def _set_paused(name: str, dag_id: str, home_given: str | None, as_json: bool) -> int:
    _command(find_home(home_given), name, {"dag_id": dag_id})
    paused = name == "pause"
    show({"dag_id": dag_id, "paused": paused}, as_json, f"{dag_id} is {'paused' if paused else 'unpaused'}.")
    return printing.SUCCESS


def _command(home: Home, name: str, given: dict[str, Any]) -> dict[str, Any]:
    """The engine's answer; without an engine the command waits."""
    answer = ask(home, name, given)
    return _leave(home, name, given) if answer is None else answer


def _leave(home: Home, name: str, given: dict[str, Any]) -> dict[str, Any]:
    from .reading import is_paused, open_reader

    with open_reader(home, read_config(home)) as reader:
        paused = is_paused(reader, given["dag_id"])
    if name == "trigger" and not given["run_id"]:
        given = {**given, "run_id": f"manual__{given['date'] or datetime.now(timezone.utc).isoformat()}"}
    leave(home, name, given)
    return {"run_id": given.get("run_id"), "waits": paused and not given.get("unpause")}
