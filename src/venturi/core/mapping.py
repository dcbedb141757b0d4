"""Mapped tasks: how many instances a group has and which elements each one gets. Lengths only, never values."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

INSTANCES_MAX = 1_000_000


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
