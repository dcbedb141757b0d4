"""What comes along from an Airflow: the forms of it, what counts as its last run, and where a schedule goes on from.

Owns which of what was found is taken and which is kept as it is. Reads no file and no database: `airflow.exports` and
`store.airflow_database` do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .names import DEFAULT_POOL
from .timetables import Planned, Timetable

KINDS = ("connections", "variables", "pools", "paused", "dates")
# Those that say what starts when. They are only true while Airflow's own scheduler is not at work.
OF_TIME = ("paused", "dates")
AT_WORK_S = 60.0  # since a scheduler's last heartbeat; Airflow itself takes one for dead after 30
_BY_TIMETABLE = ("scheduled", "backfill")  # runs after which Airflow's own scheduler goes on
UNFINISHED = ("queued", "running", "restarting")
DEFAULT_POOL_SLOTS = 128  # of a pool that nobody has touched, here as there


@dataclass(frozen=True, slots=True)
class LastRun:
    """The last run that Airflow's timetable has made of a DAG. Its interval is not known of runs before 2.2."""

    date: float | None  # logical
    at: float | None = None  # from when on it could start
    interval: tuple[float, float] | None = None

    @property
    def moment(self) -> float:
        """By which runs are in order."""
        found = self.date if self.date is not None else self.at
        return found if found is not None else float("-inf")

    def to_json(self) -> list[Any]:
        return [self.date, self.at, None if self.interval is None else list(self.interval)]

    @classmethod
    def from_json(cls, plain: list[Any]) -> LastRun:
        date, at, interval = plain
        return cls(date, at, None if interval is None else (float(interval[0]), float(interval[1])))


@dataclass(frozen=True, slots=True)
class Unfinished:
    dag_id: str
    run_id: str
    state: str
    date: float | None


@dataclass(frozen=True, slots=True)
class Left:
    """What is not taken, and why."""

    what: str
    why: str
    count: int | None = None


@dataclass(slots=True)
class Found:
    """All that one or more sources say."""

    connections: dict[str, dict[str, Any]] = field(default_factory=dict)  # every field, opened
    variables: dict[str, tuple[str, str | None]] = field(default_factory=dict)  # value, description
    pools: dict[str, dict[str, Any]] = field(default_factory=dict)  # slots, description, include_deferred
    paused: dict[str, bool] = field(default_factory=dict)
    last: dict[str, LastRun] = field(default_factory=dict)
    unfinished: list[Unfinished] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    scheduler_seen: float | None = None  # its last heartbeat, where it has not said that it has ended

    def add(self, other: Found) -> None:
        """A later source wins; of last runs the later run."""
        self.connections.update(other.connections)
        self.variables.update(other.variables)
        self.pools.update(other.pools)
        self.paused.update(other.paused)
        for dag_id, last in other.last.items():
            self.saw(dag_id, last)
        self.unfinished += [one for one in other.unfinished if one not in self.unfinished]
        self.left += other.left
        self.scheduler_seen = max(filter(None, (self.scheduler_seen, other.scheduler_seen)), default=None)

    def saw(self, dag_id: str, last: LastRun) -> None:
        known = self.last.get(dag_id)
        if known is None or last.moment > known.moment:
            self.last[dag_id] = last

    def saw_run(self, dag_id: str, run_id: str, run_type: str | None, state: str | None, last: LastRun) -> None:
        """One run of Airflow's, whoever has made it."""
        if is_by_timetable(run_type, run_id):
            self.saw(dag_id, last)
        if state in UNFINISHED:
            self.unfinished.append(Unfinished(dag_id, run_id, state, last.date))

    def only(self, kinds: Iterable[str]) -> None:
        """The rest was not asked for."""
        wanted = set(kinds)
        for kind, held in (
            ("connections", self.connections),
            ("variables", self.variables),
            ("pools", self.pools),
            ("paused", self.paused),
            ("dates", self.last),
        ):
            if kind not in wanted:
                held.clear()
        if "dates" not in wanted:
            self.unfinished.clear()


def is_by_timetable(run_type: str | None, run_id: str) -> bool:
    """Of 1.10 the run's name alone tells."""
    kind = run_type or run_id.split("_", 1)[0]
    return kind in _BY_TIMETABLE


# ── what is taken ────────────────────────────────────────────────────────────────────────────────────────


def pools_to_set(
    found: Mapping[str, Mapping[str, Any]], there: Mapping[str, tuple[int, str | None]], overwrite: bool
) -> tuple[list[str], list[str]]:
    """Which are set, and which are kept as they are here. `there`: slots and description. The default pool is always
    there: as long as nobody has changed it, it is set."""
    taken: list[str] = []
    kept: list[str] = []
    for name in found:
        untouched = name == DEFAULT_POOL and there.get(name, (DEFAULT_POOL_SLOTS, None)) == (DEFAULT_POOL_SLOTS, None)
        (taken if overwrite or name not in there or untouched else kept).append(name)
    return taken, kept


def last_of(timetable: Timetable | None, came: LastRun) -> Planned:
    """As if our own timetable had made that run. Where its interval is not known, the timetable says what it is: a
    run of that date, and where it has none of that date, one that ends as it begins."""
    if came.interval is not None:
        at = came.at if came.at is not None else came.interval[1]
        return Planned(max(at, came.interval[1]), came.date, came.interval)
    if came.date is None:
        at = came.at if came.at is not None else 0.0
        return Planned(at, None, None)
    if timetable is not None:
        for planned in timetable.between(came.date, came.date):
            return Planned(planned.run_after, came.date, planned.interval)
    end = max(came.date, came.at or came.date)
    return Planned(end, came.date, (came.date, end))


def is_later(ours: Planned | None, theirs: Planned) -> bool:
    """Whether the last run that we have made comes after Airflow's."""
    if ours is None:
        return False
    if ours.logical_date is not None and theirs.logical_date is not None:
        return ours.logical_date > theirs.logical_date
    return ours.run_after > theirs.run_after
