"""The one place where a run is made: by a person, a schedule, a backfill, an asset or a task.

Owns what is checked before, the run's name, and that its row and its place in the world are of one turn. Who wants
a run, and when, is theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ..core import partitions
from ..core.errors import BadParameter, RunTypeRefused
from ..core.moves import NewRun
from ..core.past import MANUAL
from ..core.plan import Plan
from ..core.schema import wrong_parameter
from ..core.spec import DagSpec
from ..core.states import RunState
from ..core.step import Turn
from ..core.timetables import custom_of, timetable_of
from ..core.world import Run

if TYPE_CHECKING:
    from .turn import Engine


@dataclass(slots=True)
class Wanted:
    """A run that somebody or something wants."""

    dag_id: str
    run_type: str = "manual"
    run_id: str | None = None  # None: named by type and date
    name: str | None = None  # instead of that; a number is added where there is one of this name
    conf: dict[str, Any] | None = None
    logical_date: float | None = None
    interval: tuple[float, float] | None = None  # None: what the timetable says of a run made by hand at the date
    ignores_pause: bool = False
    idempotency_key: str | None = None
    only: tuple[str, ...] = ()
    backfill: int | None = None
    started_by: str | None = None  # in words, for people
    partition_key: str | None = None
    partition_date: float | None = None


def make_run(engine: Engine, wanted: Wanted, turn: Turn) -> Run:
    """Raises ValueError or a VenturiError for what cannot be, and NotYet (`own_timetables`) where a class of the
    author's own must be asked first; nothing is changed then."""
    dag_id, conf = wanted.dag_id, wanted.conf
    version = engine.versions.current(dag_id)
    assert version is not None
    if conf is not None and not isinstance(conf, dict):
        raise ValueError("conf must be a JSON object")
    allowed = engine.versions.plan(version.id).spec.run_types
    if allowed and wanted.run_type not in allowed:
        raise RunTypeRefused(dag_id=dag_id, run_type=wanted.run_type, allowed=", ".join(allowed))
    check_parameters(engine.versions.plan(version.id).spec, conf or {})
    key = wanted.partition_key
    began = wanted.partition_date
    if key is not None and wanted.run_type == MANUAL:
        began = began_of(engine.versions.plan(version.id).spec, key)
    plan = engine.versions.plan(version.id, wanted.only)
    date = wanted.logical_date
    interval = wanted.interval or _interval_by_hand(engine, plan, date)
    run = Run(engine.take_run_id(), dag_id, wanted.run_id or _new_run_id(engine, wanted, turn), plan)
    run.run_type, run.conf, run.ignores_pause = wanted.run_type, conf or {}, wanted.ignores_pause
    run.queued_at, run.logical_date = turn.now, date
    run.interval_start, run.interval_end = interval
    run.only, run.backfill, run.started_by = wanted.only, wanted.backfill, wanted.started_by
    run.key, run.partition_key, run.partition_date = wanted.idempotency_key, key, began
    engine.add_run(run, turn)
    turn.batch.new_runs.append(
        NewRun(
            id=run.id,
            dag_id=dag_id,
            run_id=run.run_id,
            version=version.id,
            state=RunState.QUEUED,
            run_type=run.run_type,
            queued_at=turn.now,
            logical_date=date,
            interval_start=run.interval_start,
            interval_end=run.interval_end,
            conf=run.conf,
            idempotency_key=wanted.idempotency_key,
            ignores_pause=run.ignores_pause,
            only=run.only,
            backfill=run.backfill,
            started_by=run.started_by,
            partition_key=run.partition_key,
            partition_date=run.partition_date,
        )
    )
    engine.deadlines.made(run, turn)
    return run


def began_of(spec: DagSpec, partition_key: str) -> float | None:
    """When the partition begins. Raises BadPartition where a run cannot be for one with this key."""
    return partitions.date_of_given(spec.dag_id, spec.schedule, spec.timezone, partition_key)


def check_parameters(spec: DagSpec, conf: dict[str, Any]) -> None:
    """Raises BadParameter where a run cannot start with these."""
    wrong = wrong_parameter(spec.params, conf)
    if wrong is not None:
        raise BadParameter(dag_id=spec.dag_id, name=wrong[0], problem=wrong[1])


def _interval_by_hand(engine: Engine, plan: Plan, date: float | None) -> tuple[float | None, float | None]:
    """What the timetable says a run is about that is made at this moment. Raises NotYet where that is to be asked."""
    spec = plan.spec
    if date is None or spec.schedule is None:
        return (date, date)
    if custom_of(spec) is not None:
        return engine.own_timetables.interval(spec.dag_id, plan.version, date)
    try:
        timetable = timetable_of(spec)
        return (date, date) if timetable is None else timetable.manual(date)
    except (ValueError, OverflowError):  # of a schedule that cannot be: nothing starts by it, but by hand it may
        return (date, date)


def _new_run_id(engine: Engine, wanted: Wanted, turn: Turn) -> str:
    at = turn.now if wanted.logical_date is None else wanted.logical_date
    made = base = wanted.name or f"{wanted.run_type}__{datetime.fromtimestamp(at, timezone.utc).isoformat()}"
    n = 1
    while engine.reader.run(wanted.dag_id, made) is not None or _is_new(engine, wanted.dag_id, made):
        n += 1
        made = f"{base}__{n}"
    return made


def _is_new(engine: Engine, dag_id: str, run_id: str) -> bool:
    dag = engine.world.dags.get(dag_id)
    return dag is not None and any(run.run_id == run_id for run in dag.runs.values())
