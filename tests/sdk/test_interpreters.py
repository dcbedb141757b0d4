"""Functions in another Python: shipped as source, called with what they name, their result taken back."""

from __future__ import annotations

import sys
from datetime import datetime

import pytest

from tests.sdk.loading import load
from venturi.airflow.importer import FOR_CHILDREN
from venturi.sdk import venvs
from venturi.testing import run_dag

FILE = """
    import sys
    from airflow.sdk import DAG, Label, task
    from airflow.operators.python import ExternalPythonOperator, PythonVirtualenvOperator

    with DAG("d", schedule=None, params={"p": 3}) as dag:

        def where(a, b=0, *, ds, params, logical_date=None):
            import sys
            return [sys.prefix, a, b, ds, params, type(logical_date).__module__, virtualenv_string_args]

        PythonVirtualenvOperator(
            task_id="classic",
            python_callable=where,
            op_args=["{{ ds }}"],
            op_kwargs={"b": [1, (2, 3)]},
            string_args=["s"],
            venv_cache_path=CACHE,
        )
        ExternalPythonOperator(task_id="external", python=sys.executable, python_callable=where, op_args=[1])

        @task.virtualenv(venv_cache_path=CACHE, serializer="json", system_site_packages=False)
        def plain(x):
            import airflow, sys
            from airflow.exceptions import AirflowException
            try:
                import jinja2
            except ImportError:
                return [x, airflow.__version__, "alone"]

        @task.external_python(python=sys.executable)
        def fails():
            print("about to")
            raise ValueError("no luck")

        @task.external_python(sys.executable, skip_on_exit_code=7)
        def skips():
            raise SystemExit(7)

        @task.branch_external_python(python=sys.executable)
        def choose():
            return "yes"

        @task
        def yes(): ...

        @task
        def no(): ...

        @task.stub
        def elsewhere(): ...

        @task.external_python(python=sys.executable)
        def wants_a_lock(lock): ...

        plain([1]), fails(), skips(), elsewhere()
        choose() >> [yes(), no()]
        import threading
        wants_a_lock(threading.Lock())
"""


def test_functions_run_in_another_python(tmp_path, capfd, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", FOR_CHILDREN)  # as in every attempt
    loaded = load(tmp_path, f"    CACHE = {str(tmp_path / 'cache')!r}\n" + FILE)
    result = run_dag(loaded.dag, logical_date="2024-01-05")
    classic = result.value("classic")
    assert classic[0].startswith(str(tmp_path / "cache" / "venv-"))
    assert classic[1:] == ["2024-01-05", [1, (2, 3)], "2024-01-05", {"p": 3}, "datetime", ["s"]]
    assert result.value("external")[:3] == [sys.prefix, 1, 0]
    assert result.value("plain")[0] == [1]
    assert result.value("plain")[2] == "alone"
    states = {name: state for (name, _), state in result.states.items()}
    assert states["fails"] == "failed"
    assert "non-zero exit status 1.\nValueError: no luck" in result.errors[("fails", -1)]["message"]
    assert (states["skips"], states["choose"], states["yes"], states["no"]) == (
        *("skipped", "success", "success", "skipped"),
    )
    assert "another language" in result.errors[("elsewhere", -1)]["message"]
    assert "the argument 'lock'" in result.errors[("wants_a_lock", -1)]["message"]
    out, err = capfd.readouterr()
    assert out.count("Making a virtual environment") == 2
    assert "about to" in out
    assert 'raise ValueError("no luck")' in err


def test_an_environment_is_made_once_and_again_if_it_was_left_half_made(tmp_path, capfd):
    wanted = venvs.Wanted(())
    python = venvs.ensure(wanted, str(tmp_path))
    assert venvs.ensure(wanted, str(tmp_path)) == python
    assert venvs.ensure(wanted._replace(system_site_packages=False), str(tmp_path)) != python
    marker = tmp_path / python.split("/")[-3] / venvs.MARKER
    marker.unlink()
    assert venvs.ensure(wanted, str(tmp_path)) == python
    out = capfd.readouterr().out
    assert (out.count("Making"), out.count("Using")) == (3, 1)


def test_what_cannot_be_installed_is_said_and_leaves_nothing_behind(tmp_path):
    with pytest.raises(Exception, match="could not be installed"):
        venvs.ensure(venvs.Wanted(("no_such_package_at_all @ file:///nowhere",)), str(tmp_path))
    assert [p.name for p in tmp_path.iterdir() if p.is_dir()] == []
    with pytest.raises(Exception, match=r"no python2\.4 on the PATH"):
        venvs.interpreter_of("2.4")
    assert venvs.interpreter_of("3") == sys.executable


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("PythonVirtualenvOperator(task_id='a', python_callable=lambda: 1)", "only supports functions"),
        ("ExternalPythonOperator(task_id='a', python_callable=f, python='')", "Python Path must be defined"),
        ("PythonVirtualenvOperator(task_id='a', python_callable=g)", "yield"),
        ("PythonVirtualenvOperator(task_id='a', python_callable=f, serializer='x')", "Unsupported serializer 'x'"),
    ],
)
def test_what_cannot_be_shipped_is_told_when_the_file_is_read(tmp_path, text, message):
    file = f"""
    from airflow import DAG
    from airflow.operators.python import ExternalPythonOperator, PythonVirtualenvOperator

    def f(): ...

    def g():
        yield 1

    with DAG("d", schedule=None):
        {text}
    """
    with pytest.raises(Exception, match=message):
        load(tmp_path, file)


def test_dates_travel_without_pendulum():
    from venturi.sdk.interpreters import _plain_date
    from venturi.sdk.times import with_pendulum

    made = _plain_date(with_pendulum(datetime.fromisoformat("2024-01-05T01:02:03+00:00")))
    assert type(made) is datetime
    assert made.isoformat() == "2024-01-05T01:02:03+00:00"
