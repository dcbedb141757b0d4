"""What a deferred instance waits for, and callbacks' children: written once, told once."""

from __future__ import annotations

import pytest

from venturi.core.errors import GuardFailed
from venturi.core.moves import CallMove, Deferral, DeferralEnd, DeferralEvent, NewCall, RunMove
from venturi.core.questions import Answered, Asked
from venturi.core.states import CallState, RunState
from venturi.store import Store

from .making import NOW, S, batch, move, new_run, starting, version


def deferral(token: int = 7, data: str = '{"trigger":{"é":"\\u0000"}}') -> Deferral:
    return Deferral(1, "a", -1, token, "m.T", "go_on", data, NOW)


@pytest.fixture
def epoch(store: Store) -> int:
    """A run with a deferred task."""
    made = store.take_epoch()
    first = [*starting("a", 7), move("a", S.STARTING, S.DEFERRED, 7, try_number=0)]
    running = [RunMove(1, RunState.QUEUED, RunState.RUNNING, NOW)]
    versions = [version()]
    store.commit(
        batch(versions=versions, new_runs=[new_run()], run_moves=running, task_moves=first[:2], deferrals=[deferral()]),
        made,
    )
    store.commit(batch(task_moves=first[2:]), made)
    return made


def test_an_event_is_written_once_and_only_for_the_token_that_waits(store: Store, epoch: int) -> None:
    with pytest.raises(GuardFailed):
        store.commit(batch(deferral_events=[DeferralEvent(1, "a", -1, 6, "{}")]), epoch)
    event = '{"kind":"event","payload":"ü"}'
    store.commit(batch(deferral_events=[DeferralEvent(1, "a", -1, 7, event)]), epoch)
    with pytest.raises(GuardFailed):
        store.commit(batch(deferral_events=[DeferralEvent(1, "a", -1, 7, "{}")]), epoch)
    with store.reader() as reader:
        found = reader.deferral(1, "a", -1)
        assert found is not None
        assert (found.event, found.data) == (event, deferral().data)
        assert reader.waiting_deferrals() == []


def test_what_waits_is_there_for_the_next_engine_until_it_is_over(store: Store, epoch: int) -> None:
    with store.reader() as reader:
        assert [d.token for d in reader.waiting_deferrals()] == [7]
        assert store.load_world().deferrals == [(1, "a", -1, 7)]
        store.commit(batch(deferrals=[deferral(9)]), epoch)
        assert [d.token for d in reader.waiting_deferrals()] == [9]
        store.commit(batch(deferral_ends=[DeferralEnd(1, "a", -1)]), epoch)
        assert reader.deferral(1, "a", -1) is None
    assert store.load_world().deferrals == []


def test_a_call_starts_once_and_is_found_until_it_is_done_even_when_its_run_is_over(store: Store, epoch: int) -> None:
    new = NewCall(1, "a", -1, "failure", 1, 7, NOW, {"reason": "no luck"}, id=store.counters()[3])
    over = [RunMove(1, RunState.RUNNING, RunState.FAILED, NOW)]
    start = CallMove(1, CallState.DUE, CallState.STARTING, 0, 8, NOW)
    store.commit(batch(new_calls=[new], call_moves=[start], run_moves=over), epoch)
    world = store.load_world()
    assert [(c.id, c.state, c.token, c.detail) for c in world.calls] == [(1, "starting", 8, {"reason": "no luck"})]
    assert [r.state for r in world.call_runs] == ["failed"]
    assert store.token_run(8) == 1
    assert store.counters()[1] > 8
    assert store.counters()[3] == 2
    with pytest.raises(GuardFailed):
        store.commit(batch(call_moves=[start]), epoch)
    done = CallMove(1, CallState.STARTING, CallState.DONE, 8, 8, NOW + 1, "failed", "KeyError: x")
    store.commit(batch(call_moves=[done]), epoch)
    assert store.load_world().calls == []
    with store.reader() as reader:
        (kept,) = reader.calls(1)
        assert (kept.outcome, kept.reason, kept.ended_at) == ("failed", "KeyError: x", NOW + 1)


def test_a_question_is_open_while_its_task_waits_and_is_answered_once(store: Store, epoch: int) -> None:
    store.commit(batch(questions=[Asked(1, "a", -1, 7, {"subject": "ü?"}, NOW)], deferrals=[deferral()]), epoch)
    event = DeferralEvent(1, "a", -1, 7, "{}")
    with store.reader() as reader:
        (row,) = reader.open_questions()
        assert (row.run_id, row.detail, row.token, row.answered_at) == ("r1", {"subject": "ü?"}, 7, None)
    with pytest.raises(GuardFailed):
        store.commit(batch(deferral_events=[event], answers=[Answered(1, "a", -1, 6, {}, "ana", NOW)]), epoch)
    given = Answered(1, "a", -1, 7, {"chosen": ["x"]}, "ana", NOW)
    store.commit(batch(deferral_events=[event], answers=[given]), epoch)
    with store.reader() as reader:
        assert reader.open_questions() == []
        kept = reader.question(1, "a", -1)
        assert kept is not None
        assert (kept.answer, kept.by, kept.answered_at) == ({"chosen": ["x"]}, "ana", NOW)
    again = [Asked(1, "a", -1, 9, {"subject": "Again?"}, NOW)]
    store.commit(batch(questions=again, deferrals=[deferral(9)]), epoch)
    with store.reader() as reader:
        kept = reader.question(1, "a", -1)
        assert kept is not None
        assert (kept.token, kept.answer) == (9, None)
