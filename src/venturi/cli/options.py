"""What every command takes: `--home` and `--json`. Owns these options, groups of verbs, the reading of arguments."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import click

from .printing import COULD_NOT_START, fail

_F = TypeVar("_F", bound=Callable[..., Any])


def everywhere(function: _F) -> _F:
    """`home_given` and `as_json` for a command."""
    function = click.option(
        "--home", "home_given", metavar="DIR", help="The home folder. [default: $VENTURI_HOME, else ~/.venturi]"
    )(function)
    return click.option("--json", "as_json", is_flag=True, help="One line of JSON on stdout, all else on stderr.")(
        function
    )


class Verbs(click.Group):
    """A group that lists where no verb is typed, and knows one behind the options that all take, too."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        n = _taken_by_all(args)
        if n < len(args):
            return super().parse_args(ctx, [args[n], *args[:n], *args[n + 1 :]])
        return super().parse_args(ctx, ["ls", *args] if "ls" in self.commands else [])


def _taken_by_all(words: list[str]) -> int:
    """How many words at the beginning are `--json` and `--home DIR`."""
    n = 0
    while n < len(words) and (words[n] in ("--json", "--home") or words[n].startswith("--home=")):
        n += 2 if words[n] == "--home" else 1
    return min(n, len(words))


def read_conf(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        conf = json.loads(text)
    except ValueError as error:
        fail(f"--conf is not JSON: {error}.", COULD_NOT_START, "bad_conf")
    if not isinstance(conf, dict):
        fail("--conf must be a JSON object, such as '{\"name\": 1}'.", COULD_NOT_START, "bad_conf")
    return conf


def read_params(texts: tuple[str, ...]) -> dict[str, Any]:
    """`NAME=VALUE` of each: a value that is JSON is that, any other is a text."""
    found: dict[str, Any] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name:
            fail(f"--param is NAME=VALUE, not '{text}'.", COULD_NOT_START, "bad_param")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found


def read_date(text: str) -> str:
    """As the engine takes it."""
    try:
        datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        fail(f"'{text}' is no date; write it like 2026-01-31 or 2026-01-31T12:00:00+00:00", COULD_NOT_START, "bad_date")
    return text
