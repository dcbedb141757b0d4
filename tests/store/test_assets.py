"""Assets, their events, and what tasks keep: written with the turn that tells of them, found by name, URI or alias."""

from __future__ import annotations

from typing import Any

from venturi.core.moves import AssetEventRow, AssetForget, AssetStart, AssetWait, StateRow
from venturi.store import Store

from .making import NOW, batch, new_run, version


def event(token: int, n: int = 0, **more: Any) -> AssetEventRow:
    given = {"name": "a", "uri": "s3://a", "extra": {}, "aliases": [], "partition": None, "dag_id": "d", "run_id": "r"}
    return AssetEventRow(token, n, NOW + token, **{**given, "task_id": "t", "map_index": -1, **more})


def test_an_asset_is_known_from_the_spec_that_declares_it(store: Store) -> None:
    told = {"asset": {"name": "a", "uri": "s3://a", "extra": {"k": 1}}}
    other = {"asset": {"name": "b", "uri": "s3://b"}}
    spec = {
        "dag_id": "d",
        "schedule": {"timetable": "AssetOrTimeSchedule", "assets": {"any": [told, {"alias": "x"}]}, "time": "@daily"},
        "tasks": [{"task_id": "t", "inlets": [{"ref": {"name": "a"}}], "outlets": [other]}],
    }
    epoch = store.take_epoch()
    store.commit(batch(versions=[version(spec=spec)]), epoch)
    with store.reader() as reader:
        assert reader.asset(name="a") == told["asset"] == reader.asset(uri="s3://a") == reader.asset("a", "s3://a")
        assert reader.asset(name="b") == other["asset"]
        assert reader.asset(name="c") is None
    again = {**spec, "schedule": {"assets": {"asset": {"name": "a", "uri": "s3://a", "extra": {"k": 2}}}}}
    store.commit(batch(versions=[version(2, spec=again, at=NOW + 1)]), epoch)
    with store.reader() as reader:
        found = reader.asset(name="a")
        assert found is not None
        assert found["extra"] == {"k": 2}


def test_events_are_found_by_asset_and_by_alias_in_the_order_of_their_happening(store: Store) -> None:
    epoch = store.take_epoch()
    rows = [
        event(1, extra={"n": [1, "é"]}),
        event(2, aliases=["by", "also"], partition="eu"),
        event(2, 1, name="b", uri="s3://b", aliases=["by"]),
    ]
    store.commit(batch(asset_events=rows), epoch)
    store.commit(batch(asset_events=[event(3, task_id="u", map_index=4)]), epoch)
    with store.reader() as reader:
        found = reader.asset_events(name="a", uri="s3://a")
        assert [e["at"] - NOW for e in found] == [1, 2, 3]
        assert found[0] == {
            "id": 1000, "at": NOW + 1, "name": "a", "uri": "s3://a", "extra": {"n": [1, "é"]}, "aliases": [],
            "partition": None, "dag_id": "d", "run_id": "r", "task_id": "t", "map_index": -1,
        }  # fmt: skip
        assert (found[1]["partition"], found[2]["task_id"], found[2]["map_index"]) == ("eu", "u", 4)
        assert [e["name"] for e in reader.asset_events(alias="by")] == ["a", "b"]
        assert [e["id"] for e in reader.asset_events(alias="also", name="a")] == [2000]
        assert [e["id"] for e in reader.asset_events(name="a", limit=2, newest_first=True)] == [3000, 2000]
        assert [e["id"] for e in reader.asset_events(name="a", after=NOW + 2)] == [2000, 3000]
        assert [e["id"] for e in reader.asset_events(name="a", before=NOW + 1.5)] == [1000]
        assert reader.asset_events(name="nothing") == []


