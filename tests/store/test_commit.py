"""A commit writes all of a batch or nothing, and only over rows that are as its moves say."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest

from venturi.core.errors import Conflict, EpochLost, GuardFailed, StoreError
from venturi.core.moves import AttemptRow, Event, GroupMove, RunMove, ValueRow
from venturi.core.states import RunState
from venturi.store import Reader, Store

from .making import NOW, S, batch, move, new_run, starting, version


def everything(reader: Reader) -> Any:
    runs = reader.runs()
    inside = [(reader.instances(r.id), reader.attempts(r.id), reader.values_of_run(r.id, "return_value")) for r in runs]
    return runs, inside, reader.dags(), reader.events_after(0), reader.import_errors(), reader.waiting_commands()


def value(task_id: str = "a", data: str | None = "1", key: str = "return_value", **more: Any) -> ValueRow:
    given = {"run": 1, "map_index": -1, "token": 1, "kind": "int", "length": None, **more}
    return ValueRow(task_id=task_id, key=key, data=data, bytes=len(data or ""), **given)


def attempt(token: int, task_id: str = "a", **more: Any) -> AttemptRow:
    given = {"run": 1, "map_index": -1, "try_number": 1, "outcome": "success", "started_at": NOW, **more}
    return AttemptRow(token, task_id=task_id, ended_at=NOW + 1, **given)


def test_a_batch_is_readable_as_it_was_written(store: Store) -> None:
    epoch = store.take_epoch()
    run = new_run(
        logical_date=NOW,
        interval_start=NOW - 1,
        interval_end=NOW,
        conf={"a": [1, None, "é\0"]},
        idempotency_key="k",
        ignores_pause=True,
        only=("a", "m"),
        backfill=3,
        started_by="somebody",
        partition_key="eu",
        partition_date=NOW,
    )
    detail = {"type": "ValueError", "message": "\ud800 \0 bad"}
    last = store.commit(
        batch(
            versions=[version()],
            new_runs=[run],
            run_moves=[RunMove(1, RunState.QUEUED, RunState.RUNNING, NOW + 1)],
            task_moves=starting("a", 7, lost=2, started_at=NOW, wake_at=NOW + 9, reason="because"),
            group_moves=[GroupMove(1, "m", 6, 2, S.SCHEDULED, NOW, sizes=[2, 3])],
            attempts=[attempt(7, outcome="failed", signal=11, peak_mb=1.5, log="d/a.log", log_bytes=5, detail=detail)],
            values=[value(data='{"x":1}', length=1), value("a", None, "big", ref="sha")],
            events=[Event(NOW, "moves", "d", 1, [["a", -1, "none", "starting", 7]]), Event(NOW, "x")],
            import_errors=[("/f/x.py", {"type": "SyntaxError", "at": NOW})],
        ),
        epoch,
    )
    with store.reader() as reader:
        got = reader.run("d", "r1")
        assert got is not None
        assert got == (
            1, "d", "r1", 1, "running", "manual", NOW, NOW + 1, None, NOW, NOW - 1, NOW,
            {"a": [1, None, "é\0"]}, "k", True, None, ("a", "m"), 3, "somebody", "eu", NOW,
        )  # fmt: skip
        rows, groups = reader.instances(1)
        assert rows == [(1, "a", -1, "starting", 7, 1, 2, NOW, None, NOW + 9, NOW, "because")]
        assert groups == [(1, "m", 6, 2, "scheduled", NOW, None, [2, 3])]
        [tried] = reader.attempts(1, "a")
        assert (tried.token, tried.outcome, tried.signal, tried.exit_code) == (7, "failed", 11, None)
        assert tried.detail == detail
        assert [(v.key, v.data, v.ref, v.length) for v in reader.values("d", "r1", "return_value")] == [
            ("return_value", '{"x":1}', None, 1)
        ]
        assert reader.value(1, "a", -1, "big").ref == "sha"  # type: ignore[union-attr]
        assert [(e.kind, e.run, e.data) for e in reader.events_after(0)] == [
            ("moves", 1, [["a", -1, "none", "starting", 7]]),
            ("x", None, None),
        ]
        assert reader.last_event() == last == reader.events_after(0)[-1].id
        assert reader.import_errors() == [("/f/x.py", {"type": "SyntaxError", "at": NOW}, NOW)]
        assert reader.dag("d") == ("d", 1, True, True, False, "/f/d.py", NOW)
        assert reader.version(1) == version()


@pytest.mark.parametrize("count", [1, 3])
def test_a_failing_guard_leaves_nothing_of_the_batch(store: Store, count: int) -> None:
    epoch = store.take_epoch()
    store.commit(batch(new_runs=[new_run()], task_moves=[m for i in range(3) for m in starting(f"t{i}", i + 1)]), epoch)
    with store.reader() as reader:
        before = everything(reader)
        moves = [move(f"t{i}", S.STARTING, S.RUNNING, i + 1) for i in range(count)]
        moves[-1].token_before = 99  # a stale token
        with pytest.raises(GuardFailed, match=f"1 of {count} rows"):
            store.commit(
                batch(
                    versions=[version()],
                    new_runs=[new_run(2)],
                    task_moves=[*moves, *starting("new", 9)],
                    attempts=[attempt(1)],
                    values=[value()],
                    events=[Event(NOW, "x")],
                ),
                epoch,
            )
        assert everything(reader) == before
        moves[-1].token_before = count
        moves[-1].before = S.SCHEDULED  # a stale state
        with pytest.raises(GuardFailed):
            store.commit(batch(events=[Event(NOW, "x")], task_moves=moves), epoch)
        assert everything(reader) == before
        moves[-1].before = S.STARTING
        store.commit(batch(task_moves=moves), epoch)
        assert [row.state for row in reader.instances(1).rows].count("running") == count


def test_a_run_moves_only_from_the_state_it_was_in(store: Store) -> None:
    epoch = store.take_epoch()
    store.commit(batch(new_runs=[new_run(1), new_run(2)]), epoch)
    with store.reader() as reader:
        with pytest.raises(GuardFailed):
            store.commit(batch(run_moves=[RunMove(1, RunState.RUNNING, RunState.FAILED, NOW)]), epoch)
        with pytest.raises(GuardFailed):
            store.commit(batch(run_moves=[RunMove(77, RunState.QUEUED, RunState.RUNNING, NOW)]), epoch)
        both = [
            RunMove(1, RunState.QUEUED, RunState.RUNNING, NOW + 1),
            RunMove(1, RunState.RUNNING, RunState.SUCCESS, NOW + 2, "done"),
        ]
        store.commit(batch(run_moves=both), epoch)
        run = reader.run_by_id(1)
        assert run is not None
        assert (run.state, run.started_at, run.ended_at, run.reason) == ("success", NOW + 1, NOW + 2, "done")
        store.commit(batch(run_moves=[RunMove(2, RunState.QUEUED, RunState.FAILED, NOW + 3)]), epoch)
        run = reader.run_by_id(2)
        assert run is not None
        assert (run.state, run.started_at, run.ended_at) == ("failed", None, NOW + 3)


def test_moves_of_one_instance_in_one_batch_are_one_row(store: Store) -> None:
    epoch = store.take_epoch()
    ended = {"started_at": NOW, "ended_at": NOW + 1, "try_number": 1}
    store.commit(
        batch(
            task_moves=[
                *starting("a", 5),
                move("a", S.STARTING, S.RUNNING, 5),
                move("b", S.NONE, S.SKIPPED),
                move("a", S.RUNNING, S.UP_FOR_RETRY, 5, wake_at=NOW + 60, **ended),
            ]
        ),
        epoch,
    )
    store.commit(
        batch(
            task_moves=[
                move("a", S.UP_FOR_RETRY, S.SCHEDULED, 5),
                move("a", S.SCHEDULED, S.STARTING, 5, 6, try_number=2),
            ]
        ),
        epoch,
    )
    with store.reader() as reader:
        rows = reader.instances(1).rows
    assert [(r.task_id, r.state, r.token, r.try_number, r.wake_at) for r in rows] == [
        ("a", "starting", 6, 2, None),
        ("b", "skipped", 0, 0, None),
    ]


@pytest.mark.parametrize(
    "again",
    [
        {"new_runs": [new_run(1, run_id="other")]},
        {"new_runs": [new_run(2, run_id="r1")]},
        {"new_runs": [new_run(3, run_id="s3", run_type="scheduled", logical_date=5.0)]},
        {"new_runs": [new_run(3, run_id="k3", idempotency_key="once")]},
        {"task_moves": starting("a", 2)},
        {"attempts": [attempt(1)]},
    ],
    ids=["run", "run_id", "date", "key", "instance", "attempt"],
)
def test_what_is_to_be_new_must_not_be_there(store: Store, again: dict[str, Any]) -> None:
    epoch = store.take_epoch()
    scheduled = new_run(10, run_id="s", run_type="scheduled", logical_date=5.0)
    keyed = new_run(11, run_id="k", idempotency_key="once")
    store.commit(
        batch(new_runs=[new_run(), scheduled, keyed], task_moves=starting("a", 1), attempts=[attempt(1)]), epoch
    )
    with store.reader() as reader:
        before = everything(reader)
        with pytest.raises(Conflict):
            store.commit(batch(events=[Event(NOW, "x")], **again), epoch)
        assert everything(reader) == before


def test_dates_and_keys_are_unique_only_where_they_must_be(store: Store) -> None:
    epoch = store.take_epoch()
    runs = [
        new_run(1, logical_date=5.0),
        new_run(2, logical_date=5.0),
        new_run(3, run_type="scheduled", logical_date=5.0),
        new_run(4, dag_id="e", run_type="scheduled", logical_date=5.0, idempotency_key="k"),
        new_run(5, idempotency_key="k"),
    ]
    store.commit(batch(new_runs=runs), epoch)
    with store.reader() as reader:
        assert reader.run_by_key("d", "k") == "r5"
        assert reader.run_by_key("d", "other") is None
        assert [run.id for run in reader.runs("d", limit=3)] == [5, 3, 2]
        assert [run.id for run in reader.runs()] == [5, 4, 3, 2, 1]


def test_an_older_engine_can_commit_nothing_once_another_has_taken_over(
    store: Store, reopen: Callable[[], Store]
) -> None:
    first = store.take_epoch()
    store.commit(batch(new_runs=[new_run()]), first)
    other = reopen()
    second = other.take_epoch()
    assert second == first + 1
    with pytest.raises(EpochLost, match=f"epoch {second} after our {first}"):
        store.commit(batch(events=[Event(NOW, "x")]), first)
    with store.reader() as reader:
        assert reader.last_event() == 0
    other.commit(batch(events=[Event(NOW, "x")]), second)


def test_of_two_engines_that_commit_at_once_exactly_one_goes_on(store: Store, reopen: Callable[[], Store]) -> None:
    first, other = store.take_epoch(), reopen()
    store.commit(batch(new_runs=[new_run()]), first)
    took_over = threading.Event()
    theirs: list[int] = []

    def take_over() -> None:
        epoch = other.take_epoch()
        took_over.set()
        theirs.extend(other.commit(batch(events=[Event(NOW, "theirs")]), epoch) for _ in range(20))

    thread = threading.Thread(target=take_over)
    thread.start()
    ours = 0
    try:
        while True:
            store.commit(batch(events=[Event(NOW, "ours")]), first)
            ours += 1
    except EpochLost:
        pass
    assert took_over.wait(30)
    thread.join(30)
    with store.reader() as reader:
        kinds = [event.kind for event in reader.events_after(0, limit=1_000_000)]
    assert kinds == ["ours"] * ours + ["theirs"] * 20
    assert theirs == sorted(theirs)


def test_values_are_replaced_by_key_and_cleared_by_instance(store: Store) -> None:
    epoch = store.take_epoch()
    store.commit(batch(values=[value("a"), value("a", "2", "k"), value("b"), value("a", "9", map_index=3)]), epoch)
    store.commit(batch(values=[value("a", "5"), value("a", "6")]), epoch)
    with store.reader() as reader:
        assert reader.value(1, "a", -1, "return_value").data == "6"  # type: ignore[union-attr]
        gone = (1, "a", -1, None)
        store.commit(batch(cleared_values=[gone, gone], values=[value("a", "7", "new")]), epoch)
        assert reader.value(1, "a", -1, "return_value") is None
        assert reader.value(1, "a", -1, "k") is None
        assert reader.value(1, "a", -1, "new").data == "7"  # type: ignore[union-attr]
        assert reader.value(1, "a", 3, "return_value").data == "9"  # type: ignore[union-attr]
        assert reader.value(1, "b", -1, "return_value") is not None
        store.commit(batch(cleared_values=[(1, "a", None, "return_value")]), epoch)
        assert reader.value(1, "a", 3, "return_value") is None
        assert reader.value(1, "a", -1, "new") is not None


def test_a_group_is_kept_as_it_last_was(store: Store) -> None:
    epoch = store.take_epoch()
    store.commit(batch(group_moves=[GroupMove(1, "m", 3, 0, S.SCHEDULED, NOW)]), epoch)
    later = [GroupMove(1, "m", 3, 2, S.SCHEDULED, NOW), GroupMove(1, "m", 3, 3, S.SUCCESS, NOW + 1, "all done", [3])]
    store.commit(batch(group_moves=later), epoch)
    with store.reader() as reader:
        assert reader.instances(1).groups == [(1, "m", 3, 3, "success", NOW + 1, "all done", [3])]


def test_a_new_version_becomes_current_and_leaves_the_pause_flag(store: Store) -> None:
    epoch = store.take_epoch()
    store.commit(batch(versions=[version(1, ad_hoc=True)]), epoch)
    store.commit(batch(dag_flags=[("d", "paused", False), ("d", "active", False)]), epoch)
    with store.reader() as reader:
        assert reader.dag("d")[1:5] == (1, False, False, True)  # type: ignore[index]
        store.commit(batch(versions=[version(2, paused=True, ad_hoc=True)]), epoch)
        assert reader.dag("d")[1:5] == (2, False, True, True)  # type: ignore[index]
        store.commit(batch(versions=[version(3, ad_hoc=False)]), epoch)
        store.commit(batch(versions=[version(4, ad_hoc=True)]), epoch)
        assert reader.dag("d").ad_hoc is False  # type: ignore[union-attr]
        store.commit(batch(versions=[version(1, at=NOW + 5)]), epoch)  # an old one again, under its id
        assert reader.dag("d").version == 1  # type: ignore[union-attr]
        assert reader.version(1).at == NOW
        assert store.version_id("d", "h3") == 3
        assert store.version_id("d", "h9") is None
        assert reader.dag("nope") is None


def test_flags_of_an_unknown_dag_fail_the_batch(store: Store) -> None:
    epoch = store.take_epoch()
    with pytest.raises(GuardFailed):
        store.commit(batch(dag_flags=[("nope", "paused", True)], events=[Event(NOW, "x")]), epoch)
    with store.reader() as reader:
        assert reader.last_event() == 0


def test_import_errors_are_replaced_and_cleared(store: Store) -> None:
    epoch = store.take_epoch()
    store.commit(batch(import_errors=[("/a.py", {"m": 1}), ("/b.py", {"m": 2})]), epoch)
    store.commit(batch(import_errors=[("/a.py", {"m": 3}), ("/b.py", None), ("/c.py", None)]), epoch)
    with store.reader() as reader:
        assert reader.import_errors() == [("/a.py", {"m": 3}, None)]


def test_a_command_waits_until_a_commit_answers_it(store: Store, reopen: Callable[[], Store]) -> None:
    first = reopen().put_command("trigger", {"dag_id": "d"})
    second = reopen().put_command("pause", {"dag_id": "d"})
    epoch = store.take_epoch()
    assert [(c.id, c.name, c.payload) for c in store.waiting_commands()] == [
        (first, "trigger", {"dag_id": "d"}),
        (second, "pause", {"dag_id": "d"}),
    ]
    store.commit(batch(commands_done=[(first, {"run_id": "r1"})]), epoch)
    assert [c.id for c in store.waiting_commands()] == [second]
    with store.reader() as reader:
        assert reader.command(first).answer == {"run_id": "r1"}  # type: ignore[union-attr]
    with pytest.raises(GuardFailed):
        store.commit(batch(commands_done=[(first, {})]), epoch)


@pytest.mark.parametrize("text", ["with a \ud800 lone surrogate", "a \0 in it", "\ud83d\ude00 and é and \0"])
def test_text_that_no_database_takes_costs_a_character_and_not_the_turn(store: Store, text: str) -> None:
    epoch = store.take_epoch()
    moves = [m for i in range(3) for m in starting(f"t{i}", i + 1, reason=text)]
    store.commit(batch(task_moves=moves, events=[Event(NOW, "moves", data=[text])]), epoch)
    with store.reader() as reader:
        rows = reader.instances(1).rows
        assert len(rows) == 3
        assert all(row.reason and len(row.reason) == len(text) for row in rows)
        assert reader.events_after(0)[0].data == json.loads(json.dumps([text]))


def test_tokens_only_grow_over_restarts_and_lost_rows(store: Store, reopen: Callable[[], Store]) -> None:
    assert store.counters() == (1, 1, 1, 1)
    epoch = store.take_epoch()
    store.commit(batch(new_runs=[new_run(4)], versions=[version(6)], task_moves=starting("a", 1)), epoch)
    run, token, version_id, _ = reopen().counters()
    assert (run, version_id) == (5, 7)
    assert token > 1
    store.commit(batch(task_moves=starting("b", 123_456)), epoch)
    assert reopen().counters()[1] > 123_456
    store.commit(batch(attempts=[attempt(500_000)]), epoch)
    assert reopen().counters()[1] > 500_000
    with pytest.raises(Conflict):
        store.commit(batch(task_moves=[*starting("a", 1), *starting("c", 900_000)]), epoch)
    assert reopen().counters()[1] < 900_000


def test_an_empty_batch_still_checks_the_epoch(store: Store, reopen: Callable[[], Store]) -> None:
    epoch = store.take_epoch()
    assert store.commit(batch(), epoch) == 0
    reopen().take_epoch()
    with pytest.raises(EpochLost):
        store.commit(batch(), epoch)


def test_a_closed_store_says_so(store: Store) -> None:
    epoch = store.take_epoch()
    store.close()
    with pytest.raises(StoreError):
        store.commit(batch(), epoch)
