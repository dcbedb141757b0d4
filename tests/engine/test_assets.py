"""What attempts say of assets is kept with their success, once; what they keep is theirs alone."""

from __future__ import annotations

import json
from typing import Any

from venturi.core.spec import DagSpec, TaskSpec
from venturi.executors.base import Asked

A = {"asset": {"name": "a", "uri": "s3://a"}}
SAID = [{"name": "a", "uri": "s3://a", "extra": {"n": 1}, "aliases": ["by"], "partition": None}]


def begun(bench: Any, **task: Any) -> int:
    bench.declare(DagSpec("d", tasks=(TaskSpec("t", outlets=(A,), **task),)))
    bench.trigger("d")
    token: int = bench.executor.starts[-1].token
    bench.turn(bench.started(token))
    return token


def events(bench: Any) -> list[Any]:
    with bench.store.reader() as reader:
        return [(e["extra"], e["id"]) for e in reader.asset_events(alias="by")]


def test_a_success_leaves_its_asset_events_in_the_same_commit_and_only_once(bench: Any) -> None:
    token = begun(bench)
    end = bench.ended(token, asset_events=SAID)
    bench.turn(end)
    bench.turn(end)
    assert events(bench) == [({"n": 1}, token * 1000)]


def test_a_failure_leaves_none(bench: Any) -> None:
    bench.turn(bench.ended(begun(bench), "failed", asset_events=SAID))
    assert events(bench) == []


def test_an_attempt_that_was_given_up_leaves_none(bench: Any) -> None:
    token = begun(bench, retries=1, retry_delay_s=0.0)
    bench.turn(bench.ended(token, "failed"))
    bench.turn(bench.ended(token, asset_events=SAID))
    assert events(bench) == []


def test_a_tasks_own_word_on_the_wait_counts_instead_of_its_delay(bench: Any) -> None:
    token = begun(bench, retries=1, retry_delay_s=1000.0)
    bench.turn(bench.ended(token, "failed", retry_delay_s=7.0))
    assert bench.engine.next_timer() == bench.now + 7.0


def ask(bench: Any, token: int, what: str, body: bytes = b"", **detail: Any) -> Any:
    bench.executor.answers.clear()
    bench.turn(Asked(token, 1, what, detail, body))
    bench.turn()
    ((_, ok, told, answer),) = bench.executor.answers
    return ok, told, answer


def test_assets_events_and_kept_state_are_answered(bench: Any) -> None:
    token = begun(bench)
    assert ask(bench, token, "asset_get", name="a", uri=None)[1] == {"asset": A["asset"]}
    assert json.loads(ask(bench, token, "asset_events", wanted={"name": "a"})[2]) == []
    assert ask(bench, token, "state_get", scope=None, key="k")[1] == {"found": False}
    assert ask(bench, token, "state_put", b"[1]", scope=None, key="k", keep_s=None)[0]
    assert ask(bench, token, "state_get", scope=None, key="k")[1:] == ({"found": True}, b"[1]")
    bench.turn(bench.ended(token))
    ok, told, _ = ask(bench, token, "state_put", b"2", scope=None, key="k", keep_s=None)
    assert not ok
    assert "given up" in told["error"]


def test_each_instance_keeps_its_own(bench: Any) -> None:
    first = begun(bench)
    ask(bench, first, "state_put", b"1", scope=None, key="k", keep_s=None)
    bench.trigger("d")
    second = bench.executor.starts[-1].token
    bench.turn(bench.started(second))
    assert ask(bench, second, "state_get", scope=None, key="k")[1] == {"found": False}
