"""Partitions: which a DAG's runs may be for, and whether what has come is enough to start a run for one.

Owns what a schedule says of them, and the words for what waits. What a single mapper means is `partition_keys`'; what
has come when is kept by the engine.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard
from zlib import adler32, crc32

from . import assets
from .assets import Key, OfAlias
from .errors import BadPartition
from .partition_keys import KEY_CHARS_MAX, UNSAID, Mapper, carries, date_of, date_of_time, least, needed

TOLD_MAX = 3  # partitions that are told one by one

BY_TIME, BY_ASSETS, AT_RUNTIME = "CronPartitionTimetable", "PartitionedAssetTimetable", "PartitionedAtRuntime"


# ── of a schedule ────────────────────────────────────────────────────────────────────────────────────────


def by_assets(schedule: Any) -> TypeGuard[Mapping[str, Any]]:
    """Whether partitions of assets start it."""
    return isinstance(schedule, Mapping) and schedule.get("timetable") == BY_ASSETS


def has_partitions(schedule: Any) -> bool:
    """Whether its runs may be for a partition."""
    if not isinstance(schedule, Mapping):
        return False
    return schedule.get("timetable") in (BY_TIME, BY_ASSETS, AT_RUNTIME) or bool(schedule.get("partitioned"))


def is_partitioned(schedule: Any) -> bool:
    """Whether each of its runs is for a partition, known when it starts."""
    return has_partitions(schedule) and bool(schedule["timetable"] != AT_RUNTIME)


def rule_of(schedule: Mapping[str, Any]) -> str:
    """By what events count for which keys, in short: what waits by another rule is counted anew."""
    told = json.dumps([schedule.get(name) for name in ("assets", "mapper", "mappers")], sort_keys=True).encode()
    return f"{crc32(told):08x}{adler32(told):08x}"


def mapper_of(schedule: Mapping[str, Any], asset: Key) -> Mapper:
    """Of the asset by its name, else by its URI, else the one for all others."""
    default: Mapper = schedule.get("mapper") or {"mapper": "IdentityMapper"}
    return assets.by_name_or_uri(schedule.get("mappers") or (), asset) or default


def own_class(mapper: Mapper) -> str | None:
    """The name of the mapper, window or wait policy in it that is a class of the author's own."""
    return next(_own(mapper), None)


def _own(part: Any) -> Iterator[str]:
    if isinstance(part, Mapping):
        if "custom" in (part.get("mapper"), part.get("window"), part.get("wait")):
            yield str(part["class"]).rpartition(":")[2].rpartition(".")[2]
            return
        part = list(part.values())
    if isinstance(part, list):
        for one in part:
            yield from _own(one)


# ── when a partition begins ──────────────────────────────────────────────────────────────────────────────


def date_of_given(dag_id: str, schedule: Any, zone: str, key: Any) -> float | None:
    """When the partition begins that a person or a task wants a run for. Raises BadPartition where there is none."""

    def wrong(problem: str) -> BadPartition:
        return BadPartition(dag_id=dag_id, problem=problem)

    if not has_partitions(schedule):
        raise wrong("its schedule has none. With schedule=PartitionedAtRuntime() it takes any.")
    if not isinstance(key, str) or not key.strip() or len(key) > KEY_CHARS_MAX:
        raise wrong(f"a partition key is a text of 1 to {KEY_CHARS_MAX} characters.")
    try:
        if schedule["timetable"] == BY_TIME:
            return date_of_time(schedule, zone, key)
        if schedule["timetable"] == BY_ASSETS:
            named = [one if kind == "asset" else (one, one) for kind, one in assets.names_in(schedule["assets"])]
            found = {date for asset in named if (date := date_of(mapper_of(schedule, asset), key)) is not None}
            return found.pop() if len(found) == 1 else None
    except (ValueError, OverflowError) as error:
        raise wrong(f"{error}.") from None
    return None


# ── what waits ───────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Said:
    """What a mapper of an author's own has said of a key that it has made."""

    needed: tuple[str, ...] | None  # the keys of the asset that make it up; None: any one is enough
    least: int  # so many of these are enough
    date: float | None  # when it begins


@dataclass(frozen=True, slots=True)
class Came:
    """An event of a partition of an asset."""

    token: int
    n: int
    name: str
    uri: str
    source: str  # that partition
    at: float
    date: float | None  # when that begins, if the run that has made it said so
    said: Said | None = None

    @property
    def asset(self) -> Key:
        return self.name, self.uri

    def need(self, schedule: Mapping[str, Any], key: str) -> tuple[tuple[str, ...] | None, int]:
        """The keys of its asset that make up this one, and how many of them are enough. Raises ValueError."""
        if self.said is not None:
            return self.said.needed, self.said.least
        mapper = mapper_of(schedule, self.asset)
        wanted = needed(mapper, key)
        return (None, 0) if wanted is None else (tuple(wanted), least(mapper, len(wanted)))

    def began(self, schedule: Mapping[str, Any], key: str) -> float | None:
        return self.said.date if self.said is not None else date_of(mapper_of(schedule, self.asset), key)


