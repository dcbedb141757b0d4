"""`make bench`: the figures that are promised, each the median of five, beside the raw floor of the same run.

Everything is measured on a real `venturi up` in a temporary home with synchronous=FULL, through Airflow imports.
Absolute times mean little on a shared machine: read the ratio to the floor.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import engine_alone
import floor

from venturi.cli.client import Client
from venturi.config import Home
from venturi.store import open_store

FILES = Path(__file__).with_name("files")
VENTURI = str(Path(sys.executable).with_name("venturi"))
KEPT = Path(__file__).parents[1] / ".prove" / "environments"  # of one bench for the next
RUNS = 5
ZYGOTE_MB, ATTEMPT_PAGES = 16, 600  # what the zygote of the fan-out holds, and what an attempt of it writes to
ONE = """
from airflow.decorators import dag, task


@dag(schedule=None)
def one():
    @task
    def hello():
        print("hello")

    hello()


one()
"""


class Bench:
    """A `venturi up` with one benchmark file at a time, and the lines of the table."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = Home(folder / "home", folder / "home")
        self.files = folder / "files"
        self.files.mkdir()
        self.notes = folder / "notes"
        self.environment = {**os.environ, "BENCH_NOTES": str(self.notes)}
        self.rows: list[tuple[str, str, str, str]] = []

    def venturi(self, *arguments: str) -> str:
        command = [VENTURI, *arguments, "--home", str(self.home.root)]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        return done.stdout

    def call(self, name: str, **arguments: Any) -> dict[str, Any]:
        with Client(self.home) as client:
            return client.call(name, **arguments)

    def add(self, file: str, dag_id: str, requirements: str = "") -> float:
        """Put a file into the folder, as a bundle if it has requirements; seconds until its DAG can be triggered."""
        folder = self.files / dag_id if requirements else self.files
        if requirements:
            folder.mkdir()
            (folder / "requirements.txt").write_text(f"{requirements}\n")
            KEPT.mkdir(parents=True, exist_ok=True)
            self.home.environments.symlink_to(KEPT)
            print(f"({requirements}: its environment is built the first time)", flush=True)
            self.venturi("environments", "build", str(folder))
        began = time.perf_counter()
        shutil.copy(FILES / file, folder / file)
        while True:
            with open_store(self.home.database).reader() as reader:
                if reader.dag(dag_id) is not None:
                    break
            time.sleep(0.005)
        took = time.perf_counter() - began
        self.call("unpause", dag_id=dag_id)
        return took

    def run(self, dag_id: str) -> tuple[float, str]:
        """Seconds from sending the trigger to hearing of the run's end; the run's id."""
        with Client(self.home) as client:
            began = time.perf_counter()
            run_id = client.call("trigger", dag_id=dag_id)["run_id"]
            state = ""
            for event in client.follow(dag_id, run_id):
                state = event["state"]
            took = time.perf_counter() - began
        if state != "success":
            raise SystemExit(f"{dag_id} ended as {state}")
        return took, run_id

    def runs(self, dag_id: str, runs: int = RUNS) -> list[float]:
        self.run(dag_id)  # the first one warms up zygotes and caches
        return [self.run(dag_id)[0] for _ in range(runs)]

    def row(self, what: str, figure: str, beside: str, wanted: str) -> None:
        self.rows.append((what, figure, beside, wanted))
        print(f"{what:44} {figure:26} {beside:34} {wanted}", flush=True)

    # ── the figures ──

    def machine(self) -> None:
        """What bounds the rest: where the targets were set, a fork of bare Python took 0.5 ms."""
        fork = statistics.median([floor.alone("fork_and_wait", 100) for _ in range(RUNS)])
        rate = 500 / statistics.median([floor.alone("with_memory", ZYGOTE_MB, ATTEMPT_PAGES, 500) for _ in range(RUNS)])
        beside = f"{rate:.0f} forks/s of {ZYGOTE_MB} MB, {ATTEMPT_PAGES} pages each"
        self.row("this machine: fork and wait, bare Python", f"{fork * 1000:.2f} ms", beside, "")

    def chain(self) -> None:
        self.add("chain.py", "chain")
        took = self.runs("chain")
        raw = [floor.alone("chain", 40) for _ in range(RUNS)]
        ours, base = statistics.median(took), statistics.median(raw)
        self.row(
            "chain of 40 fib(10)",
            f"{ours * 1000:.0f} ms",
            f"floor {base * 1000:.0f} ms: {ours / base:.2f} ×",
            "≤ 150 ms or ≤ 2 ×",
        )

    def classic(self) -> None:
        """Both hand a value on from task to task; in turns, so that the machine's moods meet both."""
        self.add("classic.py", "classic")
        self.add("native.py", "native")
        took: dict[str, list[float]] = {"classic": [], "native": []}
        for n in range(RUNS + 1):
            for dag_id, times in took.items():
                seconds = self.run(dag_id)[0]
                if n:  # the first one warms up
                    times.append(seconds)
        theirs, ours = statistics.median(took["classic"]), statistics.median(took["native"])
        self.row(
            "chain of 40 classic operators, 1.10 spellings",
            f"{theirs * 1000:.0f} ms",
            f"native {ours * 1000:.0f} ms: {theirs / ours:.2f} ×",
            "≤ 1.3 ×",
        )

    def chain_beside_torch(self) -> None:
        before = statistics.median(self.runs("chain"))
        self.add("heavy.py", "heavy", "torch==2.13.0")
        self.run("heavy")
        after = statistics.median(self.runs("chain"))
        self.row(
            "the chain with a torch file in the folder",
            f"{after * 1000:.0f} ms",
            f"without {before * 1000:.0f} ms: {after / before:.2f} ×",
            "≤ 1.2 ×",
        )
        self.notes.unlink(missing_ok=True)
        run_id = self.run("heavy")[1]
        waits = self.waits("heavy", run_id)
        self.row(
            "torch file: upstream's commit → first line",
            f"p50 {statistics.median(waits) * 1000:.1f} ms",
            f"most {max(waits) * 1000:.1f} ms",
            "< 20 ms from the second run on",
        )

    def fan_out(self) -> None:
        self.add("fan_out.py", "fan_out")
        took = statistics.median(self.runs("fan_out"))
        raw = statistics.median([floor.alone("fan_out", 502, 4) for _ in range(RUNS)])
        self.row(
            "1 → 500 → 1, a fresh fork each",
            f"{502 / took:.0f} tasks/s",
            f"floor {502 / raw:.0f}/s: {took / raw:.2f} ×",
            "≥ 450/s or ≤ 1.2 ×",
        )
        self.add("fan_out_reuse.py", "fan_out_reuse")
        took = statistics.median(self.runs("fan_out_reuse"))
        self.row("1 → 5,000 → 1 with reuse", f"{5002 / took:.0f} tasks/s", "", "≥ 3,000/s, aim 5,000")

    def waits(self, dag_id: str, run_id: str) -> list[float]:
        """From each upstream's terminal commit to its downstream's first line, in a chain t0, t1 …"""
        with open_store(self.home.database).reader() as reader:
            run = reader.run(dag_id, run_id)
            assert run is not None
            ended = {row.task_id: row.at for row in reader.instances(run.id).rows}
        began = {int(a): float(b) for a, b in re.findall(r"^(\d+) (\S+)$", self.notes.read_text(), re.MULTILINE)}
        return [began[i] - ended[f"t{i - 1}"] for i in sorted(began) if i > 0]

    def latency(self) -> None:
        self.add("latency.py", "latency")
        self.run("latency")
        waits: list[float] = []
        for _ in range(RUNS):
            self.notes.unlink(missing_ok=True)
            waits += self.waits("latency", self.run("latency")[1])
        waits.sort()
        p50, p99 = waits[len(waits) // 2], waits[int(len(waits) * 0.99)]
        self.row(
            "upstream's commit → first line of user code",
            f"p50 {p50 * 1000:.1f}, p99 {p99 * 1000:.1f} ms",
            f"{len(waits)} waits",
            "p50 ≤ 3, p99 ≤ 15 ms",
        )

    def ten_thousand(self) -> None:
        seen = self.add("ten_thousand.py", "ten_thousand")
        took, _ = self.run("ten_thousand")
        self.row(
            "10,000-task DAG: saved → can be triggered",
            f"{seen:.1f} s",
            f"its run {took:.1f} s",
            "< 5 s, and it finishes",
        )

    def mapped(self) -> None:
        self.add("mapped.py", "mapped")
        with Client(self.home) as client:
            began = time.perf_counter()
            run_id = client.call("trigger", dag_id="mapped")["run_id"]
            created = None
            for event in client.follow("mapped", run_id):
                if created is None and event["groups"]:
                    created = time.perf_counter() - began
            took = time.perf_counter() - began
        engine = self.memory_mb("engine", "Rss")
        self.row(
            "100,000 mapped instances: created",
            f"{created or 0:.2f} s",
            f"finished {took:.1f} s ({100_000 / took:.0f}/s)",
            "< 1 s, < 60 s",
        )
        self.row(
            "engine memory after them",
            f"{engine:.0f} MB resident",
            f"{self.peak_mb('engine'):.0f} MB at most",
            "< 300 MB",
        )

    # ── processes ──

    def pids(self) -> dict[str, int]:
        found = json.loads(self.venturi("status", "--json"))["processes"]
        return {p["role"]: p["pid"] for p in found}

    def memory_mb(self, role: str, kind: str) -> float:
        return memory_mb(self.pids()[role], kind)

    def peak_mb(self, role: str) -> float:
        text = Path(f"/proc/{self.pids()[role]}/status").read_text()
        return int(re.findall(r"^VmHWM:\s+(\d+)", text, re.MULTILINE)[0]) / 1024

    def start(self) -> float:
        began = time.perf_counter()
        self.venturi("up", "-D", "--port", "0", "--dags", str(self.files))
        return time.perf_counter() - began

    def idle(self, seconds: float = 10.0) -> None:
        top = json.loads((self.home.run / "up.json").read_text())["pid"]
        everyone = [top, *descendants(top)]
        everyone += [p for p in [self.pids()["crew"]] if p not in everyone]
        everyone += [p for c in [self.pids()["crew"]] for p in descendants(c) if p not in everyone]
        before = sum(cpu_s(p) for p in everyone)
        time.sleep(seconds)
        used = sum(cpu_s(p) for p in everyone) - before
        each = {
            Path(f"/proc/{p}/cmdline").read_bytes().split(b"\0")[2].decode()[-12:]: memory_mb(p, "Pss")
            for p in everyone
        }
        total = sum(memory_mb(p, "Pss") for p in everyone)
        parts = " ".join(f"{name} {mb:.0f}" for name, mb in each.items())
        self.row("idle `venturi up`: memory (PSS)", f"{total:.0f} MB in {len(everyone)} processes", parts, "≤ 120 MB")
        self.row("idle `venturi up`: processor", f"{used / seconds * 100:.2f} %", f"over {seconds:.0f} s", "< 0.5 %")


def memory_mb(pid: int, kind: str) -> float:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.findall(rf"^{kind}:\s+(\d+)", text, re.MULTILINE)[0]) / 1024


