"""Variables, connections, settings: what author code may ask for."""

import json

import pytest

from venturi import DAG, PythonOperator, Variable
from venturi.sdk.port import installed
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
    with installed(LocalPort(store)):
        Variable.update("text", {"b": 2}, serialize_json=True)
        assert Variable.get("text", deserialize_json=True) == {"b": 2}
        Variable.set("text", "5")
        with pytest.raises(KeyError, match="Variable absent does not exist"):
            Variable.update("absent", 1)
    assert (store.variables["text"], json.loads(store.variables["data"]), "gone" in store.variables) == (
        "5",
        {"a": 1},
        False,
    )


def test_writing_a_variable_where_nobody_listens_says_so():
    with pytest.raises(Exception, match="Variables cannot be written here"):
        Variable.set("a", 1)
