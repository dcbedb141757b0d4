"""Partitioned assets from DAG file to run, as files of Airflow 3.3 write them, with everything running."""

from __future__ import annotations

import os
import signal

from .conftest import Place, until
from .test_assets import value

STATS = """
from airflow.sdk import (
    DAG, Asset, DayWindow, FanOutMapper, IdentityMapper, MinimumCount, PartitionedAssetTimetable, PartitionedAtRuntime,
    ProductMapper, RollupMapper, SegmentWindow, StartOfDayMapper, StartOfHourMapper, FixedKeyMapper,
    CronPartitionTimetable, asset, task,
)

team_a = Asset(name="team_a", uri="file://incoming/team_a.csv")
combined = Asset(name="combined", uri="file://curated/combined.csv")

with DAG("ingest_a", schedule=CronPartitionTimetable("0 0 1 1 *", timezone="UTC")):
    @task(outlets=[team_a])
    def ingest():
        pass
    ingest()

@asset(uri="file://incoming/team_b.csv", schedule=PartitionedAtRuntime())
def team_b(self, outlet_events):
    outlet_events[self].add_partitions(["2026-06-14T03:15:00", "2026-06-14T04:15:00"])

with DAG(
    "combine",
    schedule=PartitionedAssetTimetable(
        assets=team_a & Asset.ref(name="team_b"), default_partition_mapper=StartOfHourMapper()
    ),
):
    @task(outlets=[combined])
    def merge(dag_run=None, triggering_asset_events=None):
        told = sorted(e.partition_key for events in triggering_asset_events.values() for e in events)
        return [dag_run.partition_key, dag_run.partition_date.isoformat(), *told]
    merge()

@asset(schedule=PartitionedAssetTimetable(assets=combined))
def odds(context):
    return context["partition_key"]

with DAG(
    "regions",
    schedule=PartitionedAssetTimetable(
        assets=combined,
        default_partition_mapper=FanOutMapper(
            upstream_mapper=IdentityMapper(), window=SegmentWindow(["eu", "us"]), downstream_mapper=IdentityMapper()
        ),
    ),
):
    @task
    def look(partition_key):
        return partition_key
    look()
"""

DAGS = ("ingest_a", "team_b", "combine", "odds", "regions")


def runs(place: Place, dag_id: str) -> dict[str, str]:
    """Run ids by partition, once all of the DAG's runs are over."""
    from venturi.store import open_store

    with open_store(place.home.database, create=False) as store, store.reader() as reader:
        found = reader.runs(dag_id)
        return {str(run.partition_key): run.run_id for run in found if run.state == "success"}


def begin(place: Place, text: str, *dag_ids: str) -> None:
    place.dags.joinpath("stats.py").write_text(text)
    place.up()
    for dag_id in dag_ids:
        until(lambda dag_id=dag_id: place("unpause", dag_id).status == 0, "the file is read")


def test_runs_start_for_each_partition_once_all_its_assets_have_it(place: Place) -> None:
    begin(place, STATS, *DAGS)
    assert place("why", "combine").out.startswith(
        "It starts when its assets are there: it waits for a partition of asset team_a and asset team_b."
    )
    place("trigger", "ingest_a", "--partition-key", "2026-06-14T03:00:00")
    until(lambda: place("assets", "waiting", "combine", "--json").json["waiting"][0]["has"], "the first has come")
    (told,) = place("assets", "waiting", "combine", "--json").json["waiting"]
    assert told["words"] == "waits for asset team_b for partition 2026-06-14T03"
    assert [(one["key"], [has["name"] for has in one["has"]]) for one in told["partitions"]] == [
        ("2026-06-14T03", ["team_a"])
    ]
    os.kill(place.pids()["engine"], signal.SIGKILL)
    until(lambda: "team_b for partition 2026-06-14T03" in place("why", "combine").out, "it is known after a crash")
    place("trigger", "team_b")
    found = until(lambda: runs(place, "combine"), "a run for the hour that both have")
    assert value(place, "combine", found["2026-06-14T03"], "merge") == [
        "2026-06-14T03",
        "2026-06-14T03:00:00+00:00",
        "2026-06-14T03:00:00",
        "2026-06-14T03:15:00",
    ]
    assert "waits for asset team_a for partition 2026-06-14T04" in place("why", "combine").out
    place("trigger", "ingest_a", "--partition-key", "2026-06-14T04:00:00")
    until(lambda: set(runs(place, "odds")) == {"2026-06-14T03", "2026-06-14T04"}, "the next ones follow")
    assert set(runs(place, "combine")) == {"2026-06-14T03", "2026-06-14T04"}
    odds = runs(place, "odds")
    assert value(place, "odds", odds["2026-06-14T04"], "odds") == "2026-06-14T04"
    until(lambda: set(runs(place, "regions")) == {"eu", "us"}, "one run for each region")
    status = place("status", "odds", odds["2026-06-14T04"], "--json").json
    assert (status["partition_key"], status["partition_date"]) == ("2026-06-14T04", "2026-06-14T04:00:00.000000Z")
    assert "for partition 2026-06-14T04 is success" in place("status", "odds", odds["2026-06-14T04"]).out


