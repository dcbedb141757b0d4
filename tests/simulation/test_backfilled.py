"""Some hundred schedules of backfills; `make prove` runs thousands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from venturi.core.world import World
from venturi.engine import backfills as at_work
from venturi.engine.backfills import Backfills, Open
from venturi.store import open_store

from .backfilled import Backfilled

BATCH = 25


def problems_of(seeds: range, folder: Path) -> dict[int, list[str]]:
    store = open_store(folder / "simulated.db")
    try:
        return {seed: found for seed in seeds if (found := Backfilled(seed, store).run().problems)}
    finally:
        store.close()


@pytest.mark.parametrize("first", range(0, 100, BATCH))
def test_each_date_of_a_backfill_is_run_once_whatever_crashes(first: int, tmp_path: Path) -> None:
    assert problems_of(range(first, first + BATCH), tmp_path) == {}


# The proof of the proof.


def found(tmp_path: Path, words: str) -> bool:
    return any(words in p for problems in problems_of(range(20), tmp_path).values() for p in problems)


def test_an_engine_that_does_not_write_how_far_it_is_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It begins anew after a crash, and takes what has its run for left out."""
    move = Backfills._move

    def forgetful(self: Backfills, one: Open, *given: Any, **more: Any) -> None:
        cursor, one.cursor = one.cursor, None
        move(self, one, *given, **more)
        one.cursor = cursor

    monkeypatch.setattr(Backfills, "_move", forgetful)
    assert found(tmp_path, "not with its")


def test_an_engine_that_does_not_look_whether_a_date_has_its_run_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(at_work, "runs_there", lambda *_: lambda _: None)
    assert found(tmp_path, "has 2 runs")


def test_an_engine_that_forgets_how_many_of_its_runs_there_are_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = World.add

    def careless(self: World, run: Any) -> None:
        add(self, run)
        if run.bound is not None and len(self.runs) % 2:
            run.bound.unfinished -= 1

    monkeypatch.setattr(World, "add", careless)
    assert found(tmp_path, "are unfinished")


def test_an_engine_that_does_dates_again_and_forgets_it_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was decided before a run is opened again is committed with that, without where it stands."""
    write = Backfills._write

    def late(self: Backfills, one: Open, step: Any) -> None:
        if len(step.done) > 1:
            write(self, one, step)
        elif step.done:
            step.done = []

    monkeypatch.setattr(Backfills, "_write", late)
    assert found(tmp_path, "opened again") or found(tmp_path, "not with its")


def test_an_engine_that_passes_over_a_date_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was given back is lost."""
    monkeypatch.setattr("venturi.engine.backfill_dates.Walked.give_back", lambda self, planned: None)
    assert found(tmp_path, "dates and not with its")
