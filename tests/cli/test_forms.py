"""What every command promises: exit codes, one line of JSON on stdout, all else on stderr."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest

from venturi.cli.commands import VERBS, run_command, venturi
from venturi.cli.printing import duration, iso, table


def call(capsys, *arguments: str) -> tuple[int, str, str]:
    status = run_command(list(arguments))
    out = capsys.readouterr()
    return status, out.out, out.err


@pytest.mark.parametrize("group", ["users", "connections", "variables", "pools", "config", "executors"])
def test_a_group_without_a_verb_lists(capsys, tmp_path, group):
    assert call(capsys, "db", "migrate", "--home", str(tmp_path))[0] == 0
    listed = call(capsys, group, "ls", "--home", str(tmp_path))
    assert listed[0] == 0
    assert call(capsys, group, "--home", str(tmp_path)) == listed
    assert call(capsys, group, f"--home={tmp_path}", "ls") == listed
    assert call(capsys, group, "--help")[1].startswith(f"Usage: venturi {group}")


@pytest.mark.parametrize("words", [(), ("db",)])
def test_help_that_nobody_has_asked_for_is_laid_out_too(capsys, words):
    status, out, err = call(capsys, *words)
    assert (status, out) == (2, "")
    assert err.startswith("Usage: venturi")
    assert "\n\nCommands:\n" in err


FAILING = [
    (("run", "nowhere.py"), 2, "no_such_file"),
    (("run", "nowhere.py", "--nonsense"), 2, "usage"),
    (("run",), 2, "usage"),
    (("nonsense",), 2, "usage"),
    (("users", "nonsense"), 2, "usage"),
    (("pools", "--nonsense"), 2, "usage"),
    (("up", "-D", "--dags", "nowhere"), 2, "no_such_folder"),
    (("trigger", "d", "--conf", "[1]"), 2, "bad_conf"),
    (("trigger", "d", "--conf", "{"), 2, "bad_conf"),
    (("trigger", "d"), 1, "no_database"),
    (("pause", "d"), 1, "no_database"),
    (("ls",), 1, "no_database"),
    (("status", "d", "r"), 1, "no_database"),
    (("logs", "d", "r", "t"), 1, "no_database"),
    (("restart",), 1, "not_running"),
]


@pytest.mark.parametrize(
    ("arguments", "status", "code"), FAILING, ids=lambda v: " ".join(v) if isinstance(v, tuple) else ""
)
def test_a_failure_is_one_line_of_json_and_a_sentence_on_stderr(capsys, tmp_path, arguments, status, code):
    home = ("--home", str(tmp_path / "home")) if arguments[0] in VERBS else ()
    got, out, err = call(capsys, *arguments, *home, "--json")
    assert got == status
    assert out.endswith("\n")
    assert out.count("\n") == 1
    assert json.loads(out)["error"]["code"] == code
    assert json.loads(out)["error"]["message"] in err


@pytest.mark.parametrize(
    ("arguments", "status", "code"), FAILING, ids=lambda v: " ".join(v) if isinstance(v, tuple) else ""
)
def test_without_json_a_failure_leaves_stdout_empty(capsys, tmp_path, arguments, status, code):
    home = ("--home", str(tmp_path / "home")) if arguments[0] in VERBS else ()
    got, out, err = call(capsys, *arguments, *home)
    assert (got, out) == (status, "")
    assert err


def test_a_conf_that_is_no_object_keeps_a_file_from_starting(capsys, tmp_path):
    file = tmp_path / "d.py"
    file.write_text("")
    assert call(capsys, "run", str(file), "--conf", "[]", "--home", str(tmp_path / "h"))[0] == 2


def test_status_without_anything_is_an_empty_list(capsys, tmp_path):
    status, out, _ = call(capsys, "status", "--home", str(tmp_path), "--json")
    assert (status, json.loads(out)) == (0, {"processes": []})


def test_down_without_anything_says_so_and_is_no_failure(capsys, tmp_path):
    status, out, _ = call(capsys, "down", "--home", str(tmp_path), "--json")
    assert (status, json.loads(out)) == (0, {"stopped": False})


# `airflow` answers as Airflow does, and `completions` is about no home.
@pytest.mark.parametrize("verb", sorted(set(VERBS) - {"airflow", "completions"}))
def test_every_verb_takes_home_and_json_and_explains_itself(capsys, verb):
    command = venturi.get_command(click.Context(venturi), verb)
    inner = list(command.commands) if isinstance(command, click.Group) else [None]
    for name in inner:
        status, out, _ = call(capsys, verb, *([name] if name else []), "--help")
        assert status == 0
        assert "--home" in out
        assert "--json" in out


def test_the_overview_names_every_verb_without_importing_one(capsys):
    code = (
        "import sys; from venturi.cli.commands import run_command; run_command(['--help']); "
        "print([m for m in ('venturi.cli.run', 'venturi.cli.tree', 'sqlalchemy', 'rich') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert all(f"  {verb} " in out for verb in VERBS)
    assert out.splitlines()[-1] == "[]"


def test_tables_are_as_wide_as_what_is_in_them():
    assert table(("A", "B"), [("one", 1), ("three", None)]) == "A      B\none    1\nthree"


@pytest.mark.parametrize(("seconds", "text"), [(0.034, "0.03 s"), (61, "1 min 01 s"), (7260, "2 h 01 min"), (None, "")])
def test_durations_are_short(seconds, text):
    assert duration(seconds) == text


def test_times_are_iso_8601_in_utc():
    assert iso(0.5) == "1970-01-01T00:00:00.500000Z"
    assert iso(None) is None


def test_the_command_is_where_the_package_says(tmp_path: Path):
    out = subprocess.run([sys.executable, "-m", "venturi.cli", "-h"], capture_output=True, text=True, check=True)
    assert out.stdout.startswith("Usage: venturi")