@dataclass(slots=True)
class Waiting:
    """A partition that a DAG has not been started for yet."""

    key: str
    rule: str
    at: float
    events: list[Came] = field(default_factory=list)

    @property
    def is_unsaid(self) -> bool:
        """It stands for an event of which a class of the author's own must say first for which keys it counts."""
        return self.key.startswith(UNSAID)

    def by_asset(self) -> dict[Key, list[Came]]:
        found: dict[Key, list[Came]] = {}
        for came in self.events:
            found.setdefault(came.asset, []).append(came)
        return found

    def is_ready(self, schedule: Mapping[str, Any], of_alias: OfAlias) -> bool:
        """Whether a run for it can start by what has come."""
        there = [asset for asset, came in self.by_asset().items() if self._lacks(schedule, came) is None]
        return bool(there) and assets.holds(schedule["assets"], there, of_alias)

    def _lacks(self, schedule: Mapping[str, Any], came: list[Came]) -> str | None:
        """Why events of one asset are not enough; None if they are."""
        name = came[-1].name
        try:
            wanted, enough = came[-1].need(schedule, self.key)
        except ValueError as error:
            return f"asset {name} cannot give it: {error}"
        if wanted is None:
            return None
        n = len(set(wanted) & {one.source for one in came})
        if n >= enough:
            return None
        also = f", {enough} are enough" if enough < len(wanted) else ""
        return f"of asset {name} {n} of {len(wanted)} keys are there{also}"

    def began(self, schedule: Mapping[str, Any]) -> float | None:
        """By the mappers of its assets, or else by the runs that have made it; None where they are not of one mind, or
        know nothing of it."""
        try:
            told = {came.began(schedule, self.key) for came in self.events}
        except (ValueError, OverflowError):
            return None
        found = {date for date in told if date is not None}
        if not found:
            same = [came for came in self.events if carries(mapper_of(schedule, came.asset))]
            found = {came.date for came in same if came.date is not None}
        return found.pop() if len(found) == 1 else None

    def started_by(self) -> str:
        names = sorted({came.name for came in self.events})
        more = f" and {len(names) - 3} more" if len(names) > 3 else ""
        return f"partition {self.key} of {'asset' if len(names) == 1 else 'assets'} {', '.join(names[:3])}{more}"

    def lacks(self, schedule: Mapping[str, Any], of_alias: OfAlias) -> str:
        """What must still come for it, as in "asset b (of asset a 3 of 24 keys are there)"; empty if nothing must."""
        found = {asset: self._lacks(schedule, came) for asset, came in self.by_asset().items()}
        there = [asset for asset, lacking in found.items() if lacking is None]
        parts = [lacking for lacking in found.values() if lacking is not None]
        lacking = assets.lacking(schedule["assets"], there, of_alias)
        return f"{lacking} ({', '.join(parts)})" if lacking and parts else lacking


def waits_for(
    schedule: Mapping[str, Any], waiting: Collection[Waiting], of_alias: OfAlias, held: str | None = None
) -> str:
    """As in "waits for a partition of asset a and asset b", or with what the oldest partitions lack."""
    unsaid = sum(one.is_unsaid for one in waiting)
    waiting = [one for one in waiting if not one.is_unsaid]
    if unsaid:
        asked = f"asks its own mapper for which partitions {unsaid} {'event counts' if unsaid == 1 else 'events count'}"
        return f"{asked}; {waits_for(schedule, waiting, of_alias, held)}" if waiting else asked
    if not waiting:
        return f"waits for a partition of {assets.lacking(schedule['assets'], (), of_alias) or 'its assets'}"
    lacks = {one.key: one.lacks(schedule, of_alias) for one in sorted(waiting, key=lambda one: one.at)}
    ready = [key for key, lacking in lacks.items() if not lacking]
    parts = []
    if ready:
        many = f"partition {ready[0]} is" if len(ready) == 1 else f"{len(ready)} partitions are"
        parts.append(f"{many} ready" + (f", and it {held}" if held else ""))
    others = [f"{lacking} for partition {key}" for key, lacking in lacks.items() if lacking]
    if others:
        more = f" and {len(others) - TOLD_MAX} more partitions" if len(others) > TOLD_MAX else ""
        parts.append(f"waits for {', '.join(others[:TOLD_MAX])}{more}")
    return "; ".join(parts)
