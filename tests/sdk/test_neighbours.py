"""`dag.following_schedule` and `dag.previous_schedule`. The dates were read off a real Airflow 2.11."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from venturi.sdk.dag import DAG


@pytest.mark.parametrize(
    ("schedule", "at", "before", "after"),
    [
        ("@daily", "2024-01-10T00:00:00", "2024-01-09T00:00:00", "2024-01-11T00:00:00"),
        ("@daily", "2024-01-10T05:30:00", "2024-01-10T00:00:00", "2024-01-11T00:00:00"),
        ("@hourly", "2024-01-10T05:30:00", "2024-01-10T05:00:00", "2024-01-10T06:00:00"),
        ("@weekly", "2024-01-10T00:00:00", "2024-01-07T00:00:00", "2024-01-14T00:00:00"),
        ("@weekly", "2024-01-07T00:00:00", "2023-12-31T00:00:00", "2024-01-14T00:00:00"),
        ("@monthly", "2024-01-10T00:00:00", "2024-01-01T00:00:00", "2024-02-01T00:00:00"),
        ("@monthly", "2024-12-01T00:00:00", "2024-11-01T00:00:00", "2025-01-01T00:00:00"),
        ("@quarterly", "2024-02-10T00:00:00", "2024-01-01T00:00:00", "2024-04-01T00:00:00"),
        ("@yearly", "2024-02-10T00:00:00", "2024-01-01T00:00:00", "2025-01-01T00:00:00"),
        (timedelta(hours=6), "2024-01-10T01:00:00", "2024-01-09T19:00:00", "2024-01-10T07:00:00"),
    ],
)
def test_the_dates_around_one_are_those_of_the_schedule(schedule, at, before, after):
    dag = DAG("d", schedule=schedule)
    assert dag.previous_schedule(at).isoformat() == f"{before}+00:00"
    assert dag.following_schedule(at).isoformat() == f"{after}+00:00"


def test_a_schedule_without_dates_has_no_neighbours():
    assert DAG("d", schedule=None).following_schedule("2024-01-10") is None
    assert DAG("d", schedule="@once").previous_schedule("2024-01-10") is None


def test_the_dates_of_a_cron_text_are_by_the_clocks_of_the_start_dates_zone():
    start = datetime(2024, 1, 1, tzinfo=ZoneInfo("Europe/Paris"))
    dag = DAG("d", schedule="5 4 * * *", start_date=start)
    assert dag.following_schedule("2024-01-10").isoformat() == "2024-01-10T03:05:00+00:00"
    assert dag.previous_schedule("2024-07-10").isoformat() == "2024-07-09T02:05:00+00:00"
