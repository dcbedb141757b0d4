"""Events of triggers: the first to be committed is the one, whatever is told later, and to whichever engine."""

from __future__ import annotations

import json

from venturi.core.spec import DagSpec, TaskSpec
from venturi.executors.base import Connected, Ended, Fired

from .conftest import Bench

ONE = DagSpec("d", tasks=(TaskSpec("t"), TaskSpec("end", upstream=("t",))))


def deferred(bench: Bench, token: int) -> Ended:
    wait = {"trigger": "m.T", "method": "go_on", "timeout_s": None}
    return Ended(token, "deferred", bench.now, {"wait": wait}, json.dumps({"trigger": {}, "method": {}}).encode())


def fired(token: int, payload: int) -> Fired:
    return Fired(token, "event", {}, str(payload).encode())


def resumed_with(bench: Bench) -> object:
    with bench.store.reader() as reader:
        kept = reader.deferral(1, "t", -1)
        return None if kept is None or kept.event is None else json.loads(kept.event)


def test_a_second_event_changes_nothing_whenever_it_comes(bench: Bench) -> None:
    bench.declare(ONE)
    run_id = bench.trigger("d")
    bench.turn(deferred(bench, 1))
    bench.turn(fired(1, 7))
    assert [start.token for start in bench.executor.starts] == [1, 2]
    first = resumed_with(bench)
    bench.turn(fired(1, 8))
    assert resumed_with(bench) == first, "not while the attempt goes on"
    assert bench.executor.unwatched == [1, 1], "it is let go again"
    assert len(bench.executor.starts) == 2

    bench.turn(deferred(bench, 2))
    bench.turn(fired(1, 9))
    assert bench.states("d", run_id) == {"t": "deferred"}, "nor when it waits for something else"
    bench.turn(fired(2, 10))
    bench.turn(bench.ended(3))
    bench.turn(fired(1, 11), fired(2, 12))
    assert bench.states("d", run_id) == {"t": "success", "end": "starting"}, "nor when it is over"


def test_the_crew_tells_an_event_again_to_an_engine_that_has_it_already(bench: Bench) -> None:
    bench.declare(ONE)
    bench.trigger("d")
    bench.turn(deferred(bench, 1))
    bench.turn(fired(1, 7))
    first = resumed_with(bench)
    bench.start()
    bench.turn(Connected(4, {2: (77, bench.now)}, {1}))
    bench.settle(2)
    bench.turn(fired(1, 8))
    assert resumed_with(bench) == first
    assert bench.executor.starts == []
    assert set(bench.executor.unwatched) == {1}
