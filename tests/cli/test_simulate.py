"""`venturi simulate` and the fixture of the pytest plugin: what a schedule will do, before it does it."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

FILE = """
from datetime import datetime
from airflow import DAG
from airflow.operators.bash import BashOperator
with DAG("hourly", schedule_interval="@hourly", start_date=datetime(2025, 1, 1), catchup=False, max_active_runs=2):
    BashOperator(task_id="load", bash_command="exit 9")
"""
JARO = """
from datetime import datetime
from airflow import DAG
from airflow.operators.bash_operator import BashOperator
dag_params = {'dag_id': 'Jaro_dag', 'start_date': datetime(2019, 10, 7), 'schedule_interval': None}
dag = DAG(dag_id='jaro_dag', default_args=dag_params)
BashOperator(task_id="load", bash_command="exit 9", dag=dag)
"""
DAY = ("--from", "2026-01-01", "--to", "2026-01-01T23:30")


def test_a_file_is_simulated_and_nothing_is_kept(place):
    file = place.file("flow.py", FILE)
    found = place("simulate", file, *DAY, "--durations", "load=90m", "--json")
    assert found.status == 0, found.err
    runs = found.json["runs"]
    assert len(runs) == 24
    assert runs[0]["run_id"] == "scheduled__2025-12-31T23:00:00+00:00"
    assert (runs[0]["start"], runs[0]["end"]) == ("2026-01-01T00:00:00.000000Z", "2026-01-01T01:30:00.000000Z")
    assert any("start while another is at work" in each for each in found.json["findings"])
    assert not place.home.database.exists()
    text = place("simulate", file, *DAY, "--durations", "10m")
    assert "hourly, every hour: 24 runs" in text.out
    assert "Nothing overlaps, waits or is missed." in text.out


def test_the_trap_of_a_schedule_in_default_args_is_told(place):
    found = place("simulate", place.file("jaro_dag.py", JARO), "--from", "2026-11-28", "--json")
    assert found.status == 0, found.err
    assert found.json["runs"] == []
    assert "2,609 runs at once since 2019-10-07" in found.json["findings"][0]


def test_a_dag_of_the_home_takes_as_long_as_it_took(place):
    (place.dags / "flow.py").write_text(FILE.replace("exit 9", "sleep 0.2"))
    done = place("run", str(place.dags / "flow.py"))
    assert done.status == 0, done.err
    found = place("simulate", "hourly", *DAY, "--json")
    assert found.status == 0, found.err
    assert len(found.json["runs"]) == 24
    first = found.json["runs"][0]
    assert first["end"] > first["start"]


def test_what_cannot_be_simulated_is_one_sentence(place):
    file = place.file("flow.py", FILE)
    for arguments, sentence in (
        ((file, "--from", "tomorrow"), "is no date"),
        ((file, "--durations", "load=soon"), "is not TASK=TIME"),
        ((file, "--from", "2026-01-02", "--to", "2026-01-01"), "--to is before --from"),
        ((place.file("bad.py", "import nothing_of_that_name\nfrom airflow import DAG"),), "bad.py, line 1"),
    ):
        said = place("simulate", *arguments)
        assert said.status != 0
        assert sentence in said.err
        assert "Traceback" not in said.err


def test_authors_tests_have_a_fixture(tmp_path):
    (tmp_path / "flow.py").write_text(FILE)
    (tmp_path / "test_flow.py").write_text(
        textwrap.dedent(
            """
            from datetime import datetime, timedelta
            from venturi import DAG

            def test_a_file(simulate_dag):
                day = simulate_dag("flow.py", "2026-01-01", "2026-01-02", {"load": "50m"})
                assert len(day.runs) == 25
                assert not day.overlapping()
                assert not day.findings

            def test_a_dag(simulate_dag):
                dag = DAG("mine", schedule="0 6 * * *", start_date=datetime(2026, 1, 1))
                week = simulate_dag(dag, datetime(2026, 1, 5), datetime(2026, 1, 12), {"*": timedelta(hours=1)})
                assert [run.run_id[11:21] for run in week.runs][:2] == ["2026-01-04", "2026-01-05"]
            """
        )
    )
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "VENTURI_HOME": str(tmp_path / "home")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "venturi.pytest_plugin", "-p", "no:cacheprovider", "."]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
