"""The turn: what is committed before what happens, and what is made of an executor's reports."""

from __future__ import annotations

import json

from venturi.core.spec import DagSpec, MapSource, TaskSpec
from venturi.executors.base import Asked, Connected, Disconnected, Settled

from .conftest import Bench

CHAIN = DagSpec("d", tasks=(TaskSpec("a", retries=1, retry_delay_s=60), TaskSpec("b", upstream=("a",))))


def test_an_attempt_is_started_only_after_its_row_says_so(bench: Bench) -> None:
    bench.declare(CHAIN)
    seen: list[dict[str, str]] = []
    submit = bench.executor.submit

    def look(starts: list) -> None:  # type: ignore[type-arg]
        if starts:
            seen.append(bench.states("d", run_id_of(starts[0].context)))
        submit(starts)

    bench.executor.submit = look  # type: ignore[method-assign]
    bench.trigger("d")
    assert seen == [{"a": "starting"}]


def run_id_of(context: bytes) -> str:
    return str(json.loads(context)["run_id"])


def test_a_chain_costs_one_commit_a_task(bench: Bench) -> None:
    bench.declare(CHAIN)
    run_id = bench.trigger("d")
    bench.turn(bench.started(1), bench.ended(1))
    assert bench.states("d", run_id) == {"a": "success", "b": "starting"}
    assert [s.token for s in bench.executor.starts] == [1, 2]
    assert bench.executor.acks == [1]


def test_a_turn_that_only_learned_of_starts_may_wait_for_company(bench: Bench) -> None:
    bench.declare(CHAIN)
    run_id = bench.trigger("d")
    bench.engine.turn([bench.started(1)], [], bench.now)
    assert bench.engine.waits
    assert bench.states("d", run_id) == {"a": "starting"}
    bench.engine.turn([bench.ended(1)], [], bench.now)
    assert not bench.engine.waits
    assert bench.states("d", run_id)["a"] == "success"


def test_an_end_told_twice_changes_nothing_and_is_acknowledged_again(bench: Bench) -> None:
    bench.declare(CHAIN)
    run_id = bench.trigger("d")
    bench.turn(bench.ended(1))
    bench.turn(bench.ended(1, "failed"))
    assert bench.states("d", run_id)["a"] == "success"
    assert bench.executor.acks == [1, 1]


def test_a_failure_waits_for_its_retry_and_then_has_a_new_token(bench: Bench) -> None:
    bench.declare(CHAIN)
    run_id = bench.trigger("d")
    error = {"type": "ValueError", "message": "bad\nthing", "file": "/dags/train.py", "line": 88}
    bench.turn(bench.ended(1, "failed", error=error))
    with bench.store.reader() as reader:
        run = reader.run("d", run_id)
        assert run is not None
        row = reader.instances(run.id).rows[0]
    assert (row.state, row.reason) == ("up_for_retry", "ValueError: bad thing in train.py:88; try 2 of 2 in 60 s")
    assert bench.engine.next_timer() == bench.now + 60
    bench.now += 61
    bench.turn()
    assert [(s.token, json.loads(s.context)["try_number"]) for s in bench.executor.starts] == [(1, 1), (2, 2)]


def test_a_return_value_is_kept_with_the_end_and_mapped_over_in_the_same_turn(bench: Bench) -> None:
    mapped = TaskSpec("m", upstream=("a",), is_mapped=True, mapped=(MapSource("x", None, "a"),))
    bench.declare(DagSpec("d", tasks=(TaskSpec("a"), mapped)))
    bench.trigger("d")
    bench.turn(bench.ended(1, value=b'["p","q",3]', length=3))
    contexts = [json.loads(s.context) for s in bench.executor.starts[1:]]
    assert [c["elements"] for c in contexts] == [{"x": "p"}, {"x": "q"}, {"x": 3}]
    assert [c["map_index"] for c in contexts] == [0, 1, 2]


def test_a_killed_engine_adopts_what_lives_and_settles_what_has_ended(bench: Bench) -> None:
    two = DagSpec("d", tasks=(TaskSpec("a"), TaskSpec("b"), TaskSpec("c")))
    bench.declare(two)
    run_id = bench.trigger("d")
    bench.engine.turn([], [], bench.now)
    bench.start()
    bench.turn(Connected(4, {1: (77, bench.now)}, set()), bench.ended(2))
    assert bench.executor.starts == []
    bench.settle(1, 2)
    states = bench.states("d", run_id)
    assert (states["a"], states["b"]) == ("running", "success")
    assert states["c"] == "starting", "it was never forked, so it starts again"
    assert [s.token > 3 for s in bench.executor.starts] == [True]


def test_what_lives_without_a_task_is_ended(bench: Bench) -> None:
    bench.turn(bench.started(99))
    assert bench.executor.cancels == [(99, "its task has moved on without it")]


