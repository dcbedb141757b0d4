"""What is old is read a stretch at a time and removed by its keys, on both databases."""

from __future__ import annotations

import pytest

from venturi.core.errors import GuardFailed
from venturi.core.moves import (
    AssetEventRow,
    AttemptRow,
    CommandDone,
    Event,
    RunForgotten,
    RunMove,
    RunRemoval,
    StateRow,
    Swept,
    ValueRow,
)
from venturi.core.states import RunState
from venturi.store import Store

from .making import NOW, batch, new_run, starting, version

Q, R, S = RunState.QUEUED, RunState.RUNNING, RunState.SUCCESS


def filled(store: Store) -> int:
    """Five runs of two versions, four of them over, with something in every place."""
    epoch = store.take_epoch()
    made = [new_run(n, version=1 if n < 5 else 2, run_id=f"r{n}", logical_date=NOW - n) for n in range(1, 6)]
    ended = [RunMove(n, a, b, NOW + n) for n in range(1, 5) for a, b in ((Q, R), (R, S))]
    tasks = [move for n in range(1, 6) for move in starting("a", n, run=n)]
    attempts = [AttemptRow(n, n, "a", -1, 1, "success", NOW, NOW + n) for n in range(1, 5)]
    values = [ValueRow(n, "a", -1, "k", n, "x", None, None, f"sha{n % 3}", 1) for n in range(1, 6)]
    told = [AssetEventRow(n, 0, NOW + n, "x", "x", {}, ["al"], None, "d", f"r{n}", "a", -1) for n in (1, 2)]
    store.commit(
        batch(
            versions=[version(), version(2, hash="h2"), version(3, hash="h3")],
            new_runs=made,
            run_moves=ended,
            task_moves=tasks,
            attempts=attempts,
            values=values,
            asset_events=told,
            states=[StateRow('["d", "r1", "a", -1]', "k", "1", NOW), StateRow('["d", "r10", "a", -1]', "k", "1", NOW)],
            events=[Event(NOW + n, "run", None, n) for n in range(1, 6)] + [Event(NOW, "x"), Event(NOW + 99, "last")],
            commands=[CommandDone("trigger", {}, NOW, {"ok": True})],
        ),
        epoch,
    )
    return epoch


def test_runs_are_read_in_their_order_and_the_newest_are_known(store: Store) -> None:
    filled(store)
    with store.reader() as reader:
        assert [(row.id, row.state) for row in reader.run_ages("d", 0, 2)] == [(1, "success"), (2, "success")]
        assert [row.id for row in reader.run_ages("d", 3, 10)] == [4, 5]
        assert [reader.nth_newest_run("d", n) for n in (1, 3, 5, 6)] == [5, 3, 1, None]
        assert reader.run_of_newest_date("d") == 1
        assert reader.run_of_newest_date("e") is None


def test_a_run_goes_at_once_and_its_parts_after_it_by_their_keys(store: Store) -> None:
    epoch = filled(store)
    store.commit(batch(removals=[RunRemoval(n, "d", f"r{n}", NOW) for n in (1, 2)]), epoch)
    with store.reader() as reader:
        assert [run.id for run in reader.runs("d")] == [5, 4, 3]
        assert reader.removed_runs(10) == [(1, "d", "r1"), (2, "d", "r2")]
        assert reader.removed_runs(1) == [(1, "d", "r1")]
        few = reader.parts_of_runs([1, 2], 3)
        assert [(table, sorted(keys)) for table, keys in few] == [("attempt", [(1,), (2,)]), (few[1][0], few[1][1])]
        assert len(few[1][1]) == 1
        for table, keys in reader.parts_of_runs([1, 2], 100):
            store.commit(batch(swept=[Swept(table, keys)]), epoch)
        assert reader.parts_of_runs([1, 2], 100) == []
        assert len(reader.parts_of_runs([3, 4, 5], 100)) == 3
        assert reader.named_values(["sha0", "sha1", "sha2", "sha9"]) == {"sha0", "sha1", "sha2"}
        store.commit(batch(forgotten=[RunForgotten(1), RunForgotten(2)]), epoch)
        assert reader.removed_runs(10) == []
        assert reader.states_of_run('["d", "r1", ', 10) == [('["d", "r1", "a", -1]', "k")]


def test_a_run_that_is_not_over_does_not_go(store: Store) -> None:
    epoch = filled(store)
    with pytest.raises(GuardFailed):
        store.commit(batch(removals=[RunRemoval(1, "d", "r1", NOW), RunRemoval(5, "d", "r5", NOW)]), epoch)
    with store.reader() as reader:
        assert len(reader.runs("d")) == 5
        assert reader.removed_runs(10) == []


def test_lines_of_the_log_are_known_by_whose_they_were(store: Store) -> None:
    epoch = filled(store)
    store.commit(batch(removals=[RunRemoval(1, "d", "r1", NOW)]), epoch)
    with store.reader() as reader:
        told = reader.old_events(0, 10)
        assert [(is_of_run, is_gone) for *_, is_of_run, is_gone in told] == [
            (True, True),
            *[(True, False)] * 4,
            (False, False),
        ]
        assert len(reader.old_events(told[1][0], 2)) == 2


def test_commands_versions_and_asset_events_that_are_old_and_free_are_found(store: Store) -> None:
    epoch = filled(store)
    with store.reader() as reader:
        assert len(reader.old_commands(NOW + 1, 10)) == 1
        assert reader.old_commands(NOW, 10) == []
        assert reader.unused_versions(NOW + 1e6, 10) == []
        store.commit(batch(versions=[version(4, hash="h4")]), epoch)
        assert reader.unused_versions(NOW + 1e6, 10) == [3]
        assert [id for id, _ in reader.versions_after(2, 10)] == [3, 4]
        assert reader.old_asset_events(-1, NOW + 2, 10) == [(1, 0, True)]
        assert sorted(reader.aliases_of([1, 2])) == [("al", 1, 0), ("al", 2, 0)]
    store.commit(batch(swept=[Swept("asset_event", [(1, 0)]), Swept("asset_alias_event", [("al", 1, 0)])]), epoch)
    with store.reader() as reader:
        assert [event["id"] for event in reader.asset_events()]
        assert reader.old_asset_events(-1, NOW + 5, 10) == [(2, 0, True)]
