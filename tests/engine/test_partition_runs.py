"""Partitions of assets that start runs: each key that is whole has one run, over crashes, and nothing counts twice."""

from __future__ import annotations

from typing import Any

import pytest

from venturi.core.spec import DagSpec, TaskSpec
from venturi.engine.pausing import set_paused
from venturi.executors.base import Dated

from .test_asset_runs import consumed, declare, finish, runs

A, B = ({"asset": {"name": name, "uri": f"s3://{name}"}} for name in "ab")
HOUR = {
    "mapper": "StartOfHourMapper",
    "timezone": "UTC",
    "input_format": "%Y-%m-%dT%H:%M:%S",
    "output_format": "%Y-%m-%dT%H",
}
DAY = {**HOUR, "mapper": "StartOfDayMapper", "output_format": "%Y-%m-%d"}
SAME = {"mapper": "IdentityMapper"}
REGIONS = {
    "mapper": "RollupMapper",
    "upstream_mapper": {"mapper": "FixedKeyMapper", "downstream_key": "all"},
    "window": {"window": "SegmentWindow", "segments": ["eu", "us"]},
    "wait_policy": {"wait": "WaitForAll"},
}
FAN = {
    "mapper": "FanOutMapper",
    "upstream_mapper": SAME,
    "window": {"window": "SegmentWindow", "segments": ["a", "b", "c", "d"]},
    "downstream_mapper": SAME,
}


def consumer(dag_id: str, expression: Any, mapper: Any = SAME, mappers: Any = None, **more: Any) -> DagSpec:
    schedule = {"timetable": "PartitionedAssetTimetable", "assets": expression, "mapper": mapper}
    if mappers:
        schedule["mappers"] = mappers
    return DagSpec(dag_id, tasks=(TaskSpec("t"),), schedule=schedule, **more)


def produce(bench: Any, name: str, key: str | None, run_key: str | None = None, maker: str = "maker") -> None:
    """A task succeeds and has made this partition; with `run_key` it is its run's."""
    if bench.engine.versions.current(maker) is None:
        moments = {"expression": "0 0 1 1 *", "key_format": "%Y-%m-%dT%H:%M:%S", "timezone": "UTC"}
        schedule = {"timetable": "CronPartitionTimetable", **moments}
        spec = DagSpec(maker, tasks=(TaskSpec("t", outlets=(A, B)),), max_active_runs=100, schedule=schedule)
        declare(bench, spec)
    bench.now += 1
    before = len(bench.executor.starts)
    bench.trigger(maker, **({"partition": run_key} if run_key else {}))
    token = next(s.token for s in bench.executor.starts[before:] if s.what.startswith(maker))
    told = {"name": name, "uri": f"s3://{name}", "extra": {}, "aliases": [], "partition": key}
    bench.turn(bench.ended(token, asset_events=[told]))


def keys(bench: Any, dag_id: str) -> list[str | None]:
    return [run.partition_key for run in runs(bench, dag_id)]


def waiting(bench: Any, dag_id: str) -> dict[str, list[str]]:
    with bench.store.reader() as reader:
        found = reader.waiting_partitions().get(dag_id, [])
        return {one.key: [f"{came.name} {came.source}" for came in one.events] for one in found}


def crash(bench: Any) -> None:
    bench.start()
    bench.settle()


