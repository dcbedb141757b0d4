"""One exact sentence for every state: what it waits for or how it ended, and what will change it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from venturi.core.errors import NotFound
from venturi.core.resources import Machine
from venturi.core.spec import DagSpec, MapSource, TaskSpec
from venturi.core.step import Turn
from venturi.core.why_dag import DagFacts, of_dag
from venturi.engine.making import Wanted, make_run
from venturi.engine.whys import NO_ENGINE, answer, known_without
from venturi.executors.base import Asked, Disconnected, Loaded

from .conftest import Bench
from .test_asset_runs import asset, produce, said
from .test_commands import tell

Told = dict[str, Any]
TABLE: list[tuple[str, str, str, Callable[[Bench], Told]]] = []


def row(code: str, sentence: str) -> Callable[[Callable[[Bench], Told]], Callable[[Bench], Told]]:
    def add(stage: Callable[[Bench], Told]) -> Callable[[Bench], Told]:
        TABLE.append((stage.__name__, code, sentence, stage))
        return stage

    return add


def ask(bench: Bench, *words: str, dag: str = "d") -> Told:
    names = ("run_id", "task")
    return tell(bench, "why", dag_id=dag, **dict(zip(names, words, strict=False)))


def known(bench: Bench, **more: Any) -> None:
    """A DAG whose file is in a folder of ours."""
    bench.files.want("/dags/one.py", lambda state, turn: None)
    bench.files.files["/dags/one.py"].ad_hoc = False
    bench.files.pump()
    bench.loaded([DagSpec("d", tasks=(TaskSpec("a"),), **more)])


def a_run(bench: Bench, *tasks: TaskSpec, run_id: str = "r", **more: Any) -> str:
    bench.declare(DagSpec("d", file="/dags/one.py", tasks=tasks, **more))
    return bench.trigger("d", run_id=run_id)


def token_of(bench: Bench, task_id: str, map_index: int = -1) -> int:
    return next(
        token
        for token, (run, number, at, _) in bench.engine.world.by_token.items()
        if run.plan.tasks[number].task_id == task_id and at == map_index
    )


def end(bench: Bench, task_id: str, outcome: str = "success", map_index: int = -1, **detail: Any) -> None:
    bench.turn(bench.ended(token_of(bench, task_id, map_index), outcome, **detail))


BROKE = {"type": "ValueError", "message": "bad thing", "file": "/dags/train.py", "line": 88}
AFTER = TaskSpec("b", upstream=("a",))


# ── DAGs ─────────────────────────────────────────────────────────────────────────────────────────────────


@row("no_schedule", "It has no schedule. Start a run with: venturi trigger d")
def a_dag_without_a_schedule(bench: Bench) -> Told:
    known(bench)
    return ask(bench)


@row(
    "ad_hoc",
    "DAG d was run by hand from /dags/one.py, which is in no folder of DAG files: nothing else "
    "starts it. The newest, r, has succeeded.",
)
def a_dag_that_was_run_by_hand(bench: Bench) -> Told:
    a_run(bench, TaskSpec("a"))
    end(bench, "a")
    return ask(bench)


@row("no_schedule", "It has no schedule. The newest, r, has failed. Start a run with: venturi trigger d")
def a_dag_whose_last_run_has_failed(bench: Bench) -> Told:
    known(bench)
    bench.trigger("d", run_id="r")
    end(bench, "a", "failed", error=BROKE)
    return ask(bench)


@row("scheduled", "Its first run begins in 107 min (2023-11-15 00:00:00 UTC), daily at 00:00 UTC.")
def a_dag_with_a_schedule(bench: Bench) -> Told:
    known(bench, schedule="@daily", start_date="2023-11-14T00:00:00+00:00", data_intervals=True)
    return ask(bench)


@row(
    "running",
    "Its run scheduled__2023-11-01T00:00:00+00:00: it runs: 0 of 1 tasks are done, at work: a. By its schedule more "
    "are due: the next is made when one of its unfinished runs ends.",
)
def a_dag_that_catches_up_as_its_runs_end(bench: Bench) -> Told:
    known(bench, schedule="@daily", start_date="2023-11-01T00:00:00+00:00", catchup=True, max_active_runs=1)
    return ask(bench)


@row("assets", "It starts when its assets are there: it waits for asset b (has a since 2023-11-14 22:13 UTC).")
def a_dag_that_waits_for_assets(bench: Bench) -> Told:
    a, b = asset("a"), asset("b")
    known(bench, schedule={"assets": {"all": [a, b]}})
    produce(bench, said("a"))
    return ask(bench)


@row("paused", "DAG d is paused, so that nothing of it starts; 1 run waits (r). Unpause it with: venturi unpause d")
def a_paused_dag(bench: Bench) -> Told:
    bench.declare(DagSpec("d", tasks=(TaskSpec("a"),)))
    tell(bench, "pause", dag_id="d")
    bench.trigger("d", run_id="r")
    return ask(bench)


@row(
    "paused",
    "DAG d is paused, as its newest 2 runs have failed (max_consecutive_failed_dag_runs), so that nothing of it "
    "starts. Unpause it with: venturi unpause d",
)
def a_dag_that_failed_too_often_in_a_row(bench: Bench) -> Told:
    known(bench, max_failed_runs=2)
    for run_id, outcome in (("r", "failed"), ("s", "success"), ("t", "failed"), ("u", "failed")):
        bench.now += 1
        bench.trigger("d", run_id=run_id)
        end(bench, "a", outcome, **({"error": BROKE} if outcome == "failed" else {}))
    return ask(bench)


@row(
    "import_error",
    "Its file /dags/one.py, line 3 cannot be read: '(' was never closed. Its last good version is used until then.",
)
def a_dag_whose_file_is_broken(bench: Bench) -> Told:
    bench.declare(DagSpec("d", tasks=(TaskSpec("a"),)))
    bench.files.changed({"/dags/one.py"})
    bench.files.pump()
    error = {"type": "SyntaxError", "message": "'(' was never closed", "file": "/dags/one.py", "line": 3}
    bench.turn(Loaded(bench.executor.loads[-1][0], b"[]", {}, error))
    return ask(bench)


@row("file_gone", "No file defines DAG d any more; it was last in /dags/one.py. Nothing of it starts.")
def a_dag_whose_file_is_gone(bench: Bench) -> Told:
    bench.declare(DagSpec("d", tasks=(TaskSpec("a"),)))
    bench.turn(do=lambda turn: bench.files._retire("d", turn))
    return ask(bench)


@row(
    "refused",
    "The newest trigger, at 2023-11-14 22:13:20 UTC, was refused: DAG 'd' cannot start with its "
    "parameter 'n': 'many' is not of type 'integer'. Say it with: --conf '{\"n\": …}'. It has no "
    "schedule. Start a run with: venturi trigger d",
)
def a_dag_whose_parameters_were_rejected(bench: Bench) -> Told:
    params = {"n": {"value": 1, "schema": {"type": "integer"}}}
    known(bench, params=params)
    tell(bench, "trigger", dag_id="d", conf={"n": "many"})
    return ask(bench)


@row("running", "Its run r: it runs: 0 of 2 tasks are done, at work: a.")
def a_dag_with_a_run_at_work(bench: Bench) -> Told:
    a_run(bench, TaskSpec("a"), AFTER)
    return ask(bench)


def backfilled(bench: Bench, *tasks: TaskSpec, **given: Any) -> str:
    """A daily DAG whose schedule has not begun, and a backfill of it; the backfill's first run."""
    tasks = tasks or (TaskSpec("a"),)
    bench.declare(DagSpec("d", tasks=tasks, schedule="@daily", start_date="2030-01-01T00:00:00+00:00"))
    bench.turn(do=lambda turn: turn.batch.dag_flags.append(("d", "ad_hoc", False)))
    told = tell(bench, "backfill", **{"dag_id": "d", "from": "2023-10-01", "to": "2023-10-09", "max_active": 2} | given)
    assert told["ok"], told
    bench.turn()
    return "backfill__2023-10-01T00:00:00+00:00"


