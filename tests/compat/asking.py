"""Asks one side what it makes of files, in batches in the sandbox, and keeps every answer.

What Airflow says is kept by the file's content and Airflow's version, what Venturi says by the state of its sources
too: a proof that was stopped goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
import queue
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from . import obtaining, sandbox
from .obtaining import PLACE, Example

HERE = Path(__file__).parent
DATE = "2024-01-10T00:00:00+00:00"
LIMIT_S = 90.0  # a file, on either side
FILES_A_BATCH = 6
AT_ONCE = 2  # batches, each in a place of its own
FORM = 1  # of what `in_airflow` writes: another number asks Airflow anew
RAN, LOADED = "runs", "loads"


# ── what is kept ─────────────────────────────────────────────────────────────────────────────────────────


class Kept:
    """What one side said of each file, in a file of JSON lines that only grows; a later line adds to an earlier one."""

    def __init__(self, name: str, state: str) -> None:
        self.file = PLACE / "results" / f"{name}.jsonl"
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self._state = state
        self._lock = threading.Lock()
        self.known: dict[str, dict[str, Any]] = {}
        if self.file.exists():
            for line in self.file.read_text().splitlines():
                found = json.loads(line)
                self.known[found["id"]] = found

    def id_of(self, example: Example, runs: bool) -> str:
        return f"{example.key} {example.content} {RAN if runs else LOADED} {self._state}"

    def get(self, example: Example, runs: bool) -> dict[str, Any] | None:
        return self.known.get(self.id_of(example, runs)) or (
            None if runs else self.known.get(self.id_of(example, True))
        )

    def put(self, example: Example, runs: bool, found: dict[str, Any]) -> None:
        line = {"id": self.id_of(example, runs), **found}
        self.known[line["id"]] = line
        with self._lock, self.file.open("a") as file:
            file.write(json.dumps(line) + "\n")


def state_of_sources() -> str:
    digest = hashlib.sha1()
    for file in sorted([*(sandbox.TOP / "src").rglob("*.py"), HERE / "in_venturi.py"]):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:10]


def state_of_reference(version: str) -> str:
    return f"{obtaining.VERSIONS[version]} form {FORM}"


# ── asking one side ──────────────────────────────────────────────────────────────────────────────────────


def ask(
    side: str, program: str, python: Path, kept: Kept, wanted: list[tuple[Example, dict[str, Any]]], runs: bool
) -> None:
    """Have the files that are not known yet loaded (and run), in batches: what a batch has found is never lost."""
    missing = [(each, more) for each, more in wanted if kept.get(each, runs) is None]
    batches = [missing[at : at + FILES_A_BATCH] for at in range(0, len(missing), FILES_A_BATCH)]
    places: queue.SimpleQueue[str] = queue.SimpleQueue()
    for number in range(AT_ONCE):
        places.put(f"{side}-{number}")

    def work(batch: list[tuple[Example, dict[str, Any]]]) -> None:
        place = places.get()
        try:
            _keep_batch(place, program, python, kept, batch, runs)
        finally:
            places.put(place)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for number, _ in enumerate(pool.map(work, batches), 1):
            print(f"  {side}: {min(number * FILES_A_BATCH, len(missing))} of {len(missing)}", flush=True)


def _keep_batch(
    place: str, program: str, python: Path, kept: Kept, batch: list[tuple[Example, dict[str, Any]]], runs: bool
) -> None:
    found = _ask_batch(place, program, python, batch, runs)
    for example, more in batch:
        told = found.get(example.key, {})
        if not told.pop("done", False) and len(batch) > 1:  # the batch was stopped: is it this file that stops it?
            told = _ask_batch(place, program, python, [(example, more)], runs).get(example.key, {})
            told.pop("done", False)
        kept.put(example, runs, told or {"exception": "nothing came of it"})


def _ask_batch(
    place: str, program: str, python: Path, batch: list[tuple[Example, dict[str, Any]]], runs: bool
) -> dict[str, dict[str, Any]]:
    scratch = PLACE / "scratch" / place
    scratch.mkdir(parents=True, exist_ok=True)
    order, out = scratch / "order.json", scratch / "out.jsonl"
    out.unlink(missing_ok=True)
    shutil.rmtree(scratch / "homes", ignore_errors=True)
    files = [
        {"key": e.key, "file": str(e.file), "roots": e.roots, "environment": e.environment, **more} for e, more in batch
    ]
    order.write_text(json.dumps({"files": files, "runs": runs, "limit_s": LIMIT_S, "date": DATE}))
    more = {
        "PYTHONPATH": str(HERE / "sitecustomize"),
        "AIRFLOW_HOME": str(scratch),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGBAG_IMPORT_TIMEOUT": "60",
        "AIRFLOW__CORE__EXECUTOR": "SequentialExecutor" if "2.11" in place else "LocalExecutor",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{scratch}/airflow.db",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }
    if not place.startswith("airflow"):
        more = {"PYTHONPATH": str(HERE / "sitecustomize"), "VENTURI_GRACE_S": "1", "AIRFLOW_HOME": str(scratch)}
    limit_s = 120 + len(batch) * LIMIT_S * (1 if not runs else 4)
    command = [str(python), str(HERE / program), str(order), str(out)]
    try:
        said = sandbox.run(scratch, command, limit_s, more)
        if said.returncode:
            print(f"  {place}: {said.stderr.strip()[-1500:]}", file=sys.stderr)
    except subprocess.TimeoutExpired:
        print(f"  {place}: this batch took longer than {limit_s:.0f} s", file=sys.stderr)
    found: dict[str, dict[str, Any]] = {}
    for line in out.read_text(errors="replace").splitlines() if out.exists() else []:
        try:
            told = json.loads(line.replace(str(scratch), "<home>"))
        except ValueError:  # cut off in the middle of a line
            continue
        found.setdefault(told.pop("key"), {}).update(told)
    return found
