"""Callbacks see the task as it ended; what goes wrong in one keeps no other from being run."""

from __future__ import annotations

from pathlib import Path

import pytest

from venturi.sdk.callbacks import rebuilt
from venturi.sdk.describe import describe
from venturi.sdk.exceptions import AirflowException, AirflowFailException
from venturi.testing import run_dag

from .loading import load

HEAD = """
from datetime import timedelta
from airflow import DAG
from airflow.exceptions import AirflowSkipException
from airflow.operators.empty import EmptyOperator
from airflow.operators.python import PythonOperator
said = []
def note(word):
    def callback(context):
        ti = context["ti"]
        error = context.get("exception")
        said.append((word, ti.task_id, ti.try_number, str(ti.state), repr(error) if error else None))
    return callback
def bad(): raise ValueError("no luck")
def skips(): raise AirflowSkipException("nothing to do")
def breaks(context): raise KeyError("in the callback")
"""


def test_each_end_calls_its_own(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        HEAD
        + """
all_of_them = dict(on_success_callback=note("success"), on_failure_callback=[breaks, note("failure")],
                   on_retry_callback=note("retry"), on_skipped_callback=note("skipped"),
                   on_execute_callback=note("execute"))
with DAG("d", schedule=None, default_args=all_of_them, on_failure_callback=note("dag")) as dag:
    PythonOperator(task_id="good", python_callable=lambda: 1)
    PythonOperator(task_id="bad", python_callable=bad, retries=1)
    PythonOperator(task_id="skips", python_callable=skips)
""",
    )
    run_dag(loaded.dag)
    error = "ValueError('no luck')"
    *said, last = loaded.module.said
    assert last == ("dag", "bad", 1, "failed", None)
    assert sorted(said, key=lambda line: ["good", "bad", "skips"].index(line[1])) == [
        ("execute", "good", 1, "running", None),
        ("success", "good", 1, "success", None),
        ("execute", "bad", 1, "running", None),
        ("retry", "bad", 1, "up_for_retry", error),
        ("execute", "bad", 2, "running", None),
        ("failure", "bad", 2, "failed", error),
        ("execute", "skips", 1, "running", None),
        ("skipped", "skips", 1, "skipped", None),
    ]


def test_the_spec_says_after_which_ends_a_child_is_needed(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        HEAD
        + """
with DAG("d", schedule=None, on_success_callback=note("x")) as dag:
    EmptyOperator(task_id="none")
    EmptyOperator(task_id="mails", email="a@x.org", email_on_retry=False)
    EmptyOperator(task_id="both", email=["a@x.org"], on_success_callback=note("x"))
    PythonOperator.partial(task_id="mapped", python_callable=bad, on_failure_callback=note("x")).expand(op_args=[[1]])
""",
    )
    spec = describe(loaded.dag)
    assert spec.calls == ("success",)
    calls = {task.task_id: task.calls for task in spec.tasks}
    assert calls == {"none": (), "mails": ("failure",), "both": ("success", "failure", "retry"), "mapped": ("failure",)}


def test_a_failure_is_mailed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VENTURI_HOME", str(tmp_path / "home"))
    loaded = load(
        tmp_path,
        HEAD + 'with DAG("d", schedule=None):\n    PythonOperator(task_id="t", python_callable=bad, email="a@x.org")',
    )
    run_dag(loaded.dag)
    (mail,) = (tmp_path / "home" / "outbox").iterdir()
    text = mail.read_text()
    assert "To: a@x.org" in text
    assert "ValueError: no luck" in text


def test_an_exception_comes_back_with_its_name_and_text() -> None:
    assert repr(rebuilt({"type": "ValueError", "message": "x"}, None)) == "ValueError('x')"
    assert type(rebuilt({"type": "AirflowFailException", "message": "x"}, None)) is AirflowFailException
    own = rebuilt({"type": "MyError", "message": "x"}, None)
    assert (type(own).__name__, str(own), isinstance(own, AirflowException)) == ("MyError", "x", True)
    strange = rebuilt({"type": "UnicodeDecodeError", "message": "x"}, None)
    assert (type(strange).__name__, str(strange)) == ("UnicodeDecodeError", "x")
    assert str(rebuilt(None, "It was killed by SIGKILL.")) == "It was killed by SIGKILL."
