"""Changes of accounts, tokens and sessions: each in one short transaction with its row of who did what.

Owns what is written, and the chain of the audit. Holds no secret in clear: of tokens, sessions and links it is given
the secret and keeps the hash. Decides nothing about who may: that is `core.accounts`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Table, bindparam, delete, insert, or_, update

from ..core.errors import NotFound, Refused
from . import tables as t
from .drivers import Driver, transaction
from .reading_accounts import IDLE_S, SESSION_S, AccountReads, AccountRow, audit_hash, hash_of
from .statements import text_of, write_text

LINK_S = 600.0
TOKEN_BYTES = 32
TOKEN_START = "vt_"  # so that people, and programs that look for secrets, know one


@dataclass(frozen=True)
class By:
    """Who changes something, and from where."""

    who: str
    origin: str


class Accounts(AccountReads):
    """The writing side, on a store's connection. Of one thread, as the store is."""

    def __init__(self, driver: Driver) -> None:
        super().__init__(driver)
        self._dialect = driver.dialect

    def create(self, name: str, role: str, password: str | None, by: By) -> None:
        """Refused where the name is taken."""
        with self._change(by, "account created", f"{name} as {role}") as now:
            if self.account(name) is not None:
                raise Refused(reason=f"There is an account '{name}' already.", advice="Choose another name.")
            self._do("account_new", name=name, role=role, password=password, disabled=False, at=now)

    def set_password(self, name: str, password: str, by: By) -> None:
        """Every session and token of it ends."""
        with self._change(by, "password set", name):
            self._known(name)
            self._do("account_password", of=name, password=password)
            self._end_all(name)

    def rehash(self, name: str, before: str, password: str) -> None:
        """The same password, kept in a form of today; nothing ends."""
        with transaction(self._driver):
            self._do("account_rehash", of=name, before=before, password=password)

    def set_role(self, name: str, role: str, by: By) -> None:
        """Every session and token of it ends."""
        with self._change(by, "role set", f"{name} as {role}"):
            self._known(name)
            self._do("account_role", of=name, role=role)
            self._end_all(name)

    def grant(self, name: str, dag_id: str, role: str | None, by: By) -> None:
        """A role in one DAG; None takes it away. Every session and token of the account ends."""
        with self._change(by, "grant set", f"{name} in {dag_id}: {role or 'none'}"):
            self._known(name)
            self._do("grant_delete", of=name, in_dag=dag_id)
            if role is not None:
                self._do("grant_new", account=name, dag_id=dag_id, role=role)
            self._end_all(name)

    def set_disabled(self, name: str, disabled: bool, by: By) -> None:
        """One that is disabled has no session and no token left."""
        with self._change(by, "account disabled" if disabled else "account enabled", name):
            self._known(name)
            self._do("account_disabled", of=name, disabled=disabled)
            self._end_all(name)

    def remove(self, name: str, by: By) -> None:
        with self._change(by, "account removed", name):
            self._known(name)
            self._end_all(name)
            self._do("grants_delete", of=name)
            self._do("favorites_delete", of=name)
            self._do("account_delete", of=name)

    def mark_favorite(self, name: str, dag_id: str, is_one: bool) -> None:
        """Once or not at all; no matter of the audit, since it changes what its owner sees alone."""
        with transaction(self._driver):
            self._do("favorite_delete", of=name, in_dag=dag_id)
            if is_one:
                self._do("favorite_new", account=name, dag_id=dag_id)

    def _known(self, name: str) -> AccountRow:
        found = self.account(name)
        if found is None:
            raise NotFound(kind="account", name=name, advice="List them with: venturi users ls")
        return found

    def _end_all(self, name: str) -> None:
        for statement in ("sessions_of_delete", "tokens_of_delete", "links_of_delete"):
            self._do(statement, of=name)

    # ── tokens, links and sessions ───────────────────────────────────────────────────────────────────────

    def token_new(
        self, account: str, name: str, role: str, grants: dict[str, str], life_s: float, by: By
    ) -> tuple[str, str]:
        """Its id, by which it is revoked, and itself, which is told this once."""
        id, secret = hash_of(_random())[:8], TOKEN_START + _random()
        with self._change(by, "token made", f"{id} ({name}) as {role}") as now:
            given = {"hash": hash_of(secret), "id": id, "account": account, "name": name, "role": role}
            self._do("token_new", **given, grants=json.dumps(grants), at=now, expires_at=now + life_s)
        return id, secret

    def token_used(self, id: str, now: float) -> None:
        with transaction(self._driver):
            self._do("token_used", of=id, used_at=now)

    def token_revoke(self, id: str, by: By) -> None:
        with self._change(by, "token revoked", id):
            if not self._do("token_delete", of=id):
                raise NotFound(kind="token", name=id, advice="List them with: venturi token ls")

    def link_new(self, account: str, by: By) -> str:
        """What signs in once, within ten minutes."""
        secret = _random()
        with self._change(by, "sign-in link made", account or "whoever holds the home") as now:
            self._do("links_over_delete", now=now)
            self._do("link_new", hash=hash_of(secret), account=account, expires_at=now + LINK_S)
        return secret

    def link_taken(self, secret: str) -> str | None:
        """The account of a link, which is used up by this; of two that come at once, one has it."""
        with transaction(self._driver):
            rows = self._driver.all(*self._text("link_take", secret_hash=hash_of(secret), now=time.time()))
        return rows[0][0] if rows else None

    def session_new(self, account: str, by: By, instead: str | None = None) -> str:
        """A session, and the end of the one that was there before."""
        secret = _random()
        with self._change(by, "signed in", "") as now:
            self._do("sessions_over_delete", idle=now - IDLE_S, old=now - SESSION_S)
            if instead is not None:
                self._do("session_delete", secret_hash=hash_of(instead))
            self._do("session_new", hash=hash_of(secret), account=account, at=now, used_at=now)
        return secret

    def session_used(self, secret: str, now: float) -> None:
        with transaction(self._driver):
            self._do("session_used", secret_hash=hash_of(secret), used_at=now)

    def session_end(self, secret: str, by: By) -> None:
        with self._change(by, "signed out", ""):
            self._do("session_delete", secret_hash=hash_of(secret))

    # ── who did what ─────────────────────────────────────────────────────────────────────────────────────

    def note(self, by: By, what: str, about: str = "") -> None:
        """One row of the audit, by itself."""
        with self._change(by, what, about):
            pass

    @contextmanager
    def _change(self, by: By, what: str, about: str) -> Iterator[float]:
        now = time.time()
        with transaction(self._driver):
            # One writer at a time, on Postgres too: the chain has no two next rows.
            self._driver.all(write_text("meta", self._dialect), {"key": "epoch"})
            yield now
            rows = self._all("last_audit")
            last, before = rows[0] if rows else (0, "")
            who, what, about, origin = (_in_one_line(text) for text in (by.who, what, about, by.origin))
            made = audit_hash(before, last + 1, now, who, what, about, origin)
            self._do("audit_new", id=last + 1, at=now, who=who, what=what, about=about, origin=origin, hash=made)

    def _do(self, name: str, /, **params: Any) -> int:
        return self._driver.execute(*self._text(name, **params))

    def _text(self, name: str, /, **params: Any) -> tuple[str, dict[str, Any]]:
        text, given = _write_text(name, self._dialect)
        return text, {**given, **params}