def test_a_key_starts_one_run_once_all_assets_have_an_event_for_it(bench: Any) -> None:
    declare(bench, consumer("one", {"all": [A, B]}, HOUR))
    produce(bench, "a", "2026-01-31T10:15:00")
    produce(bench, "b", "2026-01-31T11:00:00")
    assert runs(bench, "one") == []
    assert bench.engine.assets.waiting("one") == (
        "waits for asset b for partition 2026-01-31T10, asset a for partition 2026-01-31T11"
    )
    produce(bench, "b", "2026-01-31T10:30:00")
    (run,) = runs(bench, "one")
    assert (run.run_type, run.logical_date, run.partition_key) == ("asset_triggered", None, "2026-01-31T10")
    assert (run.partition_date, run.started_by) == (1_769_853_600.0, "partition 2026-01-31T10 of assets a, b")
    assert run.run_id.startswith("asset_triggered__2023-11-14T22:13:23+00:00_")
    assert consumed(bench, run) == ["a", "b"]
    assert waiting(bench, "one") == {"2026-01-31T11": ["b 2026-01-31T11:00:00"]}
    produce(bench, "a", "2026-01-31T10:45:00")
    assert keys(bench, "one") == ["2026-01-31T10"]
    produce(bench, "b", "2026-01-31T10:45:00")
    assert keys(bench, "one") == ["2026-01-31T10", "2026-01-31T10"]


def test_an_event_is_of_the_partition_of_its_run_unless_it_says_another(bench: Any) -> None:
    declare(bench, consumer("one", A))
    produce(bench, "a", None, "2026-01-31T10:00:00")
    (run,) = runs(bench, "one")
    assert (run.partition_key, run.partition_date) == ("2026-01-31T10:00:00", 1_769_853_600.0)
    produce(bench, "a", "eu", "2026-01-31T11:00:00")
    assert [(r.partition_key, r.partition_date) for r in runs(bench, "one")[1:]] == [("eu", None)]


def test_what_waits_is_still_there_after_a_crash_and_starts_one_run(bench: Any) -> None:
    declare(bench, consumer("one", A, REGIONS))
    produce(bench, "a", "eu")
    crash(bench)
    assert bench.engine.assets.waiting("one") == (
        "waits for asset a (of asset a 1 of 2 keys are there) for partition all"
    )
    produce(bench, "a", "us")
    crash(bench)
    bench.now += 1
    bench.turn()
    assert keys(bench, "one") == ["all"]
    assert consumed(bench, runs(bench, "one")[0]) == ["a", "a"]
    assert waiting(bench, "one") == {}


def test_a_commit_that_fails_between_leaves_the_key_to_be_started_once(bench: Any, monkeypatch: Any) -> None:
    declare(bench, consumer("one", A))
    commit = bench.store.commit

    def fails(batch: Any, epoch: int) -> int:
        if any(run.dag_id == "one" for run in batch.new_runs):
            monkeypatch.setattr(bench.store, "commit", commit)
            raise KeyboardInterrupt  # as if the process had died before it
        return commit(batch, epoch)

    produce(bench, "a", "eu", maker="before")
    monkeypatch.setattr(bench.store, "commit", fails)
    bench.trigger("before")
    token = bench.executor.starts[-1].token
    told = {"name": "a", "uri": "s3://a", "extra": {}, "aliases": [], "partition": "us"}
    with pytest.raises(KeyboardInterrupt):
        bench.turn(bench.ended(token, asset_events=[told]))
    bench.start()
    bench.settle(token)
    assert keys(bench, "one") == ["eu"]
    bench.turn(bench.ended(token, asset_events=[told]))
    bench.turn(bench.ended(token, asset_events=[told]))
    assert keys(bench, "one") == ["eu", "us"]


def test_runs_of_a_fan_out_are_made_as_there_is_room_also_over_a_crash(bench: Any) -> None:
    declare(bench, consumer("one", A, FAN, max_active_runs=2))
    produce(bench, "a", "x")
    assert keys(bench, "one") == ["a", "b"]
    assert bench.engine.assets.waiting("one") == ("2 partitions are ready, and it already has 2 of 2 unfinished runs")
    crash(bench)
    assert keys(bench, "one") == ["a", "b"]
    for start in [s for s in bench.executor.starts if s.what.startswith("one ")]:
        bench.turn(bench.started(start.token))
    finish(bench, "one")
    assert sorted(filter(None, keys(bench, "one"))) == ["a", "b", "c", "d"]
    assert waiting(bench, "one") == {}
    assert all(consumed(bench, run) == ["a"] for run in runs(bench, "one"))


