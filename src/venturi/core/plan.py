"""A DAG version compiled for running: tasks by number, arrows as lists of numbers. Made once, shared by its runs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from .errors import UnknownTask
from .resources import Needs, needs_of
from .rules import RULES
from .spec import DagSpec, MapSource, TaskSpec, values_in


class Kind(Enum):
    """Why one task is told how another has ended."""

    UPSTREAM = "upstream"  # an arrow
    GUARD = "guard"  # the task is in the scope of that setup
    SCOPE = "scope"  # that task stands between a setup and this teardown of it


class Tell(NamedTuple):
    down: int
    kind: Kind
    inner: bool  # both are in one mapped group: told by map index


@dataclass(frozen=True, slots=True)
class MappedGroup:
    group_id: str
    sources: tuple[MapSource, ...]
    feeders: tuple[int, ...]  # the tasks whose values it is mapped over
    members: tuple[int, ...]


class Plan:
    """Everything about a DAG version that its runs only read."""

    __slots__ = (
        "downstream",
        "feeds_groups",
        "feeds_mapping",
        "groups",
        "index",
        "inner",
        "leaves",
        "member_of",
        "needs",
        "past",
        "spec",
        "tasks",
        "tells",
        "upstream_count",
        "version",
        "waits_beside",
    )

    def __init__(self, spec: DagSpec, version: int) -> None:
        self.spec = spec
        self.version = version
        self.tasks: tuple[TaskSpec, ...] = spec.tasks
        self.index: dict[str, int] = {task.task_id: i for i, task in enumerate(spec.tasks)}
        self.downstream: list[list[int]] = [[] for _ in spec.tasks]
        self.upstream_count: list[int] = [len(task.upstream) for task in spec.tasks]
        # The keys of each task's values that something is mapped over: their lengths must be remembered.
        self.feeds_mapping: dict[tuple[int, str], bool] = {}
        for i, task in enumerate(spec.tasks):
            for up in task.upstream:
                self.downstream[self.index[up]].append(i)
            if task.mapped:
                self._note_feeds(task.mapped)
        self.groups: list[MappedGroup] = []
        self.member_of: dict[int, MappedGroup] = {}
        self.feeds_groups: dict[int, list[MappedGroup]] = {}
        self._mapped_groups()
        # Whom a task must tell beyond a plain arrow; only tasks of mapped groups and those around setups are in here.
        self.tells: dict[int, list[Tell]] = {}
        self.inner: dict[int, list[Tell]] = {}  # of members of mapped groups: (upstream, kind) within their group
        self.waits_beside: dict[int, tuple[int, int]] = {}  # how many guards and how much scope each task has
        self._tells()
        self.leaves: list[int] = self._leaves()
        self.past = frozenset(n for n, task in enumerate(spec.tasks) if task.depends_on_past)
        self.needs: dict[int, Needs] = {}  # of the machine; only of tasks that ask for something
        for n, task in enumerate(spec.tasks):
            if task.resources and (needs := needs_of(task.resources)) is not None:
                self.needs[n] = needs

    def number(self, task_id: str) -> int:
        found = self.index.get(task_id)
        if found is None:
            raise UnknownTask(dag_id=self.spec.dag_id, task_id=task_id, known=", ".join(self.index))
        return found

    def sources(self, number: int) -> tuple[MapSource, ...]:
        """What this task is mapped over, by itself or with its group."""
        group = self.member_of.get(number)
        return group.sources if group is not None else self.tasks[number].mapped

    def is_many(self, number: int) -> bool:
        return self.tasks[number].is_mapped or number in self.member_of

    def is_decided_by_index(self, number: int) -> bool:
        """Whether the instances of a member become ready one by one: others of its group come before it."""
        return number in self.inner or (number in self.member_of and self.tasks[number].no_process)

    def _note_feeds(self, sources: tuple[MapSource, ...]) -> list[int]:
        found: list[int] = []
        for source in sources:
            for value in values_in(source):
                assert value.task_id is not None
                number = self.index[value.task_id]
                self.feeds_mapping[number, value.key] = True
                found.append(number)
        return found

    def _mapped_groups(self) -> None:
        mapped = {group.group_id: group for group in self.spec.groups if group.mapped}
        if not mapped:
            return
        parents = {group.group_id: group.parent for group in self.spec.groups}
        members: dict[str, list[int]] = {group_id: [] for group_id in mapped}
        for number, task in enumerate(self.tasks):
            group_id = task.group_id
            while group_id is not None and group_id not in mapped:
                group_id = parents.get(group_id)
            if group_id is not None:
                members[group_id].append(number)
        for group_id, group in mapped.items():
            feeders = tuple(dict.fromkeys(self._note_feeds(group.mapped)))
            made = MappedGroup(group_id, group.mapped, feeders, tuple(members[group_id]))
            self.groups.append(made)
            self.member_of.update(dict.fromkeys(made.members, made))
            for feeder in feeders:
                self.feeds_groups.setdefault(feeder, []).append(made)

    def _tells(self) -> None:
        beside = _beside(self)
        if not self.groups and not any(task.is_setup for task in self.tasks):
            return
        for number, downs in enumerate(self.downstream):
            tells = [Tell(down, Kind.UPSTREAM, self._are_one(number, down)) for down in downs]
            tells += [Tell(down, kind, self._are_one(number, down)) for down, kind in beside.get(number, ())]
            if self.tasks[number].is_setup or any(tell.inner or tell.kind is not Kind.UPSTREAM for tell in tells):
                self.tells[number] = tells
            for tell in tells:
                if tell.inner:
                    self.inner.setdefault(tell.down, []).append(Tell(number, tell.kind, True))
                if tell.kind is not Kind.UPSTREAM:
                    guards, scope = self.waits_beside.get(tell.down, (0, 0))
                    is_guard = tell.kind is Kind.GUARD
                    self.waits_beside[tell.down] = (guards + is_guard, scope + (not is_guard))

    def _are_one(self, number: int, down: int) -> bool:
        group = self.member_of.get(number)
        return group is not None and self.member_of.get(down) is group

    def _leaves(self) -> list[int]:
        """The tasks that say how the run went. A teardown does only if its failure is the run's."""

        def counts(number: int) -> bool:
            return not self.tasks[number].is_teardown or self.tasks[number].fails_run

        found = [n for n, downs in enumerate(self.downstream) if counts(n) and not any(counts(down) for down in downs)]
        return found or [n for n, downs in enumerate(self.downstream) if not downs]


