"""Runs in the proof's environment: one DAG file, told on stdin; how it ended, on the last line of stdout."""

from __future__ import annotations

import importlib
import json
import logging
import sys
import tempfile
import warnings
from pathlib import Path

from tests.sdk.loading import load
from venturi.airflow import importer
from venturi.testing import LocalStore, run_dag


def run(asked: dict) -> dict:
    store = LocalStore(connections=asked["connections"])
    loaded = load(Path(asked["folder"]), asked["text"])
    result = run_dag(loaded.dag, logical_date=asked["date"], store=store)
    return {
        "state": result.state,
        "states": {task_id: state for (task_id, index), state in result.states.items() if index == -1},
        "errors": {task_id: error["message"] for (task_id, _), error in result.errors.items()},
        "values": {task_id: repr(result.value(task_id)) for task_id, _ in result.states},
        "classes": {task.task_id: type(task).__module__ for task in loaded.dag.tasks},
        "masked": store.masked,
    }


def import_all() -> dict:
    """Every module of the wheels: which cannot be imported, and why."""
    importer.install()
    failed = {}
    names = []
    for top in map(Path, sys.path):
        for file in sorted((top / "airflow" / "providers").rglob("*.py")):
            names.append(".".join(file.relative_to(top).with_suffix("").parts).removesuffix(".__init__"))
    for name in names:
        try:
            importlib.import_module(name)
        except BaseException as error:
            failed[name] = f"{type(error).__name__}: {error}"
    return {"count": len(names), "failed": failed}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    asked = json.load(sys.stdin)
    if asked.get("import"):
        answer = import_all()
    else:
        with tempfile.TemporaryDirectory() as folder:
            answer = run({"folder": folder, **asked})
    print("\n" + json.dumps(answer))
