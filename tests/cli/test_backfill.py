"""`venturi backfill` with real processes: a month of dates, what it would do, pause, cancel, a crash in between."""

from __future__ import annotations

import json
import os
import signal
from typing import Any

import pytest

from .conftest import Place, until

DAYS = """
import json, os, time
from pathlib import Path
import pendulum
from airflow import DAG
from airflow.operators.python import PythonOperator

OUT = Path({out!r})

def file_the_day(ds, data_interval_start, data_interval_end, dag_run, run_id):
    if dag_run.conf.get("waits"):
        while not (OUT / "go").exists():
            time.sleep(0.01)
    if ds in dag_run.conf.get("bad", ()):
        raise ValueError("no articles of " + ds)
    told = [str(data_interval_start), str(data_interval_end), dag_run.run_type, run_id]
    with open(OUT / (ds + ".json"), "a") as file:
        file.write(json.dumps(told) + "\\n")

with DAG("days", schedule_interval="@daily", start_date=pendulum.datetime(2030, 1, 1), catchup=False):
    load = PythonOperator(task_id="load", python_callable=file_the_day)
    report = PythonOperator(task_id="report", python_callable=print, op_args=["reported"])
    load >> report
with DAG("never", schedule=None):
    PythonOperator(task_id="one", python_callable=print)
"""


@pytest.fixture
def days(place: Place) -> Place:
    (place.dags / "days.py").write_text(DAYS.format(out=str(place.folder)))
    place.up()
    until(lambda: "days" in place("ls").out, "the DAG is listed")
    return place


def filed(place: Place) -> dict[str, list[Any]]:
    found = {file.stem: file.read_text().splitlines() for file in sorted(place.folder.glob("20*.json"))}
    assert all(len(lines) == 1 for lines in found.values()), found
    return {day: json.loads(lines[0]) for day, lines in found.items()}


def standing(place: Place, id: int) -> dict[str, Any]:
    return place("backfill", "show", str(id), "--json").json


def test_a_month_of_days_is_filed_each_for_its_own_day(days: Place) -> None:
    # S4.u6: many days at once, long after they were; none is emptied or doubled by the clock.
    said = days("backfill", "days", "--from", "2025-01-01", "--to", "2025-01-31", "--unpause", "--wait", "--json")
    assert said.status == 0, said.err
    assert said.json["counts"] == {"success": 31, "left out": 0}
    assert "Backfill 1: done, 31 of 31 dates (31 success)" in said.err
    found = filed(days)
    assert list(found) == [f"2025-01-{day:02}" for day in range(1, 32)]
    assert found["2025-01-31"] == [
        "2025-01-31 00:00:00+00:00",
        "2025-02-01 00:00:00+00:00",
        "backfill",
        "backfill__2025-01-31T00:00:00+00:00",
    ]


def test_what_it_would_do_is_said_and_nothing_is_started(days: Place) -> None:
    assert days("backfill", "days", "--dates", "2025-01-02", "--ignore-pause", "--wait").status == 0
    said = days("backfill", "days", "--from", "2025-01-01", "--to", "2025-01-03", "--dry-run")
    assert said.out.splitlines() == [
        "2025-01-01 00:00:00 UTC  new",
        "2025-01-02 00:00:00 UTC  left out: its run backfill__2025-01-02T00:00:00+00:00 has succeeded",
        "2025-01-03 00:00:00 UTC  new",
    ]
    assert said.err == "3 dates: 2 new, 0 again, 1 left out; 10 at once. Nothing was started.\n"
    told = days("backfill", "days", "--from", "2025-01-01", "--to", "2025-01-03", "--dry-run", "--json").json
    assert told["counts"] == {"new": 2, "again": 0, "left out": 1}
    assert list(filed(days)) == ["2025-01-02"]


