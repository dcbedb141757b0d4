"""The metadata database of an Airflow, of every generation and on both kinds of database, is read and never written."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

import pytest

from venturi.core.errors import BadFile, StoreError
from venturi.store.airflow_database import in_words, read_airflow

from .airflow_schemas import CANARY, GENERATIONS, KEY, Made, day, make


@pytest.fixture(params=GENERATIONS)
def made(request: pytest.FixtureRequest, address: str) -> Made:
    return make(address, request.param)


def test_settings_are_opened_and_taken(made: Made) -> None:
    found = read_airflow(made.address, [KEY])
    shop = found.connections["shop"]
    assert (shop["host"], shop["port"], shop["login"], shop["schema"]) == ("db", 5432, "me", "s")
    assert (shop["password"], shop["extra"]) == (CANARY, '{"sslmode": "require"}')
    assert found.connections["web"] == {"conn_type": "http", "host": "https://x.org"}
    described = None if made.generation == "1.10" else "where"
    assert found.variables == {"region": ("eu-west-1", described), "plain": ("as it is", None)}
    deferred = None if made.generation in ("1.10", "2.0") else True
    assert found.pools["gpu"] == {"slots": 2, "description": "cards", "include_deferred": deferred}
    assert found.pools["default_pool"]["slots"] == 64


def test_the_last_run_is_the_last_that_a_timetable_or_a_backfill_has_made(made: Made) -> None:
    found = read_airflow(made.address, [KEY])
    assert sorted(found.last) == ["back", "etl"]
    assert found.last["etl"].date == day(3).timestamp()
    assert found.last["back"].date == day(7).timestamp()
    told = made.generation in ("2.11", "3.3")
    assert found.last["etl"].interval == ((day(3).timestamp(), day(4).timestamp()) if told else None)
    assert found.last["etl"].at == (day(4).timestamp() if made.generation == "3.3" else None)


def test_pause_flags_are_taken_without_those_of_sub_dags(made: Made) -> None:
    assert read_airflow(made.address, [KEY]).paused == {"etl": False, "idle": True}


def test_unfinished_runs_are_told_whoever_has_made_them(made: Made) -> None:
    unfinished = read_airflow(made.address, [KEY]).unfinished
    assert [(one.run_id.partition("__")[0], one.state) for one in unfinished] == [
        ("scheduled", "running"),
        ("manual", "queued"),
    ]


def test_a_scheduler_that_has_not_said_it_ended_is_told_with_its_last_heartbeat(made: Made) -> None:
    assert read_airflow(made.address, [KEY]).scheduler_seen == day(5).timestamp()


@pytest.mark.parametrize("keys", [[], ["QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="]])
def test_what_no_key_opens_is_left_and_named(made: Made, keys: list[str]) -> None:
    found = read_airflow(made.address, keys)
    assert list(found.connections) == ["web"]
    assert list(found.variables) == ["plain"]
    told = {one.what: one.why for one in found.left}
    why = "another fernet key" if keys else "no fernet key was given or found"
    assert why in told["connection 'shop'"]
    assert why in told["variable 'region'"]


def test_of_several_keys_the_one_that_opens_it_does(made: Made) -> None:
    other = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE="
    assert read_airflow(made.address, [f"{other},{KEY}"]).variables["region"][0] == "eu-west-1"


def test_what_is_left_is_counted_and_has_a_reason(made: Made) -> None:
    made.put("ab_user" if made.generation.startswith("2") else "job", username="me", email="x", state="success")
    if made.generation == "3.3":
        made.put("backfill", dag_id="back", from_date=day(1), to_date=day(2), created_at=day(1))
        made.put("connection", **_of_team("team's", "red"))
    queue = {"2.11": "dataset_dag_run_queue", "3.3": "asset_dag_run_queue"}.get(made.generation)
    if queue is not None:
        made.put(queue, dataset_id=1, asset_id=1, target_dag_id="waits", created_at=day(1))
    left = {one.what: (one.count, one.why) for one in read_airflow(made.address, [KEY]).left}
    runs = 6 if made.generation == "3.3" else 9
    assert left["runs, of 1 task instances"] == (runs, "what Airflow has done stays in its database")
    if made.generation.startswith("2"):
        assert left["users"][0] == 1
    if queue is not None:
        assert left["the asset events that wait for 'waits'"][0] == 1
    if made.generation == "3.3":
        assert "the backfill of 'back' under way" in left
        assert left["the team of connection 'team's'"][1] == "there are no teams here: every DAG may ask for it"


def _of_team(conn_id: str, team: str) -> dict[str, object]:
    plain = {"is_encrypted": False, "is_extra_encrypted": False}
    return {"conn_id": conn_id, "conn_type": "http", "team_name": team, **plain}


def test_nothing_can_be_written(made: Made) -> None:
    made.raw.close()
    before = _digest(made.address)
    read_airflow(made.address, [KEY])
    assert _digest(made.address) == before


def _digest(address: str) -> str | None:
    file = Path(address)
    return hashlib.sha256(file.read_bytes()).hexdigest() if "://" not in address else None


def test_a_file_at_rest_gets_no_company_and_one_in_use_is_read_as_it_is_now(tmp_path: Path) -> None:
    file = tmp_path / "airflow.db"
    made = make(str(file), "3.3")
    made.raw.execute("PRAGMA journal_mode=WAL")
    made.put("variable", key="late", val="just written", is_encrypted=False)
    assert read_airflow(str(file), [KEY]).variables["late"][0] == "just written"
    made.raw.close()
    read_airflow(f"sqlite:///{file}", [KEY])
    assert [each.name for each in tmp_path.iterdir()] == ["airflow.db"]


def test_a_connection_that_is_there_twice_in_1_10_is_taken_once_and_said(tmp_path: Path) -> None:
    made = make(str(tmp_path / "airflow.db"), "1.10")
    made.put("connection", conn_id="web", conn_type="http", host="other", is_encrypted=False, is_extra_encrypted=False)
    found = read_airflow(made.address, [KEY])
    assert found.connections["web"]["host"] == "https://x.org"
    assert "connection 'web' once more" in {one.what for one in found.left}


def test_what_is_no_database_of_airflow_is_refused_with_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "x.db"
    sqlite3.connect(file).execute("CREATE TABLE dag (dag_id TEXT)").connection.close()
    with pytest.raises(BadFile, match="it is no database of Airflow, and has no table 'dag_run'"):
        read_airflow(str(file))
    with pytest.raises(BadFile, match="there is no such file"):
        read_airflow(str(tmp_path / "gone.db"))
    with pytest.raises(BadFile, match="kind 'mysql' is not read here"):
        read_airflow("mysql://me:canary@db/airflow")
    with pytest.raises(BadFile, match="32 bytes in url-safe base64"):
        read_airflow(str(file), ["short"])
    (tmp_path / "y.db").write_text("no database at all, however long it may be")
    with pytest.raises(StoreError, match="is not a SQLite database"):
        read_airflow(str(tmp_path / "y.db"))


def test_an_address_is_told_without_login_and_password() -> None:
    assert in_words("postgresql+psycopg2://me:canary@db:5432/airflow?sslmode=require") == "postgresql://db:5432/airflow"
    assert in_words("sqlite:////srv/airflow.db") == "/srv/airflow.db"
    assert in_words("airflow.db") == "airflow.db"