@row(
    "running",
    "Its run backfill__2023-10-01T00:00:00+00:00: it runs: 0 of 1 tasks are done, at work: a. "
    "Backfill 1: 2 of 9 dates begun, 2 of at most 2 runs unfinished.",
)
def a_dag_with_a_backfill_at_work(bench: Bench) -> Told:
    backfilled(bench)
    return ask(bench)


@row(
    "paused",
    "DAG d is paused, so that nothing of it starts. Unpause it with: venturi unpause d. "
    "Backfill 1 waits until it is unpaused, 0 of 9 dates begun.",
)
def a_paused_dag_with_a_backfill(bench: Bench) -> Told:
    bench.declare(DagSpec("d", tasks=(TaskSpec("a"),)))
    tell(bench, "pause", dag_id="d")
    backfilled(bench)
    return ask(bench)


@row(
    "backfill",
    "Backfill 1 is paused, 2 of 9 dates begun. Go on with it: venturi backfill resume 1. "
    "Nothing says yet when its next run is due. The newest, backfill__2023-10-02T00:00:00+00:00, has succeeded.",
)
def a_dag_with_a_paused_backfill(bench: Bench) -> Told:
    backfilled(bench)
    tell(bench, "backfill_pause", backfill=1)
    for token in list(bench.engine.world.by_token):
        bench.turn(bench.ended(token))
    return ask(bench)


# ── runs ─────────────────────────────────────────────────────────────────────────────────────────────────


@row("paused", "The run waits: DAG d is paused. Unpause it with: venturi unpause d")
def a_run_of_a_paused_dag(bench: Bench) -> Told:
    a_paused_dag(bench)
    return ask(bench, "r")


