"""Runs that are there, changed from the command line."""

from __future__ import annotations

from .conftest import Place, until

DAG = """
from pathlib import Path
from airflow.sdk import DAG, task

HERE = Path(__file__).parent

with DAG("d", schedule=None, is_paused_upon_creation=False):
    @task
    def numbers():
        return [1, 2]
    @task
    def half(n):
        if n == 2 and not (HERE / "mended").exists():
            raise ValueError("not yet")
        return n / 2
    @task
    def total(halves):
        return sum(halves)
    total(half.expand(n=numbers()))
"""


def states(place: Place, run_id: str) -> dict[str, int]:
    told = place("status", "d", run_id, "--json").json
    return {"run": told["state"], **told["tasks"]}


def failed_run(place: Place) -> str:
    (place.dags / "d.py").write_text(DAG)
    place.up()
    run_id = until(lambda: place("trigger", "d", "--json").json.get("run_id"), "the DAG is known")
    until(lambda: states(place, run_id)["run"] == "failed", "it fails")
    return str(run_id)


def test_a_failed_run_is_looked_at_resumed_and_cleared(place: Place) -> None:
    run_id = failed_run(place)
    seen = place("resume", "d", run_id, "--dry-run", "--json").json["runs"]
    assert [(t["task_id"], t["map_index"], t["state"]) for t in seen[0]["tasks"]] == [
        ("half", 1, "failed"),
        ("total", -1, "upstream_failed"),
    ]
    unsure = place("resume", "d", run_id)
    assert (unsure.status, "--yes" in unsure.err) == (2, True)
    (place.dags / "mended").write_text("")
    assert "Runs again: 2 task instances." in place("resume", "d", run_id, "--yes").out
    until(lambda: states(place, run_id)["run"] == "success", "it goes on")
    assert "has succeeded" in place("resume", "d", run_id, "--yes").err
    cleared = place("clear", "d", run_id, "half[0]", "--downstream", "--yes", "--by", "bob", "--json").json
    assert [(t["task_id"], t["map_index"]) for t in cleared["runs"][0]["tasks"]] == [("half", 0), ("total", -1)]
    until(lambda: states(place, run_id)["run"] == "success", "it has run again")
    assert "has no task 'zzz'" in place("clear", "d", run_id, "zzz", "--yes").err


def test_without_an_engine_a_clear_waits_for_the_next(place: Place) -> None:
    run_id = failed_run(place)
    place("down")
    (place.dags / "mended").write_text("")
    left = place("clear", "d", run_id, "--only-failed", "--yes", "--json")
    assert (left.json["waits"], len(left.json["runs"][0]["tasks"])) == (True, 2)
    assert "There is no run 'none'" in place("clear", "d", "none", "--yes").err
    place.up()
    until(lambda: states(place, run_id)["run"] == "success", "the next engine has done it")
