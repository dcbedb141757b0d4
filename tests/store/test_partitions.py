"""What waits for a partition is kept with its events, and becomes one run's, once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from venturi.core.errors import GuardFailed
from venturi.core.moves import AssetEventRow, PartitionForget, PartitionStart, PartitionWait
from venturi.core.partitions import Came, Said, Waiting
from venturi.store import Store, open_store
from venturi.store.reading_pages import Condition

from .making import NOW, batch, new_run


def came(token: int, name: str = "a", source: str = "eu", date: float | None = None) -> Came:
    return Came(token, 0, name, f"s3://{name}", source, NOW + token, date)


def wait(key: str, one: Came, dag_id: str = "d", rule: str = "r1") -> PartitionWait:
    return PartitionWait(dag_id, key, rule, one)


def event(one: Came) -> AssetEventRow:
    told: dict[str, Any] = {"extra": {}, "aliases": [], "dag_id": "p", "run_id": "r", "task_id": "t", "map_index": -1}
    return AssetEventRow(one.token, one.n, one.at, one.name, one.uri, partition=one.source, **told)


def there(store: Store) -> dict[str, list[Waiting]]:
    with store.reader() as reader:
        return reader.waiting_partitions()


def started_by(store: Store, run_id: str) -> list[int]:
    with store.reader() as reader:
        return [told["id"] // 1000 for told in reader.asset_events(dag_id="d", run_id=run_id)]


def test_what_waits_is_read_as_it_was_written_the_oldest_first(store: Store) -> None:
    epoch = store.take_epoch()
    first, second = came(1, date=NOW), came(2, "b", "é|us")
    other = replace(came(3), said=Said(("x", "y"), 1, NOW))
    steps = [wait("z", first), wait("b", second), wait("z", second), wait("b", other, "other", "r2")]
    store.commit(batch(asset_events=[event(one) for one in (first, second, other)], asset_steps=steps), epoch)
    assert there(store) == {
        "d": [Waiting("z", "r1", first.at, [first, second]), Waiting("b", "r1", second.at, [second])],
        "other": [Waiting("b", "r2", other.at, [other])],
    }


def test_a_partition_that_starts_gives_its_events_to_its_run_and_waits_no_more(store: Store) -> None:
    epoch = store.take_epoch()
    first, second, third = came(1), came(2), came(3)
    store.commit(batch(asset_events=[event(first)], asset_steps=[wait("eu", first), wait("us", first)]), epoch)
    run = new_run(partition_key="eu", partition_date=NOW)
    steps = [wait("eu", second), PartitionStart("d", "eu", 1), wait("eu", third)]
    store.commit(
        batch(new_runs=[run], asset_events=[event(second), event(third)], asset_steps=steps),
        epoch,
    )
    assert started_by(store, "r1") == [1, 2]
    assert {one.key: [c.token for c in one.events] for one in there(store)["d"]} == {"us": [1], "eu": [3]}
    with store.reader() as reader:
        found = reader.run("d", "r1")
        assert found is not None
        assert (found.partition_key, found.partition_date) == ("eu", NOW)
        wanted = [Condition("dag_id", "is", "d"), Condition("partition_key", "prefix", "e")]
        assert len(reader.page("runs", wanted).rows) == 1


@pytest.mark.parametrize("again", [PartitionStart("d", "eu", 2), PartitionForget("d", "eu")])
def test_a_partition_that_has_started_cannot_start_again_and_nothing_of_that_is_written(
    store: Store, again: Any
) -> None:
    epoch = store.take_epoch()
    store.commit(batch(asset_events=[event(came(1))], asset_steps=[wait("eu", came(1))]), epoch)
    store.commit(batch(new_runs=[new_run()], asset_steps=[PartitionStart("d", "eu", 1)]), epoch)
    with pytest.raises(GuardFailed):
        store.commit(batch(new_runs=[new_run(2)], asset_steps=[again]), epoch)
    with store.reader() as reader:
        assert [run.run_id for run in reader.runs("d")] == ["r1"]
    assert started_by(store, "r1") == [1]


def test_what_is_let_go_is_gone_and_may_wait_by_another_rule(store: Store) -> None:
    epoch = store.take_epoch()
    store.commit(batch(asset_steps=[wait("eu", came(1)), wait("us", came(1))]), epoch)
    steps = [PartitionForget("d", "eu"), PartitionForget("d", "us"), wait("eu", came(1), rule="r2")]
    store.commit(batch(asset_steps=steps), epoch)
    assert there(store) == {"d": [Waiting("eu", "r2", came(1).at, [came(1)])]}


def test_what_waits_is_there_when_the_database_is_opened_again(address: str) -> None:
    with open_store(address) as store:
        store.commit(batch(asset_steps=[wait("eu", came(1))]), store.take_epoch())
    with open_store(address) as store:
        assert there(store) == {"d": [Waiting("eu", "r1", came(1).at, [came(1)])]}


def test_a_run_is_for_no_partition_any_more(store: Store) -> None:
    epoch = store.take_epoch()
    store.commit(batch(new_runs=[new_run(partition_key="eu", partition_date=NOW)]), epoch)
    store.commit(batch(no_partition=[1, 1]), epoch)
    with store.reader() as reader:
        found = reader.run("d", "r1")
        assert found is not None
        assert (found.partition_key, found.partition_date) == (None, None)
    with pytest.raises(GuardFailed):
        store.commit(batch(no_partition=[2]), epoch)


def test_events_that_wait_for_a_partition_are_not_too_old(store: Store) -> None:
    epoch = store.take_epoch()
    store.commit(batch(asset_events=[event(came(1)), event(came(2))], asset_steps=[wait("eu", came(2))]), epoch)
    with store.reader() as reader:
        assert reader.old_asset_events(-1, NOW + 9, 10) == [(1, 0, True), (2, 0, False)]
