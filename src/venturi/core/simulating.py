"""What a schedule will do: timetables, plan and admission on a clock that is a number, without a store or a process.

Owns the loop from one moment at which something happens to the next, and what is noted of it: every run, which of
them overlap, what tasks wait for, what is missed. The decisions are those of `timetables`, `step` and `admission`.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timezone

from . import admission, step
from .deadlines import GOOD, Reads, name_of, when_of
from .due import DEADLINE
from .places import Pool
from .plan import Plan
from .resources import Machine
from .spec import DagSpec, TaskSpec
from .states import Outcome, RunState, TaskState
from .step import End, Turn
from .timetables import Planned, Timetable, custom_of, timetable_of
from .world import WHOLE, Run, World

Durations = Callable[[str, str], float]  # (DAG, task) → how long an attempt takes, in seconds
RUNS_MAX = 200_000
DEVICES = 16  # GPUs, where nothing is said of the machine; of all else it has enough then
MARGIN_S = 1.0  # a run that is made up for by less than this is not late


@dataclass(slots=True)
class SimulatedRun:
    dag_id: str
    run_id: str
    due: float  # when its timetable lets it start
    logical_date: float | None
    interval: tuple[float, float] | None
    started: float | None = None
    ended: float | None = None
    state: str = "queued"
    beside: int = 0  # how many runs of its DAG were at work as it started
    reason: str | None = None
    made: float = 0.0

    @property
    def late_s(self) -> float:
        return 0.0 if self.started is None else self.started - self.due


@dataclass(slots=True)
class Wait:
    """A task was ready and found no place."""

    dag_id: str
    run_id: str
    task_id: str
    since: float
    until: float
    why: str
    pool: str | None = None  # if it was this pool that had no place


@dataclass(slots=True)
class Missed:
    """A deadline, an SLA or a time limit."""

    dag_id: str
    run_id: str
    what: str
    due: float
    ended: float | None


@dataclass(slots=True)
class Simulation:
    first: float
    last: float
    runs: list[SimulatedRun] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    missed: list[Missed] = field(default_factory=list)
    passed_over: dict[str, int] = field(default_factory=dict)  # dates without a run: the run before took too long
    not_by_time: dict[str, str] = field(default_factory=dict)  # DAG → why none of its runs starts by time
    words: dict[str, str] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)  # what `core.findings` says of it all
    is_cut: bool = False  # more runs than anybody wants to see

    def of(self, dag_id: str) -> list[SimulatedRun]:
        return [run for run in self.runs if run.dag_id == dag_id]

    def overlapping(self, dag_id: str | None = None) -> list[SimulatedRun]:
        """Runs that started while another of their DAG was at work."""
        return [run for run in self.runs if run.beside and dag_id in (None, run.dag_id)]


@dataclass(slots=True)
class _Course:
    """What a run does that has the machine for itself: the same each time, so it is gone through once."""

    run: int
    began: float
    waits_from: int
    passed: dict[str, int]  # pool → how many have been passed over in it since somebody's turn came, as it began
    takes: float = 0.0
    task_ends: list[tuple[TaskSpec, float]] = field(default_factory=list)  # (of a task with an SLA, after the start)
    waits: list[Wait] = field(default_factory=list)


class _Dag:
    """One DAG of the simulation, and the run it will have next."""

    def __init__(self, spec: DagSpec, table: Timetable, last: Planned | None, version: int) -> None:
        self.spec, self.table, self.last = spec, table, last
        self.plan = Plan(spec, version)
        self.earliest = _seconds(spec.start_date)
        self.latest = _seconds(spec.end_date)
        self.planned: Planned | None = None
        self.open: set[int] = set()
        self.course: _Course | None = None
        self.watched: _Course | None = None  # of the run at work, as long as it is alone

    def plan_next(self, now: float) -> None:
        self.planned = self.table.next(self.last, self.earliest, self.latest, self.spec.catchup, now)

    @property
    def has_room(self) -> bool:
        most = self.spec.max_active_runs if self.table.runs_at_once_max is None else self.table.runs_at_once_max
        return len(self.open) < most


def simulate(
    specs: Iterable[DagSpec],
    first: float,
    last: float,
    durations: Durations = lambda dag_id, task_id: 0.0,
    *,
    slots: int = 64,
    pools: dict[str, int] | None = None,
    machine: Machine | None = None,
    runs_before: dict[str, Planned] | None = None,
    runs_max: int = RUNS_MAX,
) -> Simulation:
    """Every run that is due from `first` on and not after `last`, to its end, however late that is.

    A DAG without a run before is taken as new at `first`. Raises ValueError for a schedule that cannot be.
    """
    made = _Simulator(Simulation(first, last), durations, slots, pools or {}, runs_max)
    made.world.machine = machine or Machine(devices=[str(n) for n in range(DEVICES)])
    for spec in specs:
        made.take(spec, (runs_before or {}).get(spec.dag_id))
    made.run()
    return made.found


class _Simulator:
    def __init__(
        self, found: Simulation, durations: Durations, slots: int, pools: dict[str, int], runs_max: int
    ) -> None:
        self.found, self.durations, self.runs_max = found, durations, runs_max
        self.now = found.first
        self.world = World(slots)
        self.world.pools.update({name: Pool(size) for name, size in pools.items()})
        self.dags: list[_Dag] = []
        self.ends: list[tuple[float, int, Outcome]] = []  # (at, token, how) of attempts at work
        self.by_id: dict[int, tuple[SimulatedRun, _Dag]] = {}
        self.ready: dict[tuple[int, str, int], tuple[float, str, str | None]] = {}
        self.tokens = self.ids = 0

    def take(self, spec: DagSpec, last: Planned | None) -> None:
        dag = self.world.dag(spec.dag_id)
        dag.max_active_tasks, dag.max_active_runs = spec.max_active_tasks, spec.max_active_runs
        dag.limits_each_run = spec.limits_each_run
        table = timetable_of(spec)
        if table is None:
            own = "its timetable is a class of its own, whose dates are known when it runs"
            by_assets = isinstance(spec.schedule, dict) and "assets" in spec.schedule
            self.found.not_by_time[spec.dag_id] = (
                own if custom_of(spec) else "assets start it" if by_assets else "it has no schedule"
            )
            return
        self.found.words[spec.dag_id] = table.words()
        made = _Dag(spec, table, last, len(self.dags) + 1)
        made.plan_next(self.now)
        self.dags.append(made)

    def run(self) -> None:
        while True:
            turn = Turn(self.now)
            self._end_attempts(turn)
            self._wake(turn)
            self._make_runs()
            admission.start_runs(self.world, turn)
            admitted = admission.admit(self.world, turn, self._next_token)
            for one in admitted:
                self._start(one, turn)
            self._note(turn, admitted)
            then = self._next_moment()
            if then is None:
                break
            self.now = max(self.now, then)
        for run, _ in self.by_id.values():
            run.state = "running" if run.started is not None else "queued"
            run.reason = run.reason or "it comes to no end"

    def _next_moment(self) -> float | None:
        world = self.world
        known = [self.ends[0][0]] if self.ends else []
        known += [queue[0][0] for queue in (world.timers, world.time_limits) if queue]
        known += [
            max(dag.planned.run_after, self.now)
            for dag in self.dags
            if dag.planned is not None and dag.has_room and dag.planned.run_after <= self.found.last
        ]
        return min(known) if known and not self.found.is_cut else None

    # ── what happens at a moment ──

    def _end_attempts(self, turn: Turn) -> None:
        while self.ends and self.ends[0][0] <= self.now:
            _, token, outcome = heapq.heappop(self.ends)
            if token in self.world.by_token:
                self._ended(token, outcome, None, turn)

    def _ended(self, token: int, outcome: Outcome, reason: str | None, turn: Turn) -> None:
        run, number, map_index, cell = self.world.by_token[token]
        ended = self.by_id[run.id]
        lengths: dict[str, int | None] = {key: 1 for n, key in run.plan.feeds_mapping if n == number}
        end = End(outcome, self.now, reason, lengths=lengths)
        step.ended(self.world, run, number, map_index, cell, end, turn, 0)
        task, (seen, dag) = run.plan.tasks[number], ended
        self._check_sla(seen, task, self.now)
        if dag.watched is not None and task.sla_s is not None:
            dag.watched.task_ends.append((task, self.now - dag.watched.began))

    def _wake(self, turn: Turn) -> None:
        world = self.world
        while world.timers and world.timers[0][0] <= self.now:
            _, run_id, number, map_index, token = heapq.heappop(world.timers)
            run = world.runs.get(run_id)
            node = None if run is None else run.nodes[number]
            cell = None if node is None else node.cell if map_index == WHOLE else node.live.get(map_index)
            if run is not None and cell is not None and cell.token == token and cell.wake_at is not None:
                step.due(world, run, number, map_index, cell, turn)
        while world.time_limits and world.time_limits[0][0] <= self.now:
            at, run_id = heapq.heappop(world.time_limits)
            run = world.runs.get(run_id)
            if run is not None:
                self._miss(self.by_id[run_id][0], "its time limit (dagrun_timeout)", at, None)
                step.out_of_time(world, run, turn)
        while turn.cancels:
            token, reason = turn.cancels.pop()
            if token in world.by_token:
                self._ended(token, Outcome.CANCELLED, reason, turn)

    def _make_runs(self) -> None:
        for dag in self.dags:
            while (planned := dag.planned) is not None and self._is_due(dag, planned):
                if len(self.found.runs) >= self.runs_max:
                    self.found.is_cut = True
                    return
                dag.last = planned
                if dag.table.needs_end_of_last:
                    dag.planned = None  # it is planned when this one has ended
                else:
                    dag.plan_next(self.now)
                self.ids += 1
                if self._is_alone(dag):
                    self._repeat(dag, planned)
                else:
                    self._make(dag, planned)
                self._note_passed_over(dag, planned)

    def _is_alone(self, dag: _Dag) -> bool:
        """Whether this run has the machine for itself until its end, and how that goes is known."""
        if dag.course is None or self.world.runs or dag.table.needs_end_of_last:
            return False
        end = self.now + dag.course.takes
        return all(each.planned is None or each.planned.run_after > end for each in self.dags)

    def _repeat(self, dag: _Dag, planned: Planned) -> None:
        assert dag.course is not None
        seen = self._seen(dag, planned)
        seen.started, seen.ended, seen.state = self.now, self.now + dag.course.takes, "success"
        later = self.now - dag.course.began
        for wait in dag.course.waits:
            since, until = wait.since + later, wait.until + later
            self.found.waits.append(Wait(wait.dag_id, seen.run_id, wait.task_id, since, until, wait.why, wait.pool))
        for task, after in dag.course.task_ends:
            self._check_sla(seen, task, self.now + after)
        self._check_deadlines(seen, dag)

    def _is_due(self, dag: _Dag, planned: Planned) -> bool:
        return planned.run_after <= min(self.now, self.found.last) and dag.has_room

    def _seen(self, dag: _Dag, planned: Planned) -> SimulatedRun:
        run_id, due = dag.table.run_id(planned), planned.run_after
        seen = SimulatedRun(dag.spec.dag_id, run_id, due, planned.logical_date, planned.interval, made=self.now)
        self.found.runs.append(seen)
        return seen

    def _make(self, dag: _Dag, planned: Planned) -> None:
        alone = not self.world.runs
        dag.watched = _Course(self.ids, self.now, len(self.found.waits), self._passed()) if alone else None
        run = Run(self.ids, dag.spec.dag_id, dag.table.run_id(planned), dag.plan)
        run.run_type, run.queued_at, run.logical_date = "scheduled", self.now, planned.logical_date
        run.interval_start, run.interval_end = planned.interval or (planned.logical_date, planned.logical_date)
        self.world.add(run)
        dag.open.add(run.id)
        self.by_id[run.id] = (self._seen(dag, planned), dag)

    def _note_passed_over(self, dag: _Dag, made: Planned) -> None:
        following = dag.planned
        if dag.spec.catchup or following is None or self.now - made.run_after < MARGIN_S:
            return
        low, high = made.logical_date, following.logical_date
        if low is not None and high is not None:
            between = sum(low < (p.logical_date or 0.0) < high for p in dag.table.between(low, high))
            if between:
                self.found.passed_over[dag.spec.dag_id] = self.found.passed_over.get(dag.spec.dag_id, 0) + between

    def _start(self, one: admission.Admitted, turn: Turn) -> None:
        task = one.run.plan.tasks[one.number]
        step.started(one.run, one.number, one.map_index, one.cell, 1, self.now, turn)
        takes, outcome = max(0.0, self.durations(one.run.dag_id, task.task_id)), Outcome.SUCCESS
        if task.time_limit_s is not None and takes > task.time_limit_s:
            takes, outcome = task.time_limit_s, Outcome.FAILED
            seen, _ = self.by_id[one.run.id]
            self._miss(seen, f"the time limit of {task.task_id} (execution_timeout)", self.now + takes, None)
        heapq.heappush(self.ends, (self.now + takes, one.cell.token, outcome))

    def _next_token(self) -> int:
        self.tokens += 1
        return self.tokens

    # ── what is noted ──

    def _note(self, turn: Turn, admitted: list[admission.Admitted]) -> None:
        for move in turn.batch.run_moves:
            seen, _ = self.by_id[move.run]
            if move.after is RunState.RUNNING and seen.started is None:
                seen.started, seen.state = self.now, "running"
                seen.beside = self.world.dag(seen.dag_id).running - 1
        fresh = {
            (move.run, move.task_id, move.map_index)
            for move in turn.batch.task_moves
            if move.after is TaskState.SCHEDULED
        }
        for one in admitted:
            key = (one.run.id, one.run.plan.tasks[one.number].task_id, one.map_index)
            fresh.discard(key)
            group = (key[0], key[1], WHOLE)
            waited = self.ready.pop(key, None) or (self.ready.get(group) if one.map_index != WHOLE else None)
            if waited is not None:
                since, why, pool = waited
                self.found.waits.append(Wait(one.run.dag_id, one.run.run_id, key[1], since, self.now, why, pool))
        if fresh or turn.groups:
            self._note_waiting(fresh, turn)
        for run in turn.finished_runs:
            self._note_ended(run)
        self.world.calls_due.clear()

    def _note_waiting(self, fresh: set[tuple[int, str, int]], turn: Turn) -> None:
        """Of what has become ready and has found no place: since when, and why not."""
        for run_id in {key[0] for key in fresh} | {key[0] for key in turn.groups}:
            run = self.world.runs.get(run_id)
            for lane in run.lanes.values() if run is not None else ():
                if not lane.entries:
                    continue
                why = None
                for _, number, map_index in lane.entries:
                    key = (lane.run.id, lane.run.plan.tasks[number].task_id, map_index)
                    if key not in self.ready and (key in fresh or lane.run.nodes[number].n):
                        why = why or admission.lane_waits_for(self.world, lane) or "order"
                        pool = lane.pool if why == "pool" else None
                        self.ready[key] = (self.now, _WHY.get(why, f"all {why} in use"), pool)

    def _passed(self) -> dict[str, int]:
        """What a run leaves behind for those after it, so that they do not all go alike."""
        return {name: pool.passed for name, pool in self.world.pools.items() if pool.passed}

    def _note_ended(self, run: Run) -> None:
        seen, dag = self.by_id.pop(run.id)
        seen.ended, seen.state, seen.reason = self.now, run.state.value, run.reason
        dag.open.discard(run.id)
        for key in [key for key in self.ready if key[0] == run.id]:
            del self.ready[key]
        self._check_deadlines(seen, dag)
        if run.state is not RunState.SUCCESS:
            self._check_what_failed(seen, run)
        watched, dag.watched = dag.watched, None
        alone = watched is not None and watched.run == run.id == self.ids
        if watched is not None and alone and run.state is RunState.SUCCESS and watched.passed == self._passed():
            watched.takes = self.now - watched.began
            watched.waits = self.found.waits[watched.waits_from :]
            dag.course = watched
        elif run.state is not RunState.SUCCESS:
            dag.course = None  # what looks back at this one goes otherwise
        if dag.table.needs_end_of_last and self.now < self.found.last:
            dag.plan_next(self.now)
            if dag.planned is not None and dag.planned.run_after <= seen.due:
                dag.planned = None  # runs that take no time would follow each other for ever
                self.found.not_by_time[seen.dag_id] = "each run starts when the last has ended: say how long tasks take"

    def _check_deadlines(self, seen: SimulatedRun, dag: _Dag) -> None:
        """What has not succeeded by then has missed it. What only the real run knows (a variable) is left out."""
        reads = Reads(lambda limit: self._took(seen, limit), lambda key: None)
        for alert in dag.spec.deadlines:
            due = when_of(alert, seen.made, seen.logical_date, seen.made, reads).at
            if due is not None and seen.ended is not None and (due < seen.ended or seen.state != "success"):
                self._miss(seen, name_of(DEADLINE, alert), due, seen.ended if due < seen.ended else None)

    def _took(self, seen: SimulatedRun, limit: int) -> list[float]:
        """How long the last runs of its DAG took that had ended when this one was made."""
        found: list[float] = []
        for run in reversed(self.found.runs):
            ended, started = run.ended, run.started
            if run.dag_id == seen.dag_id and ended is not None and started is not None and ended <= seen.made:
                found.append(ended - started)
                if len(found) == limit:
                    break
        return found

    def _check_sla(self, seen: SimulatedRun, task: TaskSpec, ended: float) -> None:
        end = seen.interval[1] if seen.interval is not None else seen.due
        if task.sla_s is not None and ended > end + task.sla_s:
            self._miss(seen, f"the SLA of {task.task_id}", end + task.sla_s, ended)

    def _check_what_failed(self, seen: SimulatedRun, run: Run) -> None:
        """What never succeeds has no SLA kept, however early it has failed."""
        end = seen.interval[1] if seen.interval is not None else seen.due
        for task, node in zip(run.plan.tasks, run.nodes, strict=True):
            if task.sla_s is not None and node.state not in GOOD and self.now <= end + task.sla_s:
                self._miss(seen, f"the SLA of {task.task_id}", end + task.sla_s, None)

    def _miss(self, seen: SimulatedRun, what: str, due: float, ended: float | None) -> None:
        self.found.missed.append(Missed(seen.dag_id, seen.run_id, what, due, ended))


_WHY = {  # what keeps a lane, by the names of `admission`
    "pool": "its pool",
    "slots": "all slots of the machine",
    "dag_tasks": "max_active_tasks of its DAG",
    "run_tasks": "max_active_tasks of its run",
    "task_in_dag": "max_active_tis_per_dag",
    "task_in_run": "max_active_tis_per_dagrun",
    "order": "others come first",
}


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone.utc)).timestamp()
