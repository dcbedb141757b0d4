"""Tests over the project: `venturi environments build .` says which python has pytest and all else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))
NOBODY = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
SOMEBODY = {**NOBODY, "GIT_AUTHOR_NAME": "a tester", "GIT_AUTHOR_EMAIL": "tester@localhost"}


@pytest.fixture
def command(tmp_path):
    """`python3 __main__.py …` in a folder, as somebody whom Git knows."""

    def run(*arguments, folder=tmp_path, environment=SOMEBODY):
        path = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", os.defpath)])
        given = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
        return subprocess.run(
            [sys.executable, str(PROJECT / "__main__.py"), *map(str, arguments)],
            cwd=folder,
            env={**given, "PATH": path, **environment},
            capture_output=True,
            text=True,
        )

    return run


@pytest.fixture
def workspace(command, tmp_path):
    folder = tmp_path / "place" / "workspace"
    done = command("prepare-workspace", "--workspace", folder, "--remote", tmp_path / "place" / "remote")
    assert done.returncode == 0, done.stderr
    return folder


def sentence(done):
    """What a command that failed says: one line, and no traceback."""
    assert done.returncode == 1, done.stdout + done.stderr
    (line,) = done.stderr.strip().splitlines()
    return line.removeprefix("Error: ")