@row(
    "max_active_runs", "The run waits: DAG d already has 1 of 1 active runs (max_active_runs): r; 1 more is before it."
)
def a_run_that_waits_for_another(bench: Bench) -> Told:
    a_run(bench, TaskSpec("a"), max_active_runs=1)
    for run_id in ("s", "t"):
        bench.trigger("d", run_id=run_id)
    return ask(bench, "t")


@row("running", "It runs: 0 of 5 tasks are done, at work: a0, a1, a2 and 1 more.")
def a_run_at_work(bench: Bench) -> Told:
    a_run(bench, *(TaskSpec(f"a{i}") for i in range(4)), TaskSpec("b", upstream=("a0",)))
    return ask(bench, "r")


@row(
    "up_for_retry",
    "Nothing of it runs, 0 of 2 tasks are done. a: Failed: ValueError: bad thing in train.py:88. Try"
    " 2 of 2 begins in 10 min (2023-11-14 22:23:20 UTC).",
)
def a_run_of_which_nothing_is_at_work(bench: Bench) -> Told:
    a_run(bench, TaskSpec("a", retries=1, retry_delay_s=600), AFTER)
    end(bench, "a", "failed", error=BROKE)
    return ask(bench, "r")


@row("ending", "It is being ended (cancelled by ann): waits for its attempts of a to end.")
def a_run_that_is_being_cancelled(bench: Bench) -> Told:
    a_run(bench, TaskSpec("a"), AFTER)
    tell(bench, "cancel_run", dag_id="d", run_id="r", reason="cancelled by ann")
    return ask(bench, "r")


@row("cancelled", "It was ended at 2023-11-14 22:13:20 UTC: cancelled by ann.")
def a_run_that_was_cancelled(bench: Bench) -> Told:
    a_run_that_is_being_cancelled(bench)
    end(bench, "a", "cancelled", reason="cancelled by ann")
    return ask(bench, "r")


@row("time_limit", "It was ended at 2023-11-14 22:14:21 UTC: its time limit of 60 s (dagrun_timeout) is over.")
def a_run_that_was_out_of_time(bench: Bench) -> Told:
    a_run(bench, TaskSpec("a"), run_timeout_s=60)
    bench.now += 61
    bench.turn()
    end(bench, "a", "cancelled", reason="its time limit of 60 s (dagrun_timeout) is over")
    return ask(bench, "r")


@row(
    "failed",
    "It has failed at 2023-11-14 22:13:20 UTC: a failed: ValueError: bad thing in train.py:88. 2 "
    "tasks after it did not run.",
)
def a_run_that_has_failed(bench: Bench) -> Told:
    a_run(bench, TaskSpec("a"), AFTER, TaskSpec("c", upstream=("b",)))
    end(bench, "a", "failed", error=BROKE)
    return ask(bench, "r")


@row("success", "It has succeeded at 2023-11-14 22:13:20 UTC; 1 of its tasks was skipped.")
def a_run_that_has_succeeded(bench: Bench) -> Told:
    a_run(bench, TaskSpec("a"), AFTER)
    end(bench, "a", skip=["b"])
    return ask(bench, "r")


@row(
    "backfill_paused",
    "The run waits: its backfill 1 is paused. Go on with it: venturi backfill resume 1",
)
def a_run_of_a_paused_backfill(bench: Bench) -> Told:
    run_id = waits_for_its_backfill(bench)
    tell(bench, "unpause", dag_id="d")
    return ask(bench, run_id)


def waits_for_its_backfill(bench: Bench) -> str:
    """Its run is made while the engine cannot begin it."""
    backfilled(bench)

    def again(turn: Turn) -> None:
        engine = bench.engine
        for n in range(2):
            engine.backfills.set_paused(engine.backfills.of_dag("d")[0], True, turn)
            make_run(engine, Wanted("d", "backfill", run_id=f"more{n}", backfill=1), turn)

    bench.turn(do=again)
    return "more0"


@row(
    "backfill",
    "The run waits: backfill 1 already has 2 of 2 active runs: backfill__2023-10-01T00:00:00+00:00, "
    "backfill__2023-10-02T00:00:00+00:00.",
)
def a_run_that_waits_for_its_backfill(bench: Bench) -> Told:
    run_id = waits_for_its_backfill(bench)
    tell(bench, "backfill_resume", backfill=1)
    return ask(bench, run_id)


# ── tasks that wait ──────────────────────────────────────────────────────────────────────────────────────


@row("upstream", "Waits for u1, u2, u3 and 1 more (1 of 5 done); u1 is starting.")
def a_task_that_waits_for_upstreams(bench: Bench) -> Told:
    tasks = [TaskSpec(f"u{i}") for i in range(5)]
    a_run(bench, *tasks, TaskSpec("b", upstream=tuple(t.task_id for t in tasks)))
    end(bench, "u0")
    return ask(bench, "r", "b")


