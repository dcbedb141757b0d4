"""Tasks that wait for a person, notifiers, deadlines and SLAs: what of them reaches the spec, and what runs."""

from __future__ import annotations

import logging

import pytest

from tests.sdk.loading import load
from venturi.testing import run_dag


def test_a_task_that_asks_a_person_reaches_the_spec_and_in_this_process_has_its_defaults(tmp_path):
    found = load(
        tmp_path,
        """
        from datetime import timedelta
        from airflow.providers.standard.operators.hitl import (
            ApprovalOperator, HITLBranchOperator, HITLEntryOperator, HITLOperator)
        from airflow.sdk import DAG, Param
        with DAG("d", schedule=None, params={"of_the_dag": 1}):
            HITLOperator(task_id="choose", subject="Which {{ ds }}?", body="b", options=["x", "y"], defaults="x",
                         response_timeout=timedelta(minutes=5), assigned_users=[{"id": "1", "name": "ana"}], retries=3)
            ApprovalOperator(task_id="approve", subject="s", execution_timeout=timedelta(seconds=9))
            HITLEntryOperator(task_id="enter", subject="s", params={"n": Param(3, type="integer", minimum=1)})
            HITLBranchOperator(task_id="branch", subject="s", options=["choose", "Other"],
                               options_mapping={"Other": "enter"})
        """,
    )
    tasks = {task.task_id: task for task in found.spec.tasks}
    assert tasks["choose"].asks == {
        "subject": "Which {{ ds }}?",
        "body": "b",
        "options": ["x", "y"],
        "defaults": ["x"],
        "assigned_users": [{"id": "1", "name": "ana"}],
        "time_limit_s": 300.0,
    }
    assert tasks["approve"].asks == {"subject": "s", "options": ["Approve", "Reject"], "time_limit_s": 9.0}
    assert tasks["approve"].time_limit_s is None
    assert tasks["enter"].asks["params"] == {"n": {"schema": {"type": "integer", "minimum": 1}, "value": 3}}
    assert tasks["enter"].asks["defaults"] == ["OK"]
    assert found.spec.params == {"of_the_dag": {"schema": {}, "value": 1}}
    result = run_dag(found.dag)
    assert result.value("choose")["chosen_options"] == ["x"]
    assert result.value("enter")["params_input"] == {"n": 3}
    assert "Nobody can be asked in this process" in result.errors[("approve", -1)]["message"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ("options=[]", "cannot be empty"),
        ("options=['a'], defaults='b'", "should be a subset"),
        ("options=['a', 'b'], defaults=['a', 'b']", "More than one defaults"),
        ("options=['a'], params={'_options': 1}", "not allowed in params"),
    ],
)
def test_a_question_that_cannot_be_is_refused_when_the_file_is_loaded(tmp_path, arguments, why):
    with pytest.raises(ValueError, match=why):
        load(
            tmp_path,
            "from airflow.providers.standard.operators.hitl import HITLOperator\nfrom airflow.sdk import DAG\n"
            f"with DAG('d'):\n    HITLOperator(task_id='t', subject='s', {arguments})",
        )


