"""The verbs of pools: `ls`, `set`, `rm`. A pool bounds how many tasks that name it run at once.

Each change is a command to the engine. Without an engine its row waits in the database, and the caller is told so.
"""

from __future__ import annotations

import click

from ..config import find_home, read_config
from . import options
from .printing import SUCCESS, show, table
from .sending import ask, leave


@click.group()
def pools() -> None:
    """How many tasks may run at once in each named pool."""


@pools.command("ls")
@options.everywhere
def pools_ls(home_given: str | None, as_json: bool) -> int:
    """The pools and their slots."""
    home = find_home(home_given)
    from .reading import open_reader

    with open_reader(home, read_config(home)) as reader:
        rows = reader.pools()
    data = [{"pool": row.name, "slots": row.slots, "description": row.description} for row in rows]
    show({"pools": data}, as_json, table(("POOL", "SLOTS", "DESCRIPTION"), [tuple(row) for row in rows]))
    return SUCCESS


@pools.command("set")
@click.argument("pool")
@click.argument("slots", type=click.IntRange(min=0))
@click.option("--description")
@options.everywhere
def pools_set(pool: str, slots: int, description: str | None, home_given: str | None, as_json: bool) -> int:
    """Define a pool, or give it other slots. What runs goes on."""
    home = find_home(home_given)
    given = {"pool": pool, "slots": slots, "description": description}
    waits = ask(home, "pool_set", given) is None
    if waits:
        home.make()
        leave(home, "pool_set", given, create=True)
    has = "will have" if waits else "has"
    text = f"Pool '{pool}' {has} {slots} slot{'' if slots == 1 else 's'}."
    show({"pool": pool, "slots": slots, "waits": waits}, as_json, text)
    return SUCCESS


@pools.command("rm")
@click.argument("pool")
@options.everywhere
def pools_rm(pool: str, home_given: str | None, as_json: bool) -> int:
    """Remove a pool. Tasks that still name it run one at a time."""
    home = find_home(home_given)
    waits = ask(home, "pool_remove", {"pool": pool}) is None
    if waits:
        from .reading import open_reader

        with open_reader(home, read_config(home)):  # that there is a database to leave it in
            leave(home, "pool_remove", {"pool": pool})
    show({"pool": pool, "waits": waits}, as_json, f"Pool '{pool}' {'will be' if waits else 'is'} removed.")
    return SUCCESS
