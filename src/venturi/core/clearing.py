"""What a person's clear, resume or mark touches: by names, by arrows, by state, with setups and teardowns.

Owns the choice alone, from a plan and the rows of a run; `engine.changing` acts on it, and a preview prints it. Pure.

A setup and its teardowns go with the tasks between them, as what runs again needs what its setup makes, and that is
to be taken down again. Inside a mapped group an instance's relatives are those at its own map index.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from .errors import Refused, UnknownTask
from .plan import Plan
from .states import LIVE, TaskState
from .world import WHOLE

LEFT_OUT = "left out by "
_FAILED = frozenset({TaskState.FAILED.value, TaskState.UPSTREAM_FAILED.value})
_NOT_THERE = frozenset({TaskState.NONE.value, TaskState.REMOVED.value})
_WAITING = frozenset({"scheduled", "queued", "up_for_retry", "up_for_reschedule"})
_AT_WORK = frozenset(state.value for state in (*LIVE, TaskState.DEFERRED, TaskState.UP_FOR_RESCHEDULE))

Selection = dict[int, set[int] | None]  # task number → map indexes; None: all of it
NeverBegun = Mapping[str, set[int]]  # of members of mapped groups whose run was ended: the indexes without a row


_NONE: NeverBegun = {}


class Row(Protocol):
    """A task instance as the store holds it."""

    @property
    def task_id(self) -> str: ...
    @property
    def map_index(self) -> int: ...
    @property
    def state(self) -> str: ...
    @property
    def reason(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to be touched."""

    tasks: tuple[str, ...] = ()  # task and group names, `TASK[3]` for one instance; empty: all
    upstream: bool = False
    downstream: bool = False
    past: bool = False  # the same in all runs of earlier dates
    future: bool = False
    only_failed: bool = False
    only_running: bool = False
    current_code: bool = False  # the run goes on with the newest version of its DAG


@dataclass(slots=True)
class Choice:
    """What is touched of one run."""

    keys: list[tuple[str, int]] = field(default_factory=list)  # (task_id, map_index) of rows
    whole: set[str] = field(default_factory=set)  # tasks of which nothing stays
    below: set[str] = field(default_factory=set)  # tasks after them; of a mapped one, what has not begun waits again
    left_out: list[tuple[str, str]] = field(default_factory=list)  # (task, the branch whose choice still stands)


def split(name: str) -> tuple[str, int]:
    """`train[3]` is the instance 3 of train."""
    task_id, bracket, rest = name.rpartition("[")
    if bracket and rest.endswith("]") and rest[:-1].isdigit():
        return task_id, int(rest[:-1])
    return name, WHOLE


def named(plan: Plan, tasks: Iterable[str], strict: bool = True) -> Selection:
    """Not strict: what this version of the DAG does not have is left out."""
    found: Selection = {}
    for name in tasks:
        task_id, map_index = (name, WHOLE) if name in plan.index else split(name)
        if task_id in plan.index:
            number = plan.index[task_id]
            if map_index != WHOLE and not plan.is_many(number):
                raise Refused(reason=f"Task '{task_id}' is not mapped, so there is no {name}.", advice="")
            _add(found, number, None if map_index == WHOLE else {map_index})
        elif members := _members(plan, name):
            found |= dict.fromkeys(members)
        elif strict:
            raise UnknownTask(dag_id=plan.spec.dag_id, task_id=name, known=", ".join(list(plan.index)[:20]))
    return found


def to_clear(
    plan: Plan, rows: Sequence[Row], wish: Wish, never_begun: NeverBegun = _NONE, strict: bool = True
) -> Choice:
    if not wish.tasks:
        chosen: Selection = dict.fromkeys(range(len(plan.tasks)))
    else:
        chosen = spread(plan, named(plan, wish.tasks, strict), wish.upstream, wish.downstream)
    if not (wish.only_failed or wish.only_running):
        return _of_rows(plan, rows, _with_setups(plan, chosen), never_begun)
    states = (_FAILED if wish.only_failed else frozenset()) | (_AT_WORK if wish.only_running else frozenset())
    return _of_rows(plan, rows, _with_setups(plan, _in_states(plan, rows, chosen, states)), never_begun)


def to_resume(plan: Plan, rows: Sequence[Row], halts: Iterable[str | None], never_begun: NeverBegun = _NONE) -> Choice:
    """What has failed, what was skipped only because the run was ended, and all that comes after it."""
    halts = set(halts) - {None}
    failed: Selection = {}
    for row in rows:
        number = plan.index.get(row.task_id)
        if number is not None and (row.state in _FAILED or (row.state == "skipped" and row.reason in halts)):
            _add(failed, number, None if row.map_index == WHOLE else {row.map_index})
    choice = _of_rows(plan, rows, _with_setups(plan, spread(plan, failed, downstream=True)), never_begun)
    choice.whole |= {plan.tasks[number].task_id for number in failed}  # what had not begun of them begins
    return choice


