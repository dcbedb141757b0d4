"""Variables, connections, settings: what author code may ask for."""

import json

import pytest

from venturi import DAG, Connection, PythonOperator, Variable
from venturi.sdk.connections import BaseHook
from venturi.sdk.exceptions import AirflowConfigException, AirflowNotFoundException
from venturi.sdk.port import installed
from venturi.sdk.settings import conf
from venturi.testing import LocalPort, LocalStore, run_dag


def test_a_variable_comes_from_the_environment_then_the_store_then_the_default(monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_A", "outside")
    with installed(LocalPort(LocalStore(variables={"a": "inside", "b": '{"k": [1]}'}))):
        assert Variable.get("a") == "outside"
        assert Variable.get("b", deserialize_json=True) == {"k": [1]}
        assert (Variable.get("c", default_var=None), Variable.get("c", default=5), Variable.get("c", 6)) == (None, 5, 6)
        with pytest.raises(KeyError, match="Variable c does not exist"):
            Variable.get("c")


def test_without_anyone_to_ask_the_environment_still_answers(monkeypatch):
    monkeypatch.setenv("AIRFLOW_VAR_A", "outside")
    assert (Variable.get("a"), Variable.get("b", default_var="d")) == ("outside", "d")


def test_a_task_writes_variables():
    store = LocalStore(variables={"gone": "x"})

    def write():
        Variable.set("text", 5)
        Variable.set("data", {"a": 1}, serialize_json=True)
        Variable.delete("gone")
        return [Variable.setdefault("text", "other"), Variable.setdefault("new", [1], deserialize_json=True)]

    with DAG("d", schedule=None) as dag:
        PythonOperator(task_id="t", python_callable=write)
    assert run_dag(dag, store=store).value("t") == ["5", [1]]
    assert (store.variables["text"], json.loads(store.variables["data"]), "gone" in store.variables) == (
        "5",
        {"a": 1},
        False,
    )


def test_writing_a_variable_where_nobody_listens_says_so():
    with pytest.raises(Exception, match="Variables cannot be written here"):
        Variable.set("a", 1)


@pytest.mark.parametrize(
    ("uri", "parts"),
    [
        ("postgresql://me:p%40ss@db:5432/shop?sslmode=require", ("postgres", "db", "me", "p@ss", "shop", 5432)),
        ("http://example.org", ("http", "example.org", None, None, None, None)),
        ("aws://?region_name=eu-west-1", ("aws", None, None, None, None, None)),
        ("google-cloud-platform://", ("google_cloud_platform", None, None, None, None, None)),
    ],
)
def test_a_connection_is_read_from_a_uri_and_written_as_one(uri, parts):
    connection = Connection(conn_id="c", uri=uri)
    c = connection
    assert (c.conn_type, c.host, c.login, c.password, c.schema, c.port) == parts
    again = Connection(conn_id="c", uri=connection.get_uri())
    assert vars(again) == vars(connection)


def test_a_connection_comes_from_the_environment_as_uri_or_json_then_from_the_store(monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_A", "http://u:p@host:80/?x=1")
    monkeypatch.setenv("AIRFLOW_CONN_B", '{"conn_type": "aws", "extra": {"region": "r"}, "port": "7"}')
    store = LocalStore(connections={"c": {"conn_type": "ssh", "host": "h", "extra": '{"k": 1}'}})
    with installed(LocalPort(store)):
        a, b, c = (BaseHook.get_connection(x) for x in "abc")
        assert (a.login, a.extra_dejson) == ("u", {"x": "1"})
        assert (b.conn_type, b.extra_dejson, b.port) == ("aws", {"region": "r"}, 7)
        assert (c.host, c.extra_dejson) == ("h", {"k": 1})
        with pytest.raises(AirflowNotFoundException, match="`gone` isn't defined"):
            BaseHook.get_connection("gone")


def test_settings_come_from_the_environment_then_known_defaults_then_the_fallback(monkeypatch):
    monkeypatch.setenv("AIRFLOW__CORE__PARALLELISM", "5")
    monkeypatch.setenv("AIRFLOW__MINE__FLAG", "True")
    monkeypatch.setenv("AIRFLOW_HOME", "/somewhere")
    assert (conf.getint("core", "parallelism"), conf.getboolean("mine", "flag")) == (5, True)
    assert conf.get("core", "dags_folder") == "/somewhere/dags"
    assert conf.get("mine", "other", fallback="f") == "f"
    with pytest.raises(AirflowConfigException, match="AIRFLOW__MINE__OTHER"):
        conf.get("mine", "other")
