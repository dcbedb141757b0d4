"""The commands by which people change runs that are there: clear, resume.

Owns the form of what they are told and answer. What they do is `changing`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..core.clearing import Wish
from ..core.step import Turn
from ..wire.frames import Head
from . import changing

if TYPE_CHECKING:
    from .turn import Engine

_FLAGS = ("upstream", "downstream", "past", "future", "only_failed", "only_running", "current_code")


def wish_of(head: Head) -> Wish:
    tasks = head.get("tasks") or ()
    if not isinstance(tasks, (list, tuple)) or not all(isinstance(task, str) for task in tasks):
        raise ValueError("tasks must be a list of names")
    return Wish(tuple(tasks), **{name: bool(head.get(name)) for name in _FLAGS})


def _clear(engine: Engine, head: Head, turn: Turn) -> dict[str, Any]:
    return changing.clear(engine, turn, str(head["dag_id"]), str(head["run_id"]), wish_of(head), _by(head))


def _resume(engine: Engine, head: Head, turn: Turn) -> dict[str, Any]:
    current_code = bool(head.get("current_code"))
    return changing.resume(engine, turn, str(head["dag_id"]), str(head["run_id"]), _by(head), current_code)


def _by(head: Head) -> str:
    return str(head.get("by") or "nobody named")


ACTS: dict[str, Callable[[Engine, Head, Turn], dict[str, Any]]] = {"clear": _clear, "resume": _resume}
