"""`trigger_dag` and `Client.trigger_dag`, as files of 1.10 and 2.x start a run of another DAG from a running task."""

from __future__ import annotations

import json
from typing import Any

from ..sdk import times
from ..sdk.exceptions import AirflowException, DagNotFound, DagRunAlreadyExists
from ..sdk.port import port
from .server_side import NotOurs


def trigger_dag(
    dag_id: str,
    run_id: str | None = None,
    conf: Any = None,
    execution_date: Any = None,
    replace_microseconds: bool = True,
    session: Any = None,
    **more: Any,
) -> Any:
    """Make a run of the DAG, and give it."""
    from ..sdk.runs import find

    date = more.get("logical_date") or execution_date
    wanted: dict[str, Any] = {"conf": json.loads(conf) if isinstance(conf, str) else conf or {}, "run_id": run_id}
    if date is not None:
        wanted["date"] = times.read(date).timestamp()
    made = port().trigger(dag_id, **wanted)
    if made["outcome"] == "no_such_dag":
        raise DagNotFound(f"Dag id {dag_id} not found")
    if made["outcome"] == "exists":
        raise DagRunAlreadyExists(f"A run of {dag_id} with this id or date exists: {made['run_id']}")
    if not made.get("run_id"):
        raise AirflowException(f"DAG {dag_id} could not be triggered: {made.get('why', made['outcome'])}")
    return next(iter(find(dag_id, run_id=[made["run_id"]])), None)


class Client:
    """Of `airflow.api.client`: runs are triggered by it; pools and deletions are not."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def trigger_dag(
        self, dag_id: str, run_id: Any = None, conf: Any = None, execution_date: Any = None, **_: Any
    ) -> Any:
        return trigger_dag(dag_id, run_id, conf, execution_date)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotOurs(f"Client.{name} works on Airflow's database; use Venturi's command line or API for it.")


def get_current_api_client() -> Client:
    return Client()


def get_dag_run_state(dag_id: str, execution_date: Any) -> dict[str, str]:
    from ..sdk.runs import find

    found = find(dag_id, execution_date=execution_date)
    if not found:
        raise DagNotFound(f"Dag Run for date {execution_date} not found in dag {dag_id}")
    return {"state": found[0].state.value}


def get_dag_runs(dag_id: str, state: str | None = None, **_: Any) -> list[dict[str, Any]]:
    from ..sdk.runs import find

    return [
        {
            "id": run.run_id,
            "run_id": run.run_id,
            "state": run.state.value,
            "dag_id": run.dag_id,
            "execution_date": run.logical_date.isoformat() if run.logical_date else None,
            "start_date": run.start_date.isoformat() if run.start_date else "",
            "dag_run_url": f"/dags/{run.dag_id}/runs/{run.run_id}",
        }
        for run in find(dag_id, state=state)
    ]