def _random() -> str:
    import secrets  # and with it OpenSSL, see `hash_of`

    return secrets.token_urlsafe(TOKEN_BYTES)


def _in_one_line(text: str) -> str:
    """What a name or an address holds makes no line of its own, wherever it is shown."""
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in text)[:500]


def _new(table: Table, *left_out: str) -> Any:
    return insert(table).values({c.name: bindparam(c.name) for c in table.c if c.name not in left_out})


@cache
def _write_text(name: str, dialect: str) -> tuple[str, dict[str, Any]]:
    account, grant, token, session, link = t.account, t.account_grant, t.api_token, t.session, t.sign_in
    favorite = t.favorite
    of: Any = bindparam("of")
    secret_hash: Any = bindparam("secret_hash")

    def of_account(column: str) -> Any:
        return update(account).where(account.c.name == of).values({column: bindparam(column)})

    made: dict[str, Any] = {
        "account_new": _new(account),
        "account_password": of_account("password"),
        "account_rehash": of_account("password").where(account.c.password == bindparam("before")),
        "account_role": of_account("role"),
        "account_disabled": of_account("disabled"),
        "account_delete": delete(account).where(account.c.name == of),
        "grant_new": _new(grant),
        "grant_delete": delete(grant).where(grant.c.account == of, grant.c.dag_id == bindparam("in_dag")),
        "grants_delete": delete(grant).where(grant.c.account == of),
        "favorite_new": _new(favorite),
        "favorite_delete": delete(favorite).where(favorite.c.account == of, favorite.c.dag_id == bindparam("in_dag")),
        "favorites_delete": delete(favorite).where(favorite.c.account == of),
        "token_new": _new(token, "used_at"),
        "token_used": update(token).where(token.c.id == of).values(used_at=bindparam("used_at")),
        "token_delete": delete(token).where(token.c.id == of),
        "tokens_of_delete": delete(token).where(token.c.account == of),
        "session_new": _new(session),
        "session_used": update(session).where(session.c.hash == secret_hash).values(used_at=bindparam("used_at")),
        "session_delete": delete(session).where(session.c.hash == secret_hash),
        "sessions_of_delete": delete(session).where(session.c.account == of),
        "sessions_over_delete": delete(session).where(
            or_(session.c.used_at < bindparam("idle"), session.c.at < bindparam("old"))
        ),
        "link_new": _new(link),
        "link_take": delete(link)
        .where(link.c.hash == secret_hash, link.c.expires_at > bindparam("now"))
        .returning(link.c.account),
        "links_of_delete": delete(link).where(link.c.account == of),
        "links_over_delete": delete(link).where(link.c.expires_at < bindparam("now")),
        "audit_new": _new(t.audit),
    }
    return text_of(made[name], dialect)
