"""Pages of what there is: rows chosen by conditions and ordered by fields from allow-lists, and how many there are.

Owns these lists: runs, task instances, events and values, each with the fields it can be asked by. Each shape of
a question (which conditions, which order) is built once as text; what it is asked for are parameters.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    Text,
    and_,
    bindparam,
    case,
    false,
    func,
    literal_column,
    not_,
    null,
    or_,
    select,
)
from sqlalchemy.sql.selectable import FromClause

from ..core.errors import NotFound
from . import tables as t
from .drivers import Driver, Row, transaction
from .reading_overview import OverviewReads
from .statements import json_items, text_of


class Condition(NamedTuple):
    """`how`: is, in, out (not in), ge, gt, le, lt, empty, like (any of several patterns, upper and lower case alike),
    prefix (any of several)."""

    field: str
    how: str
    value: Any


class Order(NamedTuple):
    field: str
    falling: bool = False


class Page(NamedTuple):
    rows: list[Row]
    total: int


class Stretch(NamedTuple):
    """Rows in their order, with what each is ordered by; and whether more follow (or, backwards, come before)."""

    rows: list[Any]
    keys: list[tuple[Any, ...]]
    more: bool


@dataclass(frozen=True)
class Listing:
    columns: tuple[ColumnElement[Any], ...]
    of: FromClause
    fields: Mapping[str, ColumnElement[Any]]
    last: tuple[str, ...]  # fields that end every order, so that it is whole
    nullable: frozenset[str] = frozenset()


def page(
    driver: Driver,
    listing: str,
    conditions: Sequence[Condition] = (),
    order: Sequence[Order] = (),
    limit: int | None = None,
    offset: int = 0,
) -> Page:
    """Both as of one moment. Without a limit, all of it."""
    shape = tuple((c.field, c.how, len(c.value) if c.how in ("like", "prefix") else 0) for c in conditions)
    params = _params(conditions)
    text, given = _rows_text(driver.dialect, listing, shape, tuple(order), limit is not None)
    bounds = {} if limit is None else {"limit": limit, "offset": offset}
    if limit is None:
        rows = driver.all(text, {**given, **params})
        return Page(rows, len(rows))
    count, known = _count_text(driver.dialect, listing, shape)
    with transaction(driver, writing=False):
        total: int = driver.all(count, {**known, **params})[0][0]
        return Page(driver.all(text, {**given, **params, **bounds}) if limit else [], total)


def seek(
    driver: Driver,
    listing: str,
    conditions: Sequence[Condition],
    order: Sequence[Order],
    limit: int,
    beside: Sequence[Any] | None = None,
    backwards: bool = False,
) -> Stretch:
    """The rows that follow a row with these keys (or come before it), however many there are in front of them."""
    shape = tuple((c.field, c.how, len(c.value) if c.how in ("like", "prefix") else 0) for c in conditions)
    whole = whole_order(listing, order)
    nulls = None if beside is None else tuple(value is None for value in beside)
    text, given = _seek_text(driver.dialect, listing, shape, whole, nulls, backwards)
    keys = {} if beside is None else {f"k{n}": value for n, value in enumerate(beside) if value is not None}
    found = driver.all(text, {**given, **_params(conditions), **keys, "limit": limit + 1})
    more, found = len(found) > limit, found[:limit]
    if backwards:
        found.reverse()
    width = len(listings()[listing].columns)
    return Stretch([tuple(row[:width]) for row in found], [tuple(row[width:]) for row in found], more)


def whole_order(listing: str, order: Sequence[Order]) -> tuple[Order, ...]:
    """No two rows are the same in it."""
    named = {one.field for one in order}
    return (*order, *(Order(name) for name in listings()[listing].last if name not in named))


def are_keys(listing: str, order: Sequence[Order], beside: Sequence[Any]) -> bool:
    """Whether a row of this list could have these."""
    whole = whole_order(listing, order)
    if len(whole) != len(beside):
        return False
    kinds = [_field(listings()[listing], one.field).type for one in whole]
    return all(key is None or isinstance(key, _python(kind)) for kind, key in zip(kinds, beside, strict=True))


def _python(kind: Any) -> tuple[type, ...]:
    try:
        found = kind.python_type
    except NotImplementedError:
        return (int, float, str)
    return (str,) if found is str else (int,) if found is int else (int, float)


@cache
def _seek_text(
    dialect: str,
    listing: str,
    shape: Shape,
    order: tuple[Order, ...],
    nulls: tuple[bool, ...] | None,
    backwards: bool,
) -> tuple[str, dict[str, Any]]:
    of = listings()[listing]
    made = select(*of.columns, *(_field(of, one.field) for one in order)).select_from(of.of)
    made = _where(made, of, shape, dialect)
    if nulls is not None:
        made = made.where(or_(false(), *_beside(of, order, nulls, backwards)))
    for field, falling in order:
        column = _field(of, field)
        if field in of.nullable:
            made = made.order_by(case((column.is_(None), 0 if backwards else 1), else_=1 if backwards else 0))
        made = made.order_by(column.desc() if falling != backwards else column)
    return text_of(made.limit(bindparam("limit")), dialect)


def _beside(
    of: Listing, order: tuple[Order, ...], nulls: tuple[bool, ...], backwards: bool
) -> Iterator[ColumnElement[bool]]:
    """Equal in the first fields, and beyond in the next; what is not there comes last."""
    equal: list[ColumnElement[bool]] = []
    for n, (field, falling) in enumerate(order):
        column: ColumnElement[Any] = _field(of, field)
        key: Any = bindparam(f"k{n}")
        beyond: ColumnElement[bool]
        same: ColumnElement[bool]
        if nulls[n]:
            beyond = column.is_not(None) if backwards else false()
            same = column.is_(None)
        else:
            beyond = column < key if falling != backwards else column > key
            if field in of.nullable and not backwards:
                beyond = or_(beyond, column.is_(None))
            same = column == key
        yield and_(*equal, beyond)
        equal.append(same)


def _params(conditions: Sequence[Condition]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for n, one in enumerate(conditions):
        if one.how in ("in", "out"):
            found[f"p{n}"] = json.dumps(list(one.value))
        elif one.how in ("like", "prefix"):
            for m, text in enumerate(one.value):
                found[f"p{n}_{m}"] = f"%{text}%".lower().replace("\\", "\\\\") if one.how == "like" else text
        elif one.how != "empty":
            found[f"p{n}"] = one.value
    return found


Shape = tuple[tuple[str, str, int], ...]


@cache
def _rows_text(
    dialect: str, listing: str, shape: Shape, order: tuple[Order, ...], limited: bool
) -> tuple[str, dict[str, Any]]:
    of = listings()[listing]
    made = _where(select(*of.columns).select_from(of.of), of, shape, dialect)
    for field, falling in whole_order(listing, order):
        column = _field(of, field)
        if field in of.nullable:
            made = made.order_by(case((column.is_(None), 1), else_=0))  # last, on either database
        made = made.order_by(column.desc() if falling else column)
    if limited:
        made = made.limit(bindparam("limit")).offset(bindparam("offset"))
    return text_of(made, dialect)


@cache
def _count_text(dialect: str, listing: str, shape: Shape) -> tuple[str, dict[str, Any]]:
    of = listings()[listing]
    return text_of(_where(select(func.count()).select_from(of.of), of, shape, dialect), dialect)


def _where(made: Select[Any], of: Listing, shape: Shape, dialect: str) -> Select[Any]:
    for n, (field, how, several) in enumerate(shape):
        made = made.where(_holds(_field(of, field), how, f"p{n}", several, dialect))
    return made


def _field(of: Listing, name: str) -> ColumnElement[Any]:
    found = of.fields.get(name)
    if found is None:
        raise NotFound(kind="field", name=name, advice=f"There are: {', '.join(of.fields)}.")
    return found


def _holds(column: ColumnElement[Any], how: str, name: str, several: int, dialect: str) -> ColumnElement[bool]:
    if how == "in":
        return column.in_(json_items(name, column.type, dialect))
    if how == "out":
        return column.not_in(json_items(name, column.type, dialect))
    if how == "empty":
        return column.is_(None)
    if how == "like":
        patterns: list[Any] = [bindparam(f"{name}_{m}") for m in range(several)]
        return or_(*(func.lower(column).like(pattern, escape="\\") for pattern in patterns))
    if how == "prefix":
        starts: list[Any] = [bindparam(f"{name}_{m}", type_=Text()) for m in range(several)]
        return or_(*(func.substr(column, 1, func.length(start)) == start for start in starts))
    compare = {"is": operator.eq, "ge": operator.ge, "gt": operator.gt, "le": operator.le, "lt": operator.lt}
    found: ColumnElement[bool] = compare[how](column, bindparam(name))
    return found


# ── the lists ────────────────────────────────────────────────────────────────────────────────────────────


@cache
def listings() -> dict[str, Listing]:
    return {
        "runs": _runs(),
        "instances": _instances(),
        "events": _events(),
        "values": _values(),
        "questions": _questions(),
    }


def run_after(run: Any) -> ColumnElement[Any]:
    """From when on it may run: what its timetable says, or when it was asked for."""
    timed = run.run_type.in_([literal_column("'scheduled'"), literal_column("'backfill'")])
    return case(
        (timed, func.coalesce(run.interval_end, run.logical_date, run.queued_at)),
        else_=run.queued_at,
    )


_OF_PARTITION = ("partition_key", "partition_date")
_RUN_NULLABLE = ("started_at", "ended_at", "logical_date", "duration", "conf", "started_by", "note", *_OF_PARTITION)


def _runs() -> Listing:
    r, n = t.run.c, t.note.c
    of = t.run.outerjoin(t.note, and_(n.run == r.id, n.task_id == literal_column("''")))
    fields = {
        **{name: r[name] for name in ("id", "dag_id", "run_id", "state", "run_type", "queued_at", "started_at")},
        **{name: r[name] for name in ("ended_at", "logical_date", "conf", "version", "started_by", "backfill")},
        **{name: r[name] for name in _OF_PARTITION},
        "duration": r.ended_at - r.started_at,
        "run_after": run_after(r),
        "updated_at": func.coalesce(r.ended_at, r.started_at, r.queued_at),
        "note": n.text,
    }
    return Listing((*r, n.text), of, fields, ("id",), frozenset(_RUN_NULLABLE))


def _instances() -> Listing:
    """Every instance with a row, and mapped groups of which none has one: what has been touched."""
    i, g, r, n = t.task_instance.c, t.task_group.c, t.run.c, t.note.c
    zero = literal_column("0", BigInteger)
    no_time: Any = null()
    group = select(
        g.run,
        g.task_id,
        literal_column("-1").label("map_index"),
        g.state,
        *(zero.label(name) for name in ("token", "try_number", "lost")),
        *(no_time.label(name) for name in ("started_at", "ended_at", "wake_at")),
        g.at,
        g.reason,
    ).where(not_(select(i.run).where(and_(i.run == g.run, i.task_id == g.task_id)).exists()))
    both = select(t.task_instance).union_all(group).subquery("touched").c
    touched = both.run.table
    of = touched.join(t.run, r.id == both.run).outerjoin(
        t.note, and_(n.run == both.run, n.task_id == both.task_id, n.map_index == both.map_index)
    )
    fields = {
        **{name: both[name] for name in ("run", "task_id", "map_index", "state", "try_number", "started_at")},
        **{name: both[name] for name in ("ended_at", "at")},
        "duration": both.ended_at - both.started_at,
        **{name: r[name] for name in ("dag_id", "run_id", "logical_date", "version")},
        "run_after": run_after(r),
        "note": n.text,
    }
    of_run = (r.dag_id, r.run_id, r.version, r.logical_date, run_after(r), r.run_type, n.text)
    nullable = frozenset(("started_at", "ended_at", "duration", "logical_date", "note"))
    return Listing((*both, *of_run), of, fields, ("run", "task_id", "map_index"), nullable)


def _events() -> Listing:
    e, r = t.event.c, t.run.c
    of = t.event.outerjoin(t.run, r.id == e.run)
    fields = {
        **{name: e[name] for name in ("id", "at", "kind", "dag_id", "run")},
        "run_id": r.run_id,
        "logical_date": r.logical_date,
    }
    return Listing((*e, r.run_id, r.logical_date), of, fields, ("id",), frozenset(("dag_id", "run_id", "logical_date")))


def _values() -> Listing:
    """Without the values themselves."""
    v, r = t.value.c, t.run.c
    of = t.value.join(t.run, r.id == v.run)
    fields = {
        **{name: v[name] for name in ("run", "task_id", "map_index", "key", "token")},
        **{name: r[name] for name in ("dag_id", "run_id", "logical_date", "version")},
        "run_after": run_after(r),
    }
    a = t.attempt.c
    at = func.coalesce(select(a.ended_at).where(a.token == v.token).scalar_subquery(), r.queued_at)
    columns = (v.run, v.task_id, v.map_index, v.key, v.kind, v.bytes, at, *(fields[n] for n in _VALUE_RUN))
    return Listing(columns, of, fields, ("run", "task_id", "map_index", "key"), frozenset(("logical_date",)))


def _questions() -> Listing:
    q, r = t.question.c, t.run.c
    of = t.question.join(t.run, r.id == q.run)
    names = ("task_id", "map_index", "token", "detail", "at", "answer", "answered_by", "answered_at")
    fields = {name: q[name] for name in names if name not in ("detail", "answer")}
    fields |= {name: r[name] for name in ("dag_id", "run_id")}
    nullable = frozenset(("answered_by", "answered_at"))
    return Listing((r.dag_id, r.run_id, *(q[name] for name in names)), of, fields, ("token",), nullable)


_VALUE_RUN = ("dag_id", "run_id", "version", "logical_date", "run_after")


# ── small reads for lists ────────────────────────────────────────────────────────────────────────────────


class PageReads(OverviewReads):
    """The part of a reader that lists."""

    _driver: Driver

    def page(
        self,
        listing: str,
        conditions: Sequence[Condition] = (),
        order: Sequence[Order] = (),
        limit: int | None = None,
        offset: int = 0,
    ) -> Page:
        return page(self._driver, listing, conditions, order, limit, offset)

    def seek(
        self,
        listing: str,
        conditions: Sequence[Condition],
        order: Sequence[Order],
        limit: int,
        beside: Sequence[Any] | None = None,
        backwards: bool = False,
    ) -> Stretch:
        return seek(self._driver, listing, conditions, order, limit, beside, backwards)

    def newest_runs(self) -> list[tuple[str, str, float | None, float | None, int]]:
        """(DAG, state, started, ended, id) of each DAG's newest run."""
        return self._of(_newest_runs_text)

    def run_counts(self) -> list[tuple[str, str, int]]:
        """(DAG, state, how many) of all runs."""
        return self._of(_run_counts_text)

    def version_list(self, dag_id: str | None = None) -> list[tuple[int, str, str, float]]:
        """(id, DAG, hash, time) of every version of a DAG, or of all, oldest first."""
        if dag_id is None:
            return self._of(_versions_text)
        return self._of(_versions_of_text, dag_id=dag_id)

    def open_instances(self) -> list[tuple[int, str, str, int]]:
        """(version, task, state, how many) of what is under way in unfinished runs."""
        return self._of(_open_text)

    def unfinished_runs(self) -> list[tuple[int, str, str, int, float | None, float, str, str | None]]:
        """(id, DAG, run, version, logical date, when it may run, type, its tasks as JSON if they are chosen ones)."""
        return self._of(_unfinished_text)

    def touched_groups(self, runs: list[int]) -> list[tuple[int, str, int]]:
        """(run, task, n) of the mapped groups of these runs that have been expanded."""
        return self._of(_groups_text, runs=json.dumps(runs))

    def state_counts(self, run: int) -> list[tuple[str, int, str, int]]:
        """(task, whether mapped, state, how many) of the instances of a run."""
        return self._of(_state_counts_text, run=run)

    def group_states(self, run: int) -> list[tuple[str, int, str]]:
        """(task, n, state) of the mapped groups of a run."""
        return self._of(_group_states_text, run=run)

    def _of(self, text_for: Any, **params: Any) -> list[Any]:
        text, given = text_for(self._driver.dialect)
        return self._driver.all(text, {**given, **params})


