"""The verbs of pools: `ls`, `set`, `rm`. A pool bounds how many tasks that name it run at once.

Each change is a command to the engine. Without an engine its row waits in the database, and the caller is told so.
"""

from __future__ import annotations

import click

from ..config import find_home, read_config
from . import options
from .printing import SUCCESS, show, table
from .sending import ask, leave


@click.group(cls=options.Verbs)
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
    data = [{**row._asdict(), "include_deferred": bool(row.include_deferred)} for row in rows]
    for one in data:
        one["pool"] = one.pop("name")
    lines = [
        (r.name, "no limit" if r.slots < 0 else r.slots, _counted(r.include_deferred), r.description) for r in rows
    ]
    show({"pools": data}, as_json, table(("POOL", "SLOTS", "COUNTED", "DESCRIPTION"), lines))
    return SUCCESS


@pools.command("set", context_settings={"ignore_unknown_options": True})  # -1 is a number
@click.argument("pool")
@click.argument("slots", type=click.IntRange(min=-1))
@click.option("--description")
@click.option(
    "--include-deferred/--no-include-deferred",
    default=None,
    help="Whether tasks that wait deferred keep their slots. [default: as it is; of a new pool: no]",
)
@options.everywhere
def pools_set(
    pool: str,
    slots: int,
    description: str | None,
    include_deferred: bool | None,
    home_given: str | None,
    as_json: bool,
) -> int:
    """Define a pool, or give it other slots; -1 is no limit. What runs goes on."""
    home = find_home(home_given)
    given = {"pool": pool, "slots": slots, "description": description, "include_deferred": include_deferred}
    waits = ask(home, "pool_set", given) is None
    if waits:
        home.make()
        leave(home, "pool_set", given, create=True)
    has = "will have" if waits else "has"
    how_many = "no limit" if slots < 0 else f"{slots} slot{'' if slots == 1 else 's'}"
    text = f"Pool '{pool}' {has} {how_many}."
    show({"pool": pool, "slots": slots, "waits": waits}, as_json, text)
    return SUCCESS


def _counted(include_deferred: bool | None) -> str:
    return "running, deferred" if include_deferred else "running"


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
