"""Airflow's own commands about connections, variables, pools, people and settings; no engine runs here."""

from __future__ import annotations

import json
import stat
import subprocess
from pathlib import Path

import pytest

from .conftest import PATIENCE_S, Place, Said

GOOD = "three small boats at noon"
URI = "postgres://me:canary-secret@db:5432/shop"


def airflow(place: Place, line: str, *more: str) -> Said:
    return place("airflow", *line.split(), *more)


def typed_in(place: Place, text: str, line: str) -> Said:
    got = subprocess.run(
        place.argv("airflow", *line.split()), input=text, capture_output=True, text=True, timeout=PATIENCE_S
    )
    return Said(got.returncode, got.stdout, got.stderr)


def test_connections_are_added_shown_exported_and_taken_back(place: Place, tmp_path: Path) -> None:
    assert airflow(place, f"connections add shop --conn-uri {URI} --conn-description till").status == 0
    assert "already" in airflow(place, f"connections add shop --conn-uri {URI}").err
    assert airflow(place, "connections add web --conn-type http --conn-host example.org --conn-port 80").status == 0
    assert airflow(place, "connections -a --conn_id old --conn_uri http://old").status == 0
    listed = airflow(place, "connections list")
    assert "canary-secret" not in listed.out
    assert [row["conn_id"] for row in json.loads(airflow(place, "connections list -o json").out)] == [
        "old",
        "shop",
        "web",
    ]
    [shown] = json.loads(airflow(place, "connections get shop -o json").out)
    assert (shown["host"], shown["password"], shown["description"]) == ("db", "canary-secret", "till")
    file = tmp_path / "all.json"
    assert airflow(place, f"connections export {file}").status == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert json.loads(file.read_text())["shop"]["password"] == "canary-secret"
    assert f"shop={URI}" in airflow(place, "connections export - --file-format env").out.splitlines()
    assert airflow(place, f"connections export {tmp_path}/all.txt").status == 2
    for name in ("shop", "web"):
        assert airflow(place, f"connections delete {name}").status == 0
    assert airflow(place, "connections -d --conn_id old").status == 0
    assert airflow(place, "connections delete old").status == 1
    assert airflow(place, f"connections import {file}").out.splitlines() == [
        f"Imported connection {name}" for name in ("old", "shop", "web")
    ]
    assert "3 were there already" in airflow(place, f"connections import {file}").err
    assert "--conn-uri" in airflow(place, "connections add nothing").err


def test_variables_are_set_read_exported_and_taken_back(place: Place, tmp_path: Path) -> None:
    assert airflow(place, "variables set", "a", "-5").out == "Variable a created\n"
    assert airflow(place, "variables set a 6 --description six").out == "Variable a updated\n"
    assert airflow(place, "variables -s b", '{"x": 1}').status == 0
    assert airflow(place, "variables get a").out == "6\n"
    assert airflow(place, "variables get b --json").out == '{"x": 1}\n'
    assert airflow(place, "variables get c -d other").out == "other\n"
    assert airflow(place, "variables get c").status == 1
    assert airflow(place, "variables -g a").out == "6\n"
    assert json.loads(airflow(place, "variables list -o json").out) == [{"key": "a"}, {"key": "b"}]
    file = tmp_path / "all.json"
    airflow(place, f"variables export {file}")
    assert json.loads(file.read_text()) == {"a": 6, "b": {"x": 1}}
    assert "There already: a, b" in airflow(place, f"variables import {file} -a fail").err
    assert airflow(place, "variables delete a").status == 0
    assert airflow(place, f"variables import {file} -a skip").out == "1 of 2 variables successfully updated.\n"
    assert airflow(place, f"variables import {file}").out == "2 of 2 variables successfully updated.\n"


def test_pools_are_set_shown_exported_and_taken_back(place: Place, tmp_path: Path) -> None:
    assert [row["pool"] for row in json.loads(airflow(place, "pools list -o json").out)] == ["default_pool"]
    place.up()
    assert airflow(place, "pools set gpu 2 cards --include-deferred").out == "Pool gpu created\n"
    assert airflow(place, "pool -s disk 1", "for writing").status == 0
    [row] = json.loads(airflow(place, "pools get gpu -o json").out)
    assert row == {"pool": "gpu", "slots": "2", "description": "cards", "include_deferred": "True"}
    file = tmp_path / "pools.json"
    assert airflow(place, f"pools export {file}").status == 0
    assert airflow(place, "pools delete gpu").status == 0
    assert airflow(place, "pools get gpu").status == 1
    assert airflow(place, f"pools import {file}").out == "Uploaded 3 pool(s)\n"
    assert airflow(place, "pools get gpu").status == 0
    assert "not a valid integer" in airflow(place, "pools set gpu many x").err


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [("Admin", "admin"), ("Op", "operator"), ("User", "user"), ("Viewer", "viewer"), ("Public", "none")],
)
def test_a_user_is_made_under_airflows_names_of_roles(place: Place, theirs: str, ours: str) -> None:
    line = f"users create --username ann --firstname A --lastname B --role {theirs} --email a@example.org"
    made = typed_in(place, f"{GOOD}\n{GOOD}\n", line)
    assert (made.status, made.out) == (0, f'User "ann" created with role "{theirs}"\n')
    [row] = place("users", "ls", "--json").json["users"]
    assert (row["name"], row["role"]) == ("ann", ours)
    assert json.loads(airflow(place, "users list -o json").out)[0]["roles"] == [theirs]
    assert typed_in(place, "", line).out == "ann already exist in the db\n"