def test_a_paused_dag_counts_nothing_and_starts_nothing(bench: Any) -> None:
    declare(bench, consumer("one", {"all": [A, B]}))
    produce(bench, "a", "eu")
    bench.turn(do=lambda turn: set_paused(bench.engine, "one", True, turn))
    produce(bench, "b", "eu")
    assert keys(bench, "one") == []
    bench.turn(do=lambda turn: set_paused(bench.engine, "one", False, turn))
    assert waiting(bench, "one") == {"eu": ["a eu"]}
    produce(bench, "b", "eu")
    assert keys(bench, "one") == ["eu"]


def test_an_event_that_counts_for_no_key_is_told(bench: Any) -> None:
    allowed = {"mapper": "AllowedKeyMapper", "allowed_keys": ["eu"]}
    declare(bench, consumer("one", {"all": [A, B]}, allowed))
    produce(bench, "a", "mars")
    told = bench.engine.assets.waiting("one")
    assert told == (
        "waits for a partition of asset a and asset b; "
        "an event of asset a counts for no partition, as 'mars' is none of the keys allowed, 'eu'"
    )
    produce(bench, "a", None)
    assert str(bench.engine.assets.waiting("one")).endswith("an event of asset a was of no partition")
    assert waiting(bench, "one") == {}
    assert runs(bench, "one") == []


OWN = {"mapper": "custom", "class": "dags.mine:Mine", "held": {}}


def answer(bench: Any, **told: Any) -> dict[str, Any]:
    """Of the newest question to a class of the author's own."""
    request, want = bench.executor.questions[-1]
    bench.turn(Dated(request, told))
    return dict(want)


def said(key: str, needed: list[str] | None = None, least: int = 0, date: float | None = None) -> dict[str, Any]:
    return {"key": key, "needed": needed, "least": least, "date": date}


def test_a_mapper_of_the_authors_own_is_asked_in_its_own_process(bench: Any) -> None:
    declare(bench, consumer("one", A, OWN))
    produce(bench, "a", "x")
    assert bench.engine.assets.waiting("one") == "asks its own mapper for which partitions 1 event counts"
    assert runs(bench, "one") == []
    want = answer(bench, keys=[said("k", date=5.0), said("l", ["x", "y"], 2)], most=None)
    assert want == {"dag_id": "one", "partition": {"asset": ("a", "s3://a"), "source": "x"}}
    assert [(run.partition_key, run.partition_date) for run in runs(bench, "one")] == [("k", 5.0)]
    assert waiting(bench, "one") == {"l": ["a x"]}
    crash(bench)
    assert bench.engine.assets.waiting("one") == "waits for asset a (of asset a 1 of 2 keys are there) for partition l"
    produce(bench, "a", "y")
    answer(bench, keys=[said("l", ["x", "y"], 2)], most=None)
    assert keys(bench, "one") == ["k", "l"]
    assert consumed(bench, runs(bench, "one")[1]) == ["a", "a"]


def test_what_is_being_asked_is_asked_again_after_a_crash(bench: Any) -> None:
    declare(bench, consumer("one", A, OWN))
    produce(bench, "a", "x")
    old = bench.executor.questions[-1][0]
    crash(bench)
    bench.turn()
    assert [want["partition"]["source"] for _, want in bench.executor.questions] == ["x"]
    assert old
    answer(bench, keys=[said("k")], most=None)
    answer(bench, keys=[said("k")], most=None)
    assert keys(bench, "one") == ["k"]


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"error": "ValueError: no such region in one.py:7"}, "ValueError: no such region in one.py:7"),
        ({"keys": [said("a"), said("b")], "most": 1}, "it makes 2 keys of 'x', and at most 1 are allowed"),
        ({"keys": [said(7)], "most": None}, "it makes 7 of 'x', which is no key of 1 to 250 characters"),  # type: ignore[arg-type]
    ],
)
def test_what_its_own_mapper_cannot_say_is_told(bench: Any, told: Any, why: str) -> None:
    declare(bench, consumer("one", A, OWN))
    produce(bench, "a", "x")
    answer(bench, **told)
    assert str(bench.engine.assets.waiting("one")).endswith(f"as its own mapper says: {why}")
    assert (waiting(bench, "one"), runs(bench, "one")) == ({}, [])


