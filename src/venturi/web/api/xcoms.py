"""Values that tasks have given: list, look at."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel

from ...core.errors import NotFound
from ...core.spec import RETURN_KEY, TaskSpec
from ...store import Reader
from ...store.reading_pages import Condition
from ..forming import dag_of, run_of
from ..here import At, Here, Routes
from ..instances import one_instance
from ..models.tasks import XCom, XComCreate, XComNative, XComs, XComUpdate
from ..paging import (
    LIMIT,
    Limit,
    Number,
    Offset,
    OrderBy,
    Pattern,
    Start,
    Text,
    at,
    conditions,
    fits,
    limit_of,
    moment,
    order_of,
    spans,
)
from ..values import native, text
from .instances import RUN

routes = Routes("XCom")

_GONE = TaskSpec(task_id="")
_SAME = ("dag_id", "task_id", "run_id", "map_index", "key", "logical_date", "run_after")
ORDERS = {name: name for name in _SAME} | {"dag_run_id": "run_id", "timestamp": "token"}


class XComQuery(BaseModel):
    xcom_key: Text | None = None
    map_index: Number | None = None
    limit: Limit = LIMIT
    offset: Offset = 0
    xcom_key_pattern: Pattern = None
    xcom_key_prefix_pattern: Start = None
    dag_display_name_pattern: Pattern = None
    dag_display_name_prefix_pattern: Start = None
    run_id_pattern: Pattern = None
    run_id_prefix_pattern: Start = None
    task_id_pattern: Pattern = None
    task_id_prefix_pattern: Start = None
    map_index_filter: Number | None = None
    logical_date_gte: datetime | None = None
    logical_date_gt: datetime | None = None
    logical_date_lte: datetime | None = None
    logical_date_lt: datetime | None = None
    run_after_gte: datetime | None = None
    run_after_gt: datetime | None = None
    run_after_lte: datetime | None = None
    run_after_lt: datetime | None = None
    order_by: OrderBy = ["dag_id", "task_id", "run_id", "map_index", "key"]


def _fields(here: Here, reader: Reader, row: tuple[Any, ...]) -> dict[str, Any]:
    _, task_id, map_index, key, _, _, when, dag_id, run_id, version, date, after = row
    known = here.version(reader, version)
    return {
        "key": key,
        "timestamp": moment(when),
        "logical_date": at(date),
        "map_index": map_index,
        "task_id": task_id,
        "dag_id": dag_id,
        "run_id": run_id,
        "dag_display_name": known.name,
        "task_display_name": known.tasks.get(task_id, _GONE).label or task_id,
        "run_after": moment(after),
    }


@routes.get(RUN + "/{task_id}/xcomEntries", may="values:read", by_grant=True)
def get_xcom_entries(
    here: At, dag_id: Text, dag_run_id: Text, task_id: Text, wanted: Annotated[XComQuery, Query()]
) -> XComs:
    """Without the values. ~ in the place of an id stands for all."""
    asked = conditions(
        dag_id__is=None if dag_id == "~" else dag_id,
        run_id__is=None if dag_run_id == "~" else dag_run_id,
        task_id__is=None if task_id == "~" else task_id,
        key__is=wanted.xcom_key,
        map_index__is=wanted.map_index if wanted.map_index is not None else wanted.map_index_filter,
        key__like=wanted.xcom_key_pattern,
        key__prefix=wanted.xcom_key_prefix_pattern,
        run_id__like=wanted.run_id_pattern,
        run_id__prefix=wanted.run_id_prefix_pattern,
        task_id__like=wanted.task_id_pattern,
        task_id__prefix=wanted.task_id_prefix_pattern,
    )
    asked += spans(wanted, {"logical_date": "logical_date", "run_after": "run_after"}) + here.in_scope()
    order = order_of(wanted.order_by, ORDERS)
    with here.reader() as reader:
        if dag_id != "~":
            dag_of(reader, dag_id)
        if wanted.dag_display_name_pattern or wanted.dag_display_name_prefix_pattern:
            asked.append(Condition("version", "in", _named(here, reader, wanted)))
        found = reader.page("values", asked, order, limit_of(wanted.limit), wanted.offset)
        told = [XCom(**_fields(here, reader, row)) for row in found.rows]
    return XComs(xcom_entries=told, total_entries=found.total)


def _named(here: Here, reader: Reader, wanted: XComQuery) -> list[int]:
    patterns = wanted.dag_display_name_pattern, wanted.dag_display_name_prefix_pattern
    return [id for id, *_ in reader.version_list() if fits(here.version(reader, id).name, *patterns)]


@routes.get(RUN + "/{task_id}/xcomEntries/{xcom_key}", may="values:read")
def get_xcom_entry(
    here: At,
    dag_id: Text,
    dag_run_id: Text,
    task_id: Text,
    xcom_key: Text = RETURN_KEY,
    map_index: Number = -1,
    deserialize: bool = False,
    stringify: bool = False,
) -> XComNative:
    with here.reader() as reader:
        return one_value(here, reader, dag_id, dag_run_id, task_id, xcom_key, map_index, stringify)


def one_value(
    here: Here,
    reader: Reader,
    dag_id: str,
    run_id: str,
    task_id: str,
    key: str,
    map_index: int,
    stringify: bool = False,
) -> XComNative:
    run = run_of(reader, dag_id, run_id)
    kept = reader.value(run.id, task_id, map_index, key)
    if kept is None:
        raise NotFound(kind="XCom entry", name=key, advice=f"Task '{task_id}' has given none of this key in this run.")
    named = conditions(run__is=run.id, task_id__is=task_id, map_index__is=map_index, key__is=key)
    row = reader.page("values", named, (), 1, 0).rows[0]
    value = text(here.home, kept) if stringify else native(here.home, kept)
    return XComNative(**_fields(here, reader, row), value=value)


# ── by hand ──


@routes.post(RUN + "/{task_id}/xcomEntries", may="values:write", status_code=201)
def create_xcom_entry(here: At, dag_id: Text, dag_run_id: Text, task_id: Text, body: XComCreate) -> XComNative:
    with here.reader() as reader:
        one_instance(here, reader, dag_id, dag_run_id, task_id, body.map_index)
    named = {"dag_id": dag_id, "run_id": dag_run_id, "task_id": task_id, "map_index": body.map_index, "key": body.key}
    here.tell("value_set", **named, value=body.value, new=True, by=here.person.name)
    return get_xcom_entry(here, dag_id, dag_run_id, task_id, body.key, body.map_index)


@routes.patch(RUN + "/{task_id}/xcomEntries/{xcom_key}", may="values:write")
def update_xcom_entry(
    here: At, dag_id: Text, dag_run_id: Text, task_id: Text, xcom_key: Text, body: XComUpdate
) -> XComNative:
    get_xcom_entry(here, dag_id, dag_run_id, task_id, xcom_key, body.map_index)
    named = {"dag_id": dag_id, "run_id": dag_run_id, "task_id": task_id, "map_index": body.map_index, "key": xcom_key}
    here.tell("value_set", **named, value=body.value, by=here.person.name)
    return get_xcom_entry(here, dag_id, dag_run_id, task_id, xcom_key, body.map_index)


@routes.delete(RUN + "/{task_id}/xcomEntries/{xcom_key}", may="values:write")
def delete_xcom_entry(
    here: At, dag_id: Text, dag_run_id: Text, task_id: Text, xcom_key: Text, map_index: Number = -1
) -> None:
    get_xcom_entry(here, dag_id, dag_run_id, task_id, xcom_key, map_index)
    named = {"dag_id": dag_id, "run_id": dag_run_id, "task_id": task_id, "map_index": map_index, "key": xcom_key}
    here.tell("value_remove", **named, by=here.person.name)
