"""`venturi simulate`: what a DAG's schedule will do, told before it does it. Nothing is started and nothing is kept.

Owns where the DAGs, their durations and pools come from: a file is imported as `venturi check` does it, a DAG of the
home is as its newest version says; how long tasks take is said, else it is what they took.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..bundles.zips import is_dag_file
from ..config import Config, Home, find_home, read_config
from ..core.errors import NotFound
from ..core.findings import findings, span
from ..core.simulating import SimulatedRun, Simulation
from ..core.spec import DagSpec, dag_from_json
from ..wire.simulations import told
from . import options, printing
from .printing import fail, say, show, table

if TYPE_CHECKING:
    from ..store.reading_simulated import Known

ROWS_MAX = 20
_UNITS = {"s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


@click.command()
@click.argument("what", metavar="DAG|FILE")
@click.option("--from", "first", metavar="DATE", help="From when on, in UTC. [default: now]")
@click.option("--to", "last", metavar="DATE", help="Until when. [default: a week after --from]")
@click.option("--durations", metavar="TASK=TIME,…", default="", help="How long tasks take: load=30s,train=2h,*=1m.")
@options.everywhere
def simulate(
    what: str, first: str | None, last: str | None, durations: str, home_given: str | None, as_json: bool
) -> int:
    """Every run that would start between two dates, and what comes of it: overlaps, waits, missed deadlines.

    How long tasks take is said by --durations, else it is what they took in this home, else no time at all.
    """
    from ..core.simulating import simulate as simulated
    from ..engine.machine import machine_of

    home = find_home(home_given)
    config = read_config(home)
    begin = _date("--from", first) if first else time.time()
    end = _date("--to", last) if last else begin + timedelta(days=7).total_seconds()
    if end < begin:
        fail("--to is before --from.", printing.COULD_NOT_START, "bad_date")
    said = _durations(durations)
    is_file = is_dag_file(Path(what).expanduser().absolute())
    specs = _of_file(home, Path(what).expanduser().absolute()) if is_file else [_of_home(home, config, what)]
    known = _known(home, config, specs, begin)
    takes = _takes(said, known.durations)
    try:
        found = simulated(
            specs,
            begin,
            end,
            takes,
            slots=config.slots,
            pools=known.pools,
            machine=machine_of(config),
            runs_before=known.runs_before,
        )
    except ValueError as error:
        fail(f"{what} cannot be simulated: {error}.", printing.FAILED, "bad_schedule")
    unsaid = sorted({t.task_id for s in specs for t in s.tasks if not t.no_process and not takes(s.dag_id, t.task_id)})
    if unsaid and found.runs:
        say(f"No time is known for {', '.join(unsaid[:5])}{' …' if len(unsaid) > 5 else ''}: say it with --durations.")
    found.findings = findings(found, specs)
    show(told(found, specs), as_json, _text(found, specs))
    return printing.SUCCESS


def simulate_here(
    dag: Any, first: Any, last: Any, durations: Mapping[str, Any], slots: int, pools: dict[str, int]
) -> Simulation:
    """For a test of somebody's own, in their process: no home is looked into but for what a file reads at import."""
    from ..core.simulating import simulate as simulated
    from ..sdk.describe import describe

    if isinstance(dag, (str, Path)):
        specs = _of_file(find_home(None), Path(dag).expanduser().absolute())
    else:
        specs = [describe(each) for each in (dag if isinstance(dag, (list, tuple)) else [dag])]
    said = _durations(",".join(f"{name}={_span(value)}" for name, value in durations.items()))
    found = simulated(specs, _moment(first), _moment(last), _takes(said, {}), slots=slots, pools=pools)
    found.findings = findings(found, specs)
    return found


def _takes(said: Mapping[str, float], known: Mapping[str, float]) -> Callable[[str, str], float]:
    def takes(dag_id: str, task_id: str) -> float:
        name = f"{dag_id}.{task_id}"
        for key, times in ((name, said), (task_id, said), ("*", said), (name, known)):
            if key in times:
                return times[key]
        return 0.0

    return takes


def _span(value: Any) -> str:
    if isinstance(value, timedelta):
        return f"{value.total_seconds():.6f}s"
    return value if isinstance(value, str) else f"{value:.6f}s"


def _moment(given: Any) -> float:
    if isinstance(given, datetime):
        return (given if given.tzinfo is not None else given.replace(tzinfo=timezone.utc)).timestamp()
    return _date("The date", given) if isinstance(given, str) else float(given)


# ── where it comes from ──────────────────────────────────────────────────────────────────────────────────


def _of_file(home: Home, file: Path) -> list[DagSpec]:
    from .check import check_paths

    (checked,) = check_paths(home, [file], wants_specs=True)
    if checked.errors:
        line, message = checked.errors[0]
        fail(f"{file}, line {line}: {message}", printing.FAILED, "not_importable")
    return [dag_from_json(spec) for spec in checked.specs]


def _of_home(home: Home, config: Config, dag_id: str) -> DagSpec:
    from .reading import open_reader

    with open_reader(home, config) as reader:
        row = reader.dag(dag_id)
        if row is None or row.version is None:
            raise NotFound(kind="DAG or file", name=dag_id, advice="List the DAGs with: venturi ls")
        return dag_from_json(reader.version(row.version).spec)


def _known(home: Home, config: Config, specs: Sequence[DagSpec], begin: float) -> Known:
    from ..store.reading_simulated import Known, known_of
    from .reading import open_reader

    if config.database_url is None and not home.database.exists():
        return Known({}, {}, {})
    with open_reader(home, config) as reader:
        return known_of(reader, [spec.dag_id for spec in specs], begin)


def _date(option: str, text: str) -> float:
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        fail(f"{option} {text!r} is no date; write it as 2026-01-31 or 2026-01-31T12:00.", 2, "bad_date")
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone.utc)).timestamp()


def _durations(text: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        name, _, value = part.rpartition("=")
        number = value.rstrip("abcdefghijklmnopqrstuvwxyz ")
        unit = value[len(number) :].strip() or "s"
        try:
            found[name or "*"] = float(number) * _UNITS[unit]
        except (ValueError, KeyError):
            fail(f"--durations: {part!r} is not TASK=TIME, such as load=30s or train=2h.", 2, "bad_duration")
    return found


# ── what is printed ──────────────────────────────────────────────────────────────────────────────────────


def _text(found: Simulation, specs: Sequence[DagSpec]) -> str:
    parts = []
    for spec in specs:
        runs = found.of(spec.dag_id)
        if not runs:
            continue
        parts.append(
            f"{spec.dag_id}, {found.words[spec.dag_id]}: {len(runs):,} {'run' if len(runs) == 1 else 'runs'} "
            f"from {_short(found.first)} to {_short(found.last)} UTC"
        )
        parts.append(table(("START", "RUN", "TAKES", "STATE"), [_row(run) for run in runs[:ROWS_MAX]]))
        if len(runs) > ROWS_MAX:
            parts[-1] += f"\n… and {len(runs) - ROWS_MAX:,} more (--json shows all)"
    parts.append("\n".join(found.findings) if found.findings else "Nothing overlaps, waits or is missed.")
    return "\n\n".join(parts)


def _row(run: SimulatedRun) -> tuple[object, ...]:
    took = None if run.ended is None or run.started is None else run.ended - run.started
    late = f"  ({span(run.late_s)} late)" if run.late_s > 1.0 else ""
    return f"{_short(run.started)}{late}", run.run_id, "" if took is None else span(took), run.state


def _short(seconds: float | None) -> str:
    return "" if seconds is None else f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%d %H:%M}"
