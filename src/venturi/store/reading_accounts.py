"""Reads of accounts, tokens, sessions and of who did what. Times are given: nothing here reads a clock."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import bindparam, func, or_, select

from ..core.accounts import ADMIN, HOLDER, Person
from . import tables as t
from .drivers import Driver
from .statements import text_of

IDLE_S = 12 * 3600.0  # a session unused for so long is over
SESSION_S = 7 * 24 * 3600.0  # and after so long at any rate
HOLDER_NAME = "admin"  # as which whoever holds the home is told
_LAST = 2**62  # above every line of the audit
_AUDIT_WORDS = ("who", "what", "about", "origin")


@dataclass(frozen=True)
class AccountRow:
    name: str
    role: str
    password: str | None
    disabled: bool
    at: float
    grants: dict[str, str]

    @property
    def person(self) -> Person:
        return Person(self.name, self.role, self.grants)


@dataclass(frozen=True)
class TokenRow:
    id: str
    account: str
    name: str
    role: str
    grants: dict[str, str]
    at: float
    expires_at: float
    used_at: float | None


@dataclass(frozen=True)
class AuditRow:
    id: int
    at: float
    who: str
    what: str
    about: str
    origin: str
    hash: str


def hash_of(secret: str) -> str:
    """What is kept of a token, a session id or a link: 256 random bits need no slow hash."""
    import hashlib  # OpenSSL is 4 MB that every process with a store would carry

    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


def audit_hash(before: str, id: int, at: float, who: str, what: str, about: str, origin: str) -> str:
    return hash_of(json.dumps([before, id, at, who, what, about, origin]))


class AccountReads:
    """Over any connection to the database."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    def account(self, name: str) -> AccountRow | None:
        rows = self._all("account", name=name)
        return self._account(rows[0]) if rows else None

    def accounts(self) -> list[AccountRow]:
        """By name."""
        return [self._account(row) for row in self._all("accounts")]

    def favorites(self, name: str) -> frozenset[str]:
        """The DAGs that somebody has marked."""
        return frozenset(row[0] for row in self._all("favorites", name=name))

    def tokens(self) -> list[TokenRow]:
        """Oldest first."""
        return [_token(row) for row in self._all("tokens")]

    def by_token(self, secret: str, now: float) -> tuple[Person, TokenRow] | None:
        """Of a token that holds; one of an account that is gone or disabled does not, and none is above its account."""
        rows = self._all("token", hash=hash_of(secret))
        if not rows:
            return None
        token = _token(rows[0])
        if token.expires_at <= now:
            return None
        if token.account == HOLDER:
            return Person(token.name, token.role, token.grants), token
        account = self.account(token.account)
        if account is None or account.disabled:
            return None
        return account.person, token

    def by_session(self, secret: str, now: float) -> tuple[Person, float] | None:
        """Who it is, and when the session was last used."""
        rows = self._all("session", hash=hash_of(secret))
        if not rows:
            return None
        name, at, used_at = rows[0]
        if now >= min(used_at + IDLE_S, at + SESSION_S):
            return None
        if name == HOLDER:
            return Person(HOLDER_NAME, ADMIN), used_at
        account = self.account(name)
        return (account.person, used_at) if account is not None and not account.disabled else None

    def audit(self, after: int = 0, limit: int = 1000) -> list[AuditRow]:
        """Oldest first."""
        return [AuditRow(*row) for row in self._all("audit", after=after, n=limit)]

    def last_audit(self) -> int:
        """The id of the newest row; 0 without one."""
        rows = self._all("last_audit")
        return int(rows[0][0]) if rows else 0

    def newest_audit(self, text: str, before: int | None, limit: int) -> list[AuditRow]:
        """Newest first; those that hold a text in any of their words, and come before a line."""
        escaped = text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        given = {"like": f"%{escaped}%", "before": _LAST if before is None else before, "n": limit}
        return [AuditRow(*row) for row in self._all("newest_audit", **given)]

    def broken_audit(self) -> int | None:
        """The first row that does not follow from the one before it."""
        before, last = "", 0
        while rows := self.audit(last):
            for row in rows:
                made = audit_hash(before, row.id, row.at, row.who, row.what, row.about, row.origin)
                if row.id != last + 1 or made != row.hash:
                    return row.id
                before, last = row.hash, row.id
        return None

    def _account(self, row: Any) -> AccountRow:
        name, role, password, disabled, at = row
        return AccountRow(name, role, password, bool(disabled), at, dict(self._all("grants", name=name)))

    def _all(self, name: str, /, **params: Any) -> list[Any]:
        text, given = read_text(name, self._driver.dialect)
        return self._driver.all(text, {**given, **params})


class HasAccounts:
    """The part of a reader that leads there."""

    _driver: Driver

    @property
    def accounts(self) -> AccountReads:
        return AccountReads(self._driver)


_TOKEN = ("id", "account", "name", "role", "grants", "at", "expires_at", "used_at")


def _token(row: Any) -> TokenRow:
    id, account, name, role, grants, at, expires_at, used_at = row
    return TokenRow(id, account, name, role, json.loads(grants), at, expires_at, used_at)


@cache
def read_text(name: str, dialect: str) -> tuple[str, dict[str, Any]]:
    accounts = select(*t.account.c).order_by(t.account.c.name)
    tokens = select(*(t.api_token.c[one] for one in _TOKEN)).order_by(t.api_token.c.at, t.api_token.c.id)
    a = t.audit.c
    grant, session = t.account_grant.c, t.session.c
    made = {
        "account": accounts.where(t.account.c.name == bindparam("name")),
        "accounts": accounts,
        "grants": select(grant.dag_id, grant.role).where(grant.account == bindparam("name")).order_by(grant.dag_id),
        "favorites": select(t.favorite.c.dag_id).where(t.favorite.c.account == bindparam("name")),
        "token": tokens.where(t.api_token.c.hash == bindparam("hash")),
        "tokens": tokens,
        "session": select(session.account, session.at, session.used_at).where(session.hash == bindparam("hash")),
        "audit": select(*a).where(a.id > bindparam("after")).order_by(a.id).limit(bindparam("n")),
        "newest_audit": select(*a)
        .where(
            a.id < bindparam("before"),
            or_(*(func.lower(a[one]).like(bindparam("like"), escape="\\") for one in _AUDIT_WORDS)),
        )
        .order_by(a.id.desc())
        .limit(bindparam("n")),
        "last_audit": select(a.id, a.hash).order_by(a.id.desc()).limit(1),
    }
    return text_of(made[name], dialect)
