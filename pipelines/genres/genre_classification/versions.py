"""Versions of data and model: DVC keeps the files, Git says which belonged together.

All of it happens in a *workspace*: a folder that is a Git and a DVC repository of its own, with this project's code in
it. Git is kept from ever looking above it (GIT_CEILING_DIRECTORIES).
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from .problem import Problem

PROJECT = Path(__file__).resolve().parent.parent
CODE = ("__main__.py", "genre_classification", "requirements.txt", "Dockerfile", ".dockerignore", "dvc_pull_files.sh")
REMOTE_NAME = "storage"
_IGNORED = "__pycache__/\n/Data/incoming/\n/Data/incoming_images/\n"


def environment(workspace: Path) -> dict[str, str]:
    above = str(workspace.resolve().parent)
    return {**os.environ, "GIT_CEILING_DIRECTORIES": above, "DVC_NO_ANALYTICS": "1", "GIT_TERMINAL_PROMPT": "0"}


def run(workspace: Path, *command: str) -> str:
    """Its output. What it says when it fails becomes one sentence."""
    try:
        done = subprocess.run(
            command, cwd=workspace, env=environment(workspace), stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
    except FileNotFoundError:
        if not workspace.is_dir():
            raise Problem(f"There is no workspace {workspace}. Make it with: prepare-workspace") from None
        raise Problem(f"{command[0]} is not installed, and versions need it.") from None
    if done.returncode != 0:
        raise Problem(f"'{' '.join(command[:3])}' failed: {_reason(done.stderr or done.stdout)}")
    return done.stdout.strip()


def _reason(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.lower().startswith(("error:", "fatal:"))]
    return (errors or lines or ["it does not say why"])[0]


# ── the workspace ──


def prepare(workspace: Path, remote: str) -> str:
    """A workspace with today's code and a DVC remote; what is there is kept. Returns its newest commit."""
    name, email = _identity(workspace.parent if workspace.parent.is_dir() else PROJECT)
    is_folder = "://" not in remote
    try:
        workspace.mkdir(parents=True, exist_ok=True)
        if is_folder:
            Path(remote).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Problem(f"{error.filename} cannot be made: {error.strerror}.") from error
    if not (workspace / ".git").exists():
        run(workspace, "git", "init", "--quiet", "--initial-branch", "main")
    run(workspace, "git", "config", "user.name", name)  # containers, which know nothing of this user, find it here
    run(workspace, "git", "config", "user.email", email)
    if not (workspace / ".dvc").exists():
        run(workspace, "dvc", "init", "--quiet")
    for option in ("core.analytics", "core.check_update"):
        run(workspace, "dvc", "config", option, "false")
    # Relative, so that the remote is found wherever the two folders are mounted side by side.
    address = os.path.relpath(Path(remote).resolve(), workspace.resolve()) if is_folder else remote
    run(workspace, "dvc", "remote", "add", "--quiet", "--force", "--default", REMOTE_NAME, address)
    _bring_code(workspace)
    (workspace / ".gitignore").write_text(_IGNORED, "utf-8")
    return commit(workspace, "The code, and where the data is kept", [".gitignore", ".dvc", ".dvcignore", *CODE])


def _identity(folder: Path) -> tuple[str, str]:
    """Who commits, as Git would find it out; it does not guess, and neither do we."""
    found = []
    for field in ("name", "email"):
        value = os.environ.get(f"GIT_AUTHOR_{field.upper()}") or _config(folder, f"user.{field}")
        if not value:
            raise Problem(
                f"Git does not know who makes the versions (user.{field} is not set). Set it with: "
                f"git config --global user.{field} …, or the environment variable GIT_AUTHOR_{field.upper()}."
            )
        found.append(value)
    return found[0], found[1]


def _config(folder: Path, key: str) -> str:
    try:
        done = subprocess.run(["git", "config", "--get", key], cwd=folder, capture_output=True, text=True)
    except FileNotFoundError:
        raise Problem("git is not installed, and versions need it.") from None
    return done.stdout.strip()


def _bring_code(workspace: Path) -> None:
    for name in CODE:
        source, target = PROJECT / name, workspace / name
        if source.resolve() == target.resolve():
            return  # the workspace is the project
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)


# ── versions ──


def add_and_push(workspace: Path, paths: list[str]) -> None:
    """The paths go to DVC and its remote; what they are is then in `PATH.dvc`, for Git."""
    check(workspace)
    if absent := [path for path in paths if not (workspace / path).exists()]:
        raise Problem(f"{absent[0]} is not in {workspace}, so no version of it can be made.")
    run(workspace, "dvc", "add", "--quiet", *paths)
    _with_remote(workspace, "push", paths, "nothing was committed")


def pull(workspace: Path, paths: list[str]) -> None:
    check(workspace)
    _with_remote(workspace, "pull", paths, "not all files of this version are there")


def _with_remote(workspace: Path, verb: str, paths: list[str], outcome: str) -> None:
    try:
        run(workspace, "dvc", verb, "--quiet", *(f"{path}.dvc" for path in paths))
    except Problem as problem:
        address = " ".join(run(workspace, "dvc", "remote", "list").split()) or "none is set"
        raise Problem(f"The DVC remote does not serve ({address}); {outcome}. {problem}") from None


def check(workspace: Path) -> None:
    if not (workspace / ".git").exists():
        raise Problem(f"{workspace} is no Git repository of its own. Make it one with: prepare-workspace")
    if not (workspace / ".dvc" / "config").is_file():
        raise Problem(f"DVC is not initialised in {workspace}. Do so with: prepare-workspace")


def commit(workspace: Path, message: str, paths: list[str], tag: str | None = None) -> str:
    """The newest commit; a new one only where something has changed."""
    check(workspace)
    there = [path for path in paths if (workspace / path).exists()]
    run(workspace, "git", "add", "--", *there)
    if run(workspace, "git", "status", "--porcelain", "--untracked-files=no"):
        run(workspace, "git", "commit", "--quiet", "--message", message)
    if tag:
        run(workspace, "git", "tag", "--force", tag)
    return run(workspace, "git", "rev-parse", "--short", "HEAD")
