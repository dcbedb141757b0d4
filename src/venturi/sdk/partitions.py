"""Partitions of assets: which keys of one asset's partitions make up a key of another's.

Owns the author-side classes and their plain form. Mapping keys is done where runs are started; only an author's own
class carries its own `to_downstream`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import Enum
from typing import Any, ClassVar

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
    """When enough of a window has come."""

    def as_plain(self) -> dict[str, Any]:
        return {"wait": type(self).__name__, **vars(self)}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, WaitPolicy) and self.as_plain() == other.as_plain()

    def __hash__(self) -> int:
        return hash(repr(self.as_plain()))


class WaitForAll(WaitPolicy):
    """When all of it has."""


class MinimumCount(WaitPolicy):
    """When so many have come; a negative number says how many may be missing."""

    def __init__(self, n: int) -> None:
        if n == 0:
            raise ValueError("MinimumCount(0) would always be met. Use WaitForAll(), or a number other than 0.")
        self.n = n


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
