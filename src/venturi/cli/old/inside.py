"""What is done in a DAG file's own interpreter: `tasks test`, `tasks render`, `dags test`.

`tasks test` and `render` go the way of `dag.cli()`; `dags test` is `venturi run`.
"""

from __future__ import annotations

import json
import os
import subprocess
from argparse import Namespace

from ...bundles import single_file_bundle
from ..environments import must_be_fit, placed
from ..printing import COULD_NOT_START, fail
from ..python import environment_for
from . import At, finding


def in_file(at: At, given: Namespace, words: list[str], variables: dict[str, str] | None = None) -> int:
    """One command of `dag.cli()` in a process of the interpreter that the file runs in."""
    file = finding.file_of(at, given.dag_id, given.subdir)
    bundle = placed(at.home, single_file_bundle(file))
    must_be_fit(bundle)
    environment = {**environment_for(at.home, at.home_given, bundle, file), **(variables or {})}
    argv = [bundle.python, "-m", "venturi.cli.finder", "-m", "venturi.cli.in_file", str(file), given.dag_id, *words]
    return subprocess.run(argv, env=environment, check=False).returncode


def test(at: At, given: Namespace) -> int:
    verb = "render" if given.dry_run else "test"
    params = ["--task-params", given.task_params] if given.task_params and not given.dry_run else []
    return in_file(at, given, [verb, given.task_id, *_date(at, given), *params], _variables(given.env_vars))


def _variables(text: str | None) -> dict[str, str]:
    try:
        found = json.loads(text or "{}")
    except ValueError as error:
        fail(f"--env-vars is not JSON: {error}.", COULD_NOT_START, "usage")
    if not isinstance(found, dict):
        fail('--env-vars must be a JSON object, such as \'{"NAME": "value"}\'.', COULD_NOT_START, "usage")
    return {name: str(value) for name, value in found.items()}


def render(at: At, given: Namespace) -> int:
    return in_file(at, given, ["render", given.task_id, *_date(at, given)])


def _date(at: At, given: Namespace) -> list[str]:
    """A run that is there is known by its name too."""
    if given.run is None:
        return []
    if at.has_database:
        with at.reader() as reader:
            found = reader.run(given.dag_id, given.run)
        if found is not None and found.logical_date is not None:
            from .rows import date

            return [str(date(found.logical_date))]
    return [given.run]


def test_dag(at: At, given: Namespace) -> int:
    if given.mark_success_pattern:
        fail("No task is left out of a test run here; run some alone with: venturi run-task DAG TASK", code="usage")
    file = given.dagfile_path or finding.file_of(at, given.dag_id, given.subdir)
    options = ["--date", finding.iso(given.date)] if given.date else []
    options += ["--conf", given.conf] if given.conf else []
    return at.run("run", os.fspath(file), given.dag_id, *options)
