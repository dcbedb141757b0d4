"""What stands around a DAG file: a zip it lies in, a folder of plugins, the Python processes its tasks start."""

from __future__ import annotations

import json
import sys
import textwrap
import zipfile

import pytest

from .conftest import until

PACKED = {
    "flow.py": """
        from airflow.sdk import dag, task
        from parts.inner import answer
        import beside

        @dag
        def packed():
            @task
            def tells():
                from parts import later
                return [answer, beside.more, later.late, __file__]
            tells()
        packed()
        """,
    "parts/__init__.py": "",
    "parts/inner.py": "answer = 42\n",
    "parts/later.py": "late = 'later'\n",
    "beside.py": "more = 'more'\n",
    "README.py": "not python, and no DAG",
}


def pack(place, files, name="pack.zip"):
    path = place.dags / name
    with zipfile.ZipFile(path, "w") as archive:
        for inner, text in files.items():
            archive.writestr(inner, textwrap.dedent(text))
    return path


def values(done):
    return {task["task_id"]: task.get("value") for task in done.json["tasks"]}


@pytest.mark.parametrize("inner", ["", "flow.py"])
def test_a_dag_file_in_a_zip_runs(place, inner):
    path = pack(place, PACKED)
    done = place("run", str(path / inner if inner else path), "--json")
    assert done.status == 0, done.err
    assert values(done) == {"tells": [42, "more", "later", str(path / "flow.py")]}


def test_a_zip_is_checked(place):
    path = pack(place, PACKED)
    found = json.loads(place("check", str(place.dags), "--json").out)
    assert [(one["file"], one["verdict"], one["dags"]) for one in found] == [
        (str(path / "flow.py"), "runs", {"packed": {"tells": []}})
    ]


def test_an_error_in_a_zip_names_the_file_in_it(place):
    path = pack(place, {**PACKED, "beside.py": "more = 1\nraise RuntimeError('here')\n"})
    done = place("run", str(path), "--json")
    assert done.status == 2
    assert f"{path / 'beside.py'}, line 2" in done.err


def test_what_is_no_zip_is_told(place):
    path = place.dags / "pack.zip"
    path.write_bytes(b"PK but no zip")
    assert "not a whole zip file" in place("run", str(path), "--json").err
    assert "not a whole zip file" in place("check", str(place.dags), "--json").err


def what_it_says(place):
    """In a run that is begun now; nothing while there is no such DAG."""
    begun = place("trigger", "packed", "--unpause", "--json")
    if begun.status != 0:
        return ""
    run = ("packed", begun.json["run_id"])
    until(lambda: place("status", *run, "--json").json["state"] == "success", "it ends")
    return place("logs", *run, "says").out


SAYS = """
from airflow import DAG
from airflow.operators.python import PythonOperator
from beside import more

with DAG("packed", schedule=None):
    PythonOperator(task_id="says", python_callable=lambda: print("it says", more))
"""


def test_a_zip_that_changes_while_venturi_is_up_is_taken_up(place):
    pack(place, {"flow.py": SAYS, "beside.py": "more = 'first'\n"})
    place.up()
    until(lambda: "it says first" in what_it_says(place), "the zip is read")
    pack(place, {"flow.py": SAYS, "beside.py": "more = 'second'\n"}, "fresh")
    (place.dags / "fresh").rename(place.dags / "pack.zip")
    until(lambda: "it says second" in what_it_says(place), "another zip in its place is read")
    pack(place, {"flow.py": SAYS.replace("it says", "it now says"), "beside.py": "more = 'third'\n"})
    until(lambda: "it now says third" in what_it_says(place), "a zip that is written over is read")


def test_plugins_bring_operators_macros_and_plain_modules(place):
    plugins = place.home.root / "plugins"
    (plugins / "inner").mkdir(parents=True)
    (plugins / "helpers_of_plugins.py").write_text("shared = 'shared'\n")
    (plugins / "broken_plugin.py").write_text("from airflow.plugins_manager import AirflowPlugin\n1 / 0\n")
    (plugins / "inner" / "mine.py").write_text(
        textwrap.dedent("""
        from airflow.models import BaseOperator
        from airflow.plugins_manager import AirflowPlugin

        class GreetOperator(BaseOperator):
            template_fields = ("name",)
            def __init__(self, name, **kwargs):
                super().__init__(**kwargs)
                self.name = name
            def execute(self, context):
                return f"hello {self.name}"

        def shout(text):
            return text.upper()

        class Mine(AirflowPlugin):
            name = "mine"
            operators = [GreetOperator]
            macros = [shout]
        """)
    )
    (place.dags / "flow.py").write_text(
        textwrap.dedent("""
        from airflow import DAG
        from airflow.operators.mine import GreetOperator
        from airflow.operators import GreetOperator as of_one_ten
        from airflow.operators.bash_operator import BashOperator
        from helpers_of_plugins import shared
        assert GreetOperator is of_one_ten
        with DAG("plugged", schedule_interval=None) as dag:
            GreetOperator(task_id="greets", name="{{ macros.mine.shout('you') }} " + shared)
        """)
    )
    done = place("run", str(place.dags / "flow.py"), "--json")
    assert done.status == 0, done.err
    assert values(done) == {"greets": "hello YOU shared"}


def test_python_processes_of_a_task_find_airflow_too(place):
    (place.dags / "child.py").write_text(
        "import airflow.models, sys; print(airflow.models.DAG.__module__, airflow.__version__)\n"
    )
    (place.dags / "flow.py").write_text(
        textwrap.dedent(f"""
        from airflow.sdk import DAG
        from airflow.providers.standard.operators.bash import BashOperator
        with DAG("starts"):
            BashOperator(task_id="child", bash_command="{sys.executable} {place.dags}/child.py")
            BashOperator(task_id="isolated", bash_command="{sys.executable} -S {place.dags}/child.py")
        """)
    )
    done = place("run", str(place.dags / "flow.py"), "--json")
    assert done.status == 0, done.err + done.out
    from venturi.airflow import VERSION

    assert values(done) == dict.fromkeys(("child", "isolated"), f"venturi.sdk.dag {VERSION}")