def test_a_dag_of_whole_assets_and_one_of_partitions_hear_of_different_events(bench: Any) -> None:
    whole = DagSpec("whole", tasks=(TaskSpec("t"),), schedule={"assets": A})
    declare(bench, whole, consumer("parts", A))
    produce(bench, "a", "eu")
    assert [len(runs(bench, dag_id)) for dag_id in ("whole", "parts")] == [0, 1]
    produce(bench, "a", None)
    assert [len(runs(bench, dag_id)) for dag_id in ("whole", "parts")] == [1, 1]


def test_what_waits_is_counted_anew_when_the_file_says_other_mappers(bench: Any) -> None:
    declare(bench, consumer("one", {"all": [A, B]}, HOUR))
    produce(bench, "a", "2026-01-31T10:15:00")
    declare(bench, consumer("one", {"all": [A, B]}, DAY), version="v2")
    bench.turn()
    assert waiting(bench, "one") == {"2026-01-31": ["a 2026-01-31T10:15:00"]}
    produce(bench, "b", "2026-01-31T23:00:00")
    assert keys(bench, "one") == ["2026-01-31"]


def test_what_waits_is_let_go_with_the_schedule_that_waited_for_it(bench: Any) -> None:
    declare(bench, consumer("one", {"all": [A, B]}))
    produce(bench, "a", "eu")
    declare(bench, DagSpec("one", tasks=(TaskSpec("t"),)), version="v2")
    bench.turn()
    assert waiting(bench, "one") == {}
    assert bench.engine.assets.waiting("one") is None


def test_what_waits_is_kept_while_the_file_is_away(bench: Any) -> None:
    declare(bench, consumer("one", {"all": [A, B]}))
    produce(bench, "a", "eu")
    bench.turn(do=lambda turn: bench.engine.versions.retire("one"))
    produce(bench, "a", "us")
    assert waiting(bench, "one") == {"eu": ["a eu"]}
    declare(bench, consumer("one", {"all": [A, B]}), version="v3")
    produce(bench, "b", "eu")
    assert keys(bench, "one") == ["eu"]


def test_what_waits_is_let_go_by_a_person(bench: Any) -> None:
    declare(bench, consumer("one", {"all": [A, B, {"ref": {"name": "c"}}]}))
    produce(bench, "a", "eu")
    produce(bench, "b", "eu")
    produce(bench, "a", "us")
    forgotten: list[int] = []
    bench.turn(do=lambda turn: forgotten.append(bench.engine.assets.forget("one", ("a", "s3://a"), turn)))
    assert waiting(bench, "one") == {"eu": ["b eu"]}
    bench.turn(do=lambda turn: forgotten.append(bench.engine.assets.forget("one", None, turn)))
    assert waiting(bench, "one") == {}
    assert forgotten == [1, 1]


def test_a_run_that_cannot_be_made_is_told_and_made_when_it_can(bench: Any) -> None:
    wanted = {"n": {"value": None, "schema": {"type": "integer"}}}
    declare(bench, consumer("one", A, params=wanted))
    produce(bench, "a", "eu")
    assert runs(bench, "one") == []
    assert "partition eu is ready, and it cannot start: DAG 'one'" in str(bench.engine.assets.waiting("one"))
    declare(bench, consumer("one", A), version="v2")
    bench.turn()
    assert keys(bench, "one") == ["eu"]
