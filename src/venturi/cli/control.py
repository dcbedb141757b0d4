"""The verbs that change runs: `clear`, `resume`, `mark`, `cancel`, `note`. Each is a command to the engine; without
one it waits for the next.

Owns the preview and the question before anything is changed.
"""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from ..config import Home, find_home, read_config
from . import options
from .following import name_of
from .printing import COULD_NOT_START, SUCCESS, fail, say, show, table
from .sending import ask, leave

if TYPE_CHECKING:
    from ..engine.changing import Touched
    from ..engine.versions import Versions
    from ..store import Reader

MARKS = ("success", "failed", "skipped")
SHOWN_MAX = 100  # rows of a preview


def _sure(function: Callable[..., int]) -> Callable[..., int]:
    function = click.option("--by", metavar="NAME", help="Who wants it. [default: the user of this machine]")(function)
    function = click.option("--yes", "-y", is_flag=True, help="Do not ask first.")(function)
    return click.option("--dry-run", is_flag=True, help="Only list what would be touched.")(function)


def _which(function: Callable[..., int]) -> Callable[..., int]:
    function = click.option("--future", is_flag=True, help="And in all runs of later dates.")(function)
    function = click.option("--past", is_flag=True, help="And in all runs of earlier dates.")(function)
    function = click.option("--downstream", is_flag=True, help="And all that comes after them.")(function)
    return click.option("--upstream", is_flag=True, help="And all that comes before them.")(function)


_current_code = click.option(
    "--current-code", is_flag=True, help="Go on with the DAG's newest version. [default: the run's own]"
)


@click.command()
@click.argument("dag_id")
@click.argument("run_id")
@click.argument("tasks", metavar="[TASK[INDEX]]...", nargs=-1)
@_which
@click.option("--only-failed", is_flag=True, help="Of these, only what has failed or not run because of that.")
@click.option("--only-running", is_flag=True, help="Of these, only what is at work.")
@_current_code
@_sure
@options.everywhere
def clear(
    dag_id: str,
    run_id: str,
    tasks: tuple[str, ...],
    dry_run: bool,
    yes: bool,
    by: str | None,
    home_given: str | None,
    as_json: bool,
    **flags: bool,
) -> int:
    """Run tasks of a run again: those named (or a task group), or all. Their setups and teardowns go with them."""
    given = {"dag_id": dag_id, "run_id": run_id, "tasks": list(tasks), **flags}

    def preview(reader: Reader, versions: Versions) -> list[Touched]:
        from ..core.clearing import Wish
        from ..engine.changing import clearing

        return clearing(reader, versions, dag_id, run_id, Wish(tuple(tasks), **flags))

    return _change("clear", given, preview, dry_run, yes, by, home_given, as_json)


@click.command()
@click.argument("dag_id")
@click.argument("run_id")
@_current_code
@_sure
@options.everywhere
def resume(
    dag_id: str,
    run_id: str,
    current_code: bool,
    dry_run: bool,
    yes: bool,
    by: str | None,
    home_given: str | None,
    as_json: bool,
) -> int:
    """Let a run go on from what has failed in it, or from where it was cancelled. What has succeeded stays."""
    given = {"dag_id": dag_id, "run_id": run_id, "current_code": current_code}

    def preview(reader: Reader, versions: Versions) -> list[Touched]:
        from ..engine.changing import resuming

        return resuming(reader, versions, dag_id, run_id, current_code)

    return _change("resume", given, preview, dry_run, yes, by, home_given, as_json)


@click.command()
@click.argument("dag_id")
@click.argument("run_id")
@click.argument("words", metavar="[TASK[INDEX]]... success|failed|skipped", nargs=-1, required=True)
@_which
@_sure
@options.everywhere
def mark(
    dag_id: str,
    run_id: str,
    words: tuple[str, ...],
    dry_run: bool,
    yes: bool,
    by: str | None,
    home_given: str | None,
    as_json: bool,
    **flags: bool,
) -> int:
    """Let tasks of a run be as if they had ended so, or the run as a whole. What runs of them is ended; what had failed
    after them is decided anew."""
    *tasks, state = words
    if state not in MARKS:
        fail(f"Say at the end as what: {', '.join(MARKS)}; not '{state}'.", COULD_NOT_START, "usage")
    given = {"dag_id": dag_id, "run_id": run_id, "tasks": tasks, "state": state, **flags}

    def preview(reader: Reader, versions: Versions) -> list[Touched]:
        from ..core.clearing import Wish
        from ..core.states import TaskState
        from ..engine.changing import marking

        return marking(reader, versions, dag_id, run_id, TaskState(state), Wish(tuple(tasks), **flags))

    return _change("mark", given, preview, dry_run, yes, by, home_given, as_json)


@click.command()
@click.argument("dag_id")
@click.argument("run_id")
@click.option("--by", metavar="NAME", help="Who wants it. [default: the user of this machine]")
@options.everywhere
def cancel(dag_id: str, run_id: str, by: str | None, home_given: str | None, as_json: bool) -> int:
    """End a run: what runs is ended, what has not begun is skipped. Its teardowns run; said twice, they end too."""
    home = find_home(home_given)
    by = by or getpass.getuser()
    given = {"dag_id": dag_id, "run_id": run_id, "reason": f"cancelled by {by}"}
    told = ask(home, "cancel_run", given)
    if told is None:
        from .reading import find_run, open_reader

        with open_reader(home, read_config(home)) as reader:
            row = find_run(reader, dag_id, run_id)
        if row.state in ("success", "failed"):
            fail(f"Run '{run_id}' is over: {row.state}.", code="no_such_run")
        leave(home, "cancel_run", given)
    text = f"{dag_id} {run_id} {'will be' if told is None else 'is being'} cancelled."
    show({"dag_id": dag_id, "run_id": run_id, "by": by, "waits": told is None}, as_json, text)
    return SUCCESS


