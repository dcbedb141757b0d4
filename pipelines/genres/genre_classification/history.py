"""The measurements of all runs, one line of JSON each, and how a run compares with those before it."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from typing import Any

from .files import new_file
from .problem import Problem

BACK = 5  # runs that a new one is compared with
DROP_MAX = 0.10  # of accuracy or F-score, below their median: more is an alarm
WATCHED = ("accuracy", "fscore")


def read(file: Path) -> list[dict[str, Any]]:
    if not file.exists():
        return []
    found = []
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        try:
            found.append(json.loads(line))
        except ValueError:
            raise Problem(f"{file}, line {number}: this is no JSON. Mend or remove the line.") from None
    return found


def record(file: Path, run: str, metrics: dict[str, Any]) -> tuple[int, list[str]]:
    """Which run it is, and what is alarming. A run that is measured again takes its own place."""
    before = [entry for entry in read(file) if entry["run"] != run]
    entry = {"run": run, **metrics}
    with new_file(file) as fresh:
        fresh.write_text("".join(json.dumps(one) + "\n" for one in [*before, entry]), "utf-8")
    return len(before) + 1, alarms(before, entry)


def alarms(before: list[dict[str, Any]], entry: dict[str, Any]) -> list[str]:
    said = []
    for name in WATCHED:
        earlier = [one[name] for one in before[-BACK:]]
        if earlier and median(earlier) - entry[name] > DROP_MAX:
            drop = median(earlier) - entry[name]
            said.append(
                f"{name} fell to {entry[name]:.2f}, {drop:.2f} below {median(earlier):.2f}, "
                f"the median of the last {len(earlier)} runs"
            )
    return said
