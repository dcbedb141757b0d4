"""`airflow dags …`: lists, states and dates of DAGs and their runs; pausing and triggering."""

from __future__ import annotations

import json
import sys
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

from ...core.spec import dag_from_json
from ...core.timetables import timetable_of
from .. import processes
from ..printing import FAILED, SUCCESS, fail, iso, say
from ..sending import ask
from . import At, finding, rows

_COLUMNS = ("dag_id", "fileloc", "owners", "is_paused", "bundle_name", "bundle_version")
_RUNS_MAX = 10_000


def ls(at: At, given: Namespace) -> int:
    found = [] if given.local else _listed(at)
    if given.local or not (found or processes.answers(at.home, "engine")):
        found = _in_files(at)  # as 2.x reads them
    columns = [name.strip() for name in given.columns.split(",")] if given.columns else list(_COLUMNS[:4])
    if given.columns:
        unknown = [name for name in columns if name not in (found[0] if found else columns)]
        if unknown:
            fail(f"A DAG has no column '{unknown[0]}'; it has: {', '.join(found[0])}.", code="usage")
        found = [{name: row[name] for name in columns} for row in found]
    rows.show(found, given.output, columns)
    _tell_errors(at)
    return SUCCESS


def _listed(at: At) -> list[dict[str, Any]]:
    with at.reader() as reader:
        known = [(dag, dag.version) for dag in reader.dags() if dag.active and dag.version is not None]
        return [
            _row(dag.dag_id, dag.file, reader.version(version).spec, dag.paused) for dag, version in known if version
        ]


def _row(dag_id: str, file: str | None, spec: dict[str, Any], paused: bool) -> dict[str, Any]:
    """As 3.x names its fields, and as 2.0 to 2.8 did."""
    owner = spec.get("owner") or "airflow"
    new = (dag_id, file, [each.strip() for each in owner.split(",")], paused, "dags-folder", None)
    return {**dict(zip(_COLUMNS, new, strict=True)), "filepath": file, "owner": owner, "paused": paused}


def _in_files(at: At) -> list[dict[str, Any]]:
    """What the files say where no engine has read them; new DAGs begin as the settings say."""
    from ..check import check_paths

    folder = finding.folder_of(at)
    if not folder.is_dir():
        return []
    found = [one for one in check_paths(at.home, [folder], wants_specs=True) if not one.errors]
    paused = at.config.dags_paused_at_creation
    return [_row(spec["dag_id"], str(one.file), spec, paused) for one in found for spec in one.specs]


def ls_ids(at: At, _: Namespace) -> int:
    rule = "-" * 67
    names = "\n".join(row["dag_id"] for row in _listed(at))
    print(f"{rule}\nDAGS\n{rule}\n{names}\n")
    _tell_errors(at)
    return SUCCESS


def _tell_errors(at: At) -> None:
    with at.reader() as reader:
        n = len(reader.import_errors())
    if n:
        say(f"{n} {'file' if n == 1 else 'files'} could not be read. Which and why: airflow dags list-import-errors")


def details(at: At, given: Namespace) -> int:
    with at.reader() as reader:
        row, spec = finding.dag(reader, given.dag_id), finding.spec(reader, given.dag_id)
    known = {
        **{name: spec.get(name) for name in ("dag_id", "description", "schedule", "start_date", "end_date", "catchup")},
        "fileloc": row.file,
        "owners": [spec.get("owner") or "airflow"],
        "is_paused": row.paused,
        "is_active": row.active,
        **{name: spec.get(name) for name in ("timezone", "max_active_tasks", "max_active_runs", "tags", "params")},
        "tasks": [task["task_id"] for task in spec.get("tasks", ())],
    }
    pairs = [{"property_name": name, "property_value": value} for name, value in known.items()]
    rows.show(pairs, given.output, ("property_name", "property_value"))
    return SUCCESS


def import_errors(at: At, given: Namespace) -> int:
    with at.reader() as reader:
        errors = reader.import_errors()
    found = [{"filepath": e.file, "error": e.error.get("traceback") or e.error.get("message")} for e in errors]
    rows.show(found, given.output, ("filepath", "error"))
    return FAILED if found else SUCCESS


