"""Functions with packages of their own: pip installs them, from a registry in a folder, as it would from any other."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bundles.wheels import registry, wheel
from tests.sdk.loading import load
from venturi.testing import run_dag

FILE = """
    import sys
    from airflow import DAG
    from airflow.decorators import task
    from airflow.operators.python import BranchPythonVirtualenvOperator, PythonVirtualenvOperator

    with DAG("packages", schedule=None) as dag:

        def asks(given):
            import needed_too
            import some_thing
            import sys
            return [given, some_thing.VERSION, needed_too.VERSION, sys.prefix]

        PythonVirtualenvOperator(
            task_id="pinned",
            python_callable=asks,
            op_args=["{{ ds }}"],
            requirements=["some-thing==1.0"],
            system_site_packages=False,
            venv_cache_path=CACHE,
        )

        PythonVirtualenvOperator(
            task_id="of_a_file",
            python_callable=asks,
            op_kwargs={"given": 2},
            requirements="{{ params.file }}",
            params={"file": "some-thing>=1.0\\nneeded-too==1.0  # held"},
            system_site_packages=False,
            venv_cache_path=CACHE,
        )

        @task.virtualenv(requirements=["some-thing"], system_site_packages=False, venv_cache_path=CACHE)
        def newest(given):
            import some_thing
            from importlib.metadata import version
            return [given, some_thing.VERSION, version("some-thing")]

        @task.virtualenv(requirements=["some-thing==7.0"], venv_cache_path=CACHE, retries=0)
        def not_there():
            return 1

        @task.virtualenv(requirements=["some-thing"], venv_cache_path=CACHE)
        def beside_ours():
            import jinja2, some_thing
            return [some_thing.VERSION, jinja2.__name__]

        def choose():
            import some_thing
            return "left" if some_thing.VERSION == "1.0" else "right"

        BranchPythonVirtualenvOperator(
            task_id="branches",
            python_callable=choose,
            requirements=["some-thing==1.0"],
            system_site_packages=False,
            venv_cache_path=CACHE,
        ) >> [task(task_id="left")(lambda: 1)(), task(task_id="right")(lambda: 2)()]

        newest([1]), not_there(), beside_ours()
"""
EXTERNAL = """
    from airflow import DAG
    from airflow.decorators import task
    from airflow.operators.python import ExternalPythonOperator

    def asks(n):
        import some_thing
        import sys
        return [n, some_thing.VERSION, sys.prefix]

    with DAG("external", schedule=None) as dag:
        ExternalPythonOperator(
            task_id="classic", python=PYTHON, python_callable=asks, op_args=[1], expect_airflow=False
        )

        @task.external_python(python=PYTHON, expect_airflow=False)
        def decorated(n):
            import some_thing
            return [n, some_thing.VERSION]

        decorated(2)
"""


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "wheels"
    for name, value in registry(folder).items():
        monkeypatch.setenv(name, value)
    wheel(folder, "needed-too", "1.0")
    wheel(folder, "needed-too", "1.5")
    for version in ("1.0", "2.0"):
        wheel(folder, "some-thing", version, ("needed-too",))
    return folder


def test_functions_get_the_packages_that_they_ask_for(tmp_path: Path, wheels: Path, capfd) -> None:
    head = f"    CACHE = {str(tmp_path / 'cache')!r}\n"
    loaded = load(tmp_path, head + FILE)
    result = run_dag(loaded.dag, logical_date="2024-01-05")
    told = {key: error["message"] for key, error in result.errors.items()}
    states = {name: state for (name, _), state in result.states.items()}
    assert states == {
        **dict.fromkeys(("pinned", "of_a_file", "newest", "beside_ours", "branches", "left"), "success"),
        "not_there": "failed",
        "right": "skipped",
    }, told
    pinned, of_a_file = result.value("pinned"), result.value("of_a_file")
    assert pinned[:3] == ["2024-01-05", "1.0", "1.5"]
    assert of_a_file[:3] == [2, "2.0", "1.0"]
    assert pinned[3].startswith(str(tmp_path / "cache"))
    assert pinned[3] != of_a_file[3]
    assert result.value("newest") == [[1], "2.0", "2.0"]
    assert result.value("beside_ours") == ["2.0", "jinja2"]
    assert "The requirements could not be installed (some-thing==7.0)" in told[("not_there", -1)]
    out, err = capfd.readouterr()
    assert "some-thing==7.0" in err  # what pip said
    assert out.count("Using the virtual environment") == 1  # the branch's is the pinned one's


def test_a_function_runs_in_an_environment_that_somebody_else_has_made(tmp_path: Path, wheels: Path) -> None:
    made = tmp_path / "made"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", made], check=True)
    python = str(made / "bin" / "python")
    install = [sys.executable, "-m", "pip", "--python", python, "--quiet", "install", "some-thing==1.0"]
    subprocess.run(install, check=True, env={**os.environ})
    loaded = load(tmp_path, f"    PYTHON = {python!r}\n" + EXTERNAL)
    result = run_dag(loaded.dag)
    assert result.value("classic") == [1, "1.0", str(made)]
    assert result.value("decorated") == [2, "1.0"]
