"""Whatever legal moves are committed, the tables hold what a dictionary would, and the event log tells it again."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from venturi.core.errors import Conflict, GuardFailed
from venturi.core.moves import Batch, Event, TaskMove
from venturi.core.states import TASK_MOVES, TaskState
from venturi.store import InstanceRow, Store

from .making import NOW, S

Key = tuple[int, str, int]
KEYS: list[Key] = [
    (run, task, index) for run in (1, 2) for task, index in (("a", -1), ("m", 0), ("m", 1), ("ü 'x", -1))
]


class Model:
    """The engine's side: what it believes the database to hold."""

    def __init__(self) -> None:
        self.rows: dict[Key, InstanceRow] = {}
        self.token = 0

    def random_move(self, rng: random.Random, key: Key) -> TaskMove | None:
        run, task_id, map_index = key
        row = self.rows.get(key)
        before = S.NONE if row is None else S(row.state)
        choices = sorted(TASK_MOVES[before], key=lambda state: state.value)
        if not choices:
            return None
        after = rng.choice(choices)
        token_before = 0 if row is None else row.token
        token = token_before
        if after is S.STARTING:
            self.token += rng.randint(1, 3)
            token = self.token
        maybe: Callable[[Any], Any] = lambda value: value if rng.random() < 0.5 else None  # noqa: E731
        made = TaskMove(
            run, task_id, map_index, before, after, token_before, token, NOW + rng.random(),
            rng.randint(0, 3), rng.randint(0, 2), maybe(NOW + rng.random()), maybe(NOW + rng.random()),
            maybe(NOW + rng.random()), maybe("because of ünïcode"),
        )  # fmt: skip
        self.rows[key] = InstanceRow(
            run, task_id, map_index, after.value, token, made.try_number, made.lost, made.started_at, made.ended_at,
            made.wake_at, made.at, made.reason,
        )  # fmt: skip
        return made


def event_of(moves: list[TaskMove]) -> Event:
    packed = [[m.run, m.task_id, m.map_index, m.before.value, m.after.value, m.token] for m in moves]
    return Event(NOW, "moves", "d", None, packed)


def replayed(store: Store) -> dict[Key, tuple[str, int]]:
    states: dict[Key, tuple[str, int]] = {}
    with store.reader() as reader:
        for event in reader.events_after(0, limit=1_000_000):
            for run, task_id, map_index, before, after, token in event.data:
                assert states.get((run, task_id, map_index), ("none", 0))[0] == before
                states[run, task_id, map_index] = (after, token)
    return states


def stored(store: Store) -> dict[Key, InstanceRow]:
    with store.reader() as reader:
        return {(row.run, row.task_id, row.map_index): row for run in (1, 2) for row in reader.instances(run).rows}


@pytest.mark.parametrize("seed", range(15))
def test_tables_and_event_log_agree_with_the_engine(store: Store, reopen: Callable[[], Store], seed: int) -> None:
    rng = random.Random(seed)
    epoch, model = store.take_epoch(), Model()
    for _ in range(30):
        kept = dict(model.rows)
        moves = [m for _ in range(rng.randint(1, 12)) if (m := model.random_move(rng, rng.choice(KEYS))) is not None]
        wrong = moves and rng.random() < 0.2
        if wrong:
            first = {(m.run, m.task_id, m.map_index): m for m in reversed(moves)}
            victim = rng.choice(list(first.values()))
            if victim.before is S.NONE:
                victim.before = S.SCHEDULED  # as if it had been there
            else:
                victim.token_before += 1
        batch = Batch(task_moves=moves, events=[event_of(moves)])
        if wrong:
            with pytest.raises((GuardFailed, Conflict)):
                store.commit(batch, epoch)
            model.rows = kept
        else:
            store.commit(batch, epoch)
        if rng.random() < 0.1:
            store = reopen()
            epoch = store.take_epoch()
    assert stored(store) == model.rows
    assert replayed(store) == {key: (row.state, row.token) for key, row in model.rows.items()}
    assert store.counters()[1] > max((row.token for row in model.rows.values()), default=0)


def test_moves_that_were_never_legal_cannot_be_made() -> None:
    for state in TaskState:
        for after in set(TaskState) - TASK_MOVES[state]:
            with pytest.raises(Exception, match="cannot go from"):
                TaskMove(1, "a", -1, state, after, 0, 0, NOW)
