"""Pools, and how full they are."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel

from ...core.errors import NotFound
from ...core.names import DEFAULT_POOL
from ...store import PoolRow, Reader
from ..bulk import Kind, apply
from ..errors import Fault
from ..here import At, Here, Routes
from ..models.bulks import Bulk, BulkResults
from ..models.settings import Pool, PoolBody, PoolPatch, Pools
from ..paging import LIMIT, Limit, Offset, OrderBy, Pattern, Start, Text, fits, order_of, sliced, sorted_by

routes = Routes("Pool")

Mask = Annotated[list[str] | None, Query()]
_USES = {
    "running": "running",
    "starting": "queued",
    "queued": "queued",
    "scheduled": "scheduled",
    "deferred": "deferred",
}


def _used(here: Here, reader: Reader) -> dict[str, dict[str, int]]:
    """Pool → kind → slots."""
    found: dict[str, dict[str, int]] = {}
    for version, task_id, state, n in reader.open_instances():
        task = here.version(reader, version).tasks.get(task_id)
        kind = _USES.get(state)
        if task is not None and kind is not None:
            pool = found.setdefault(task.pool, {})
            pool[kind] = pool.get(kind, 0) + n * task.pool_slots
    return found


def _shape(row: PoolRow, used: dict[str, int]) -> Pool:
    running, queued, deferred = (used.get(kind, 0) for kind in ("running", "queued", "deferred"))
    occupied = running + queued + (deferred if row.include_deferred else 0)
    return Pool(
        name=row.name,
        slots=row.slots,
        description=row.description,
        include_deferred=bool(row.include_deferred),
        occupied_slots=occupied,
        running_slots=running,
        queued_slots=queued,
        scheduled_slots=used.get("scheduled", 0),
        open_slots=-1 if row.slots < 0 else row.slots - occupied,
        deferred_slots=deferred,
        team_name=None,
    )


def _row(reader: Reader, name: str) -> PoolRow:
    for row in reader.pools():
        if row.name == name:
            return row
    raise NotFound(kind="pool", name=name, advice="")


class PoolQuery(BaseModel):
    limit: Limit = LIMIT
    offset: Offset = 0
    order_by: OrderBy = ["id"]
    pool_name_pattern: Pattern = None
    pool_name_prefix_pattern: Start = None


@routes.get("/pools", may="pools:read")
def get_pools(here: At, wanted: Annotated[PoolQuery, Query()]) -> Pools:
    names = {"id": "name", "name": "name", "pool": "name", "slots": "slots", "description": "description"}
    order = order_of(wanted.order_by, {**names, "include_deferred": "include_deferred"})
    with here.reader() as reader:
        used = _used(here, reader)
        found = [
            row for row in reader.pools() if fits(row.name, wanted.pool_name_pattern, wanted.pool_name_prefix_pattern)
        ]
    chosen = sliced(sorted_by(found, order, getattr), wanted.limit, wanted.offset)
    return Pools(pools=[_shape(row, used.get(row.name, {})) for row in chosen], total_entries=len(found))


@routes.get("/pools/{pool_name}", may="pools:read")
def get_pool(here: At, pool_name: Text) -> Pool:
    with here.reader() as reader:
        row = _row(reader, pool_name)
        return _shape(row, _used(here, reader).get(pool_name, {}))


@routes.post("/pools", may="pools:write", status_code=201)
def post_pool(here: At, body: PoolBody) -> Pool:
    with here.reader() as reader:
        if any(row.name == body.name for row in reader.pools()):
            raise Fault(409, f"There is already a pool '{body.name}'.")
    _set(here, body)
    return get_pool(here, body.name)


def _set(here: Here, body: PoolBody) -> None:
    told = {"description": body.description, "include_deferred": body.include_deferred}
    here.tell("pool_set", pool=body.name, slots=body.slots, **told)


@routes.patch("/pools/{pool_name}", may="pools:write")
def patch_pool(here: At, pool_name: Text, body: PoolPatch, update_mask: Mask = None) -> Pool:
    if body.pool not in (None, pool_name):
        raise Fault(400, "A pool's name cannot be changed: that of the body is another one than that of the path.")
    _change(here, pool_name, body, update_mask)
    return get_pool(here, pool_name)


def _change(here: Here, name: str, body: PoolPatch | PoolBody, mask: list[str] | None) -> None:
    with here.reader() as reader:
        row = _row(reader, name)
    given = body.model_fields_set if mask is None else set(mask)
    if name == DEFAULT_POOL and given - {"slots", "include_deferred", "pool", "name"}:
        raise Fault(400, f"Of the pool '{DEFAULT_POOL}' only slots and include_deferred can be changed.")
    new: dict[str, Any] = {"slots": row.slots, "description": row.description, "include_deferred": row.include_deferred}
    new |= {name: getattr(body, name) for name in new if name in given and getattr(body, name) is not None}
    here.tell("pool_set", pool=name, **new)


@routes.delete("/pools/{pool_name}", may="pools:write")
def delete_pool(here: At, pool_name: Text) -> None:
    _remove(here, pool_name)


def _remove(here: Here, name: str) -> None:
    with here.reader() as reader:
        _row(reader, name)
    here.tell("pool_remove", pool=name)


@routes.patch("/pools", may="pools:write")
def bulk_pools(here: At, body: Bulk[PoolBody]) -> BulkResults:
    def names() -> set[str]:
        with here.reader() as reader:
            return {row.name for row in reader.pools()}

    kind = Kind(
        "pool",
        "name",
        names,
        lambda one: _set(here, one),
        lambda one, mask: _change(here, one.name, one, mask),
        lambda name: _remove(here, name),
    )
    return apply(kind, body.actions)
