"""The image of `genres`, built in its stages on a Debian made here, and both Docker DAGs in it: root, podman."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from . import containers
from .containers import Podman
from .test_genres import PIPELINE, home, interpreter, states, venturi  # noqa: F401

pytestmark = pytest.mark.slow
IMAGE = "music-genre-classif:latest"


@pytest.fixture(scope="module")
def podman() -> Iterator[Podman]:
    if lacking := containers.lacks():
        pytest.skip(f"building the image needs {lacking}")
    with containers.engine() as made:
        yield made


@pytest.fixture(scope="module")
def image(podman: Podman) -> Podman:
    podman.build(IMAGE, PIPELINE)
    return podman


def names(image: Podman, data: Path) -> dict[str, str]:
    identity = {"GIT_AUTHOR_NAME": "a tester", "GIT_AUTHOR_EMAIL": "tester@localhost"}
    return {**identity, "GENRES_DATA": str(data), "DOCKER_HOST": image.address}


def test_the_container_approach_trains_and_makes_a_version(image, home, tmp_path):  # noqa: F811
    # S3.21 to S3.24, S3.29, S3.u1: the command of the seed; quotes survive; limits; keys from variables
    data = tmp_path / "data"
    key = "wJalrXUtnFEMI7bPxRfiCY" + "zEXAMPLEKEYzz"
    venturi(home, "variables", "set", "aws_secret_access_key", key)
    done = venturi(home, "run", "dags/genres_docker.py", "--json", **names(image, data))
    result: dict[str, Any] = json.loads(done.stdout)
    assert result["state"] == "success", states(result)
    workspace = data / "docker" / "workspace"
    assert json.loads((workspace / "metrics.json").read_text())["accuracy"] > 0.5
    version = next(task["value"] for task in result["tasks"] if task["task_id"] == "version_model")
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=workspace, capture_output=True, text=True).stdout.strip()
    assert version == head
    assert list((data / "docker" / "remote").rglob("*.dir")) == []  # the model alone was pushed
    logs = [file for file in (home / "logs").rglob("*.log") if "genres_docker" in file.parts]
    assert key not in "".join(file.read_text() for file in logs)


def test_the_seeds_file_trains_in_an_image_that_holds_its_data(image, home, tmp_path):  # noqa: F811
    # S3.10 to S3.21, S3.23, S3.u3: data is pulled while the image is built, with keys that are in none of its layers
    moto = pytest.importorskip("moto.server")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        clone = published(home, tmp_path, f"http://{host}:{port}")
        secret = tmp_path / "credentials"
        secret.write_text("[default]\naws_access_key_id = testing\naws_secret_access_key = never-in-a-layer\n")
        secrets = ["--secret", f"id=aws_credentials,src={secret}", "--build-arg", "PULL=yes"]
        image.build(IMAGE, clone, *secrets)
    finally:
        server.stop()
    assert "never-in-a-layer" not in image("history", "--no-trunc", IMAGE)
    assert image("run", "--rm", "--network=none", IMAGE, "ls", "Data/images_original").split() == [
        *("ambient", "swing", "techno", "waltz"),
    ]
    searched = [
        "run",
        "--rm",
        "--network=none",
        IMAGE,
        "sh",
        "-c",
        "grep -rl never-in-a-layer /usr/src /run /home || :",
    ]
    assert image(*searched).strip() == ""
    done = venturi(home, "run", "dags/docker_dag.py", "--json", DOCKER_HOST=image.address)
    result = json.loads(done.stdout)
    assert states(result) == {"t1": "success", "t2": "success"}
    assert "test accuracy" in next(task["value"] for task in result["tasks"] if task["task_id"] == "t2")


def published(home: Path, folder: Path, endpoint: str) -> Path:  # noqa: F811
    """A clone of a workspace whose songs and images are in a bucket."""
    import boto3

    workspace, remote = folder / "python" / "workspace", folder / "python" / "remote"
    python = interpreter(home)
    identity = {"GIT_AUTHOR_NAME": "a tester", "GIT_AUTHOR_EMAIL": "tester@localhost"}
    environment = {**os.environ, **identity, "PATH": f"{Path(python).parent}:{os.environ['PATH']}"}

    def command(cwd: Path, *arguments: str) -> None:
        subprocess.run([python, "__main__.py", *arguments], cwd=cwd, env=environment, check=True)

    audio, images = "Data/genres_original", "Data/images_original"
    command(PIPELINE, "prepare-workspace", "--workspace", str(workspace), "--remote", str(remote))
    command(workspace, "generate-audio", "--audio_path", audio, "--songs", "20")
    command(workspace, "create-image-features-from-audio", "--path_with_audios_dir", audio, "--path_to_image", images)
    command(workspace, "version", "--message", "Songs", audio, images)
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing", "region_name": "us-east-1"}
    client = boto3.client("s3", endpoint_url=endpoint, **keys)
    client.create_bucket(Bucket="genres")
    for file in (one for one in remote.rglob("*") if one.is_file()):
        client.upload_file(str(file), "genres", f"data/{file.relative_to(remote)}")
    clone = folder / "clone"
    subprocess.run(["git", "clone", "--quiet", workspace, clone], check=True)
    (clone / ".dvc" / "config").write_text(
        "[core]\n    remote = s3\n    analytics = false\n"
        f"['remote \"s3\"']\n    url = s3://genres/data\n    endpointurl = {endpoint}\n    region = us-east-1\n"
    )
    return clone


def test_an_image_that_is_not_there_is_one_sentence(podman, home, tmp_path):  # noqa: F811
    podman("rmi", "--force", "--ignore", IMAGE)
    done = venturi(home, "run", "dags/docker_dag.py", "--json", DOCKER_HOST=podman.address)
    assert states(json.loads(done.stdout)) == {"t1": "success", "t2": "failed"}
    assert "is not on the engine and cannot be pulled" in done.stderr


def test_a_run_whose_image_is_not_there_is_left_out(podman, monkeypatch):
    from scripts.pipelines import left_out

    monkeypatch.setenv("DOCKER_HOST", podman.address)
    one = {"file": "dags/genres_docker.py", "needs": "docker", "image": "nobody-has-this:latest"}
    assert left_out(one) == "the Docker engine has no image nobody-has-this:latest"
    assert left_out({**one, "image": containers.BASE}) == ""
