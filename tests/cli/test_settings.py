"""`venturi connections`, `variables` and `pools`: with and without an engine, and what a run sees of them."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from venturi.store import open_store

from .conftest import Place, until

CANARY = 'canary "pw"/ö'
URI = "postgres://me:canary%20%22pw%22%2F%C3%B6@db:5432/shop?token=canary-token&mode=x"


def test_a_connection_is_set_shown_listed_and_removed(place: Place) -> None:
    said = place("connections", "set", "db", URI, "--description", "the shop")
    assert (said.status, said.out, said.err) == (0, "Connection 'db' is set.\n", "")
    found = place("connections", "get", "db", "--json").json
    assert (found["host"], found["port"], found["login"], found["password"]) == (
        "db",
        5432,
        "me",
        CANARY,
    )
    assert found["description"] == "the shop"
    assert found["uri"].startswith("postgres://me:canary%20%22pw%22%2F%C3%B6@db:5432/shop?")
    assert CANARY in place("connections", "get", "db").out
    listed = place("connections", "ls")
    assert listed.out.splitlines()[1].split() == ["db", "postgres", "***", "the", "shop"]
    assert "canary" not in listed.out + place("connections", "ls", "--json").out
    assert place("connections", "ls", "--json").json["connections"][0]["conn_type"] == "postgres"
    assert place("connections", "rm", "db").out == "Connection 'db' is removed.\n"
    gone = place("connections", "get", "db", "--json")
    assert (gone.status, gone.json["error"]["code"]) == (1, "no_such_connection")
    assert gone.err == "There is no connection 'db'. List them with: venturi connections ls\n"


def test_a_connection_is_set_by_json_by_fields_and_from_stdin(place: Place) -> None:
    assert place("connections", "set", "j", '{"conn_type": "aws", "extra": {"region": "r"}}').status == 0
    assert place("connections", "get", "j", "--json").json["extra"] == '{"region": "r"}'
    fields = ("--type", "http", "--host", "h", "--port", "80", "--login", "me", "--extra", '{"a": 1}')
    assert place("connections", "set", "f", *fields).status == 0
    assert place("connections", "get", "f", "--json").json["uri"] == "http://me@h:80/?__extra__=%7B%22a%22%3A+1%7D"
    done = subprocess.run(
        place.argv("connections", "set", "s", "-"), input="ssh://u:from-stdin@h\n", text=True, timeout=60
    )
    assert done.returncode == 0
    assert place("connections", "get", "s", "--json").json["password"] == "from-stdin"


class Greeter(BaseHTTPRequestHandler):
    """A server of http that keeps what it was asked."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(f"GET {self.headers.get('Authorization')}")
        self.send_response(200 if self.path == "/" else 404)
        self.end_headers()

    do_POST = do_GET

    def log_message(self, *_: object) -> None:
        pass


