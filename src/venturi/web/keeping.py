"""Where the web process finds and changes accounts: sessions, tokens, links, and the audit.

Owns its one writing connection, and what happens at a sign-in. Asked from threads; blocks.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from starlette.requests import Request

from ..config import Home
from ..core.accounts import ADMIN, Person, is_name
from ..core.errors import StoreError
from ..store import Store
from ..store.accounts import Accounts, By
from ..store.reading_accounts import HOLDER_NAME
from . import passwords
from .errors import Fault
from .limits import Limits
from .readers import Readers
from .token_file import is_token

USED_EVERY_S = 60.0  # how exactly it is kept when something was last used
WRONG = "The name or the password is wrong."


@dataclass(frozen=True)
class Shown:
    """What a request shows of who sends it."""

    origin: str
    token: str | None = None
    name: str | None = None  # with a password
    password: str | None = None
    session: str | None = None


class Keeper:
    def __init__(self, home: Home, readers: Readers) -> None:
        self._home, self._readers = home, readers
        self._store: Store | None = None
        self._lock = threading.Lock()
        self.limits = Limits()

    @contextmanager
    def writing(self) -> Iterator[Accounts]:
        with self._lock:
            if self._store is None:
                self._store = self._readers.store()
            try:
                yield self._store.accounts
            except StoreError:
                self._store.close()  # whatever is wrong with it, the next change gets a new connection
                self._store = None
                raise

    def person(self, shown: Shown) -> Person | None:
        secret = shown.token if shown.token is not None else shown.password
        if secret is not None and is_token(self._home, secret):
            return Person(HOLDER_NAME, ADMIN)
        if shown.token is not None:
            return self._by_token(shown.token)
        if shown.name is not None and shown.password is not None:
            return self.by_password(shown.name, shown.password, shown.origin)
        return self._by_session(shown.session) if shown.session is not None else None

    def _by_token(self, secret: str) -> Person | None:
        now = time.time()
        with self._readers.take() as reader:
            found = reader.accounts.by_token(secret, now)
        if found is None:
            return None
        person, token = found
        if token.used_at is None or now - token.used_at > USED_EVERY_S:
            with self.writing() as accounts:
                accounts.token_used(token.id, now)
        return person

    def _by_session(self, secret: str) -> Person | None:
        now = time.time()
        with self._readers.take() as reader:
            found = reader.accounts.by_session(secret, now)
        if found is None:
            return None
        person, used_at = found
        if now - used_at > USED_EVERY_S:
            with self.writing() as accounts:
                accounts.session_used(secret, now)
        return person

    def by_password(self, name: str, password: str, origin: str) -> Person | None:
        """Takes as long whether there is such an account or not. Too many wrong ones are a `Fault`."""
        tried = (("sign-in of an address", origin), ("sign-in of a name from an address", f"{origin} {name}"))
        wait_s = max(self.limits.wait_s(what, key) for what, key in tried)
        if wait_s > 0:
            raise Fault(429, f"Too many wrong passwords; try again in {wait_s:.0f} s.")
        account = None
        if is_name(name):  # a database refuses some of what is none
            with self._readers.take() as reader:
                account = reader.accounts.account(name)
        kept = account.password if account is not None and not account.disabled else None
        if not passwords.is_right(kept, password):
            for what, key in tried:
                self.limits.count(what, key)
            # A name that nobody has may be a password in the wrong field.
            self.note(By(name if account is not None else "nobody known", origin), "sign-in refused")
            return None
        assert account is not None
        assert kept is not None
        if passwords.is_outdated(kept):
            made = passwords.hashed(password)
            with self.writing() as accounts:
                accounts.rehash(name, kept, made)
        return account.person

    def note(self, by: By, what: str, about: str = "") -> None:
        with self.writing() as accounts:
            accounts.note(by, what, about)


# ── of a request ──


def keeper_of(request: Request) -> Keeper:
    keeper: Keeper = request.app.state.keeper
    return keeper


def origin_of(request: Request) -> str:
    """The address that it came from."""
    return request.client.host if request.client is not None else ""