def _beside(plan: Plan) -> dict[int, list[tuple[int, Kind]]]:
    """For each task those that wait for it without an arrow: setups guard their scope, teardowns wait for all of it."""
    setups = [n for n, task in enumerate(plan.tasks) if task.is_setup]
    teardowns = [n for n, task in enumerate(plan.tasks) if task.is_teardown]
    if not setups:
        return {}
    behind = {n: _behind(plan.downstream, n) for n in setups}
    found: dict[int, list[tuple[int, Kind]]] = {}
    upstream: list[list[int]] = [[plan.index[up] for up in task.upstream] for task in plan.tasks]
    before_teardown = {n: _behind(upstream, n) for n in teardowns}
    for setup in setups:
        own = [n for n in plan.downstream[setup] if plan.tasks[n].is_teardown]
        for n in behind[setup]:
            if plan.tasks[n].is_teardown or n in plan.downstream[setup]:
                continue
            if not own or any(n in before_teardown[teardown] for teardown in own):
                found.setdefault(setup, []).append((n, Kind.GUARD))
    for teardown in teardowns:
        direct = set(upstream[teardown])
        scope: set[int] = set()
        for setup in direct.intersection(setups):
            scope |= behind[setup] & before_teardown[teardown]
        for n in sorted(scope - direct):
            found.setdefault(n, []).append((teardown, Kind.SCOPE))
    return found


def _behind(arrows: list[list[int]], start: int) -> set[int]:
    found: set[int] = set()
    open_numbers = list(arrows[start])
    while open_numbers:
        number = open_numbers.pop()
        if number not in found:
            found.add(number)
            open_numbers += arrows[number]
    return found


def unknown_rules(spec: DagSpec) -> list[str]:
    """Trigger rules that nobody defined, for the report on a DAG file."""
    return sorted({task.trigger_rule for task in spec.tasks} - RULES.keys())