def test_what_a_user_cannot_be_made_of_is_one_sentence(place: Place) -> None:
    for text, line, said in (
        (f"{GOOD}\nother\n", "users create -u ann -r Admin", "The two passwords are not the same."),
        ("", "users create -u ann -r Admin", "There is no terminal to ask"),
        (GOOD, "users create -u ann -r Boss", "There is no role 'Boss'. There are: Admin, Op,"),
        (GOOD, "users create -r Admin -e a@b", "Say who: --username NAME. Addresses are not kept."),
        ("short", "create_user -u ann -r Admin", "A password has 12 to 1024 characters."),
    ):
        got = typed_in(place, text, line)
        assert got.status == 2, line
        assert said in got.err
        assert got.err.count("\n") == 1


def test_users_change_and_go(place: Place, tmp_path: Path) -> None:
    assert airflow(place, "users create -u ann -r User --use-random-password").status == 0
    assert airflow(place, "users add-role -u ann -r Op").out == 'User "ann" added to role "Op"\n'
    assert "holds all" in airflow(place, "users add-role -u ann -r Viewer").out
    assert airflow(place, "users remove-role -u ann -r Viewer").status == 1
    assert airflow(place, "users remove-role -u ann -r Op").status == 0
    assert typed_in(place, GOOD, "users reset-password -u ann").status == 0
    file = tmp_path / "users.json"
    assert airflow(place, f"users export {file}").status == 0
    assert airflow(place, "delete_user -u ann").status == 0
    assert airflow(place, f"users import {file}").out == "Created 1 users, updated 0.\n"
    place.file("bad.json", '["ann"]')
    assert "it is no list of users" in airflow(place, f"users import {place.folder}/bad.json").err


def test_the_database_is_made_and_checked(place: Place) -> None:
    assert airflow(place, "db check").status == 1
    for line in ("db init", "initdb", "db upgrade", "db migrate"):
        assert airflow(place, line).out == f"The database is ready: {place.home.database}\n"
    assert airflow(place, "checkdb").status == 0
    assert "--to-version has no meaning here" in airflow(place, "db migrate --to-version 2.9.1").err
    assert airflow(place, "db clean --clean-before-timestamp 2020-01-01 --dry-run").status == 0
    assert "Say --yes" in airflow(place, "db clean --clean-before-timestamp 2020-01-01").err


def test_what_is_installed_and_set_is_told(place: Place) -> None:
    told = airflow(place, "version")
    assert [int(part) for part in told.out.strip().split(".")] >= [2, 2, 0]  # as the compose file compares it
    assert told.err.startswith("Venturi ")
    rows = {row["key"]: row["value"] for row in json.loads(airflow(place, "info -o json").out)}
    assert rows["dags_folder"] == str(place.home.root / "dags")
    assert airflow(place, "config get-value core dags_folder").out.strip() == str(place.home.root / "dags")
    assert airflow(place, "config get-value core nothing").err == "The option [core/nothing] is not found in config.\n"
    assert "[core]" in airflow(place, "config list --section core").out
    assert airflow(place, "providers list -o json").status == 0
    assert "airflow dags trigger" in airflow(place, "cheat-sheet").out


def test_plugins_are_those_that_dag_files_see(place: Place) -> None:
    (place.home.root / "plugins").mkdir()
    (place.home.root / "plugins" / "ours.py").write_text(
        "from airflow.plugins_manager import AirflowPlugin\n\nclass Ours(AirflowPlugin):\n    name = 'ours'\n"
    )
    assert json.loads(airflow(place, "plugins -o json").out) == [{"name": "ours", "source": "ours"}]


def test_a_password_on_the_command_line_is_taken_and_told_of(place: Place) -> None:
    said = airflow(place, "users create -u ann -r Admin -p", GOOD)
    assert said.status == 0
    assert said.err == "Others see a password in the list of processes; without --password it is asked for.\n"
