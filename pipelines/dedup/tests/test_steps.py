"""The tasks on a real Postgres: what they leave, what a repetition adds (nothing), and what they say when it fails."""

import json
import os
import signal
import socket

import pytest
from airflow.exceptions import AirflowException, AirflowFailException
from dedup import database, steps

HEAD = "first_name,last_name,address\n"


def test_what_matches_nobody_is_inserted(all_of, count):
    # S5.18 to S5.22
    numbers, measured = all_of()
    assert numbers["inserted"] + numbers["duplicates"] == 100
    assert numbers["people"] == 150 + numbers["inserted"] == count()
    assert numbers["compared"] < numbers["all_pairs"] / 10
    assert measured["precision"] > 0.8
    assert measured["recall"] > 0.8


def test_a_second_run_is_matched_against_the_first(all_of):
    # S5.4
    first, _ = all_of("manual__1")
    second, _ = all_of("manual__2")
    assert second["people"] == first["people"] + second["inserted"]


def test_a_repeated_task_inserts_nothing_twice(all_of, count):
    # S5.7
    once = all_of()
    assert all_of() == once
    assert count() == once[0]["people"]
    assert count("SELECT count(*) FROM people_blocks") == 4 * once[0]["people"]


def test_a_record_that_comes_again_in_another_feed_is_known(all_of, context, tmp_path):
    (tmp_path / "feed.csv").write_text(HEAD + "Ann,Lee,1 Oak St 10001\nANN,Lee,1 Oak Street 10001\n")
    context["dag_run"].conf["feed"] = str(tmp_path / "feed.csv")
    assert [all_of(run)[0]["inserted"] for run in ("a", "b")] == [1, 0]


def test_a_feed_without_known_duplicates_is_not_measured(all_of, context, tmp_path):
    (tmp_path / "feed.csv").write_text(HEAD + "Ann,Lee,1 Oak St\n")
    context["dag_run"].conf["feed"] = str(tmp_path / "feed.csv")
    assert all_of()[1]["precision"] is None


def test_a_crash_between_insert_and_commit_leaves_nothing(context, count, monkeypatch):
    for step in (steps.create_table, steps.ingest, steps.clean_records):
        step(**context)
    before = count()
    child = os.fork()
    if child == 0:
        whole = steps.insert
        monkeypatch.setattr(steps, "insert", lambda *given: (whole(*given), os.kill(os.getpid(), signal.SIGKILL)))
        steps.run_analysis(**context)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert count() == before
    numbers = steps.run_analysis(**context)
    assert count() == numbers["people"] == before + numbers["inserted"]


def test_a_bad_model_fails_and_tells_its_numbers(all_of, context):
    # S5.8
    all_of()
    with pytest.raises(AirflowFailException, match=r"The recall is \d\.\d{3}, below 1\.1"):
        steps.measure(0.5, 1.1, **context)
    assert context["ti"].pushed["numbers"]["planted"] > 0


# ── what is missing or broken ──


def test_an_empty_feed_is_said(context, tmp_path):
    steps.create_table(**context)
    (tmp_path / "feed.csv").write_text(HEAD)
    context["dag_run"].conf["feed"] = str(tmp_path / "feed.csv")
    with pytest.raises(AirflowException, match=r"feed\.csv holds no records: nothing is inserted"):
        steps.ingest(**context)
    (tmp_path / "feed.csv").write_text("name\nAnn\n")
    with pytest.raises(AirflowFailException, match="has no column address, first_name, last_name"):
        steps.ingest(**context)
    context["dag_run"].conf["feed"] = str(tmp_path / "other.csv")
    with pytest.raises(AirflowException, match=r"other\.csv cannot be read: No such file"):
        steps.ingest(**context)


def test_a_missing_table_is_said(context):
    with pytest.raises(AirflowFailException, match="table 'analyses' is missing: run the task create_table first"):
        steps.run_analysis(**context)


def test_a_run_without_its_records_is_said(context):
    steps.create_table(**context)
    with pytest.raises(AirflowFailException, match="no cleaned records of manual-1"):
        steps.run_analysis(**context)


def test_a_port_where_nothing_listens_is_said(context, monkeypatch):
    # S5.23
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("AIRFLOW_CONN_PEOPLE_DB", f"postgres://me:pw@127.0.0.1:{port}/people")
    with pytest.raises(AirflowException, match=f"does not answer at 127.0.0.1:{port} .*grep :{port}"):
        steps.create_table(**context)


def test_what_listens_and_says_nothing_is_not_waited_for(context, monkeypatch):
    monkeypatch.delenv("PGCONNECT_TIMEOUT", raising=False)
    monkeypatch.setattr(database, "CONNECT_S", 2)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        monkeypatch.setenv("AIRFLOW_CONN_PEOPLE_DB", f"postgres://me:pw@127.0.0.1:{port}/people")
        with pytest.raises(AirflowException, match=f"does not answer at 127.0.0.1:{port} .*timeout expired"):
            steps.create_table(**context)
    os.environ.pop("PGCONNECT_TIMEOUT")


def test_a_wrong_password_and_a_missing_database_are_said_and_not_tried_again(context, count, monkeypatch):
    with database.database() as connection, connection.cursor() as cursor:
        cursor.execute("ALTER USER postgres PASSWORD 'right'")
        connection.commit()
        cursor.execute("SHOW hba_file")
        rules, here = cursor.fetchone()[0], connection.info.host
        with open(rules, "w") as file:
            file.write("local all all scram-sha-256\n")
        cursor.execute("SELECT pg_reload_conf(), pg_sleep(0.5)")
        fields = {"conn_type": "postgres", "host": here, "login": "postgres", "schema": "postgres"}
        monkeypatch.setenv("AIRFLOW_CONN_PEOPLE_DB", json.dumps({**fields, "password": "wrong"}))
        with pytest.raises(AirflowFailException, match="refuses the login 'postgres': set another password"):
            steps.create_table(**context)
        monkeypatch.setenv("AIRFLOW_CONN_PEOPLE_DB", json.dumps({**fields, "password": "right", "schema": "other"}))
        with pytest.raises(AirflowFailException, match="has no database 'other': create it"):
            steps.create_table(**context)
        monkeypatch.setenv("AIRFLOW_CONN_PEOPLE_DB", json.dumps({**fields, "password": "right"}))
        steps.create_table(**context)
        assert count() == 150
        connection.rollback()
        with open(rules, "w") as file:
            file.write("local all all trust\n")
