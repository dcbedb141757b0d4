"""What the engine sees by itself, so that no process waits for it: moments, answers, and what other runs come to.

Owns which deferrals are of that kind, and when they have their event. All of it is derived from the deferrals in the
database and is thrown away with the world. A moment costs an entry of a heap; what awaits other runs is looked at when
a commit has touched such a run, once for all that await the same.
"""

from __future__ import annotations

import heapq
import json
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ..core.awaiting import SAME_DATE_S, Awaited, judged
from ..core.questions import TRIGGER
from ..core.spec import tasks_by_group
from ..core.states import TaskState
from ..core.step import Turn
from ..core.world import Run
from ..executors.base import Fired
from ..store.rows import DeferralRow
from ..wire.values import decode, encode
from . import questions

if TYPE_CHECKING:
    from .turn import Engine

_EXTERNAL = "airflow.providers.standard.triggers.external_task"
_DATES_PER_S = 10_000  # dates that are nearer share a place in the index, and are told apart by the look
_ENDED = b'{"xcoms":{}}'

Event = tuple[str, bytes]  # kind and encoded payload, as `Fired` has them


class Group:
    """All that await the same."""

    def __init__(self, trigger: str, told: dict[str, Any]) -> None:
        self.trigger, self.told = trigger, told
        self.tokens: dict[int, None] = {}
        self.ends = bool(told.get("end_from_trigger"))
        self.of_runs = trigger.endswith(".DagStateTrigger")
        ids = told.get("external_task_ids")
        if trigger.endswith(".TaskStateTrigger"):
            ids = [told["task_id"]]
        dates = told.get("logical_dates", told.get("execution_dates"))
        run_ids = told.get("run_ids")
        self.awaited = Awaited(
            str(told["dag_id"] if "dag_id" in told else told["external_dag_id"]),
            None if ids is None else tuple(ids),
            told.get("external_task_group_id"),
            None if dates is None else tuple(date.timestamp() for date in dates),
            None if run_ids is None else tuple(run_ids),
        )
        self.allowed = tuple(told.get("allowed_states") or told.get("states") or ("success",))
        self.failed = tuple(told.get("failed_states") or ())
        self.skipped = tuple(told.get("skipped_states") or ())
        self.states = frozenset((*self.allowed, *self.failed, *self.skipped))

    def places(self) -> list[Hashable]:
        """Which runs it looks at, as `_places_of` a run finds them."""
        if self.awaited.run_ids is not None:
            return list(self.awaited.run_ids)
        if self.awaited.dates is not None:
            return [round(date * _DATES_PER_S) for date in self.awaited.dates]
        return [None]


