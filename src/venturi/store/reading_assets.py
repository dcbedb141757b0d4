"""Reads of assets, of their events, and of what tasks keep beside their values."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, case, func, or_, select

from . import tables as t
from .drivers import Driver
from .reading_partitions import PartitionReads
from .rows import PileRow
from .statements import text_of

EVENTS_AT_ONCE_MAX = 10_000


class AssetReads(PartitionReads):
    """The part of a reader that looks at these."""

    _driver: Driver

    def asset(self, name: str | None = None, uri: str | None = None) -> dict[str, Any] | None:
        """The asset of this name or URI, as the newest DAG file that declares it says."""
        return asset(self._driver, name, uri)

    def assets(self) -> list[dict[str, Any]]:
        """Every one that a DAG file has declared, with its number of events and the last one's time."""
        return assets(self._driver)

    def assets_of_alias(self, alias: str) -> list[tuple[str, str]]:
        """(name, URI) of the assets that tasks have added to it."""
        return of_alias(self._driver, alias)

    def asset_piles(self) -> list[PileRow]:
        """What waits to start a DAG, one row for each asset that it waits with."""
        return piles(self._driver)

    def asset_events(self, **wanted: Any) -> list[dict[str, Any]]:
        return events(self._driver, **wanted)

    def runs_of_asset_events(self) -> list[Any]:
        """(token, n) of each event that has started a run, and of that run (run_id, DAG, logical date, queued, started,
        ended, state, its interval, its partition)."""
        text, given = runs_of_events_text(self._driver.dialect)
        return self._driver.all(text, given)

    def waiting_asset_events(self) -> list[tuple[str, str, str, float]]:
        """(DAG, name, URI, time) of each event that waits to start a DAG."""
        text, given = waiting_text(self._driver.dialect)
        return self._driver.all(text, given)

    def stored_states(self, scope: str, now: float) -> list[tuple[str, Any, float, float | None]]:
        """(key, value, time, when it expires) of all that is kept there and has not expired."""
        text, given = states_text(self._driver.dialect)
        rows = self._driver.all(text, {**given, "scope": scope, "now": now})
        return [(key, json.loads(data), at, until) for key, data, at, until in rows]

    def stored_state(self, scope: str, key: str, now: float) -> str | None:
        """What was kept there and has not expired, as JSON."""
        return stored_state(self._driver, scope, key, now)


def asset(driver: Driver, name: str | None, uri: str | None) -> dict[str, Any] | None:
    text, given = _asset_text(driver.dialect, name is not None, uri is not None)
    found = driver.all(text, {**given, **_told(name=name, uri=uri)})
    return dict(json.loads(found[0][0])) if found else None


def assets(driver: Driver) -> list[dict[str, Any]]:
    """Every one that a DAG file has declared, by name, each with its number of events and the last one's time."""
    text, given = _assets_text(driver.dialect)
    return [{**json.loads(detail), "events": n, "last_at": at} for detail, n, at in driver.all(text, given)]


def of_alias(driver: Driver, alias: str) -> list[tuple[str, str]]:
    """(name, URI) of the assets that tasks have added to it."""
    text, given = _of_alias_text(driver.dialect)
    return [(name, uri) for name, uri in driver.all(text, {**given, "alias": alias})]


def piles(driver: Driver) -> list[PileRow]:
    """What waits to start a DAG, one row for each asset that it waits with."""
    text, given = _piles_text(driver.dialect)
    return [PileRow._make(row) for row in driver.all(text, given)]


def events(
    driver: Driver,
    name: str | None = None,
    uri: str | None = None,
    alias: str | None = None,
    dag_id: str | None = None,
    run_id: str | None = None,
    waiting: str | None = None,
    after: float | None = None,
    before: float | None = None,
    limit: int | None = None,
    newest_first: bool = False,
) -> list[dict[str, Any]]:
    """Of an asset, of all assets under an alias, those that have started a run, or those that wait to start a DAG;
    each must fit all that is given. With a limit, the first so many in the order asked for."""
    told = _told(name=name, uri=uri, alias=alias, dag_id=dag_id, run_id=run_id)
    told |= _told(waiting=waiting, after=after, before=before)
    text, given = _events_text(driver.dialect, frozenset(told), newest_first)
    most = EVENTS_AT_ONCE_MAX if limit is None else min(limit, EVENTS_AT_ONCE_MAX)
    rows = driver.all(text, {**given, **told, "limit": most})
    return [_event(row) for row in rows]


def stored_state(driver: Driver, scope: str, key: str, now: float) -> str | None:
    text, given = _state_text(driver.dialect)
    found = driver.all(text, {**given, "scope": scope, "key": key, "now": now})
    return str(found[0][0]) if found else None


def _told(**given: Any) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}


_COLUMNS = ("token", "n", "at", "name", "uri", "extra", "aliases", "partition", "dag_id", "run_id", "task_id")


def _event(row: Any) -> dict[str, Any]:
    told = dict(zip((*_COLUMNS, "map_index"), row, strict=True))
    told["id"] = told.pop("token") * 1000 + told.pop("n")
    told["extra"], told["aliases"] = json.loads(told["extra"]), json.loads(told["aliases"])
    for name in ("dag_id", "run_id", "task_id"):  # empty: a person has told of it, or a watcher
        told[name] = told[name] or None
    return told


