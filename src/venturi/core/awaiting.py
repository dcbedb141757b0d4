"""What other runs have come to, for whoever waits for them: judged from their states alone.

Owns the form of what is awaited, and the judgement. Where the states come from is the asker's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

SAME_DATE_S = 1e-5  # dates pass through datetimes, which count microseconds


@dataclass(frozen=True, slots=True)
class Awaited:
    """Tasks, a group of tasks or a whole DAG, of the runs at some dates or under some ids."""

    dag_id: str
    task_ids: tuple[str, ...] | None = None
    group_id: str | None = None
    dates: tuple[float, ...] | None = None
    run_ids: tuple[str, ...] | None = None

    def runs_expected(self) -> int:
        return len(self.run_ids if self.run_ids is not None else self.dates or ())

    def wanted_runs(self) -> dict[str, Any]:
        """As `runs` of a port takes it."""
        wanted: dict[str, Any] = {}
        if self.run_ids is not None:
            wanted["run_ids"] = list(self.run_ids)
        if self.dates is not None:
            wanted["dates"] = list(self.dates)
        return wanted


def judged(
    runs: Sequence[Sequence[str]],
    expected: int,
    allowed: Iterable[str],
    failed: Iterable[str],
    skipped: Iterable[str],
) -> str | None:
    """failed, skipped or success; None while it is to be waited for. `runs`: of each run that is there, the states of
    what is awaited in it."""
    for word, states in (("failed", failed), ("skipped", skipped)):
        if any(state in states for run in runs for state in run):
            return word
    done = sum(bool(run) and all(state in allowed for state in run) for run in runs)
    return "success" if runs and done >= expected else None
