"""Trigger rules: what a task does, given how its upstreams have ended so far.

Owns the meaning of each rule. The same function answers after every settled upstream, so a rule decides as early as
it can: `one_failed` runs at the first failure, `all_success` gives up at the first one.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from .states import TaskState


class Decision(Enum):
    WAIT = "wait"
    RUN = "run"
    SKIP = "skip"
    UPSTREAM_FAILED = "upstream_failed"


class Tally:
    """How the upstreams of one task stand: nodes still open, and settled instances by state.

    A mapped upstream is one open node until its group has settled; each of its instances counts when it ends. Beside
    the upstreams stand `guards`, the setups further up whose scope the task is in, and `scope`, what lies between a
    teardown and its setups: tasks that must have ended too, though no arrow leads from them.
    """

    __slots__ = (
        "failed",
        "guards",
        "guards_failed",
        "guards_skipped",
        "open",
        "removed",
        "scope",
        "setups",
        "setups_skipped",
        "setups_success",
        "skipped",
        "success",
        "upstream_failed",
    )

    def __init__(self, open_nodes: int = 0) -> None:
        self.open = open_nodes
        self.success = 0
        self.failed = 0
        self.skipped = 0
        self.upstream_failed = 0
        self.removed = 0
        self.guards = self.guards_failed = self.guards_skipped = 0
        self.scope = 0
        self.setups = self.setups_success = self.setups_skipped = 0  # those upstream tasks that are setups

    def count(self, state: TaskState, n: int = 1, is_setup: bool = False) -> None:
        name = state.value
        setattr(self, name, getattr(self, name) + n)
        if is_setup:
            self.setups += n
            self.setups_success += n * (state is TaskState.SUCCESS)
            self.setups_skipped += n * (state is TaskState.SKIPPED)

    def count_guard(self, state: TaskState, n: int = 1) -> None:
        self.guards_failed += n * (state in (TaskState.FAILED, TaskState.UPSTREAM_FAILED))
        self.guards_skipped += n * (state is TaskState.SKIPPED)

    def plus(self, other: Tally) -> Tally:
        made = Tally()
        for name in Tally.__slots__:
            setattr(made, name, getattr(self, name) + getattr(other, name))
        return made


def _all_success(t: Tally) -> Decision:
    if t.failed or t.upstream_failed:
        return Decision.UPSTREAM_FAILED
    if t.skipped:
        return Decision.SKIP
    return Decision.WAIT if t.open else Decision.RUN


def _all_failed(t: Tally) -> Decision:
    if t.success or t.skipped:
        return Decision.SKIP
    return Decision.WAIT if t.open else Decision.RUN


def _all_done(t: Tally) -> Decision:
    return Decision.WAIT if t.open else Decision.RUN


def _all_done_min_one_success(t: Tally) -> Decision:
    if t.skipped:  # a skipped upstream does not count as done here
        return Decision.SKIP
    if t.open:
        return Decision.WAIT
    return Decision.RUN if t.success else Decision.UPSTREAM_FAILED


def _all_done_setup_success(t: Tally) -> Decision:
    """A teardown's own: it runs when all before it is over, if one of its setups has made something to take down."""
    if t.open:
        return Decision.WAIT
    if t.setups and t.setups_skipped == t.setups:
        return Decision.SKIP
    if t.setups and not t.setups_success:
        return Decision.UPSTREAM_FAILED
    return Decision.WAIT if t.scope else Decision.RUN


def _one_success(t: Tally) -> Decision:
    if t.success:
        return Decision.RUN
    if t.open:
        return Decision.WAIT
    return Decision.UPSTREAM_FAILED if t.failed or t.upstream_failed else Decision.SKIP


def _one_failed(t: Tally) -> Decision:
    if t.failed or t.upstream_failed:
        return Decision.RUN
    return Decision.WAIT if t.open else Decision.SKIP


def _one_done(t: Tally) -> Decision:
    if t.success or t.failed:
        return Decision.RUN
    return Decision.WAIT if t.open else Decision.SKIP


def _none_failed(t: Tally) -> Decision:
    if t.failed or t.upstream_failed:
        return Decision.UPSTREAM_FAILED
    return Decision.WAIT if t.open else Decision.RUN


def _none_failed_min_one_success(t: Tally) -> Decision:
    if t.failed or t.upstream_failed:
        return Decision.UPSTREAM_FAILED
    if t.open:
        return Decision.WAIT
    return Decision.RUN if t.success else Decision.SKIP


def _none_skipped(t: Tally) -> Decision:
    if t.skipped:
        return Decision.SKIP
    return Decision.WAIT if t.open else Decision.RUN


def _all_skipped(t: Tally) -> Decision:
    if t.success or t.failed or t.upstream_failed:
        return Decision.SKIP
    return Decision.WAIT if t.open else Decision.RUN


def _always(_: Tally) -> Decision:
    return Decision.RUN


RULES: dict[str, Callable[[Tally], Decision]] = {
    "all_success": _all_success,
    "all_failed": _all_failed,
    "all_done": _all_done,
    "all_done_min_one_success": _all_done_min_one_success,
    "all_done_setup_success": _all_done_setup_success,
    "one_success": _one_success,
    "one_failed": _one_failed,
    "one_done": _one_done,
    "none_failed": _none_failed,
    "none_failed_min_one_success": _none_failed_min_one_success,
    "none_failed_or_skipped": _none_failed_min_one_success,  # its name before Airflow 2.2
    "none_skipped": _none_skipped,
    "all_skipped": _all_skipped,
    "always": _always,
    "dummy": _always,  # 1.10's name for it
}


def decide(rule: str, tally: Tally, has_upstream: bool) -> Decision:
    """A task without upstreams runs whatever its rule; one inside the scope of setups, when these have succeeded."""
    if not has_upstream:
        return Decision.RUN
    if tally.guards_failed and rule not in _ALWAYS:
        return Decision.UPSTREAM_FAILED
    if tally.guards_skipped and rule not in _ALWAYS:
        return Decision.SKIP
    decision = RULES[rule](tally)
    return Decision.WAIT if decision is Decision.RUN and tally.guards and rule not in _ALWAYS else decision


_ALWAYS = ("always", "dummy")
