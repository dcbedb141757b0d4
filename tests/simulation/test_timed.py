"""Some hundred schedules of DAGs that start by time; `make prove` runs thousands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from venturi.core.step import Turn
from venturi.core.timetables import Planned
from venturi.engine.schedules import Schedules
from venturi.engine.schedules import Timed as Kept
from venturi.store import open_store

from .timed import Timed

BATCH = 25


def problems_of(seeds: range, folder: Path) -> dict[int, list[str]]:
    store = open_store(folder / "simulated.db")
    try:
        return {seed: found for seed in seeds if (found := Timed(seed, store).run().problems)}
    finally:
        store.close()


@pytest.mark.parametrize("first", range(0, 100, BATCH))
def test_each_date_has_one_run_and_none_is_lost_whatever_crashes(first: int, tmp_path: Path) -> None:
    assert problems_of(range(first, first + BATCH), tmp_path) == {}


# The proof of the proof.


def test_an_engine_that_forgets_how_many_runs_may_be_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Schedules, "_is_full", lambda self, timed: False)
    assert any("may be" in p for found in problems_of(range(20), tmp_path).values() for p in found)


def test_an_engine_that_does_not_keep_where_it_stands_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And takes what has a run already for made without looking."""
    write = Schedules._write

    def forgetful(self: Schedules, timed: Kept, turn: Turn) -> None:
        last, timed.last = timed.last, Planned(turn.now, turn.now, (turn.now, turn.now)) if timed.last else None
        write(self, timed, turn)
        timed.last = last

    monkeypatch.setattr(Schedules, "_write", forgetful)
    assert any("lost" in p for found in problems_of(range(30), tmp_path).values() for p in found)


def test_an_engine_that_passes_over_what_it_should_make_up_for_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("venturi.engine.schedules._catches_up", lambda timed: False)
    plan = Schedules._plan

    def hasty(self: Schedules, timed: Kept, now: float) -> Any:
        from dataclasses import replace

        spec = timed.spec
        timed.spec = None if spec is None else replace(spec, catchup=False)
        plan(self, timed, now)
        timed.spec = spec

    monkeypatch.setattr(Schedules, "_plan", hasty)
    assert any("lost" in p for found in problems_of(range(20), tmp_path).values() for p in found)
