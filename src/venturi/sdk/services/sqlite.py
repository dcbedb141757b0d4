"""SQLite: the hook, through the standard library; the file is the connection's host."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from .database import DbApiHook
from .packages import needed


class SqliteHook(DbApiHook):
    conn_name_attr = "sqlite_conn_id"
    default_conn_name = "sqlite_default"
    conn_type = "sqlite"
    hook_name = "Sqlite"
    placeholder = "?"
    splits_by_itself = False
    dialect_name = "sqlite"

    @property
    def file(self) -> str:
        connection = self.connection
        host = connection.host or connection.schema or ":memory:"
        if host == ":memory:" or host.startswith(("/", "~", ".")) or connection.schema in (None, ""):
            return host
        return f"{host}/{connection.schema}"

    def get_conn(self) -> sqlite3.Connection:
        import os

        options = {name: value for name, value in self.connection_extra.items() if name in ("timeout", "uri")}
        made: sqlite3.Connection = sqlite3.connect(os.path.expanduser(self.file), **options)
        return made

    @property
    def sqlalchemy_url(self) -> Any:
        url = needed("sqlalchemy", "An SQL task").URL
        return url.create("sqlite", database=None if self.file == ":memory:" else self.file)

    @contextmanager
    def _reading(self) -> Iterator[Any]:
        with closing(self.get_conn()) as connection:  # pandas understands this one too
            yield connection
