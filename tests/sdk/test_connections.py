"""Connections: both written forms, read and written as Airflow 2.11 does (each row was compared with it)."""

from __future__ import annotations

import json

import pytest

from venturi import Connection
from venturi.sdk.connections import BaseHook, ConnectionAccess
from venturi.sdk.exceptions import AirflowException, AirflowNotFoundException
from venturi.sdk.port import installed
from venturi.testing import LocalPort, LocalStore

# URI; type, host, login, password, schema, port; extra; URI as it is written again, where that differs
READ = [
    (
        "postgresql://me:p%40ss@db:5432/shop?sslmode=require",
        ("postgres", "db", "me", "p@ss", "shop", 5432),
        {"sslmode": "require"},
        "postgres://me:p%40ss@db:5432/shop?sslmode=require",
    ),
    ("http://example.org", ("http", "example.org", None, None, "", None), {}, None),
    (
        "https://example.org/path/deep?x=1&x=2&y=",
        ("https", "example.org", None, None, "path/deep", None),
        {"x": "2", "y": ""},
        "https://example.org/path%2Fdeep?x=2&y=",
    ),
    (
        "http://https%3a%2f%2fexample.org%2fpath",
        ("http", "https://example.org/path", None, None, "", None),
        {},
        "http://https://example.org%2Fpath",
    ),
    ("http://https://example.org:8443/path", ("http", "https://example.org", None, None, "path", 8443), {}, None),
    (
        "docker://https://u:p@index.docker.io%2Fv1:5000/?email=a%40b.c",
        ("docker", "https://index.docker.io/v1", "u", "p", "", 5000),
        {"email": "a@b.c"},
        None,
    ),
    (
        "aws://AKIA:se%2Fcret%2B@/?region_name=eu-west-1",
        ("aws", "", "AKIA", "se/cret+", "", None),
        {"region_name": "eu-west-1"},
        None,
    ),
    (
        "google-cloud-platform://?key_path=%2Fkeys%2Fk.json",
        ("google_cloud_platform", "", None, None, "", None),
        {"key_path": "/keys/k.json"},
        "google-cloud-platform:///?key_path=%2Fkeys%2Fk.json",
    ),
    ("type://user@host", ("type", "host", "user", None, "", None), {}, None),
    ("type://:pw@host", ("type", "host", "", "pw", "", None), {}, None),
    ("type://user:@host", ("type", "host", "user", None, "", None), {}, "type://user@host"),
    ("type://[::1]:5432/x", ("type", "::1", None, None, "x", 5432), {}, "type://%3A%3A1:5432/x"),
    (
        "type://HOST.Example.org/UP",
        ("type", "host.example.org", None, None, "UP", None),
        {},
        "type://host.example.org/UP",
    ),
    ("type://u:p%3Aw:x@host", ("type", "host", "u", "p:w:x", "", None), {}, "type://u:p%3Aw%3Ax@host"),
    ("type://user%40corp:pw@host", ("type", "host", "user@corp", "pw", "", None), {}, None),
    ("type://u:p@host/sch%2Fema", ("type", "host", "u", "p", "sch/ema", None), {}, None),
    (
        "type://u:p@host/?__extra__=%7B%22a%22%3A+%7B%22b%22%3A+1%7D%7D",
        ("type", "host", "u", "p", "", None),
        {"a": {"b": 1}},
        None,
    ),
    ("type://host/?blank=&b=%26", ("type", "host", None, None, "", None), {"blank": "", "b": "&"}, None),
    ("type://%2Ftmp%2Fsocket/db", ("type", "/tmp/socket", None, None, "db", None), {}, None),
    ("sqlite:////tmp/x.db", ("sqlite", "", None, None, "/tmp/x.db", None), {}, "sqlite:///%2Ftmp%2Fx.db"),
    ("slack://:xoxb-token@", ("slack", "", "", "xoxb-token", "", None), {}, None),
    ("wasb://login:key==@host", ("wasb", "host", "login", "key==", "", None), {}, "wasb://login:key%3D%3D@host"),
    ("presto://u:p%2525@h/hive%3Fx", ("presto", "h", "u", "p%25", "hive?x", None), {}, None),
    (
        "samba://Us%C3%A9r:p%C3%A4ss@h%C3%B6st",
        ("samba", "höst", "Usér", "päss", "", None),
        {},
        None,
    ),
    ("my_type://host", ("my_type", "host", None, None, "", None), {}, "my-type://host"),  # Airflow makes nonsense of it
]


@pytest.mark.parametrize(("uri", "parts", "extra", "written"), READ, ids=[row[0] for row in READ])
def test_a_connection_is_read_from_a_uri_and_written_as_one(uri, parts, extra, written):
    c = Connection(conn_id="c", uri=uri)
    assert (c.conn_type, c.host, c.login, c.password, c.schema, c.port) == parts
    assert c.extra_dejson == extra
    assert c.get_uri() == (written or uri)
    assert Connection("c", uri=c.get_uri()).get_uri() == c.get_uri()