def report(at: At, given: Namespace) -> int:
    files: dict[str, dict[str, Any]] = {}
    with at.reader() as reader:
        for dag in reader.dags():
            if dag.active and dag.version is not None:
                one = files.setdefault(str(dag.file), {"dags": [], "task_num": 0})
                one["dags"].append(dag.dag_id)
                one["task_num"] += len(reader.version(dag.version).spec.get("tasks", ()))
    found = [
        {"file": file, "duration": None, "dag_num": len(one["dags"]), "task_num": one["task_num"], "dags": one["dags"]}
        for file, one in files.items()
    ]
    rows.show(found, given.output, ("file", "dag_num", "task_num", "dags"))
    return SUCCESS


def runs(at: At, given: Namespace) -> int:
    dag_id = given.dag_id or given.dag
    if dag_id is None:
        fail("Say of which DAG: airflow dags list-runs -d DAG", 2, "usage")
    first = finding.moment(given.start_date) if given.start_date else None
    last = finding.moment(given.end_date) if given.end_date else None
    with at.reader() as reader:
        finding.dag(reader, dag_id)
        found = reader.runs(dag_id, _RUNS_MAX)
    found = [
        run
        for run in found
        if given.state in (None, run.state)
        and not (given.no_backfill and run.run_type == "backfill")
        and (first is None or (run.logical_date or run.queued_at) >= first)
        and (last is None or (run.logical_date or run.queued_at) <= last)
    ]
    if given.limit:
        found = found[: int(given.limit)]
    lines = [
        {
            "dag_id": run.dag_id,
            "run_id": run.run_id,
            "state": run.state,
            "run_after": rows.date(run.interval_end or run.logical_date or run.queued_at),
            "execution_date": rows.date(run.logical_date),
            "logical_date": rows.date(run.logical_date),
            "start_date": rows.date(run.started_at),
            "end_date": rows.date(run.ended_at),
        }
        for run in found
    ]
    rows.show(lines, given.output, ("dag_id", "run_id", "state", "logical_date", "start_date", "end_date"))
    return SUCCESS


def jobs(at: At, given: Namespace) -> int:
    kinds = {"engine": "SchedulerJob", "crew": "TriggererJob"}
    found = [
        {"dag_id": None, "state": "running", "job_type": kind, "start_date": None, "end_date": None}
        for role, kind in kinds.items()
        if processes.noted(at.home, role) and given.state in (None, "running") and given.dag_id is None
    ]
    rows.show(found, given.output, ("dag_id", "state", "job_type", "start_date", "end_date"))
    return SUCCESS


def state(at: At, given: Namespace) -> int:
    with at.reader() as reader:
        found = finding.run(reader, given.dag_id, given.run)
    conf = f", {json.dumps(found.conf)}" if found is not None and found.conf else ""
    print(f"{found.state if found is not None else None}{conf}")
    return SUCCESS


def next_dates(at: At, given: Namespace) -> int:
    with at.reader() as reader:
        row, spec = finding.dag(reader, given.dag_id), finding.spec(reader, given.dag_id)
        kept = reader.schedules().get(given.dag_id)
    if row.paused:
        say(f"DAG '{given.dag_id}' is paused, so it starts none of these.")
    found = _dates(spec, kept, int(given.num_executions or 1))
    names = ("logical_date", "data_interval.start", "data_interval.end", "run_after")
    if given.table:
        rows.show(found, None, names)
    else:
        print("\n".join(str(one.get(given.field or "logical_date")) for one in found) if found else None)
    return SUCCESS


