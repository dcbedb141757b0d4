"""What the commands read from the database, as the data they print and as text. Works without an engine.

Owns the JSON forms of runs, DAGs and logs. Writes nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..config import Config, Home
from ..core import why_deadlines
from ..core.errors import NotFound, UnknownTask
from ..core.moves import Note
from ..core.spec import RETURN_KEY
from ..core.states import FINAL
from ..store import CallRow, DagRow, DeadlineRow, InstanceRow, Reader, RunRow, ScheduleRow, StoredValue, open_store
from ..wire import values
from .following import name_of
from .printing import duration, fail, iso, table
from .processes import tail

VALUE_BYTES_MAX = 64 * 1024
ROWS_MAX = 50  # in the text: a longer table is counted instead
FAILURES_MAX = 10
LOG_LINES = 12
_FINAL = frozenset(state.value for state in FINAL)


@contextmanager
def open_reader(home: Home, config: Config) -> Iterator[Reader]:
    if config.database_url is None and not home.database.exists():
        fail(f"Nothing has run in {home.own} yet. Start Venturi with: venturi up", code="no_database")
    address = config.database_url or home.database
    with open_store(address, create=False, key_file=home.sealing_key) as store, store.reader() as reader:
        yield reader


# ── runs ─────────────────────────────────────────────────────────────────────────────────────────────────


def find_run(reader: Reader, dag_id: str, run_id: str | None) -> RunRow:
    """The run of this name, or the DAG's newest."""
    if reader.dag(dag_id) is None:
        raise NotFound(kind="DAG", name=dag_id, advice="List them with: venturi ls")
    found = reader.run(dag_id, run_id) if run_id else next(iter(reader.runs(dag_id, limit=1)), None)
    if found is None:
        raise NotFound(kind="run", name=run_id or f"of {dag_id}", advice=f"The newest: venturi status {dag_id}")
    return found


def run_result(reader: Reader, home: Home, dag_id: str, run_id: str) -> dict[str, Any]:
    """A run and every task instance in it: one row each, none for the group that a mapped task is."""
    run = find_run(reader, dag_id, run_id)
    rows, groups = reader.instances(run.id)
    kept = {(v.task_id, v.map_index): v for v in reader.values_of_run(run.id, RETURN_KEY)}
    expanded = {row.task_id for row in rows}
    tasks = [
        {
            "task_id": row.task_id,
            "map_index": row.map_index,
            "state": row.state,
            "try": row.try_number,
            "start": iso(row.started_at),
            "end": iso(row.ended_at),
            **_value(home, kept.get((row.task_id, row.map_index))),
        }
        for row in rows
    ]
    tasks += [
        {"task_id": g.task_id, "map_index": -1, "state": g.state, "try": 0, "start": None, "end": None, "value": None}
        for g in groups
        if g.task_id not in expanded  # it never expanded, or to nothing
    ]
    return {
        "dag_id": run.dag_id,
        "run_id": run.run_id,
        "state": run.state,
        "seconds": _seconds(run),
        "tasks": tasks,
    }


def _seconds(run: RunRow) -> float | None:
    """From the commit of the trigger to the final one."""
    return None if run.ended_at is None else round(run.ended_at - run.queued_at, 6)


def _file(folder: Path, ref: str) -> Path:
    return folder / ref[:2] / ref


def _value(home: Home, kept: StoredValue | None) -> dict[str, Any]:
    """`value` if it is JSON of at most 64 kB, else null and what type it has."""
    if kept is None:
        return {"value": None}
    if kept.bytes <= VALUE_BYTES_MAX:
        data = kept.data.encode() if kept.data is not None else _file(home.values, str(kept.ref)).read_bytes()
        if values.is_plain(data):
            return {"value": json.loads(data)}
    return {"value": None, "value_type": kept.kind}


def run_text(reader: Reader, home: Home, result: dict[str, Any]) -> str:
    """For people: the tasks if they are few, their counts if not, and why the failed ones failed."""
    run = find_run(reader, result["dag_id"], result["run_id"])
    rows = sorted(reader.instances(run.id).rows, key=lambda r: (r.started_at or r.at, r.task_id, r.map_index))
    parts = []
    if len(rows) <= ROWS_MAX:
        parts.append(table(("TASK", "STATE", "TRY", "TIME"), [_row_text(r) for r in rows]))
    parts += [_failure_text(reader, home, r) for r in rows if r.state == "failed"][:FAILURES_MAX]
    counts = " · ".join(f"{n} {state}" for state, n in sorted(Counter(t["state"] for t in result["tasks"]).items()))
    because = f": {run.reason}" if run.reason and run.state == "failed" else ""
    parts.append(f"{run.dag_id} {run.run_id} {run.state} in {duration(result['seconds'])} ({counts}){because}")
    return "\n\n".join(parts)


