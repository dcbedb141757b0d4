"""The pipeline `genres`: both approaches as DAG files, and, with its environment, what they do and say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from scripts.pipelines import left_out

from tests.sdk.loading import load

TOP = Path(__file__).resolve().parents[2]
PIPELINE = TOP / "pipelines" / "genres"
VENTURI = str(Path(sys.executable).with_name("venturi"))
SEEDS_COMMAND = (
    "python3 __main__.py train-using-image-features --model resnet18 --criterion cross_entropy --optimizer sdg "
    "--checkpoints_path checkpoints --images_path Data/images_original"
)
LIMIT_S = 900


def venturi(home: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "VENTURI_HOME": str(home), "GENRES_DATA": str(home / "data"), **variables}
    return subprocess.run(
        [VENTURI, *arguments], env=environment, cwd=PIPELINE, capture_output=True, text=True, timeout=LIMIT_S
    )


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    done = venturi(tmp_path_factory.mktemp("home"), "check", "dags", "--json")
    return {Path(one["file"]).name: one for one in json.loads(done.stdout)}


def test_all_files_run_as_they_are(checked):
    assert {name: one["errors"] for name, one in checked.items() if one["errors"]} == {}
    assert {dag for one in checked.values() for dag in one["dags"]} == {
        *("genres_python", "genres_docker", "docker_dag", "docker_dag_multiple_commands"),
    }


def test_the_edges_are_those_that_the_files_write(checked):
    # S3.2, S3.19, S3.33: both approaches; a TaskFlow call and classic operators in one chain
    def edges(name: str, dag_id: str) -> dict[str, list[str]]:
        return {task: sorted(down) for task, down in checked[name]["dags"][dag_id].items()}

    assert edges("genres_python.py", "genres_python") == {
        "prepare": ["collect_songs"],
        "collect_songs": ["create_images"],
        "create_images": ["version_data"],
        "version_data": ["train"],
        "train": ["evaluate", "watch"],
        "evaluate": ["version_model"],
        "watch": ["version_model"],
        "version_model": ["alarm"],
        "alarm": [],
    }
    assert edges("genres_docker.py", "genres_docker") == {
        "prepare": ["collect_songs"],
        "collect_songs": ["create_images"],
        "create_images": ["train"],
        "train": ["version_model"],
        "version_model": [],
    }
    assert edges("docker_dag.py", "docker_dag") == {"t1": ["t2"], "t2": []}


def test_the_seeds_file_is_the_seeds_file():
    # S3.10 to S3.20; that it runs is shown in tests/seeds
    assert (PIPELINE / "dags" / "docker_dag.py").read_text() == (
        TOP / "tests" / "seeds" / "music_genre.txt"
    ).read_text()


def test_the_seeds_command_is_that_of_both_approaches():
    # S3.16
    for name in ("genres_python.py", "genres_docker.py"):
        text = (PIPELINE / "dags" / name).read_text().replace('"\n    "', "")
        assert SEEDS_COMMAND in text, name


def test_keys_written_into_a_file_are_told_and_masked(tmp_path):
    # S3.24, S3.u2: the public variants of the seed's file hold keys
    text = (PIPELINE / "dags" / "docker_dag.py").read_text()
    key, token = "wJalrXUtnFEMI7bPxRfiCY" + "zEXAMPLEKEYzz", "FwoGZXIvYXdzEBQaDL" + "t0k3n0fAS3ss10n"
    text = text.replace("add_the_AWS_SECRET_ACCESS_KEY", key).replace("add_the_AWS_SESSION_TOKEN", token)
    (tmp_path / "docker_dag.py").write_text(text)
    done = venturi(tmp_path, "check", str(tmp_path / "docker_dag.py"))
    assert done.stdout.count("is written in the file") == 2
    assert key not in done.stdout
    assert token not in done.stdout
    assert venturi(tmp_path, "check", "dags").stdout.count("is written in the file") == 0


def test_what_a_container_may_use_is_said_outside_the_file(tmp_path, monkeypatch):
    # S3.22: memory, CPUs, GPUs
    monkeypatch.syspath_prepend(str(PIPELINE / "dags"))
    for name, value in {"GENRES_GPUS": "-1", "GENRES_CPUS": "3.5", "GENRES_MEMORY": "6g"}.items():
        monkeypatch.setenv(name, value)
    loaded = load(tmp_path, (PIPELINE / "dags" / "genres_docker.py").read_text())
    task = next(task for task in loaded.dag.tasks if task.task_id == "train")
    assert (task.mem_limit, task.cpus) == ("6g", 3.5)
    assert task.device_requests == [
        {"Driver": "", "Count": -1, "DeviceIDs": [], "Capabilities": [["gpu"]], "Options": {}}
    ]


def test_a_run_without_its_engine_or_its_image_is_left_out_and_why_is_said(tmp_path, monkeypatch):
    one = {"file": "dags/genres_docker.py", "needs": "docker", "image": "music-genre-classif:latest"}
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path / 'absent.sock'}")
    assert left_out(one) == "no Docker engine answers"
    assert left_out({"file": "dags/genres_python.py"}) == ""


# ── with its environment ──


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the environment is built; GENRES_HOME names one that is there already."""
    place = Path(os.environ.get("GENRES_HOME") or tmp_path_factory.mktemp("genres"))
    done = venturi(place, "environments", "build", str(PIPELINE))
    assert done.returncode == 0, done.stderr
    return place


