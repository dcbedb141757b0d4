"""The official Python client of Airflow 3.3, from the registry and as it is, on a tour of all its operations.

    python -m tests.web.tour      prints a table: each operation, whether it was answered properly, and if not why

The client has an environment of its own in `.prove/client`, made once. Its steps are in `tour_client.py`.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from ..cli.conftest import Place

TOP = Path(__file__).parents[2]
ENVIRONMENT = TOP / ".prove" / "client"
CLIENT = "apache-airflow-client>=3.3,<3.4"
PATIENCE_S = 300
SHARE_MIN = 0.90

FLOW = """
from airflow.sdk import Asset, AssetAlias, dag, task, task_group
import pendulum

numbers_asset = Asset("s3://shelf/numbers")

@dag(schedule=None, tags=["red"])
def flow():
    @task(outlets=[numbers_asset])
    def numbers():
        print("counting")
        return [1, 2, 3]

    @task
    def square(n):
        return n * n

    @task(pool="nobody's")
    def total(found):
        return sum(found)

    total(square.expand(n=numbers()))

flow()

@dag(schedule=numbers_asset & Asset("s3://shelf/never"))
def follows():
    @task
    def after():
        pass

    after()

follows()

@dag(schedule=AssetAlias("shelf"))
def aliased():
    @task
    def after():
        pass

    after()

aliased()

@dag(schedule="0 3 * * *", start_date=pendulum.datetime(2026, 1, 1), catchup=False)
def slow():
    @task
    def sleep():
        import time
        time.sleep(2)

    sleep()

slow()

@dag(schedule=None)
def grouped():
    @task_group
    def box():
        @task
        def inside():
            pass

        inside()

    box()

grouped()
"""
ASKS = """
from airflow.sdk import dag
from airflow.providers.standard.operators.hitl import HITLOperator

@dag(schedule=None)
def asks():
    HITLOperator(task_id="which", subject="Which way?", options=["left", "right"])

asks()
"""
BROKEN = "from airflow.sdk import DAG\nraise RuntimeError('as it is')\n"


def python_of_client() -> Path:
    """Of the environment that holds the client, made if it is not there."""
    python = ENVIRONMENT / "bin" / "python"
    if not (ENVIRONMENT / "made").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", CLIENT], check=True)
        (ENVIRONMENT / "made").touch()
    return python


def take_tour(folder: Path) -> dict[str, Any]:
    """What the client says of each of its operations, against `venturi up` in a fresh home."""
    place = Place(folder)
    for name, text in (("flow.py", FLOW), ("asks.py", ASKS), ("broken.py", BROKEN)):
        (place.dags / name).write_text(text)
    try:
        said = place.up()
        found = re.search(r"http://[^:/]+:\d+", said.out + said.err)
        if found is None:
            raise RuntimeError(f"venturi up did not say where it is: {said}")
        argv = [str(python_of_client()), str(Path(__file__).with_name("tour_client.py"))]
        argv += [found.group(0), place("token").out.strip()]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE_S)
        if done.returncode:
            raise RuntimeError(done.stderr)
        return dict(json.loads(done.stdout))
    finally:
        place("down")
        place.end()


def share(told: dict[str, Any]) -> float:
    results = told["results"].values()
    return sum(good for good, _ in results) / len(results)


def table(told: dict[str, Any]) -> str:
    results = told["results"]
    wide = max(map(len, results))
    lines = [
        f"{name:{wide}}  {'answered' if good else 'NOT'}  {why}".rstrip()
        for name, (good, why) in sorted(results.items())
    ]
    good = sum(good for good, _ in results.values())
    lines += told["failures"]
    last = f"apache-airflow-client {told['version']}: {good} of {len(results)} operations answered ({share(told):.1%})"
    return "\n".join([*lines, "", last])


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="venturi-tour-") as folder:
        told = take_tour(Path(folder))
    print(table(told))
    return 0 if share(told) >= SHARE_MIN else 1


if __name__ == "__main__":
    raise SystemExit(main())
