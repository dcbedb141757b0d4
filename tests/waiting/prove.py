"""`python -m tests.waiting.prove [--tasks N] [kind …]`: ten thousand that wait cost next to nothing, and pass at once.

Prints what was measured, one line a kind, and ends with 1 where a bound does not hold. The same tasks without anything
to wait for are measured in the same run: what an attempt costs is not what waiting costs.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

from .waiting import Hall, Measured, as_plain

CPU_PERCENT_MAX = 5.0
PASS_S_MAX = 2.0
ENGINE_MB_MAX = 300.0
EACH_KB_MAX = 32.0
KINDS = ("moments", "triggers", "files", "one_file", "called")


def _by_clock(hall: Hall, kind: str, plain_s: float) -> Measured:
    """What comes by time: late enough for all of them to wait by then."""
    at = time.time() + 2 * plain_s + 40.0

    def event() -> float:
        time.sleep(max(0.0, at - time.time()))
        return at

    date = datetime.fromtimestamp(at, timezone.utc).isoformat()
    return hall.measure(kind, event, at=at, date=date)


def _problems(kind: str, found: Measured, plain_s: float) -> list[str]:
    if kind == "called":  # others' sensors are called again: their processes are the price
        return [f"it took {found.passed_s} s to pass"] if found.passed_s > 10.0 + 60.0 else []
    own_work_s = plain_s if kind == "triggers" else 0.0  # ours have none after their wait
    problems = []
    if found.cpu_percent >= CPU_PERCENT_MAX:
        problems.append(f"waiting takes {found.cpu_percent} % of a core")
    if found.passed_s > PASS_S_MAX + own_work_s:
        problems.append(f"they pass within {found.passed_s} s, {own_work_s:.1f} of which are their own work")
    if found.engine_mb >= ENGINE_MB_MAX:
        problems.append(f"the engine holds {found.engine_mb} MB")
    each_kb = (found.host_mb + found.crew_mb) * 1024 / found.tasks
    if found.tasks >= 10_000 and each_kb > EACH_KB_MAX:
        problems.append(f"each takes {each_kb:.1f} kB of host and crew")
    return problems


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", default=KINDS, metavar="kind")
    parser.add_argument("--tasks", type=int, default=10_000)
    given = parser.parse_args()
    bad = 0
    with tempfile.TemporaryDirectory(prefix="venturi-waiting-") as folder:
        hall = Hall(Path(folder), given.tasks)
        try:
            plain_s = hall.plain()
            print(json.dumps({"kind": "plain", "tasks": given.tasks, "passed_s": round(plain_s, 2)}), flush=True)
            events: dict[str, Callable[[], Measured]] = {
                "moments": lambda: _by_clock(hall, "moments", plain_s),
                "triggers": lambda: _by_clock(hall, "triggers", plain_s),
                "files": lambda: hall.measure("files", hall.in_files),
                "one_file": lambda: hall.measure("one_file", lambda: hall.in_one_file("one")),
                "called": lambda: hall.measure("called", lambda: hall.in_one_file("called"), "up_for_reschedule"),
            }
            for kind in given.kinds:
                found = events[kind]()
                problems = _problems(kind, found, plain_s)
                bad += bool(problems)
                print(json.dumps({"kind": kind, **as_plain(found), "problems": problems}), flush=True)
        finally:
            hall.close()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
