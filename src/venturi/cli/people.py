"""The verbs of people: `questions`, `answer`, `approve`, `reject`. An answer is a command to the engine.

Without an engine its row waits in the database, and the caller is told so.
"""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable
from typing import Any

import click

from ..config import find_home, read_config
from . import options
from .following import name_of
from .printing import COULD_NOT_START, SUCCESS, fail, iso, show, table
from .sending import ask, leave

APPROVE, REJECT = "Approve", "Reject"  # as `ApprovalOperator` offers them


@click.group(invoke_without_command=True)
@options.everywhere
@click.pass_context
def questions(context: click.Context, home_given: str | None, as_json: bool) -> int:
    """What tasks wait for people to answer."""
    return SUCCESS if context.invoked_subcommand is not None else _listed(home_given, as_json)


@questions.command("ls")
@options.everywhere
def questions_ls(home_given: str | None, as_json: bool) -> int:
    """The open questions, oldest first."""
    return _listed(home_given, as_json)


def _listed(home_given: str | None, as_json: bool) -> int:
    home = find_home(home_given)
    from .reading import open_reader

    with open_reader(home, read_config(home)) as reader:
        rows = reader.open_questions()
    data = [
        {
            "dag_id": row.dag_id,
            "run_id": row.run_id,
            "task_id": row.task_id,
            "map_index": row.map_index,
            "asked_at": iso(row.at),
            **{name: value for name, value in row.detail.items() if name != "due_at"},
            "due_at": iso(row.detail.get("due_at")),
        }
        for row in rows
    ]
    lines = [
        (row.dag_id, row.run_id, name_of(row.task_id, row.map_index), _in_one_line(row.detail), _offered(row.detail))
        for row in rows
    ]
    text = table(("DAG", "RUN", "TASK", "SUBJECT", "OPTIONS"), lines) if rows else "Nothing is asked."
    show({"questions": data}, as_json, text)
    return SUCCESS


def _in_one_line(question: dict[str, Any]) -> str:
    return " ".join(str(question.get("subject") or "").split())[:60]


def _offered(question: dict[str, Any]) -> str:
    offered = ", ".join(str(option) for option in question.get("options") or ())
    return f"{offered} (several)" if question.get("multiple") else offered


def _of_a_task(function: Callable[..., int]) -> Callable[..., int]:
    function = click.option("--by", metavar="NAME", help="Who answers. [default: the user of this machine]")(function)
    return click.option("--map-index", type=int, default=-1, help="Of a mapped task. [default: none]")(function)


@click.command()
@click.argument("dag_id")
@click.argument("run_id")
@click.argument("task_id")
@click.argument("chosen", metavar="OPTION...", nargs=-1, required=True)
@click.option("--params", metavar="JSON", help="What is filled in, as a JSON object.")
@_of_a_task
@options.everywhere
def answer(
    dag_id: str,
    run_id: str,
    task_id: str,
    chosen: tuple[str, ...],
    params: str | None,
    map_index: int,
    by: str | None,
    home_given: str | None,
    as_json: bool,
) -> int:
    """Answer a task that asks a person. It goes on at once."""
    return _answer(home_given, as_json, (dag_id, run_id, task_id, map_index), list(chosen), _params(params), by)


def _params(text: str | None) -> dict[str, Any]:
    try:
        found = json.loads(text) if text is not None else {}
    except ValueError as error:
        fail(f"--params is not JSON: {error}.", COULD_NOT_START, "bad_params")
    if not isinstance(found, dict):
        fail("--params must be a JSON object, such as '{\"name\": 1}'.", COULD_NOT_START, "bad_params")
    return found


def _verdict(option: str, words: str) -> click.Command:
    @click.command(option.lower(), help=words)
    @click.argument("dag_id")
    @click.argument("run_id")
    @click.argument("task_id")
    @_of_a_task
    @options.everywhere
    def verb(
        dag_id: str, run_id: str, task_id: str, map_index: int, by: str | None, home_given: str | None, as_json: bool
    ) -> int:
        return _answer(home_given, as_json, (dag_id, run_id, task_id, map_index), [option], {}, by)

    return verb


approve = _verdict(APPROVE, "Say yes to a task that waits for approval.")
reject = _verdict(REJECT, "Say no to it.")


def _answer(
    home_given: str | None,
    as_json: bool,
    of: tuple[str, str, str, int],
    chosen: list[str],
    params: dict[str, Any],
    by: str | None,
) -> int:
    home = find_home(home_given)
    dag_id, run_id, task_id, map_index = of
    who = by or getpass.getuser()
    given = {"dag_id": dag_id, "run_id": run_id, "task_id": task_id, "map_index": map_index, "by": who}
    given |= {"options": chosen, "params": params}
    told = ask(home, "answer", given)
    if told is None:
        from .reading import open_reader

        with open_reader(home, read_config(home)):  # that there is a database to leave it in
            leave(home, "answer", given)
    name = name_of(task_id, map_index)
    text = f"{name} {'will have' if told is None else 'has'} the answer {', '.join(chosen)}, by {who}."
    show({**given, "options": chosen, "waits": told is None}, as_json, text)
    return SUCCESS
