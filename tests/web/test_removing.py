"""Runs, task instances and DAGs are removed over the API: with all that was their own, and never what is under way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from venturi.store import open_store

from ..cli.conftest import Place, until
from .conftest import Api

PAIR = """
import os
from airflow.sdk import DAG, task

for name in ("pair", "other"):
    with DAG(name, schedule=None, is_paused_upon_creation=False):
        @task
        def first():
            print("first")
            return "a value of its own"

        @task
        def many(n):
            return n

        @task
        def last(**context):
            import time
            go = (context["dag_run"].conf or {}).get("go")
            while go and not os.path.exists(go):
                time.sleep(0.01)

        first() >> many.expand(n=[1, 2]) >> last()
"""


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    place = Place(Path(tmp_path_factory.mktemp("removing")))
    (place.dags / "pair.py").write_text(PAIR)
    said = place.up()
    assert said.status == 0, said.err
    made = Api(place, int(said.json["url"].rpartition(":")[2]))
    until(lambda: made.get("dags")["total_entries"] == 2, "the DAGs are read")
    yield made
    place("down")
    place.end()


def rows_of(api: Api, run: int) -> dict[str, int]:
    with open_store(api.place.home.database, create=False) as store, store.reader() as reader:
        return {table: len(keys) for table, keys in reader.parts_of_runs([run], 10_000)}


def number_of(api: Api, dag_id: str, run_id: str) -> int:
    with open_store(api.place.home.database, create=False) as store, store.reader() as reader:
        row = reader.run(dag_id, run_id)
        assert row is not None
        return int(row.id)


def events_of(api: Api) -> list[dict[str, Any]]:
    told = api.get("eventLogs", event="removed", order_by="-id")["event_logs"]
    return [json.loads(one["extra"]) for one in told]


def test_a_run_goes_with_all_that_was_its_own(api: Api) -> None:
    kept, run_id = api.run("pair"), api.run("pair", note="to go", dag_run_id="a/b")
    number, path = number_of(api, "pair", run_id), f"dags/pair/dagRuns/{quote(run_id, safe='')}"
    assert {"task_instance", "attempt", "value", "note"} <= set(rows_of(api, number))
    logs = list(api.place.home.logs.rglob("a%2Fb"))
    assert logs
    assert api.ask("DELETE", path).status == 204
    assert api.ask("GET", path).status == 404
    assert api.ask("DELETE", path).status == 404
    until(lambda: not rows_of(api, number), "its rows are gone")
    until(lambda: not logs[0].exists(), "its logs are gone")
    assert events_of(api)[0] == {"run_id": run_id, "by": "admin"}
    assert api.get(f"dags/pair/dagRuns/{quote(kept, safe='')}")["state"] == "success"
    again = api.run("pair", dag_run_id="a/b")
    assert api.get(f"dags/pair/dagRuns/{quote(again, safe='')}")["note"] is None


def test_what_is_under_way_is_not_removed(api: Api, tmp_path: Path) -> None:
    go = tmp_path / "go"
    made = api.send("POST", "dags/pair/dagRuns", {"logical_date": None, "dag_run_id": "long", "conf": {"go": str(go)}})
    path = f"dags/pair/dagRuns/{made['dag_run_id']}"
    for address in (path, f"{path}/taskInstances/first", "dags/pair"):
        answer = api.ask("DELETE", address)
        assert answer.status == 409, address
        assert "not over" in answer.json["detail"]
    many = {"actions": [{"action": "delete", "entities": ["long", "nothing"]}]}
    told = api.send("PATCH", "dags/pair/dagRuns", many)["delete"]
    assert [one["status_code"] for one in told["errors"]] == [409, 404]
    go.touch()
    api.over("pair", "long")
    assert api.send("PATCH", "dags/pair/dagRuns", {"actions": [{"action": "delete", "entities": ["long"]}]}) == {
        "create": None,
        "update": None,
        "delete": {"success": ["pair.long"], "errors": []},
    }


def test_a_task_instance_goes_and_its_run_stays(api: Api) -> None:
    run_id = api.run("pair", dag_run_id="parts")
    path = f"dags/pair/dagRuns/{run_id}/taskInstances"
    before = api.get(path)["total_entries"]
    assert api.get("/api/venturi/v1/dags/pair/grid")  # it is kept in memory from now on
    assert api.ask("DELETE", f"{path}/first").status == 200
    assert api.ask("DELETE", f"{path}/many", map_index=1).status == 200
    assert api.ask("DELETE", f"{path}/many", map_index=7).status == 404
    assert api.ask("DELETE", f"{path}/nobody").status == 404
    left = [(one["task_id"], one["map_index"]) for one in api.get(path)["task_instances"]]
    assert left == [("many", 0), ("last", -1)] or sorted(left) == [("last", -1), ("many", 0)]
    assert len(left) == before - 2
    assert api.ask("GET", f"{path}/first/xcomEntries/return_value").status == 404
    assert api.get(f"dags/pair/dagRuns/{run_id}")["state"] == "success"
    entity = {"task_id": "last", "dag_run_id": run_id}
    told = api.send("PATCH", path, {"actions": [{"action": "delete", "entities": [entity]}]})["delete"]
    assert told["success"] == [f"pair.{run_id}.last[-1]"]


def test_a_dag_goes_when_its_file_is_gone_and_loses_its_runs_before(api: Api) -> None:
    for _ in range(3):
        api.run("other")
    assert "stays listed" in api.send("DELETE", "dags/other")["detail"]
    until(lambda: api.get("dags/other/dagRuns")["total_entries"] == 0, "its runs are gone")
    assert api.get("dags/other")["is_stale"] is False
    run_id = api.run("other")
    text = (api.place.dags / "pair.py").read_text()
    (api.place.dags / "pair.py").write_text(text.replace('("pair", "other")', '("pair",)'))
    until(lambda: api.get("dags/other")["is_stale"], "its file holds it no more")
    assert api.get(f"dags/other/dagRuns/{quote(run_id, safe='')}")["state"] == "success"
    assert "stays" not in api.send("DELETE", "dags/other")["detail"]
    until(lambda: api.ask("GET", "dags/other").status == 404, "it is gone")
    assert api.ask("DELETE", "dags/other").status == 404
    (api.place.dags / "pair.py").write_text(text)
    until(lambda: api.ask("GET", "dags/other").status == 200, "it is back")
    assert api.get("dags/other/dagRuns")["total_entries"] == 0
    assert api.run("other")


def test_who_may_only_read_removes_nothing(api: Api) -> None:
    known, api.token = api.token, api.place("token", "create", "reads", "--role", "viewer").out.strip()
    try:
        for path in ("dags/pair", "dags/pair/dagRuns/x", "dags/pair/dagRuns/x/taskInstances/first"):
            assert api.ask("DELETE", path).status == 403
    finally:
        api.token = known
