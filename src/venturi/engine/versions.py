"""The versions of DAGs that are in use: specs compiled to plans, and where their sources are.

Owns the cache of plans. Old versions are read from the store when a run needs one.
"""

from __future__ import annotations

from typing import Any

from ..core.moves import DagVersion
from ..core.plan import Plan
from ..core.spec import dag_from_json, with_only
from ..store import Reader


class Versions:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._rows: dict[int, DagVersion] = {}
        self._plans: dict[int, Plan] = {}
        self._parts: dict[tuple[int, tuple[str, ...]], Plan] = {}  # of runs for which tasks were chosen
        self._starts: dict[int, dict[str, Any]] = {}
        self._current: dict[str, int] = {}
        self.changes = 0  # grows whenever another version is current
        self.next_id = 1

    def forget(self) -> None:
        """The database is about to say what there is."""
        for kept in (self._rows, self._plans, self._parts, self._starts, self._current):
            kept.clear()

    def take_id(self) -> int:
        made = self.next_id
        self.next_id += 1
        return made

    def add(self, version: DagVersion, plan: Plan | None = None, current: bool = True) -> None:
        self._rows[version.id] = version
        if plan is not None:
            self._plans[version.id] = plan
        if current:
            before = self._current.get(version.dag_id)
            self._current[version.dag_id] = version.id
            self.changes += 1
            for id in {before, version.id} - {None}:
                self._starts.pop(id, None)  # type: ignore[arg-type]  # what was current is read from kept sources now

    def current(self, dag_id: str) -> DagVersion | None:
        id = self._current.get(dag_id)
        return self._rows[id] if id is not None else None

    def all_current(self) -> list[DagVersion]:
        return [self._rows[id] for id in self._current.values()]

    def retire(self, dag_id: str) -> None:
        id = self._current.pop(dag_id, None)
        self.changes += 1
        if id is not None:
            self._starts.pop(id, None)

    def id_for(self, dag_id: str, digest: str, file: str, python: str) -> int:
        """The id this version had before its DAG went away, or a new one."""
        known = self._reader.version_id(dag_id, digest)
        if known is not None:
            load = self._row(known).source["load"]
            if load["file"] == file and load["python"] == python:
                return known
        return self.take_id()

    def plan(self, id: int, only: tuple[str, ...] = ()) -> Plan:
        """With `only`, of these tasks alone."""
        if only:
            part = self._parts.get((id, only))
            if part is None:
                part = self._parts[id, only] = Plan(with_only(self.plan(id).spec, only), id)
            return part
        made = self._plans.get(id)
        if made is None:
            made = self._plans[id] = Plan(dag_from_json(self._row(id).spec), id)
        return made

    def source(self, id: int) -> dict[str, Any]:
        """How to start an attempt of this version: an old one is imported from its kept sources."""
        made = self._starts.get(id)
        if made is None:
            row = self._row(id)
            load = dict(row.source["load"])
            if self._current.get(row.dag_id) != id and not self._same_sources(row):
                load["kept"] = row.source["modules"]
            made = self._starts[id] = {"load": load, "fork_safe": row.source.get("fork_safe", True)}
        return made

    def _same_sources(self, row: DagVersion) -> bool:
        now = self.current(row.dag_id)
        return now is not None and now.source["load"]["version"] == row.source["load"]["version"]

    def _row(self, id: int) -> DagVersion:
        row = self._rows.get(id)
        if row is None:
            row = self._rows[id] = self._reader.version(id)
        return row

    def drop_unused(self, used: set[int]) -> None:
        """Forget plans that no unfinished run and no DAG needs."""
        keep = used | set(self._current.values())
        for id in [id for id in self._rows if id not in keep]:
            self._rows.pop(id, None)
            self._plans.pop(id, None)
            self._starts.pop(id, None)
        for key in [key for key in self._parts if key[0] not in keep]:
            del self._parts[key]
