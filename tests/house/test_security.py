"""The table of what is tried in SECURITY.md: each fault is a row, and each row names tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| (\d*) ?\| ([^|]+) \| (`tests/[^|]*) \|$", re.MULTILINE)


def rows() -> list[tuple[str, str, str]]:
    return ROW.findall((TOP / "SECURITY.md").read_text("utf-8"))


def test_every_fault_of_hostile_input_is_a_row_once() -> None:
    assert [number for number, _, _ in rows() if number] == [str(n) for n in range(64, 77)]


@pytest.mark.parametrize(("number", "what", "tests"), rows(), ids=[what for _, what, _ in rows()])
def test_a_row_names_tests_that_are_there(number: str, what: str, tests: str) -> None:
    named = re.findall(r"`(tests/[^`:]*\.py)(?:::(\w+))?`", tests)
    assert named
    for file, test in named:
        text = (TOP / file).read_text("utf-8")
        assert not test or re.search(rf"\bdef {test}\b", text), f"{file} has no {test}"
