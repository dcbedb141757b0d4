"""`venturi down --purge`: everything that Venturi has made in a home is removed; what people have put there stays."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from ..config import Home, read_config
from . import processes
from .printing import COULD_NOT_START, fail

FILES = ("sealing.key", "api-token")
FOLDERS = ("logs", "spool", "values", "sources", "environments", "outbox", "run")


def ask_first(home: Home, yes: bool, as_json: bool) -> None:
    """Before anything is stopped."""
    if yes:
        return
    what = f"Runs, logs, values, connections, variables and accounts of {home.own} are removed for good."
    if as_json or not sys.stdin.isatty():
        fail(f"{what} Say --yes.", COULD_NOT_START, "not_sure")
    if not click.confirm(f"{what} Go on?", err=True):
        fail("Nothing was removed.", code="not_sure")


def purge(home: Home) -> list[str]:
    """What was removed. DAG files, plugins and venturi.toml are not ours."""
    from ..store.copying import remove_all

    if processes.noted(home, "up") or processes.noted(home, "engine") or processes.noted(home, "crew"):
        fail(f"Something is still at work in {home.own}; nothing was removed.", code="running")
    config = read_config(home)
    gone = []
    if config.database_url is not None or home.database.exists():
        remove_all(config.database_url or home.database)
        gone.append("the database")
    if config.database_url is not None:
        remove_all(home.database)  # one from before
    for name in (*FOLDERS, *FILES):
        if _remove(home.own / name):
            gone.append(name)
    for file in home.root.glob("airflow-*.pid"):
        file.unlink()
    return gone


def _remove(place: Path) -> bool:
    if place.is_symlink() or place.is_file():
        place.unlink()
        return True
    if place.is_dir():
        shutil.rmtree(place)
        return True
    return False