@cache
def _newest_runs_text(dialect: str) -> tuple[str, dict[str, Any]]:
    r = t.run.c
    newest = select(func.max(r.id)).group_by(r.dag_id)
    return text_of(select(r.dag_id, r.state, r.started_at, r.ended_at, r.id).where(r.id.in_(newest)), dialect)


@cache
def _run_counts_text(dialect: str) -> tuple[str, dict[str, Any]]:
    r = t.run.c
    return text_of(select(r.dag_id, r.state, func.count()).group_by(r.dag_id, r.state), dialect)


@cache
def _versions_text(dialect: str) -> tuple[str, dict[str, Any]]:
    v = t.dag_version.c
    return text_of(select(v.id, v.dag_id, v.hash, v.at).order_by(v.id), dialect)


@cache
def _versions_of_text(dialect: str) -> tuple[str, dict[str, Any]]:
    v = t.dag_version.c
    made = select(v.id, v.dag_id, v.hash, v.at).where(v.dag_id == bindparam("dag_id")).order_by(v.id)
    return text_of(made, dialect)


def _is_unfinished() -> ColumnElement[bool]:
    return t.run.c.state.in_([literal_column("'queued'"), literal_column("'running'")])


@cache
def _open_text(dialect: str) -> tuple[str, dict[str, Any]]:
    r, i = t.run.c, t.task_instance.c
    made = (
        select(r.version, i.task_id, i.state, func.count())
        .select_from(t.task_instance.join(t.run, r.id == i.run))
        .where(and_(_is_unfinished(), i.state.not_in([literal_column(f"'{s}'") for s in _OVER])))
        .group_by(r.version, i.task_id, i.state)
    )
    return text_of(made, dialect)


_OVER = ("success", "failed", "skipped", "upstream_failed", "removed")


@cache
def _unfinished_text(dialect: str) -> tuple[str, dict[str, Any]]:
    r = t.run.c
    made = select(r.id, r.dag_id, r.run_id, r.version, r.logical_date, run_after(r), r.run_type, r.only)
    return text_of(made.where(_is_unfinished()).order_by(r.id), dialect)


@cache
def _groups_text(dialect: str) -> tuple[str, dict[str, Any]]:
    g = t.task_group.c
    of = g.run.in_(json_items("runs", g.run.type, dialect))
    return text_of(select(g.run, g.task_id, g.n).where(of), dialect)


@cache
def _state_counts_text(dialect: str) -> tuple[str, dict[str, Any]]:
    i = t.task_instance.c
    mapped = case((i.map_index >= 0, 1), else_=0)
    made = select(i.task_id, mapped, i.state, func.count()).where(i.run == bindparam("run"))
    return text_of(made.group_by(i.task_id, mapped, i.state), dialect)


@cache
def _group_states_text(dialect: str) -> tuple[str, dict[str, Any]]:
    g = t.task_group.c
    return text_of(select(g.task_id, g.n, g.state).where(g.run == bindparam("run")), dialect)
