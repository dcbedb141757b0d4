"""`venturi executors`: where tasks can run, and how much of that is taken."""

from __future__ import annotations

from typing import Any

import click

from ..config import find_home, read_config
from . import options
from .printing import SUCCESS, show, table
from .sending import ask


@click.group(cls=options.Verbs)
def executors() -> None:
    """Where tasks run."""


@executors.command("ls")
@options.everywhere
def executors_ls(home_given: str | None, as_json: bool) -> int:
    """The executors of this home: `local` is this machine."""
    home = find_home(home_given)
    told = ask(home, "status", {})
    row: dict[str, Any] = {"name": "local", "slots": read_config(home).slots}
    row |= {"taken": None, "online": False} if told is None else {"taken": told["live"], "online": bool(told["online"])}
    state = "no engine runs" if told is None else "online" if row["online"] else "its crew is not there"
    text = table(("EXECUTOR", "SLOTS", "TAKEN", "STATE"), [("local", row["slots"], row["taken"], state)])
    show({"executors": [row]}, as_json, text)
    return SUCCESS
