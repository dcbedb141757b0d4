"""What is said of a run's deadlines and SLAs: which were missed, what became of the call, which comes next.

Owns these sentences, for `why` and `status`. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from .due import SLA
from .names import MODULE_OF_A_FILE
from .states import CallState, DeadlineState, Outcome
from .why import at, closed


class Row(Protocol):
    """A deadline as the store holds it."""

    @property
    def kind(self) -> str: ...
    @property
    def due_at(self) -> float | None: ...
    @property
    def state(self) -> str: ...
    @property
    def call(self) -> int | None: ...
    @property
    def detail(self) -> dict[str, Any]: ...


class Told(Protocol):
    """The call by which somebody was told."""

    @property
    def id(self) -> int: ...
    @property
    def state(self) -> str: ...
    @property
    def outcome(self) -> str | None: ...
    @property
    def reason(self) -> str | None: ...


def of_run(rows: Iterable[Row], calls: Mapping[int, Told], is_open: bool) -> list[str]:
    """What was missed first, then what is still to be kept, where something of it may."""
    listed = sorted(rows, key=lambda row: row.due_at or 0.0)
    told = [_missed(row, calls) for row in listed if row.state == DeadlineState.MISSED.value]
    for row in listed:
        if row.state == DeadlineState.UNKNOWN.value:
            told.append(f"Its deadline{_name(row)} is not watched: {closed(str(row.detail.get('problem')))}")
    coming = next((row for row in listed if row.state == DeadlineState.DUE.value), None)
    if coming is not None and is_open:
        what = "The SLA of its tasks" if coming.kind == SLA else f"Its deadline{_name(coming)}"
        told.append(f"{what} is at {at(coming.due_at)}.")
    return told


def of_task(task_id: str, rows: Iterable[Row], calls: Mapping[int, Told]) -> list[str]:
    """Of one task: the SLA that it has missed."""
    late = DeadlineState.MISSED.value
    return [
        f"It has missed its SLA, which was {at(row.due_at)}{_told(row, calls)}."
        for row in rows
        if row.kind == SLA and row.state == late and task_id in row.detail.get("tasks", ())
    ]


def _name(row: Row) -> str:
    return f" {row.detail['name']!r}" if row.detail.get("name") else ""


def _missed(row: Row, calls: Mapping[int, Told]) -> str:
    if row.kind == SLA:
        tasks = row.detail.get("tasks") or []
        have = "has missed its" if len(tasks) == 1 else "have missed their"
        return f"{', '.join(tasks)} {have} SLA, which was {at(row.due_at)}{_told(row, calls)}."
    return f"It has missed its deadline{_name(row)} of {at(row.due_at)}{_told(row, calls)}."


def _told(row: Row, calls: Mapping[int, Told]) -> str:
    call = calls.get(row.call) if row.call is not None else None
    if call is None:
        return "; nobody was to be told"
    what = "who is to be told of it" if row.kind == SLA else _path(row)
    if call.state == CallState.DUE.value:
        return f"; {what} is called next"
    if call.state == CallState.STARTING.value:
        return f"; {what} is being called"
    if call.outcome == Outcome.SUCCESS.value:
        return f"; {what} was called"
    return f"; the call of {what} has failed: {(call.reason or 'no reason is kept').rstrip('.')}"


def _path(row: Row) -> str:
    callback = row.detail.get("callback") or {}
    module, _, name = str(callback.get("path") or "its callback").rpartition(".")
    return f"{module}.{name}" if module and not module.startswith(MODULE_OF_A_FILE) else name  # whose name says nothing
