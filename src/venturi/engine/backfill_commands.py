"""What people say of backfills: begin one, what it would do, pause, resume, cancel.

Owns the words of refusals. What a request means is `core.backfills`', what is done `engine.backfills`'.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core.backfills import Request, date_of, request_of, said, verdict
from ..core.errors import BadParameter, NoBackfill, NotFound, VenturiError
from ..core.moves import DagVersion
from ..core.schema import wrong_parameter
from ..core.spec import DagSpec
from ..core.step import Turn
from ..wire.frames import Head
from .backfill_dates import Asked, Dates, Walked, dates_of
from .backfills import Open, runs_there
from .control import refuse
from .pausing import set_paused

if TYPE_CHECKING:
    from .commands import Asker, Commands

PAGE = 500  # dates told at once of what it would do


def begin(commands: Commands, client: Asker, head: Head, turn: Turn) -> None:
    engine = commands.engine
    dag_id, key = str(head["dag_id"]), head.get("key")
    known = engine.reader.backfill_by_key(dag_id, key) if key else None
    if known is not None:
        commands.answer(client, head, backfill=known.id, existed=True)
        return
    version, spec = _dag(commands, dag_id)
    request = _request(head, spec, turn.now)
    _check_there_are_some(engine, version, request)
    if head.get("unpause"):
        set_paused(commands.engine, dag_id, False, turn)
    made = engine.backfills.begin(dag_id, request, key, turn)
    waits = engine.world.dag(dag_id).paused and not request.ignores_pause
    commands.answer(client, head, backfill=made.id, waits=waits, foreground=engine.foreground, **_told(request))


def look(commands: Commands, client: Asker, head: Head, turn: Turn) -> None:
    """What would become of each date, a page of them at a time: `after` is the `next` of the page before."""
    engine = commands.engine
    dag_id = str(head["dag_id"])
    version, spec = _dag(commands, dag_id)
    request = _request(head, spec, turn.now)
    if head.get("after") is None:
        _check_there_are_some(engine, version, request)
    found: list[Any] = []
    source = dates_of(engine, version, request, head.get("after"))

    def go_on(turn: Turn) -> None:
        try:
            planned = source.take(PAGE - len(found))
        except VenturiError as error:
            refuse(client, head, type(error).__name__, str(error))
            return
        found.extend(planned)
        if len(found) < PAGE and not planned and source.ask(go_on):
            return
        if planned and len(found) < PAGE:
            go_on(turn)
            return
        told = [] if not found else _page(commands, dag_id, request, found)
        over = len(found) < PAGE
        commands.answer(client, head, dates=told, next=None if over else date_of(found[-1]), **_told(request))

    go_on(turn)


def _page(commands: Commands, dag_id: str, request: Request, found: list[Any]) -> list[dict[str, Any]]:
    there = runs_there(commands.engine, dag_id, found)
    told = []
    for planned in found:
        run = there(planned)
        word = verdict(run, request.reprocess)
        what, reason = word.what, word.reason
        if planned.interval is None:
            what, reason = "left out", "its timetable has no such date"
        run_id = None if run is None else run.run_id
        told.append({"date": date_of(planned), "what": what, "reason": reason, "run_id": run_id})
    return told


def _dag(commands: Commands, dag_id: str) -> tuple[DagVersion, DagSpec]:
    version = commands.engine.versions.current(dag_id)
    if version is None:
        raise NotFound(kind="DAG", name=dag_id, advice="List them with: venturi ls")
    return version, commands.engine.versions.plan(version.id).spec


def _request(head: Head, spec: DagSpec, now: float) -> Request:
    request = request_of(head, spec, now)
    wrong = wrong_parameter(spec.params, request.conf)
    if wrong is not None:
        raise BadParameter(dag_id=spec.dag_id, name=wrong[0], problem=wrong[1])
    return request


def _check_there_are_some(engine: Any, version: DagVersion, request: Request) -> None:
    """Named dates must be dates of the timetable; a range must have one. A class of the author's own is asked later."""
    source: Dates = dates_of(engine, version, request, None)
    if isinstance(source, Asked):
        return
    assert isinstance(source, Walked)
    if request.dates:
        source.take(len(request.dates))
    elif not source.take(1):
        first, last = said(request.first), said(request.last)
        words = "" if source.timetable is None else f" ({source.timetable.words()})"
        still = f" The time of those after {said(request.until)} has not come." if request.last > request.until else ""
        raise NoBackfill(problem=f"No date of its schedule{words} lies between {first} and {last}.{still}")


def _told(request: Request) -> dict[str, Any]:
    return {
        "first": request.first,
        "last": request.last,
        "max_active": request.max_active,
        "reprocess": request.reprocess,
        "tasks": list(request.tasks),
    }


def pause(commands: Commands, client: Asker, head: Head, turn: Turn) -> None:
    one = _open(commands, client, head)
    if one is not None:
        commands.engine.backfills.set_paused(one, head["name"] == "backfill_pause", turn)
        commands.answer(client, head, backfill=one.id, dag_id=one.dag_id, state=one.state.value)


def cancel(commands: Commands, client: Asker, head: Head, turn: Turn) -> None:
    one = _open(commands, client, head)
    if one is not None:
        unfinished = one.bound.unfinished
        ended = commands.engine.backfills.cancel(one, bool(head.get("with_runs")), turn)
        left = unfinished - ended
        commands.answer(client, head, backfill=one.id, dag_id=one.dag_id, ended=ended, left=left, state="cancelled")


def _open(commands: Commands, client: Asker, head: Head) -> Open | None:
    id = int(head["backfill"])
    one = commands.engine.backfills.get(id)
    if one is not None:
        return one
    row = commands.engine.reader.backfill(id)
    if row is None:
        refuse(client, head, "no_such_backfill", f"There is no backfill {id}. List them with: venturi backfill ls")
    else:
        refuse(client, head, "backfill_over", f"Backfill {id} is {row.state} already.")
    return None


COMMANDS: dict[str, Any] = {
    "backfill": begin,
    "backfill_look": look,
    "backfill_pause": pause,
    "backfill_resume": pause,
    "backfill_cancel": cancel,
}
LASTING = ("backfill", "backfill_pause", "backfill_resume", "backfill_cancel")
