"""Accounts, their grants, tokens, and who did what: for those who may everything.

Owns these routes. What a change does, and the line it leaves, is `store.accounts`; which password is taken is
`passwords`.
No path of theirs holds a `{dag_id}`: what somebody is granted in one DAG says nothing about accounts.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Request
from pydantic import Field

from ...core.accounts import HOLDER, NAME_CHARS_MAX, NONE, is_name
from ...core.errors import NotFound
from ...store.accounts import By
from ...store.reading_accounts import HOLDER_NAME, AccountReads, AccountRow, TokenRow
from .. import passwords
from ..errors import Fault
from ..here import OWN, At, Here, Routes
from ..keeping import keeper_of, origin_of
from ..models.shapes import Name, Shape, Strict
from ..paging import Text

routes = Routes("Venturi", OWN)

DAY_S = 24 * 3600.0
DAYS_MAX = 3660
Role = Literal["none", "viewer", "user", "operator", "admin"]
Password = Annotated[str, Field(max_length=passwords.CHARS_MAX)]


class Account(Shape):
    name: str
    role: str
    grants: dict[str, str]
    disabled: bool
    made: float


class AccountList(Shape):
    accounts: list[Account]


class NewAccount(Strict):
    name: Text
    role: Role = "viewer"
    password: Password


class AccountChange(Strict):
    """What is left out stays. With a new role or password its sessions and tokens end."""

    role: Role | None = None
    password: Password | None = None
    disabled: bool | None = None


class Grant(Strict):
    """A role in one DAG, above the account's own; `none` takes it away."""

    dag: Name
    role: Role


class Token(Shape):
    id: str
    name: str
    account: str
    role: str
    grants: dict[str, str]
    made: float
    expires: float
    used: float | None


class TokenList(Shape):
    tokens: list[Token]


class NewToken(Strict):
    name: Text
    role: Role = "viewer"
    grants: dict[Text, Role] = Field(default_factory=dict)
    days: Annotated[float, Field(gt=0, le=DAYS_MAX)] = 90.0


class MadeToken(Shape):
    """`token` is told this once."""

    id: str
    token: str


def _by(here: Here, request: Request) -> By:
    return By(here.person.name, origin_of(request))


def _account(row: AccountRow) -> Account:
    return Account(name=row.name, role=row.role, grants=row.grants, disabled=row.disabled, made=row.at)


def _known(accounts: AccountReads, name: str) -> Account:
    found = accounts.account(name) if is_name(name) else None
    if found is None:
        raise NotFound(kind="account", name=name, advice="")
    return _account(found)


def _named(name: str) -> str:
    if not is_name(name):
        raise Fault(422, f"name: A name has 1 to {NAME_CHARS_MAX} printable characters, and no colon.")
    return name


def _hashed(password: str, name: str) -> str:
    objection = passwords.objection(password, name)
    if objection is not None:
        raise Fault(422, f"password: {objection}")
    return passwords.hashed(password)


@routes.get("/accounts", may="accounts:read")
def get_accounts(here: At) -> AccountList:
    """Who may sign in, by name."""
    with here.reader() as reader:
        return AccountList(accounts=[_account(row) for row in reader.accounts.accounts()])


@routes.post("/accounts", may="accounts:write", status_code=201)
def create_account(here: At, request: Request, body: NewAccount) -> Account:
    name = _named(body.name)
    with here.reader() as reader:
        if reader.accounts.account(name) is not None:
            raise Fault(409, f"name: There is an account '{name}' already.")
    password = _hashed(body.password, name)
    with keeper_of(request).writing() as accounts:
        accounts.create(name, body.role, password, _by(here, request))
        return _known(accounts, name)


@routes.patch("/accounts/{name}", may="accounts:write")
def change_account(here: At, request: Request, name: Text, body: AccountChange) -> Account:
    password = None if body.password is None else _hashed(body.password, name)
    by = _by(here, request)
    with keeper_of(request).writing() as accounts:
        before = _known(accounts, name)
        if body.role is not None and body.role != before.role:
            accounts.set_role(name, body.role, by)
        if password is not None:
            accounts.set_password(name, password, by)
        if body.disabled is not None and body.disabled != before.disabled:
            accounts.set_disabled(name, body.disabled, by)
        return _known(accounts, name)


@routes.put("/accounts/{name}/grants", may="accounts:write")
def set_account_grant(here: At, request: Request, name: Text, body: Grant) -> Account:
    with keeper_of(request).writing() as accounts:
        _known(accounts, name)
        accounts.grant(name, body.dag, None if body.role == NONE else body.role, _by(here, request))
        return _known(accounts, name)


@routes.delete("/accounts/{name}", may="accounts:write")
def remove_account(here: At, request: Request, name: Text) -> None:
    """With its sessions and tokens; who did what stays written."""
    with keeper_of(request).writing() as accounts:
        _known(accounts, name)
        accounts.remove(name, _by(here, request))


# ── tokens ──


def _token(row: TokenRow) -> Token:
    return Token(
        id=row.id,
        name=row.name,
        account=HOLDER_NAME if row.account == HOLDER else row.account,
        role=row.role,
        grants=row.grants,
        made=row.at,
        expires=row.expires_at,
        used=row.used_at,
    )


@routes.get("/tokens", may="accounts:read")
def get_tokens(here: At) -> TokenList:
    """The tokens, without themselves."""
    with here.reader() as reader:
        return TokenList(tokens=[_token(row) for row in reader.accounts.tokens()])


@routes.post("/tokens", may="accounts:write", status_code=201)
def create_program_token(here: At, request: Request, body: NewToken) -> MadeToken:
    """A token for a program. It is told this once: only what it hashes to is kept."""
    name, life_s = _named(body.name), body.days * DAY_S
    grants: dict[str, str] = {dag: role for dag, role in body.grants.items() if role != NONE}
    with keeper_of(request).writing() as accounts:
        id, secret = accounts.token_new(HOLDER, name, body.role, grants, life_s, _by(here, request))
    return MadeToken(id=id, token=secret)


@routes.delete("/tokens/{token_id}", may="accounts:write")
def revoke_token(here: At, request: Request, token_id: Text) -> None:
    """It ends at once."""
    with keeper_of(request).writing() as accounts:
        if all(row.id != token_id for row in accounts.tokens()):
            raise NotFound(kind="token", name=token_id, advice="")
        accounts.token_revoke(token_id, _by(here, request))
