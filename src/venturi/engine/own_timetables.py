"""Timetable classes of the authors' own: what they have said, and when they are asked again.

Owns the questions under way. A class is asked in a process of its own with a time limit, a hundred dates ahead; one
that hangs or breaks holds up its DAG alone, says why, and is asked again later or when its file has changed.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ..core.errors import TimetableFailed
from ..core.step import Turn
from ..core.timetables import Planned, Timetable
from ..executors.base import Dated

if TYPE_CHECKING:
    from .turn import Engine

DATES_AHEAD = 100
FEW_LEFT = 5  # so many before the last is made, more are asked for
ASKED_AT_ONCE = 2
AGAIN_S = 300.0  # after one that hung or broke
_KEPT_MAX = 1000  # answers for runs made by hand


class Ahead(Timetable):
    """The dates that such a class has given."""

    def __init__(self, words: str) -> None:
        self.dates: list[Planned] = []
        self.done = False  # it has said that there are no more
        self._words = words

    def take(self, told: list[Any], done: bool) -> None:
        self.dates = [
            Planned(at, date, None if about is None else (about[0], about[1]), *partition)
            for at, date, about, *partition in told
        ]
        self.done = done

    def kept(self) -> dict[str, Any]:
        """As its row keeps it."""
        return {
            "dates": [[d.run_after, d.logical_date, d.interval, *_partition(d)] for d in self.dates],
            "done": self.done,
        }

    def next(
        self, last: Planned | None, earliest: float | None, latest: float | None, catchup: bool, now: float
    ) -> Planned | None:
        to_come = self._after(last)
        due = [] if catchup else [planned for planned in to_come if planned.run_after <= now]
        return due[-1] if due else to_come[0] if to_come else None

    def _after(self, last: Planned | None) -> list[Planned]:
        return [planned for planned in self.dates if last is None or planned.run_after > last.run_after]

    def runs_out(self, last: Planned | None, catchup: bool, now: float) -> bool:
        """Whether it is to be asked for more. Without catch-up one that lags behind says itself what is the newest."""
        if self.done:
            return False
        to_come = self._after(last)
        return len(to_come) < FEW_LEFT or (not catchup and len(to_come) > 1 and to_come[1].run_after <= now)

    def between(self, first: float, last: float) -> Iterator[Planned]:
        return (d for d in self.dates if first <= (d.run_after if d.logical_date is None else d.logical_date) <= last)

    def words(self) -> str:
        return self._words


def _partition(planned: Planned) -> list[Any]:
    return [] if planned.partition_key is None else [planned.partition_key, planned.partition_date]


class NotYet(Exception):
    """What a run made by hand at this moment is about is being asked: see `OwnTimetables.tell`."""

    def __init__(self, dag_id: str, version: int, at: float) -> None:
        super().__init__(f"what a run of {dag_id} is about is being asked of its timetable")
        self.dag_id, self.version, self.at = dag_id, version, at


@dataclass(slots=True)
class _Question:
    version: int
    want: dict[str, Any]
    then: Callable[[dict[str, Any], Turn], None]


class OwnTimetables:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._numbers = itertools.count(1)
        self._waiting: deque[_Question] = deque()
        self._asked: dict[int, _Question] = {}
        self._intervals: dict[tuple[int, str], dict[str, Any]] = {}  # (version, moment) → what was said of it

    def connection_lost(self) -> None:
        """The crew is gone and with it what was being asked."""
        self._waiting.extendleft(reversed(self._asked.values()))
        self._asked.clear()

    def ask(self, version: int, want: dict[str, Any], then: Callable[[dict[str, Any], Turn], None]) -> None:
        """`then` is given the answer in the turn in which it comes."""
        self._waiting.append(_Question(version, want, then))

    def pump(self) -> None:
        engine = self._engine
        while self._waiting and len(self._asked) < ASKED_AT_ONCE and engine.world.capacity.online:
            question = self._waiting.popleft()
            number = next(self._numbers)
            self._asked[number] = question
            source = engine.versions.source(question.version)
            engine.executor.ask_dates(
                number, source["load"], question.want, engine.config.timetable_time_limit_s, source["fork_safe"]
            )

    def take(self, report: Dated, turn: Turn) -> None:
        question = self._asked.pop(report.request, None)
        if question is not None:
            question.then(report.detail, turn)

    # ── runs made by hand ──

    def interval(self, dag_id: str, version: int, at: float) -> tuple[float, float]:
        """What a run made at this moment is about. Raises NotYet where that has not been asked."""
        found = self._intervals.get((version, _key(at)))
        if found is None:
            raise NotYet(dag_id, version, at)
        if found.get("error"):
            raise TimetableFailed(dag_id=dag_id, problem=found["error"])
        start, end = found["interval"] or (at, at)
        return (start, end)

    def tell(self, wait: NotYet, then: Callable[[Turn], None]) -> None:
        """Once it is known."""

        def answered(told: dict[str, Any], turn: Turn) -> None:
            if len(self._intervals) >= _KEPT_MAX:
                self._intervals.clear()
            self._intervals[wait.version, _key(wait.at)] = told
            then(turn)

        self.ask(wait.version, {"dag_id": wait.dag_id, "manual": wait.at}, answered)


def _key(at: float) -> str:
    """Moments pass through texts, which count microseconds: a moment and what comes back of it are one."""
    return datetime.fromtimestamp(at, timezone.utc).isoformat()
