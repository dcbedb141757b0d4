"""Runs of other DAGs that a task asks for: one for each ask of a try, whoever dies in between."""

from __future__ import annotations

from typing import Any

import pytest

from venturi.core.spec import DagSpec, TaskSpec
from venturi.executors.base import Asked

from .conftest import Bench

PARENT = DagSpec("parent", tasks=(TaskSpec("t", retries=1, retry_delay_s=0.0), TaskSpec("later", upstream=("t",))))
CHILD = DagSpec("child", tasks=(TaskSpec("c"),))


@pytest.fixture
def family(bench: Bench) -> Bench:
    """A parent whose task has been handed out, and a child that can be triggered."""
    bench.declare(PARENT)
    bench.declare(CHILD, "/dags/two.py")
    bench.trigger("parent")
    return bench


def token(bench: Bench) -> int:
    return next(t for t, (run, *_) in bench.engine.world.by_token.items() if run.dag_id == "parent")


def ask(bench: Bench, n: int = 1, request: int = 7, dag_id: str = "child", **wanted: Any) -> dict[str, Any] | None:
    bench.executor.answers.clear()
    of = token(bench)
    bench.turn(Asked(of, request, "trigger", {"dag_id": dag_id, "wanted": wanted, "n": n}))
    made = [detail["made"] for to, _, detail, _ in bench.executor.answers if to == of]
    return made[0] if made else None


def made(bench: Bench) -> list[str]:
    with bench.store.reader() as reader:
        return [run.run_id for run in reversed(reader.runs("child"))]


def test_the_same_ask_makes_one_run_and_another_makes_one_more(family: Bench) -> None:
    first = ask(family, conf={"k": 1})
    assert first is not None
    assert first["outcome"] == "made"
    assert ask(family, request=8) == {"outcome": "made", "run_id": first["run_id"], "waits": False}
    second = ask(family, n=2)
    assert second is not None
    assert made(family) == [first["run_id"], second["run_id"]]


def test_an_attempt_that_was_lost_before_the_answer_finds_the_run_it_has_made(family: Bench) -> None:
    ask(family)
    lost = token(family)
    family.turn(family.ended(lost, "lost"))
    assert token(family) != lost
    ask(family)
    assert len(made(family)) == 1
    family.turn(family.ended(token(family), "failed"))
    family.now += 1
    family.turn()
    ask(family)
    assert len(made(family)) == 2  # another try


def test_asks_are_answered_by_a_new_engine_as_by_the_old_one(family: Bench) -> None:
    ask(family)
    alive = token(family)
    family.start()
    family.settle(alive)
    ask(family)
    assert len(made(family)) == 1


def test_a_run_that_is_there_is_said_and_not_touched(family: Bench) -> None:
    ask(family, run_id="mine", date=1_600_000_000.5)
    assert ask(family, n=2, run_id="mine") == {"outcome": "exists", "run_id": "mine"}
    assert ask(family, n=3, run_id="other", date=1_600_000_000.5) == {"outcome": "exists", "run_id": "mine"}
    assert made(family) == ["mine"]


def test_a_paused_dag_gets_its_run_and_the_asker_is_told_or_nothing_if_so_wished(family: Bench) -> None:
    family.engine.world.dag("child").paused = True
    assert ask(family, unless_paused=True) == {"outcome": "paused"}
    assert made(family) == []
    waits = ask(family, run_id="mine")
    assert waits is not None
    assert waits["waits"]
    assert family.run_state("child", "mine") == "queued"


def test_a_dag_that_is_not_there_is_said(family: Bench) -> None:
    assert ask(family, dag_id="nobody") == {"outcome": "no_such_dag"}


def child_token(bench: Bench) -> int:
    return next(t for t, (run, *_) in bench.engine.world.by_token.items() if run.dag_id == "child")


def test_a_run_that_is_over_is_reset_and_runs_anew(family: Bench) -> None:
    ask(family, run_id="mine")
    family.turn(family.ended(child_token(family), "success", b"[1]", 1))
    assert family.run_state("child", "mine") == "success"
    assert ask(family, n=2, run_id="mine", reset=True, conf={"k": 2})["outcome"] == "made"  # type: ignore[index]
    assert family.run_state("child", "mine") == "running"
    with family.store.reader() as reader:
        run = reader.run("child", "mine")
        assert run is not None
        assert run.conf == {"k": 2}
        assert reader.value(run.id, "c", -1, "return_value") is None
    assert ask(family, n=2, request=9, run_id="mine", reset=True)["outcome"] == "made"  # type: ignore[index]
    family.turn(family.ended(child_token(family)))
    assert family.run_state("child", "mine") == "success"


def test_a_run_under_way_is_ended_before_it_is_reset(family: Bench) -> None:
    ask(family, run_id="mine")
    old = child_token(family)
    assert ask(family, n=2, run_id="mine", reset=True) is None
    assert family.executor.cancels == [(old, "reset by parent.t")]
    family.executor.answers.clear()
    family.turn(family.ended(old, "cancelled"))
    assert family.run_state("child", "mine") == "failed"
    family.turn()
    assert [detail["made"]["outcome"] for _, _, detail, _ in family.executor.answers] == ["made"]
    assert family.run_state("child", "mine") == "running"
    assert child_token(family) != old


def test_one_that_is_no_longer_an_attempt_triggers_nothing(family: Bench) -> None:
    family.turn(Asked(999, 1, "trigger", {"dag_id": "child", "wanted": {}, "n": 1}))
    assert [ok for _, ok, *_ in family.executor.answers] == [False]
    assert made(family) == []
