"""A gigabyte of output, too long for every run of the tests."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from .stand_in import House

TASKS = """
import os
from airflow import DAG
from airflow.operators.python import PythonOperator

def one_line():
    block = b"x" * (1 << 20)
    for _ in range(1024):
        os.write(1, block)
    os.write(1, b"\\nafter it\\n")

with DAG("d", schedule=None) as dag:
    PythonOperator(task_id="one_line", python_callable=one_line)
"""


def resident_mb(pid: int, what: str) -> float:
    return int(re.findall(rf"^{what}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)[0]) / 1024


@pytest.mark.slow
def test_a_gigabyte_on_one_line_is_cut_and_costs_the_crew_no_memory(house: House) -> None:
    loaded = house.load("tasks.py", TASKS)
    assert house.crew is not None
    before = resident_mb(house.crew.pid, "VmRSS")
    ended = house.run("tasks.py", loaded, "one_line")
    assert ended["outcome"] == "success"
    log = house.log(ended)
    assert len(log) < 1_000_000
    assert "after it" in log.splitlines()[-1]
    assert resident_mb(house.crew.pid, "VmHWM") - before < 50
