"""Assets that start runs: each event starts each DAG that waits for it once, and nothing is lost on the way."""

from __future__ import annotations

from typing import Any

import pytest

from venturi.core.spec import DagSpec, TaskSpec
from venturi.engine.pausing import set_paused


def asset(name: str) -> dict[str, Any]:
    return {"asset": {"name": name, "uri": f"s3://{name}"}}


def said(name: str, *aliases: str, partition: str | None = None, **extra: Any) -> dict[str, Any]:
    return {**asset(name)["asset"], "extra": extra, "aliases": list(aliases), "partition": partition}


A, B = asset("a"), asset("b")


def consumer(dag_id: str, expression: Any, **more: Any) -> DagSpec:
    return DagSpec(dag_id, tasks=(TaskSpec("t"),), schedule={"assets": expression}, **more)


def declare(bench: Any, *specs: DagSpec, version: str = "v1") -> None:
    """As if files in a folder of ours had been read."""
    for spec in specs:
        file = f"/dags/{spec.dag_id}.py"
        bench.files.want(file, lambda state, turn: None)
        bench.files.files[file].ad_hoc = False
        bench.files.pump()
        bench.loaded([spec], version)


def produce(bench: Any, *events: dict[str, Any]) -> None:
    """A task succeeds and says this of its assets."""
    if bench.engine.versions.current("maker") is None:
        declare(bench, DagSpec("maker", tasks=(TaskSpec("t", outlets=(A, B)),), max_active_runs=100))
    bench.now += 1
    before = len(bench.executor.starts)
    bench.trigger("maker")
    token = next(s.token for s in bench.executor.starts[before:] if s.what.startswith("maker"))
    bench.turn(bench.ended(token, asset_events=list(events)))


def runs(bench: Any, dag_id: str) -> list[Any]:
    with bench.store.reader() as reader:
        return list(reader.runs(dag_id))[::-1]


def consumed(bench: Any, run: Any) -> list[str]:
    with bench.store.reader() as reader:
        return [event["name"] for event in reader.asset_events(dag_id=run.dag_id, run_id=run.run_id)]


def piles(bench: Any, dag_id: str) -> dict[str, int]:
    with bench.store.reader() as reader:
        return {row.name: row.n for row in reader.asset_piles() if row.dag_id == dag_id}


def finish(bench: Any, dag_id: str) -> None:
    for start in [s for s in bench.executor.starts if s.what.startswith(f"{dag_id} ")]:
        bench.turn(bench.ended(start.token))


def test_an_event_starts_every_dag_that_waits_for_it_in_its_own_commit(bench: Any) -> None:
    declare(bench, consumer("one", A), consumer("two", A), consumer("other", B))
    produce(bench, said("a"))
    assert [len(runs(bench, dag_id)) for dag_id in ("one", "two", "other")] == [1, 1, 0]
    (run,) = runs(bench, "one")
    assert (run.run_type, run.logical_date, run.interval_start, run.started_by) == (
        "asset_triggered",
        None,
        None,
        "asset a",
    )
    assert run.run_id.startswith("asset_triggered__2023-11-14T22:13:21+00:00_")
    assert consumed(bench, run) == ["a"]
    assert piles(bench, "one") == {}


def test_a_dag_of_two_assets_starts_once_both_have_come_with_all_their_events(bench: Any) -> None:
    declare(bench, consumer("one", {"all": [A, B]}))
    produce(bench, said("a"))
    produce(bench, said("a"))
    assert runs(bench, "one") == []
    assert piles(bench, "one") == {"a": 2}
    assert bench.engine.assets.waiting("one") == "waits for asset b (has a since 2023-11-14 22:13 UTC)"
    produce(bench, said("b"))
    (run,) = runs(bench, "one")
    assert consumed(bench, run) == ["a", "a", "b"]
    assert bench.engine.assets.waiting("one") == "waits for asset a and asset b"
    produce(bench, said("a"))
    assert len(runs(bench, "one")) == 1


