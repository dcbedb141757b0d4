"""What files and their tests ask of Airflow's server: names of its database, DagBag, executors, runs of other DAGs."""

from __future__ import annotations

import textwrap

import pytest

from tests.sdk.loading import load
from venturi import testing
from venturi.airflow.importer import UnknownAirflowName

MAINTENANCE = """
    from datetime import datetime, timedelta

    from airflow import settings
    from airflow.configuration import conf
    from airflow.jobs.base_job import BaseJob
    from airflow.models import DAG, DagModel, DagRun, DagTag, Log, Pool, SlaMiss, TaskFail, TaskInstance, Variable, XCom
    from airflow.models import TaskReschedule, RenderedTaskInstanceFields, ImportError as Broken
    from airflow.models.serialized_dag import SerializedDagModel
    from airflow.operators.python_operator import PythonOperator
    from airflow.utils.db import provide_session
    from airflow.utils.sqlalchemy import UtcDateTime

    OBJECTS = [
        {"model": BaseJob, "age": BaseJob.latest_heartbeat, "keep_last_group_by": None},
        {"model": DagRun, "age": DagRun.execution_date, "keep_last_filters": [DagRun.external_trigger.is_(False)]},
        {"model": Log, "age": Log.dttm},
        {"model": SlaMiss, "age": SlaMiss.execution_date},
        {"model": TaskInstance, "age": TaskInstance.execution_date},
        {"model": TaskFail, "age": TaskFail.start_date},
        {"model": TaskReschedule, "age": TaskReschedule.execution_date},
        {"model": RenderedTaskInstanceFields, "age": RenderedTaskInstanceFields.execution_date},
        {"model": XCom, "age": XCom.execution_date},
        {"model": Broken, "age": Broken.timestamp},
        {"model": DagModel, "age": DagModel.last_parsed_time},
    ]

    def compares():
        return [one for one in OBJECTS if one["age"] <= datetime(2024, 1, 1)]

    def queries():
        session = settings.Session()
        return session.query(Log).filter(Log.dttm < datetime(2024, 1, 1)).count()

    def makes():
        return Pool(pool="p", slots=3)

    with DAG("cleanup", start_date=datetime(2024, 1, 1), schedule_interval=None) as dag:
        for function in (compares, queries, makes):
            PythonOperator(task_id=function.__name__, python_callable=function)
"""


def test_a_maintenance_dag_loads_and_its_tasks_say_that_there_is_no_database_of_airflow(tmp_path):
    loaded = load(tmp_path, MAINTENANCE)
    result = testing.run_dag(loaded.dag)
    said = {name: result.errors[(name, -1)]["message"] for name in ("compares", "queries", "makes")}
    assert said["compares"].startswith("BaseJob.latest_heartbeat is of Airflow's database, and there is none.")
    assert said["queries"].startswith("session.query asks Airflow's database, and there is none.")
    assert said["makes"].startswith("Pool is of Airflow's database, and there is none.")
    assert all("ti.xcom_pull" in text for text in said.values())


def test_a_dag_bag_has_the_dags_of_a_folder_and_what_could_not_be_imported(tmp_path):
    folder = tmp_path / "dags"
    (folder / "inner").mkdir(parents=True)
    (folder / "helper.py").write_text("NAME = 'one'\n")
    files = {
        "good.py": """
            from airflow import DAG
            from airflow.operators.bash import BashOperator
            import helper
            with DAG(helper.NAME, schedule=None):
                BashOperator(task_id="a", bash_command="true") >> BashOperator(task_id="b", bash_command="true")
            """,
        "inner/more.py": "from airflow.decorators import dag, task\n@dag(schedule=None)\ndef two():\n    pass\ntwo()\n",
        "bad.py": "from airflow import DAG\nDAG(1 / 0)\n",
        "round.py": """
            from airflow import DAG
            from airflow.operators.empty import EmptyOperator
            with DAG("round", schedule=None):
                a, b = EmptyOperator(task_id="a"), EmptyOperator(task_id="b")
                a >> b >> a
            """,
        "left_out.py": "import airflow\nraise RuntimeError('this dag is never looked at')\n",
        "no_words.py": "raise RuntimeError('nor is this')\n",
    }
    for name, text in files.items():
        (folder / name).write_text(textwrap.dedent(text))
    (folder / ".airflowignore").write_text("left_out\n")
    from airflow.models import DagBag

    bag = DagBag(dag_folder=str(folder), include_examples=False)
    assert sorted(bag.dags) == ["one", "two"]
    assert bag.size() == 2
    assert bag.dag_ids == ["one", "two"]
    assert sorted(bag.import_errors) == [str(folder / "bad.py"), str(folder / "round.py")]
    assert "ZeroDivisionError" in bag.import_errors[str(folder / "bad.py")]
    one = bag.get_dag("one")
    assert one is not None
    assert one.task_dict["a"].downstream_task_ids == {"b"}
    assert one.fileloc == str(folder / "good.py")
    assert bag.get_dag("nothing") is None
    assert [stat.dag_num for stat in bag.dagbag_stats] == [1, 1]
    assert DagBag(str(folder / "inner" / "more.py")).dag_ids == ["two"]


