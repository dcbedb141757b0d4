"""What starts by time: which DAG is due when, and the row that says where its timetable stands.

Owns that each date of a timetable becomes one run, over crashes, pauses and clocks that are set. Which dates follow
from a timetable is `core.timetables`', how a run is made `making`'s. A turn in which nothing is due costs nothing.

A row is written in the same commit as the run that it speaks of. Without catch-up what was missed is passed over when
the next run is made; with it at most `max_active_runs` unfinished runs exist, and the next is made when one ends.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from ..core.coming import LastRun, is_later, last_of
from ..core.errors import StoreError, VenturiError
from ..core.moves import DagVersion, ScheduleMove
from ..core.spec import DagSpec, dag_from_json
from ..core.step import Turn
from ..core.timetables import Planned, Timetable, custom_of, timetable_of
from ..core.world import Dag, Run
from ..store.rows import ScheduleRow
from .making import Wanted, make_run
from .own_timetables import AGAIN_S, DATES_AHEAD, Ahead

if TYPE_CHECKING:
    from .turn import Engine

SCHEDULED = "scheduled"
RUNS_A_TURN_MAX = 100  # the rest in the next turn, so that what is ready meanwhile starts
CONTINUOUS_EVERY_S = 1.0  # between two starts of @continuous, however short a run is
SAME_DATE_S = 1e-5  # dates pass through datetimes, which count microseconds
_OF_NEXT = ("next", "partition", "words", "full")  # told in a row anew each time
_SEEN_MAX = 1000  # runs looked through for the last one that a timetable has made


@dataclass(slots=True)
class Timed:
    """One DAG that has a timetable, or had one."""

    dag_id: str
    version: int = 0  # that the timetable below is of; 0: not read yet
    timetable: Timetable | None = None
    spec: DagSpec | None = None  # without its tasks
    earliest: float | None = None
    latest: float | None = None
    last: Planned | None = None  # the last run that it has made
    came: LastRun | None = None  # the last one of an Airflow that it goes on from, unless `last` is later
    next: Planned | None = None
    due: float | None = None  # None: paused, over, wrong, or as many runs as may be are unfinished
    problem: str | None = None  # for which nothing starts by it
    own_problem: str | None = None  # why a timetable class of the author's own gives no more dates
    asking: bool = False
    ask_again: float | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    written: tuple[Any, ...] | None = None  # its row, as the database has it; empty: some row of an earlier engine

    @property
    def wrong(self) -> str | None:
        return self.problem or self.own_problem


class Schedules:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._timed: dict[str, Timed] = {}
        self._heap: list[tuple[float, str]] = []  # an entry counts while its DAG is due at that time
        self._look: dict[str, None] = {}  # DAGs whose next run is planned anew in the next turn
        self._room: dict[str, None] = {}  # DAGs of which a run is over
        self._full: set[str] = set()  # that may have no more unfinished runs

    def restart(self, rows: Iterable[ScheduleRow]) -> None:
        """From what the database says. A timetable is read when its DAG is due."""
        self._timed, self._heap, self._look, self._room, self._full = {}, [], {}, {}, set()
        if self._engine.foreground:
            return
        for row in rows:
            timed = self._timed[row.dag_id] = _of_row(row)
            dag = self._engine.world.dag(row.dag_id)
            version = self._engine.versions.current(row.dag_id)
            if version is None or version.ad_hoc:
                continue
            if timed.next is None or timed.problem is not None:
                self._look[row.dag_id] = None
            elif not dag.paused:
                self._wait_for(timed, timed.next.run_after)
        for version in self._engine.versions.all_current():
            if version.dag_id not in self._timed:
                self.touch(version.dag_id)

    def touch(self, dag_id: str) -> None:
        """Its version has changed, or whether it is paused."""
        if not self._engine.foreground:
            self._look[dag_id] = None
            self._engine.backfills.touch(dag_id)
            self._engine.watchers.touch()

    def touch_all(self) -> None:
        """The clock was set."""
        for dag_id in self._timed:
            self.touch(dag_id)

    def ended(self, runs: Iterable[Run]) -> None:
        """These runs are over: there may be room for the next ones."""
        if self._full:
            for run in runs:
                if run.dag_id in self._full:
                    self._room[run.dag_id] = None

    def next_due(self) -> float | None:
        if self._look or self._room:
            return -math.inf
        heap = self._heap
        while heap and not self._counts(heap[0]):
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def _counts(self, entry: tuple[float, str]) -> bool:
        timed = self._timed.get(entry[1])
        return timed is not None and timed.due == entry[0]

    # ── the turn ──

    def act(self, turn: Turn) -> None:
        """Make the runs that are due."""
        self.ended(turn.finished_runs)
        left = self._make_all_due(RUNS_A_TURN_MAX, turn)  # first: what has come is not lost by what changes now
        if self._look:
            looked, self._look = self._look, {}
            for dag_id in looked:
                self._look_at(dag_id, turn)
        if self._room:
            freed, self._room = self._room, {}
            for dag_id in freed:
                self._arrange(self._timed[dag_id])
        self._make_all_due(left, turn)

    def _make_all_due(self, left: int, turn: Turn) -> int:
        heap = self._heap
        while heap and heap[0][0] <= turn.now and left > 0:
            entry = heapq.heappop(heap)
            if self._counts(entry):
                left -= self._make_due(self._timed[entry[1]], left, turn)
        return left

    def _look_at(self, dag_id: str, turn: Turn) -> None:
        version = self._engine.versions.current(dag_id)
        timed = self._timed.get(dag_id)
        if version is None or version.ad_hoc:
            if timed is not None:
                timed.next = timed.due = timed.problem = timed.own_problem = None
                timed.version = 0
                self._full.discard(dag_id)
                self._write(timed, turn)
            return
        if timed is None:
            if version.spec.get("schedule") is None:
                return
            timed = self._timed[dag_id] = Timed(dag_id)
        self._read(timed, version)
        self._go_on(timed, turn)

    def _go_on(self, timed: Timed, turn: Turn) -> None:
        self._plan(timed, turn.now)
        self._ask_for_more(timed, turn.now)
        self._arrange(timed)
        self._write(timed, turn)

    def _read(self, timed: Timed, version: DagVersion) -> bool:
        """The timetable of the DAG's version; whether it had not been read before."""
        if timed.version == version.id:
            return False
        timed.version = version.id
        timed.timetable = timed.problem = timed.own_problem = timed.ask_again = None
        timed.asking = False
        try:
            spec = dag_from_json({k: v for k, v in version.spec.items() if k not in ("tasks", "groups")})
            timed.spec = spec
            timed.earliest, timed.latest = moment(spec.start_date), moment(spec.end_date)
            timed.timetable = timetable_of(spec) or _own(timed, version.id, spec)
        except (VenturiError, ValueError) as error:
            timed.problem = str(error)
        self._go_on_from_airflow(timed)
        return True

    # ── coming from Airflow ──

    def came(self, dag_id: str, came: LastRun, overwrite: bool, turn: Turn) -> dict[str, Any]:
        """The last run that an Airflow has made: the next one here is the one after it. Where ours is later already,
        it stays. A DAG that is not known yet goes on from there once its file is."""
        timed = self._timed.get(dag_id)
        if timed is None:
            timed = self._timed[dag_id] = Timed(dag_id)
        version = self._engine.versions.current(dag_id)
        if version is not None and not version.ad_hoc:
            self._read(timed, version)
        there = timed.last
        kept = not overwrite and is_later(there, last_of(timed.timetable, came))
        if not kept:
            timed.came, timed.last, timed.next, timed.due = came, None, None, None
            timed.detail["airflow"] = {**timed.detail.get("airflow", {}), "last": came.to_json()}
            self._go_on_from_airflow(timed)
        self._look_at(dag_id, turn)
        return {"kept": kept, "known": version is not None and not version.ad_hoc, **self.told(dag_id)}

    def _go_on_from_airflow(self, timed: Timed) -> None:
        if timed.came is not None:
            theirs = last_of(timed.timetable, timed.came)
            if not is_later(timed.last, theirs):
                timed.last = theirs

    def keep_pause(self, dag_id: str, paused: bool, turn: Turn) -> None:
        """Of a DAG whose file is not known yet."""
        timed = self._timed.get(dag_id)
        if timed is None:
            timed = self._timed[dag_id] = Timed(dag_id)
        timed.detail["airflow"] = {**timed.detail.get("airflow", {}), "paused": paused}
        self._write(timed, turn)

    def take_kept_pause(self, dag_id: str) -> bool | None:
        """Now that its file is known. Once."""
        timed = self._timed.get(dag_id)
        came = {} if timed is None else timed.detail.get("airflow", {})
        if timed is None or "paused" not in came:
            return None
        timed.detail["airflow"] = {name: kept for name, kept in came.items() if name != "paused"}
        return bool(came["paused"])

    def _plan(self, timed: Timed, now: float) -> None:
        """Which run comes next, as of now."""
        timed.next = None
        if timed.timetable is None or timed.spec is None:
            return
        if timed.last is not None and timed.last.run_after > now:
            timed.last = self._last_made(timed.dag_id, now)
            self._go_on_from_airflow(timed)
        timed.problem = None
        try:
            timed.next = timed.timetable.next(timed.last, timed.earliest, timed.latest, timed.spec.catchup, now)
        except (VenturiError, ValueError, OverflowError) as error:
            timed.problem = str(error)

    # ── timetable classes of the authors' own ──

    def _ask_for_more(self, timed: Timed, now: float) -> None:
        ahead, spec = timed.timetable, timed.spec
        if not isinstance(ahead, Ahead) or spec is None or timed.asking:
            return
        if self._engine.world.dag(timed.dag_id).paused or (timed.ask_again is not None and now < timed.ask_again):
            return
        if ahead.runs_out(timed.last, spec.catchup, now):
            last = timed.last
            timed.asking, timed.ask_again = True, None
            want = {
                "dag_id": timed.dag_id,
                "last": None if last is None else [last.run_after, last.logical_date, last.interval],
                "earliest": timed.earliest,
                "latest": timed.latest,
                "catchup": spec.catchup,
                "count": DATES_AHEAD,
            }
            self._engine.own_timetables.ask(timed.version, want, partial(self._told, timed, timed.version))

    def _told(self, timed: Timed, version: int, told: dict[str, Any], turn: Turn) -> None:
        ahead = timed.timetable
        if self._timed.get(timed.dag_id) is not timed or timed.version != version or not isinstance(ahead, Ahead):
            return  # of what is not its timetable any more
        timed.asking = False
        if told.get("error"):
            timed.own_problem = f"Its timetable {ahead.words()} cannot say what comes next: {told['error']}"
            timed.ask_again = turn.now + AGAIN_S
        else:
            timed.own_problem = None
            ahead.take(told["dates"], told["done"])
            timed.detail["own"] = {"version": version, **ahead.kept()}
        self._go_on(timed, turn)

    def _last_made(self, dag_id: str, now: float) -> Planned | None:
        """The last run was made by a clock that was ahead. What it has made of the time to come is passed over when
        that comes; what it has left out is not lost."""
        dates = (-math.inf, now)
        for row in self._engine.reader.find_runs(dag_id, dates=dates, newest_first=True, limit=_SEEN_MAX):
            at = row.logical_date if row.interval_end is None else row.interval_end
            if row.run_type == SCHEDULED and at is not None and at <= now:
                assert row.interval_start is not None
                return Planned(at, row.logical_date, (row.interval_start, at))
        return None

    def _arrange(self, timed: Timed) -> None:
        """When it is looked at again."""
        self._full.discard(timed.dag_id)
        if timed.problem is not None or self._engine.world.dag(timed.dag_id).paused:
            timed.due = None
        elif timed.next is None or (timed.ask_again is not None and timed.ask_again < timed.next.run_after):
            timed.due = None
            if timed.ask_again is not None:
                self._wait_for(timed, timed.ask_again)
        elif self._is_full(timed):
            timed.due = None
            self._full.add(timed.dag_id)
        else:
            self._wait_for(timed, self._begins(timed, timed.next))

    def _wait_for(self, timed: Timed, at: float) -> None:
        timed.due = at
        heapq.heappush(self._heap, (at, timed.dag_id))

    def _begins(self, timed: Timed, planned: Planned) -> float:
        if timed.last is not None and timed.timetable is not None and timed.timetable.needs_end_of_last:
            return max(planned.run_after, timed.last.run_after + CONTINUOUS_EVERY_S)
        return planned.run_after

    def _is_full(self, timed: Timed) -> bool:
        dag = self._engine.world.dag(timed.dag_id)
        most = dag.max_active_runs
        timetable = timed.timetable
        if timetable is not None and timetable.runs_at_once_max is not None:
            most = min(most, timetable.runs_at_once_max)
        return _unfinished(dag) >= most

    def _make_due(self, timed: Timed, most: int, turn: Turn) -> int:
        """As many runs as are due and may be; how many that were."""
        version = self._engine.versions.current(timed.dag_id)
        if version is None or version.ad_hoc or self._engine.world.dag(timed.dag_id).paused:
            timed.due = None
            return 0
        self._read(timed, version)
        made = 0
        while made < most and timed.next is not None and timed.due is not None and not self._is_full(timed):
            if self._begins(timed, timed.next) > turn.now:
                break
            planned = self._newest_due(timed, timed.next, turn.now)
            if not self._make(timed, planned, turn):
                break
            made += 1
            timed.last = planned
            self._plan(timed, turn.now)
        self._ask_for_more(timed, turn.now)
        self._arrange(timed)
        self._write(timed, turn)
        return made + 1

    def _newest_due(self, timed: Timed, planned: Planned, now: float) -> Planned:
        """Without catch-up what has been missed meanwhile is passed over: if a later one is due, it is that."""
        if _catches_up(timed):
            return planned
        self._plan(timed, now)
        later = timed.next
        return planned if later is None or self._begins(timed, later) > now else later

    def _make(self, timed: Timed, planned: Planned, turn: Turn) -> bool:
        """False where it cannot be made, which is told; True also where this date has its run already."""
        date = planned.logical_date
        name = None if timed.timetable is None else timed.timetable.run_id(planned)
        if date is not None and self._is_there(timed.dag_id, date, turn):
            return True
        if planned.partition_key is not None and name and self._engine.reader.run(timed.dag_id, name) is not None:
            return True
        wanted = Wanted(
            timed.dag_id,
            SCHEDULED,
            logical_date=date,
            interval=planned.interval,
            name=name,
            started_by="its schedule",
            partition_key=planned.partition_key,
            partition_date=planned.partition_date,
        )
        try:
            make_run(self._engine, wanted, turn)
        except StoreError:
            raise
        except (VenturiError, ValueError) as error:
            timed.problem = str(error)
            return False
        return True

    def _is_there(self, dag_id: str, date: float, turn: Turn) -> bool:
        """Whether a run of this date exists, whoever has made it: a date is run once, as in Airflow."""
        near = (date - SAME_DATE_S, date + SAME_DATE_S)
        if any(new.dag_id == dag_id and new.logical_date == date for new in turn.batch.new_runs):
            return True
        return bool(self._engine.reader.find_runs(dag_id, dates=near, limit=1))

    def _write(self, timed: Timed, turn: Turn) -> None:
        """Where it stands, if that has changed."""
        following, last = timed.next, timed.last
        detail = {k: v for k, v in (*timed.detail.items(), ("problem", timed.wrong)) if v is not None}
        if following is not None and following.interval is not None:
            detail["next"] = list(following.interval)
        if following is not None and following.partition_key is not None:
            detail["partition"] = [following.partition_key, following.partition_date]
        if timed.timetable is not None:
            detail["words"] = timed.timetable.words()
        if timed.dag_id in self._full:
            detail["full"] = True
        start, end = (None, None) if last is None or last.interval is None else last.interval
        row = (
            None if following is None else self._begins(timed, following),
            None if following is None else following.logical_date,
            None if last is None else last.logical_date,
            None if last is None else last.run_after,
            start,
            end,
            repr(detail),
        )
        if row != timed.written and (timed.written is not None or row[0] is not None or detail):
            timed.written = row
            turn.batch.schedules.append(ScheduleMove(timed.dag_id, *row[:6], detail or None))

    # ── what is told ──

    def told(self, dag_id: str) -> dict[str, Any]:
        """When this DAG's next run is due, by which timetable, and what is wrong with it."""
        timed, version = self._timed.get(dag_id), self._engine.versions.current(dag_id)
        if timed is None or version is None or version.ad_hoc:
            return {}
        self._read(timed, version)
        planned, timetable = timed.next, timed.timetable
        if timetable is None and timed.problem is None:
            return {}
        return {
            "next": None if planned is None else self._begins(timed, planned),
            "logical_date": None if planned is None else planned.logical_date,
            "interval": None if planned is None else planned.interval,
            "words": None if timetable is None else timetable.words(),
            "problem": timed.wrong,
            "full": dag_id in self._full,  # the next is made when one of its unfinished runs ends
        }


