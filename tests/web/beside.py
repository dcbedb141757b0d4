"""Reading beside work: what 50 requests a second of mixed reading cost a fan-out of 500 tasks.

    python -m tests.web.beside      prints the latency of scheduling beside the reading, and beside as much burnt CPU

Latency is from a task's end, which frees its slot, to the start of the next one in it; of each turn the 99th of a
hundred counts, and of the turns the one in the middle. They alternate, so that the machine's moods meet both. The
burner takes the share of a core that the web process and the reader took before.
"""

from __future__ import annotations

import http.client
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from venturi.cli.client import Client
from venturi.store import open_store

from ..cli.conftest import Place, until
from .conftest import Api

FILE = Path(__file__).parents[2] / "benchmarks" / "files" / "fan_out.py"
REQUESTS_A_SECOND, THREADS, TURNS, SLOTS = 50, 5, 5, 4
RATIO_MAX = 1.2
BURN = """
import sys, time
share, piece = float(sys.argv[1]), 0.01
while True:
    until = time.perf_counter() + share * piece
    while time.perf_counter() < until:
        pass
    time.sleep((1 - share) * piece)
"""


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Reader:
    """Asks at a steady pace, whether answers come or not."""

    def __init__(self, api: Api, run_id: str) -> None:
        run = f"/api/v2/dags/fan_out/dagRuns/{quote(run_id, safe='')}"
        own = "/api/venturi/v1/dags/fan_out"
        self.paths = [
            *("/health", "/api/v2/dags", "/api/v2/dags/fan_out/details", "/api/v2/dags/fan_out/dagRuns?order_by=-id"),
            *(run, f"{run}/taskInstances?limit=100", f"{run}/taskInstances?state=running", f"{run}/taskInstances/t7"),
            *(f"{run}/taskInstances/t7/logs/1", "/api/v2/eventLogs?order_by=-id", "/api/v2/pools"),
            *(f"{own}/grid", f"{own}/graph", f"{own}/why?run_id={quote(run_id, safe='')}", "/api/venturi/v1/metrics"),
        ]
        self.api, self.stop, self.answers, self.wrong = api, threading.Event(), 0, list[str]()
        self.threads = [threading.Thread(target=self._ask, args=(n,)) for n in range(THREADS)]

    def __enter__(self) -> Reader:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def _ask(self, n: int) -> None:
        link = http.client.HTTPConnection("127.0.0.1", self.api.port, timeout=30)
        pause_s, due, at = THREADS / REQUESTS_A_SECOND, time.monotonic(), n
        while not self.stop.wait(max(0.0, due - time.monotonic())):
            due += pause_s
            path = self.paths[at % len(self.paths)]
            at += THREADS - 1
            link.request("GET", path, headers={"Authorization": f"Bearer {self.api.token}"})
            answer = link.getresponse()
            body = answer.read()
            self.answers += 1
            if answer.status != 200 or b"locked" in body:
                self.wrong.append(f"{answer.status} {path}: {body[:200]!r}")
        link.close()


def run_fan_out(place: Place) -> str:
    """To its end, told by the engine and not asked of the API."""
    with Client(place.home) as client:
        run_id = str(client.call("trigger", dag_id="fan_out")["run_id"])
        for _ in client.follow("fan_out", run_id):
            pass
    return run_id


def latencies(place: Place, run_id: str) -> list[float]:
    with open_store(place.home.database, create=False) as store, store.reader() as reader:
        run = reader.run("fan_out", run_id)
        assert run is not None
        rows = [row for row in reader.instances(run.id).rows if row.task_id not in ("first", "last")]
    started, ended = sorted(row.started_at for row in rows), sorted(row.ended_at for row in rows)
    return [start - end for start, end in zip(started[SLOTS:], ended, strict=False)]


def p99(found: list[float]) -> float:
    return sorted(found)[int(len(found) * 0.99)]


def measure(folder: Path) -> dict[str, Any]:
    place = Place(folder)
    place._environment["VENTURI_SLOTS"] = str(SLOTS)
    place._environment["AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG"] = str(SLOTS)
    (place.dags / FILE.name).write_text(FILE.read_text())
    try:
        api = Api(place, int(place.up().json["url"].rpartition(":")[2]))
        until(lambda: api.ask("GET", "dags/fan_out").status == 200, "the DAG is there")
        api.send("PATCH", "dags/fan_out", {"is_paused": False})
        newest = run_fan_out(place)  # warms up
        web = place.pids()["web"]
        beside: dict[str, list[float]] = {"reading": [], "burning": []}
        shares, asked_a_second, wrong = [], [], []
        for _ in range(TURNS):
            began, before = time.perf_counter(), cpu_s(web) + time.process_time()
            with Reader(api, newest) as reader:
                newest = run_fan_out(place)
            took = time.perf_counter() - began
            shares.append((cpu_s(web) + time.process_time() - before) / took)
            asked_a_second.append(reader.answers / took)
            wrong += reader.wrong
            beside["reading"].append(p99(latencies(place, newest)))
            burners = [subprocess.Popen([sys.executable, "-c", BURN, str(part)]) for part in parts(shares[-1])]
            try:
                run_id = run_fan_out(place)
            finally:
                for burner in burners:
                    burner.kill()
                    burner.wait()
            beside["burning"].append(p99(latencies(place, run_id)))
        logs = "".join(log.read_text() for log in place.home.logs.glob("venturi-*.log"))
    finally:
        place("down")
        place.end()
    return {
        **{name: statistics.median(found) for name, found in beside.items()},
        "share": sum(shares) / len(shares),
        "requests": sum(asked_a_second) / len(asked_a_second),
        "wrong": wrong + (["database is locked"] if "database is locked" in logs else []),
    }


def parts(share: float) -> list[float]:
    """Of a core, as one burner each."""
    return [min(1.0, share - n) for n in range(int(share) + 1) if share - n > 0.005]


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="venturi-beside-") as folder:
        found = measure(Path(folder))
    ratio = found["reading"] / found["burning"]
    print(f"{found['requests']:.0f} requests/s of mixed reading beside a fan-out of 500 tasks, {SLOTS} at a time")
    print(f"  scheduling, p99: {found['reading'] * 1000:.1f} ms beside the reading")
    print(
        f"                   {found['burning'] * 1000:.1f} ms beside as much burnt CPU ({found['share']:.2f} of a core)"
    )
    print(f"  {ratio:.2f} ×  (at most {RATIO_MAX})")
    for line in found["wrong"][:10]:
        print(f"  wrong: {line}")
    return 0 if ratio <= RATIO_MAX and not found["wrong"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