def _dates(spec: dict[str, Any], kept: Any, n: int) -> list[dict[str, Any]]:
    """The next ones after the last that was made, by the DAG's own timetable."""
    from ...core.timetables import Planned

    dag = dag_from_json({name: value for name, value in spec.items() if name not in ("tasks", "groups")})
    timetable = timetable_of(dag)
    if timetable is None:
        return []
    last = None if kept is None or kept.last_at is None else Planned(kept.last_at, kept.last_date, None)
    first, end = (None if text is None else finding.moment(text) for text in (dag.start_date, dag.end_date))
    found: list[dict[str, Any]] = []
    while len(found) < n:
        following = timetable.next(last, first, end, dag.catchup, time.time())
        if following is None:
            break
        begin, over = following.interval or (following.logical_date, following.logical_date)
        found.append(
            {
                "logical_date": rows.date(following.logical_date),
                "data_interval.start": rows.date(begin),
                "data_interval.end": rows.date(over),
                "run_after": rows.date(following.run_after),
            }
        )
        last = following
    return found


def pause(at: At, given: Namespace) -> int:
    return _set_paused(at, given, "pause")


def unpause(at: At, given: Namespace) -> int:
    return _set_paused(at, given, "unpause")


def _set_paused(at: At, given: Namespace, verb: str) -> int:
    dag_ids = finding.dags_like(at, given.dag_id) if given.treat_dag_id_as_regex else [given.dag_id]
    if given.treat_dag_id_as_regex:
        finding.sure(f"To be {verb}d: {', '.join(dag_ids)}.", given.yes)
    told = [at.verb(verb, dag_id).data for dag_id in dag_ids]
    if given.output:
        found = [{"dag_id": one["dag_id"], "is_paused": one["paused"]} for one in told]
        rows.show(found, given.output, ("dag_id", "is_paused"))
    else:
        print("\n".join(f"Dag: {one['dag_id']}, paused: {one['paused']}" for one in told))
    return SUCCESS


def trigger(at: At, given: Namespace) -> int:
    named = given.logical_date or given.exec_date
    options = ["--conf", given.conf] if given.conf else []
    options += ["--run-id", given.run_id] if given.run_id else []
    options += ["--date", finding.iso(named)] if named else []
    run_id = at.verb("trigger", given.dag_id, *options).data["run_id"]
    with at.reader() as reader:
        run = reader.run(given.dag_id, run_id)
    dates = (None, None, None) if run is None else (run.logical_date, run.interval_start, run.interval_end)
    row = {
        "conf": run.conf if run is not None else json.loads(given.conf or "{}"),
        "dag_id": given.dag_id,
        "dag_run_id": run_id,
        "data_interval_start": rows.date(dates[1]),
        "data_interval_end": rows.date(dates[2]),
        "end_date": None,
        "external_trigger": True,
        "execution_date": rows.date(dates[0]),
        "logical_date": rows.date(dates[0]),
        "run_type": "manual",
        "start_date": rows.date(run.started_at) if run is not None else None,
        "state": run.state if run is not None else "queued",
    }
    rows.show([row], given.output, ("conf", "dag_id", "dag_run_id", "logical_date", "state"))
    return SUCCESS


def delete(at: At, given: Namespace) -> int:
    return at.run("remove", given.dag_id, *(["--yes"] if given.yes else []))


def show(at: At, given: Namespace) -> int:
    with at.reader() as reader:
        spec = finding.spec(reader, given.dag_id)
    lines = [f'digraph "{given.dag_id}" {{', "    rankdir=LR"]
    for task in spec.get("tasks", ()):
        lines.append(f'    "{task["task_id"]}"')
        lines += [f'    "{up}" -> "{task["task_id"]}"' for up in task.get("upstream", ())]
    text = "\n".join([*lines, "}"]) + "\n"
    if given.save is None:
        sys.stdout.write(text)
        return SUCCESS
    file = Path(given.save)
    if file.suffix not in (".dot", ".gv"):
        fail(f"Save it as {file.stem}.dot; `dot` of Graphviz makes {file.suffix or 'a picture'} of that.", 2, "usage")
    try:
        file.write_text(text)
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror}.", code="not_writable")
    print(f"File {file} saved")
    return SUCCESS


def read_again(at: At, _: Namespace) -> int:
    if ask(at.home, "refresh", {}) is None:
        say("No engine is running; one that starts reads every file.")
    else:
        say(f"Every file is read again. ({iso(time.time())})")
    return SUCCESS
