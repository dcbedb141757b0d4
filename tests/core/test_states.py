from __future__ import annotations

import pytest

from venturi.core.errors import IllegalMove
from venturi.core.moves import RunMove, RunReopening, TaskMove
from venturi.core.states import FINAL, LIVE, RUN_FINAL, RUN_MOVES, TASK_MOVES, RunState, TaskState


def test_every_state_is_in_its_table_and_final_ones_lead_nowhere() -> None:
    assert set(TASK_MOVES) == set(TaskState)
    assert set(RUN_MOVES) == set(RunState)
    assert {state for state, after in TASK_MOVES.items() if not after} == FINAL


def test_every_state_but_none_can_be_reached() -> None:
    reached = {after for afters in TASK_MOVES.values() for after in afters}
    assert reached == set(TaskState) - {TaskState.NONE}


@pytest.mark.parametrize("before", list(TaskState))
def test_a_move_exists_exactly_where_the_table_has_it(before: TaskState) -> None:
    for after in TaskState:
        if after in TASK_MOVES[before]:
            TaskMove(1, "t", -1, before, after, 0, 0, 0.0)
        else:
            with pytest.raises(IllegalMove, match=f"from {before.value} to {after.value}"):
                TaskMove(1, "t", -1, before, after, 0, 0, 0.0)


def test_a_finished_run_does_not_move() -> None:
    with pytest.raises(IllegalMove, match="from success to running"):
        RunMove(1, RunState.SUCCESS, RunState.RUNNING, 0.0)


def test_two_moves_in_one_keep_the_first_guard_and_the_last_state() -> None:
    first = TaskMove(1, "t", -1, TaskState.NONE, TaskState.SCHEDULED, 0, 0, 1.0)
    second = TaskMove(1, "t", -1, TaskState.SCHEDULED, TaskState.STARTING, 0, 7, 2.0, try_number=1)
    joined = first.followed_by(second)
    assert (joined.before, joined.token_before) == (TaskState.NONE, 0)
    assert (joined.after, joined.token, joined.try_number) == (TaskState.STARTING, 7, 1)


@pytest.mark.parametrize("before", list(TaskState))
def test_a_person_may_take_back_anything_and_say_how_it_ended_but_not_of_what_is_at_work(before: TaskState) -> None:
    said = {TaskState.SUCCESS, TaskState.FAILED, TaskState.SKIPPED}
    allowed = {TaskState.NONE} if before in LIVE else ({TaskState.NONE} | said) - {before}
    for after in set(TaskState) - TASK_MOVES[before]:
        if after in allowed:
            assert TaskMove(1, "t", -1, before, after, 0, 0, 0.0, by_person=True).after is after
        else:
            with pytest.raises(IllegalMove):
                TaskMove(1, "t", -1, before, after, 0, 0, 0.0, by_person=True)


def test_a_run_that_is_over_is_opened_again_by_a_person_alone() -> None:
    for before in RunState:
        if before in RUN_FINAL:
            RunReopening(1, before, 1, 0.0, {}, False, None)
            RunMove(1, before, RunState.QUEUED, 0.0, by_person=True)
        else:
            with pytest.raises(IllegalMove):
                RunReopening(1, before, 1, 0.0, {}, False, None)
