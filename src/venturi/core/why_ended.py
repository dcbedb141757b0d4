"""Why something has ended as it has: who failed first and how, which branch or rule skipped it, who cancelled it.

Owns the sentences on what is over, from the rows that the store keeps. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .plan import Plan
from .spec import TaskSpec
from .states import Outcome
from .why import Attempt, Facts, Row, Why, at, closed, lasting, lowered, some

BAD = ("failed", "upstream_failed")
_FINAL = ("success", "failed", "skipped", "upstream_failed", "removed")
_ENDS = {
    "MemoryLimitExceeded": "memory_limit",
    "TimeLimitExceeded": "time_limit",
    "AirflowTaskTimeout": "time_limit",
    "AirflowSensorTimeout": "sensor_timeout",
}


def of_ended_run(state: str, reason: str | None, ended_at: float | None, facts: Facts) -> Why:
    when = f" at {at(ended_at)}" if ended_at is not None else ""
    if state == "success":
        skipped = len({row.task_id for row in facts.rows.values() if row.state == "skipped"})
        but = f"; {skipped} of its tasks {'was' if skipped == 1 else 'were'} skipped" if skipped else ""
        return Why(f"It has succeeded{when}{but}.", "success")
    if reason is not None and not reason.endswith(" failed"):
        code = "time_limit" if "dagrun_timeout" in reason else "fail_fast" if "fails fast" in reason else "cancelled"
        return Why(f"It was ended{when}: {closed(reason)}", code)
    first = _first_failure(facts.rows, reason)
    if first is None:
        return Why(f"It has failed{when}: {closed(reason or 'no reason is kept')}", "failed")
    row = facts.rows[first]
    after = sum(row.state == "upstream_failed" for row in facts.rows.values())
    rest = f" {after} {'task' if after == 1 else 'tasks'} after it did not run." if after else ""
    return Why(
        f"It has failed{when}: {_named(first)} failed: {closed(row.reason or 'no reason is kept')}{rest}", "failed"
    )


def _first_failure(rows: Mapping[tuple[str, int], Row], reason: str | None) -> tuple[str, int] | None:
    """The failed instance that the run's reason names, else the earliest."""
    failed = [key for key, row in rows.items() if row.state == "failed"]
    named = [key for key in failed if reason == f"{key[0]} failed"]
    return min(named or failed, key=lambda key: (rows[key].ended_at or 0.0, key), default=None)


def of_ended_instance(plan: Plan, row: Row, facts: Facts) -> Why:
    task = plan.tasks[plan.index[row.task_id]] if row.task_id in plan.index else TaskSpec(row.task_id)
    if (row.reason or "").startswith("marked "):
        return Why(f"It was {row.reason} at {at(row.ended_at)}.", "marked")
    if row.state == "failed":
        return _failed(task, row, facts.attempts)
    if row.state == "skipped":
        return _skipped(row, facts.attempts)
    if row.state == "upstream_failed":
        return _upstream_failed(plan, row, facts.rows)
    if row.state == "success":
        took = f", after {lasting(row.ended_at - row.started_at)}" if row.ended_at and row.started_at else ""
        marked = f": {row.reason}" if row.reason else ""
        return Why(f"It has succeeded at {at(row.ended_at)}{took}{_tries(task, row)}{closed(marked)}", "success")
    return Why(f"It is {row.state}{': ' + closed(row.reason) if row.reason else '.'}", row.state)


def of_ended_group(task_id: str, state: str, rows: Mapping[tuple[str, int], Row]) -> Why:
    """A mapped task that has instances."""
    counts: dict[str, int] = {}
    mine = [row for key, row in rows.items() if key[0] == task_id]
    for row in mine:
        counts[row.state] = counts.get(row.state, 0) + 1
    told = ", ".join(f"{n} {name.replace('_', ' ')}" for name, n in sorted(counts.items()))
    worst = next((row for name in BAD for row in mine if row.state == name), None)
    first = f" The first: [{worst.map_index}], {closed(worst.reason or worst.state)}" if worst is not None else ""
    return Why(f"Of its {len(mine)} instances: {told}.{first}", state)


