"""Mapped task groups, and setups with their teardowns, decided by core alone."""

from __future__ import annotations

import random
from typing import Any

import pytest

from venturi.core import step
from venturi.core.rules import RULES, Decision, Tally, decide
from venturi.core.spec import DagSpec, GroupSpec, MapSource, TaskSpec
from venturi.core.states import Outcome, RunState, TaskState
from venturi.core.step import End
from venturi.core.world import WHOLE

from .driving import Driven, succeeds

LITERAL = (MapSource("x", 3),)
OVER_MAKE = (MapSource("x", None, "make"),)


def member(name: str, *upstream: str, **more: Any) -> TaskSpec:
    return TaskSpec(f"g.{name}", upstream=upstream, group_id="g", **more)


def dag(*tasks: TaskSpec, mapped: tuple[MapSource, ...] = LITERAL) -> DagSpec:
    return DagSpec("d", tasks=tasks, groups=(GroupSpec("g", mapped=mapped),))


def instances(driven: Driven, task_id: str) -> dict[int, str]:
    found: dict[int, str] = {}
    for move in driven.moves:
        if move.task_id == task_id:
            found[move.map_index] = move.after.value
    return found


def ending(**ends: Outcome) -> Any:
    """By task, or by task and index: `a` or `a_1`."""

    def end(task: TaskSpec, map_index: int, try_number: int) -> End:
        name = task.task_id.removeprefix("g.")
        outcome = ends.get(f"{name}_{map_index}", ends.get(name, Outcome.SUCCESS))
        return End(outcome, 0.0, lengths={"return_value": 3} if name == "make" else {"return_value": None})

    return end


GOOD, BAD, SKIP = Outcome.SUCCESS, Outcome.FAILED, Outcome.SKIPPED


def test_each_index_of_a_mapped_group_is_a_run_of_its_own() -> None:
    spec = dag(member("a"), member("b", "g.a"), TaskSpec("end", upstream=("g.b",), trigger_rule="all_done"))
    driven = Driven(spec)
    assert driven.to_the_end(ending(a_1=BAD)) is RunState.SUCCESS
    assert instances(driven, "g.a") == {0: "success", 1: "failed", 2: "success"}
    assert instances(driven, "g.b") == {0: "success", 1: "upstream_failed", 2: "success"}
    assert instances(driven, "end") == {WHOLE: "success"}


def test_an_instance_goes_on_before_the_others_of_its_upstream_have_ended() -> None:
    driven = Driven(dag(member("a"), member("b", "g.a")), slots=1)
    driven.to_the_end(succeeds)
    order = [(m.task_id, m.map_index, m.after) for m in driven.moves]
    assert order.index(("g.b", 0, TaskState.SCHEDULED)) < order.index(("g.a", 1, TaskState.STARTING))


def test_what_stands_after_a_mapped_group_waits_for_all_of_it() -> None:
    driven = Driven(dag(member("a"), TaskSpec("end", upstream=("g.a",))))
    driven.to_the_end(succeeds)
    order = [(m.task_id, m.after) for m in driven.moves]
    last = max(at for at, move in enumerate(order) if move == ("g.a", TaskState.SUCCESS))
    assert order.index(("end", TaskState.SCHEDULED)) > last


def test_a_group_mapped_over_a_value_gets_its_size_when_the_value_is_there() -> None:
    tasks = (TaskSpec("make"), member("a", "make"), member("b", "g.a"), TaskSpec("end", upstream=("g.b",)))
    driven = Driven(dag(*tasks, mapped=OVER_MAKE))
    assert driven.to_the_end(ending()) is RunState.SUCCESS
    assert instances(driven, "g.b") == {0: "success", 1: "success", 2: "success"}


@pytest.mark.parametrize(
    ("made", "state"), [(BAD, "upstream_failed"), (SKIP, "skipped")], ids=["its value failed", "its value was skipped"]
)
@pytest.mark.parametrize("rule", ["all_success", "all_done", "one_failed"])
def test_a_group_that_cannot_be_expanded_ends_as_one_whatever_its_rules(made: Outcome, state: str, rule: str) -> None:
    tasks = (TaskSpec("make"), member("a", "make"), member("b", "g.a", trigger_rule=rule))
    driven = Driven(dag(*tasks, mapped=OVER_MAKE))
    driven.to_the_end(ending(make=made))
    assert [driven.state("g.a"), driven.state("g.b")] == [state, state]


