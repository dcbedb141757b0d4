"""Clear and resume: what runs again, what stays, and that it holds over a crash at any point."""

from __future__ import annotations

import json
from typing import Any

import pytest

from venturi.core.clearing import Wish
from venturi.core.errors import NotFound, Refused, UnknownTask
from venturi.core.spec import DagSpec, GroupSpec, MapSource, TaskSpec
from venturi.engine import changing

from .conftest import Bench

CHAIN = DagSpec("d", tasks=(TaskSpec("a"), TaskSpec("b", upstream=("a",), retries=1), TaskSpec("c", upstream=("b",))))


def clear(bench: Bench, run_id: str, *tasks: str, **more: Any) -> dict[str, Any]:
    told: list[dict[str, Any]] = []
    wish = Wish(tasks, **more)
    bench.turn(do=lambda turn: told.append(changing.clear(bench.engine, turn, "d", run_id, wish, "ann")))
    return told[0]


def resume(bench: Bench, run_id: str) -> dict[str, Any]:
    told: list[dict[str, Any]] = []
    bench.turn(do=lambda turn: told.append(changing.resume(bench.engine, turn, "d", run_id, "ann")))
    return told[0]


def starts(bench: Bench) -> list[tuple[str, int, int]]:
    """(task, map index, try) of each, in their order."""
    told = [json.loads(s.context) for s in bench.executor.starts]
    return [(t["task_id"], t["map_index"], t["try_number"]) for t in told]


def end_all(bench: Bench, **outcomes: str) -> None:
    """Whatever starts ends, well unless it is said how."""
    seen: set[int] = set(range(bench.executor.starts[0].token)) if bench.executor.starts else set()
    done: set[int] = getattr(bench, "done", seen)
    while fresh := [s for s in bench.executor.starts if s.token not in done]:
        for start in fresh:
            done.add(start.token)
            told = json.loads(start.context)
            name = told["task_id"] + (f"_{told['map_index']}" if told["map_index"] >= 0 else "")
            bench.turn(bench.ended(start.token, outcomes.get(name, "success")))
    bench.done = done  # type: ignore[attr-defined]


def test_a_cleared_task_runs_again_with_all_its_retries_and_its_tries_count_on(bench: Bench) -> None:
    bench.declare(CHAIN)
    run_id = bench.trigger("d")
    end_all(bench, b="fail_now")
    assert bench.run_state("d", run_id) == "failed"
    assert bench.states("d", run_id) == {"a": "success", "b": "failed", "c": "upstream_failed"}
    told = clear(bench, run_id, "b", downstream=True)
    assert told["runs"] == [
        {"run_id": run_id, "tasks": [["b", -1, "failed"], ["c", -1, "upstream_failed"]], "reopened": True}
    ]
    assert bench.run_state("d", run_id) == "running"
    bench.turn(bench.ended(3, "failed"))
    assert bench.states("d", run_id)["b"] == "up_for_retry"
    bench.now += 1000
    bench.turn()
    bench.turn(bench.ended(4))
    bench.turn(bench.ended(5))
    assert bench.run_state("d", run_id) == "success"
    assert starts(bench) == [("a", -1, 1), ("b", -1, 1), ("b", -1, 2), ("b", -1, 3), ("c", -1, 1)]
    with bench.store.reader() as reader:
        assert [a.try_number for a in reader.attempts(reader.run("d", run_id).id, "b")] == [1, 2, 3]  # type: ignore[union-attr]


def test_alone_a_cleared_task_leaves_what_comes_after_it_as_it_is(bench: Bench) -> None:
    bench.declare(CHAIN)
    run_id = bench.trigger("d")
    end_all(bench)
    clear(bench, run_id, "b")
    assert bench.states("d", run_id) == {"a": "success", "b": "starting", "c": "success"}
    end_all(bench)
    assert bench.run_state("d", run_id) == "success"
    assert starts(bench)[3:] == [("b", -1, 2)]


def test_clearing_drops_the_values_of_before(bench: Bench) -> None:
    bench.declare(CHAIN)
    run_id = bench.trigger("d")
    bench.turn(bench.ended(1, value=b"[1]", length=1))
    end_all(bench)
    with bench.store.reader() as reader:
        run = reader.run("d", run_id)
        assert run is not None
        assert reader.value(run.id, "a", -1, "return_value") is not None
    clear(bench, run_id, "a")
    with bench.store.reader() as reader:
        assert reader.value(run.id, "a", -1, "return_value") is None


