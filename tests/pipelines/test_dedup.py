"""The pipeline `dedup`: its DAG is the seed's, and what its failures look like from outside."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

PIPELINE = Path(__file__).resolve().parents[2] / "pipelines" / "dedup"
VENTURI = str(Path(sys.executable).with_name("venturi"))
LIMIT_S = 900


def venturi(home: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "VENTURI_HOME": str(home), "DEDUP_DATA": str(home / "data"), **variables}
    return subprocess.run(
        [VENTURI, *arguments], env=environment, cwd=PIPELINE, capture_output=True, text=True, timeout=LIMIT_S
    )


def test_its_edges_are_the_seeds_and_its_schedule_is_told(tmp_path):
    # S5.30, S5.31, S5.36, S5.37: faker and the others are asked for inside the tasks
    text = (PIPELINE / "dags" / "jaro_dag.py").read_text()
    assert 'dag = DAG(dag_id="jaro_dag", default_args=dag_params' in text
    stand_ins = tmp_path / "dags" / "dedup"
    stand_ins.mkdir(parents=True)
    (tmp_path / "dags" / "jaro_dag.py").write_text(text)
    names = "clean_records, create_table, ingest, measure, run_analysis"
    (stand_ins / "steps.py").write_text(f"def one(): ...\n{names.replace(', ', ' = ')} = one\n")
    (stand_ins / "mails.py").write_text((PIPELINE / "dags" / "dedup" / "mails.py").read_text())
    done = venturi(tmp_path / "home", "check", str(tmp_path / "dags" / "jaro_dag.py"), "--json")
    (found,) = json.loads(done.stdout)
    assert found["errors"] == []
    assert "schedule_interval=None stands in default_args" in found["warnings"][0]
    assert {task: sorted(down) for task, down in found["dags"]["jaro_dag"].items()} == {
        "create_table": ["ingest"],
        "ingest": ["clean_records"],
        "clean_records": ["run_analysis"],
        "run_analysis": ["email_success", "measure"],
        "measure": ["email_success"],
        "email_success": [],
    }


def test_the_daily_start_is_a_dag_of_its_own(tmp_path):
    # S5.14
    done = venturi(tmp_path, "check", str(PIPELINE / "dags" / "jaro_daily.py"), "--json")
    (found,) = json.loads(done.stdout)
    assert (found["errors"], list(found["dags"])) == ([], ["jaro_daily"])


# ── with its environment ──


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory):
    """One home for all, so that the environment is built once. Not pytest's: Postgres runs as a user of its own."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="dedup-home-") as folder:
        made = venturi(Path(folder), "environments", "build", str(PIPELINE), "--json")
        if made.returncode:
            pytest.skip(f"The environment of dedup cannot be built here: {made.stderr.strip().splitlines()[-1]}")
        (Path(folder) / "python").write_text(json.loads(made.stdout)["python"])
        yield Path(folder)


def run(home: Path, conf: str = "{}", **variables: str) -> dict:
    # No pauses before a retry is worth waiting for here: what is shown is that it is retried.
    done = venturi(home, "run", str(PIPELINE / "dags" / "jaro_dag.py"), "--json", "--conf", conf, **variables)
    return json.loads(done.stdout) | {"said": done.stderr}


def states(result: dict) -> dict[str, tuple[str, int]]:
    return {task["task_id"]: (task["state"], task["try"]) for task in result["tasks"]}


def mails(home: Path) -> list[str]:
    import email
    import email.policy

    found = []
    for file in sorted((home / "outbox").glob("*.eml")):
        message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        found.append(f"{message['To']}: {message['Subject']}: {message.get_body(('html',)).get_content()}")
        file.unlink()
    return found


@pytest.mark.slow
def test_its_own_tests_pass_in_its_environment(home):
    done = venturi(home, "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]


@pytest.mark.slow
def test_two_runs_are_good_and_their_numbers_are_mailed(home, tmp_path):
    # S5.8, S5.19, S5.34, S5.35
    files = []
    for number in range(2):
        result = run(home)
        assert result["state"] == "success", result["said"]
        files.append(tmp_path / f"{number}.json")
        files[-1].write_text(json.dumps(result))
    python = (home / "python").read_text()
    done = subprocess.run(
        [python, str(PIPELINE / "verify.py"), *files],
        env={**os.environ, "DEDUP_DATA": str(home / "data")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    one, two = mails(home)
    assert one.startswith("asimbanskota@gmail.com: Airflow Alert Success:")
    assert "new data insertion success" in two
    assert "recall 0.9" in two or "recall 1.0" in two


@pytest.mark.slow
def test_a_postgres_that_is_down_is_retried_and_mailed_with_its_port(home):
    # S5.6, S5.7, S5.23
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    result = run(home, AIRFLOW_CONN_PEOPLE_DB=f"postgres://me:pw@127.0.0.1:{port}/people")
    assert result["state"] == "failed"
    assert states(result)["create_table"] == ("failed", 3)
    assert states(result)["email_success"][0] == "upstream_failed"
    (mail,) = mails(home)
    assert mail.startswith("asimbanskota@gmail.com: Airflow Alert Failure: jaro_dag.create_table:")
    assert f"Postgres does not answer at 127.0.0.1:{port}" in mail


@pytest.mark.slow
def test_a_mail_server_that_is_down_is_retried_and_the_records_stay(home):
    result = run(home, AIRFLOW__SMTP__SMTP_HOST="127.0.0.1", AIRFLOW__SMTP__SMTP_PORT="9")
    assert states(result)["run_analysis"] == ("success", 1)
    assert states(result)["email_success"] == ("failed", 3)
    logs = home / "logs" / "jaro_dag" / result["run_id"] / "email_success"
    assert "127.0.0.1:9 could not be used" in (logs / "3.log").read_text()


@pytest.mark.slow
def test_a_million_records_take_minutes_and_the_naive_way_does_not(home):
    """S5.22: prints both, measured in one process."""
    data = home / "million"
    result = run(home, '{"records": 1000000}', DEDUP_DATA=str(data))
    assert result["state"] == "success", result["said"]
    python = (home / "python").read_text()
    done = subprocess.run(
        [python, str(PIPELINE / "compare.py"), "50"],
        env={**os.environ, "DEDUP_DATA": str(data)},
        capture_output=True,
        text=True,
    )
    print(f"a run of a million records: {result['seconds']:.0f} s. {done.stdout.strip()}")
    assert done.returncode == 0, done.stderr
