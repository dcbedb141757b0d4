"""What is kept of the past: which runs of a DAG may go, by their age and by how many there are.

Owns the rule alone. What must stay whatever it says (unfinished runs, what others look back at) is told to it; removing
is `engine.retention`'s.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Protocol

from .errors import Refused
from .states import RUN_FINAL

_FINAL = frozenset(state.value for state in RUN_FINAL)
_UNITS_S = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 7 * 86_400.0}
HOW_OLD = "write it like 90d, 12h, 2w or 2026-01-31"


class Row(Protocol):
    @property
    def id(self) -> int: ...
    @property
    def run_id(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def ended_at(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Rule:
    """Runs that have ended before a moment go, but for the newest so many of each DAG."""

    before: float | None  # None: however young
    keep: int = 1  # at least one, so that the newest of a DAG stays
    dags: tuple[str, ...] = ()  # empty: all

    def holds_for(self, row: Row, first_kept: int, stays: Collection[int | None]) -> bool:
        """Whether this run may go: its DAG keeps all from `first_kept` on, and these by name."""
        if row.id >= first_kept or row.id in stays or row.state not in _FINAL or row.ended_at is None:
            return False
        return self.before is None or row.ended_at < self.before

    def is_past(self, rows: Sequence[Row]) -> bool:
        """Of a stretch of runs in the order in which they were made: whether those after it are all too young."""
        if self.before is None:
            return False
        before = self.before
        return all(row.ended_at is not None and row.ended_at >= before for row in rows)


def rule_of(before: str | None, keep: int | None, dags: Sequence[str], now: float) -> Rule:
    """From what was said. Raises a VenturiError with one sentence for what cannot be."""
    if before is None and keep is None:
        raise Refused(reason="Nothing says what may go.", advice="Say --before AGE or DATE, or --keep N.")
    if keep is not None and keep < 1:
        raise Refused(reason=f"--keep {keep} is too few.", advice="The newest run of a DAG stays in any case.")
    return Rule(None if before is None else _moment(before, now), keep or 1, tuple(dags))


def _moment(text: str, now: float) -> float:
    number, unit = text[:-1], text[-1:]
    if unit in _UNITS_S and number.replace(".", "", 1).isdigit():
        return now - float(number) * _UNITS_S[unit]
    try:
        made = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise Refused(reason=f"--before '{text}' is no age and no date;", advice=f"{HOW_OLD}.") from None
    moment = (made if made.tzinfo is not None else made.replace(tzinfo=timezone.utc)).timestamp()
    if moment > now:
        raise Refused(reason=f"--before {text} is still to come;", advice="what is not over stays.")
    return moment
