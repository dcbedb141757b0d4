"""Runs a DAG in this process: for `dag.test()`, a debugger, and tests of one's own DAGs.

Owns the loop around one run and a port that answers from memory. What is decided (`core`) and the contract with author
code (`sdk.running`) are the engine's own; what differs is that there are no processes, no time limits, and no waiting
between tries.
"""

from __future__ import annotations

import heapq
import importlib
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from itertools import count
from typing import Any

from .core import admission, mapping, readiness, step
from .core.assets import declared_in
from .core.places import Pool
from .core.plan import Plan
from .core.spec import RETURN_KEY, DagSpec, MapSource, TaskSpec, check_graph, to_json
from .core.states import FINAL, Outcome, TaskState
from .core.step import End, Turn
from .core.world import WHOLE, Run, World
from .sdk.callbacks import run_calls
from .sdk.dag import DAG
from .sdk.deferring import Wait
from .sdk.describe import describe
from .sdk.port import Value, has_port, installed, port
from .sdk.running import Instance, TaskResult, run
from .sdk.times import read
from .sdk.triggers import BaseTaskEndEvent
from .wire import values

POOL_SLOTS = 1_000_000  # one attempt at a time finds room anywhere


@dataclass
class LocalStore:
    """What a run leaves, values by (dag, run, task, map index, key), and what it may ask for."""

    values: dict[tuple[str, str, str, int, str], bytes] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    connections: dict[str, dict[str, Any]] = field(default_factory=dict)
    states: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    runs: dict[tuple[str, str], str] = field(default_factory=dict)
    run_dates: dict[tuple[str, str], datetime] = field(default_factory=dict)
    dags: dict[str, DAG] = field(default_factory=dict)  # of the same file: what can be triggered
    masked: list[str] = field(default_factory=list)
    asset_events: list[dict[str, Any]] = field(default_factory=list)
    kept_states: dict[tuple[str, str], str] = field(default_factory=dict)
    specs: dict[str, DagSpec] = field(default_factory=dict)