def _tries(task: TaskSpec, row: Row) -> str:
    of_all = f" of {task.retries + 1}" if task.retries else ""
    return f" (try {row.try_number}{of_all})" if row.try_number > 1 or task.retries else ""


def _failed(task: TaskSpec, row: Row, attempts: Sequence[Attempt]) -> Why:
    last = attempts[-1] if attempts else None
    reason, code = row.reason or (last.reason if last is not None else None) or "no reason is kept", "failed"
    tries = _tries(task, row)
    when = f" at {at(row.ended_at)}" if row.ended_at is not None else ""
    if last is None and not row.try_number:
        return Why(f"It failed{when} before it began: {closed(reason)}", "failed_before")
    if last is not None:
        error = (last.detail or {}).get("error") or {}
        code = _ENDS.get(str(error.get("type")), "failed")
        if last.outcome == Outcome.CANCELLED.value:
            return Why(f"It was ended at its work{when}{tries}: {closed(reason)}", "cancelled")
        if last.outcome == Outcome.LOST.value:
            lost = sum(one.outcome == Outcome.LOST.value for one in attempts)
            last_time = f"for the {_nth(lost)} time, which was the last allowed"
            return Why(f"It was lost{when} {last_time}: {closed(lowered(reason))}", "lost")
        if last.signal is not None and code == "failed":
            code = "out_of_memory" if "ran out of memory" in reason else "signal"
        if last.peak_mb and code in ("signal", "memory_limit") and "peak" not in reason:
            reason = f"{reason.rstrip('.')}; it held {last.peak_mb:.0f} MB at its most"
        if last.outcome == Outcome.FAIL_NOW.value and row.try_number <= task.retries:
            tries += ", and no retry may follow"
    elif "this machine has" in reason:
        code = "never_fits"
    return Why(f"Failed{when}{tries}: {closed(lowered(reason))}", code)


def _nth(n: int) -> str:
    return {1: "1st", 2: "2nd", 3: "3rd"}.get(n, f"{n}th")


def _skipped(row: Row, attempts: Sequence[Attempt]) -> Why:
    if attempts and attempts[-1].outcome == Outcome.SKIPPED.value:
        why = f": {closed(row.reason)}" if row.reason else " (AirflowSkipException)."
        return Why(f"It has skipped itself{why}", "skipped_itself")
    reason = row.reason or "no reason is kept"
    if reason.startswith("left out by"):
        return Why(f"Skipped: {closed(reason)}", "branch")
    if "mapped over" in reason:
        return Why(f"Skipped: {closed(reason)}", "mapped_over_nothing")
    if "under the rule" in reason:
        return Why(f"Skipped: {closed(reason)}", "rule")
    code = "fail_fast" if "fails fast" in reason else "run_ended"
    return Why(f"Skipped, as its run was ended before it began: {closed(reason)}", code)


def _upstream_failed(plan: Plan, row: Row, rows: Mapping[tuple[str, int], Row]) -> Why:
    """Down to the one that has failed by itself."""
    chain = [row.task_id]
    while (cause := _cause(plan, chain[-1], row.map_index, rows)) is not None and cause[0] not in chain:
        chain.append(cause[0])
        if rows[cause].state == "failed":
            through = f" (through {some(chain[-2:0:-1])})" if len(chain) > 2 else ""
            reason = closed(rows[cause].reason or "no reason is kept")
            return Why(f"It did not run because {_named(cause)} failed{through}: {reason}", "upstream_failed")
    return Why(f"It did not run: {closed(row.reason or 'an upstream failed')}", "upstream_failed")


def _cause(plan: Plan, task_id: str, map_index: int, rows: Mapping[tuple[str, int], Row]) -> tuple[str, int] | None:
    """The upstream that has failed, of its instances the one at the same index first."""
    number = plan.index.get(task_id)
    ups = plan.tasks[number].upstream if number is not None else ()
    found = [key for key, row in rows.items() if key[0] in ups and row.state in BAD]
    ranked = sorted(found, key=lambda key: (rows[key].state != "failed", key[1] != map_index, key))
    return ranked[0] if ranked else None


def _named(key: tuple[str, int]) -> str:
    return key[0] if key[1] < 0 else f"{key[0]}[{key[1]}]"
