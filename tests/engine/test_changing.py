"""Clear and resume: what runs again, what stays, and that it holds over a crash at any point."""

from __future__ import annotations

import json
from typing import Any

import pytest

from venturi.core.clearing import Wish
from venturi.core.errors import DatabaseLost, NotFound, Refused, UnknownTask
from venturi.core.spec import DagSpec, GroupSpec, MapSource, TaskSpec
from venturi.core.states import TaskState
from venturi.engine import changing

from .conftest import Bench
from .test_commands import FakeClient, tell

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
        {
            "run_id": run_id,
            "tasks": [["b", -1, "failed", "none"], ["c", -1, "upstream_failed", "none"]],
            "reopened": True,
        }
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


def test_a_callback_that_is_handed_out_again_after_a_clear_is_given_up_in_words(bench: Bench) -> None:
    """What its instance was mapped over is no longer there."""
    mapped = TaskSpec("m", upstream=("a",), is_mapped=True, mapped=(MapSource("x", None, "a"),), calls=("success",))
    bench.declare(DagSpec("d", tasks=(TaskSpec("a"), mapped, TaskSpec("end", upstream=("m",)))))
    run_id = bench.trigger("d")
    bench.turn(bench.ended(1, value=b"[1]", length=1))
    bench.turn(bench.ended(2))
    call = next(start.token for start in bench.executor.starts if "callbacks" in start.what)
    clear(bench, run_id, "a", downstream=True)
    named = {start.token for start in bench.executor.starts} - {1, 2, call}
    bench.start()
    bench.settle(*named)
    bench.turn()
    with bench.store.reader() as reader:
        (kept,) = reader.calls(reader.run("d", run_id).id)  # type: ignore[union-attr]
    assert (kept.state, kept.reason) == (
        "done",
        "its input could not be read: what m was mapped over has been cleared",
    )


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
    assert told["runs"][0]["tasks"] == [["m", 1, "failed", "none"]]


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


# ── mark ──


def mark(bench: Bench, run_id: str, state: str, *tasks: str, **more: Any) -> dict[str, Any]:
    told: list[dict[str, Any]] = []
    wish, wanted = Wish(tasks, **more), TaskState(state)
    bench.turn(do=lambda turn: told.append(changing.mark(bench.engine, turn, "d", run_id, wanted, wish, "ann")))
    return told[0]


def test_what_failed_after_a_task_marked_as_succeeded_runs(bench: Bench) -> None:
    bench.declare(CHAIN)
    run_id = bench.trigger("d")
    end_all(bench, b="fail_now")
    told = mark(bench, run_id, "success", "b")
    assert told["runs"][0]["tasks"] == [["b", -1, "failed", "success"], ["c", -1, "upstream_failed", "none"]]
    assert bench.states("d", run_id) == {"a": "success", "b": "success", "c": "starting"}
    end_all(bench)
    assert bench.run_state("d", run_id) == "success"
    assert starts(bench)[2:] == [("c", -1, 1)]


def test_marking_the_last_task_decides_anew_how_its_run_went_even_of_a_paused_dag(bench: Bench) -> None:
    bench.declare(CHAIN)
    run_id = bench.trigger("d")
    end_all(bench)
    bench.engine.world.dag("d").paused = True
    mark(bench, run_id, "failed", "c")
    assert bench.run_state("d", run_id) == "failed"
    mark(bench, run_id, "skipped", "c")
    assert bench.run_state("d", run_id) == "success"


def test_an_attempt_of_a_marked_task_is_ended_and_what_comes_after_goes_by_the_mark(bench: Bench) -> None:
    bench.declare(CHAIN)
    run_id = bench.trigger("d")
    bench.turn(bench.started(1))
    mark(bench, run_id, "success", "a")
    assert bench.executor.cancels == [(1, "marked success by ann")]
    assert bench.states("d", run_id) == {"a": "running"}
    bench.turn(bench.ended(1, "cancelled"))
    assert bench.states("d", run_id) == {"a": "success", "b": "starting"}


def test_a_mark_on_what_runs_is_kept_over_a_crash(bench: Bench) -> None:
    bench.declare(CHAIN)
    run_id = bench.trigger("d")
    bench.turn(bench.started(1))
    mark(bench, run_id, "skipped", "a")
    bench.start()
    bench.settle(1)
    assert bench.executor.cancels == [(1, "marked skipped by ann")]
    bench.turn(bench.ended(1, "cancelled"))
    assert bench.states("d", run_id) == {"a": "skipped", "b": "skipped", "c": "skipped"}