class LocalPort:
    """Answers one attempt from memory. Values are encoded and decoded as the engine's are."""

    def __init__(self, store: LocalStore, instance: Instance | None = None) -> None:
        self.store = store
        self.instance = instance
        self.beneath = port() if has_port() else None  # whoever answered before: the home, in `venturi python`

    def values(
        self,
        key: str,
        task_ids: list[str] | None = None,
        map_indexes: list[int] | None = None,
        dag_id: str | None = None,
        run_id: str | None = None,
        include_prior_dates: bool = False,
    ) -> list[Value]:
        dag_id = dag_id or (self.instance.dag_id if self.instance else "")
        run_id = run_id or (self.instance.run_id if self.instance else "")
        found: list[Value] = []
        for (a_dag, a_run, task_id, index, a_key), data in self.store.values.items():
            if a_dag != dag_id or a_key != key or (a_run != run_id and not include_prior_dates):
                continue
            if task_ids is not None and task_id not in task_ids:
                continue
            if map_indexes is not None and index not in map_indexes:
                continue
            found.append(Value(task_id, index, values.decode(data, classes=True)))
        return found if task_ids is None else sorted(found, key=lambda value: (value.task_id, value.map_index))

    def put(self, key: str, value: Any) -> None:
        i = self.instance
        if i is None:
            raise RuntimeError("Values can be pushed by a running task only.")
        self.store.values[(i.dag_id, i.run_id, i.task_id, i.map_index, key)] = values.encode(value, key).whole()

    def variable(self, key: str) -> str | None:
        found = self.store.variables.get(key)
        return found if found is not None or self.beneath is None else self.beneath.variable(key)

    def set_variable(self, key: str, value: str | None, description: str | None = None) -> None:
        if value is None:
            self.store.variables.pop(key, None)
        else:
            self.store.variables[key] = value

    def connection(self, conn_id: str) -> dict[str, Any] | None:
        found = self.store.connections.get(conn_id)
        return found if found is not None or self.beneath is None else self.beneath.connection(conn_id)

    def clear_values(self, task_id: str, map_index: int | None, key: str | None) -> None:
        i = self.instance
        for known in [known for known in self.store.values if i and known[:3] == (i.dag_id, i.run_id, task_id)]:
            if map_index in (None, known[3]) and key in (None, known[4]):
                del self.store.values[known]

    def asset(self, name: str | None, uri: str | None) -> dict[str, Any] | None:
        known = [one for spec in self.store.specs.values() for one in declared_in(to_json(spec))]
        return next((one for one in known if one["name"] == name or one["uri"] == uri), None)

    def asset_events(self, **wanted: Any) -> list[dict[str, Any]]:
        if "run_id" in wanted:
            return []  # it was not assets that have started the run
        name, uri, alias = (wanted.get(word) for word in ("name", "uri", "alias"))
        after, before = wanted.get("after", float("-inf")), wanted.get("before", float("inf"))
        found = [
            event
            for event in self.store.asset_events
            if name in (None, event["name"])
            and uri in (None, event["uri"])
            and (alias is None or alias in event["aliases"])
            and after <= event["at"] <= before
        ]
        return (found[::-1] if wanted.get("newest_first") else found)[: wanted.get("limit")]

    def state(self, scope: str | None, key: str) -> tuple[Any] | None:
        data = self.store.kept_states.get((scope or self._own_scope(), key))
        return None if data is None else (json.loads(data),)

    def keep_state(
        self, scope: str | None, key: str | None, value: tuple[Any] | None, keep_s: float | None = None
    ) -> None:
        where = scope or self._own_scope()
        if key is not None and value is not None:
            self.store.kept_states[(where, key)] = json.dumps(value[0])
            return
        for known in [known for known in self.store.kept_states if known[0] == where and key in (None, known[1])]:
            del self.store.kept_states[known]

    def _own_scope(self) -> str:
        i = self.instance
        return "" if i is None else json.dumps([i.dag_id, i.run_id, i.task_id, i.map_index])

    def run_state(self, dag_id: str, run_id: str) -> str | None:
        return self.store.runs.get((dag_id, run_id))

    def task_states(self, dag_id: str, run_id: str, task_ids: list[str] | None) -> dict[str, str]:
        known = self.store.states.get((dag_id, run_id), {})
        return {task_id: state for task_id, state in known.items() if task_ids is None or task_id in task_ids}

    def runs(self, dag_id: str, **wanted: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for (a_dag, run_id), state in self.store.runs.items():
            date = self.store.run_dates.get((a_dag, run_id))
            at = date.timestamp() if date is not None else 0.0
            if a_dag != dag_id or (wanted.get("run_ids") is not None and run_id not in wanted["run_ids"]):
                continue
            if wanted.get("dates") is not None and all(abs(at - one) > 1e-5 for one in wanted["dates"]):
                continue
            if not wanted.get("since", float("-inf")) <= at <= wanted.get("until", float("inf")):
                continue
            if wanted.get("states") is None or state in wanted["states"]:
                found.append({"dag_id": dag_id, "run_id": run_id, "state": state, "logical_date": at})
        found.sort(key=lambda run: run["logical_date"], reverse=bool(wanted.get("newest_first")))
        return found[: wanted.get("limit")]

    def instances(self, dag_id: str, run_id: str, task_ids: list[str] | None = None) -> list[dict[str, Any]]:
        known = self.task_states(dag_id, run_id, task_ids)
        return [{"task_id": task_id, "map_index": WHOLE, "state": state} for task_id, state in known.items()]

    def dag(self, dag_id: str) -> dict[str, Any] | None:
        found = self.store.dags.get(dag_id)
        if found is None:
            return None
        groups = {name: [t.task_id for t in group.iter_tasks()] for name, group in found.task_group_dict.items()}
        return {"paused": False, "tasks": found.task_ids, "groups": groups, "file": found.fileloc}

    def trigger(self, dag_id: str, **wanted: Any) -> dict[str, Any]:
        """Runs it to its end, here and now."""
        dag = self.store.dags.get(dag_id)
        if dag is None:
            return {"outcome": "no_such_dag"}
        date, run_id = wanted.get("date"), wanted.get("run_id")
        logical = datetime.fromtimestamp(date, timezone.utc) if date is not None else None
        if (dag_id, run_id) in self.store.runs and not wanted.get("reset"):
            return {"outcome": "exists", "run_id": run_id}
        made = run_dag(dag, wanted.get("conf"), logical, self.store, run_id)
        return {"outcome": "made", "run_id": made.run_id, "waits": False}

    def mask(self, *secrets: str) -> None:
        self.store.masked += secrets


def _gone_on(wait: Wait) -> dict[str, Any]:
    """Run the trigger here and now: how the task goes on."""
    import asyncio
    import traceback

    async def first() -> dict[str, Any]:
        async for event in wait.made.run():
            if isinstance(event, BaseTaskEndEvent):
                return {"kind": event.ends_as, "payload": {"xcoms": event.xcoms or {}}}
            return {"kind": "event", "payload": event.payload}
        return {"kind": "error", "message": f"The trigger {wait.trigger} ended without an event."}

    async def in_time() -> dict[str, Any]:
        return await asyncio.wait_for(first(), wait.timeout_s)

    try:
        if wait.made is None:
            module, _, name = wait.trigger.rpartition(".")
            wait.made = getattr(importlib.import_module(module), name)(**wait.trigger_kwargs)
        event = asyncio.run(in_time())
    except asyncio.TimeoutError:
        event = {"kind": "timeout"}
    except Exception as error:
        event = {"kind": "error", "message": f"{type(error).__name__}: {error}", "traceback": traceback.format_exc()}
    return {"method": wait.method, "kwargs": wait.kwargs, "event": event}


@dataclass
class DagTestResult:
    dag_id: str
    run_id: str
    state: str = "success"
    # By task id and map index, −1 when not mapped.
    states: dict[tuple[str, int], str] = field(default_factory=dict)
    tries: dict[tuple[str, int], int] = field(default_factory=dict)
    errors: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)
    store: LocalStore = field(default_factory=LocalStore)

    def state_of(self, task_id: str, map_index: int = -1) -> str:
        return self.states[(task_id, map_index)]

    def value(self, task_id: str, map_index: int = -1, key: str = RETURN_KEY) -> Any:
        data = self.store.values.get((self.dag_id, self.run_id, task_id, map_index, key))
        return None if data is None else values.decode(data, classes=True)


