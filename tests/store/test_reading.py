"""A reader answers from what is committed, and a restarting engine gets back all that it had."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from venturi.core.errors import NotFound, StoreError
from venturi.core.moves import AttemptRow, Event, GroupMove, RunMove, ValueRow
from venturi.core.states import RunState
from venturi.store import Store

from .making import NOW, S, batch, move, new_run, starting, version


def value(run: int, task_id: str, map_index: int, data: Any, key: str = "return_value") -> ValueRow:
    return ValueRow(run, task_id, map_index, key, 1, "int", None, json.dumps(data))


def finished(task_id: str, map_index: int = -1, run: int = 1, state: S = S.SUCCESS, token: int = 1) -> list[Any]:
    more = {"map_index": map_index, "run": run}
    return [*starting(task_id, token, **more), move(task_id, S.STARTING, state, token, **more)]


def test_values_are_found_by_key_task_and_map_index_in_order(store: Store) -> None:
    epoch = store.take_epoch()
    values = [value(1, "m", i, i * 10) for i in (2, 0, 10, 1)] + [value(1, "a", -1, "x"), value(1, "a", -1, "y", "k")]
    store.commit(batch(new_runs=[new_run(1), new_run(2)], values=[*values, value(2, "a", -1, "other run")]), epoch)
    with store.reader() as reader:

        def found(*args: Any, **more: Any) -> list[tuple[str, int, Any]]:
            return [(v.task_id, v.map_index, json.loads(v.data)) for v in reader.values("d", "r1", *args, **more)]  # type: ignore[arg-type]

        every = [("a", -1, "x"), ("m", 0, 0), ("m", 1, 10), ("m", 2, 20), ("m", 10, 100)]
        assert found("return_value") == every
        assert found("return_value", ["m"]) == every[1:]
        assert found("return_value", ["m", "a", "no"], [1, -1]) == [every[0], every[2]]
        assert found("return_value", []) == []
        assert found("k") == [("a", -1, "y")]
        assert reader.values("d", "no such run", "k") == []
        assert [v.map_index for v in reader.value_elements(1, "m", "return_value")] == [0, 1, 2, 10]
        assert [v.data for v in reader.value_elements(1, "a", "return_value")] == ['"x"']
        assert reader.value_lengths(1, ["a"]) == [("a", -1, "k", None), ("a", -1, "return_value", None)]


def test_the_last_ended_run_before_a_date_is_found(store: Store) -> None:
    runs = [new_run(i, logical_date=float(i), state=RunState.QUEUED) for i in (1, 2, 3)] + [new_run(9, dag_id="e")]
    ends = [RunMove(i, RunState.RUNNING, RunState.FAILED, NOW) for i in (1, 3)]
    epoch = store.take_epoch()
    store.commit(batch(new_runs=runs), epoch)
    store.commit(batch(run_moves=[RunMove(i, RunState.QUEUED, RunState.RUNNING, NOW) for i in (1, 2, 3)]), epoch)
    store.commit(batch(run_moves=ends), epoch)
    with store.reader() as reader:

        def before(date: float) -> list[str]:
            dates, states = (-math.inf, math.nextafter(date, -math.inf)), ["success", "failed"]
            return [r.run_id for r in reader.find_runs("d", dates=dates, states=states, newest_first=True, limit=1)]

        assert [before(date) for date in (1.0, 2.0, 3.0, 3.5)] == [[], ["r1"], ["r1"], ["r3"]]


def test_values_of_prior_dates_are_the_newest_up_to_this_run(store: Store) -> None:
    epoch = store.take_epoch()
    runs = [new_run(i, logical_date=float(i)) for i in (1, 2, 3, 4)] + [new_run(9, dag_id="e", logical_date=2.5)]
    values = [
        value(1, "a", -1, 1),
        value(2, "a", -1, 2),
        value(1, "b", -1, 1),
        value(4, "a", -1, 4),
        value(9, "a", -1, 9),
    ]
    store.commit(batch(new_runs=runs, values=values), epoch)
    with store.reader() as reader:

        def prior(run_id: str) -> dict[str, str | None]:
            return {v.task_id: v.data for v in reader.values("d", run_id, "return_value", include_prior_dates=True)}

        assert prior("r3") == {"a": "2", "b": "1"}
        assert prior("r1") == {"a": "1", "b": "1"}
        assert prior("r4") == {"a": "4", "b": "1"}


def test_states_are_answered_by_the_names_authors_use(store: Store) -> None:
    epoch = store.take_epoch()
    moves = [*finished("a"), *starting("b", 2), *finished("m", 0), move("c", S.NONE, S.SKIPPED)]
    group = GroupMove(1, "m", 5, 1, S.SCHEDULED, NOW)
    store.commit(batch(new_runs=[new_run()], task_moves=moves, group_moves=[group]), epoch)
    with store.reader() as reader:
        assert reader.run_state("d", "r1") == "queued"
        assert reader.run_state("d", "no") is None
        states = {"a": "success", "b": "starting", "c": "skipped", "m": "scheduled"}
        assert reader.task_states("d", "r1") == states
        assert reader.task_states("d", "r1", ["a", "m", "no"]) == {"a": "success", "m": "scheduled"}
        assert reader.task_states("d", "no") == {}
        assert reader.run("d", "no") is None
        with pytest.raises(NotFound, match="DAG version"):
            reader.version(5)


def test_the_finished_instances_of_mapped_tasks_are_told_by_index(store: Store) -> None:
    epoch = store.take_epoch()
    moves = [
        *finished("m", 0, token=1),
        *finished("m", 2, state=S.FAILED, token=2),
        *starting("m", 3, map_index=1),
        *finished("other", 0, token=4),
        *finished("single", token=5),
    ]
    store.commit(batch(new_runs=[new_run(1)], task_moves=moves), epoch)
    with store.reader() as reader:
        assert sorted(reader.ended_instances(1, ["m", "single"])) == [("m", 0, "success"), ("m", 2, "failed")]
        assert reader.ended_instances(1, []) == []


def test_a_token_leads_to_its_run_while_it_lives_and_after(store: Store) -> None:
    epoch = store.take_epoch()
    store.commit(batch(new_runs=[new_run(1), new_run(2)], task_moves=starting("a", 7, run=2)), epoch)
    assert store.token_run(7) == 2
    ended = AttemptRow(7, 2, "a", -1, 1, "success", NOW, NOW + 1)
    store.commit(batch(task_moves=[move("a", S.STARTING, S.SUCCESS, 7, run=2)], attempts=[ended]), epoch)
    assert store.token_run(7) == 2
    assert store.token_run(8) is None


def test_a_try_began_with_its_first_attempt(store: Store) -> None:
    epoch = store.take_epoch()
    tries = [(1, 1, 50.0), (2, 1, None), (3, 2, 70.0), (4, 2, 90.0)]
    rows = [AttemptRow(token, 1, "s", -1, n, "reschedule", at, 99.0) for token, n, at in tries]
    store.commit(batch(attempts=rows), epoch)
    with store.reader() as reader:
        assert reader.first_started_at(1, "s", -1, 2) == 70.0
        assert reader.first_started_at(1, "s", -1, 1) == 50.0
        assert reader.first_started_at(1, "s", -1, 3) is None
        assert [a.token for a in reader.attempts(1, "s")] == [1, 2, 3, 4]
        assert reader.attempts(1, "s", 0) == []


def test_events_are_paged_by_the_last_id_seen(store: Store) -> None:
    epoch = store.take_epoch()
    for i in range(5):
        store.commit(batch(events=[Event(NOW, f"e{2 * i}"), Event(NOW, f"e{2 * i + 1}")]), epoch)
    with store.reader() as reader:
        seen: list[str] = []
        at = 0
        while page := reader.events_after(at, limit=3):
            assert len(page) <= 3
            seen += [event.kind for event in page]
            at = page[-1].id
        assert seen == [f"e{i}" for i in range(10)]
        assert at == reader.last_event()


def test_a_reader_cannot_write(store: Store) -> None:
    with store.reader() as reader, pytest.raises(StoreError):
        reader._driver.execute("DELETE FROM meta")
    assert store.take_epoch() == 1


def test_a_reader_in_another_thread_sees_every_commit_made_before_it_asks(store: Store) -> None:
    epoch = store.take_epoch()
    store.commit(batch(new_runs=[new_run()], task_moves=starting("a", 1)), epoch)
    committed = 0
    rounds = 200
    problems: list[str] = []
    done = threading.Event()
    answered = threading.Semaphore(0)

    def read() -> None:
        with store.reader() as reader:
            while not done.is_set():
                before = committed
                inside = reader.instances(1)
                n = len([row for row in inside.rows if row.map_index >= 0])
                if n < before:
                    problems.append(f"{n} rows after {before} commits")
                if inside.groups and inside.groups[0].touched != n:
                    problems.append("rows and groups of different moments")
                answered.release()

    thread = threading.Thread(target=read)
    thread.start()
    try:
        for i in range(rounds):
            group = GroupMove(1, "m", rounds, i + 1, S.SCHEDULED, NOW)
            store.commit(batch(task_moves=finished("m", i, token=i + 10), group_moves=[group]), epoch)
            committed = i + 1
        assert answered.acquire(timeout=30)
    finally:
        done.set()
        thread.join(30)
    assert problems == []


# ── what a restarting engine reads ───────────────────────────────────────────────────────────────────────


def test_the_world_holds_what_is_unfinished_and_counts_of_what_is_not(
    store: Store, reopen: Callable[[], Store]
) -> None:
    epoch = store.take_epoch()
    over = new_run(3, version=3)
    store.commit(
        batch(
            versions=[version(i) for i in (1, 2, 3, 4)] + [version(5, dag_id="gone")],
            dag_flags=[("gone", "active", False), ("d", "paused", False)],
            new_runs=[new_run(1, version=2), new_run(2, version=4), over],
            run_moves=[RunMove(3, RunState.QUEUED, RunState.FAILED, NOW)],
            task_moves=[
                *finished("a"),
                *starting("b", 5, reason="lives"),
                move("c", S.NONE, S.SCHEDULED),
                *(m for i in range(4) for m in finished("m", i, token=10 + i, state=S.FAILED if i == 2 else S.SUCCESS)),
                *starting("m", 20, map_index=4),
                *finished("a", run=3),
                *starting("b", 30, run=3),
            ],
            group_moves=[GroupMove(1, "m", 9, 5, S.SCHEDULED, NOW, sizes=[9]), GroupMove(3, "m", 1, 1, S.FAILED, NOW)],
            import_errors=[("/x.py", {"m": 1})],
        ),
        epoch,
    )
    command = store.put_command("pause", {"dag_id": "d"})
    world = reopen().load_world()
    assert [(d.dag_id, d.version, d.paused, d.active) for d in world.dags] == [
        ("d", 4, False, True),
        ("gone", 5, True, False),
    ]
    assert sorted(v.id for v in world.versions) == [2, 4]
    assert [v for v in world.versions if v.id == 2] == [version(2, paused=False)]
    assert [run.id for run in world.runs] == [1, 2]
    assert sorted((i.run, i.task_id, i.map_index, i.state, i.token) for i in world.instances) == [
        (1, "b", -1, "starting", 5),
        (1, "c", -1, "scheduled", 0),
        (1, "m", 4, "starting", 20),
    ]
    assert world.finished == [(1, "a", -1, "success")]
    assert sorted(world.group_counts) == [(1, "m", "failed", 1), (1, "m", "success", 3)]
    assert world.groups == [(1, "m", 9, 5, "scheduled", NOW, None, [9])]
    assert ("default_pool", 128, None, None) in world.pools
    assert [error.file for error in world.import_errors] == ["/x.py"]
    assert [c.id for c in world.commands] == [command]


def test_a_fresh_world_is_empty_but_for_the_default_pool(store: Store) -> None:
    world = store.load_world()
    assert (world.dags, world.runs, world.instances, world.finished, world.commands) == ([], [], [], [], [])
    assert [pool.name for pool in world.pools] == ["default_pool"]


def test_only_the_store_imports_sqlalchemy() -> None:
    source = Path(__file__).parents[2] / "src" / "venturi"
    users = {
        path.relative_to(source).parts[0]
        for path in source.rglob("*.py")
        if any(
            line.strip().startswith(("import sqlalchemy", "from sqlalchemy", "import alembic", "from alembic"))
            for line in path.read_text().splitlines()
        )
    }
    assert users == {"store"}
