"""DAG files as people wrote them for 1.10, 2.x and 3.x: they load, are described, and run."""

import pytest

from tests.sdk.loading import load
from venturi.sdk.era import Era
from venturi.testing import run_dag

ONE = """
    from __future__ import print_function
    from builtins import range
    from datetime import timedelta

    import airflow
    from airflow.models import DAG, Variable
    from airflow.operators.bash_operator import BashOperator
    from airflow.operators.dummy_operator import DummyOperator
    from airflow.operators.python_operator import BranchPythonOperator, PythonOperator
    from airflow.utils.trigger_rule import TriggerRule

    args = {
        "owner": "airflow",
        "start_date": airflow.utils.dates.days_ago(2),
        "depends_on_past": False,
        "email": ["me@example.org"],
        "email_on_failure": False,
        "retries": 1,
        "retry_delay": timedelta(minutes=5),
        "provide_context": True,
    }
    dag = DAG(dag_id="one_ten", default_args=args, schedule_interval="0 0 * * *", dagrun_timeout=timedelta(minutes=60))

    def pushes(**context):
        context["ti"].xcom_push(key="where", value=context["ds"])
        context["task_instance"].xcom_push("when", str(context["execution_date"].year))
        return Variable.get("place", default_var="here")

    def pulls(ds, **kwargs):
        ti = kwargs["ti"]
        where, when = ti.xcom_pull(task_ids="push", key="where"), ti.xcom_pull(key="when", task_ids="push")
        return [where, when, ti.xcom_pull("push")]

    push = PythonOperator(task_id="push", python_callable=pushes, provide_context=True, dag=dag)
    pull = PythonOperator(task_id="pull", python_callable=pulls, provide_context=True, dag=dag, xcom_push=True)
    last = DummyOperator(task_id="last", dag=dag, trigger_rule=TriggerRule.ALL_DONE)
    for i in range(3):
        task = BashOperator(
            task_id="run_" + str(i),
            bash_command='echo "{{ task_instance_key_str }} {{ params.n }}" && echo {{ next_ds }}{{ undefined_thing }}',
            params={"n": i},
            op_kwargs={"stray": 1},
            xcom_push=True,
            dag=dag,
        )
        pull >> task >> last
    push.set_downstream(pull)
    branch = BranchPythonOperator(task_id="branch", python_callable=lambda **kw: "left", provide_context=True, dag=dag)
    branch >> [DummyOperator(task_id="left", dag=dag), DummyOperator(task_id="right", dag=dag)]

    if __name__ == "__main__":
        dag.cli()
"""

TWO = """
    from datetime import datetime, timedelta

    from airflow import DAG
    from airflow.decorators import dag, task, task_group
    from airflow.models.baseoperator import chain
    from airflow.models.param import Param
    from airflow.operators.bash import BashOperator
    from airflow.operators.empty import EmptyOperator
    from airflow.operators.python import PythonOperator, get_current_context
    from airflow.sensors.python import PythonSensor
    from airflow.utils.dates import days_ago
    from airflow.utils.edgemodifier import Label
    from airflow.utils.task_group import TaskGroup
    from airflow.exceptions import AirflowSkipException

    @dag(schedule_interval="@daily", start_date=datetime(2021, 1, 1), catchup=False, tags=["two"],
         params={"limit": Param(3, type="integer", minimum=1)}, default_args={"retries": 2, "catchup": False})
    def two_point_x():
        @task()
        def extract() -> dict:
            return {"a": 1, "b": 2}

        @task(multiple_outputs=True)
        def transform(order: dict):
            return {"total": sum(order.values()), "limit": get_current_context()["params"]["limit"]}

        @task
        def load(total: float, limit):
            return f"{total}/{limit}"

        @task(trigger_rule="none_failed")
        def report(values):
            return list(values)

        @task
        def maybe(n):
            if n == 2:
                raise AirflowSkipException
            return n

        summary = transform(extract())
        loaded = load(summary["total"], summary["limit"])
        with TaskGroup("checks", tooltip="All of them") as checks:
            chain(*[EmptyOperator(task_id=f"check_{n}") for n in range(2)])
            PythonSensor(task_id="there", python_callable=lambda: True, poke_interval=1, timeout=10, mode="reschedule")
        loaded >> Label("then") >> checks
        report(maybe.expand(n=[1, 2, 3]))
        command = "echo {{ ti.xcom_pull(task_ids='load') }} {{ logical_date | ds }}"
        BashOperator(task_id="bash", bash_command=command) << checks

    the_dag = two_point_x()
"""

