"""Reads of backfills: where each stands, and what has become of its dates."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from sqlalchemy import and_, bindparam, func, literal_column, select

from . import tables as t
from .drivers import Driver, Row
from .rows import BackfillDateRow, BackfillRow
from .statements import text_of

_P = bindparam


class BackfillReads:
    """The part of a reader that looks at backfills."""

    _driver: Driver

    def backfill(self, id: int) -> BackfillRow | None:
        rows = _ask(self._driver, "one", id=id)
        return BackfillRow.of(rows[0]) if rows else None

    def backfill_by_key(self, dag_id: str, key: str) -> BackfillRow | None:
        rows = _ask(self._driver, "by_key", dag_id=dag_id, key=key)
        return BackfillRow.of(rows[0]) if rows else None

    def backfills(self, dag_id: str | None = None, limit: int = 100) -> list[BackfillRow]:
        """Newest first."""
        if dag_id is None:
            return [BackfillRow.of(row) for row in _ask(self._driver, "all", limit=limit)]
        return [BackfillRow.of(row) for row in _ask(self._driver, "of_dag", dag_id=dag_id, limit=limit)]

    def newest_backfill(self) -> int:
        return _ask(self._driver, "newest")[0][0] or 0

    def backfill_counts(self, id: int) -> dict[str, int]:
        """How many of its dates were left out, and in which state its runs are; `removed`: those not there any more."""
        return dict(_ask(self._driver, "counts", backfill=id))

    def backfill_dates(self, id: int, limit: int = 100, after: int = 0) -> list[BackfillDateRow]:
        """In the order in which they were dealt with, from the one after the n-th on."""
        return [BackfillDateRow._make(row) for row in _ask(self._driver, "dates", backfill=id, n=after, limit=limit)]


def open_backfills(driver: Driver) -> list[BackfillRow]:
    """Oldest first."""
    return [BackfillRow.of(row) for row in _ask(driver, "open")]


_B, _D, _R = t.backfill.c, t.backfill_run.c, t.run.c
_with_runs = t.backfill_run.outerjoin(t.run, _R.id == _D.run)
_left_out = _D.state == literal_column("'left out'")
_newest_first = select(t.backfill).order_by(_B.id.desc()).limit(_P("limit"))


def _open() -> Any:
    return _B.state.in_([literal_column("'running'"), literal_column("'paused'")])


def _counts() -> Any:
    state = func.coalesce(_R.state, literal_column("'removed'"))
    made = (
        select(state, func.count())
        .select_from(_with_runs)
        .where(and_(_D.backfill == _P("backfill"), ~_left_out))
        .group_by(state)
    )
    left: Any = select(literal_column("'left out'"), func.count()).where(and_(_D.backfill == _P("backfill"), _left_out))
    return made.union_all(left)


_QUERIES: dict[str, Callable[[], Any]] = {
    "one": lambda: select(t.backfill).where(_B.id == _P("id")),
    "by_key": lambda: select(t.backfill).where(and_(_B.dag_id == _P("dag_id"), _B.key == _P("key"))),
    "all": lambda: _newest_first,
    "of_dag": lambda: _newest_first.where(_B.dag_id == _P("dag_id")),
    "open": lambda: select(t.backfill).where(_open()).order_by(_B.id),
    "newest": lambda: select(func.max(_B.id)),
    "counts": _counts,
    "dates": lambda: (
        select(_D.n, _D.logical_date, _D.state, _D.reason, _D.run, _R.run_id, _R.state)
        .select_from(_with_runs)
        .where(and_(_D.backfill == _P("backfill"), _D.n > _P("n")))
        .order_by(_D.n)
        .limit(_P("limit"))
    ),
}


@cache
def _text(name: str, dialect: str) -> tuple[str, dict[str, Any]]:
    return text_of(_QUERIES[name](), dialect)


def _ask(driver: Driver, name: str, **params: Any) -> list[Row]:
    text, given = _text(name, driver.dialect)
    return driver.all(text, {**given, **params})
