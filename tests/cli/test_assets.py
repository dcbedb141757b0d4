"""`venturi assets`, and DAGs that start by assets, with everything running."""

from __future__ import annotations

import json

from .conftest import Place, until

MAKERS = """
from airflow.sdk import DAG, Asset, asset, task

@asset(uri="s3://lake/first", schedule=None)
def first(self, context, outlet_events):
    outlet_events[self].extra = {"rows": 3}

@asset(schedule=first)
def second(first): ...

with DAG("third", schedule=[first, second]):
    @task
    def look(*, triggering_asset_events=None, dag_run=None):
        told = sorted([a.name, [e.extra for e in events]] for a, events in triggering_asset_events.items())
        (event, ) = triggering_asset_events[Asset("first", "s3://lake/first")]
        source = event.source_dag_run
        return {"told": told, "source": None if source is None else source.dag_id, "date": dag_run.logical_date}
    look()
"""

OLD = """
from airflow import DAG, Dataset
from airflow.operators.bash import BashOperator

with DAG("old", schedule=[Dataset("s3://old/a"), Dataset("s3://old/b")], start_date="2021-01-01"):
    BashOperator(task_id="say", bash_command="echo '{{ triggering_dataset_events | list | sort }}' "
                 "'{{ (triggering_dataset_events.values() | first | first).extra }}' "
                 "'{{ dag_run.run_type }}' '{{ ds }}'",
                 do_xcom_push=True)
"""


def newest(place: Place, dag_id: str) -> dict:
    """Its newest run, once that is over."""

    def over() -> dict | None:
        found = place("status", dag_id, "--json").json
        return found if found.get("state") in ("success", "failed") else None

    return until(over, f"a run of {dag_id} ends")


def value(place: Place, dag_id: str, run_id: str, task_id: str):
    from venturi.store import open_store

    with open_store(place.home.database, create=False) as store, store.reader() as reader:
        row = reader.value(reader.run(dag_id, run_id).id, task_id, -1, "return_value")
        return json.loads(row.data)


def test_one_asset_makes_the_next_and_the_runs_are_told_what_started_them(place: Place) -> None:
    place.dags.joinpath("makers.py").write_text(MAKERS)
    place.up()
    until(lambda: place("unpause", "third").status == 0, "the file is read")
    place("unpause", "second")
    assert place("assets", "waiting", "third", "--json").json["waiting"][0]["words"] == (
        "waits for asset first and asset second"
    )
    place("trigger", "first", "--unpause")
    run = newest(place, "third")
    assert run["run_id"].startswith("asset_triggered__")
    assert value(place, "third", run["run_id"], "look") == {
        "told": [["first", [{"rows": 3}]], ["second", [{}]]],
        "source": "first",
        "date": None,
    }
    rows = {row["name"]: row for row in place("assets", "ls", "--json").json["assets"]}
    assert {name: (row["events"], row["made_by"], row["starts"]) for name, row in rows.items()} == {
        "first": (1, ["first.first"], ["second", "third"]),
        "second": (1, ["second.second"], ["third"]),
    }
    (event,) = place("assets", "events", "first", "--json").json["events"]
    assert (event["extra"], event["dag_id"], event["task_id"]) == ({"rows": 3}, "first", "first")
    assert "first.first" in place("assets", "events", "s3://lake/first").out


def test_an_event_by_hand_starts_what_waits_for_it(place: Place) -> None:
    place.dags.joinpath("old.py").write_text(OLD)
    place.up()
    until(lambda: place("unpause", "old").status == 0, "the file is read")
    told = place("assets", "event", "s3://old/a", "--extra", '{"by": "hand"}', "--json").json
    assert (told["name"], told["started"], told["waits"]) == ("s3://old/a", [], False)
    waiting = place("assets", "waiting", "--json").json["waiting"]
    assert [(one["dag_id"], [has["events"] for has in one["has"]]) for one in waiting] == [("old", [1])]
    assert "waits for asset s3://old/b (has s3://old/a since" in place("assets", "waiting").out
    (started,) = place("assets", "event", "s3://old/b", "--json").json["started"]
    assert started["run_id"].startswith("dataset_triggered__")
    assert newest(place, "old")["state"] == "success"
    said = value(place, "old", started["run_id"], "say")
    day = started["run_id"].removeprefix("dataset_triggered__")[:10]
    assert said == "[s3://old/a, s3://old/b] {by: hand} dataset_triggered " + day


def test_what_nobody_declares_has_no_events(place: Place) -> None:
    assert place("assets", "ls").status == 1
    place.dags.joinpath("old.py").write_text(OLD)
    place.up()
    until(lambda: place("unpause", "old").status == 0, "the file is read")
    said = place("assets", "event", "s3://nobody", "--json")
    assert said.status == 1
    assert said.json["error"]["message"] == ("There is no asset 's3://nobody'. List them with: venturi assets ls")
    assert place("assets", "events", "s3://nobody").status == 1
    assert place("assets", "event", "s3://old/a", "--extra", "[1]").status == 2
    assert place("assets", "waiting", "nobody").status == 1


def test_an_event_without_an_engine_waits_for_one(place: Place) -> None:
    place.dags.joinpath("old.py").write_text(OLD)
    place.up()
    until(lambda: place("unpause", "old").status == 0, "the file is read")
    place("down")
    assert place("assets", "event", "s3://old/a", "--json").json == {"waits": True}
    assert place("assets", "event", "s3://nobody").status == 1
    place.up()
    until(lambda: place("assets", "waiting", "old", "--json").json["waiting"][0]["has"], "it is taken up")
