"""DAGs that assets start, in a schedule of crashes: they come, pause and go on; no event is lost or counted twice.

Judged from the database alone: every event that concerns such a DAG is in exactly one of its runs, or still waits.
"""

from __future__ import annotations

import random
from functools import partial
from typing import Any

from venturi.core.assets import Key, holds, names_in
from venturi.core.moves import DagVersion
from venturi.core.plan import Plan
from venturi.core.spec import DagSpec, TaskSpec, to_json
from venturi.core.step import Turn
from venturi.engine.turn import Engine
from venturi.wire import messages


def by_hand(alias: str) -> dict[str, str]:
    """The asset that only people tell of."""
    return {"name": f"{alias} by hand", "uri": f"x://{alias}"}


def random_condition(rng: random.Random, names: list[str], alias: str) -> dict[str, Any]:
    """By names, since the URIs hold the runs' ids; each is met by events of any run."""
    leaves = [{"ref": {"name": name}} for name in rng.sample(names, k=min(len(names), rng.randint(1, 3)))]
    if rng.random() < 0.3:
        leaves.append({"alias": alias})
    if rng.random() < 0.5:
        leaves.append({"asset": by_hand(alias)})
    if len(leaves) > 2 and rng.random() < 0.5:
        return {"all": [leaves[0], {"any": leaves[1:]}]}
    return {rng.choice(["all", "any"]): leaves}


class Consumers:
    """The DAGs of one schedule that wait for what its tasks say of assets."""

    def __init__(self, seed: int, names: list[str], alias: str) -> None:
        self.rng = random.Random(f"assets of {seed}")  # its own: schedules without such DAGs stay as they are
        self.alias = alias
        self.specs = [
            DagSpec(
                f"d{seed}c{i}",
                tasks=(TaskSpec("c", no_process=self.rng.random() < 0.3),),
                schedule={"assets": random_condition(self.rng, names, alias)},
                max_active_runs=self.rng.choice([1, 2, 16]),
            )
            for i in range(self.rng.randint(1, 3))
        ]

    def declare(self, engine: Engine, turn: Turn) -> None:
        source = {"load": messages.source("f", "/", [], "python", "v"), "modules": {}}
        for spec in self.specs:
            raw, id = to_json(spec), engine.versions.take_id()
            version = DagVersion(id, spec.dag_id, "h", raw, source, turn.now, paused=False)
            engine.versions.add(version, Plan(spec, version.id))
            engine.world.dag(spec.dag_id).max_active_runs = spec.max_active_runs
            turn.batch.versions.append(version)

    def pause(self, engine: Engine, dag_id: str, paused: bool, turn: Turn) -> None:
        engine.world.dag(dag_id).paused = paused
        turn.batch.dag_flags.append((dag_id, "paused", paused))

    def step(self, engine: Engine | None) -> list[Any]:
        """Now and then somebody pauses one, or lets it go on; or tells of an event by hand."""
        if engine is None or self.rng.random() >= 0.08:
            return []
        if self.rng.random() < 0.3:
            return [lambda turn: engine.assets.record(by_hand(self.alias)["name"], {}, None, turn)]
        return [partial(self.pause, engine, self.rng.choice(self.specs).dag_id, self.rng.random() < 0.5)]

    def go_on(self, engine: Engine) -> list[Any]:
        return [partial(self.pause, engine, spec.dag_id, False) for spec in self.specs]

    def check(self, reader: Any, prefix: str) -> list[str]:
        problems = []
        events = [event for event in reader.asset_events() if event["name"].startswith(prefix)]
        for spec in self.specs:
            condition = spec.schedule["assets"]
            concerned = [event["id"] for event in events if _concerns(condition, event)]
            held = [event["id"] for event in reader.asset_events(waiting=spec.dag_id)]
            for run in reader.runs(spec.dag_id):
                told = reader.asset_events(dag_id=run.dag_id, run_id=run.run_id)
                held += [event["id"] for event in told]
                if not holds(condition, {(e["name"], e["uri"]) for e in told}, partial(_of_alias, events)):
                    problems.append(f"{run.run_id} of {spec.dag_id} started though its condition did not hold")
                if run.state not in ("success", "failed"):
                    problems.append(f"{run.run_id} of {spec.dag_id} is {run.state}")
            if sorted(held) != sorted(concerned):
                problems.append(f"events of {spec.dag_id} are {sorted(concerned)}, and it knows of {sorted(held)}")
            piles = [(row.name, row.uri) for row in reader.asset_piles() if row.dag_id == spec.dag_id and row.n]
            if piles and holds(condition, piles, partial(_of_alias, events)):
                problems.append(f"{spec.dag_id} has what it waits for, and did not start")
        return problems


def _concerns(condition: Any, event: dict[str, Any]) -> bool:
    named = set(names_in(condition))
    of_event = {("name", event["name"]), ("asset", (event["name"], event["uri"]))}
    return bool(named & (of_event | {("alias", alias) for alias in event["aliases"]}))


def _of_alias(events: list[dict[str, Any]], alias: str) -> set[Key]:
    return {(event["name"], event["uri"]) for event in events if alias in event["aliases"]}
