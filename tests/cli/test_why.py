"""`venturi why`, and what of the machine tasks ask for: seen by real attempts, kept over the death of an engine."""

from __future__ import annotations

import os
import signal

from venturi.cli import processes
from venturi.cli.client import Client
from venturi.cli.reading import open_reader, run_result
from venturi.config import read_config
from venturi.core.errors import ConnectionLost, NoEngine

from .conftest import Place, until

DEVICES = """
import os, time
from venturi import DAG, task
with DAG("devices", schedule=None, is_paused_upon_creation=False):
    def work(name, **wants):
        @task(task_id=name, executor_config=wants, priority_weight=9 if name != "both" else 1, weight_rule="absolute")
        def hold(ti):
            while not os.path.exists({go!r}):
                time.sleep(0.01)
            return [os.environ.get("CUDA_VISIBLE_DEVICES"), ti.gpus, os.environ.get("OMP_NUM_THREADS")]
        return hold()
    half = [work(f"half{{n}}", gpus=0.5) for n in range(2)]
    work("whole", gpus=1, cpus=2)
    work("both", gpus=2)
    work("plain")
"""


def test_devices_are_given_shown_and_kept_over_the_death_of_an_engine(place: Place) -> None:
    go = place.folder / "go"
    place.home.make()
    (place.home.own / "venturi.toml").write_text('slots = 8\n[resources]\ngpus = ["0", "GPU-7"]\ncpus = 4\n')
    (place.dags / "devices.py").write_text(DEVICES.format(go=str(go)))
    place._environment = {k: v for k, v in place._environment.items() if k not in ("OMP_NUM_THREADS",)}
    place.up()
    made = until(lambda: place("trigger", "devices", "--run-id", "r").status == 0, "the DAG is known")
    assert made

    def why() -> str:
        return place("why", "devices", "r", "both").out

    waits = "Waits for 2 GPUs: 0 of 2 GPUs are free; at work: "
    until(lambda: why().startswith(waits), "both waits")
    engine = place.pids()["engine"]
    os.kill(engine, signal.SIGKILL)

    def a_new_one_has_adopted() -> bool:
        known = processes.noted(place.home, "engine")
        if known is None or known["pid"] == engine:
            return False
        try:
            with Client(place.home) as client:
                status = client.call("status")
        except (NoEngine, ConnectionLost):
            return False
        return status["online"] and status["live"] == 4

    until(a_new_one_has_adopted, "a new engine has adopted what lives")
    assert why().startswith(waits)
    told = place("why", "devices", "r", "both", "--json").json
    assert (told["code"], told["task_id"], told["engine"]) == ("gpus", "both", True)
    go.touch()
    until(lambda: place("status", "devices", "r", "--json").json["state"] == "success", "it has succeeded")
    place("down")
    with open_reader(place.home, read_config(place.home)) as reader:
        found = {t["task_id"]: t["value"] for t in run_result(reader, place.home, "devices", "r")["tasks"]}
    assert found["half0"][:2] == found["half1"][:2]
    whole, shared = found["whole"], found["half0"]
    assert {whole[0], shared[0]} == {"0", "GPU-7"}
    assert whole == [whole[0], [whole[0]], "2"]
    assert found["both"][:2] == ["0,GPU-7", ["0", "GPU-7"]]
    assert found["plain"] == [None, [], None]


def test_it_is_told_without_an_engine_too(place: Place) -> None:
    place.up()
    (place.dags / "one.py").write_text(
        "from airflow import DAG\nfrom airflow.operators.python import PythonOperator\n"
        "with DAG('one', schedule=None):\n    PythonOperator(task_id='t', python_callable=print)\n"
    )
    until(lambda: place("trigger", "one", "--run-id", "r").status == 0, "the DAG is known")
    paused = "The run waits: DAG one is paused. Unpause it with: venturi unpause one"
    assert place("why", "one", "r").out == f"{paused}\n"
    assert place("status", "one", "r").out == f"one r is queued\n{paused}\n"
    place("down")
    assert place("why", "one", "r").out == f"No engine is running; start one with: venturi up. Then: {paused}\n"
    told = place("why", "one", "t", "--json").json
    assert (told["code"], told["engine"], told["run_id"], told["map_index"]) == ("no_engine", False, "r", -1)
    unknown = place("why", "two", "--json")
    assert (unknown.status, unknown.json["error"]["message"]) == (
        1,
        "There is no DAG 'two'. List them with: venturi ls",
    )
