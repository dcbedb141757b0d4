"""A batch as the rows that a commit writes: what is joined, in which order, and which of it is guarded.

Owns the mapping from moves to columns. Pure; the statements are next door, the transaction is the store's.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from typing import Any

from ..core.assets import declared_in
from ..core.moves import (
    AssetEventRow,
    AssetStart,
    AssetStep,
    AssetWait,
    BackfillMove,
    Batch,
    CallMove,
    DagVersion,
    Intervention,
    NewCall,
    NewDeadline,
    PartitionForget,
    PartitionStart,
    PartitionWait,
    PoolChange,
    RunMove,
    RunReset,
    ScheduleMove,
    StateRow,
    TaskMove,
)
from ..core.questions import Answered
from ..core.states import RUN_FINAL, BackfillState, CallState, RunState, TaskState

Rows = Sequence[Sequence[Any]]
Write = tuple[str, Rows, bool]  # a statement of `statements.COMMIT`, its rows, and whether each must hit its row

_dumps = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def writes(batch: Batch) -> Iterator[Write]:
    """In the order they are to be written: what is made before what changes it, events last."""
    yield from _times(batch)
    if batch.versions:
        yield from _versions(batch.versions)
    if batch.dag_flags:
        yield "dag_flags", _flags(batch.dag_flags), True
    if batch.run_resets:
        yield from _resets(batch.run_resets)
    if batch.reopenings or batch.run_versions or batch.rows_gone or batch.interventions or batch.notes:
        yield from _of_people(batch)
    if batch.new_runs:
        yield "new_run", [_new_run(run) for run in batch.new_runs], False
    if batch.no_partition:
        yield "no_partition", [(run,) for run in dict.fromkeys(batch.no_partition)], True
    if batch.run_moves:
        yield "run_move", _run_moves(batch.run_moves), True
    if batch.task_moves:
        yield from _task_moves(batch.task_moves)
    if batch.deferrals or batch.deferral_events or batch.deferral_ends:
        yield from _deferrals(batch)
    if batch.placements:
        placed = {(p.run, p.task_id, p.map_index): p for p in batch.placements}
        yield "placement", [(*key, p.token, _dumps(p.devices)) for key, p in placed.items()], False
    yield from _calls(batch)
    if batch.group_moves:
        groups = {(g.run, g.task_id): g for g in batch.group_moves}
        yield (
            "group",
            [
                (g.run, g.task_id, g.n, g.touched, g.state._value_, g.at, g.reason, _dumps(g.sizes))
                for g in groups.values()
            ],
            False,
        )
    if batch.attempts:
        yield "attempt", [_attempt(attempt) for attempt in batch.attempts], False
    if batch.cleared_values:
        yield "value_clear", list(dict.fromkeys(batch.cleared_values)), False
    if batch.values:
        values = {(v.run, v.task_id, v.map_index, v.key): v for v in batch.values}
        yield (
            "value",
            [
                (v.run, v.task_id, v.map_index, v.key, v.token, v.kind, v.length, v.data, v.ref, v.bytes)
                for v in values.values()
            ],
            False,
        )
    if batch.asset_events:
        yield from _asset_events(batch.asset_events)
    if batch.asset_steps:
        yield from _asset_steps(batch.asset_steps)
    if batch.states:
        yield from _states(batch.states)
    if batch.import_errors:
        yield from _import_errors(batch.import_errors)
    if batch.commands_done:
        now = time.time()
        yield "command_done", [(id, _dumps(answer), now) for id, answer in batch.commands_done], True
    if batch.commands:
        yield "command", [(c.name, _dumps(c.payload), c.at, c.at, _dumps(c.answer)) for c in batch.commands], False
    yield from _pools(batch.pools)
    yield from _removals(batch)
    if batch.events:
        yield (
            "event",
            [(e.at, e.kind, e.dag_id, e.run, None if e.data is None else _dumps(e.data)) for e in batch.events],
            False,
        )


def _resets(resets: list[RunReset]) -> Iterator[Write]:
    rows = [(r.id, r.version, r.queued_at, _dumps(r.conf), r.idempotency_key, r.before.value) for r in resets]
    yield "run_reset", rows, True
    for name in ("task_instance", "task_group", "value", "deferral", "question", "placement", "intervention"):
        yield f"{name}_of_run", [(r.id,) for r in resets], False


def _pools(changes: list[PoolChange]) -> Iterator[Write]:
    """One after the other: one may be removed and defined again in one turn."""
    for p in changes:
        if p.slots is None:
            yield "pool_clear", [(p.name,)], False
        else:
            yield "pool", [(p.name, p.slots, p.description, p.include_deferred)], False


def _of_people(batch: Batch) -> Iterator[Write]:
    """What is taken back: before the moves that go on from there."""
    if batch.reopenings:
        reopened = [
            (r.id, r.version, r.queued_at, _dumps(r.conf), r.ignores_pause, r.backfill, r.before.value)
            for r in batch.reopenings
        ]
        yield "run_reopening", reopened, True
    if batch.run_versions:
        yield "run_version", list(dict(batch.run_versions).items()), True
    if batch.rows_gone:
        yield "row_gone", list(dict.fromkeys(batch.rows_gone)), True
    if batch.interventions:
        newest = {(i.run, i.task_id, i.map_index): i for i in batch.interventions}
        yield "intervention", [(*key, *_intervention(i)) for key, i in newest.items()], False
    if batch.notes:
        notes = {(n.run, n.task_id, n.map_index): n for n in batch.notes}
        yield "note", [(*key, n.text, n.by, n.at) for key, n in notes.items()], False


def _intervention(i: Intervention) -> tuple[Any, ...]:
    becomes, detail = i.becomes and i.becomes.value, i.detail and _dumps(i.detail)
    return (i.kind, i.by, i.at, i.tries_before, becomes, detail)


def _removals(batch: Batch) -> Iterator[Write]:
    """Last, so that what something of this turn still names stays."""
    if batch.removals:
        yield "run_removed", [(r.id,) for r in batch.removals], True
        yield "removed_run", [(r.id, r.dag_id, r.run_id, r.at) for r in batch.removals], False
    for swept in batch.swept:
        yield f"swept_{swept.table}", swept.keys, False
    if batch.forgotten:
        yield "run_forgotten", [(f.id,) for f in batch.forgotten], False


def cleaned(rows: Rows) -> Rows:
    """Text that no database takes, made readable: a lone surrogate becomes a question mark."""
    return [
        [v.encode("utf-8", "replace").decode() if isinstance(v, str) and not v.isascii() else v for v in row]
        for row in rows
    ]


def _versions(versions: list[DagVersion]) -> Iterator[Write]:
    by_id = {v.id: v for v in versions}
    yield (
        "version",
        [(v.id, v.dag_id, v.hash, _dumps(v.spec), _dumps(v.source), v.at) for v in by_id.values()],
        False,
    )
    by_dag = {v.dag_id: v for v in versions}
    yield (
        "dag",
        [(v.dag_id, v.id, v.paused, True, v.ad_hoc, _file_of(v), v.at) for v in by_dag.values()],
        False,
    )
    yield from _assets(versions)


def _assets(versions: list[DagVersion]) -> Iterator[Write]:
    """Of two DAGs that declare one asset the later one's word holds."""
    found = {(one["name"], one["uri"]): (one, v.at) for v in versions for one in declared_in(v.spec)}
    if found:
        yield "asset", [(*key, _dumps(one), at) for key, (one, at) in found.items()], False


