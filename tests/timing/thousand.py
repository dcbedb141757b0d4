"""`python -m tests.timing.thousand`: 1,000 DAGs in 1,000 files that are due each minute.

Ten minutes of it on a clock of its own, the engine over an executor that finishes at once; then two real minutes with
real processes. Told: whether each run was made, how late it began beyond what the machine can start, what the engine
costs and what the whole tree holds. The bound is measured in the same home: the same files, all triggered at once,
their zygotes cold, since the crew keeps but a few.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from venturi import linux
from venturi.cli.client import Client
from venturi.config import Config, Home
from venturi.core.moves import DagVersion
from venturi.core.spec import DagSpec, TaskSpec, to_json
from venturi.core.step import Turn
from venturi.engine.turn import Engine
from venturi.executors.base import Connected, Ended, Executor, Report, Settled, Start, Started
from venturi.store import Reader, RunRow, open_store
from venturi.wire import messages

MINUTE = 60.0
LATE_S_MAX = 0.050  # at the 99th percentile, beyond the bound
PATIENCE_S = 1800.0
FILE = """
from datetime import datetime

from airflow.sdk import DAG, task

with DAG("{name}", schedule={schedule!r}, start_date=datetime(2024, 1, 1), catchup=False, max_active_runs=3):

    @task
    def work():
        return {number}

    work()
