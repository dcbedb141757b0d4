"""What a home takes over from an Airflow: pools, pause flags and last dates, in one commit.

Owns their order: a DAG's last date is there before its pause flag is, so that nothing starts in between. Which of them
is taken, and where a schedule goes on, is `core.coming`'s.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core.coming import LastRun, pools_to_set
from ..core.moves import Event, PoolChange
from ..core.step import Turn
from ..wire.frames import Head
from .pausing import set_paused

if TYPE_CHECKING:
    from .turn import Engine


def take_over(engine: Engine, head: Head, turn: Turn) -> dict[str, Any]:
    overwrite = bool(head.get("overwrite"))
    wanted: dict[str, dict[str, Any]] = head.get("pools") or {}
    there = {row.name: (row.slots, row.description) for row in engine.reader.pools()}
    taken, kept = pools_to_set(wanted, there, overwrite)
    for name in taken:
        _set_pool(engine, name, wanted[name], turn)
    schedules = engine.schedules
    dates = {
        dag_id: schedules.came(dag_id, LastRun.from_json(last), overwrite, turn)
        for dag_id, last in (head.get("dates") or {}).items()
    }
    paused: dict[str, bool] = head.get("paused") or {}
    for dag_id, flag in paused.items():
        if engine.versions.current(dag_id) is None:
            schedules.keep_pause(dag_id, bool(flag), turn)
        elif engine.world.dag(dag_id).paused != bool(flag):
            set_paused(engine, dag_id, bool(flag), turn)
    told = {"pools": taken, "dates": sorted(dates), "paused": sorted(paused)}
    turn.batch.events.append(Event(turn.now, "airflow", None, None, told))
    return {"pools_set": taken, "pools_kept": kept, "dates": dates}


def _set_pool(engine: Engine, name: str, said: dict[str, Any], turn: Turn) -> None:
    slots, deferred = int(said["slots"]), said.get("include_deferred")
    pool = engine.world.pool(name)
    pool.slots, pool.defined = slots, True
    if deferred is not None:
        pool.include_deferred = bool(deferred)
    turn.batch.pools.append(PoolChange(name, slots, said.get("description"), deferred))
    turn.batch.events.append(Event(turn.now, "pool", None, None, {"pool": name, "slots": slots}))
