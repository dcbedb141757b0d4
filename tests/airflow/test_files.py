"""Our own files of 1.10, 2.x and 3.x: every object that the table calls full is used in one, and each file runs.

What needs a service, a trigger host or a second DAG is used in the tests named below instead.
"""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from venturi.airflow.table import FULL, TABLE
from venturi.runtime.inspecting import airflow_names

FOLDER = Path(__file__).parent / "files"
FILES = sorted(FOLDER.rglob("*.py"))
TESTS = Path(__file__).parent.parent

# module of the object → where it is shown at work
ELSEWHERE = {
    "venturi.sdk.services.": ("services",),
    "venturi.sdk.elsewhere": ("engine", "airflow", "sdk", "cli", "runtime"),
    "venturi.sdk.awaiting": ("engine", "airflow", "sdk", "cli", "runtime"),
    "venturi.sdk.triggers": ("engine", "airflow", "sdk", "cli", "runtime"),
    "venturi.sdk.object_paths": ("sdk",),
    "venturi.sdk.object_stores": ("sdk",),
    "venturi.airflow.triggering": ("airflow",),
    "venturi.sdk.people": ("cli", "sdk"),
    "venturi.sdk.timed": ("engine", "airflow", "sdk", "cli", "runtime"),
}

RUN = """
import json, sys
from venturi.sdk.collecting import collecting, dags_of
from venturi.testing import run_dag
import runpy, types
module = types.ModuleType("flow"); module.__file__ = sys.argv[1]; sys.modules["flow"] = module
with collecting() as collected:
    exec(compile(open(sys.argv[1]).read(), sys.argv[1], "exec"), module.__dict__)
found = {}
for dag in dags_of(module, collected):
    result = run_dag(dag)
    found[dag.dag_id] = [result.state, dag.era.value, {str(key): error for key, error in result.errors.items()}]
print("\\n" + json.dumps(found))
"""


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_each_file_is_imported_parsed_and_runs(file, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "venturi.cli", "python", "-c", RUN, str(file)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "VENTURI_HOME": str(tmp_path), "AIRFLOW_HOME": ""},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    era = {"one_ten": "1.10", "two": "2.x", "three": "3.x"}[file.parent.name]
    found = json.loads(done.stdout.splitlines()[-1])
    assert found
    for dag_id, (state, of, errors) in found.items():
        failed = {key: error for key, error in errors.items() if "fails" not in key}
        assert state == "success", (dag_id, failed)
        assert of == era or file.stem in MIXED


MIXED = {"one_by_one", "small_parts", "failing_words", "triggers"}  # they take names of every generation


def named_in_files() -> set[tuple[str, str]]:
    paths = {name.path for file in FILES for name in airflow_names(ast.parse(file.read_text()))}
    return {(row.module, row.name) for path, row in TABLE.items() if path in paths}


def test_what_a_file_takes_it_uses():
    """Else a name would count as shown that was only imported."""
    unused = {}
    for file in FILES:
        tree = ast.parse(file.read_text())
        taken = {
            alias.asname or alias.name.partition(".")[0]: node.lineno
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("airflow")
            for alias in node.names
        }
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        if "globals" in used:
            continue  # it goes through all that it has taken
        unused |= {f"{file.parent.name}/{file.name}:{line}": name for name, line in taken.items() if name not in used}
    assert unused == {}


def test_every_object_that_is_called_full_is_used_in_a_file_or_in_the_tests_of_its_service():
    shown = named_in_files()
    texts = {part: "".join(f.read_text() for f in (TESTS / part).rglob("*.py")) for part in
             {part for parts in ELSEWHERE.values() for part in parts}}  # fmt: skip
    missing = {}
    for path, row in TABLE.items():
        if row.kind != FULL or (row.module, row.name) in shown or row.module.startswith("airflow.providers."):
            continue  # the last is another name of a row that is itself looked at
        parts = next((parts for module, parts in ELSEWHERE.items() if row.module.startswith(module)), ())
        if not any(row.name in texts[part] for part in parts):
            missing.setdefault((row.module, row.name), path)
    assert missing == {}


def test_every_path_that_is_called_full_is_taken_by_a_file_of_its_kind(tmp_path):
    paths = sorted(path for path, row in TABLE.items() if row.kind == FULL)
    lines = ["from airflow import DAG"]
    for n, path in enumerate(paths):
        place, _, name = path.rpartition(".")
        lines.append(f"from {place} import {name} as taken_{n}")
    lines += [
        "from airflow.operators.python import PythonOperator",
        "with DAG('takes_all', schedule=None):",
        f"    PythonOperator(task_id='all', python_callable=lambda: taken_0 is not None and {len(paths)})",
    ]
    file = tmp_path / "flow.py"
    file.write_text("\n".join(lines))
    done = subprocess.run(
        [sys.executable, "-m", "venturi.cli", "python", "-c", RUN, str(file)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "VENTURI_HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout.splitlines()[-1])["takes_all"][0] == "success"
