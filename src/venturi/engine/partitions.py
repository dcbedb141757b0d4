"""Partitions of assets that start runs: what each DAG still waits with for each key, and the run once that is enough.

Owns that reckoning. It is written in the commit of the event itself, and a run in the same commit as the end of the
waiting for its key, so that each key that is whole has one run, over crashes too. What a key means is
`core.partitions`'; a run is made by `making`. A mapper of an author's own is asked through the crew, in a process of
its own; its event waits meanwhile, and after a crash it is asked again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from ..core import assets, partition_keys, partitions
from ..core.assets import Key, OfAlias
from ..core.errors import VenturiError
from ..core.moves import AssetEventRow, Event, PartitionForget, PartitionStart, PartitionWait
from ..core.partition_keys import UNSAID
from ..core.partitions import Came, Said, Waiting
from ..core.step import Turn
from ..core.world import Run
from .making import Wanted, make_run

if TYPE_CHECKING:
    from .turn import Engine


class Partitions:
    def __init__(self, engine: Engine, of_alias: OfAlias, held_back: Callable[[str], str | None]) -> None:
        self._engine = engine
        self._of_alias = of_alias
        self._held_back = held_back
        self._schedules: dict[str, Mapping[str, Any]] = {}  # by DAG
        self._waiting: dict[str, dict[str, Waiting]] = {}  # by DAG and key
        self._asked: set[tuple[str, str]] = set()  # (DAG, key) of what an author's class is asked of
        self._ready: dict[str, dict[str, None]] = {}  # of these, what is whole; the oldest first
        self._refused: dict[str, str] = {}  # why the last event of a DAG counts for no key
        self.problems: dict[str, str] = {}  # why a DAG of which a key is whole cannot start

    def restore(self, waiting: Mapping[str, Collection[Waiting]]) -> None:
        """What the database says is waiting; anything known before is void."""
        self._waiting = {dag_id: {one.key: one for one in several} for dag_id, several in waiting.items()}
        self._ready, self._refused, self._asked = {}, {}, set()

    @property
    def dag_ids(self) -> Collection[str]:
        return self._waiting.keys()

    def take(self, schedules: dict[str, Mapping[str, Any]], turn: Turn) -> None:
        """The DAGs that start so, as their files now say: what waits by another rule is counted anew."""
        self._schedules, self.problems = schedules, {}
        for dag_id in list(self._waiting):
            schedule = schedules.get(dag_id)
            if schedule is None and self._engine.versions.current(dag_id) is None:
                continue  # its file is gone, if only for a moment
            rule = None if schedule is None else partitions.rule_of(schedule)
            stale = [one for one in self._waiting[dag_id].values() if one.rule != rule]
            events = {(came.token, came.n): came for one in stale for came in one.events}
            for one in stale:
                self._let_go(dag_id, one.key, turn)
            if schedule is not None:
                for came in events.values():
                    if assets.concerns(schedule["assets"], came.asset, self._of_alias):
                        self._count(dag_id, schedule, came, None, turn)
        self._ready = {}
        for dag_id in self._waiting.keys() & schedules.keys():
            for key in self._waiting[dag_id]:
                self._look(dag_id, key)

    def knows(self, dag_id: str) -> bool:
        return dag_id in self._schedules

    # ── in the turn ──

    def happened(self, event: AssetEventRow, run: Run | None, dag_ids: Iterable[str], turn: Turn) -> None:
        """An event that this turn writes, for the DAGs among these that start by partitions. What comes while such a
        DAG is paused counts for nothing, as in Airflow."""
        for dag_id in dag_ids:
            schedule = self._schedules.get(dag_id)
            if schedule is None or self._engine.world.dag(dag_id).paused:
                continue
            if event.partition is None:
                why = f"an event of asset {event.name} was of no partition"
                self._refuse(dag_id, event.name, None, run, why, turn)
                continue
            date = None if run is None or run.partition_key != event.partition else run.partition_date
            came = Came(event.token, event.n, event.name, event.uri, event.partition, event.at, date)
            self._count(dag_id, schedule, came, run, turn)

    def _count(
        self,
        dag_id: str,
        schedule: Mapping[str, Any],
        came: Came,
        run: Run | None,
        turn: Turn,
    ) -> None:
        mapper = partitions.mapper_of(schedule, came.asset)
        if partitions.own_class(mapper) is not None:
            self._wait(dag_id, f"{UNSAID}{came.token}.{came.n}", schedule, came, turn)
            return
        try:
            keys = partition_keys.targets(mapper, came.source)
        except ValueError as error:
            why = f"an event of asset {came.name} counts for no partition, as {error}"
            self._refuse(dag_id, came.name, came.source, run, why, turn)
            return
        self._refused.pop(dag_id, None)
        for key in keys:
            self._wait(dag_id, key, schedule, came, turn)

    def _wait(self, dag_id: str, key: str, schedule: Mapping[str, Any], came: Came, turn: Turn) -> None:
        rule, several = partitions.rule_of(schedule), self._waiting.setdefault(dag_id, {})
        several.setdefault(key, Waiting(key, rule, came.at)).events.append(came)
        turn.batch.asset_steps.append(PartitionWait(dag_id, key, rule, came))
        self._look(dag_id, key)

    def _refuse(self, dag_id: str, asset: str, key: str | None, run: Run | None, why: str, turn: Turn) -> None:
        self._refused[dag_id] = why
        detail = {"why": why, "asset": asset, "partition": key}
        turn.batch.events.append(Event(turn.now, "partition_refused", dag_id, None if run is None else run.id, detail))

    def _look(self, dag_id: str, key: str) -> None:
        one = self._waiting[dag_id][key]
        if one.is_unsaid:
            self._ask(dag_id, one)
        elif one.is_ready(self._schedules[dag_id], self._of_alias):
            self._ready.setdefault(dag_id, {})[key] = None

    # ── mappers of the author's own ──

    def _ask(self, dag_id: str, one: Waiting) -> None:
        version = self._engine.versions.current(dag_id)
        if version is None or (dag_id, one.key) in self._asked:
            return
        self._asked.add((dag_id, one.key))
        (came,) = one.events
        want = {"dag_id": dag_id, "partition": {"asset": came.asset, "source": came.source}}
        self._engine.own_timetables.ask(version.id, want, partial(self._told, dag_id, one))

    def _told(self, dag_id: str, one: Waiting, told: dict[str, Any], turn: Turn) -> None:
        schedule = self._schedules.get(dag_id)
        if schedule is None or self._waiting.get(dag_id, {}).get(one.key) is not one:
            return  # it was let go, or is counted by another rule
        (came,) = one.events
        self._let_go(dag_id, one.key, turn)
        try:
            if told.get("error"):
                raise ValueError(told["error"])
            partition_keys.check([made["key"] for made in told["keys"]], came.source, told["most"])
        except ValueError as error:
            why = f"an event of asset {came.name} counts for no partition, as its own mapper says: {error}"
            self._refuse(dag_id, came.name, came.source, None, why, turn)
            return
        self._refused.pop(dag_id, None)
        for made in {made["key"]: made for made in told["keys"]}.values():
            wanted = made["needed"]
            said = Said(None if wanted is None else tuple(wanted), made["least"], made["date"])
            self._wait(dag_id, made["key"], schedule, replace(came, said=said), turn)

    # ── the runs ──

    def start_runs(self, turn: Turn) -> None:
        """Each key that is whole gets one run, as there is room. It costs nothing where none is."""
        for dag_id in sorted(self._ready):
            keys = self._ready[dag_id]
            while keys and self._held_back(dag_id) is None:
                key = next(iter(keys))
                if not self._start(dag_id, self._waiting[dag_id][key], turn):
                    break
            if not keys:
                self._ready.pop(dag_id, None)

    def _start(self, dag_id: str, one: Waiting, turn: Turn) -> bool:
        engine = self._engine
        moment = datetime.fromtimestamp(max(came.at for came in one.events), timezone.utc).isoformat()
        told = sha256(f"{dag_id}/{engine.next_run_id}".encode()).hexdigest()[:8]
        wanted = Wanted(
            dag_id,
            "asset_triggered",
            name=f"asset_triggered__{moment}_{told}",
            started_by=one.started_by(),
            partition_key=one.key,
            partition_date=one.began(self._schedules[dag_id]),
        )
        try:
            run = make_run(engine, wanted, turn)
        except (ValueError, VenturiError) as error:
            self.problems[dag_id] = f"cannot start: {error}"
            turn.batch.events.append(Event(turn.now, "asset_start_refused", dag_id, None, {"why": str(error)}))
            return False
        turn.batch.asset_steps.append(PartitionStart(dag_id, one.key, run.id))
        self._drop(dag_id, one.key)
        return True

    def _drop(self, dag_id: str, key: str) -> None:
        del self._waiting[dag_id][key]
        if not self._waiting[dag_id]:
            del self._waiting[dag_id]
        self._asked.discard((dag_id, key))
        self._ready.get(dag_id, {}).pop(key, None)

    def _let_go(self, dag_id: str, key: str, turn: Turn) -> None:
        turn.batch.asset_steps.append(PartitionForget(dag_id, key))
        self._drop(dag_id, key)

    def forget(self, dag_id: str, asset: Key | None, turn: Turn) -> set[Key]:
        """What waits for a DAG's partitions, of all assets or of one, is let go; of which assets that was."""
        gone: set[Key] = set()
        schedule = self._schedules.get(dag_id)
        for one in list(self._waiting.get(dag_id, {}).values()):
            kept = [came for came in one.events if asset is not None and came.asset != asset]
            if len(kept) == len(one.events):
                continue
            gone |= {came.asset for came in one.events} - {came.asset for came in kept}
            self._let_go(dag_id, one.key, turn)
            for came in kept:
                assert schedule is not None
                self._wait(dag_id, one.key, schedule, came, turn)
        return gone

    # ── in words ──

    def waiting(self, dag_id: str) -> str | None:
        """What must come before partitions start this DAG, for people; None if none do."""
        schedule = self._schedules.get(dag_id)
        if schedule is None:
            return None
        waiting = self._waiting.get(dag_id, {}).values()
        said = partitions.waits_for(schedule, waiting, self._of_alias, self._held_back(dag_id))
        refused = self._refused.get(dag_id)
        return f"{said}; {refused}" if refused else said