def test_what_has_not_begun_can_be_marked(bench: Bench) -> None:
    mapped = TaskSpec("m", upstream=("a",), is_mapped=True, mapped=(MapSource("x", None, "a"),))
    bench.declare(DagSpec("d", tasks=(TaskSpec("a"), mapped, TaskSpec("end", upstream=("m",)))))
    run_id = bench.trigger("d")
    mark(bench, run_id, "success", "m")
    bench.turn(bench.ended(1))
    assert bench.states("d", run_id) == {"a": "success", "m": "success", "end": "starting"}


def test_a_mapped_task_is_marked_as_a_whole_or_by_instance(bench: Bench) -> None:
    mapped = TaskSpec("m", is_mapped=True, mapped=(MapSource("x", 6),), max_active_per_run=2)
    bench.declare(DagSpec("d", tasks=(mapped, TaskSpec("end", upstream=("m",)))))
    run_id = bench.trigger("d")
    with pytest.raises(Refused, match=r"m\[5\] has not begun"):
        mark(bench, run_id, "success", "m[5]")
    mark(bench, run_id, "success", "m[1]")
    bench.turn(bench.ended(2, "cancelled"))
    bench.turn(bench.ended(1))
    assert bench.states("d", run_id) == {"m[0]": "success", "m[1]": "success", "m[2]": "starting", "m[3]": "starting"}
    mark(bench, run_id, "success", "m")
    bench.turn(bench.ended(3, "cancelled"), bench.ended(4, "cancelled"))
    states = bench.states("d", run_id)
    assert states == {**{f"m[{i}]": "success" for i in range(4)}, "end": "starting"}
    bench.start()
    bench.settle(5)
    bench.turn(bench.ended(5))
    assert bench.run_state("d", run_id) == "success"


@pytest.mark.parametrize("state", ["skipped", "success"])
def test_a_member_of_a_mapped_group_is_marked_with_those_that_had_not_begun(bench: Bench, state: str) -> None:
    """Else what comes after them, instance by instance, would wait for ever."""
    group = (GroupSpec("g", mapped=(MapSource("x", 3),)),)
    tasks = (
        TaskSpec("u", group_id="g", max_active_per_run=1),
        TaskSpec("v", upstream=("u",), group_id="g"),
    )
    bench.declare(DagSpec("d", tasks=tasks, groups=group))
    run_id = bench.trigger("d")
    assert bench.states("d", run_id) == {"u[0]": "starting"}
    mark(bench, run_id, state, "u")
    bench.turn(bench.ended(1, "cancelled"))
    end_all(bench)
    assert bench.states("d", run_id) == {f"{task}[{i}]": state for task in "uv" for i in range(3)}
    assert bench.run_state("d", run_id) == "success"


def test_a_mark_on_an_instance_lets_its_like_of_a_task_that_has_begun_run(bench: Bench) -> None:
    group = (GroupSpec("g", mapped=(MapSource("x", 2),)),)
    tasks = (TaskSpec("u", group_id="g"), TaskSpec("v", upstream=("u",), group_id="g", priority_weight=9))
    bench.declare(DagSpec("d", tasks=tasks, groups=group, max_active_tasks=1))
    run_id = bench.trigger("d")
    end_all(bench)
    clear(bench, run_id)
    bench.turn(bench.ended(bench.executor.starts[-1].token))
    states = {"u[0]": "success", "u[1]": "none", "v[0]": "starting", "v[1]": "none"}
    assert bench.states("d", run_id) == states
    mark(bench, run_id, "success", "u")
    end_all(bench)
    assert bench.states("d", run_id) == dict.fromkeys(states, "success")
    assert bench.run_state("d", run_id) == "success"


def test_a_whole_run_is_marked(bench: Bench) -> None:
    bench.declare(CHAIN)
    failed = bench.trigger("d", run_id="failed")
    end_all(bench, b="fail_now")
    mark(bench, failed, "success")
    assert bench.run_state("d", failed) == "success"
    assert set(bench.states("d", failed).values()) == {"success"}
    mark(bench, failed, "failed")
    assert bench.run_state("d", failed) == "failed"
    live = bench.trigger("d", run_id="live")
    mark(bench, live, "failed")
    end_all(bench, a="cancelled")
    assert bench.run_state("d", live) == "failed"
    assert bench.states("d", live) == {"a": "failed", "b": "skipped", "c": "skipped"}
    with pytest.raises(Refused, match="Nothing of run"):
        mark(bench, live, "failed")
    with pytest.raises(Refused, match="cannot be skipped"):
        mark(bench, live, "skipped")


# ── the rest ──


