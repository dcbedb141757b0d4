"""`venturi airflow --import`: what an existing Airflow knows comes along, with and without an engine."""

from __future__ import annotations

import json
import subprocess
from datetime import datetime, timezone
from pathlib import Path

import pytest

from venturi.store import open_store

from ..store.airflow_schemas import CANARY as SEALED
from ..store.airflow_schemas import GENERATIONS, KEY, Made, make
from .conftest import Place

CANARY = "canary-secret"
ETL = """
from datetime import datetime
from airflow import DAG
from airflow.operators.empty import EmptyOperator

with DAG("etl", schedule="@daily", start_date=datetime(2020, 1, 1), catchup=False):
    EmptyOperator(task_id="a")
"""


def exports(place: Place) -> list[str]:
    connection = {"conn_type": "postgres", "login": "me", "password": CANARY, "host": "db", "extra": None}
    runs = [
        {
            "dag_id": dag_id,
            "run_id": "scheduled__2021-05-01T00:00:00+00:00",
            "state": "running",
            "execution_date": "2021-05-01T00:00:00+00:00",
        }
        for dag_id in ("etl", "later")
    ]
    return [
        place.file("a.json", json.dumps({"shop": connection})),
        place.file("b.json", json.dumps({"key": {"token": CANARY}})),
        place.file("c.json", json.dumps({"gpu": {"slots": 2, "description": "cards"}})),
        place.file("d.json", json.dumps([{"dag_id": "etl", "is_paused": "True"}])),
        place.file("e.json", json.dumps(runs)),
    ]


def test_a_dry_run_tells_all_and_makes_nothing(place: Place) -> None:
    said = place("airflow", "--import", *exports(place), "--dry-run")
    assert (said.status, said.err) == (0, "")
    assert CANARY not in said.out
    assert not place.home.database.exists()
    lines = said.out.splitlines()
    assert lines[1].split() == ["connections", "1", "0"]
    assert lines[4].split() == ["pause", "flags", "1", "0"]
    assert "Not known here yet; they go on from their last dates once their files are: etl, later." in lines
    assert "etl    scheduled__2021-05-01T00:00:00+00:00  running" in lines
    assert "venturi trigger etl --date 2021-05-01T00:00:00" in said.out


def test_all_of_it_is_taken_and_a_second_time_what_is_there_is_kept(place: Place) -> None:
    (place.dags / "etl.py").write_text(ETL)
    assert place.up().status == 0
    files = exports(place)
    said = place("airflow", "--import", *files, "--json")
    assert said.status == 0
    assert CANARY not in said.out + said.err
    assert said.json["connections"] == {"set": ["shop"], "kept": []}
    assert said.json["pools"]["set"] == ["gpu"]
    assert said.json["waits"] is False
    assert said.json["dates"]["later"]["known"] is False
    assert place("connections", "get", "shop", "--json").json["password"] == CANARY
    assert place("variables", "get", "key").out == json.dumps({"token": CANARY}) + "\n"
    place("variables", "set", "key", "mine")
    again = place("airflow", "--import", *files)
    assert "Kept, because these variables are there already (--overwrite takes them anyway): key." in again.out
    assert place("variables", "get", "key").out == "mine\n"
    place("airflow", "--import", *files, "--overwrite", "--only", "variables")
    assert CANARY in place("variables", "get", "key").out
    with open_store(place.home.database, False) as store, store.reader() as reader:
        assert CANARY not in json.dumps([c.payload for c in store.waiting_commands()])
        assert reader.schedules()["later"].detail == {"airflow": {"last": [1619827200.0, None, None]}}


def test_without_an_engine_what_is_the_engines_waits_for_it(place: Place) -> None:
    said = place("airflow", "--import", *exports(place))
    assert said.status == 0
    assert said.err == "No engine is running: the command waits for the next `venturi up`.\n"
    assert place("connections", "get", "shop", "--json").json["host"] == "db"
    (place.dags / "etl.py").write_text(ETL)
    assert place.up().status == 0
    assert "gpu" in place("pools", "ls").out
    place("down")
    with open_store(place.home.database, False) as store, store.reader() as reader:
        assert reader.schedules()["later"].detail == {"airflow": {"last": [1619827200.0, None, None]}}