def test_an_attempt_at_work_is_ended_before_its_task_runs_again(bench: Bench) -> None:
    bench.declare(CHAIN)
    run_id = bench.trigger("d")
    bench.turn(bench.started(1))
    clear(bench, run_id, "a")
    assert bench.executor.cancels == [(1, "cleared by ann")]
    assert bench.states("d", run_id) == {"a": "running"}
    assert len(bench.executor.starts) == 1
    bench.turn(bench.ended(1, "success", value=b"[1]", length=1))
    bench.turn()
    assert starts(bench) == [("a", -1, 1), ("a", -1, 2)]
    with bench.store.reader() as reader:
        run = reader.run("d", run_id)
        assert run is not None
        assert reader.value(run.id, "a", -1, "return_value") is None


def test_a_new_engine_ends_what_was_cleared_and_runs_it_again(bench: Bench) -> None:
    bench.declare(CHAIN)
    run_id = bench.trigger("d")
    bench.turn(bench.started(1))
    clear(bench, run_id, "a")
    bench.start()
    bench.settle(1)
    assert bench.executor.cancels == [(1, "cleared by ann")]
    bench.turn(bench.ended(1, "cancelled"))
    bench.turn()
    assert starts(bench) == [("a", -1, 2)]
    assert bench.states("d", run_id) == {"a": "starting"}


def test_what_was_cleared_is_run_by_a_new_engine_that_had_not_seen_it(bench: Bench) -> None:
    bench.declare(CHAIN)
    run_id = bench.trigger("d")
    bench.turn(bench.started(1))
    clear(bench, run_id, "a")
    put_together = bench.engine._own_acts
    bench.engine.turn([bench.ended(1, "cancelled")], [], bench.now)
    assert bench.states("d", run_id) == {"a": "none"}
    assert put_together is not bench.engine._own_acts
    bench.start()
    bench.settle()
    assert starts(bench) == [("a", -1, 2)]


def test_a_run_that_is_reopened_waits_for_its_place(bench: Bench) -> None:
    bench.declare(DagSpec("d", tasks=CHAIN.tasks, max_active_runs=1))
    first = bench.trigger("d")
    end_all(bench)
    second = bench.trigger("d", run_id="second")
    clear(bench, first, "c")
    assert bench.run_state("d", first) == "queued"
    end_all(bench)
    assert (bench.run_state("d", first), bench.run_state("d", second)) == ("success", "success")


def test_of_a_mapped_task_one_instance_runs_again(bench: Bench) -> None:
    bench.declare(
        DagSpec(
            "d",
            tasks=(
                TaskSpec("m", is_mapped=True, mapped=(MapSource("x", 3),)),
                TaskSpec("end", upstream=("m",), trigger_rule="all_done"),
            ),
        )
    )
    run_id = bench.trigger("d")
    end_all(bench)
    clear(bench, run_id, "m[1]", downstream=True)
    states = bench.states("d", run_id)
    assert states == {"m[0]": "success", "m[1]": "starting", "m[2]": "success", "end": "none"}
    end_all(bench)
    assert starts(bench)[4:] == [("m", 1, 2), ("end", -1, 2)]
    assert bench.run_state("d", run_id) == "success"


def test_clearing_what_a_task_is_mapped_over_decides_its_size_anew(bench: Bench) -> None:
    spec = DagSpec(
        "d", tasks=(TaskSpec("a"), TaskSpec("m", upstream=("a",), is_mapped=True, mapped=(MapSource("x", None, "a"),)))
    )
    bench.declare(spec)
    run_id = bench.trigger("d")
    bench.turn(bench.ended(1, value=b"[1,2,3]", length=3))
    for token in (2, 3, 4):
        bench.turn(bench.ended(token))
    clear(bench, run_id, "a", downstream=True)
    bench.turn(bench.ended(5, value=b"[1,2]", length=2))
    bench.turn(bench.ended(6), bench.ended(7))
    states = bench.states("d", run_id)
    assert states == {"a": "success", "m[0]": "success", "m[1]": "success", "m[2]": "removed"}
    assert bench.run_state("d", run_id) == "success"
    clear(bench, run_id, "a", downstream=True)
    bench.turn(bench.ended(8, value=b"[1,2,3,4]", length=4))
    end_all(bench)
    assert [s for s in starts(bench) if s[0] == "m"][-4:] == [("m", 0, 3), ("m", 1, 3), ("m", 2, 2), ("m", 3, 1)]