@pytest.mark.parametrize("rule", ["all_success", "all_done"])
def test_a_group_over_nothing_is_skipped_throughout(rule: str) -> None:
    tasks = (member("a"), member("b", "g.a", trigger_rule=rule), TaskSpec("end", upstream=("g.b",)))
    driven = Driven(dag(*tasks, mapped=(MapSource("x", 0),)))
    assert driven.to_the_end(succeeds) is RunState.SUCCESS
    assert [driven.state(t) for t in ("g.a", "g.b", "end")] == ["skipped", "skipped", "skipped"]


def test_a_failure_outside_reaches_every_instance() -> None:
    tasks = (TaskSpec("other"), member("a"), member("b", "g.a", "other"))
    driven = Driven(dag(*tasks))
    driven.to_the_end(ending(other=BAD))
    assert driven.state("g.a") == "success"
    assert set(instances(driven, "g.b").values()) == {"upstream_failed"}


def test_a_branch_inside_a_mapped_group_skips_at_its_own_index_alone() -> None:
    tasks = (member("fork"), member("a", "g.fork"), member("b", "g.fork"), TaskSpec("end", upstream=("g.a",)))
    driven = Driven(dag(*tasks))

    def ends(task: TaskSpec, map_index: int, try_number: int) -> End:
        left_out = ("g.a", "end") if task.task_id == "g.fork" and map_index == 1 else ()
        return End(Outcome.SUCCESS, 0.0, skip=left_out)

    driven.to_the_end(ends)
    assert instances(driven, "g.a") == {0: "success", 1: "skipped", 2: "success"}
    assert instances(driven, "g.b") == {0: "success", 1: "success", 2: "success"}
    assert driven.state("end") == "skipped"  # by its rule, all_success, not by the branch


def test_tasks_without_a_process_go_through_a_mapped_group_too() -> None:
    driven = Driven(dag(member("a", no_process=True), member("b", "g.a"), member("c", "g.b", no_process=True)))
    assert driven.to_the_end(ending(b_2=BAD)) is RunState.FAILED
    assert instances(driven, "g.a") == {0: "success", 1: "success", 2: "success"}
    assert instances(driven, "g.c") == {0: "success", 1: "success", 2: "upstream_failed"}


def test_only_the_failed_instance_of_a_member_is_tried_again() -> None:
    driven = Driven(dag(member("a"), member("b", "g.a", retries=1, retry_delay_s=5)))
    tries: dict[int, int] = {}

    def ends(task: TaskSpec, map_index: int, try_number: int) -> End:
        if task.task_id == "g.b":
            tries[map_index] = try_number
        return End(BAD if (task.task_id, map_index, try_number) == ("g.b", 1, 1) else GOOD, 0.0)

    assert driven.to_the_end(ends) is RunState.SUCCESS
    assert tries == {0: 1, 1: 2, 2: 1}


def test_mapping_over_a_member_gives_one_instance_per_value_left() -> None:
    after = TaskSpec("after", upstream=("g.a",), is_mapped=True, mapped=(MapSource("y", None, "g.a"),))
    driven = Driven(dag(member("a"), after))
    driven.to_the_end(ending())
    assert sorted(instances(driven, "after")) == [0, 1, 2]


@pytest.mark.parametrize("rule", sorted(RULES))
def test_a_rule_inside_a_mapped_group_says_at_each_index_what_it_says_of_single_tasks(rule: str) -> None:
    ends = {"a_0": GOOD, "b_0": GOOD, "a_1": BAD, "b_1": GOOD, "a_2": SKIP, "b_2": BAD}
    spec = dag(member("a"), member("b"), member("c", "g.a", "g.b", trigger_rule=rule))
    driven = Driven(spec)
    driven.to_the_end(ending(**ends))
    for index in range(3):
        single = DagSpec(
            "s", tasks=(TaskSpec("a"), TaskSpec("b"), TaskSpec("c", upstream=("a", "b"), trigger_rule=rule))
        )
        alone = Driven(single)
        alone.to_the_end(ending(a=ends[f"a_{index}"], b=ends[f"b_{index}"]))
        assert instances(driven, "g.c")[index] == alone.state("c"), (rule, index)


