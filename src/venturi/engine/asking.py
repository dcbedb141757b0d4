"""Answers what attempts and parsing zygotes ask: reads in a thread of their own, writes in the engine's next turn.

Owns the reader thread and the forms of answers. A read never holds up the turn; a write is fenced by its token and
answered once it is durable.
"""

from __future__ import annotations

import json
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .. import crashpoints
from ..core import secrets
from ..core.awaiting import SAME_DATE_S
from ..core.errors import DatabaseLost, SealError, VenturiError
from ..core.moves import StateRow, ValueRow
from ..core.scopes import scope_of_task
from ..core.spec import dag_from_json, tasks_by_group
from ..core.step import Turn
from ..core.world import Cell, Run
from ..crashpoints import crash_at
from ..executors.base import Asked
from ..store import Reader, Store

if TYPE_CHECKING:
    from .turn import Engine


DATABASE_AGAIN_S = 0.25


@dataclass(slots=True)
class Answer:
    token: int
    request: int
    ok: bool
    detail: dict[str, Any]
    body: bytes = b""


@dataclass(slots=True)
class _Read:
    asked: Asked
    dag_id: str | None
    run_id: str | None
    own_scope: str = ""  # of what the asking instance keeps


def _instance(known: tuple[Run, int, int, Any]) -> tuple[str, int]:
    run, number, map_index, _ = known
    return run.plan.tasks[number].task_id, map_index


Tell = Callable[[dict[str, Any]], None]


def _nobody_triggers(*_: Any) -> None:
    raise AssertionError("an engine makes runs by its commands")