@row("upstream", "Waits for c (0 of 1 done), in the end for a, which has failed and is to be tried again.")
def a_task_far_behind(bench: Bench) -> Told:
    a_run(bench, TaskSpec("a", retries=1), AFTER, TaskSpec("c", upstream=("b",)), TaskSpec("e", upstream=("c",)))
    end(bench, "a", "failed", error=BROKE)
    return ask(bench, "r", "e")


@row("past", "Waits for its past. depends_on_past: a is not done in the run before, one.")
def a_task_that_waits_for_its_past(bench: Bench) -> Told:
    bench.declare(DagSpec("d", tasks=(TaskSpec("a", depends_on_past=True),)))
    bench.trigger("d", run_id="one", date="2026-01-01")
    bench.trigger("d", run_id="two", date="2026-01-02")
    return ask(bench, "two", "a")


@row("pool", "Waits for pool gpu: 1 of 2 slots are free and 2 are needed; in it: d.a.")
def a_task_that_waits_for_a_pool(bench: Bench) -> Told:
    tell(bench, "pool_set", pool="gpu", slots=2)
    a_run(bench, TaskSpec("a", pool="gpu", priority_weight=2), TaskSpec("b", pool="gpu", pool_slots=2))
    return ask(bench, "r", "b")


@row("pool", "Waits for pool p: 0 of 1 slots are free and 1 is needed; in it: d.a.")
def a_task_that_waits_for_a_pool_of_deferred_ones(bench: Bench) -> Told:
    tell(bench, "pool_set", pool="p", slots=1, include_deferred=True)
    a_run(bench, TaskSpec("a", pool="p", priority_weight=2), TaskSpec("b", pool="p"))
    defer(bench, "a")
    return ask(bench, "r", "b")


@row("pool_too_small", "Needs 3 slots of pool gpu, which has only 2 in all. Give it more with: venturi pools set gpu 3")
def a_task_too_wide_for_its_pool(bench: Bench) -> Told:
    tell(bench, "pool_set", pool="gpu", slots=2)
    a_run(bench, TaskSpec("a", pool="gpu", pool_slots=3))
    return ask(bench, "r", "a")


@row(
    "undefined_pool",
    "Waits for the one slot of pool gpuu, which nobody has defined; in it: d.a. Define it with: "
    "venturi pools set gpuu SLOTS",
)
def a_task_in_a_pool_that_nobody_has_defined(bench: Bench) -> Told:
    a_run(bench, TaskSpec("a", pool="gpuu", priority_weight=2), TaskSpec("b", pool="gpuu"))
    return ask(bench, "r", "b")


@row(
    "pool_deadlock",
    "Deadlock: the slots of pool p are held by d.start, waiting for runs that need a slot of it. "
    "Give it more with: venturi pools set p 2",
)
def a_task_that_its_own_starter_keeps_out_of_the_pool(bench: Bench) -> Told:
    tell(bench, "pool_set", pool="p", slots=1)
    bench.declare(DagSpec("child", tasks=(TaskSpec("work", pool="p"),)), "/dags/child.py")
    a_run(bench, TaskSpec("start", pool="p", operator="TriggerDagRunOperator"))
    trigger(bench, token_of(bench, "start"), "child", "c")
    return ask(bench, "c", "work", dag="child")


@row(
    "slots",
    "Waits for a place: all 4 slots of this machine are busy. It starts when a task ends and none comes before it.",
)
def a_task_for_which_there_is_no_slot(bench: Bench) -> Told:
    a_run(bench, *(TaskSpec(f"t{i}", priority_weight=9 - i) for i in range(6)))
    return ask(bench, "r", "t5")


@row("crew", "Waits for the crew of this machine, which does not answer; it is being started again.")
def a_task_without_a_crew(bench: Bench) -> Told:
    bench.declare(DagSpec("d", tasks=(TaskSpec("a"),)))
    bench.turn(Disconnected("gone"))
    bench.trigger("d", run_id="r")
    return ask(bench, "r", "a")


@row("paused", "Waits: DAG d is paused. Unpause it with: venturi unpause d")
def a_task_of_a_dag_that_was_paused_meanwhile(bench: Bench) -> Told:
    a_run(bench, TaskSpec("a"), AFTER)
    tell(bench, "pause", dag_id="d")
    end(bench, "a")
    return ask(bench, "r", "b")


@row("dag_tasks", "Waits: DAG d already runs 1 of 1 tasks at once (max_active_tasks).")
def a_task_beyond_the_limit_of_its_dag(bench: Bench) -> Told:
    a_run(bench, TaskSpec("a", priority_weight=2), TaskSpec("b"), max_active_tasks=1)
    return ask(bench, "r", "b")


@row("run_tasks", "Waits: this run already runs 1 of 1 tasks at once (max_active_tasks).")
def a_task_beyond_the_limit_of_its_run(bench: Bench) -> Told:
    a_run(bench, TaskSpec("a", priority_weight=2), TaskSpec("b"), max_active_tasks=1, limits_each_run=True)
    return ask(bench, "r", "b")


