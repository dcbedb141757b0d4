"""S2.18: where the home is, by --home, $VENTURI_HOME, $AIRFLOW_HOME; and what a task then finds of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SHOWS = """
from airflow import DAG
from airflow.configuration import conf, AIRFLOW_HOME
from airflow.operators.python import PythonOperator
from airflow.models import Variable

def shows():
    word = conf.get("mine", "word", fallback="none")
    return [AIRFLOW_HOME, conf.get("core", "dags_folder"), word, Variable.get("v", "none")]

with DAG("shows", schedule=None) as dag:
    PythonOperator(task_id="shows", python_callable=shows)
"""


def venturi(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if k not in ("VENTURI_HOME", "AIRFLOW_HOME")}
    argv = [sys.executable, "-m", "venturi.cli", *arguments]
    return subprocess.run(
        argv, capture_output=True, text=True, timeout=120, cwd=folder, env={**kept, "HOME": str(folder), **environment}
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """As somebody has it who used Airflow: the project's folder is the home."""
    made = tmp_path / "project"
    (made / "dags").mkdir(parents=True)
    (made / "dags" / "shows.py").write_text(SHOWS)
    (made / "airflow.cfg").write_text("[mine]\nword = from the file\n")
    return made


def shown(done: subprocess.CompletedProcess[str]) -> list[str]:
    assert done.returncode == 0, done.stderr
    (task,) = json.loads(done.stdout)["tasks"]
    return task["value"]


def test_an_airflow_home_keeps_our_files_in_a_folder_of_their_own(project: Path) -> None:
    for spelt in (
        str(project),
        "project",
        "~/project",
    ):  # an absolute path, one of the working directory, one of the user
        environment = {"AIRFLOW_HOME": spelt}
        assert venturi(project.parent, "variables", "set", "v", "set", **environment).returncode == 0
        found = shown(venturi(project.parent, "run", "project/dags/shows.py", "--json", **environment))
        assert found == [str(project), f"{project}/dags", "from the file", "set"], spelt
    assert sorted(p.name for p in project.iterdir()) == [".venturi", "airflow.cfg", "dags"]
    assert (project / ".venturi" / "sealing.key").exists()
    assert (project / ".venturi").stat().st_mode & 0o777 == 0o700


def test_a_home_of_ours_comes_before_airflows_and_an_option_before_both(project: Path, tmp_path: Path) -> None:
    both = {"AIRFLOW_HOME": str(project), "VENTURI_HOME": str(tmp_path / "ours")}
    venturi(tmp_path, "variables", "set", "v", "ours", **both)
    venturi(tmp_path, "variables", "set", "v", "given", "--home", str(tmp_path / "given"), **both)
    file = str(project / "dags" / "shows.py")
    assert shown(venturi(tmp_path, "run", file, "--json", **both))[1:] == [
        f"{tmp_path}/ours/dags",
        "from the file",
        "ours",
    ]
    found = shown(venturi(tmp_path, "run", file, "--json", "--home", str(tmp_path / "given"), **both))
    assert found[1:] == [f"{tmp_path}/given/dags", "from the file", "given"]
    assert not (project / ".venturi").exists()


def test_without_any_it_is_in_the_users_own_folder(tmp_path: Path) -> None:
    assert venturi(tmp_path, "variables", "set", "v", "x").returncode == 0
    assert (tmp_path / ".venturi" / "venturi.db").exists()


@pytest.mark.parametrize(
    "verb", [("variables", "set", "v", "x"), ("run", "dags/shows.py"), ("up", "-D"), ("pools", "set", "p", "1")]
)
@pytest.mark.parametrize(
    ("home", "reason"), [("~(pwd)", "there is no user '(pwd)'"), ("/dev/null/x", "Not a directory")]
)
def test_a_home_that_cannot_be_is_one_sentence(project: Path, verb: tuple[str, ...], home: str, reason: str) -> None:
    done = venturi(project, *verb, AIRFLOW_HOME=home)
    assert done.returncode != 0
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert f"The home '{home}'" in done.stderr
    assert reason in done.stderr