def _row_text(row: InstanceRow) -> tuple[object, ...]:
    took = None if row.started_at is None or row.ended_at is None else row.ended_at - row.started_at
    return name_of(row.task_id, row.map_index), row.state, row.try_number or "", duration(took)


def _failure_text(reader: Reader, home: Home, row: InstanceRow) -> str:
    lines = [f"✗ {name_of(row.task_id, row.map_index)}: {row.reason or 'failed'}"]
    log = next((a.log for a in reversed(reader.attempts(row.run, row.task_id, row.map_index)) if a.log), None)
    if log and (home.logs / log).exists():
        lines += [f"    {line}" for line in tail(home.logs / log, LOG_LINES).splitlines()]
        lines.append(f"  Whole log: {home.logs / log}")
    return "\n".join(lines)


def run_status(reader: Reader, dag_id: str, run_id: str | None) -> tuple[dict[str, Any], str]:
    run = find_run(reader, dag_id, run_id)
    rows, groups = reader.instances(run.id)
    counts = Counter(row.state for row in rows)
    counts.update({g.state: 1 for g in groups if not any(r.task_id == g.task_id for r in rows)})
    found: dict[str, Any] = {
        "state": run.state,
        "dag_id": run.dag_id,
        "run_id": run.run_id,
        "reason": run.reason,
        "queued": iso(run.queued_at),
        "start": iso(run.started_at),
        "end": iso(run.ended_at),
        "seconds": _seconds(run),
        "tasks": dict(sorted(counts.items())),
    }
    of = ""
    if run.partition_key is not None:
        found["partition_key"], found["partition_date"] = run.partition_key, iso(run.partition_date)
        of = f" for partition {run.partition_key}"
    because = f": {run.reason}" if run.reason else ""
    tasks = " · ".join(f"{n} {state}" for state, n in sorted(counts.items()))
    text = "\n".join(filter(None, [f"{run.dag_id} {run.run_id}{of} is {run.state}{because}", tasks]))
    word = next((word for word in reader.interventions(run.id) if not word.task_id), None)
    if word is not None:
        found["changed"] = {"kind": word.kind, "by": word.by, "at": iso(word.at)}
        text += f"\nLast {word.words}, {str(iso(word.at))[:16].replace('T', ' ')} UTC"
    notes = [note for note in reader.notes(run.id) if note.text]
    if notes:
        found["notes"] = [
            {"task_id": n.task_id, "map_index": n.map_index, "text": n.text, "by": n.by, "at": iso(n.at)} for n in notes
        ]
        text += "".join(map(_note_line, notes))
    deadlines = reader.deadlines(run.id)
    if deadlines:
        calls = {call.id: call for call in map(reader.call, {d.call for d in deadlines if d.call}) if call is not None}
        found["deadlines"] = [_deadline(row, calls) for row in deadlines]
        if run.ended_at is not None:  # else it is said with why it is not over
            text = "\n".join([text, *why_deadlines.of_run(deadlines, calls, run.state != "success")])
    if run_id is None and (dag := reader.dag(dag_id)) is not None:
        told = next_run(reader.schedules(), dag)
        found.update(told)
        text += _next_line(told)
    return found, text


def _note_line(note: Note) -> str:
    of = f" on {name_of(note.task_id, note.map_index)}" if note.task_id else ""
    return f"\nNote{of}, by {note.by}: {note.text}"


def _deadline(row: DeadlineRow, calls: dict[int, CallRow]) -> dict[str, Any]:
    call = calls.get(row.call) if row.call is not None else None
    detail = {name: row.detail[name] for name in ("name", "tasks", "problem") if row.detail.get(name)}
    told = None if call is None else {"state": call.state, "outcome": call.outcome, "reason": call.reason}
    moments = {"due": iso(row.due_at), "noticed": iso(row.at)}
    return {"kind": row.kind, "state": row.state, **moments, **detail, "call": told}


def _next_line(told: dict[str, Any]) -> str:
    """Under the newest run of a DAG: the one to come."""
    if told["problem"]:
        return f"\nNo next run: {told['problem']}"
    by = f" ({told['schedule']})" if told["schedule"] else ""
    return f"\nNext run: {_next_text(told)} UTC{by}".replace("ends UTC", "ends") if _next_text(told) else ""


