"""The verbs of DAGs: `ls`, `trigger`, `run-task`, `pause`, `unpause`.

Each change is a command to the engine. Without an engine its row waits in the database, and the caller is told so.
"""

from __future__ import annotations

import getpass
from collections.abc import Callable
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import click

from ..config import Home, find_home, read_config
from . import options, printing
from .environments import unready
from .printing import say, show
from .sending import ask, leave

if TYPE_CHECKING:
    from ..store import Reader


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


def _new_run(function: Callable[..., int]) -> Callable[..., int]:
    for option in (
        click.option("--by", metavar="NAME", help="Who starts it. [default: the user of this machine]"),
        click.option("--idempotency-key", metavar="KEY", help="Said again with the same key, it is the same run."),
        click.option("--unpause", "unpauses", is_flag=True, help="Unpause the DAG too."),
        click.option("--run-id", help="A name for the run. [default: manual__ and its date]"),
        click.option("--partition-key", metavar="KEY", help="The partition it is for, of a DAG that has partitions."),
        click.option("--date", metavar="ISO", help="The run's logical date. [default: now]"),
        click.option("--param", "params", metavar="NAME=VALUE", multiple=True, help="One of its parameters."),
        click.option("--conf", metavar="JSON", help="The run's configuration, an object."),
    ):
        function = option(function)
    return function


@click.command()
@click.argument("dag_id")
@_new_run
@options.everywhere
def trigger(dag_id: str, home_given: str | None, as_json: bool, **more: Any) -> int:
    """Start a run. Of a paused DAG it waits until the DAG is unpaused."""
    return _start(dag_id, [], home_given, as_json, **more)


@click.command("run-task")
@click.argument("dag_id")
@click.argument("tasks", metavar="TASK...", nargs=-1, required=True)
@_new_run
@options.everywhere
def run_task(dag_id: str, tasks: tuple[str, ...], home_given: str | None, as_json: bool, **more: Any) -> int:
    """Start a run of these tasks alone, as if nothing else were in the DAG. In a run that is there: venturi clear."""
    return _start(dag_id, list(tasks), home_given, as_json, **more)


def _start(
    dag_id: str,
    tasks: list[str],
    home_given: str | None,
    as_json: bool,
    conf: str | None,
    params: tuple[str, ...],
    date: str | None,
    run_id: str | None,
    unpauses: bool,
    idempotency_key: str | None,
    by: str | None,
    partition_key: str | None,
) -> int:
    given = {
        "dag_id": dag_id,
        "run_id": run_id,
        "conf": options.read_conf(conf) | options.read_params(params),
        "date": options.read_date(date) if date else None,
        "unpause": unpauses,
        "idempotency_key": idempotency_key or uuid4().hex,  # asked twice over a restart of the engine, it is one run
        "by": by or getpass.getuser(),
        **({"tasks": tasks} if tasks else {}),
        **({"partition": partition_key} if partition_key is not None else {}),
    }
    answer = _command(find_home(home_given), "trigger", given)
    existed = bool(answer.get("existed"))
    if existed:
        say(f"DAG '{dag_id}' has this run already.")
    elif answer.get("waits"):
        say(f"DAG '{dag_id}' is paused, so the run waits. Start it with: venturi unpause {dag_id}")
    show({"run_id": answer["run_id"], **({"existed": True} if existed else {})}, as_json, str(answer["run_id"]))
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
        if name == "trigger":
            _check(reader, given)
    if name == "trigger" and not given["run_id"]:
        given = {**given, "run_id": f"manual__{given['date'] or datetime.now(timezone.utc).isoformat()}"}
    leave(home, name, given)
    return {"run_id": given.get("run_id"), "waits": paused and not given.get("unpause")}


def _check(reader: Reader, given: dict[str, Any]) -> None:
    """What cannot be is refused now, and not by the next engine."""
    from ..core.spec import dag_from_json, with_only
    from ..engine.making import began_of, check_parameters

    dag_id = given["dag_id"]
    dag = reader.dag(dag_id)
    if dag is not None and dag.version is not None:
        spec = dag_from_json(reader.version(dag.version).spec)
        check_parameters(spec, given["conf"])
        if given.get("partition") is not None:
            began_of(spec, given["partition"])
        with_only(spec, given.get("tasks") or [task.task_id for task in spec.tasks])
    if given["run_id"] and reader.run(dag_id, given["run_id"]) is not None:
        printing.fail(f"DAG '{dag_id}' already has a run '{given['run_id']}'.", code="run_exists")
    if given["date"]:
        options.read_date(given["date"])
