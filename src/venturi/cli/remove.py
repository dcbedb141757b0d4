"""`venturi remove`: a DAG with all its runs, or one run, for good. A command to the engine."""

from __future__ import annotations

import getpass
import sys

import click

from ..config import find_home, read_config
from . import options
from .printing import COULD_NOT_START, SUCCESS, fail, say, show
from .sending import ask, leave


@click.command()
@click.argument("dag_id")
@click.argument("run_id", required=False)
@click.option("--yes", "-y", is_flag=True, help="Do not ask first.")
@click.option("--by", metavar="NAME", help="Who wants it. [default: the user of this machine]")
@options.everywhere
def remove(dag_id: str, run_id: str | None, yes: bool, by: str | None, home_given: str | None, as_json: bool) -> int:
    """Remove a run, or a DAG with all its runs: tasks, values, logs, notes. A DAG whose file is there stays listed."""
    home = find_home(home_given)
    what = f"Run '{run_id}' of DAG '{dag_id}'" if run_id else f"DAG '{dag_id}' with all its runs"
    if not yes:
        if as_json or not sys.stdin.isatty():
            fail(f"{what} is removed for good. Say --yes.", COULD_NOT_START, "not_sure")
        if not click.confirm(f"{what} is removed for good. Go on?", err=True):
            fail("Nothing was changed.", code="not_sure")
    name = "remove_run" if run_id else "remove_dag"
    given = {"dag_id": dag_id, "by": by or getpass.getuser(), **({"run_id": run_id} if run_id else {})}
    told = ask(home, name, given)
    if told is None:
        from .reading import find_run, is_paused, open_reader

        with open_reader(home, read_config(home)) as reader:
            if run_id is None:
                is_paused(reader, dag_id)
            else:
                find_run(reader, dag_id, run_id)
        leave(home, name, given)
    show({**given, "waits": told is None}, as_json, f"{what} {'will be' if told is None else 'is'} removed.")
    if told is not None and told.get("stays"):
        say("Its file is there, so the DAG stays listed.")
    return SUCCESS