def test_what_a_task_keeps_is_overwritten_expires_and_goes(store: Store) -> None:
    epoch = store.take_epoch()

    def kept(key: str, now: float = NOW) -> str | None:
        with store.reader() as reader:
            return reader.stored_state("s", key, now)

    rows = [StateRow("s", "a", "1", NOW), StateRow("s", "a", "[2]", NOW), StateRow("s", "b", "3", NOW, NOW + 9)]
    store.commit(batch(states=[*rows, StateRow("other", "a", "9", NOW)]), epoch)
    assert (kept("a"), kept("b"), kept("b", NOW + 10), kept("c")) == ("[2]", "3", None, None)
    store.commit(batch(states=[StateRow("s", "a", None, NOW)]), epoch)
    assert (kept("a"), kept("b")) == (None, "3")
    store.commit(batch(states=[StateRow("s", None, None, NOW), StateRow("s", "c", "4", NOW)]), epoch)
    assert (kept("b"), kept("c")) == (None, "4")
    with store.reader() as reader:
        assert reader.stored_state("other", "a", NOW) == "9"


def wait(dag_id: str, token: int, name: str = "a", counts: bool = True) -> AssetWait:
    return AssetWait(dag_id, token, 0, name, f"s3://{name}", NOW + token, counts)


def test_what_waits_becomes_a_runs_and_what_comes_after_it_in_one_turn_waits_on(store: Store) -> None:
    epoch = store.take_epoch()
    by = {"run_id": "maker"}
    events = [event(1, **by), event(2, name="b", uri="s3://b"), event(3, **by), event(4)]
    maker = new_run(1, run_id="maker", interval_start=NOW - 50, interval_end=NOW - 40)
    steps = [
        wait("x", 1),
        wait("y", 1),
        wait("x", 2, "b"),
        AssetStart("x", 2),
        wait("x", 3),
        wait("y", 4, counts=False),
    ]
    store.commit(batch(new_runs=[maker, new_run(2, dag_id="x")], asset_events=events, asset_steps=steps), epoch)
    with store.reader() as reader:
        assert [e["id"] for e in reader.asset_events(dag_id="x", run_id="r2")] == [1000, 2000]
        assert [e["id"] for e in reader.asset_events(waiting="x")] == [3000]
        assert reader.asset_piles() == store.load_world().piles
        assert [tuple(row) for row in reader.asset_piles()] == [
            ("x", "a", "s3://a", 1, NOW + 3, NOW - 50, NOW - 40),
            ("y", "a", "s3://a", 1, NOW + 1, NOW - 50, NOW + 4),
        ]
    store.commit(batch(asset_steps=[AssetForget("y", "a", "s3://a")]), epoch)
    with store.reader() as reader:
        assert [row.dag_id for row in reader.asset_piles()] == ["x"]


def test_an_alias_stands_for_the_assets_that_were_added_to_it(store: Store) -> None:
    epoch = store.take_epoch()
    events = [event(1, aliases=["z"]), event(2, aliases=["z"]), event(3, name="b", uri="s3://b", aliases=["z", "w"])]
    store.commit(batch(asset_events=[*events, event(4, name="c", uri="s3://c")]), epoch)
    with store.reader() as reader:
        assert sorted(reader.assets_of_alias("z")) == [("a", "s3://a"), ("b", "s3://b")]
        assert reader.assets_of_alias("nobody's") == []


def test_every_asset_is_told_with_how_often_it_has_changed(store: Store) -> None:
    epoch = store.take_epoch()
    outlets = [{"asset": {"name": name, "uri": f"s3://{name}"}} for name in "ab"]
    spec = {"dag_id": "d", "tasks": [{"task_id": "t", "outlets": outlets}]}
    store.commit(batch(versions=[version(spec=spec)], asset_events=[event(1), event(2)]), epoch)
    with store.reader() as reader:
        found = [(one["name"], one["events"], one["last_at"]) for one in reader.assets()]
        assert found == [("a", 2, NOW + 2), ("b", 0, None)]


def test_the_token_of_an_event_that_no_attempt_has_made_is_not_handed_out_again(store: Store) -> None:
    epoch = store.take_epoch()
    token = store.counters()[1]
    store.commit(batch(asset_events=[event(token)]), epoch)
    assert store.counters()[1] > token