# ── logs ─────────────────────────────────────────────────────────────────────────────────────────────────


def find_log(
    reader: Reader, home: Home, dag_id: str, run_id: str, task_id: str, map_index: int, try_number: int | None
) -> Path:
    """The log of one try, its newest attempt: by its ended attempts, else where a living one writes."""
    run = find_run(reader, dag_id, run_id)
    rows = {row.map_index: row for row in reader.instances(run.id).rows if row.task_id == task_id}
    name = name_of(task_id, map_index)
    row = rows.get(map_index)
    if not rows:
        tasks = [str(task["task_id"]) for task in reader.version(run.version).spec["tasks"]]
        if task_id not in tasks:
            raise UnknownTask(dag_id=dag_id, task_id=task_id, known=", ".join(tasks))
    if row is None:
        known = ", ".join(str(i) for i in sorted(rows)[:10])
        advice = f"It is mapped: give --map-index, one of {known} …" if rows else "It has not been started."
        raise NotFound(kind="task instance", name=name, advice=advice)
    wanted = try_number if try_number is not None else row.try_number
    if wanted > row.try_number:
        raise NotFound(kind="try", name=str(wanted), advice=f"Task '{name}' has had {row.try_number} in this run.")
    places = [a.log for a in reader.attempts(run.id, task_id, map_index) if a.log and a.try_number == wanted]
    if wanted == row.try_number and row.state not in _FINAL:
        from ..engine.contexts import log_path

        places.append(log_path(run, task_id, map_index, row.try_number, row.lost))
    written = [home.logs / place for place in places if (home.logs / place).exists()]
    if not written:
        raise NotFound(kind="log", name=f"{name}, try {wanted}", advice="It has printed nothing.")
    return written[-1]


def instance_ended(reader: Reader, dag_id: str, run_id: str, task_id: str, map_index: int) -> bool:
    run = find_run(reader, dag_id, run_id)
    return any(
        row.task_id == task_id and row.map_index == map_index and row.state in _FINAL
        for row in reader.instances(run.id).rows
    )


# ── DAGs ─────────────────────────────────────────────────────────────────────────────────────────────────


def dag_list(reader: Reader) -> tuple[dict[str, Any], str]:
    schedules = reader.schedules()
    dags = [
        {"dag_id": d.dag_id, "paused": d.paused, "ad_hoc": d.ad_hoc, "file": d.file, **next_run(schedules, d)}
        for d in reader.dags()
        if d.active
    ]
    errors = [
        {"file": e.file, "message": e.error.get("message"), "line": e.error.get("line")} for e in reader.import_errors()
    ]
    rows = [(d["dag_id"], _flags(d), _next_text(d), d["schedule"] or "", d["file"]) for d in dags]
    heads = ("DAG", "", "NEXT", "SCHEDULE", "FILE")
    text = table(heads, rows) if rows else "No DAGs yet. Put a DAG file into dags/ of the home."
    for d in dags:
        text += f"\n✗ {d['dag_id']}: {d['problem']}" if d["problem"] else ""
    for e in errors:
        text += f"\n✗ {e['file']}" + (f", line {e['line']}" if e["line"] else "") + f": {e['message']}"
    return {"dags": dags, "import_errors": errors}, text


def next_run(schedules: dict[str, ScheduleRow], dag: DagRow) -> dict[str, Any]:
    """When its next run is due (`after_an_end`: of as many as may be at once), by which schedule, and what is wrong
    with that. A paused DAG has none."""
    row = schedules.get(dag.dag_id)
    detail = (row.detail if row is not None else None) or {}
    waits = row is None or dag.paused or dag.ad_hoc
    return {
        "schedule": detail.get("words"),
        "next": None if waits or row is None else iso(row.next_at),
        "next_logical_date": None if waits or row is None else iso(row.next_date),
        "after_an_end": bool(detail.get("full")) and not waits,
        "problem": detail.get("problem"),
    }


def _next_text(told: dict[str, Any]) -> str:
    if told["after_an_end"]:
        return "when a run ends"
    return str(told["next"])[:16].replace("T", " ") if told["next"] else ""


def _flags(dag: dict[str, Any]) -> str:
    return ", ".join(word for word, said in (("paused", dag["paused"]), ("ad hoc", dag["ad_hoc"])) if said)


def is_paused(reader: Reader, dag_id: str) -> bool:
    found = reader.dag(dag_id)
    if found is None:
        raise NotFound(kind="DAG", name=dag_id, advice="List them with: venturi ls")
    return found.paused
