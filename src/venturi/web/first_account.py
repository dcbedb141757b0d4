"""`python -m venturi.web.first_account [URL]`: the account without which nobody else than this machine may come in.

What the image does before it starts Venturi. Owns which account that is: the one that Airflow's environment variables
name, else one without a password, for which a link that works once is printed where the URL is given.
"""

from __future__ import annotations

import sys

from ..config import environment, find_home, read_config
from ..core import accounts
from ..core.errors import Refused
from ..store import Store, open_store
from ..store.accounts import By
from . import passwords

BY = By("the image", "its start")
NAME = "admin"
# Airflow's names of what an account may.
_ROLES = {"admin": "admin", "op": "operator", "user": "user", "viewer": "viewer", "public": accounts.NONE}


def main(url: str | None) -> int:
    home = find_home()
    home.make()
    config = read_config(home)
    with open_store(config.database_url or home.database, create=True, key_file=home.sealing_key) as store:
        if not any(not one.disabled for one in store.accounts.accounts()):
            problem = _make(store)
            if problem is not None:
                _say(problem)
                return 2
        if url is not None and all(one.password is None for one in store.accounts.accounts()):
            _say(f"Sign in once within ten minutes: {url}/login?token={store.accounts.link_new(NAME, BY)}")
            _say("Later: docker exec CONTAINER venturi login")
    return 0


def _make(store: Store) -> str | None:
    """What is wrong with what the environment says, if something is."""
    name, password = environment("_AIRFLOW_WWW_USER_USERNAME"), environment("_AIRFLOW_WWW_USER_PASSWORD")
    if not name and not password:
        _create(store, NAME, accounts.ADMIN, None)
        return None
    if not name or not password:
        return "_AIRFLOW_WWW_USER_USERNAME and _AIRFLOW_WWW_USER_PASSWORD are given together, or neither is."
    said = environment("_AIRFLOW_WWW_USER_ROLE") or "Admin"
    role = _ROLES.get(said.lower())
    if role is None or not accounts.is_name(name) or len(password) > passwords.CHARS_MAX:
        return f"The account '{name}' ({said}) of _AIRFLOW_WWW_USER_… cannot be: its name or its role is none of ours."
    _create(store, name, role, passwords.hashed(password))
    _say(f"Warning: the account '{name}' has the password that the container's environment shows to whoever sees it.")
    _say(f"Another: docker exec -it CONTAINER venturi users set-password {name}")
    return None


def _create(store: Store, name: str, role: str, password: str | None) -> None:
    try:
        store.accounts.create(name, role, password, BY)
    except Refused:
        pass  # another container with the same home was faster


def _say(text: str) -> None:
    print(f"venturi: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1] if len(sys.argv) > 1 else None))
