"""Runs decided by core alone, from the first turn to the last."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from venturi.core import admission, step
from venturi.core.rules import RULES
from venturi.core.spec import DagSpec, MapSource, TaskSpec
from venturi.core.states import FINAL, Outcome, RunState, TaskState
from venturi.core.step import End, Turn
from venturi.core.why import of_instance
from venturi.core.world import WHOLE

from .driving import Driven, succeeds


def failing(*names: str) -> object:
    def ends(task: TaskSpec, map_index: int, try_number: int) -> End:
        return End(Outcome.FAILED if task.task_id in names else Outcome.SUCCESS, 0.0, "broke")

    return ends


def test_a_chain_runs_in_order_one_after_the_other() -> None:
    tasks = tuple(TaskSpec(f"t{i}", upstream=(f"t{i - 1}",) if i else ()) for i in range(40))
    driven = Driven(DagSpec("d", tasks=tasks))
    assert driven.to_the_end(succeeds) is RunState.SUCCESS
    started = [m.task_id for m in driven.moves if m.after is TaskState.STARTING]
    assert started == [t.task_id for t in tasks]
    assert driven.most_live == 1


def test_a_failure_takes_everything_below_with_it_and_names_itself() -> None:
    spec = DagSpec("d", tasks=(TaskSpec("a"), TaskSpec("b", upstream=("a",)), TaskSpec("c", upstream=("b",))))
    driven = Driven(spec)
    assert driven.to_the_end(failing("a")) is RunState.FAILED
    assert [driven.state(t) for t in "abc"] == ["failed", "upstream_failed", "upstream_failed"]
    assert next(m.reason for m in driven.moves if m.task_id == "b") == "upstream a failed"


def test_a_leaf_that_cleans_up_after_a_failure_makes_the_run_a_success_as_in_airflow() -> None:
    spec = DagSpec("d", tasks=(TaskSpec("a"), TaskSpec("tidy", upstream=("a",), trigger_rule="all_done")))
    assert Driven(spec).to_the_end(failing("a")) is RunState.SUCCESS


def test_a_task_is_tried_as_often_as_it_may_and_not_once_more() -> None:
    driven = Driven(DagSpec("d", tasks=(TaskSpec("a", retries=3, retry_delay_s=60),)))
    assert driven.to_the_end(failing("a")) is RunState.FAILED
    tries = [m.try_number for m in driven.moves if m.after is TaskState.STARTING]
    assert tries == [1, 2, 3, 4]
    waits = [m.wake_at - m.at for m in driven.moves if m.after is TaskState.UP_FOR_RETRY and m.wake_at is not None]
    assert waits == [60, 60, 60]


def test_fail_now_leaves_its_retries_unused() -> None:
    driven = Driven(DagSpec("d", tasks=(TaskSpec("a", retries=3),)))
    driven.to_the_end(lambda *_: End(Outcome.FAIL_NOW, 0.0))
    assert [m.try_number for m in driven.moves if m.after is TaskState.STARTING] == [1]


def test_losses_have_a_budget_of_their_own_and_do_not_count_as_tries() -> None:
    driven = Driven(DagSpec("d", tasks=(TaskSpec("a", retries=0),)))
    left = iter([Outcome.LOST, Outcome.NEVER_RAN, Outcome.LOST, Outcome.SUCCESS])
    assert driven.to_the_end(lambda *_: End(next(left), 0.0)) is RunState.SUCCESS
    starts = [m for m in driven.moves if m.after is TaskState.STARTING]
    assert [m.try_number for m in starts] == [1, 1, 1, 1]
    assert [m.token for m in starts] == [1, 2, 3, 4]


def test_one_loss_too_many_is_a_failure() -> None:
    driven = Driven(DagSpec("d", tasks=(TaskSpec("a", retries=5),)))
    assert driven.to_the_end(lambda *_: End(Outcome.LOST, 0.0, "lost"), infrastructure_retries=2) is RunState.FAILED
    assert len([m for m in driven.moves if m.after is TaskState.STARTING]) == 3


def test_a_sensor_that_asks_to_be_called_again_gives_its_place_back() -> None:
    driven = Driven(DagSpec("d", tasks=(TaskSpec("wait"), TaskSpec("other")), max_active_tasks=1), slots=1)
    calls = Counter[str]()

    def ends(task: TaskSpec, map_index: int, try_number: int) -> End:
        calls[task.task_id] += 1
        assert try_number == 1
        if task.task_id == "wait" and calls["wait"] < 4:
            return End(Outcome.RESCHEDULE, 0.0, wake_at=driven.now + 30)
        return End(Outcome.SUCCESS, 0.0)

    assert driven.to_the_end(ends) is RunState.SUCCESS
    assert calls == {"wait": 4, "other": 1}


def test_tasks_without_a_process_cost_no_place_and_no_token() -> None:
    tasks = tuple(TaskSpec(f"e{i}", upstream=(f"e{i - 1}",) if i else (), no_process=True) for i in range(10_000))
    driven = Driven(DagSpec("d", tasks=tasks))
    assert driven.to_the_end(succeeds) is RunState.SUCCESS
    assert driven.token == 0


def test_a_mapped_task_has_an_instance_for_each_combination() -> None:
    mapped = TaskSpec("m", is_mapped=True, mapped=(MapSource("x", 3), MapSource("y", 4)))
    driven = Driven(DagSpec("d", tasks=(mapped, TaskSpec("end", upstream=("m",)))))
    assert driven.to_the_end(succeeds) is RunState.SUCCESS
    assert sorted({m.map_index for m in driven.moves if m.task_id == "m"}) == list(range(12))
    assert driven.run.nodes[0].live == {}


def test_mapping_over_a_value_waits_for_its_length() -> None:
    tasks = (
        TaskSpec("make"),
        TaskSpec("m", upstream=("make",), is_mapped=True, mapped=(MapSource("x", None, "make"),)),
    )
    driven = Driven(DagSpec("d", tasks=tasks))
    driven.to_the_end(
        lambda task, *_: End(Outcome.SUCCESS, 0.0, lengths={"return_value": 7} if task.task_id == "make" else {})
    )
    assert driven.run.nodes[1].counts == {TaskState.SUCCESS: 7}


def test_mapping_over_a_mapped_task_has_one_instance_per_value_left() -> None:
    first = TaskSpec("a", is_mapped=True, mapped=(MapSource("x", 5),))
    second = TaskSpec(
        "b", upstream=("a",), is_mapped=True, mapped=(MapSource("y", None, "a"),), trigger_rule="all_done"
    )
    driven = Driven(DagSpec("d", tasks=(first, second)))

    def ends(task: TaskSpec, map_index: int, try_number: int) -> End:
        if task.task_id == "a" and map_index % 2:
            return End(Outcome.SKIPPED, 0.0)
        return End(Outcome.SUCCESS, 0.0, lengths={"return_value": None})

    driven.to_the_end(ends)
    assert driven.run.nodes[1].n == 3


def test_mapping_over_nothing_is_skipped_and_so_is_what_follows() -> None:
    mapped = TaskSpec("m", is_mapped=True, mapped=(MapSource("x", 0),))
    driven = Driven(DagSpec("d", tasks=(mapped, TaskSpec("end", upstream=("m",)))))
    assert driven.to_the_end(succeeds) is RunState.SUCCESS
    assert [driven.state("m"), driven.state("end")] == ["skipped", "skipped"]


def test_mapping_over_what_has_no_length_fails_with_the_reason() -> None:
    tasks = (
        TaskSpec("make"),
        TaskSpec("m", upstream=("make",), is_mapped=True, mapped=(MapSource("x", None, "make"),)),
    )
    driven = Driven(DagSpec("d", tasks=tasks))
    assert driven.to_the_end(succeeds) is RunState.FAILED
    assert "cannot be mapped over return_value of make" in next(
        m.reason or "" for m in driven.moves if m.task_id == "m"
    )


def test_one_failed_instance_fails_its_group_and_only_it_is_tried_again() -> None:
    mapped = TaskSpec("m", retries=1, retry_delay_s=0, is_mapped=True, mapped=(MapSource("x", 5),))
    driven = Driven(DagSpec("d", tasks=(mapped,)))
    driven.to_the_end(lambda t, i, n: End(Outcome.FAILED if i == 2 else Outcome.SUCCESS, 0.0, "broke"))
    assert driven.run.nodes[0].counts == {TaskState.SUCCESS: 4, TaskState.FAILED: 1}
    assert driven.state("m") == "failed"
    assert Counter(m.map_index for m in driven.moves if m.after is TaskState.STARTING)[2] == 2


def test_a_branch_skips_what_it_leaves_out() -> None:
    tasks = (TaskSpec("fork"), TaskSpec("a", upstream=("fork",)), TaskSpec("b", upstream=("fork",)))
    driven = Driven(DagSpec("d", tasks=tasks))
    driven.to_the_end(lambda task, *_: End(Outcome.SUCCESS, 0.0, skip=("a",) if task.task_id == "fork" else ()))
    assert [driven.state("a"), driven.state("b")] == ["skipped", "success"]


def test_a_cancelled_run_skips_what_waits_and_fails_what_lived() -> None:
    mapped = TaskSpec("m", is_mapped=True, mapped=(MapSource("x", 50),))
    tasks = (TaskSpec("a", retries=3), mapped, TaskSpec("b", upstream=("a",)), TaskSpec("end", upstream=("m", "b")))
    driven = Driven(DagSpec("d", tasks=tasks), slots=3)
    turn = driven.turn()
    live = driven.admit(turn)
    tokens = step.cancel(driven.world, driven.run, "cancelled by ann", turn)
    assert sorted(tokens) == sorted(one.cell.token for one in live)
    for one in live:
        end = End(Outcome.CANCELLED, 0.0, "cancelled by ann")
        step.ended(driven.world, driven.run, one.number, one.map_index, one.cell, end, turn, 2)
    assert driven.run.state is RunState.FAILED
    assert [driven.state(t) for t in ("b", "end")] == ["skipped", "skipped"]
    assert driven.world.by_token == {}


def test_a_run_that_is_cancelled_before_it_began_is_over_at_once() -> None:
    driven = Driven(DagSpec("d", tasks=(TaskSpec("a"), TaskSpec("b", upstream=("a",)))))
    turn = driven.turn()
    assert step.cancel(driven.world, driven.run, "cancelled", turn) == []
    assert driven.run.state is RunState.FAILED
    assert driven.world.dag("d").waiting_runs == []


SCOPE = (
    TaskSpec("up", is_setup=True),
    TaskSpec("work", upstream=("up",), retries=2),
    TaskSpec("other", upstream=("work",)),
    TaskSpec("down", upstream=("up", "other"), is_teardown=True, trigger_rule="all_done_setup_success", retries=1),
    TaskSpec("after", upstream=("down",), trigger_rule="all_done"),
)


def until(driven: Driven, *done: str) -> tuple[Turn, admission.Admitted]:
    """These have succeeded, and what comes next lives."""
    turn = driven.turn()
    live = driven.admit(turn)
    for _ in done:
        one = live.pop(0)
        step.ended(driven.world, driven.run, one.number, one.map_index, one.cell, End(Outcome.SUCCESS, 0.0), turn, 2)
        live += driven.admit(turn)
    (last,) = live
    return turn, last


def test_a_cancelled_run_still_takes_down_what_its_setups_have_made() -> None:
    driven = Driven(DagSpec("d", tasks=SCOPE))
    turn, work = until(driven, "up")
    assert step.cancel(driven.world, driven.run, "cancelled by ann", turn) == [work.cell.token]
    assert [m.after for m in turn.batch.run_moves][-1] is RunState.RUNNING
    why = of_instance(driven.world, driven.run, 3).sentence
    assert why == "The run ends (cancelled by ann), but for its teardowns. Waits for work."
    cancelled = End(Outcome.CANCELLED, 0.0, "cancelled by ann")
    step.ended(driven.world, driven.run, work.number, WHOLE, work.cell, cancelled, turn, 2)
    driven.close(turn)
    assert driven.to_the_end(succeeds) is RunState.FAILED
    assert [driven.state(t.task_id) for t in SCOPE] == ["success", "failed", "skipped", "success", "skipped"]
    assert driven.run.reason == "cancelled by ann"


def test_a_teardown_of_a_cancelled_run_is_tried_as_often_as_it_may() -> None:
    driven = Driven(DagSpec("d", tasks=SCOPE))
    turn, work = until(driven, "up")
    step.cancel(driven.world, driven.run, "cancelled by ann", turn)
    step.ended(driven.world, driven.run, work.number, WHOLE, work.cell, End(Outcome.FAILED, 0.0), turn, 2)
    driven.close(turn)
    driven.to_the_end(lambda task, i, n: End(Outcome.FAILED if n == 1 else Outcome.SUCCESS, 0.0))
    assert driven.state("down") == "success"
    assert [m.try_number for m in driven.moves if m.task_id == "down" and m.after is TaskState.RUNNING] == [1, 2]


def test_nothing_is_taken_down_if_its_setup_was_ended_itself() -> None:
    driven = Driven(DagSpec("d", tasks=SCOPE))
    turn, up = until(driven)
    step.cancel(driven.world, driven.run, "cancelled by ann", turn)
    step.ended(driven.world, driven.run, up.number, WHOLE, up.cell, End(Outcome.CANCELLED, 0.0), turn, 2)
    assert driven.run.state is RunState.FAILED
    assert [driven.state(t.task_id) for t in SCOPE] == ["failed", "skipped", "skipped", "upstream_failed", "skipped"]


def test_cancelling_a_second_time_ends_the_teardowns_too() -> None:
    driven = Driven(DagSpec("d", tasks=SCOPE))
    turn, work = until(driven, "up")
    step.cancel(driven.world, driven.run, "cancelled by ann", turn)
    step.ended(driven.world, driven.run, work.number, WHOLE, work.cell, End(Outcome.CANCELLED, 0.0), turn, 2)
    (down,) = driven.admit(turn)
    assert step.cancel(driven.world, driven.run, "cancelled again", turn) == [down.cell.token]
    step.ended(driven.world, driven.run, down.number, WHOLE, down.cell, End(Outcome.FAILED, 0.0), turn, 2)
    assert driven.run.state is RunState.FAILED
    assert driven.state("down") == "failed"


def test_a_run_has_the_time_its_dag_gives_it_and_is_taken_down_then() -> None:
    driven = Driven(DagSpec("d", tasks=SCOPE, run_timeout_s=60.0))
    turn, work = until(driven, "up")
    assert driven.world.time_limits == [(60.0, 1)]
    step.out_of_time(driven.world, driven.run, turn)
    assert turn.cancels == [(work.cell.token, "its time limit of 60 s (dagrun_timeout) is over")]
    step.ended(driven.world, driven.run, work.number, WHOLE, work.cell, End(Outcome.CANCELLED, 0.0), turn, 2)
    driven.close(turn)
    assert driven.to_the_end(succeeds) is RunState.FAILED
    assert [driven.state(t.task_id) for t in SCOPE] == ["success", "failed", "skipped", "success", "skipped"]


def test_a_run_of_no_tasks_succeeds() -> None:
    assert Driven(DagSpec("d")).to_the_end(succeeds) is RunState.SUCCESS


# ── any DAG, any rules, any ends ─────────────────────────────────────────────────────────────────────────

outcomes = st.sampled_from([Outcome.SUCCESS, Outcome.FAILED, Outcome.SKIPPED, Outcome.LOST, Outcome.FAIL_NOW])


@st.composite
def dags(draw: st.DrawFn) -> DagSpec:
    n = draw(st.integers(min_value=1, max_value=8))
    tasks = []
    for i in range(n):
        ups = draw(st.sets(st.integers(min_value=0, max_value=i - 1), max_size=3)) if i else set()
        mapped = draw(st.booleans()) and draw(st.booleans())
        tasks.append(
            TaskSpec(
                f"t{i}",
                upstream=tuple(f"t{u}" for u in sorted(ups)),
                trigger_rule=draw(st.sampled_from(sorted(RULES))),
                retries=draw(st.integers(min_value=0, max_value=2)),
                retry_delay_s=1.0,
                priority_weight=draw(st.integers(min_value=1, max_value=3)),
                is_mapped=mapped,
                mapped=(MapSource("x", draw(st.integers(min_value=0, max_value=4))),) if mapped else (),
                no_process=not mapped and draw(st.booleans()) and draw(st.booleans()),
                max_active_per_dag=draw(st.sampled_from([None, None, 1])),
            )
        )
    return DagSpec("d", tasks=tuple(tasks), max_active_tasks=draw(st.integers(min_value=1, max_value=5)))


@settings(max_examples=300, deadline=None)
@given(dags(), st.data())
def test_every_run_ends_with_every_task_final_and_no_limit_broken(spec: DagSpec, data: st.DataObject) -> None:
    driven = Driven(spec, slots=data.draw(st.integers(min_value=1, max_value=4)))
    finished: set[str] = set()

    def ends(task: TaskSpec, map_index: int, try_number: int) -> End:
        return End(data.draw(outcomes), 0.0, "broke")

    state = driven.to_the_end(ends)
    assert state in (RunState.SUCCESS, RunState.FAILED)
    assert all(node.state in FINAL for node in driven.run.nodes)
    assert driven.most_live <= min(spec.max_active_tasks, driven.world.capacity.slots)
    assert driven.world.by_token == {}
    assert driven.world.dag("d").live == 0
    assert all(pool.used == 0 for pool in driven.world.pools.values())
    assert driven.run.open_nodes == 0
    bad = [
        n for n in driven.run.plan.leaves if driven.run.nodes[n].state in (TaskState.FAILED, TaskState.UPSTREAM_FAILED)
    ]
    assert (state is RunState.FAILED) == bool(bad)
    seen: dict[tuple[str, int], TaskMove] = {}  # noqa: F821
    for move in driven.moves:
        before = seen.get((move.task_id, move.map_index))
        assert move.before is (before.after if before else TaskState.NONE)
        assert move.token_before == (before.token if before else 0)
        seen[move.task_id, move.map_index] = move
        if move.map_index == WHOLE and move.after in FINAL:
            finished.add(move.task_id)


@pytest.mark.parametrize("weights", [(1, 5, 3), (9, 2, 4)])
def test_the_heaviest_ready_task_starts_first(weights: tuple[int, ...]) -> None:
    tasks = tuple(TaskSpec(f"w{w}", priority_weight=w) for w in weights)
    driven = Driven(DagSpec("d", tasks=tasks), slots=1)
    driven.to_the_end(succeeds)
    order = [m.task_id for m in driven.moves if m.after is TaskState.STARTING]
    assert order == [f"w{w}" for w in sorted(weights, reverse=True)]
