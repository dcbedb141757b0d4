"""Moments and other runs are waited for by the engine itself: no host is told, and each comes once."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

from venturi.core.spec import DagSpec, GroupSpec, TaskSpec
from venturi.executors.base import Connected, Ended
from venturi.wire.values import encode

from .conftest import Bench

_EXTERNAL = "airflow.providers.standard.triggers.external_task"
ONE = DagSpec("d", tasks=(TaskSpec("t"), TaskSpec("end", upstream=("t",))))
OTHER = DagSpec(
    "other",
    tasks=(TaskSpec("a", group_id="g"), TaskSpec("b", upstream=("a",), group_id="g")),
    groups=(GroupSpec("g"),),
)


def date(at: float) -> dict[str, Any]:
    return json.loads(encode(datetime.fromtimestamp(at, timezone.utc)).data)


def deferred(bench: Bench, token: int, trigger: str, timeout_s: float | None = None, **told: Any) -> Ended:
    wait = {"trigger": trigger, "method": "go_on", "timeout_s": timeout_s}
    return Ended(token, "deferred", bench.now, {"wait": wait}, json.dumps({"trigger": told, "method": {}}).encode())


def moment(bench: Bench, token: int, in_s: float, **more: Any) -> Ended:
    name = "airflow.providers.standard.triggers.temporal.DateTimeTrigger"
    return deferred(bench, token, name, moment=date(bench.now + in_s), **more)


def event(bench: Bench) -> Any:
    with bench.store.reader() as reader:
        kept = reader.deferral(1, "t", -1)
        return None if kept is None or kept.event is None else json.loads(kept.event)


def test_a_moment_is_a_time_of_the_engines_own(bench: Bench) -> None:
    bench.declare(ONE)
    run_id = bench.trigger("d")
    bench.turn(moment(bench, 1, 10.0))
    assert bench.executor.watches == []
    assert bench.engine.next_timer() == bench.now + 10.0
    bench.now += 9.9
    bench.turn()
    assert bench.states("d", run_id) == {"t": "deferred"}
    bench.now += 0.1
    bench.turn()
    assert event(bench)["kind"] == "event"
    assert [start.token for start in bench.executor.starts] == [1, 2]
    assert bench.engine.next_timer() is None


def test_what_leaves_nothing_to_be_run_ends_without_an_attempt(bench: Bench) -> None:
    bench.declare(ONE)
    run_id = bench.trigger("d")
    bench.turn(moment(bench, 1, 10.0, end_from_trigger=True))
    bench.now += 10.0
    bench.turn()
    assert bench.states("d", run_id) == {"t": "success", "end": "starting"}
    with bench.store.reader() as reader:
        (row,) = [row for row in reader.instances(1).rows if row.task_id == "t"]
        assert (row.try_number, row.ended_at) == (1, bench.now)
        assert reader.deferral(1, "t", -1) is None


def test_assets_that_it_makes_are_told_by_an_attempt(bench: Bench) -> None:
    made = ({"asset": {"name": "a", "uri": "a", "extra": {}}},)
    bench.declare(DagSpec("d", tasks=(TaskSpec("t", outlets=made),)))
    bench.trigger("d")
    bench.turn(moment(bench, 1, 0.0, end_from_trigger=True))
    bench.turn()
    assert [start.token for start in bench.executor.starts] == [1, 2]


def test_a_moment_that_went_by_while_there_was_no_engine_has_come(bench: Bench) -> None:
    bench.declare(ONE)
    bench.trigger("d")
    bench.turn(moment(bench, 1, 10.0))
    bench.now += 60.0
    bench.start()
    bench.turn(Connected(4, {}, set()))
    bench.settle()
    bench.turn()
    assert event(bench)["kind"] == "event"


def other(bench: Bench, token: int, **told: Any) -> Ended:
    return deferred(bench, token, f"{_EXTERNAL}.WorkflowTrigger", external_dag_id="other", **told)


def wait_for_other(bench: Bench, **told: Any) -> None:
    """Run `d` waits for a run of `other` that is not there yet; then there is one."""
    bench.declare(ONE)
    bench.declare(OTHER, file="/dags/two.py", version="v2")
    bench.trigger("d")
    bench.turn(other(bench, 1, logical_dates=[date(bench.now)], **told))
    bench.turn()
    assert bench.executor.watches == []
    assert event(bench) is None
    bench.trigger("other")


def test_a_task_of_a_run_that_is_made_later_is_told_by_its_commit(bench: Bench) -> None:
    wait_for_other(bench, external_task_ids=["a"], allowed_states=["success"])
    assert event(bench) is None
    bench.turn(bench.ended(2))
    bench.turn()
    assert event(bench) == {"kind": "event", "payload": {"status": "success"}}


def test_a_group_is_there_when_all_of_it_is(bench: Bench) -> None:
    wait_for_other(bench, external_task_group_id="g", allowed_states=["success"])
    bench.turn(bench.ended(2))
    bench.turn()
    assert event(bench) is None
    bench.turn(bench.ended(3))
    bench.turn()
    assert event(bench)["payload"] == {"status": "success"}


def test_a_whole_dag_may_fail(bench: Bench) -> None:
    wait_for_other(bench, allowed_states=["success"], failed_states=["failed"], end_from_trigger=True)
    bench.turn(bench.ended(2, "failed"))
    bench.turn()
    assert event(bench)["payload"] == {"status": "failed"}


def test_it_has_come_already_when_the_task_begins_to_wait(bench: Bench) -> None:
    bench.declare(ONE)
    bench.declare(OTHER, file="/dags/two.py", version="v2")
    run_id = bench.trigger("other")
    bench.turn(bench.ended(1))
    bench.turn(bench.ended(2))
    bench.trigger("d")
    bench.turn(other(bench, 3, run_ids=[run_id], allowed_states=["success"]))
    bench.turn()
    with bench.store.reader() as reader:
        kept = reader.deferral(2, "t", -1)
        assert kept is not None
        assert json.loads(str(kept.event))["payload"] == {"status": "success"}


def test_all_that_await_the_same_are_one_look_and_leave_nothing_behind(bench: Bench) -> None:
    bench.declare(DagSpec("d", tasks=tuple(TaskSpec(f"t{n}") for n in range(3))))
    bench.declare(OTHER, file="/dags/two.py", version="v2")
    run_id = bench.trigger("d")
    same = {"logical_dates": [date(bench.now)], "external_task_ids": ["a"], "end_from_trigger": True}
    bench.turn(*(other(bench, token, **same) for token in (1, 2, 3)))
    assert len(bench.engine.conditions._groups) == 1
    bench.trigger("other")
    bench.turn(bench.ended(4))
    bench.turn()
    assert bench.run_state("d", run_id) == "success"
    left = bench.engine.conditions
    assert (left._groups, left._by_dag, left._group_of, left._at) == ({}, {}, {}, {})