def to_mark(plan: Plan, rows: Sequence[Row], wish: Wish, state: TaskState, strict: bool = True) -> Selection:
    """What becomes so; of a whole run that is marked, what has succeeded or was skipped stays."""
    if wish.tasks:
        chosen = spread(plan, named(plan, wish.tasks, strict), wish.upstream, wish.downstream)
    else:
        chosen = dict.fromkeys(range(len(plan.tasks)))
    stays = {state.value} if wish.tasks else {TaskState.SUCCESS.value, TaskState.SKIPPED.value}
    by_task: dict[int, dict[int, str]] = {}
    for row in rows:
        if row.task_id in plan.index:
            by_task.setdefault(plan.index[row.task_id], {})[row.map_index] = row.state
    found: Selection = {}
    for number, indexes in chosen.items():
        there = by_task.get(number, {})
        if WHOLE in there:
            indexes = None  # it has ended as one
        if indexes is not None:
            missing = next((i for i in sorted(indexes) if i not in there or there[i] == TaskState.NONE.value), None)
            if missing is not None:
                name = f"{plan.tasks[number].task_id}[{missing}]"
                raise Refused(reason=f"{name} has not begun.", advice="Mark the task as a whole.")
            indexes = {i for i in indexes if there.get(i) not in stays}
        elif there and all(was in stays for was in there.values()):
            continue
        if indexes is None or indexes:
            found[number] = indexes
    return found


def failed_after(plan: Plan, rows: Sequence[Row], marked: Selection, never_begun: NeverBegun = _NONE) -> Choice:
    """What has failed downstream of tasks that are marked: it is decided anew."""
    below = spread(plan, marked, downstream=True)
    for number, indexes in marked.items():
        if indexes is None:
            below.pop(number)
    failed = _in_states(plan, rows, below, _FAILED)
    for number, indexes in failed.items():
        if indexes is not None and (mine := marked.get(number)) is not None:
            failed[number] = indexes - mine
    return _of_rows(plan, rows, _with_setups(plan, failed, without=marked), never_begun)


def spread(plan: Plan, seeds: Selection, upstream: bool = False, downstream: bool = False) -> Selection:
    """With all that comes before or after; a setup that comes before brings its teardowns."""
    found: Selection = {}
    for number, indexes in seeds.items():
        _add(found, number, indexes)
    ups, downs = _arrows(plan)
    for arrows in [arrows for wanted, arrows in ((upstream, ups), (downstream, downs)) if wanted]:
        open_numbers = [(number, indexes) for number, indexes in seeds.items()]
        while open_numbers:
            number, indexes = open_numbers.pop()
            for other in arrows[number]:
                there = _beside(plan, number, indexes, other)
                if _add(found, other, there):
                    open_numbers.append((other, there))
                if arrows is ups and plan.tasks[other].is_setup:
                    for teardown in _teardowns(plan, other):
                        _add(found, teardown, _beside(plan, other, there, teardown))
    return found


def _arrows(plan: Plan) -> tuple[list[list[int]], list[list[int]]]:
    """Up and down, and between a mapped group and what it is mapped over."""
    ups = [[plan.index[up] for up in task.upstream] for task in plan.tasks]
    downs = [list(arrows) for arrows in plan.downstream]
    for group in plan.groups:
        for member in group.members:
            ups[member] += [feeder for feeder in group.feeders if feeder not in ups[member]]
        for feeder in group.feeders:
            downs[feeder] += [member for member in group.members if member not in downs[feeder]]
    return ups, downs


# ── rows ─────────────────────────────────────────────────────────────────────────────────────────────────


def _of_rows(plan: Plan, rows: Sequence[Row], chosen: Selection, never_begun: NeverBegun) -> Choice:
    """The rows of what is chosen, but for those whose branch is not: its choice still stands."""
    for group in plan.groups:  # its size may be another one
        if any(feeder in chosen for feeder in group.feeders):
            chosen |= {number: None for number in group.members if number in chosen}
    _begin_the_rest(plan, rows, chosen, never_begun)
    made = Choice()
    for row in rows:
        number = plan.index.get(row.task_id)
        if number is None or not holds(chosen, number, row.map_index) or row.state in _NOT_THERE:
            continue
        branch = (row.reason or "")[len(LEFT_OUT) :] if (row.reason or "").startswith(LEFT_OUT) else None
        if branch in plan.index and row.state == "skipped" and not holds(chosen, plan.index[branch], row.map_index):
            made.left_out.append((row.task_id, branch))
            continue
        made.keys.append((row.task_id, row.map_index))
    _hold_back(plan, rows, made)
    touched = {task_id for task_id, _ in made.keys}
    made.whole = {plan.tasks[number].task_id for number, indexes in chosen.items() if indexes is None} & touched
    return made