def test_zip_and_concat_of_values_have_the_lengths_of_their_kind() -> None:
    parts = (MapSource(length=2), MapSource(task_id="make"))
    for join, n in (("zip", 2), ("zip_longest", 3), ("concat", 5)):
        mapped = TaskSpec("m", upstream=("make",), is_mapped=True, mapped=(MapSource("x", join=join, parts=parts),))
        driven = Driven(DagSpec("d", tasks=(TaskSpec("make"), mapped)))
        driven.to_the_end(ending())
        assert sorted(instances(driven, "m")) == list(range(n)), join


# ── setups and teardowns ─────────────────────────────────────────────────────────────────────────────────

SETUP = TaskSpec("up", is_setup=True)


def teardown(*upstream: str, **more: Any) -> TaskSpec:
    return TaskSpec("down", upstream=upstream, is_teardown=True, trigger_rule="all_done_setup_success", **more)


def states(driven: Driven) -> dict[str, str]:
    return {task.task_id: driven.state(task.task_id) for task in driven.run.plan.tasks}


def test_a_teardown_runs_although_the_work_failed_and_does_not_hide_it() -> None:
    driven = Driven(DagSpec("d", tasks=(SETUP, TaskSpec("work", upstream=("up",)), teardown("up", "work"))))
    assert driven.to_the_end(ending(work=BAD)) is RunState.FAILED
    assert states(driven) == {"up": "success", "work": "failed", "down": "success"}


def test_a_teardown_does_not_run_if_its_setup_failed() -> None:
    tasks = (SETUP, TaskSpec("work", upstream=("up",)), teardown("up", "work"))
    driven = Driven(DagSpec("d", tasks=tasks))
    assert driven.to_the_end(ending(up=BAD)) is RunState.FAILED
    assert states(driven) == {"up": "failed", "work": "upstream_failed", "down": "upstream_failed"}
    driven = Driven(DagSpec("d", tasks=tasks))
    assert driven.to_the_end(ending(up=SKIP)) is RunState.SUCCESS
    assert states(driven) == {"up": "skipped", "work": "skipped", "down": "skipped"}


def test_a_failed_teardown_is_the_runs_failure_only_on_request() -> None:
    tasks = (SETUP, TaskSpec("work", upstream=("up",)))
    assert Driven(DagSpec("d", tasks=(*tasks, teardown("up", "work")))).to_the_end(ending(down=BAD)) is RunState.SUCCESS
    on_request = teardown("up", "work", fails_run=True)
    assert Driven(DagSpec("d", tasks=(*tasks, on_request))).to_the_end(ending(down=BAD)) is RunState.FAILED


def test_a_rule_that_would_run_after_a_failed_setup_does_not() -> None:
    tasks = (
        SETUP,
        TaskSpec("first", upstream=("up",)),
        TaskSpec("second", upstream=("first",), trigger_rule="all_done"),
        teardown("up", "second"),
    )
    driven = Driven(DagSpec("d", tasks=tasks))
    driven.to_the_end(ending(up=BAD))
    assert driven.state("second") == "upstream_failed"


def test_what_stands_after_the_teardown_is_not_in_the_scope_of_its_setup() -> None:
    tasks = (
        SETUP,
        TaskSpec("work", upstream=("up",)),
        teardown("up", "work"),
        TaskSpec("after", upstream=("down",), trigger_rule="all_done"),
    )
    driven = Driven(DagSpec("d", tasks=tasks))
    driven.to_the_end(ending(up=BAD))
    assert driven.state("after") == "success"