def cpu_s(pid: int) -> float:
    parts = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


def descendants(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found += [int(child), *descendants(int(child))]
    return found


def timed(command: list[str], runs: int = RUNS, before: Callable[[], None] = lambda: None) -> float:
    times = []
    for _ in range(runs):
        before()
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def starting(bench: Bench) -> None:
    plain = timed([sys.executable, "-c", "pass"])
    imported = timed([sys.executable, "-c", "import venturi"])
    bench.row("import venturi", f"{(imported - plain) * 1000:.0f} ms", f"bare Python {plain * 1000:.0f} ms", "< 60 ms")
    one = bench.folder / "one.py"
    one.write_text(ONE)
    home = bench.folder / "fresh"
    took = timed(
        [VENTURI, "run", str(one), "--home", str(home)], before=lambda: shutil.rmtree(home, ignore_errors=True)
    )
    bench.row("`venturi run` of one task, fresh home", f"{took:.2f} s", "from Enter to exit", "< 1.5 s")


def alone(bench: Bench) -> None:
    figures = {n: engine_alone.in_child(engine_alone.mapped(n))["cpu_us"] for n in (100, 1000, 10_000, 100_000)}
    spread = max(figures.values()) / min(figures.values())
    text = " ".join(f"{n:,}: {us:.0f}" for n, us in figures.items())
    bench.row("engine CPU a task over an instant executor", f"{spread:.2f} × apart", f"µs for {text}", "within 2 ×")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("only", nargs="*", help="names of figures; all without")
    only = parser.parse_args().only
    with tempfile.TemporaryDirectory(prefix="venturi-bench-") as folder:
        bench = Bench(Path(folder))
        ready = bench.start()
        try:
            bench.row("`venturi up -D`, fresh home: ready", f"{ready:.2f} s", "", "< 1 s")
            bench.idle()
            for name in (
                "machine",
                "chain",
                "classic",
                "fan_out",
                "latency",
                "ten_thousand",
                "mapped",
                "chain_beside_torch",
            ):
                if only and name not in only:
                    continue
                getattr(bench, name)()
        finally:
            bench.venturi("down")
        if not only or "starting" in only:
            starting(bench)
        if not only or "alone" in only:
            alone(bench)


if __name__ == "__main__":
    main()