def interpreter(home: Path) -> str:
    done = venturi(home, "environments", "build", str(PIPELINE), "--json")
    return str(json.loads(done.stdout)["python"])


def run(home: Path, data: Path, conf: dict[str, Any] | None = None, **variables: str) -> dict[str, Any]:
    names = {"GIT_AUTHOR_NAME": "a tester", "GIT_AUTHOR_EMAIL": "tester@localhost", "GENRES_DATA": str(data)}
    arguments = ["dags/genres_python.py", "--json", "--conf", json.dumps({"songs": 60, **(conf or {})})]
    done = venturi(home, "run", *arguments, **{**names, **variables})
    return dict(json.loads(done.stdout))


def states(result: dict[str, Any]) -> dict[str, str]:
    return {task["task_id"]: task["state"] for task in result["tasks"]}


def error_of(home: Path, result: dict[str, Any], task_id: str) -> str:
    folder = home / "logs" / result["dag_id"]
    logs = [file for file in folder.rglob("*.log") if task_id in file.parts and folder.name in file.parts]
    return max(logs, key=lambda file: file.stat().st_mtime).read_text()


@pytest.fixture(scope="session")
def after_a_run(home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    data = tmp_path_factory.mktemp("data")
    return data, run(home, data)


@pytest.mark.slow
def test_its_own_tests_pass(home):
    done = subprocess.run([interpreter(home), "-m", "pytest", "-q", "tests"], cwd=PIPELINE, timeout=LIMIT_S)
    assert done.returncode == 0


@pytest.mark.slow
def test_a_run_ends_with_a_model_a_version_and_figures(home, after_a_run, tmp_path):
    # S3.5 to S3.9, S3.16, S3.26, S3.29, S3.30
    data, result = after_a_run
    assert result["state"] == "success", states(result)
    file = tmp_path / "result.json"
    file.write_text(json.dumps(result))
    environment = {**os.environ, "GENRES_DATA": str(data)}
    command = [interpreter(home), "verify.py", str(file)]
    done = subprocess.run(command, cwd=PIPELINE, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "above chance" in done.stdout


@pytest.mark.slow
def test_songs_that_are_not_like_the_trained_ones_raise_the_alarm(home, after_a_run):
    # S3.27: what has drifted, and by how much; the version of the day is made all the same
    data, _ = after_a_run
    result = run(home, data, {"change": "muffled", "num_epoch": 1})
    assert result["state"] == "failed"
    assert states(result)["alarm"] == "failed"
    assert states(result)["version_model"] == "success"
    said = error_of(home, result, "alarm")
    assert "level has drifted: its median went from" in said
    assert "accuracy fell to" in said  # one epoch is not enough: the history says so
    history = (data / "python" / "workspace" / "metrics" / "history.jsonl").read_text().splitlines()
    assert len(history) == 2


@pytest.mark.slow
def test_without_a_git_identity_nothing_is_begun(home, tmp_path):
    nobody = {"GIT_AUTHOR_NAME": "", "GIT_AUTHOR_EMAIL": "", "GIT_CONFIG_GLOBAL": os.devnull, "HOME": str(tmp_path)}
    result = run(home, tmp_path / "data", GIT_CONFIG_SYSTEM=os.devnull, VENTURI_HOME=str(home), **nobody)
    assert states(result)["prepare"] == "failed"
    assert "Git does not know who makes the versions (user.name is not set). Set it with: git config" in error_of(
        home, result, "prepare"
    )
    assert not (tmp_path / "data").exists()


@pytest.mark.slow
def test_without_an_engine_the_container_approach_says_so(home, tmp_path):
    names = {"GIT_AUTHOR_NAME": "a tester", "GIT_AUTHOR_EMAIL": "tester@localhost", "GENRES_DATA": str(tmp_path)}
    address = f"unix://{tmp_path}/none.sock"
    done = venturi(home, "run", "dags/genres_docker.py", "--json", DOCKER_HOST=address, **names)
    result = json.loads(done.stdout)
    assert states(result) == {
        "prepare": "success",
        "collect_songs": "failed",
        **dict.fromkeys(("create_images", "train", "version_model"), "upstream_failed"),
    }
    assert "No Docker engine answers" in error_of(home, result, "collect_songs")
