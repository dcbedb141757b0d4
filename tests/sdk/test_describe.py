import json
from datetime import timedelta

import pytest

from tests.sdk.loading import load
from venturi import DAG, BashOperator, EmptyOperator, cross_downstream, task
from venturi.core.spec import MapSource, check_graph, dag_from_json, to_json
from venturi.sdk.describe import describe, template_files


def test_a_spec_says_all_of_the_dag_and_survives_json(tmp_path):
    spec = load(
        tmp_path,
        """
        from datetime import datetime, timedelta
        from venturi import DAG, EmptyOperator, Param
        with DAG("d", description="what", schedule=timedelta(hours=2), start_date=datetime(2024, 1, 1), catchup=True,
                 tags=["b", "a"], max_active_runs=2, max_active_tasks=3, dagrun_timeout=timedelta(minutes=5),
                 doc_md="# doc", params={"n": Param(1, type="integer", description="how many"), "p": "q"},
                 is_paused_upon_creation=True, fail_fast=True, dag_display_name="Shown") as d:
            EmptyOperator(task_id="t", owner="ana", doc_md="a task", pool="gpu", pool_slots=2, depends_on_past=True,
                          execution_timeout=timedelta(seconds=9), retry_exponential_backoff=True,
                          max_retry_delay=timedelta(minutes=1), max_active_tis_per_dag=4, task_display_name="T",
                          executor_config={"isolation": "reuse", "memory_mb": 100})
            EmptyOperator(task_id="u", resources={"ram": 50}, on_success_callback=print)
        """,
    ).spec
    assert dag_from_json(json.loads(json.dumps(to_json(spec)))) == spec
    assert (spec.description, spec.doc, spec.schedule) == ("what", "# doc", {"every_s": 7200.0})
    assert (spec.start_date, spec.timezone, spec.catchup) == ("2024-01-01T00:00:00+00:00", "UTC", True)
    assert (spec.tags, spec.owner, spec.label) == (("a", "b"), "airflow, ana", "Shown")
    assert (spec.max_active_runs, spec.max_active_tasks, spec.run_timeout_s) == (2, 3, 300.0)
    assert (spec.paused_upon_creation, spec.fail_fast, spec.line) == (True, True, 4)
    assert spec.params == {
        "n": {"value": 1, "schema": {"type": "integer"}, "description": "how many"},
        "p": {"value": "q", "schema": {}},
    }
    t, u = spec.tasks
    assert (t.pool, t.pool_slots, t.depends_on_past, t.time_limit_s) == ("gpu", 2, True, 9.0)
    assert (t.retry_factor, t.retry_delay_max_s, t.max_active_per_dag, t.label, t.line) == (2.0, 60.0, 4, "T", 8)
    assert (t.isolation, t.memory_limit_mb, t.no_process, t.doc) == ("reuse", 100.0, True, "a task")
    assert (u.isolation, u.memory_limit_mb, u.no_process) == ("fork", None, False)
    assert (t.resources, u.resources) == (None, {"ram_mb": 50, "at_most": True})


def test_an_empty_operator_needs_no_process_unless_something_must_run():
    class Louder(EmptyOperator):
        def execute(self, context):
            print("here")

    with DAG("d", schedule=None) as dag:
        EmptyOperator(task_id="empty")
        EmptyOperator(task_id="hook", pre_execute=print)
        EmptyOperator(task_id="outlet", outlets=["x"])
        EmptyOperator(task_id="callback", on_execute_callback=print)
        Louder(task_id="louder")
        EmptyOperator(task_id="failure_callback_only", on_retry_callback=print)
    assert {t.task_id for t in describe(dag).tasks if t.no_process} == {"empty", "failure_callback_only"}


def test_mapped_arguments_say_where_their_elements_come_from():
    with DAG("d", schedule=None) as dag:

        @task
        def numbers() -> dict:
            return {}

        @task
        def f(x, y, z): ...

        f.partial(z=1).expand(x=[1, 2, 3], y=numbers()["key"])
        BashOperator.partial(task_id="b", retries=2).expand_kwargs([{"bash_command": "a"}, {"bash_command": "b"}])
    spec = {t.task_id: t for t in describe(dag).tasks}
    assert spec["f"].mapped == (MapSource("x", length=3), MapSource("y", task_id="numbers", key="key"))
    assert spec["f"].upstream == ("numbers",)
    assert (spec["b"].mapped, spec["b"].operator, spec["b"].retries) == ((MapSource("", length=2),), "BashOperator", 2)
    assert spec["numbers"].multiple_outputs
    assert all(spec[name].is_mapped for name in "fb")


