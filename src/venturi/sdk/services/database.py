"""What hooks of SQL databases share: running statements, reading records and frames, inserting rows.

A database's own module says how to connect and what differs.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Any

from ..connections import BaseHook, Connection
from .packages import needed
from .statements import split

Parameters = Iterable[Any] | Mapping[str, Any] | None


def fetch_all_handler(cursor: Any) -> list[Any] | None:
    """All rows; None after a statement that has none."""
    return list(cursor.fetchall()) if cursor.description is not None else None


def fetch_one_handler(cursor: Any) -> Any:
    return cursor.fetchone() if cursor.description is not None else None


def gives_one_result(sql: str | Iterable[str], return_last: bool, split_statements: bool | None) -> bool:
    """A list of statements gives a list of results; one text gives one, unless all of its statements' are wanted."""
    return isinstance(sql, str) and (return_last or not split_statements)


class DbApiHook(BaseHook):
    """Extend it, name `conn_name_attr`, and give get_conn()."""

    conn_name_attr = "conn_id"
    default_conn_name = "default_conn_id"
    placeholder = "%s"
    supports_autocommit = False
    splits_by_itself = True  # the driver takes several statements in one text
    dialect_name = "default"

    def __init__(self, *args: Any, schema: str | None = None, log_sql: bool = True, **kwargs: Any) -> None:
        super().__init__()
        chosen = args[0] if args else kwargs.pop(self.conn_name_attr, None)
        setattr(self, self.conn_name_attr, chosen or self.default_conn_name)
        self.schema, self.log_sql = schema, log_sql
        self._connection: Connection | None = kwargs.pop("connection", None)
        self.descriptions: list[Any] = []

    def get_conn_id(self) -> str:
        return str(getattr(self, self.conn_name_attr))

    @property
    def connection(self) -> Connection:
        if self._connection is None:
            self._connection = self.get_connection(self.get_conn_id())
        return self._connection

    @property
    def connection_extra(self) -> dict[str, Any]:
        found: dict[str, Any] = self.connection.extra_dejson
        return found

    @property
    def last_description(self) -> Any:
        return self.descriptions[-1] if self.descriptions else None

    # ── SQLAlchemy ──

    @property
    def sqlalchemy_url(self) -> Any:
        return needed("sqlalchemy", "An SQL task").make_url(self.connection.get_uri())

    def get_uri(self) -> str:
        return str(self.sqlalchemy_url.render_as_string(hide_password=False))

    def get_sqlalchemy_engine(self, engine_kwargs: dict[str, Any] | None = None) -> Any:
        return needed("sqlalchemy", "An SQL task").create_engine(self.sqlalchemy_url, **(engine_kwargs or {}))

    @property
    def inspector(self) -> Any:
        return needed("sqlalchemy", "An SQL task").inspect(self.get_sqlalchemy_engine())

    # ── running ──

    def run(
        self,
        sql: str | Iterable[str],
        autocommit: bool = False,
        parameters: Parameters = None,
        handler: Callable[[Any], Any] | None = None,
        split_statements: bool | None = None,
        return_last: bool = True,
    ) -> Any:
        """The statements in one transaction; with a handler, what it makes of each one's cursor."""
        statements = self._statements(sql, split_statements)
        if not statements:
            raise ValueError("List of SQL statements is empty")
        results: list[Any] = []
        self.descriptions = []
        with self._session(autocommit) as connection:
            with closing(connection.cursor()) as cursor:
                for statement in statements:
                    self._execute(cursor, statement, parameters)
                    if handler is not None:
                        results.append(self._plain(handler(cursor)))
                        self.descriptions.append(cursor.description)
            if not self.get_autocommit(connection):
                connection.commit()
            self.get_db_log_messages(connection)
        if handler is None:
            return None
        if gives_one_result(sql, return_last, split_statements):
            self.descriptions = self.descriptions[-1:]
            return results[-1]
        return results

    def _statements(self, sql: str | Iterable[str], split_statements: bool | None) -> list[str]:
        if not isinstance(sql, str):
            return list(sql)
        if split_statements or (split_statements is None and not self.splits_by_itself):
            return split(sql)
        return [sql] if sql.strip() else []

    def _execute(self, cursor: Any, statement: str, parameters: Any) -> None:
        if self.log_sql:
            self.log.info("Running statement: %s, parameters: %s", statement, parameters)
        if parameters:
            cursor.execute(statement, tuple(parameters) if isinstance(parameters, list) else parameters)
        else:
            cursor.execute(statement)
        if cursor.rowcount >= 0:
            self.log.info("Rows affected: %s", cursor.rowcount)

    def _plain(self, result: Any) -> Any:
        """Rows as plain tuples, so that they can be kept as a value."""
        return result

    @contextmanager
    def _session(self, autocommit: bool = False) -> Iterator[Any]:
        with closing(self.get_conn()) as connection:
            if self.supports_autocommit:
                self.set_autocommit(connection, autocommit)
            yield connection

    def set_autocommit(self, conn: Any, autocommit: bool) -> None:
        conn.autocommit = autocommit

    def get_autocommit(self, conn: Any) -> bool:
        return self.supports_autocommit and bool(getattr(conn, "autocommit", False))

    def get_db_log_messages(self, conn: Any) -> None:
        """What the database says beside its results, where it says something."""

    def get_cursor(self) -> Any:
        return self.get_conn().cursor()

    # ── reading ──

    def get_records(self, sql: str | list[str], parameters: Parameters = None) -> Any:
        return self.run(sql, parameters=parameters, handler=fetch_all_handler)

    def get_first(self, sql: str | list[str], parameters: Parameters = None) -> Any:
        return self.run(sql, parameters=parameters, handler=fetch_one_handler)

    def get_df(self, sql: Any, parameters: Parameters = None, *, df_type: str = "pandas", **kwargs: Any) -> Any:
        if df_type == "polars":
            polars = needed("polars", "A frame of polars")
            with closing(self.get_conn()) as connection:
                return polars.read_database(sql, connection=connection, **kwargs)
        if df_type != "pandas":
            raise ValueError(f"df_type is {df_type!r}; give 'pandas' or 'polars'.")
        pandas = needed("pandas", "A frame of pandas")
        with self._reading() as connection:
            return pandas.read_sql(sql, con=connection, params=_bound(parameters), **kwargs)

    get_pandas_df = get_df

    def get_df_by_chunks(
        self, sql: Any, parameters: Parameters = None, *, chunksize: int, **kwargs: Any
    ) -> Generator[Any, None, None]:
        pandas = needed("pandas", "A frame of pandas")
        with self._reading() as connection:
            yield from pandas.read_sql(sql, con=connection, params=_bound(parameters), chunksize=chunksize, **kwargs)

    get_pandas_df_by_chunks = get_df_by_chunks

    @contextmanager
    def _reading(self) -> Iterator[Any]:
        """A connection of SQLAlchemy, the one kind that pandas promises to understand."""
        engine = self.get_sqlalchemy_engine()
        try:
            with engine.connect() as connection:
                yield connection
        finally:
            engine.dispose()

    # ── writing ──

    def insert_rows(
        self,
        table: str,
        rows: Iterable[Any],
        target_fields: Sequence[str] | None = None,
        commit_every: int = 1000,
        replace: bool = False,
        *,
        executemany: bool = False,
        fast_executemany: bool = False,
        autocommit: bool = False,
        **kwargs: Any,
    ) -> None:
        """In one transaction per `commit_every` rows, or in one for all with 0."""
        written = 0
        sql = ""
        with self._session(autocommit) as connection, closing(connection.cursor()) as cursor:
            for chunk in _chunks(rows, commit_every):
                values = [tuple(self.serialize_cell(cell, connection) for cell in row) for row in chunk]
                sql = sql or self.insert_sql(table, values[0], target_fields, replace, **kwargs)
                cursor.executemany(sql, values)
                if not self.get_autocommit(connection):
                    connection.commit()
                written += len(values)
        self.log.info("%s rows into %s", written, table)

    def insert_sql(self, table: str, values: Sequence[Any], target_fields: Any, replace: bool, **more: Any) -> str:
        fields = f" ({', '.join(target_fields)})" if target_fields else ""
        verb = "REPLACE" if replace else "INSERT"
        return f"{verb} INTO {table}{fields} VALUES ({', '.join([self.placeholder] * len(values))})"

    def serialize_cell(self, cell: Any, conn: Any = None) -> Any:
        if hasattr(cell, "item") and type(cell).__module__ == "numpy":
            cell = cell.item()
        return cell.isoformat() if isinstance(cell, datetime) else cell

    def test_connection(self) -> tuple[bool, str]:
        try:
            self.get_first("select 1")
        except Exception as error:
            return False, str(error)
        return True, "Connection successfully tested"


def _bound(parameters: Parameters) -> Any:
    return tuple(parameters) if isinstance(parameters, list) else parameters


def _chunks(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    chunk: list[Any] = []
    for row in rows:
        chunk.append(row)
        if size and len(chunk) >= size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
