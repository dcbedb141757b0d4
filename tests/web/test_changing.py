"""Runs and task instances are cleared, marked and noted over the API."""

from __future__ import annotations

from urllib.parse import quote

import pytest


@pytest.fixture
def run(api) -> str:
    """A run of its own that has succeeded, as the beginning of addresses."""
    return f"dags/flow/dagRuns/{quote(api.run('flow'), safe='')}"


def over(api, run: str) -> dict:
    return api.over("flow", api.get(run)["dag_run_id"])


def touched(answer: dict) -> list[tuple[str, int]]:
    return sorted((one["task_id"], one["map_index"]) for one in answer["task_instances"])


def test_a_task_is_cleared_after_a_look_at_what_that_touches(api, run):
    body = {"dag_run_id": api.get(run)["dag_run_id"], "task_ids": [["square", 1]], "only_failed": False}
    body["include_downstream"] = True
    would = api.send("POST", "dags/flow/clearTaskInstances", body)
    assert touched(would) == [("square", 1), ("total", -1)]
    assert api.get(f"{run}/taskInstances/square/1/tries")["total_entries"] == 1
    did = api.send("POST", "dags/flow/clearTaskInstances", {**body, "dry_run": False, "note": "once more"})
    assert touched(did) == touched(would)
    assert over(api, run)["state"] == "success"
    assert api.get(f"{run}/taskInstances/square/1/tries")["total_entries"] == 2
    assert api.get(f"{run}/taskInstances/square/1")["note"] == "once more"
    assert api.get(f"{run}/taskInstances/square/0/tries")["total_entries"] == 1


def test_nothing_to_clear_is_an_empty_list(api, run):
    body = {"dag_run_id": api.get(run)["dag_run_id"], "dry_run": False}
    assert api.send("POST", "dags/flow/clearTaskInstances", body)["task_instances"] == []


def test_a_task_is_marked_and_noted(api, run):
    path = f"{run}/taskInstances/total"
    would = api.send("PATCH", f"{path}/dry_run", {"new_state": "failed"})
    assert touched(would) == [("total", -1)]
    assert api.get(path)["state"] == "success"
    (told,) = api.send("PATCH", path, {"new_state": "failed", "note": "wrong sum"})["task_instances"]
    assert (told["state"], told["note"]) == ("failed", "wrong sum")
    assert over(api, run)["state"] == "failed"
    api.send("PATCH", f"{run}/taskInstances/square/2", {"new_state": "skipped"})
    assert api.get(f"{run}/taskInstances/square/2")["state"] == "skipped"
    assert api.ask("PATCH", path, {"new_state": "running"}).status == 400
    assert api.ask("PATCH", path, {}).status == 400
    assert api.ask("PATCH", f"{run}/taskInstances/none", {"new_state": "failed"}).status == 404


def test_a_run_is_marked_noted_and_cleared(api, run):
    assert api.send("PATCH", run, {"note": "looked at"})["note"] == "looked at"
    assert api.send("PATCH", run, {"state": "failed"})["state"] == "failed"
    would = api.send("POST", f"{run}/clear", {})
    assert would["total_entries"] == 5
    api.send("POST", f"{run}/clear", {"dry_run": False})
    assert over(api, run)["state"] == "success"
    api.send("PATCH", run, {"state": "queued"})
    assert over(api, run)["state"] == "success"
    assert api.get(f"{run}/taskInstances/total/tries")["total_entries"] == 3
    assert api.ask("PATCH", run, {"state": "running"}).status == 422
    assert api.ask("PATCH", "dags/flow/dagRuns/none", {"state": "failed"}).status == 404


def test_many_are_changed_at_once(api, run):
    run_id = api.get(run)["dag_run_id"]
    good, wrong = {"task_id": "total", "note": "seen"}, {"task_id": "none", "note": "seen"}
    told = api.send("PATCH", f"{run}/taskInstances", {"actions": [{"action": "update", "entities": [good, wrong]}]})
    assert told["update"]["success"] == [f"flow.{run_id}.total[-1]"]
    assert [one["status_code"] for one in told["update"]["errors"]] == [404]
    told = api.send(
        "PATCH",
        "dags/flow/dagRuns",
        {"actions": [{"action": "update", "entities": [{"dag_run_id": run_id, "state": "failed"}]}]},
    )
    assert told["update"] == {"success": [f"flow.{run_id}"], "errors": []}
    assert api.get(run)["state"] == "failed"
    cleared = api.send(
        "POST", "dags/~/clearDagRuns", {"dry_run": False, "dag_runs": [{"dag_id": "flow", "dag_run_id": run_id}]}
    )
    assert cleared["total_entries"] == 1
    assert over(api, run)["state"] == "success"


def test_without_an_engine_a_change_waits_for_the_next_and_the_answer_says_so(tmp_path_factory):
    from venturi.config import Config, Home
    from venturi.store import open_store
    from venturi.web.asking import Waits, tell

    root = tmp_path_factory.mktemp("no-engine")
    home = Home(root, root)
    home.make()
    with open_store(home.database):
        pass
    with pytest.raises(Waits, match="No engine runs"):
        tell(home, Config(), "pause", dag_id="flow")
    with open_store(home.database) as store:
        assert [(row.name, row.payload) for row in store.waiting_commands()] == [("pause", {"dag_id": "flow"})]
