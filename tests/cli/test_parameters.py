"""What a run is asked for must fit the parameters of its DAG, before anything of it starts."""

from __future__ import annotations

import json

import pytest

from .conftest import Place

PARAMS = """
from airflow.sdk import Param, dag, task

@dag(
    schedule=None,
    params={
        "rows": Param(5, type="integer", minimum=1),
        "name": Param(type="string", minLength=2),
        "mode": Param("fast", enum=["fast", "slow"]),
    },
)
def with_params():
    @task
    def show(params=None):
        return dict(params)

    show()

with_params()
"""


@pytest.mark.parametrize(
    ("conf", "sentence"),
    [
        ({}, "parameter 'name': it has no value of its own"),
        ({"name": "x"}, "parameter 'name': 'x' is shorter than 2"),
        ({"name": "xy", "rows": 0}, "parameter 'rows': 0 is less than the minimum of 1"),
        ({"name": "xy", "rows": "1"}, "parameter 'rows': '1' is not of type 'integer'"),
        ({"name": "xy", "mode": "odd"}, "parameter 'mode': 'odd' is not one of"),
    ],
)
def test_what_does_not_fit_is_told_in_one_sentence_before_any_task_starts(place: Place, conf, sentence):
    said = place("run", place.file("with_params.py", PARAMS), "--conf", json.dumps(conf), "--json")
    assert said.status == 2
    assert said.json["error"]["code"] == "bad_parameter"
    assert sentence in said.json["error"]["message"]
    assert "Traceback" not in said.err
    assert "show" not in place("status", "with_params").out


def test_what_fits_reaches_the_task(place: Place):
    conf = json.dumps({"name": "ann", "rows": 7, "more": [1]})
    found = place("run", place.file("with_params.py", PARAMS), "--conf", conf, "--json").json
    assert found["tasks"][0]["value"] == {"rows": 7, "name": "ann", "mode": "fast", "more": [1]}