def _begin_the_rest(plan: Plan, rows: Sequence[Row], chosen: Selection, never_begun: NeverBegun) -> None:
    """Of a member of a mapped group that was ended early, what had not begun does now; so does what was skipped at the
    same index because of that."""
    touched = {plan.index[row.task_id] for row in rows if holds(chosen, plan.index.get(row.task_id, -1), row.map_index)}
    for number in [number for number in touched if number in plan.member_of]:
        missing = never_begun.get(plan.tasks[number].task_id)
        if missing:
            for other, indexes in spread(plan, {number: missing}, downstream=True).items():
                if other != number and plan.member_of.get(other) is plan.member_of[number]:
                    _add(chosen, other, indexes)


def _hold_back(plan: Plan, rows: Sequence[Row], choice: Choice) -> None:
    """What comes after, and has a place or a time to wait for, waits for them again."""
    seeds: Selection = {}
    for task_id, map_index in choice.keys:
        _add(seeds, plan.index[task_id], None if map_index == WHOLE else {map_index})
    below = spread(plan, seeds, downstream=True)
    chosen = set(choice.keys)
    for row in rows:
        number, key = plan.index.get(row.task_id), (row.task_id, row.map_index)
        if number is None or number in seeds or row.state not in _WAITING or key in chosen:
            continue
        if holds(below, number, row.map_index):
            choice.keys.append(key)
    choice.below = {plan.tasks[number].task_id for number in below}


def _in_states(plan: Plan, rows: Sequence[Row], chosen: Selection, states: frozenset[str]) -> Selection:
    found: Selection = {}
    for row in rows:
        number = plan.index.get(row.task_id)
        if number is not None and row.state in states and holds(chosen, number, row.map_index):
            _add(found, number, None if row.map_index == WHOLE else {row.map_index})
    return found


def holds(chosen: Selection, number: int, map_index: int) -> bool:
    """Whether this instance is chosen. An end as one is that of each."""
    if number not in chosen:
        return False
    indexes = chosen[number]
    return indexes is None or map_index in indexes or map_index == WHOLE


# ── arrows ───────────────────────────────────────────────────────────────────────────────────────────────


def _add(found: Selection, number: int, indexes: set[int] | None) -> bool:
    """Whether that is more than before."""
    if number not in found:
        found[number] = None if indexes is None else set(indexes)
        return True
    known = found[number]
    if known is None or (indexes is not None and indexes <= known):
        return False
    if indexes is None:
        found[number] = None
    else:
        known |= indexes
    return True


def _beside(plan: Plan, number: int, indexes: set[int] | None, other: int) -> set[int] | None:
    """Which instances of a relative: in the same mapped group those at the same indexes."""
    group = plan.member_of.get(number)
    return indexes if group is not None and plan.member_of.get(other) is group else None


def _with_setups(plan: Plan, chosen: Selection, without: Selection | None = None) -> Selection:
    """And the setups that something chosen needs, with their teardowns; a setup's teardowns by itself."""
    if not any(task.is_setup for task in plan.tasks):
        return chosen
    found = dict(chosen)
    ups = [[plan.index[up] for up in task.upstream] for task in plan.tasks]
    open_numbers = list(found.items())
    while open_numbers:
        number, indexes = open_numbers.pop()
        for other in _setups_of(plan, ups, number):
            there = _beside(plan, number, indexes, other)
            if other not in (without or ()) and _add(found, other, there):
                open_numbers.append((other, there))
    return found


def _setups_of(plan: Plan, ups: list[list[int]], number: int) -> list[int]:
    below = _behind(plan.downstream, number)
    found = _teardowns(plan, number) if plan.tasks[number].is_setup else []
    for setup in (n for n in _behind(ups, number) if plan.tasks[n].is_setup):
        own = _teardowns(plan, setup)
        if not own or below.intersection(own):
            found += [setup, *(teardown for teardown in own if teardown != number)]
    return found


def _teardowns(plan: Plan, setup: int) -> list[int]:
    return [down for down in plan.downstream[setup] if plan.tasks[down].is_teardown]


def _behind(arrows: list[list[int]], start: int) -> set[int]:
    found: set[int] = set()
    open_numbers = list(arrows[start])
    while open_numbers:
        number = open_numbers.pop()
        if number not in found:
            found.add(number)
            open_numbers += arrows[number]
    return found


def _members(plan: Plan, group_id: str) -> list[int]:
    """Of a task group, also of the groups inside it."""
    parents = {group.group_id: group.parent for group in plan.spec.groups}
    if group_id not in parents:
        return []
    found = []
    for number, task in enumerate(plan.tasks):
        inside = task.group_id
        while inside is not None and inside != group_id:
            inside = parents.get(inside)
        if inside == group_id:
            found.append(number)
    return found
