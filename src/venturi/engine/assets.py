"""Assets that start runs: which events each DAG still waits with, and the run once its condition holds.

Owns that reckoning, which is written in the commit of the event itself, so that an event is neither lost nor counted
twice. What an expression means is `core.assets`'; a run is made by `making`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timezone
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from ..core import assets
from ..core.assets import Key, Pile
from ..core.errors import NotFound, VenturiError
from ..core.moves import AssetEventRow, AssetForget, AssetStart, AssetWait, Event
from ..core.partitions import Waiting, by_assets
from ..core.step import Turn
from ..core.world import WHOLE, Run
from ..store.rows import PileRow
from .making import Wanted, make_run
from .partitions import Partitions

if TYPE_CHECKING:
    from .turn import Engine


def pile_of(row: PileRow) -> Pile:
    return Pile(row.name, row.uri, row.n, row.first_at or 0.0, row.start, row.end)


class Assets:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._piles: dict[str, dict[Key, Pile]] = {}  # by DAG
        self._due: set[str] = set()  # DAGs whose condition may hold
        self._problems: dict[str, str] = {}  # why a DAG whose condition holds cannot start
        self._aliases: dict[str, set[Key]] = {}
        self._changes = -1  # of the versions, when they were last looked at
        self._conditions: dict[str, Any] = {}  # by DAG
        self._consumers: dict[tuple[str, Any], list[str]] = {}  # what an event concerns → DAGs
        self._partitions = Partitions(engine, self._of_alias, self._held_back)

    def restore(self, rows: Iterable[PileRow], partitions: Mapping[str, Collection[Waiting]]) -> None:
        """What the database says is waiting; anything known before is void."""
        self._piles.clear()
        self._due.clear()
        self._aliases.clear()
        self._changes = -1
        self._partitions.restore(partitions)
        for row in rows:
            pile = pile_of(row)
            self._piles.setdefault(row.dag_id, {})[pile.key] = pile

    def forget(self, dag_id: str | None, key: Key | None, turn: Turn) -> int:
        """What waits for a DAG, by an asset, or by it for this DAG, is let go; of how many assets."""
        n = 0
        self._look_again(turn)
        for one in [dag_id] if dag_id is not None else [*self._piles, *self._partitions.dag_ids]:
            for pile in [p for p in self._piles.get(one, ()) if key in (None, p)]:
                del self._piles[one][pile]
                turn.batch.asset_steps.append(AssetForget(one, *pile))
                n += 1
            n += len(self._partitions.forget(one, key, turn))
        return n

    # ── in the turn ──

    def happened(self, events: list[AssetEventRow], run: Run | None, turn: Turn) -> None:
        """Events that this turn writes; `run` has made them, or a person."""
        if not events:
            return
        self._look_again(turn)
        interval = (None, None) if run is None else (run.interval_start, run.interval_end)
        for event in events:
            turn.batch.asset_events.append(event)
            key = event.name, event.uri
            for alias in event.aliases:
                if ("alias", alias) in self._consumers:
                    self._of_alias(alias).add(key)
            concerned = self._concerned(event)
            self._partitions.happened(event, run, concerned, turn)
            for dag_id in concerned:
                if event.partition is not None or self._partitions.knows(dag_id):
                    continue  # a partition is an event of that partition alone, and no word on the asset as a whole
                counts = not self._engine.world.dag(dag_id).paused
                wait = AssetWait(dag_id, event.token, event.n, event.name, event.uri, event.at, counts)
                turn.batch.asset_steps.append(wait)
                piles = self._piles.setdefault(dag_id, {})
                piles.setdefault(key, Pile(event.name, event.uri)).add(event.at, counts, interval)
                if counts:
                    self._due.add(dag_id)

    def _concerned(self, event: AssetEventRow) -> list[str]:
        """Each DAG once."""
        keys: list[tuple[str, Any]] = [("asset", (event.name, event.uri)), ("name", event.name), ("uri", event.uri)]
        keys += [("alias", alias) for alias in event.aliases]
        found = [dag_id for key in keys for dag_id in self._consumers.get(key, ())]
        return sorted(set(found))

    def start_runs(self, turn: Turn) -> None:
        """Every DAG whose condition holds gets one run, for all that waits. It costs nothing where nothing is due."""
        if self._changes != self._engine.versions.changes:
            self._look_again(turn)
        if self._engine.foreground:
            return
        self._partitions.start_runs(turn)
        for dag_id in sorted(self._due):
            condition = self._conditions.get(dag_id)
            if condition is None or not self._holds(dag_id, condition):
                self._due.discard(dag_id)
            elif self._held_back(dag_id) is None:
                self._due.discard(dag_id)
                self._start(dag_id, turn)

    def _holds(self, dag_id: str, condition: Any) -> bool:
        there = [key for key, pile in self._piles.get(dag_id, {}).items() if pile.n]
        return bool(there) and assets.holds(condition, there, self._of_alias)

    def _held_back(self, dag_id: str) -> str | None:
        """Events go on gathering meanwhile, and are then of one run."""
        dag = self._engine.world.dag(dag_id)
        if dag.paused:
            return "is paused"
        if len(dag.runs) >= dag.max_active_runs:
            return f"already has {len(dag.runs)} of {dag.max_active_runs} unfinished runs"
        return self._problems.get(dag_id) or self._partitions.problems.get(dag_id)

    def _start(self, dag_id: str, turn: Turn) -> None:
        engine = self._engine
        piles = self._piles[dag_id]
        version = engine.versions.current(dag_id)
        assert version is not None
        at = max(pile.first_at for pile in piles.values() if pile.n)
        moment = datetime.fromtimestamp(at, timezone.utc).isoformat()
        wanted = Wanted(dag_id, "asset_triggered", started_by=assets.started_by(piles.values()))
        if engine.versions.plan(version.id).spec.data_intervals:
            wanted.name, wanted.logical_date = f"dataset_triggered__{moment}", at
            wanted.interval = (min(pile.start for pile in piles.values()), max(pile.end for pile in piles.values()))
        else:
            told = sha256(f"{dag_id}/{engine.next_run_id}".encode()).hexdigest()[:8]
            wanted.name = f"asset_triggered__{moment}_{told}"
        try:
            run = make_run(engine, wanted, turn)
        except (ValueError, VenturiError) as error:
            self._problems[dag_id] = f"cannot start: {error}"
            self._due.add(dag_id)
            turn.batch.events.append(Event(turn.now, "asset_start_refused", dag_id, None, {"why": str(error)}))
            return
        turn.batch.asset_steps.append(AssetStart(dag_id, run.id))
        del self._piles[dag_id]

    # ── which DAGs there are ──

    def _look_again(self, turn: Turn) -> None:
        """DAG files have changed: other conditions, and events that mean nothing to them any more."""
        versions = self._engine.versions
        if self._changes == versions.changes:
            return
        self._changes = versions.changes
        self._conditions, self._problems = {}, {}
        consumers: dict[tuple[str, Any], list[str]] = defaultdict(list)
        by_partitions: dict[str, Mapping[str, Any]] = {}
        for version in versions.all_current():
            condition = assets.condition_in(version.spec.get("schedule"))
            if condition is None and version.dag_id not in self._piles:
                continue
            schedule = version.spec.get("schedule")
            self._forget(version.dag_id, None if by_assets(schedule) else condition, turn)
            if condition is None or version.ad_hoc:
                continue
            if by_assets(schedule):
                by_partitions[version.dag_id] = schedule
            else:
                self._conditions[version.dag_id] = condition
            for key in dict.fromkeys(assets.names_in(condition)):
                consumers[key].append(version.dag_id)
        self._consumers = dict(consumers)
        self._partitions.take(by_partitions, turn)
        self._due |= self._piles.keys() & self._conditions.keys()

    def _forget(self, dag_id: str, condition: Any, turn: Turn) -> None:
        for key in list(self._piles.get(dag_id, ())):
            if condition is None or not assets.concerns(condition, key, self._of_alias):
                del self._piles[dag_id][key]
                turn.batch.asset_steps.append(AssetForget(dag_id, *key))

    def _of_alias(self, alias: str) -> set[Key]:
        known = self._aliases.get(alias)
        if known is None:
            known = self._aliases[alias] = set(self._engine.reader.assets_of_alias(alias))
        return known

    # ── by hand, and in words ──

    def tell(self, head: dict[str, Any], turn: Turn) -> dict[str, Any]:
        """The command: an event, and which runs start by it at once."""
        named, extra, partition = str(head["named"]), head.get("extra") or {}, head.get("partition")
        if not isinstance(extra, dict) or not isinstance(partition, (str, type(None))):
            raise ValueError("extra is an object, and a partition's key a text")
        event = self.record(named, extra, partition, turn)
        if event is None:
            raise NotFound(kind="asset", name=named, advice="List them with: venturi assets ls")
        before = len(turn.batch.new_runs)
        self.start_runs(turn)
        started = [{"dag_id": run.dag_id, "run_id": run.run_id} for run in turn.batch.new_runs[before:]]
        return {"name": event.name, "uri": event.uri, "event": event.token * 1000 + event.n, "started": started}

    def record(self, named: str, extra: dict[str, Any], partition: str | None, turn: Turn) -> AssetEventRow | None:
        """An event that a person tells of; None if no DAG file declares such an asset."""
        reader = self._engine.reader
        found = reader.asset(name=named) or reader.asset(uri=named)
        if found is None:
            return None
        event = AssetEventRow(
            token=self._engine.take_token(),
            n=0,
            at=turn.now,
            name=found["name"],
            uri=found["uri"],
            extra=extra,
            aliases=[],
            partition=partition,
            dag_id="",
            run_id="",
            task_id="",
            map_index=WHOLE,
        )
        self.happened([event], None, turn)
        return event

    def _watched(self, dag_id: str) -> str:
        watchers = sorted(self._engine.watchers.names_in(dag_id).items())
        broken = [f"its watcher '{name}' is begun again as it broke: {why}" for name, why in watchers if why]
        return "".join(f"; {one}" for one in broken) or (
            f"; {', '.join(n for n, _ in watchers)} watches" if watchers else ""
        )

    def waiting(self, dag_id: str) -> str | None:
        """What must come before assets start this DAG, for people; None if none do."""
        condition = self._conditions.get(dag_id)
        if condition is None:
            by_partitions = self._partitions.waiting(dag_id)
            return None if by_partitions is None else by_partitions + self._watched(dag_id)
        piles = self._piles.get(dag_id, {}).values()
        said = assets.waits_for(condition, piles, self._of_alias) + self._watched(dag_id)
        held = self._held_back(dag_id)
        return f"{said}, and {held}" if held and self._holds(dag_id, condition) else said