@pytest.mark.parametrize(
    ("fields", "uri"),
    [
        ({"conn_type": "x", "extra": {"a": 1}}, "x:///?__extra__=%7B%22a%22%3A+1%7D"),
        ({"conn_type": "x", "extra": "not json"}, "x:///?__extra__=not+json"),
        ({"conn_type": "x", "extra": "[1]"}, "x:///?__extra__=%5B1%5D"),
        ({"conn_type": "x", "extra": "{}"}, "x:///?__extra__=%7B%7D"),
        ({"conn_type": "google_cloud_platform", "extra": {"a": "b c", "d": "é&="}},
         "google-cloud-platform:///?a=b+c&d=%C3%A9%26%3D"),
        ({"conn_type": "http", "host": "https://example.org/path", "port": 443}, "http://https://example.org%2Fpath:443"),
        ({"conn_type": "x", "password": "only"}, "x://:only@"),
        ({"conn_type": "x", "login": "", "password": ""}, "x://"),
        ({"conn_type": "x", "port": 1}, "x://@:1"),
        ({"conn_type": "x", "host": "h", "port": 0}, "x://h"),
        ({"host": "h"}, "//h"),
        ({"conn_type": "X-Y", "host": "H"}, "x-y://H"),
    ],
)  # fmt: skip
def test_a_connection_of_single_fields_is_written_as_a_uri(fields, uri):
    assert Connection("c", **fields).get_uri() == uri


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Connection("c", uri="host-only"), "begins with its type, as in postgres://"),
        (lambda: Connection("c", uri="http://u:pw@https://h/"), "second scheme"),
        (lambda: Connection("c", uri="x://h:port"), "no number up to 65535"),
        (lambda: Connection("c", uri="x://h:70000"), "no number up to 65535"),
        (lambda: Connection("c", uri="x://h", host="h"), "Give either uri= or single fields"),
        (lambda: Connection("c", port="abc"), "is a number, and not 'abc'"),
        (lambda: Connection.from_json("[1]", "c"), "Connection 'c' is written as JSON and is no JSON object"),
        (lambda: Connection.from_json('{"hosts": 1}', "c"), "has no field 'hosts'. The fields are: conn_type,"),
    ],
)
def test_what_is_no_connection_is_said_without_its_password(make, sentence):
    with pytest.raises((AirflowException, ValueError), match=sentence.replace("=", ".")) as said:
        make()
    assert "pw" not in str(said.value)


def test_a_connection_is_read_from_json_and_written_as_it():
    text = '{"conn_type": "postgresql", "login": "u", "port": "7", "extra": {"a": {"b": 1}}}'
    c = Connection.from_json(text, conn_id="c")
    assert (c.conn_type, c.port, c.extra) == ("postgres", 7, '{"a": {"b": 1}}')
    assert json.loads(c.as_json()) == {"conn_type": "postgres", "login": "u", "port": 7, "extra": {"a": {"b": 1}}}
    assert Connection.from_json(c.as_json(), "c") == c
    assert c.to_dict(prune_empty=True)["extra"] == {"a": {"b": 1}}
    assert Connection.from_json('{"uri": "x://h"}').host == "h"


def test_an_extra_is_what_its_json_says_or_empty():
    nested = Connection("c", extra={"a": '{"b": 1}', "c": "text"})
    assert nested.extra_dejson == {"a": '{"b": 1}', "c": "text"}
    assert nested.get_extra_dejson(nested=True) == {"a": {"b": 1}, "c": "text"}
    assert Connection("c", extra="[1]").extra_dejson == [1]
    assert Connection("c", extra="words").extra_dejson == {}
    assert Connection("c").extra_dejson == {}


def test_a_connection_shows_nothing_of_itself_when_it_is_printed():
    c = Connection("c", uri="x://login:hidden@h")
    assert (repr(c), str(c)) == ("<Connection c: x>", "c")


def test_a_connection_comes_from_the_environment_as_uri_or_json_then_from_the_store(monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_A", "http://u:hidden-a@host:80/?x=1")
    monkeypatch.setenv(
        "AIRFLOW_CONN_B", '{"conn_type": "aws", "extra": {"region": "r", "token": "hidden-b"}, "port": "7"}'
    )
    store = LocalStore(connections={"a": {"host": "no"}, "c": {"conn_type": "ssh", "host": "h", "extra": '{"k": 1}'}})
    with installed(LocalPort(store)):
        a, b, c = (BaseHook.get_connection(x) for x in "abc")
        assert (a.login, a.extra_dejson) == ("u", {"x": "1"})
        assert (b.conn_type, b.extra_dejson["region"], b.port) == ("aws", "r", 7)
        assert (c.host, c.extra_dejson) == ("h", {"k": 1})
        assert BaseHook.get_connections("c") == [c]
        assert Connection.get("c") == Connection.get_connection_from_secrets("c") == c
        with pytest.raises(
            AirflowNotFoundException, match=r"`gone` isn't defined\. Define it with: venturi connections"
        ):
            BaseHook.get_connection("gone")
        access = ConnectionAccess()
        assert (access.c.host, access["c"].host, access.get("gone", "other")) == ("h", "h", "other")
    assert {"hidden-a", "hidden-b"} <= set(store.masked), "hidden before they are given away"


def test_a_bad_connection_of_the_environment_names_the_variable_and_not_its_value(monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_A", "no-uri-at-all-pw")
    with pytest.raises(AirflowException, match="environment variable AIRFLOW_CONN_A is no connection") as said:
        BaseHook.get_connection("a")
    assert "pw" not in str(said.value)


def test_a_hook_extends_base_hook_and_logs_under_its_name():
    class Mine(BaseHook):
        def get_conn(self):
            return "connected"

    hook = Mine()
    assert hook.get_conn() == "connected"
    assert hook.log.name.endswith(".Mine")
    with pytest.raises(NotImplementedError, match="BaseHook has no get_conn"):
        BaseHook().get_conn()
