"""`venturi environments`: what bundles run in; building it now and watching that, removing it."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import click

from ..bundles import Bundle, Finder, single_file_bundle
from ..bundles.environments import REQUIREMENTS, Environment, Environments
from ..config import Home, find_home
from ..core.errors import EnvironmentFailed
from ..crew.spawning import why_unfit
from . import options, printing
from .printing import fail, say, show


@click.group(cls=options.Verbs)
def environments() -> None:
    """What bundles run in: each requirements.txt has an environment of its own, built once."""


@environments.command()
@options.everywhere
def ls(home_given: str | None, as_json: bool) -> int:
    """The environments of this home."""
    found = [_row(one, state) for one, state in Environments(find_home(home_given).environments).all()]
    lines = [f"{row['key']}  {row['state']:9} {row['bundle']}  {_detail(row)}".rstrip() for row in found]
    nothing = "No bundle of this home has asked for an environment. A requirements.txt beside its dags/ folder does."
    show({"environments": found}, as_json, "\n".join(lines) or nothing)
    return printing.SUCCESS


@environments.command()
@click.argument("path", default=".")
@options.everywhere
def build(path: str, home_given: str | None, as_json: bool) -> int:
    """Build the environment of the bundle at PATH (a folder, or a DAG file) and wait for it."""
    given = Path(path).expanduser().absolute()
    if not given.exists():
        fail(f"There is no file or folder {given}.", printing.COULD_NOT_START, "no_such_file")
    home = find_home(home_given)
    root = single_file_bundle(given / "any" if given.is_dir() else given).root
    if not (root / REQUIREMENTS).is_file():
        say(f"{root} has no {REQUIREMENTS}: its files run in Venturi's own environment.")
        show({"key": None}, as_json, "")
        return printing.SUCCESS
    made = built(home, root)
    show({"key": made.key, "python": made.python} if made else {"key": None}, as_json, made.python if made else "")
    return printing.SUCCESS


@environments.command()
@click.argument("key")
@options.everywhere
def rm(key: str, home_given: str | None, as_json: bool) -> int:
    """Remove one; it is built anew when a bundle needs it."""
    kept = Environments(find_home(home_given).environments)
    one = next((environment for environment, _ in kept.all() if environment.key == key), None)
    if one is None:
        fail(f"There is no environment '{key}'. See: venturi environments ls", code="NotFound")
    kept.remove(one)
    show({"removed": key}, as_json, f"{key} is removed.")
    return printing.SUCCESS


def built(home: Home, root: Path) -> Environment | None:
    """The environment of a bundle; what is done for it is told as it goes on."""
    began, told = time.monotonic(), [""]

    def tell(step: str) -> None:
        if not told[0]:
            say(f"Building the environment of {root.name} (once for this {REQUIREMENTS}):")
        if step != told[0]:
            told[0] = step
            say(f"  {time.monotonic() - began:5.1f} s  {step}")

    environment = Environments(home.environments).build(root, tell)
    if told[0]:
        say(f"  {time.monotonic() - began:5.1f} s  ready")
    return environment


def build_for(home: Home, bundle: Bundle) -> None:
    """Where it cannot be built, that is said, and the bundle goes on in what it has."""
    try:
        built(home, bundle.root)
    except EnvironmentFailed as failed:
        say(str(failed))


def placed(home: Home, bundle: Bundle) -> Bundle:
    """In the environment that is there."""
    return Finder([], Environments(home.environments)).with_environment(bundle, [])


def must_be_fit(bundle: Bundle) -> None:
    """Ends the command where the interpreter that the bundle itself names cannot run its files."""
    if bundle.python != sys.executable and not bundle.environment and (why := why_unfit(bundle.python)):
        fail(f"The interpreter {bundle.python} cannot be used. {why}", printing.COULD_NOT_START, "no_interpreter")


def unready(home: Home) -> list[str]:
    """A line for each environment that is being built or could not be."""
    lines = []
    for _, state in Environments(home.environments).all():
        root = Path(state.get("root", ""))
        if state["state"] == "building":
            lines.append(f"{root.name}: its environment is being built ({state['step']}, {_since(state)}).")
        elif state["state"] == "failed" and _asks_for_it_still(home, root):
            lines.append(f"{root.name}: {state['error']}")
    return lines


def _asks_for_it_still(home: Home, root: Path) -> bool:
    try:
        choice = Environments(home.environments).choose(root)
    except Exception:
        return False
    return choice is not None and bool(choice.problem)


def _since(state: dict[str, Any]) -> str:
    return f"{time.time() - state['began']:.0f} s"


def _row(one: Environment, state: dict[str, Any]) -> dict[str, Any]:
    row = {"key": one.key, "state": state["state"], "bundle": state.get("root", ""), "python": one.python}
    row |= {name: state[name] for name in ("step", "error", "seconds", "packages", "notices") if state.get(name)}
    return row


def _detail(row: dict[str, Any]) -> str:
    if row["state"] == "ready":
        return f"{row['packages']} packages, built in {row['seconds']} s"
    return str(row.get("error") or row.get("step") or "")