def test_a_note_is_kept_with_who_wrote_it_and_replaced_by_the_next(bench: Bench) -> None:
    bench.declare(CHAIN)
    run_id = bench.trigger("d")
    for text, task in (("first", None), ("second", None), ("of a", "a")):
        assert tell(bench, "note", dag_id="d", run_id=run_id, task=task, text=text, by="ann")["ok"]
    with bench.store.reader() as reader:
        run = reader.run("d", run_id)
        assert run is not None
        assert [(n.task_id, n.text, n.by) for n in reader.notes(run.id)] == [
            ("", "second", "ann"),
            ("a", "of a", "ann"),
        ]
    refused = tell(bench, "note", dag_id="d", run_id=run_id, task="zzz", text="x", by="ann")
    assert (refused["ok"], refused["code"]) == (False, "UnknownTask")


def test_tasks_run_alone_in_a_run_of_their_own(bench: Bench) -> None:
    bench.declare(CHAIN)
    said = tell(bench, "trigger", dag_id="d", run_id="alone", tasks=["b"], by="ann")
    assert said["ok"]
    end_all(bench)
    assert bench.states("d", "alone") == {"b": "success"}
    clear(bench, "alone", "b")
    end_all(bench)
    assert (bench.states("d", "alone"), bench.run_state("d", "alone")) == ({"b": "success"}, "success")


def test_two_triggers_with_one_key_in_one_turn_are_one_run(bench: Bench) -> None:
    bench.declare(CHAIN)
    clients = [FakeClient(), FakeClient(), FakeClient()]
    for client, run_id in zip(clients, (None, None, "named"), strict=True):
        head = {"k": "command", "id": 1, "name": "trigger", "dag_id": "d"}
        more = {"run_id": run_id, "idempotency_key": "named" if run_id else "key"}
        bench.commands.handle(client, {**head, **more})  # type: ignore[arg-type]
    again = FakeClient()
    bench.commands.handle(again, {"k": "command", "id": 1, "name": "trigger", "dag_id": "d", "run_id": "named"})  # type: ignore[arg-type]
    bench.turn()
    first, second, third = (client.sent[-1] for client in clients)
    assert first["run_id"] == second["run_id"]
    assert second["existed"] is True
    assert third["run_id"] == "named"
    assert again.sent[-1]["code"] == "run_exists"


def test_a_word_that_waited_in_the_database_is_done_by_the_next_engine(bench: Bench) -> None:
    bench.declare(CHAIN)
    run_id = bench.trigger("d")
    end_all(bench, b="fail_now")
    number = bench.store.put_command("resume", {"dag_id": "d", "run_id": run_id, "by": "ann"})
    other = bench.store.put_command("mark", {"dag_id": "d", "run_id": "none", "tasks": ["a"], "state": "success"})
    bench.start()
    bench.commands.take_waiting(bench.engine.waiting_commands)
    bench.settle()
    assert bench.states("d", run_id)["b"] == "starting"
    with bench.store.reader() as reader:
        done, refused = reader.command(number), reader.command(other)
        assert done is not None
        assert refused is not None
        assert (done.answer["ok"], refused.answer["code"]) == (True, "NotFound")  # type: ignore[index]
        assert reader.waiting_commands() == []
    assert starts(bench) == [("b", -1, 2)]


def test_a_commit_lost_before_a_word_is_done_loses_its_caller_and_changes_nothing(bench: Bench) -> None:
    bench.declare(CHAIN)
    run_id = bench.trigger("d")
    commit, dropped = bench.store.commit, []

    def lost(*_: Any) -> int:
        raise DatabaseLost(reason="gone")

    bench.store.commit = lost  # type: ignore[method-assign]
    bench.commands._let_go = dropped.append  # type: ignore[method-assign]
    client = FakeClient()
    head = {"k": "command", "id": 1, "name": "clear", "dag_id": "d", "run_id": run_id, "tasks": ["a"]}
    bench.commands.handle(client, head)  # type: ignore[arg-type]
    with pytest.raises(DatabaseLost):
        bench.turn(bench.started(1))
    assert (client.sent, dropped) == ([], [client])
    bench.store.commit = commit  # type: ignore[method-assign]
    bench.engine.restart()
    assert bench.states("d", run_id) == {"a": "starting"}


def test_of_the_versions_of_a_dag_only_those_are_kept_in_memory_that_something_needs(bench: Bench) -> None:
    bench.declare(CHAIN)
    bench.trigger("d")
    first = bench.engine.versions.current("d")
    for n in range(2, 6):
        bench.files.changed({"/dags/one.py"})
        bench.files.pump()
        bench.loaded([DagSpec("d", tasks=(*CHAIN.tasks, TaskSpec(f"e{n}")))], f"v{n}")
    newest = bench.engine.versions.current("d")
    assert first is not None
    assert newest is not None
    assert set(bench.engine.versions._rows) == {first.id, newest.id}
    end_all(bench)
    assert bench.run_state("d", next(iter(r.run_id for r in bench.store.reader().runs("d")))) == "success"
