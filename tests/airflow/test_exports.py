"""Files that Airflow's own command line has written, told apart by what is in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from venturi.airflow.exports import read, source_of
from venturi.core.coming import Found
from venturi.core.errors import BadFile


@pytest.fixture
def file(tmp_path: Path) -> Any:
    def written(text: Any, name: str = "some.txt") -> str:
        place = tmp_path / name
        place.write_text(text if isinstance(text, str) else json.dumps(text))
        return str(place)

    return written


CONNECTION = {
    "conn_type": "postgres",
    "description": None,
    "login": "me",
    "password": "se@cret",
    "host": "db",
    "port": 5432,
    "schema": "shop",
    "extra": '{"sslmode": "require"}',
}
YAML = """shop:
  conn_type: postgres
  description: null
  extra: '{"sslmode": "require"}'
  host: db
  login: me
  password: se@cret
  port: 5432
  schema: shop
"""
LINES = """shop=postgres://me:se%40cret@db:5432/shop?sslmode=require
web=http://https://:pw2@x.org/?__extra__=%7B%22a%22%3A+%7B%22b%22%3A+1%7D%7D
"""


@pytest.mark.parametrize(
    "text",
    [
        pytest.param({"shop": CONNECTION}, id="json"),
        pytest.param(YAML, id="yaml"),
        pytest.param(LINES, id="env"),
        pytest.param(f"shop={json.dumps(CONNECTION)}\n", id="env of JSON"),
        pytest.param("export AIRFLOW_CONN_SHOP='postgres://me:se%40cret@db:5432/shop?sslmode=require'\n", id="shell"),
    ],
)
def test_connections_are_the_same_in_every_form(file: Any, text: Any) -> None:
    found = read(file(text, "conn"))
    fields = {name: value for name, value in CONNECTION.items() if value is not None}
    assert {k: v for k, v in found.connections["shop"].items() if v is not None} == fields
    assert not (found.variables)
    assert not (found.pools)


def test_variables_keep_their_descriptions_and_what_is_no_text_is_json(file: Any) -> None:
    found = read(file({"cfg": {"a": [1, 2]}, "region": "eu", "n": {"value": "x", "description": "why"}}))
    assert found.variables == {"cfg": ('{"a": [1, 2]}', None), "region": ("eu", None), "n": ("x", "why")}


def test_pools_are_read_from_the_export_and_from_the_table(file: Any) -> None:
    exported = {"gpu": {"description": "cards", "include_deferred": True, "slots": 2}, "old": {"slots": 3}}
    found = read(file(exported))
    assert found.pools["gpu"] == {"slots": 2, "description": "cards", "include_deferred": True}
    assert found.pools["old"]["include_deferred"] is None  # of before 2.7
    table = [{"pool": "gpu", "slots": "2", "description": "cards", "include_deferred": "True"}]
    assert read(file(table)).pools["gpu"] == found.pools["gpu"]


def test_pause_flags_are_read_from_the_lists_of_each_generation(file: Any) -> None:
    of_2 = [{"dag_id": "a", "filepath": "a.py", "owner": "me", "paused": "True"}]
    of_3 = [{"dag_id": "b", "fileloc": "b.py", "owners": "['me']", "is_paused": "False", "bundle_name": "x"}]
    assert read(file(of_2)).paused == {"a": True}
    assert read(file(of_3)).paused == {"b": False}


def test_what_airflow_has_logged_before_the_table_is_passed_over(file: Any) -> None:
    text = '[2026-11-29T01:55:22+0000] {plugins.py:37} INFO - setup\n[{"dag_id": "a", "is_paused": "True"}]\n'
    assert read(file(text)).paused == {"a": True}
    assert read(file("No data found\n")) == Found()


def test_of_listed_runs_the_last_by_the_timetable_is_taken_and_unfinished_ones_are_told(file: Any) -> None:
    runs = [
        ("manual__2026-01-09T00:00:00+00:00", "running", "2026-01-09T00:00:00+00:00"),
        ("scheduled__2026-01-03T03:00:00+00:00", "running", "2026-01-03T03:00:00+00:00"),
        ("scheduled__2026-01-02T03:00:00+00:00", "success", "2026-01-02T03:00:00+00:00"),
    ]
    rows = [{"dag_id": "etl", "run_id": r, "state": s, "execution_date": d, "end_date": ""} for r, s, d in runs]
    found = read(file(rows))
    assert (found.last["etl"].date, found.last["etl"].interval) == (1767409200.0, None)
    assert [one.run_id for one in found.unfinished] == [runs[0][0], runs[1][0]]


def test_runs_of_three_say_from_when_on_they_could_start(file: Any) -> None:
    row = {"dag_id": "etl", "run_id": "scheduled__x", "state": "success", "run_after": "2026-01-04T03:00:00+00:00"}
    found = read(file([{**row, "logical_date": "2026-01-03T03:00:00+00:00"}]))
    assert found.last["etl"].interval == (1767409200.0, 1767495600.0)
    assert read(file([{**row, "logical_date": ""}])).last["etl"].at == 1767495600.0


def test_addresses_alone_may_be_either_and_the_name_of_the_file_or_the_caller_decides(file: Any) -> None:
    uris = {"shop": "postgres://db/shop"}
    assert "shop" in read(file(uris, "my_conns.json")).connections
    assert "shop" in read(file(uris, "vars.json")).variables
    with pytest.raises(BadFile, match="may hold connections or variables"):
        read(file(uris, "x.json"))
    place = file(uris, "x.json")
    assert source_of(f"connections={place}") == ("connections", place)
    assert "shop" in read(place, "connections").connections


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"a": ', "it begins as JSON and is not"),
        ("[1, 2]", "it is none of Airflow's exports"),
        ('[{"conn_id": "a", "conn_type": "x"}]', "a list of connections, which tells not all of them"),
        ('[{"key": "a"}]', "a list of variables, which tells not all of them"),
        ('[{"dag_id": "a"}]', "does not say whether DAG 'a' is paused"),
        ('{"a": {"slots": "many"}}', "pool 'a' has no number of slots"),
        ('[{"dag_id": "a", "run_id": "r", "logical_date": "soon"}]', "'soon' in it is no date"),
        ("just words", "it is none of Airflow's exports"),
    ],
)
def test_what_is_no_export_is_refused_with_one_sentence(file: Any, text: str, sentence: str) -> None:
    with pytest.raises(BadFile) as refused:
        read(file(text))
    assert sentence in str(refused.value)