def test_what_waits_is_still_there_after_a_crash(bench: Any) -> None:
    declare(bench, consumer("one", {"all": [A, B]}))
    produce(bench, said("a"))
    bench.start()
    bench.settle()
    assert bench.engine.assets.waiting("one") == "waits for asset b (has a since 2023-11-14 22:13 UTC)"
    produce(bench, said("b"))
    assert consumed(bench, runs(bench, "one")[0]) == ["a", "b"]


def test_a_paused_dag_is_not_started_by_what_came_meanwhile_but_is_told_of_it(bench: Any) -> None:
    declare(bench, consumer("one", A, paused_upon_creation=True))
    produce(bench, said("a"))
    bench.turn(do=lambda turn: set_paused(bench.engine, "one", False, turn))
    assert runs(bench, "one") == []
    assert piles(bench, "one") == {"a": 0}
    produce(bench, said("a"))
    (run,) = runs(bench, "one")
    assert consumed(bench, run) == ["a", "a"]


def test_what_had_come_before_a_dag_was_paused_starts_it_when_it_goes_on(bench: Any) -> None:
    declare(bench, consumer("one", A, max_active_runs=1))
    produce(bench, said("a"))
    produce(bench, said("a"))
    bench.turn(do=lambda turn: set_paused(bench.engine, "one", True, turn))
    finish(bench, "one")
    assert len(runs(bench, "one")) == 1
    assert bench.engine.assets.waiting("one") == "has what it waits for (a since 2023-11-14 22:13 UTC), and is paused"
    bench.turn(do=lambda turn: set_paused(bench.engine, "one", False, turn))
    assert len(runs(bench, "one")) == 2


def test_events_gather_while_the_dag_has_as_many_runs_as_it_may(bench: Any) -> None:
    declare(bench, consumer("one", A, max_active_runs=1))
    for _ in range(4):
        produce(bench, said("a"))
    assert len(runs(bench, "one")) == 1
    assert "already has 1 of 1 unfinished runs" in bench.engine.assets.waiting("one")
    finish(bench, "one")
    assert [consumed(bench, run) for run in runs(bench, "one")] == [["a"], ["a", "a", "a"]]


def test_a_file_of_2x_gets_its_dates_from_the_runs_that_made_the_events(bench: Any) -> None:
    declare(bench, consumer("one", {"all": [A, B]}, data_intervals=True))
    produce(bench, said("a"))
    produce(bench, said("b"))
    first, last = runs(bench, "maker")
    (run,) = runs(bench, "one")
    assert run.run_id == "dataset_triggered__2023-11-14T22:13:22+00:00"
    assert run.logical_date == bench.now
    assert (run.interval_start, run.interval_end) == (first.interval_start, last.interval_end)


def test_two_runs_of_one_moment_have_two_names(bench: Any) -> None:
    declare(bench, consumer("one", A, data_intervals=True))
    produce(bench, said("a"))
    bench.now -= 1
    produce(bench, said("a"))
    assert [run.run_id[-3:] for run in runs(bench, "one")] == [":00", "__2"]


@pytest.mark.parametrize("kept", ["cached", "read anew"])
def test_an_alias_is_whatever_tasks_have_added_to_it(bench: Any, kept: str) -> None:
    declare(bench, consumer("one", {"all": [{"alias": "z"}, A]}))
    produce(bench, said("a"))
    produce(bench, said("b"))  # not by the alias
    assert runs(bench, "one") == []
    if kept == "read anew":
        bench.start()
        bench.settle()
    produce(bench, said("b", "z"))
    assert consumed(bench, runs(bench, "one")[0]) == ["a", "b"]


@pytest.mark.parametrize("ref", [{"name": "a"}, {"uri": "s3://a"}])
def test_a_reference_is_met_by_the_asset_it_names(bench: Any, ref: Any) -> None:
    declare(bench, consumer("one", {"ref": ref}))
    produce(bench, said("b"))
    assert runs(bench, "one") == []
    produce(bench, said("a"))
    assert len(runs(bench, "one")) == 1


