"""Tasks that depend on the past, on the real store: across commits, engines and runs that are over."""

from __future__ import annotations

import pytest

from venturi.core.clearing import Wish
from venturi.core.spec import DagSpec, TaskSpec
from venturi.core.states import TaskState
from venturi.core.why import of_instance
from venturi.engine import changing
from venturi.executors.base import Connected

from .conftest import Bench

PAST = DagSpec("d", tasks=(TaskSpec("a", depends_on_past=True), TaskSpec("b", upstream=("a",))))


def end(bench: Bench, outcome: str = "success") -> None:
    bench.turn(bench.ended(bench.executor.starts[-1].token, outcome))


def why(bench: Bench) -> str:
    (run,) = bench.engine.world.runs.values()
    return of_instance(bench.engine.world, run, 0).sentence


def test_a_run_waits_for_the_one_before_it_and_goes_on_in_the_same_commit(bench: Bench) -> None:
    bench.declare(PAST)
    first = bench.trigger("d", date="2024-01-01")
    second = bench.trigger("d", date="2024-01-02")
    assert len(bench.executor.starts) == 1
    assert bench.states("d", second) == {}
    bench.turn(bench.ended(1))
    assert bench.states("d", first) == {"a": "success", "b": "starting"}
    assert bench.states("d", second) == {"a": "starting"}


def test_what_a_run_that_is_over_has_come_to_decides(bench: Bench) -> None:
    bench.declare(PAST)
    bench.trigger("d", date="2024-01-01")
    end(bench, "failed")
    bench.trigger("d", run_id="two", date="2024-01-02")
    assert bench.states("d", "two") == {}
    assert why(bench).startswith("Waits for its past. depends_on_past: a has failed in the run before, manual__2024-01")
    bench.trigger("d", run_id="zero", date="2023-12-31")
    assert bench.states("d", "zero") == {"a": "starting"}, "nothing comes before it"


@pytest.mark.parametrize("more", [(), (TaskSpec("c"),)], ids=["over", "unfinished"])
def test_what_is_marked_in_the_run_before_lets_the_next_one_go_on(bench: Bench, more: tuple[TaskSpec, ...]) -> None:
    """Nothing of it settles in the turn of the mark."""
    bench.declare(DagSpec("d", tasks=(*PAST.tasks, *more)))
    one = bench.trigger("d", date="2024-01-01")
    bench.turn(bench.ended(1, "failed"))
    two = bench.trigger("d", date="2024-01-02")
    assert bench.states("d", two).get("a") is None
    wish = Wish(("a", "b"))
    bench.turn(do=lambda turn: changing.mark(bench.engine, turn, "d", one, TaskState.SUCCESS, wish, "ann"))
    assert bench.states("d", two)["a"] == "starting"


def test_a_run_may_end_in_the_turn_in_which_the_next_is_made(bench: Bench) -> None:
    bench.declare(DagSpec("d", tasks=(TaskSpec("a", depends_on_past=True),)))
    bench.trigger("d", date="2024-01-01")
    bench.turn(
        bench.ended(1, "failed"), do=lambda turn: bench.commands.make_run("d", turn, run_id="two", date="2024-01-02")
    )
    assert bench.states("d", "two") == {}
    assert "a has failed in the run before" in why(bench)


def test_a_new_engine_holds_what_the_old_one_held(bench: Bench) -> None:
    bench.declare(PAST)
    bench.trigger("d", run_id="one", date="2024-01-01")
    bench.trigger("d", run_id="two", date="2024-01-02")
    bench.start()
    bench.turn(Connected(4, {1: (77, bench.now)}, set()))
    bench.settle(1)
    assert bench.states("d", "two") == {}
    bench.turn(bench.ended(1, "failed"))
    assert bench.states("d", "two") == {}
    bench.start()
    bench.settle()
    assert "a has failed in the run before, one" in why(bench)


def test_venturi_run_does_not_look_back(bench: Bench) -> None:
    bench.declare(PAST)
    bench.trigger("d", date="2024-01-01")
    end(bench, "failed")
    bench.trigger("d", run_id="two", date="2024-01-02", ignores_pause=True)
    assert bench.states("d", "two") == {"a": "starting"}