THREE = """
    import pendulum
    from airflow.providers.standard.operators.bash import BashOperator
    from airflow.providers.standard.operators.empty import EmptyOperator
    from airflow.providers.standard.operators.python import PythonOperator
    from airflow.sdk import DAG, BaseOperator, Context, Label, Param, TaskGroup, TriggerRule, Variable, chain, dag
    from airflow.sdk import get_current_context, task, task_group
    from airflow.sdk.exceptions import AirflowFailException

    with DAG(dag_id="three", start_date=pendulum.datetime(2024, 1, 1, tz="Europe/Amsterdam"), tags={"z", "a"},
             params={"who": Param("you", type="string")}, fail_fast=False) as three:
        @task.bash
        def command() -> str:
            return "echo from bash {{ params.who }}"

        @task.branch
        def choose() -> str:
            return "kept"

        @task(retries=3, retry_delay=pendulum.duration(seconds=5))
        def fails_once(ti=None):
            if ti.try_number == 1:
                raise ValueError("the first time")
            return ti.try_number

        class Greets(BaseOperator):
            template_fields = ("name",)

            def __init__(self, *, name: str, **kwargs):
                super().__init__(**kwargs)
                self.name = name

            def execute(self, context: Context):
                return f"hello {self.name} {context['ds']}"

        greets = Greets(task_id="greets", name="{{ params.who }}")
        kept, dropped = EmptyOperator(task_id="kept"), EmptyOperator(task_id="dropped")
        chain(choose(), [kept, dropped])
        [kept, dropped] >> EmptyOperator(task_id="join", trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS)
        command() >> greets
        fails_once()

        @task_group(default_args={"retries": 1})
        def many(numbers):
            @task
            def square(n: int) -> int:
                return n * n

            @task
            def add_all(squares) -> int:
                return sum(squares)

            return add_all(square.expand(n=numbers))

        many([1, 2, 3]) >> greets
"""


def test_a_file_of_1_10(tmp_path):
    loaded = load(tmp_path, ONE)
    spec = loaded.spec
    assert loaded.dag.era is Era.ONE
    assert (spec.schedule, spec.run_timeout_s, spec.catchup) == ("0 0 * * *", 3600.0, False)
    assert {t.retries for t in spec.tasks} == {1}
    assert "does not know the argument op_kwargs" in spec.warnings[0]
    assert len(spec.warnings) == 3
    result = run_dag(loaded.dag, logical_date="2024-01-05")
    assert result.state == "success", result.errors
    assert result.value("pull") == ["2024-01-05", "2024", "here"]
    assert result.value("run_2") == "2024-01-05"
    assert (result.state_of("left"), result.state_of("right")) == ("success", "skipped")


def test_a_file_of_2_x(tmp_path):
    loaded = load(tmp_path, TWO)
    spec = loaded.spec
    assert loaded.dag.era is Era.TWO
    assert (spec.dag_id, spec.schedule, spec.start_date) == ("two_point_x", "@daily", "2021-01-01T00:00:00+00:00")
    assert ("load", "checks.check_0") in loaded.edges()
    assert ("checks.check_1", "bash") in loaded.edges()
    result = run_dag(loaded.dag, logical_date="2024-01-05", conf={"limit": 9})
    assert result.state == "success", result.errors
    assert result.value("bash") == "3/9 2024-01-05"
    assert result.value("report") == [1, 3]
    assert result.states[("maybe", 1)] == "skipped"


def test_a_file_of_3_x(tmp_path):
    loaded = load(tmp_path, THREE)
    spec = loaded.spec
    assert loaded.dag.era is Era.THREE
    assert (spec.schedule, spec.timezone, spec.tags) == (None, "Europe/Amsterdam", ("a", "z"))
    assert spec.warnings == ()
    result = run_dag(loaded.dag, logical_date="2024-01-05", conf={"who": "ana"})
    assert result.state == "success", result.errors
    assert result.value("command") == "from bash ana"
    assert result.value("greets") == "hello ana 2024-01-05"
    assert result.value("many.add_all") == 14
    assert result.tries[("fails_once", -1)] == 2
    assert (result.state_of("kept"), result.state_of("dropped"), result.state_of("join")) == (
        "success",
        "skipped",
        "success",
    )


@pytest.mark.parametrize(
    ("imports", "era", "schedule"),
    [
        ("from airflow.operators.bash_operator import BashOperator", Era.ONE, {"every_s": 86400.0}),
        ("from airflow.operators import BashOperator", Era.ONE, {"every_s": 86400.0}),
        ("from airflow.utils.dates import days_ago", Era.TWO, {"every_s": 86400.0}),
        ("from airflow.operators.bash import BashOperator", Era.TWO, {"every_s": 86400.0}),
        (
            "from airflow.decorators import dag\nfrom airflow.operators.python_operator import PythonOperator",
            Era.TWO,
            {"every_s": 86400.0},
        ),
        ("from airflow.sdk import task", Era.THREE, None),
        ("from airflow.providers.standard.operators.bash import BashOperator", Era.THREE, None),
        ("", Era.THREE, None),
    ],
)
def test_a_missing_schedule_means_what_it_meant_in_the_files_own_generation(tmp_path, imports, era, schedule):
    head = "from airflow import DAG" if imports else "from venturi import DAG"
    loaded = load(tmp_path, f"{head}\n{imports}\ndag = DAG('d')\n")
    assert (loaded.dag.era, loaded.spec.schedule) == (era, schedule)
    assert bool(loaded.spec.warnings) == (schedule is not None)


