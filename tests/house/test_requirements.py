"""The table of what the five systems ask for: each row says where it is shown, and what it names is there.

A name may end early, in `…`, where it is long.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
TABLE = TOP / "pipelines" / "REQUIREMENTS.md"
ROW = re.compile(r"^\| (S\d\.u?\d+) \|([^|]*)\|(.*)\|$", re.MULTILINE)


def rows() -> list[tuple[str, str, str]]:
    return [(one, what.strip(), shown.strip()) for one, what, shown in ROW.findall(TABLE.read_text("utf-8"))]


def test_every_requirement_is_a_row_once() -> None:
    ids = [one for one, _, _ in rows()]
    assert len(ids) == len(set(ids)) == 202


@pytest.mark.parametrize(("one", "what", "shown"), rows(), ids=[row[0] for row in rows()])
def test_a_row_says_what_is_asked_and_names_files_that_are_there(one: str, what: str, shown: str) -> None:
    assert what, f"{one} does not say what is asked"
    assert shown, f"{one} does not say where it is shown"
    for name in re.findall(r"`((?:pipelines|tests|src|docs|scripts|benchmarks)/[^`:]*)", shown):
        assert list(TOP.glob(name.rstrip("/").replace("…", "*"))), f"{one} names {name}, which is not there"
    for file, test in re.findall(r"`([^`:]*\.py)::(\w+)", shown):
        assert re.search(rf"\bdef {test}", (TOP / file).read_text("utf-8")), f"{one}: {test}"
