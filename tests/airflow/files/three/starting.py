"""What starts a DAG: timetables of every kind, assets, and both."""

from datetime import timedelta

import pendulum
from airflow.sdk import DAG, Asset, asset, task
from airflow.sdk.definitions.timetables.assets import AssetTriggeredTimetable
from airflow.timetables.assets import AssetOrTimeSchedule
from airflow.timetables.base import DagRunInfo, DataInterval, Timetable
from airflow.timetables.datasets import DatasetOrTimeSchedule
from airflow.timetables.events import EventsTimetable
from airflow.timetables.interval import CronDataIntervalTimetable, DeltaDataIntervalTimetable
from airflow.timetables.simple import ContinuousTimetable, NullTimetable, OnceTimetable
from airflow.timetables.trigger import (
    CronPartitionTimetable,
    CronTriggerTimetable,
    DeltaTriggerTimetable,
    MultipleCronTriggerTimetable,
)

raw = Asset("raw")
noon = CronTriggerTimetable("0 12 * * *", timezone="UTC")


class EachHour(Timetable):
    def infer_manual_data_interval(self, *, run_after):
        return DataInterval(run_after - timedelta(hours=1), run_after)

    def next_dagrun_info(self, *, last_automated_data_interval, restriction):
        start = last_automated_data_interval.end if last_automated_data_interval else restriction.earliest
        return DagRunInfo.interval(start, start + timedelta(hours=1))


ways = {
    "null": NullTimetable(),
    "once": OnceTimetable(),
    "continuous": ContinuousTimetable(),
    "events": EventsTimetable([pendulum.datetime(2024, 1, 1)]),
    "noon": noon,
    "intervals": CronDataIntervalTimetable("@daily", timezone="Europe/Paris"),
    "partitions": CronPartitionTimetable("@daily", timezone="UTC"),
    "lengths": DeltaDataIntervalTimetable(timedelta(hours=6)),
    "moments": DeltaTriggerTimetable(timedelta(hours=6)),
    "several": MultipleCronTriggerTimetable("0 6 * * *", "0 18 * * *", timezone="UTC"),
    "own": EachHour(),
    "assets": AssetTriggeredTimetable(raw),
    "either": AssetOrTimeSchedule(timetable=noon, assets=[raw]),
    "as_before": DatasetOrTimeSchedule(timetable=noon, datasets=[raw]),
}

for name, timetable in ways.items():
    with DAG(f"starts_by_{name}", schedule=timetable, start_date=pendulum.datetime(2024, 1, 1)) as dag:

        @task
        def says():
            return "started"

        says()
    globals()[name] = dag


@asset(schedule=None)
def made():
    return 1
