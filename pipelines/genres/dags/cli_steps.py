"""What the two approaches share: where the project works, and running its commands one after the other.

A DAG folder's files are imported by their plain names; this one holds no DAG.
"""

import os
import shlex
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("GENRES_DATA", PROJECT / "data"))


def run_commands(commands, folder, environment=None):
    """Each command as it is written; the first that fails ends the task with what it said last."""
    from airflow.exceptions import AirflowException
    from airflow.hooks.subprocess import SubprocessHook

    if not Path(folder).is_dir():
        raise AirflowException(f"There is no folder {folder}. The task that makes it has to run first.")
    # Git never looks above the workspace: versions of data and models do not belong into the project's own repository.
    ceiling = {"GIT_CEILING_DIRECTORIES": str(Path(folder).resolve().parent), "DVC_NO_ANALYTICS": "1"}
    said = ""
    for command in commands:
        print(f"$ {command}", flush=True)
        env = {**os.environ, **ceiling, **(environment or {})}
        done = SubprocessHook().run_command(shlex.split(command), env=env, cwd=str(folder))
        said = done.output.strip()
        if done.exit_code:
            raise AirflowException(f"{said.removeprefix('Error: ').removeprefix('ERROR: ')} (the command: {command})")
    return said
