"""`provide_session` and its kin: a session of Airflow's database, which is not there.

A function that takes one is called; what it asks of the session fails with a sentence.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .server_side import NotOurs

NEW_SESSION: Any = None


class NoSession:
    """Stands where a session of Airflow's database would."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotOurs(
            f"session.{name} asks Airflow's database, and there is none. Variables, connections and values are reached "
            "by Variable, BaseHook.get_connection and ti.xcom_pull; runs and tasks by Venturi's API."
        )

    def __call__(self) -> NoSession:
        return self


Session = NoSession()


@contextmanager
def create_session(scoped: bool = True) -> Iterator[Any]:
    yield Session


def provide_session(func: Callable[..., Any]) -> Callable[..., Any]:
    """The function's `session`, where the caller gives none."""
    import inspect

    names = list(inspect.signature(func).parameters)

    @functools.wraps(func)
    def called(*args: Any, **kwargs: Any) -> Any:
        if "session" in names and "session" not in kwargs and names.index("session") >= len(args):
            kwargs["session"] = Session
        return func(*args, **kwargs)

    return called
