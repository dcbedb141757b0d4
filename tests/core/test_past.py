"""depends_on_past and wait_for_downstream, decided by core alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from venturi.core import admission, past, step
from venturi.core.plan import Plan
from venturi.core.spec import DagSpec, GroupSpec, MapSource, TaskSpec
from venturi.core.states import Outcome, RunState, TaskState
from venturi.core.step import End, Turn
from venturi.core.why import of_instance
from venturi.core.world import Run, World

A = TaskSpec("a", depends_on_past=True)
B = TaskSpec("b", upstream=("a",))
AB = DagSpec("d", tasks=(A, B))


class Runs:
    """Several runs of one DAG, one day after another."""

    def __init__(self, spec: DagSpec, n: int = 2, **more: Any) -> None:
        self.world, self.plan, self.tokens = World(8), Plan(spec, 1), 0
        self.runs = [self.add(day, **more) for day in range(1, n + 1)]

    def add(self, day: float, **more: Any) -> Run:
        run = Run(len(self.world.runs) + 1, "d", f"day {day:g}", self.plan)
        run.logical_date = day
        for name, value in more.items():
            setattr(run, name, value)
        self.world.add(run)
        return run

    def live(self) -> dict[tuple[str, str], admission.Admitted]:
        turn = Turn(0.0)
        admission.start_runs(self.world, turn)
        admission.admit(self.world, turn, self.next_token)
        return {
            (run.run_id, run.plan.tasks[number].task_id): admission.Admitted(run, number, map_index, cell)
            for run, number, map_index, cell in self.world.by_token.values()
        }

    def next_token(self) -> int:
        self.tokens += 1
        return self.tokens

    def end(self, day: int, task_id: str, outcome: Outcome = Outcome.SUCCESS) -> list[tuple[str, str]]:
        """It ends so; returns what lives then."""
        one = self.live()[f"day {day}", task_id]
        step.ended(self.world, one.run, one.number, one.map_index, one.cell, End(outcome, 0.0), Turn(0.0), 2)
        return sorted(self.live())

    def why(self, day: int, task_id: str) -> str:
        run = self.runs[day - 1]
        return of_instance(self.world, run, run.plan.index[task_id]).sentence


def test_a_task_waits_for_itself_in_the_run_before_and_the_first_run_is_free() -> None:
    runs = Runs(AB, 3)
    assert sorted(runs.live()) == [("day 1", "a")]
    assert runs.why(2, "a") == "Waits for its past. depends_on_past: a is not done in the run before, day 1."
    assert runs.end(1, "a") == [("day 1", "b"), ("day 2", "a")]
    assert runs.end(2, "a") == [("day 1", "b"), ("day 2", "b"), ("day 3", "a")]


def test_a_failed_past_holds_all_that_comes_after_and_says_so() -> None:
    runs = Runs(AB)
    assert runs.end(1, "a", Outcome.FAILED) == []
    assert runs.runs[0].state is RunState.FAILED
    assert runs.why(2, "a") == "Waits for its past. depends_on_past: a has failed in the run before, day 1."


def test_a_skipped_past_is_good_enough() -> None:
    assert Runs(AB).end(1, "a", Outcome.SKIPPED) == [("day 2", "a")]


def test_wait_for_downstream_waits_for_what_follows_directly_too() -> None:
    spec = replace(AB, tasks=(replace(A, wait_for_downstream=True), B, TaskSpec("c", upstream=("b",))))
    runs = Runs(spec)
    assert runs.end(1, "a") == [("day 1", "b")]
    assert runs.why(2, "a") == "Waits for its past. wait_for_downstream: b is not done in the run before, day 1."
    assert runs.end(1, "b") == [("day 1", "c"), ("day 2", "a")]


def test_a_run_that_is_over_is_looked_back_at_by_its_states() -> None:
    for state, starts in ((TaskState.SUCCESS, True), (TaskState.FAILED, False)):
        runs = Runs(AB, 0)
        run = runs.add(2)
        past.keep(run, past.Before("day 1", "manual", 1, {"a": state}))
        assert bool(runs.live()) is starts


def test_a_task_that_the_run_before_did_not_have_is_free() -> None:
    runs = Runs(AB, 0)
    past.keep(runs.add(2), past.Before("day 1", "manual", 1, {"b": TaskState.FAILED}))
    assert runs.live()


def test_runs_that_people_try_and_runs_without_a_date_do_not_look_back() -> None:
    assert len(Runs(AB, 2, ignores_pause=True).live()) == 2
    runs = Runs(AB, 1)
    runs.add(0).logical_date = None
    assert len(runs.live()) == 2


def test_a_dag_that_catches_up_looks_back_at_scheduled_runs_alone() -> None:
    runs = Runs(replace(AB, catchup=True), 0)
    runs.add(1, run_type="scheduled")
    runs.add(2, run_type="manual")
    runs.add(3, run_type="scheduled")
    assert runs.end(1, "a") == [("day 1", "b"), ("day 2", "a"), ("day 3", "a")]


def test_a_run_made_later_for_an_earlier_date_does_not_lock_what_has_to_end_first() -> None:
    runs = Runs(replace(AB, tasks=(TaskSpec("first"), replace(A, upstream=("first",)))), 0)
    runs.world.dag("d").max_active_runs = 1
    runs.add(5)
    assert sorted(runs.live()) == [("day 5", "first")]
    runs.add(3)
    assert runs.end(5, "first") == [("day 5", "a")]


def test_an_empty_task_is_held_as_well_and_lets_a_whole_row_of_runs_go_at_once() -> None:
    empty = replace(A, no_process=True, upstream=("first",))
    runs = Runs(replace(AB, tasks=(TaskSpec("first"), empty)), 3)
    runs.end(3, "first")
    runs.end(2, "first")
    assert [run.state for run in runs.runs] == [RunState.RUNNING] * 3
    runs.end(1, "first")
    assert [run.state for run in runs.runs] == [RunState.SUCCESS] * 3


def test_a_mapped_task_waits_for_all_instances_of_its_past() -> None:
    mapped = replace(A, is_mapped=True, mapped=(MapSource("x", 2),))
    runs = Runs(replace(AB, tasks=(mapped,)))
    live = list(runs.live().values())
    assert {one.run.run_id for one in live} == {"day 1"}
    turn = Turn(0.0)
    for at, (run, number, map_index, cell) in enumerate(list(runs.world.by_token.values())):
        assert [r.run_id for r, *_ in runs.world.by_token.values() if r is not run] == [], at
        step.ended(runs.world, run, number, map_index, cell, End(Outcome.SUCCESS, 0.0), turn, 2)
    assert {one.run.run_id for one in runs.live().values()} == {"day 2"}


def test_members_of_a_mapped_group_are_held_at_each_index() -> None:
    first = TaskSpec("g.x", group_id="g")
    second = TaskSpec("g.y", group_id="g", upstream=("g.x",), depends_on_past=True)
    runs = Runs(DagSpec("d", tasks=(first, second), groups=(GroupSpec("g", mapped=(MapSource("v", 1),)),)))
    assert runs.end(2, "g.x") == [("day 1", "g.x")]
    held = of_instance(runs.world, runs.runs[1], 1, 0).sentence
    assert held.endswith("and for its past. depends_on_past: g.y is not done in the run before, day 1.")
    assert runs.end(1, "g.x") == [("day 1", "g.y")]
    assert runs.end(1, "g.y") == [("day 2", "g.y")]


@pytest.mark.parametrize("waits", [True, False])
def test_a_task_may_wait_for_its_past_before_it_is_skipped(waits: bool) -> None:
    task = replace(A, upstream=("first",), skips_after_past=waits)
    runs = Runs(replace(AB, tasks=(TaskSpec("first"), task)))
    runs.end(2, "first", Outcome.SKIPPED)
    assert runs.runs[1].nodes[1].state is (TaskState.NONE if waits else TaskState.SKIPPED)
    runs.end(1, "first")
    runs.end(1, "a")
    assert runs.runs[1].nodes[1].state is TaskState.SKIPPED


def test_a_held_task_of_a_cancelled_run_is_skipped() -> None:
    runs = Runs(AB)
    runs.end(1, "a", Outcome.FAILED)
    step.cancel(runs.world, runs.runs[1], "cancelled by ann", Turn(0.0))
    assert runs.runs[1].state is RunState.FAILED
    assert past.held(runs.world.dag("d"), runs.runs[0]) == []


def test_what_waits_for_a_run_goes_on_when_that_is_cancelled_with_nothing_at_work() -> None:
    """One instance of its group had settled and the other was held: none is there that could settle by the cancel."""
    first = TaskSpec("g.x", group_id="g")
    second = TaskSpec("g.y", group_id="g", upstream=("g.x",), depends_on_past=True)
    runs = Runs(DagSpec("d", tasks=(first, second), groups=(GroupSpec("g", mapped=(MapSource("v", 2),)),)), 3)
    for day, outcomes in ((1, ("FAILED", "FAILED")), (2, ("SKIPPED", "SUCCESS")), (3, ("SUCCESS", "SUCCESS"))):
        for outcome in outcomes:
            runs.end(day, "g.x", Outcome[outcome])
    assert runs.live() == {}
    step.cancel(runs.world, runs.runs[1], "cancelled by ann", Turn(0.0))
    assert sorted(runs.live()) == [("day 3", "g.y")]
