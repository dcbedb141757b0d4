"""The image of `genres`, built in its stages on a Debian made here, and both Docker DAGs in it. Needs root and podman.

The base system and the engine's store are kept in .prove/genres-image, so that only a first build takes minutes
(remove it to have them made anew). Builds use this machine's pip settings, read here and mounted for the build alone.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.services.conftest import serve, settings_of_podman

from .test_genres import LIMIT_S, PIPELINE, TOP, home, interpreter, states, venturi  # noqa: F401

pytestmark = pytest.mark.slow
IMAGE = "music-genre-classif:latest"
BASE = "localhost/debian-python:latest"
KEPT = TOP / ".prove" / "genres-image"


class Podman:
    """An engine with a store of its own, and its Docker API."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, **settings_of_podman(folder)}
        self.command = ["podman", "--tmpdir", str(folder / "tmp")]
        self.address = ""

    def __call__(self, *arguments: str) -> str:
        command = [*self.command, *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, timeout=LIMIT_S)
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
        return done.stdout


def base_system() -> Path:
    """An archive of a Debian with Python and Git."""
    place = KEPT / "base"
    archive = place / "base.tar"
    if not archive.exists():
        listed = [*Path("/etc/apt").glob("sources.list"), *Path("/etc/apt/sources.list.d").glob("*")]
        words = [line.split() for file in listed for line in file.read_text().splitlines()]
        addresses = [word for line in words for word in line[1:] if line[0] in ("URIs:", "deb")]
        mirror = next(one for one in addresses if one.rstrip("/").endswith("/debian"))
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        wanted = "--include=python3,python3-venv,git,ca-certificates"
        command = ["debootstrap", "--variant=minbase", wanted, "bookworm", str(place / "root"), mirror]
        subprocess.run(command, check=True, capture_output=True, timeout=LIMIT_S)
        shutil.rmtree(place / "root" / "var" / "cache" / "apt", ignore_errors=True)
        subprocess.run(["tar", "-C", place / "root", "-cf", f"{archive}.new", "."], check=True)
        Path(f"{archive}.new").rename(archive)
        shutil.rmtree(place / "root")
    return archive


def pips_settings() -> list[str]:
    """For the build alone: this machine's pip files, seen at the same places."""
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "debug"], capture_output=True, text=True).stdout
    files = [line.split(",")[0].strip() for line in listed.splitlines() if line.strip().endswith("exists: True")]
    said = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True).stdout
    named = [word.strip("'") for line in said.splitlines() for word in line.partition("=")[2].strip("'").split()]
    paths = {path for path in [*files, *named] if path.startswith("/") and Path(path).exists()}
    return [argument for path in sorted(paths) for argument in ("--volume", f"{path}:{path}:ro")]


@pytest.fixture(scope="module")
def podman(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Podman]:
    if os.geteuid() or any(shutil.which(tool) is None for tool in ("podman", "debootstrap", "iptables")):
        pytest.skip("building the image needs root, podman, iptables and debootstrap")
    store = KEPT / "store"
    store.mkdir(parents=True, exist_ok=True)
    made = Podman(store)
    if BASE not in made("images", "--format", "{{.Repository}}:{{.Tag}}").split():
        made("import", str(base_system()), BASE)
    socket = tmp_path_factory.mktemp("engine") / "api.sock"
    service = serve(made.command, made.environment, socket)
    made.address = f"unix://{socket}"
    yield made
    service.terminate()
    service.wait()
    made("rm", "--all", "--force")
    subprocess.run(["umount", store / "graph" / "overlay"], capture_output=True)


def build(podman: Podman, folder: Path, *more: str) -> str:
    arguments = ["--network=host", "--build-arg", f"BASE={BASE}", *pips_settings(), "--tag", IMAGE, *more]
    return podman("build", *arguments, str(folder))


@pytest.fixture(scope="module")
def image(podman: Podman) -> Podman:
    build(podman, PIPELINE)
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
        build(image, clone, *secrets)
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
    assert left_out({**one, "image": BASE}) == ""