class Conditions:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._moments: list[tuple[float, int]] = []
        self._at: dict[int, Event] = {}  # of moments
        self._questions: set[int] = set()
        self._groups: dict[str, Group] = {}
        self._group_of: dict[int, str] = {}
        self._by_dag: dict[str, dict[Hashable, dict[str, None]]] = {}

    # ── what waits ──

    def take(self, row: DeferralRow, trigger: str) -> bool:
        """Whether this is seen to here; `trigger` is its encoded arguments."""
        make = _KINDS.get(row.trigger)
        if make is None:
            return False
        if row.token not in self._at and row.token not in self._questions and row.token not in self._group_of:
            try:
                make(self, row, trigger)
            except (AttributeError, KeyError, TypeError, ValueError):
                return False  # its host will say what is wrong with it
        return True

    def forget(self, token: int) -> bool:
        """Whether it was one of these."""
        if token in self._questions or token in self._at:
            self._questions.discard(token)
            self._at.pop(token, None)
            return True
        key = self._group_of.pop(token, None)
        if key is None:
            return False
        group = self._groups[key]
        del group.tokens[token]
        if not group.tokens:
            del self._groups[key]
            places = self._by_dag[group.awaited.dag_id]
            for place in group.places():
                places[place].pop(key, None)
                if not places[place]:
                    del places[place]
            if not places:
                del self._by_dag[group.awaited.dag_id]
        return True

    def _moment(self, row: DeferralRow, trigger: str) -> None:
        at = decode(trigger.encode())["moment"].timestamp()
        told = json.loads(trigger)
        ends = bool(told.get("end_from_trigger"))
        self._at[row.token] = ("success", _ENDED) if ends else ("event", _dumps(told["moment"]))
        heapq.heappush(self._moments, (at, row.token))

    def _question(self, row: DeferralRow, trigger: str) -> None:
        """Its answer is a command; here is only the end of its time."""
        question = json.loads(trigger)["question"]
        self._questions.add(row.token)
        if question.get("due_at") is not None:
            self._at[row.token] = questions.at_its_end(question)
            heapq.heappush(self._moments, (float(question["due_at"]), row.token))

    def _runs(self, row: DeferralRow, trigger: str) -> None:
        key = f"{row.trigger} {trigger}"
        group = self._groups.get(key)
        if group is None:
            group = Group(row.trigger, decode(trigger.encode()))
            places = self._by_dag.setdefault(group.awaited.dag_id, defaultdict(dict))
            for place in group.places():
                places[place][key] = None
            self._groups[key] = group
        group.tokens[row.token] = None
        self._group_of[row.token] = key
        event = self._look(group)  # it may have come while the task was on its way here
        if event is not None:
            self._engine.report(Fired(row.token, event[0], {}, event[1]))

    # ── what has come ──

    def next_at(self) -> float | None:
        moments = self._moments
        while moments and moments[0][1] not in self._at:
            heapq.heappop(moments)
        return moments[0][0] if moments else None

    def due(self, turn: Turn) -> Iterator[Fired]:
        """Moments that have come."""
        while self._moments and self._moments[0][0] <= turn.now:
            _, token = heapq.heappop(self._moments)
            event = self._at.get(token)
            if event is not None:
                if token in self._questions:
                    questions.not_answered(self._engine, token, turn)
                yield Fired(token, event[0], {}, event[1])

    def committed(self, turn: Turn) -> None:
        """Other runs have moved."""
        if not self._by_dag:
            return
        keys: dict[str, None] = {}
        for run, states in self._touched(turn):
            places = self._by_dag.get(run.dag_id)
            if places is not None:
                for place in _places_of(run):
                    keys |= {k: None for k in places.get(place, ()) if not self._groups[k].states.isdisjoint(states)}
        for key in keys:
            group = self._groups[key]
            event = self._look(group)
            if event is not None:
                for token in group.tokens:
                    self._engine.report(Fired(token, event[0], {}, event[1]))

    def _touched(self, turn: Turn) -> Iterator[tuple[Run, set[str]]]:
        batch = turn.batch
        states: dict[int, set[str]] = defaultdict(set)
        for run_move in batch.run_moves:
            states[run_move.run].add(run_move.after.value)
        for move in batch.task_moves:
            states[move.run].add(move.after.value)
        for group in batch.group_moves:
            states[group.run].add(group.state.value)
        for run_id in (*(new.id for new in batch.new_runs), *(reset.id for reset in batch.run_resets)):
            states[run_id].update(("queued", TaskState.NONE.value))
        finished = {run.id: run for run in turn.finished_runs}
        for run_id, found in states.items():
            run = self._engine.world.runs.get(run_id) or finished.get(run_id)
            if run is not None:
                yield run, found

    def _look(self, group: Group) -> Event | None:
        reader, awaited = self._engine.reader, group.awaited
        span = None
        if awaited.dates is not None:
            span = (min(awaited.dates, default=0.0) - SAME_DATE_S, max(awaited.dates, default=-1.0) + SAME_DATE_S)
        ids = None if awaited.run_ids is None else list(awaited.run_ids)
        rows = reader.find_runs(awaited.dag_id, ids, span)
        if awaited.dates is not None:
            rows = [r for r in rows if any(abs((r.logical_date or 0.0) - d) < SAME_DATE_S for d in awaited.dates)]
        if group.of_runs:
            found = {row.run_id: row.state for row in rows if row.state in group.allowed}
            if len(found) < max(1, awaited.runs_expected()):
                return None
            return "event", encode((group.trigger, {**group.told, "found": found}), "event").data
        wanted = self._tasks(awaited)
        runs = []
        for row in rows:
            if wanted is None:
                runs.append([row.state])
            else:
                states = reader.task_states(awaited.dag_id, row.run_id, wanted)
                runs.append([states.get(task_id, TaskState.NONE.value) for task_id in wanted])
        word = judged(runs, awaited.runs_expected(), group.allowed, group.failed, group.skipped)
        if word is None:
            return None
        return ("success", _ENDED) if word == "success" and group.ends else ("event", _dumps({"status": word}))

    def _tasks(self, awaited: Awaited) -> list[str] | None:
        if awaited.group_id is None:
            return None if awaited.task_ids is None else list(awaited.task_ids)
        version = self._engine.versions.current(awaited.dag_id)
        if version is None:
            return []
        return tasks_by_group(self._engine.versions.plan(version.id).spec).get(awaited.group_id, [])


_KINDS = {
    "airflow.providers.standard.triggers.temporal.DateTimeTrigger": Conditions._moment,
    f"{_EXTERNAL}.WorkflowTrigger": Conditions._runs,
    f"{_EXTERNAL}.DagStateTrigger": Conditions._runs,
    "airflow.triggers.external_task.TaskStateTrigger": Conditions._runs,
    TRIGGER: Conditions._question,
}


def _places_of(run: Run) -> Iterable[Hashable]:
    yield None
    yield run.run_id
    if run.logical_date is not None:
        near = round(run.logical_date * _DATES_PER_S)
        yield from (near - 1, near, near + 1)


def _dumps(held: Any) -> bytes:
    return json.dumps(held, ensure_ascii=False, separators=(",", ":")).encode()