def test_what_follows_from_an_answer(tmp_path):
    dag = load(
        tmp_path,
        """
        from airflow.providers.standard.operators.hitl import ApprovalOperator, HITLBranchOperator, HITLEntryOperator
        from airflow.sdk import DAG, EdgeModifier, Param, task
        def answered(operator, **event):
            operator.execute = lambda context: operator.execute_complete(context, event)
            return operator
        with DAG("d", schedule=None):
            @task
            def after(): ...
            no = answered(ApprovalOperator(task_id="no", subject="s"), chosen_options=["Reject"])
            no >> after.override(task_id="skipped")() >> after.override(task_id="far")()
            yes = answered(ApprovalOperator(task_id="yes", subject="s"), chosen_options=["Approve"])
            yes >> after.override(task_id="done")()
            answered(ApprovalOperator(task_id="hard_no", subject="s", fail_on_reject=True), chosen_options=["Reject"])
            answered(ApprovalOperator(task_id="late", subject="s"), error="e", error_type="timeout")
            answered(HITLEntryOperator(task_id="form", subject="s", params={"n": Param(type="integer")}),
                     chosen_options=["OK"], params_input={"n": 4})
            answered(HITLEntryOperator(task_id="bad_form", subject="s", params={"n": Param(type="integer")}),
                     chosen_options=["OK"], params_input={"n": "four"})
            b = answered(HITLBranchOperator(task_id="b", subject="s", options=["left", "R"],
                                            options_mapping={"R": "right"}), chosen_options=["R"])
            b >> [after.override(task_id="left")(), after.override(task_id="right")()]
        """,
    ).dag
    result = run_dag(dag)
    states = {task_id: state for (task_id, _), state in result.states.items()}
    assert states == {
        "no": "success", "skipped": "skipped", "far": "skipped", "yes": "success", "done": "success",
        "hard_no": "failed", "late": "failed", "form": "success", "bad_form": "failed",
        "b": "success", "left": "skipped", "right": "success",
    }  # fmt: skip
    assert result.value("form")["params_input"] == {"n": 4}
    assert result.errors[("late", -1)]["type"] == "HITLTimeoutError"


def test_a_notifier_is_a_callback_with_templates(tmp_path, caplog):
    module = load(
        tmp_path,
        """
        from airflow.sdk import DAG, BaseNotifier, task
        from airflow.notifications.basenotifier import BaseNotifier as of_two
        from airflow.sdk.bases.notifier import BaseNotifier as of_three
        assert BaseNotifier is of_two is of_three
        class Says(BaseNotifier):
            template_fields = ("message",)
            def __init__(self, message):
                self.message = message
            def notify(self, context):
                self.log.warning("said %s (%s)", self.message, context["message"])
        class Later(BaseNotifier):
            template_fields = ("message",)
            def __init__(self, message, context=None):
                super().__init__(context=context)
                self.message = message
            async def async_notify(self, context):
                heard.append(self.message)
        heard = []
        with DAG("d", schedule=None, on_failure_callback=Says("of the dag")):
            @task(on_success_callback=[Says("ran {{ ti.task_id }}")])
            def t(**context):
                Says("now in {{ task.task_id }}")(context)
                import asyncio
                async def go():
                    await Later("awaited {{ run_id }}", context=context)
                asyncio.run(go())
                BaseNotifier().notify(context)
            t()
        """,
    )
    with caplog.at_level(logging.WARNING):
        result = run_dag(module.dag, run_id="r1")
    assert "said now in t (now in {{ task.task_id }})" in caplog.text
    assert module.module.heard == ["awaited r1"]
    assert result.errors[("t", -1)]["message"] == "BaseNotifier has no notify()."


