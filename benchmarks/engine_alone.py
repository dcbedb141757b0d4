"""The engine over an executor that finishes everything at once: CPU per finished task, from 100 to 100,000 tasks.

What grows with the size of a DAG shows here: a readiness check that looks at every waiting task, a row per move.
"""

from __future__ import annotations

import gc
import os
import resource
import tempfile
import time
from pathlib import Path

from venturi.config import Config
from venturi.core.moves import DagVersion
from venturi.core.plan import Plan
from venturi.core.spec import DagSpec, MapSource, TaskSpec, to_json
from venturi.core.step import Turn
from venturi.engine.clock import WallClock
from venturi.engine.commands import Commands
from venturi.engine.dagfiles import DagFiles
from venturi.engine.turn import Engine
from venturi.executors.base import Connected, Ended, Executor, Report, Settled, Start, Started
from venturi.store import open_store
from venturi.wire import messages


class Instant(Executor):
    """Every attempt has begun and ended by the next poll; what else an executor is told comes to nothing."""

    def __init__(self, slots: int) -> None:
        self.n = slots
        self.out: list[Report] = [Connected(slots, {}, set()), Settled(set())]

    @property
    def slots(self) -> int:
        return self.n

    def submit(self, starts: list[Start]) -> None:
        for start in starts:
            self.out.append(Started(start.token, 1, time.time()))
            value = {"kind": "int", "length": None}
            self.out.append(Ended(start.token, "success", time.time(), {"value": value}, b"55"))

    def poll(self) -> list[Report]:
        out, self.out = self.out, []
        return out

    def fileno(self) -> int:
        return -1


def wide(n: int) -> DagSpec:
    """n single tasks between two ends."""
    middle = tuple(TaskSpec(f"t{i}", upstream=("first",), isolation="reuse") for i in range(n))
    last = TaskSpec("last", upstream=tuple(t.task_id for t in middle))
    return DagSpec(f"wide{n}", tasks=(TaskSpec("first"), *middle, last))


def mapped(n: int) -> DagSpec:
    task = TaskSpec("m", upstream=("first",), isolation="reuse", is_mapped=True, mapped=(MapSource("x", n),))
    return DagSpec(f"mapped{n}", tasks=(TaskSpec("first"), task, TaskSpec("last", upstream=("m",))))


def measure(spec: DagSpec, slots: int = 4) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "v.db")
        executor = Instant(slots)
        engine = Engine(store, executor, Config(), Path(folder))
        commands = Commands(engine, DagFiles(engine, []), WallClock())
        _run(engine, executor, commands, wide(8))  # what is made once is made here
        gc.collect()
        gc.freeze()
        cpu, began = time.process_time(), time.perf_counter()
        created, turns = _run(engine, executor, commands, spec)
        cpu, took = time.process_time() - cpu, time.perf_counter() - began
        store.close()
    n = len(spec.tasks) + sum(m.length or 0 for t in spec.tasks for m in t.mapped)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "n": n,
        "cpu_us": cpu / n * 1e6,
        "per_s": n / took,
        "created_s": created,
        "turns": turns,
        "peak_mb": peak_mb,
    }


def _run(engine: Engine, executor: Instant, commands: Commands, spec: DagSpec) -> tuple[float, int]:
    source = {"load": messages.source("f", "/", [], "python", "v"), "modules": {}}

    def begin(turn: Turn) -> None:
        version = DagVersion(engine.versions.take_id(), spec.dag_id, "h", to_json(spec), source, turn.now, False)
        engine.versions.add(version, Plan(spec, version.id))
        turn.batch.versions.append(version)
        commands.make_run(spec.dag_id, turn)

    began = time.perf_counter()
    engine.turn(executor.poll(), [begin], time.time())
    created = time.perf_counter() - began
    turns = 1
    while engine.world.runs:
        engine.turn(executor.poll(), [], time.time())
        if engine.waits:
            engine.finish()
        turns += 1
    return created, turns


def in_child(spec: DagSpec) -> dict[str, float]:
    """In a fork of its own, so that the memory of one measurement is not counted to the next."""
    import json

    read, write = os.pipe()
    if os.fork() == 0:
        os.write(write, json.dumps(measure(spec)).encode())
        os._exit(0)
    os.close(write)
    made = json.loads(os.read(read, 65536))
    os.wait()
    return dict(made)


if __name__ == "__main__":
    for make in (wide, mapped):
        for n in (100, 1000, 10_000, 100_000):
            if make is wide and n > 10_000:
                continue
            r = in_child(make(n))
            print(
                f"{make.__name__:7} {n:>7,}: {r['cpu_us']:6.0f} µs CPU a task, {r['per_s']:6.0f} tasks/s, "
                f"first turn {r['created_s']:.3f} s, {r['turns']:,} turns, peak {r['peak_mb']:.0f} MB"
            )