def test_a_schedule_in_default_args_is_what_was_meant_and_warns(tmp_path):
    loaded = load(
        tmp_path,
        """
        from datetime import datetime
        from airflow import DAG
        from airflow.operators.python_operator import PythonOperator
        dag_params = {"dag_id": "jaro_dag", "start_date": datetime(2019, 10, 7), "schedule_interval": None}
        dag = DAG(dag_id="jaro_dag", default_args=dag_params)
        def run_analysis(): return "done"
        run_analysis = PythonOperator(task_id="run_analysis", python_callable=run_analysis, dag=dag)
        """,
    )
    assert (loaded.spec.schedule, loaded.spec.start_date) == (None, "2019-10-07T00:00:00+00:00")
    assert "default_args" in loaded.spec.warnings[0]
    assert run_dag(loaded.dag).value("run_analysis") == "done"


OF_1_10 = "from airflow import DAG\nfrom airflow.operators.bash_operator import BashOperator\n"
OF_2_X = "from airflow import DAG\nfrom airflow.operators.bash import BashOperator\n"
OF_3_X = "from airflow.sdk import DAG\nfrom airflow.providers.standard.operators.bash import BashOperator\n"
GENERATIONS = {"1.10": OF_1_10, "2.x": OF_2_X, "3.x": OF_3_X}


@pytest.mark.parametrize("generation", ["2.x", "3.x"])
def test_a_stray_argument_is_refused_in_later_generations(tmp_path, generation):
    text = "with DAG('d', schedule=None):\n    BashOperator(task_id='b', bash_command='x', op_kwargs={})\n"
    with pytest.raises(TypeError, match="BashOperator 'b' does not know the argument op_kwargs"):
        load(tmp_path, GENERATIONS[generation] + text)


def test_a_stray_argument_of_1_10_is_left_out_and_told(tmp_path):
    text = "with DAG('d', schedule_interval=None) as dag:\n"
    text += "    BashOperator(task_id='b', bash_command='echo ran', op_kwargs={}, provide_contxt=True)\n"
    loaded = load(tmp_path, OF_1_10 + text)
    assert [told for told in loaded.spec.warnings if "does not know the argument" in told]
    assert run_dag(loaded.dag).value("b") == "ran"


@pytest.mark.parametrize("generation", GENERATIONS)
def test_arguments_that_once_meant_something_are_taken_in_every_generation(tmp_path, generation):
    text = """
from datetime import timedelta
args = {"provide_context": True, "catchup": False, "concurrency": 3, "lastname": "x", "dag_id": "y", "tags": ["z"]}
with DAG("d", schedule=None, default_args=args, default_view="tree", orientation="LR", concurrency=2,
         sla_miss_callback=print) as dag:
    BashOperator(task_id="b", bash_command="echo ran", provide_context=True, xcom_push=True, sla=timedelta(hours=1),
                 task_concurrency=2, resources=None, email_on_failure=False, ignore_first_depends_on_past=True)
"""
    loaded = load(tmp_path, GENERATIONS[generation] + text)
    assert not [told for told in loaded.spec.warnings if "does not know" in told]
    assert run_dag(loaded.dag).value("b") == "ran"


@pytest.mark.parametrize("generation", GENERATIONS)
def test_an_argument_that_a_dag_does_not_know_is_refused_in_every_generation_as_in_airflow(tmp_path, generation):
    with pytest.raises(TypeError, match=r"'shedule'.*Did you mean 'schedule'"):
        load(tmp_path, GENERATIONS[generation] + "dag = DAG('d', shedule='@daily')\n")


def test_an_operator_of_a_helper_module_is_placed_at_the_dag_files_line(tmp_path):
    (tmp_path / "helper_of_this_test.py").write_text(
        "from airflow.operators.bash import BashOperator\n\n\n"
        "class Loud(BashOperator):\n"
        "    def __init__(self, *args, **kwargs):\n"
        "        super().__init__(*args, bash_command='echo LOUD', **kwargs)\n"
    )
    import sys

    sys.path.insert(0, str(tmp_path))
    try:
        loaded = load(
            tmp_path,
            """
            from airflow import DAG
            from helper_of_this_test import Loud
            with DAG("d", schedule=None):
                Loud(task_id="l")
            """,
        )
    finally:
        sys.path.remove(str(tmp_path))
    assert [(t.line, t.operator) for t in loaded.spec.tasks] == [(5, "Loud")]
    assert run_dag(loaded.dag).value("l") == "LOUD"
