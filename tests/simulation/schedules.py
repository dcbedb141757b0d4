"""One seeded schedule: a random DAG on the real engine and the real store over a fake crew, with crashes in between.

The invariants are judged from outside: from what the fake crew saw, and from the database and its event log.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from venturi.config import Config
from venturi.core.errors import DatabaseLost
from venturi.core.moves import Batch, DagVersion
from venturi.core.past import holds
from venturi.core.plan import Plan
from venturi.core.rules import RULES
from venturi.core.spec import DagSpec, GroupSpec, MapSource, TaskSpec, to_json
from venturi.core.states import FINAL, LIVE, RunState, TaskState
from venturi.core.step import Turn
from venturi.engine import turn as engine_turn
from venturi.engine.clock import WallClock
from venturi.engine.commands import Commands
from venturi.engine.dagfiles import DagFiles
from venturi.engine.turn import Engine
from venturi.store import Store
from venturi.wire import messages

from .consumers import Consumers
from .fake_crew import FakeCrew, Plans
from .people import People, Taken, is_word

STEPS = 60
CALM_STEPS_MAX = 20_000  # a start limit takes one step, a day of dates made up for thousands


class SimulatedCrash(BaseException):
    """kill -9 of the engine, at a named point."""


class Flaky:
    """The store, over a connection that breaks: before a commit reaches the database, or before its answer comes."""

    def __init__(self, store: Store, schedule: Schedule) -> None:
        self._store, self._schedule = store, schedule

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def commit(self, batch: Batch, epoch: int) -> int:
        fate = self._schedule.fate_of_a_commit()
        if fate == "lost before":
            raise DatabaseLost(reason=fate)
        last_event = self._store.commit(batch, epoch)
        if fate == "lost after":
            raise DatabaseLost(reason=fate)
        return last_event


@dataclass
class Report:
    seed: int
    tasks: int
    attempts: int
    engine_crashes: int
    crew_crashes: int
    problems: list[str]
    losses: int = 0  # of the database


def random_dag(rng: random.Random, dag_id: str) -> DagSpec:
    n = rng.randint(1, 9)
    tasks: list[TaskSpec] = []
    group = random_group(rng, n)
    has_setups = rng.random() < 0.2
    for i in range(n):
        ups = sorted(rng.sample(range(i), k=min(i, rng.choice([0, 1, 1, 2, 3]))))
        mapped: tuple[MapSource, ...] = ()
        grouped = i in group[0]
        if not grouped and rng.random() < 0.25:
            plain = [u for u in ups if not tasks[u].no_process]
            if plain and rng.random() < 0.6:
                mapped = (MapSource("x", None, f"t{rng.choice(plain)}"),)
            else:
                mapped = (MapSource("x", rng.randint(0, 4)),)
        tasks.append(
            TaskSpec(
                f"t{i}",
                upstream=tuple(f"t{u}" for u in ups),
                trigger_rule="all_success" if rng.random() < 0.7 else rng.choice(sorted(RULES)),
                retries=rng.choice([0, 0, 1, 3]),
                retry_delay_s=rng.choice([0.0, 1.0, 3.0]),
                pool=rng.choice(["default_pool", "default_pool", "narrow"]),
                priority_weight=rng.randint(1, 3),
                max_active_per_dag=rng.choice([None, None, None, 1]),
                max_active_per_run=rng.choice([None, None, None, 1, 2]),
                isolation=rng.choice(["fork", "fork", "reuse"]),
                is_mapped=bool(mapped),
                mapped=mapped,
                no_process=not mapped and rng.random() < 0.1,
                group_id="g" if grouped else None,
                is_setup=has_setups and rng.random() < 0.3,
                calls=rng.choice([(), (), ("success", "failure"), ("success", "failure", "retry", "skipped")]),
            )
        )
    if has_setups and len(tasks) > 1 and tasks[-1].upstream:
        tasks[-1] = replace(tasks[-1], is_setup=False, is_teardown=True, trigger_rule="all_done_setup_success")
    groups = (GroupSpec("g", mapped=group[1]),) if group[0] else ()
    calls = rng.choice([(), ("failure",), ("success", "failure")])
    return DagSpec(
        dag_id,
        tasks=tuple(tasks),
        groups=groups,
        max_active_tasks=rng.randint(1, 6),
        fail_fast=rng.random() < 0.15,
        calls=calls,
    )


def random_group(rng: random.Random, n: int) -> tuple[range, tuple[MapSource, ...]]:
    """Some tasks in a row, and what they are mapped over: literals, or the value of a task before them."""
    if n < 2 or rng.random() < 0.5:
        return range(0), ()
    first = rng.randint(0, n - 1)
    members = range(first, min(n, first + rng.randint(1, 4)))
    if first and rng.random() < 0.5:
        return members, (MapSource("x", None, f"t{rng.randrange(first)}"),)
    return members, (MapSource("x", rng.randint(0, 4)),)


def with_teardowns(spec: DagSpec) -> DagSpec:
    """The same DAG, in which the first task is a setup and the last of its mapped group, and of all, takes down."""
    tasks = list(spec.tasks)
    inside = [i for i, task in enumerate(tasks) if task.group_id]
    setups = {0: len(tasks) - 1, **({inside[0]: inside[-1]} if len(inside) > 1 else {})}
    for setup, teardown in setups.items():
        if setup == teardown or tasks[teardown].is_setup:
            continue
        tasks[setup] = replace(tasks[setup], is_setup=True, is_teardown=False, trigger_rule="all_success")
        upstream = tuple(sorted({*tasks[teardown].upstream, tasks[setup].task_id}))
        tasks[teardown] = replace(
            tasks[teardown],
            upstream=upstream,
            is_setup=False,
            is_teardown=True,
            is_mapped=False,
            mapped=(),
            trigger_rule="all_done_setup_success",
        )
    return replace(spec, tasks=tuple(tasks))


def looking_back(task: TaskSpec, rng: random.Random) -> TaskSpec:
    roll = rng.random()
    return replace(task, depends_on_past=roll < 0.5, wait_for_downstream=roll < 0.2, skips_after_past=roll < 0.1)


def asking(task: TaskSpec, rng: random.Random) -> TaskSpec:
    """Of the two devices and four cores; a few ask for more than there is."""
    asked: list[dict[str, Any] | None] = [None, {"gpus": 0.5}, {"gpus": 0.25, "cpus": 1}, {"gpus": 1}, {"gpus": 2}]
    return replace(task, resources=rng.choice([*asked, *asked, {"cpus": 3}, {"gpus": 3}]))


class Schedule:
    def __init__(self, seed: int, store: Store) -> None:
        self.rng = random.Random(seed)
        self.seed = seed
        self.store = store
        self.crashes_armed = True
        self.engine_crashes = self.crew_crashes = 0
        plans = Plans(
            lose_attempt=self.rng.choice([0, 0, 0.1]),
            duplicate=self.rng.choice([0, 0.3]),
            shuffle=self.rng.choice([0, 0.3]),
            fail=self.rng.choice([0, 0.2, 0.5]),
        )
        self.crew = FakeCrew(self.rng, plans, slots=self.rng.randint(1, 4))
        self.crash_odds = self.rng.choice([0, 0.02, 0.1])
        self.loss_rng = random.Random(f"losses of {seed}")  # its own: the schedules without losses stay as they are
        self.loss_odds = 0.1 if seed % 4 == 3 else 0.0
        self.losses = 0
        self.now = 1_000_000.0
        self.dag_id = f"d{seed}"
        self.spec = random_dag(self.rng, self.dag_id)
        self.cancel_rng = random.Random(f"cancels of {seed}")
        self.cancel_odds = 0.04 if seed % 5 == 2 else 0.0
        self.given_up = 0
        self.cancelled: Counter[int] = Counter()  # how often somebody has cancelled a run
        if self.cancel_odds:
            self.spec = replace(with_teardowns(self.spec), run_timeout_s=self.cancel_rng.choice([None, None, 20.0]))
        past_rng = random.Random(f"the past of {seed}")
        self.past = seed % 5 == 3  # some of its tasks depend on the past
        if self.past:
            self.spec = replace(self.spec, tasks=tuple(looking_back(task, past_rng) for task in self.spec.tasks))
        self.consumers: Consumers | None = None
        if seed % 6 == 1:
            self.crew.asset_prefix = f"{seed}."
            names = [f"{seed}.{task.task_id}" for task in self.spec.tasks]
            self.consumers = Consumers(seed, names, f"{seed}.all")
        # The simulation counts losses itself.
        start_timeout_s = 8.0 if seed % 7 == 4 else 0.0
        self.config = Config(
            infrastructure_retries=1000, start_timeout_s=start_timeout_s, resources_cpus=4, resources_gpus="x,y"
        )
        if seed % 30 in (0, 4, 10, 16):  # of which nothing else is made different
            machine_rng = random.Random(f"the machine of {seed}")
            self.spec = replace(self.spec, tasks=tuple(asking(task, machine_rng) for task in self.spec.tasks))
            self.crew.asked = {t.task_id: t.resources or {} for t in self.spec.tasks}
        self.people = People(seed, self.spec, self.dag_id) if seed % 9 == 8 else None
        self.crew.runs_end_again = self.people is not None
        self.run_ids: list[int] = []
        self.engine: Engine | None = None
        with store.reader() as reader:
            self.first_event = reader.last_event()

    # ── mishaps ──

    def crash_at(self, name: str) -> None:
        if self.crashes_armed and self.rng.random() < self.crash_odds:
            raise SimulatedCrash(name)

    def fate_of_a_commit(self) -> str:
        if self.crashes_armed and self.loss_rng.random() < self.loss_odds:
            self.losses += 1
            return self.loss_rng.choice(["lost before", "lost after"])
        return "done"

    def start_engine(self) -> Engine:
        engine = Engine(Flaky(self.store, self), self.crew, self.config, Path("/nonexistent"))  # type: ignore[arg-type]
        commands = Commands(engine, DagFiles(engine, []), WallClock())
        self.make_run = commands.make_run
        self.engine = engine
        self.crew.connect()
        return engine

    def engine_turn(self, commands: list[Any] | None = None) -> None:
        engine = self.engine or self.start_engine()
        self.crew.now = self.now
        if not self.crew.connected:
            self.crew.connect()
        try:
            engine.turn(self.crew.poll(), commands or [], self.now)
            if engine.waits and self.rng.random() < 0.5:
                engine.finish()
        except SimulatedCrash:
            self.engine_crashes += 1
            self.engine = None
            self.crew.engine_crashed()
            if commands:
                raise
        except DatabaseLost:
            engine.restart()
            self.crew.connect()

    # ── the schedule ──

    def run(self) -> Report:
        before, engine_turn.crash_at = engine_turn.crash_at, self.crash_at
        try:
            self.begin()
            for _ in range(STEPS):
                self.step()
            self.calm_down()
            if self.people is not None:
                self.resume_all(self.people)
        finally:
            engine_turn.crash_at = before
        attempts = sum(self.crew.tokens_begun.values())
        problems = [*self.crew.problems, *self.check()]
        crashes = self.engine_crashes, self.crew_crashes
        return Report(self.seed, len(self.spec.tasks), attempts, *crashes, problems, self.losses)

    def begin(self) -> None:
        self.crashes_armed = False
        engine = self.start_engine()
        raw = to_json(self.spec)
        source = {"load": messages.source("f", "/", [], "python", "v"), "modules": {}}

        def declare(turn: Turn) -> None:
            version = DagVersion(engine.versions.take_id(), self.dag_id, "h", raw, source, turn.now, paused=False)
            engine.versions.add(version, Plan(self.spec, version.id))
            engine.world.dag(self.dag_id).max_active_tasks = self.spec.max_active_tasks
            turn.batch.versions.append(version)
            if self.consumers is not None:
                self.consumers.declare(engine, turn)

        def trigger(turn: Turn) -> None:
            self.run_ids.append(self.make_run(self.dag_id, turn).id)

        self.engine_turn([declare])
        for _ in range(3 if self.past else self.rng.choice([1, 1, 2])):
            self.now += 1
            self.engine_turn([trigger])
        self.crashes_armed = True

    def cancel_one(self) -> None:
        number = self.cancel_rng.choice(self.run_ids)

        def cancel(turn: Turn) -> None:
            assert self.engine is not None
            run = self.engine.world.runs.get(number)
            if run is not None:
                self.cancelled[number] += 1
                self.engine.cancel_run(run, "cancelled by ann", turn)

        try:
            self.engine_turn([cancel])
        except SimulatedCrash:
            pass

    def let_people_act(self, people: People) -> None:
        said = people.act(self.engine, self.run_ids) if self.engine is not None else None
        if said is not None:
            try:
                self.engine_turn([said])
            except SimulatedCrash:
                pass

    def resume_all(self, people: People) -> None:
        """What has failed goes on, with nothing to fail it any more."""
        engine = self.engine or self.start_engine()
        for number in self.run_ids:
            row = engine.reader.run_by_id(number)
            assert row is not None
            people.asked.add(number)
            self.engine_turn([people.resume(engine, row.run_id)])
        self.calm_down()

    def step(self) -> None:
        if self.people is not None:
            self.let_people_act(self.people)
        if self.cancel_rng.random() < self.cancel_odds:
            self.cancel_one()
        if self.consumers is not None and (commands := self.consumers.step(self.engine)):
            try:
                self.engine_turn(commands)
            except SimulatedCrash:
                pass
        roll = self.rng.random()
        if roll < 0.45:
            self.crew.act()
        elif roll < 0.9:
            self.engine_turn()
        elif roll < 0.97:
            self.now += self.rng.choice([0.1, 1.0, 10.0])
        elif self.rng.random() < 0.5 and self.crash_odds:
            self.crew_crashes += 1
            self.crew.crash()
        elif self.crash_odds:
            self.engine_crashes += 1
            self.engine = None
            self.crew.engine_crashed()

    def calm_down(self) -> None:
        """No more mishaps: everything must come to its end."""
        self.crashes_armed = False
        self.crew.plans = Plans(fail=0.0, skip=0.0, reschedule=0.0, defer=0.0, never_fires=0.0)
        if self.consumers is not None:
            self.engine_turn(self.consumers.go_on(self.engine or self.start_engine()))
        for _ in range(CALM_STEPS_MAX):
            self.crew.act()
            self.engine_turn()
            assert self.engine is not None
            world, timer = self.engine.world, self.engine.next_timer()
            left = world.runs or world.calls or world.calls_due or self.crew.attempts or self.crew.triggers
            if not left and world.capacity.online and (timer is None or timer > self.now):
                return
            if timer is not None:
                self.now = max(self.now, timer)
            elif not world.by_token:
                self.let_go()
            self.now += 0.1

    def let_go(self) -> None:
        """A task waits for a past that has failed, and so for a person: she gives its run up."""
        engine = self.engine
        assert engine is not None
        for number, task in engine.world.dag(self.dag_id).held:
            run = engine.world.runs[number]
            if holds(run, task) is not None:
                self.given_up += 1
                self.cancelled[number] += 1
                self.engine_turn([partial(engine.cancel_run, run, "cancelled by ann")])
                return

    # ── the invariants ──

    def check(self) -> list[str]:
        problems: list[str] = []
        reader = self.store.reader()
        try:
            for number in self.run_ids:
                problems += self.check_run(number, reader)
            problems += self.check_past(reader)
            if self.consumers is not None:
                problems += self.consumers.check(reader, self.crew.asset_prefix)
        finally:
            reader.close()
        for token, n in self.crew.tokens_begun.items():
            if n > 1:
                problems.append(f"token {token} ran {n} times")
        for what, times in (("the event of", self.crew.resumed), ("callbacks of", self.crew.called)):
            problems += [f"{what} {key} came {n} times" for key, n in times.items() if n > 1]
        if self.crew.triggers:
            problems.append(f"triggers left: {sorted(self.crew.triggers)}")
        if self.crew.attempts:
            problems.append(f"attempts left: {sorted(self.crew.attempts)}")
        return problems

    def check_run(self, number: int, reader: Any) -> list[str]:
        problems = []
        run = reader.run_by_id(number)
        if run is None or RunState(run.state) not in (RunState.SUCCESS, RunState.FAILED):
            return [f"run {number} is {run and run.state}"]
        replay = Replay(self.spec)
        for event in (e for e in reader.events_after(self.first_event, 1_000_000) if e.run == number):
            if event.kind == "moves":
                problems += replay.take(event.data)
            elif event.kind == "run":
                problems += self.check_run_move(number, event.data, replay)
        if any(word.becomes for word in reader.interventions(number)):
            problems.append(f"what somebody has said of run {number} is not done")
        for row in reader.instances(number).rows:
            state = TaskState(row.state)
            if state not in FINAL:
                problems.append(f"{row.task_id}[{row.map_index}] was left {state.value}")
            key = (row.task_id, row.map_index)
            if (replay.states.get(key) or replay.removed.get(key)) is not state:
                problems.append(f"the log disagrees about {row.task_id}[{row.map_index}]")
        if any(reader.deferral(number, row.task_id, row.map_index) for row in reader.instances(number).rows):
            problems.append("a deferral was left")
        problems += self.check_teardowns(number, reader)
        calls = reader.calls(number)
        problems += [f"call {c.id} is {c.state}" for c in calls if c.state != "done"]
        made = Counter((c.task_id, c.map_index, c.kind) for c in calls if c.kind not in ("deadline", "sla"))
        outcomes = {a.token: a.outcome for a in reader.attempts(number)}
        due = Counter(key for key, token, word in replay.ends if self.is_due(key, outcomes.get(token), word))
        if made != due:
            problems.append(f"callbacks due were {dict(due)}, made were {dict(made)}")
        return problems + self.check_assets(run, reader, replay.taken.tokens)

    def check_run_move(self, number: int, told: list[Any], replay: Replay) -> list[str]:
        before, after, *_ = told
        if before == RunState.RUNNING.value and after in ("success", "failed"):
            replay.ends.append((("", -1, "success" if after == "success" else "failure"), 0, False))
        asked = self.people is not None and self.people.asked
        if before in ("success", "failed") and not asked:
            return [f"run {number} was {before} and became {after} though nobody said so"]
        return []

    def is_due(self, key: tuple[str, int, str], outcome: str | None, word: bool) -> bool:
        """Whether this end makes its callbacks due. What was halted or marked before it began has none: its author is
        told of no end."""
        task_id, _, kind = key
        if task_id and outcome is None and (word or kind == "skipped"):
            return False
        if task_id and kind == "skipped" and not word and outcome != "skipped":
            return False
        return kind in self.wanted_calls(task_id)

    def check_past(self, reader: Any) -> list[str]:
        """What depends on the past has run only after it was good."""
        if self.people is not None:
            return []  # what was good then may have been taken back since
        problems = []
        states = [reader.task_states(self.dag_id, reader.run_by_id(n).run_id) for n in self.run_ids]
        for task in (t for t in self.spec.tasks if t.depends_on_past):
            needs = [task.task_id]
            if task.wait_for_downstream:
                needs += [t.task_id for t in self.spec.tasks if task.task_id in t.upstream]
            for at in range(1, len(self.run_ids)):
                rows = reader.attempts(self.run_ids[at])
                if any(row.task_id == task.task_id for row in rows):
                    bad = [name for name in needs if states[at - 1][name] not in ("success", "skipped")]
                    problems += [f"{task.task_id} of run {at} ran although {name} before it had not" for name in bad]
        return problems

    def check_teardowns(self, number: int, reader: Any) -> list[str]:
        """What a setup has made is taken down, whoever ends the run; but for those who say so twice."""
        if self.people is not None and self.people.marked:
            return []
        if self.cancelled[number] + (self.spec.run_timeout_s is not None) > 1:
            return []
        rows = {(row.task_id, row.map_index): row for row in reader.instances(number).rows}
        problems = []
        for (task_id, map_index), row in rows.items():
            task = self.spec.task(task_id)
            if task.no_process or row.token or not task.is_teardown or "mapped over" in (row.reason or ""):
                continue
            setups = [up for up in task.upstream if self.spec.task(up).is_setup]
            made = [rows.get((up, map_index)) or rows.get((up, -1)) for up in setups]
            if task.trigger_rule == "all_done_setup_success" and any(up and up.state == "success" for up in made):
                problems.append(f"the teardown {task_id}[{map_index}] never ran: {row.reason}")
        return problems

    def check_assets(self, run: Any, reader: Any, void: set[int]) -> list[str]:
        """Exactly the successes that said something of an asset have an event of it."""
        said = {e["extra"]["token"] for e in reader.asset_events(uri=f"s3://{run.run_id}") if e["dag_id"] == run.dag_id}
        succeeded = {a.token for a in reader.attempts(run.id) if a.outcome == "success"} - void
        meant = {token for token in self.crew.said_of_assets if token in succeeded}
        return [f"attempt {token} of run {run.run_id}: its asset event is wrong" for token in said ^ meant]

    def wanted_calls(self, task_id: str) -> tuple[str, ...]:
        return self.spec.task(task_id).calls if task_id else self.spec.calls


_KINDS = {"success": "success", "failed": "failure", "skipped": "skipped", "up_for_retry": "retry"}


class Replay:
    """The event log played again, each line judged by what the lines before it allow."""

    def __init__(self, spec: DagSpec) -> None:
        self.spec = spec
        self.tasks = {t.task_id: t for t in spec.tasks}
        self.states: dict[tuple[str, int], TaskState] = {}
        self.removed: dict[tuple[str, int], TaskState] = {}
        self.ends: list[tuple[tuple[str, int, str], int, bool]] = []  # (task, index, kind), token, on somebody's word
        self.taken = Taken(spec)
        self.marked: set[str] = set()  # tasks that somebody has marked

    def take(self, moves: list[list[Any]]) -> list[str]:
        problems = []
        for task_id, map_index, before, after, token, *reason in moves:
            key = (task_id, map_index)
            was = self.states.get(key) or self.removed.pop(key, TaskState.NONE)
            name = f"{task_id}[{map_index}]"
            if was.value != before:
                problems.append(f"{name} moved from {before} while it was {was.value}")
            problems += self.taken.take((task_id, map_index), was, TaskState(after), token, reason)
            if after == TaskState.SCHEDULED.value and was is TaskState.NONE:
                problems += self._ready(task_id, map_index)
            self.states[task_id, map_index] = TaskState(after)
            if after in (TaskState.NONE.value, TaskState.REMOVED.value):
                del self.states[task_id, map_index]  # of a mapped task, there may be fewer when it runs again
                self.removed[task_id, map_index] = TaskState(after)
            if is_word(reason) and reason[0].startswith("marked"):
                self.marked.add(task_id)
            if was in LIVE and after in _KINDS:
                self.ends.append(((task_id, map_index, _KINDS[after]), token, is_word(reason)))
        return problems + self._limits()

    def _ready(self, task_id: str, map_index: int) -> list[str]:
        """Downstream only after the upstream's commit: of the rules that need them all, each must be settled. Inside
        a mapped group that is asked of the upstream's instance at the same index."""
        task = self.tasks[task_id]
        if task.trigger_rule not in ("all_success", "all_done", "none_failed", "all_failed", "all_skipped"):
            return []
        problems = []
        for up in task.upstream:
            together = task.group_id is not None and self.tasks[up].group_id == task.group_id
            indexes = (map_index, -1) if together else None
            states = [s for (t, i), s in self.states.items() if t == up and (indexes is None or i in indexes)]
            if not states or any(s not in FINAL for s in states):
                problems.append(f"{task_id}[{map_index}] was ready before {up} had settled")
            if up in self.marked:
                continue  # it may have been good when this became ready
            if task.trigger_rule == "all_success" and any(s is not TaskState.SUCCESS for s in states):
                problems.append(f"{task_id}[{map_index}] was ready though {up} had not succeeded")
        return problems

    def _limits(self) -> list[str]:
        live = Counter(t for (t, _), s in self.states.items() if s in LIVE)
        problems = [f"{t} lives {n} times" for t, n in live.items() if n > (self.tasks[t].max_active_per_dag or 99)]
        problems += [
            f"{t} lives {n} times in one run" for t, n in live.items() if n > (self.tasks[t].max_active_per_run or 99)
        ]
        if sum(live.values()) > self.spec.max_active_tasks:
            problems.append(f"{sum(live.values())} tasks live, {self.spec.max_active_tasks} may")
        narrow = sum(n for t, n in live.items() if self.tasks[t].pool == "narrow")
        if narrow > 1:
            problems.append(f"the pool of one slot held {narrow}")
        return problems
