"""What a second slot is worth to the food pipeline, beside what it is worth to a bare pool of processes.

    python benchmarks/food.py [--home DIR] [--rounds N]

Both sides do the same nine jobs in the same run: eight ranges of pictures are got, resized and looked at, and the
unknown ones are listed. Ours are attempts of `pipelines/food/iqoqo_python_operator.py`, from the first one's start to
the last one's end; the pool's are calls of the same functions. The four measurements take turns, so that the machine's
moods meet all.
On a machine with other work the ratio says nothing: Linux may deal time out by session, and ours is another one.
Prints how long the whole of a run takes with one slot and with two as well.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
FOOD = TOP / "pipelines" / "food"
VENTURI = str(Path(sys.executable).with_name("venturi"))
WORKERS = 8
AT_LEAST = 0.85
JOBS = ("analyze_images", "list_unknown_images")
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


# ── the bare pool: this part runs in the pipeline's environment ──


def _job(one: tuple[str, int, int]) -> None:
    import build_dataset
    import extract_features
    from food.bucket import opened
    from food.config import source_of_environment

    run, start, stop = one
    if stop == 0:
        with opened(source_of_environment()) as bucket:
            bucket.unknown()
        return
    name = f"images_{start}"
    build_dataset.build_dataset(run, name, source_of_environment(), start, stop)
    extract_features.extract_features(run, name)


def bare(processes: int) -> None:
    """Prints the seconds. Like a zygote, the pool's parent has imported what the jobs need."""
    sys.path.insert(0, str(FOOD))
    import multiprocessing

    import predict  # noqa: F401  (as the DAG file does)
    from food.bucket import opened
    from food.config import source_of_environment

    with opened(source_of_environment()) as bucket:
        pictures = len(bucket.labelled())
    step = -(-pictures // WORKERS)
    jobs = [("bare/now", n, min(n + step, pictures)) for n in range(0, pictures, step)]
    pool = multiprocessing.get_context("fork").Pool(processes)
    began = time.perf_counter()
    pool.map(_job, [*jobs, ("bare/now", 0, 0)], chunksize=1)
    took = time.perf_counter() - began
    pool.close()
    pool.join()
    print(took)


# ── both sides ──


def pooled(python: str, environment: dict[str, str], processes: int) -> float:
    command = [python, __file__, "--bare", str(processes)]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout.splitlines()[-1])


def attempted(home: Path, environment: dict[str, str], slots: int) -> tuple[float, float]:
    """Seconds of the jobs, and of the whole run."""
    command = [VENTURI, "run", str(FOOD / "iqoqo_python_operator.py"), "--home", str(home), "--json"]
    done = subprocess.run(
        command,
        env={**environment, "VENTURI_SLOTS": str(slots)},
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    run = json.loads(done.stdout)
    jobs = [task for task in run["tasks"] if task["task_id"] in JOBS]
    first = min(datetime.fromisoformat(task["start"].replace("Z", "+00:00")) for task in jobs)
    last = max(datetime.fromisoformat(task["end"].replace("Z", "+00:00")) for task in jobs)
    return (last - first).total_seconds(), run["seconds"]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--home", type=Path, default=TOP / ".home", help="where the pipeline's environment is kept")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pictures", type=int, default=360)
    parser.add_argument("--bare", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.bare:
        bare(given.bare)
        return 0
    built = subprocess.run(
        [VENTURI, "environments", "build", str(FOOD), "--home", str(given.home)], stdout=subprocess.PIPE, text=True
    )
    if built.returncode != 0:
        return 1
    folder = tempfile.mkdtemp(prefix="venturi-food-")
    environment = {**os.environ, **ONE_THREAD, "FOOD_DATA": folder, "FOOD_WORKERS": str(WORKERS)}
    environment |= {"FOOD_PICTURES": str(given.pictures)}
    try:
        return compare(built.stdout.strip(), given.home, environment, given.rounds)
    finally:
        shutil.rmtree(folder)


def compare(python: str, home: Path, environment: dict[str, str], rounds: int) -> int:
    pooled(python, environment, 2)  # draws the pictures, warms the caches
    pool: dict[int, list[float]] = {1: [], 2: []}
    ours: dict[int, list[float]] = {1: [], 2: []}
    whole: dict[int, list[float]] = {1: [], 2: []}
    for number in range(rounds):
        for n in (1, 2):
            pool[n].append(pooled(python, environment, n))
            jobs, all_of_it = attempted(home, environment, n)
            ours[n].append(jobs)
            whole[n].append(all_of_it)
        print(
            f"round {number + 1}: pool {pool[1][-1]:.1f} s, {pool[2][-1]:.1f} s; "
            f"slots {ours[1][-1]:.1f} s, {ours[2][-1]:.1f} s; whole run {whole[1][-1]:.1f} s, {whole[2][-1]:.1f} s",
            flush=True,
        )
    of_pool, of_slots = (min(found[1]) / min(found[2]) for found in (pool, ours))
    share = of_slots / of_pool
    print(
        f"a second process is worth {of_pool:.2f} × to the pool, a second slot {of_slots:.2f} × to the pipeline: ",
        end="",
    )
    print(f"{share:.2f} of it (wanted: at least {AT_LEAST})")
    print(f"the whole run: {min(whole[1]):.1f} s with one slot, {min(whole[2]):.1f} s with two")
    return int(share < AT_LEAST)


if __name__ == "__main__":
    sys.exit(main())
