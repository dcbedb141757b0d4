"""Backfills: list, begin, see what one would do, pause, cancel."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel

from ...core.errors import NotFound
from ...store import Reader
from ...store.rows import BackfillRow
from ..errors import Fault
from ..forming import dag_of
from ..here import At, Here, Routes
from ..models.backfills import Backfill, Backfills, NewBackfill, PlannedDate, PlannedDates, Reprocess
from ..paging import LIMIT, Limit, Number, Offset, OrderBy, Text, at, moment, order_of, seconds, sliced, sorted_by

routes = Routes("Backfill")

BACKFILLS_MAX = 10_000
DATES_MAX = 10_000  # that are told of what one would do
_OVER = ("done", "cancelled")
_OURS = {Reprocess.failed: "failed", Reprocess.completed: "all", Reprocess.none: "none"}
_THEIRS = {ours: theirs for theirs, ours in _OURS.items()}


def _shape(here: Here, reader: Reader, row: BackfillRow) -> Backfill:
    request = row.request
    dag = reader.dag(row.dag_id)
    name = row.dag_id if dag is None or dag.version is None else here.version(reader, dag.version).name
    return Backfill(
        id=row.id,
        dag_id=row.dag_id,
        from_date=moment(request["first"]),
        to_date=moment(request["last"]),
        dag_run_conf=request.get("conf") or {},
        is_paused=row.state == "paused",
        reprocess_behavior=_THEIRS.get(str(request.get("reprocess")), Reprocess.none),
        max_active_runs=int(request["max_active"]),
        created_at=moment(row.at),
        completed_at=at(row.ended_at),
        updated_at=moment(row.ended_at or row.at),
        dag_display_name=name,
    )


class BackfillQuery(BaseModel):
    dag_id: Text
    limit: Limit = LIMIT
    offset: Offset = 0
    order_by: OrderBy = ["id"]


@routes.get("/backfills", may="runs:read", by_grant=True)
def list_backfills(here: At, wanted: Annotated[BackfillQuery, Query()]) -> Backfills:
    order = order_of(
        wanted.order_by, {name: name for name in ("id", "created_at", "completed_at", "from_date", "to_date")}
    )
    with here.reader() as reader:
        rows = reader.backfills(None if wanted.dag_id == "~" else wanted.dag_id, BACKFILLS_MAX)
        rows = [row for row in rows if here.sees(row.dag_id)]
        found = sorted_by([_shape(here, reader, row) for row in rows], order, getattr)
    return Backfills(backfills=sliced(found, wanted.limit, wanted.offset), total_entries=len(found))


def _words(body: NewBackfill) -> dict[str, Any]:
    if seconds(body.to_date) < seconds(body.from_date):
        raise Fault(400, "The backfill ends (to_date) before it begins (from_date).")
    if body.run_on_latest_version is False:
        raise Fault(400, "Runs that are made again go by the newest version of their DAG.")
    return {
        "dag_id": body.dag_id,
        "from": moment(seconds(body.from_date)).isoformat(),
        "to": moment(seconds(body.to_date)).isoformat(),
        "reverse": body.run_backwards,
        "conf": body.dag_run_conf,
        "reprocess": _OURS[body.reprocess_behavior],
        "max_active": body.max_active_runs,
    }


@routes.post("/backfills", may="runs:write", by_grant=True)
def create_backfill(here: At, body: NewBackfill) -> Backfill:
    """Each date of the range that has none becomes a run, so many at a time."""
    here.must_see(body.dag_id)
    with here.reader() as reader:
        dag_of(reader, body.dag_id)
        for row in reader.backfills(body.dag_id, BACKFILLS_MAX):
            if row.state not in _OVER:
                raise Fault(
                    409, f"Backfill {row.id} of DAG '{body.dag_id}' is under way. Cancel it, or wait for its end."
                )
    told = here.tell("backfill", by=here.person.name, **_words(body))
    return get_backfill(here, int(told["backfill"]))


@routes.post("/backfills/dry_run", may="runs:read", by_grant=True)
def create_backfill_dry_run(here: At, body: NewBackfill) -> PlannedDates:
    """The dates that would become runs."""
    here.must_see(body.dag_id)
    with here.reader() as reader:
        dag_of(reader, body.dag_id)
    found: list[PlannedDate] = []
    after = None
    while len(found) < DATES_MAX:
        told = here.ask("backfill_look", **_words(body), after=after)
        for date in told["dates"]:
            if date["what"] != "left out":
                found.append(PlannedDate(logical_date=at(date["date"]), partition_key=None, partition_date=None))
        after = told["next"]
        if after is None:
            break
    return PlannedDates(backfills=found, total_entries=len(found))


@routes.get("/backfills/{backfill_id}", may="runs:read", by_grant=True)
def get_backfill(here: At, backfill_id: Number) -> Backfill:
    with here.reader() as reader:
        row = reader.backfill(backfill_id)
        if row is None:
            raise NotFound(kind="backfill", name=backfill_id, advice="")
        here.must_see(row.dag_id)
        return _shape(here, reader, row)


def _tell(here: Here, backfill_id: int, command: str) -> Backfill:
    found = get_backfill(here, backfill_id)
    if found.completed_at is not None:
        raise Fault(409, f"Backfill {backfill_id} is over.")
    here.tell(command, backfill=backfill_id)
    return get_backfill(here, backfill_id)


@routes.put("/backfills/{backfill_id}/pause", may="runs:write", by_grant=True)
def pause_backfill(here: At, backfill_id: Number) -> Backfill:
    return _tell(here, backfill_id, "backfill_pause")


@routes.put("/backfills/{backfill_id}/unpause", may="runs:write", by_grant=True)
def unpause_backfill(here: At, backfill_id: Number) -> Backfill:
    return _tell(here, backfill_id, "backfill_resume")


@routes.put("/backfills/{backfill_id}/cancel", may="runs:write", by_grant=True)
def cancel_backfill(here: At, backfill_id: Number) -> Backfill:
    """No more runs are made; those that are under way go on."""
    return _tell(here, backfill_id, "backfill_cancel")
