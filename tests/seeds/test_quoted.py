"""The DAG code that the seed documents quote, held character for character beside this file, runs."""

import textwrap
from pathlib import Path

import pytest

from tests.sdk.loading import load
from tests.services.conftest import TOOLS, engine  # noqa: F401  (a fixture)
from venturi.config import find_home
from venturi.testing import run_dag

HERE = Path(__file__).parent
MUSIC = (HERE / "music_genre.txt").read_text()
JARO, TASKS = (HERE / "jaro_dag.txt").read_text(), (HERE / "jaro_tasks.txt").read_text()


def test_the_music_genre_file_loads_as_it_is_written(tmp_path):
    # S3.10 to S3.20
    loaded = load(tmp_path, MUSIC)
    assert loaded.dag.dag_id == "docker_dag"
    assert loaded.edges() == {("t1", "t2")}
    assert loaded.spec.catchup is False
    (task,) = (task for task in loaded.dag.tasks if task.task_id == "t2")
    assert task.command.startswith("python3 __main__.py train-using-image-features --model resnet18 ")
    assert task.command.endswith("--images_path Data/images_original")
    assert (task.image, task.network_mode) == ("music-genre-classif:latest", "bridge")
    assert len(task.environment) == 5


@pytest.mark.slow
def test_the_music_genre_file_runs_in_an_image_made_here(tmp_path, engine, monkeypatch):  # noqa: F811
    # S3.15, S3.21: the image's `python3` says what it was given.
    import docker

    assert "sh" in TOOLS
    client = docker.DockerClient(base_url=engine)
    (tmp_path / "image").mkdir()
    (tmp_path / "image" / "python3").write_text('#!/bin/sh\necho "$@"\n')
    (tmp_path / "image" / "python3").chmod(0o755)
    (tmp_path / "image" / "Dockerfile").write_text("FROM localhost/small:latest\nCOPY python3 /bin/python3\n")
    client.images.build(path=str(tmp_path / "image"), tag="music-genre-classif:latest")
    monkeypatch.setenv("DOCKER_HOST", engine)
    result = run_dag(load(tmp_path, MUSIC).dag)
    assert result.state == "success", result.errors
    assert result.value("t2").startswith(
        "__main__.py train-using-image-features --model resnet18 --criterion cross_entropy"
    )
    assert {"add_the_AWS_SECRET_ACCESS_KEY", "add_the_AWS_SESSION_TOKEN"} <= set(result.store.masked)


def test_the_jaro_file_runs_with_the_function_that_its_text_leaves_out(tmp_path, monkeypatch):
    # S5.30 to S5.37: what is quoted is held as it is; its order is that of a file.
    imports, _, rest = TASKS.partition("email_list = ")
    addresses, _, tasks = rest.partition("\n\n")
    text = "\n".join(
        [
            "from datetime import datetime\nfrom airflow import DAG\n",
            imports,
            f"email_list = {addresses}\n",
            JARO,
            "def run_analysis():\n    return 'inserted'\n",
            tasks,
            "run_analysis >> email_success\n",
        ]
    )
    monkeypatch.setenv("VENTURI_HOME", str(tmp_path))
    loaded = load(tmp_path, textwrap.dedent(text))
    assert loaded.dag.dag_id == "jaro_dag"
    assert loaded.edges() == {("run_analysis", "email_success")}
    result = run_dag(loaded.dag)
    assert result.state == "success", result.errors
    assert result.value("run_analysis") == "inserted"
    (kept,) = (find_home().own / "outbox").glob("*.eml")
    assert "To: asimbanskota@gmail.com" in kept.read_text()
