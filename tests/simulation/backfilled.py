"""One seeded schedule of a backfill: crashes, lost commits, pauses of it and of its DAG, new versions, runs by hand.

Judged from outside, by the rows: each of its dates is dealt with once and in order, has exactly one run, and never are
more of its runs unfinished than may be.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from venturi.core.backfills import Request, date_of, dates, request_of
from venturi.core.states import BackfillState
from venturi.core.step import Turn
from venturi.core.timetables import timetable_of
from venturi.engine.backfills import Backfills
from venturi.engine.making import Wanted, make_run
from venturi.store import Store

from .schedules import Replay, Schedule
from .timed import Timed, iso

DAY = 86_400.0
SCHEDULES = ("@hourly", "*/30 * * * *", {"every_s": 5400.0}, "0 */3 * * *")


class Backfilled(Timed):
    def __init__(self, seed: int, store: Store) -> None:
        super().__init__(seed, store)
        rng = self.timed_rng
        self.dag_id = f"backfilled{seed}"
        # Its schedule starts nothing before the end of this schedule of crashes.
        self.spec = replace(
            self.spec,
            dag_id=self.dag_id,
            schedule=rng.choice(SCHEDULES),
            catchup=False,
            start_date=iso(self.now + 30 * DAY),
            end_date=iso(self.now + 31 * DAY),
        )
        first = self.now - 2 * DAY
        span = {"from": iso(first), "to": iso(first + rng.choice([5400.0, 20_000.0, 40_000.0]))}
        most, reverse = rng.randint(1, 4), rng.random() < 0.3
        given = {**span, "max_active": most, "reverse": reverse, "ignores_pause": rng.random() < 0.3}
        given["reprocess"] = rng.choice(["none", "failed", "all"])
        self.request: Request = request_of(given, self.spec, self.now)
        self.people = None
        self.crew.runs_end_again = given["reprocess"] != "none"
        self.backfill = 0
        self.by_hand: dict[float, str] = {}
        self.is_cancelled = False

    def planned(self) -> list[float]:
        return [date_of(planned) for planned in dates(timetable_of(self.spec), self.request)]

    def begin(self) -> None:
        super().begin()
        self.crashes_armed = False

        def start(turn: Turn) -> None:
            assert self.engine is not None
            self.backfill = self.engine.backfills.begin(self.dag_id, self.request, None, turn).id

        self.tried([start])
        self.crashes_armed = True

    def step(self) -> None:
        rng = self.timed_rng
        roll = rng.random()
        if roll < 0.06:
            self.say(self.pause, rng.random() < 0.4)
        elif roll < 0.10:
            self.say(self.one_by_hand, rng.choice(self.planned() or [self.now]))
        elif roll < 0.12 and not self.jumped:
            self.set_clock_if_there(rng.choice([3600.0, -3600.0]))
        super().step()

    def set_clock_if_there(self, by_s: float) -> None:
        if self.engine is not None:
            self.set_clock(by_s)

    def say(self, what: Any, value: Any) -> None:
        engine = self.engine or self.start_engine()
        self.tried([lambda turn: what(engine.backfills, value, turn)])

    def pause(self, backfills: Backfills, paused: bool, turn: Turn) -> None:
        one = backfills.get(self.backfill)
        if one is not None:
            backfills.set_paused(one, paused, turn)

    def one_by_hand(self, _: Backfills, date: float, turn: Turn) -> None:
        """A person runs a date before the backfill has come to it."""
        engine = self.engine
        assert engine is not None
        near = (date - 1e-5, date + 1e-5)
        if not engine.reader.find_runs(self.dag_id, dates=near, limit=1):
            make_run(engine, Wanted(self.dag_id, logical_date=date, interval=(date, date)), turn)

    def count(self) -> None:
        mine = [run for run in self.runs() if run.backfill == self.backfill]
        unfinished = sum(run.state in ("queued", "running") for run in mine)
        if unfinished > self.request.max_active:
            self.too_many.append(f"{unfinished} of its runs are unfinished, {self.request.max_active} may be")

    def calm_down(self) -> None:
        self.crashes_armed = False
        self.say(self.pause, False)
        super().calm_down()

    def check(self) -> list[str]:
        self.run_ids = [run.id for run in self.runs()]
        return Schedule.check(self) + self.too_many[:3] + self.check_dates()

    def check_run_move(self, number: int, told: list[Any], replay: Replay) -> list[str]:
        before, _, *reason = told
        word = bool(reason) and reason[0] == f"cleared by backfill {self.backfill}"
        if before not in ("success", "failed") or not word or self.request.reprocess == "none":
            return super().check_run_move(number, told, replay)
        if self.request.reprocess == "failed" and before == "success":
            return [f"run {number} has succeeded and was done again"]
        return []

    def check_dates(self) -> list[str]:
        with self.store.reader() as reader:
            row = reader.backfill(self.backfill)
            told = reader.backfill_dates(self.backfill, 10_000)
        assert row is not None
        expected = self.planned()
        problems = []
        if row.state != BackfillState.DONE.value:
            problems.append(f"it was left {row.state} at {row.n} of {len(expected)}")
        if [d.logical_date for d in told] != expected:
            problems.append(f"it has dealt with {len(told)} dates and not with its {len(expected)} in order")
        if (row.n, row.total) != (len(expected), len(expected)):
            problems.append(f"its row says {row.n} of {row.total}, and there are {len(expected)}")
        made = Counter(run.logical_date for run in self.runs())
        problems += [f"the date {date} has {made[date]} runs" for date in expected if made[date] != 1]
        mine = {run.id for run in self.runs() if run.backfill == self.backfill}
        if mine != {d.run for d in told if d.what != "left out"}:
            problems.append("its runs are not those it has told of")
        return problems + self.check_again({d.run for d in told if d.what == "again"})

    def check_again(self, again: set[int | None]) -> list[str]:
        """Each of these runs was opened once more, by the backfill."""
        with self.store.reader() as reader:
            lines = reader.events_after(self.first_event, 1_000_000)
        opened = Counter(e.run for e in lines if e.kind == "cleared" and e.data["by"] == f"backfill {self.backfill}")
        return [f"run {run} was opened again {opened[run]} times" for run in again | opened.keys() if opened[run] != 1]