def run_dag(
    dag: DAG,
    conf: Mapping[str, Any] | None = None,
    logical_date: datetime | str | None = None,
    store: LocalStore | None = None,
    run_id: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> DagTestResult:
    """Every task in an order of the graph, one after another; what failed is tried again at once."""
    now = datetime.now(timezone.utc)
    date = read(logical_date) if logical_date is not None else now
    result = DagTestResult(dag.dag_id, run_id or f"manual__{date.isoformat()}", store=store or LocalStore())
    _Run(dag, describe(dag), result, dict(conf or {}), date, now, sleep).all()
    return result


def command_line(dag: DAG) -> None:
    """What `dag.cli()` does with the arguments of this process."""
    import sys

    from .cli import dagfile

    dagfile.main(dag, sys.argv[1:])


def dag_files(place: str, safe_mode: bool = True) -> list[tuple[str, list[str]]]:
    """The file, or the files of a folder that may hold DAGs, each with its import roots. Those of zips are left out."""
    from pathlib import Path

    from .bundles.finding import Bundle, Finder, import_roots, single_file_bundle

    at = Path(place)
    if at.is_dir():
        found = [(one.file, one.bundle) for one in Finder([at], safe_mode=safe_mode).scan().files]
    else:
        found = [(at, single_file_bundle(at))]
    whole = Bundle(at.name, at if at.is_dir() else at.parent, sys.executable)
    return [
        (str(file), list(dict.fromkeys([*import_roots(bundle, file), *import_roots(whole, file)])))
        for file, bundle in sorted(found, key=lambda one: str(one[0]))
        if file.is_file()
    ]


class _Run:
    """One run, decided by core as the engine's are, one attempt after another."""

    def __init__(
        self,
        dag: DAG,
        spec: DagSpec,
        result: DagTestResult,
        conf: dict[str, Any],
        date: datetime,
        now: datetime,
        sleep: Callable[[float], None],
    ) -> None:
        check_graph(spec)
        self.dag, self.spec, self.result, self.conf, self.date, self.now, self.sleep = (
            dag,
            spec,
            result,
            conf,
            date,
            now,
            sleep,
        )
        self.world = World(slots=1)
        self.world.pools = {task.pool: Pool(POOL_SLOTS) for task in spec.tasks}
        self.run = Run(1, spec.dag_id, result.run_id, Plan(spec, 1))
        self.world.add(self.run)
        self.tokens = count(1)
        self.first_pokes: dict[tuple[str, int], datetime] = {}

    def all(self) -> None:
        key = (self.result.dag_id, self.result.run_id)
        self.result.store.runs[key] = "running"
        self.result.store.run_dates[key] = self.date
        self.result.store.dags.update(_dags_beside(self.dag))
        self.result.store.specs[self.result.dag_id] = self.spec
        while self.run.id in self.world.runs:
            turn = Turn(time.time())
            admission.start_runs(self.world, turn)
            admitted = admission.admit(self.world, turn, lambda: next(self.tokens))
            if not admitted:
                self._wake(turn)
            self._note(turn)
            for one in admitted:
                turn = Turn(time.time())
                self._attempt(one, turn)
                self._note(turn)
                self._call_back()
        self._call_back()
        self.result.state = self.run.state.value
        self.result.store.runs[key] = self.result.state

    def _note(self, turn: Turn) -> None:
        """What has changed, where the author's code and the caller look for it."""
        states = self.result.store.states.setdefault((self.result.dag_id, self.result.run_id), {})
        for _, task_id, map_index, key in turn.batch.cleared_values:
            instance = Instance(self.dag.dag_id, self.result.run_id, task_id)
            LocalPort(self.result.store, instance).clear_values(task_id, map_index, key)
        for m in turn.batch.task_moves:
            if m.after in FINAL:
                self.result.states[(m.task_id, m.map_index)] = m.after.value
            node = self.run.nodes[self.run.plan.index[m.task_id]]
            if node.state in FINAL:
                states[m.task_id] = node.state.value

    def _call_back(self) -> None:
        """What the last end has made due."""
        while self.world.calls_due:
            call = self.world.calls_due.popleft()
            told = {"kind": call.kind, "of_run": not call.task_id, **call.detail}
            task_id = call.task_id or str(call.detail["task_id"])
            instance = Instance(self.dag.dag_id, self.result.run_id, task_id, call.map_index, call.try_number)
            instance.logical_date = instance.interval_start = instance.interval_end = self.date
            instance.conf, instance.call = self.conf, told
            run_calls(self.dag, instance, LocalPort(self.result.store, instance))

    def _wake(self, turn: Turn) -> None:
        """What failed is tried again at once; a sensor is called again when it asked to be."""
        if not self.world.timers:
            return
        at, _, number, map_index, _ = heapq.heappop(self.world.timers)
        node = self.run.nodes[number]
        cell = node.cell if map_index == WHOLE else node.live[map_index]
        assert cell is not None
        if cell.state is TaskState.UP_FOR_RESCHEDULE:
            self.sleep(max(0.0, at - time.time()))
        step.due(self.world, self.run, number, map_index, cell, turn)

    def _attempt(self, one: admission.Admitted, turn: Turn) -> None:
        task = self.spec.tasks[one.number]
        key = (task.task_id, one.map_index)
        instance = self._instance(one, task)
        self.result.tries[key] = instance.try_number
        port = LocalPort(self.result.store, instance)
        ended = run(self.dag, instance, port)
        while ended.wait is not None:  # nobody else needs this process meanwhile
            with installed(port):
                instance.resume = _gone_on(ended.wait)
            ended = run(self.dag, instance, port)
        end = self._settle(key, ended, instance, one)
        step.ended(self.world, self.run, one.number, one.map_index, one.cell, end, turn, 0)

    def _instance(self, one: admission.Admitted, task: TaskSpec) -> Instance:
        key = (task.task_id, one.map_index)
        instance = Instance(self.dag.dag_id, self.result.run_id, task.task_id, one.map_index, one.cell.try_number)
        instance.logical_date = instance.interval_start = instance.interval_end = self.date
        instance.run_queued_at = instance.run_started_at = self.now
        instance.conf = self.conf
        instance.token = one.cell.token
        if task.reschedules:
            instance.first_poke_at = self.first_pokes.setdefault(key, datetime.now(timezone.utc))
        if one.map_index != WHOLE:
            instance.mapped_count = self.run.nodes[one.number].n
            length = readiness.length_in(self.run)
            for source, at in zip(self.run.plan.sources(one.number), one.indices(), strict=True):
                instance.indices[source.argument] = at
                if source.task_id is not None or source.join is not None:
                    instance.elements[source.argument] = self._picked(mapping.pick(source, at, length))
        return instance

    def _picked(self, pick: mapping.Pick) -> Any:
        source = pick.source
        if source.join is None:
            return pick.at if source.task_id is None else self._values(source)[pick.at]
        if source.join == "concat":
            (part,) = pick.parts
            return [pick.chosen, self._picked(part) if part is not None else None]
        return [[] if part is None else [self._picked(part)] for part in pick.parts]

    def _values(self, source: MapSource) -> Any:
        """What mapping over a task's value gives."""
        assert source.task_id is not None
        port = LocalPort(self.result.store, Instance(self.dag.dag_id, self.result.run_id, source.task_id))
        found = port.values(source.key, [source.task_id])
        if self.run.plan.is_many(self.run.plan.index[source.task_id]):
            return [value.value for value in found]
        value = found[0].value
        return list(value.items()) if isinstance(value, Mapping) else list(value)

    def _settle(self, key: tuple[str, int], ended: TaskResult, instance: Instance, one: admission.Admitted) -> End:
        outcome = Outcome(ended.outcome)
        if ended.has_value:
            try:
                LocalPort(self.result.store, instance).put(RETURN_KEY, ended.value)
            except Exception as error:
                ended.error = {"type": type(error).__name__, "message": str(error)}
                outcome = Outcome.FAIL_NOW
        if outcome is Outcome.SUCCESS:
            self._note_assets(ended, instance)
        self.result.errors.pop(key, None)
        if ended.error is not None:
            self.result.errors[key] = ended.error
        lengths = {}
        for number, name in self.run.plan.feeds_mapping:
            data = self.result.store.values.get((instance.dag_id, instance.run_id, *key, name))
            if number == one.number and data is not None:
                lengths[name] = _length(values.decode(data, classes=True))
        reason = str(ended.error.get("message")) if ended.error else None
        return End(outcome, time.time(), reason, ended.wake_at, tuple(ended.skip), lengths, error=ended.error)

    def _note_assets(self, ended: TaskResult, instance: Instance) -> None:
        made_by = {name: getattr(instance, name) for name in ("dag_id", "run_id", "task_id", "map_index")}
        known = self.result.store.asset_events
        for event in ended.asset_events:
            known.append({"id": len(known) + 1, "at": time.time(), **made_by, **event})


def _dags_beside(dag: DAG) -> dict[str, DAG]:
    """Those that the same file defines."""
    modules = [m for m in list(sys.modules.values()) if getattr(m, "__file__", None) == dag.fileloc]
    found = {one.dag_id: one for m in modules for one in vars(m).values() if isinstance(one, DAG)}
    return {**found, dag.dag_id: dag}


def _length(value: Any) -> int | None:
    return len(value) if isinstance(value, (list, tuple, set, frozenset, Mapping)) else None
