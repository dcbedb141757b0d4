"""The food pipeline (S1): its files as they are; and, slow, in its own environment: its tests and both runs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Place, until
from tests.cli.conftest import place as place  # the fixture

FOOD = Path(__file__).parents[2] / "pipelines" / "food"
SETS = range(5)


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict]:
    """What `venturi check` says of each file, in Venturi's own interpreter."""
    made = Place(tmp_path_factory.mktemp("checked"))
    found = json.loads(made("check", str(FOOD), "--json").out)
    made.end()
    return {Path(one["file"]).name: one for one in found}


def test_its_folder_holds_two_dag_files_and_the_steps_are_none(checked) -> None:
    """S1.17, S1.18, S1.19, S1.21, S1.22"""
    assert set(checked) == {"iqoqo_bash_operator.py", "iqoqo_python_operator.py"}
    for step in ("build_dataset.py", "extract_features.py", "train.py", "predict.py"):
        assert (FOOD / step).is_file()


def test_five_sets_are_analyzed_side_by_side_before_the_model_is_built_and_asked(checked) -> None:
    """S1.11, S1.20, S1.u4"""
    edges = checked["iqoqo_bash_operator.py"]["dags"]["iqoqo_bash_operator"]
    assert edges == {
        "iqoqo_login": [f"build_dataset_{i}" for i in SETS],
        **{f"build_dataset_{i}": [f"extract_features_from_images_{i}"] for i in SETS},
        **{f"extract_features_from_images_{i}": ["analyze_existing_images"] for i in SETS},
        "analyze_existing_images": ["build_model"],
        "build_model": ["analyze_unknown_images"],
        "analyze_unknown_images": [],
    }


def test_the_file_of_1_10_runs_as_it_is(checked) -> None:
    """S1.u1, S1.u2, S1.u3, S1.u5; S1.u10: it does not say `catchup`, and begins a day before it is read."""
    found = checked["iqoqo_bash_operator.py"]
    assert (found["verdict"], found["warnings"]) == ("runs", [])
    text = (FOOD / "iqoqo_bash_operator.py").read_text()
    for spelled in (
        "from builtins import range",
        "from airflow.models import DAG",
        "from airflow.operators.bash_operator import BashOperator",
        "from airflow.operators.dummy_operator import DummyOperator",
        "airflow.utils.dates.days_ago(1)",
        'schedule_interval="0 0 * * *"',
        "dagrun_timeout=timedelta(minutes=60)",
        'bash_command=""',
    ):
        assert spelled in text


def test_no_file_of_it_names_venturi_or_holds_a_key(checked) -> None:
    """S1.16, S1.u6, S1.u7: where a step runs, and who may read, is said outside."""
    for file in FOOD.glob("iqoqo_*.py"):
        text = file.read_text()
        assert "venturi" not in text.lower()
        assert not re.search(r"(password|secret|token)\w*\s*=\s*['\"]", text, re.IGNORECASE)
    for found in checked.values():
        assert not [w for w in found["warnings"] if "While it is imported" in w or "literal" in w]


def test_the_old_command_line_lists_its_tasks(place: Place) -> None:
    """S1.u8"""
    done = subprocess.run(
        [sys.executable, "-m", "venturi.cli", "python", str(FOOD / "iqoqo_bash_operator.py"), "list_tasks"],
        env={**place._environment, "VENTURI_HOME": str(place.home.root)},
        capture_output=True,
        text=True,
    )
    assert "extract_features_from_images_4" in done.stdout.split(), done.stderr


