"""One seeded schedule of a DAG with deadlines and SLAs: crashes, lost commits, pauses, a clock that is set.

Judged from outside: by the rows of its deadlines and runs, and by which callbacks the fake crew has seen begin.
"""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from venturi.core.errors import DatabaseLost
from venturi.store import Store
from venturi.store.rows import DeadlineRow, RunRow

from .schedules import SimulatedCrash, random_dag
from .timed import Timed, iso

GOOD = ("success", "skipped")


class Late(Timed):
    def __init__(self, seed: int, store: Store) -> None:
        super().__init__(seed, store)
        self.late_rng = rng = random.Random(f"what is late of {seed}")
        self.dag_id = f"late{seed}"
        self.sets_clock = seed % 3 == 0
        self.crew.plans.shuffle = 0.0  # what is told late may be missed rightly: nothing could be judged
        while len(self.spec.tasks) > 3:  # of many tasks some would fail, and nothing be met
            self.spec = replace(random_dag(rng, self.dag_id), **self.timing())
        lengths = (20.0, 60.0, 150.0, 400.0, 2000.0)
        references: list[dict[str, Any]] = [
            {"reference_type": "DagRunQueuedAtDeadline"},
            {"reference_type": "DagRunLogicalDateDeadline"},
            {"reference_type": "FixedDatetimeDeadline", "datetime": self.begun + 600.0},
            {"reference_type": "AverageRuntimeDeadline", "max_runs": 3, "min_runs": 1},
        ]
        alerts = [
            {"reference": reference, "interval": {"every_s": rng.choice(lengths)}, "callback": {"path": "m.late"}}
            for reference in references
            if rng.random() < 0.6
        ]
        slas = [None, rng.choice(lengths), rng.choice(lengths)]
        tasks = tuple(replace(task, sla_s=rng.choice(slas)) for task in self.spec.tasks)
        self.spec = replace(
            self.spec,
            dag_id=self.dag_id,
            tasks=tasks,
            deadlines=tuple(alerts),
            calls=(*self.spec.calls, "sla"),
            schedule=rng.choice(["* * * * *", "*/5 * * * *", {"every_s": 90.0}]),
            start_date=iso(self.begun - rng.choice([0.0, 300.0])),
        )

    def timing(self) -> dict[str, Any]:
        return {name: getattr(self.spec, name) for name in ("data_intervals", "catchup", "max_active_runs")}

    def set_clock(self, by_s: float) -> None:
        if self.sets_clock:
            super().set_clock(by_s)

    def step(self) -> None:
        if self.late_rng.random() < 0.1:
            self.be_away()
        super().step()

    def be_away(self) -> None:
        """No engine is there for a while, in which much comes to its end and to its date."""
        if self.engine is not None:
            self.engine_crashes += 1
            self.engine = None
            self.crew.engine_crashed()
        for _ in range(self.late_rng.randint(1, 12)):
            self.crew.now = self.now = self.now + self.late_rng.choice([0.1, 1.0, 10.0])
            self.crew.act()
        self.now += self.late_rng.choice([1.0, 60.0, 300.0])
        try:
            self.start_engine().turn([], [], self.now)  # before the crew has told anything
        except SimulatedCrash:
            self.engine = None
            self.crew.engine_crashed()
        except DatabaseLost:
            assert self.engine is not None
            self.engine.restart()
            self.crew.connect()

    # ── the invariants ──

    def check(self) -> list[str]:
        problems = super().check()
        told = {key: n for key, n in self.crew.told.items() if n > 1}
        problems += [f"{key} was told {n} times" for key, n in told.items()]
        with self.store.reader() as reader:
            for run in self.runs():
                problems += self.check_deadlines(run, reader)
        return problems

    def check_deadlines(self, run: RunRow, reader: Any) -> list[str]:
        problems, rows = [], reader.deadlines(run.id)
        wanted = len(self.spec.deadlines) + len({t.sla_s for t in self.spec.tasks if t.sla_s is not None})
        averages = sum(a["reference"]["reference_type"] == "AverageRuntimeDeadline" for a in self.spec.deadlines)
        if not wanted - averages <= len(rows) <= wanted:
            problems.append(f"run {run.id} has {len(rows)} of {wanted} deadlines")
        calls = [call for call in reader.calls(run.id) if call.kind == "deadline"]
        missed = [row for row in rows if row.kind == "deadline" and row.state == "missed"]
        if sorted(call.id for call in calls) != sorted(row.call for row in missed):
            problems.append(f"run {run.id} missed {len(missed)} deadlines, and made {len(calls)} calls of them")
        for row in rows:
            name = f"deadline {row.n} of run {run.id}"
            if row.state == "due" and (row.due_at <= self.now or not self.is_to_come(run, row, reader)):
                problems.append(f"{name} was left due")
            if row.state == "missed" and (row.call is None or reader.call(row.call).state != "done"):
                problems.append(f"nobody was told of {name}")
            if row.state == "met" and (row.call is not None or run.state != "success") and row.kind == "deadline":
                problems.append(f"{name} was met by a run that is {run.state}")
            if not self.sets_clock:
                judge = self.judge_sla if row.kind == "sla" else self.judge
                problems += [f"{name} {problem}" for problem in judge(run, row, reader)]
        return problems

    def is_to_come(self, run: RunRow, row: DeadlineRow, reader: Any) -> bool:
        """Whether it is rightly open while its moment is ahead: of a run that has succeeded, where it cannot be met."""
        if run.state != "success":
            return True
        if self.sets_clock and run.ended_at is not None and run.ended_at > row.due_at:
            return True  # it ended late, by a clock that was set back since
        states = reader.task_states(self.dag_id, run.run_id)
        tasks = (task for task in self.spec.tasks if row.kind == "sla" and task.sla_s == row.detail["sla_s"])
        return any(states.get(task.task_id) not in GOOD for task in tasks)

    def judge(self, run: RunRow, row: DeadlineRow, reader: Any) -> list[str]:
        """By when its last attempt has ended, whenever that was told. At the very moment it may be either."""
        assert row.due_at is not None
        assert run.ended_at is not None
        ends = [attempt.ended_at for attempt in reader.attempts(run.id)]
        in_time = max(ends, default=run.ended_at) < row.due_at
        if run.state == "success" and in_time and row.state != "met":
            return [f"of {row.due_at} is {row.state}, the run ended at {run.ended_at} and its attempts at {ends}"]
        if run.state == "success" and min(run.ended_at, max(ends, default=run.ended_at)) > row.due_at:
            return [] if row.state == "missed" else [f"of {row.due_at} is {row.state}, the run ended later"]
        return []

    def judge_sla(self, run: RunRow, row: DeadlineRow, reader: Any) -> list[str]:
        if row.due_at is None or row.due_at > self.now:
            return []
        late = set(row.detail.get("tasks", ()))
        found: dict[str, list[Any]] = {}
        for one in reader.instances(run.id).rows:
            found.setdefault(one.task_id, []).append(one)
        problems = []
        for task in (task for task in self.spec.tasks if task.sla_s == row.detail["sla_s"]):
            rows = found.get(task.task_id, [])
            good = bool(rows) and all(one.state in GOOD for one in rows)
            if good and all(one.at <= row.due_at for one in rows) and task.task_id in late:
                problems.append(f"has {task.task_id} for late, which was not")
            ends = [one.ended_at for one in rows if one.ended_at is not None]
            is_late = max(ends, default=0.0) > row.due_at and any(one.token for one in rows)
            if rows and (not good or is_late) and task.task_id not in late:
                problems.append(f"has {task.task_id} in time, which was not: {rows}")
        return problems
