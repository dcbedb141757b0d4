"""Task instances as a list: rows of the database, and what has no row yet because nothing has touched it.

Owns putting the two together. A finished run has rows for all that is in it; of an unfinished one, tasks and expanded
instances that nothing has happened to are named by its DAG's version.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from ..core.errors import NotFound
from ..core.spec import TaskSpec
from ..store import Reader
from ..store.reading_pages import Condition, Order, Stretch, whole_order
from .forming import Instance, run_of
from .here import Here
from .paging import Cursor, fits, limit_of, sliced, sorted_by, sought_by, stretch_of

Keep = Callable[[Instance, TaskSpec], bool]
_OF_RUN = frozenset(("dag_id", "run_id", "run", "logical_date", "run_after", "version"))
_GONE = TaskSpec(task_id="")


def page_of(
    here: Here,
    reader: Reader,
    conditions: Sequence[Condition],
    order: Sequence[Order],
    limit: int,
    offset: int,
    keep: Keep | None = None,
) -> tuple[list[Instance], int]:
    """`keep` decides by what only the DAG file says (pool, operator …)."""
    untouched = [] if _cannot_be_untouched(conditions) else list(_untouched(here, reader, conditions))
    if keep is None and not untouched:
        found = reader.page("instances", conditions, order, limit_of(limit), offset)
        return [Instance._make(row) for row in found.rows], found.total
    most = None if keep is not None else min(offset + limit_of(limit), 2**62)
    touched = reader.page("instances", conditions, order, most)
    total = touched.total + len(untouched)
    rows = _together(here, reader, [Instance._make(row) for row in touched.rows], untouched, order, keep)
    return sliced(rows, limit, offset), total if keep is None else len(rows)


def _together(
    here: Here,
    reader: Reader,
    touched: list[Instance],
    untouched: list[Instance],
    order: Sequence[Order],
    keep: Keep | None,
) -> list[Instance]:
    """In their order, which no two share."""
    rows = sorted([*touched, *untouched], key=lambda one: (one.run, one.task_id, one.map_index))
    if keep is not None:
        rows = [one for one in rows if keep(one, task_of(here, reader, one))]
    return sorted_by(rows, order, _value)


def stretch_beside(
    here: Here,
    reader: Reader,
    conditions: Sequence[Condition],
    order: Sequence[Order],
    limit: int,
    at: Cursor,
    keep: Keep | None = None,
) -> Stretch:
    """As `page_of`, by a cursor; its rows are instances."""
    untouched = [] if _cannot_be_untouched(conditions) else list(_untouched(here, reader, conditions))
    if keep is None and not untouched:
        found = sought_by(at, reader, "instances", conditions, order, limit)
        return found._replace(rows=[Instance._make(row) for row in found.rows])
    at.must_be_of("instances", order)
    touched = [Instance._make(row) for row in reader.page("instances", conditions).rows]
    whole = whole_order("instances", order)
    rows = _together(here, reader, touched, untouched, whole, keep)
    keys = [tuple(_value(one, field) for field, _ in whole) for one in rows]
    return stretch_of(rows, keys, whole, limit_of(limit), at)


def task_of(here: Here, reader: Reader, one: Instance) -> TaskSpec:
    return here.version(reader, one.version).tasks.get(one.task_id, _GONE)


def one_instance(here: Here, reader: Reader, dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> Instance:
    run = run_of(reader, dag_id, run_id)
    named = [Condition("run", "is", run.id), Condition("task_id", "is", task_id)]
    exact = Condition("map_index", "is", map_index)
    found, _ = page_of(here, reader, [*named, exact], (), 1, 0)
    if found:
        return found[0]
    several, _ = page_of(here, reader, named, (), 1, 0)
    if several and map_index == -1:
        raise NotFound(kind="task instance", name=task_id, advice="It is mapped: add its map_index.")
    what = task_id if map_index == -1 else f"{task_id}[{map_index}]"
    raise NotFound(kind="task instance", name=what, advice=f"Run '{run_id}' has none.")


def _cannot_be_untouched(conditions: Iterable[Condition]) -> bool:
    for one in conditions:
        if one.field == "state" and one.how == "in" and "none" not in one.value:
            return True
        if one.field in ("started_at", "ended_at", "duration", "note", "at"):
            return True
    return False


def _untouched(here: Here, reader: Reader, conditions: Sequence[Condition]) -> Iterator[Instance]:
    runs = []
    for id, dag_id, run_id, version, date, after, kind, chosen in reader.unfinished_runs():
        example = _nothing_yet(id, "", -1, dag_id, run_id, version, date, after, kind)
        if all(holds(one, _value(example, one.field)) for one in conditions if one.field in _OF_RUN):
            runs.append((example, None if chosen is None else set(json.loads(chosen))))
    if not runs:
        return
    ids = [example.run for example, _ in runs]
    there: dict[int, dict[str, set[int]]] = {}
    for row in reader.page("instances", [Condition("run", "in", ids)]).rows:
        there.setdefault(row[0], {}).setdefault(row[1], set()).add(row[2])
    sizes = {(run, task_id): n for run, task_id, n in reader.touched_groups(ids)}
    for example, only in runs:
        touched = there.get(example.run, {})
        for task_id in here.version(reader, example.version).tasks:
            if only is not None and task_id not in only:
                continue
            has = touched.get(task_id, set())
            n = sizes.get((example.run, task_id))
            indexes = [-1] if not has else [] if n is None or -1 in has else [i for i in range(n) if i not in has]
            for index in indexes:
                one = example._replace(task_id=task_id, map_index=index)
                if all(holds(condition, _value(one, condition.field)) for condition in conditions):
                    yield one


def _nothing_yet(
    run: int,
    task_id: str,
    map_index: int,
    dag_id: str,
    run_id: str,
    version: int,
    date: float | None,
    after: float,
    kind: str,
) -> Instance:
    nothing = ("none", 0, 0, 0, None, None, None, None, None)
    return Instance(run, task_id, map_index, *nothing, dag_id, run_id, version, date, after, kind, None)


def _value(one: Instance, field: str) -> Any:
    if field == "duration":
        return None if one.started_at is None or one.ended_at is None else one.ended_at - one.started_at
    return getattr(one, field)


def holds(condition: Condition, value: Any) -> bool:
    """As the store would say of a row."""
    _, how, asked = condition
    if how == "empty":
        return value is None
    if value is None:
        return False
    if how == "in":
        return value in asked
    if how == "like":
        return any(fits(value, pattern) for pattern in asked)
    if how == "prefix":
        return bool(value.startswith(tuple(asked)))
    if how == "is":
        return bool(value == asked)
    checks = {"ge": value >= asked, "gt": value > asked, "le": value <= asked, "lt": value < asked}
    return bool(checks[how])
