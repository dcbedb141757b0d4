"""Runs for a partition over the API: started with a key, told with it, found and cleared by it."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from ..cli.conftest import until
from .conftest import Api

DAYS = """
from airflow.sdk import DAG, Asset, CronPartitionTimetable, PartitionedAtRuntime, get_current_context, task

regions = Asset("regions", "s3://lake/regions")

with DAG("regional", schedule=PartitionedAtRuntime()):
    @task(outlets=[regions])
    def make(partition_key=None, dag_run=None):
        return [partition_key, dag_run.partition_key, get_current_context()["partition_key"], dag_run.partition_date]

    @task
    def say(text):
        return text

    make() >> say("{{ partition_key }} of {{ dag_run.partition_key }}")

with DAG("daily", schedule=CronPartitionTimetable("0 0 * * *", timezone="Europe/Berlin", key_format="%Y-%m-%d")):
    @task
    def look(dag_run=None):
        return dag_run.partition_date.isoformat()

    look()
"""


@pytest.fixture(scope="module", autouse=True)
def days(api: Api) -> None:
    (api.place.dags / "days.py").write_text(DAYS)
    until(lambda: api.ask("GET", "dags/daily").status == 200, "the file is read")
    for dag_id in ("regional", "daily"):
        api.send("PATCH", f"dags/{dag_id}", {"is_paused": False})


def value(api: Api, dag_id: str, run_id: str, task_id: str):
    path = f"dags/{dag_id}/dagRuns/{quote(run_id, safe='')}/taskInstances/{task_id}/xcomEntries/return_value"
    return api.get(path, deserialize="true", stringify="false")["value"]


def test_a_run_is_for_the_partition_it_was_started_with_and_so_are_its_events(api):
    run_id = api.run("regional", partition_key="eu")
    run = api.get(f"dags/regional/dagRuns/{quote(run_id, safe='')}")
    assert (run["state"], run["partition_key"], run["partition_date"]) == ("success", "eu", None)
    assert value(api, "regional", run_id, "make") == ["eu", "eu", "eu", None]
    assert value(api, "regional", run_id, "say") == "eu of eu"
    (event,) = api.get("assets/events", source_dag_id="regional", source_run_id=run_id)["asset_events"]
    assert event["partition_key"] == "eu"


def test_a_partition_of_time_begins_where_its_key_says(api):
    run_id = api.run("daily", partition_key="2026-07-01")
    run = api.get(f"dags/daily/dagRuns/{quote(run_id, safe='')}")
    assert (run["partition_key"], run["partition_date"]) == ("2026-07-01", "2026-06-30T22:00:00Z")
    assert value(api, "daily", run_id, "look") == "2026-06-30T22:00:00+00:00"
    assert api.get("dags/daily")["timetable_partitioned"] is True
    assert api.get("dags/flow")["timetable_partitioned"] is False


@pytest.mark.parametrize(
    ("dag_id", "key", "why"),
    [
        ("flow", "eu", "DAG 'flow' cannot start a run for a partition: its schedule has none"),
        ("daily", "eu", "'eu' is no time as in %Y-%m-%d"),
        ("regional", " ", "a partition key is a text of 1 to 250 characters"),
        ("regional", "k" * 251, "a partition key is a text of 1 to 250 characters"),
    ],
)
def test_a_key_that_cannot_be_is_refused_with_a_sentence(api, dag_id, key, why):
    answer = api.ask("POST", f"dags/{dag_id}/dagRuns", {"logical_date": None, "partition_key": key})
    assert answer.status == 400
    assert why in answer.json["detail"]


def test_runs_are_found_by_their_partition(api):
    wanted = api.run("regional", partition_key="north_america")
    api.run("regional", partition_key="north")
    for query in ({"partition_key_pattern": "h_A"}, {"partition_key_prefix_pattern": "north_"}):
        found = api.get("dags/regional/dagRuns", **query)["dag_runs"]
        assert [run["dag_run_id"] for run in found] == [wanted], query


def cleared(api, status=200, **body):
    return api.send("POST", "dags/regional/clearPartitions", body, status)


def test_a_run_is_for_no_partition_any_more(api):
    run_id = api.run("regional", partition_key="asia")
    before = {"dag_runs_cleared": 1, "task_instances_cleared": 0, "dry_run": True}
    assert cleared(api, partition_key="asia") == before
    assert cleared(api, partition_key="asia", clear_task_instances=True) == {**before, "task_instances_cleared": 2}
    assert cleared(api, run_id=run_id, dry_run=False) == {**before, "dry_run": False}
    path = f"dags/regional/dagRuns/{quote(run_id, safe='')}"
    assert (api.get(path)["partition_key"], api.get(path)["partition_date"]) == (None, None)
    assert cleared(api, run_id=run_id)["dag_runs_cleared"] == 0
    (event,) = api.get("assets/events", source_dag_id="regional", source_run_id=run_id)["asset_events"]
    assert event["partition_key"] == "asia"


def test_which_runs_are_meant_is_said_in_one_way(api):
    assert "Say which runs" in cleared(api, 422)["detail"][0]["msg"]
    cleared(api, 422, partition_key="a", run_id="b")
    cleared(api, 422, partition_key="a", partition_date_start="2026-01-01T00:00:00Z")
    cleared(api, 422, partition_date_start="2026-02-01T00:00:00Z", partition_date_end="2026-01-01T00:00:00Z")
    assert api.ask("POST", "dags/nothing/clearPartitions", {"run_id": "x"}).status == 404


def test_runs_are_run_again_by_their_partition_or_when_it_begins(api):
    first = api.run("daily", partition_key="2025-03-01")
    second = api.run("daily", partition_key="2025-03-02")
    by_key = api.send("POST", "dags/daily/clearDagRuns", {"partition_key": "2025-03-01"})
    assert [one["dag_run_id"] for one in by_key["task_instances"]] == [first]
    window = {"partition_date_start": "2025-02-28T23:00:00Z", "partition_date_end": "2025-03-01T23:00:00Z"}
    found = api.send("POST", "dags/daily/clearDagRuns", {**window, "dry_run": False})
    assert [run["dag_run_id"] for run in found["dag_runs"]] == [first, second]
    for run_id in (first, second):
        assert api.over("daily", run_id)["partition_key"] is not None
    assert api.ask("POST", "dags/~/clearDagRuns", {"partition_key": "x"}).status == 400
    assert api.ask("POST", "dags/daily/clearDagRuns", {}).status == 400
