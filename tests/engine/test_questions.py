"""A question is kept with the task's wait, is answered exactly once, and is asked anew by whoever asks again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from venturi.core.questions import TRIGGER
from venturi.core.spec import DagSpec, TaskSpec
from venturi.engine.questions import answer
from venturi.executors.base import Connected, Ended

from .conftest import Bench

ONE = DagSpec("d", tasks=(TaskSpec("t", retries=1), TaskSpec("end", upstream=("t",))))
QUESTION = {
    "subject": "Which?",
    "options": ["x", "y"],
    "params": {"n": {"schema": {"type": "integer"}, "value": 3}},
    "assigned_users": [{"id": "1", "name": "ana"}],
}


def asks(bench: Bench, token: int, **more: Any) -> Ended:
    wait = {"trigger": TRIGGER, "method": "execute_complete", "timeout_s": None}
    told = {"trigger": {"question": {**QUESTION, **more}}, "method": {}}
    return Ended(token, "deferred", bench.now, {"wait": wait}, json.dumps(told).encode())


def answered(bench: Bench, of_run: str, *options: str, **more: Any) -> Any:
    head = {"name": "answer", "dag_id": "d", "run_id": of_run, "task_id": "t", "options": list(options), "by": "ana"}
    said: list[Any] = []
    bench.turn(do=lambda turn: said.append(answer(bench.engine, {**head, **more}, turn)))
    return said[0]


def event(bench: Bench) -> Any:
    with bench.store.reader() as reader:
        kept = reader.deferral(1, "t", -1)
        return None if kept is None or kept.event is None else json.loads(kept.event)["payload"]


@pytest.fixture
def run_id(bench: Bench) -> str:
    bench.declare(ONE)
    made = bench.trigger("d")
    bench.turn(asks(bench, 1))
    assert bench.executor.watches == []
    return made


def test_it_is_listed_until_it_is_answered_and_the_task_goes_on_with_the_answer(bench: Bench, run_id: str) -> None:
    with bench.store.reader() as reader:
        (row,) = reader.open_questions()
        assert (row.dag_id, row.task_id, row.detail["subject"]) == ("d", "t", "Which?")
    told = answered(bench, run_id, "y", params={"n": 4})
    assert (told["chosen"], told["by"]) == (["y"], "ana")
    given = event(bench)
    assert (given["chosen_options"], given["params_input"], given["timedout"]) == (["y"], {"n": 4}, False)
    assert given["responded_by_user"] == {"id": "1", "name": "ana"}
    with bench.store.reader() as reader:
        assert reader.open_questions() == []
        row = reader.question(1, "t", -1)
        assert row is not None
        assert (row.answer, row.by) == ({"chosen": ["y"], "params": {"n": 4}}, "ana")
    assert [start.token for start in bench.executor.starts] == [1, 2]


@pytest.mark.parametrize(
    ("options", "more", "code", "says"),
    [
        (["z"], {}, "wrong_answer", "'z' is not offered. The options are: x, y."),
        (["x", "y"], {}, "wrong_answer", "Only one of these"),
        ([], {}, "wrong_answer", "Choose one of: x, y."),
        (["x"], {"params": {"n": "four"}}, "wrong_answer", "is not of type 'integer'"),
        (["x"], {"params": {"m": 1}}, "wrong_answer", "does not ask for 'm'. It asks for: n."),
        (["x"], {"by": "bob"}, "not_assigned", "asks ana, not 'bob'"),
        (["x"], {"task_id": "end"}, "not_asked", "has not asked anything"),
        (["x"], {"run_id": "no"}, "no_such_run", "has no run 'no'"),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(
    options: list[str], more: Any, code: str, says: str, bench: Bench, run_id: str
) -> None:
    refused = answered(bench, run_id, *options, **more)
    assert refused.code == code
    assert says in refused.message
    assert event(bench) is None


def test_of_two_answers_in_one_turn_the_first_is_taken(bench: Bench, run_id: str) -> None:
    head = {"name": "answer", "dag_id": "d", "run_id": run_id, "task_id": "t", "by": "ana"}
    said: list[Any] = []

    def both(turn: Any) -> None:
        said.extend(answer(bench.engine, {**head, "options": [o]}, turn) for o in ("x", "y"))

    bench.turn(do=both)
    assert said[0]["chosen"] == ["x"]
    assert said[1].code == "answered"
    assert event(bench)["chosen_options"] == ["x"]
    later = answered(bench, run_id, "y")
    assert later.message == f"Task 't' of run '{run_id}' waits for no answer any more: ana answered x."


def test_an_answer_holds_over_a_restart_and_one_may_be_given_without_an_engine(bench: Bench, run_id: str) -> None:
    payload = {"dag_id": "d", "run_id": run_id, "task_id": "t", "options": ["x"], "by": "ana"}
    bench.store.put_command("answer", payload)
    bench.start()
    bench.commands.take_waiting(bench.engine.waiting_commands)
    bench.turn(Connected(4, {}, set()))
    bench.settle()
    assert event(bench)["chosen_options"] == ["x"]
    bench.start()
    bench.settle()
    assert [
        json.loads(start.context)["resume"]["event"]["payload"]["chosen_options"] for start in bench.executor.starts
    ]


@pytest.mark.parametrize("defaults", [None, ["y"]])
def test_when_nobody_answers_in_time_its_defaults_are_or_it_is_told_so(defaults: Any, bench: Bench) -> None:
    bench.declare(ONE)
    bench.trigger("d")
    bench.turn(asks(bench, 1, defaults=defaults, due_at=bench.now + 5.0))
    bench.now += 5.0
    bench.turn()
    given = event(bench)
    with bench.store.reader() as reader:
        row = reader.question(1, "t", -1)
        assert row is not None
    if defaults is None:
        assert given["error_type"] == "timeout"
        assert row.answered_at is None
    else:
        assert (given["chosen_options"], given["params_input"], given["timedout"]) == (["y"], {"n": 3}, True)
        assert (row.by, row.answered_at) == (None, bench.now)


def test_the_next_try_asks_anew(bench: Bench, run_id: str) -> None:
    answered(bench, run_id, "x")
    bench.turn(bench.ended(2, "failed"))
    bench.now += 3600.0
    bench.turn()
    bench.turn(asks(bench, 3, subject="Again?"))
    with bench.store.reader() as reader:
        (row,) = reader.open_questions()
        assert (row.detail["subject"], row.answer, row.token) == ("Again?", None, 3)
    assert answered(bench, run_id, "y")["chosen"] == ["y"]
