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
    assert "Last resumed by " in place("status", "d", run_id).out
    assert "has succeeded" in place("resume", "d", run_id, "--yes").err
    cleared = place("clear", "d", run_id, "half[0]", "--downstream", "--yes", "--by", "bob", "--json").json
    assert [(t["task_id"], t["map_index"]) for t in cleared["runs"][0]["tasks"]] == [("half", 0), ("total", -1)]
    until(lambda: states(place, run_id)["run"] == "success", "it has run again")
    assert "has no task 'zzz'" in place("clear", "d", run_id, "zzz", "--yes").err


def test_runs_are_marked_cancelled_and_noted_and_tasks_run_alone(place: Place) -> None:
    run_id = failed_run(place)
    seen = place("mark", "d", run_id, "half[1]", "success", "--dry-run").out
    assert "Would be changed: 2 task instances." in seen
    assert "not 'good'" in place("mark", "d", run_id, "half[1]", "good", "--yes").err
    assert place("mark", "d", run_id, "half[1]", "success", "--yes").status == 0
    until(lambda: states(place, run_id)["run"] in ("success", "failed"), "what comes after it has run")
    assert place("note", "d", run_id, "half[1]", "by hand", "--by", "ann").out == "Noted.\n"
    assert "Note on half[1], by ann: by hand" in place("status", "d", run_id).out
    assert "is over" in place("cancel", "d", run_id).err or "no unfinished run" in place("cancel", "d", run_id).err
    place("pause", "d")
    waits = place("run-task", "d", "numbers", "--run-id", "alone", "--json")
    assert waits.json == {"run_id": "alone"}
    assert place("cancel", "d", "alone", "--by", "ann").out == "d alone is being cancelled.\n"
    assert "cancelled by ann" in until(lambda: place("why", "d", "alone").out, "it is over")
    assert "Choose 'numbers' as well" in place("run-task", "d", "half").err
    place("unpause", "d")
    assert place("run-task", "d", "numbers", "--run-id", "again").status == 0
    until(lambda: states(place, "again") == {"run": "success", "success": 1}, "it has run alone")


PARAMS = """
from airflow.sdk import DAG, Param, task

with DAG("p", schedule=None, is_paused_upon_creation=False, params={"n": Param(1, type="integer"), "s": "x"}):
    @task
    def show(params=None):
        return [params["n"], params["s"]]
    show()
"""


def test_a_run_is_started_with_parameters_and_once_for_a_key(place: Place) -> None:
    (place.dags / "p.py").write_text(PARAMS)
    place.up()
    given = ("--param", "n=5", "--param", "s=two words", "--idempotency-key", "k", "--json")
    first = until(lambda: place("trigger", "p", *given).json.get("run_id"), "the DAG is known")
    assert place("trigger", "p", *given).json == {"run_id": first, "existed": True}
    until(lambda: place("status", "p", first, "--json").json["state"] == "success", "it is done")
    wrong = place("trigger", "p", "--param", "n=five")
    assert (wrong.status, "is not of type 'integer'" in wrong.err) == (1, True)
    assert "NAME=VALUE" in place("trigger", "p", "--param", "n").err
    place("down")
    assert "is not of type 'integer'" in place("trigger", "p", "--param", "n=five").err
    assert "is no date" in place("trigger", "p", "--date", "soon").err
    assert "already has a run" in place("trigger", "p", "--run-id", first).err


def test_without_an_engine_a_clear_waits_for_the_next(place: Place) -> None:
    run_id = failed_run(place)
    place("down")
    (place.dags / "mended").write_text("")
    left = place("clear", "d", run_id, "--only-failed", "--yes", "--json")
    assert (left.json["waits"], len(left.json["runs"][0]["tasks"])) == (True, 2)
    assert "There is no run 'none'" in place("clear", "d", "none", "--yes").err
    place.up()
    until(lambda: states(place, run_id)["run"] == "success", "the next engine has done it")
