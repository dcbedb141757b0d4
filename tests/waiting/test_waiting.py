"""A small share of `prove`: hundreds that wait hold no process, and all pass by what they have waited for."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import waiting
from .waiting import Hall

TASKS = 100


@pytest.fixture
def hall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hall]:
    monkeypatch.setattr(waiting, "QUIET_S", 0.0)
    made = Hall(tmp_path, TASKS)
    yield made
    made.close()


def test_many_files_are_one_wait_and_pass_without_another_attempt(hall: Hall) -> None:
    for dag_id, event in (("files", hall.in_files), ("one_file", lambda: hall.in_one_file("one"))):
        found = hall.measure(dag_id, event)
        assert (found.tasks, found.attempts) == (TASKS, TASKS)
        assert hall.states(dag_id) == {"success": TASKS}


def test_many_triggers_of_ones_own_share_a_host_and_go_on(hall: Hall) -> None:
    at = time.time() + 5.0
    hall.trigger("triggers", at=at)
    hall._until(lambda: hall.states("triggers") == {"success": TASKS}, "all have gone on")
    assert hall._attempts("triggers") == 2 * TASKS
