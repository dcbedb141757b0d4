"""Reads of what tasks ask people."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import and_, bindparam, literal_column, select

from . import tables as t
from .drivers import Driver
from .reading_accounts import HasAccounts
from .reading_pages import Condition, Order, page
from .rows import QuestionRow
from .statements import text_of


class PeopleReads(HasAccounts):
    """The part of a reader that looks at questions."""

    _driver: Driver

    def question(self, run: int, task_id: str, map_index: int) -> QuestionRow | None:
        """The newest that this instance has asked, answered or not."""
        text, given = _one_text(self._driver.dialect)
        rows = self._driver.all(text, {**given, "run": run, "task_id": task_id, "map_index": map_index})
        return _row(rows[0]) if rows else None

    def questions(self, conditions: Sequence[Condition], order: Sequence[Order]) -> list[QuestionRow]:
        """All that fit."""
        return [_row(row) for row in page(self._driver, "questions", conditions, order).rows]

    def open_questions(self) -> list[QuestionRow]:
        """Those that somebody waits for the answer of, oldest first."""
        text, given = _open_text(self._driver.dialect)
        return [_row(row) for row in self._driver.all(text, given)]


_Q, _R, _I = t.question.c, t.run.c, t.task_instance.c
_NAMES = ("task_id", "map_index", "token", "detail", "at", "answer", "answered_by", "answered_at")
_COLUMNS = (_R.dag_id, _R.run_id, *(_Q[name] for name in _NAMES))


@cache
def _one_text(dialect: str) -> tuple[str, dict[str, Any]]:
    here = and_(*(_Q[name] == bindparam(name) for name in ("run", "task_id", "map_index")))
    return text_of(select(*_COLUMNS).select_from(t.question.join(t.run, _R.id == _Q.run)).where(here), dialect)


@cache
def _open_text(dialect: str) -> tuple[str, dict[str, Any]]:
    same = and_(_I.run == _Q.run, _I.task_id == _Q.task_id, _I.map_index == _Q.map_index, _I.token == _Q.token)
    joined = t.question.join(t.run, _R.id == _Q.run).join(t.task_instance, same)
    waits = and_(_I.state == literal_column("'deferred'"), _Q.answered_at.is_(None))
    return text_of(select(*_COLUMNS).select_from(joined).where(waits).order_by(_Q.at, _Q.token), dialect)


def _row(row: Any) -> QuestionRow:
    dag_id, run_id, task_id, map_index, token, detail, at, answer, by, answered_at = row
    said = None if answer is None else json.loads(answer)
    return QuestionRow(dag_id, run_id, task_id, map_index, token, json.loads(detail), at, said, by, answered_at)
