"""Watchers of assets: which run, each event once, over crashes of the engine and ends of the trigger."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from venturi.core.spec import DagSpec, TaskSpec
from venturi.engine.pausing import set_paused
from venturi.executors.base import Connected, Disconnected, Fired

from .test_asset_runs import declare

WATCHER = {"name": "inbox", "trigger": "mine.Watch", "kwargs": {"path": "/inbox"}}
ASSET = {"asset": {"name": "a", "uri": "s3://a", "watchers": [WATCHER]}}
SPEC = DagSpec("d", tasks=(TaskSpec("t"),), schedule={"assets": {"all": [ASSET]}})


def told(bench: Any) -> list[tuple[str, Any]]:
    with bench.store.reader() as reader:
        return [(e["name"], e["extra"]) for e in reader.asset_events()]


def runs(bench: Any) -> int:
    with bench.store.reader() as reader:
        return len(reader.runs("d", limit=100))


def fires(bench: Any, number: int, payload: Any = None) -> Fired:
    (watch,) = bench.executor.watches[-1:] or [bench.watch]
    bench.watch = watch
    return Fired(watch.token, "event", {"event": number}, json.dumps(payload).encode())


def test_an_event_of_a_watcher_is_one_of_the_asset_and_starts_the_dag_and_it_goes_on(bench: Any) -> None:
    declare(bench, SPEC)
    (watch,) = bench.executor.watches
    assert (watch.trigger, json.loads(watch.data), watch.fires_again) == ("mine.Watch", {"path": "/inbox"}, True)
    bench.turn(fires(bench, 5, {"file": "x"}))
    assert told(bench) == [("a", {"from_trigger": True, "payload": {"file": "x"}})]
    assert runs(bench) == 1
    assert bench.executor.gone_on == [(watch.token, 5)]


def test_an_event_told_again_to_the_next_engine_is_not_written_again_but_its_watcher_goes_on(bench: Any) -> None:
    declare(bench, SPEC)
    event = fires(bench, 5)
    bench.turn(event)
    bench.start()
    bench.turn(Connected(4, {}, set(), {event.token}))
    assert bench.executor.unwatched == []  # it runs on
    bench.settle()
    bench.turn(event)
    assert (len(told(bench)), bench.executor.gone_on) == (1, [(event.token, 5)])
    bench.turn(fires(bench, 6))
    assert len(told(bench)) == 2


def test_assets_of_several_dags_with_the_same_watcher_share_it(bench: Any) -> None:
    other = {"asset": {"name": "b", "uri": "s3://b", "watchers": [WATCHER]}}
    declare(bench, SPEC, replace(SPEC, dag_id="e", schedule={"assets": {"any": [ASSET, other]}}))
    assert len(bench.executor.watches) == 1
    bench.turn(fires(bench, 1))
    assert [name for name, _ in told(bench)] == ["a", "b"]


def test_while_its_dag_is_paused_it_does_not_run(bench: Any) -> None:
    declare(bench, SPEC)
    token = bench.executor.watches[-1].token
    bench.turn(do=lambda turn: set_paused(bench.engine, "d", True, turn))
    assert bench.executor.unwatched == [token]
    bench.turn(Fired(token, "event", {"event": 9}, b"null"))
    assert told(bench) == []
    bench.turn(do=lambda turn: set_paused(bench.engine, "d", False, turn))
    bench.turn()
    assert [watch.token for watch in bench.executor.watches] == [token, token]


def test_one_that_breaks_is_begun_again_ever_later_and_why_says_with_what(bench: Any) -> None:
    declare(bench, SPEC)
    token = bench.executor.watches[-1].token
    for n in range(3):
        assert len(bench.executor.watches) == n + 1
        bench.turn(Fired(token, "error", {"message": "The trigger Watch failed: no inbox"}))
        assert bench.executor.unwatched == [token] * (n + 1)
        assert bench.engine.next_timer() == bench.now + 2**n
        bench.now += 2**n
        bench.turn()
    assert "watcher 'inbox' is begun again as it broke: The trigger Watch failed: no inbox" in str(
        bench.engine.assets.waiting("d")
    )
    bench.turn(fires(bench, 1))
    bench.turn()
    assert str(bench.engine.assets.waiting("d")).endswith("; inbox watches")


def test_one_that_ends_is_begun_again(bench: Any) -> None:
    declare(bench, SPEC)
    bench.turn(Fired(bench.executor.watches[-1].token, "over"))
    bench.now += 1.0
    bench.turn()
    assert len(bench.executor.watches) == 2


def test_of_a_watcher_that_is_gone_nothing_is_kept(bench: Any) -> None:
    declare(bench, SPEC)
    event = fires(bench, 5)
    bench.turn(event)
    declare(
        bench, replace(SPEC, schedule={"assets": {"all": [{"asset": {"name": "a", "uri": "s3://a"}}]}}), version="v2"
    )
    assert bench.executor.unwatched == [event.token]
    with bench.store.reader() as reader:
        assert reader.stored_states("watchers", 0.0) == []


def test_while_no_crew_is_there_nothing_wakes_the_engine_for_them(bench: Any) -> None:
    declare(bench, SPEC)
    bench.turn(Fired(bench.executor.watches[-1].token, "over"))
    bench.turn(Disconnected("killed"))
    bench.now += 60.0  # it is to begin again by now
    bench.turn()
    timer = bench.engine.next_timer()
    assert timer is None or timer > bench.now
    assert len(bench.executor.watches) == 1
    bench.turn(Connected(4, {}, set()))
    bench.settle()
    assert len(bench.executor.watches) == 2
