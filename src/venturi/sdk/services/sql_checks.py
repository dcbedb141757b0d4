"""SQL checks: operators that fail when a database's answer is not as it should be."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, ClassVar

from ..exceptions import AirflowException
from .sql import BaseSQLOperator, truth

_ROW_FIELDS = BaseSQLOperator.template_fields


class SQLCheckOperator(BaseSQLOperator):
    """Every cell of the first row must be true."""

    template_fields: Collection[str] = ("sql", *_ROW_FIELDS)
    template_ext: Sequence[str] = (".hql", ".sql")
    template_fields_renderers: ClassVar[dict[str, str]] = {"sql": "sql"}
    ui_color = "#fff7e6"

    def __init__(self, *, sql: str, parameters: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sql, self.parameters = sql, parameters

    def execute(self, context: Any) -> None:
        row = self.get_db_hook().get_first(self.sql, self.parameters)
        self.log.info("Record: %s", row)
        if not row:
            self.fail(f"The following query returned zero rows: {self.sql}")
        cells = row.values() if isinstance(row, Mapping) else row
        if not all(cells):
            self.fail(f"Test failed.\nQuery:\n{self.sql}\nResults:\n{row!s}")


class SQLValueCheckOperator(BaseSQLOperator):
    """Every cell of the first row must be `pass_value`; a number may differ by the share `tolerance`."""

    template_fields: Collection[str] = ("sql", "pass_value", *_ROW_FIELDS)
    template_ext: Sequence[str] = (".hql", ".sql")
    template_fields_renderers: ClassVar[dict[str, str]] = {"sql": "sql"}
    ui_color = "#fff7e6"

    def __init__(
        self, *, sql: str, pass_value: Any, tolerance: Any = None, parameters: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.sql, self.parameters = sql, parameters
        self.pass_value = str(pass_value)
        self.tol = _number(tolerance)

    def execute(self, context: Any) -> None:
        row = self.get_db_hook().get_first(self.sql, self.parameters)
        if not row:
            self.fail(f"The following query returned zero rows: {self.sql}")
        if not self._holds(row):
            self.fail(
                f"Test failed.\nPass value:{self.pass_value}\nTolerance:{self.tol}\n"
                f"Query:\n{self.sql}\nResults:\n{row!s}"
            )

    def _holds(self, row: Any) -> bool:
        wanted = _number(self.pass_value)
        if wanted is None:
            return all(str(cell) == self.pass_value for cell in row)
        try:
            numbers = [float(cell) for cell in row]
        except (TypeError, ValueError):
            raise AirflowException(
                f"Converting a result to float failed.\nQuery:\n{self.sql}\nResults:\n{row!s}"
            ) from None
        margin = abs(wanted) * (self.tol or 0.0)
        return all(wanted - margin <= number <= wanted + margin for number in numbers)


class SQLThresholdCheckOperator(BaseSQLOperator):
    """The first cell must lie between two numbers, either of which may be a query itself."""

    template_fields: Collection[str] = ("sql", "min_threshold", "max_threshold", *_ROW_FIELDS)
    template_ext: Sequence[str] = (".hql", ".sql")
    template_fields_renderers: ClassVar[dict[str, str]] = {"sql": "sql"}

    def __init__(self, *, sql: str, min_threshold: Any, max_threshold: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.sql, self.min_threshold, self.max_threshold = sql, min_threshold, max_threshold

    def execute(self, context: Any) -> None:
        hook = self.get_db_hook()
        row = hook.get_first(self.sql)
        if not row:
            self.fail(f"The following query returned zero rows: {self.sql}")
        low, high = (self._bound(hook, given) for given in (self.min_threshold, self.max_threshold))
        told = {"result": row[0], "task_id": self.task_id, "min_threshold": low, "max_threshold": high}
        self.push({**told, "within_threshold": low <= row[0] <= high})
        if not low <= row[0] <= high:
            self.fail(
                f"Threshold Check: '{self.task_id}' failed. The result {row[0]} is not within {low} and {high}.\n"
                f"SQL: {self.sql}"
            )

    @staticmethod
    def _bound(hook: Any, given: Any) -> Any:
        number = _number(given)
        return number if number is not None else hook.get_first(given)[0]

    def push(self, meta_data: Mapping[str, Any]) -> None:
        """Into the log; files override it."""
        self.log.info("%s", "\n".join(f"{name}: {value}" for name, value in meta_data.items()))


class SQLIntervalCheckOperator(BaseSQLOperator):
    """Metrics of the run's day beside those of some days before."""

    template_fields: Collection[str] = ("sql1", "sql2", *_ROW_FIELDS)
    template_ext: Sequence[str] = (".hql", ".sql")
    template_fields_renderers: ClassVar[dict[str, str]] = {"sql1": "sql", "sql2": "sql"}
    ui_color = "#fff7e6"

    ratio_formulas: ClassVar[dict[str, Callable[[Any, Any], Any]]] = {
        "max_over_min": lambda cur, ref: max(cur, ref) / min(cur, ref),
        "relative_diff": lambda cur, ref: abs(cur - ref) / ref,
    }

    def __init__(
        self,
        *,
        table: str,
        metrics_thresholds: dict[str, float],
        date_filter_column: str | None = "ds",
        days_back: int = -7,
        ratio_formula: str = "max_over_min",
        ignore_zero: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if ratio_formula not in self.ratio_formulas:
            raise AirflowException(f"ratio_formula is {ratio_formula!r}; give one of {', '.join(self.ratio_formulas)}.")
        self.ratio_formula, self.ignore_zero, self.table = ratio_formula, ignore_zero, table
        self.metrics_thresholds, self.metrics_sorted = metrics_thresholds, sorted(metrics_thresholds)
        self.date_filter_column, self.days_back = date_filter_column, -abs(days_back)
        select = f"SELECT {', '.join(self.metrics_sorted)} FROM {table} WHERE {date_filter_column}="
        self.sql1 = select + "'{{ ds }}'"
        self.sql2 = select + "'{{ macros.ds_add(ds, " + str(self.days_back) + ") }}'"

    def execute(self, context: Any) -> None:
        hook = self.get_db_hook()
        then, now = hook.get_first(self.sql2), hook.get_first(self.sql1)
        for row, sql in ((then, self.sql2), (now, self.sql1)):
            if not row:
                self.fail(f"The following query returned zero rows: {sql}")
        failed = []
        for name, current, past in zip(self.metrics_sorted, now, then, strict=True):
            threshold = self.metrics_thresholds[name]
            none = not current or not past
            ratio = None if none else self.ratio_formulas[self.ratio_formula](current, past)
            self.log.info("%s: now %s, then %s, ratio %s, threshold %s", name, current, past, ratio, threshold)
            if not (self.ignore_zero if ratio is None else ratio < threshold):
                failed.append(f"{name}: now {current}, then {past}, ratio {ratio}, threshold {threshold}")
        if failed:
            self.fail("The following tests have failed:\n " + "; ".join(failed))


class SQLTableCheckOperator(BaseSQLOperator):
    """Named conditions, each of which must hold for the table's rows."""

    template_fields: Collection[str] = ("table", "partition_clause", "sql", *_ROW_FIELDS)
    template_fields_renderers: ClassVar[dict[str, str]] = {"sql": "sql"}

    def __init__(
        self,
        *,
        table: str,
        checks: dict[str, dict[str, Any]],
        partition_clause: str | None = None,
        accept_none: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.table, self.checks, self.partition_clause = table, checks, _clause(partition_clause)
        self.accept_none = accept_none
        parts = [
            f"SELECT '{name}' AS check_name, MIN({name}) AS check_result FROM "
            f"(SELECT CASE WHEN {check['check_statement']} THEN 1 ELSE 0 END AS {name} "
            f"FROM {table} {_where(self.partition_clause, check)}) AS sq"
            for name, check in checks.items()
        ]
        self.sql = f"SELECT check_name, check_result FROM ({' UNION ALL '.join(parts)}) AS check_table"

    def execute(self, context: Any) -> None:
        rows = self.get_db_hook().get_records(self.sql)
        if not rows:
            if self.accept_none:
                self.log.warning("No records found for table: %s", self.table)
                return
            self.fail(f"The following query returned zero rows: {self.sql}")
        for name, result in rows:
            self.checks[name].update(result=result, success=result is not None and truth(str(result)))
        failed = [
            f"Check: {name}, Check Values: {check}" for name, check in self.checks.items() if not check["success"]
        ]
        if failed:
            tests = "\n".join(failed)
            self.fail(
                f"Test failed.\nQuery:\n{self.sql}\nResults:\n{rows!s}\nThe following tests have failed:\n{tests}"
            )


class SQLColumnCheckOperator(BaseSQLOperator):
    """Numbers of columns (nulls, distinct values, minimum, maximum …) within limits."""

    template_fields: Collection[str] = ("table", "partition_clause", "sql", *_ROW_FIELDS)
    template_fields_renderers: ClassVar[dict[str, str]] = {"sql": "sql"}

    column_checks: ClassVar[dict[str, str]] = {
        "null_check": "SUM(CASE WHEN {column} IS NULL THEN 1 ELSE 0 END)",
        "distinct_check": "COUNT(DISTINCT({column}))",
        "unique_check": "COUNT({column}) - COUNT(DISTINCT({column}))",
        "min": "MIN({column})",
        "max": "MAX({column})",
    }

    def __init__(
        self,
        *,
        table: str,
        column_mapping: dict[str, dict[str, Any]],
        partition_clause: str | None = None,
        accept_none: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.table, self.column_mapping, self.partition_clause = table, column_mapping, _clause(partition_clause)
        self.accept_none = accept_none
        parts = []
        for column, checks in column_mapping.items():
            for name, check in checks.items():
                _check_limits(name, check, self.column_checks)
                made = self.column_checks[name].format(column=column)
                parts.append(
                    f"SELECT '{column}' AS col_name, '{name}' AS check_type, {column}_{name} AS check_result "
                    f"FROM (SELECT {made} AS {column}_{name} FROM {table} {_where(self.partition_clause, check)}) AS sq"
                )
        self.sql = f"SELECT col_name, check_type, check_result FROM ({' UNION ALL '.join(parts)}) AS check_columns"

    def execute(self, context: Any) -> None:
        rows = self.get_db_hook().get_records(self.sql)
        if not rows:
            self.fail(f"The following query returned zero rows: {self.sql}")
        failed = []
        for column, name, result in rows:
            check = self.column_mapping[column][name]
            check.update(result=result, success=within(check, 0 if result is None and self.accept_none else result))
            if not check["success"]:
                failed.append(f"Column: {column}, Check: {name}, Check Values: {check}")
        if failed:
            tests = "\n".join(failed)
            self.fail(f"Test failed.\nResults:\n{rows!s}\nThe following tests have failed:\n{tests}")


_LIMITS = ("equal_to", "greater_than", "geq_to", "less_than", "leq_to")


def _check_limits(name: str, check: Mapping[str, Any], known: Mapping[str, str]) -> None:
    if name not in known:
        raise AirflowException(f"Invalid column check: {name}. There are: {', '.join(known)}.")
    given = [limit for limit in _LIMITS if limit in check]
    if not given:
        raise ValueError(f"The check '{name}' has no limit; give it one of {', '.join(_LIMITS)}.")
    for one, other in (("greater_than", "geq_to"), ("less_than", "leq_to")):
        if one in given and other in given:
            raise ValueError(f"The check '{name}' has {one} and {other}; give one of the two.")
    if "equal_to" in given and len(given) > 1:
        raise ValueError(f"The check '{name}' has equal_to beside other limits; leave it or them out.")
    low = check.get("greater_than", check.get("geq_to"))
    high = check.get("less_than", check.get("leq_to"))
    strict = "greater_than" in given or "less_than" in given
    if low is not None and high is not None and (low > high or (strict and low >= high)):
        raise ValueError(f"The limits of the check '{name}' leave nothing between them: {low} and {high}.")


def within(check: Mapping[str, Any], found: Any) -> bool:
    """A tolerance widens every limit by its share."""
    share = check.get("tolerance")

    def limit(name: str, sign: int) -> Any:
        value = check[name]
        return value if share is None else value + sign * abs(value) * share

    if "equal_to" in check:
        if share is None:
            return bool(found == check["equal_to"])
        return bool(limit("equal_to", -1) <= found <= limit("equal_to", 1))
    return all(
        compare(found, limit(name, sign))
        for name, sign, compare in (
            ("greater_than", -1, operator.gt),
            ("geq_to", -1, operator.ge),
            ("less_than", 1, operator.lt),
            ("leq_to", 1, operator.le),
        )
        if name in check
    )


def _clause(clause: str | None) -> str | None:
    if clause is not None and ";" in clause:
        raise ValueError("Invalid partition_clause: semicolons (;) not allowed.")
    return clause


def _where(clause: str | None, check: Mapping[str, Any]) -> str:
    both = [part for part in (clause, _clause(check.get("partition_clause"))) if part]
    return f"WHERE {' AND '.join(both)}" if both else ""


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
