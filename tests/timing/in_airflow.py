"""The other side: makes the runs of every schedule as the scheduler of a real Airflow does, at times that are said.

A program for Airflow's own interpreter, where no Venturi is: `python in_airflow.py CASES OUT`. The DAGs are in its
database as its own commands have put them there. Its own scheduler makes each run and says when the next is due; only
what it takes for the time of day is ours.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import datetime, timezone
from types import FunctionType
from typing import Any

RUNS_MAX = 400


class Clock:
    """What Airflow takes for the time of day."""

    now = 0.0

    def utcnow(self) -> datetime:
        return datetime.fromtimestamp(self.now, timezone.utc)

    def into_airflow(self) -> None:
        """In the place of each `utcnow`, and of those that modules still to be imported will find."""
        from airflow.timetables import interval, simple, trigger

        for module in list(sys.modules.values()):
            its_own = getattr(module, "utcnow", None)
            if getattr(module, "__name__", "").startswith("airflow") and isinstance(its_own, FunctionType):
                module.utcnow = self.utcnow  # type: ignore[attr-defined]
        assert simple is not None
        assert interval.utcnow() == trigger.utcnow() == self.utcnow()


class Two:
    """Airflow 2.11."""

    def __init__(self) -> None:
        from airflow.jobs.job import Job
        from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
        from airflow.models.dagbag import DagBag

        self.runner = SchedulerJobRunner(job=Job())
        self.runner.dagbag = DagBag(dag_folder="/dev/null", include_examples=False, read_dags_from_db=True)

    def dag(self, dag_id: str, session: Any) -> Any:
        return self.runner.dagbag.get_dag(dag_id, session=session)

    def read_again(self, model: Any, dag: Any, last: Any) -> None:
        """As when its file has been read."""
        model.calculate_dagrun_date_fields(dag, None if last is None else dag.get_run_data_interval(last))

    date = "execution_date"


class Three:
    """Airflow 3.3."""

    def __init__(self) -> None:
        from airflow.jobs.job import Job
        from airflow.jobs.scheduler_job_runner import SchedulerJobRunner

        self.runner = SchedulerJobRunner(job=Job())

    def dag(self, dag_id: str, session: Any) -> Any:
        return self.runner._get_current_dag(dag_id=dag_id, session=session)

    def read_again(self, model: Any, dag: Any, last: Any) -> None:
        model.calculate_dagrun_date_fields(dag, reference_run=last)

    date = "logical_date"


def one(case: dict[str, Any], airflow: Any, clock: Clock, session: Any, reads_first: bool) -> dict[str, Any]:
    """After a time in which nobody looked, either the file is read first or the scheduler looks first: that is chance,
    and it matters where there is no catch-up."""
    from airflow.models.dag import DagModel
    from airflow.models.dagrun import DagRun

    dag_id = case["id"]
    model, dag = session.get(DagModel, dag_id), airflow.dag(dag_id, session)
    if model is None or dag is None:
        return {"error": "not loaded"}
    date = getattr(DagRun, airflow.date)

    looks = 0

    def look() -> None:
        nonlocal looks
        while looks < RUNS_MAX and model.next_dagrun_create_after is not None:
            looks += 1
            due = model.next_dagrun_create_after
            if due.timestamp() > clock.now:
                return
            airflow.runner._create_dag_runs([model], session)
            session.flush()
            if model.next_dagrun_create_after == due:
                raise RuntimeError("it goes on to nothing")

    clock.now = case["begin"]
    airflow.read_again(model, dag, None)
    look()
    for kind, to in case["steps"]:
        if kind == "jump":
            clock.now = to
            if not reads_first:
                look()
            last = session.query(DagRun).filter(DagRun.dag_id == dag_id).order_by(date.desc()).first()
            airflow.read_again(model, dag, last)
        while kind == "live" and model.next_dagrun_create_after is not None and looks < RUNS_MAX:
            due = model.next_dagrun_create_after.timestamp()
            if due > to:
                break
            clock.now = max(clock.now, due + case["late_s"])
            look()
        clock.now = max(clock.now, to)
        look()
    made = session.query(DagRun).filter(DagRun.dag_id == dag_id).order_by(DagRun.id)
    return {"runs": [_told(run, airflow.date) for run in made]}


def _told(run: Any, date: str) -> list[Any]:
    moments = (getattr(run, date), run.data_interval_start, run.data_interval_end)
    return [run.run_id, *(None if moment is None else moment.timestamp() for moment in moments)]


def _try(case: dict[str, Any], airflow: Any, clock: Clock, session: Any, reads_first: bool) -> dict[str, Any]:
    try:
        return one(case, airflow, clock, session, reads_first)
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"[:300]}
    finally:
        session.rollback()


def main(cases: str, out: str) -> None:
    logging.disable(logging.CRITICAL)
    from airflow import __version__, settings

    airflow = Three() if __version__.startswith("3") else Two()
    clock = Clock()
    clock.into_airflow()
    told = {}
    with open(cases) as given:
        listed = json.load(given)
    with settings.Session() as session:
        for case in listed:
            told[case["id"]] = [_try(case, airflow, clock, session, reads_first) for reads_first in (True, False)]
    with open(out, "w") as written:
        json.dump(told, written)


if __name__ == "__main__":
    main(*sys.argv[1:])
