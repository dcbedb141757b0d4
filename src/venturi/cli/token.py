"""`venturi token`: what a client of the API says who it is by."""

from __future__ import annotations

import click

from ..config import find_home
from ..core import accounts
from ..web.token_file import token_of
from . import options, printing
from .printing import COULD_NOT_START, SUCCESS, fail, iso, show, table
from .settings import opened_store
from .users import ROLE, ROLES_NAMED, by_us

DAY_S = 24 * 3600.0


@click.group(invoke_without_command=True)
@options.everywhere
@click.pass_context
def token(context: click.Context, home_given: str | None, as_json: bool) -> int:
    """The bearer token of this home's API, made at the first time. Whoever has it may everything.

    For a program make one that may less, and that ends: venturi token create NAME --role user
    """
    if context.invoked_subcommand is not None:
        return SUCCESS
    made = token_of(find_home(home_given))
    show({"token": made}, as_json, made)
    return printing.SUCCESS


@token.command("create")
@click.argument("name")
@click.option(
    "--role",
    type=ROLE,
    metavar="ROLE",
    default="viewer",
    show_default=True,
    help=f"What it may everywhere: {ROLES_NAMED}.",
)
@click.option("--grant", "granted", metavar="DAG=ROLE", multiple=True, help="What it may in one DAG, above that.")
@click.option("--days", type=click.FloatRange(0, 3660, min_open=True), default=90.0, show_default=True)
@options.everywhere
def token_create(
    name: str, role: str, granted: tuple[str, ...], days: float, home_given: str | None, as_json: bool
) -> int:
    """Make a token for a program and print it, this once: only what it hashes to is kept."""
    if not accounts.is_name(name):
        limit = accounts.NAME_CHARS_MAX
        fail(f"A name has 1 to {limit} printable characters, and no colon.", COULD_NOT_START, "bad_name")
    grants = {}
    for text in granted:
        dag_id, _, there = text.rpartition("=")
        if not dag_id or there not in accounts.ROLES:
            known = ", ".join(accounts.ROLES)
            fail(f"--grant is DAG=ROLE, and a role is one of {known}; not '{text}'.", COULD_NOT_START, "usage")
        grants[dag_id] = there
    with opened_store(find_home(home_given), create=True) as store:
        id, secret = store.accounts.token_new(accounts.HOLDER, name, role, grants, days * DAY_S, by_us())
    show({"id": id, "token": secret}, as_json, secret)
    return SUCCESS


@token.command("ls")
@options.everywhere
def token_ls(home_given: str | None, as_json: bool) -> int:
    """The tokens, without themselves."""
    with opened_store(find_home(home_given), create=False) as store:
        rows = store.accounts.tokens()
    data = [
        {"id": r.id, "name": r.name, "account": r.account or None, "role": r.role, "grants": r.grants}
        | {"expires": iso(r.expires_at), "used": iso(r.used_at)}
        for r in rows
    ]
    lines = [(r.id, r.name, r.role, _day(r.expires_at), _day(r.used_at) if r.used_at else "never") for r in rows]
    text = table(("ID", "NAME", "ROLE", "EXPIRES (UTC)", "USED (UTC)"), lines) if rows else "There are no tokens."
    show({"tokens": data}, as_json, text)
    return SUCCESS


def _day(at: float | None) -> str:
    return str(iso(at))[:16].replace("T", " ")


@token.command("revoke")
@click.argument("id")
@options.everywhere
def token_revoke(id: str, home_given: str | None, as_json: bool) -> int:
    """End a token at once."""
    with opened_store(find_home(home_given), create=False) as store:
        store.accounts.token_revoke(id, by_us())
    show({"revoked": id}, as_json, f"Token {id} is revoked.")
    return SUCCESS
