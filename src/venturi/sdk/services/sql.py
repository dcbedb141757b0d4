"""SQL operators: run statements, insert rows, branch on a result, wait for one. The connection's type says the hook."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from ..connections import get_connection
from ..exceptions import AirflowException, AirflowFailException, AirflowSkipException
from ..operator import BaseOperator
from ..python import SkipMixin
from ..sensors import BaseSensorOperator
from .database import fetch_all_handler, gives_one_result
from .hooks import hook_for

_TRUE = frozenset({"y", "yes", "t", "true", "on", "1"})
_FALSE = frozenset({"n", "no", "f", "false", "off", "0"})


def truth(value: Any) -> bool:
    """Of a database's answer: a word counts as what it says."""
    if isinstance(value, str):
        word = value.strip().lower()
        if word in _TRUE | _FALSE:
            return word in _TRUE
        raise ValueError(f"{value!r} says neither yes nor no.")
    return bool(value)


class BaseSQLOperator(BaseOperator):
    """`get_db_hook()` gives the hook of the operator's connection."""

    conn_id_field = "conn_id"
    template_fields: Collection[str] = ("conn_id", "database", "hook_params")

    def __init__(
        self,
        *,
        conn_id: str | None = None,
        database: str | None = None,
        hook_params: dict[str, Any] | None = None,
        retry_on_failure: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.conn_id, self.database, self.hook_params = conn_id, database, hook_params or {}
        self.retry_on_failure = retry_on_failure

    def get_db_hook(self) -> Any:
        hook = self.__dict__.get("_hook")
        if hook is None:
            conn_id = getattr(self, self.conn_id_field)
            if not conn_id:
                raise AirflowFailException(f"Task '{self.task_id}' names no connection; give it conn_id=.")
            hook = hook_for(get_connection(conn_id), self.hook_params)
            if self.database:
                setattr(hook, "database" if hook.conn_type == "postgres" else "schema", self.database)
            self.__dict__["_hook"] = hook
        return hook

    def fail(self, message: str) -> Any:
        raise AirflowException(message) if self.retry_on_failure else AirflowFailException(message)


class SQLExecuteQueryOperator(BaseSQLOperator):
    """Runs `sql` (a text, a list of them, or a .sql file); the rows of the last one are the value."""

    template_fields: Collection[str] = ("sql", "parameters", *BaseSQLOperator.template_fields)
    template_ext: Sequence[str] = (".sql", ".json")
    template_fields_renderers: ClassVar[dict[str, str]] = {"sql": "sql", "parameters": "json"}
    ui_color = "#cdaaed"

    def __init__(
        self,
        *,
        sql: str | list[str],
        autocommit: bool = False,
        parameters: Any = None,
        handler: Callable[[Any], Any] | None = fetch_all_handler,
        output_processor: Callable[[list[Any], list[Any]], list[Any]] | None = None,
        conn_id: str | None = None,
        database: str | None = None,
        split_statements: bool | None = None,
        return_last: bool = True,
        show_return_value_in_logs: bool = False,
        requires_result_fetch: bool = False,
        runtime_parameters: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(conn_id=conn_id, database=database, **kwargs)
        if runtime_parameters:  # of older files: settings of the session
            settings = " ".join(f"-c {name}={value}" for name, value in runtime_parameters.items())
            self.hook_params = {"options": settings, **self.hook_params}
        self.sql, self.autocommit, self.parameters, self.handler = sql, autocommit, parameters, handler
        self.output_processor = output_processor
        self.split_statements, self.return_last = split_statements, return_last
        self.show_return_value_in_logs, self.requires_result_fetch = show_return_value_in_logs, requires_result_fetch

    def prepare_template(self) -> None:
        if isinstance(self.parameters, str) and "{{" not in self.parameters:
            self.parameters = ast.literal_eval(self.parameters)

    def execute(self, context: Any) -> Any:
        fetching = self.handler is not None and (self.do_xcom_push or self.requires_result_fetch)
        more = {} if self.split_statements is None else {"split_statements": self.split_statements}
        hook = self.get_db_hook()
        output = hook.run(
            self.sql,
            autocommit=self.autocommit,
            parameters=self.parameters,
            handler=self.handler if fetching else None,
            return_last=self.return_last,
            **more,
        )
        if not fetching:
            return None
        if gives_one_result(self.sql, self.return_last, self.split_statements):
            return self._process_output([output], hook.descriptions)[-1]
        return self._process_output(output, hook.descriptions)

    def _process_output(self, results: list[Any], descriptions: list[Any]) -> list[Any]:
        """Rows as plain lists and tuples; overridden by files that shape them."""
        if self.show_return_value_in_logs:
            self.log.info("%s", results)
        if self.output_processor is not None:
            return self.output_processor(results, descriptions)
        return [_plain(result) for result in results]


def _plain(result: Any) -> Any:
    if isinstance(result, list):
        return [_plain(row) for row in result]
    if type(result).__name__ in ("Row", "DictRow") and hasattr(result, "__iter__"):
        return tuple(result)
    return result


class PostgresOperator(SQLExecuteQueryOperator):
    """Of older files: their provider has dropped it."""

    template_fields: Collection[str] = ("sql", "parameters", "postgres_conn_id", "database", "hook_params")
    conn_id_field = "postgres_conn_id"

    def __init__(self, *, postgres_conn_id: str | None = None, conn_id: str | None = None, **kwargs: Any) -> None:
        self.postgres_conn_id = postgres_conn_id or conn_id or "postgres_default"
        super().__init__(conn_id=self.postgres_conn_id, **kwargs)


class SqliteOperator(SQLExecuteQueryOperator):
    """Of older files: their provider has dropped it."""

    template_fields: Collection[str] = ("sql", "parameters", "sqlite_conn_id", "database", "hook_params")
    conn_id_field = "sqlite_conn_id"

    def __init__(self, *, sqlite_conn_id: str | None = None, conn_id: str | None = None, **kwargs: Any) -> None:
        self.sqlite_conn_id = sqlite_conn_id or conn_id or "sqlite_default"
        super().__init__(conn_id=self.sqlite_conn_id, **kwargs)


class RedshiftSQLOperator(SQLExecuteQueryOperator):
    """Of older files: their provider has dropped it. The connection is one of the provider's wheel."""

    template_fields: Collection[str] = ("sql", "parameters", "redshift_conn_id", "database", "hook_params")
    conn_id_field = "redshift_conn_id"

    def __init__(self, *, redshift_conn_id: str | None = None, conn_id: str | None = None, **kwargs: Any) -> None:
        self.redshift_conn_id = redshift_conn_id or conn_id or "redshift_default"
        super().__init__(conn_id=self.redshift_conn_id, **kwargs)


class BranchSQLOperator(BaseSQLOperator, SkipMixin):
    """Follows one list of tasks or the other, by the first cell of a query."""

    template_fields: Collection[str] = ("sql", *BaseSQLOperator.template_fields)
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers: ClassVar[dict[str, str]] = {"sql": "sql"}
    ui_color = "#a22034"
    inherits_from_skipmixin = True

    def __init__(
        self,
        *,
        sql: str,
        follow_task_ids_if_true: str | list[str],
        follow_task_ids_if_false: str | list[str],
        parameters: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.sql, self.parameters = sql, parameters
        self.follow_task_ids_if_true, self.follow_task_ids_if_false = follow_task_ids_if_true, follow_task_ids_if_false

    def execute(self, context: Any) -> None:
        row = self.get_db_hook().get_first(self.sql, self.parameters)
        if not row:
            raise AirflowException("No rows returned from sql query. Operator expected True or False return value.")
        answer = row[0][0] if isinstance(row[0], (list, tuple)) else row[0]
        self.log.info("The query answers %r.", answer)
        if not isinstance(answer, (bool, int, str)):
            raise AirflowException(f"Unexpected query return result '{answer}' type '{type(answer)}'")
        try:
            chosen = self.follow_task_ids_if_true if truth(answer) else self.follow_task_ids_if_false
        except ValueError as error:
            raise AirflowException(f"Unexpected query return result: {error}") from None
        self.skip_all_except(context["ti"], chosen)


class SQLInsertRowsOperator(BaseSQLOperator):
    """Rows from another task's value, or from the file, into a table."""

    template_fields: Collection[str] = (
        *("table_name", "schema", "rows", "columns", "ignored_columns", "preoperator", "postoperator", "insert_args"),
        *BaseSQLOperator.template_fields,
    )
    template_ext: Sequence[str] = (".sql",)

    def __init__(
        self,
        *,
        table_name: str,
        schema: str | None = None,
        columns: Iterable[str] | None = None,
        ignored_columns: Iterable[str] | None = None,
        rows: Any = None,
        rows_processor: Callable[..., Any] | None = None,
        preoperator: str | list[str] | None = None,
        postoperator: str | list[str] | None = None,
        insert_args: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.table_name, self.schema, self.rows, self.rows_processor = table_name, schema, rows, rows_processor
        self.columns = list(columns) if columns else None
        self.ignored_columns = list(ignored_columns or ())
        self.preoperator, self.postoperator, self.insert_args = preoperator, postoperator, insert_args or {}

    def execute(self, context: Any) -> None:
        rows = self.rows
        if not rows:
            raise AirflowSkipException(f"Task '{self.task_id}' has no rows to insert.")
        hook = self.get_db_hook()
        if self.preoperator:
            hook.run(self.preoperator)
        if self.rows_processor is not None:
            rows = self.rows_processor(rows, **context)
        columns = self.columns
        if columns is None and isinstance(rows[0], Mapping):
            columns = list(rows[0])
        if columns is None and self.ignored_columns:
            columns = [row["name"] for row in hook.inspector.get_columns(self.table_name, self.schema)]
        columns = [name for name in columns if name not in self.ignored_columns] if columns else None
        if isinstance(rows[0], Mapping):
            rows = [tuple(row.get(name) for name in columns or ()) for row in rows]
        table = f"{self.schema}.{self.table_name}" if self.schema else self.table_name
        hook.insert_rows(table, rows, columns, **self.insert_args)
        if self.postoperator:
            hook.run(self.postoperator)


class SqlSensor(BaseSensorOperator):
    """Waits until the first cell of a query is something, or until `success` says so of it."""

    template_fields: Collection[str] = ("sql", "hook_params", "parameters", "conn_id")
    template_ext: Sequence[str] = (".hql", ".sql")
    ui_color = "#7c7287"

    def __init__(
        self,
        *,
        conn_id: str,
        sql: str,
        parameters: Any = None,
        success: Callable[[Any], bool] | None = None,
        failure: Callable[[Any], bool] | None = None,
        selector: Callable[[Any], Any] | None = None,
        fail_on_empty: bool = False,
        hook_params: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.conn_id, self.sql, self.parameters, self.hook_params = conn_id, sql, parameters, hook_params
        self.success, self.failure, self.fail_on_empty = success, failure, fail_on_empty
        self.selector = selector or _first_cell

    def poke(self, context: Any) -> bool:
        hook = hook_for(get_connection(self.conn_id), self.hook_params)
        rows = hook.get_records(self.sql, self.parameters)
        if not rows:
            if self.fail_on_empty:
                raise AirflowException("No rows returned, raising as per fail_on_empty flag")
            return False
        found = self.selector(rows[0])
        for name in ("failure", "success"):
            if getattr(self, name) is not None and not callable(getattr(self, name)):
                raise AirflowException(f"self.{name} is present, but not callable -> {getattr(self, name)}")
        if self.failure is not None and self.failure(found):
            raise AirflowException(f"Failure criteria met. self.failure({found}) returned True")
        if self.success is not None:
            return bool(self.success(found))
        return found not in (0, "0", "", None)


def _first_cell(row: Any) -> Any:
    return row[0]