def airflow_home(place: Place, generation: str = "2.11", config: str = "") -> Made:
    folder = place.folder / "airflow"
    folder.mkdir()
    (folder / "airflow.cfg").write_text(config or f"[core]\nfernet_key = {KEY}\n")
    return make(str(folder / "airflow.db"), generation)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_home_folder_says_where_its_database_and_its_key_are(place: Place, generation: str) -> None:
    folder = Path(airflow_home(place, generation).address).parent
    said = place("airflow", "--import", str(folder), "--json")
    assert said.status == 0
    assert f"Reading {folder}/airflow.db." in said.err
    assert SEALED not in said.out + said.err
    assert said.json["connections"]["set"] == ["shop", "web"]
    assert said.json["paused"] == {"etl": False, "idle": True}
    assert said.json["dates"]["etl"]["last"].startswith("2026-03-03T00:00:00")
    assert place("connections", "get", "shop", "--json").json["password"] == SEALED


def test_an_airflow_cfg_names_a_database_elsewhere_and_asks_a_command_for_its_key(place: Place) -> None:
    made = airflow_home(place)
    elsewhere = place.folder / "100%.db"
    Path(made.address).rename(elsewhere)
    config = f"[database]\nsql_alchemy_conn = sqlite:///{place.folder}/100%%.db\n[core]\nfernet_key_cmd = echo {KEY}\n"
    (place.folder / "airflow" / "airflow.cfg").write_text(config)
    said = place("airflow", "--import", str(place.folder / "airflow"), "--dry-run", "--json")
    assert said.json["connections"]["set"] == ["shop", "web"]
    assert said.err == f"Reading {elsewhere}.\n"


def test_a_key_is_read_from_stdin_and_without_one_what_is_sealed_is_left_and_named(place: Place) -> None:
    file = airflow_home(place, config="[core]\n").address
    without = place("airflow", "--import", file, "--dry-run")
    assert "connection 'shop': it is encrypted, and no fernet key was given or found" in without.out
    given = place.argv("airflow", "--import", file, "--fernet-key", "-", "--dry-run", "--json")
    done = subprocess.run(given, input=f"{KEY}\n", text=True, capture_output=True, timeout=60)
    assert json.loads(done.stdout)["connections"]["set"] == ["shop", "web"]
    assert place("airflow", "--import", file, "--fernet-key", "nonsense").status == 2


def test_while_airflows_scheduler_is_at_work_only_what_has_no_dates_is_taken(place: Place) -> None:
    made = airflow_home(place)
    made.put("job", job_type="SchedulerJob", state="running", latest_heartbeat=datetime.now(timezone.utc))
    folder = str(Path(made.address).parent)
    assert "Airflow's scheduler is at work" in place("airflow", "--import", folder, "--dry-run").err
    refused = place("airflow", "--import", folder, "--json")
    assert (refused.status, refused.json["error"]["code"]) == (1, "scheduler_at_work")
    assert not place.home.database.exists()
    rest = [part for kind in ("connections", "variables", "pools") for part in ("--only", kind)]
    said = place("airflow", "--import", folder, "--json", *rest)
    assert (said.status, said.json["dates"], said.json["paused"]) == (0, {}, {})


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--import", "mysql://me:pw@db/airflow"), "a database of the kind 'mysql' is not read here"),
        (("--import", "/"), "it holds no airflow.cfg and no airflow.db"),
        (("--import",), "Say what is taken from where"),
        (("x.json",), "To take over what it holds: venturi airflow --import x.json"),
        (("--import", "gone.json"), "gone.json cannot be used: No such file"),
        (("--import", "x.json", "--only", "roles"), "'roles' is not one of"),
    ],
)
def test_bad_input_is_one_sentence_and_writes_nothing(place: Place, arguments: tuple[str, ...], sentence: str) -> None:
    said = place("airflow", *arguments)
    assert (said.status, said.out) == (2, "")
    assert sentence in said.err
    assert said.err.replace("Reading mysql://db/airflow.\n", "").count("\n") == 1
    assert not place.home.database.exists()
