"""Timetable classes of the authors' own: asked beside everything else, with a time limit."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from venturi.wire import messages
from venturi.wire.frames import Head

from .stand_in import House

EVERY_THIRD_DAY = """
import sys, time
from datetime import timedelta
import pendulum
from airflow import DAG
from airflow.operators.python import PythonOperator
from airflow.timetables.base import DagRunInfo, DataInterval, Timetable

class ThirdDays(Timetable):
    def infer_manual_data_interval(self, *, run_after):
        return DataInterval(start=run_after.subtract(days=3), end=run_after)

    def next_dagrun_info(self, *, last_automated_data_interval, restriction):
        {first}
        if last_automated_data_interval is None:
            start = restriction.earliest
        else:
            start = last_automated_data_interval.end
        if restriction.latest is not None and start > restriction.latest:
            return None
        print("asked")
        return DagRunInfo.interval(start=start, end=start.add(days=3))

with DAG("d", schedule=ThirdDays(), start_date=pendulum.datetime(2024, 1, 1)) as dag:
    PythonOperator(task_id="t", python_callable=lambda: 1)
{last}
"""
DAY = 86_400.0
FIRST = datetime(2024, 1, 1, tzinfo=timezone.utc).timestamp()


def file(first: str = "pass", last: str = "") -> str:
    return EVERY_THIRD_DAY.format(first=first, last=last)


def asked(house: House, loaded: Head, limit_s: float = 20.0, **want: Any) -> Head:
    house.request += 1
    want = {"dag_id": "d", "last": None, "earliest": FIRST, "latest": None, "catchup": True, "count": 100, **want}
    source = house.source("own.py", loaded["version"])
    house.engine.send(messages.dates(house.request, source, want, limit_s, loaded["fork_safe"]))
    request = house.request
    return house.engine.wait("dated", lambda head: head["request"] == request)[0]


def test_a_hundred_dates_are_told_at_once_and_from_the_last_on(house: House) -> None:
    loaded = house.load("own.py", file())
    assert loaded["specs"][0]["schedule"]["timetable"] == "custom"
    told = asked(house, loaded)
    assert len(told["dates"]) == 100
    assert told["done"] is False
    assert told["dates"][0] == [FIRST + 3 * DAY, FIRST, [FIRST, FIRST + 3 * DAY]]
    more = asked(house, loaded, last=told["dates"][-1], count=2)
    assert [one[1] for one in more["dates"]] == [FIRST + 300 * DAY, FIRST + 303 * DAY]


def test_the_end_of_the_dates_and_the_interval_of_a_run_by_hand_are_told(house: House) -> None:
    loaded = house.load("own.py", file())
    told = asked(house, loaded, latest=FIRST + 4 * DAY)
    assert (len(told["dates"]), told["done"]) == (2, True)
    assert asked(house, loaded, manual=FIRST)["interval"] == [FIRST - 3 * DAY, FIRST]


def test_one_that_breaks_says_where(house: House) -> None:
    loaded = house.load("own.py", file("raise ValueError('no idea')"))
    assert asked(house, loaded)["error"] == "ValueError: no idea in own.py:14"


def test_one_that_hangs_is_ended_and_its_zygote_goes_on(house: House) -> None:
    loaded = house.load("own.py", file("time.sleep(1000)"))
    assert asked(house, loaded, limit_s=0.2)["error"] == "It gave no answer within 0.2 s."
    assert house.run("own.py", loaded, "t")["outcome"] == "success"


def test_one_that_ends_its_process_is_told(house: House) -> None:
    loaded = house.load("own.py", file("import os; os._exit(3)"))
    assert asked(house, loaded)["error"] == "The process that asked it has died."


def test_a_file_that_cannot_be_forked_from_is_imported_to_be_asked(house: House) -> None:
    loaded = house.load(
        "own.py", file(last="import threading\nthreading.Thread(target=time.sleep, args=(100,), daemon=True).start()")
    )
    assert loaded["fork_safe"] is False
    assert len(asked(house, loaded)["dates"]) == 100