def _asset_events(events: list[AssetEventRow]) -> Iterator[Write]:
    named = ("name", "uri", "extra", "aliases", "partition", "dag_id", "run_id", "task_id", "map_index")
    rows = []
    for e in events:
        values = [getattr(e, name) for name in named]
        rows.append((e.token, e.n, e.at, *(_dumps(v) if isinstance(v, (dict, list)) else v for v in values)))
    yield "asset_event", rows, False
    by_alias = [(alias, e.token, e.n) for e in events for alias in dict.fromkeys(e.aliases)]
    if by_alias:
        yield "asset_alias_event", by_alias, False


def _asset_steps(steps: list[AssetStep]) -> Iterator[Write]:
    """One after the other: what has started a run does not wait with what comes after it in the same turn."""
    for s in steps:
        if isinstance(s, AssetWait):
            yield "asset_wait", [(s.dag_id, s.token, s.n, s.name, s.uri, s.at, s.counts)], False
        elif isinstance(s, AssetStart):
            yield "asset_start", [(s.dag_id, s.run)], False
            yield "asset_started", [(s.dag_id,)], False
        elif isinstance(s, PartitionWait):
            c = s.came
            yield "partition_wait", [(s.dag_id, s.key, s.rule, c.at)], False
            said = None if c.said is None else _dumps([c.said.needed, c.said.least, c.said.date])
            row = (s.dag_id, s.key, c.token, c.n, c.name, c.uri, c.source, c.at, c.date, said)
            yield "partition_event", [row], False
        elif isinstance(s, (PartitionStart, PartitionForget)):
            if isinstance(s, PartitionStart):
                yield "partition_start", [(s.dag_id, s.key, s.run)], False
            yield "partition_gone", [(s.dag_id, s.key)], True
            yield "partition_events_gone", [(s.dag_id, s.key)], False
        else:
            yield "asset_forget", [(s.dag_id, s.name, s.uri)], False