@row("task_in_dag", "Waits: a already runs once, its own limit (max_active_tis_per_dag).")
def a_task_beyond_its_own_limit(bench: Bench) -> Told:
    a_run(bench, TaskSpec("a", max_active_per_dag=1))
    bench.trigger("d", run_id="s")
    return ask(bench, "s", "a")


@row("task_in_run", "Waits: m already runs 2 times at once in this run, its own limit (max_active_tis_per_dagrun).")
def an_instance_beyond_its_own_limit_in_the_run(bench: Bench) -> Told:
    a_run(bench, TaskSpec("m", is_mapped=True, mapped=(MapSource("x", 5),), max_active_per_run=2))
    return ask(bench, "r", "m[3]")


@row(
    "task_in_run",
    "Of its 5 instances: 2 not started, 2 starting, 1 success. [3]: Waits: m already runs 2 times at"
    " once in this run, its own limit (max_active_tis_per_dagrun).",
)
def a_mapped_task(bench: Bench) -> Told:
    a_run(bench, TaskSpec("m", is_mapped=True, mapped=(MapSource("x", 5),), max_active_per_run=2))
    end(bench, "m", map_index=0)
    return ask(bench, "r", "m")


def on_a_machine(bench: Bench, cpus: float = 4, devices: int = 2) -> None:
    bench.engine.world.machine = Machine(cpus, 8000, [str(n) for n in range(devices)])


@row("cpus", "Waits for 2 cores: 1 of 4 cores is free; at work: d.a (3 cores).")
def a_task_that_waits_for_cores(bench: Bench) -> Told:
    on_a_machine(bench)
    a_run(bench, TaskSpec("a", resources={"cpus": 3}, priority_weight=2), TaskSpec("b", resources={"cpus": 2}))
    return ask(bench, "r", "b")


@row("gpus", "Waits for 2 GPUs: 1 of 2 GPUs is free; at work: d.a (GPU 0).")
def a_task_that_waits_for_a_device(bench: Bench) -> Told:
    on_a_machine(bench)
    a_run(bench, TaskSpec("a", resources={"gpus": 1}, priority_weight=2), TaskSpec("b", resources={"gpus": 2}))
    return ask(bench, "r", "b")


@row("gpus", "Waits for 0.5 of a GPU: the most that is free on one is 0.25; at work: d.a (GPU 0).")
def a_task_that_waits_for_a_part_of_a_device(bench: Bench) -> Told:
    on_a_machine(bench, devices=1)
    a_run(bench, TaskSpec("a", resources={"gpus": 0.75}, priority_weight=2), TaskSpec("b", resources={"gpus": 0.5}))
    return ask(bench, "r", "b")


@row(
    "never_fits",
    "Failed at 2023-11-14 22:13:20 UTC: it asks for 3 GPUs, and this machine has 2 GPUs in all: ask "
    "for less in executor_config, or say what there is under [resources] in venturi.toml.",
)
def a_task_that_can_never_fit(bench: Bench) -> Told:
    on_a_machine(bench)
    a_run(bench, TaskSpec("a", resources={"gpus": 3}))
    return ask(bench, "r", "a")


@row("starting", "It is starting (try 1 of 3): its process is being made.")
def a_task_that_starts(bench: Bench) -> Told:
    a_run(bench, TaskSpec("a", retries=2))
    return ask(bench, "r", "a")


@row("running", "It is running since 2023-11-14 22:13:20 UTC (try 1), on GPU 0; its time limit of 90 s ends in 60 s.")
def a_task_that_runs(bench: Bench) -> Told:
    on_a_machine(bench)
    a_run(bench, TaskSpec("a", time_limit_s=90, resources={"gpus": 1}))
    bench.turn(bench.started(token_of(bench, "a")))
    bench.now += 30
    return ask(bench, "r", "a")


@row(
    "up_for_retry", "Failed: ValueError: bad thing in train.py:88. Try 2 of 2 begins in 20 s (2023-11-14 22:23:20 UTC)."
)
def a_task_that_is_to_be_tried_again(bench: Bench) -> Told:
    a_run_of_which_nothing_is_at_work(bench)
    bench.now += 580
    return ask(bench, "r", "a")


@row("up_for_reschedule", "What it waits for is not there yet; it looks again in 55 s (2023-11-14 22:14:15 UTC).")
def a_sensor_that_looks_again(bench: Bench) -> Told:
    a_run(bench, TaskSpec("a", reschedules=True))
    end(bench, "a", "reschedule", wake_at=bench.now + 55)
    return ask(bench, "r", "a")


def defer(bench: Bench, task_id: str, timeout_s: float | None = None) -> None:
    token = token_of(bench, task_id)
    wait = {"trigger": "airflow.triggers.temporal.DateTimeTrigger", "method": "done", "timeout_s": timeout_s}
    report = bench.ended(token, "deferred", wait=wait)
    report.value = b'{"trigger":{},"method":{}}'
    bench.turn(report)


