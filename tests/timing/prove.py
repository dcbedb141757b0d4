"""`python -m tests.timing.prove`: two hundred schedules beside a real Airflow 2.11 and 3.3.

Each schedule is a DAG of one file, which either side reads as it is. Airflow's own scheduler makes the runs there, our
engine makes them here, both at the same times of day; no task runs. Compared are each run's name, logical date and
interval, and their order. A whole proof writes docs/timetables-proof.md. Owns the command and that page.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from ..compat import obtaining
from ..compat.sandbox import TOP
from .cases import Case, cases, file_of, in_words
from .comparing import DIFFERENCES, Verdict, judge

PLACE = TOP / ".prove" / "timing"
PAGE = TOP / "docs" / "timetables-proof.md"
GENERATIONS = ("2.11", "3.3")
SEED, COUNT = 1, 200
LIMIT_S = 1800.0

HEAD = """# Timetables beside real Airflows

Written by `python -m tests.timing.prove`, which `make prove` runs; do not edit it. {count} schedules (seed {seed}) are
DAGs of one file that either side reads as it is: presets, cron texts with lists, steps, names, `L` and `#`, lengths of
time, also by the calendar, and timetable classes; with and without catch-up, start and end dates, in {zones}, most of
them around a change of clocks. Airflow's own scheduler makes the runs there, in an environment of its own, and our
engine here; both look at the same times of day, on time or late, and after a pause in which nobody looked. Compared are
names, logical dates and intervals of all runs, and their order.

| beside Airflow | runs | same schedules | of these, as where its scheduler looks first | named differences | others |
|---|---|---|---|---|---|
"""
FIRST = """
After a pause a schedule without catch-up goes by what Airflow does first, which is chance: read the file, which passes
over what was planned, or let the scheduler look, which makes it. Where an end date has passed meanwhile, the planned
run is made here, as where the scheduler looks first.
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--count", type=int, default=COUNT)
    given = parser.parse_args()
    made = cases(given.seed, given.count)
    shutil.rmtree(PLACE, ignore_errors=True)
    PLACE.mkdir(parents=True)
    (PLACE / "cases.json").write_text(json.dumps(made))
    found, runs = {}, {}
    for generation in GENERATIONS:
        print(f"── beside Airflow {obtaining.VERSIONS[generation]} ──", flush=True)
        ours, theirs = _sides(generation, made)
        runs[generation] = sum(len(each.get("runs", ())) for each in ours.values())
        found[generation] = {case["id"]: judge(generation, case, ours[case["id"]], theirs[case["id"]]) for case in made}
        _tell(made, found[generation])
    if (given.seed, given.count) == (SEED, COUNT):
        _write(_page(made, found, runs))
    return int(any(_is_other(verdict) for verdicts in found.values() for verdict in verdicts.values()))


# ── both sides ───────────────────────────────────────────────────────────────────────────────────────────


def _sides(generation: str, made: list[Case]) -> tuple[dict[str, Any], dict[str, Any]]:
    home = PLACE / generation
    (home / "dags").mkdir(parents=True)
    file = home / "dags" / "all.py"
    file.write_text(file_of(made, generation))
    listed = str(PLACE / "cases.json")
    _run([sys.executable, "-m", "tests.timing.in_venturi", str(file), listed, str(home / "ours.json")], {})
    python = obtaining.airflow(generation)
    environment = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
    }
    for arguments in (("db", "migrate"), ("dags", "reserialize")):
        _run([str(python.with_name("airflow")), *arguments], environment)
    program = Path(__file__).with_name("in_airflow.py")
    _run([str(python), str(program), listed, str(home / "theirs.json")], environment)
    return json.loads((home / "ours.json").read_text()), json.loads((home / "theirs.json").read_text())


def _run(command: list[str], more: dict[str, str]) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    done = subprocess.run(
        command, cwd=TOP, env={**kept, "TZ": "UTC", **more}, capture_output=True, text=True, timeout=LIMIT_S
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command[:3])} failed:\n{done.stderr[-2000:]}")


# ── telling ──────────────────────────────────────────────────────────────────────────────────────────────


def _is_other(verdict: Verdict) -> bool:
    return not verdict.same and verdict.difference is None


def _tell(made: list[Case], verdicts: dict[str, Verdict]) -> None:
    for case in made:
        verdict = verdicts[case["id"]]
        if not verdict.same:
            print(f"{verdict.difference or 'NOT EXPLAINED'}: {in_words(case)}: {verdict.detail}")
    same = sum(verdict.same for verdict in verdicts.values())
    print(f"{same} of {len(verdicts)} the same", flush=True)


def _page(made: list[Case], found: dict[str, dict[str, Verdict]], runs: dict[str, int]) -> str:
    parts = [HEAD.format(count=len(made), seed=SEED, zones="five zones")]
    for generation, verdicts in found.items():
        told = list(verdicts.values())
        same, first = sum(v.same for v in told), sum(v.looks_first for v in told)
        named, others = sum(v.difference is not None for v in told), sum(map(_is_other, told))
        version = obtaining.VERSIONS[generation]
        parts.append(f"| {version} | {runs[generation]} | {same} | {first} | {named} | {others} |\n")
    parts.append(FIRST)
    parts.append("\n## Every difference, and why\n")
    for name, difference in DIFFERENCES.items():
        counts = {g: Counter(v.difference for v in found[g].values())[name] for g in difference.generations}
        told = ", ".join(f"{n} beside {obtaining.VERSIONS[g]}" for g, n in counts.items())
        parts.append(f"\n### {name.capitalize()}\n\n{difference.why} Seen: {told}.\n\n")
        for case in made:
            if any(found[g][case["id"]].difference == name for g in difference.generations):
                parts.append(f"- {_marked(case)}\n")
    return "".join(parts)


def _marked(case: Case) -> str:
    return "`" + in_words(case).replace("` ", "").replace(" in ", "` in ", 1)


def _write(text: str) -> None:
    if not PAGE.exists() or PAGE.read_text() != text:
        PAGE.write_text(text)
        print(f"{PAGE.name} has been written anew: commit it")


if __name__ == "__main__":
    sys.exit(main())