def _own(timed: Timed, version: int, spec: DagSpec) -> Ahead | None:
    """A timetable class of the author's own, with the dates that it has given."""
    plain = custom_of(spec)
    kept = timed.detail.pop("own", None)
    if plain is None:
        return None
    made = Ahead(plain["summary"])
    if kept is not None and kept["version"] == version:
        made.take(kept["dates"], kept["done"])
        timed.detail["own"] = kept
    return made


def moment(text: str | None) -> float | None:
    """Of a date in a spec."""
    return None if text is None else datetime.fromisoformat(text).timestamp()


def _catches_up(timed: Timed) -> bool:
    timetable = timed.timetable
    return timed.spec is not None and timed.spec.catchup and not (timetable is not None and timetable.needs_end_of_last)


def _unfinished(dag: Dag) -> int:
    return sum(run.run_type == SCHEDULED for run in dag.runs.values())


def _of_row(row: ScheduleRow) -> Timed:
    timed = Timed(row.dag_id)
    if row.last_at is not None:
        interval = None if row.last_start is None or row.last_end is None else (row.last_start, row.last_end)
        timed.last = Planned(row.last_at, row.last_date, interval)
    if row.next_at is not None:
        about = (row.detail or {}).get("next")
        partition = (row.detail or {}).get("partition") or (None, None)
        timed.next = Planned(row.next_at, row.next_date, None if about is None else (about[0], about[1]), *partition)
    timed.detail = {k: v for k, v in (row.detail or {}).items() if k not in _OF_NEXT}
    timed.problem = timed.detail.pop("problem", None)
    came = timed.detail.get("airflow", {}).get("last")
    timed.came = None if came is None else LastRun.from_json(came)
    timed.written = ()
    return timed