def test_a_teardown_waits_for_all_that_lies_between_its_setup_and_itself() -> None:
    tasks = (
        SETUP,
        TaskSpec("short", upstream=("up",)),
        TaskSpec("left", upstream=("up",), trigger_rule="all_done"),
        TaskSpec("right", upstream=("left",), trigger_rule="one_success"),
        TaskSpec("joined", upstream=("short", "right"), trigger_rule="one_success"),
        teardown("up", "joined"),
    )
    driven = Driven(DagSpec("d", tasks=tasks), slots=1)

    def ends(task: TaskSpec, map_index: int, try_number: int) -> End:
        if task.task_id == "left" and try_number == 1 and driven.now < 50:
            return End(Outcome.RESCHEDULE, 0.0, wake_at=60.0)
        return End(GOOD, 0.0)

    assert driven.to_the_end(ends) is RunState.SUCCESS
    order = [m.task_id for m in driven.moves if m.after is TaskState.STARTING]
    assert order[-1] == "down"
    assert order.index("joined") < order.index("right")


def test_setups_and_teardowns_inside_a_mapped_group_stand_at_their_index() -> None:
    tasks = (
        member("up", is_setup=True),
        member("work", "g.up"),
        member("more", "g.work", trigger_rule="all_done"),
        TaskSpec(
            "g.down",
            upstream=("g.up", "g.more"),
            group_id="g",
            is_teardown=True,
            trigger_rule="all_done_setup_success",
        ),
    )
    driven = Driven(dag(*tasks))
    assert driven.to_the_end(ending(up_1=BAD, work_2=BAD)) is RunState.FAILED
    assert instances(driven, "g.more") == {0: "success", 1: "upstream_failed", 2: "success"}
    assert instances(driven, "g.down") == {0: "success", 1: "upstream_failed", 2: "success"}


# ── any graph at all ─────────────────────────────────────────────────────────────────────────────────────


def random_members(rng: random.Random) -> tuple[TaskSpec, ...]:
    made: list[TaskSpec] = []
    for i in range(rng.randint(2, 7)):
        ups = [t.task_id for t in rng.sample(made, k=min(i, rng.choice([0, 1, 2])))]
        setup = rng.random() < 0.2
        rule = "all_success" if rng.random() < 0.6 else rng.choice(sorted(RULES.keys() - {"all_done_setup_success"}))
        made.append(member(str(i), *ups, trigger_rule=rule, no_process=rng.random() < 0.1, is_setup=setup))
    return tuple(made)


@pytest.mark.parametrize("seed", range(60))
def test_a_group_behaves_at_each_index_as_its_tasks_would_without_it(seed: int) -> None:
    rng = random.Random(seed)
    members = random_members(rng)
    ends = {
        f"{t.task_id.removeprefix('g.')}_{i}": rng.choice([GOOD, GOOD, BAD, SKIP]) for t in members for i in range(3)
    }
    driven = Driven(dag(*members), slots=rng.randint(1, 4))
    driven.to_the_end(ending(**ends))
    for index in range(3):
        alone = Driven(DagSpec("s", tasks=members))
        alone.to_the_end(ending(**{name[:-2]: end for name, end in ends.items() if name.endswith(f"_{index}")}))
        for t in members:
            found = instances(driven, t.task_id)
            assert found.get(index, found.get(WHOLE)) in _as_good_as(alone.state(t.task_id), t), (t, index)


def _as_good_as(state: str, task: TaskSpec) -> set[str]:
    """Rules that give up at the first bad sign they see depend on which upstream ends first."""
    hasty = {"all_success", "none_failed", "none_failed_min_one_success", "none_failed_or_skipped"}
    if task.trigger_rule in hasty and state in ("skipped", "upstream_failed"):
        return {"skipped", "upstream_failed"}
    return {state}


def test_the_decision_at_an_index_is_that_of_both_tallies_together() -> None:
    outside, inside = Tally(1), Tally(1)
    outside.count(TaskState.FAILED)
    assert decide("all_done", outside.plus(inside), True) is Decision.WAIT
    outside.open = inside.open = 0
    assert decide("one_failed", outside.plus(inside), True) is Decision.RUN


# ── failing fast ─────────────────────────────────────────────────────────────────────────────────────────


