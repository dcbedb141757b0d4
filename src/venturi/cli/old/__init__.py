"""`venturi airflow …`: Airflow's own command lines, of 1.10, 2.x and 3.x, done by Venturi's verbs.

One module per group of words; each function gets where it is (`At`) and what was given, calls a verb or the reading
that the verb does, and prints in Airflow's form. What can be typed is in the table of `airflow.words`. Nothing is
decided here.
"""

from __future__ import annotations

import importlib
import io
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from typing import Any, NamedTuple

import click

from ...airflow.words import BadCommand, Help, read
from ...config import find_home
from ...core.errors import VenturiError
from .. import printing
from ..in_home import InHome
from ..printing import COULD_NOT_START, FAILED, INTERRUPTED, SUCCESS, Exit, say


class Told(NamedTuple):
    """What a verb came to."""

    status: int
    data: dict[str, Any]


class At(InHome):
    """The home in which a command was typed, and Venturi's verbs in it."""

    def __init__(self, home_given: str | None, words: str) -> None:
        super().__init__(find_home(home_given))
        self.home_given, self.words = home_given, words

    def verb(self, *arguments: str) -> Told:
        """`venturi …` with its result as data; what it says to people it says."""
        out = io.StringIO()
        with redirect_stdout(out):
            status = self.run(*_with(arguments, "--json"))
        return Told(status, json.loads(out.getvalue() or "{}"))

    def run(self, *arguments: str) -> int:
        """`venturi …` as if it had been typed."""
        from ..commands import venturi

        home = ["--home", self.home_given] if self.home_given else []
        status: Any = venturi.main(args=_with(arguments, *home), prog_name="venturi", standalone_mode=False)
        return status if isinstance(status, int) else SUCCESS


def _with(arguments: Sequence[str], *options: str) -> list[str]:
    """What follows `--` is no option, whatever it begins with."""
    at = list(arguments).index("--") if "--" in arguments else len(arguments)
    return [*arguments[:at], *options, *arguments[at:]]


def answer(argv: list[str]) -> int:
    """One of Airflow's commands; its exit status, as scripts expect it."""
    try:
        home_given, argv = _home_in(argv)
        typed = read(argv)
        if typed.command.is_sentence:
            say(typed.command.does)
            return typed.command.status
        module, _, name = typed.command.does.partition(".")
        does: Callable[[At, Any], int] = getattr(importlib.import_module(f"{__name__}.{module}"), name)
        return does(At(home_given, typed.words), typed.given)
    except Help as text:
        print(text)
        return SUCCESS
    except BadCommand as error:
        say(str(error))
        return COULD_NOT_START
    except Exit as end:
        if end.message:
            say(end.message)
        return end.status
    except click.UsageError as error:
        say(error.format_message())
        return COULD_NOT_START
    except click.exceptions.Exit as end:
        return end.exit_code
    except (click.Abort, KeyboardInterrupt):
        say("Interrupted.")
        return INTERRUPTED
    except VenturiError as error:
        say(str(error))
        return FAILED
    except BrokenPipeError:
        sys.stderr.close()
        return printing.FAILED


def _home_in(argv: list[str]) -> tuple[str | None, list[str]]:
    """`--home DIR`, which Airflow does not have and all verbs here do."""
    if "--home" not in argv:
        return None, argv
    at = argv.index("--home")
    if at + 1 == len(argv):
        raise BadCommand("--home is followed by a folder.")
    return argv[at + 1], argv[:at] + argv[at + 2 :]
