"""What author code asks for where no engine answers (`check`, `python`): variables and connections of the home.

Owns the reading of them from the database, which is opened at the first question and only if it is there.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from ..config import Config, Home


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
        return self._reader.variable_get(name) if what == "variable" else self._reader.connection_get(name)
