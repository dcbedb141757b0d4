"""People who change runs at random: clear, resume, mark, cancel, in the middle of everything."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from venturi.core.clearing import Wish
from venturi.core.errors import StoreError, VenturiError
from venturi.core.spec import DagSpec
from venturi.core.states import FINAL, LIVE, TaskState
from venturi.core.step import Turn
from venturi.engine import changing

if TYPE_CHECKING:
    from venturi.engine.turn import Engine

_MARKS = (TaskState.SUCCESS, TaskState.FAILED, TaskState.SKIPPED)
_WORDS = ("cleared by ", "resumed by ", "marked ")


def is_word(reason: list[str]) -> bool:
    return bool(reason) and reason[0].startswith(_WORDS)


class People:
    def __init__(self, seed: int, spec: DagSpec, dag_id: str) -> None:
        self.rng = random.Random(f"people of {seed}")
        self.spec, self.dag_id = spec, dag_id
        self.odds = self.rng.choice([0.05, 0.15, 0.3])
        self.asked: set[int] = set()  # runs that somebody has wanted to be changed
        self.marked: set[int] = set()
        self.done = 0

    def act(self, engine: Engine, run_ids: list[int]) -> Callable[[Turn], None] | None:
        """The next word, to be said in a turn."""
        if not run_ids or not self.spec.tasks or self.rng.random() >= self.odds:
            return None
        number = self.rng.choice(run_ids)
        row = engine.reader.run_by_id(number)
        if row is None:
            return None
        name, wish, state = self.rng.choice(["clear", "clear", "resume", "mark"]), self._wish(), self.rng.choice(_MARKS)

        def say(turn: Turn) -> None:
            self.asked.add(number)
            try:
                if name == "clear":
                    changing.clear(engine, turn, self.dag_id, row.run_id, wish, "ann")
                elif name == "resume":
                    changing.resume(engine, turn, self.dag_id, row.run_id, "ann")
                else:
                    self.marked.add(number)
                    changing.mark(engine, turn, self.dag_id, row.run_id, state, wish, "ann")
                self.done += 1
            except StoreError:
                raise
            except VenturiError:
                pass  # refused

        return say

    def resume(self, engine: Engine, run_id: str) -> Callable[[Turn], None]:
        def say(turn: Turn) -> None:
            try:
                changing.resume(engine, turn, self.dag_id, run_id, "ann")
            except StoreError:
                raise
            except VenturiError:
                pass

        return say

    def _wish(self) -> Wish:
        chance = self.rng.random
        tasks = self.rng.sample(self.spec.tasks, k=min(len(self.spec.tasks), self.rng.choice([0, 1, 1, 1, 2, 3])))
        names = []
        for task in tasks:
            many = task.is_mapped or task.group_id is not None
            names.append(f"{task.task_id}[{self.rng.randint(0, 3)}]" if many and chance() < 0.5 else task.task_id)
        flags = {"upstream": chance() < 0.2, "downstream": chance() < 0.5, "only_failed": chance() < 0.2}
        dates = {"past": chance() < 0.1, "future": chance() < 0.1}
        return Wish(tuple(names), **flags, **dates, only_running=chance() < 0.1)


class Taken:
    """What was taken back in one run, told from its log: it must run again before it counts as done."""

    def __init__(self, spec: DagSpec) -> None:
        self._no_process = {task.task_id for task in spec.tasks if task.no_process}
        self._to_run: set[tuple[str, int]] = set()
        self.tokens: set[int] = set()  # of attempts whose ends count for nothing

    def take(self, key: tuple[str, int], was: TaskState, after: TaskState, token: int, reason: list[Any]) -> list[str]:
        word = is_word(reason)
        if was in LIVE and (after is TaskState.NONE or (word and after is not TaskState.SUCCESS)):
            self.tokens.add(token)
        if after is TaskState.NONE:
            if key[0] not in self._no_process:
                self._to_run.add(key)
            return [] if word else [f"{key} was taken back from {was.value} though nobody said so"]
        if was in FINAL:
            self._to_run.discard(key)
            return [] if word else [f"{key} left its final state {was.value} for {after.value}"]
        if after in LIVE or word:
            self._to_run.discard(key)
        elif after is TaskState.SUCCESS and key in self._to_run:
            return [f"{key} was cleared, and has succeeded without running again"]
        return []
