"""Operators of 1.10 whose provider wheel is not installed load, and fail with a sentence when they run."""

from __future__ import annotations

import pytest

from tests.sdk.loading import load
from venturi import testing

FILE = """
    from datetime import datetime
    from airflow import DAG
    from airflow.contrib.hooks.bigquery_hook import BigQueryHook
    from airflow.contrib.operators.bigquery_operator import BigQueryOperator
    from airflow.contrib.sensors.pubsub_sensor import PubSubPullSensor
    from airflow.operators.python_operator import PythonOperator

    hook = BigQueryHook(bigquery_conn_id="x")

    class Mine(BigQueryOperator):
        def __init__(self, table, *args, **kwargs):
            super().__init__(sql=f"select * from {table}", *args, **kwargs)

    with DAG("old", start_date=datetime(2024, 1, 1), schedule_interval=None) as dag:
        first = PythonOperator(task_id="first", python_callable=lambda: 1)
        query = BigQueryOperator(task_id="query", sql="select 1", use_legacy_sql=False, retries=2, retry_delay=None)
        mine = Mine("t", task_id="mine")
        wait = PubSubPullSensor(task_id="wait", project="p", subscription="s", poke_interval=1)
        first >> query >> [mine, wait]
"""


def test_a_file_of_1_10_loads_without_the_wheels_of_its_operators(tmp_path):
    loaded = load(tmp_path, FILE)
    assert loaded.edges() == {("first", "query"), ("query", "mine"), ("query", "wait")}
    assert [task.operator for task in loaded.spec.tasks] == [
        "PythonOperator",
        "BigQueryOperator",
        "Mine",
        "PubSubPullSensor",
    ]
    assert loaded.spec.task("query").retries == 2
    warnings = [text for text in loaded.spec.warnings if "cannot run" in text]
    assert len(warnings) == 3
    assert "Task 'query' (line 17) cannot run" in warnings[0]
    assert "apache-airflow-providers-google" in warnings[0]


def test_its_other_tasks_run_and_what_lies_elsewhere_says_what_to_install(tmp_path):
    loaded = load(tmp_path, FILE)
    result = testing.run_dag(loaded.dag, sleep=lambda _: None)
    assert result.state_of("first") == "success"
    assert result.state_of("query") == "failed"
    assert "add that line to requirements.txt" in result.errors[("query", -1)]["message"]


def test_a_hook_is_made_and_fails_when_it_is_used(tmp_path):
    hook = load(tmp_path, FILE).module.hook
    with pytest.raises(Exception, match="belongs to apache-airflow-providers-google, which is not installed"):
        hook.get_conn()
    with pytest.raises(Exception, match="which is not installed"):
        hook.run("select 1")
    assert not hasattr(hook, "operator")


def test_a_name_of_a_wheel_under_its_own_path_still_asks_for_the_wheel(tmp_path):
    with pytest.raises(ImportError, match="apache-airflow-providers-google"):
        load(tmp_path, "from airflow.providers.google.cloud.operators.bigquery import BigQueryGetDataOperator")
