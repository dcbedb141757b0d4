"""The smaller share of `make compat`: our own files, against what a real Airflow 2.11 and 3.3 made of them.

Structure and runs: states of every task instance and every XCom. What is recorded was written by `make compat`; what
differs is in differences.json, each with its reason.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from . import comparing, own, page
from .asking import DATE, HERE
from .judging import Explanations, Judge, not_loaded, to_run

RECORDED = json.loads((HERE / "recorded.json").read_text())


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, own.Example]:
    files = own.write_out(tmp_path_factory.mktemp("own"))
    return {each.key: each for version in files.values() for each in version}


@pytest.mark.parametrize("key", sorted(RECORDED))
def test_our_own_files_are_and_do_what_they_are_and_do_in_airflow(key, written, tmp_path):
    theirs, example = RECORDED[key], written[key]
    told = {"key": key, "file": str(example.file), "roots": [], "runs": to_run(theirs)}
    ours = ask(tmp_path, told)
    assert not not_loaded(ours)
    differences = comparing.structure(theirs["dags"], ours["dags"])
    for dag_id in to_run(theirs):
        differences += [f"{dag_id}: {each}" for each in comparing.outcome(theirs["runs"][dag_id], ours["runs"][dag_id])]
    assert Explanations().unexplained(key, differences) == []


def ask(folder: Path, told: dict[str, object]) -> dict[str, object]:
    order, out = folder / "order.json", folder / "out.jsonl"
    order.write_text(json.dumps({"files": [told], "runs": True, "limit_s": 120, "date": DATE}))
    environment = {**os.environ, "HOME": str(folder), "TZ": "UTC", "PYTHONPATH": str(HERE / "sitecustomize")}
    command = [sys.executable, str(HERE / "in_venturi.py"), str(order), str(out)]
    said = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=240)
    assert said.returncode == 0, said.stderr
    found: dict[str, object] = {}
    for line in out.read_text().splitlines():
        found.update(json.loads(line))
    return found


def test_a_difference_is_explained_by_an_entry_of_its_own_file_alone():
    explanations = Explanations([{"file": "a/*.py", "difference": "value x", "explanation": "chance"}])
    assert explanations.unexplained("a/b.py", ["value x is 1, Airflow says 2", "state of y is 3"]) == [
        "state of y is 3"
    ]
    assert explanations.unexplained("b/b.py", ["value x is 1"]) == ["value x is 1"]
    assert explanations.out_of_date() == []


def test_every_explanation_says_why():
    for entry in Explanations().entries:
        assert set(entry) == {"file", "difference", "explanation"}
        assert len(entry["explanation"]) > 20, entry


def test_a_file_over_which_the_proof_falls_stops_no_other(capsys):
    judge = Judge(Explanations([]), shown=False)
    for key in ("a.py", "b.py"):
        with judge.judging(key):
            judge.say(key, "same" if key == "b.py" else 1 / 0)
    assert judge.totals.unexplained == ["a.py: could not be judged: ZeroDivisionError: division by zero"]
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["a.py", "b.py"]


def test_what_neither_airflow_loads_for_a_removed_name_alone_must_load_here():
    judge, file = Judge(Explanations([]), shown=False), own.Example("old.py", HERE / "old.py", [], "")
    gone = {"2.11": {"error": "ImportError: cannot import name 'BashOperator' from 'airflow.operators'"}, "3.3": {}}
    judge.either(file, gone, {"dags": {}})
    judge.either(file, gone, {"error": "ModuleNotFoundError: No module named 'their_helpers'"})
    assert judge.totals.unexplained == []
    judge.either(file, gone, {"error": "UnknownAirflowName: Venturi does not serve 'airflow.operators.BashOperator'."})
    assert len(judge.totals.unexplained) == 1
    assert judge.totals.counts["in no Airflow of today, for a removed name: loaded here"] == 1


def test_the_page_of_the_proof_names_every_difference_and_its_reason():
    written = page.PAGE.read_text()
    missing = [entry for entry in Explanations().entries if entry["explanation"] not in written]
    assert not missing, "make compat writes the page anew"


def test_a_changed_edge_rule_state_or_value_is_a_difference():
    shape = {"tasks": {"a": {"downstream": ["b"], "rule": "all_success"}}, "groups": {}, "params": {}, "schedule": None}
    other = {**shape, "tasks": {"a": {"downstream": [], "rule": "dummy"}}, "schedule": "@daily"}
    assert comparing.structure({"d": shape}, {"d": shape}) == []
    assert len(comparing.structure({"d": shape}, {"d": other})) == 3
    run = {"state": "success", "states": {"a[-1]": "success"}, "xcoms": {"a[-1].k": "2024-01-10 00:00:00+00:00"}}
    same = {**run, "xcoms": {"a[-1].k": "2024-01-10T00:00:00Z"}}
    assert comparing.outcome(run, same) == []
    assert len(comparing.outcome(run, {**run, "states": {"a[-1]": "failed"}, "xcoms": {}})) == 2
