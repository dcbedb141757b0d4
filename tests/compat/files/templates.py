"""Templates: what they can say, and what of an argument is rendered."""

from datetime import datetime, timedelta

from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.operators.python import PythonOperator

TEMPLATES = {
    "ds": "{{ ds }} {{ ds_nodash }} {{ ts }} {{ ts_nodash }}",
    "dates": "{{ logical_date.year }} {{ data_interval_start | ds }} {{ data_interval_end | ts_nodash }}",
    "macros": "{{ macros.ds_add(ds, 7) }} {{ macros.ds_format(ds, '%Y-%m-%d', '%d.%m.%y') }}",
    "params": "{{ params.count + 1 }} {{ params.name | upper }}",
    "own": "{{ shout('a') }} {{ 'b' | twice }}",
    "ti": "{{ ti.task_id }} {{ task.task_id }} {{ dag.dag_id }} {{ ti.try_number }} {{ ti.map_index }}",
    "xcom": "{{ ti.xcom_pull(task_ids='first') }} {{ ti.xcom_pull('first')['list'][1] }}",
    "loop": "{% for n in range(3) %}{{ n }},{% endfor %}",
    "conf": "{{ dag_run.conf }} {{ dag_run.run_type }}",
}


def rendered(*args, **kwargs):
    return {"args": list(args), **{name: kwargs[name] for name in (*TEMPLATES, "nested", "untouched")}}


def first():
    return {"list": [1, "two"], "text": "{{ not a template }}"}


shared = {
    "start_date": datetime(2024, 1, 1),
    "schedule": None,
    "catchup": False,
    "params": {"count": 1, "name": "ann"},
    "user_defined_macros": {"shout": lambda text: f"{text}!"},
    "user_defined_filters": {"twice": lambda text: text * 2},
}

with DAG("templates", **shared):
    PythonOperator(task_id="first", python_callable=first) >> [
        PythonOperator(
            task_id="rendered",
            python_callable=rendered,
            op_args=["{{ ds }}", ["{{ params.count }}"], 3],
            op_kwargs={**TEMPLATES, "nested": {"a": ("{{ ds }}", {"b": "{{ ds_nodash }}"})}, "untouched": 5},
        ),
        BashOperator(
            task_id="bash",
            bash_command="echo {{ ds }} $WORD {{ params.name }}",
            env={"WORD": "{{ macros.ds_add(ds, 1) }}"},
            append_env=True,
        ),
        BashOperator(task_id="last_line", bash_command="echo one; echo two; printf '  three  \n\n'"),
        BashOperator(task_id="nothing_said", bash_command="true"),
        BashOperator(task_id="not_pushed", bash_command="echo x", do_xcom_push=False),
    ]

with DAG("native", render_template_as_native_obj=True, **shared):
    PythonOperator(task_id="first", python_callable=first) >> PythonOperator(
        task_id="rendered",
        python_callable=lambda *args: [[type(arg).__name__, str(arg)] for arg in args],
        op_args=[
            "{{ params.count }}",
            "{{ [1, 2] }}",
            "{{ ti.xcom_pull(task_ids='first') }}",
            "{{ ds }}",
            "{{ none }}",
            "{{ params }}",
            "plain",
        ],
        execution_timeout=timedelta(minutes=1),
    )
