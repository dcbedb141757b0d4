"""`python -m tests.simulation.prove`: tens of thousands of crash schedules, in all processors, resumable.

The seeds go on where the last call ended; the running total is kept in `.prove/simulation.json` and printed.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from venturi.store import open_store

from .backfilled import Backfilled
from .late import Late
from .schedules import Report, Schedule
from .timed import Timed

KEPT = Path(".prove/simulation.json")
TIMED_EVERY = 5  # one of so many seeds is also that of a DAG that starts by time, of a backfill, of deadlines
BATCH = 50  # seeds per database: a world that is read again at each crash should stay small
SCHEDULES_A_BATCH = BATCH + 3 * BATCH // TIMED_EVERY
TOLD_EVERY = 50  # batches


def batch(first: int) -> list[Report]:
    gc.disable()  # a fifth of the time otherwise: what a batch leaves is collected once, at its end
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        store = open_store(Path(folder) / "simulated.db")
        try:
            timed = [Timed(seed, store).run() for seed in range(first, first + BATCH, TIMED_EVERY)]
            timed += [Backfilled(seed, store).run() for seed in range(first, first + BATCH, TIMED_EVERY)]
            timed += [Late(seed, store).run() for seed in range(first + 1, first + BATCH, TIMED_EVERY)]
            return [*(Schedule(seed, store).run() for seed in range(first, first + BATCH)), *timed]
        finally:
            store.close()
            gc.collect()


def kept() -> dict[str, int]:
    if KEPT.exists():
        return dict(json.loads(KEPT.read_text()))
    return {"next_seed": 0, "schedules": 0, "attempts": 0, "engine_crashes": 0, "crew_crashes": 0, "broken": 0}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=50_000)
    count = parser.parse_args().count
    total = kept()
    began, first_seed = time.monotonic(), total["next_seed"]
    firsts = range(first_seed, first_seed + math.ceil(count / SCHEDULES_A_BATCH) * BATCH, BATCH)
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        done: Iterator[list[Report]] = pool.imap(batch, firsts)
        for number, reports in enumerate(done, 1):
            total["next_seed"] += BATCH
            total["schedules"] += len(reports)
            total["attempts"] += sum(r.attempts for r in reports)
            total["engine_crashes"] += sum(r.engine_crashes for r in reports)
            total["crew_crashes"] += sum(r.crew_crashes for r in reports)
            for report in reports:
                if report.problems:
                    total["broken"] += 1
                    print(f"seed {report.seed}: {report.problems}", flush=True)
            KEPT.parent.mkdir(exist_ok=True)
            KEPT.write_text(json.dumps(total))
            if number % TOLD_EVERY == 0:
                print(f"{number * SCHEDULES_A_BATCH:,} of {count:,} schedules", flush=True)
    took = time.monotonic() - began
    print(f"{len(firsts) * SCHEDULES_A_BATCH:,} schedules in {took:.0f} s; in all: {json.dumps(total)}")
    return 1 if total["broken"] else 0


if __name__ == "__main__":
    sys.exit(main())
