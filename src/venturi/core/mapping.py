"""Mapped tasks: how many instances a group has and which elements each one gets. Lengths only, never values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

from .spec import MapSource

INSTANCES_MAX = 1_000_000

Length = Callable[[MapSource], int | None]  # of one value; None where there is nothing to map over


def count(lengths: Sequence[int]) -> int:
    """Several mapped arguments give every combination."""
    return prod(lengths)


def indices(lengths: Sequence[int], map_index: int) -> list[int]:
    """Which element of each argument instance `map_index` gets; the last argument varies fastest."""
    found: list[int] = []
    for length in reversed(lengths):
        map_index, at = divmod(map_index, length)
        found.append(at)
    return found[::-1]


def length_of(source: MapSource, length: Length) -> int | None:
    """How many elements a source has, given the lengths of the values in it."""
    if source.join is None:
        return source.length if source.task_id is None else length(source)
    lengths: list[int] = []
    for part in source.parts:
        found = length_of(part, length)
        if found is None:
            return None
        lengths.append(found)
    if source.join == "concat":
        return sum(lengths)
    return max(lengths) if source.join == "zip_longest" else min(lengths)


@dataclass(frozen=True, slots=True)
class Pick:
    """One element of a source: element `at` of a value or literal, one pick per zipped part, or of one joined part."""

    source: MapSource
    at: int
    parts: tuple[Pick | None, ...] = ()  # zip: None where a part has ended; concat: the one, of part `chosen`
    chosen: int = 0


def pick(source: MapSource, at: int, length: Length) -> Pick:
    if source.join is None:
        return Pick(source, at)
    lengths = [length_of(part, length) or 0 for part in source.parts]
    if source.join == "concat":
        within = at
        for number, (part, n) in enumerate(zip(source.parts, lengths, strict=True)):
            if within < n:
                return Pick(source, at, (pick(part, within, length),), number)
            within -= n
        raise IndexError(f"element {at} of {sum(lengths)}")
    parts = tuple(pick(part, at, length) if at < n else None for part, n in zip(source.parts, lengths, strict=True))
    return Pick(source, at, parts)