def test_what_a_connection_names_is_asked_whether_it_answers(place: Place) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Greeter) as server, socket.create_server(("127.0.0.1", 0)) as silent:
        threading.Thread(target=server.serve_forever).start()
        port = server.server_address[1]
        for name, uri in (
            ("web", f"http://me:sesame-of-web@127.0.0.1:{port}"),
            ("mute", f"http://127.0.0.1:{silent.getsockname()[1]}"),
            ("file", "sqlite:///" + str(place.folder / "some.db")),
            ("mail", "smtp://me:sesame-of-mail@127.0.0.1:1?disable_ssl=true&retry_limit=1"),
            ("base", "postgres://me:sesame-of-base@127.0.0.1:1/shop"),
            ("odd", "nobodys-type://host"),
        ):
            assert place("connections", "set", name, uri).status == 0
        good = place("connections", "test", "web")
        assert (good.status, good.out) == (0, "Connection 'web' works: Connection successfully tested\n"), good
        assert [one.split()[0] for one in Greeter.asked] == ["GET"]  # which changes nothing there
        mute = place("connections", "test", "mute", "--timeout", "3")
        assert (mute.status, mute.out) == (1, "Connection 'mute' does not work: nothing has answered within 3 s.\n")
        server.shutdown()
    assert place("connections", "test", "file", "--json").json["works"]
    for name, why in (
        ("web", "does not answer: [Errno 111] Connection refused"),
        ("mail", "It is named by the connection 'mail'."),
        ("base", "Connection refused"),
        ("odd", "Install the provider wheel that has it"),
    ):
        said = place("connections", "test", name)
        assert (said.status, said.out.count("\n"), said.err) == (1, 1, ""), said
        assert why in said.out
        assert "sesame" not in said.out
    gone = place("connections", "test", "none")
    assert (gone.status, gone.err) == (1, "There is no connection 'none'. List them with: venturi connections ls\n")
    assert place("airflow", "connections", "test", "file").out == "Connection success!\n"
    failed = place("airflow", "connections", "test", "odd")
    assert (failed.status, failed.out.splitlines()[0]) == (1, "Connection failed!")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("connections", "set", "c"), "Say what the connection is, as in: venturi connections set c postgres://"),
        (("connections", "set", "c", "nonsense"), "begins with its type"),
        (("connections", "set", "c", "x://h:abc"), "no number up to 65535"),
        (("connections", "set", "c", "{oops"), "is no JSON object"),
        (("connections", "set", "c", '{"hots": 1}'), "has no field 'hots'"),
        (("connections", "set", "c", "--host", "h"), "A connection has a type"),
        (("connections", "set", "c", "--type", "x", "--port", "abc"), "is a number, and not 'abc'"),
        (("connections", "set", "c", "--type", "x", "--extra", "[1]"), "--extra must be a JSON object"),
        (("connections", "set", " ", "x://h"), "is named by 1 to 250 printable characters"),
        (("connections", "set", "c", "x://h", "--host", "h"), "not both"),
        (("variables", "set", "", "v"), "is named by 1 to 250 printable characters"),
        (("connections", "import", "gone.json"), "gone.json cannot be used: there is no such file.\n"),
        (("connections", "import", "/"), "/ cannot be used: it is a folder.\n"),
        (("variables", "import", "/etc/passwd"), "Name it .json, .yaml or .env"),
    ],
)
def test_bad_input_is_one_sentence_and_writes_nothing(place: Place, arguments: tuple[str, ...], sentence: str) -> None:
    said = place(*arguments)
    assert (said.status, said.out) == (2, "")
    assert sentence in said.err
    assert said.err.count("\n") == 1
    assert not place.home.database.exists()


def test_before_anything_is_there_the_verbs_say_so(place: Place) -> None:
    for verb in (
        ("connections", "ls"),
        ("variables", "get", "a"),
        ("variables", "rm", "a"),
        ("connections", "rotate-key"),
    ):
        said = place(*verb, "--json")
        assert (said.status, said.json["error"]["code"]) == (1, "no_database")


def test_variables_are_set_shown_listed_imported_and_removed(place: Place) -> None:
    assert place("variables", "set", "a", "canary", "--description", "d").out == "Variable 'a' is set.\n"
    assert place("variables", "get", "a").out == "canary\n"
    file = place.file("v.yaml", "a: other\nb: {x: [1]}\nc: {value: text, description: said}\nn: 5\n")
    assert place("variables", "import", file, "--keep").out == "3 variables set, 1 left as they were.\n"
    assert place("variables", "get", "a", "--json").json == {"key": "a", "value": "canary"}
    assert json.loads(place("variables", "get", "b").out) == {"x": [1]}
    assert place("variables", "import", file, "--json").json == {"set": ["a", "b", "c", "n"], "kept": 0}
    assert place("variables", "get", "a").out == "other\n"
    listed = place("variables", "ls")
    assert [line.split() for line in listed.out.splitlines()] == [
        ["KEY", "VALUE", "DESCRIPTION"],
        ["a", "***", "d"],
        ["b", "***"],
        ["c", "***", "said"],
        ["n", "***"],
    ]
    assert place("variables", "rm", "a", "n").out.count("is removed") == 2
    said = place("variables", "rm", "b", "gone")
    assert (said.status, said.err) == (1, "There is no variable 'gone'. List them with: venturi variables ls\n")


def test_what_the_environment_hides_is_said(place: Place) -> None:
    place._environment["AIRFLOW_VAR_A"] = "outside"
    assert (
        "AIRFLOW_VAR_A is set in this environment, and where it is set it wins."
        in place("variables", "set", "a", "x").err
    )


