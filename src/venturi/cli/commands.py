"""The table of verbs, and what happens around each: its module is imported when it is called, its failure is printed.

Owns the mapping of failures to exit codes and to their JSON form.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from .. import __version__
from ..core.errors import EngineRefused, VenturiError
from . import printing
from .printing import Exit

# verb → module here, and its line in the overview (so that the overview imports none of them)
VERBS = {
    "run": ("run", "Run one DAG file to the end, here and now."),
    "check": ("check", "Whether DAG files run here as they are."),
    "simulate": ("simulate", "What a schedule will do: every run that would start, overlaps, waits, missed deadlines."),
    "python": ("python", "Python with `import airflow` served: dag.cli(), a debugger, pytest."),
    "finder": ("outside", "Let every Python of this environment find `airflow` here: on, off, status."),
    "up": ("tree", "Start Venturi: engine, crew and web, restarted when they crash."),
    "down": ("tree", "Stop it; living attempts get 30 seconds to finish."),
    "restart": ("tree", "Start engine and web anew; attempts go on."),
    "status": ("tree", "What runs; or the state of a run."),
    "doctor": ("doctor", "What is wrong here, and how to mend it."),
    "why": ("why", "Why a DAG, a run or a task is not running, and what will change it."),
    "logs": ("tree", "The log of a task."),
    "ls": ("dags", "The DAGs of this home."),
    "environments": ("environments", "What bundles run in: ls, build, rm."),
    "trigger": ("dags", "Start a run of a DAG."),
    "run-task": ("dags", "Start a run of some tasks of a DAG alone."),
    "pause": ("dags", "Start no more runs of a DAG."),
    "unpause": ("dags", "Start runs of a DAG again."),
    "backfill": ("backfill", "Run the dates of a DAG that are past: DAG, ls, show, pause, resume, cancel."),
    "clear": ("control", "Run tasks of a run again, with all that comes after them if wanted."),
    "resume": ("control", "Let a run go on from what has failed in it."),
    "mark": ("control", "Let tasks, or a run, be as if they had ended so: success, failed, skipped."),
    "cancel": ("control", "End a run."),
    "note": ("control", "Write a note on a run or a task of it."),
    "remove": ("remove", "Remove a run, or a DAG with all its runs, for good."),
    "clean": ("clean", "Remove runs that ended long ago, with all that was their own."),
    "questions": ("people", "What tasks wait for people to answer."),
    "answer": ("people", "Answer a task that asks a person."),
    "approve": ("people", "Say yes to a task that waits for approval."),
    "reject": ("people", "Say no to it."),
    "connections": ("settings", "Where outside services are, sealed: set, get, ls, rm, import, test, rotate-key."),
    "variables": ("settings", "Named texts for DAG files, sealed: set, get, ls, rm, import."),
    "assets": ("assets", "What tasks make and what starts by it: ls, events, waiting, event."),
    "airflow": ("airflow", "Airflow's own commands, done by Venturi; with --import, what an existing Airflow knows."),
    "login": ("login", "A link that signs in once, in a browser on this machine."),
    "users": ("users", "Who may sign in, and what they may: create, ls, set-password, set-role, grant, disable, rm."),
    "token": ("token", "What clients of the API say who they are by: this home's own, or create, ls, revoke."),
    "audit": ("audit", "Who did what, and whether that record is whole."),
    "pools": ("pools", "How many tasks run at once in a pool: ls, set, rm."),
    "executors": ("executors", "Where tasks run, and how much of that is taken: ls."),
    "config": ("config", "Settings, and where each comes from: ls, get."),
    "db": ("db", "The database: check, migrate, version, shell."),
    "backup": ("backup", "Copy all that is kept into one file, while everything runs."),
    "restore": ("backup", "Fill a home in which there is nothing yet from such a file."),
    "completions": ("completions", "What lets bash, zsh or fish complete verbs and options."),
}


class _Verbs(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f"venturi.cli.{VERBS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(verb, line) for verb, (_, line) in VERBS.items()])


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="venturi")
def venturi() -> None:
    """Runs ML pipelines written as Airflow DAG files."""


def run_command(arguments: list[str] | None = None) -> int:
    """Run one command; its exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    as_json = "--json" in given and (given[0] != "airflow" or "--import" in given)
    try:
        status: Any = venturi.main(args=given, prog_name="venturi", standalone_mode=False)
        return status if isinstance(status, int) else printing.SUCCESS
    except Exit as end:
        return _failed(end, as_json)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        printing.say(error.format_message())  # as it is laid out
        return printing.COULD_NOT_START
    except click.UsageError as error:
        hint = f" See: {error.ctx.command_path} --help" if error.ctx else ""
        message = " ".join(error.format_message().split()).rstrip(".")
        stop = "" if message.endswith("?") else "."
        return _failed(Exit(f"{message}{stop}{hint}", printing.COULD_NOT_START, "usage"), as_json)
    except click.ClickException as error:
        return _failed(Exit(error.format_message(), error.exit_code, "failed"), as_json)
    except (click.Abort, KeyboardInterrupt):
        return _failed(Exit("Interrupted.", printing.INTERRUPTED, "interrupted"), as_json)
    except EngineRefused as error:
        return _failed(Exit(str(error), printing.FAILED, str(error.parts.get("code"))), as_json)
    except VenturiError as error:
        return _failed(Exit(str(error), printing.FAILED, type(error).__name__), as_json)
    except BrokenPipeError:  # `venturi ls | head`
        sys.stderr.close()
        return printing.FAILED


def _failed(end: Exit, as_json: bool) -> int:
    if end.message:
        printing.say(end.message)
    if as_json and end.status != printing.SUCCESS:
        printing.show({"error": {"code": end.code, "message": end.message}, **end.more}, True)
    return end.status
