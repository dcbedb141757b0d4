"""A deferred instance has no attempt, goes on once by its event, and is given up with its run."""

from __future__ import annotations

from venturi.core import step
from venturi.core.spec import DagSpec, TaskSpec
from venturi.core.states import Outcome, RunState
from venturi.core.step import End, Turn, Wait

from .driving import Driven


def deferred(timeout_s: float | None = None) -> Driven:
    driven = Driven(DagSpec("d", tasks=(TaskSpec("t"), TaskSpec("after", upstream=("t",)))))
    turn = driven.turn()
    (one,) = driven.admit(turn)
    end = End(Outcome.DEFERRED, 0.0, wait=Wait("m.T", "go_on", "{}", timeout_s))
    step.ended(driven.world, driven.run, one.number, one.map_index, one.cell, end, turn, 2)
    assert [d.token for d in turn.batch.deferrals] == [one.cell.token]
    return driven


def test_it_takes_no_place_while_it_waits() -> None:
    driven = deferred()
    assert driven.state("t") == "deferred"
    assert driven.world.by_token == {}
    assert driven.world.capacity.forked == 0
    assert driven.admit(driven.turn()) == []


def test_its_event_resumes_it_once_under_the_same_try() -> None:
    driven = deferred()
    ((token, known),) = driven.world.deferred.items()
    turn = driven.turn()
    step.fired(driven.world, *known, "{}", turn)
    assert [e.token for e in turn.batch.deferral_events] == [token]
    assert driven.world.deferred == {}
    (one,) = driven.admit(turn)
    assert (one.cell.try_number, one.cell.deferral) == (1, token)
    step.ended(driven.world, driven.run, 0, -1, one.cell, End(Outcome.LOST, 0.0), turn, 2)
    assert one.cell.deferral == token  # a lost attempt's next one goes on by the same event
    (again,) = driven.admit(turn)
    step.ended(driven.world, driven.run, 0, -1, again.cell, End(Outcome.SUCCESS, 0.0), turn, 2)
    assert [e.task_id for e in turn.batch.deferral_ends] == ["t"]
    assert driven.state("t") == "success"


def test_its_time_is_an_event_too() -> None:
    driven = deferred(timeout_s=5.0)
    ((_, known),) = driven.world.deferred.items()
    assert driven.world.timers[0][0] == 5.0
    turn = Turn(5.0)
    step.due(driven.world, *known, turn)
    assert [e.event for e in turn.batch.deferral_events] == [step.TIMED_OUT]
    assert driven.state("t") == "scheduled"


def test_with_its_run_it_is_given_up_and_its_trigger_let_go() -> None:
    driven = deferred()
    (token,) = driven.world.deferred
    turn = driven.turn()
    assert step.cancel(driven.world, driven.run, "cancelled by me", turn) == []
    assert [(e.task_id, e.waiting) for e in turn.batch.deferral_ends] == [("t", token)]
    assert driven.world.deferred == {}
    assert (driven.state("t"), driven.state("after")) == ("failed", "skipped")
    assert driven.run.state is RunState.FAILED