def test_a_run_that_fails_is_the_exit_status_and_is_done_again(days: Place) -> None:
    conf = json.dumps({"bad": ["2025-01-02"]})
    given = ["--from", "2025-01-01", "--to", "2025-01-03", "--ignore-pause", "--conf", conf]
    said = days("backfill", "days", *given, "--wait", "--json")
    assert (said.status, said.json["counts"]) == (1, {"failed": 1, "success": 2, "left out": 0})
    assert "failed" in days("backfill", "show", "1").out
    again = ["--from", "2025-01-01", "--to", "2025-01-04", "--ignore-pause", "--reprocess", "failed"]
    would = days("backfill", "days", *again, "--dry-run").out.splitlines()
    assert would[1:3] == [
        "2025-01-02 00:00:00 UTC  again: backfill__2025-01-02T00:00:00+00:00",
        "2025-01-03 00:00:00 UTC  left out: its run backfill__2025-01-03T00:00:00+00:00 has succeeded",
    ]
    said = days("backfill", "days", *again, "--conf", '{"bad": []}', "--wait", "--json")
    assert (said.status, said.json["counts"]) == (0, {"success": 2, "left out": 2})
    assert list(filed(days)) == [f"2025-01-{day:02}" for day in range(1, 5)]


def test_it_is_paused_resumed_and_goes_on_over_an_engine_that_dies(days: Place) -> None:
    given = ["--from", "2025-01-01", "--to", "2025-01-06", "--ignore-pause", "--max-active", "2"]
    begun = days("backfill", "days", *given, "--conf", '{"waits": true}')
    assert begun.out == "Backfill 1. How it stands: venturi backfill show 1\n"
    until(lambda: standing(days, 1)["counts"].get("running") == 2, "two run")
    os.kill(days.pids()["engine"], signal.SIGKILL)
    until(lambda: days("backfill", "pause", "1").status == 0, "another engine takes it")
    assert "Backfill 1 is paused, 2 of 6 dates begun" in days("why", "days").out
    (days.folder / "go").touch()
    until(lambda: standing(days, 1)["counts"].get("success") == 2, "what had begun goes on")
    assert standing(days, 1)["state"] == "paused"
    assert days("backfill", "resume", "1").out == "Backfill 1 goes on.\n"
    until(lambda: standing(days, 1)["state"] == "done", "its end")
    assert list(filed(days)) == [f"2025-01-{day:02}" for day in range(1, 7)]


def test_it_is_cancelled_with_its_runs(days: Place) -> None:
    given = ["--from", "2025-01-01", "--to", "2025-12-31", "--ignore-pause", "--max-active", "2"]
    days("backfill", "days", *given, "--conf", '{"waits": true}')
    until(lambda: standing(days, 1)["counts"].get("running") == 2, "two run")
    assert days("backfill", "cancel", "1", "--with-runs").out == "Backfill 1 is cancelled.\n"
    until(lambda: standing(days, 1)["counts"].get("failed") == 2, "they end")
    told = days("backfill", "ls", "--json").json["backfills"]
    assert [(one["backfill"], one["state"], one["n"]) for one in told] == [(1, "cancelled", 2)]
    again = days("backfill", "cancel", "1")
    assert (again.status, again.err) == (1, "Backfill 1 is cancelled already.\n")


def test_one_task_alone_is_run_and_a_dag_without_dates_takes_named_ones(days: Place) -> None:
    given = ["--dates", "2025-01-01", "--task", "report", "--ignore-pause", "--wait"]
    assert days("backfill", "days", *given).status == 0
    assert filed(days) == {}
    named = days("backfill", "never", "--dates", "2025-01-01,2025-01-02T06:00", "--ignore-pause", "--wait", "--json")
    assert named.json["counts"] == {"success": 2, "left out": 0}
    refused = days("backfill", "never", "--from", "2025-01-01", "--to", "2025-01-02")
    why = "DAG 'never' has no dates of its own, as it has no schedule. Name them with --dates.\n"
    assert (refused.status, refused.err) == (1, why)


def test_without_an_engine_it_waits_for_one(place: Place) -> None:
    (place.dags / "days.py").write_text(DAYS.format(out=str(place.folder)))
    given = ["backfill", "days", "--from", "2025-01-01", "--to", "2025-01-02", "--unpause"]
    waited = place(*given, "--wait")
    assert "nothing to wait for" in waited.err
    place.up()
    until(lambda: "days" in place("ls").out, "the DAG is listed")
    place("down")
    left = place(*given)
    assert place(*given[:-3], "--to", "2024-12-31").err == "--to 2024-12-31 is before --from 2025-01-01.\n"
    assert place("backfill", "x", *given[2:]).err == "There is no DAG 'x'. List them with: venturi ls\n"
    assert left.err == "No engine is running: the command waits for the next `venturi up`.\n"
    place.up()
    until(lambda: [b["state"] for b in place("backfill", "ls", "--json").json["backfills"]] == ["done"], "its end")
    assert len(filed(place)) == 2
