"""Tasks that ask people, answered from the command line."""

from __future__ import annotations

from venturi.store import open_store
from venturi.wire.values import decode

from .conftest import Place, until

ASKS = """
from datetime import timedelta
from airflow.providers.standard.operators.hitl import (
    ApprovalOperator, HITLBranchOperator, HITLEntryOperator, HITLOperator)
from airflow.sdk import DAG, BaseNotifier, Param, task

class Says(BaseNotifier):
    template_fields = ("message",)
    def __init__(self, message):
        self.message = message
    def notify(self, context):
        link = HITLOperator.generate_link_to_ui_from_context(context=context, base_url="http://here")
        print("told:", self.message, link)

with DAG("asks", schedule=None, is_paused_upon_creation=False):
    form = HITLEntryOperator(task_id="form", subject="Say", params={"information": Param("", type="string")})
    several = HITLOperator(task_id="several", subject="Choose", options=["a", "b", "c"], multiple=True)
    late = HITLOperator(task_id="late", subject="Choose", options=["d", "e"], defaults=["d"],
                        response_timeout=timedelta(milliseconds=10))
    valid = ApprovalOperator(
        task_id="valid", subject="Is it valid?",
        body='{{ ti.xcom_pull(task_ids="form")["params_input"]["information"] }}',
        notifiers=[Says("{{ task.subject }} {{ task.options }}")], assigned_users=[{"id": "1", "name": "ana"}])
    branch = HITLBranchOperator(task_id="branch", subject="Where to?", options=["left", "right"])
    @task
    def left(): ...
    @task
    def right(): ...
    [form, several, late] >> valid >> branch >> [left(), right()]
"""


def test_a_run_goes_on_by_what_people_answer(place: Place) -> None:
    (place.dags / "asks.py").write_text(ASKS)
    place.up()
    until(lambda: place("trigger", "asks").status == 0, "the DAG is known")

    def asked(task_id: str) -> str | None:
        rows = place("questions", "--json").json["questions"]
        return next((row["run_id"] for row in rows if row["task_id"] == task_id), None)

    run_id = until(lambda: asked("form"), "the form is there")
    until(lambda: asked("several"), "the choice is there")
    said = place("answer", "asks", run_id, "form", "OK", "--params", '{"information": 5}')
    assert said.status == 1
    assert "is not of type 'string'" in said.err
    assert place("answer", "asks", run_id, "form", "OK", "--params", '{"information": "yes"}').status == 0
    assert place("answer", "asks", run_id, "several", "a", "c", "--by", "bob").status == 0
    again = place("answer", "asks", run_id, "several", "b", "--json")
    assert again.json["error"]["code"] == "answered"
    until(lambda: asked("valid"), "the approval is asked for")
    assert "Is it valid?" in place("questions", "ls").out
    assert "asks ana" in place("reject", "asks", run_id, "valid", "--by", "bob").err
    assert place("approve", "asks", run_id, "valid", "--by", "ana").status == 0
    until(lambda: asked("branch"), "the branch is asked for")
    place("down", "--keep-tasks")
    left = place("answer", "asks", run_id, "branch", "right", "--json")
    assert left.json["waits"] is True
    place.up()
    until(lambda: place("status", "asks", run_id, "--json").json["state"] == "success", "the run is done")
    with open_store(place.home.database).reader() as reader:
        (run,) = reader.runs()
        states = {row.task_id: row.state for row in reader.instances(run.id).rows}
        assert (states["left"], states["right"]) == ("skipped", "success")
        question = reader.question(run.id, "valid", -1)
        assert question is not None
        assert (question.detail["body"], question.by) == ("yes", "ana")
        kept = {v.task_id: decode(str(v.data).encode()) for v in reader.values_of_run(run.id, "return_value") if v.data}
    assert kept["several"]["chosen_options"] == ["a", "c"]
    assert kept["several"]["responded_by_user"]["name"] == "bob"
    assert kept["late"]["chosen_options"] == ["d"]
    said = place("logs", "asks", run_id, "valid")
    assert "told: Is it valid? ['Approve', 'Reject'] http://here/dags/asks/runs/" in said.out
