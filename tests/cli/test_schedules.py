"""What starts by time, with real processes: `venturi ls`, a timetable of one's own, a clock that is set."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import pytest

from .conftest import Place, until

DAILY = """
import pendulum
from airflow import DAG
from airflow.operators.empty import EmptyOperator
from airflow.operators.bash import BashOperator

with DAG("daily", schedule_interval="@daily", start_date=pendulum.datetime(2021, 1, 1), catchup=False):
    BashOperator(task_id="say", bash_command="echo {{ data_interval_start }} {{ data_interval_end }} {{ ds }}")
with DAG("never"):
    EmptyOperator(task_id="nothing")
"""
WORKDAYS = """
from datetime import timedelta
import pendulum
from airflow import DAG
from airflow.operators.empty import EmptyOperator
from airflow.timetables.base import DagRunInfo, DataInterval, Timetable

class AfterWorkday(Timetable):
    def previous_workday(self, day):
        day = day.start_of("day").subtract(days=1)
        while day.weekday() > 4:
            day = day.subtract(days=1)
        return day

    def infer_manual_data_interval(self, *, run_after):
        start = self.previous_workday(run_after)
        return DataInterval(start=start, end=start.add(days=1))

    def next_dagrun_info(self, *, last_automated_data_interval, restriction):
        {first}
        if last_automated_data_interval is not None:
            start = last_automated_data_interval.start.add(days=1)
        else:
            start = restriction.earliest
        if not restriction.catchup:
            start = max(start, pendulum.today("UTC").subtract(days=4))
        while start.weekday() > 4:
            start = start.add(days=1)
        return DagRunInfo.interval(start=start, end=start.add(days=1))

with DAG("workdays", schedule=AfterWorkday(), start_date=pendulum.datetime(2021, 1, 1), catchup=False):
    EmptyOperator(task_id="nothing")
"""


def runs(place: Place, dag_id: str) -> list[Any]:
    from venturi.store import open_store

    with open_store(place.home.database) as store, store.reader() as reader:
        return reader.runs(dag_id)[::-1]


def listed(place: Place) -> dict[str, dict[str, Any]]:
    return {dag["dag_id"]: dag for dag in place("ls", "--json").json["dags"]}


def test_daily_from_2021_runs_once_and_ls_says_when_again(place: Place) -> None:
    (place.dags / "daily.py").write_text(DAILY)
    place.up()
    told = until(lambda: listed(place).get("daily"), "the DAG is listed")
    assert (told["paused"], told["next"], told["schedule"]) == (True, None, "daily at 00:00 UTC")
    assert place("unpause", "daily").status == 0
    (run,) = until(lambda: runs(place, "daily"), "a run")
    today = datetime.now(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    yesterday = today - timedelta(days=1)
    assert run.run_id == f"scheduled__{yesterday.isoformat()}"
    until(lambda: runs(place, "daily")[0].state == "success", "its end")
    words = place("logs", "daily", run.run_id, "say").out
    assert f"{yesterday} {today} {yesterday:%Y-%m-%d}" in words
    told = listed(place)
    assert told["daily"]["next"].startswith(f"{today + timedelta(days=1):%Y-%m-%d}T00:00:00")
    assert (told["never"]["next"] is None) == told["never"]["paused"]
    assert (
        f"Next run: {today + timedelta(days=1):%Y-%m-%d} 00:00 UTC (daily at 00:00 UTC)" in place("status", "daily").out
    )
    assert len(runs(place, "daily")) == 1


def test_a_workday_timetable_of_ones_own_starts_runs_and_says_what_one_by_hand_is_about(place: Place) -> None:
    (place.dags / "workdays.py").write_text(WORKDAYS.format(first="pass"))
    place.up()
    until(lambda: "workdays" in listed(place), "the DAG is listed")
    place("unpause", "workdays")
    run = until(lambda: runs(place, "workdays"), "a run")[0]
    assert run.interval_end - run.interval_start == 86_400
    assert datetime.fromtimestamp(run.logical_date, timezone.utc).weekday() <= 4
    made = place("trigger", "workdays", "--date", "2024-01-08T12:00:00+00:00", "--json").json
    (by_hand,) = [run for run in runs(place, "workdays") if run.run_id == made["run_id"]]
    assert by_hand.interval_start == datetime(2024, 1, 5, tzinfo=timezone.utc).timestamp()
    assert listed(place)["workdays"]["schedule"] == "AfterWorkday"


def test_a_timetable_that_breaks_is_told_until_its_file_is_mended(place: Place) -> None:
    (place.dags / "workdays.py").write_text(WORKDAYS.format(first="raise ValueError('no idea')"))
    place.up()
    until(lambda: "workdays" in listed(place), "the DAG is listed")
    place("unpause", "workdays")
    told = until(lambda: listed(place)["workdays"]["problem"], "what is wrong is told")
    assert told == "Its timetable AfterWorkday cannot say what comes next: ValueError: no idea in workdays.py:20"
    assert "no idea" in place("ls").out
    refused = place("trigger", "workdays")
    assert refused.status == 0  # what it is about by hand the class can say
    (place.dags / "workdays.py").write_text(WORKDAYS.format(first="pass"))
    until(lambda: [run for run in runs(place, "workdays") if run.run_type == "scheduled"], "a run by its schedule")
    assert listed(place)["workdays"]["problem"] is None


OFTEN = """
import pendulum
from datetime import timedelta
from airflow.sdk import DAG
from airflow.providers.standard.operators.bash import BashOperator