class Asks:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._queue: queue.SimpleQueue[_Read | None] = queue.SimpleQueue()
        self._answers: deque[Answer] = deque()
        self._thread: threading.Thread | None = None
        self._ending = threading.Event()
        self.wake: Callable[[], None] = lambda: None
        self.on_trigger: Callable[[Asked, tuple[Run, int, int, Cell], Turn, Tell], None] = _nobody_triggers

    # ── in the turn ──

    def take(self, asked: Asked, turn: Turn) -> None:
        world = self._engine.world
        known = world.by_token.get(asked.token)
        if asked.what == "value_put":
            self._put(asked, known, turn)
            return
        if asked.what == "value_clear":
            self._clear(asked, known, turn)
            return
        if asked.what == "state_put":
            self._put_state(asked, known, turn)
            return
        if asked.what == "trigger":
            self._trigger(asked, known, turn)
            return
        if asked.what == "variable_set":
            self._set_variable(asked, known is not None or asked.token in world.calls)
            return
        run = known[0] if known is not None else self._run_of(asked.token)
        if asked.token > 0 and run is None and not self._engine.watchers.knows(asked.token):
            self._refuse(asked, "this attempt has been given up, so it is answered no more")
            return
        read = _Read(asked, run.dag_id if run else None, run.run_id if run else None)
        if known is not None:
            read.own_scope = scope_of_task(known[0].dag_id, known[0].run_id, *_instance(known))
        if self._thread is None:
            self._answers.append(answered(self._engine.reader, read))
            self._engine.after_commit(self.send_answers)
        else:
            # Asked after this turn's commit, so that an attempt reads what it has just written.
            self._engine.after_commit(lambda: self._queue.put(read))

    def _run_of(self, token: int) -> Run | None:
        """Of a trigger that is watched for a deferred task, or of callbacks' child: they may read."""
        world = self._engine.world
        if token in world.deferred:
            return world.deferred[token][0]
        return world.calls[token].run if token in world.calls else None

    def _put(self, asked: Asked, known: tuple[Run, int, int, Any] | None, turn: Turn) -> None:
        call = self._engine.world.calls.get(asked.token)
        if known is not None:
            run, number, map_index, _ = known
        elif call is not None and call.task_id in call.run.plan.index:
            run, number, map_index = call.run, call.run.plan.index[call.task_id], call.map_index
        else:
            self._refuse(asked, "this attempt has been given up, so its values are not kept")
            return
        value = asked.detail.get("value") or {}
        row = ValueRow(
            run=run.id,
            task_id=run.plan.tasks[number].task_id,
            map_index=map_index,
            key=asked.detail["key"],
            token=asked.token,
            kind=value.get("kind", ""),
            length=value.get("length"),
            data=None if value.get("ref") else asked.body.decode(),
            ref=value.get("ref"),
            bytes=value.get("bytes") or len(asked.body),
        )
        self._engine.put_value(row, run, number, map_index, turn)
        self._engine.after_commit(lambda: self._engine.executor.answer(asked.token, asked.request, True, {}))

    def _clear(self, asked: Asked, known: tuple[Run, int, int, Any] | None, turn: Turn) -> None:
        if known is None:
            self._refuse(asked, "this attempt has been given up, so it clears nothing")
            return
        detail = asked.detail
        turn.batch.cleared_values.append((known[0].id, detail["task_id"], detail.get("map_index"), detail.get("key")))
        self._engine.after_commit(lambda: self._engine.executor.answer(asked.token, asked.request, True, {}))

    def _put_state(self, asked: Asked, known: tuple[Run, int, int, Any] | None, turn: Turn) -> None:
        if known is None:
            self._refuse(asked, "this attempt has been given up, so what it keeps is not taken")
            return
        run, number, map_index, _ = known
        detail = asked.detail
        keep_s = detail.get("keep_s")
        row = StateRow(
            scope=detail.get("scope")
            or scope_of_task(run.dag_id, run.run_id, run.plan.tasks[number].task_id, map_index),
            key=detail.get("key"),
            data=asked.body.decode() if asked.body else None,
            at=turn.now,
            expires_at=None if keep_s is None else turn.now + keep_s,
        )
        turn.batch.states.append(row)
        self._engine.after_commit(lambda: self._engine.executor.answer(asked.token, asked.request, True, {}))

    def _set_variable(self, asked: Asked, is_live: bool) -> None:
        if not is_live:
            self._refuse(asked, "variables are set by running tasks, not while a DAG file is read")
            return

        def write() -> None:
            detail = asked.detail
            key, value = detail["key"], detail["value"]
            answer: dict[str, Any] = {}
            try:
                if value is None:
                    answer["existed"] = self._engine.store.variable_delete(key)
                else:
                    self._engine.store.variable_set(key, value, detail.get("description"))
                    answer = _with_masks({}, secrets.of_named(key, value))
            except SealError as error:
                answer = {"error": str(error), "kind": "SealError"}
            self._engine.executor.answer(asked.token, asked.request, "error" not in answer, answer)

        self._engine.after_commit(write)

    def _trigger(self, asked: Asked, known: tuple[Run, int, int, Cell] | None, turn: Turn) -> None:
        if known is None:
            self._refuse(asked, "only a running task triggers other DAGs")
            return

        def tell(made: dict[str, Any]) -> None:
            self._engine.after_commit(lambda: self._answer_trigger(asked, made))

        self.on_trigger(asked, known, turn, tell)

    def _answer_trigger(self, asked: Asked, made: dict[str, Any]) -> None:
        self._engine.executor.answer(asked.token, asked.request, True, {"made": made})
        if crashpoints.ARMED:
            self._engine.executor.flush()
        crash_at("engine:trigger-answered")

    def _refuse(self, asked: Asked, error: str) -> None:
        detail = {"error": error, "kind": "fenced"}
        self._engine.after_commit(lambda: self._engine.executor.answer(asked.token, asked.request, False, detail))

    # ── reads ──

    def start(self, store: Store) -> None:
        self._thread = threading.Thread(target=self._read_all, args=(store,), name="asks", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        if self._thread is not None:
            self._ending.set()
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def _read_all(self, store: Store) -> None:
        reader = store.reader()
        try:
            while (read := self._queue.get()) is not None:
                answer = self._answer(reader, read)
                if answer is None:
                    return
                self._answers.append(answer)
                self.wake()
        finally:
            reader.close()

    def _answer(self, reader: Reader, read: _Read) -> Answer | None:
        """While the database is away the ask waits, unless the engine ends."""
        while True:
            try:
                return answered(reader, read)
            except DatabaseLost:
                if self._ending.wait(DATABASE_AGAIN_S):
                    return None

    def send_answers(self) -> None:
        executor = self._engine.executor
        while self._answers:
            a = self._answers.popleft()
            executor.answer(a.token, a.request, a.ok, a.detail, a.body)


def answered(reader: Reader, read: _Read) -> Answer:
    """One read to its answer; an error becomes a sentence for the task, never the reader's death."""
    asked = read.asked
    try:
        detail, body = _READS[asked.what](reader, read)
        return Answer(asked.token, asked.request, True, detail, body)
    except KeyError as missing:
        problem = f"cannot answer '{asked.what}': {missing} is not known"
    except DatabaseLost:
        raise
    except VenturiError as error:
        problem = str(error)
    return Answer(asked.token, asked.request, False, {"error": problem, "kind": "refused"})


_Answered = tuple[dict[str, Any], bytes]


def _values(reader: Reader, read: _Read) -> _Answered:
    detail = read.asked.detail
    rows = reader.values(
        detail.get("dag_id") or read.dag_id or "",
        detail.get("run_id") or read.run_id or "",
        detail["key"],
        detail.get("task_ids"),
        detail.get("map_indexes"),
        include_prior_dates=bool(detail.get("include_prior_dates")),
    )
    parts = []
    for row in rows:
        held = row.data if row.data is not None else "null"
        parts.append(f"[{json.dumps(row.task_id)},{row.map_index},{json.dumps(row.ref)},{held}]")
    return {}, f"[{','.join(parts)}]".encode()


def _variable(reader: Reader, read: _Read) -> _Answered:
    key = read.asked.detail["key"]
    found = reader.variable(key)
    return _with_masks({"value": found}, secrets.of_named(key, found)), b""


def _connection(reader: Reader, read: _Read) -> _Answered:
    found = reader.connection(read.asked.detail["conn_id"])
    return _with_masks({"connection": found}, secrets.of_connection(found or {})), b""


def _with_masks(detail: dict[str, Any], hide: list[str]) -> dict[str, Any]:
    """What the crew hides in the attempt's log before it passes the answer on."""
    return {**detail, "mask": secrets.in_all_forms(hide)} if hide else detail


def _run_state(reader: Reader, read: _Read) -> _Answered:
    return {"state": reader.run_state(read.asked.detail["dag_id"], read.asked.detail["run_id"])}, b""


def _task_states(reader: Reader, read: _Read) -> _Answered:
    detail = read.asked.detail
    return {"states": reader.task_states(detail["dag_id"], detail["run_id"], detail.get("task_ids"))}, b""


def _runs(reader: Reader, read: _Read) -> _Answered:
    wanted = read.asked.detail.get("wanted") or {}
    dates = wanted.get("dates")
    first, last = wanted.get("since"), wanted.get("until")
    if dates is not None:
        first, last = min(dates, default=0.0), max(dates, default=-1.0)
    span = None
    if first is not None or last is not None:
        span = (-1e18 if first is None else first - SAME_DATE_S, 1e18 if last is None else last + SAME_DATE_S)
    rows = reader.find_runs(
        read.asked.detail["dag_id"],
        wanted.get("run_ids"),
        span,
        wanted.get("states"),
        bool(wanted.get("newest_first")),
        wanted.get("limit") or 1000,
    )
    if dates is not None:
        rows = [r for r in rows if any(abs((r.logical_date or 0.0) - date) < SAME_DATE_S for date in dates)]
    names = ("dag_id", "run_id", "state", "run_type", "queued_at", "started_at", "ended_at", "logical_date")
    more = ("interval_start", "interval_end", "conf", "reason", "partition_key", "partition_date")
    return {}, json.dumps([{name: getattr(r, name) for name in (*names, *more)} for r in rows]).encode()


def _instances(reader: Reader, read: _Read) -> _Answered:
    detail = read.asked.detail
    run = reader.run(detail["dag_id"], detail["run_id"])
    rows = reader.instances(run.id).rows if run is not None else []
    wanted = detail.get("task_ids")
    names = ("task_id", "map_index", "state", "try_number", "started_at", "ended_at")
    found = [{n: getattr(r, n) for n in names} for r in rows if wanted is None or r.task_id in wanted]
    return {}, json.dumps(found).encode()


def _dag(reader: Reader, read: _Read) -> _Answered:
    row = reader.dag(read.asked.detail["dag_id"])
    if row is None or row.version is None or not row.active:
        return {"dag": None}, b""
    spec = dag_from_json(reader.version(row.version).spec)
    tasks, groups = [task.task_id for task in spec.tasks], tasks_by_group(spec)
    return {"dag": {"paused": row.paused, "tasks": tasks, "groups": groups, "file": row.file}}, b""


def _asset(reader: Reader, read: _Read) -> _Answered:
    return {"asset": reader.asset(read.asked.detail.get("name"), read.asked.detail.get("uri"))}, b""


def _asset_events(reader: Reader, read: _Read) -> _Answered:
    return {}, json.dumps(reader.asset_events(**read.asked.detail["wanted"])).encode()


def _state(reader: Reader, read: _Read) -> _Answered:
    detail = read.asked.detail
    found = reader.stored_state(detail.get("scope") or read.own_scope, detail["key"], time.time())
    return {"found": found is not None}, (found or "").encode()


_READS: dict[str, Callable[[Reader, _Read], _Answered]] = {
    "value_get": _values,
    "variable_get": _variable,
    "connection_get": _connection,
    "run_state": _run_state,
    "task_states": _task_states,
    "runs": _runs,
    "instances": _instances,
    "dag": _dag,
    "asset_get": _asset,
    "asset_events": _asset_events,
    "state_get": _state,
}