def test_one_failure_ends_a_run_that_fails_fast_but_for_its_teardowns() -> None:
    tasks = (
        SETUP,
        TaskSpec("bad", upstream=("up",)),
        TaskSpec("slow", upstream=("up",), retries=3),
        TaskSpec("mapped", upstream=("up",), is_mapped=True, mapped=LITERAL),
        TaskSpec("later", upstream=("slow",), trigger_rule="all_done"),
        teardown("up", "bad", "later"),
    )
    driven = Driven(DagSpec("d", tasks=tasks, fail_fast=True), slots=3)
    turn = driven.turn()
    (up,) = driven.admit(turn)
    step.ended(driven.world, driven.run, up.number, WHOLE, up.cell, End(GOOD, 0.0), turn, 2)
    live = {driven.run.plan.tasks[one.number].task_id: one for one in driven.admit(turn)}
    assert sorted(live) == ["bad", "mapped", "slow"]
    bad = live["bad"]
    step.ended(driven.world, driven.run, bad.number, WHOLE, bad.cell, End(BAD, 0.0, "broke"), turn, 2)
    assert sorted(token for token, _ in turn.cancels) == sorted((live["slow"].cell.token, live["mapped"].cell.token))
    for name in ("slow", "mapped"):
        one = live[name]
        step.ended(driven.world, driven.run, one.number, one.map_index, one.cell, End(BAD, 0.0), turn, 2)
    driven.close(turn)
    assert driven.to_the_end(succeeds) is RunState.FAILED
    assert states(driven) == {
        "up": "success",
        "bad": "failed",
        "slow": "failed",
        "mapped": "failed",
        "later": "skipped",
        "down": "success",
    }
    assert "fails fast" in next(m.reason or "" for m in driven.moves if m.task_id == "later")


def test_a_run_fails_fast_also_where_a_task_failed_without_an_attempt() -> None:
    """Else an engine that is started anew would see the failure, and hold what the old one let go on."""
    unmappable = TaskSpec("m", upstream=("made",), is_mapped=True, mapped=(MapSource("x", None, "made"),))
    tasks = (TaskSpec("made"), unmappable, TaskSpec("slow", upstream=("made",)), TaskSpec("later", upstream=("slow",)))
    driven = Driven(DagSpec("d", tasks=tasks, fail_fast=True))
    assert driven.to_the_end(succeeds) is RunState.FAILED
    assert states(driven) == {"made": "success", "m": "failed", "slow": "skipped", "later": "skipped"}


@pytest.mark.parametrize("ends_by", ["a failure", "a person"])
def test_a_run_that_is_ended_takes_down_at_each_index_what_was_set_up_there(ends_by: str) -> None:
    tasks = (
        TaskSpec("bad"),
        member("up", is_setup=True),
        member("work", "g.up"),
        member("down", "g.up", "g.work", is_teardown=True, trigger_rule="all_done_setup_success"),
    )
    driven = Driven(DagSpec("d", tasks=tasks, groups=(GroupSpec("g", mapped=LITERAL),), fail_fast=True), slots=2)
    turn = driven.turn()
    live = {driven.run.plan.tasks[one.number].task_id: one for one in driven.admit(turn)}
    up, bad = live["g.up"], live["bad"]
    step.ended(driven.world, driven.run, up.number, up.map_index, up.cell, End(GOOD, 0.0), turn, 2)
    (work,) = driven.admit(turn)  # or the setup of the next index
    if ends_by == "a failure":
        step.ended(driven.world, driven.run, bad.number, WHOLE, bad.cell, End(BAD, 0.0), turn, 2)
    else:
        step.cancel(driven.world, driven.run, "cancelled by ann", turn)
        step.ended(driven.world, driven.run, bad.number, WHOLE, bad.cell, End(Outcome.CANCELLED, 0.0), turn, 2)
    step.ended(driven.world, driven.run, work.number, work.map_index, work.cell, End(Outcome.CANCELLED, 0.0), turn, 2)
    driven.close(turn)
    assert driven.to_the_end(succeeds) is RunState.FAILED
    downs = instances(driven, "g.down")
    assert downs.pop(0) == "success"
    assert set(downs.values()) <= {"skipped", "upstream_failed"}
    assert len(downs) == 2


def test_a_task_runs_as_often_at_once_in_a_run_as_it_may() -> None:
    mapped = TaskSpec("m", is_mapped=True, mapped=(MapSource("x", 6),), max_active_per_run=2)
    driven = Driven(DagSpec("d", tasks=(mapped, TaskSpec("other"))), slots=8)
    assert driven.to_the_end(succeeds) is RunState.SUCCESS
    assert driven.most_live == 3
