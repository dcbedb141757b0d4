"""Some hundred crash schedules on the real engine and store; `make prove` runs tens of thousands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from venturi.core import calls, step
from venturi.core.errors import StoreError
from venturi.core.moves import Intervention
from venturi.core.states import Outcome, TaskState
from venturi.core.step import End, Turn
from venturi.core.world import Call, Cell, Run, World
from venturi.engine import changing, recovery
from venturi.engine.assets import Assets
from venturi.engine.turn import Effects, Engine
from venturi.store import open_store

from .schedules import Schedule

BATCH = 40


def problems_of(seeds: range, folder: Path) -> list[str]:
    store = open_store(folder / "simulated.db")
    try:
        return [problem for seed in seeds for problem in Schedule(seed, store).run().problems]
    finally:
        store.close()


# The proof of the proof: each of these mistakes in the engine must be seen by some schedule.


def test_an_engine_that_gives_up_what_still_lives_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settle = Engine._settle
    monkeypatch.setattr(Engine, "_settle", lambda self, named, turn: settle(self, set(), turn))
    assert any("two living attempts" in p for p in problems_of(range(100), tmp_path))


def test_an_engine_that_acts_before_it_has_committed_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish = Engine.finish

    def hasty(self: Engine) -> None:
        effects, self._effects = self._effects, Effects()
        self._act(effects)
        finish(self)

    monkeypatch.setattr(Engine, "finish", hasty)
    assert problems_of(range(100), tmp_path) != []


def test_an_engine_that_forgets_the_acknowledgement_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.simulation.schedules.CALM_STEPS_MAX", 200)
    monkeypatch.setattr("tests.simulation.fake_crew.FakeCrew.acknowledge", lambda self, tokens: None)
    assert any("attempts left" in p for p in problems_of(range(3), tmp_path))


def test_an_engine_that_forgets_what_has_ended_inside_a_mapped_group_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.simulation.schedules.CALM_STEPS_MAX", 200)
    monkeypatch.setattr("venturi.engine.recovery._ended_members", lambda run, reader: [])
    assert problems_of(range(200), tmp_path) != []


def test_an_engine_that_forgets_what_was_deferred_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Engine, "_resume", lambda self, one: None)
    assert any("was deferred under" in p for p in problems_of(range(40), tmp_path))


def test_an_engine_that_leaves_triggers_behind_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.simulation.schedules.CALM_STEPS_MAX", 300)
    monkeypatch.setattr(Engine, "_is_unwanted", lambda self, trigger: False)
    assert any("triggers left" in p for p in problems_of(range(80, 150), tmp_path))


def test_an_engine_that_runs_lost_callbacks_again_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = calls.ended

    def eager(world: World, call: Call, outcome: Outcome, reason: str | None, turn: Turn) -> None:
        ended(world, call, Outcome.NEVER_RAN if outcome is Outcome.LOST else outcome, reason, turn)

    monkeypatch.setattr(calls, "ended", eager)
    assert any("callbacks of" in p for p in problems_of(range(130), tmp_path))


def test_an_engine_that_forgets_what_a_dag_waits_with_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    restore = Assets.restore
    monkeypatch.setattr(Assets, "restore", lambda self, rows, partitions: restore(self, [], partitions))
    assert any("did not start" in p for p in problems_of(range(1, 300, 6), tmp_path))


def test_an_engine_that_counts_events_twice_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.simulation.schedules.CALM_STEPS_MAX", 200)
    start = Assets._start

    def forgetful(self: Assets, dag_id: str, turn: Turn) -> None:
        start(self, dag_id, turn)
        turn.batch.asset_steps.clear()

    monkeypatch.setattr(Assets, "_start", forgetful)
    assert problems_of(range(1, 60, 6), tmp_path) != []


def test_an_engine_that_forgets_which_devices_are_given_out_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_run = recovery._by_run

    def forgetful(kept: Any) -> Any:
        kept.placements.clear()
        return by_run(kept)

    monkeypatch.setattr(recovery, "_by_run", forgetful)
    assert any("given out" in p for p in problems_of(range(1, 200), tmp_path))


@pytest.mark.parametrize("first", range(0, 400, BATCH))
def test_no_schedule_of_crashes_breaks_an_invariant(first: int, tmp_path: Path) -> None:
    store = open_store(tmp_path / "simulated.db")
    try:
        reports = [Schedule(seed, store).run() for seed in range(first, first + BATCH)]
    finally:
        store.close()
    broken = {r.seed: r.problems for r in reports if r.problems}
    assert broken == {}
    assert sum(r.attempts for r in reports) > BATCH
    assert sum(r.engine_crashes for r in reports) > 0
    assert sum(r.crew_crashes for r in reports) > 0
    assert sum(r.losses for r in reports) > 0


def test_an_engine_that_goes_on_after_a_commit_it_does_not_know_of_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It keeps what it has in memory, as if the database had taken it or not."""
    monkeypatch.setattr("tests.simulation.schedules.CALM_STEPS_MAX", 200)

    def stay(self: Engine) -> None:
        if hasattr(self, "world"):
            self.is_void = False
        else:
            restart(self)

    restart = Engine.restart
    monkeypatch.setattr(Engine, "restart", stay)
    store = open_store(tmp_path / "simulated.db")
    try:
        for seed in range(3, 80, 4):
            try:
                if Schedule(seed, store).run().problems:
                    return
            except (StoreError, AssertionError):
                return
    finally:
        store.close()
    raise AssertionError("no schedule has seen it")


