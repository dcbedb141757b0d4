"""The answers of `/api/v2` in the words of Airflow 2.x."""

from __future__ import annotations

from typing import Any

from ..models.dags import Dag
from ..models.runs import DagRun
from ..models.settings import Connection, Pool, Variable
from ..models.tasks import TaskInstance, Try, XCom

_GONE = ("team_name", "is_encrypted")
_RUN_TYPES = {"asset_triggered": "dataset_triggered", "asset_materialization": "manual", "operator_triggered": "manual"}


def dag(of: Dag) -> dict[str, Any]:
    told = of.model_dump(mode="json")
    summary = told.pop("timetable_summary")
    kept = {
        "next_dagrun": told["next_dagrun_logical_date"],
        "next_dagrun_create_after": told["next_dagrun_run_after"],
        "is_active": not told["is_stale"],
        "is_subdag": False,
        "root_dag_id": None,
        "default_view": "grid",
        "pickle_id": None,
        "last_pickled": None,
        "scheduler_lock": None,
        "schedule_interval": None if summary is None else {"__type": "CronExpression", "value": summary},
        "tags": [{"name": tag["name"]} for tag in told["tags"]],
    }
    names = ("dag_id", "dag_display_name", "is_paused", "last_parsed_time", "last_expired", "fileloc", "file_token")
    more = (
        "owners",
        "description",
        "timetable_description",
        "max_active_tasks",
        "max_active_runs",
        "has_import_errors",
    )
    dates = ("next_dagrun_data_interval_start", "next_dagrun_data_interval_end", "has_task_concurrency_limits")
    return kept | {name: told[name] for name in (*names, *more, *dates, "max_consecutive_failed_dag_runs")}


def run(of: DagRun) -> dict[str, Any]:
    told = of.model_dump(mode="json")
    names = ("dag_run_id", "dag_id", "logical_date", "start_date", "end_date", "data_interval_start")
    more = ("data_interval_end", "last_scheduling_decision", "state", "conf", "note")
    return {name: told[name] for name in (*names, *more)} | {
        "execution_date": told["logical_date"],
        "external_trigger": told["run_type"] != "scheduled",
        "run_type": _RUN_TYPES.get(told["run_type"], told["run_type"]),
    }


def instance(of: TaskInstance | Try) -> dict[str, Any]:
    told = of.model_dump(mode="json")
    for name in ("id", "dag_version", "run_after", "scheduled_when", "operator_name", "dag_display_name"):
        told.pop(name, None)
    told["execution_date"] = told.pop("logical_date", None)
    for name in ("hostname", "unixname"):
        told[name] = told[name] or ""
    return told | {"sla_miss": None}


def reference(of: TaskInstance) -> dict[str, Any]:
    """As clearing and marking tell of one."""
    return {
        "dag_id": of.dag_id,
        "dag_run_id": of.dag_run_id,
        "execution_date": None if of.logical_date is None else of.logical_date.isoformat(),
        "task_id": of.task_id,
        "map_index": of.map_index,
    }


def xcom(of: XCom) -> dict[str, Any]:
    told = of.model_dump(mode="json")
    names = ("dag_id", "key", "map_index", "task_id", "timestamp")
    made = {name: told[name] for name in names} | {"execution_date": told["logical_date"]}
    return made | ({"value": told["value"]} if "value" in told else {})


def setting(of: Variable | Connection | Pool) -> dict[str, Any]:
    told = of.model_dump(mode="json", by_alias=True)
    for name in _GONE:
        told.pop(name, None)
    if told.get("password") is None:
        told.pop("password", None)  # a client of 2.x takes a text, or none
    return told