def test_exported_variables_reach_every_bash_task_of_run_and_of_up(place: Place) -> None:
    """S1.6, S1.7: one shell, one tree: no second terminal in which they are missing."""
    place._environment |= {"LC_ALL": "en_US.UTF-8", "LANG": "en_US.UTF-8", "HOME": str(place.folder)}
    (place.dags / "says.py").write_text(
        "from airflow.models import DAG\nfrom airflow.operators.bash_operator import BashOperator\n"
        "dag = DAG('says', schedule_interval=None)\n"
        "BashOperator(task_id='says', bash_command='echo $LC_ALL $LANG $HOME', dag=dag)\n"
    )
    said = f"en_US.UTF-8 en_US.UTF-8 {place.folder}"
    assert place("run", str(place.dags / "says.py"), "--json").json["tasks"][0]["value"] == said
    place.up()
    until(lambda: "says" in place("ls").out, "the file is read")
    place("trigger", "says", "--unpause")
    logs = place.home.logs / "says"
    until(lambda: sum(said in log.read_text() for log in logs.glob("*/says/1.log")) == 2, "both runs have said it")


# ── in its own environment ──


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory):
    made = Place(tmp_path_factory.mktemp("built"))
    done = subprocess.run(made.argv("environments", "build", str(FOOD)), capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"the environment of pipelines/food cannot be built here: {done.stderr.splitlines()[-1]}")
    made._environment["FOOD_DATA"] = str(made.folder / "data")
    yield made, done.stdout.strip()
    made.end()


def run(place: Place, name: str) -> dict:
    command = place.argv("run", str(FOOD / f"{name}.py"), "--json")
    done = subprocess.run(command, env=place._environment, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


@pytest.mark.slow
def test_its_own_tests_pass_in_its_environment(built) -> None:
    """S1.u12, and S1.3, S1.9, S1.u11 by name"""
    done = subprocess.run(
        [str(FOOD / "run_test.sh")], env={**os.environ, "PYTHON": built[1]}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("name", ["iqoqo_bash_operator", "iqoqo_python_operator"])
def test_a_run_leaves_a_report_for_each_agent_and_what_it_left_is_verified(built, name: str, tmp_path: Path) -> None:
    """S1.8, S1.10 to S1.14, S1.23, S1.u13"""
    place, python = built
    said = run(place, name)
    reports = [t["value"] for t in said["tasks"] if str(t["value"]).endswith(".txt")]
    assert len(set(reports)) == len(reports)
    (tmp_path / "run.json").write_text(json.dumps(said))
    done = subprocess.run([python, "verify.py", str(tmp_path / "run.json")], cwd=FOOD, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_s3_that_does_not_answer_is_asked_again_and_what_follows_does_not_start(built) -> None:
    """S1.9, S1.10"""
    place, _ = built
    place._environment |= {"FOOD_BUCKET": "theirs", "FOOD_ENDPOINT": "http://127.0.0.1:9"}
    said = run(place, "iqoqo_bash_operator")
    tasks = {task["task_id"]: task for task in said["tasks"]}
    assert (tasks["build_dataset_0"]["state"], tasks["build_dataset_0"]["try"]) == ("failed", 2)
    assert tasks["build_model"]["state"] == "upstream_failed"
    log = place.home.logs / "iqoqo_bash_operator" / said["run_id"] / "build_dataset_0" / "2.log"
    assert "http://127.0.0.1:9 does not answer (" in log.read_text()
    mapped = run(place, "iqoqo_python_operator")
    assert {t["task_id"]: (t["state"], t["try"]) for t in mapped["tasks"]}["list_images"] == ("failed", 3)


@pytest.mark.slow
def test_what_another_try_does_not_mend_is_not_tried_again(built) -> None:
    """S1.3: a connection that names no bucket."""
    place, _ = built
    place._environment |= {"AIRFLOW_CONN_FOOD_IMAGES": "aws://me:secret@"}
    said = run(place, "iqoqo_python_operator")
    assert {t["task_id"]: (t["state"], t["try"]) for t in said["tasks"]}["list_images"] == ("failed", 1)
    log = place.home.logs / "iqoqo_python_operator" / said["run_id"] / "list_images" / "1.log"
    assert "The connection food_images names no bucket" in log.read_text()
