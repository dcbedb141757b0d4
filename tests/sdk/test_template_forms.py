"""The forms of templates that public DAG files use, through the classic import paths; S3's authoring surface."""

from __future__ import annotations

import importlib.util
import uuid

import pytest

from venturi.testing import LocalStore, run_dag

from .loading import load

HEAD = """
from datetime import datetime
from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.operators.python import PythonOperator
with DAG("d", start_date=datetime(2024, 1, 1), schedule=None, params={"n": 3, "list": [1, {"a": 2}]},
         user_defined_macros={"shout": lambda text: text + "!", "LIMIT": 5},
         user_defined_filters={"twice": lambda text: text * 2}%s) as dag:
    PythonOperator(task_id="made", python_callable=lambda ti: ti.xcom_push("own", "pushed") or {"k": [1, "two"]}) >> \\
    PythonOperator(task_id="t", python_callable=lambda x: x, op_kwargs={"x": %r}, params={"p": "mine"})
"""
STORE = {
    "variables": {"plain": "v", "data": '{"x": {"y": 7, "list": [1, 2]}}'},
    "connections": {
        "db": {
            "conn_type": "postgres",
            "host": "db.example.com",
            "login": "ann",
            "password": "secret",
            "schema": "sales",
            "port": 5433,
            "extra": '{"sslmode": "require"}',
        }
    },
}


def rendered(tmp_path, template, native=""):
    result = run_dag(
        load(tmp_path, HEAD % (native, template)).dag, logical_date="2024-03-01", store=LocalStore(**STORE)
    )
    assert result.state == "success", result.errors
    return result.value("t")


@pytest.mark.parametrize(
    ("template", "text"),
    [
        # variables, connections, params, what other tasks left
        ("{{ var.value.plain }} {{ var.value.get('none', 'default') }}", "v default"),
        ("{{ var.json.data.x.y }} {{ var.json.data['x']['list'][1] }}", "7 2"),
        ("{{ var.json.get('none', {'a': 1})['a'] }}", "1"),
        ("{{ conn.db.host }}:{{ conn.db.port }}", "db.example.com:5433"),
        ("{{ conn.db.schema }} {{ conn.db.login }}", "sales ann"),
        ("{{ conn.db.extra_dejson.sslmode }} {{ conn.db.conn_type }}", "require postgres"),
        ("{{ conn.get('none', {'host': 'no'}).host }}", "no"),
        ("{{ params }}", "{'n': 3, 'list': [1, {'a': 2}], 'p': 'mine'}"),
        ("{{ params.n + 1 }} {{ params.list[1].a }} {{ params['p'] | upper }}", "4 2 MINE"),
        ("{{ ti.xcom_pull(task_ids='made')['k'][1] }}", "two"),
        ("{{ task_instance.xcom_pull('made', key='own') }}", "pushed"),
        ("{{ ti.xcom_pull(['made'], key='own') | list }}", "['pushed']"),
        ("{{ ti.xcom_pull(task_ids='none', key='k') }}", "None"),
        # macros, the DAG's own and the given
        ("{{ shout('a') }} {{ 'b' | twice }} {{ LIMIT }}", "a! bb 5"),
        ("{{ macros.ds_add(ds, 7) }} {{ macros.ds_add('2024-03-01', -1) }}", "2024-03-08 2024-02-29"),
        ("{{ macros.ds_format(ds, '%Y-%m-%d', '%Y/%m') }}", "2024/03"),
        ("{{ (macros.datetime(2024, 1, 1) + macros.timedelta(days=40)).month }}", "2"),
        ("{{ macros.dateutil.relativedelta.relativedelta(months=1).months }}", "1"),
        ("{{ macros.time.strftime('%Y', macros.time.gmtime(0)) }}", "1970"),
        ("{{ macros.json.dumps({'a': 1}) }} {{ macros.yaml.safe_load('a: 1').a }}", '{"a": 1} 1'),
        ("{{ 0 <= macros.random() < 1 }}", "True"),
        ("{{ macros.datetime_diff_for_humans(logical_date, logical_date.add(days=1)) }}", "1 day before"),
        # dates, by all their names; a run that a person starts is its own next and previous
        ("{{ logical_date }} {{ execution_date }}", "2024-03-01 00:00:00+00:00 2024-03-01 00:00:00+00:00"),
        ("{{ execution_date.format('YYYY') }} {{ logical_date.add(days=1).day_of_year }}", "2024 62"),
        ("{{ data_interval_start | ds }} {{ data_interval_end | ts }}", "2024-03-01 2024-03-01T00:00:00+00:00"),
        ("{{ dag_run.logical_date | ds }} {{ dag_run.execution_date | ds_nodash }}", "2024-03-01 20240301"),
        ("{{ prev_ds }} {{ next_ds }} {{ next_execution_date | ds }}", "2024-03-01 2024-03-01 2024-03-01"),
        ("{{ prev_execution_date | ds }} {{ prev_ds_nodash }}", "2024-03-01 20240301"),
        ("{{ yesterday_ds }} {{ tomorrow_ds_nodash }}", "2024-02-29 20240302"),
        ("{{ ts }} {{ ts_nodash }}", "2024-03-01T00:00:00+00:00 20240301T000000"),
        ("{{ ts_nodash_with_tz }}", "20240301T000000+0000"),
        ("{{ logical_date | ts_nodash_with_tz }}", "20240301T000000+0000"),
        ("{{ prev_data_interval_start_success }} {{ prev_start_date_success }}", "None None"),
        # what it is
        ("{{ run_id }} {{ dag_run.run_type }}", "manual__2024-03-01T00:00:00+00:00 manual"),
        ("{{ dag.dag_id }}.{{ task.task_id }} {{ task_instance_key_str }}", "d.t d__t__20240301"),
        ("{{ dag_run.conf.get('a', 'none') }} {{ dag_run.conf | length }}", "none 0"),
        ("{{ test_mode }} {{ ti.map_index }} {{ ti.try_number }}", "False -1 1"),
        ("{% for n in params.list[:1] %}{{ n }}{% else %}no{% endfor %}{# said #}{{- ' x' }}", "1 x"),
    ],
)  # fmt: skip
def test_each_form_says_what_airflow_says(template: str, text: str, tmp_path) -> None:
    assert rendered(tmp_path, template) == text


