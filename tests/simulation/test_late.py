"""Schedules of DAGs with deadlines and SLAs; `make prove` runs more."""

from __future__ import annotations

from pathlib import Path

import pytest

from venturi.core import deadlines
from venturi.core.step import Turn
from venturi.core.world import Run, World
from venturi.engine.deadlines import Deadlines
from venturi.store import open_store

from .late import Late

BATCH = 15


def problems_of(seeds: range, folder: Path) -> dict[int, list[str]]:
    store = open_store(folder / "simulated.db")
    try:
        return {seed: found for seed in seeds if (found := Late(seed, store).run().problems)}
    finally:
        store.close()


@pytest.mark.parametrize("first", range(0, 45, BATCH))
def test_each_miss_is_told_once_and_what_was_in_time_is_not_missed(first: int, tmp_path: Path) -> None:
    assert problems_of(range(first, first + BATCH), tmp_path) == {}


# The proof of the proof.


def found(words: str, seeds: range, folder: Path) -> bool:
    """By one of them, after which the rest need not be tried."""
    return any(
        words in problem for seed in seeds for problem in problems_of(range(seed, seed + 1), folder).get(seed, ())
    )


def test_an_engine_that_forgets_what_is_due_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Deadlines, "restore", lambda self, rows: None)
    assert found("was left due", range(20), tmp_path)


def test_an_engine_that_calls_missed_what_the_crew_has_not_told_of_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    act = Deadlines.act

    def hasty(self: Deadlines, turn: Turn) -> None:
        capacity = self._engine.world.capacity
        online, capacity.online = capacity.online, True
        act(self, turn)
        capacity.online = online

    monkeypatch.setattr(Deadlines, "act", hasty)
    assert found("is missed, the run ended", range(18), tmp_path)


def test_an_engine_that_tells_of_a_miss_without_writing_it_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    act = Deadlines.act

    def forgetful(self: Deadlines, turn: Turn) -> None:
        act(self, turn)
        turn.batch.deadline_moves.clear()

    monkeypatch.setattr(Deadlines, "act", forgetful)
    assert found("calls of them", range(20), tmp_path)


def test_an_engine_that_takes_what_has_ended_late_for_in_time_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lenient(world: World, run: Run, turn: Turn) -> None:
        for one in world.deadlines.of_run(run.id):
            world.deadlines.remove(one)
            turn.batch.deadline_moves.append(deadlines._move(one, deadlines.DeadlineState.MET, turn))

    monkeypatch.setattr(deadlines, "run_succeeded", lenient)
    assert found("is met, the run ended later", range(19, 30), tmp_path)
