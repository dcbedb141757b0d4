"""What a simulation goes by: the pools, how long tasks took lately, and the runs after which a schedule goes on."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import fmean
from typing import NamedTuple

from ..core.timetables import Planned
from .reading import Reader

RUNS_LOOKED_AT = 20  # of the newest, for how long tasks take


class Known(NamedTuple):
    durations: dict[str, float]  # "dag.task" → seconds
    pools: dict[str, int]
    runs_before: dict[str, Planned]


def known_of(reader: Reader, dag_ids: Iterable[str], begin: float) -> Known:
    """As of now, for a simulation from `begin` on."""
    known = Known({}, {row.name: row.slots for row in reader.pools()}, {})
    for dag_id in dag_ids:
        took: dict[str, list[float]] = {}
        for run in reader.runs(dag_id, limit=RUNS_LOOKED_AT):
            at = run.interval_end if run.interval_end is not None else run.queued_at
            if run.run_type == "scheduled" and at <= begin:
                interval = None if run.interval_start is None else (run.interval_start, at)
                newest = known.runs_before.setdefault(dag_id, Planned(at, run.logical_date, interval))
                if newest.run_after < at:
                    known.runs_before[dag_id] = Planned(at, run.logical_date, interval)
            for row in reader.instances(run.id).rows:
                if row.state == "success" and row.started_at is not None and row.ended_at is not None:
                    took.setdefault(row.task_id, []).append(row.ended_at - row.started_at)
        known.durations.update({f"{dag_id}.{name}": fmean(each) for name, each in took.items()})
    return known
