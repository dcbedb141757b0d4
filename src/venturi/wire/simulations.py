"""A simulation as it is told to programs: by the command line and by the API alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any

from ..core.simulating import SimulatedRun, Simulation
from ..core.spec import DagSpec


def told(found: Simulation, specs: Sequence[DagSpec]) -> dict[str, Any]:
    return {
        "from": _iso(found.first),
        "to": _iso(found.last),
        "dags": {spec.dag_id: {"schedule": found.words.get(spec.dag_id)} for spec in specs},
        "findings": found.findings,
        "runs": [_run(run) for run in found.runs],
        "waits": [
            {
                "dag_id": wait.dag_id,
                "run_id": wait.run_id,
                "task_id": wait.task_id,
                "since": _iso(wait.since),
                "seconds": wait.until - wait.since,
                "pool": wait.pool,
                "why": wait.why,
            }
            for wait in found.waits
            if wait.until > wait.since
        ],
        "missed": [
            {"dag_id": m.dag_id, "run_id": m.run_id, "what": m.what, "due": _iso(m.due), "ended": _iso(m.ended)}
            for m in found.missed
        ],
    }


def _run(run: SimulatedRun) -> dict[str, Any]:
    return {
        "dag_id": run.dag_id,
        "run_id": run.run_id,
        "logical_date": _iso(run.logical_date),
        "interval": None if run.interval is None else [_iso(each) for each in run.interval],
        "due": _iso(run.due),
        "start": _iso(run.started),
        "end": _iso(run.ended),
        "state": run.state,
        "beside": run.beside,
    }


def _iso(seconds: float | None) -> str | None:
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")
