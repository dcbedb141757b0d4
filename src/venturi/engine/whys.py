"""The answer to "why is it not running?": what is known in memory and in the database, for core's sentences.

Owns the gathering, with an engine and without one. Changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..config import Config
from ..core import partitions, why_deadlines
from ..core.assets import Pile, condition_in, waits_for
from ..core.backfills import Standing
from ..core.errors import NotFound
from ..core.plan import Plan
from ..core.states import FINAL, RUN_FINAL, RunState
from ..core.why import Facts, Row, Why, of_instance, of_long_wait, of_run
from ..core.why_dag import DagFacts, of_dag
from ..core.why_ended import of_ended_group, of_ended_instance, of_ended_run
from ..core.world import WHOLE, Run, World
from ..store import Reader
from ..store.rows import CallRow, DagRow, DeadlineRow, GroupRow, RunRow
from . import assets, recovery
from .backfills import standing_of
from .machine import machine_of
from .pausing import failed_words, is_paused_by_failures
from .versions import Versions

if TYPE_CHECKING:
    from .turn import Engine

_FINAL = frozenset(state.value for state in FINAL)
_OVER = frozenset(state.value for state in RUN_FINAL)
NO_ENGINE = "No engine is running; start one with: venturi up. Then: "
_ELSEWHERE = "The engine at work is a `venturi run` for its own runs alone; start one with: venturi up. Then: "


@dataclass(slots=True)
class Known:
    """Where the answers come from."""

    reader: Reader
    versions: Versions
    world: World
    told: Callable[[str], dict[str, Any]]  # of a DAG's schedule
    assets: Callable[[str], str | None]
    backfills: Callable[[str], list[Standing]]
    before: str = ""  # what must change first, of all that is not over
    others: Callable[[], Known] | None = None  # who knows of unfinished runs that are not in this world


@dataclass(slots=True)
class _Asked:
    row: RunRow
    plan: Plan
    facts: Facts
    groups: Mapping[str, GroupRow]
    run: Run | None = field(default=None)  # where it is not over


def known_by(engine: Engine) -> Known:
    return Known(
        engine.reader,
        engine.versions,
        engine.world,
        engine.schedules.told,
        engine.assets.waiting,
        engine.backfills.told,
        others=(lambda: known_without(engine.reader, engine.config, _ELSEWHERE)) if engine.foreground else None,
    )


def known_without(reader: Reader, config: Config, before: str = NO_ENGINE) -> Known:
    """As an engine would begin."""
    versions, kept = Versions(reader), reader.world()
    world = recovery.read_world(
        kept, reader, versions, config.slots, lambda _: True, machine_of(config), config.start_timeout_s
    )
    specs = {version.dag_id: version.spec for version in kept.versions}
    told = {row.dag_id: {**(row.detail or {}), "next": row.next_at} for row in kept.schedules}
    piles: dict[str, list[Pile]] = {}
    parts = reader.waiting_partitions()
    for row in kept.piles:
        piles.setdefault(row.dag_id, []).append(assets.pile_of(row))

    def waiting(dag_id: str) -> str | None:
        schedule = specs.get(dag_id, {}).get("schedule")
        condition = condition_in(schedule)
        if condition is None:
            return None
        if partitions.by_assets(schedule):
            return partitions.waits_for(schedule, parts.get(dag_id, ()), reader.assets_of_alias)
        return waits_for(condition, piles.get(dag_id, ()), lambda alias: set(reader.assets_of_alias(alias)))

    def standing(dag_id: str) -> list[Standing]:
        return [standing_of(row, world) for row in kept.backfills if row.dag_id == dag_id]

    return Known(reader, versions, world, lambda dag_id: told.get(dag_id, {}), waiting, standing, before)


def answer(known: Known, now: float, dag_id: str, run_id: str | None = None, task: str | None = None) -> dict[str, Any]:
    """The sentence, its code, and when it changes. A second word alone may be a run's name or a task of the newest."""
    dag = known.reader.dag(dag_id)
    if dag is None:
        raise NotFound(kind="DAG", name=dag_id, advice=_unread(known))
    row = known.reader.run(dag_id, run_id) if run_id is not None else None
    if row is None and run_id is not None and task is None:
        task, run_id = run_id, None
        row = next(iter(known.reader.runs(dag_id, limit=1)), None)
        if row is None or _split(task)[0] not in known.versions.plan(row.version).index:
            raise NotFound(kind="run or task", name=task, advice=f"The newest run: venturi status {dag_id}")
    if row is None and run_id is not None:
        raise NotFound(kind="run", name=run_id, advice=f"The newest: venturi status {dag_id}")
    told: dict[str, Any] = {"dag_id": dag_id}
    if row is None:
        why = _of_dag(known, dag, now)
    else:
        told["run_id"] = row.run_id
        if row.state not in _OVER and row.id not in known.world.runs and known.others is not None:
            known = known.others()
        if task is None:
            why = _of_run(known, _asked(known, row, now))
        else:
            task_id, map_index = _split(task)
            told |= {"task_id": task_id, "map_index": map_index}
            why = _of_task(known, _asked(known, row, now, task_id, map_index), task_id, map_index)
    return {**told, "sentence": why.sentence, "code": why.code, **({"until": why.until} if why.until else {})}


