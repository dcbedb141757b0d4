"""Our side: loads DAG files as a zygote does and runs them by `venturi run`, and writes down what came of each.

A program for Venturi's interpreter, with the order and the output of `in_airflow`: a fork a file for loading, a home a
file for running. Owns how a spec is told in the form that both sides share.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

SCRATCH = Path(os.environ["HOME"])

# ── what a DAG is made of ────────────────────────────────────────────────────────────────────────────────


def shape(spec: dict[str, Any]) -> dict[str, Any]:
    """Of a DAG's spec as it is kept, defaults left out."""
    tasks = {task["task_id"]: task for task in spec.get("tasks", [])}
    groups = {group["group_id"]: group for group in spec.get("groups", [])}
    downstream: dict[str, set[str]] = {task_id: set() for task_id in tasks}
    for task_id, task in tasks.items():
        for up in task.get("upstream", []):
            downstream[up].add(task_id)
    return {
        "tasks": {task_id: _task(task, sorted(downstream[task_id]), groups) for task_id, task in tasks.items()},
        "groups": {group_id: group.get("parent") for group_id, group in groups.items()},
        "schedule": _schedule(spec.get("schedule")),
        "params": {name: {"schema": {}, **param} for name, param in spec.get("params", {}).items()},
        "catchup": spec.get("catchup", False),
    }


def _task(task: dict[str, Any], downstream: list[str], groups: dict[str, Any]) -> dict[str, Any]:
    found = {
        "downstream": downstream,
        "rule": task.get("trigger_rule", "all_success"),
        "group": task.get("group_id"),
        "mapped": sorted(source.get("argument", "") for source in task.get("mapped", []))
        if task.get("is_mapped")
        else None,
        "retries": task.get("retries", 0),
        "pool": task.get("pool", "default_pool"),
        "in_mapped_group": any(groups[at].get("mapped") for at in _above(task.get("group_id"), groups)),
        "setup": task.get("setup", False) or task.get("is_setup", False),
        "teardown": task.get("teardown", False) or task.get("is_teardown", False),
    }
    return {name: value for name, value in found.items() if value not in (None, False)}


def _schedule(schedule: Any) -> Any:
    """A preset, cron text or length of time; the assets by their addresses; of any other timetable its class."""
    if not isinstance(schedule, dict):
        return schedule
    if "timetable" in schedule:
        return {"timetable": schedule.get("class", schedule["timetable"]).rpartition(":")[2]}
    return {"assets": sorted(_addresses(schedule["assets"]))} if "assets" in schedule else schedule


def _addresses(of: Any) -> set[str]:
    if isinstance(of, list):
        return {found for part in of for found in _addresses(part)}
    if isinstance(of, dict):
        if "asset" in of:
            return {of["asset"]["uri"]}
        if "alias" in of:
            return {of["alias"]}
        return {found for part in of.values() if isinstance(part, (dict, list)) for found in _addresses(part)} or {
            str(next(iter(of.values())))
        }
    return {str(of)}


def _above(group_id: str | None, groups: dict[str, Any]) -> list[str]:
    found = []
    while group_id is not None and group_id in groups:
        found.append(group_id)
        group_id = groups[group_id].get("parent")
    return found


# ── loading ──────────────────────────────────────────────────────────────────────────────────────────────


def prepare() -> Any:
    """What a base zygote does before it is forked; returns the places of its home."""
    from venturi.airflow import importer
    from venturi.runtime.environment import Places

    importer.install()
    for name in ("spool", "values", "sources"):
        (SCRATCH / name).mkdir(exist_ok=True)
    return Places(str(SCRATCH / "spool"), str(SCRATCH / "values"), str(SCRATCH / "sources"), "", "", 65536)


def load(told: dict[str, Any], places: Any, limit_s: float) -> dict[str, Any]:
    from venturi.bundles.finding import import_roots, single_file_bundle
    from venturi.runtime.loader import Failed, Limit
    from venturi.runtime.loader import load as load_file
    from venturi.sdk.port import installed
    from venturi.testing import LocalPort, LocalStore
    from venturi.wire import messages

    file = Path(told["file"])
    bundle = single_file_bundle(file)
    roots = list(dict.fromkeys([*import_roots(bundle, file), *told["roots"]]))
    source = messages.source(str(file), str(bundle.root), roots, sys.executable)
    with installed(LocalPort(LocalStore())):
        made = load_file(source, places, Limit(limit_s), [], [])
    if isinstance(made, Failed):
        error = made.error
        return {"dags": {}, "error": f"{error['type']}: {error['message']}"[:500], "line": error.get("line")}
    specs = json.loads(made.specs)
    warnings = [*made.report["warnings"], *(w for spec in specs for w in spec.get("warnings", []))]
    return {"dags": {spec["dag_id"]: shape(spec) for spec in specs}, **({"warnings": warnings} if warnings else {})}


# ── running ──────────────────────────────────────────────────────────────────────────────────────────────


