"""Fork hooks of the standard library: not run when an attempt is forked, but in every fork that its author makes.

A zygote has one thread and forks in our own code, so that what logging, threading and random would do after a fork
(new locks, forgotten threads, a new seed) is not needed, and it would touch a hundred pages that every attempt must
then copy. Owns the holding back, until an author forks; `environment` does the little that remains.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

_held: list[dict[str, Any]] = []
_real = os.register_at_fork
_in_attempt = False


def hold_back() -> None:
    """Hooks registered from now on are kept aside."""
    os.register_at_fork = lambda **hooks: _held.append(hooks)


def let_through() -> None:
    """What comes from now on (an author's library) is registered as it should be."""
    os.register_at_fork = _real
    _real(before=_before_an_authors_fork)


def begin_attempt(after_in_child: Callable[[], None]) -> None:
    """In an attempt: its author's forks run what is held, and ours as well."""
    global _in_attempt
    _in_attempt = True
    _held.append({"after_in_child": after_in_child})
    threading = sys.modules.get("threading")
    if threading is not None:
        threading.main_thread()._set_native_id()  # what its own hook would have done that is of any use here


def _before_an_authors_fork() -> None:
    if not _in_attempt or not _held:
        return
    due = _held.copy()
    _held.clear()
    for hooks in due:
        _real(**hooks)
    for hooks in reversed(due):  # registered too late for this fork's own list
        if "before" in hooks:
            hooks["before"]()
