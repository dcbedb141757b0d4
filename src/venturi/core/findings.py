"""What a simulation shows, in sentences: what starts at once, overlaps, waits, is late, is missed, never starts.

Owns the sentences. Each names the DAG, how often, the worst case and what changes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timezone

from .simulating import MARGIN_S, SimulatedRun, Simulation, Wait
from .spec import DagSpec

IGNORED_BY_AIRFLOW = "stands in default_args"  # part of the warning of a DAG whose schedule is there
DAY_S = 86400.0


def findings(found: Simulation, specs: Iterable[DagSpec]) -> list[str]:
    said: list[str] = []
    for spec in specs:
        runs = found.of(spec.dag_id)
        said += _in_airflow(spec, found.first)
        said += _no_runs(spec, found, runs)
        said += _at_once(spec, found, runs)
        said += _overlaps(spec, runs)
        said += _late(spec, runs)
        if spec.dag_id in found.passed_over:
            n = found.passed_over[spec.dag_id]
            said.append(
                f"{spec.dag_id}: {_dates(n)} passed over, because the runs before take longer than their schedule "
                "leaves and catchup is off. Raise max_active_runs, or let it start less often."
            )
        said += _missed(spec, found)
        said += _without_end(spec, runs)
    said += _waits(found.waits)
    if found.is_cut:
        said.append(f"Only the first {len(found.runs):,} runs are shown. Ask for a shorter time.")
    return said


def _in_airflow(spec: DagSpec, at: float) -> list[str]:
    """A schedule in default_args is what was meant here; Airflow never sees it."""
    start = _seconds(spec.start_date)
    if start is None or not spec.data_intervals or not any(IGNORED_BY_AIRFLOW in text for text in spec.warnings):
        return []
    days = int((at - start) // DAY_S)
    if days < 1:
        return []
    return [
        f"{spec.dag_id}: its schedule stands in default_args, where Airflow 1.10 and 2.x ignore it: unpaused there, "
        f"it would be daily and catch up, {days:,} runs at once since {_day(start)}. Here the schedule is taken as "
        "meant. Give it to DAG(…) itself, with catchup=False."
    ]


def _no_runs(spec: DagSpec, found: Simulation, runs: list[SimulatedRun]) -> list[str]:
    if spec.dag_id in found.not_by_time:
        return [f"{spec.dag_id}: no run starts by time alone: {found.not_by_time[spec.dag_id]}."]
    if runs:
        return []
    ends = f" Its end_date is {spec.end_date[:10]}." if spec.end_date else ""
    begins = f" Its start_date is {spec.start_date[:10]}." if spec.start_date else " It has no start_date."
    return [f"{spec.dag_id}: no run starts in this time ({found.words.get(spec.dag_id, '')}).{begins}{ends}"]


def _at_once(spec: DagSpec, found: Simulation, runs: list[SimulatedRun]) -> list[str]:
    due = [run for run in runs if run.due < found.first - MARGIN_S]
    if len(due) < 2 or not spec.catchup:
        return []
    return [
        f"{spec.dag_id}: {len(due):,} runs are due at once at the beginning, because it catches up (catchup=True) "
        f"since {_day(due[0].logical_date or due[0].due)}. Write catchup=False or a later start_date if they are not "
        "meant."
    ]


def _overlaps(spec: DagSpec, runs: list[SimulatedRun]) -> list[str]:
    beside = [run for run in runs if run.beside]
    if not beside:
        return []
    most = max(run.beside for run in beside) + 1
    return [
        f"{spec.dag_id}: {len(beside):,} of {_runs(len(runs))} start while another is at work, first "
        f"{_at(beside[0].started)}; up to {most} at once. max_active_runs=1 keeps them apart."
    ]


def _late(spec: DagSpec, runs: list[SimulatedRun]) -> list[str]:
    late = [run for run in runs if run.late_s > MARGIN_S]
    fresh = [run for run in late if not spec.catchup or run.beside or run.late_s < DAY_S]
    if not fresh:
        return []
    worst = max(fresh, key=lambda run: run.late_s)
    return [
        f"{spec.dag_id}: {len(fresh):,} of {_runs(len(runs))} start later than they are due, at worst {worst.run_id} "
        f"by {span(worst.late_s)} (max_active_runs={spec.max_active_runs})."
    ]


def _missed(spec: DagSpec, found: Simulation) -> list[str]:
    mine = [missed for missed in found.missed if missed.dag_id == spec.dag_id]
    said = []
    for what, n in Counter(missed.what for missed in mine).items():
        first = next(missed for missed in mine if missed.what == what)
        by = f", by {span(first.ended - first.due)}" if first.ended is not None else ""
        said.append(f"{spec.dag_id}: {_runs(n)} {'misses' if n == 1 else 'miss'} {what}, first {first.run_id}{by}.")
    return said


def _without_end(spec: DagSpec, runs: list[SimulatedRun]) -> list[str]:
    stuck = [run for run in runs if run.started is not None and run.ended is None]
    if not stuck:
        return []
    return [
        f"{spec.dag_id}: {_runs(len(stuck))} {'comes' if len(stuck) == 1 else 'come'} to no end, first "
        f"{stuck[0].run_id}: a task finds no place ever."
    ]


def _waits(waits: list[Wait]) -> list[str]:
    said = []
    by: dict[tuple[str, str, str], list[Wait]] = {}
    for wait in waits:
        if wait.until - wait.since > 0:
            by.setdefault((wait.dag_id, wait.task_id, wait.pool or ""), []).append(wait)
    for (dag_id, task_id, pool), mine in by.items():
        worst = max(mine, key=lambda wait: wait.until - wait.since)
        of = f"a slot of pool {pool}" if pool else "a place"
        times = "once" if len(mine) == 1 else f"{len(mine):,} times"
        said.append(
            f"{dag_id}.{task_id} waits {times} for {of}, at worst {span(worst.until - worst.since)} in {worst.run_id}"
            f"{'' if pool else f' ({worst.why})'}."
        )
    return said


def span(seconds: float) -> str:
    for size, unit in ((86400.0, "days"), (3600.0, "h"), (60.0, "min")):
        if seconds >= size * (2 if unit == "days" else 1):
            return f"{seconds / size:.4g} {unit}"
    return f"{seconds:.4g} s"


def _runs(n: int) -> str:
    return "1 run" if n == 1 else f"{n:,} runs"


def _dates(n: int) -> str:
    return "1 date is" if n == 1 else f"{n:,} dates are"


def _at(seconds: float | None) -> str:
    return "" if seconds is None else f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%d %H:%M} UTC"


def _day(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%d}"


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone.utc)).timestamp()