def test_a_foreground_engine_leaves_the_attempts_and_ends_of_other_runs_alone(bench: Bench) -> None:
    bench.declare(CHAIN)
    run_id = bench.trigger("d")
    bench.start(foreground=True)
    bench.turn(Connected(4, {}, set()), bench.ended(1))
    bench.settle(1)
    assert bench.executor.acks == []
    assert bench.executor.starts == []
    assert bench.states("d", run_id) == {"a": "starting"}


def test_nothing_starts_while_the_crew_is_away(bench: Bench) -> None:
    bench.declare(CHAIN)
    bench.turn(Disconnected("killed"))
    bench.trigger("d")
    assert bench.executor.starts == []
    bench.turn(Connected(4, {}, set()), Settled(set()))
    assert len(bench.executor.starts) == 1


def test_an_ask_is_answered_and_one_of_a_given_up_attempt_refused(bench: Bench) -> None:
    bench.declare(CHAIN)
    bench.trigger("d")
    put = {"key": "k", "value": {"kind": "int", "length": None}}
    bench.turn(Asked(1, 1, "value_put", put, b"7"))
    bench.turn(Asked(1, 2, "value_get", {"key": "k", "task_ids": ["a"]}))
    bench.turn(Asked(55, 3, "value_get", {"key": "k"}))
    assert bench.executor.answers[0][:2] == (1, True)
    assert json.loads(bench.executor.answers[1][3]) == [["a", -1, None, 7]]
    token, ok, detail, _ = bench.executor.answers[2]
    assert (token, ok) == (55, False)
    assert "given up" in detail["error"]


def test_a_cancelled_run_ends_its_attempts_and_skips_the_rest(bench: Bench) -> None:
    bench.declare(CHAIN)
    run_id = bench.trigger("d")
    run = next(iter(bench.engine.world.runs.values()))
    bench.turn(do=lambda turn: bench.engine.cancel_run(run, "cancelled by ann", turn))
    assert bench.executor.cancels == [(1, "cancelled by ann")]
    bench.start()
    bench.turn(Connected(4, {1: (77, bench.now)}, set()))
    bench.settle(1)
    assert bench.executor.cancels == [(1, "cancelled by ann")], "a new engine says it again"
    bench.turn(bench.ended(1, "cancelled", reason="cancelled by ann"))
    assert bench.states("d", run_id) == {"a": "failed", "b": "skipped"}
    assert bench.run_state("d", run_id) == "failed"


SCOPE = DagSpec(
    "s",
    tasks=(
        TaskSpec("up", is_setup=True),
        TaskSpec("work", upstream=("up",)),
        TaskSpec("down", upstream=("up", "work"), is_teardown=True, trigger_rule="all_done_setup_success"),
    ),
    run_timeout_s=60,
)


def test_a_new_engine_still_takes_down_what_a_cancelled_run_has_set_up(bench: Bench) -> None:
    bench.declare(SCOPE)
    run_id = bench.trigger("s")
    bench.turn(bench.ended(1))
    run = next(iter(bench.engine.world.runs.values()))
    bench.turn(do=lambda turn: bench.engine.cancel_run(run, "cancelled by ann", turn))
    bench.turn(bench.ended(2, "cancelled", reason="cancelled by ann"))
    assert bench.states("s", run_id) == {"up": "success", "work": "failed", "down": "starting"}
    bench.start()
    bench.turn(Connected(4, {3: (77, bench.now)}, set()))
    bench.settle(3)
    assert bench.executor.cancels == [], "the teardown goes on"
    bench.turn(bench.ended(3))
    assert bench.states("s", run_id)["down"] == "success"
    assert bench.run_state("s", run_id) == "failed"


def test_a_run_that_takes_too_long_is_ended_by_any_engine_that_has_it_then(bench: Bench) -> None:
    bench.declare(SCOPE)
    run_id = bench.trigger("s")
    bench.now += 59
    bench.turn(bench.ended(1))
    bench.start()
    bench.turn(Connected(4, {2: (77, bench.now)}, set()))
    bench.settle(2)
    assert bench.engine.next_timer() == bench.now + 1
    bench.now += 1
    bench.turn()
    assert bench.executor.cancels == [(2, "its time limit of 60 s (dagrun_timeout) is over")]
    bench.turn(bench.ended(2, "cancelled"))
    assert bench.states("s", run_id)["down"] == "starting"
    bench.turn(bench.ended(bench.executor.starts[-1].token))
    assert bench.run_state("s", run_id) == "failed"


def test_a_running_task_sets_a_variable_and_a_file_being_read_may_not(bench: Bench) -> None:
    bench.declare(CHAIN)
    bench.trigger("d")
    bench.turn(Asked(1, 1, "variable_set", {"key": "k", "value": "v"}))
    bench.turn(Asked(-5, 2, "variable_set", {"key": "k", "value": "w"}))
    bench.turn(Asked(1, 3, "variable_get", {"key": "k"}))
    assert [ok for _, ok, *_ in bench.executor.answers] == [True, False, True]
    assert bench.executor.answers[2][2] == {"value": "v"}
