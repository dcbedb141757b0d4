"""A share of the real-process proof: kill -9 of each process, at some of the named points and at random."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from .points import POINTS
from .prove import at_point, at_random

SOURCE = Path(__file__).parents[2] / "src" / "venturi"


def test_the_list_of_crash_points_is_the_one_in_the_code() -> None:
    found = set()
    for file in SOURCE.rglob("*.py"):
        found |= set(re.findall(r'crash_at\("([a-z]+:[a-z-]+)"\)', file.read_text()))
    assert found == set(POINTS)


@pytest.mark.parametrize("point", ["engine:committed", "crew:result-received", "zygote:parked", "attempt:journalled"])
def test_a_death_at_a_named_point_loses_and_doubles_nothing(point: str, tmp_path: Path) -> None:
    assert at_point(point, tmp_path).problems == []


def test_ten_random_deaths_lose_and_double_nothing(tmp_path: Path) -> None:
    report = at_random(10, tmp_path, random.Random(1))
    assert report.problems == []
    assert report.kills == 10
