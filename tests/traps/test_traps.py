"""Traps that real pipelines have walked into: each runs here as its author meant it, or says what is wrong.

The other ones stand where they belong: literal keys and side effects at import with `venturi check`, a schedule in
`default_args` with the timetables, quoting with the Docker operator.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Place, Said
from tests.cli.conftest import place as place  # the fixture

RUNS = """
from airflow import DAG
from airflow.operators.python_operator import PythonOperator
from airflow.operators.bash_operator import BashOperator
from airflow.operators.dummy_operator import DummyOperator
{top}

with DAG("trap", schedule_interval=None) as dag:
{body}
"""


def run(place: Place, top: str, body: str, **files: str) -> Said:
    for name, text in files.items():
        place.file(f"{name}.py", text)
    indented = "\n".join(f"    {line}" for line in body.splitlines())
    return place("run", place.file("trap.py", RUNS.format(top=top, body=indented)), "--json")


def log_of(place: Place, said: Said, task_id: str) -> str:
    run_id = said.json["run_id"]
    return (place.home.logs / "trap" / run_id / task_id / "1.log").read_text()


def test_a_failed_process_whose_exit_code_is_dropped_is_told_in_the_log(place: Place) -> None:
    """S2.u4: the training is a subprocess.call whose code nobody looks at; the task is green, its log not silent."""
    top = "import subprocess, sys\ndef train(): subprocess.call([sys.executable, '-c', 'import sys; sys.exit(3)'])"
    said = run(place, top, "PythonOperator(task_id='train', python_callable=train)")
    assert said.json["state"] == "success"
    assert "WARN  A process that this task started ended with exit code 3:" in log_of(place, said, "train")


def test_a_process_of_a_module_imported_in_the_task_is_told_of_as_well(place: Place) -> None:
    """S2.u4"""
    top = "def train():\n    from subprocess import call\n    call('exit 4', shell=True)"
    said = run(place, top, "PythonOperator(task_id='train', python_callable=train)")
    assert "ended with exit code 4: exit 4" in log_of(place, said, "train")


def test_a_bash_task_tells_its_exit_code_once(place: Place) -> None:
    """S2.u4"""
    said = run(place, "", "BashOperator(task_id='train', bash_command='exit 5')")
    log = log_of(place, said, "train")
    assert said.json["state"] == "failed"
    assert "exit code 5" in log
    assert "A process that this task started" not in log


def test_two_projects_each_import_their_own_utils(place: Place, tmp_path: Path) -> None:
    """S4.u4"""
    for name in ("one", "two"):
        folder = tmp_path / name / "dags"
        folder.mkdir(parents=True)
        (folder / "utils.py").write_text(f"NAME = {name!r}\n")
        top = "from utils import NAME\ndef tell(): return NAME"
        body = "    PythonOperator(task_id='tell', python_callable=tell)"
        (folder / "main.py").write_text(RUNS.format(top=top, body=body).replace('"trap"', f'"{name}"'))
    told = [place("run", str(tmp_path / n / "dags" / "main.py"), "--json").json for n in ("one", "two", "one")]
    assert [t["tasks"][0]["value"] for t in told] == ["one", "two", "one"]


def test_what_one_run_leaves_in_a_module_is_not_there_in_the_next(place: Place) -> None:
    """S4.u5: a defaultdict at module level that every run adds to."""
    top = (
        "from collections import defaultdict\nfound = defaultdict(list)\n"
        "def add():\n    found['news'].append(1)\n    return len(found['news'])"
    )
    body = "a = PythonOperator(task_id='a', python_callable=add)\na >> PythonOperator(task_id='b', python_callable=add)"
    values = [task["value"] for _ in range(2) for task in run(place, top, body).json["tasks"]]
    assert values == [1, 1, 1, 1]


def test_edges_are_run_as_written_whatever_the_names_suggest(place: Place) -> None:
    """S1.u9: extraction before the marker it seems to follow, the login last."""
    body = (
        "login = DummyOperator(task_id='iqoqo_login')\n"
        "model = BashOperator(task_id='build_model', bash_command='true')\n"
        "extract = BashOperator(task_id='extract', bash_command='true')\n"
        "existing = BashOperator(task_id='analyze_existing_images', bash_command='true')\n"
        "existing.set_upstream(extract)\nlogin << [model, existing]"
    )
    tasks = {t["task_id"]: t for t in run(place, "", body).json["tasks"]}
    assert tasks["extract"]["end"] <= tasks["analyze_existing_images"]["start"]
    assert max(tasks["build_model"]["end"], tasks["analyze_existing_images"]["end"]) <= tasks["iqoqo_login"]["start"]


@pytest.mark.parametrize(
    "locale", [{}, {"LC_ALL": "UTF-8"}, {"LANG": "xx_YY.unknown"}], ids=["none", "UTF-8", "unknown"]
)
def test_a_bash_task_works_whatever_the_locale(place: Place, locale: dict[str, str]) -> None:
    """S1.5: with none set, and with one that no system knows."""
    for name in ("LANG", "LC_ALL", "LC_CTYPE", "PYTHONUTF8"):
        place._environment.pop(name, None)
    place._environment.update(locale)
    said = run(place, "", "BashOperator(task_id='say', bash_command='printf \"caf\\\\xc3\\\\xa9\"')")
    assert said.json["tasks"][0]["value"] == "café"


@pytest.mark.parametrize("home", ["~(pwd)", "/dev/null/x", "relative/folder"])
def test_a_home_that_cannot_be_is_one_sentence(place: Place, home: str, tmp_path: Path) -> None:
    """S2.18: `export AIRFLOW_HOME=~(pwd)`, as the text has it."""
    import subprocess
    import sys

    file = place.file("trap.py", RUNS.format(top="", body="    DummyOperator(task_id='x')"))
    environment = {**place._environment, "AIRFLOW_HOME": home}
    environment.pop("VENTURI_HOME", None)
    done = subprocess.run(
        [sys.executable, "-m", "venturi.cli", "run", file],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert "Traceback" not in done.stderr
    if home == "relative/folder":
        assert done.returncode == 0, done.stderr  # an odd one, but it can be
        return
    assert done.returncode != 0
    assert len(done.stderr.strip().splitlines()) == 1
    assert f"The home '{home}'" in done.stderr