def _states(states: list[StateRow]) -> Iterator[Write]:
    """One after the other: a scope may be emptied and filled again in one turn."""
    for s in states:
        if s.key is None:
            yield "state_clear", [(s.scope,)], False
        elif s.data is None:
            yield "state_gone", [(s.scope, s.key)], False
        else:
            yield "state", [(s.scope, s.key, s.data, s.at, s.expires_at)], False


def _file_of(version: DagVersion) -> str | None:
    load = version.source.get("load", version.source)
    file = load.get("file") or version.spec.get("file")
    return None if file is None else str(file)


def _flags(flags: list[tuple[str, str, bool]]) -> Rows:
    """One row for each DAG; of two words on one flag the later holds."""
    merged: dict[str, dict[str, bool]] = {}
    for dag_id, flag, to in flags:
        merged.setdefault(dag_id, {})[flag] = to
    return [(dag_id, m.get("paused"), m.get("active"), m.get("ad_hoc")) for dag_id, m in merged.items()]


def _new_run(run: Any) -> tuple[Any, ...]:
    state = run.state
    return (
        run.id,
        run.dag_id,
        run.run_id,
        run.version,
        state._value_,
        run.run_type,
        run.queued_at,
        run.queued_at if state is RunState.RUNNING else None,
        None,
        run.logical_date,
        run.interval_start,
        run.interval_end,
        _dumps(run.conf),
        run.idempotency_key,
        run.ignores_pause,
        None,
        _dumps(run.only) if run.only else None,
        run.backfill,
        run.started_by,
        run.partition_key,
        run.partition_date,
    )


def _times(batch: Batch) -> Iterator[Write]:
    """First: what has begun goes on on the new clock, and nothing of this turn is moved with it."""
    if batch.clock_set_by_s:
        for name in ("run", "attempt", "task_instance", "deadline"):
            yield f"clock_of_{name}", [(batch.clock_set_by_s,)], False
    if batch.schedules:
        yield "schedule", _schedules(batch.schedules), False
    if batch.new_backfills:
        made = [(b.id, b.dag_id, _RUNNING, _dumps(b.request), 0, b.total, b.key, b.at) for b in batch.new_backfills]
        yield "new_backfill", made, False
    if batch.backfills:
        yield "backfill_move", _backfill_moves(batch.backfills), True
    if batch.backfill_dates:
        dates = [(d.backfill, d.n, d.date, d.run, d.what, d.reason) for d in batch.backfill_dates]
        yield "backfill_run", dates, False


_RUNNING = BackfillState.RUNNING.value


def _backfill_moves(moves: list[BackfillMove]) -> Rows:
    """Several moves of one backfill are one row: guarded by the first, ending in the last."""
    joined: dict[int, list[Any]] = {}
    for m in moves:
        row = joined.setdefault(m.id, [m.id, None, None, None, None, None, None, m.before._value_, m.n_before])
        over = m.after in (BackfillState.DONE, BackfillState.CANCELLED)
        total = row[4] if m.total is None else m.total
        row[1:7] = [m.after._value_, m.n, m.cursor, total, m.at if over else None, m.reason]
    return list(joined.values())


def _schedules(moves: list[ScheduleMove]) -> Rows:
    """Of two words on one DAG the later holds."""
    latest = {m.dag_id: m for m in moves}.values()
    return [
        (
            m.dag_id,
            m.next_at,
            m.next_date,
            m.last_date,
            m.last_at,
            m.last_start,
            m.last_end,
            None if m.detail is None else _dumps(m.detail),
        )
        for m in latest
    ]


def _run_moves(moves: list[RunMove]) -> Rows:
    """Several moves of one run are one row: guarded by the first, ending in the last, with the times of each."""
    joined: dict[int, list[Any]] = {}
    for move in moves:
        row = joined.get(move.run)
        if row is None:
            row = joined[move.run] = [move.run, None, None, None, None, move.before._value_]
        row[1], row[4] = move.after._value_, move.reason
        if move.after is RunState.RUNNING and move.before is not RunState.RUNNING:
            row[2] = move.at
        elif move.after in RUN_FINAL:
            row[3] = move.at
    return list(joined.values())


