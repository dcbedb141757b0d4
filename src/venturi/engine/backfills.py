"""Backfills at work: the runs of their dates are made as places come free, each date once, over crashes.

Owns how far each has come: its row is written in the commit of the runs it has made, so that a new engine goes on from
there. Which dates they are and what becomes of one that has its run is `core.backfills`', how a run is made `making`'s.

A backfill's runs count on its own bound and not on their DAG's max_active_runs. While its DAG is paused it waits,
unless it was told not to.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..core.backfills import AGAIN, Request, Standing, There, Verdict, Waits, date_of, dates, verdict
from ..core.clearing import Wish
from ..core.errors import Refused, StoreError, VenturiError
from ..core.moves import BackfillDate, BackfillMove, DagVersion, Event, NewBackfill
from ..core.states import BackfillState, RunState
from ..core.step import Turn
from ..core.timetables import Planned
from ..core.world import Bound, Run, World
from ..store.rows import BackfillRow
from .backfill_dates import SAME_S, Dates, Walked, dates_of
from .changing import clear
from .making import Wanted, make_run
from .own_timetables import AGAIN_S

if TYPE_CHECKING:
    from .turn import Engine

BACKFILL = "backfill"
DATES_A_TURN_MAX = 100  # of one backfill; the rest in the next turn, so that what is ready meanwhile starts
COUNTED_A_TURN_MAX = 1000
_THERE_MAX = 1000  # runs read at once of the dates that come next; where there are more, each date is looked up
_NO_DATE = Verdict("left out", "its timetable has no such date")


@dataclass(slots=True)
class Open:
    """One backfill that is not over."""

    id: int
    dag_id: str
    request: Request
    bound: Bound
    state: BackfillState = BackfillState.RUNNING
    n: int = 0
    cursor: float | None = None
    total: int | None = None
    dates: Dates | None = None
    count: Iterator[Planned] | None = None  # what is still to be counted
    counted: int = 0
    problem: str | None = None  # why it does not go on by itself
    ask_again: float | None = None


@dataclass(slots=True)
class _Step:
    """What one look at a backfill comes to."""

    turn: Turn
    left: int = DATES_A_TURN_MAX
    done: list[BackfillDate] = field(default_factory=list)
    cursor: float | None = None


class Backfills:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._open: dict[int, Open] = {}
        self._look: dict[int, None] = {}
        self._next_id = 1

    def restart(self, rows: Iterable[BackfillRow]) -> None:
        self._open, self._look = {}, {}
        self._next_id = self._engine.reader.newest_backfill() + 1
        for row in rows:
            bound = self._engine.world.backfills[row.id]
            state = BackfillState(row.state)
            request = Request.of(row.request)
            self._open[row.id] = Open(row.id, row.dag_id, request, bound, state, row.n, row.cursor, row.total)
            self._look[row.id] = None

    def touch(self, dag_id: str) -> None:
        """Its version has changed, or whether it is paused."""
        for one in self._open.values():
            if one.dag_id == dag_id:
                self._look[one.id] = None

    def ended(self, runs: Iterable[Run]) -> None:
        for run in runs:
            if run.backfill in self._open:
                self._look[run.backfill] = None

    def next_due(self) -> float | None:
        if self._engine.foreground:
            return None
        if self._look or any(one.count is not None for one in self._open.values()):
            return -math.inf
        return min((one.ask_again for one in self._open.values() if one.ask_again is not None), default=None)

    # ── what people say ──

    def begin(self, dag_id: str, request: Request, key: str | None, turn: Turn) -> Open:
        made = Open(self._next_id, dag_id, request, Bound(request.max_active))
        self._next_id += 1
        made.total = len(request.dates) or None
        self._engine.world.backfills[made.id] = made.bound
        self._open[made.id] = made
        self._look[made.id] = None
        turn.batch.new_backfills.append(NewBackfill(made.id, dag_id, request.plain(), turn.now, made.total, key))
        self._tell(made, "begun", turn)
        return made

    def get(self, id: int) -> Open | None:
        return self._open.get(id)

    def of_dag(self, dag_id: str) -> list[Open]:
        return [one for one in self._open.values() if one.dag_id == dag_id]

    def set_paused(self, one: Open, paused: bool, turn: Turn) -> None:
        """What of it has begun goes on."""
        state = BackfillState.PAUSED if paused else BackfillState.RUNNING
        if one.state is not state:
            one.bound.paused = paused
            self._move(one, state, turn)
            self._tell(one, "paused" if paused else "resumed", turn)
            self._look[one.id] = None

    def cancel(self, one: Open, with_runs: bool, turn: Turn) -> int:
        """No more of its dates are begun; runs that have begun go on, unless they are meant as well. How many end."""
        dag = self._engine.world.dag(one.dag_id)
        ending = [run for run in dag.runs.values() if run.backfill == one.id]
        ending = [run for run in ending if with_runs or run.state is RunState.QUEUED]
        one.bound.paused = False
        self._move(one, BackfillState.CANCELLED, turn, reason="cancelled")
        self._close(one)
        self._tell(one, "cancelled", turn)
        for run in ending:
            self._engine.cancel_run(run, f"backfill {one.id} was cancelled", turn)
        return len(ending)

    def _close(self, one: Open) -> None:
        del self._open[one.id]
        self._look.pop(one.id, None)
        self._engine.world.backfills.pop(one.id, None)

    def _move(
        self, one: Open, after: BackfillState, turn: Turn, n: int | None = None, reason: str | None = None
    ) -> None:
        before, n_before = one.state, one.n
        one.state, one.n = after, one.n if n is None else n
        turn.batch.backfills.append(
            BackfillMove(one.id, before, after, n_before, one.n, one.cursor, turn.now, one.total, reason)
        )

    def _tell(self, one: Open, change: str, turn: Turn) -> None:
        turn.batch.events.append(Event(turn.now, BACKFILL, one.dag_id, None, {"backfill": one.id, "change": change}))

    # ── the turn ──

    def act(self, turn: Turn) -> None:
        """Make the runs for which there is a place."""
        if self._engine.foreground or not self._open:
            return
        self.ended(turn.finished_runs)
        for one in self._open.values():
            if one.ask_again is not None and one.ask_again <= turn.now:
                one.ask_again, self._look[one.id] = None, None
            if one.count is not None:
                self._count_on(one, turn)
        looked, self._look = self._look, {}
        for id in looked:
            self._look_at(self._open[id], turn)

    def _look_at(self, one: Open, turn: Turn) -> None:
        version = self._engine.versions.current(one.dag_id)
        one.problem = None
        if version is None:
            one.problem = f"no file defines DAG {one.dag_id} any more"
            return
        try:
            source = self._dates(one, version)
            if one.state is BackfillState.RUNNING and not self._waits_for_dag(one):
                self._go_on(one, source, turn)
        except StoreError:
            raise
        except (VenturiError, ValueError, OverflowError) as error:
            one.problem, one.ask_again = str(error), turn.now + AGAIN_S
            one.dates = None

    def _waits_for_dag(self, one: Open) -> bool:
        return self._engine.world.dag(one.dag_id).paused and not one.request.ignores_pause

    def _dates(self, one: Open, version: DagVersion) -> Dates:
        found = one.dates
        if found is None or found.version != version.id:
            found = one.dates = dates_of(self._engine, version, one.request, one.cursor)
            if one.total is None and isinstance(found, Walked):
                one.count, one.counted = dates(found.timetable, one.request), 0
        return found

    def _count_on(self, one: Open, turn: Turn) -> None:
        """How many dates it has in all, a stretch of them a turn."""
        assert one.count is not None
        found = sum(1 for _ in islice(one.count, COUNTED_A_TURN_MAX))
        one.counted += found
        if found < COUNTED_A_TURN_MAX:
            one.count, one.total = None, one.counted
            self._move(one, one.state, turn)

    def _go_on(self, one: Open, source: Dates, turn: Turn) -> None:
        step = _Step(turn, cursor=one.cursor)
        try:
            is_over = self._deal(one, source, step)
        finally:
            self._write(one, step)
        if is_over and not one.bound.unfinished:
            one.total = one.n
            self._move(one, BackfillState.DONE, turn)
            self._close(one)
            self._tell(one, "done", turn)

    def _write(self, one: Open, step: _Step) -> None:
        """Where it stands, in the commit of what it has done."""
        if step.done:
            step.turn.batch.backfill_dates.extend(step.done)
            one.cursor = step.cursor
            self._move(one, BackfillState.RUNNING, step.turn, step.done[-1].n)
            step.done = []

    def _deal(self, one: Open, source: Dates, step: _Step) -> bool:
        """With one date after the other, while there is room for a run. Whether there are no more."""
        wide = 1
        while (room := one.bound.most - one.bound.unfinished) > 0:
            if step.left <= 0:
                self._look[one.id] = None
                return False
            planned = source.take(min(max(room, wide), step.left))
            if not planned:
                return not source.ask(lambda turn: self._look.setdefault(one.id))
            there = runs_there(self._engine, one.dag_id, planned, step.turn)
            for i, each in enumerate(planned):
                if one.bound.unfinished >= one.bound.most:
                    source.give_back(planned[i:])
                    return False
                try:
                    self._deal_with(one, source, each, there(each), step)
                except (VenturiError, ValueError):
                    source.give_back(planned[i:])
                    raise
            wide = DATES_A_TURN_MAX
        return False

    def _deal_with(self, one: Open, source: Dates, planned: Planned, there: There | None, step: _Step) -> None:
        word = _NO_DATE if planned.interval is None else verdict(there, one.request.reprocess)
        run = None if there is None else there.id
        if word.what == "new":
            run = self._make(one, source, planned, step.turn).id
        elif word is AGAIN and there is not None:
            word = self._again(one, there, step)
        n = one.n + len(step.done) + 1
        step.done.append(BackfillDate(one.id, n, date_of(planned), run, word.what, word.reason))
        step.cursor = date_of(planned)
        step.left -= 1

    def _again(self, one: Open, there: There, step: _Step) -> Verdict:
        """With the code of now, as somebody has mended it. What was decided before is committed first, by `clear`."""
        self._write(one, step)
        request = one.request
        anew: dict[str, Any] = {"backfill": one.id, "ignores_pause": request.ignores_pause}
        if request.conf:
            anew["conf"] = request.conf
        wish = Wish(request.tasks, current_code=True)
        try:
            clear(self._engine, step.turn, one.dag_id, there.run_id, wish, f"backfill {one.id}", anew)
        except Refused as refused:
            return Verdict("left out", str(refused))
        return AGAIN

    def _make(self, one: Open, source: Dates, planned: Planned, turn: Turn) -> Run:
        wanted = Wanted(
            one.dag_id,
            BACKFILL,
            conf=one.request.conf,
            logical_date=date_of(planned),
            interval=planned.interval,
            ignores_pause=one.request.ignores_pause,
            name=None if source.timetable is None else source.timetable.run_id(planned, BACKFILL),
            only=one.request.tasks,
            backfill=one.id,
            started_by=f"backfill {one.id}",
            partition_key=planned.partition_key,
            partition_date=planned.partition_date,
        )
        return make_run(self._engine, wanted, turn)

    # ── what is told ──

    def told(self, dag_id: str) -> list[Standing]:
        """Of each backfill of this DAG that is not over: where it stands and what it waits for."""
        is_paused = self._engine.world.dag(dag_id).paused
        return [_standing(one, is_paused) for one in self.of_dag(dag_id)]


def standing_of(row: BackfillRow, world: World) -> Standing:
    """By what is committed, as a new engine would begin."""
    request, state = Request.of(row.request), BackfillState(row.state)
    one = Open(row.id, row.dag_id, request, world.backfills[row.id], state, row.n, row.cursor, row.total)
    return _standing(one, world.dag(row.dag_id).paused)


def _standing(one: Open, dag_is_paused: bool) -> Standing:
    waits_for: Waits = "next turn"
    if one.state is BackfillState.PAUSED:
        waits_for = "paused"
    elif one.problem is not None:
        waits_for = "problem"
    elif dag_is_paused and not one.request.ignores_pause:
        waits_for = "dag"
    elif one.bound.unfinished:
        waits_for = "runs"
    return Standing(one.id, one.n, one.total, one.bound.unfinished, one.bound.most, waits_for, one.problem)


def runs_there(
    engine: Engine, dag_id: str, planned: list[Planned], turn: Turn | None = None
) -> Callable[[Planned], There | None]:
    """Looks up the newest run of each of these dates, in as few questions as can be."""
    of_dates = [date_of(each) for each in planned]
    near = (min(of_dates) - SAME_S, max(of_dates) + SAME_S)
    rows = engine.reader.find_runs(dag_id, dates=near, limit=_THERE_MAX)
    known = {_micros(row.logical_date): row for row in sorted(rows, key=lambda row: row.id)}
    ended = {} if turn is None else {run.id: run.state.value for run in turn.finished_runs}

    def there(each: Planned) -> There | None:
        date = date_of(each)
        if turn is not None:
            for new in reversed(turn.batch.new_runs):
                if new.dag_id == dag_id and new.logical_date == date:
                    return There(new.id, new.run_id, new.state.value)
        if len(rows) < _THERE_MAX:
            row = next((known[k] for k in range(_micros(date) - 10, _micros(date) + 11) if k in known), None)
        else:
            dates = (date - SAME_S, date + SAME_S)
            row = next(iter(engine.reader.find_runs(dag_id, dates=dates, newest_first=True, limit=1)), None)
        return None if row is None else There(row.id, row.run_id, ended.get(row.id, row.state))

    return there


def _micros(date: float | None) -> int:
    return round((date or 0.0) * 1e6)
