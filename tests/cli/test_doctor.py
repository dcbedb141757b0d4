"""`venturi doctor`: each of its checks says what is well, and can be shown what is wrong; how to mend it is told."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from venturi.cli import processes
from venturi.cli.checks import ERROR, OK, WARNING, Found, Patient, checks, examine, keeping, machine, work
from venturi.config import Home
from venturi.store import open_store

from .conftest import HELLO, Place, until


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Whose port is free, and for which no variable of this machine says anything."""
    for name in [name for name in os.environ if name.startswith(("VENTURI_", "AIRFLOW_")) or name == "DOCKER_HOST"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("VENTURI_PORT", "0")
    found = Home(tmp_path / "home", tmp_path / "home")
    found.make()
    return found


def looked(home: Home, name: str) -> list[Found]:
    return list(checks()[name](Patient(home)))


def wrong(home: Home, name: str) -> str:
    """What the one finding that is not well says, and how it is mended."""
    [one] = [one for one in looked(home, name) if one.state != OK]
    assert one.mend, one
    return f"{one.says} {one.mend}"


def test_a_fresh_home_is_well_and_every_check_says_so(home: Home) -> None:
    with open_store(home.database, True, home.sealing_key) as store:
        store.variable_set("a", "b")
    found = list(examine(home))
    assert {one.name for one in found} == set(checks())
    assert [one for one in found if one.state == ERROR] == []


@pytest.mark.parametrize(
    ("measure", "value", "check", "state", "says"),
    [
        ("memory_free_mb", 100.0, "memory", ERROR, "too little for tasks"),
        ("memory_free_mb", 500.0, "memory", WARNING, "0.5 GB"),
        ("disk_free_mb", 50.0, "disk", ERROR, "venturi clean"),
        ("disk_free_mb", 900.0, "disk", WARNING, "venturi clean"),
        ("open_files_max", 256, "limits", WARNING, "ulimit -n"),
        ("watches_max", 100, "limits", WARNING, "max_user_watches"),
    ],
)
def test_a_machine_that_has_too_little(
    home: Home, monkeypatch: pytest.MonkeyPatch, measure: str, value: float, check: str, state: str, says: str
) -> None:
    monkeypatch.setattr(machine, measure, lambda *_: value)
    assert says in wrong(home, check)
    assert [one.state for one in looked(home, check)] == [state]


def test_a_python_that_is_too_old(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "PYTHON_MIN", (99, 0))
    assert "too old" in wrong(home, "python")


def test_settings_that_cannot_be_or_mean_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    (home.own / "venturi.toml").write_text("prot = 8081\n")
    assert "prot, which means nothing" in wrong(home, "settings")
    (home.own / "venturi.toml").write_text("port = \n")
    assert [one.state for one in examine(home) if one.name == "settings"] == [ERROR]
    (home.own / "venturi.toml").unlink()
    monkeypatch.setenv("VENTURI_SLOTS", "many")
    assert ["VENTURI_SLOTS" in one.says for one in examine(home) if one.name == "settings"] == [True]


def test_a_home_and_secrets_that_others_may_read(home: Home) -> None:
    home.own.chmod(0o755)
    assert "chmod 700" in wrong(home, "home")
    with open_store(home.database, True, home.sealing_key) as store:
        store.variable_set("a", "b")
    home.sealing_key.chmod(0o644)
    assert f"chmod 600 {home.sealing_key}" in wrong(home, "sealing key")


def test_a_key_that_is_gone_or_another(home: Home) -> None:
    with open_store(home.database, True, home.sealing_key) as store:
        store.variable_set("a", "b")
    kept = home.sealing_key.rename(home.own / "away")
    assert "is missing" in wrong(home, "sealing key")
    kept.rename(home.sealing_key)
    assert [one.state for one in looked(home, "sealing key")] == [OK]


def test_a_database_that_is_empty_old_or_out_of_reach(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.database.touch()
    assert "is empty" in wrong(home, "database")
    home.database.unlink()
    with open_store(home.database, True, home.sealing_key):
        pass
    import sqlite3

    with sqlite3.connect(home.database) as raw:
        raw.execute("UPDATE alembic_version SET version_num = '0001'")
    assert "venturi db migrate" in wrong(home, "database")
    monkeypatch.setenv("VENTURI_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    assert "VENTURI_DATABASE_URL" in wrong(home, "database")


def test_a_clock_that_is_behind(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store(home.database, True, home.sealing_key) as store:
        store.variable_set("a", "b")
    assert [one.state for one in looked(home, "clock")] == [OK]
    monkeypatch.setattr(keeping, "now", lambda: 1_000_000_000.0)
    assert "is behind" in wrong(home, "clock").replace("s behind", "is behind")


def test_a_port_that_is_taken(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("VENTURI_PORT", str(taken.getsockname()[1]))
        assert "venturi up --port N" in wrong(home, "port")


def test_listening_to_others_without_an_account_and_tls(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VENTURI_HOST", "0.0.0.0")
    [one] = looked(home, "reach")
    assert (one.state, "venturi users create" in one.says) == (ERROR, True)


def test_commands_that_wait_and_what_killed_processes_left(home: Home) -> None:
    with open_store(home.database, True, home.sealing_key) as store:
        store.put_command("pause", {"dag_id": "d"})
    assert "1 command waits" in wrong(home, "commands")
    (home.run / "up.json").write_text(json.dumps({"pid": 2**22 + 1, "ticks": 1}))
    assert "up.json" in wrong(home, "leftovers")


def test_a_crew_without_an_engine_and_an_engine_that_is_not_there(home: Home) -> None:
    processes.note(home, "crew", os.getpid())
    assert "without an engine" in wrong(home, "processes")
    processes.note(home, "up", os.getpid(), url="http://127.0.0.1:1")
    says = " ".join(one.says for one in looked(home, "processes") if one.state == ERROR)
    assert "The engine is not there" in says
    assert "The crew does not answer" in says
    assert "venturi restart" in wrong(home, "port")


# ── what tasks need ──────────────────────────────────────────────────────────────────────────────────────


def answering(reply: bytes) -> Iterator[int]:
    """A server that says this to whoever comes; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.1)
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                try:
                    link, _ = server.accept()
                except TimeoutError:
                    continue
                with link:
                    link.sendall(reply)

        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1]
        over.set()
        thread.join()


@pytest.fixture
def speaking() -> Iterator[Callable[[bytes], int]]:
    begun: list[Iterator[int]] = []

    def begin(reply: bytes) -> int:
        begun.append(answering(reply))
        return next(begun[-1])

    yield begin
    for one in begun:
        next(one, None)


def test_a_mail_server_that_is_silent_or_another(home: Home, monkeypatch: pytest.MonkeyPatch, speaking) -> None:
    assert [one.state for one in looked(home, "mail")] == [OK]
    for port, state in ((speaking(b"220 here\r\n"), OK), (speaking(b"HTTP/1.0 400\r\n"), ERROR), (1, ERROR)):
        monkeypatch.setenv("AIRFLOW__SMTP__SMTP_HOST", "127.0.0.1")
        monkeypatch.setenv("AIRFLOW__SMTP__SMTP_PORT", str(port))
        assert [one.state for one in looked(home, "mail")] == [state]
    assert "smtp_default" in wrong(home, "mail")


def test_a_docker_engine_is_missed_only_by_those_who_need_it(
    home: Home, monkeypatch: pytest.MonkeyPatch, speaking
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    assert [one.state for one in looked(home, "Docker")] == [OK]
    monkeypatch.setattr(work, "_users_of_docker", lambda _: ["'train'"])
    assert "'train' start containers" in wrong(home, "Docker")
    port = speaking(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")
    monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{port}")
    assert [one.state for one in looked(home, "Docker")] == [OK]


def test_environments_that_failed(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from venturi.cli import environments

    lines = [
        "shop: its environment could not be built: no matching distribution",
        "web: its environment is being built (1 s)",
    ]
    monkeypatch.setattr(environments, "unready", lambda _: lines)
    assert [one.state for one in looked(home, "environments")] == [ERROR, WARNING]


def test_an_environment_whose_python_does_not_run(home: Home) -> None:
    """One that is not there any more is built anew by itself."""
    python = home.environments / "b10b2c8f" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\necho 'libpython is gone' >&2\nexit 127\n")
    python.chmod(0o755)
    (home.environments / "b10b2c8f.json").write_text(json.dumps({"state": "ready", "root": "/project"}))
    assert "venturi environments rm b10b2c8f" in wrong(home, "environments")


def test_it_is_an_exit_code_and_one_line_of_json_beside_a_running_tree(place: Place) -> None:
    (place.dags / "hello.py").write_text(HELLO)
    place._environment.pop("VENTURI_PORT", None)
    assert place.up().status == 0
    until(lambda: "hello" in place("ls").out, "it is known")
    well = place("doctor", "--json")
    assert well.status == 0, well.out
    assert well.json["healthy"] is True
    (place.dags / "broken.py").write_text("from airflow import DAG\nimport nowhere_to_be_found\n")
    until(lambda: "nowhere_to_be_found" in place("ls").out, "its error is known")
    ill = place("doctor", "--json")
    assert (ill.status, ill.json["healthy"]) == (1, False)
    [one] = [one for one in ill.json["checks"] if one["state"] == "error"]
    assert one["name"] == "DAG files"
    assert one["mend"] == f"Correct it; look with: venturi check {place.dags / 'broken.py'}"
    text = place("doctor")
    assert "✗ DAG files: " in text.out
    assert text.err == "1 thing is wrong.\n"