# People change runs in some of the schedules (seeds that leave 8 when divided by 9).

OF_PEOPLE = range(8, 400, 9)


def test_people_are_heard_in_these_schedules(tmp_path: Path) -> None:
    with open_store(tmp_path / "simulated.db") as store:
        schedules = [Schedule(seed, store) for seed in OF_PEOPLE]
        reports = [schedule.run() for schedule in schedules]
    assert [problem for report in reports for problem in report.problems] == []
    assert sum(schedule.people.done for schedule in schedules if schedule.people is not None) > len(schedules)


def test_an_engine_that_runs_a_cleared_task_beside_its_old_attempt_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.simulation.schedules.CALM_STEPS_MAX", 300)
    monkeypatch.setattr("venturi.engine.rewriting._LIVE", frozenset())
    assert any("two living attempts" in p for p in problems_of(OF_PEOPLE, tmp_path))


def test_an_engine_that_forgets_what_somebody_has_said_of_a_living_attempt_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = recovery._instance
    monkeypatch.setattr(
        recovery, "_instance", lambda row, deferral, devices, word: instance(row, deferral, devices, None)
    )
    assert any("is not done" in p for p in problems_of(OF_PEOPLE, tmp_path))


def test_an_engine_that_does_not_go_on_with_what_was_taken_back_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.simulation.schedules.CALM_STEPS_MAX", 300)
    monkeypatch.setattr(changing, "put_together", lambda engine, run: lambda turn: None)
    assert problems_of(OF_PEOPLE, tmp_path) != []


def test_an_engine_that_takes_back_what_nobody_has_named_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An attempt ends badly, and its task is as if it had never begun."""
    ended = step.ended

    def forgiving(
        world: World, run: Run, number: int, map_index: int, cell: Cell, end: End, *rest: Any, **more: Any
    ) -> None:
        if end.outcome is Outcome.FAILED and cell.word is None and run.id % 3 == 0:
            cell.word = Intervention(run.id, "", map_index, "ended", "nobody", 0.0, becomes=TaskState.NONE)
        ended(world, run, number, map_index, cell, end, *rest, **more)

    monkeypatch.setattr("tests.simulation.schedules.CALM_STEPS_MAX", 300)
    monkeypatch.setattr(step, "ended", forgiving)
    assert any("though nobody said so" in p for p in problems_of(range(20), tmp_path))
