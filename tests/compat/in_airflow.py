"""The other side: loads and runs DAG files in a real Airflow, 2.11 or 3.3, and writes down what came of each.

A program for Airflow's own interpreter, where no Venturi is: `python in_airflow.py ORDER OUT`. ORDER is JSON,
{"files": [{"key", "file", "roots"}], "runs": bool, "limit_s", "date"}; OUT gets JSON lines, which add up by their
key. Airflow is imported once and each file is read in a fork. Owns the form (`shape`) that `in_venturi` gives as well.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import shutil
import signal
import sys
import time
import traceback
from datetime import datetime, timedelta
from typing import Any

HOME = os.environ["AIRFLOW_HOME"]
TRIES = 3  # of a file in whose run Airflow's own database stood in the way: SQLite and its many threads
DATABASE_TROUBLE = "Serious error when handling your request"
THREE = False  # set once Airflow is imported

# ── what a DAG is made of ────────────────────────────────────────────────────────────────────────────────


def shape(dag: Any) -> dict[str, Any]:
    return {
        "tasks": {task_id: _task(task) for task_id, task in dag.task_dict.items()},
        "groups": _groups(dag),
        "schedule": _schedule(dag),
        "params": {name: _param(param) for name, param in _params(dag).items()},
        "catchup": bool(dag.catchup),
    }


def _task(task: Any) -> dict[str, Any]:
    found = {
        "downstream": sorted(task.downstream_task_ids),
        "rule": str(getattr(task.trigger_rule, "value", task.trigger_rule)),
        "group": task.task_group.group_id if task.task_group is not None else None,
        "mapped": _mapped(task),
        "retries": int(task.retries or 0),
        "pool": task.pool,
        "in_mapped_group": _in_mapped_group(task),
        "setup": bool(getattr(task, "is_setup", False)),
        "teardown": bool(getattr(task, "is_teardown", False)),
    }
    return {name: value for name, value in found.items() if value not in (None, False)}


def _in_mapped_group(task: Any) -> bool:
    return any("Mapped" in type(group).__name__ for group in task.iter_mapped_task_groups())


def _mapped(task: Any) -> list[str] | None:
    """The names of the mapped arguments; [""] where whole sets of arguments are mapped over."""
    if not type(task).__name__.endswith("MappedOperator"):
        return None
    given = task._get_specified_expand_input().value
    return sorted(given) if isinstance(given, dict) else [""]


def _groups(dag: Any) -> dict[str, str | None]:
    """Each group and the one it lies in; None at the top."""
    found = {}
    for group_id, group in dag.task_group.get_task_group_dict().items():
        if group_id is not None:
            found[group_id] = group.parent_group.group_id if group.parent_group is not None else None
    return found


def _params(dag: Any) -> dict[str, Any]:
    return {name: dag.params.get_param(name) for name in dag.params}


def _param(param: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"schema": _plain(param.schema)}
    if "ArgNotSet" not in str(type(param.value)) and type(param.value).__name__ not in (
        "ArgNotSet",
        "type",
        "SetDuringExecution",
    ):
        found["value"] = _plain(param.value)
    return found


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _schedule(dag: Any) -> Any:
    given = dag.schedule if THREE else dag.schedule_interval
    timetable = dag.timetable
    name = type(timetable).__name__
    if name in ("NullTimetable", "OnceTimetable", "ContinuousTimetable"):
        return {"NullTimetable": None, "OnceTimetable": "@once", "ContinuousTimetable": "@continuous"}[name]
    if "Triggered" in name:
        return {"assets": sorted(_assets(given if THREE else timetable.dataset_condition))}
    if isinstance(given, str) and not given.startswith("Dataset"):
        return given
    if isinstance(given, timedelta):
        return {"every_s": given.total_seconds()}
    if type(given).__name__ == "relativedelta":
        return {"every": True}
    return {"timetable": name}


def _assets(of: Any) -> set[str]:
    if isinstance(of, (list, tuple, set)):
        return {name for part in of for name in _assets(part)}
    parts = getattr(of, "objects", None)
    if parts:
        return _assets(list(parts))
    return {str(getattr(of, "uri", None) or getattr(of, "name", of))}


# ── one file ─────────────────────────────────────────────────────────────────────────────────────────────


def load(file: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The DAGs of a file, and what is told of them."""
    if THREE:
        from airflow.dag_processing.dagbag import DagBag

        bag = DagBag(dag_folder=file, safe_mode=False)
    else:
        from airflow.models.dagbag import DagBag

        bag = DagBag(dag_folder=file, include_examples=False, safe_mode=False, read_dags_from_db=False)
    errors = list(bag.import_errors.values())
    told: dict[str, Any] = {"dags": {dag_id: shape(dag) for dag_id, dag in bag.dags.items()}}
    if errors:
        told["error"] = errors[0].strip().splitlines()[-1][:500]
    return dict(bag.dags), told


