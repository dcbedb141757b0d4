"""Reads of assets, of their events, and of what tasks keep beside their values."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, or_, select

from . import tables as t
from .drivers import Driver
from .statements import text_of

EVENTS_AT_ONCE_MAX = 10_000


def asset(driver: Driver, name: str | None, uri: str | None) -> dict[str, Any] | None:
    text, given = _asset_text(driver.dialect, name is not None, uri is not None)
    found = driver.all(text, {**given, **_told(name=name, uri=uri)})
    return dict(json.loads(found[0][0])) if found else None


def events(
    driver: Driver,
    name: str | None = None,
    uri: str | None = None,
    alias: str | None = None,
    after: float | None = None,
    before: float | None = None,
    limit: int | None = None,
    newest_first: bool = False,
) -> list[dict[str, Any]]:
    """Of an asset, or of all assets under an alias. With a limit, the first so many in the order asked for."""
    told = _told(name=name, uri=uri, alias=alias, after=after, before=before)
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
    return told


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
