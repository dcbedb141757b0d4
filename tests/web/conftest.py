"""A real tree with an API, and a client that asks it."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

import pytest

from ..cli.conftest import Place, until

PATIENCE_S = 60

FLOW = """
import os
from airflow.decorators import dag, task, task_group
from airflow.datasets import Dataset
import pendulum

@dag(schedule="0 3 * * *", start_date=pendulum.datetime(2026, 1, 1), tags=["blue", "red"], owner_links={},
     params={"n": 3}, doc_md="# Numbers", dag_display_name="Flow of numbers", catchup=False)
def flow():
    @task(outlets=[Dataset("s3://shelf/numbers")])
    def numbers():
        print("counting")
        return [1, 2, 3]

    @task(retries=1)
    def square(n):
        print("squaring", n)
        return n * n

    @task
    def total(found):
        return sum(found)

    total(square.expand(n=numbers()))

flow()

@dag(schedule=[Dataset("s3://shelf/numbers")], start_date=pendulum.datetime(2026, 1, 1), tags=["red"])
def follows():
    @task
    def fails():
        raise ValueError("not today")

    @task
    def after():
        pass

    fails() >> after()

follows()

@dag(schedule=None)
def waiting():
    @task
    def wait(**context):
        import time
        print("begun", flush=True)
        while not os.path.exists(context["dag_run"].conf["go"]):
            time.sleep(0.01)

    @task
    def then():
        return "done"

    wait() >> then()

waiting()
"""


class Answer(NamedTuple):
    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Api:
    """`http://…/api/v2` of one home, asked by whoever holds its token."""

    def __init__(self, place: Place, port: int) -> None:
        self.place, self.port = place, port
        self.token: str | None = place("token").out.strip()

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, **query: Any
    ) -> Answer:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        given = dict(headers or {})
        if self.token is not None:
            given["Authorization"] = f"Bearer {self.token}"
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            given["Content-Type"] = "application/json"
        if query:
            path += "?" + urlencode(query, doseq=True)
        link.request(method, path if path.startswith("/") else f"/api/v2/{path}", data, given)
        answer = link.getresponse()
        found = Answer(answer.status, answer.read(), {k.lower(): v for k, v in answer.getheaders()})
        link.close()
        return found

    def get(self, path: str, **query: Any) -> Any:
        answer = self.ask("GET", path, **query)
        assert answer.status == 200, (answer.status, answer.body)
        return answer.json

    def send(self, method: str, path: str, body: Any = None, status: int = 200, **query: Any) -> Any:
        answer = self.ask(method, path, body, **query)
        assert answer.status == status, (answer.status, answer.body)
        return answer.json if answer.body else None

    def run(self, dag_id: str, **more: Any) -> str:
        """A run that is over."""
        made = self.send("POST", f"dags/{dag_id}/dagRuns", {"logical_date": None, **more})
        self.over(dag_id, made["dag_run_id"])
        return str(made["dag_run_id"])

    def over(self, dag_id: str, run_id: str) -> dict[str, Any]:
        path = f"dags/{dag_id}/dagRuns/{quote(run_id, safe='')}"
        until(lambda: self.get(path)["state"] in ("success", "failed"), f"{run_id} is over")
        return self.get(path)  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    place = Place(Path(tmp_path_factory.mktemp("api")))
    (place.dags / "flow.py").write_text(FLOW)
    try:
        said = place.up()
        found = re.search(r"http://[^:/]+:(\d+)", said.out + said.err)
        assert found is not None, said
        made = Api(place, int(found.group(1)))
        until(lambda: made.get("dags")["total_entries"] == 3, "the DAGs are read")
        for dag_id in ("flow", "waiting"):
            made.send("PATCH", f"dags/{dag_id}", {"is_paused": False})
        yield made
    finally:
        place("down")
        place.end()


@pytest.fixture(scope="module")
def done(api: Api) -> str:
    """The id of a run of `flow` that has succeeded."""
    run_id = api.run("flow", dag_run_id="first run/1", conf={"n": 4}, logical_date="2026-02-03T04:05:06Z")
    assert api.get(f"dags/flow/dagRuns/{quote(run_id, safe='')}")["state"] == "success"
    return run_id
