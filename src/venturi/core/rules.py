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

    A mapped upstream is one open node until its group has settled; each of its instances counts when it ends.
    """

    __slots__ = ("failed", "open", "removed", "skipped", "success", "upstream_failed")

    def __init__(self, open_nodes: int) -> None:
        self.open = open_nodes
        self.success = 0
        self.failed = 0
        self.skipped = 0
        self.upstream_failed = 0
        self.removed = 0

    def count(self, state: TaskState, n: int = 1) -> None:
        setattr(self, state.value, getattr(self, state.value) + n)


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
    if t.open:
        return Decision.WAIT
    if t.success:
        return Decision.RUN
    return Decision.UPSTREAM_FAILED if t.failed or t.upstream_failed else Decision.SKIP


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
    "all_done_setup_success": _all_done,
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
    """A task without upstreams runs whatever its rule."""
    return RULES[rule](tally) if has_upstream else Decision.RUN