@cache
def _assets_text(dialect: str) -> tuple[str, dict[str, Any]]:
    a, e = t.asset.c, t.asset_event.c
    of = t.asset.outerjoin(t.asset_event, and_(e.name == a.name, e.uri == a.uri))
    made = select(a.detail, func.count(e.token), func.max(e.at)).select_from(of)
    return text_of(made.group_by(a.name, a.uri, a.detail).order_by(a.name, a.uri), dialect)


@cache
def _of_alias_text(dialect: str) -> tuple[str, dict[str, Any]]:
    e, by = t.asset_event.c, t.asset_alias_event.c
    made = select(e.name, e.uri).distinct().join(t.asset_alias_event, and_(by.token == e.token, by.n == e.n))
    return text_of(made.where(by.alias == bindparam("alias")), dialect)


@cache
def _piles_text(dialect: str) -> tuple[str, dict[str, Any]]:
    w, e, r = t.asset_waiting.c, t.asset_event.c, t.run.c
    of = t.asset_waiting.outerjoin(t.asset_event, and_(e.token == w.token, e.n == w.n))
    of = of.outerjoin(t.run, and_(r.dag_id == e.dag_id, r.run_id == e.run_id))
    sums = (
        func.count(case((w.counts, w.token))),
        func.min(case((w.counts, w.at))),
        func.min(func.coalesce(r.interval_start, w.at)),
        func.max(func.coalesce(r.interval_end, w.at)),
    )
    grouped = (w.dag_id, w.name, w.uri)
    return text_of(select(*grouped, *sums).select_from(of).group_by(*grouped).order_by(*grouped), dialect)


@cache
def _asset_text(dialect: str, by_name: bool, by_uri: bool) -> tuple[str, dict[str, Any]]:
    made = select(t.asset.c.detail).order_by(t.asset.c.at.desc()).limit(1)
    if by_name:
        made = made.where(t.asset.c.name == bindparam("name"))
    if by_uri:
        made = made.where(t.asset.c.uri == bindparam("uri"))
    return text_of(made, dialect)


@cache
def _events_text(dialect: str, told: frozenset[str], newest_first: bool) -> tuple[str, dict[str, Any]]:
    c, by = t.asset_event.c, t.asset_alias_event.c
    made: Select[Any] = select(*(c[name] for name in (*_COLUMNS, "map_index"))).limit(bindparam("limit"))
    if "alias" in told:
        made = made.join(t.asset_alias_event, and_(by.token == c.token, by.n == c.n))
        made = made.where(by.alias == bindparam("alias"))
    if "waiting" in told:
        w = t.asset_waiting.c
        made = made.join(t.asset_waiting, and_(w.token == c.token, w.n == c.n)).where(w.dag_id == bindparam("waiting"))
    if "run_id" in told:
        by_run = t.run_asset_event.c
        made = made.join(t.run_asset_event, and_(by_run.token == c.token, by_run.n == c.n))
        made = made.join(t.run, t.run.c.id == by_run.run)
        made = made.where(and_(t.run.c.dag_id == bindparam("dag_id"), t.run.c.run_id == bindparam("run_id")))
    for name in ("name", "uri"):
        if name in told:
            made = made.where(c[name] == bindparam(name))
    if "after" in told:
        made = made.where(c.at >= bindparam("after"))
    if "before" in told:
        made = made.where(c.at <= bindparam("before"))
    order = (c.at, c.token, c.n)
    made = made.order_by(*(column.desc() for column in order)) if newest_first else made.order_by(*order)
    return text_of(made, dialect)


@cache
def _state_text(dialect: str) -> tuple[str, dict[str, Any]]:
    c = t.stored_state.c
    made = select(c.data).where(
        and_(
            c.scope == bindparam("scope"),
            c.key == bindparam("key"),
            or_(c.expires_at.is_(None), c.expires_at > bindparam("now")),
        )
    )
    return text_of(made, dialect)


@cache
def states_text(dialect: str) -> tuple[str, dict[str, Any]]:
    c = t.stored_state.c
    alive = or_(c.expires_at.is_(None), c.expires_at > bindparam("now"))
    made = select(c.key, c.data, c.at, c.expires_at).where(and_(c.scope == bindparam("scope"), alive))
    return text_of(made.order_by(c.key), dialect)


@cache
def runs_of_events_text(dialect: str) -> tuple[str, dict[str, Any]]:
    by, r = t.run_asset_event.c, t.run.c
    names = ("run_id", "dag_id", "logical_date", "queued_at", "started_at", "ended_at", "state")
    columns = (by.token, by.n, *(r[name] for name in names), r.interval_start, r.interval_end, r.partition_key)
    made = select(*columns).select_from(t.run_asset_event.join(t.run, r.id == by.run))
    return text_of(made.order_by(r.id), dialect)


@cache
def waiting_text(dialect: str) -> tuple[str, dict[str, Any]]:
    w = t.asset_waiting.c
    made = select(w.dag_id, w.name, w.uri, w.at).where(w.counts)
    return text_of(made.order_by(w.dag_id, w.at, w.token, w.n), dialect)