def test_a_dag_model_tells_whether_a_dag_is_paused(tmp_path):
    loaded = load(
        tmp_path,
        """
        from airflow import DAG
        from airflow.models import DagModel
        from airflow.models.dag import get_last_dagrun
        from airflow.operators.python import PythonOperator

        def look():
            me = DagModel.get_dagmodel("asks")
            assert DagModel.get_current("nobody") is None
            assert DagModel.get_paused_dag_ids(["asks"]) == set()
            last = get_last_dagrun("asks", include_externally_triggered=True)
            return [me.dag_id, me.is_paused, me.fileloc.rpartition("/")[2], last.dag_id]

        def pause():
            DagModel.get_dagmodel("asks").set_is_paused(True)

        with DAG("asks", schedule=None) as dag:
            PythonOperator(task_id="look", python_callable=look)
            PythonOperator(task_id="pause", python_callable=pause)
        """,
    )
    result = testing.run_dag(loaded.dag, store=testing.LocalStore(dags={"asks": loaded.dag}))
    assert result.value("look") == ["asks", False, loaded.dag.fileloc.rpartition("/")[2], "asks"]
    assert "venturi pause asks" in result.errors[("pause", -1)]["message"]


def test_code_starts_a_run_of_another_dag(tmp_path):
    loaded = load(
        tmp_path,
        """
        from airflow import DAG
        from airflow.api.client.local_client import Client
        from airflow.api.common.experimental.get_dag_run_state import get_dag_run_state
        from airflow.api.common.experimental.get_dag_runs import get_dag_runs
        from airflow.api.common.experimental.trigger_dag import trigger_dag
        from airflow.exceptions import DagNotFound
        from airflow.operators.python import PythonOperator

        def start():
            made = trigger_dag("other", run_id="first", conf='{"n": 1}', execution_date="2024-01-05")
            Client(None, None).trigger_dag("other", run_id="second", conf={"n": 2})
            try:
                trigger_dag("nobody")
            except DagNotFound:
                pass
            else:
                raise AssertionError
            runs = get_dag_runs("other", state="success")
            return [made.run_id, sorted(run["run_id"] for run in runs), get_dag_run_state("other", "2024-01-05")]

        with DAG("starts", schedule=None) as dag:
            PythonOperator(task_id="start", python_callable=start)
        with DAG("other", schedule=None) as other:
            PythonOperator(task_id="one", python_callable=lambda dag_run: dag_run.conf["n"])
        """,
    )
    store = testing.LocalStore(dags={"other": loaded.module.other})
    result = testing.run_dag(loaded.module.dag, store=store)
    assert result.state == "success", result.errors
    assert result.value("start") == ["first", ["first", "second"], {"state": "success"}]


def test_an_executor_can_be_named_and_given_to_a_subdag(tmp_path):
    loaded = load(
        tmp_path,
        """
        from datetime import datetime
        from airflow.executors.celery_executor import CeleryExecutor
        from airflow.executors.local_executor import LocalExecutor
        from airflow.executors import get_default_executor
        from airflow.models import DAG
        from airflow.operators.dummy_operator import DummyOperator
        from airflow.operators.subdag_operator import SubDagOperator

        with DAG("outer", start_date=datetime(2024, 1, 1), schedule_interval=None) as dag:
            inner = DAG("outer.part", start_date=datetime(2024, 1, 1), schedule_interval=None)
            DummyOperator(task_id="a", dag=inner)
            SubDagOperator(task_id="part", subdag=inner, executor=CeleryExecutor(), dag=dag)
        try:
            get_default_executor().queue_command("x")
        except Exception as error:
            said = str(error)
        """,
    )
    assert "Venturi runs tasks in its own way" in loaded.module.said
    assert testing.run_dag(loaded.dag).state == "success"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("airflow.www.app", "a part of Airflow's server"),
        ("airflow.ti_deps.deps.nothing", "a part of Airflow's server"),
        ("airflow.contrib.hooks.sqoop_hook.SqoopHook", "run the sqoop command by BashOperator"),
    ],
)
def test_what_belongs_to_the_server_or_has_ended_says_so(path, said):
    place, _, name = path.rpartition(".")
    with pytest.raises((UnknownAirflowName, ImportError), match=said):
        exec(f"from {place} import {name}", {})


def test_volumes_of_1_10_become_those_of_the_client_library():
    models = pytest.importorskip("kubernetes.client.models", reason="the client library 'kubernetes' is not installed")
    from airflow.contrib.kubernetes.volume import Volume
    from airflow.contrib.kubernetes.volume_mount import VolumeMount

    made = Volume("data", {"persistentVolumeClaim": {"claimName": "mine"}}).to_k8s_client_obj()
    assert isinstance(made, models.V1Volume)
    assert made.persistent_volume_claim.claim_name == "mine"
    mount = VolumeMount("data", mount_path="/data", sub_path=None, read_only=True).to_k8s_client_obj()
    assert (mount.name, mount.mount_path, mount.read_only) == ("data", "/data", True)
