"""The command line that `dag.cli()` gives a DAG file, in the spellings of 1.10 (`test TASK DATE`) and 2.x (`tasks test
TASK DATE`). Owns the reading of the arguments; who performs them is `cli.dagfile`.
"""

from __future__ import annotations

import argparse
import json
from typing import Any, NoReturn

# What both spellings come to, and the words for it: 1.10's, 2.x's.
SPELLINGS = {
    "list_tasks": ("list_tasks", "tasks list"),
    "test": ("test", "tasks test"),
    "run": ("run", "tasks run"),
    "render": ("render", "tasks render"),
    "dag_test": ("dag_test", "dags test"),
    "backfill": ("backfill", "dags backfill"),
    "list_dags": ("list_dags", "dags list"),
    "show": ("show_dag", "dags show"),
}
# What needs an engine: the word → what is typed instead.
ELSEWHERE = {
    ("trigger_dag", "dags trigger"): "venturi trigger {dag}",
    ("pause", "dags pause"): "venturi pause {dag}",
    ("unpause", "dags unpause"): "venturi unpause {dag}",
    ("dag_state", "dags state", "list_dag_runs", "dags list-runs"): "venturi status {dag}",
    ("task_state", "tasks state", "tasks states-for-dag-run", "task_failed_deps", "tasks failed-deps"): (
        "venturi status {dag} RUN"
    ),
    ("clear", "tasks clear"): "venturi run {file}",
}


class BadCommand(Exception):
    """What was typed cannot be done; the message is for the person."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise BadCommand(f"{self.prog}: {message}.")


def read(argv: list[str], dag_id: str, file: str) -> argparse.Namespace:
    """What is wanted: `verb`, and its arguments."""
    words, rest = argv[:1], argv[1:]
    if words and words[0] in ("tasks", "dags") and rest:
        words, rest = [f"{words[0]} {rest[0]}"], rest[1:]
    typed = words[0].replace("_", "-") if " " in (words or [""])[0] else (words or [""])[0].replace("-", "_")
    for known, instead in ELSEWHERE.items():
        if typed in known:
            raise BadCommand(f"`{typed}` needs Venturi's engine. Use: {instead.format(dag=dag_id, file=file)}")
    verb = next((verb for verb, spelled in SPELLINGS.items() if typed in spelled), None)
    if verb is None:
        raise BadCommand(_usage(file))
    parser = _Parser(prog=typed, add_help=False)
    _ARGUMENTS[verb](parser)
    # A DAG's own command line names no DAG; where one is given first, as to the command `airflow`, it is left out.
    if rest and rest[0] == dag_id:
        rest = rest[1:]
    found, unknown = parser.parse_known_args(rest)
    found.verb = verb
    found.unknown = unknown
    return found


def _usage(file: str) -> str:
    lines = [f"usage: python {file} COMMAND …", ""]
    lines += [f"  {old:<12} or  {new}" for old, new in SPELLINGS.values()]
    return "\n".join(lines)


def _task_and_date(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("task_id")
    parser.add_argument("date", nargs="?")
    parser.add_argument("--task-params", "--task_params", "-tp", "-t", type=_read_json, default={}, dest="conf")
    parser.add_argument("--map-index", type=int, default=-1)
    for ignored in ("--dry-run", "--dry_run", "-dr"):
        parser.add_argument(ignored, action="store_true", dest="dry_run")
    parser.add_argument("--subdir", "-sd")


def _whole_dag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("date", nargs="?")
    parser.add_argument("--conf", "-c", type=_read_json, default={})
    parser.add_argument("--subdir", "-sd", "-S")


def _backfill(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--start-date", "--start_date", "-s", dest="start")
    parser.add_argument("--end-date", "--end_date", "-e", dest="end")
    parser.add_argument("--conf", "-c", type=_read_json, default={})


def _list_tasks(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--tree", "-t", action="store_true")


def _nothing(_: argparse.ArgumentParser) -> None:
    return None


_ARGUMENTS = {
    "list_tasks": _list_tasks,
    "test": _task_and_date,
    "run": _task_and_date,
    "render": _task_and_date,
    "dag_test": _whole_dag,
    "backfill": _backfill,
    "list_dags": _nothing,
    "show": _nothing,
}


def _read_json(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise argparse.ArgumentTypeError("must be a JSON object")
    return found
