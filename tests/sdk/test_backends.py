"""The order of looking (a configured backend, the environment, the engine), and files of variables and connections."""

from __future__ import annotations

import json
import sys
import types

import pytest

from venturi import Variable
from venturi.core.errors import BadFile
from venturi.sdk import settings_files
from venturi.sdk.backends import BaseSecretsBackend
from venturi.sdk.connections import get_connection
from venturi.sdk.exceptions import AirflowConfigException
from venturi.sdk.port import installed
from venturi.testing import LocalPort, LocalStore


@pytest.fixture
def local(tmp_path, monkeypatch):
    """The files' backend, configured; its two files are written by the test."""
    files = {"variables_file_path": str(tmp_path / "v.json"), "connections_file_path": str(tmp_path / "c.yaml")}
    monkeypatch.setenv("AIRFLOW__SECRETS__BACKEND", "venturi.sdk.backends.LocalFilesystemBackend")
    monkeypatch.setenv("AIRFLOW__SECRETS__BACKEND_KWARGS", json.dumps(files))
    (tmp_path / "v.json").write_text('{"a": "file", "data": {"k": [1]}, "both": {"value": "v", "description": "d"}}')
    (tmp_path / "c.yaml").write_text(
        "db: http://me:hidden-pw@h\nother:\n  conn_type: ssh\n  extra: {a: 1}\nlisted: [x://h]\n"
    )
    return tmp_path


def test_a_backend_is_asked_first_then_the_environment_then_the_engine(local, monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_A", "environment")
    monkeypatch.setenv("AIRFLOW_VAR_B", "environment")
    store = LocalStore(variables={"a": "engine", "b": "engine", "c": "engine"}, connections={"far": {"host": "engine"}})
    with installed(LocalPort(store)):
        assert [Variable.get(key) for key in "abc"] == ["file", "environment", "engine"]
        assert Variable.get("data", deserialize_json=True) == {"k": [1]}
        assert Variable.get("both") == "v"
        assert (get_connection("db").login, get_connection("far").host) == ("me", "engine")
        assert (get_connection("other").extra_dejson, get_connection("listed").host) == ({"a": 1}, "h")
    assert "hidden-pw" in store.masked


def test_any_class_can_be_the_backend(monkeypatch):
    class Mine(BaseSecretsBackend):
        def __init__(self, prefix):
            self.prefix = prefix

        def get_conn_value(self, conn_id):
            return '{"conn_type": "x", "host": "json"}' if conn_id == "j" else None

        def get_variable(self, key):
            return self.build_path(self.prefix, key)

    module = types.ModuleType("a_backend_of_mine")
    module.Mine = Mine
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setenv("AIRFLOW__WORKERS__SECRETS_BACKEND", "a_backend_of_mine.Mine")
    monkeypatch.setenv("AIRFLOW__WORKERS__SECRETS_BACKEND_KWARGS", '{"prefix": "p"}')
    assert Variable.get("k") == "p/k"
    assert get_connection("j").host == "json"


@pytest.mark.parametrize(
    ("path", "given", "sentence"),
    [
        (
            "no_such_module.Backend",
            "{}",
            "The secrets backend no_such_module.Backend, named by AIRFLOW__SECRETS__BACKEND,",
        ),
        ("json.Backend", "{}", "cannot be made: module 'json' has no attribute"),
        ("venturi.sdk.backends.LocalFilesystemBackend", "{oops", "AIRFLOW__SECRETS__BACKEND_KWARGS is no JSON object"),
        ("venturi.sdk.backends.LocalFilesystemBackend", "[1]", "cannot be made|no JSON object"),
    ],
)
def test_a_backend_that_cannot_be_made_is_said(monkeypatch, path, given, sentence):
    monkeypatch.setenv("AIRFLOW__SECRETS__BACKEND", path)
    monkeypatch.setenv("AIRFLOW__SECRETS__BACKEND_KWARGS", given)
    with pytest.raises(AirflowConfigException, match=sentence):
        Variable.get("a", default_var=None)


def test_lines_of_an_environment_file_are_for_variables_or_connections_by_their_prefix(tmp_path):
    file = tmp_path / ".env"
    file.write_text(
        "# a remark\n\nexport AIRFLOW_VAR_REGION='eu west'\nplain=\"x=y\"\nAIRFLOW_CONN_DB=postgres://u:p%20w@h/d\nempty=\n"
    )
    assert settings_files.variables_in(str(file)) == {
        "region": ("eu west", None),
        "plain": ("x=y", None),
        "empty": ("", None),
    }
    file.write_text("AIRFLOW_CONN_DB=postgres://u:p%20w@h/d\nAIRFLOW_VAR_A=1\n")
    found = settings_files.connections_in(str(file))
    assert {name: c.password for name, c in found.items()} == {"db": "p w"}


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("f.json", '{"a": \n oops}', "line 2 is not JSON"),
        ("f.yaml", "a: [1\nb: {", "is not YAML"),
        ("f.env", "a=1\nb", "line 2 is not NAME=VALUE"),
        ("f.txt", "", "its form is not known. Name it .json, .yaml or .env"),
        ("f.json", "[1]", "it holds no object at its top"),
        ("f.json", '{"a": null}', "variable 'a' has no value"),
        ("gone.json", None, "there is no such file"),
    ],
)
def test_a_file_that_cannot_be_used_is_said_with_its_line(tmp_path, name, text, sentence):
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(BadFile, match=rf"{name} cannot be used: .*{sentence}"):
        settings_files.variables_in(str(tmp_path / name))


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ({"hosts": "x"}, "connection 'db': Connection 'db' has no field 'hosts'"),
        ("no-uri", "connection 'db': A connection's URI begins with its type"),
        (["x://a", "x://b"], "connection 'db': it is given more than once"),
        (5, "connection 'db': it is neither a URI nor an object"),
    ],
)
def test_a_bad_connection_in_a_file_is_named(tmp_path, written, sentence):
    file = tmp_path / "c.json"
    file.write_text(json.dumps({"good": "x://h", "db": written}))
    with pytest.raises(BadFile, match=sentence):
        settings_files.connections_in(str(file))
