"""`venturi login`: a link that signs in once."""

from __future__ import annotations

import click

from ..config import Home, find_home
from ..core.accounts import HOLDER
from ..store import Store
from . import options, processes
from .printing import SUCCESS, fail, show
from .settings import opened_store
from .users import by_us


def link(store: Store, url: str, account: str = HOLDER) -> str:
    return f"{url}/login?token={store.accounts.link_new(account, by_us())}"


def url_of(home: Home) -> str:
    noted = processes.noted(home, "up")
    if noted is None or not noted.get("url"):
        fail(f"Venturi is not running for {home.own}. Start it with: venturi up", code="not_running")
    return str(noted["url"])


@click.command()
@click.option("--as", "account", metavar="NAME", help="Of an account, instead of whoever holds the home.")
@options.everywhere
def login(account: str | None, home_given: str | None, as_json: bool) -> int:
    """Print a link that signs in once, within ten minutes. Whoever opens it first has it."""
    home = find_home(home_given)
    url = url_of(home)
    with opened_store(home, create=False) as store:
        if account is not None and store.accounts.account(account) is None:
            fail(f"There is no account '{account}'. List them with: venturi users ls", code="no_such_account")
        made = link(store, url, account or HOLDER)
    show({"url": made}, as_json, made)
    return SUCCESS
