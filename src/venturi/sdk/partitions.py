"""Partitions of assets: which keys of one asset's partitions make up a key of another's.

Owns the author-side classes and their plain form. What ours mean is `core.partition_keys`', by which runs are started
without them; they answer here for classes of an author's own that hold or extend them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import Any, ClassVar

from . import times
from .plain import class_path, plain, zone_text


class PartitionMapper:
    """Which of our partitions a partition key of an asset belongs to. Extend it and give `to_downstream(key)`."""

    is_rollup: ClassVar[bool] = False
    expected_decoded_type: ClassVar[type] = str
    held: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *, max_downstream_keys: int | None = None) -> None:
        if max_downstream_keys is not None and (not isinstance(max_downstream_keys, int) or max_downstream_keys < 1):
            raise ValueError(f"max_downstream_keys must be a positive integer or None, got {max_downstream_keys!r}")
        self.max_downstream_keys = max_downstream_keys

    def to_downstream(self, key: str) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no to_downstream().")

    def decode_downstream(self, downstream_key: str) -> Any:
        """What a window counts from: of a key that this has made."""
        return downstream_key

    def encode_upstream(self, decoded: Any) -> str:
        """The key of the asset that a part of a window stands for."""
        return str(decoded)

    def to_partition_date(self, downstream_key: str) -> datetime | None:
        """When a partition with this key begins."""
        return None

    def serialize(self) -> dict[str, Any]:
        told = {name: _plain(getattr(self, name)) for name in self.held}
        if self.max_downstream_keys is not None:
            told["max_downstream_keys"] = self.max_downstream_keys
        return told

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> Any:
        return cls(**data)

    def as_plain(self) -> dict[str, Any]:
        return _told(self, "mapper")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PartitionMapper) and self.as_plain() == other.as_plain()

    def __hash__(self) -> int:
        return hash(repr(self.as_plain()))


def _told(one: Any, word: str) -> dict[str, Any]:
    kind = type(one)
    if kind.__module__ == __name__:
        return {word: kind.__name__, **one.serialize()}
    return {word: "custom", "class": class_path(kind), "held": plain(one.serialize())}


def _plain(value: Any) -> Any:
    if isinstance(value, (PartitionMapper, Window, WaitPolicy)):
        return value.as_plain()
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return plain(value)


class IdentityMapper(PartitionMapper):
    """The same key."""

    def to_downstream(self, key: str) -> str:
        return key


class FixedKeyMapper(PartitionMapper):
    """Always one key."""

    held = ("downstream_key",)

    def __init__(self, downstream_key: str, *, max_downstream_keys: int | None = None) -> None:
        super().__init__(max_downstream_keys=max_downstream_keys)
        if not downstream_key or not isinstance(downstream_key, str):
            raise ValueError(f"FixedKeyMapper downstream_key must be a non-empty str; got {downstream_key!r}.")
        self.downstream_key = downstream_key

    def to_downstream(self, key: str) -> str:
        return self.downstream_key


class AllowedKeyMapper(PartitionMapper):
    """The same key, of those listed."""

    held = ("allowed_keys",)

    def __init__(self, allowed_keys: Iterable[str], *, max_downstream_keys: int | None = None) -> None:
        super().__init__(max_downstream_keys=max_downstream_keys)
        self.allowed_keys = list(allowed_keys)

    def to_downstream(self, key: str) -> str:
        if key not in self.allowed_keys:
            raise ValueError(f"Key {key!r} not in allowed keys {self.allowed_keys}")
        return key


class _Several(PartitionMapper):
    held: ClassVar[tuple[str, ...]] = ("mappers",)

    def __init__(
        self,
        mapper0: PartitionMapper,
        mapper1: PartitionMapper,
        /,
        *mappers: PartitionMapper,
        max_downstream_keys: int | None = None,
    ) -> None:
        super().__init__(max_downstream_keys=max_downstream_keys)
        self.mappers = [mapper0, mapper1, *mappers]


class ChainMapper(_Several):
    """One mapper after the other."""

    def to_downstream(self, key: str) -> list[str]:
        keys = [key]
        for mapper in self.mappers:
            keys = [made for one in keys for made in keys_of(mapper, one)]
        return keys

    def to_partition_date(self, downstream_key: str) -> datetime | None:
        return self.mappers[-1].to_partition_date(downstream_key)


class ProductMapper(_Several):
    """A key of several parts, each with its own mapper."""

    held = ("mappers", "delimiter")

    def __init__(
        self,
        mapper0: PartitionMapper,
        mapper1: PartitionMapper,
        /,
        *mappers: PartitionMapper,
        delimiter: str = "|",
        max_downstream_keys: int | None = None,
    ) -> None:
        super().__init__(mapper0, mapper1, *mappers, max_downstream_keys=max_downstream_keys)
        self.delimiter = delimiter

    def to_downstream(self, key: str) -> str:
        parts = key.split(self.delimiter)
        if len(parts) != len(self.mappers):
            raise ValueError(f"{key!r} has {len(parts)} parts between {self.delimiter!r}, and not {len(self.mappers)}")
        return self.delimiter.join(_one_of(mapper, part) for mapper, part in zip(self.mappers, parts, strict=True))

    def to_partition_date(self, downstream_key: str) -> datetime | None:
        parts = zip(self.mappers, downstream_key.split(self.delimiter), strict=False)
        found = [date for mapper, part in parts if (date := mapper.to_partition_date(part)) is not None]
        return found[0] if len(found) == 1 else None


class _StartOf(PartitionMapper):
    """A moment, to the beginning of the stretch of the calendar that holds it."""

    expected_decoded_type = datetime
    default_output_format: ClassVar[str] = ""
    held = ("timezone", "input_format", "output_format")

    def __init__(
        self,
        *,
        timezone: Any = "UTC",
        input_format: str = "%Y-%m-%dT%H:%M:%S",
        output_format: str | None = None,
        max_downstream_keys: int | None = None,
    ) -> None:
        super().__init__(max_downstream_keys=max_downstream_keys)
        self.timezone = zone_text(timezone)
        self.input_format = input_format
        self.output_format = output_format or self.default_output_format

    def _as_ours(self) -> dict[str, Any]:
        """In plain, as the nearest of our classes that this one extends."""
        kind = next(kind for kind in type(self).__mro__ if kind.__module__ == __name__)
        return {"mapper": kind.__name__, **{name: getattr(self, name) for name in self.held}}

    def normalize(self, dt: datetime) -> datetime:
        from ..core import partition_keys

        return partition_keys.STARTS[self._as_ours()["mapper"]](dt)

    def format(self, dt: datetime) -> str:
        from ..core import partition_keys

        return partition_keys.formatted(self._as_ours(), dt)

    def to_downstream(self, key: str) -> str:
        from ..core import partition_keys

        return self.format(self.normalize(partition_keys.read(self._as_ours(), key)))

    def decode_downstream(self, downstream_key: str) -> Any:
        from ..core import partition_keys

        return partition_keys.decoded(self._as_ours(), downstream_key)

    def encode_upstream(self, decoded: Any) -> str:
        from ..core import partition_keys

        return partition_keys.encoded(self._as_ours(), decoded)

    def to_partition_date(self, downstream_key: str) -> datetime | None:
        found = self.normalize(self.decode_downstream(downstream_key))
        return found if found.tzinfo is not None else times.make_aware(found, times.zone(self.timezone))


class StartOfHourMapper(_StartOf):
    default_output_format = "%Y-%m-%dT%H"


class StartOfDayMapper(_StartOf):
    default_output_format = "%Y-%m-%d"


class StartOfWeekMapper(_StartOf):
    default_output_format = "%Y-%m-%d (W%V)"


class StartOfMonthMapper(_StartOf):
    default_output_format = "%Y-%m"


class StartOfQuarterMapper(_StartOf):
    default_output_format = "%Y-Q{quarter}"


class StartOfYearMapper(_StartOf):
    default_output_format = "%Y"


# ── windows: the keys that make up one ───────────────────────────────────────────────────────────────────


class Window:
    """Which keys of an asset one of our keys needs. Extend it and give `to_upstream(start)`."""

    class Direction(str, Enum):
        BACKWARD = "backward"
        FORWARD = "forward"

    expected_decoded_type: ClassVar[type] = str

    def __init__(self, *, direction: Window.Direction | str = Direction.FORWARD) -> None:
        self.direction = self.Direction(direction)

    def to_upstream(self, start: Any) -> Iterable[Any]:
        raise NotImplementedError(f"{type(self).__name__} has no to_upstream().")

    def serialize(self) -> dict[str, Any]:
        return {"direction": self.direction.value}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> Any:
        return cls(**data)

    def as_plain(self) -> dict[str, Any]:
        return _told(self, "window")


class _Calendar(Window):
    expected_decoded_type = datetime

    def to_upstream(self, start: Any) -> Iterable[Any]:
        kind = next(kind for kind in type(self).__mro__ if kind.__module__ == __name__)
        from ..core import partition_keys

        return partition_keys.parts_of({"window": kind.__name__, "direction": self.direction.value}, start)


class HourWindow(_Calendar):
    """The sixty minutes of an hour."""


class DayWindow(_Calendar):
    """The hours of a day."""


class WeekWindow(_Calendar):
    """The days of a week."""


class MonthWindow(_Calendar):
    """The days of a month."""


class QuarterWindow(_Calendar):
    """The months of a quarter."""


class YearWindow(_Calendar):
    """The months of a year."""


class SegmentWindow(Window):
    """A fixed set of keys."""

    def __init__(self, segments: Iterable[str]) -> None:
        super().__init__()
        found = list(segments)
        for at, key in enumerate(found):
            if not isinstance(key, str) or not key:
                raise ValueError(f"SegmentWindow segment keys must be non-empty str; got {key!r} at index {at}.")
        if not found:
            raise ValueError("SegmentWindow requires at least one segment key; got an empty iterable.")
        self.segments = frozenset(found)

    def serialize(self) -> dict[str, Any]:
        return {"segments": sorted(self.segments)}

    def to_upstream(self, start: Any) -> Iterable[str]:
        return self.segments


class WaitPolicy:
    """When enough of a window has come. Extend it and give `is_satisfied(matched, expected)`."""

    def is_satisfied(self, matched: int, expected: int) -> bool:
        raise NotImplementedError(f"{type(self).__name__} has no is_satisfied().")

    def as_plain(self) -> dict[str, Any]:
        kind = type(self)
        return {"wait": kind.__name__, **vars(self)} if kind.__module__ == __name__ else _own(kind, plain(vars(self)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WaitPolicy) and self.as_plain() == other.as_plain()

    def __hash__(self) -> int:
        return hash(repr(self.as_plain()))


def _own(kind: type, held: Any) -> dict[str, Any]:
    return {"wait": "custom", "class": class_path(kind), "held": held}


class WaitForAll(WaitPolicy):
    """When all of it has."""

    def is_satisfied(self, matched: int, expected: int) -> bool:
        return matched >= expected


class MinimumCount(WaitPolicy):
    """When so many have come; a negative number says how many may be missing."""

    def __init__(self, n: int) -> None:
        if n == 0:
            raise ValueError("MinimumCount(0) would always be met. Use WaitForAll(), or a number other than 0.")
        self.n = n

    def is_satisfied(self, matched: int, expected: int) -> bool:
        return matched >= (self.n if self.n > 0 else max(0, expected + self.n))


class RollupMapper(PartitionMapper):
    """Many keys of an asset to one of ours."""

    is_rollup = True
    held = ("upstream_mapper", "window", "wait_policy")

    def __init__(
        self,
        *,
        upstream_mapper: PartitionMapper,
        window: Window,
        wait_policy: WaitPolicy | None = None,
        max_downstream_keys: int | None = None,
    ) -> None:
        super().__init__(max_downstream_keys=max_downstream_keys)
        if upstream_mapper.expected_decoded_type is not window.expected_decoded_type:
            raise TypeError(
                f"{type(window).__name__} counts in {window.expected_decoded_type.__name__}, and "
                f"{type(upstream_mapper).__name__} gives {upstream_mapper.expected_decoded_type.__name__}; "
                "take a mapper and a window of the same kind."
            )
        self.upstream_mapper = upstream_mapper
        self.window = window
        self.wait_policy = wait_policy or WaitForAll()

    def to_downstream(self, key: str) -> Any:
        return self.upstream_mapper.to_downstream(key)

    def to_upstream(self, downstream_key: str) -> frozenset[str]:
        """The keys of the asset that make up this one."""
        start = self.upstream_mapper.decode_downstream(downstream_key)
        return frozenset(self.upstream_mapper.encode_upstream(part) for part in self.window.to_upstream(start))

    def to_partition_date(self, downstream_key: str) -> datetime | None:
        return self.upstream_mapper.to_partition_date(downstream_key)


class FanOutMapper(PartitionMapper):
    """One key of an asset to many of ours."""

    held = ("upstream_mapper", "window", "downstream_mapper")
    default_downstream_mapper_by_window_name: ClassVar[dict[str, type[PartitionMapper]]] = {
        "DayWindow": StartOfHourMapper,
        "WeekWindow": StartOfDayMapper,
        "MonthWindow": StartOfDayMapper,
        "QuarterWindow": StartOfMonthMapper,
        "YearWindow": StartOfMonthMapper,
    }

    def __init__(
        self,
        *,
        upstream_mapper: PartitionMapper,
        window: Window,
        downstream_mapper: PartitionMapper | None = None,
        max_downstream_keys: int | None = None,
    ) -> None:
        super().__init__(max_downstream_keys=max_downstream_keys)
        self.upstream_mapper = upstream_mapper
        self.window = window
        if downstream_mapper is None:
            usual = self.default_downstream_mapper_by_window_name.get(type(window).__name__)
            if usual is None:
                raise ValueError(
                    f"{type(self).__name__} has no default downstream_mapper for window type {type(window).__name__}; "
                    "pass downstream_mapper explicitly."
                )
            downstream_mapper = usual()
        self.downstream_mapper = downstream_mapper

    def to_downstream(self, key: str) -> list[str]:
        start = self.upstream_mapper.decode_downstream(_one_of(self.upstream_mapper, key))
        return [_as_text(self.downstream_mapper, part) for part in self.window.to_upstream(start)]

    def to_partition_date(self, downstream_key: str) -> datetime | None:
        return self.downstream_mapper.to_partition_date(downstream_key)


# ── where a class of an author's own is asked ────────────────────────────────────────────────────────────


def keys_of(mapper: PartitionMapper, key: str) -> list[Any]:
    """The keys that a mapper makes, be it one or several."""
    found = mapper.to_downstream(key)
    return [found] if isinstance(found, str) else list(found)


def _one_of(mapper: PartitionMapper, key: str) -> str:
    found = keys_of(mapper, key)
    if len(found) != 1:
        raise ValueError(f"{type(mapper).__name__} makes {len(found)} keys of {key!r} where one is needed")
    return str(found[0])


def _as_text(mapper: PartitionMapper, part: Any) -> str:
    format = getattr(mapper, "format", None)
    if callable(format):
        return str(format(part))
    return part.isoformat() if isinstance(part, datetime) else str(part)


def least_of(policy: WaitPolicy, many: int) -> int:
    """How many of so many keys are enough; more than there are where they never are."""
    return next((n for n in range(many + 1) if policy.is_satisfied(n, many)), many + 1)
