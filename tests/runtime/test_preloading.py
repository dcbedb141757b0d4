"""Heavy packages: noted when imported, preloaded from the next time on, unless the author's settings come first."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.crew.stand_in import House

HEAVY = "import os\nDATA = b'x' * 40_000_000\nSETTING = os.environ.get('HEAVY_SETTING')\nPID = os.getpid()\n"
DAG = """
{before}
import heavy_package
{after}
from airflow import DAG
from airflow.operators.python import PythonOperator
import os
IMPORTED_IN = os.getpid()
with DAG("d", schedule=None) as dag:
    PythonOperator(task_id="t", python_callable=lambda: [heavy_package.PID == IMPORTED_IN, heavy_package.SETTING])
"""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    library = tmp_path / "library"
    library.mkdir()
    (library / "heavy_package.py").write_text(HEAVY)
    house = House(tmp_path / "home")
    house.start_crew(PYTHONPATH=str(library))
    yield house
    house.close()


@pytest.fixture
def run(house: House) -> Callable[[dict], list]:
    """[imported by the file's own zygote, the setting that the package saw]"""
    return lambda loaded: json.loads(house.run("dag.py", loaded, "t")["body"])


def test_the_second_import_finds_a_heavy_package_preloaded(house: House, run: Callable[[dict], list]) -> None:
    first = house.load("dag.py", DAG.format(before="", after=""))
    assert first["heavy"] == ["heavy_package"]
    assert run(first) == [True, None]
    second = house.load("dag.py", DAG.format(before="", after="X = 2"))
    assert second["heavy"] == ["heavy_package"]
    assert run(second) == [False, None]


def test_a_setting_before_the_import_takes_effect(house: House, run: Callable[[dict], list]) -> None:
    loaded = house.load("dag.py", DAG.format(before="import os; os.environ['HEAVY_SETTING'] = 'mine'", after=""))
    assert loaded["heavy"] == []
    assert run(loaded) == [True, "mine"]


def test_a_setting_that_comes_into_a_file_ends_its_preloading(house: House, run: Callable[[dict], list]) -> None:
    house.load("dag.py", DAG.format(before="", after=""))
    again = house.load("dag.py", DAG.format(before="import os; os.environ['HEAVY_SETTING'] = 'mine'", after=""))
    assert run(again) == [True, "mine"]


def test_a_file_that_no_longer_mentions_it_goes_back_to_the_bare_base(house: House) -> None:
    house.load("dag.py", DAG.format(before="", after=""))
    light = "from airflow import DAG\nwith DAG('d', schedule=None) as dag: pass\n"
    assert house.load("dag.py", light)["heavy"] == []


def test_a_light_file_beside_it_stays_light(house: House) -> None:
    house.load("dag.py", DAG.format(before="", after=""))
    house.load("dag.py", DAG.format(before="", after="X = 2"))
    light = house.load("light.py", "from airflow import DAG\nwith DAG('e', schedule=None) as dag: pass\n")
    assert light["memory_mb"] < 40
