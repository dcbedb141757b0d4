"""What a DAG's schedule will do, as `venturi simulate` tells it of a DAG of this home. Nothing is started or kept."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel

from ..errors import Fault
from ..forming import known_of as version_of
from ..here import OWN, At, Routes
from ..paging import Text, seconds

routes = Routes("Venturi", OWN)

DAYS_DEFAULT, DAYS_MAX, RUNS_MAX = 7, 400, 2_000
DAY_S = 86_400.0


class SimulatedWord(BaseModel):
    """A schedule in words."""

    schedule: str | None


class SimulatedDagRun(BaseModel):
    """A run that would be."""

    dag_id: str
    run_id: str
    logical_date: datetime | None
    interval: list[datetime] | None
    due: datetime
    start: datetime | None
    end: datetime | None
    state: str
    beside: int


class SimulatedWait(BaseModel):
    """A task that would wait, and for what."""

    dag_id: str
    run_id: str
    task_id: str
    since: datetime
    seconds: float
    pool: str | None
    why: str


class SimulatedMiss(BaseModel):
    """A deadline that would be missed."""

    dag_id: str
    run_id: str
    what: str
    due: datetime
    ended: datetime | None


class Simulated(BaseModel):
    """All of it, with what stands out in sentences."""

    dags: dict[str, SimulatedWord]
    findings: list[str]
    runs: list[SimulatedDagRun]
    waits: list[SimulatedWait]
    missed: list[SimulatedMiss]


@routes.get("/dags/{dag_id}/simulate", may="dags:read")
def get_simulation(
    here: At,
    dag_id: Text,
    first: Annotated[datetime | None, Query(description="From when on; without it, from now on.")] = None,
    last: Annotated[datetime | None, Query(description="Until when; without it, a week after that.")] = None,
) -> Simulated:
    """Every run that would start between two dates, how long it would take by what its tasks took, and what overlaps,
    waits or is late."""
    # A third of what the engine decides with: imported by whoever asks for it.
    from ...core.findings import findings
    from ...core.simulating import simulate
    from ...store.reading_simulated import known_of
    from ...wire import simulations

    begin = time.time() if first is None else seconds(first)
    end = begin + DAYS_DEFAULT * DAY_S if last is None else seconds(last)
    if not 0 <= end - begin <= DAYS_MAX * DAY_S:
        raise Fault(400, f"It ends after it begins, and at most {DAYS_MAX} days later.")
    with here.reader() as reader:
        spec = version_of(here, reader, dag_id).spec
        known = known_of(reader, [dag_id], begin)

    def takes(dag: str, task: str) -> float:
        return known.durations.get(f"{dag}.{task}", 0.0)

    try:
        found = simulate(
            [spec], begin, end, takes,
            slots=here.config.slots, pools=known.pools, runs_before=known.runs_before, runs_max=RUNS_MAX,
        )  # fmt: skip
    except ValueError as error:
        raise Fault(400, f"DAG '{dag_id}' cannot be simulated: {error}.") from None
    found.findings = findings(found, [spec])
    told: dict[str, Any] = simulations.told(found, [spec])
    return Simulated.model_validate(told)
