"""`venturi users`: who may sign in, and what they may.

They write to the database themselves, each in one short transaction that says who did it. A password is asked for
without being shown, or read from stdin; it is never an argument, which others see in the list of processes.
"""

from __future__ import annotations

import getpass
import sys

import click

from ..config import find_home
from ..core import accounts
from ..store.accounts import By
from ..web import passwords
from . import options
from .printing import COULD_NOT_START, SUCCESS, fail, iso, say, show, table
from .settings import opened_store

ROLE = click.Choice(accounts.ROLES)
ROLES_NAMED = ", ".join(accounts.ROLES)


def by_us() -> By:
    return By(f"{getpass.getuser()} of this machine", "command line")


@click.group(cls=options.Verbs)
def users() -> None:
    """Who may sign in, and what they may."""


def _password(name: str, from_stdin: bool) -> str:
    if from_stdin:
        given = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        given = click.prompt(f"Password of {name}", hide_input=True, confirmation_prompt=True, err=True)
    else:
        fail("There is no terminal to ask for the password: give --password-stdin.", COULD_NOT_START, "usage")
    objection = passwords.objection(given, name)
    if objection is not None:
        fail(objection, COULD_NOT_START, "bad_password")
    return passwords.hashed(given)


_from_stdin = click.option("--password-stdin", is_flag=True, help="Read the password from the first line of stdin.")


@users.command("create")
@click.argument("name")
@click.option("--role", type=ROLE, metavar="ROLE", default="viewer", show_default=True, help=ROLES_NAMED)
@_from_stdin
@options.everywhere
def users_create(name: str, role: str, password_stdin: bool, home_given: str | None, as_json: bool) -> int:
    """Make an account. The role `none` may nothing but what `venturi users grant` adds."""
    if not accounts.is_name(name):
        limit = accounts.NAME_CHARS_MAX
        fail(f"A name has 1 to {limit} printable characters, and no colon.", COULD_NOT_START, "bad_name")
    with opened_store(find_home(home_given), create=True) as store:
        store.accounts.create(name, role, _password(name, password_stdin), by_us())
    show({"name": name, "role": role}, as_json, f"Account '{name}' is made, as {role}.")
    return SUCCESS


@users.command("ls")
@options.everywhere
def users_ls(home_given: str | None, as_json: bool) -> int:
    """The accounts."""
    with opened_store(find_home(home_given), create=False) as store:
        rows = store.accounts.accounts()
    data = [
        {"name": r.name, "role": r.role, "grants": r.grants, "disabled": r.disabled, "made": iso(r.at)} for r in rows
    ]
    lines = [
        (r.name, r.role, " ".join(f"{d}={g}" for d, g in r.grants.items()), "disabled" if r.disabled else "active")
        for r in rows
    ]
    text = (
        table(("NAME", "ROLE", "GRANTS", "STATE"), lines)
        if rows
        else "There are no accounts. venturi users create NAME"
    )
    show({"users": data}, as_json, text)
    return SUCCESS


@users.command("set-password")
@click.argument("name")
@_from_stdin
@options.everywhere
def users_set_password(name: str, password_stdin: bool, home_given: str | None, as_json: bool) -> int:
    """Set a password; every session and token of the account ends."""
    with opened_store(find_home(home_given), create=False) as store:
        store.accounts.set_password(name, _password(name, password_stdin), by_us())
    show({"name": name}, as_json, f"The password of '{name}' is set; its sessions and tokens have ended.")
    return SUCCESS


@users.command("set-role")
@click.argument("name")
@click.argument("role", type=ROLE, metavar="ROLE")
@options.everywhere
def users_set_role(name: str, role: str, home_given: str | None, as_json: bool) -> int:
    """Set what an account may everywhere; every session and token of it ends."""
    with opened_store(find_home(home_given), create=False) as store:
        store.accounts.set_role(name, role, by_us())
    show({"name": name, "role": role}, as_json, f"'{name}' is {role}; its sessions and tokens have ended.")
    return SUCCESS


@users.command("grant")
@click.argument("name")
@click.argument("dag_id", metavar="DAG")
@click.argument("role", type=ROLE, metavar="ROLE")
@options.everywhere
def users_grant(name: str, dag_id: str, role: str, home_given: str | None, as_json: bool) -> int:
    """Let an account have a role in one DAG, above its own; `none` takes that away."""
    with opened_store(find_home(home_given), create=False) as store:
        store.accounts.grant(name, dag_id, None if role == accounts.NONE else role, by_us())
        with store.reader() as reader:
            if reader.dag(dag_id) is None:
                say(f"There is no DAG '{dag_id}' yet; it holds once there is.")
    show({"name": name, "dag_id": dag_id, "role": role}, as_json, f"'{name}' is {role} in '{dag_id}'.")
    return SUCCESS


@users.command("disable")
@click.argument("name")
@click.option("--undo", is_flag=True, help="Let it sign in again.")
@options.everywhere
def users_disable(name: str, undo: bool, home_given: str | None, as_json: bool) -> int:
    """Let an account sign in no more; every session and token of it ends."""
    with opened_store(find_home(home_given), create=False) as store:
        store.accounts.set_disabled(name, not undo, by_us())
    show({"name": name, "disabled": not undo}, as_json, f"'{name}' {'may sign in' if undo else 'is disabled'}.")
    return SUCCESS


@users.command("rm")
@click.argument("name")
@options.everywhere
def users_rm(name: str, home_given: str | None, as_json: bool) -> int:
    """Remove an account with all that is its own; who did what stays written."""
    with opened_store(find_home(home_given), create=False) as store:
        store.accounts.remove(name, by_us())
    show({"removed": name}, as_json, f"Account '{name}' is removed.")
    return SUCCESS
