"""Bundles with requirements: built first, read when they are there, followed when they change."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.bundles.wheels import registry, wheel

from .conftest import Place, until

DAG = """
from airflow.decorators import dag, task
import thing

@dag(schedule=None, tags=[thing.VERSION])
def needs():
    @task
    def version():
        import thing
        return thing.VERSION
    version()

needs()
"""


@pytest.fixture(autouse=True)
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in registry(tmp_path / "wheels").items():
        monkeypatch.setenv(name, value)
    for version in ("1.0", "2.0"):
        wheel(tmp_path / "wheels", "thing", version)
    return tmp_path / "wheels"


@pytest.fixture
def project(tmp_path: Path, wheels: Path) -> Path:
    root = tmp_path / "project"
    (root / "dags").mkdir(parents=True)
    (root / "requirements.txt").write_text("thing==1.0\n")
    (root / "dags" / "needs.py").write_text(DAG)
    return root


def ran(place: Place, project: Path) -> str:
    return place("run", str(project / "dags" / "needs.py"), "--json").json["tasks"][0]["value"]


def test_run_builds_the_environment_first_and_says_so(project: Path, place: Place) -> None:
    said = place("run", str(project / "dags" / "needs.py"), "--json")
    assert said.json["tasks"][0]["value"] == "1.0"
    assert "Building the environment of project" in said.err
    assert "Building" not in place("run", str(project / "dags" / "needs.py"), "--json").err
    listed = place("environments", "ls", "--json").json["environments"]
    assert [(one["state"], one["bundle"]) for one in listed] == [("ready", str(project))]


def test_a_bash_task_finds_the_commands_of_its_bundles_environment(project: Path, place: Place) -> None:
    """S1.4: with no path in the file; behind them stands the PATH that Venturi was started with."""
    (project / "dags" / "needs.py").write_text(
        "from airflow import DAG\nfrom airflow.operators.bash_operator import BashOperator\n"
        "with DAG('needs', schedule_interval=None) as dag:\n"
        "    say = 'python3 -c \"import thing; print(thing.VERSION)\"'\n"
        "    BashOperator(task_id='a', bash_command='pip --version > /dev/null; command -v beside && ' + say)\n"
    )
    beside = project.parent / "bin" / "beside"
    beside.parent.mkdir()
    beside.write_text("#!/bin/sh\n")
    beside.chmod(0o755)
    place._environment["PATH"] += f":{beside.parent}"
    assert ran(place, project) == "1.0"


def test_python_with_a_module_runs_in_the_bundle_of_the_working_folder(project: Path, place: Place) -> None:
    """S1.u12: `venturi python -m pytest` in the project's folder."""
    place("environments", "build", str(project))
    done = subprocess.run(
        [sys.executable, "-m", "venturi.cli", "python", "-c", "import thing, airflow; print(thing.VERSION)"],
        cwd=project,
        env={**place._environment, "VENTURI_HOME": str(place.home.root)},
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.returncode) == ("1.0\n", 0), done.stderr


def test_up_builds_in_the_background_and_follows_a_change(project: Path, place: Place) -> None:
    place.up("--dags", str(project))
    until(lambda: [d["dag_id"] for d in place("ls", "--json").json["dags"]], "the DAG is read in its environment")
    assert ran(place, project) == "1.0"
    (project / "requirements.txt").write_text("thing==2.0\n")
    until(lambda: ran(place, project) == "2.0", "the new environment")


def test_check_says_whose_interpreter_it_reads_with(project: Path, place: Place) -> None:
    said = place("check", str(project))
    assert "the environment of project is not built (--install builds it)" in said.err
    assert (said.status, "thing" in said.out) == (1, True)
    said = place("check", str(project), "--install")
    assert said.status == 0
    assert "the interpreter of project" in said.err
