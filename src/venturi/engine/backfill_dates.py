"""The next dates of a backfill: from a timetable that says them at once, or from a class of the author's own.

Owns the questions to such a class. Holds only the next few dates.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from ..core.backfills import Request, date_of, dates
from ..core.errors import TimetableFailed
from ..core.moves import DagVersion
from ..core.spec import dag_from_json
from ..core.step import Turn
from ..core.timetables import Planned, Timetable, custom_of, timetable_of
from .own_timetables import DATES_AHEAD

if TYPE_CHECKING:
    from .turn import Engine

SAME_S = 1e-5
Then = Callable[[Turn], None]


class Dates(Protocol):
    version: int
    timetable: Timetable | None

    def take(self, most: int) -> list[Planned]:
        """The next ones; none where it is over, or where they are being asked for. Raises TimetableFailed."""

    def give_back(self, planned: list[Planned]) -> None: ...

    def ask(self, then: Then) -> bool:
        """Whether the next ones are to be asked for; `then` is called once they are there."""


def dates_of(engine: Engine, version: DagVersion, request: Request, after: float | None) -> Dates:
    """Those that come after this one. Raises ValueError or a VenturiError for a schedule that cannot be."""
    spec = dag_from_json({k: v for k, v in version.spec.items() if k not in ("tasks", "groups")})
    if custom_of(spec) is not None:
        return Asked(engine, version, request, after)
    return Walked(version.id, timetable_of(spec), request, after)


class Walked:
    def __init__(self, version: int, timetable: Timetable | None, request: Request, after: float | None) -> None:
        self.version, self.timetable = version, timetable
        self._walk: Iterator[Planned] = dates(timetable, request, after)
        self._back: deque[Planned] = deque()

    def take(self, most: int) -> list[Planned]:
        found = [self._back.popleft() for _ in range(min(most, len(self._back)))]
        return found + list(islice(self._walk, most - len(found)))

    def give_back(self, planned: list[Planned]) -> None:
        self._back.extendleft(reversed(planned))

    def ask(self, then: Then) -> bool:
        return False


class Asked:
    """A class of the author's own says a hundred at a time; of dates that were named it is asked one by one, and one
    that it does not have comes without an interval."""

    timetable: Timetable | None = None

    def __init__(self, engine: Engine, version: DagVersion, request: Request, after: float | None) -> None:
        self._engine, self.version, self._dag_id, self._request = engine, version.id, version.dag_id, request
        self._there: deque[Planned] = deque()
        self._last: Planned | None = None
        self._after = after
        self._over = False
        self._asking: list[Then] = []
        self._problem: str | None = None
        named = reversed(request.dates) if request.reverse else iter(request.dates)
        self._named = deque(date for date in named if self._is_beyond(date))

    def take(self, most: int) -> list[Planned]:
        if self._problem is not None:
            problem, self._problem = self._problem, None
            raise TimetableFailed(dag_id=self._dag_id, problem=problem)
        return [self._there.popleft() for _ in range(min(most, len(self._there)))]

    def give_back(self, planned: list[Planned]) -> None:
        self._there.extendleft(reversed(planned))

    def ask(self, then: Then) -> bool:
        if self._request.dates:
            self._over = not self._named
        if self._there or self._over:
            return False
        self._asking.append(then)
        if len(self._asking) == 1:
            self._engine.own_timetables.ask(self.version, self._want(), self._told)
        return True

    def _want(self) -> dict[str, Any]:
        last, request = self._last, self._request
        want: dict[str, Any] = {"dag_id": self._dag_id, "last": None, "catchup": True}
        if request.dates:
            date = self._named[0]
            return {**want, "earliest": date, "latest": date, "count": 1}
        if last is not None:
            want["last"] = [last.run_after, last.logical_date, last.interval]
        first = request.first if self._after is None else self._after
        return {**want, "earliest": first, "latest": request.last, "count": DATES_AHEAD}

    def _told(self, told: dict[str, Any], turn: Turn) -> None:
        waiting, self._asking = self._asking, []
        if told.get("error"):
            self._problem = str(told["error"])
        elif self._request.dates:
            self._take_named(told["dates"])
        else:
            self._take_next(told["dates"], told["done"])
        for then in waiting:
            then(turn)

    def _take_named(self, found: list[Any]) -> None:
        date = self._named.popleft()
        planned = _planned(found[0]) if found else None
        if planned is None or abs(date_of(planned) - date) > SAME_S:
            planned = Planned(date, date, None)
        self._there.append(planned)

    def _take_next(self, found: list[Any], done: bool) -> None:
        self._over = done or not found
        for planned in map(_planned, found):
            self._last = planned
            if date_of(planned) > self._request.last or planned.run_after > self._request.until:
                self._over = True
                return
            if self._is_beyond(date_of(planned)):
                self._there.append(planned)

    def _is_beyond(self, date: float) -> bool:
        if self._after is None:
            return date >= self._request.first
        return date < self._after - SAME_S if self._request.reverse else date > self._after + SAME_S


def _planned(told: list[Any]) -> Planned:
    at, date, about, *partition = told
    date = at if date is None else date
    return Planned(at, date, (date, date) if about is None else (about[0], about[1]), *partition)
