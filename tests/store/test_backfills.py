"""Backfills in the database: written with their runs, where they stand as they stood, and read again."""

from __future__ import annotations

import pytest

from venturi.core.errors import Conflict, GuardFailed, IllegalMove
from venturi.core.moves import BackfillDate, BackfillMove, NewBackfill
from venturi.core.states import BackfillState as B
from venturi.store import Store

from .making import NOW, batch, new_run, version

REQUEST = {"first": NOW, "last": NOW + 9, "dates": [], "tasks": ["a"], "max_active": 2}


def move(before: B, after: B, n_before: int, n: int, total: int | None = None) -> BackfillMove:
    return BackfillMove(1, before, after, n_before, n, NOW + n if n else None, NOW + n, total)


def begun(store: Store) -> int:
    epoch = store.take_epoch()
    new = NewBackfill(1, "d", REQUEST, NOW, key="k")
    dates = [BackfillDate(1, 1, NOW + 1, 1, "new"), BackfillDate(1, 2, NOW + 2, None, "left out", "there")]
    moves = [move(B.RUNNING, B.RUNNING, 0, 1), move(B.RUNNING, B.RUNNING, 1, 2, total=5)]
    run = new_run(backfill=1)
    store.commit(
        batch(versions=[version()], new_runs=[run], new_backfills=[new], backfills=moves, backfill_dates=dates), epoch
    )
    return epoch


def test_it_is_read_as_it_was_written(store: Store) -> None:
    begun(store)
    with store.reader() as reader:
        row = reader.backfill(1)
        assert row is not None
        assert (row.dag_id, row.state, row.request, row.n, row.total) == ("d", "running", REQUEST, 2, 5)
        assert (row.cursor, row.at, row.ended_at, row.key) == (NOW + 2, NOW, None, "k")
        assert reader.backfill_by_key("d", "k") == row
        assert reader.backfills() == reader.backfills("d") == reader.world().backfills == [row]
        assert reader.backfills("e") == []
        assert reader.newest_backfill() == 1
        assert {k: n for k, n in reader.backfill_counts(1).items() if n} == {"queued": 1, "left out": 1}
        told = [(d.n, d.logical_date, d.what, d.reason, d.run_id, d.state) for d in reader.backfill_dates(1)]
        made = reader.runs()[0].run_id
        assert told == [(1, NOW + 1, "new", None, made, "queued"), (2, NOW + 2, "left out", "there", None, None)]
        assert [d.n for d in reader.backfill_dates(1, limit=1, after=1)] == [2]


def test_one_that_is_over_is_not_gone_on_with(store: Store) -> None:
    epoch = begun(store)
    store.commit(batch(backfills=[move(B.RUNNING, B.PAUSED, 2, 2)]), epoch)
    with store.reader() as reader:
        assert [row.state for row in reader.world().backfills] == ["paused"]
    store.commit(batch(backfills=[move(B.PAUSED, B.CANCELLED, 2, 2)]), epoch)
    with store.reader() as reader:
        assert reader.world().backfills == []
        row = reader.backfill(1)
        assert row is not None
        assert (row.state, row.ended_at, row.total) == ("cancelled", NOW + 2, 5)


def test_what_stands_elsewhere_than_was_believed_is_not_written(store: Store) -> None:
    epoch = begun(store)
    for wrong in (move(B.RUNNING, B.RUNNING, 1, 3), move(B.PAUSED, B.RUNNING, 2, 2)):
        with pytest.raises(GuardFailed):
            store.commit(batch(backfills=[wrong]), epoch)
    with pytest.raises(Conflict):
        store.commit(batch(backfill_dates=[BackfillDate(1, 2, NOW + 2, None, "new")]), epoch)


def test_what_is_over_stays_over() -> None:
    for over in (B.DONE, B.CANCELLED):
        with pytest.raises(IllegalMove):
            move(over, B.RUNNING, 2, 2)
