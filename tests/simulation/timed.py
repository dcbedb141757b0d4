"""One seeded schedule of a DAG that starts by time: crashes, lost commits, pauses, new versions, a clock that is set.

Judged from outside, by the rows of its runs: each date of its timetable once, with catch-up none lost, and never more
unfinished runs than the DAG may have.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from venturi.core.errors import DatabaseLost
from venturi.core.moves import DagVersion
from venturi.core.plan import Plan
from venturi.core.spec import to_json
from venturi.core.step import Turn
from venturi.core.timetables import timetable_of
from venturi.store import Store
from venturi.store.rows import RunRow
from venturi.wire import messages

from .schedules import Schedule, SimulatedCrash, random_dag

SCHEDULES = ("* * * * *", "*/5 * * * *", "@hourly", {"every_s": 90.0}, "@once", "@continuous")
SAME_S = 1e-4


class Timed(Schedule):
    def __init__(self, seed: int, store: Store) -> None:
        super().__init__(seed, store)
        self.timed_rng = rng = random.Random(f"what starts by time of {seed}")
        self.now = self.begun = 1_700_000_000.0 + rng.randrange(3600)
        self.dag_id = f"timed{seed}"
        self.cancel_odds, self.past, self.consumers = 0.0, False, None
        self.crew.asset_prefix, self.crew.asked = "", {}
        self.spec = replace(
            random_dag(rng, self.dag_id),
            schedule=rng.choice(SCHEDULES),
            data_intervals=rng.random() < 0.5,
            catchup=rng.random() < 0.5,
            max_active_runs=rng.randint(1, 3),
            start_date=iso(self.now - rng.choice([-30.0, 0.0, 600.0, 1800.0])),
        )
        self.jumped = 0.0
        self.end: float | None = None  # once it is calm
        self.versions = 0
        self.too_many: list[str] = []

    def begin(self) -> None:
        self.crashes_armed = False
        self.start_engine()
        self.declare()
        self.crashes_armed = True

    def declare(self) -> None:
        """A version of it, as its file says now."""
        engine = self.engine or self.start_engine()
        self.versions += 1
        source = {"load": messages.source("f", "/", [], "python", "v"), "modules": {}}

        def take(turn: Turn) -> None:
            id, digest = engine.versions.take_id(), f"h{self.versions}"
            version = DagVersion(id, self.dag_id, digest, to_json(self.spec), source, turn.now, paused=False)
            engine.versions.add(version, Plan(self.spec, version.id))
            dag = engine.world.dag(self.dag_id)
            dag.version, dag.max_active_runs = id, self.spec.max_active_runs
            dag.max_active_tasks = self.spec.max_active_tasks
            turn.batch.versions.append(version)
            engine.schedules.touch(self.dag_id)

        self.tried([take])

    def tried(self, commands: list[Any]) -> None:
        try:
            self.engine_turn(commands)
        except SimulatedCrash:
            pass

    def step(self) -> None:
        rng = self.timed_rng
        roll = rng.random()
        if roll < 0.25:
            self.now += rng.choice([1.0, 30.0, 61.0, 300.0])
        elif roll < 0.29:
            self.set_pause(rng.random() < 0.4)
        elif roll < 0.31:
            self.spec = replace(self.spec, description=str(rng.random()))
            self.declare()
        elif roll < 0.35 and self.engine is not None:
            day = 3600.0 if self.spec.catchup else 86_400.0  # of every minute in a day there would be no end
            self.set_clock(rng.choice([3600.0, -3600.0, day, -86_400.0]) if not self.jumped else -self.jumped)
        super().step()
        self.count()

    def set_pause(self, paused: bool) -> None:
        engine = self.engine or self.start_engine()

        def pause(turn: Turn) -> None:
            engine.world.dag(self.dag_id).paused = paused
            engine.schedules.touch(self.dag_id)
            turn.batch.dag_flags.append((self.dag_id, "paused", paused))

        self.tried([pause])

    def set_clock(self, by_s: float) -> None:
        """While an engine lives."""
        self.now += by_s
        self.jumped += by_s
        assert self.engine is not None
        try:
            self.engine.clock_set(by_s)
        except SimulatedCrash:
            self.engine = None
            self.crew.engine_crashed()
        except DatabaseLost:
            self.engine.restart()
            self.crew.connect()

    def runs(self) -> list[RunRow]:
        with self.store.reader() as reader:
            return reader.runs(self.dag_id, limit=100_000)[::-1]

    def count(self) -> None:
        unfinished = sum(run.state in ("queued", "running") for run in self.runs())
        if unfinished > self.spec.max_active_runs:
            self.too_many.append(f"{unfinished} runs are unfinished, {self.spec.max_active_runs} may be")

    def calm_down(self) -> None:
        """The clock is right again, and the DAG has come to its end date: what was due until then comes to its end. It
        comes there once: what people resume after that makes no new dates."""
        if self.end is None:
            self.come_to_the_end()
        super().calm_down()
        self.tried([self.retire])

    def come_to_the_end(self) -> None:
        self.crashes_armed = False
        if self.jumped and (self.engine or self.start_engine()):
            self.set_clock(-self.jumped)
        self.set_pause(False)
        self.end = self.now
        self.spec = replace(self.spec, end_date=iso(self.end))
        self.declare()

    def retire(self, turn: Turn) -> None:
        """The next schedule of the same database begins at an earlier time."""
        assert self.engine is not None
        self.engine.versions.retire(self.dag_id)
        self.engine.schedules.touch(self.dag_id)
        turn.batch.dag_flags.append((self.dag_id, "active", False))

    def check(self) -> list[str]:
        made = self.runs()
        self.run_ids = [run.id for run in made]
        problems = super().check() + self.too_many[:3]
        dates = Counter(run.logical_date for run in made)
        problems += [f"the date {date} has {n} runs" for date, n in dates.items() if n > 1]
        if self.spec.schedule == "@once":
            return problems + ([] if len(made) == 1 else [f"@once has {len(made)} runs"])
        if self.spec.schedule == "@continuous":
            return problems
        timetable = timetable_of(self.spec)
        assert timetable is not None
        first = datetime.fromisoformat(str(self.spec.start_date)).timestamp()
        possible = {planned.logical_date for planned in timetable.between(first, self.end + 90_000)}
        if self.spec.catchup or isinstance(self.spec.schedule, str):  # else it counts from the time of being asked
            problems += [f"the date {date} is none of its own" for date in dates if not _in(date, possible)]
        if self.spec.catchup:
            due = [p.logical_date for p in timetable.between(first, self.end) if p.run_after <= self.now]
            problems += [f"the date {date} was lost" for date in due if not _in(date, dates)]
        return problems


def _in(date: float | None, among: Any) -> bool:
    return date in among or any(other is not None and abs(other - (date or 0.0)) < SAME_S for other in among)


def iso(at: float) -> str:
    return datetime.fromtimestamp(at, timezone.utc).isoformat()