def run(dag: Any, date: datetime) -> dict[str, Any]:
    """One run of the DAG as `airflow dags test` makes it: every task instance's state, and every XCom."""
    start = dag.start_date or dag.default_args.get("start_date")
    if start is not None and start > date:
        date = start
    outcome: dict[str, Any] = {"date": date.isoformat()}
    if not THREE:  # a run that somebody has asked for, as it is here and in 3.x
        create = dag.create_dagrun
        dag.create_dagrun = lambda **given: create(**{**given, "external_trigger": True})
    try:
        outcome["state"] = str(
            getattr(dag.test(**{"logical_date" if THREE else "execution_date": date}).state, "value", "")
        )
    except Exception as error:
        outcome["exception"] = f"{type(error).__name__}: {error}"[:500]
    return outcome


def results(dag_id: str) -> dict[str, Any]:
    """Of the DAG's own run: what the database holds."""
    from airflow.models.taskinstance import TaskInstance

    from airflow import settings

    if THREE:
        from airflow.models.xcom import XComModel as XCom
    else:
        from airflow.models.xcom import BaseXCom as XCom
    with settings.Session() as session:
        # SubDAGs of 2.x are runs of their own, "parent.child".
        mine = session.query(TaskInstance).filter(TaskInstance.dag_id == dag_id)
        states = {f"{ti.task_id}[{ti.map_index}]": str(getattr(ti.state, "value", ti.state)) for ti in mine}
        rows = session.query(XCom).filter(XCom.dag_id == dag_id)
        kept = {f"{x.task_id}[{x.map_index}].{x.key}": _xcom(x) for x in rows if not x.key.startswith("_")}
    return {"states": states, "xcoms": kept}


def _xcom(row: Any) -> Any:
    try:
        if not THREE:
            return _plain(row.value)  # decoded when the row is read
        from airflow.sdk.serde import deserialize

        return _plain(deserialize(row.value))
    except Exception as error:
        return f"<{type(error).__name__}: {error}>"


def one(order: dict[str, Any], told: dict[str, Any]) -> None:
    file = told["file"]
    # In Airflow the dags folder and the plugins folder are on the path.
    sys.path[:0] = told["roots"]
    os.environ.update(told.get("environment", {}))
    began = time.monotonic()
    dags, found = load(file)
    _write(order["out"], {"key": told["key"], **found, "seconds": round(time.monotonic() - began, 2)})
    if not order["runs"]:
        return
    from airflow import settings

    settings.DAGS_FOLDER = file
    date = datetime.fromisoformat(order["date"])
    runs: dict[str, Any] = {}
    for dag_id, dag in dags.items():
        _write(order["out"], {"key": told["key"], "runs": {**runs, dag_id: {"unfinished": True}}})
        began = time.monotonic()
        outcome = run(dag, date)
        runs[dag_id] = {**outcome, **results(dag_id), "seconds": round(time.monotonic() - began, 1)}
        _write(order["out"], {"key": told["key"], "runs": runs})


def _write(out: str, line: dict[str, Any]) -> None:
    with open(out, "a") as file:
        file.write(json.dumps(line, default=str) + "\n")


# ── all files ────────────────────────────────────────────────────────────────────────────────────────────


def prepare() -> None:
    """A database with everything that a fresh Airflow has in it, made once and copied for each file."""
    global THREE
    import airflow

    THREE = int(airflow.__version__.split(".")[0]) >= 3
    from airflow.utils import db

    from airflow import settings

    if not os.path.exists(f"{HOME}/fresh.db"):
        db.initdb()
        settings.engine.dispose()
        shutil.copy(f"{HOME}/airflow.db", f"{HOME}/fresh.db")
    settings.engine.dispose()


def main() -> None:
    with open(sys.argv[1]) as file:
        order = json.load(file)
    order["out"] = sys.argv[2]
    prepare()
    for told in order["files"]:
        for _ in range(TRIES):
            log = f"{HOME}/{re.sub('[^A-Za-z0-9.]+', '-', told['key'])}.log"
            _in_a_fork(order, told, log)
            with open(log, errors="replace") as file:
                if DATABASE_TROUBLE not in file.read():
                    break
        _write(order["out"], {"key": told["key"], "done": True})


def _in_a_fork(order: dict[str, Any], told: dict[str, Any], log: str) -> None:
    from airflow import settings

    for ending in ("-wal", "-shm"):  # of the file before
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{HOME}/airflow.db{ending}")
    shutil.copy(f"{HOME}/fresh.db", f"{HOME}/airflow.db")
    sys.stdout.flush()
    pid = os.fork()
    if pid != 0:
        _wait(pid, order, told)
        return
    code = 1
    try:
        os.setsid()
        settings.engine.dispose()
        said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(said, 1)
        os.dup2(said, 2)
        one(order, told)
        code = 0
    except BaseException as error:
        traceback.print_exc()
        _write(order["out"], {"key": told["key"], "exception": f"{type(error).__name__}: {error}"[:500]})
    finally:
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _wait(pid: int, order: dict[str, Any], told: dict[str, Any]) -> None:
    give_up_at = time.monotonic() + order["limit_s"]
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        if time.monotonic() > give_up_at:
            os.killpg(pid, signal.SIGKILL)  # a session of its own, made by us in this namespace of process numbers
            os.waitpid(pid, 0)
            _write(order["out"], {"key": told["key"], "timed_out": True})
            return
        time.sleep(0.02)


if __name__ == "__main__":
    main()
