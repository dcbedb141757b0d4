"""The verbs about what Venturi keeps of itself: `config`, `db`, `audit`, `executors`, `remove`, `down --purge` …"""

from __future__ import annotations

import os
import subprocess

import pytest

from .conftest import HELLO, PATIENCE_S, Place, until


def test_settings_are_told_with_where_they_come_from_and_without_secrets(place: Place) -> None:
    (place.home.own / "venturi.toml").write_text("slots = 3\nnonsense = 1\n[resources]\ncpus = 2\n")
    place._environment |= {"VENTURI_PORT": "9001", "AIRFLOW__CORE__MAX_ACTIVE_RUNS_PER_DAG": "7"}
    place._environment["VENTURI_DATABASE_URL"] = "postgresql://me:canary-secret@db/venturi"
    told = place("config", "ls", "--set", "--json")
    found = {one["name"]: (one["value"], one["source"]) for one in told.json["settings"]}
    assert found.pop("grace_s")[1] == "VENTURI_GRACE_S"
    assert "canary-secret" not in told.out
    assert found.pop("database_url")[1] == "VENTURI_DATABASE_URL"
    assert found == {
        "slots": (3, "venturi.toml"),
        "resources_cpus": (2.0, "venturi.toml"),
        "port": (9001, "VENTURI_PORT"),
        "max_active_runs_per_dag": (7, "AIRFLOW__CORE__MAX_ACTIVE_RUNS_PER_DAG"),
        "nonsense": (1, "unknown"),
    }
    assert place("config", "get", "port").out == "9001\n"
    assert place("config", "get", "catchup_by_default", "--json").json["source"] == "default"
    assert place("config", "get", "prot").err == "There is no setting 'prot'. List them with: venturi config ls\n"


@pytest.mark.parametrize(("name", "text"), [("VENTURI_PORT", "abc"), ("VENTURI_GRACE_S", "1 s")])
def test_a_setting_that_is_no_number_is_one_sentence_of_every_verb(place: Place, name: str, text: str) -> None:
    place._environment[name] = text
    for verb in (("ls",), ("config", "ls"), ("up", "-D")):
        said = place(*verb)
        assert said.status in (1, 2)
        assert said.err == f"{name} cannot be used: '{text}' is no number. Correct or remove it.\n"


def test_a_file_of_settings_that_cannot_be_read_is_one_sentence(place: Place) -> None:
    (place.home.own / "venturi.toml").write_text("port: 8080\n")
    said = place("ls")
    assert (said.status, said.err.count("\n")) == (1, 1)
    assert "It is TOML: name = value." in said.err


def test_the_database_is_made_checked_and_its_form_told(place: Place) -> None:
    assert place("db", "check").status == 1
    assert place("db", "migrate").out == f"The database is ready: {place.home.database}\n"
    assert place("db", "check").out == f"{place.home.database} is reached and whole.\n"
    told = place("db", "version", "--json").json
    assert told["version"] == told["wanted"]
    place._environment["PATH"] = str(place.folder)
    assert place("db", "shell").err.startswith("There is no `sqlite3` on the PATH")


def test_the_databases_own_tool_is_given_it_to_read(place: Place) -> None:
    place("db", "migrate")
    tool = place.folder / "sqlite3"
    tool.write_text('#!/bin/sh\necho "$@"\n')
    tool.chmod(0o755)
    place._environment["PATH"] = f"{place.folder}:{os.environ['PATH']}"
    assert place("db", "shell").out == f"-readonly {place.home.database}\n"


def test_who_did_what_is_told_and_a_line_that_is_changed_is_noticed(place: Place) -> None:
    place("db", "migrate")
    assert place("audit").out == "Nothing is written yet.\n"
    for n in range(3):
        assert place("token", "create", f"t{n}").status == 0
    lines = place("audit", "--json").json["audit"]
    assert len(lines) == 3
    assert lines[0].keys() == {"id", "at", "who", "what", "about", "from"}
    assert len(place("audit", "--limit", "2").out.splitlines()) == 3
    assert place("audit", "--verify").out == "The record is whole.\n"
    import sqlite3

    with sqlite3.connect(place.home.database) as raw:
        raw.execute("UPDATE audit SET who = 'somebody else' WHERE id = 2")
    broken = place("audit", "--verify", "--json")
    assert (broken.status, broken.json["line"]) == (1, 2)


def test_runs_and_dags_are_removed_after_asking(place: Place) -> None:
    file = place.dags / "hello.py"
    file.write_text(HELLO)
    place.up()
    until(lambda: "hello" in place("ls").out, "it is known")
    run_id = place("trigger", "hello", "--unpause", "--json").json["run_id"]
    until(lambda: place("status", "hello", run_id, "--json").json["state"] == "success", "it has succeeded")
    asked = place("remove", "hello", run_id)
    assert (asked.status, asked.err) == (2, f"Run '{run_id}' of DAG 'hello' is removed for good. Say --yes.\n")
    assert place("remove", "hello", run_id, "--yes").status == 0
    assert place("status", "hello", run_id).status == 1
    assert place("executors", "ls", "--json").json["executors"][0]["online"] is True
    assert "stays listed" in place("airflow", "dags", "delete", "hello", "-y").err
    assert place("remove", "nobody", "-y").err == "There is no DAG 'nobody'. List them with: venturi ls\n"


def test_all_that_was_made_goes_and_what_people_put_there_stays(place: Place) -> None:
    (place.dags / "hello.py").write_text(HELLO)
    (place.home.own / "venturi.toml").write_text("slots = 2\n")
    place.up()
    place("variables", "set", "a", "b")
    place("token")
    asked = place("down", "--purge")
    assert (asked.status, asked.err.count("\n")) == (2, 1)
    assert place.pids()  # nothing was stopped before the answer
    assert place("down", "--purge", "--yes").status == 0
    assert sorted(file.name for file in place.home.root.iterdir()) == ["dags", "venturi.toml"]
    assert place("down", "--purge", "--yes", "--json").json == {"stopped": False, "removed": []}
    assert place("airflow", "db", "reset", "-y").status == 0
    assert place.home.database.exists()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_completes_verbs(place: Place, shell: str) -> None:
    assert "_VENTURI_COMPLETE" in place_without_home(place, "completions", shell)
    given = {"COMP_WORDS": "venturi back", "COMP_CWORD": "1" if shell != "fish" else "back"}
    said = place_without_home(place, **{"_VENTURI_COMPLETE": f"{shell}_complete", **given})
    assert {"backfill", "backup"} <= {word for line in said.splitlines() for word in line.replace("\t", ",").split(",")}


def place_without_home(place: Place, *words: str, **more: str) -> str:
    argv = place.argv(*words)[:-2]
    done = subprocess.run(argv, env={**os.environ, **more}, capture_output=True, text=True, timeout=PATIENCE_S)
    return done.stdout
