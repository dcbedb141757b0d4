"""Start timeouts, and run timeouts over engines that die: what does not begin is a loss, and no failure."""

from __future__ import annotations

import pytest

from venturi.config import Config
from venturi.core.spec import DagSpec, TaskSpec
from venturi.executors.base import Connected, Disconnected

from .conftest import Bench
from .test_commands import tell


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path, [tmp_path], config=Config(dags_paused_at_creation=False, start_timeout_s=600.0))
    made.settle()
    yield made
    made.store.close()


def handed_out(bench: Bench, **more: object) -> tuple[str, int]:
    bench.declare(DagSpec("d", tasks=(TaskSpec("a", **more),)))  # type: ignore[arg-type]
    run_id = bench.trigger("d")
    bench.turn()
    return run_id, bench.executor.starts[-1].token


def cancelled(bench: Bench, token: int) -> str:
    return next(reason for one, reason in bench.executor.cancels if one == token)


def test_what_does_not_begin_in_time_is_ended_and_handed_out_again_without_costing_a_try(bench: Bench) -> None:
    run_id, token = handed_out(bench)
    assert bench.engine.next_timer() == bench.now + 600.0
    bench.now += 600.0
    bench.turn()
    reason = cancelled(bench, token)
    assert reason == "it was not started within 600 s"
    bench.turn(bench.ended(token, "cancelled", reason=reason))
    assert bench.states("d", run_id) == {"a": "starting"}
    again = bench.executor.starts[-1]
    assert again.token > token
    with bench.store.reader() as reader:
        run = reader.run("d", run_id)
        assert run is not None
        (attempt,) = reader.attempts(run.id, "a")
        (row,) = reader.instances(run.id).rows
    assert (attempt.outcome, attempt.reason) == ("lost", reason)
    assert (row.try_number, row.lost) == (1, 1)


def test_after_as_many_losses_as_may_be_it_has_failed_and_says_why(bench: Bench) -> None:
    run_id, _ = handed_out(bench)
    for _ in range(bench.config.infrastructure_retries + 1):
        token = bench.executor.starts[-1].token
        bench.now += 600.0
        bench.turn()
        bench.turn(bench.ended(token, "cancelled", reason=cancelled(bench, token)))
    assert bench.states("d", run_id) == {"a": "failed"}
    assert "it was not started within 600 s" in tell(bench, "why", dag_id="d", run_id=run_id, task="a")["sentence"]


def test_what_has_begun_is_left_alone(bench: Bench) -> None:
    _, token = handed_out(bench)
    bench.now += 599.0
    bench.turn(bench.started(token))
    bench.now += 10_000.0
    bench.turn()
    assert (bench.executor.cancels, bench.engine.next_timer()) == ([], None)


def test_the_time_counts_from_being_handed_out_over_a_restart_and_a_clock_that_is_set(bench: Bench) -> None:
    _, token = handed_out(bench)
    began = bench.now
    bench.now += 100.0
    bench.start()
    bench.turn(Connected(4, {}, {token}))
    bench.settle(token)
    assert bench.engine.next_timer() == began + 600.0
    bench.now += 3600.0
    bench.engine.clock_set(3600.0)
    bench.turn()
    assert bench.engine.next_timer() == began + 4200.0
    bench.start()
    bench.settle(token)
    assert bench.engine.next_timer() == began + 4200.0


def test_without_a_crew_nobody_is_told_to_end_it_and_when_it_is_there_again_it_is(bench: Bench) -> None:
    _, token = handed_out(bench)
    bench.turn(Disconnected("killed"))
    bench.now += 1000.0
    bench.turn()
    assert (bench.executor.cancels, bench.engine.next_timer()) == ([], None)
    bench.turn(Connected(4, {}, {token}))
    bench.settle(token)
    assert cancelled(bench, token)


def test_a_task_has_its_own_time_and_0_is_for_ever(bench: Bench) -> None:
    handed_out(bench, start_limit_s=5.0)
    assert bench.engine.next_timer() == bench.now + 5.0
    bench.turn(bench.started(bench.executor.starts[-1].token))
    bench.declare(DagSpec("e", tasks=(TaskSpec("a", start_limit_s=0.0),)), file="/dags/two.py")
    bench.trigger("e")
    bench.turn()
    assert bench.engine.next_timer() is None


def test_a_person_who_cancels_is_not_taken_for_a_loss(bench: Bench) -> None:
    run_id, token = handed_out(bench)
    run = next(iter(bench.engine.world.runs.values()))
    bench.turn(do=lambda turn: bench.engine.cancel_run(run, "cancelled by ann", turn))
    bench.turn(bench.ended(token, "cancelled", reason="cancelled by ann"))
    assert bench.states("d", run_id) == {"a": "failed"}


def test_why_says_until_when_it_may_begin_and_that_what_has_no_place_has_waited_long(bench: Bench) -> None:
    bench.declare(DagSpec("d", tasks=(TaskSpec("a"), TaskSpec("b")), max_active_tasks=1))
    run_id = bench.trigger("d")
    bench.turn()
    told = tell(bench, "why", dag_id="d", run_id=run_id, task="a")
    assert (told["code"], told["until"]) == ("starting", bench.now + 600.0)
    assert "it is tried again" in told["sentence"]
    bench.turn(bench.started(bench.executor.starts[-1].token))
    waits = tell(bench, "why", dag_id="d", run_id=run_id, task="b")["sentence"]
    assert "start_timeout_s" not in waits
    bench.now += 601.0
    waits = tell(bench, "why", dag_id="d", run_id=run_id, task="b")
    assert waits["code"] == "dag_tasks"
    assert waits["sentence"].endswith("which is longer than start_timeout_s (600 s).")


def test_the_time_of_a_run_counts_from_its_start_over_an_engine_that_dies(bench: Bench) -> None:
    bench.declare(DagSpec("d", tasks=(TaskSpec("a"),), run_timeout_s=1000.0))
    run_id = bench.trigger("d")
    bench.turn()
    began, token = bench.now, bench.executor.starts[-1].token
    bench.turn(bench.started(token))
    bench.now += 900.0
    bench.start()
    bench.turn(Connected(4, {token: (1, began)}, set()))
    bench.settle(token)
    assert bench.engine.next_timer() == began + 1000.0
    bench.now = began + 1000.0
    bench.turn()
    assert "dagrun_timeout" in cancelled(bench, token)
    bench.turn(bench.ended(token, "cancelled", reason=cancelled(bench, token)))
    assert bench.run_state("d", run_id) == "failed"


def test_the_time_of_a_run_that_ends_while_no_engine_is_there_ends_it_when_one_is(bench: Bench) -> None:
    bench.declare(DagSpec("d", tasks=(TaskSpec("a"),), run_timeout_s=1000.0))
    bench.trigger("d")
    bench.turn()
    began, token = bench.now, bench.executor.starts[-1].token
    bench.turn(bench.started(token))
    bench.now += 5000.0
    bench.start()
    bench.turn(Connected(4, {token: (1, began)}, set()))
    bench.settle(token)
    assert "dagrun_timeout" in cancelled(bench, token)
