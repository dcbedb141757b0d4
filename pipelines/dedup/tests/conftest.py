"""A data folder of its own for each test. Run as `venturi python -m pytest tests` here, or in a real Airflow."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "dags"))


@pytest.fixture(autouse=True)
def data(monkeypatch):
    with TemporaryDirectory(prefix="dedup-") as folder:  # pytest's own is closed to the user that Postgres runs as
        monkeypatch.setenv("DEDUP_DATA", folder)
        monkeypatch.delenv("AIRFLOW_CONN_PEOPLE_DB", raising=False)
        yield folder


class Task:
    def __init__(self):
        self.pushed = {}

    def xcom_push(self, key, value):
        self.pushed[key] = value


@pytest.fixture
def context():
    """What a task is given: of a small run."""
    run = SimpleNamespace(conf={"people": 150, "records": 100})
    return {"run_id": "manual__1", "dag_run": run, "ti": Task()}


@pytest.fixture
def all_of(context):
    from dedup import steps

    def run(run_id="manual__1"):
        given = {**context, "run_id": run_id}
        steps.create_table(**given)
        steps.ingest(**given)
        steps.clean_records(**given)
        return steps.run_analysis(**given), steps.measure(0.0, 0.0, **given)

    return run


@pytest.fixture
def count():
    from dedup.database import database

    def number(sql="SELECT count(*) FROM people"):
        with database() as connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0]

    return number
