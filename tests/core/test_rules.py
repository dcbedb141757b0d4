"""Every trigger rule against every way its upstreams can end, judged by a model that only knows the rule's words."""

from __future__ import annotations

from itertools import product

import pytest

from venturi.core.rules import RULES, Decision, Tally, decide
from venturi.core.states import TaskState

ENDS = (TaskState.SUCCESS, TaskState.FAILED, TaskState.SKIPPED, TaskState.UPSTREAM_FAILED)
GOOD, BAD = {TaskState.SUCCESS}, {TaskState.FAILED, TaskState.UPSTREAM_FAILED}

# What the words of a rule say about upstreams that have all ended.
RUNS_WHEN = {
    "all_success": lambda ends: all(e in GOOD for e in ends),
    "all_failed": lambda ends: all(e in BAD for e in ends),
    "all_done": lambda ends: True,
    "all_done_setup_success": lambda ends: True,
    # A skipped upstream does not count as done here.
    "all_done_min_one_success": lambda ends: any(e in GOOD for e in ends) and TaskState.SKIPPED not in ends,
    "one_success": lambda ends: any(e in GOOD for e in ends),
    "one_failed": lambda ends: any(e in BAD for e in ends),
    "one_done": lambda ends: TaskState.SUCCESS in ends or TaskState.FAILED in ends,
    "none_failed": lambda ends: not any(e in BAD for e in ends),
    "none_failed_min_one_success": lambda ends: not any(e in BAD for e in ends) and any(e in GOOD for e in ends),
    "none_failed_or_skipped": lambda ends: not any(e in BAD for e in ends) and any(e in GOOD for e in ends),
    "none_skipped": lambda ends: TaskState.SKIPPED not in ends,
    "all_skipped": lambda ends: all(e is TaskState.SKIPPED for e in ends),
    "always": lambda ends: True,
    "dummy": lambda ends: True,
}


def tally_of(ends: tuple[TaskState, ...], still_open: int = 0) -> Tally:
    tally = Tally(still_open)
    for end in ends:
        tally.count(end)
    return tally


def test_every_rule_has_a_model() -> None:
    assert RUNS_WHEN.keys() == RULES.keys()


@pytest.mark.parametrize("rule", sorted(RULES))
def test_a_rule_runs_exactly_when_its_words_say_so_once_all_upstreams_have_ended(rule: str) -> None:
    for size in (1, 2, 3):
        for ends in product(ENDS, repeat=size):
            decision = decide(rule, tally_of(ends), True)
            assert (decision is Decision.RUN) == RUNS_WHEN[rule](ends), (rule, ends, decision)
            assert decision is not Decision.WAIT, (rule, ends)


# These give up at the first failure or skip they see, whichever comes first, as in Airflow.
HASTY = {"all_success", "none_failed", "none_failed_min_one_success", "none_failed_or_skipped"}


@pytest.mark.parametrize("rule", sorted(RULES.keys() - HASTY))
def test_an_early_decision_is_the_one_that_all_later_ends_would_give(rule: str) -> None:
    for ends in [e for n in (1, 2) for e in product(ENDS, repeat=n)]:
        early = decide(rule, tally_of(ends, still_open=1), True)
        if early is Decision.WAIT:
            continue
        for last in ENDS:
            assert decide(rule, tally_of((*ends, last)), True) is early, (rule, ends, last)


@pytest.mark.parametrize("rule", sorted(RULES))
def test_an_early_run_is_never_regretted(rule: str) -> None:
    for ends in [e for n in (1, 2) for e in product(ENDS, repeat=n)]:
        if decide(rule, tally_of(ends, still_open=1), True) is Decision.RUN:
            for last in ENDS:
                assert decide(rule, tally_of((*ends, last)), True) is Decision.RUN


@pytest.mark.parametrize("rule", sorted(RULES))
def test_a_task_without_upstreams_runs_whatever_its_rule(rule: str) -> None:
    assert decide(rule, Tally(0), False) is Decision.RUN


def test_a_teardown_needs_one_setup_that_made_something_to_take_down() -> None:
    def said(*setups: TaskState, work: TaskState = TaskState.FAILED, scope: int = 0, still_open: int = 0) -> Decision:
        tally = tally_of((work,), still_open)
        tally.scope = scope
        for end in setups:
            tally.count(end, is_setup=True)
        return decide("all_done_setup_success", tally, True)

    good, bad, skip = TaskState.SUCCESS, TaskState.FAILED, TaskState.SKIPPED
    assert said(good) is Decision.RUN
    assert said(good, bad) is Decision.RUN
    assert said(bad) is Decision.UPSTREAM_FAILED
    assert said(bad, skip) is Decision.UPSTREAM_FAILED
    assert said(skip, skip) is Decision.SKIP
    assert said(good, scope=1) is Decision.WAIT
    assert said(good, still_open=1) is Decision.WAIT


@pytest.mark.parametrize("rule", sorted(RULES.keys() - {"always", "dummy"}))
def test_no_rule_runs_a_task_inside_a_scope_whose_setup_failed_or_has_not_ended(rule: str) -> None:
    for ends in product(ENDS, repeat=2):
        tally = tally_of(ends)
        tally.guards = 1
        assert decide(rule, tally, True) is not Decision.RUN
        tally.guards = 0
        tally.count_guard(TaskState.FAILED)
        assert decide(rule, tally, True) is Decision.UPSTREAM_FAILED