@click.command()
@click.argument("dag_id")
@click.argument("run_id")
@click.argument("words", metavar="[TASK[INDEX]] TEXT", nargs=-1, required=True)
@click.option("--by", metavar="NAME", help="Who writes it. [default: the user of this machine]")
@options.everywhere
def note(
    dag_id: str, run_id: str, words: tuple[str, ...], by: str | None, home_given: str | None, as_json: bool
) -> int:
    """Write a note on a run or on a task of it; `venturi status` shows it. An empty text takes it away."""
    if len(words) > 2:
        fail("Say the text as one word, in quotes.", COULD_NOT_START, "usage")
    task, text = (None, words[0]) if len(words) == 1 else words
    home = find_home(home_given)
    given = {"dag_id": dag_id, "run_id": run_id, "task": task, "text": text, "by": by or getpass.getuser()}
    told = ask(home, "note", given)
    if told is None:
        from ..engine.changing import instance_of
        from ..engine.versions import Versions
        from .reading import find_run, open_reader

        with open_reader(home, read_config(home)) as reader:
            row = find_run(reader, dag_id, run_id)
            instance_of(Versions(reader).plan(row.version, row.only), task)
        leave(home, "note", given)
    show({**given, "waits": told is None}, as_json, "Noted.")
    return SUCCESS


def _change(
    name: str,
    given: dict[str, Any],
    preview: Callable[[Reader, Versions], list[Touched]],
    dry_run: bool,
    yes: bool,
    by: str | None,
    home_given: str | None,
    as_json: bool,
) -> int:
    home = find_home(home_given)
    runs: list[dict[str, Any]] = []
    if dry_run or not yes:
        runs = _previewed(home, preview)
    if dry_run:
        show({**given, "runs": runs, "dry_run": True}, as_json, _text(runs, f"Would be {_what(given)}"))
        return SUCCESS
    if not yes:
        _make_sure(runs, f"To be {_what(given)}", as_json)
    given["by"] = by or getpass.getuser()
    told = ask(home, name, given)
    if told is None:
        runs = runs or _previewed(home, preview)  # what cannot be is refused now, not by the next engine
        leave(home, name, given)
    else:
        runs = [{**run, "tasks": [_task(*task) for task in run["tasks"]]} for run in told["runs"]]
        if told.get("waits"):
            say(f"DAG '{given['dag_id']}' is paused, so it waits. Unpause it with: venturi unpause {given['dag_id']}")
    show({**given, "runs": runs, "waits": told is None}, as_json, _text(runs, _done(given, told is None)))
    return SUCCESS


def _what(given: dict[str, Any]) -> str:
    return "changed" if "state" in given else "run again"


def _done(given: dict[str, Any], waits: bool) -> str:
    if waits:
        return f"Will be {_what(given)}"
    return "Changed" if "state" in given else "Runs again"


def _previewed(home: Home, preview: Callable[[Reader, Versions], list[Touched]]) -> list[dict[str, Any]]:
    from ..engine.versions import Versions
    from .reading import open_reader

    with open_reader(home, read_config(home)) as reader:
        touched = preview(reader, Versions(reader))
    return [
        {
            "run_id": one.row.run_id,
            "tasks": [_task(*told) for told in one.told()],
            "reopened": one.row.state in ("success", "failed"),
        }
        for one in touched
    ]


def _task(task_id: str, map_index: int, state: str, becomes: str) -> dict[str, Any]:
    return {"task_id": task_id, "map_index": map_index, "state": state, "becomes": becomes}


def _text(runs: list[dict[str, Any]], head: str) -> str:
    rows = [
        (run["run_id"], name_of(task["task_id"], task["map_index"]), task["state"], _becomes(task["becomes"]))
        for run in runs
        for task in run["tasks"]
    ]
    if not rows:
        return f"{head}: {', '.join(run['run_id'] for run in runs)}."
    text = table(("RUN", "TASK", "WAS", "BECOMES"), rows[:SHOWN_MAX])
    if len(rows) > SHOWN_MAX:
        text += f"\n… and {len(rows) - SHOWN_MAX:,} more"
    of = f" of {len(runs)} runs" if len(runs) > 1 else ""
    return f"{text}\n{head}: {_many(len(rows))}{of}."


def _many(n: int) -> str:
    return f"{n:,} task instance{'' if n == 1 else 's'}"


def _becomes(state: str) -> str:
    return "to be run" if state == "none" else state


def _make_sure(runs: list[dict[str, Any]], head: str, as_json: bool) -> None:
    if as_json or not sys.stdin.isatty():
        n = sum(len(run["tasks"]) for run in runs)
        advice = "Say --yes, or look first with --dry-run."
        fail(f"This touches {_many(n)}. {advice}", COULD_NOT_START, "not_sure")
    say(_text(runs, head))
    if not click.confirm("Go on?", err=True):
        fail("Nothing was changed.", code="not_sure")