def _unread(known: Known) -> str:
    """Its file may be one that cannot be read."""
    errors = known.reader.import_errors()
    if not errors:
        return "List them with: venturi ls"
    first = errors[0]
    message = " ".join(str(first.error.get("message") or "").split())
    more = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
    return f"It may be in a file that cannot be read: {first.file} ({message}){more}."


def _split(task: str) -> tuple[str, int]:
    """`train[3]` is the instance 3 of train."""
    name, bracket, rest = task.rpartition("[")
    if bracket and rest.endswith("]") and rest[:-1].isdigit():
        return name, int(rest[:-1])
    return task, WHOLE


def _asked(known: Known, row: RunRow, now: float, task_id: str | None = None, map_index: int = WHOLE) -> _Asked:
    reader = known.reader
    rows, groups = reader.instances(row.id)
    by_key: dict[tuple[str, int], Row] = {(one.task_id, one.map_index): one for one in rows}
    facts = Facts(now, by_key)
    if task_id is not None:
        facts.attempts = reader.attempts(row.id, task_id, map_index)
        deferral = reader.deferral(row.id, task_id, map_index)
        facts.deferred_at = deferral.at if deferral is not None else None
    run = known.world.runs.get(row.id)
    plan = run.plan if run is not None else known.versions.plan(row.version, row.only)
    return _Asked(row, plan, facts, {group.task_id: group for group in groups}, run)


# ── a run ────────────────────────────────────────────────────────────────────────────────────────────────


def _of_run(known: Known, asked: _Asked) -> Why:
    row, reader = asked.row, known.reader
    if asked.run is None:
        why = of_ended_run(row.state, row.reason, row.ended_at, asked.facts)
    else:
        why = _after(known, of_run(known.world, asked.run, asked.facts))
    rows = reader.deadlines(row.id)
    is_open = row.state != RunState.SUCCESS.value
    return _and(why, why_deadlines.of_run(rows, told_of(reader, rows), is_open) if rows else [])


def _and(why: Why, more: list[str]) -> Why:
    return Why(" ".join([why.sentence, *more]), why.code, why.until) if more else why


def told_of(reader: Reader, rows: list[DeadlineRow]) -> dict[int, CallRow]:
    """The calls by which somebody was told of these."""
    found = (reader.call(row.call) for row in rows if row.call is not None)
    return {call.id: call for call in found if call is not None}


def _after(known: Known, why: Why) -> Why:
    return Why(known.before + why.sentence, "no_engine", why.until) if known.before else why


# ── a task ───────────────────────────────────────────────────────────────────────────────────────────────


def _of_task(known: Known, asked: _Asked, task_id: str, map_index: int) -> Why:
    why = _of_its_state(known, asked, task_id, map_index)
    number = asked.plan.index.get(task_id)
    if number is None or asked.plan.tasks[number].sla_s is None:
        return why
    rows = known.reader.deadlines(asked.row.id)
    return _and(why, why_deadlines.of_task(task_id, rows, told_of(known.reader, rows)))


