"""`venturi db`: whether the database can be reached and is whole, its form, and its own tool."""

from __future__ import annotations

import os
import shutil
import sys

import click

from ..config import Home, find_home, read_config
from . import options
from .printing import COULD_NOT_START, FAILED, SUCCESS, fail, show
from .reading import open_reader


@click.group(cls=options.Verbs)
def db() -> None:
    """The database: check, migrate, version, shell. Old runs are removed by: venturi clean"""


def _address(home: Home) -> str:
    return str(read_config(home).database_url or home.database)


def _place(home: Home) -> str:
    from ..store.airflow_database import in_words

    return in_words(_address(home))


@db.command("check")
@options.everywhere
def db_check(home_given: str | None, as_json: bool) -> int:
    """Whether it can be reached, is of this Venturi's form, and is whole. Exit code 0 or 1."""
    from ..store.copying import damage

    home = find_home(home_given)
    with open_reader(home, read_config(home)) as reader:
        events = reader.last_event()
    found = damage(_address(home))
    if found is not None:
        fail(f"{_place(home)} is damaged: {found}. Restore a copy with: venturi restore FILE", FAILED, "damaged")
    show({"database": _place(home), "events": events}, as_json, f"{_place(home)} is reached and whole.")
    return SUCCESS


@db.command("migrate")
@options.everywhere
def db_migrate(home_given: str | None, as_json: bool) -> int:
    """Make it, or bring it to this Venturi's form, as the next start would."""
    from ..store.tables import HEAD
    from .settings import opened_store

    home = find_home(home_given)
    with opened_store(home, create=True):
        pass
    show({"database": _place(home), "version": HEAD}, as_json, f"The database is ready: {_place(home)}")
    return SUCCESS


@db.command("version")
@options.everywhere
def db_version(home_given: str | None, as_json: bool) -> int:
    """The form it has, and the one that this Venturi wants."""
    from ..core.errors import WrongSchema
    from ..store.tables import HEAD

    home = find_home(home_given)
    try:
        with open_reader(home, read_config(home)):
            found = HEAD
    except WrongSchema as error:
        found = str(error.parts["found"])
    text = found if found == HEAD else f"{found}; this Venturi wants {HEAD} (venturi db migrate)"
    show({"version": found, "wanted": HEAD}, as_json, text)
    return SUCCESS if found == HEAD else FAILED


@db.command("shell")
@options.everywhere
def db_shell(home_given: str | None, as_json: bool) -> int:  # noqa: ARG001  (all verbs take it)
    """Open it in `sqlite3` or `psql`, to read; what is changed there the engine does not see."""
    home = find_home(home_given)
    with open_reader(home, read_config(home)):
        pass
    address = _address(home)
    tool, argv = ("psql", [address]) if "://" in address else ("sqlite3", ["-readonly", address])
    found = shutil.which(tool)
    if found is None:
        fail(f"There is no `{tool}` on the PATH; it is a tool of the database's own.", COULD_NOT_START, "no_tool")
    environment = {**os.environ, "PGOPTIONS": "-c default_transaction_read_only=on"}
    sys.stdout.flush()
    os.execve(found, [tool, *argv], environment)
