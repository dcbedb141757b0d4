"""Airflow's own commands, typed in a home in which Venturi runs: what scripts read of them, and their exit codes."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from .conftest import HELLO, Place, Said, until

DAILY = """
from datetime import datetime
from airflow import DAG
from airflow.operators.bash import BashOperator

with DAG("daily", schedule="@daily", start_date=datetime(2024, 1, 1), catchup=False, default_args={"owner": "ann"}):
    load = BashOperator(task_id="load", bash_command="echo {{ ds }}")
    load >> BashOperator(task_id="tell", bash_command="exit 0")
"""
FAILS = """
from airflow.decorators import dag, task

@dag(schedule=None)
def fails():
    @task
    def it():
        raise ValueError("as it was told")

    it()

fails()
"""


class Typed:
    def __init__(self, place: Place) -> None:
        self.place = place

    def __call__(self, line: str, *more: str) -> Said:
        return self.place("airflow", *line.split(), *more)

    def rows(self, line: str, *more: str) -> list[dict[str, Any]]:
        said = self(line, *more)
        assert said.status == 0, said
        return json.loads(said.out)


@pytest.fixture
def typed(place: Place) -> Typed:
    """With an engine that knows three DAGs."""
    for name, text in (("hello", HELLO), ("daily", DAILY), ("fails", FAILS)):
        (place.dags / f"{name}.py").write_text(text)
    assert place.up().status == 0
    found = Typed(place)
    until(lambda: len(found.rows("dags list -o json")) == 3, "all three are known")
    return found


def test_dags_are_listed_in_airflows_keys_and_forms(typed: Typed) -> None:
    rows = {row["dag_id"]: row for row in typed.rows("dags list -o json")}
    assert list(rows) == ["daily", "fails", "hello"]
    daily = rows["daily"]
    assert list(daily)[:6] == ["dag_id", "fileloc", "owners", "is_paused", "bundle_name", "bundle_version"]
    assert (daily["owners"], daily["is_paused"]) == (["ann"], "True")
    assert (daily["filepath"], daily["owner"], daily["paused"]) == (daily["fileloc"], "ann", "True")  # 2.0 to 2.8
    assert typed("dags list -o plain --columns dag_id").out.splitlines() == ["dag_id", "daily", "fails", "hello"]
    table = typed("dags list").out.splitlines()
    assert re.split(r" +\| +", table[0]) == ["dag_id", "fileloc", "owners", "is_paused"]
    assert set(table[1]) == {"=", "+"}
    assert "daily" in typed("list_dags").out.splitlines()
    assert "no column 'colour'" in typed("dags list --columns colour").err
    assert typed("dags list-import-errors").out == "No data found\n"


def test_a_file_that_cannot_be_read_is_listed_and_is_the_exit_code(typed: Typed) -> None:
    (typed.place.dags / "broken.py").write_text("from airflow import DAG\nimport nowhere_to_be_found\n")
    until(lambda: typed("dags list-import-errors").status == 1, "it is known")
    [row] = json.loads(typed("dags list-import-errors -o json").out)
    assert row["filepath"].endswith("broken.py")
    assert "nowhere_to_be_found" in row["error"]
    assert "dags list-import-errors" in typed("dags list").err


def test_a_run_is_triggered_followed_and_cleared(typed: Typed) -> None:
    assert typed("dags unpause hello").out == "Dag: hello, paused: False\n"
    [made] = typed.rows("dags trigger hello -r mine -e 2024-05-01 -o json", "-c", '{"a": 1}')
    assert (made["dag_id"], made["dag_run_id"], made["conf"]) == ("hello", "mine", {"a": "1"})
    assert made["logical_date"] == "2024-05-01T00:00:00+00:00"
    until(lambda: typed("dags state hello 2024-05-01").out == 'success, {"a": 1}\n', "it has succeeded")
    assert typed("dag_state hello mine").out == 'success, {"a": 1}\n'
    assert typed("dags state hello 2020-01-01").out == "None\n"
    assert typed("tasks state hello numbers mine").out == "success\n"
    assert typed("task_state hello square 2024-05-01 --map-index 1").out == "success\n"
    states = typed.rows("tasks states-for-dag-run hello mine -o json")
    assert {(row["task_id"], row.get("map_index")) for row in states} >= {("numbers", "-1"), ("square", "2")}
    assert typed.rows("dags list-runs -d hello -o json")[0]["run_id"] == "mine"
    assert typed.rows("dags list-runs hello --state failed -o json") == []
    asked = typed("tasks clear hello -t num -s 2024-05-01 -e 2024-05-01")
    assert (asked.status, asked.err) == (2, "To be cleared: numbers in 1 run. Say --yes.\n")
    assert typed("tasks clear hello -t num -s 2024-05-01 -e 2024-05-01 -y").out == "1 task instance cleared.\n"
    assert typed("clear hello -s 2030-01-01 -c").out == "Nothing to clear.\n"
    assert typed("tasks failed-deps hello numbers mine").status == 0


def test_dags_are_paused_by_a_pattern(typed: Typed) -> None:
    rows = typed.rows("dags unpause ^(hello|fails)$ --treat-dag-id-as-regex -y -o json")
    assert rows == [{"dag_id": "fails", "is_paused": "False"}, {"dag_id": "hello", "is_paused": "False"}]
    assert typed("pause hello").out == "Dag: hello, paused: True\n"
    assert "No DAG is called like 'xyz'" in typed("dags pause xyz --treat-dag-id-as-regex -y").err
    assert typed("dags pause nobody").err == "There is no DAG 'nobody'. List them with: venturi ls\n"


def test_tasks_are_listed_tested_and_rendered_in_their_files_own_interpreter(typed: Typed) -> None:
    assert typed("tasks list daily").out == "load\ntell\n"
    assert typed("list_tasks daily -t").out == "<Task(BashOperator): load>\n    <Task(BashOperator): tell>\n"
    assert "echo 2024-03-01" in typed("tasks render daily load 2024-03-01").out
    assert "echo 2024-03-01" in typed("tasks test daily load 2024-03-01 -n").out
    tested = typed("test hello numbers 2024-03-01")
    assert (tested.status, tested.err) == (0, "numbers: success\n")
    assert typed("tasks test fails it 2024-03-01").status == 1
    assert typed.rows("dags list-runs -d hello -o json") == []
    assert "Task 'nothing' not found in DAG 'hello'" in typed("tasks test hello nothing").err


def test_a_task_is_run_by_the_engine_and_its_end_is_the_exit_code(typed: Typed) -> None:
    typed("dags unpause fails")
    typed("dags unpause hello")
    assert typed("tasks run hello numbers 2024-03-01").status == 0
    assert typed("tasks run fails it 2024-03-01").status == 1
    assert typed("run fails it 2024-03-01").status == 1  # in the run that is there now
    assert len(typed.rows("dags list-runs -d fails -o json")) == 1


def test_past_dates_are_run_in_the_spellings_of_each_airflow(typed: Typed) -> None:
    looked = typed("backfill daily -s 2024-02-01 -e 2024-02-03 -dr")
    assert "3 dates: 3 new" in looked.err
    assert typed("dags backfill daily -s 2024-02-01 -e 2024-02-02 -t tell -i").status == 0
    states = typed.rows("tasks states-for-dag-run daily 2024-02-01 -o json")
    assert [row["task_id"] for row in states] == ["tell"]
    created = typed("backfill create --dag-id daily --from-date 2024-03-01 --to-date 2024-03-02 --max-active-runs 1")
    assert created.status == 0
    assert typed("backfill create --dag-id daily").err == "airflow backfill create needs --from-date, --to-date.\n"
    assert "Say which dates" in typed("dags backfill daily").err
    assert "venturi mark" in typed("dags backfill daily -s 2024-02-01 -m").err


def test_the_next_dates_are_those_of_the_dags_own_timetable(typed: Typed) -> None:
    said = typed("dags next-execution daily -n 3")
    dates = said.out.splitlines()
    assert len(dates) == 3
    assert all(date.endswith("T00:00:00+00:00") for date in dates)
    assert dates == sorted(dates)
    assert "is paused" in said.err
    assert typed("next_execution hello").out == "None\n"


def test_a_whole_dag_is_tested_and_shown(typed: Typed, tmp_path: Path) -> None:
    assert typed("dags test hello 2024-04-01").status == 0
    assert typed("dags test fails").status == 1
    assert '"load" -> "tell"' in typed("dags show daily").out
    file = tmp_path / "daily.dot"
    assert typed(f"dags show daily --save {file}").out == f"File {file} saved\n"
    assert typed("dags show daily --save x.png").err == "Save it as x.dot; `dot` of Graphviz makes .png of that.\n"
    details = {row["property_name"]: row["property_value"] for row in typed.rows("dags details daily -o json")}
    assert (details["dag_id"], details["tasks"]) == ("daily", ["load", "tell"])
    assert [row["dags"] for row in typed.rows("dags report -o json")] == [["daily"], ["fails"], ["hello"]]
    assert typed("dags reserialize").status == 0


def test_probes_see_what_is_alive(typed: Typed) -> None:
    assert typed("jobs check --job-type TriggererJob --hostname localhost").out == "Found one alive job.\n"
    assert typed("jobs check --job-type SchedulerJob --hostname elsewhere").status == 1
    assert typed("db check").status == 0
    assert [row["job_type"] for row in typed.rows("dags list-jobs -o json")] == ["SchedulerJob", "TriggererJob"]
    typed.place("down")
    gone = typed("jobs check --job-type SchedulerJob")
    assert (gone.status, gone.out) == (1, "No alive jobs found.\n")
    assert typed("tasks run hello numbers 2024-03-01").err.startswith("No engine is running.")


def test_before_any_engine_the_files_themselves_are_read(place: Place) -> None:
    (place.dags / "daily.py").write_text(DAILY)
    typed = Typed(place)
    assert typed("db init").status == 0
    assert [(row["dag_id"], row["owners"]) for row in typed.rows("dags list -o json")] == [("daily", ["ann"])]
    assert typed("tasks list daily").out == "load\ntell\n"
    assert typed("tasks test daily tell 2024-01-01").status == 0
    assert "No file in" in typed("tasks list nobody").err
