"""A cut-over from a real Airflow: its own scheduler makes runs, and the next one here is the one it would make next."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ..cli.conftest import until
from ..compat import obtaining

pytestmark = pytest.mark.slow

KEY = "u3nGyEGV2kAm6X3Ru5gHqKVrUO0WvG2ZKqR8mEpj4mQ="
DAGS = """
from datetime import datetime, timedelta
{imports}

for name, schedule in {{
    "by_cron": "0 3 * * *", "by_length": timedelta(hours=6), "fridays": "30 2 * * FRI", "paused": "@daily"
}}.items():
    with DAG(name, schedule=schedule, start_date=datetime(2026, 1, 1), catchup=True, max_active_runs=3):
        EmptyOperator(task_id="a")
"""
IMPORTS = {
    "2.11": "from airflow import DAG\nfrom airflow.operators.empty import EmptyOperator",
    "3.3": "from airflow.sdk import DAG\nfrom airflow.providers.standard.operators.empty import EmptyOperator",
}


class Real:
    def __init__(self, folder: Path, version: str) -> None:
        self.folder, self.version = folder, version
        self._program = obtaining.airflow(version).with_name("airflow")
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")},
            "AIRFLOW_HOME": str(folder),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__CORE__FERNET_KEY": KEY,
        }
        (folder / "dags").mkdir(parents=True)
        self.dags = folder / "dags" / "some.py"
        self.dags.write_text(DAGS.format(imports=IMPORTS[version]))

    def __call__(self, *arguments: str) -> str:
        done = subprocess.run(
            [self._program, *arguments], env=self._environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout

    def rows(self, text: str) -> list[tuple[Any, ...]]:
        opened = sqlite3.connect(self.folder / "airflow.db")
        try:
            return opened.execute(text).fetchall()
        finally:
            opened.close()


@pytest.fixture(params=["2.11", "3.3"])
def real(request: pytest.FixtureRequest, tmp_path: Path) -> Real:
    made = Real(tmp_path / "airflow", request.param)
    made("db", "migrate")
    made("connections", "add", "shop", "--conn-uri", "postgres://me:canary%2Fsecret@db:5432/s?sslmode=require")
    made("variables", "set", "region", "eu-west-1")
    made("pools", "set", "gpu", "2", "cards", "--include-deferred")
    made("dags", "reserialize")
    for dag_id in ("by_cron", "by_length", "fridays"):
        made("dags", "unpause", dag_id)
    made("scheduler", "--num-runs", "4")
    return made


def venturi(home: Path, *arguments: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "venturi.cli", *arguments, "--home", str(home), "--json"],
        env={**os.environ, "AIRFLOW__CORE__FERNET_KEY": KEY},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "canary" not in done.stdout + done.stderr
    return json.loads(done.stdout)


def test_the_next_run_of_each_dag_is_the_one_that_airflow_would_make_next(real: Real, tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "dags").mkdir(parents=True)
    (home / "dags" / "some.py").write_text(real.dags.read_text())
    venturi(home, "up", "-D", "--port", "0")
    try:
        until(lambda: len(venturi(home, "ls")["dags"]) == 4, "the file is read")
        told = venturi(home, "airflow", "--import", str(real.folder), "--only", "dates", "--only", "connections")
        would = dict(real.rows("SELECT dag_id, next_dagrun_create_after FROM dag"))
        made = {dag_id for (dag_id,) in real.rows("SELECT DISTINCT dag_id FROM dag_run")}
        assert set(told["dates"]) == made == {"by_cron", "by_length", "fridays"}
        for dag_id in made:
            ours = told["dates"][dag_id]
            assert ours["known"]
            assert ours["next"][:19] == would[dag_id][:19].replace(" ", "T"), dag_id
    finally:
        venturi(home, "down")


def test_its_exports_say_the_same_as_its_database(real: Real, tmp_path: Path) -> None:
    files = tmp_path / "exports"
    files.mkdir()
    for kind in ("connections", "variables", "pools"):
        real(kind, "export", str(files / f"{kind[0]}.json"))
    (files / "d.json").write_text(real("dags", "list", "-o", "json"))
    for dag_id in ("by_cron", "by_length", "fridays"):
        named = ("-d", dag_id) if real.version == "2.11" else (dag_id,)
        (files / f"{dag_id}.json").write_text(real("dags", "list-runs", *named, "-o", "json"))
    by_files = venturi(tmp_path / "a", "airflow", "--dry-run", "--import", *map(str, sorted(files.iterdir())))
    by_database = venturi(tmp_path / "b", "airflow", "--dry-run", "--import", str(real.folder))
    for kind in ("connections", "variables", "pools", "paused", "dates"):
        assert by_files[kind] == by_database[kind], kind
    assert sorted(by_files["unfinished"], key=str) == sorted(by_database["unfinished"], key=str)