@row(
    "deferred",
    "Deferred: waits for its trigger DateTimeTrigger since 2023-11-14 22:13:20 UTC; it waits no "
    "longer than until 2023-11-14 23:13:20 UTC.",
)
def a_task_that_is_deferred(bench: Bench) -> Told:
    a_run(bench, TaskSpec("a"))
    defer(bench, "a", 3600.0)
    bench.now += 60
    return ask(bench, "r", "a")


# ── tasks that are over ──────────────────────────────────────────────────────────────────────────────────


@row("failed", "Failed at 2023-11-14 22:13:20 UTC (try 2 of 2): ValueError: bad thing in train.py:88.")
def a_task_that_raised(bench: Bench) -> Told:
    a_run(bench, TaskSpec("a", retries=1, retry_delay_s=0))
    end(bench, "a", "failed", error=BROKE)
    bench.turn()
    end(bench, "a", "failed", error=BROKE)
    return ask(bench, "r", "a")


@row(
    "failed",
    "Failed at 2023-11-14 22:13:20 UTC (try 1 of 4), and no retry may follow: ValueError: bad thing in train.py:88.",
)
def a_task_that_allowed_no_retry(bench: Bench) -> Told:
    a_run(bench, TaskSpec("a", retries=3))
    end(bench, "a", "fail_now", error=BROKE)
    return ask(bench, "r", "a")


@row(
    "signal",
    "Failed at 2023-11-14 22:13:20 UTC: it was killed by SIGSEGV (segmentation fault); it held 123 MB at its most.",
)
def a_task_that_a_signal_has_ended(bench: Bench) -> Told:
    a_run(bench, TaskSpec("a"))
    end(bench, "a", "failed", signal=11, reason="It was killed by SIGSEGV (segmentation fault).", peak_mb=123.4)
    return ask(bench, "r", "a")


@row(
    "out_of_memory",
    "Failed at 2023-11-14 22:13:20 UTC: it was killed by SIGKILL: the machine ran out of memory and "
    "the kernel chose it, at a peak of 9000 MB.",
)
def a_task_that_the_kernel_has_chosen(bench: Bench) -> Told:
    a_run(bench, TaskSpec("a"))
    reason = "It was killed by SIGKILL: the machine ran out of memory and the kernel chose it, at a peak of 9000 MB."
    end(bench, "a", "failed", signal=9, reason=reason, peak_mb=9000.0)
    return ask(bench, "r", "a")


@row(
    "memory_limit",
    "Failed at 2023-11-14 22:13:20 UTC: it exceeded its memory limit of 500 MB (512 MB when it was ended).",
)
def a_task_beyond_its_memory_limit(bench: Bench) -> Told:
    a_run(bench, TaskSpec("a"))
    reason = "It exceeded its memory limit of 500 MB (512 MB when it was ended)."
    error = {"type": "MemoryLimitExceeded", "message": reason, "file": None, "line": None}
    end(bench, "a", "failed", signal=9, reason=reason, error=error)
    return ask(bench, "r", "a")


@row(
    "time_limit",
    "Failed at 2023-11-14 22:13:20 UTC: AirflowTaskTimeout: The task exceeded its time limit of 9 s. in t.py:4.",
)
def a_task_beyond_its_time_limit(bench: Bench) -> Told:
    a_run(bench, TaskSpec("a"))
    error = {
        "type": "AirflowTaskTimeout",
        "message": "The task exceeded its time limit of 9 s.",
        "file": "/dags/t.py",
        "line": 4,
    }
    end(bench, "a", "failed", error=error)
    return ask(bench, "r", "a")


@row(
    "lost",
    "It was lost at 2023-11-14 22:13:20 UTC for the 3rd time, which was the last allowed: its "
    "machine went down (gpu-7).",
)
def a_task_that_was_lost_with_its_machine(bench: Bench) -> Told:
    a_run(bench, TaskSpec("a"))
    for _ in range(3):
        end(bench, "a", "lost", reason="Its machine went down (gpu-7).")
        bench.turn()
    return ask(bench, "r", "a")


@row("cancelled", "It was ended at its work at 2023-11-14 22:13:20 UTC: cancelled by ann.")
def a_task_that_was_cancelled_at_work(bench: Bench) -> Told:
    a_run_that_was_cancelled(bench)
    return ask(bench, "r", "a")


@row("run_ended", "Skipped, as its run was ended before it began: cancelled by ann.")
def a_task_that_was_cancelled_before_it_began(bench: Bench) -> Told:
    a_run_that_was_cancelled(bench)
    return ask(bench, "r", "b")


@row("branch", "Skipped: left out by a.")
def a_task_that_a_branch_has_left_out(bench: Bench) -> Told:
    a_run_that_has_succeeded(bench)
    return ask(bench, "r", "b")


