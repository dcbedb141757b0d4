"""`venturi python FILE`, `dag.cli()`, `dag.test()`, pytest over a DAG file, and the finder that is asked for."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import venv

import pytest

FILE = """
from datetime import timedelta
import airflow
from airflow.models import DAG, Variable
from airflow.operators.bash_operator import BashOperator
from airflow.operators.python_operator import PythonOperator

dag = DAG("old", default_args={"owner": "me", "start_date": airflow.utils.dates.days_ago(1)}, schedule_interval=None)
first = BashOperator(task_id="first", bash_command="echo on {{ ds }} {{ params.n }}", params={"n": 1}, dag=dag)

def fails(**context):
    raise ValueError("as it should")

def says(ds, n=None, **context):
    print("says", ds, context["dag_run"].conf.get("n"), Variable.get("place", default_var="nowhere"))

second = PythonOperator(task_id="second", python_callable=says, provide_context=True, dag=dag)
third = PythonOperator(task_id="third", python_callable=fails, provide_context=True, dag=dag)
first >> second
first >> third

if __name__ == "__main__":
    dag.cli()
"""


@pytest.fixture
def python(tmp_path):
    (tmp_path / "old.py").write_text(FILE)

    def run(*arguments, **variables):
        return subprocess.run(
            [sys.executable, "-m", "venturi.cli", "python", *arguments],
            cwd=tmp_path,
            env={**os.environ, "VENTURI_HOME": str(tmp_path / "home"), **variables},
            capture_output=True,
            text=True,
        )

    return run


@pytest.mark.parametrize("spelled", [("list_tasks",), ("tasks", "list"), ("list_tasks", "old")])
def test_a_dag_file_lists_its_tasks(python, spelled):
    done = python("old.py", *spelled)
    assert done.stdout.split() == ["first", "second", "third"], done.stderr


def test_as_a_tree(python):
    done = python("old.py", "tasks", "list", "--tree")
    assert done.stdout.splitlines() == [
        "<Task(BashOperator): first>",
        "    <Task(PythonOperator): second>",
        "    <Task(PythonOperator): third>",
    ]


@pytest.mark.parametrize("spelled", [("test",), ("tasks", "test"), ("run",)])
def test_one_task_alone(python, spelled):
    done = python("old.py", *spelled, "second", "2024-05-06", "-t", '{"n": 3}', AIRFLOW_VAR_PLACE="here")
    assert done.returncode == 0, done.stderr
    assert "says 2024-05-06 3 here" in done.stdout
    assert "second: success" in done.stderr


def test_the_home_answers_for_variables_and_connections(python):
    for verb in (["variables", "set", "place", "home"], ["connections", "set", "db", "postgres://me:pw@there:5433/x"]):
        done = python("-m", "venturi.cli", *verb)
        assert done.returncode == 0, done.stderr
    assert "says 2024-05-06 None home" in python("old.py", "test", "second", "2024-05-06").stdout
    asked = "from airflow.hooks.base_hook import BaseHook; print(BaseHook.get_connection('db').get_uri())"
    assert python("-c", asked).stdout.strip() == "postgres://me:pw@there:5433/x"


def test_a_task_that_fails_is_exit_code_1_with_its_traceback(python):
    done = python("old.py", "test", "third", "2024-05-06")
    assert done.returncode == 1
    assert "ValueError: as it should" in done.stderr


def test_rendered_fields(python):
    done = python("old.py", "render", "first", "2024-05-06")
    assert "# property: bash_command" in done.stdout
    assert "echo on 2024-05-06 1" in done.stdout


def test_the_whole_dag(python):
    done = python("old.py", "dags", "test", "2024-05-06")
    assert done.stdout.splitlines()[-4:] == ["first: success", "second: success", "third: failed", "old: failed"]
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "usage: python"),
        (("nonsense",), "usage: python"),
        (("test",), "the following arguments are required: task_id"),
        (("test", "nowhere"), "Task 'nowhere' not found in DAG 'old'"),
        (("test", "first", "some day"), "'some day' is not a date"),
        (("test", "first", "-t", "[1]"), "must be a JSON object"),
        (("pause",), "needs Venturi's engine. Use: venturi pause old"),
        (("dags", "trigger"), "Use: venturi trigger old"),
        (("backfill", "-s", "2024-01-01", "-e", "2024-02-01"), "does one date"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(python, arguments, said):
    done = python("old.py", *arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_the_graph(python):
    assert '"first" -> "second"' in python("old.py", "show_dag").stdout


def test_dag_test_in_a_file(python, tmp_path):
    (tmp_path / "new.py").write_text(
        textwrap.dedent("""
        from airflow.sdk import dag, task
        @dag
        def new():
            @task
            def one():
                return 41
            @task
            def two(x):
                print("got", x + 1)
            two(one())
        flow = new()
        if __name__ == "__main__":
            print(flow.test().state)
        """)
    )
    done = python("new.py")
    assert done.stdout.splitlines()[-2:] == ["got 42", "success"], done.stderr


def test_pytest_over_a_dag_file(python, tmp_path):
    (tmp_path / "test_old.py").write_text(
        "import old\n\ndef test_it():\n    assert old.dag.task_ids == ['first', 'second', 'third']\n"
        "    assert old.dag.test().state == 'failed'\n"
    )
    done = python("-m", "pytest", "-q", "-p", "no:cacheprovider", "test_old.py")
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_text_and_arguments(python):
    done = python("-c", "import sys, airflow; print(airflow.__version__, sys.argv)", "a", "--b")
    assert done.stdout.strip().endswith("['-c', 'a', '--b']"), done.stderr


def test_files_beside_and_the_parent_of_dags_are_importable(python, tmp_path):
    dags = tmp_path / "project" / "dags" / "team"
    dags.mkdir(parents=True)
    (tmp_path / "project" / "shared.py").write_text("a = 1\n")
    (tmp_path / "project" / "dags" / "more.py").write_text("b = 2\n")
    (dags / "near.py").write_text("c = 3\n")
    (dags / "flow.py").write_text("import shared, more, near\nprint(shared.a, more.b, near.c)\n")
    assert python(str(dags / "flow.py")).stdout.strip() == "1 2 3"


# ── the finder ──


@pytest.fixture
def environment(tmp_path):
    """A bare environment that can import Venturi."""
    venv.create(tmp_path / "env", with_pip=False, symlinks=True)
    site = next((tmp_path / "env" / "lib").glob("python3*/site-packages"))
    ours = [entry for entry in sys.path if entry.endswith(("/src", "/site-packages"))]
    (site / "a_path.pth").write_text("\n".join(ours) + "\n")
    interpreter = str(tmp_path / "env" / "bin" / "python")

    def run(*arguments):
        return subprocess.run([interpreter, *arguments], capture_output=True, text=True, cwd=tmp_path)

    run.site = site
    return run


def test_the_finder_is_off_unless_asked_for(environment):
    assert "No module named 'airflow'" in environment("-c", "import airflow").stderr
    assert environment("-m", "venturi.cli", "finder").stdout.startswith("Off")
    environment("-m", "venturi.cli", "finder", "on")
    done = environment("-c", "import airflow.utils.dates as d, airflow.models; print(airflow.models.DAG.__module__)")
    assert done.stdout.strip() == "venturi.sdk.dag", done.stderr
    assert environment("-m", "venturi.cli", "finder", "off").stdout.startswith("Off")
    assert "No module named 'airflow'" in environment("-c", "import airflow").stderr


def test_with_it_a_dag_file_has_its_command_line(environment, tmp_path):
    environment("-m", "venturi.cli", "finder", "on")
    (tmp_path / "old.py").write_text(FILE)
    assert environment("old.py", "list_tasks").stdout.split() == ["first", "second", "third"]


def test_outside_a_real_airflow_wins(environment):
    environment("-m", "venturi.cli", "finder", "on")
    (environment.site / "airflow" / "models").mkdir(parents=True)
    (environment.site / "airflow" / "__init__.py").write_text("__version__ = 'the real one'\n")
    (environment.site / "airflow" / "models" / "__init__.py").write_text("DAG = 'its own'\n")
    done = environment("-c", "import airflow.models; print(airflow.__version__, airflow.models.DAG)")
    assert done.stdout.strip() == "the real one its own", done.stderr


def test_a_folder_that_a_provider_wheel_leaves_is_no_airflow(environment):
    environment("-m", "venturi.cli", "finder", "on")
    folder = environment.site / "airflow" / "providers" / "acme"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("name = 'acme'\n")
    done = environment(
        "-c", "from airflow import DAG; from airflow.providers.acme import name; print(DAG.__name__, name)"
    )
    assert done.stdout.strip() == "DAG acme", done.stderr


def test_it_costs_a_python_that_imports_no_airflow_nothing_of_ours(environment):
    environment("-m", "venturi.cli", "finder", "on")
    done = environment("-c", "import sys; print(sorted(m for m in sys.modules if m.startswith('venturi')))")
    assert done.stdout.strip() == "['venturi', 'venturi.cli', 'venturi.cli.finder']"
