"""Asking: what an attempt asks reaches the engine, answers come back, and secrets never reach a log."""

from __future__ import annotations

import json

import pytest

from venturi.wire import messages

from .stand_in import House

TASKS = """
import os, time
from airflow import DAG
from airflow.operators.python import PythonOperator
from airflow.models import Variable

def pulls(ti): return ti.xcom_pull(task_ids="up", key="k")
def pushes(ti): ti.xcom_push("k", {"a": 1})
def pushes_much(ti): ti.xcom_push("k", "x" * 100_000)
def variable(): return Variable.get("v")
def masks():
    from venturi.sdk.port import port
    port().mask("s3cret-value")
    print("the secret is s3cret-value.")
    os.write(1, b"split s3cret")
    time.sleep(0.05)
    os.write(1, b"-value end\\n")
    os.write(1, b"almost s3cret-val")
def connects():
    from venturi.sdk.port import port
    print("password", port().connection("db")["password"])

with DAG("d", schedule=None) as dag:
    for f in (pulls, pushes, pushes_much, variable, masks, connects):
        PythonOperator(task_id=f.__name__, python_callable=f)
"""


@pytest.fixture
def tasks(house: House) -> dict:
    return house.load("tasks.py", TASKS)


def test_a_value_is_put_with_its_encoding(house: House, tasks: dict) -> None:
    token = house.start("tasks.py", tasks, "pushes")
    ask, body = house.engine.wait("ask")
    assert (ask["token"], ask["what"], ask["key"], body) == (token, "value_put", "k", b'{"a":1}')
    assert ask["value"]["kind"] == "dict"
    house.engine.send(messages.answer(token, ask["request"], True))
    assert house.ended(token)["outcome"] == "success"


def test_a_large_value_is_put_by_reference(house: House, tasks: dict) -> None:
    token = house.start("tasks.py", tasks, "pushes_much")
    ask, body = house.engine.wait("ask")
    ref = ask["value"]["ref"]
    assert body == b""
    assert (house.home.values / ref[:2] / ref).stat().st_size == 100_002
    house.engine.send(messages.answer(token, ask["request"], True))
    house.ended(token)


@pytest.mark.parametrize("by_reference", [False, True])
def test_a_value_is_pulled(house: House, tasks: dict, by_reference: bool) -> None:
    token = house.start("tasks.py", tasks, "pulls")
    ask, _ = house.engine.wait("ask")
    assert (ask["what"], ask["key"], ask["task_ids"]) == ("value_get", "k", ["up"])
    held = {"__venturi__": "tuple", "items": [1, 2]}
    if by_reference:
        (house.home.values / "ab").mkdir()
        (house.home.values / "ab" / "abc").write_text(json.dumps(held))
        rows = [["up", -1, "abc", None]]
    else:
        rows = [["up", -1, None, held]]
    house.engine.send(messages.answer(token, ask["request"], True), json.dumps(rows).encode())
    assert json.loads(house.ended(token)["body"]) == held


def test_a_refusal_is_raised_with_its_sentence(house: House, tasks: dict) -> None:
    token = house.start("tasks.py", tasks, "variable")
    ask, _ = house.engine.wait("ask")
    house.engine.send(messages.answer(token, ask["request"], False, kind="Refused", error="Not today."))
    ended = house.ended(token)
    assert (ended["error"]["type"], ended["error"]["message"]) == ("Refused", "Not today.")


def test_masked_words_never_reach_the_log_even_in_two_pieces(house: House, tasks: dict) -> None:
    log = house.log(house.run("tasks.py", tasks, "masks"))
    assert "the secret is ***." in log
    assert "split *** end" in log
    assert "almost s3cret-val" in log
    assert "s3cret-value" not in log


def test_a_connections_secret_is_masked_before_the_task_has_it(house: House, tasks: dict) -> None:
    token = house.start("tasks.py", tasks, "connects")
    ask, _ = house.engine.wait("ask")
    found = {"conn_id": "db", "password": "very-hidden"}
    house.engine.send(messages.answer(token, ask["request"], True, connection=found, mask=["very-hidden"]))
    assert "password ***" in house.log(house.ended(token))


def test_an_answer_to_nobodys_ask_is_dropped(house: House, tasks: dict) -> None:
    house.engine.send(messages.answer(99, 1, True))
    house.engine.send(messages.answer(-99, 1, True))
    token = house.start("tasks.py", tasks, "variable")
    ask, _ = house.engine.wait("ask")
    house.engine.send(messages.answer(token, ask["request"], True, value="yes"))
    assert house.ended(token)["body"] == b'"yes"'