@row("rule", "Skipped: under the rule all_success nothing is to be done: b is skipped, a is success.")
def a_task_that_its_rule_has_skipped(bench: Bench) -> Told:
    a_run(bench, TaskSpec("a"), AFTER, TaskSpec("c", upstream=("a", "b")))
    end(bench, "a", skip=["b"])
    return ask(bench, "r", "c")


@row("skipped_itself", "It has skipped itself: nothing new since yesterday.")
def a_task_that_has_skipped_itself(bench: Bench) -> Told:
    a_run(bench, TaskSpec("a"))
    end(bench, "a", "skipped", reason="nothing new since yesterday")
    return ask(bench, "r", "a")


@row("mapped_over_nothing", "Skipped: mapped over nothing.")
def a_task_that_was_mapped_over_nothing(bench: Bench) -> Told:
    a_run(bench, TaskSpec("m", is_mapped=True, mapped=(MapSource("x", 0),)))
    return ask(bench, "r", "m")


@row("upstream_failed", "It did not run because a failed (through b): ValueError: bad thing in train.py:88.")
def a_task_behind_a_failure(bench: Bench) -> Told:
    a_run_that_has_failed(bench)
    return ask(bench, "r", "c")


@row("fail_fast", "Skipped, as its run was ended before it began: a failed, and the DAG fails fast.")
def a_run_that_failed_fast(bench: Bench) -> Told:
    a_run(bench, TaskSpec("a"), TaskSpec("x", upstream=("y",)), TaskSpec("y"), fail_fast=True)
    end(bench, "a", "failed", error=BROKE)
    return ask(bench, "r", "x")


@row("failed", "Of its 3 instances: 1 failed, 2 success. The first: [1], ValueError: bad thing in train.py:88.")
def a_mapped_task_with_a_failed_instance(bench: Bench) -> Told:
    a_run(bench, TaskSpec("m", is_mapped=True, mapped=(MapSource("x", 3),)))
    for index in range(3):
        end(bench, "m", "failed" if index == 1 else "success", index, **({"error": BROKE} if index == 1 else {}))
    return ask(bench, "r", "m")


@row("success", "It has succeeded at 2023-11-14 22:13:32 UTC, after 12 s.")
def a_task_that_has_succeeded(bench: Bench) -> Told:
    a_run(bench, TaskSpec("a"))
    bench.turn(bench.started(token_of(bench, "a")))
    bench.now += 12.3
    end(bench, "a")
    return ask(bench, "r", "a")


@row("not_chosen", "It is no part of this run, for which these tasks alone were chosen: a.")
def a_task_that_was_not_chosen_for_the_run(bench: Bench) -> Told:
    bench.declare(DagSpec("d", tasks=(TaskSpec("a"), TaskSpec("z"))))
    bench.turn(do=lambda turn: make_run(bench.engine, Wanted("d", run_id="r", only=("a",)), turn))
    return ask(bench, "r", "z")


@row(
    "upstream",
    "It was cleared by ann at 2023-11-14 22:13:20 UTC. Waits for a, which is starting (0 of 1 done).",
)
def a_task_that_was_cleared_and_waits(bench: Bench) -> Told:
    a_run_that_has_failed(bench)
    tell(bench, "clear", dag_id="d", run_id="r", tasks=["a"], downstream=True, by="ann")
    return ask(bench, "r", "b")


@row(
    "cleared",
    "It was cleared by ann at 2023-11-14 22:13:20 UTC: its attempt is being ended, and then it runs again.",
)
def a_task_that_was_cleared_at_its_work(bench: Bench) -> Told:
    a_run(bench, TaskSpec("a"))
    tell(bench, "clear", dag_id="d", run_id="r", tasks=["a"], by="ann")
    return ask(bench, "r", "a")


@row(
    "paused",
    "It was resumed by ann at 2023-11-14 22:13:20 UTC. The run waits: DAG d is paused. "
    "Unpause it with: venturi unpause d",
)
def a_run_that_was_resumed_and_waits(bench: Bench) -> Told:
    a_run_that_has_failed(bench)
    tell(bench, "pause", dag_id="d")
    tell(bench, "resume", dag_id="d", run_id="r", by="ann")
    return ask(bench, "r")


@row("marked", "It was marked skipped by ann at 2023-11-14 22:13:20 UTC.")
def a_task_that_was_marked(bench: Bench) -> Told:
    a_run(bench, TaskSpec("a"), AFTER)
    end(bench, "a")
    end(bench, "b")
    tell(bench, "mark", dag_id="d", run_id="r", tasks=["b"], state="skipped", by="ann")
    return ask(bench, "r", "b")


@row(
    "marked",
    "It was marked success by ann at 2023-11-14 22:13:20 UTC: its attempt is being ended, and then it is so.",
)
def a_task_that_was_marked_at_its_work(bench: Bench) -> Told:
    a_run(bench, TaskSpec("a"))
    tell(bench, "mark", dag_id="d", run_id="r", tasks=["a"], state="success", by="ann")
    return ask(bench, "r", "a")