def _task_moves(moves: list[TaskMove]) -> Iterator[Write]:
    """Several moves of one instance are one row; one that came from nothing is new."""
    joined: dict[tuple[int, str, int], TaskMove] = {}
    for move in moves:
        key = (move.run, move.task_id, move.map_index)
        earlier = joined.get(key)
        joined[key] = move if earlier is None else earlier.followed_by(move)
    new: list[tuple[Any, ...]] = []
    changed: list[tuple[Any, ...]] = []
    none = TaskState.NONE
    for m in joined.values():
        row = (
            m.run,
            m.task_id,
            m.map_index,
            m.after._value_,
            m.token,
            m.try_number,
            m.lost,
            m.started_at,
            m.ended_at,
            m.wake_at,
            m.at,
            m.reason,
        )
        if m.before is none and not m.has_row:
            new.append(row)
        else:
            changed.append((*row, m.before._value_, m.token_before))
    if new:
        yield "task_new", new, False
    if changed:
        yield "task_move", changed, True


def _deferrals(batch: Batch) -> Iterator[Write]:
    """What waits anew, then what has been told, then what is over: that is the order within one turn, too."""
    if batch.deferrals:
        made = {(d.run, d.task_id, d.map_index): d for d in batch.deferrals}
        yield (
            "deferral",
            [(d.run, d.task_id, d.map_index, d.token, d.trigger, d.method, d.data, None, d.at) for d in made.values()],
            False,
        )
    if batch.deferral_events:
        events = [(e.run, e.task_id, e.map_index, e.token, e.event) for e in batch.deferral_events]
        yield "deferral_event", events, True
    if batch.deferral_ends:
        yield "deferral_end", list(dict.fromkeys((e.run, e.task_id, e.map_index) for e in batch.deferral_ends)), True
    if batch.questions:  # of what is deferred in this turn, as answers are of what has its event
        asked = {(q.run, q.task_id, q.map_index): q for q in batch.questions}
        yield "question", [(*k, q.token, _dumps(q.detail), q.at, None, None, None) for k, q in asked.items()], False
    if batch.answers:
        yield "answer", [_answer(a) for a in batch.answers], True


def _answer(a: Answered) -> tuple[Any, ...]:
    return (a.run, a.task_id, a.map_index, a.token, _dumps(a.answer), a.by, a.at)


def _calls(batch: Batch) -> Iterator[Write]:
    """Those that an end or a miss has made due, and the deadlines themselves."""
    if batch.new_deadlines:
        yield "deadline", [_new_deadline(d) for d in batch.new_deadlines], False
    if batch.deadline_moves:
        moved = [
            (m.run, m.n, m.after.value, m.at, m.call, None if m.detail is None else _dumps(m.detail), m.before.value)
            for m in batch.deadline_moves
        ]
        yield "deadline_move", moved, True
    if batch.new_calls:
        yield "new_call", [_new_call(c) for c in batch.new_calls], False
    if batch.call_moves:
        yield "call_move", _call_moves(batch.call_moves), True


def _new_call(c: NewCall) -> tuple[Any, ...]:
    names = (c.id, c.run, c.task_id, c.map_index, c.kind, c.try_number, c.of_token)
    return (*names, CallState.DUE.value, 0, c.at, None, None, None, _dumps(c.detail))


def _new_deadline(d: NewDeadline) -> tuple[Any, ...]:
    return (d.run, d.n, d.kind, d.due_at, d.state.value, d.is_length, None, None, _dumps(d.detail))


def _call_moves(moves: list[CallMove]) -> Rows:
    """Several moves of one call are one row: guarded by the first, ending in the last."""
    joined: dict[int, list[Any]] = {}
    for m in moves:
        row = joined.setdefault(m.id, [m.id, None, None, None, None, None, m.before.value, m.token_before])
        row[1:6] = [m.after.value, m.token, m.at if m.after is CallState.DONE else None, m.outcome, m.reason]
    return list(joined.values())


def _attempt(a: Any) -> tuple[Any, ...]:
    return (
        a.token,
        a.run,
        a.task_id,
        a.map_index,
        a.try_number,
        a.outcome,
        a.started_at,
        a.ended_at,
        a.reason,
        a.pid,
        a.exit_code,
        a.signal,
        a.peak_mb,
        a.log,
        a.log_bytes,
        None if a.detail is None else _dumps(a.detail),
    )


def _import_errors(errors: list[tuple[str, dict[str, Any] | None]]) -> Iterator[Write]:
    """Of two words on one file the later holds."""
    latest = dict(errors)
    kept = [(file, _dumps(error), error.get("at")) for file, error in latest.items() if error is not None]
    cleared = [(file,) for file, error in latest.items() if error is None]
    if kept:
        yield "import_error", kept, False
    if cleared:
        yield "import_error_clear", cleared, False
