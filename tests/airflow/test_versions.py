"""Files that ask which Airflow they run in get one number, and take a way that works."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import venturi
from tests.compat import obtaining
from tests.sdk.loading import load
from venturi import testing
from venturi.airflow import VERSION

ASKS = {
    "a text compared": "import airflow\nnew = airflow.__version__ >= '2.0'",
    "its beginning": "import airflow\nnew = not airflow.__version__.startswith('1.10')",
    "a tuple of numbers": "import airflow\nnew = tuple(int(n) for n in airflow.__version__.split('.')) >= (3, 0, 0)",
    "its first two": "from airflow import __version__ as v\nnew = tuple(map(int, v.split('.')[:2])) > (2, 10)",
    "its major number": "from airflow.version import version\nnew = int(version.split('.')[0]) == 3",
    "packaging": (
        "import airflow\nfrom packaging import version\n"
        "new = version.parse(airflow.__version__) >= version.parse('3.0')"
    ),
    "packaging's base version": (
        "from airflow import __version__\nfrom packaging.version import Version\n"
        "new = Version(Version(__version__).base_version) >= Version('3.0.0')"
    ),
    "packaging's parts": (
        "from airflow import __version__ as v\nfrom packaging.version import parse\n"
        "new = (parse(v).major, parse(v).minor) >= (3, 0) and not parse(v).is_prerelease"
    ),
    "a specifier": (
        "import airflow\nfrom packaging.specifiers import SpecifierSet\n"
        "new = airflow.__version__ in SpecifierSet('>=3')"
    ),
    "the installed package": "from importlib.metadata import version\nnew = version('apache-airflow').startswith('3.')",
    "the installed package, spelled otherwise": (
        "from importlib import metadata\nnew = metadata.version('apache_airflow') == metadata.version('Apache-Airflow')"
    ),
    "a module that is new": ("try:\n    import airflow.sdk\n    new = True\nexcept ImportError:\n    new = False"),
    "a module by its spec": "import importlib.util\nnew = importlib.util.find_spec('airflow.sdk') is not None",
}
REST = """
if new:
    from airflow.providers.standard.operators.python import PythonOperator
    from airflow.sdk import DAG
    words = {"schedule": None}
else:
    from airflow.operators.python_operator import PythonOperator
    from airflow import DAG
    words = {"schedule_interval": None}

with DAG("branches", **words) as dag:
    PythonOperator(task_id="says", python_callable=lambda: new)
"""
OLD_WAY = """
import airflow
from packaging import version

if version.parse(airflow.__version__) < version.parse("2.0"):
    raise AssertionError("of 1.10, which this is not")
try:
    from airflow.operators.bash import BashOperator
except ImportError:
    from airflow.operators.bash_operator import BashOperator
if airflow.__version__.split(".")[0] == "1":
    more = {"provide_context": True}
else:
    more = {}
with airflow.DAG("old", schedule_interval=None) as dag:
    BashOperator(task_id="says", bash_command="echo {{ ds }}", **more)
"""


@pytest.mark.parametrize("asks", ASKS)
def test_a_file_that_branches_on_the_version_takes_the_way_of_3_x_and_runs(tmp_path, asks):
    loaded = load(tmp_path, ASKS[asks] + REST)
    result = testing.run_dag(loaded.dag)
    assert result.state == "success", result.errors
    assert result.value("says") is True


def test_a_file_that_knows_1_10_and_2_x_alone_runs_too(tmp_path):
    result = testing.run_dag(load(tmp_path, OLD_WAY).dag, logical_date="2024-01-05")
    assert result.value("says") == "2024-01-05"


def test_airflow_is_in_no_list_of_what_is_installed():
    from importlib import metadata

    from venturi.airflow import importer

    importer.install()
    assert "3.3.2" not in {d.version for d in metadata.distributions() if d.name == "apache-airflow"}


FLOW = """
import sys
import airflow
from airflow import DAG
from airflow.operators.bash_operator import BashOperator
from airflow.operators.python import PythonOperator
from airflow.utils.dates import days_ago

def says():
    import airflow.models
    from importlib import metadata
    return [
        sys.prefix,
        airflow.__version__,
        airflow.models.DAG.__module__,
        sorted(d.version for d in metadata.distributions() if d.name == "apache-airflow"),
    ]

with DAG("beside", start_date=days_ago(1), schedule_interval=None) as dag:
    BashOperator(task_id="bash", bash_command="python -c 'import airflow; print(airflow.__version__)'")
    PythonOperator(task_id="says", python_callable=says)
"""


@pytest.mark.slow  # installs Airflow 2.11 the first time
def test_a_zygote_whose_environment_holds_a_real_airflow_2_11_still_uses_ours(tmp_path):
    python = obtaining.airflow("2.11")
    real = "import importlib.metadata as m; print(m.version('apache-airflow'))"
    installed = subprocess.run([python, "-c", real], capture_output=True, text=True, check=True).stdout.strip()
    assert installed.startswith("2.11.")
    # An environment that has all of its packages, and Venturi behind them.
    subprocess.run([python, "-m", "venv", "--without-pip", tmp_path / "beside"], check=True)
    beside = tmp_path / "beside" / "bin" / "python"
    asks = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages, own = (
        Path(subprocess.run([each, "-c", asks], capture_output=True, text=True, check=True).stdout.strip())
        for each in (python, beside)
    )
    (own / "real.pth").write_text(f"{packages}\n{Path(venturi.__file__).parents[1]}\n")
    bundle = tmp_path / "bundle"
    (bundle / "dags").mkdir(parents=True)
    (bundle / "venturi.toml").write_text(f'python = "{beside}"\n')
    file = bundle / "dags" / "flow.py"
    file.write_text(FLOW)
    done = subprocess.run(
        [sys.executable, "-m", "venturi.cli", "run", str(file), "--json", "--home", str(tmp_path / "home")],
        capture_output=True,
        text=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")},
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    values = {task["task_id"]: task["value"] for task in json.loads(done.stdout)["tasks"]}
    prefix, version, module, there = values["says"]
    assert Path(prefix) == tmp_path / "beside"
    assert (version, module.partition(".")[0]) == (VERSION, "venturi")
    assert there == [installed]  # and is not taken
    assert values["bash"] == VERSION  # also in the Python processes that a task starts