def test_a_file_that_waits_for_other_assets_now_forgets_what_it_waited_with(bench: Any) -> None:
    declare(bench, consumer("one", {"all": [A, B]}))
    produce(bench, said("a"))
    declare(bench, consumer("one", B), version="v2")
    assert piles(bench, "one") == {}
    declare(bench, consumer("one", {"all": [A, B]}), version="v3")
    produce(bench, said("b"))
    assert runs(bench, "one") == []


def test_a_file_that_wants_less_now_starts_by_what_there_is(bench: Any) -> None:
    declare(bench, consumer("one", {"all": [A, B]}))
    produce(bench, said("a"))
    declare(bench, consumer("one", {"any": [A, B]}), version="v2")
    assert len(runs(bench, "one")) == 1


def test_a_dag_that_no_file_defines_starts_by_nothing_until_it_is_back(bench: Any) -> None:
    declare(bench, consumer("one", {"all": [A, B]}))
    produce(bench, said("a"))
    bench.turn(do=lambda turn: bench.files._retire("one", turn))
    produce(bench, said("b"))
    assert runs(bench, "one") == []
    bench.files.files["/dags/one.py"].dag_ids = ()
    declare(bench, consumer("one", {"all": [A, B]}), version="v2")
    assert piles(bench, "one") == {"a": 1}
    produce(bench, said("b"))
    assert len(runs(bench, "one")) == 1


def test_an_event_of_a_partition_is_no_word_on_the_whole_asset(bench: Any) -> None:
    declare(bench, consumer("one", A))
    produce(bench, said("a", partition="2026-01-01"))
    assert runs(bench, "one") == []


def test_a_failed_task_starts_nothing(bench: Any) -> None:
    declare(bench, consumer("one", A), DagSpec("m", tasks=(TaskSpec("t", outlets=(A,)),)))
    bench.trigger("m")
    bench.turn(bench.ended(bench.executor.starts[-1].token, "failed", asset_events=[said("a")]))
    assert runs(bench, "one") == []


def test_an_asset_or_a_time_either_starts_it(bench: Any) -> None:
    schedule = {"timetable": "AssetOrTimeSchedule", "assets": A, "time": None}
    declare(bench, DagSpec("one", tasks=(TaskSpec("t"),), schedule=schedule))
    produce(bench, said("a"))
    assert len(runs(bench, "one")) == 1


def test_a_dag_whose_parameters_are_wrong_says_why_it_does_not_start_and_keeps_its_events(bench: Any) -> None:
    wrong = {"n": {"value": "one", "schema": {"type": "integer"}}}
    declare(bench, consumer("one", A, params=wrong))
    produce(bench, said("a"))
    assert runs(bench, "one") == []
    assert "cannot start:" in bench.engine.assets.waiting("one")
    declare(bench, consumer("one", A), version="v2")
    assert len(runs(bench, "one")) == 1


def test_an_engine_in_the_foreground_starts_nothing_and_loses_nothing(bench: Any) -> None:
    declare(bench, consumer("one", A))
    declare(bench, DagSpec("maker", tasks=(TaskSpec("t", outlets=(A,)),)))
    made = bench.trigger("maker")
    token = bench.executor.starts[-1].token
    with bench.store.reader() as reader:
        id = reader.run("maker", made).id
    bench.engine.foreground = True
    bench.engine.handed.add(id)
    bench.turn(bench.ended(token, asset_events=[said("a")]))
    assert runs(bench, "one") == []
    bench.start()
    bench.settle()
    assert len(runs(bench, "one")) == 1


def test_a_dag_that_is_only_tried_by_hand_is_started_by_nothing(bench: Any) -> None:
    bench.declare(consumer("one", A))
    produce(bench, said("a"))
    assert (runs(bench, "one"), piles(bench, "one")) == ([], {})
