"""What clients of Airflow 2.x use most is answered at `/api/v1` in their words."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from fastapi.routing import APIRoute

from venturi.web.old.routes import routes
from venturi.web.who import Allowed

V1 = "/api/v1"


def test_every_old_route_asks_who_may_do_it():
    found = [route for route in routes.router.routes if isinstance(route, APIRoute)]
    assert len(found) > 30
    assert all(sum(isinstance(d.call, Allowed) for d in route.dependant.dependencies) == 1 for route in found)


def test_a_name_and_the_token_as_password_are_taken(api):
    known, api.token = api.token, None
    try:
        for password, status in ((known, 200), ("wrong", 401)):
            pair = base64.b64encode(f"admin:{password}".encode()).decode()
            assert api.ask("GET", f"{V1}/dags", headers={"Authorization": f"Basic {pair}"}).status == status
        assert api.ask("GET", f"{V1}/dags", headers={"Authorization": "Basic %%%"}).status == 401
    finally:
        api.token = known


def test_dags_and_runs_have_their_old_names(api, done):
    dag = api.get(f"{V1}/dags/flow")
    assert dag["schedule_interval"] == {"__type": "CronExpression", "value": "0 3 * * *"}
    assert (dag["is_active"], dag["tags"]) == (True, [{"name": "blue"}, {"name": "red"}])
    assert api.get(f"{V1}/dags", tags="blue")["total_entries"] == 1
    assert api.send("PATCH", f"{V1}/dags/flow", {"is_paused": False}, update_mask="is_paused")["is_paused"] is False
    run = api.get(f"{V1}/dags/flow/dagRuns/{quote(done, safe='')}")
    assert (run["execution_date"], run["external_trigger"]) == ("2026-02-03T04:05:06Z", True)
    made = api.send("POST", f"{V1}/dags/flow/dagRuns", {"conf": {"n": 1}, "note": "by an old client"})
    assert api.over("flow", made["dag_run_id"])["note"] == "by an old client"
    found = api.get(f"{V1}/dags/flow/dagRuns", order_by="-execution_date", execution_date_lte="2026-02-04T00:00:00Z")
    assert [one["dag_run_id"] for one in found["dag_runs"]] == [done]


def test_task_instances_logs_and_values(api, done):
    run = f"{V1}/dags/flow/dagRuns/{quote(done, safe='')}"
    found = api.get(f"{run}/taskInstances")
    assert found["total_entries"] == 5
    assert {"execution_date", "sla_miss", "hostname"} <= found["task_instances"][0].keys()
    assert api.get(f"{run}/taskInstances/square/2")["map_index"] == 2
    (again,) = api.get(f"{run}/taskInstances/total/tries")["task_instances"]
    assert again["execution_date"] == "2026-02-03T04:05:06Z"
    assert "counting" in api.get(f"{run}/taskInstances/numbers/logs/1", full_content="true")["content"]
    plain = api.ask("GET", f"{run}/taskInstances/numbers/logs/1", headers={"Accept": "text/plain"})
    assert plain.body == b"counting"
    assert api.get(f"{run}/taskInstances/total/xcomEntries")["total_entries"] == 1
    assert api.get(f"{run}/taskInstances/total/xcomEntries/return_value")["value"] == "14"
    body = {"dry_run": False, "dag_run_id": done, "task_ids": ["total"], "only_failed": False, "include_subdags": True}
    cleared = api.send("POST", f"{V1}/dags/flow/clearTaskInstances", body)
    assert [one["task_id"] for one in cleared["task_instances"]] == ["total"]
    api.over("flow", done)
    marked = api.send("PATCH", f"{run}/taskInstances/total", {"dry_run": False, "new_state": "failed"})
    assert marked["task_id"] == "total"
    assert api.send("PATCH", run, {"state": "success"})["state"] == "success"


@pytest.mark.parametrize(
    ("what", "name", "body", "change"),
    [
        ("variables", "k", {"key": "k", "value": "1"}, {"key": "k", "value": "2"}),
        ("connections", "k", {"connection_id": "k", "conn_type": "http"}, {"connection_id": "k", "conn_type": "ftp"}),
        ("pools", "k", {"name": "k", "slots": 1}, {"name": "k", "slots": 2}),
    ],
)
def test_settings(api, what, name, body, change):
    assert api.send("POST", f"{V1}/{what}", body).items() >= body.items()
    assert api.send("PATCH", f"{V1}/{what}/{name}", change).items() >= change.items()
    assert api.get(f"{V1}/{what}/{name}").items() >= change.items()
    assert api.get(f"{V1}/{what}")["total_entries"] >= 1
    api.send("DELETE", f"{V1}/{what}/{name}", status=204)