def test_connections_are_imported_and_their_key_is_changed(place: Place) -> None:
    file = place.file("c.json", json.dumps({"a": "http://u:pw1@h", "b": {"conn_type": "ssh", "password": "pw2"}}))
    assert place("connections", "import", file).out == "2 connections set.\n"
    key = place.home.sealing_key.read_text()
    assert place("connections", "rotate-key", "--json").json == {"sealed": 2}
    assert place.home.sealing_key.read_text() != key
    assert place("connections", "get", "b", "--json").json["password"] == "pw2"
    place.home.sealing_key.write_text(key)
    said = place("connections", "get", "a")
    assert (said.status, said.out) == (1, "")
    assert "connection 'a' is sealed with another key than that in" in said.err
    assert said.err.count("\n") == 1


# ── with an engine ───────────────────────────────────────────────────────────────────────────────────────

READS = """
from airflow import DAG
from airflow.hooks.base import BaseHook
from airflow.models import Variable
from airflow.operators.bash import BashOperator
from airflow.operators.python import PythonOperator

SIZE = int(Variable.get("size", default_var=1))

def shows():
    found = BaseHook.get_connection("db")
    print("in all forms:", found.password, repr(found.password), found.get_uri(), found.extra)
    print("size", SIZE, "secret", Variable.get("api_key"))
    Variable.set("written", "by the task")
    raise RuntimeError("cannot log in with " + found.password)

with DAG("reads", schedule=None, is_paused_upon_creation=False) as dag:
    shown = PythonOperator(task_id="shows", python_callable=shows)
    templated = BashOperator(
        task_id="templated",
        bash_command="echo {{ conn.db.host }} {{ var.value.size }} {{ var.json.data.x.y }}"
        " {{ conn.db.extra_dejson.token }}; echo done",  # its last line becomes a value, which nobody touches
    )
"""


def test_a_run_sees_connections_and_variables_and_no_secret_is_left_anywhere(place: Place) -> None:
    """C17: a canary goes through a task; logs, spool, database and everything else in the home are searched for it."""
    (place.home.root / "dags" / "reads.py").write_text(READS)
    place("connections", "set", "db", URI)
    place("variables", "set", "api_key", "canary-key")
    place("variables", "set", "data", '{"x": {"y": "deep"}}')
    place.up()
    until(lambda: "reads" in place("ls").out, "the DAG is there")
    said = place("variables", "set", "size", "7")
    assert said.err == "Read again, because they have read it: reads.py\n"
    run_id = place("trigger", "reads", "--json").json["run_id"]

    def state() -> str:
        return place("status", "reads", run_id, "--json").json["state"]

    until(lambda: state() in ("failed", "success"), "the run ends")
    log = place("logs", "reads", run_id, "shows").out
    assert "in all forms: *** '***' postgres://me:***@db:5432/shop?token=***&mode=x" in log
    assert "size 7 secret ***" in log, "the change had reached the file, whose structure is the same, before the run"
    assert "db 7 deep ***" in place("logs", "reads", run_id, "templated").out
    assert place("variables", "get", "written").out == "by the task\n"
    with open_store(place.home.database, create=False).reader() as reader:
        run = reader.run("reads", run_id)
        assert run is not None
        failed = next(a for a in reader.attempts(run.id) if a.task_id == "shows")
    assert "cannot log in with ***" in json.dumps(failed.detail)
    place("down")
    for file in place.home.root.rglob("*"):
        if file.is_file() and not file.is_relative_to(place.home.root / "dags"):
            assert b"canary" not in file.read_bytes(), file


def test_pools_are_set_with_and_without_an_engine(place: Place) -> None:
    said = place("pools", "set", "narrow", "2", "--json")
    assert said.json == {"pool": "narrow", "slots": 2, "waits": True}
    assert "the command waits" in said.err
    place.up()
    assert place("pools", "set", "wide", "9", "--description", "d").out == "Pool 'wide' has 9 slots.\n"
    assert place("pools", "ls", "--json").json["pools"] == [
        {"pool": "default_pool", "slots": 128, "description": None, "include_deferred": False},
        {"pool": "narrow", "slots": 2, "description": None, "include_deferred": False},
        {"pool": "wide", "slots": 9, "description": "d", "include_deferred": False},
    ]
    assert place("pools", "rm", "narrow").status == 0
    gone = place("pools", "rm", "narrow", "--json")
    assert (gone.status, gone.json["error"]["code"]) == (1, "no_such_pool")
    assert place("pools", "set", "wide", "-1", "--include-deferred").out == "Pool 'wide' has no limit.\n"
    changed = place("pools", "ls", "--json").json["pools"][-1]
    assert changed == {"pool": "wide", "slots": -1, "description": "d", "include_deferred": True}
    assert place("pools", "set", "p", "-2").status == 2
