"""`airflow users …`: accounts under Airflow's names of roles. First and last names and addresses are not kept."""

from __future__ import annotations

import json
import secrets
import sys
from argparse import Namespace
from typing import Any

import click

from ...core import accounts
from ...core.errors import BadFile
from ...web import passwords
from ..printing import COULD_NOT_START, SUCCESS, fail, say
from ..settings import opened_store
from ..users import by_us
from . import At, files, rows

ROLES = {"Admin": "admin", "Op": "operator", "User": "user", "Viewer": "viewer", "Public": accounts.NONE}
_AIRFLOWS = {ours: theirs for theirs, ours in ROLES.items()}


def _role(named: str | None) -> str:
    known = {name.lower(): ours for name, ours in ROLES.items()} | {ours: ours for ours in ROLES.values()}
    found = known.get((named or "").lower())
    if found is None:
        said = f"There is no role '{named}'." if named else "Say which role: --role ROLE."
        fail(f"{said} There are: {', '.join(ROLES)}.", COULD_NOT_START, "usage")
    return found


def _name(given: Namespace) -> str:
    if given.username is None:
        more = " Addresses are not kept." if given.email else ""
        fail(f"Say who: --username NAME.{more}", COULD_NOT_START, "usage")
    if not accounts.is_name(given.username):
        limit = accounts.NAME_CHARS_MAX
        fail(f"A name has 1 to {limit} printable characters, and no colon.", COULD_NOT_START, "bad_name")
    return str(given.username)


def _password(given: Namespace, name: str) -> str:
    """As Airflow asks: twice at a terminal; elsewhere from stdin, once or twice."""
    if given.use_random_password:
        return passwords.hashed(secrets.token_urlsafe(24))
    said = given.password
    if said is None and sys.stdin.isatty():
        said = click.prompt("Password", hide_input=True, confirmation_prompt="Repeat for confirmation", err=True)
    elif said is None:
        lines = sys.stdin.read().splitlines()
        if not lines:
            fail(
                "There is no terminal to ask for the password: give it on stdin, or --use-random-password.", 2, "usage"
            )
        if len(lines) > 1 and lines[1] and lines[1] != lines[0]:
            fail("The two passwords are not the same.", COULD_NOT_START, "bad_password")
        said = lines[0]
    if given.password is not None:
        say("Others see a password in the list of processes; without --password it is asked for.")
    objection = passwords.objection(said, name)
    if objection is not None:
        fail(objection, COULD_NOT_START, "bad_password")
    return passwords.hashed(said)


def create(at: At, given: Namespace) -> int:
    name, role = _name(given), _role(given.role)
    with opened_store(at.home, create=True) as store:
        if store.accounts.account(name) is not None:
            print(f"{name} already exist in the db")
            return SUCCESS
        store.accounts.create(name, role, _password(given, name), by_us())
    print(f'User "{name}" created with role "{_AIRFLOWS[role]}"')
    if given.use_random_password:
        say(f"Nobody knows the password. To sign in: venturi login --as {name}")
    return SUCCESS


def ls(at: At, given: Namespace) -> int:
    with opened_store(at.home, create=True) as store:
        found = [_row(row) for row in store.accounts.accounts()]
    rows.show(found, given.output, ("username", "roles"))
    return SUCCESS


def _row(row: Any) -> dict[str, Any]:
    unknown = {"id": None, "email": None, "first_name": None, "last_name": None}
    return {**unknown, "username": row.name, "roles": [_AIRFLOWS[row.role]]}


def delete(at: At, given: Namespace) -> int:
    name = _name(given)
    with opened_store(at.home, create=True) as store:
        store.accounts.remove(name, by_us())
    print(f'User "{name}" deleted')
    return SUCCESS


def add_role(at: At, given: Namespace) -> int:
    """One role is held at a time: the greater of both."""
    name, role = _name(given), _role(given.role)
    with opened_store(at.home, create=True) as store:
        known = store.accounts.account(name)
        if known is not None and accounts.ROLES.index(known.role) > accounts.ROLES.index(role):
            print(f'User "{name}" is {_AIRFLOWS[known.role]}, which holds all that {_AIRFLOWS[role]} does')
            return SUCCESS
        store.accounts.set_role(name, role, by_us())
    print(f'User "{name}" added to role "{_AIRFLOWS[role]}"')
    return SUCCESS


def remove_role(at: At, given: Namespace) -> int:
    name, role = _name(given), _role(given.role)
    with opened_store(at.home, create=True) as store:
        known = store.accounts.account(name)
        if known is not None and known.role != role:
            fail(f"'{name}' is not {_AIRFLOWS[role]} but {_AIRFLOWS[known.role]}.", code="usage")
        store.accounts.set_role(name, accounts.NONE, by_us())
    print(f'User "{name}" removed from role "{_AIRFLOWS[role]}"')
    return SUCCESS


def reset_password(at: At, given: Namespace) -> int:
    name = _name(given)
    with opened_store(at.home, create=True) as store:
        store.accounts.set_password(name, _password(given, name), by_us())
    print(f'User "{name}" password reset successfully')
    return SUCCESS


def import_(at: At, given: Namespace) -> int:
    """Passwords are not in such a file: whoever is new in it signs in by a link at first."""
    try:
        with open(given.file, encoding="utf-8") as opened:
            found = [(str(one["username"]), [_role(role) for role in one["roles"]]) for one in json.load(opened)]
    except OSError as error:
        raise BadFile(file=given.file, problem=error.strerror or "it cannot be read", advice="") from None
    except (ValueError, KeyError, TypeError):
        advice = 'Write it as [{"username": "ann", "roles": ["User"]}].'
        raise BadFile(file=given.file, problem="it is no list of users", advice=advice) from None
    made = []
    with opened_store(at.home, create=True) as store:
        for name, roles in found:
            role = max(roles or [accounts.NONE], key=accounts.ROLES.index)
            if store.accounts.account(name) is None:
                store.accounts.create(name, role, passwords.hashed(secrets.token_urlsafe(24)), by_us())
                made.append(name)
            else:
                store.accounts.set_role(name, role, by_us())
    print(f"Created {len(made)} users, updated {len(found) - len(made)}.")
    if made:
        say("The new ones sign in at first with a link: venturi login --as NAME")
    return SUCCESS


def export(at: At, given: Namespace) -> int:
    with opened_store(at.home, create=True) as store:
        found = [_row(row) for row in store.accounts.accounts()]
    return files.put(given.file, json.dumps(found, indent=4) + "\n", f"{len(found)} users exported to {given.file}")


def roles(_: At, given: Namespace) -> int:
    rows.show([{"name": name} for name in ROLES], given.output, ("name",))
    return SUCCESS