def run(told: dict[str, Any], dag_id: str, date: str, limit_s: float) -> dict[str, Any]:
    home = SCRATCH / "homes" / re.sub(r"[^A-Za-z0-9.]+", "-", told["key"])[-80:]  # one for all DAGs of a file, as there
    # Not the file's own folder: a file in it may be called as a module of Python is.
    roots = [root for root in told["roots"] if root != os.path.dirname(told["file"])]
    command = [sys.executable, "-m", "venturi.cli", "run", told["file"], dag_id, "--home", str(home), "--json"]
    env = {
        **os.environ,
        **told.get("environment", {}),
        "PYTHONPATH": os.pathsep.join([*roots, os.environ.get("PYTHONPATH", "")]),
    }
    child = subprocess.Popen(
        [*command, "--date", date], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env
    )
    try:
        out, err = child.communicate(timeout=limit_s)
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGINT)
        try:
            child.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.communicate()
        return {"timed_out": True, **results(home, dag_id)}
    try:
        state = json.loads(out.strip().splitlines()[-1])["state"]
    except (ValueError, KeyError, IndexError):
        return {"exception": (out + err).strip()[-500:]}
    return {"state": state, **results(home, dag_id)}


def results(home: Path, dag_id: str) -> dict[str, Any]:
    """Of the DAG's own runs: what the database holds."""
    from venturi.cli.reading import open_reader
    from venturi.config import Home, read_config
    from venturi.wire import values

    at = Home(home, home)
    states: dict[str, str] = {}
    kept: dict[str, Any] = {}
    reasons: dict[str, str] = {}
    with open_reader(at, read_config(at)) as reader:
        for one in reader.runs(dag_id, limit=10):
            rows, groups = reader.instances(one.id)
            for row in rows:
                states[f"{row.task_id}[{row.map_index}]"] = row.state
                if row.reason:
                    reasons[f"{row.task_id}[{row.map_index}]"] = row.reason[:300]
            for group in groups:
                if not any(row.task_id == group.task_id for row in rows):
                    states[f"{group.task_id}[-1]"] = group.state
            for value in all_values(at, reader, one.id):
                data = value.data.encode() if value.data is not None else (at.values / str(value.ref)).read_bytes()
                try:
                    found = _plain(values.decode(data, classes=True))
                except Exception as error:
                    found = f"<{type(error).__name__}: {error}>"
                kept[f"{value.task_id}[{value.map_index}].{value.key}"] = found
    return {"states": states, "xcoms": kept, **({"reasons": reasons} if reasons else {})}


def all_values(at: Any, reader: Any, run: int) -> list[Any]:
    with sqlite3.connect(at.database) as database:
        keys = [row[0] for row in database.execute("select distinct key from value where run = ?", (run,))]
    return [found for key in keys for found in reader.values_of_run(run, key)]


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


# ── all files ────────────────────────────────────────────────────────────────────────────────────────────


def one(order: dict[str, Any], told: dict[str, Any], places: Any) -> None:
    began = time.monotonic()
    os.environ.update(told.get("environment", {}))
    found = load(told, places, order["limit_s"])
    _write(order["out"], {"key": told["key"], **found, "seconds": round(time.monotonic() - began, 2)})


def run_all(order: dict[str, Any], told: dict[str, Any]) -> None:
    """Every DAG that the reference has run, on the same date."""
    runs: dict[str, Any] = {}
    for dag_id, date in (told.get("runs") or {}).items():
        began = time.monotonic()
        runs[dag_id] = run(told, dag_id, date or order["date"], order["limit_s"])
        runs[dag_id]["seconds"] = round(time.monotonic() - began, 1)
        _write(order["out"], {"key": told["key"], "runs": runs})


def wait(pid: int, limit_s: float) -> int:
    """The status of a child, which is ended where it hangs beyond the reach of the time limit of a load."""
    give_up_at = time.monotonic() + limit_s
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return status
        if time.monotonic() > give_up_at:
            os.kill(pid, signal.SIGKILL)
            return os.waitpid(pid, 0)[1]
        time.sleep(0.01)


def _write(out: str, line: dict[str, Any]) -> None:
    with open(out, "a") as file:
        file.write(json.dumps(line, default=str) + "\n")


def main() -> None:
    with open(sys.argv[1]) as file:
        order = json.load(file)
    order["out"] = sys.argv[2]
    places = prepare()
    for told in order["files"]:
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
                one(order, told, places)
                code = 0
            except BaseException as error:
                _write(order["out"], {"key": told["key"], "exception": f"{type(error).__name__}: {error}"[:500]})
            finally:
                os._exit(code)
        status = wait(pid, order["limit_s"] * 1.5)
        if os.WIFSIGNALED(status) or os.WEXITSTATUS(status) > 1:
            _write(order["out"], {"key": told["key"], "exception": f"the import ended with status {status}"})
        if order["runs"]:
            run_all(order, told)
        _write(order["out"], {"key": told["key"], "done": True})


if __name__ == "__main__":
    main()
