"""Passwords: which are taken, how they are kept (argon2id), and whether one is right.

Owns the rule and the form. argon2 is imported when a password is set or tried, and takes 19 MiB while it works: one at
a time.
"""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

CHARS_MIN, CHARS_MAX = 12, 1024
# fmt: off
_BAD = frozenset((
    "administrator", "airflowairflow", "changemechangeme", "correcthorsebatterystaple", "iloveyouiloveyou",
    "letmeinletmein", "mypassword123", "p@ssw0rd1234", "passw0rd1234", "password1234", "password12345",
    "password123456", "passwordpassword", "qwertyuiop12", "qwertyuiop123", "qwertyuiopasdf", "venturiventuri",
    "welcome12345", "welcome123456", "1q2w3e4r5t6y", "123456789012", "1234567890123", "12345678901234",
    "123456789abc", "abc123abc123", "abcdefghijkl", "adminadminadmin", "admin1234567", "trustno1trustno1",
))
# fmt: on
_one_at_a_time = threading.Lock()


def objection(password: str, name: str = "") -> str | None:
    """Why it is not taken, in a sentence."""
    if not CHARS_MIN <= len(password) <= CHARS_MAX:
        return f"A password has {CHARS_MIN} to {CHARS_MAX} characters."
    folded = password.lower()
    if folded in _BAD or len(set(folded)) < 4 or (name and folded.replace(name.lower(), "") == ""):
        return "This password is among the first that are tried. Choose another."
    return None


def hashed(password: str) -> str:
    with _one_at_a_time:
        return str(_hasher().hash(password))


def is_right(kept: str | None, given: str) -> bool:
    """Takes as long for an account that is not there (None)."""
    from argon2.exceptions import InvalidHashError, VerificationError

    with _one_at_a_time:
        try:
            _hasher().verify(kept or _nobodys(), given[: CHARS_MAX + 1])
        except (VerificationError, InvalidHashError):
            return False
    return kept is not None


def is_outdated(kept: str) -> bool:
    return bool(_hasher().check_needs_rehash(kept))


@cache
def _hasher() -> Any:
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@cache
def _nobodys() -> str:
    return str(_hasher().hash("nobody has this one"))