def test_deadlines_and_slas_reach_the_spec(tmp_path):
    spec = load(
        tmp_path,
        """
        from datetime import datetime, timedelta, timezone
        from airflow.sdk import (DAG, AsyncCallback, BaseDeadlineReference, DeadlineAlert, DeadlineReference,
                                 SyncCallback, deadline_reference, task)
        from airflow.sdk.definitions.deadline import VariableInterval
        async def late(**kwargs): ...
        @deadline_reference
        class Mine(BaseDeadlineReference):
            def _evaluate_with(self, *, session, **kwargs): ...
        with DAG("d", schedule=None, sla_miss_callback=print, deadline=[
            DeadlineAlert(reference=DeadlineReference.DAGRUN_QUEUED_AT, interval=timedelta(hours=1),
                          callback=AsyncCallback(late, kwargs={"to": "ana"}), name="slow"),
            DeadlineAlert(DeadlineReference.FIXED_DATETIME(datetime(2024, 1, 1, tzinfo=timezone.utc)),
                          VariableInterval("seconds"), SyncCallback("mine.calls.late")),
            DeadlineAlert(DeadlineReference.AVERAGE_RUNTIME(5), timedelta(0), SyncCallback("mine.late")),
            DeadlineAlert(DeadlineReference.Mine, timedelta(0), SyncCallback("mine.late")),
        ]):
            @task(sla=timedelta(minutes=2))
            def t(): ...
            t()
        """,
    ).spec
    first, second, third, fourth = spec.deadlines
    assert first["reference"] == {"reference_type": "DagRunQueuedAtDeadline"}
    assert (first["interval"], first["name"]) == ({"every_s": 3600.0}, "slow")
    assert first["callback"]["path"].endswith(".late")
    assert first["callback"]["kwargs"] == {"to": "ana"}
    assert second["reference"]["datetime"] == 1704067200.0
    assert second["interval"] == {"variable": "seconds"}
    assert third["reference"] == {"reference_type": "AverageRuntimeDeadline", "max_runs": 5, "min_runs": 5}
    assert fourth["reference"] == {"reference_type": "Mine"}
    assert spec.tasks[0].sla_s is None  # of an Airflow 3 file: Airflow 3 has removed it
    assert spec.calls == ()


def test_the_sla_of_a_2x_file_and_of_ours_reaches_the_spec_with_who_is_told(tmp_path, monkeypatch):
    text = """
        from datetime import timedelta
        {names}
        with DAG("d", schedule=None, sla_miss_callback=print, default_args={{"sla": timedelta(minutes=2)}}):
            EmptyOperator(task_id="told", email="ana@x.org")
            EmptyOperator(task_id="quiet", sla=timedelta(minutes=5))
        """
    theirs = "from airflow import DAG\nfrom airflow.operators.empty import EmptyOperator".replace("\n", "\n        ")
    for number, names in enumerate((theirs, "from venturi import DAG, EmptyOperator")):
        (tmp_path / str(number)).mkdir()
        spec = load(tmp_path / str(number), text.format(names=names)).spec
        told = {task.task_id: (task.sla_s, "sla" in task.calls) for task in spec.tasks}
        assert (told, spec.calls) == ({"told": (120.0, True), "quiet": (300.0, False)}, ("sla",)), names
    monkeypatch.setenv("AIRFLOW__CORE__CHECK_SLAS", "False")
    (tmp_path / "2").mkdir()
    assert load(tmp_path / "2", text.format(names=theirs)).spec.tasks[0].sla_s is None


@pytest.mark.parametrize(
    "text",
    [
        "AsyncCallback(lambda: 1)",
        "SyncCallback('not a path')",
        "SyncCallback('a.b', kwargs={'context': 1})",
        "DeadlineAlert(DeadlineReference.DAGRUN_QUEUED_AT, timedelta(1), print)",
        "DeadlineReference.AVERAGE_RUNTIME(3, 0)",
    ],
)
def test_deadlines_that_cannot_be_are_refused(tmp_path, text):
    names = "AsyncCallback, SyncCallback, DeadlineAlert, DeadlineReference"
    with pytest.raises((ValueError, AttributeError, ImportError)):
        load(tmp_path, f"from datetime import timedelta\nfrom airflow.sdk import {names}\n{text}")


def test_a_weight_may_be_a_class_of_ones_own(tmp_path):
    spec = load(
        tmp_path,
        """
        from airflow.sdk import DAG
        from airflow.providers.standard.operators.bash import BashOperator
        from airflow.task.priority_strategy import PriorityWeightStrategy
        class Less(PriorityWeightStrategy):
            def get_weight(self, ti):
                return max(3 - ti.try_number + 1, 1)
        with DAG("d", schedule=None):
            a = BashOperator(task_id="a", bash_command=":", weight_rule=Less())
            b = BashOperator(task_id="b", bash_command=":", priority_weight=2)
            a >> b
        """,
    ).spec
    assert {task.task_id: task.priority_weight for task in spec.tasks} == {"a": 3, "b": 2}