def test_an_event_by_hand_is_of_a_partition(place: Place) -> None:
    begin(place, STATS, "odds")
    assert place("assets", "event", "combined", "--json").json["started"] == []
    assert "an event of asset combined was of no partition" in place("why", "odds").out
    (started,) = place("assets", "event", "combined", "--partition", "eu", "--json").json["started"]
    assert started["dag_id"] == "odds"
    assert runs(place, "odds").keys() <= {"eu"}
    assert "combined  eu" in " ".join(place("assets", "events", "combined").out.split(" "))


def test_a_key_is_refused_where_there_can_be_none_also_without_an_engine(place: Place) -> None:
    begin(place, STATS + '\nwith DAG("plain", schedule=None):\n    @task\n    def t(): ...\n    t()\n', "odds")
    for _ in ("with an engine", "without"):
        said = place("trigger", "plain", "--partition-key", "eu")
        assert said.status != 0
        assert "DAG 'plain' cannot start a run for a partition: its schedule has none" in said.err
        assert "'eu' is no time as in" in place("trigger", "ingest_a", "--partition-key", "eu").err
        place("down")
    assert place("trigger", "odds", "--partition-key", "us").status == 0
    place.up()
    until(lambda: "us" in runs(place, "odds"), "what was left is taken up")


OWN = """
from airflow.sdk import (
    DAG, Asset, PartitionedAssetTimetable, PartitionedAtRuntime, PartitionMapper, RollupMapper, StartOfWeekMapper,
    Window, asset, task,
)
from datetime import datetime, timedelta

class Country(PartitionMapper):
    def to_downstream(self, key):
        if "-" not in key:
            raise ValueError(f"{key} names no country")
        return key.split("-")[0]

class Weekend(Window):
    expected_decoded_type = datetime
    def to_upstream(self, start):
        return [start + timedelta(days=5), start + timedelta(days=6)]

@asset(schedule=PartitionedAtRuntime())
def cities(context): ...

days = Asset("days")
weekly = RollupMapper(upstream_mapper=StartOfWeekMapper(input_format="%Y-%m-%d"), window=Weekend())
for name, one, mapper in [("countries", Asset.ref(name="cities"), Country()), ("weekends", days, weekly)]:
    with DAG(name, schedule=PartitionedAssetTimetable(assets=one, default_partition_mapper=mapper)):
        @task
        def t(partition_key, dag_run):
            return [partition_key, dag_run.partition_date and dag_run.partition_date.isoformat()]
        t()
"""


def test_mappers_and_windows_of_ones_own_start_runs_too(place: Place) -> None:
    begin(place, OWN, "cities", "countries", "weekends")
    place("trigger", "cities", "--partition-key", "fr-paris")
    found = until(lambda: runs(place, "countries"), "the mapper was asked")
    assert value(place, "countries", found["fr"], "t") == ["fr", None]
    for day in ("2026-06-15", "2026-06-20"):
        place("assets", "event", "days", "--partition", day)
    words = "(of asset days 1 of 2 keys are there) for partition 2026-06-15 (W25)"
    until(lambda: words in place("why", "weekends").out, "the first day of the weekend has come")
    place("assets", "event", "days", "--partition", "2026-06-21")
    found = until(lambda: runs(place, "weekends"), "the weekend is whole")
    assert value(place, "weekends", found["2026-06-15 (W25)"], "t") == ["2026-06-15 (W25)", "2026-06-15T00:00:00+00:00"]
    place("trigger", "cities", "--partition-key", "paris")
    until(lambda: "paris names no country" in place("why", "countries").out, "it is told what the mapper says")
