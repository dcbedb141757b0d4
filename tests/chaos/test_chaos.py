"""A share of the real-process proof: kill -9 of each process, at some of the named points and at random."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from ..crew.stand_in import descendants
from .points import POINTS
from .prove import at_point, at_random
from .tree import Tree, kill_and_wait

SOURCE = Path(__file__).parents[2] / "src" / "venturi"


def test_the_list_of_crash_points_is_the_one_in_the_code() -> None:
    found = set()
    for file in SOURCE.rglob("*.py"):
        found |= set(re.findall(r'crash_at\("([a-z]+:[a-z-]+)"\)', file.read_text()))
    assert found == set(POINTS)


@pytest.mark.parametrize(
    "point",
    [
        *("engine:committed", "crew:result-received", "zygote:parked", "attempt:journalled"),
        *(
            "engine:call-sent",
            "engine:event-received",
            "engine:trigger-answered",
            "crew:event-relayed",
            "host:event-made",
        ),
    ],
)
def test_a_death_at_a_named_point_loses_and_doubles_nothing(point: str, tmp_path: Path) -> None:
    assert at_point(point, tmp_path).problems == []


def test_ten_random_deaths_lose_and_double_nothing(tmp_path: Path) -> None:
    report = at_random(10, tmp_path, random.Random(1))
    assert report.problems == []
    assert report.kills == 10


def test_after_everything_was_killed_only_what_lived_runs_again(tmp_path: Path) -> None:
    tree = Tree(tmp_path, width=4, depth=3, steps=20)
    with tree.at_work() as run_id:
        top, crew = tree.pid("up"), tree.pid("crew")
        assert top is not None
        assert crew is not None
        for pid in dict.fromkeys([top, *descendants(top), crew, *descendants(crew)]):
            kill_and_wait(pid)
        before = tree.effects()
        tree.up()
        assert tree.until_final(run_id) == "success"
    after = tree.effects()
    assert set(after.ended) == set(after.begun)
    for name, times in after.begun.items():
        if before.begun[name] and not before.ended[name]:
            assert times == 2, name  # its attempt was killed in the middle
        elif before.ended[name]:
            assert times in (1, 2), name  # 2 if the kill came between its last line and its result
        else:
            assert times == 1, name


def test_after_up_alone_was_killed_the_next_one_takes_everything_over(tmp_path: Path) -> None:
    tree = Tree(tmp_path, width=4, depth=3, steps=20)
    with tree.at_work() as run_id:
        top = tree.pid("up")
        assert top is not None
        kill_and_wait(top)
        tree.up()
        assert tree.until_final(run_id) == "success"
        assert tree.problems() == []