@row("cancelled", "It was ended at 2023-11-14 22:13:20 UTC: marked failed by ann.")
def a_run_that_was_marked(bench: Bench) -> Told:
    a_run(bench, TaskSpec("a"))
    end(bench, "a")
    tell(bench, "mark", dag_id="d", run_id="r", state="failed", by="ann")
    return ask(bench, "r")


def trigger(bench: Bench, token: int, dag_id: str, run_id: str) -> None:
    bench.turn(Asked(token, 1, "trigger", {"dag_id": dag_id, "wanted": {"run_id": run_id}, "n": 1}))


@pytest.mark.parametrize(("name", "code", "sentence", "stage"), TABLE, ids=[name for name, *_ in TABLE])
def test_each_state_has_its_own_sentence(
    bench: Bench, name: str, code: str, sentence: str, stage: Callable[[Bench], Told]
) -> None:
    told = stage(bench)
    assert (told.get("code"), told.get("sentence")) == (code, sentence)


def test_there_are_no_two_states_with_one_sentence() -> None:
    assert len({sentence for _, _, sentence, _ in TABLE}) == len(TABLE) > 50


NOW = 1_700_000_000.0
DAY = 86_400.0


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (
            {"schedule": "@daily", "told": {"next": NOW + 3 * 3600, "words": "daily at 00:00 UTC"}},
            "Its first run begins in 3 h (2023-11-15 01:13:20 UTC), daily at 00:00 UTC.",
        ),
        (
            {
                "schedule": "@daily",
                "told": {"next": NOW + 3 * DAY, "words": "daily at 00:00 UTC"},
                "newest": ("r", "failed"),
            },
            "Its next run begins in 3 days (2023-11-17 22:13:20 UTC), daily at 00:00 UTC. The newest, r, has failed.",
        ),
        (
            {"schedule": "@daily", "told": {"next": NOW, "full": True}},
            "Its next run is due, and is made when one of its unfinished runs ends.",
        ),
        (
            {"schedule": {"class": "m.Own"}, "told": {"problem": "m.Own has not answered for 30 s"}},
            "Its timetable cannot say when the next run is: m.Own has not answered for 30 s.",
        ),
        (
            {"schedule": "@daily", "end_date": "2023-11-01T00:00:00+00:00", "told": {"next": None, "words": "daily"}},
            "No more runs come by its schedule: its end_date 2023-11-01 00:00:00 UTC is over.",
        ),
        (
            {"schedule": {"assets": []}, "assets": "waits for asset b (has a since 2023-11-14)"},
            "It starts when its assets are there: it waits for asset b (has a since 2023-11-14).",
        ),
        (
            {"schedule": "@once", "told": {"next": None, "words": "once"}, "newest": ("r", "success")},
            "No more runs come by its schedule (once). The newest, r, has succeeded.",
        ),
    ],
)
def test_what_starts_the_next_run_is_told(facts: dict[str, Any], sentence: str) -> None:
    assert of_dag(DagFacts("d", NOW, **facts)).sentence == sentence


@pytest.mark.parametrize("name", [name for name, *_ in TABLE])
def test_without_an_engine_it_is_told_from_the_database(bench: Bench, name: str) -> None:
    """The same, with what must come first; what only the memory of an engine knows is left out."""
    *_, stage = next(one for one in TABLE if one[0] == name)
    told = stage(bench)
    known = known_without(bench.store.reader(), bench.config)
    known.world.machine = bench.engine.world.machine
    words = [told[key] for key in ("run_id",) if key in told]
    if "task_id" in told:
        words.append(told["task_id"] if told["map_index"] < 0 else f"{told['task_id']}[{told['map_index']}]")
    said = answer(known, bench.now, told["dag_id"], *words)
    assert said["sentence"].removeprefix(NO_ENGINE) == told["sentence"] or name in (
        "a_task_for_which_there_is_no_slot",  # how many there are it hears from the crew
        "a_task_without_a_crew",
    )
    if told["code"] in ("upstream", "pool", "paused", "deferred", "up_for_retry", "running"):
        assert said["sentence"].startswith(NO_ENGINE)
    assert said["code"] in (told["code"], "no_engine")


def test_a_task_alone_is_asked_of_the_newest_run_and_what_is_not_there_is_said(bench: Bench) -> None:
    a_task_that_waits_for_upstreams(bench)
    assert ask(bench, "b")["sentence"].startswith("Waits for u1, u2, u3")
    assert ask(bench, "r", "m[2]")["code"] == "NotFound"
    assert ask(bench, "nothing")["message"] == ("There is no run or task 'nothing'. The newest run: venturi status d")
    assert ask(bench, "r", "b[1]")["message"] == "There is no instance 'b[1]'. b is not mapped."
    assert ask(bench, dag="e")["message"] == "There is no DAG 'e'. List them with: venturi ls"
    with pytest.raises(NotFound):
        answer(known_without(bench.store.reader(), bench.config), bench.now, "e")