def test_in_a_mapped_group_the_same_instance_of_what_comes_after_is_cleared_too(bench: Bench) -> None:
    group = (GroupSpec("g", mapped=(MapSource("x", 2),)),)
    tasks = (
        TaskSpec("u", group_id="g"),
        TaskSpec("v", upstream=("u",), group_id="g"),
        TaskSpec("end", upstream=("v",)),
    )
    bench.declare(DagSpec("d", tasks=tasks, groups=group))
    run_id = bench.trigger("d")
    end_all(bench, u_1="fail_now")
    assert bench.states("d", run_id)["v[1]"] == "upstream_failed"
    clear(bench, run_id, "u[1]", downstream=True)
    assert bench.states("d", run_id) == {
        "u[0]": "success", "u[1]": "starting", "v[0]": "success", "v[1]": "none", "end": "none",
    }  # fmt: skip
    end_all(bench)
    assert starts(bench)[3:] == [("u", 1, 2), ("v", 1, 1), ("end", -1, 1)]
    assert bench.run_state("d", run_id) == "success"


def test_a_run_goes_on_from_its_failure_and_keeps_what_has_succeeded(bench: Bench) -> None:
    tasks = (
        *CHAIN.tasks,
        TaskSpec("m", is_mapped=True, mapped=(MapSource("x", 3),)),
        TaskSpec("end", upstream=("m", "c")),
    )
    bench.declare(DagSpec("d", tasks=tasks))
    run_id = bench.trigger("d")
    end_all(bench, b="fail_now", m_2="fail_now")
    before = len(bench.executor.starts)
    resume(bench, run_id)
    end_all(bench)
    assert sorted(starts(bench)[before:]) == [("b", -1, 2), ("c", -1, 1), ("end", -1, 1), ("m", 2, 2)]
    assert bench.run_state("d", run_id) == "success"
    with pytest.raises(Refused, match="has succeeded"):
        resume(bench, run_id)


def test_a_cancelled_run_goes_on_with_what_had_not_begun(bench: Bench) -> None:
    tasks = (*CHAIN.tasks, TaskSpec("m", is_mapped=True, mapped=(MapSource("x", 9),), max_active_per_run=1))
    bench.declare(DagSpec("d", tasks=tasks))
    run_id = bench.trigger("d")
    bench.turn(bench.ended(2))
    run = next(iter(bench.engine.world.runs.values()))
    bench.turn(do=lambda turn: bench.engine.cancel_run(run, "cancelled by bob", turn))
    end_all(bench, a="cancelled", m_1="cancelled")
    assert bench.run_state("d", run_id) == "failed"
    resume(bench, run_id)
    end_all(bench)
    assert bench.run_state("d", run_id) == "success"
    states = bench.states("d", run_id)
    assert len(states) == 12
    assert set(states.values()) == {"success"}


def test_setups_and_teardowns_go_with_the_tasks_between_them(bench: Bench) -> None:
    tasks = (
        TaskSpec("make", is_setup=True),
        TaskSpec("work", upstream=("make",)),
        TaskSpec("clean", upstream=("make", "work"), is_teardown=True, trigger_rule="all_done_setup_success"),
    )
    bench.declare(DagSpec("d", tasks=tasks))
    run_id = bench.trigger("d")
    end_all(bench, work="fail_now")
    resume(bench, run_id)
    end_all(bench)
    assert starts(bench)[3:] == [("make", -1, 2), ("work", -1, 2), ("clean", -1, 2)]


def test_a_choice_of_a_branch_stands_until_the_branch_is_cleared_too(bench: Bench) -> None:
    tasks = (TaskSpec("pick"), TaskSpec("x", upstream=("pick",)), TaskSpec("y", upstream=("pick",)))
    bench.declare(DagSpec("d", tasks=tasks))
    run_id = bench.trigger("d")
    bench.turn(bench.ended(1, skip=["y"]))
    end_all(bench)
    with pytest.raises(Refused, match="'y' was left out by the branch 'pick'"):
        clear(bench, run_id, "y")


