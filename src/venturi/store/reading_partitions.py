"""Reads of partitions: what waits to start a DAG for one, and runs by their partition."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from sqlalchemy import and_, select

from ..core.partitions import Came, Said, Waiting
from . import tables as t
from .drivers import Driver
from .statements import text_of


class PartitionReads:
    """The part of a reader that looks at these."""

    _driver: Driver

    def waiting_partitions(self) -> dict[str, list[Waiting]]:
        """What each DAG has not been started for yet, the oldest first, with the events that wait for it."""
        text, given = _waiting_text(self._driver.dialect)
        found: dict[tuple[str, str], Waiting] = {}
        by_dag: dict[str, list[Waiting]] = {}
        for dag_id, key, rule, at, token, n, name, uri, source, came_at, date, said in self._driver.all(text, given):
            one = found.get((dag_id, key))
            if one is None:
                one = found[dag_id, key] = Waiting(key, rule, at)
                by_dag.setdefault(dag_id, []).append(one)
            one.events.append(Came(token, n, name, uri, source, came_at, date, _said(said)))
        return by_dag


def _said(text: str | None) -> Said | None:
    if text is None:
        return None
    needed, least, date = json.loads(text)
    return Said(None if needed is None else tuple(needed), least, date)


@cache
def _waiting_text(dialect: str) -> tuple[str, dict[str, Any]]:
    w, e = t.partition_waiting.c, t.partition_event.c
    came = (e.token, e.n, e.name, e.uri, e.source, e.at, e.date, e.said)
    of = t.partition_waiting.join(t.partition_event, and_(e.dag_id == w.dag_id, e.key == w.key))
    made = select(w.dag_id, w.key, w.rule, w.at, *came).select_from(of)
    return text_of(made.order_by(w.dag_id, w.at, w.key, e.at, e.token, e.n), dialect)
