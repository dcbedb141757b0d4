"""Compares what Airflow and Venturi made of the same file. Owns what counts as a difference, and its words."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

Shape = Mapping[str, Any]

# One rule under two names: the old one is kept by files of its time.
_RULES = {"none_failed_or_skipped": "none_failed_min_one_success", "dummy": "always"}
_SAYS = "Airflow says"
_SHOWN = 160
# What Airflow writes for itself: for branching, and for lineage.
_NOT_AUTHORS = ("skipmixin_key", "pipeline_inlets", "pipeline_outlets")


def structure(theirs: Mapping[str, Shape], ours: Mapping[str, Shape]) -> list[str]:
    """Every difference between the DAGs that a file makes; none if they are the same."""
    found = []
    for dag_id in sorted(theirs.keys() | ours.keys()):
        if dag_id not in ours:
            found.append(f"DAG {dag_id} is missing")
        elif dag_id not in theirs:
            found.append(f"DAG {dag_id} is not there in Airflow")
        else:
            found += [f"{dag_id}: {each}" for each in _of_one_dag(theirs[dag_id], ours[dag_id])]
    return found


def _of_one_dag(theirs: Shape, ours: Shape) -> list[str]:
    found = []
    for task_id in sorted(theirs["tasks"].keys() | ours["tasks"].keys()):
        found += _of_one(f"task {task_id}", theirs["tasks"].get(task_id), ours["tasks"].get(task_id), _task)
    for group_id in sorted(theirs["groups"].keys() | ours["groups"].keys()):
        found += _of_one(
            f"group {group_id}",
            {"parent": theirs["groups"][group_id]} if group_id in theirs["groups"] else None,
            {"parent": ours["groups"][group_id]} if group_id in ours["groups"] else None,
        )
    for name in sorted(theirs["params"].keys() | ours["params"].keys()):
        found += _of_one(f"param {name}", theirs["params"].get(name), ours["params"].get(name), _param)
    schedules = _schedule(theirs["schedule"]), _schedule(ours["schedule"])
    if schedules[0] != schedules[1]:
        found.append(_differs("schedule", schedules[1], schedules[0]))
    return found


def _of_one(what: str, theirs: Shape | None, ours: Shape | None, form: Any = lambda each: each) -> list[str]:
    if theirs is None:
        return [f"{what} is not there in Airflow"]
    if ours is None:
        return [f"{what} is missing"]
    theirs, ours = form(theirs), form(ours)
    names = sorted(theirs.keys() | ours.keys())
    return [_differs(f"{what}: {n}", ours.get(n), theirs.get(n)) for n in names if theirs.get(n) != ours.get(n)]


def _task(task: Shape) -> dict[str, Any]:
    return {**task, "rule": _RULES.get(task["rule"], task["rule"])}


def _param(param: Shape) -> dict[str, Any]:
    """What can be given; how it is described is no structure."""
    return {name: _value(param[name]) for name in ("schema", "value") if name in param}


def _schedule(schedule: Any) -> Any:
    if isinstance(schedule, dict) and "every" in schedule:
        return {"every": True}
    if isinstance(schedule, dict) and "timetable" in schedule:
        return schedule["timetable"].replace("Dataset", "Asset")  # one class under two names
    return schedule


def _differs(what: str, ours: Any, theirs: Any) -> str:
    return f"{what} is {_short(ours)}, {_SAYS} {_short(theirs)}"


def _short(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def edges_hash(dags: Mapping[str, Shape]) -> str:
    """The reference's structure hash of a file: of nothing but the edges."""
    edges = {dag_id: {t: task["downstream"] for t, task in dag["tasks"].items()} for dag_id, dag in dags.items()}
    text = json.dumps(edges, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:10]


# ── runs ─────────────────────────────────────────────────────────────────────────────────────────────────


def ended(run: Shape | None) -> bool:
    """Whether a run came to an end that can be compared."""
    return run is not None and run.get("state") in ("success", "failed")


def outcome(theirs: Shape, ours: Shape) -> list[str]:
    """Every difference between two runs of one DAG: their ends, each task instance's state, each XCom."""
    if not ended(ours):
        said = ours.get("exception") or ("it did not end" if ours.get("timed_out") else "nothing is known of it")
        unfinished = [f"{key} {state}" for key, state in (ours.get("states") or {}).items() if state not in _FINAL]
        return [f"no end: {said.strip()[-_SHOWN:]} {', '.join(unfinished[:5])}".strip()]
    found = []
    if theirs["state"] != ours["state"]:
        found.append(_differs("the run", ours["state"], theirs["state"]))
    states = theirs["states"], ours["states"]
    for key in sorted(states[0].keys() | states[1].keys()):
        if states[0].get(key) != states[1].get(key):
            because = f" ({ours['reasons'][key][:_SHOWN]})" if key in ours.get("reasons", {}) else ""
            found.append(_differs(f"state of {key}", states[1].get(key), states[0].get(key)) + because)
    xcoms = [{key: _value(value) for key, value in run["xcoms"].items() if not _private(key)} for run in (theirs, ours)]
    for key in sorted(xcoms[0].keys() | xcoms[1].keys()):
        if xcoms[0].get(key) != xcoms[1].get(key):
            found.append(_differs(f"value {key}", xcoms[1].get(key), xcoms[0].get(key)))
    return found


_FINAL = ("success", "failed", "skipped", "upstream_failed", "removed")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(\+00:00|Z|\+0000)?")
# Runs are dated in 2024. A later time is that of the proof, as `isoformat`, `date` or `%Y%m%d%H%M%S` spell it.
_NOW = re.compile(
    r"20(2[5-9]|[3-9]\d)-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(\+00:00|Z|\+0000)?)?"
    r"|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d UTC 20(2[5-9]|[3-9]\d)"
    r"|20(2[5-9]|[3-9]\d)[01]\d[0-3]\d[0-2]\d[0-5]\d[0-5]\d"
)


def _private(key: str) -> bool:
    return key.rpartition("].")[2].startswith(_NOT_AUTHORS)


def _value(value: Any) -> Any:
    """One instant has many spellings; the day and the time of it are kept, unless it is that of the proof itself."""
    if isinstance(value, str):
        value = _NOW.sub("<when it ran>", value)
        return _TIME.sub(
            lambda m: m[0].replace(" ", "T").removesuffix("Z").removesuffix("+00:00").removesuffix("+0000"), value
        )
    if isinstance(value, dict):
        return {name: _value(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_value(part) for part in value]
    return value
