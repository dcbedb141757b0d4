"""Timetables as files write them: the kept arguments, checked, and what an author's own class builds on.

Owns the author's side alone. Which dates follow from a timetable is decided elsewhere from its plain form; a class of
the author's own answers `next_dagrun_info` itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from ..core.assets import by_name_or_uri
from . import times
from .assets import BaseAsset, condition_of
from .exceptions import AirflowTimetableInvalid
from .partitions import IdentityMapper, PartitionMapper
from .plain import plain_span, zone_text
from .schedules import PRESETS, cron_problem, plain_schedule, plain_timetable


class DataInterval(NamedTuple):
    """The stretch of time that a run is about."""

    start: datetime
    end: datetime

    @classmethod
    def exact(cls, at: datetime) -> DataInterval:
        return cls(at, at)


class TimeRestriction(NamedTuple):
    """Between which moments the DAG may run, and whether missed ones are made up for."""

    earliest: datetime | None
    latest: datetime | None
    catchup: bool


class DagRunInfo(NamedTuple):
    """One run to come: when it may start, and what it is about."""

    run_after: datetime
    data_interval: DataInterval | None
    partition_date: datetime | None = None
    partition_key: str | None = None

    @classmethod
    def exact(cls, at: datetime) -> DagRunInfo:
        return cls(at, DataInterval.exact(at))

    @classmethod
    def interval(cls, start: datetime, end: datetime) -> DagRunInfo:
        return cls(end, DataInterval(start, end))

    @property
    def logical_date(self) -> datetime | None:
        return self.data_interval.start if self.data_interval else None


class DagInfo(NamedTuple):
    """What a timetable may be told of its DAG."""

    dag_id: str
    timezone: Any = None
    catchup: bool = False


class Timetable:
    """Extend it and give `next_dagrun_info` and `infer_manual_data_interval`."""

    description: str = ""
    periodic: bool = True
    can_be_scheduled: bool = True
    run_ordering: Iterable[str] = ("data_interval_end", "logical_date")
    active_runs_limit: int | None = None
    asset_condition: BaseAsset | None = None
    partitioned: bool = False
    partitioned_at_runtime: bool = False

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> Any:
        return cls()

    def serialize(self) -> dict[str, Any]:
        return {}

    def validate(self) -> None:
        """Called when the file is loaded; raise AirflowTimetableInvalid for what cannot be."""

    @property
    def summary(self) -> str:
        return type(self).__name__

    @property
    def type_name(self) -> str:
        kind = type(self)
        return kind.__name__ if kind in BUILT_IN else f"{kind.__module__}.{kind.__qualname__}"

    def infer_manual_data_interval(self, *, run_after: datetime) -> DataInterval:
        raise self._asked_here("infer_manual_data_interval")

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        raise self._asked_here("next_dagrun_info")

    def next_dagrun_info_v2(
        self, *, last_dagrun_info: DagRunInfo | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        last = last_dagrun_info.data_interval if last_dagrun_info else None
        return self.next_dagrun_info(last_automated_data_interval=last, restriction=restriction)

    def generate_run_id(self, *, run_type: Any, run_after: datetime | None = None, **more: Any) -> str:
        at = run_after or more.get("logical_date")
        return f"{getattr(run_type, 'value', run_type)}__{at.isoformat() if at is not None else ''}"

    def _asked_here(self, name: str) -> Exception:
        return NotImplementedError(f"{type(self).__name__} has no {name}().")


class BuiltIn(Timetable):
    """One of ours: what it was given is attributes, and these are its plain form."""

    held: tuple[str, ...] = ()

    def serialize(self) -> dict[str, Any]:
        return {name: _plain(getattr(self, name)) for name in self.held}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> Any:
        made = cls.__new__(cls)
        for name, value in data.items():
            setattr(made, name, value)
        return made

    def as_plain(self) -> Any:
        return {"timetable": type(self).__name__, **self.serialize()}

    # For classes that extend ours and ask it for a part of the answer.

    def infer_manual_data_interval(self, *, run_after: datetime) -> DataInterval:
        evaluated = self._evaluated()
        at = run_after.timestamp()
        start, end = (at, at) if evaluated is None else evaluated.manual(at)
        return DataInterval(_moment(start), _moment(end))

    def next_dagrun_info(
        self, *, last_automated_data_interval: DataInterval | None, restriction: TimeRestriction
    ) -> DagRunInfo | None:
        evaluated = self._evaluated()
        if evaluated is None:
            return None
        from ..core.timetables import Planned

        last = None
        if last_automated_data_interval is not None:
            start, end = (moment.timestamp() for moment in last_automated_data_interval)
            last = Planned(end, start, (start, end))
        earliest, latest = (
            None if moment is None else moment.timestamp() for moment in (restriction.earliest, restriction.latest)
        )
        found = evaluated.next(last, earliest, latest, restriction.catchup, times.utcnow().timestamp())
        if found is None:
            return None
        about = None if found.interval is None else DataInterval(*(_moment(at) for at in found.interval))
        return DagRunInfo(_moment(found.run_after), about)

    def _evaluated(self) -> Any:
        """What decides it for us: of the nearest of our classes that this one extends."""
        from ..core.spec import DagSpec
        from ..core.timetables import timetable_of

        plain = self.as_plain()
        if isinstance(plain, dict) and "timetable" in plain:
            plain["timetable"] = next(kind.__name__ for kind in type(self).__mro__ if kind in BUILT_IN)
        return timetable_of(DagSpec("", schedule=plain))

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.as_plain() == getattr(other, "as_plain")()  # noqa: B009

    def __hash__(self) -> int:
        return hash(repr(self.as_plain()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in self.held)})"


def _moment(at: float) -> Any:
    return times.with_pendulum(datetime.fromtimestamp(at, times.utc))


def _plain(value: Any) -> Any:
    if isinstance(value, timedelta) or type(value).__name__ == "relativedelta":
        return plain_span(value)
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, datetime):
        return (times.make_aware(value) or value).isoformat()
    if isinstance(value, (BaseAsset, PartitionMapper)):
        return value.as_plain()
    if isinstance(value, Timetable):
        return plain_timetable(value)
    return value


# ── without a time of their own ──────────────────────────────────────────────────────────────────────────


class NullTimetable(BuiltIn):
    """`schedule=None`."""

    can_be_scheduled = False
    periodic = False

    def as_plain(self) -> Any:
        return None


class OnceTimetable(BuiltIn):
    """`schedule="@once"`."""

    periodic = False

    def as_plain(self) -> Any:
        return "@once"


class ContinuousTimetable(BuiltIn):
    """`schedule="@continuous"`: the next run begins when the last has ended."""

    active_runs_limit = 1

    def as_plain(self) -> Any:
        return "@continuous"


class PartitionedAtRuntime(BuiltIn):
    """Started by hand; the task says which partitions it has made."""

    can_be_scheduled = False
    partitioned_at_runtime = True


class EventsTimetable(BuiltIn):
    """At the moments listed."""

    held: tuple[str, ...] = ("event_dates", "restrict_to_events", "description")

    def __init__(
        self,
        event_dates: Iterable[datetime],
        restrict_to_events: bool = False,
        presorted: bool = False,
        description: str | None = None,
    ) -> None:
        dates = [times.make_aware(moment) or moment for moment in event_dates]
        self.event_dates = dates if presorted else sorted(set(dates))
        if not self.event_dates:
            raise AirflowTimetableInvalid("EventsTimetable needs at least one date.")
        self.restrict_to_events = restrict_to_events
        self.description = description or f"{len(self.event_dates)} events"

    @property
    def summary(self) -> str:
        return self.description


# ── by the calendar ──────────────────────────────────────────────────────────────────────────────────────


class _Cron(BuiltIn):
    held: tuple[str, ...] = ("expression", "timezone")

    def __init__(self, cron: str | None = None, timezone: Any = None, *, expression: str | None = None) -> None:
        given = cron if cron is not None else expression
        if not isinstance(given, str):
            raise TypeError(f"{type(self).__name__}() takes a cron expression, not {given!r}")
        if timezone is None:
            raise TypeError(f"{type(self).__name__}() needs timezone=, such as timezone='UTC'")
        self.expression = PRESETS.get(given, given)
        self.timezone = zone_text(timezone)
        _check_cron(self.expression)

    def validate(self) -> None:
        _check_cron(self.expression)

    @property
    def summary(self) -> str:
        return self.expression

    # As timetables of 2.x call them, for classes that extend ours.
    @property
    def _expression(self) -> str:
        return self.expression

    @property
    def _timezone(self) -> Any:
        return times.zone(self.timezone)


def _check_cron(expression: str) -> None:
    wrong = cron_problem(expression)
    if wrong:
        raise AirflowTimetableInvalid(f"{expression!r} is no cron expression: {wrong}.")


class CronDataIntervalTimetable(_Cron):
    """From one moment of the expression to the next, and run at the end of it."""


class CronTriggerTimetable(_Cron):
    """Run at each moment of the expression, with a data interval of the given length before it."""

    held: tuple[str, ...] = ("expression", "timezone", "interval", "run_immediately")

    def __init__(
        self,
        cron: str | None = None,
        timezone: Any = None,
        *,
        interval: Any = timedelta(0),
        run_immediately: bool | timedelta | None = False,
        expression: str | None = None,
    ) -> None:
        super().__init__(cron, timezone, expression=expression)
        self.interval = interval
        self.run_immediately = run_immediately


class CronPartitionTimetable(CronTriggerTimetable):
    """Run at each moment of the expression, for the partition so many moments away."""

    partitioned = True
    held: tuple[str, ...] = ("expression", "timezone", "run_offset", "run_immediately", "key_format")

    def __init__(
        self,
        cron: str,
        *,
        timezone: Any,
        run_offset: int | None = None,
        run_immediately: bool | timedelta = False,
        key_format: str = "%Y-%m-%dT%H:%M:%S",
    ) -> None:
        if run_offset is not None and not isinstance(run_offset, int):
            raise ValueError("Run offset other than integer not supported yet.")
        super().__init__(cron, timezone, run_immediately=run_immediately)
        self.run_offset = run_offset
        self.key_format = key_format


class MultipleCronTriggerTimetable(BuiltIn):
    """Run at each moment of any of the expressions."""

    held: tuple[str, ...] = ("expressions", "timezone", "interval", "run_immediately")

    def __init__(
        self, *crons: str, timezone: Any, interval: Any = timedelta(0), run_immediately: bool | timedelta = False
    ) -> None:
        if not crons:
            raise ValueError("cron expression required")
        self.timetables = [
            CronTriggerTimetable(cron, timezone, interval=interval, run_immediately=run_immediately) for cron in crons
        ]
        self.expressions = [each.expression for each in self.timetables]
        self.timezone = zone_text(timezone)
        self.interval = interval
        self.run_immediately = run_immediately

    @property
    def summary(self) -> str:
        return ", ".join(self.expressions)


class _Delta(BuiltIn):
    held: tuple[str, ...] = ("delta",)

    def __init__(self, delta: Any) -> None:
        if isinstance(delta, timedelta) and delta <= timedelta(0):
            raise AirflowTimetableInvalid(f"schedule interval must be positive, not {delta!r}")
        self.delta = delta

    @property
    def summary(self) -> str:
        return str(self.delta)


class DeltaDataIntervalTimetable(_Delta):
    """Data intervals of this length, one after the other."""


class DeltaTriggerTimetable(_Delta):
    """Run each time this has passed."""

    held: tuple[str, ...] = ("delta", "interval")

    def __init__(self, delta: Any, *, interval: Any = timedelta(0)) -> None:
        super().__init__(delta)
        self.interval = interval


# ── by assets ────────────────────────────────────────────────────────────────────────────────────────────


class AssetTriggeredTimetable(BuiltIn):
    """`schedule=[asset, …]`."""

    can_be_scheduled = True

    def __init__(self, assets: Any) -> None:
        self.asset_condition: BaseAsset = condition_of(assets)

    def as_plain(self) -> Any:
        return plain_schedule(self.asset_condition)


class AssetOrTimeSchedule(AssetTriggeredTimetable):
    """Both: whenever the assets are there, and by the timetable."""

    held: tuple[str, ...] = ("assets", "timetable")

    def __init__(self, *, timetable: Timetable, assets: Any) -> None:
        super().__init__(assets)
        self.assets = self.asset_condition
        self.timetable = timetable
        self.active_runs_limit = timetable.active_runs_limit
        self.can_be_scheduled = timetable.can_be_scheduled

    def as_plain(self) -> Any:
        return {"timetable": "AssetOrTimeSchedule", "assets": _plain(self.assets), "time": _plain(self.timetable)}


class DatasetOrTimeSchedule(AssetOrTimeSchedule):
    """As 2.x spells it."""

    def __init__(self, *, timetable: Timetable, datasets: Any) -> None:
        super().__init__(timetable=timetable, assets=datasets)


class PartitionedAssetTimetable(AssetTriggeredTimetable):
    """A run for each partition of the assets; mappers say which of theirs belongs to which of ours."""

    partitioned = True

    def __init__(
        self,
        assets: Any,
        *,
        partition_mapper_config: Mapping[BaseAsset, PartitionMapper] | None = None,
        default_partition_mapper: PartitionMapper | None = None,
    ) -> None:
        super().__init__(assets)
        self.partition_mapper_config = dict(partition_mapper_config or {})
        self.default_partition_mapper = default_partition_mapper or IdentityMapper()

    def get_partition_mapper(self, *, name: str = "", uri: str = "") -> PartitionMapper:
        """Of the asset by its name, else by its URI, else the one for all others."""
        pairs = ((asset.as_plain(), mapper) for asset, mapper in self.partition_mapper_config.items())
        return by_name_or_uri(pairs, (name, uri)) or self.default_partition_mapper

    def as_plain(self) -> Any:
        told: dict[str, Any] = {
            "timetable": "PartitionedAssetTimetable",
            "assets": self.asset_condition.as_plain(),
            "mapper": self.default_partition_mapper.as_plain(),
        }
        if self.partition_mapper_config:
            told["mappers"] = [[a.as_plain(), m.as_plain()] for a, m in self.partition_mapper_config.items()]
        return told


BUILT_IN: frozenset[type] = frozenset(
    {
        NullTimetable,
        OnceTimetable,
        ContinuousTimetable,
        PartitionedAtRuntime,
        EventsTimetable,
        CronDataIntervalTimetable,
        CronTriggerTimetable,
        CronPartitionTimetable,
        MultipleCronTriggerTimetable,
        DeltaDataIntervalTimetable,
        DeltaTriggerTimetable,
        AssetTriggeredTimetable,
        AssetOrTimeSchedule,
        DatasetOrTimeSchedule,
        PartitionedAssetTimetable,
    }
)
