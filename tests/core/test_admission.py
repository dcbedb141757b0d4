"""Who may start: pools, weights, fairness between runs, and what is asked of the machine. Any jobs, no clock."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from venturi.core import admission, step
from venturi.core.admission import PASSED_MAX, Admitted
from venturi.core.places import Pool
from venturi.core.plan import Plan
from venturi.core.resources import Machine
from venturi.core.spec import DagSpec, MapSource, TaskSpec
from venturi.core.states import LIVE, Outcome, RunState, TaskState
from venturi.core.step import End, Turn, Wait
from venturi.core.world import Run, World


class Jobs:
    """Runs of any DAGs on one machine; the test says who ends."""

    def __init__(self, slots: int = 1000, machine: Machine | None = None) -> None:
        self.world = World(slots)
        if machine is not None:
            self.world.machine = machine
        self.live: list[Admitted] = []
        self.started: list[tuple[str, str]] = []  # (run id, task id), in order
        self.batches: list[Turn] = []
        self.token = self.made = 0

    def add(self, *tasks: TaskSpec, dag_id: str = "", run_id: str = "", **more: int) -> Run:
        n = self.made = self.made + 1
        spec = DagSpec(dag_id or f"d{n}", tasks=tasks, max_active_tasks=1000, max_active_runs=1000)
        dag = self.world.dag(spec.dag_id)
        dag.max_active_tasks = dag.max_active_runs = 1000
        for name, value in more.items():
            setattr(dag, name, value)
        run = Run(n, spec.dag_id, run_id or f"r{n}", Plan(spec, 1))
        self.world.add(run)
        return run

    def next_token(self) -> int:
        self.token += 1
        return self.token

    def turn(self, *ends: Admitted, outcome: Outcome = Outcome.SUCCESS, wait: Wait | None = None) -> list[Admitted]:
        turn = Turn(float(len(self.batches)))
        self.batches.append(turn)
        for one in ends:
            self.live.remove(one)
            step.ended(self.world, one.run, one.number, one.map_index, one.cell, End(outcome, 0.0, wait=wait), turn, 2)
        admission.start_runs(self.world, turn)
        new = admission.admit(self.world, turn, self.next_token)
        self.live += new
        self.started += [(one.run.run_id, one.run.plan.tasks[one.number].task_id) for one in new]
        return new

    def drain(self, rng: random.Random) -> None:
        while self.live:
            self.turn(rng.choice(self.live))
        assert not self.world.runs


def many(name: str, n: int, **more: object) -> TaskSpec:
    return TaskSpec(name, is_mapped=True, mapped=(MapSource("x", n),), **more)  # type: ignore[arg-type]


# ── pools ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_pool_without_a_limit_holds_nothing_back() -> None:
    jobs = Jobs()
    jobs.world.pools["wide"] = Pool(-1)
    jobs.add(many("m", 300, pool="wide"))
    assert len(jobs.turn()) == 300


def test_a_pool_that_is_made_smaller_than_what_is_in_it_takes_nothing_until_enough_has_ended() -> None:
    jobs = Jobs()
    pool = jobs.world.pools["p"] = Pool(4)
    jobs.add(many("m", 20, pool="p"))
    jobs.turn()
    assert len(jobs.live) == 4
    pool.slots = 2
    for left in (3, 2):
        jobs.turn(jobs.live[0])
        assert len(jobs.live) == left, "what runs goes on, and nothing is added"
    jobs.turn(jobs.live[0])
    assert (len(jobs.live), pool.used) == (2, 2)


def test_deferred_instances_keep_their_slots_where_the_pool_counts_them() -> None:
    wait = Wait("m.Trigger", "go_on", "{}")
    for counted, then in ((False, 2), (True, 0)):
        jobs = Jobs()
        jobs.world.pools["p"] = Pool(2, include_deferred=counted)
        jobs.add(many("m", 6, pool="p"))
        first = jobs.turn()
        new = jobs.turn(*first, outcome=Outcome.DEFERRED, wait=wait)
        assert len(new) == then
        turn = Turn(99.0)
        for known in list(jobs.world.deferred.values()):
            step.fired(jobs.world, *known, '{"kind":"event"}', turn)
        assert jobs.world.pools["p"].deferred == 0


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_pool_is_ever_given_out_beyond_its_slots(data: st.DataObject) -> None:
    rng = random.Random(data.draw(st.integers()))
    jobs = Jobs(slots=rng.randint(1, 12))
    names = ["a", "b", "unknown"]
    for name in names[:2]:
        jobs.world.pools[name] = Pool(rng.randint(1, 4), include_deferred=rng.random() < 0.5)
    for _ in range(rng.randint(1, 5)):
        jobs.add(*(many(f"t{i}", rng.randint(1, 8), pool=rng.choice(names), priority_weight=rng.randint(1, 9))
                   for i in range(rng.randint(1, 3))))  # fmt: skip
    jobs.turn()
    while jobs.live:
        if rng.random() < 0.2:
            jobs.world.pool(rng.choice(names)).slots = rng.randint(1, 4)
        before = {name: jobs.world.pool(name).taken for name in names}
        new = jobs.turn(rng.choice(jobs.live), outcome=rng.choice([Outcome.SUCCESS, Outcome.FAILED]))
        for name in names:
            pool = jobs.world.pool(name)
            held = sum(one.run.plan.tasks[one.number].pool == name for one in jobs.live)
            assert pool.used == held
            if any(one.run.plan.tasks[one.number].pool == name for one in new):
                assert pool.taken <= pool.slots
            else:
                assert pool.taken <= before[name]
    assert not jobs.world.runs


def test_each_run_has_its_own_limit_where_its_file_says_so_and_all_share_it_elsewhere() -> None:
    for each_run, live in ((True, 6), (False, 3)):
        jobs = Jobs()
        for name in ("one", "two"):
            jobs.add(many("m", 9), dag_id="d", run_id=name, max_active_tasks=3, limits_each_run=each_run)
        jobs.turn()
        assert len(jobs.live) == live


# ── weights and fairness ─────────────────────────────────────────────────────────────────────────────────


def test_the_heavier_run_goes_first_and_the_light_one_is_not_forgotten() -> None:
    jobs = Jobs(slots=2)
    jobs.add(many("m", 400, priority_weight=9), run_id="heavy")
    jobs.add(many("m", 40, priority_weight=1), run_id="light")
    jobs.turn()
    for _ in range(340):
        jobs.turn(jobs.live[0])
    order = [run_id for run_id, _ in jobs.started]
    light = [at for at, run_id in enumerate(order) if run_id == "light"]
    assert order.count("light") == pytest.approx(340 / (PASSED_MAX + 1), abs=2)
    gaps = [b - a for a, b in zip([0, *light], light, strict=False)]
    assert max(gaps) <= PASSED_MAX + 3


def test_a_thousand_light_runs_do_not_outweigh_a_heavy_one() -> None:
    jobs = Jobs(slots=1)
    for n in range(1000):
        jobs.add(TaskSpec("t", priority_weight=1), run_id=f"light{n}")
    jobs.add(many("m", 100, priority_weight=5), run_id="heavy")
    jobs.turn()
    for _ in range(120):
        jobs.turn(jobs.live[0])
    assert Counter(run_id[:5] for run_id, _ in jobs.started)["heavy"] >= 100


def test_a_small_run_passes_through_a_huge_one_of_equal_weight() -> None:
    """Each of its tasks has the next place that becomes free."""
    jobs = Jobs(slots=4)
    jobs.add(many("m", 5000), run_id="huge")
    jobs.turn()
    for _ in range(20):
        jobs.turn(jobs.live[0])
    chain = [TaskSpec(f"t{i}", upstream=(f"t{i - 1}",) if i else ()) for i in range(6)]
    small = jobs.add(*chain, run_id="small")
    turns = 0
    while small.id in jobs.world.runs:
        mine = [one for one in jobs.live if one.run is small]
        jobs.turn(mine[0] if mine else jobs.live[0])
        turns += 1
    assert turns <= 2 * len(chain)


def test_a_light_run_in_a_slow_pool_is_not_pushed_ahead_by_what_passes_elsewhere() -> None:
    jobs = Jobs(slots=50)
    jobs.world.pools["slow"] = Pool(1)
    jobs.add(many("m", 500), run_id="fast")
    jobs.add(many("m", 10, pool="slow", priority_weight=9), run_id="heavy")
    jobs.add(many("m", 10, pool="slow", priority_weight=1), run_id="light")
    jobs.turn()
    for _ in range(8):
        for _ in range(30):
            jobs.turn(next(one for one in jobs.live if one.run.run_id == "fast"))
        jobs.turn(next(one for one in jobs.live if one.run.plan.tasks[one.number].pool == "slow"))
    slow = [run_id for run_id, _ in jobs.started if run_id != "fast"]
    assert slow == ["heavy"] * 9


# ── the machine ──────────────────────────────────────────────────────────────────────────────────────────


def asks(name: str, n: int = 1, **resources: float) -> TaskSpec:
    return many(name, n, resources=resources) if n > 1 else TaskSpec(name, resources=resources)


def on_devices(jobs: Jobs) -> Counter[str]:
    found: Counter[str] = Counter()
    for one in jobs.live:
        share = min(one.run.plan.needs[one.number].gpus, 1000)
        for device in one.cell.devices:
            found[device] += share
    return found


def test_parts_of_a_device_are_packed_on_one_and_whole_ones_are_nobody_elses() -> None:
    jobs = Jobs(machine=Machine(devices=["0", "1", "2"]))
    for task in (asks("half", 2, gpus=0.5), asks("whole", gpus=1), asks("third", 3, gpus=1 / 3)):
        jobs.add(task)
        jobs.turn()
    by_task: dict[str, set[tuple[str, ...]]] = {}
    for one in jobs.live:
        by_task.setdefault(one.run.plan.tasks[one.number].task_id, set()).add(one.cell.devices)
    assert {name: len(devices) for name, devices in by_task.items()} == {"half": 1, "whole": 1, "third": 1}
    assert len(set.union(*by_task.values())) == 3
    kept = [p.devices for turn in jobs.batches for p in turn.batch.placements]
    assert kept == [one.cell.devices for one in jobs.live]


def test_what_can_never_fit_fails_at_once_with_one_sentence_and_the_rest_goes_on() -> None:
    jobs = Jobs(machine=Machine(cpus=4, ram_mb=8000, devices=["0"]))
    run = jobs.add(
        asks("cores", cpus=5), asks("memory", ram_mb=9000), asks("devices", 3, gpus=2), asks("fits", cpus=4, gpus=1),
        TaskSpec("after", upstream=("cores",)), TaskSpec("tidy", upstream=("cores",), trigger_rule="all_done"),
    )  # fmt: skip
    new = jobs.turn()
    assert [run.plan.tasks[one.number].task_id for one in new] == ["fits", "tidy"]
    moves = {m.task_id: m for m in jobs.batches[0].batch.task_moves if m.after is TaskState.FAILED}
    assert {name: m.reason for name, m in moves.items() if m.reason} == {
        name: f"it asks for {wanted}, and this machine has {there} in all: ask for less in executor_config, or say "
        "what there is under [resources] in venturi.toml"
        for name, wanted, there in (
            ("cores", "5 cores", "4 cores"),
            ("memory", "9,000 MB of memory", "8,000 MB of memory"),
            ("devices", "2 GPUs", "1 GPU"),
        )
    }
    jobs.turn(*new)
    assert run.state is RunState.FAILED


def test_what_airflows_resources_ask_for_is_given_as_far_as_it_is_there() -> None:
    jobs = Jobs(machine=Machine(cpus=2, ram_mb=1000))
    jobs.add(TaskSpec("old", resources={"cpus": 16, "ram_mb": 99999, "gpus": 4, "at_most": True}))
    (one,) = jobs.turn()
    assert (jobs.world.machine.cpus_used, jobs.world.machine.ram_mb_used, one.cell.devices) == (2000, 1000, ())
    jobs.turn(one)
    assert (jobs.world.machine.cpus_used, jobs.world.machine.ram_mb_used) == (0, 0)


def test_tenths_of_a_core_add_up_to_whole_ones() -> None:
    jobs = Jobs(machine=Machine(cpus=1))
    jobs.add(asks("m", 30, cpus=0.1))
    assert len(jobs.turn()) == 10


@pytest.mark.parametrize("seed", range(12))
def test_eight_devices_under_random_jobs_are_never_shared_beyond_one_and_nobody_starves(seed: int) -> None:
    """Jobs keep coming faster than they end; the big ones are overtaken only so often."""
    rng = random.Random(seed)
    machine = Machine(cpus=32, ram_mb=64_000, devices=[str(n) for n in range(8)])
    jobs = Jobs(machine=machine)
    sizes = [0.25, 0.25, 0.5, 0.5, 0.75, 1, 1, 2, 4, 8]
    waits: dict[str, int] = {}  # run → starts that had been made when it came
    longest = 0
    for _ in range(900):
        if len(jobs.world.runs) < 40:
            more = {"cpus": rng.choice([0.5, 2, 16])} if rng.random() < 0.4 else {}
            run = jobs.add(asks("t", gpus=rng.choice(sizes), **more))
            waits[run.run_id] = len(jobs.started)
        ends = [one for one in jobs.live if rng.random() < 0.3]
        known = len(jobs.started)
        jobs.turn(*ends)
        for at, (run_id, _) in enumerate(jobs.started[known:], known):
            longest = max(longest, at - waits.pop(run_id))
        used = on_devices(jobs)
        assert all(n <= 1000 for n in used.values())
        assert {device: n for device, n in machine.on.items() if n} == dict(used)
        assert machine.cpus_used <= 32_000
    assert len(jobs.started) > 400
    assert longest < 40 * (PASSED_MAX + 8), "each of forty that wait has its turn"
    old = [run_id for run_id, came in waits.items() if len(jobs.started) - came > 40 * (PASSED_MAX + 8)]
    assert old == []
    while jobs.live:
        jobs.turn(jobs.live[0])
    assert not jobs.world.runs, "all that had come have run"
    assert not any(machine.on.values())


def test_a_job_for_all_devices_has_them_although_small_ones_never_stop_coming() -> None:
    jobs = Jobs(machine=Machine(devices=[str(n) for n in range(8)]))
    jobs.add(asks("small", 10_000, gpus=0.5), run_id="stream")
    jobs.turn()
    jobs.add(asks("big", gpus=8), run_id="big")
    rng = random.Random(1)
    turns = 0
    while jobs.started[-1][0] != "big":
        jobs.turn(rng.choice(jobs.live))
        turns += 1
        assert turns <= PASSED_MAX + 2 + 16, "overtaken sixteen times, then it waits for the sixteen at work to end"


def test_cores_and_devices_that_somebody_waits_for_are_kept_together() -> None:
    """Were only what is short now kept, streams of either kind could take turns in starving it."""
    jobs = Jobs(machine=Machine(cpus=8, devices=["0", "1"]))
    jobs.add(asks("c", 5000, cpus=1), run_id="cores")
    jobs.add(asks("g", 5000, gpus=0.5), run_id="devices")
    jobs.turn()
    jobs.add(asks("both", cpus=8, gpus=2), run_id="both")
    rng = random.Random(2)
    for _ in range(300):
        jobs.turn(rng.choice(jobs.live))
        if ("both", "both") in jobs.started:
            return
    raise AssertionError("it starves")


def test_tasks_that_ask_for_nothing_start_beside_what_is_kept() -> None:
    jobs = Jobs(machine=Machine(devices=["0"]))
    jobs.add(asks("small", 100, gpus=0.5), run_id="stream")
    jobs.turn()
    jobs.add(asks("big", gpus=1), run_id="big")
    for _ in range(PASSED_MAX + 1):
        jobs.turn(jobs.live[0])
    assert jobs.world.kept is not None
    jobs.add(many("plain", 20), run_id="plain")
    assert len(jobs.turn()) == 20
    assert all(one.cell.state in LIVE for one in jobs.live)
