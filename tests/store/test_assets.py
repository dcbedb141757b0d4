"""Assets, their events, and what tasks keep: written with the turn that tells of them, found by name, URI or alias."""

from __future__ import annotations

from typing import Any

from venturi.core.moves import AssetEventRow, StateRow
from venturi.store import Store

from .making import NOW, batch, version


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
