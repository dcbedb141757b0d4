"""What tasks ask people is listed and answered over the API."""

from __future__ import annotations

from urllib.parse import quote

from ..cli.conftest import until

ASKS = """
from airflow.sdk import dag
from airflow.providers.standard.operators.hitl import HITLOperator

@dag(schedule=None)
def asks():
    HITLOperator(task_id="which", subject="Which way?", body="Left or right", options=["left", "right"],
                 params={"speed": 3})

asks()
"""


def test_a_question_is_listed_and_answered_once(api):
    (api.place.dags / "asks.py").write_text(ASKS)
    until(lambda: api.ask("GET", "dags/asks").status == 200, "the DAG is read")
    api.send("PATCH", "dags/asks", {"is_paused": False})
    run_id = api.send("POST", "dags/asks/dagRuns", {"logical_date": None})["dag_run_id"]
    run = f"dags/asks/dagRuns/{quote(run_id, safe='')}"
    until(lambda: api.get(f"{run}/taskInstances/which")["state"] == "deferred", "it asks")
    (told,) = api.get("dags/~/dagRuns/~/hitlDetails", response_received="false")["hitl_details"]
    assert (told["subject"], told["options"], told["response_received"]) == ("Which way?", ["left", "right"], False)
    assert told["task_instance"]["task_id"] == "which"
    assert api.get(f"{run}/hitlDetails", subject_search="other")["total_entries"] == 0
    path = f"{run}/taskInstances/which/-1/hitlDetails"
    assert api.ask("PATCH", path, {"chosen_options": ["up"]}).status == 400
    answer = api.send("PATCH", path, {"chosen_options": ["left"], "params_input": {"speed": 9}})
    assert (answer["chosen_options"], answer["responded_by"]["name"]) == (["left"], "admin")
    assert api.ask("PATCH", path, {"chosen_options": ["right"]}).status == 409
    assert api.get(path)["chosen_options"] == ["left"]
    assert api.over("asks", run_id)["state"] == "success"
    assert api.get(f"{path}/tries/1")["response_received"] is True
    assert api.ask("GET", f"{run}/taskInstances/none/-1/hitlDetails").status == 404
