"""Runs a DAG in this process: for `dag.test()`, a debugger, and tests of one's own DAGs.

Owns a simple order of running and a port that answers from memory. The contract with author code is the engine's own
(`sdk.running`); what differs is that there are no processes, no time limits, and no waiting between tries.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from .core import mapping
from .core.assets import declared_in
from .core.rules import Decision, Tally, decide
from .core.spec import RETURN_KEY, DagSpec, MapSource, TaskSpec, check_graph, to_json
from .core.states import Outcome, TaskState
from .sdk.dag import DAG
from .sdk.describe import describe
from .sdk.port import Value, has_port, port
from .sdk.running import Instance, TaskResult, run
from .sdk.times import read
from .wire import values


@dataclass
class LocalStore:
    """What a run leaves, values by (dag, run, task, map index, key), and what it may ask for."""

    values: dict[tuple[str, str, str, int, str], bytes] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    connections: dict[str, dict[str, Any]] = field(default_factory=dict)
    states: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    runs: dict[tuple[str, str], str] = field(default_factory=dict)
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
        self.store.values[(i.dag_id, i.run_id, i.task_id, i.map_index, key)] = values.encode(value, key).data

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

    def asset(self, name: str | None, uri: str | None) -> dict[str, Any] | None:
        known = [one for spec in self.store.specs.values() for one in declared_in(to_json(spec))]
        return next((one for one in known if one["name"] == name or one["uri"] == uri), None)

    def asset_events(self, **wanted: Any) -> list[dict[str, Any]]:
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

    def mask(self, *secrets: str) -> None:
        self.store.masked += secrets


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


class _Run:
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
        self.dag, self.spec, self.result, self.conf, self.date, self.now, self.sleep = (
            dag,
            spec,
            result,
            conf,
            date,
            now,
            sleep,
        )
        self.left_out: set[str] = set()
        self.ended: dict[str, list[TaskState]] = {}  # by task: how its instances ended

    def all(self) -> None:
        key = (self.result.dag_id, self.result.run_id)
        self.result.store.runs[key] = "running"
        self.result.store.specs[self.result.dag_id] = self.spec
        tasks = {task.task_id: task for task in self.spec.tasks}
        downstream = {up for task in self.spec.tasks for up in task.upstream}
        for task_id in check_graph(self.spec):
            self.ended[task_id] = self._node(tasks[task_id])
            self.result.store.states.setdefault(key, {})[task_id] = self._summary(task_id).value
        leaves = [task_id for task_id in tasks if task_id not in downstream]
        bad = {TaskState.FAILED, TaskState.UPSTREAM_FAILED}
        self.result.state = "failed" if any(self._summary(task_id) in bad for task_id in leaves) else "success"
        self.result.store.runs[key] = self.result.state

    def _summary(self, task_id: str) -> TaskState:
        ended = self.ended[task_id]
        for state in (TaskState.FAILED, TaskState.UPSTREAM_FAILED, TaskState.SUCCESS):
            if state in ended:
                return state
        return TaskState.SKIPPED

    def _node(self, task: TaskSpec) -> list[TaskState]:
        tally = Tally(0)
        for up in task.upstream:
            for state in self.ended[up]:
                tally.count(state)
        decision = decide(task.trigger_rule, tally, bool(task.upstream))
        if task.task_id in self.left_out:
            decision = Decision.SKIP
        if decision is not Decision.RUN:
            state = TaskState.UPSTREAM_FAILED if decision is Decision.UPSTREAM_FAILED else TaskState.SKIPPED
            self.result.states[(task.task_id, -1)] = state.value
            return [state]
        if not task.is_mapped:
            return [self._instance(task, Instance(self.dag.dag_id, self.result.run_id, task.task_id))]
        sources = [self._elements(source) for source in task.mapped]
        if None in sources:
            self.result.states[(task.task_id, -1)] = TaskState.UPSTREAM_FAILED.value
            return [TaskState.UPSTREAM_FAILED]
        return self._group(task, [source for source in sources if source is not None])

    def _group(self, task: TaskSpec, sources: list[list[Any]]) -> list[TaskState]:
        lengths = [len(source) for source in sources]
        n = mapping.count(lengths)
        if n == 0:
            self.result.states[(task.task_id, -1)] = TaskState.SKIPPED.value
            return [TaskState.SKIPPED]
        found: list[TaskState] = []
        for at in range(n):
            instance = Instance(self.dag.dag_id, self.result.run_id, task.task_id, at, mapped_count=n)
            for source, elements, index in zip(task.mapped, sources, mapping.indices(lengths, at), strict=True):
                if source.task_id is None:
                    instance.indices[source.argument] = index
                else:
                    instance.elements[source.argument] = elements[index]
            found.append(self._instance(task, instance))
        return found

    def _elements(self, source: MapSource) -> list[Any] | None:
        """The elements of another task's value; None where it has none to map over."""
        if source.task_id is None:
            return [None] * (source.length or 0)
        upstream = self.spec.task(source.task_id)
        port = LocalPort(self.result.store, Instance(self.dag.dag_id, self.result.run_id, source.task_id))
        found = port.values(source.key, [source.task_id])
        if upstream.is_mapped:
            return [value.value for value in found]
        value = found[0].value if found else None
        if isinstance(value, Mapping):
            return list(value.items())
        return list(value) if isinstance(value, (list, tuple, set, frozenset)) else None

    def _instance(self, task: TaskSpec, instance: Instance) -> TaskState:
        key = (task.task_id, instance.map_index)
        instance.logical_date = instance.interval_start = instance.interval_end = self.date
        instance.run_queued_at = instance.run_started_at = self.now
        instance.conf = self.conf
        while True:
            self.result.tries[key] = instance.try_number
            ended = run(self.dag, instance, LocalPort(self.result.store, instance))
            if ended.outcome == Outcome.RESCHEDULE.value:
                instance.first_poke_at = instance.first_poke_at or self.now
                self.sleep(max(0.0, (ended.wake_at or 0.0) - time.time()))
                continue
            if ended.outcome == Outcome.FAILED.value and instance.try_number <= task.retries:
                instance.try_number += 1
                continue
            return self._settle(key, ended, instance)

    def _settle(self, key: tuple[str, int], ended: TaskResult, instance: Instance) -> TaskState:
        state = {Outcome.SUCCESS.value: TaskState.SUCCESS, Outcome.SKIPPED.value: TaskState.SKIPPED}.get(
            ended.outcome, TaskState.FAILED
        )
        if ended.has_value:
            try:
                LocalPort(self.result.store, instance).put(RETURN_KEY, ended.value)
            except Exception as error:
                ended.error = {"type": type(error).__name__, "message": str(error)}
                state = TaskState.FAILED
        if ended.error is not None:
            self.result.errors[key] = ended.error
        if state is TaskState.SUCCESS:
            self.left_out.update(ended.skip)
            self._note_assets(ended, instance)
        self.result.states[key] = state.value
        return state

    def _note_assets(self, ended: TaskResult, instance: Instance) -> None:
        made_by = {name: getattr(instance, name) for name in ("dag_id", "run_id", "task_id", "map_index")}
        known = self.result.store.asset_events
        for event in ended.asset_events:
            known.append({"id": len(known) + 1, "at": time.time(), **made_by, **event})
