"""The bearer token of this home: a file that only its owner can read, made when somebody first needs it.

Owns the file and the comparison. Imports nothing heavy, since the command line prints the token.
"""

from __future__ import annotations

import hmac
import os
import secrets

from ..config import Home

BYTES = 32


def token_of(home: Home) -> str:
    """The token that is kept; a new one where there is none."""
    while True:
        try:
            kept = home.token.read_text("ascii").strip()
        except FileNotFoundError:
            kept = ""
        if kept:
            return kept
        home.make()
        made = home.token.with_name(f"{home.token.name}.{os.getpid()}-{secrets.token_hex(4)}")
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(BYTES) + "\n")
        try:
            os.link(made, home.token)  # whole or not there; the first of two makers wins
        except FileExistsError:
            if not home.token.read_text("ascii").strip():
                home.token.unlink()
        finally:
            made.unlink()


def is_token(home: Home, given: str) -> bool:
    try:
        kept = home.token.read_text("ascii").strip()
    except OSError:
        return False
    return bool(kept) and hmac.compare_digest(kept.encode(), given.encode("utf-8", "replace"))
