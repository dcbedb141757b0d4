"""What author code asks for where no engine answers (`check`, `python`): variables and connections of the home.

Owns the reading of them from the database, which is opened at the first question and only if it is there.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from ..config import Config, Home
from ..sdk.port import WithoutTask


class HomeAnswers:
    def __init__(self, home: Home, config: Config) -> None:
        self._home, self._config = home, config
        self._ends = ExitStack()
        self._reader: Any = None

    def __enter__(self) -> HomeAnswers:
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def answer(self, what: str, name: str) -> Any:
        """A variable's text, a connection's fields, or None."""
        if self._config.database_url is None and not self._home.database.exists():
            return None
        if self._reader is None:
            from .reading import open_reader

            self._reader = self._ends.enter_context(open_reader(self._home, self._config))
        return self._reader.variable(name) if what == "variable" else self._reader.connection(name)


class HomePort(WithoutTask):
    """sdk.port.Port of a Python that runs no task: variables and connections of the home, which are only read."""

    advice = "Do it in a task, or use: venturi variables set"

    def __init__(self) -> None:
        self._answers: HomeAnswers | None = None

    def _answer(self, what: str, name: str) -> Any:
        if self._answers is None:
            from ..config import find_home, read_config

            home = find_home()
            self._answers = HomeAnswers(home, read_config(home))
        return self._answers.answer(what, name)

    def variable(self, key: str) -> str | None:
        found = self._answer("variable", key)
        return None if found is None else str(found)

    def connection(self, conn_id: str) -> dict[str, Any] | None:
        found = self._answer("connection", conn_id)
        return None if found is None else dict(found)
