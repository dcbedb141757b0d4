"""Airflow's own words as they are read: every spelling leads somewhere, and what is unknown names its nearest."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys

import pytest

from venturi.airflow import words
from venturi.cli.commands import venturi as command_line
from venturi.cli.old import answer

# What each Airflow's command line has: `airflow --help` and the helps of its groups.
OF_1_10 = (
    "backfill list_dag_runs list_tasks clear pause unpause trigger_dag delete_dag show_dag pool "
    "variables kerberos render run initdb list_dags dag_state task_failed_deps task_state serve_logs "
    "test webserver resetdb upgradedb checkdb shell scheduler worker flower version connections "
    "create_user delete_user list_users sync_perm next_execution rotate_fernet_key config info "
    "generate_pod_template"
)
OF_2 = {
    "": "cheat-sheet dag-processor info kerberos plugins rotate-fernet-key scheduler standalone sync-perm triggerer "
    "version webserver",
    "celery": "flower stop worker",
    "config": "get-value list",
    "connections": "add create-default-connections delete export get import list test",
    "dags": "backfill delete details list list-import-errors list-jobs list-runs next-execution pause report "
    "reserialize show show-dependencies state test trigger unpause",
    "db": "check check-migrations clean downgrade drop-archived export-archived init migrate reset shell upgrade",
    "jobs": "check",
    "kubernetes": "cleanup-pods generate-dag-yaml",
    "pools": "delete export get import list set",
    "providers": "auth behaviours configs executors get hooks lazy-loaded links list logging notifications secrets "
    "triggers widgets",
    "roles": "add-perms create del-perms delete export import list",
    "tasks": "clear failed-deps list render run state states-for-dag-run test",
    "users": "add-role create delete export import list remove-role reset-password",
    "variables": "delete export get import list set",
    "datasets": "list details",
}
OF_3 = {
    "": "api-server cheat-sheet dag-processor info kerberos plugins rotate-fernet-key scheduler standalone triggerer "
    "version",
    "assets": "details list materialize",
    "backfill": "create",
    "config": "get-value lint list update",
    "dags": "clear delete details list list-import-errors list-jobs list-runs next-execution pause report reserialize "
    "show show-dependencies state test trigger unpause",
    "db": "check check-migrations clean downgrade drop-archived export-archived migrate reset shell",
    "fab-db": "migrate reset",
}


def every_word() -> list[str]:
    grouped = [f"{group} {word}".strip() for of in (OF_2, OF_3) for group, said in of.items() for word in said.split()]
    return sorted({*OF_1_10.split(), *grouped})


@pytest.mark.parametrize("typed", every_word())
def test_every_command_of_every_airflow_is_answered(typed: str) -> None:
    row = words.by_words()[typed]
    if row.is_sentence:
        assert re.fullmatch(r"[A-Z][^\n]+\.", row.does), row.does
    else:
        module, _, name = row.does.partition(".")
        assert callable(getattr(importlib.import_module(f"venturi.cli.old.{module}"), name))


def test_what_the_table_tells_to_type_is_there() -> None:
    told = [row.so for row in words.table()] + [row.does for row in words.table() if row.is_sentence]
    for verb in {found for text in told for found in re.findall(r"venturi ([a-z][a-z-]*)", text)}:
        assert command_line.get_command(None, verb) is not None, verb  # type: ignore[arg-type]


def test_no_option_is_spelled_twice_in_a_command() -> None:
    for row in words.table():
        spelled = [name for text in row.takes.split() for name in text.split("=")[0].split("|")]
        assert len(spelled) == len(set(spelled)), row.words


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("dags triger hello", "There is no command `airflow dags triger`. The nearest is: airflow dags trigger"),
        ("trigger-dags", "There is no command `airflow trigger-dags`. The nearest is: airflow trigger_dag"),
        ("webservr", "The nearest is: airflow webserver"),
        ("quux", "There is no command `airflow quux`. All of them: airflow --help"),
        ("dags list --outptu json", "airflow dags list: it knows no --outptu; the nearest is --output."),
        ("dags list -o xml", "argument -o/--output: invalid choice: 'xml'"),
        ("dags trigger", "airflow dags trigger: the following arguments are required: dag_id."),
    ],
)
def test_what_is_unknown_is_one_sentence_that_names_the_nearest(
    typed: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert answer(typed.split()) == 2
    printed = capsys.readouterr()
    assert said in printed.err
    assert printed.err.count("\n") == 1
    assert printed.out == ""


@pytest.mark.parametrize(
    ("typed", "status"), [("celery worker -q default", 1), ("worker", 1), ("sync-perm", 0), ("roles create X", 1)]
)
def test_what_is_not_done_says_what_to_do_instead(typed: str, status: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(typed.split()) == status
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("typed", ["", "--help", "dags --help", "dags list --help", "celery worker --help", "help"])
def test_help_is_printed_for_all_of_it_a_group_and_a_command(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(typed.split()) == 0
    assert capsys.readouterr().out


def test_1_10s_underscores_are_read_as_dashes() -> None:
    given = words.read(["backfill", "etl", "--start_date", "2020-01-01", "--reset_dagruns", "-sd", "dags/"]).given
    assert (given.dag_id, given.start_date, given.reset_dagruns) == ("etl", "2020-01-01", True)
    created = words.read(["create_user", "-u", "ann", "-r", "Admin", "--use_random_password"]).given
    assert created.use_random_password


def test_a_backfill_is_told_apart_from_the_group_of_its_name() -> None:
    assert words.read(["backfill", "create", "--dag-id", "etl"]).words == "backfill create"
    assert words.read(["backfill", "etl", "-s", "2020-01-01"]).words == "backfill"


def test_a_values_own_json_option_is_no_json_of_ours() -> None:
    out = subprocess.run(
        [sys.executable, "-m", "venturi.cli", "airflow", "dags", "lost", "--json"], capture_output=True, text=True
    )
    assert (out.returncode, out.stdout) == (2, "")
