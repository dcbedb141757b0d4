"""Accounts, tokens, sessions, links and the audit, on both databases."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest

from venturi.core.accounts import HOLDER, Person
from venturi.core.errors import NotFound, Refused
from venturi.store import Store
from venturi.store.accounts import LINK_S, By
from venturi.store.reading_accounts import IDLE_S, SESSION_S

BY = By("ann", "127.0.0.1")


def test_an_account_is_made_once_and_found_with_its_grants(store: Store) -> None:
    store.accounts.create("bob", "viewer", "hash", BY)
    with pytest.raises(Refused, match="'bob' already"):
        store.accounts.create("bob", "admin", None, BY)
    store.accounts.grant("bob", "flow", "user", BY)
    found = store.accounts.account("bob")
    assert found is not None
    assert found.person == Person("bob", "viewer", {"flow": "user"})
    store.accounts.grant("bob", "flow", None, BY)
    assert [a.grants for a in store.accounts.accounts()] == [{}]
    with pytest.raises(NotFound, match="'eve'"):
        store.accounts.set_role("eve", "admin", BY)


def test_favorites_are_of_one_account_and_go_with_it(store: Store) -> None:
    kept = store.accounts
    kept.create("bob", "viewer", None, BY)
    for name in ("bob", "eve"):
        kept.mark_favorite(name, "flow", True)
        kept.mark_favorite(name, "flow", True)
    kept.mark_favorite("eve", "flow", False)
    kept.mark_favorite("eve", "flow", False)
    assert (kept.favorites("bob"), kept.favorites("eve")) == ({"flow"}, frozenset())
    kept.remove("bob", BY)
    assert kept.favorites("bob") == frozenset()


@pytest.mark.parametrize("change", ["password", "role", "grant", "disable", "remove"])
def test_sessions_and_tokens_end_when_the_account_changes(store: Store, change: str) -> None:
    """Fault 68."""
    kept, now = store.accounts, time.time()
    kept.create("bob", "user", "hash", BY)
    kept.create("eve", "user", "hash", BY)
    session, others = kept.session_new("bob", BY), kept.session_new("eve", BY)
    _, token = kept.token_new("bob", "script", "user", {}, 60, BY)
    link = kept.link_new("bob", BY)
    assert kept.by_session(session, now)
    assert kept.by_token(token, now)
    {
        "password": lambda: kept.set_password("bob", "new", BY),
        "role": lambda: kept.set_role("bob", "viewer", BY),
        "grant": lambda: kept.grant("bob", "flow", "user", BY),
        "disable": lambda: kept.set_disabled("bob", True, BY),
        "remove": lambda: kept.remove("bob", BY),
    }[change]()
    assert kept.by_session(session, now) is None
    assert kept.by_token(token, now) is None
    assert kept.link_taken(link) is None
    assert kept.by_session(others, now)


def test_a_session_ends_when_it_is_idle_and_at_the_latest_after_a_week(store: Store) -> None:
    kept = store.accounts
    session = kept.session_new(HOLDER, BY)
    now = time.time()
    assert kept.by_session(session, now)[0] == Person("admin", "admin")
    assert kept.by_session(session, now + IDLE_S) is None
    kept.session_used(session, now + IDLE_S - 1)
    assert kept.by_session(session, now + IDLE_S)
    kept.session_used(session, now + SESSION_S)
    assert kept.by_session(session, now + SESSION_S) is None
    kept.session_end(session, BY)
    assert kept.by_session(session, now) is None


def test_signing_in_anew_ends_the_session_before(store: Store) -> None:
    first = store.accounts.session_new(HOLDER, BY)
    second = store.accounts.session_new(HOLDER, BY, instead=first)
    assert store.accounts.by_session(first, time.time()) is None
    assert store.accounts.by_session(second, time.time())


def test_a_token_ends_by_its_date_and_by_being_revoked(store: Store) -> None:
    kept, now = store.accounts, time.time()
    id, token = kept.token_new(HOLDER, "script", "viewer", {"flow": "user"}, 60, BY)
    person, row = kept.by_token(token, now)
    assert person == Person("script", "viewer", {"flow": "user"})
    assert row.used_at is None
    kept.token_used(id, now)
    assert kept.tokens()[0].used_at == now
    assert kept.by_token(token, now + 61) is None
    assert kept.by_token(token + "x", now) is None
    kept.token_revoke(id, BY)
    assert kept.by_token(token, now) is None
    with pytest.raises(NotFound):
        kept.token_revoke(id, BY)


def test_a_link_signs_in_once_and_not_after_its_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    link, late = store.accounts.link_new(HOLDER, BY), store.accounts.link_new(HOLDER, BY)
    assert store.accounts.link_taken(link) == HOLDER
    assert store.accounts.link_taken(link) is None
    now = time.time()
    monkeypatch.setattr("venturi.store.accounts.time.time", lambda: now + LINK_S + 1)
    assert store.accounts.link_taken(late) is None


def test_the_audit_is_a_chain_that_shows_what_was_changed_afterwards(store: Store, address: str) -> None:
    """Fault 76 too: a line break in a name makes no line of its own."""
    store.accounts.create("bob", "user", "hash", BY)
    store.accounts.note(By("eve\nroot: all is well", "::1"), "signed in")
    store.accounts.remove("bob", BY)
    assert [row.what for row in store.accounts.audit()] == ["account created", "signed in", "account removed"]
    assert "\n" not in store.accounts.audit()[1].who
    assert store.accounts.broken_audit() is None
    store._driver.execute("UPDATE audit SET who = 'nobody' WHERE id = 2")
    assert store.accounts.broken_audit() == 2
    store._driver.execute("DELETE FROM audit WHERE id = 2")
    assert store.accounts.broken_audit() == 3


def test_what_was_not_done_is_not_in_the_audit(store: Store) -> None:
    with pytest.raises(NotFound):
        store.accounts.remove("bob", BY)
    assert store.accounts.audit() == []


def test_no_secret_is_in_the_database(tmp_path: Path) -> None:
    from venturi.store import open_store

    file = tmp_path / "v.db"
    with open_store(file) as store:
        secrets = [
            store.accounts.session_new(HOLDER, BY),
            store.accounts.link_new(HOLDER, BY),
            store.accounts.token_new(HOLDER, "script", "viewer", {}, 60, BY)[1],
        ]
        store.accounts.create("bob", "user", None, BY)
    dump = "\n".join(sqlite3.connect(file).iterdump())
    assert "bob" in dump
    assert not [secret for secret in secrets if secret in dump]
