"""Which ends make callbacks due, and that each is begun once."""

from __future__ import annotations

import pytest

from venturi.core import calls
from venturi.core.errors import IllegalMove
from venturi.core.moves import CallMove
from venturi.core.spec import DagSpec, TaskSpec
from venturi.core.states import CallState, Outcome
from venturi.core.step import End, Turn

from .driving import Driven

ALL = ("success", "failure", "retry", "skipped")


def due(outcome: Outcome, retries: int = 0, wanted: tuple[str, ...] = ALL) -> list[str]:
    task = TaskSpec("t", retries=retries, retry_delay_s=0.0, calls=wanted)
    driven = Driven(DagSpec("d", tasks=(task,), calls=("success", "failure")))
    driven.to_the_end(lambda task, map_index, n: End(outcome if n == 1 else Outcome.SUCCESS, 0.0), 0)
    return [f"{call.task_id}:{call.kind}:{call.try_number}" for call in driven.world.calls_due]


def test_each_end_of_an_attempt_has_its_word() -> None:
    assert due(Outcome.SUCCESS) == ["t:success:1", ":success:1"]
    assert due(Outcome.FAILED) == ["t:failure:1", ":failure:1"]
    assert due(Outcome.FAIL_NOW, retries=1) == ["t:failure:1", ":failure:1"]
    assert due(Outcome.FAILED, retries=1) == ["t:retry:1", "t:success:2", ":success:1"]
    assert due(Outcome.SKIPPED) == ["t:skipped:1", ":success:1"]
    assert due(Outcome.LOST) == ["t:failure:1", ":failure:1"]
    assert due(Outcome.FAILED, wanted=("retry",)) == [":failure:1"]


def test_a_few_start_at_once_and_one_that_never_was_is_due_again() -> None:
    driven = Driven(DagSpec("d", tasks=tuple(TaskSpec(f"t{n}", calls=ALL) for n in range(6))), slots=6)
    driven.to_the_end(lambda task, map_index, n: End(Outcome.SUCCESS, 0.0))
    world, turn = driven.world, Turn(0.0)
    started = calls.hand_out(world, turn, driven.next_token)
    assert len(started) == calls.AT_ONCE_MAX
    assert calls.hand_out(world, turn, driven.next_token) == []
    calls.ended(world, started[0], Outcome.NEVER_RAN, None, turn)
    calls.ended(world, started[1], Outcome.LOST, "its machine went down", turn)
    assert (started[0].state, started[1].state) == (CallState.DUE, CallState.DONE)
    assert started[0] in world.calls_due
    assert started[1] not in world.calls_due


def test_what_is_done_is_not_begun_again() -> None:
    with pytest.raises(IllegalMove):
        CallMove(1, CallState.DONE, CallState.STARTING, 1, 2, 0.0)