def test_a_date_in_the_words_of_a_locale_or_the_sentence_that_says_what_is_missing(tmp_path) -> None:
    template = "{{ macros.ds_format_locale(ds, '%Y-%m-%d', 'd. MMMM', 'de') }}"
    if importlib.util.find_spec("babel"):
        assert rendered(tmp_path, template) == "1. März"
    else:
        result = run_dag(load(tmp_path, HEAD % ("", template)).dag)
        assert "macros.ds_format_locale needs the package 'babel'" in result.errors["t", -1]["message"]


def test_uuids_are_made(tmp_path) -> None:
    assert uuid.UUID(rendered(tmp_path, "{{ macros.uuid.uuid4() }}")).version == 4


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{ params.list }}", [1, {"a": 2}]),
        ("{{ ti.xcom_pull('made') }}", {"k": [1, "two"]}),
        ("{{ var.json.data.x }}", {"y": 7, "list": [1, 2]}),
        ("{{ params.n }}", 3),
        ("{{ params.n > 2 }}", True),
        ("{{ none }}", None),
        ("{{ params.n }}{{ params.n }}", 33),
        ("n={{ params.n }}", "n=3"),
        ("{{ ds }}", "2024-03-01"),
    ],
)
def test_native_objects_keep_their_type(template: str, value: object, tmp_path) -> None:
    assert rendered(tmp_path, template, ", render_template_as_native_obj=True") == value


def test_one_operator_alone_may_be_native(tmp_path) -> None:
    text = """
    from airflow.sdk import DAG
    from airflow.providers.standard.operators.python import PythonOperator
    with DAG("d", schedule=None, params={"n": 3}) as dag:
        PythonOperator(task_id="native", python_callable=lambda x: x, op_args=["{{ params.n }}"],
                       render_template_as_native_obj=True)
        PythonOperator(task_id="text", python_callable=lambda x: x, op_args=["{{ params.n }}"])
    """
    result = run_dag(load(tmp_path, text).dag)
    assert (result.value("native"), result.value("text")) == (3, "3")


def test_files_are_rendered_by_the_endings_an_operator_names(tmp_path) -> None:
    for name, text in {
        "near.sql": "select '{{ ds }}', {{ params.n }}",
        "more/far.sql": "{% from 'sub/macros.sql' import row %}select {{ row(params.n) }}",
        "more/sub/macros.sql": "{% macro row(n) %}{{ n }} + {{ n }}{% endmacro %}",
        "near.sh": "echo {{ ds }}",
        "more/env.json": '{"day": "{{ ds }}"}',
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    text = f"""
    from datetime import datetime
    from airflow import DAG
    from airflow.models.baseoperator import BaseOperator
    from airflow.operators.bash import BashOperator

    class Query(BaseOperator):
        template_fields = ("sql", "parameters")
        template_ext = (".sql", ".json")
        def __init__(self, sql, parameters=None, **kwargs):
            super().__init__(**kwargs)
            self.sql, self.parameters = sql, parameters
        def execute(self, context):
            return [self.sql, self.parameters]

    with DAG("d", start_date=datetime(2024, 1, 1), schedule=None, template_searchpath="{tmp_path}/more",
             params={{"n": 3}}) as dag:
        Query(task_id="near", sql="near.sql")
        Query(task_id="far", sql=["far.sql", "select 1"], parameters="env.json")
        BashOperator(task_id="sh", bash_command="near.sh")
        BashOperator(task_id="spaced", bash_command="sh {tmp_path}/near.sh x.sh ")
        Query(task_id="gone", sql="gone.sql")
    """
    result = run_dag(load(tmp_path, text).dag, logical_date="2024-03-01")
    assert result.value("near") == ["select '2024-03-01', 3", None]
    assert result.value("far") == [["select 3 + 3", "select 1"], '{"day": "2024-03-01"}']
    assert result.value("sh") == "2024-03-01"
    assert result.state_of("spaced") == "success", "a command with a space at its end is no file"
    assert "'gone.sql' of task 'gone' was not found in" in result.errors["gone", -1]["message"]
