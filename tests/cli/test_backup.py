"""`venturi backup` and `restore`: taken while tasks are at work, filled into a home in which nothing is."""

from __future__ import annotations

import json
import stat
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from .conftest import Gate, Place, until

LARGE = """
from airflow.decorators import dag, task

@dag(schedule=None)
def large():
    @task
    def make():
        return "x" * 200_000

    @task
    def look(text):
        print("looked at", len(text))

    look(make())

large()
"""


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Place]:
    (tmp_path / "other").mkdir()
    made = Place(tmp_path / "other")
    yield made
    made.end()


def test_a_home_comes_back_with_runs_values_logs_and_what_is_sealed(place: Place, other: Place, tmp_path: Path) -> None:
    assert place("run", place.file("large.py", LARGE)).status == 0
    assert place("variables", "set", "word", "canary-secret").status == 0
    file = tmp_path / "kept.tar.gz"
    made = place("backup", str(file), "--logs", "--with-key", "--json")
    assert made.status == 0, made.err
    assert "whoever has it can read every connection and variable" in made.err
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert made.json["values"] == 1
    run = place("status", "large", "--json").json
    back = other("restore", str(file), "--json")
    assert back.status == 0, back.err
    assert other("status", "large", "--json").json == run
    assert "looked at 200000" in other("logs", "large", run["run_id"], "look").out
    assert other("variables", "get", "word").out == "canary-secret\n"
    assert other("db", "check").status == 0
    assert other("audit", "--verify").status == 0


def test_without_the_key_it_says_so_and_what_is_sealed_stays_closed(place: Place, other: Place, tmp_path: Path) -> None:
    place("variables", "set", "word", "canary-secret")
    file = tmp_path / "kept.tar"
    made = place("backup", str(file))
    assert f"Keep a copy of {place.home.sealing_key} elsewhere" in made.err
    with tarfile.open(file) as tar:
        assert "sealing.key" not in tar.getnames()
    assert b"canary-secret" not in file.read_bytes()
    back = other("restore", str(file))
    assert back.status == 0
    assert "sealing.key" in back.err
    assert other("variables", "get", "word").status == 1
    other.home.sealing_key.write_bytes(place.home.sealing_key.read_bytes())
    other.home.sealing_key.chmod(0o600)
    assert other("variables", "get", "word").out == "canary-secret\n"


def test_a_run_that_was_at_work_is_run_to_its_end_where_it_is_restored(
    place: Place, other: Place, gate: Gate, tmp_path: Path
) -> None:
    """The task has begun when the copy is made; in the copy it is lost, and so it is run again."""
    (place.dags / "waiting.py").write_text(Path(gate.file).read_text())
    place.up()
    until(lambda: "waiting" in place("ls").out, "it is known")
    run_id = place("trigger", "waiting", "--unpause", "--conf", gate.conf, "--json").json["run_id"]
    gate.has_begun()
    file = tmp_path / "kept.tar"
    assert place("backup", str(file)).status == 0
    place("down", "--json")
    assert other("restore", str(file)).status == 0
    gate.open()
    (other.dags / "waiting.py").write_text(Path(gate.file).read_text())
    other.up()
    until(lambda: other("status", "waiting", run_id, "--json").json["state"] == "success", "it has succeeded there")


@pytest.mark.parametrize("kind", ["gone", "no tar", "another tar", "outside"])
def test_what_is_no_backup_is_one_sentence_and_leaves_nothing(place: Place, tmp_path: Path, kind: str) -> None:
    file = tmp_path / "kept.tar"
    if kind == "no tar":
        file.write_text("no tar at all" * 100)
    elif kind != "gone":
        name = {"another tar": "backup.json", "outside": "values/../../outside"}[kind]
        (tmp_path / "x").write_text(json.dumps({"form": 99, "venturi": "9.9"}))
        with tarfile.open(file, "w") as tar:
            tar.add(tmp_path / "x", name)
    said = place("restore", str(file))
    assert (said.status, said.out, said.err.count("\n")) == (1, "", 1)
    assert not place.home.database.exists()
    assert not (place.home.root.parent / "outside").exists()


def test_nothing_that_is_there_is_written_over(place: Place, tmp_path: Path) -> None:
    place("variables", "set", "a", "1")
    file = tmp_path / "kept.tar"
    assert place("backup", str(file)).status == 0
    before = file.read_bytes()
    again = place("backup", str(file))
    assert (again.status, file.read_bytes() == before) == (2, True)
    assert "is there already" in place("restore", str(file)).err
    assert "There is nothing" in Place(tmp_path / "empty")("backup", str(tmp_path / "x.tar")).err