"""


# ── on a clock of its own ────────────────────────────────────────────────────────────────────────────────


class Instant(Executor):
    """Every attempt has begun and ended by the next poll."""

    slots = 1000

    def __init__(self) -> None:
        self.now = 0.0
        self.out: list[Report] = [Connected(self.slots, {}, set()), Settled(set())]

    def submit(self, starts: list[Start]) -> None:
        for start in starts:
            self.out += [Started(start.token, 1, self.now), Ended(start.token, "success", self.now, {})]

    def poll(self) -> list[Report]:
        out, self.out = self.out, []
        return out

    def fileno(self) -> int:
        return -1


def simulated(n: int, minutes: int, folder: Path) -> list[str]:
    """What is wrong."""
    store = open_store(folder / "simulated.db")
    executor = Instant()
    engine = Engine(store, executor, Config(), folder / "values")
    begin = now = 1_700_000_000.0 // MINUTE * MINUTE + 30.0

    def declare(turn: Turn) -> None:
        for number in range(n):
            spec = DagSpec(
                f"d{number}", f"/{number}.py", (TaskSpec("t"),), schedule="* * * * *", start_date=_iso(begin)
            )
            source = {"load": messages.source(f"/{number}.py", "/", [], "python", "v"), "modules": {}}
            id = engine.versions.take_id()
            version = DagVersion(id, spec.dag_id, "h", to_json(spec), source, now, paused=False)
            engine.versions.add(version)
            engine.world.dag(spec.dag_id).version = id
            turn.batch.versions.append(version)
            engine.schedules.touch(spec.dag_id)

    engine.turn(executor.poll(), [declare], now)
    engine.finish()
    spent = _cpu_s(resource.getrusage(resource.RUSAGE_SELF))
    end = begin + minutes * MINUTE
    while now < end:
        executor.now = now
        engine.turn(executor.poll(), [], now)
        engine.finish()
        timer = engine.next_timer()
        if not (executor.out or engine.has_reports) and timer is not None:
            now = max(now, timer)
    spent = _cpu_s(resource.getrusage(resource.RUSAGE_SELF)) - spent
    with store.reader() as reader:
        problems = [
            wrong for k in range(n) for wrong in _missing(reader.runs(f"d{k}", 1000), begin, end, late_s_max=0.0)
        ]
    store.close()
    runs = n * minutes
    print(
        f"{minutes} minutes simulated: {runs:,} runs of {n:,} DAGs, {1000 * spent / runs:.2f} ms of the engine a run, "
        f"{100 * spent / (minutes * MINUTE):.1f} % of a core",
        flush=True,
    )
    return problems


def _missing(runs: list[RunRow], begin: float, end: float, late_s_max: float) -> list[str]:
    """Each minute has its run, made when it was due."""
    made = {run.logical_date: run.queued_at for run in runs if run.run_type == "scheduled"}
    first = begin - begin % MINUTE + MINUTE
    wanted = [first + k * MINUTE for k in range(int((end - first - 1) // MINUTE) + 1)]
    told = [f"{runs[0].dag_id if runs else '?'} has no run of {_iso(date)}" for date in wanted if date not in made]
    late = [date for date in wanted if date in made and made[date] - date > late_s_max]
    return told + [f"the run of {_iso(date)} was made {made[date] - date:.3f} s late" for date in late]


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, timezone.utc).isoformat()


def _cpu_s(used: resource.struct_rusage) -> float:
    return used.ru_utime + used.ru_stime


# ── with real processes ──────────────────────────────────────────────────────────────────────────────────


class Place:
    def __init__(self, n: int, folder: Path) -> None:
        self.names = [f"d{number:04}" for number in range(n)]
        self.home = Home(folder / "home", folder / "home")
        self.home.root.mkdir()
        self.dags = folder / "files"
        self.dags.mkdir()
        self._environment = {
            **os.environ,
            "VENTURI_DAGS_PAUSED_AT_CREATION": "1",
            "VENTURI_REFRESH_INTERVAL_S": "86400",
        }

    def write(self, schedule: str | None) -> None:
        for number, name in enumerate(self.names):
            (self.dags / f"{name}.py").write_text(FILE.format(name=name, schedule=schedule, number=number))

    def venturi(self, *arguments: str) -> None:
        argv = [sys.executable, "-m", "venturi.cli", *arguments, "--home", str(self.home.root)]
        subprocess.run(argv, env=self._environment, check=True, capture_output=True)

    def reader(self) -> Reader:
        return open_store(self.home.database).reader()

    def pid(self, role: str) -> int:
        import json

        return int(json.loads((self.home.run / f"{role}.json").read_text())["pid"])

    def tree(self) -> list[int]:
        pids = {self.pid(role) for role in ("up", "engine", "crew", "web")}
        return sorted(pids | {below for pid in pids for below in linux.descendants(pid)})


def until(holds: Callable[[], Any], what: str) -> Any:
    give_up_at = time.monotonic() + PATIENCE_S
    while time.monotonic() < give_up_at:
        found = holds()
        if found:
            return found
        time.sleep(0.2)
    raise AssertionError(f"never: {what}")


def real(n: int, minutes: int, folder: Path) -> list[str]:
    place = Place(n, folder)
    place.write(None)
    place.venturi("up", "-D", "--port", "0", "--dags", str(place.dags))
    try:
        reader = place.reader()
        until(lambda: len(reader.dags()) == n, "all files are read")
        rate = at_once(place, reader)
        place.write("* * * * *")
        until(lambda: len([row for row in reader.schedules().values() if row.next_at]) == n, "all schedules are read")
        until(lambda: not unstarted(place, reader), "nothing is left of the beginning")
        return each_minute(place, reader, rate, minutes)
    finally:
        place.venturi("down")


def at_once(place: Place, reader: Reader) -> float:
    """How many of these files start in a second when all are triggered at once."""
    with Client(place.home) as client:
        for name in place.names:
            client.call("trigger", dag_id=name, unpause=True, run_id="at once")
    runs = [until(lambda name=name: _done(reader, name, "at once"), "its end") for name in place.names]  # type: ignore[misc]
    starts = sorted(_started(reader, run) for run in runs)
    rate = (len(starts) - 1) / (starts[-1] - starts[0])
    print(f"all {len(starts):,} at once: {rate:.1f} starts a second", flush=True)
    return rate


def _done(reader: Reader, name: str, run_id: str) -> RunRow | None:
    run = reader.run(name, run_id)
    return run if run is not None and run.ended_at is not None else None


def _started(reader: Reader, run: RunRow) -> float:
    """When its task began."""
    begun = [attempt.started_at for attempt in reader.attempts(run.id) if attempt.started_at is not None]
    return min(begun)


def unstarted(place: Place, reader: Reader) -> int:
    return sum(run.ended_at is None for name in place.names for run in reader.runs(name, limit=3))


def each_minute(place: Place, reader: Reader, rate: float, minutes: int) -> list[str]:
    engine = place.pid("engine")
    begin = time.time() // MINUTE * MINUTE + MINUTE
    time.sleep(max(0.0, begin - time.time() - 1.0))
    spent, held = _spent_s(engine), 0.0
    end = begin + minutes * MINUTE
    while time.time() < end - 1.0:
        held = max(held, sum(_pss_mb(pid) for pid in place.tree()))
        time.sleep(5.0)
    spent = _spent_s(engine) - spent
    problems = []
    delays: list[float] = []
    left = 0  # of the minute before, when the next one comes
    for minute in range(minutes):
        due = begin + minute * MINUTE
        run_id = f"scheduled__{_iso(due)}"
        runs = [until(lambda name=name: _done(reader, name, run_id), f"{name} {run_id}") for name in place.names]  # type: ignore[misc]  # noqa: B023
        starts = sorted(_started(reader, run) - due for run in runs)
        delays += [at - (k + 1 + left) / rate for k, at in enumerate(starts)]
        problems += [
            f"{run.dag_id} was made {run.queued_at - due:.1f} s late" for run in runs if run.queued_at > due + 5
        ]
        left = sum(at > MINUTE for at in starts)
    late = statistics.quantiles(delays, n=100)[98]
    beyond = f"p50 {1000 * statistics.median(delays):.0f} ms, p99 {1000 * late:.0f} ms"
    engine_part = f"engine {100 * spent / (minutes * MINUTE):.1f} % of a core"
    print(f"{minutes} minutes of {len(place.names):,} DAGs: every run made; start delay beyond the bound {beyond};")
    print(f"  {engine_part}, the whole tree {held:.0f} MB", flush=True)
    if late > LATE_S_MAX:
        problems.append(f"p99 is {1000 * late:.0f} ms beyond the bound, {1000 * LATE_S_MAX:.0f} may be")
    return problems


def _spent_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _pss_mb(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in text.splitlines() if line.startswith("Pss:")), 0.0)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--dags", type=int, default=1000)
    parser.add_argument("--minutes", type=int, default=2)
    parser.add_argument("--simulated-only", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        problems = simulated(given.dags, 10, Path(folder))
        if not given.simulated_only:
            problems += real(given.dags, given.minutes, Path(folder))
    for problem in problems[:20]:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
