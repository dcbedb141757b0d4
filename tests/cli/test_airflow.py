"""`venturi airflow --import`: what an existing Airflow knows comes along, with and without an engine."""

from __future__ import annotations

import json

import pytest

from venturi.store import open_store

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


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--import",), "Say what is taken from where"),
        (("x.json",), "Say what is taken from where"),
        (("--import", "gone.json"), "gone.json cannot be used: No such file"),
        (("--import", "x.json", "--only", "roles"), "'roles' is not one of"),
    ],
)
def test_bad_input_is_one_sentence_and_writes_nothing(place: Place, arguments: tuple[str, ...], sentence: str) -> None:
    said = place("airflow", *arguments)
    assert (said.status, said.out) == (2, "")
    assert sentence in said.err
    assert said.err.count("\n") == 1
    assert not place.home.database.exists()
