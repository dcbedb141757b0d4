"""`venturi config`: every setting, its value, and where that comes from."""

from __future__ import annotations

from typing import Any

import click

from ..config import Setting, find_home, settings_of
from ..core.secrets import HIDDEN, sounds_secret
from . import options
from .printing import SUCCESS, fail, show, table


@click.group(cls=options.Verbs)
def config() -> None:
    """Settings: venturi.toml in the home, and VENTURI_… variables, which win."""


def _shown(one: Setting) -> Any:
    from ..store.airflow_database import in_words

    if one.name == "database_url" and one.value:
        return in_words(one.value) if "@" in str(one.value) else one.value
    return HIDDEN if one.value is not None and sounds_secret(one.name) else one.value


@config.command("ls")
@click.option("--set", "only_set", is_flag=True, help="Only those that are not as they come.")
@options.everywhere
def config_ls(only_set: bool, home_given: str | None, as_json: bool) -> int:
    """All of them. `unknown` is a name in venturi.toml that means nothing."""
    found = [one for one in settings_of(find_home(home_given)) if not only_set or one.source != "default"]
    data = [{"name": one.name, "value": _shown(one), "source": one.source} for one in found]
    lines = [(d["name"], "" if d["value"] is None else d["value"], d["source"]) for d in data]
    show({"settings": data}, as_json, table(("NAME", "VALUE", "FROM"), lines))
    return SUCCESS


@config.command("get")
@click.argument("name")
@options.everywhere
def config_get(name: str, home_given: str | None, as_json: bool) -> int:
    """One of them."""
    one = next((one for one in settings_of(find_home(home_given)) if one.name == name), None)
    if one is None or one.source == "unknown":
        fail(f"There is no setting '{name}'. List them with: venturi config ls", code="no_such_setting")
    value = _shown(one)
    show({"name": name, "value": value, "source": one.source}, as_json, "" if value is None else str(value))
    return SUCCESS