with DAG("often", schedule=timedelta(seconds=1), start_date=pendulum.now("UTC"), catchup=True, max_active_runs=2,
         dagrun_timeout=timedelta(seconds=600)):
    BashOperator(task_id="a", bash_command="true")
with DAG("long", schedule=None, dagrun_timeout=timedelta(seconds=600)):
    BashOperator(task_id="waits", bash_command="while [ ! -e {gate} ]; do sleep 0.1; done")
    BashOperator(task_id="again", bash_command="false", retries=1, retry_delay=timedelta(seconds=500))
"""


@pytest.mark.parametrize("by_s", [3600, -3600, 86_400, -86_400])
def test_a_clock_that_is_set_under_a_living_engine_loses_and_doubles_nothing(place: Place, by_s: int) -> None:
    """Every second a date: those of before, and those that its clock shows afterwards."""
    clock, gate = place.folder / "clock", place.folder / "gate"
    place._environment["VENTURI_CLOCK_SET_BY"] = str(clock)
    (place.dags / "often.py").write_text(OFTEN.replace("{gate}", str(gate)))
    place.up()
    until(lambda: "often" in listed(place), "the DAG is listed")
    place("trigger", "long", "--unpause", "--run-id", "r")
    place("unpause", "often")
    until(lambda: len(runs(place, "often")) >= 3, "three runs")
    clock.write_text(str(by_s))
    until(lambda: "The clock was set" in (place.home.logs / "venturi-engine.log").read_text(), "it is noticed")
    before = len(runs(place, "often"))
    if by_s > 0:
        until(lambda: len(runs(place, "often")) >= before + 10, "it makes up for what it has missed")
    else:
        clock.write_text("0")
        until(lambda: len(runs(place, "often")) >= before + 3, "it goes on where it was")
    made = [run.logical_date for run in runs(place, "often")]
    assert all(later - earlier == pytest.approx(1.0, abs=1e-3) for earlier, later in pairwise(made))
    (run,) = runs(place, "long")
    assert run.state == "running"
    gate.touch()
    until(lambda: place("status", "long", "r", "--json").json["tasks"].get("success"), "the waiting task ends well")
    assert place("status", "long", "r", "--json").json["tasks"].get("up_for_retry") == 1