def test_priority_totals_follow_the_weight_rule():
    def totals(rule):
        with DAG("d", schedule=None, default_args={"weight_rule": rule}) as dag:
            a, b, c, d = (
                EmptyOperator(task_id=x, priority_weight=w) for x, w in zip("abcd", (1, 2, 3, 4), strict=True)
            )
            e = EmptyOperator(task_id="e", priority_weight=0)
            a >> [b, c] >> d >> e
        return {t.task_id: t.priority_weight for t in describe(dag).tasks}

    assert totals("downstream") == {"a": 10, "b": 6, "c": 7, "d": 4, "e": 0}
    assert totals("upstream") == {"a": 1, "b": 3, "c": 4, "d": 10, "e": 10}
    assert totals("absolute") == {"a": 1, "b": 2, "c": 3, "d": 4, "e": 0}


def test_template_files_and_what_they_include_are_named(tmp_path):
    loaded = load(
        tmp_path,
        """
        from venturi import DAG, BashOperator
        with DAG("d", schedule=None, template_searchpath="SEARCH"):
            BashOperator(task_id="a", bash_command="run.sh")
            BashOperator(task_id="b", bash_command="missing.sh")
            BashOperator(task_id="c", bash_command="run.sh ")
        """.replace("SEARCH", str(tmp_path / "templates")),
    )
    (tmp_path / "templates").mkdir()
    (tmp_path / "run.sh").write_text("{% include 'part.sh' %}")
    (tmp_path / "templates" / "part.sh").write_text("echo 1")
    assert template_files(loaded.dag) == [str(tmp_path / "run.sh"), str(tmp_path / "templates" / "part.sh")]


@pytest.mark.parametrize(
    ("given", "kept"),
    [(None, None), ("@once", "@once"), ("0 0 * * *", "0 0 * * *"), (timedelta(days=1), {"every_s": 86400.0})],
)
def test_a_schedule_is_kept_as_plain_data(given, kept):
    assert describe(DAG("d", schedule=given)).schedule == kept
    assert describe(DAG("d", schedule_interval=given)).schedule == kept


def test_a_schedule_of_calendar_steps_is_kept_too():
    from dateutil.relativedelta import relativedelta

    assert describe(DAG("d", schedule=relativedelta(months=1))).schedule == {"every": {"months": 1}}


def test_a_reschedule_sensor_says_that_it_gives_its_place_back():
    from venturi import PythonSensor

    with DAG("d", schedule=None) as dag:
        PythonSensor(task_id="r", python_callable=print, mode="reschedule")
        PythonSensor(task_id="p", python_callable=print)
        PythonSensor.partial(task_id="m", mode="reschedule", python_callable=print).expand(op_args=[[1]])
    assert [t.reschedules for t in describe(dag).tasks] == [True, False, True]


def test_ten_thousand_tasks_in_dense_layers_are_described_and_checked():
    with DAG("d", schedule=None) as dag:
        before: list[EmptyOperator] = []
        for layer in range(100):
            tasks = [EmptyOperator(task_id=f"t{layer}_{n}") for n in range(100)]
            if before:
                cross_downstream(before, tasks)
            before = tasks
    spec = describe(dag)
    assert len(check_graph(spec)) == 10_000
    assert sum(len(t.upstream) for t in spec.tasks) == 99 * 100 * 100


def test_a_class_for_values_that_cannot_be_imported_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("AIRFLOW__CORE__XCOM_BACKEND", "include.backends.S3XComBackend")
    text = "from airflow import DAG\ndag = DAG('d', schedule=None)\n"
    (told,) = load(tmp_path, text).spec.warnings
    assert told.startswith("xcom_backend in [core] names include.backends.S3XComBackend, which cannot be imported")
    monkeypatch.setenv("AIRFLOW__CORE__XCOM_BACKEND", "airflow.models.xcom.BaseXCom")
    assert load(tmp_path, text).spec.warnings == ()
