"""DAGs, runs, task instances, logs and values over the API, of a real tree."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from ..cli.conftest import until


def in_run(done: str, more: str = "") -> str:
    return f"dags/flow/dagRuns/{quote(done, safe='')}{more}"


def names(found: list[dict], name: str = "dag_id") -> list[str]:
    return [one[name] for one in found]


# ── DAGs ──


def test_dags_are_listed_filtered_ordered_and_cut(api):
    def listed(**query):
        return names(api.get("dags", **query)["dags"])

    assert listed() == ["flow", "follows", "waiting"]
    assert listed(order_by="-dag_id") == ["waiting", "follows", "flow"]
    assert listed(limit=1, offset=1) == ["follows"]
    assert listed(tags=["blue", "red"]) == ["flow", "follows"]
    assert listed(tags=["blue", "red"], tags_match_mode="all") == ["flow"]
    assert listed(paused="true") == ["follows"]
    assert listed(dag_id_pattern="OLLOW") == ["follows"]
    assert listed(dag_id_pattern="flow | wait") == ["flow", "waiting"]
    assert listed(dag_id_prefix_pattern="wai") == ["waiting"]
    assert listed(dag_display_name_pattern="of numb") == ["flow"]
    assert listed(has_asset_schedule="true") == ["follows"]
    assert api.get("dags", limit=1)["total_entries"] == 3
    assert api.ask("GET", "dags", order_by="secret").status == 400
    assert api.ask("GET", "dags", limit=-1).status == 422


def test_a_dag_tells_what_its_file_says(api):
    found = api.get("dags/flow/details")
    assert found["dag_display_name"] == "Flow of numbers"
    assert found["timetable_summary"] == "0 3 * * *"
    assert found["params"]["n"]["value"] == 3
    assert found["doc_md"] == "# Numbers"
    assert found["next_dagrun_run_after"]
    assert found["latest_dag_version"]["version_number"] == 1
    assert names(found["tags"], "name") == ["blue", "red"]
    assert api.ask("GET", "dags/nothing").status == 404


def test_a_dag_is_paused_and_unpaused(api):
    assert api.send("PATCH", "dags/waiting", {"is_paused": True})["is_paused"] is True
    assert api.send("PATCH", "dags", {"is_paused": False}, dag_id_pattern="waiting")["dags"][0]["is_paused"] is False
    assert api.ask("PATCH", "dags/nothing", {"is_paused": True}).status == 404
    assert api.ask("PATCH", "dags/waiting", {"is_paused": True, "more": 1}).status == 422


def test_sources_versions_tags_and_tasks_are_told(api):
    told = api.get("dagSources/flow")
    assert "def numbers()" in told["content"]
    plain = api.ask("GET", "dagSources/flow", headers={"Accept": "text/plain"})
    assert plain.headers["content-type"].startswith("text/plain")
    assert plain.body.decode() == told["content"]
    assert api.get("dags/flow/dagVersions")["dag_versions"][0]["version_number"] == 1
    assert api.ask("GET", "dags/flow/dagVersions/2").status == 404
    assert api.get("dagTags")["tags"] == ["blue", "red"]
    tasks = {task["task_id"]: task for task in api.get("dags/flow/tasks")["tasks"]}
    assert tasks["numbers"]["downstream_task_ids"] == ["square"]
    assert tasks["square"]["is_mapped"] is True
    assert tasks["square"]["retries"] == 1
    assert tasks["square"]["retry_delay"]["__type"] == "TimeDelta"
    assert api.ask("GET", "dags/flow/tasks/none").status == 404


def test_a_file_that_does_not_import_is_told_and_one_is_read_again(api):
    made = api.place.folder / "broken.py"
    made.write_text("from airflow import DAG\nraise RuntimeError('as it is')\n")
    broken = made.rename(api.place.dags / "broken.py")  # whole at once: it is read once
    until(lambda: api.get("importErrors")["total_entries"] == 1, "the file is read")
    (error,) = api.get("importErrors", filename_pattern="broken")["import_errors"]
    assert "as it is" in error["stack_trace"]
    assert api.get(f"importErrors/{error['import_error_id']}") == error
    broken.unlink()
    until(lambda: api.get("importErrors")["total_entries"] == 0, "the file is gone")
    api.send("PUT", f"parseDagFile/{api.get('dags/flow')['file_token']}", status=201)
    assert api.ask("PUT", "parseDagFile/none").status == 404


# ── runs ──


def test_a_run_is_started_and_told(api, done):
    run = api.get(in_run(done))
    assert run["dag_run_id"] == "first run/1"
    assert run["conf"] == {"n": 4}
    assert run["logical_date"] == "2026-02-03T04:05:06Z"
    assert run["run_type"] == "manual"
    assert run["triggering_user_name"] == "admin"
    assert run["duration"] > 0
    again = api.ask("POST", "dags/flow/dagRuns", {"logical_date": None, "dag_run_id": done})
    assert again.status == 409
    assert "already has a run" in again.json["detail"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),  # logical_date must be said, if only as null
        ({"logical_date": "soon"}, 422),
        ({"logical_date": None, "conf": []}, 422),
        ({"logical_date": None, "unknown": 1}, 422),
        ({"logical_date": None, "data_interval_start": "2026-01-01T00:00:00Z"}, 422),
        ({"logical_date": None, "dag_run_id": "a\0b"}, 422),
        ({"logical_date": None, "partition_key": "x"}, 400),
    ],
)
def test_a_run_that_cannot_be_is_refused_with_a_sentence(api, body, status):
    answer = api.ask("POST", "dags/flow/dagRuns", body)
    assert answer.status == status
    assert answer.json["detail"]


def test_what_a_run_is_about_can_be_given(api):
    about = {"data_interval_start": "2026-03-01T00:00:00Z", "data_interval_end": "2026-03-02T00:00:00Z"}
    run_id = api.run("flow", **about)
    run = api.get(in_run(run_id))
    assert {name: run[name] for name in about} == about


def test_runs_are_listed_over_all_dags_and_by_a_body(api, done):
    assert done in names(api.get("dags/~/dagRuns")["dag_runs"], "dag_run_id")
    assert api.get("dags/flow/dagRuns", state="failed")["total_entries"] == 0
    assert names(api.get("dags/flow/dagRuns", run_id_pattern="FIRST")["dag_runs"], "dag_run_id") == [done]
    assert api.get("dags/flow/dagRuns", logical_date_lt="2026-02-03T04:05:06Z")["total_entries"] == 0
    assert api.get("dags/flow/dagRuns", logical_date_lte="2026-02-03T04:05:06Z")["total_entries"] == 1
    batch = api.send("POST", "dags/~/dagRuns/list", {"dag_ids": ["flow"], "states": ["success"], "page_limit": 1})
    assert len(batch["dag_runs"]) == 1
    assert api.ask("GET", "dags/flow/dagRuns", state="asleep").status == 422
    assert api.ask("GET", "dags/nothing/dagRuns").status == 404


def test_a_run_is_followed_to_its_end_with_its_values(api, done):
    answer = api.ask("GET", in_run(done, "/wait"), interval=0.1, result="total")
    assert [json.loads(line) for line in answer.body.splitlines()] == [{"state": "success", "results": {"total": 14}}]
    assert answer.headers["content-type"] == "application/x-ndjson"


def test_counts_of_runs_are_told(api, done):
    (told,) = api.get("dagStats", dag_ids="flow")["dags"]
    assert {one["state"]: one["count"] for one in told["stats"]}["success"] >= 1


# ── task instances ──


def test_instances_are_listed_with_each_mapped_one(api, done):
    found = api.get(in_run(done, "/taskInstances"))["task_instances"]
    assert sorted((one["task_id"], one["map_index"], one["state"]) for one in found) == [
        ("numbers", -1, "success"),
        *(("square", index, "success") for index in range(3)),
        ("total", -1, "success"),
    ]
    assert api.get(in_run(done, "/taskInstances"), map_index=[1, 2])["total_entries"] == 2
    assert api.get(in_run(done, "/taskInstances"), pool="default_pool", limit=2)["total_entries"] == 5
    assert api.get(in_run(done, "/taskInstances"), operator="BashOperator")["total_entries"] == 0
    assert api.get("dags/~/dagRuns/~/taskInstances", task_id="total")["total_entries"] >= 1
    listed = api.get(in_run(done, "/taskInstances/square/listMapped"), order_by="-map_index")["task_instances"]
    assert [one["map_index"] for one in listed] == [2, 1, 0]
    batch = api.send("POST", "dags/~/dagRuns/~/taskInstances/list", {"dag_run_ids": [done], "task_ids": ["total"]})
    assert names(batch["task_instances"], "task_id") == ["total"]


def test_one_instance_its_tries_and_its_place_in_a_mapped_task(api, done):
    one = api.get(in_run(done, "/taskInstances/square/1"))
    assert (one["state"], one["try_number"], one["max_tries"], one["map_index"]) == ("success", 1, 1, 1)
    assert one["dag_version"]["version_number"] == 1
    assert "mapped" in api.ask("GET", in_run(done, "/taskInstances/square")).json["detail"]
    assert api.ask("GET", in_run(done, "/taskInstances/square/7")).status == 404
    tries = api.get(in_run(done, "/taskInstances/square/1/tries"))["task_instances"]
    assert [(one["try_number"], one["state"]) for one in tries] == [(1, "success")]
    assert api.get(in_run(done, "/taskInstances/square/1/tries/1"))["pid"] > 0
    assert api.get(in_run(done, "/taskInstances/total/tries"))["total_entries"] == 1
    assert api.ask("GET", in_run(done, "/taskInstances/total/tries/2")).status == 404
    assert api.get(in_run(done, "/taskInstances/total/links"))["extra_links"] == {}
    assert api.get(in_run(done, "/taskInstances/total/dependencies")) == {"dependencies": []}


def test_a_run_under_way_shows_what_has_not_begun_and_why(api, tmp_path):
    go = tmp_path / "go"
    run = api.send("POST", "dags/waiting/dagRuns", {"logical_date": None, "conf": {"go": str(go)}})
    path = f"dags/waiting/dagRuns/{quote(run['dag_run_id'], safe='')}"
    until(lambda: api.get(f"{path}/taskInstances/wait")["state"] == "running", "the task runs")
    states = {one["task_id"]: one["state"] for one in api.get(f"{path}/taskInstances")["task_instances"]}
    assert states == {"wait": "running", "then": None}
    assert names(api.get(f"{path}/taskInstances", state="none")["task_instances"], "task_id") == ["then"]
    (why,) = api.get(f"{path}/taskInstances/then/dependencies")["dependencies"]
    assert "wait" in why["reason"]
    first = until(lambda: (told := api.get(f"{path}/taskInstances/wait/logs/1"))["content"] and told, "it has printed")
    assert first["content"][-1]["event"] == "begun"
    assert first["continuation_token"]
    nothing = api.get(f"{path}/taskInstances/wait/logs/1", token=first["continuation_token"])
    assert (nothing["content"], bool(nothing["continuation_token"])) == ([], True)
    go.touch()
    assert api.over("waiting", run["dag_run_id"])["state"] == "success"
    last = api.get(f"{path}/taskInstances/wait/logs/1", token=first["continuation_token"])
    assert (last["content"], last["continuation_token"]) == ([], None)


def test_logs_are_read_in_one_piece_or_as_lines(api, done):
    told = api.get(in_run(done, "/taskInstances/numbers/logs/1"), full_content="true")
    assert [line["event"] for line in told["content"]] == ["counting"]
    assert told["content"][0]["level"] == "info"
    assert told["continuation_token"] is None
    lines = api.ask(
        "GET", in_run(done, "/taskInstances/square/logs/1?map_index=2"), headers={"Accept": "application/x-ndjson"}
    )
    assert json.loads(lines.body.splitlines()[0])["event"] == "squaring 3"
    assert api.ask("GET", in_run(done, "/taskInstances/numbers/logs/2")).status == 404
    assert api.ask("GET", in_run(done, "/taskInstances/numbers/logs/1"), token="bm9uZQ==").status == 400
    assert api.ask("GET", in_run(done, "/taskInstances/numbers/externalLogUrl/1")).status == 400


# ── values ──


def test_values_are_listed_and_read(api, done):
    found = api.get(in_run(done, "/taskInstances/square/xcomEntries"))["xcom_entries"]
    assert [(one["key"], one["map_index"]) for one in found] == [
        ("return_value", 0),
        ("return_value", 1),
        ("return_value", 2),
    ]
    assert api.get(in_run(done, "/taskInstances/square/xcomEntries/return_value"), map_index=2)["value"] == 9
    text = api.get(in_run(done, "/taskInstances/numbers/xcomEntries/return_value"), stringify="true")
    assert text["value"] == "[1, 2, 3]"
    assert api.get("dags/~/dagRuns/~/taskInstances/~/xcomEntries", task_id_pattern="total")["total_entries"] >= 1
    assert api.ask("GET", in_run(done, "/taskInstances/square/xcomEntries/return_value")).status == 404


# ── assets ──


def test_assets_and_their_events_are_told_and_made(api, done):
    (asset,) = api.get("assets")["assets"]
    assert asset["uri"] == "s3://shelf/numbers"
    assert names(asset["scheduled_dags"]) == ["follows"]
    assert [(one["dag_id"], one["task_id"]) for one in asset["producing_tasks"]] == [("flow", "numbers")]
    assert api.get(f"assets/{asset['id']}")["name"] == asset["name"]
    events = api.get("assets/events", source_dag_id="flow")["asset_events"]
    assert events[0]["source_task_id"] == "numbers"
    made = api.send("POST", "assets/events", {"asset_id": asset["id"], "extra": {"by": "hand"}})
    assert made["extra"] == {"from_rest_api": True, "by": "hand"}
    assert api.ask("POST", "assets/events", {"asset_id": 1}).status == 404
    assert api.ask("GET", "dags/follows/assets/queuedEvents").status in (200, 404)  # it is paused: nothing counts
    run = api.send("POST", f"assets/{asset['id']}/materialize", {})
    assert run["dag_id"] == "flow"
    assert api.get("assets/aliases")["total_entries"] == 0


# ── about ──


def test_venturi_tells_of_itself(api):
    assert {one["job_type"] for one in api.get("jobs")["jobs"]} == {"SchedulerJob", "TriggererJob", "DagProcessorJob"}
    assert api.get("jobs", is_alive="false")["total_entries"] == 0
    assert api.get("plugins")["total_entries"] == 0
    assert api.get("plugins/importErrors")["total_entries"] == 0
    assert api.get("providers")["providers"] is not None
    found = api.get("eventLogs", event="version", order_by="-when")
    assert {one["dag_id"] for one in found["event_logs"]} == {"flow", "follows", "waiting"}
    one = found["event_logs"][0]
    assert api.get(f"eventLogs/{one['event_log_id']}") == one
    assert api.get("eventLogs", excluded_events=["version"], included_events=["version"])["total_entries"] == 0
    shown = api.ask("GET", "config")
    assert (shown.status, "expose_config" in shown.json["detail"]) == (403, True)


def test_values_are_given_changed_and_removed_by_hand(api, done):
    path = in_run(done, "/taskInstances/total/xcomEntries")
    made = api.send("POST", path, {"key": "by/hand", "value": {"n": [1, None]}}, 201)
    assert made["value"] == {"n": [1, None]}
    assert api.ask("POST", path, {"key": "by/hand", "value": 1}).status == 409
    assert api.send("PATCH", f"{path}/by%2Fhand", {"value": "x"})["value"] == "x"
    api.send("DELETE", f"{path}/by%2Fhand", status=204)
    assert api.ask("PATCH", f"{path}/by%2Fhand", {"value": "x"}).status == 404
    assert api.ask("POST", in_run(done, "/taskInstances/none/xcomEntries"), {"key": "a", "value": 1}).status == 404


def test_what_tasks_keep_is_looked_at_and_changed(api, done):
    (asset,) = api.get("assets")["assets"]
    for path, listed in (
        (in_run(done, "/taskInstances/total/state-store"), "task_state_store"),
        (f"assets/{asset['id']}/state-store", "asset_state_store"),
    ):
        api.send("PUT", f"{path}/job", {"value": {"id": 7}}, 204)
        assert api.get(f"{path}/job")["value"] == {"id": 7}
        assert [one["key"] for one in api.get(path)[listed]] == ["job"]
        api.send("DELETE", f"{path}/job", status=204)
        assert api.ask("GET", f"{path}/job").status == 404
        api.send("PUT", f"{path}/other", {"value": 1}, 204)
        api.send("DELETE", path, status=204)
        assert api.get(path)["total_entries"] == 0
    path = in_run(done, "/taskInstances/total/state-store/gone")
    api.send("PUT", path, {"value": 1, "expires_at": "2020-01-01T00:00:00Z"}, 204)
    assert api.ask("GET", path).status == 404


def test_a_cursor_leads_through_all_pages_and_back(api, done):
    first = api.get("dags/~/dagRuns", cursor="", limit=1)
    assert (len(first["dag_runs"]), first["total_entries"], first["previous_cursor"]) == (1, None, None)
    second = api.get("dags/~/dagRuns", cursor=first["next_cursor"], limit=1)
    assert second["dag_runs"] != first["dag_runs"]
    assert api.get("dags/~/dagRuns", cursor=second["previous_cursor"], limit=1)["dag_runs"] == first["dag_runs"]
    every = api.get(in_run(done, "/taskInstances"), cursor="")
    assert (len(every["task_instances"]), every["next_cursor"]) == (5, None)
    of_words = base64.urlsafe_b64encode(b'{"beside": ["x"], "backwards": false, "order": "id"}').decode()
    for wrong in (
        "mine",
        of_words,
        base64.urlsafe_b64encode(b'{"beside": [{}], "backwards": 1, "order": "id"}').decode(),
    ):
        assert api.ask("GET", "dags/~/dagRuns", cursor=wrong).status == 400
    other = api.ask("GET", "dags/~/dagRuns", cursor=first["next_cursor"], order_by="-start_date")
    assert other.status == 400, "a cursor is of one order"


@pytest.mark.parametrize("order", ["map_index", "-task_id", "start_date", "-end_date"])
def test_a_cursor_leads_through_what_has_run_and_what_has_not_begun(api, tmp_path, order):
    """Rows of the database and those that only the DAG file tells of."""
    go = tmp_path / "go"
    run_id = api.send("POST", "dags/waiting/dagRuns", {"logical_date": None, "conf": {"go": str(go)}})["dag_run_id"]
    try:
        path = f"dags/waiting/dagRuns/{quote(run_id, safe='')}/taskInstances"
        until(lambda: "running" in {t["state"] for t in api.get(path)["task_instances"]}, "the first task runs")
        whole = [t["task_id"] for t in api.get(path, order_by=order)["task_instances"]]
        first = api.get(path, order_by=order, limit=1, cursor="")
        second = api.get(path, order_by=order, limit=1, cursor=first["next_cursor"])
        assert [p["task_instances"][0]["task_id"] for p in (first, second)] == whole
        assert (first["previous_cursor"], second["next_cursor"]) == (None, None)
        of_words = {"beside": [[1], None, "x", True], "backwards": False, "order": order}
        wrong = base64.urlsafe_b64encode(json.dumps(of_words).encode()).decode()
        assert api.ask("GET", path, order_by=order, cursor=wrong).status == 400
        again = api.get(path, order_by=order, limit=1, cursor=second["previous_cursor"])
        assert again["task_instances"] == first["task_instances"]
        assert again["previous_cursor"] is None
    finally:
        go.touch()
        api.over("waiting", run_id)