def _of_its_state(known: Known, asked: _Asked, task_id: str, map_index: int) -> Why:
    plan, rows = asked.plan, asked.facts.rows
    if task_id not in plan.index:
        if asked.row.only:
            chosen = ", ".join(asked.row.only[:5])
            return Why(f"It is no part of this run, for which these tasks alone were chosen: {chosen}.", "not_chosen")
        raise NotFound(kind="task", name=task_id, advice=f"It has: {', '.join(list(plan.index)[:20])}.")
    row, group = rows.get((task_id, map_index)), asked.groups.get(task_id)
    if map_index != WHOLE and group is not None and map_index >= group.n:
        raise NotFound(kind="instance", name=f"{task_id}[{map_index}]", advice=f"It has {group.n} of them.")
    if row is not None and row.state in _FINAL:
        return of_ended_instance(plan, row, asked.facts)
    if map_index == WHOLE and group is not None and group.state in _FINAL:
        return of_ended_group(task_id, group.state, rows)
    if asked.run is None:
        reason = asked.row.reason or "no reason is kept"
        return Why(f"It never began, as its run was ended before: {reason.rstrip('.')}.", "run_ended")
    node = asked.run.nodes[plan.index[task_id]]
    if map_index != WHOLE and not node.n:
        if not plan.is_many(plan.index[task_id]):
            raise NotFound(kind="instance", name=f"{task_id}[{map_index}]", advice=f"{task_id} is not mapped.")
        map_index = WHOLE  # how many there will be is not known yet
    number = plan.index[task_id]
    why = _after(known, of_instance(known.world, asked.run, number, map_index, asked.facts))
    return _and(why, of_long_wait(known.world, plan.tasks[number], row, asked.facts.now))


# ── a DAG ────────────────────────────────────────────────────────────────────────────────────────────────


def _of_dag(known: Known, dag: DagRow, now: float) -> Why:
    world_dag = known.world.dags.get(dag.dag_id)
    runs = [] if world_dag is None else list(world_dag.runs.values())
    waiting = [] if world_dag is None else [run.run_id for run in runs if run.id in world_dag.waiting_runs]
    begun = next((run for run in runs if run.run_id not in waiting), None) or next(iter(runs), None)
    newest = next(iter(known.reader.runs(dag.dag_id, limit=1)), None)
    spec = known.versions.plan(dag.version).spec if dag.version is not None else None
    most = spec.max_failed_runs if spec is not None else 0
    facts = DagFacts(
        dag.dag_id,
        now,
        active=dag.active,
        ad_hoc=dag.ad_hoc,
        file=dag.file,
        error=next((one.error for one in known.reader.import_errors() if one.file == dag.file), None),
        paused=dag.paused,
        paused_as=failed_words(most) if dag.paused and is_paused_by_failures(known.reader, dag.dag_id, most) else None,
        waiting=waiting,
        unfinished=(begun.run_id, of_run(known.world, begun, Facts(now))) if begun else None,
        refused=_refused(known.reader, dag.dag_id, newest),
        newest=(newest.run_id, newest.state) if newest is not None else None,
        schedule=spec.schedule if spec is not None else None,
        end_date=spec.end_date if spec is not None else None,
        told=known.told(dag.dag_id),
        assets=known.assets(dag.dag_id),
        backfills=known.backfills(dag.dag_id),
    )
    why = of_dag(facts)
    return _after(known, why) if why.code not in ("import_error", "file_gone", "no_schedule", "ad_hoc") else why


def _refused(reader: Reader, dag_id: str, newest: RunRow | None) -> tuple[float, str] | None:
    """The newest command to start a run, if it was refused and no run has come since."""
    for row in reader.commands("trigger", limit=20):
        if row.payload.get("dag_id") != dag_id or row.answer is None:
            continue
        if row.answer.get("ok") is False and (newest is None or newest.queued_at <= row.at):
            return row.at, str(row.answer.get("message") or "no reason is kept")
        return None
    return None
