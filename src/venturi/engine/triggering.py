"""Runs of other DAGs that running tasks ask for: made once for each ask, by the same hand as a person's.

Owns the answer to such an ask: made, there already, refused and why. An ask is known by a key that every attempt of
the same try repeats, so that one whose attempt was lost before it was answered finds the run it has made.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING, Any

from ..core.errors import VenturiError
from ..core.moves import Event, NewRun, RunReset
from ..core.states import RunState
from ..core.step import Turn
from ..core.world import Cell, Run
from ..executors.base import Asked
from ..store.rows import RunRow
from .own_timetables import NotYet

if TYPE_CHECKING:
    from .asking import Tell
    from .commands import Commands
    from .turn import Engine

SAME_DATE_S = 1e-5  # dates pass through datetimes, which count microseconds


class Triggering:
    def __init__(self, engine: Engine, commands: Commands) -> None:
        self._engine = engine
        self._commands = commands
        self._waiting: dict[int, list[Asked]] = defaultdict(list)  # run → asks for it to be reset, once it has ended
        engine.asks.on_trigger = self.ask
        engine.on_finished = self._finished

    def ask(self, asked: Asked, known: tuple[Run, int, int, Cell], turn: Turn, tell: Tell) -> None:
        engine = self._engine
        dag_id = str(asked.detail["dag_id"])
        wanted: dict[str, Any] = asked.detail.get("wanted") or {}
        key = _key(asked, known)
        if engine.versions.current(dag_id) is None:
            tell({"outcome": "no_such_dag"})
            return
        paused = engine.world.dag(dag_id).paused and not engine.foreground
        made = self._made_for(dag_id, key, turn)
        if made is not None:
            tell({"outcome": "made", "run_id": made, "waits": paused})
        elif paused and wanted.get("unless_paused"):
            tell({"outcome": "paused"})
        else:
            self._make(asked, known, dag_id, wanted, key, paused, turn, tell)

    def _make(
        self,
        asked: Asked,
        known: tuple[Run, int, int, Cell],
        dag_id: str,
        wanted: dict[str, Any],
        key: str,
        paused: bool,
        turn: Turn,
        tell: Tell,
    ) -> None:
        there = self._there(dag_id, wanted, turn)
        if there is None:
            date = wanted.get("date")
            text = None if date is None else datetime.fromtimestamp(date, timezone.utc).isoformat()
            try:
                run = self._commands.make_run(
                    dag_id,
                    turn,
                    wanted.get("run_id"),
                    wanted.get("conf"),
                    text,
                    ignores_pause=self._engine.foreground,
                    idempotency_key=key,
                )
            except NotYet as wait:
                asked.detail["wanted"] = {**wanted, "date": wait.at}
                self._engine.own_timetables.tell(wait, partial(self._engine.asks.take, asked))
                return
            except (ValueError, VenturiError) as error:
                tell({"outcome": "refused", "why": str(error)})
                return
            self._is_ours_now(run)
            tell({"outcome": "made", "run_id": run.run_id, "date": run.logical_date, "waits": paused})
        elif not wanted.get("reset") or isinstance(there, str):
            run_id = there if isinstance(there, str) else there.run_id
            tell({"outcome": "exists", "run_id": run_id})
        elif RunState(there.state) in (RunState.SUCCESS, RunState.FAILED):
            self._reset(there, known, wanted.get("conf") or {}, key, turn)
            tell({"outcome": "made", "run_id": there.run_id, "date": there.logical_date, "waits": paused})
        else:
            self._waiting[there.id].append(asked)
            unfinished = self._engine.world.runs.get(there.id)
            if unfinished is not None and unfinished.reason is None:
                self._engine.cancel_run(unfinished, f"reset by {_named(known)}", turn)

    def _is_ours_now(self, run: Run) -> None:
        """A foreground engine runs what its runs have started as well."""
        if self._engine.foreground:
            self._engine.handed.add(run.id)

    def _made_for(self, dag_id: str, key: str, turn: Turn) -> str | None:
        made: list[NewRun | RunReset] = [*turn.batch.new_runs, *turn.batch.run_resets]
        for new in made:
            if new.dag_id == dag_id and new.idempotency_key == key:
                return new.run_id
        return self._engine.reader.run_by_key(dag_id, key)

    def _there(self, dag_id: str, wanted: dict[str, Any], turn: Turn) -> RunRow | str | None:
        """A run with this id, or with this date where a date was named; made in this very turn it is only its id."""
        run_id, date = wanted.get("run_id"), wanted.get("date")
        for new in turn.batch.new_runs:
            if new.dag_id == dag_id and (new.run_id == run_id or (date is not None and new.logical_date == date)):
                return new.run_id
        reader = self._engine.reader
        found = reader.run(dag_id, run_id) if run_id else None
        if found is None and date is not None:
            found = next(iter(reader.find_runs(dag_id, dates=(date - SAME_DATE_S, date + SAME_DATE_S), limit=1)), None)
        return found

    # ── once more from the beginning ──

    def _reset(
        self, row: RunRow, known: tuple[Run, int, int, Cell], conf: dict[str, Any], key: str, turn: Turn
    ) -> None:
        engine = self._engine
        version = engine.versions.current(row.dag_id)
        assert version is not None
        run = Run(row.id, row.dag_id, row.run_id, engine.versions.plan(version.id))
        run.key = key
        run.run_type, run.conf, run.queued_at, run.ignores_pause = row.run_type, conf, turn.now, engine.foreground
        run.logical_date, run.interval_start, run.interval_end = row.logical_date, row.interval_start, row.interval_end
        run.partition_key, run.partition_date = row.partition_key, row.partition_date
        engine.add_run(run, turn)
        engine.deadlines.made_again(run, turn)
        self._is_ours_now(run)
        reset = RunReset(row.id, row.dag_id, row.run_id, RunState(row.state), version.id, turn.now, conf, key)
        turn.batch.run_resets.append(reset)
        why = f"reset by {_named(known)}"
        turn.batch.events.append(Event(turn.now, "run", row.dag_id, row.id, [row.state, RunState.QUEUED, why]))

    def _finished(self, run: Run) -> list[Asked]:
        """Asks that have waited for the end of this run."""
        return self._waiting.pop(run.id, [])


def _key(asked: Asked, known: tuple[Run, int, int, Cell]) -> str:
    run, number, map_index, cell = known
    task_id = run.plan.tasks[number].task_id
    part = f"{cell.try_number}.{cell.deferral}.{asked.detail.get('n', 1)}"
    return f"{run.dag_id}/{run.run_id}/{run.queued_at!r}/{task_id}/{map_index}/{part}"


def _named(known: tuple[Run, int, int, Cell]) -> str:
    run, number, *_ = known
    return f"{run.dag_id}.{run.plan.tasks[number].task_id}"
