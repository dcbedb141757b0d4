"""Versions of data by DVC and Git, in a workspace of its own, and what is said when one cannot be made."""

import shutil
import subprocess

from tests.conftest import NOBODY, sentence


def git(folder, *arguments):
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


def some_data(workspace):
    (workspace / "Data").mkdir(exist_ok=True)
    (workspace / "Data" / "songs").write_text("la la la")


def test_what_was_pushed_is_pulled_into_another_clone(command, workspace, tmp_path):
    some_data(workspace)
    done = command("version", "--message", "Songs", "Data/songs", folder=workspace)
    assert done.returncode == 0, done.stderr
    assert git(workspace, "log", "-1", "--format=%s by %an") == "Songs by a tester"
    clone = tmp_path / "place" / "clone"  # beside the workspace: the remote's relative address holds there too
    git(tmp_path, "clone", "--quiet", workspace, clone)
    assert not (clone / "Data" / "songs").exists()
    done = command("pull", folder=clone)
    assert done.returncode == 0, done.stderr
    assert (clone / "Data" / "songs").read_text() == "la la la"


def test_a_version_of_the_same_is_the_same_version(command, workspace):
    some_data(workspace)
    said = {command("version", "--message", "Songs", "Data/songs", folder=workspace).stdout for _ in range(2)}
    assert len(said) == 1


def test_preparing_again_keeps_what_is_there(command, workspace):
    before = git(workspace, "rev-parse", "HEAD")
    command("prepare-workspace", "--workspace", workspace, "--remote", workspace.parent / "remote")
    assert git(workspace, "rev-parse", "HEAD") == before


def test_without_an_identity_nothing_is_made(command, tmp_path):
    given = ("prepare-workspace", "--workspace", tmp_path / "w", "--remote", tmp_path / "r")
    said = sentence(command(*given, environment={**NOBODY, "HOME": str(tmp_path)}))
    assert said.startswith("Git does not know who makes the versions (user.name is not set). Set it with: git config")
    assert list(tmp_path.iterdir()) == []


def test_a_remote_that_cannot_be_reached_is_one_sentence_and_no_commit(command, workspace):
    some_data(workspace)
    shutil.rmtree(workspace.parent / "remote", ignore_errors=True)
    (workspace.parent / "remote").write_text("no folder any more")
    before = git(workspace, "rev-parse", "HEAD")
    said = sentence(command("version", "--message", "Songs", "Data/songs", folder=workspace))
    assert said.startswith("The DVC remote does not serve (storage ")
    assert git(workspace, "rev-parse", "HEAD") == before


def test_a_workspace_without_dvc_is_one_sentence(command, workspace):
    shutil.rmtree(workspace / ".dvc")
    some_data(workspace)
    said = sentence(command("version", "--message", "Songs", "Data/songs", folder=workspace))
    assert said == f"DVC is not initialised in {workspace}. Do so with: prepare-workspace"


def test_a_folder_that_is_no_repository_of_its_own_is_refused(command, workspace):
    inner = workspace / "inner"  # as the project's checkout around its data folder
    inner.mkdir()
    said = sentence(command("commit", "--message", "m", ".", folder=inner))
    assert said.startswith(f"{inner} is no Git repository of its own.")


def test_what_is_not_there_is_named(command, workspace):
    said = sentence(command("version", "--message", "Songs", "Data/none", folder=workspace))
    assert said == f"Data/none is not in {workspace}, so no version of it can be made."
