"""A home and its settings, read when they are first asked for: a home may be broken where a command has to begin.

Owns nothing of what is done there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from ..config import Config, Home, read_config

if TYPE_CHECKING:
    from ..store import Reader


class InHome:
    def __init__(self, home: Home) -> None:
        self.home = home

    @cached_property
    def config(self) -> Config:
        return read_config(self.home)

    @property
    def has_database(self) -> bool:
        return self.config.database_url is not None or self.home.database.exists()

    @contextmanager
    def reader(self) -> Iterator[Reader]:
        from .reading import open_reader

        with open_reader(self.home, self.config) as reader:
            yield reader
