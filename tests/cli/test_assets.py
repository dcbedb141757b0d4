"""`venturi assets`, and DAGs that start by assets, with everything running."""

from __future__ import annotations

import json
import os
import signal

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


WATCHED = """
import asyncio
from airflow.providers.standard.triggers.file import FileDeleteTrigger
from airflow.sdk import DAG, Asset, AssetWatcher, Variable, task
from airflow.triggers.base import BaseEventTrigger, TriggerEvent

class Counting(BaseEventTrigger):
    def __init__(self, to):
        super().__init__()
        self.to = to
    def serialize(self):
        return f"{type(self).__module__}.Counting", {"to": self.to}
    async def run(self):
        for n in range(self.to):
            print(f"counted {n} with {Variable.get('step', default='nothing')}")
            yield TriggerEvent({"n": n})
        await asyncio.Event().wait()

inbox = Asset("inbox", watchers=[AssetWatcher("look", FileDeleteTrigger(filepath=FILE, poke_interval=0.05))])
counted = Asset("counted", watchers=[AssetWatcher("count", Counting(3))])

with DAG("on_file", schedule=[inbox]):
    @task
    def take(*, triggering_asset_events=None):
        return [e.extra for events in triggering_asset_events.values() for e in events]
    take()

with DAG("on_count", schedule=[counted], max_active_runs=1):
    @task
    def take(*, triggering_asset_events=None):
        return [e.extra["payload"]["n"] for events in triggering_asset_events.values() for e in events]
    take()
"""


def test_watchers_of_assets_start_dags_by_each_of_their_events_once(place: Place) -> None:
    inbox = place.dags.parent / "inbox.csv"
    place.dags.joinpath("watched.py").write_text(f"FILE = {str(inbox)!r}\n{WATCHED}")
    place.up()
    until(lambda: place("unpause", "on_file").status == 0, "the file is read")
    inbox.write_text("1")
    run = newest(place, "on_file")
    assert value(place, "on_file", run["run_id"], "take") == [{"from_trigger": True, "payload": True}]
    assert not inbox.exists()
    inbox.write_text("2")  # the trigger has ended by its one event, and is begun again
    until(lambda: not inbox.exists(), "the second file is seen")
    place("unpause", "on_count")
    until(lambda: len(events(place, "counted")) == 3, "it has counted")
    os.kill(place.pids()["crew"], signal.SIGKILL)  # with the process that watches: a new one counts anew
    until(lambda: len(events(place, "counted")) == 6, "it counts again")
    os.kill(place.pids()["engine"], signal.SIGKILL)
    until(lambda: newest(place, "on_count"), "its runs come to their end")
    assert [event["extra"]["payload"]["n"] for event in events(place, "counted")] == [2, 1, 0, 2, 1, 0]
    (log,) = (place.home.root / "logs" / ".watchers").glob("count-*.log")
    assert "counted 2 with nothing" in log.read_text()


def events(place: Place, asset: str) -> list[dict]:
    return place("assets", "events", asset, "--json").json["events"]
