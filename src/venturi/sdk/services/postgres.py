"""Postgres: the hook, through psycopg2 or psycopg 3, whichever is installed (psycopg2 where both are)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from .database import DbApiHook
from .packages import MissingPackage, is_there, needed

# In a connection's extra, and not for the driver.
_NOT_FOR_THE_DRIVER = frozenset(
    {
        *("iam", "redshift", "redshift-serverless", "cursor", "cluster-identifier", "workgroup-name", "aws_conn_id"),
        *("sqlalchemy_scheme", "sqlalchemy_query", "azure_conn_id", "__extra__"),
    }
)


def driver_name() -> str:
    for name in ("psycopg2", "psycopg"):
        if is_there(name):
            return name
    raise MissingPackage(
        "A Postgres task needs a driver, and none is installed here. "
        "Add the line 'psycopg2-binary' to the requirements.txt of its bundle, or install it beside Venturi."
    )


class PostgresHook(DbApiHook):
    conn_name_attr = "postgres_conn_id"
    default_conn_name = "postgres_default"
    conn_type = "postgres"
    hook_name = "Postgres"
    supports_autocommit = True
    dialect_name = "postgresql"

    def __init__(self, *args: Any, options: str | None = None, database: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.options = options
        self.database = database or self.schema
        self.conn: Any = None
        self.notices: list[str] = []

    def _arguments(self) -> dict[str, Any]:
        connection = self.connection
        given = {
            "host": connection.host,
            "user": connection.login,
            "password": connection.password,
            "dbname": self.database or connection.schema,
            "port": connection.port,
            "options": self.options,
        }
        extra = {k: v for k, v in connection.extra_dejson.items() if k not in _NOT_FOR_THE_DRIVER}
        return {**{k: v for k, v in given.items() if v}, **extra}

    def get_conn(self) -> Any:
        name = driver_name()
        driver = needed(name, "A Postgres task")
        try:
            self.conn = driver.connect(**self._arguments(), **self._row_form(name))
        except driver.OperationalError as error:
            self.log.error(
                "Postgres does not answer as the connection '%s' says (%s): %s",
                self.get_conn_id(),
                f"{self.connection.host or 'local socket'}:{self.connection.port or 5432}",
                str(error).strip(),
            )
            raise
        return self.conn

    def _row_form(self, name: str) -> dict[str, Any]:
        """`{"cursor": "dictcursor"}` in the extra: rows by name."""
        form = str(self.connection_extra.get("cursor") or "").lower()
        if not form:
            return {}
        if name == "psycopg":
            rows = needed("psycopg.rows", "A Postgres task")
            return {"row_factory": rows.namedtuple_row if "namedtuple" in form else rows.dict_row}
        extras = needed("psycopg2.extras", "A Postgres task")
        kinds = {"dictcursor": "DictCursor", "realdictcursor": "RealDictCursor", "namedtuplecursor": "NamedTupleCursor"}
        if form not in kinds:
            raise ValueError(f"Invalid cursor passed {form}. Valid options are: {', '.join(kinds)}")
        return {"cursor_factory": getattr(extras, kinds[form])}

    def _execute(self, cursor: Any, statement: str, parameters: Any) -> None:
        super()._execute(cursor, statement, parameters)
        if type(cursor).__module__.partition(".")[0] == "psycopg":
            while cursor.nextset():  # of several statements in one text, the last one's rows, as psycopg2 gives
                pass

    def get_db_log_messages(self, conn: Any) -> None:
        for notice in getattr(conn, "notices", None) or ():
            self.log.info("%s", notice.strip())

    @property
    def sqlalchemy_url(self) -> Any:
        connection = self.connection
        scheme = self.connection_extra.get("sqlalchemy_scheme") or f"postgresql+{driver_name()}"
        return needed("sqlalchemy", "An SQL task").URL.create(
            scheme,
            connection.login,
            connection.password,
            None if (connection.host or "").startswith("/") else connection.host,
            connection.port,
            self.database or connection.schema,
            {"host": connection.host} if (connection.host or "").startswith("/") else {},
        )

    def get_uri(self) -> str:
        url = self.sqlalchemy_url.set(drivername="postgresql")
        return str(url.render_as_string(hide_password=False))

    # ── whole tables ──

    def copy_expert(self, sql: str, filename: str) -> None:
        """`COPY … FROM STDIN` reads the file, `COPY … TO STDOUT` writes it. It is made if it is not there."""
        self.log.info("Running copy expert: %s, filename: %s", sql, filename)
        if not os.path.isfile(filename):
            open(filename, "w").close()
        with (
            open(filename, "r+b") as file,
            closing(self.get_conn()) as connection,
            closing(connection.cursor()) as cursor,
        ):
            if hasattr(cursor, "copy_expert"):
                cursor.copy_expert(sql, file)
            elif " from stdin" in " ".join(sql.lower().split()):
                with cursor.copy(sql) as copy:
                    while data := file.read(1 << 16):
                        copy.write(data)
            else:
                with cursor.copy(sql) as copy:
                    for data in copy:
                        file.write(data)
            file.truncate(file.tell())
            connection.commit()

    def bulk_load(self, table: str, tmp_file: str) -> None:
        self.copy_expert(f"COPY {table} FROM STDIN", tmp_file)

    def bulk_dump(self, table: str, tmp_file: str) -> None:
        self.copy_expert(f"COPY {table} TO STDOUT", tmp_file)

    def get_table_primary_key(self, table: str, schema: str | None = "public") -> list[str] | None:
        rows = self.get_records(
            "select kcu.column_name from information_schema.table_constraints tco "
            "join information_schema.key_column_usage kcu on kcu.constraint_name = tco.constraint_name "
            "and kcu.constraint_schema = tco.constraint_schema and kcu.table_name = tco.table_name "
            "where tco.constraint_type = 'PRIMARY KEY' and kcu.table_schema = %s and kcu.table_name = %s "
            "order by kcu.ordinal_position",
            parameters=(schema, table),
        )
        return [row[0] for row in rows] or None

    def insert_sql(self, table: str, values: Sequence[Any], target_fields: Any, replace: bool, **more: Any) -> str:
        """`replace` is an upsert over the columns of `replace_index`."""
        sql = super().insert_sql(table, values, target_fields, False)
        if not replace:
            return sql
        index = more.get("replace_index")
        if not target_fields or not index:
            raise ValueError("insert_rows(replace=True) needs target_fields and replace_index on Postgres.")
        keys = [index] if isinstance(index, str) else list(index)
        others = [name for name in target_fields if name not in keys]
        change = f"UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in others)}" if others else "NOTHING"
        return f"{sql} ON CONFLICT ({', '.join(keys)}) DO {change}"

    def serialize_cell(self, cell: Any, conn: Any = None) -> Any:
        if hasattr(cell, "item") and type(cell).__module__ == "numpy":
            return cell.item()
        return cell
