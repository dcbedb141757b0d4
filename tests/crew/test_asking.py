"""Asking: what an attempt asks reaches the engine, answers come back, and secrets never reach a log."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from venturi.core import secrets
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


# ── secrets ──────────────────────────────────────────────────────────────────────────────────────────────

READS_WHILE_IMPORTED = """
import os
from airflow import DAG
from airflow.hooks.base import BaseHook
from airflow.operators.python import PythonOperator

found = BaseHook.get_connection("db")
print("imported with", found.password)

def prints(): print("kept", found.password, found.get_uri())
def raises(): raise ValueError("cannot log in with " + repr(found.password))

with DAG("d", schedule=None, doc_md="uses " + found.password, params={"word": found.password}) as dag:
    for f in (prints, raises):
        PythonOperator(task_id=f.__name__, python_callable=f)
"""
SECRET = 'h"rd p@ss/ö'
FOUND = {"conn_id": "db", "conn_type": "http", "host": "h", "login": "me", "password": SECRET}
FORMS = secrets.in_all_forms(secrets.of_connection(FOUND))


def answer(house: House, ask: dict) -> None:
    house.engine.send(messages.answer(ask["token"], ask["request"], True, connection=FOUND, mask=FORMS))


def load_with_answer(house: House, text: str) -> dict:
    house.write("reads.py", text)
    request = house.ask_to_load("reads.py")
    answer(house, house.engine.wait("ask")[0])
    head, body = house.wait_loaded(request)
    told = json.dumps(head, ensure_ascii=False) + body.decode()
    return {**head, "specs": json.loads(body or b"[]"), "told": told}


def test_what_is_read_while_a_file_is_imported_is_hidden_in_its_report_and_in_every_attempt(house: House) -> None:
    loaded = load_with_answer(house, READS_WHILE_IMPORTED)
    assert loaded["reads"] == [["connection", "db"]]
    assert loaded["output"] == "imported with ***\n"
    assert not any(form in loaded["told"] for form in FORMS), loaded["told"]
    assert loaded["specs"][0]["doc"] == "uses ***"
    ended = house.run("reads.py", loaded, "prints")
    assert "kept *** http://me:***@h" in house.log(ended)
    ended = house.run("reads.py", loaded, "raises")
    log = house.log(ended)
    assert "cannot log in with '***'" in log
    assert "***" in ended["error"]["message"]
    for text in (log, json.dumps(ended["error"], ensure_ascii=False), *spooled(house)):
        assert not any(form in text for form in FORMS), text


def spooled(house: House) -> list[str]:
    return [file.read_bytes().decode("utf-8", "replace") for file in house.home.spool.iterdir()]


def test_an_import_that_fails_does_not_tell_what_it_has_read(house: House) -> None:
    text = READS_WHILE_IMPORTED.replace("with DAG(", "raise RuntimeError(found.password)\nwith DAG(")
    loaded = load_with_answer(house, text)
    assert loaded["k"] == "load_failed"
    assert loaded["error"]["message"] == "***"
    assert not any(form in loaded["told"] for form in FORMS), loaded["told"]


def test_a_new_crew_hides_what_a_living_attempt_has_from_its_files_import(house: House) -> None:
    text = READS_WHILE_IMPORTED.replace(
        "def prints(): ",
        "def prints():\n    import time\n    open(GO + '.began', 'w').write('x')"
        "\n    while not os.path.exists(GO): time.sleep(0.01)\n    ",
    ).replace("import os", f"import os\nGO = {str(house.home.root / 'go')!r}")
    loaded = load_with_answer(house, text)
    token = house.start("reads.py", loaded, "prints")
    house.wait_for(house.home.root / "go.began")
    house.kill_crew()
    house.start_crew()
    (house.home.root / "go").touch()
    log = house.log(house.ended(token))
    assert "kept *** http://me:***@h" in log


def test_a_reused_child_does_not_print_in_its_second_attempt_what_it_learnt_in_its_first(house: House) -> None:
    loaded = house.load(
        "reuse.py",
        """
from airflow import DAG
from airflow.hooks.base import BaseHook
from airflow.operators.python import PythonOperator
kept = []
def first(): kept.append(BaseHook.get_connection("db").password)
def second(): print("kept", kept[0])
with DAG("d", schedule=None) as dag:
    for f in (first, second):
        PythonOperator(task_id=f.__name__, python_callable=f, executor_config={"isolation": "reuse"})
""",
    )
    token = house.start("reuse.py", loaded, "first", isolation="reuse")
    answer(house, house.engine.wait("ask")[0])
    house.ended(token)
    assert "kept ***" in house.log(house.run("reuse.py", loaded, "second", isolation="reuse"))


def test_a_connection_of_the_environment_is_hidden_too(make_house: Callable[..., House]) -> None:
    house = make_house(start=False)
    house.environment = {"AIRFLOW_CONN_DB": "http://me:from-outside@h", "AIRFLOW_VAR_API_TOKEN": "canary-token"}
    house.start_crew()
    loaded = house.load(
        "env.py",
        """
from airflow import DAG
from airflow.hooks.base import BaseHook
from airflow.models import Variable
from airflow.operators.python import PythonOperator
def prints():
    import os
    print("before", os.environ["AIRFLOW_CONN_DB"], os.environ["AIRFLOW_VAR_API_TOKEN"])
    print("inside", BaseHook.get_connection("db").password, Variable.get("api_token"))
with DAG("d", schedule=None) as dag:
    PythonOperator(task_id="prints", python_callable=prints)
""",
    )
    log = house.log(house.run("env.py", loaded, "prints"))
    assert "before *** ***" in log, "what the environment holds is hidden as a whole before anybody asks for it"
    assert "inside *** ***" in log


# ── waiting ──────────────────────────────────────────────────────────────────────────────────────────────


def test_an_ask_waits_while_there_is_no_engine(house: House, tasks: dict) -> None:
    house.engine.close()
    token = house.token + 1
    house.connect()
    assert house.start("tasks.py", tasks, "variable") == token
    house.started(token)
    house.engine.wait("ask")
    house.engine.close()  # before it has answered
    again = house.connect()
    ask, _ = again.wait("ask")
    assert (ask["token"], ask["what"], ask["key"]) == (token, "variable_get", "v")
    again.send(messages.answer(token, ask["request"], True, value="late"))
    assert house.ended(token)["body"] == b'"late"'


def test_an_ask_of_a_file_being_imported_waits_for_the_next_engine(house: House) -> None:
    house.write("reads.py", READS_WHILE_IMPORTED)
    house.ask_to_load("reads.py")
    ask, _ = house.engine.wait("ask")
    house.engine.close()
    again = house.connect()
    assert again.wait("ask")[0]["request"] == ask["request"]
    answer(house, ask)
    loaded = load_with_answer(house, READS_WHILE_IMPORTED)
    assert loaded["specs"][0]["dag_id"] == "d"
