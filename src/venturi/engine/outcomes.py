"""From an attempt's report to what is decided and kept: the reason in words, the attempt's row, its value's row.

Pure: reads reports, makes rows.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from ..core.moves import AssetEventRow, AttemptRow, ValueRow
from ..core.spec import RETURN_KEY
from ..core.starting import NOT_STARTED
from ..core.states import Outcome, TaskState
from ..core.step import End, Wait
from ..core.world import Cell, Run
from ..executors.base import Ended, Fired

KEPT = ("label", "rendered", "cpu_s", "error", "signal", "exit_code", "exit_note", "wake_at", "host")


def as_it_counts(report: Ended) -> Ended:
    """What was ended because it did not begin was no person's wish: it is lost."""
    if report.outcome == Outcome.CANCELLED.value and str(report.detail.get("reason") or "").startswith(NOT_STARTED):
        return replace(report, outcome=Outcome.LOST.value)
    return report


def end_of(report: Ended, feeds_mapping: bool) -> End:
    detail = report.detail
    lengths: dict[str, int | None] = {}
    value = detail.get("value")
    if feeds_mapping and value is not None:
        lengths[RETURN_KEY] = value.get("length")
    wait = detail.get("wait")
    return End(
        outcome=Outcome(report.outcome),
        at=report.at,
        reason=reason_of(detail),
        wake_at=detail.get("wake_at"),
        skip=tuple(detail.get("skip") or ()),
        lengths=lengths,
        wait=Wait(wait["trigger"], wait["method"], report.value.decode(), wait.get("timeout_s"), wait.get("words"))
        if wait
        else None,
        error=detail.get("error"),
        retry_delay_s=detail.get("retry_delay_s"),
    )


_ENDS = {state.value: state for state in (TaskState.SUCCESS, TaskState.FAILED, TaskState.SKIPPED)}


def ended_by(report: Fired, run: Run, number: int) -> TaskState | None:
    """The state in which the trigger itself ends its task, where no attempt is needed to keep or to tell anything."""
    final = _ENDS.get(report.kind)
    task = run.plan.tasks[number]
    if final is None or task.outlets or (number, RETURN_KEY) in run.plan.feeds_mapping:
        return None
    return None if report.payload and json.loads(report.payload).get("xcoms") else final


def event_of(report: Fired) -> str:
    """What the resumed attempt is told of its trigger's event, as JSON."""
    kept = {name: report.detail[name] for name in ("message", "traceback") if report.detail.get(name)}
    head = json.dumps({"kind": report.kind, **kept})
    if not report.payload:
        return head
    return f'{head[:-1]},"payload":{report.payload.decode()}}}'


def reason_of(detail: dict[str, Any]) -> str | None:
    """One sentence: what the crew saw, or the author's exception and where it was raised."""
    if detail.get("reason"):
        return str(detail["reason"])
    error = detail.get("error")
    if not error:
        return None
    message = " ".join(str(error.get("message") or "").split())
    said = f"{error.get('type', 'Error')}: {message}" if message else str(error.get("type", "Error"))
    if error.get("file"):
        name = str(error["file"]).rsplit("/", 1)[-1]
        said += f" in {name}:{error.get('line')}"
    return said[:1000]


def attempt_row(report: Ended, run: Run, task_id: str, map_index: int, cell: Cell, end: End) -> AttemptRow:
    detail = report.detail
    return AttemptRow(
        token=report.token,
        run=run.id,
        task_id=task_id,
        map_index=map_index,
        try_number=cell.try_number,
        outcome=report.outcome,
        started_at=detail.get("started_at") or cell.started_at,
        ended_at=report.at,
        reason=end.reason,
        pid=detail.get("pid") or cell.pid,
        exit_code=detail.get("exit_code"),
        signal=detail.get("signal"),
        peak_mb=detail.get("peak_mb"),
        log=detail.get("log"),
        log_bytes=detail.get("log_bytes") or 0,
        detail={key: detail[key] for key in KEPT if detail.get(key) is not None} or None,
    )


def value_row(report: Ended, run: Run, task_id: str, map_index: int) -> ValueRow | None:
    value = report.detail.get("value")
    if value is None:
        return None
    return ValueRow(
        run=run.id,
        task_id=task_id,
        map_index=map_index,
        key=RETURN_KEY,
        token=report.token,
        kind=value.get("kind", ""),
        length=value.get("length"),
        data=None if value.get("ref") else report.value.decode(),
        ref=value.get("ref"),
        bytes=value.get("bytes") or len(report.value),
    )


def asset_event_rows(report: Ended, run: Run, task_id: str, map_index: int) -> list[AssetEventRow]:
    """What a task that has succeeded says of the assets it made."""
    if report.outcome != Outcome.SUCCESS.value:
        return []
    return [
        AssetEventRow(
            token=report.token,
            n=n,
            at=report.at,
            name=str(told["name"]),
            uri=str(told["uri"]),
            extra=dict(told.get("extra") or {}),
            aliases=[str(alias) for alias in told.get("aliases") or ()],
            partition=told.get("partition") or run.partition_key,
            dag_id=run.dag_id,
            run_id=run.run_id,
            task_id=task_id,
            map_index=map_index,
        )
        for n, told in enumerate(report.detail.get("asset_events") or ())
    ]
