"""Deadlines and SLAs: noticed at their moment, written and told once, whatever dies meanwhile."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest

from venturi.core.due import Deadline, Deadlines
from venturi.core.spec import DagSpec, TaskSpec
from venturi.core.states import DeadlineState
from venturi.executors.base import Connected, Disconnected
from venturi.store.rows import CallRow, DeadlineRow

from .conftest import Bench
from .test_commands import tell
from .test_schedules import at, go_to, serve

HOUR = 3600.0
QUEUED = {"reference_type": "DagRunQueuedAtDeadline"}
DATE = {"reference_type": "DagRunLogicalDateDeadline"}
CALLBACK = {"kind": "AsyncCallback", "path": "m.late", "kwargs": {}}


def alert(reference: dict[str, Any], after_s: float, **more: Any) -> dict[str, Any]:
    return {"reference": reference, "interval": {"every_s": after_s}, "callback": CALLBACK, **more}


def dag(*deadlines: dict[str, Any], **more: Any) -> DagSpec:
    return DagSpec("d", **{"tasks": (TaskSpec("a"),), "deadlines": deadlines, **more})


def kept(bench: Bench, run_id: str, dag_id: str = "d") -> list[DeadlineRow]:
    with bench.store.reader() as reader:
        run = reader.run(dag_id, run_id)
        assert run is not None
        return reader.deadlines(run.id)


def states(bench: Bench, run_id: str) -> list[str]:
    return [row.state for row in kept(bench, run_id)]


def calls(bench: Bench, run_id: str, dag_id: str = "d") -> list[CallRow]:
    with bench.store.reader() as reader:
        run = reader.run(dag_id, run_id)
        assert run is not None
        return reader.calls(run.id)


def begun(bench: Bench, spec: DagSpec) -> str:
    """A run whose first task is at work."""
    bench.declare(spec)
    run_id = bench.trigger("d")
    bench.turn()
    for token in list(bench.engine.world.by_token):
        bench.turn(bench.started(token))
    return run_id


def end_all(bench: Bench, outcome: str = "success") -> None:
    for token in list(bench.engine.world.by_token):
        bench.turn(bench.ended(token, outcome))


def test_a_run_that_succeeds_in_time_has_met_its_deadline_and_calls_nobody(bench: Bench) -> None:
    run_id = begun(bench, dag(alert(QUEUED, HOUR)))
    assert states(bench, run_id) == ["due"]
    assert bench.engine.next_timer() == bench.now + HOUR
    bench.now += 60
    end_all(bench)
    assert bench.run_state("d", run_id) == "success"
    assert states(bench, run_id) == ["met"]
    go_to(bench, bench.now + 2 * HOUR)
    assert calls(bench, run_id) == []


def test_a_miss_is_noticed_at_its_moment_and_told_once(bench: Bench) -> None:
    run_id = begun(bench, dag(alert(QUEUED, HOUR, name="soon")))
    queued = bench.now
    go_to(bench, queued + HOUR - 1)
    assert states(bench, run_id) == ["due"]
    go_to(bench, queued + HOUR)
    (row,) = kept(bench, run_id)
    (call,) = calls(bench, run_id)
    assert (row.state, row.due_at, row.at, row.call) == ("missed", queued + HOUR, queued + HOUR, call.id)
    assert (call.kind, call.state, call.task_id) == ("deadline", "starting", "")
    told = json.loads(bench.executor.starts[-1].context)
    assert (told["call"]["kind"], told["call"]["of_run"], told["task_id"]) == ("deadline", True, "a")
    assert told["call"]["state"] == "running"
    assert told["call"]["deadline"]["due_at"] == queued + HOUR
    assert told["call"]["deadline"]["alert"]["name"] == "soon"
    bench.turn(bench.ended(call.token))
    end_all(bench)
    go_to(bench, queued + 5 * HOUR)
    assert [c.id for c in calls(bench, run_id)] == [call.id]
    with bench.store.reader() as reader:
        events = [e.data for e in reader.events_after(0) if e.kind == "deadline_missed"]
    assert events == [{"n": 0, "kind": "deadline", "due_at": queued + HOUR}]


def test_each_reference_counts_from_its_own_moment(bench: Bench) -> None:
    fixed = {"reference_type": "FixedDatetimeDeadline", "datetime": 1_800_000_000.0}
    own = {"reference_type": "Mine"}
    bench.declare(dag(alert(DATE, 60.0), alert(QUEUED, 120.0), alert(fixed, -30.0), alert(own, 0.0)))
    run_id = bench.trigger("d", date="2023-11-14T00:00:00+00:00")
    assert [(row.due_at, row.is_length) for row in kept(bench, run_id)] == [
        (at("2023-11-14T00:01"), False),
        (bench.now + 120.0, True),
        (1_800_000_000.0 - 30.0, False),
        (None, False),
    ]
    assert states(bench, run_id)[3] == "unknown"
    assert "class of the author's own" in kept(bench, run_id)[3].detail["problem"]


def test_an_average_counts_once_there_are_enough_runs(bench: Bench) -> None:
    average = {"reference_type": "AverageRuntimeDeadline", "max_runs": 3, "min_runs": 2}
    bench.declare(dag(alert(average, 10.0)))
    for takes in (100.0, 200.0):
        run_id = bench.trigger("d")
        assert kept(bench, run_id) == []
        bench.turn()
        bench.now += takes
        end_all(bench)
    run_id = bench.trigger("d")
    assert [row.due_at for row in kept(bench, run_id)] == [pytest.approx(bench.now + 160.0)]


def test_the_length_may_come_from_a_variable_that_is_read_as_the_run_is_made(bench: Bench) -> None:
    spec = dag({"reference": QUEUED, "interval": {"variable": "most_s"}, "callback": CALLBACK})
    bench.declare(spec)
    assert kept(bench, bench.trigger("d"))[0].detail["problem"].endswith("is not there")
    bench.store.variable_set("most_s", "90")
    assert kept(bench, bench.trigger("d"))[0].due_at == bench.now + 90.0
    bench.store.variable_set("most_s", "soon")
    (row,) = kept(bench, bench.trigger("d"))
    assert (row.state, row.due_at) == ("unknown", None)
    assert "no whole number" in row.detail["problem"]


def test_a_deadline_that_has_passed_before_the_run_is_made_is_missed_at_once(bench: Bench) -> None:
    run_id = begun(bench, dag(alert(DATE, -HOUR)))
    bench.turn()
    assert states(bench, run_id) == ["missed"]
    assert len(calls(bench, run_id)) == 1


def test_a_run_that_has_failed_is_not_there_in_time(bench: Bench) -> None:
    run_id = begun(bench, dag(alert(QUEUED, HOUR)))
    end_all(bench, "failed")
    assert (bench.run_state("d", run_id), states(bench, run_id)) == ("failed", ["due"])
    bench.start()  # and a new engine knows of it too
    bench.settle()
    go_to(bench, bench.now + HOUR)
    assert states(bench, run_id) == ["missed"]
    told = json.loads(bench.executor.starts[-1].context)
    assert told["call"]["state"] == "failed"


def test_what_counts_from_the_beginning_of_a_run_counts_anew_when_it_is_cleared_unless_it_was_missed(
    bench: Bench,
) -> None:
    began = bench.now
    run_id = begun(bench, dag(alert(QUEUED, HOUR), alert(QUEUED, 60.0), alert(DATE, HOUR)))
    go_to(bench, began + 100.0)
    end_all(bench)
    assert states(bench, run_id) == ["met", "missed", "met"]
    bench.now = began + 200.0
    assert tell(bench, "clear", dag_id="d", run_id=run_id)["ok"]
    assert states(bench, run_id) == ["due", "missed", "met"]
    assert kept(bench, run_id)[0].due_at == began + 200.0 + HOUR
    go_to(bench, began + 200.0 + HOUR)
    assert states(bench, run_id) == ["missed", "missed", "met"]
    assert len(calls(bench, run_id)) == 2


def test_what_has_ended_in_time_while_no_engine_was_there_has_met_its_deadline(bench: Bench) -> None:
    run_id = begun(bench, dag(alert(QUEUED, HOUR)))
    (token,) = bench.engine.world.by_token
    bench.now += 60
    in_time = bench.ended(token)
    bench.now += 5 * HOUR
    bench.start()
    assert states(bench, run_id) == ["due"]  # nothing is called missed before the crew has told
    bench.turn(in_time)
    bench.settle(token)
    assert (bench.run_state("d", run_id), states(bench, run_id)) == ("success", ["met"])
    assert calls(bench, run_id) == []


def test_what_was_missed_while_no_engine_was_there_is_missed_when_one_is(bench: Bench) -> None:
    run_id = begun(bench, dag(alert(QUEUED, HOUR)))
    (token,) = bench.engine.world.by_token
    bench.now += 2 * HOUR
    late = bench.ended(token)
    bench.now += HOUR
    bench.start()
    bench.turn(late)
    bench.settle(token)
    assert (bench.run_state("d", run_id), states(bench, run_id)) == ("success", ["missed"])
    assert len(calls(bench, run_id)) == 1


def test_an_engine_that_dies_after_the_miss_tells_it_once_all_the_same(bench: Bench) -> None:
    run_id = begun(bench, dag(alert(QUEUED, HOUR)))
    (token,) = bench.engine.world.by_token
    bench.turn(Disconnected("killed"))
    bench.now += 2 * HOUR
    bench.turn()
    assert states(bench, run_id) == ["due"]
    bench.turn(Connected(4, {token: (1, bench.now)}, set()))
    bench.settle(token)
    (call,) = calls(bench, run_id)
    bench.start()
    bench.settle(token)  # the crew never heard of the call: it is due again, as the same one
    assert [(c.id, c.state) for c in calls(bench, run_id)] == [(call.id, "starting")]
    assert states(bench, run_id) == ["missed"]


def test_a_length_passes_as_it_would_have_when_the_clock_is_set_and_a_date_goes_by_the_clock(bench: Bench) -> None:
    bench.declare(dag(alert(QUEUED, HOUR), alert(DATE, HOUR)))
    run_id = bench.trigger("d")
    was = bench.now
    bench.now += 1800.0
    bench.engine.clock_set(1800.0)
    bench.turn()
    assert [row.due_at for row in kept(bench, run_id)] == [was + HOUR + 1800.0, was + HOUR]
    bench.start()
    bench.settle()
    go_to(bench, was + HOUR)
    assert states(bench, run_id) == ["due", "missed"]
    go_to(bench, was + HOUR + 1800.0)
    assert states(bench, run_id) == ["missed", "missed"]


def test_deadlines_keep_their_order_and_what_is_replaced_does_not_count() -> None:
    made = Deadlines()
    for n, due in enumerate((30.0, 10.0, 20.0)):
        made.add(Deadline(1, n, "deadline", due, False))
    made.add(Deadline(1, 1, "deadline", 40.0, True))
    made.remove(made.of_run(1)[2])
    assert [made.next_at(), [one.n for one in made.passed(35.0)]] == [30.0, [0]]
    made.remove(made.of_run(1)[0])
    made.shift(-20.0)
    assert made.next_at() == 20.0


# ── SLAs ─────────────────────────────────────────────────────────────────────────────────────────────────


def daily(*tasks: TaskSpec, **more: Any) -> DagSpec:
    made = DagSpec("d", tasks=tasks, schedule="@daily", data_intervals=True, start_date="2023-11-13T00:00:00+00:00")
    return replace(made, calls=("sla",), **more)


def scheduled(bench: Bench) -> str:
    with bench.store.reader() as reader:
        return reader.runs("d", limit=1)[0].run_id


def test_an_sla_counts_from_the_end_of_the_interval_and_tells_all_that_is_late_together(bench: Bench) -> None:
    bench.now = at("2023-11-13T12:00")
    tasks = (TaskSpec("a", sla_s=HOUR), TaskSpec("b", sla_s=HOUR), TaskSpec("c", upstream=("a",), sla_s=HOUR))
    serve(bench, daily(*tasks, TaskSpec("free")))
    go_to(bench, at("2023-11-14T00:00"))
    run_id = scheduled(bench)
    assert [(r.kind, r.due_at) for r in kept(bench, run_id)] == [("sla", at("2023-11-14T01:00"))]
    (b,) = (t for t, known in bench.engine.world.by_token.items() if known[0].plan.tasks[known[1]].task_id == "b")
    bench.turn(bench.ended(b))
    go_to(bench, at("2023-11-14T00:59"))
    assert calls(bench, run_id) == []
    go_to(bench, at("2023-11-14T01:00"))
    (row,), (call,) = kept(bench, run_id), calls(bench, run_id)
    assert (row.state, row.detail, call.kind) == ("missed", {"sla_s": HOUR, "tasks": ["a", "c"]}, "sla")
    told = json.loads(bench.executor.starts[-1].context)["call"]
    assert [(s["task_id"], s["run_id"], s["logical_date"]) for s in told["slas"]] == [
        ("a", run_id, at("2023-11-13T00:00")),
        ("c", run_id, at("2023-11-13T00:00")),
    ]
    assert [(b["task_id"], b["state"]) for b in told["blocking"]] == [("a", "starting"), ("free", "starting")]
    go_to(bench, at("2023-11-14T05:00"))
    assert len(calls(bench, run_id)) == 1


def test_nobody_is_called_where_no_callback_and_no_address_is_but_it_is_written(bench: Bench) -> None:
    bench.now = at("2023-11-13T12:00")
    serve(bench, replace(daily(TaskSpec("a", sla_s=HOUR)), calls=()))
    go_to(bench, at("2023-11-14T02:00"))
    (row,) = kept(bench, scheduled(bench))
    assert (row.state, row.call, calls(bench, scheduled(bench))) == ("missed", None, [])


def test_a_task_with_an_address_makes_a_call_of_its_sla(bench: Bench) -> None:
    bench.now = at("2023-11-13T12:00")
    serve(bench, replace(daily(TaskSpec("a", sla_s=HOUR, calls=("sla",))), calls=()))
    go_to(bench, at("2023-11-14T02:00"))
    assert [c.kind for c in calls(bench, scheduled(bench))] == ["sla"]


def test_a_run_by_hand_has_no_sla(bench: Bench) -> None:
    bench.declare(daily(TaskSpec("a", sla_s=HOUR)))
    assert kept(bench, bench.trigger("d")) == []


def test_tasks_that_are_done_or_skipped_in_time_have_met_their_sla(bench: Bench) -> None:
    bench.now = at("2023-11-13T12:00")
    serve(bench, daily(TaskSpec("a", sla_s=HOUR), TaskSpec("b", sla_s=HOUR), TaskSpec("slow")))
    go_to(bench, at("2023-11-14T00:00"))
    for token, (run, number, *_) in list(bench.engine.world.by_token.items()):
        if run.plan.tasks[number].task_id != "slow":
            bench.turn(bench.ended(token, "success" if run.plan.tasks[number].task_id == "a" else "skipped"))
    go_to(bench, at("2023-11-14T02:00"))
    assert (states(bench, scheduled(bench)), calls(bench, scheduled(bench))) == (["met"], [])


def test_a_task_that_has_ended_late_while_no_engine_was_there_has_missed_its_sla(bench: Bench) -> None:
    bench.now = at("2023-11-13T12:00")
    serve(bench, daily(TaskSpec("a", sla_s=HOUR), TaskSpec("b", sla_s=HOUR), TaskSpec("slow")))
    go_to(bench, at("2023-11-14T00:00"))
    tokens = {known[0].plan.tasks[known[1]].task_id: token for token, known in bench.engine.world.by_token.items()}
    bench.now = at("2023-11-14T00:30")
    ends = [bench.ended(tokens["a"])]
    bench.now = at("2023-11-14T02:00")
    ends.append(bench.ended(tokens["b"]))
    bench.now = at("2023-11-14T03:00")
    bench.start()
    bench.turn(*ends)
    bench.settle(*tokens.values())
    (row,) = kept(bench, scheduled(bench))
    assert (row.state, row.detail["tasks"]) == (DeadlineState.MISSED.value, ["b"])


def test_the_slas_of_dates_that_are_made_up_for_together_are_told_together(bench: Bench) -> None:
    bench.now = datetime(2023, 11, 16, 12, tzinfo=timezone.utc).timestamp()
    serve(bench, daily(TaskSpec("a", sla_s=HOUR), catchup=True))
    bench.turn()
    with bench.store.reader() as reader:
        made = reader.runs("d")
        called = [call for run in made for call in reader.calls(run.id)]
        rows = [row for run in made for row in reader.deadlines(run.id)]
    assert len(made) == 3
    assert [row.state for row in rows] == ["missed"] * 3
    assert {row.call for row in rows} == {called[0].id}
    assert (len(called), called[0].run) == (1, made[0].id)
    assert len(called[0].detail["slas"]) == 3
