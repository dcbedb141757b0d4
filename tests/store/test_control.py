"""What people change: rows taken back and runs opened again, guarded as all else; words and notes, read as written."""

from __future__ import annotations

import pytest

from venturi.core.errors import GuardFailed
from venturi.core.moves import Intervention, Note, RunMove, RunReopening, ValueRow
from venturi.core.states import RunState
from venturi.store import Store

from .making import NOW, S, batch, move, new_run, starting


def an_ended_run(store: Store) -> int:
    epoch = store.take_epoch()
    value = ValueRow(1, "a", -1, "return_value", 7, "int", None, "1")
    store.commit(batch(new_runs=[new_run(), new_run(2)]), epoch)
    runs = [RunMove(1, RunState.QUEUED, RunState.RUNNING, NOW), RunMove(1, RunState.RUNNING, RunState.FAILED, NOW, "a")]
    ended = [*starting("a", 7), move("a", S.STARTING, S.FAILED, 7, try_number=1, ended_at=NOW)]
    ended += [move("m", S.NONE, S.UPSTREAM_FAILED)]
    store.commit(batch(run_moves=runs, task_moves=ended, values=[value]), epoch)
    return epoch


def test_a_run_is_opened_again_with_its_rows_as_they_are_to_be(store: Store) -> None:
    epoch = an_ended_run(store)
    back = move("a", S.FAILED, S.NONE, 7, try_number=1, reason="cleared by ann", by_person=True)
    again = move("a", S.NONE, S.SCHEDULED, 7, try_number=1, has_row=True)
    words = [Intervention(1, "a", -1, "cleared", "ann", NOW, 1), Intervention(1, "", -1, "cleared", "ann", NOW)]
    store.commit(
        batch(
            reopenings=[RunReopening(1, RunState.FAILED, 5, NOW + 9, {}, False, None)],
            task_moves=[back, again],
            rows_gone=[(1, "m", -1)],
            interventions=words,
            cleared_values=[(1, "a", -1, None)],
        ),
        epoch,
    )
    with store.reader() as reader:
        run = reader.run_by_id(1)
        assert run is not None
        assert (run.state, run.version, run.queued_at) == ("queued", 5, NOW + 9)
        assert (run.started_at, run.ended_at, run.reason) == (None, None, None)
        assert [(r.task_id, r.state, r.token) for r in reader.instances(1).rows] == [("a", "scheduled", 7)]
        assert reader.value(1, "a", -1, "return_value") is None
        assert sorted(reader.interventions(1), key=lambda word: word.task_id) == sorted(words, key=lambda w: w.task_id)
        assert {word.task_id for word in reader.world().interventions} == {"", "a"}


def test_what_is_not_as_it_was_believed_to_be_is_not_taken_back(store: Store) -> None:
    epoch = an_ended_run(store)
    for wrong in (
        batch(reopenings=[RunReopening(1, RunState.SUCCESS, 1, NOW, {}, False, None)]),
        batch(rows_gone=[(1, "zzz", -1)]),
        batch(task_moves=[move("a", S.FAILED, S.NONE, 6, by_person=True)]),
        batch(task_moves=[move("a", S.NONE, S.SCHEDULED, 7, has_row=True)]),
    ):
        with pytest.raises(GuardFailed):
            store.commit(wrong, epoch)
    with store.reader() as reader:
        assert reader.run_state("d", "r1") == "failed"


def test_of_several_words_and_notes_the_newest_is_kept(store: Store) -> None:
    epoch = an_ended_run(store)
    open_word = Intervention(2, "a", 3, "marked success", "ann", NOW, 2, S.SUCCESS, {"in_spite_of": ["b"]})
    store.commit(batch(interventions=[open_word], notes=[Note(2, "a", 3, "one", "ann", NOW)]), epoch)
    done = Intervention(2, "a", 3, "marked success", "ann", NOW, 2, None, None)
    notes = [Note(2, "a", 3, "two", "bob", NOW + 1), Note(2, "", -1, "of the run", "ann", NOW)]
    with store.reader() as reader:
        assert reader.interventions(2) == [open_word]
    store.commit(batch(interventions=[done], notes=notes, run_versions=[(2, 8)]), epoch)
    with store.reader() as reader:
        assert reader.interventions(2) == [done]
        assert reader.notes(2) == [notes[1], notes[0]]
        run = reader.run_by_id(2)
        assert run is not None
        assert run.version == 8
        assert reader.last_tries(1) == {}
        assert (reader.deferrals(1), reader.placements(1)) == ([], [])