def test_a_wait_that_is_cleared_is_waited_for_no_longer(bench: Bench) -> None:
    bench.declare(CHAIN)
    run_id = bench.trigger("d")
    wait = {"trigger": "m.T", "method": "go_on", "timeout_s": None}
    bench.turn(bench.ended(1, "deferred", value=b'{"trigger":{},"method":{}}', wait=wait))
    assert bench.states("d", run_id) == {"a": "deferred"}
    clear(bench, run_id, "a")
    assert bench.executor.unwatched == [1]
    assert starts(bench) == [("a", -1, 1), ("a", -1, 2)]
    assert bench.engine.world.pool("default_pool").deferred == 0
    with bench.store.reader() as reader:
        assert reader.waiting_deferrals() == []


def test_runs_of_earlier_and_later_dates_are_cleared_with_it(bench: Bench) -> None:
    bench.declare(CHAIN)
    runs = [bench.trigger("d", date=f"2026-01-0{day}") for day in (1, 2, 3)]
    end_all(bench)
    told = clear(bench, runs[1], "c", future=True)
    assert [run["run_id"] for run in told["runs"]] == [runs[1], runs[2]]
    assert [bench.run_state("d", run) for run in runs] == ["success", "running", "running"]
    end_all(bench)
    told = clear(bench, runs[1], "c", past=True, future=True)
    assert {run["run_id"] for run in told["runs"]} == set(runs)


def test_only_what_has_failed_is_cleared_if_that_is_asked(bench: Bench) -> None:
    bench.declare(DagSpec("d", tasks=(TaskSpec("m", is_mapped=True, mapped=(MapSource("x", 3),)), TaskSpec("a"))))
    run_id = bench.trigger("d")
    end_all(bench, m_1="fail_now")
    told = clear(bench, run_id, only_failed=True)
    assert told["runs"][0]["tasks"] == [["m", 1, "failed"]]


def test_a_run_goes_on_with_the_current_code_if_that_is_asked(bench: Bench) -> None:
    bench.declare(CHAIN)
    run_id = bench.trigger("d")
    end_all(bench, b="fail_now")
    bench.files.changed({"/dags/one.py"})
    bench.files.pump()
    newer = DagSpec("d", tasks=(*CHAIN.tasks[:2], TaskSpec("e", upstream=("b",))))
    bench.loaded([newer], "v2")
    clear(bench, run_id, "b", downstream=True)
    assert bench.executor.starts[-1].source["version"] == "v1"
    end_all(bench, b="fail_now")
    clear(bench, run_id, "b", downstream=True, current_code=True)
    assert bench.executor.starts[-1].source["version"] == "v2"
    end_all(bench)
    assert bench.run_state("d", run_id) == "success"
    assert bench.states("d", run_id)["e"] == "success"


def test_a_fail_fast_run_goes_on_in_spite_of_what_is_left_failed(bench: Bench) -> None:
    tasks = (TaskSpec("a"), TaskSpec("b"), TaskSpec("c", upstream=("a",)))
    bench.declare(DagSpec("d", tasks=tasks, fail_fast=True))
    run_id = bench.trigger("d")
    bench.turn(bench.ended(1, "failed"), bench.ended(2, "failed"))
    assert bench.run_state("d", run_id) == "failed"
    clear(bench, run_id, "a", downstream=True)
    bench.start()
    bench.settle(3)
    bench.turn(bench.ended(3))
    assert bench.states("d", run_id) == {"a": "success", "b": "failed", "c": "starting"}


@pytest.mark.parametrize(
    ("run_id", "tasks", "error", "words"),
    [
        ("none", (), NotFound, "There is no run 'none'"),
        (None, ("zzz",), UnknownTask, "has no task 'zzz'"),
        (None, ("a[1]",), Refused, "not mapped"),
    ],
)
def test_what_is_not_there_is_refused_in_a_sentence(
    bench: Bench, run_id: str | None, tasks: tuple[str, ...], error: type[Exception], words: str
) -> None:
    bench.declare(CHAIN)
    made = bench.trigger("d")
    with pytest.raises(error, match=words):
        clear(bench, run_id or made, *tasks)


def test_a_run_that_is_being_cancelled_is_not_cleared(bench: Bench) -> None:
    bench.declare(CHAIN)
    run_id = bench.trigger("d")
    run = next(iter(bench.engine.world.runs.values()))
    bench.turn(do=lambda turn: bench.engine.cancel_run(run, "cancelled by bob", turn))
    with pytest.raises(Refused, match="being ended: cancelled by bob"):
        clear(bench, run_id, "a")
