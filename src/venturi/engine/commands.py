"""What commands do: trigger, run a file, pause, cancel, refresh, follow, stop.

Owns the words of refusals. Each command acts inside a turn and is answered after its commit.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime, timezone
from functools import partial
from typing import Any

from ..core.errors import BadParameter, VenturiError
from ..core.moves import CommandDone, Event, PoolChange
from ..core.names import DEFAULT_POOL
from ..core.states import RUN_FINAL
from ..core.step import Turn
from ..core.world import UNDEFINED_POOL_SLOTS, Run
from ..store import CommandRow
from ..wire.frames import Head, encode
from . import (
    backfill_commands,
    coming,
    control_commands,
    kept_commands,
    questions,
    removing,
    retention_commands,
    whys,
)
from .changing import TurnIsVoid
from .clock import Clock
from .control import Client, Control, answer, refuse
from .dagfiles import DagFiles, FileState
from .making import Wanted, make_run
from .own_timetables import NotYet
from .pausing import set_paused
from .settings import SettingsWatch
from .triggering import Triggering
from .turn import Engine


class Row:
    """In the place of a client: a command that waited in the database. Its answer is part of the same commit."""

    follows: frozenset[int] = frozenset()

    def __init__(self, id: int, turn: Turn) -> None:
        self._id = id
        self._turn = turn

    def send(self, head: Head) -> None:
        self._turn.batch.commands_done.append((self._id, {k: v for k, v in head.items() if k not in ("k", "id")}))


class Recorded:
    """In the place of a client whose command changes something: its row is part of the commit, and then it is told."""

    follows: frozenset[int] = frozenset()

    def __init__(self, engine: Engine, client: Client, head: Head, turn: Turn, drop: Callable[[Client], None]) -> None:
        self._engine, self._client, self._turn = engine, client, turn
        self._drop = partial(drop, client)
        self._payload = {k: v for k, v in head.items() if k not in ("k", "id", "name")}
        self._name = str(head["name"])

    def send(self, head: Head) -> None:
        told = {k: v for k, v in head.items() if k not in ("k", "id")}
        self._turn.batch.commands.append(CommandDone(self._name, self._payload, self._turn.now, told))
        self._engine.after_commit(lambda: self._client.send(head), self._drop)


Asker = Client | Row | Recorded


class Commands:
    def __init__(self, engine: Engine, files: DagFiles, clock: Clock) -> None:
        self._engine = engine
        self._files = files
        self._clock = clock
        self.control: Control | None = None
        self.pending: list[Callable[[Turn], None]] = []
        self._last: list[tuple[Callable[[Turn], None], Client | None]] = []  # those that commit the turn up to them
        self.stopping: Head | None = None
        self._settings = SettingsWatch(engine.reader, files)
        engine.on_commit = self._on_commit
        Triggering(engine, self)

    @property
    def engine(self) -> Engine:
        return self._engine

    def handle(self, client: Client, head: Head) -> None:
        act = _COMMANDS.get(str(head.get("name")))
        if act is None:
            refuse(client, head, "unknown_command", f"There is no command '{head.get('name')}'.")
            return
        recorded = head["name"] in _LASTING
        asker = partial(self._recorded, client, head) if recorded else lambda _: client
        command = partial(self._act, act, asker, head)
        if head["name"] in control_commands.ACTS:
            self._last.append((command, client))
        else:
            self.pending.append(command)

    def _recorded(self, client: Client, head: Head, turn: Turn) -> Recorded:
        return Recorded(self._engine, client, head, turn, self._let_go)

    def _let_go(self, client: Client) -> None:
        """What it asked for may have been written or not: it sees that the connection is lost, and asks again."""
        if self.control is not None:
            self.control.drop(client)

    def take_pending(self) -> list[Callable[[Turn], None]]:
        """Those that commit the turn up to them come last: if that fails, nobody else's command is lost by it."""
        taken, self.pending = self.pending, []
        last, self._last = self._last, []
        clients = [client for _, client in last if client is not None]
        return [*taken, *(partial(self._or_let_go, clients, command) for command, _ in last)]

    def _or_let_go(self, clients: list[Client], command: Callable[[Turn], None], turn: Turn) -> None:
        try:
            command(turn)
        except TurnIsVoid:
            for client in clients:
                self._let_go(client)
            raise

    def _act(self, act: _Act, asker: Callable[[Turn], Asker], head: Head, turn: Turn) -> None:
        client = asker(turn)
        try:
            act(self, client, head, turn)
        except NotYet as wait:
            if head.get("asked_of"):
                refuse(client, head, "not_yet", f"DAG '{wait.dag_id}' was changed meanwhile; say it again.")
                return
            date = datetime.fromtimestamp(wait.at, timezone.utc).isoformat()
            again = {**head, "date": date, "asked_of": True}
            self._engine.own_timetables.tell(wait, partial(self._act, act, asker, again))
        except VenturiError as error:
            refuse(client, head, type(error).__name__, str(error))
        except (KeyError, TypeError, ValueError) as error:
            refuse(client, head, "bad_request", f"The command '{head.get('name')}' was not understood: {error}.")

    def answer(self, client: Asker, head: Head, **result: Any) -> None:
        """Once what was done is durable."""
        self._answer(client, head, **result)

    def _answer(self, client: Asker, head: Head, **result: Any) -> None:
        if isinstance(client, (Row, Recorded)):
            answer(client, head, **result)
        else:
            self._engine.after_commit(lambda: answer(client, head, **result), partial(self._let_go, client))

    def take_waiting(self, rows: list[CommandRow]) -> None:
        """Commands that were given while there was no engine, oldest first."""
        for row in rows:
            act = _LASTING.get(row.name)
            head = {"name": row.name, **row.payload}

            def run(turn: Turn, id: int = row.id, act: _Act | None = act, head: Head = head) -> None:
                if act is None:
                    message = f"There is no command '{head['name']}' that can wait."
                    refuse(Row(id, turn), head, "unknown_command", message)
                else:
                    self._act(act, partial(Row, id), head, turn)

            if row.name in control_commands.ACTS:
                self._last.append((run, None))
            else:
                self.pending.append(run)

    # ── runs ──

    def trigger(self, client: Asker, head: Head, turn: Turn) -> None:
        dag_id = str(head["dag_id"])
        if self._engine.versions.current(dag_id) is None:
            refuse(client, head, "no_such_dag", f"There is no DAG '{dag_id}'. List them with: venturi ls")
            return
        if head.get("unpause"):
            set_paused(self._engine, dag_id, False, turn)
        key = head.get("idempotency_key")
        new = [run for run in turn.batch.new_runs if run.dag_id == dag_id]
        known = self._engine.reader.run_by_key(dag_id, key) if key else None
        known = known or next((run.run_id for run in new if key and run.idempotency_key == key), None)
        if known is not None:
            self._answer(client, head, dag_id=dag_id, run_id=known, existed=True)
            return
        run_id = head.get("run_id")
        if run_id and (self._engine.reader.run(dag_id, run_id) is not None or any(r.run_id == run_id for r in new)):
            refuse(client, head, "run_exists", f"DAG '{dag_id}' already has a run '{run_id}'.")
            return
        run = self.make_run(
            dag_id,
            turn,
            run_id,
            head.get("conf"),
            head.get("date"),
            idempotency_key=key,
            only=tuple(head.get("tasks") or ()),
            started_by=head.get("by"),
            interval=_interval(head.get("interval")),
            partition=head.get("partition"),
        )
        paused = self._engine.world.dag(dag_id).paused
        self._answer(client, head, dag_id=dag_id, run_id=run.run_id, waits=paused)

    def run_file(self, client: Client, head: Head, turn: Turn) -> None:
        file = os.path.abspath(str(head["file"]))

        def then(state: FileState, turn: Turn) -> None:
            def act(self: Commands, asker: Asker, head: Head, turn: Turn) -> None:
                self._run_read_file(asker, head, state, turn)

            self._act(act, partial(self._recorded, client, head), head, turn)

        self._files.want(file, then)

    def _run_read_file(self, client: Asker, head: Head, state: FileState, turn: Turn) -> None:
        wanted = head.get("dag_id")
        if state.error is not None:
            refuse(client, head, "load_failed", str(state.error.get("message")), error=state.error, file=state.file)
        elif not state.dag_ids:
            refuse(client, head, "no_dag", f"{state.file} defines no DAG.")
        elif wanted and wanted not in state.dag_ids:
            names = ", ".join(state.dag_ids)
            message = f"{state.file} has no DAG '{wanted}'. It has: {names}."
            refuse(client, head, "no_such_dag", message, dag_ids=list(state.dag_ids))
        elif not wanted and len(state.dag_ids) > 1:
            message = f"{state.file} defines several DAGs; name one of: {', '.join(state.dag_ids)}."
            refuse(client, head, "several_dags", message, dag_ids=list(state.dag_ids))
        else:
            dag_id = wanted or state.dag_ids[0]
            try:
                run = self.make_run(dag_id, turn, None, head.get("conf"), head.get("date"), ignores_pause=True)
            except ValueError as error:
                refuse(client, head, "bad_request", str(error))
                return
            except BadParameter as error:
                refuse(client, head, "bad_parameter", str(error))
                return
            self._engine.handed.add(run.id)
            self._answer(client, head, dag_id=dag_id, run_id=run.run_id)

    def make_run(
        self,
        dag_id: str,
        turn: Turn,
        run_id: str | None = None,
        conf: dict[str, Any] | None = None,
        date: str | None = None,
        ignores_pause: bool = False,
        idempotency_key: str | None = None,
        only: tuple[str, ...] = (),
        interval: tuple[float, float] | None = None,
        started_by: str | None = None,
        partition: str | None = None,
    ) -> Run:
        return make_run(
            self._engine,
            Wanted(
                dag_id,
                run_id=run_id,
                conf=conf,
                logical_date=_date(date) if date else turn.now,
                ignores_pause=ignores_pause,
                idempotency_key=idempotency_key,
                only=only,
                interval=interval,
                started_by=started_by,
                partition_key=partition,
            ),
            turn,
        )

    def cancel_run(self, client: Asker, head: Head, turn: Turn) -> None:
        run = self._unfinished(head)
        if run is None:
            message = f"DAG '{head['dag_id']}' has no unfinished run '{head['run_id']}'."
            refuse(client, head, "no_such_run", message)
            return
        self._engine.cancel_run(run, str(head.get("reason") or "cancelled"), turn)
        self._answer(client, head)

    def _unfinished(self, head: Head) -> Run | None:
        for run in self._engine.world.runs.values():
            if run.dag_id == head["dag_id"] and run.run_id == head["run_id"]:
                return run
        return None

    def change(self, client: Asker, head: Head, turn: Turn) -> None:
        """Something is changed in runs that are there."""
        self._answer(client, head, **control_commands.ACTS[str(head["name"])](self._engine, head, turn))

    def answer_question(self, client: Asker, head: Head, turn: Turn) -> None:
        told = questions.answer(self._engine, head, turn)
        if isinstance(told, questions.Refused):
            refuse(client, head, *told)
        else:
            self._answer(client, head, **told)

    def look_at_change(self, client: Asker, head: Head, turn: Turn) -> None:
        self._answer(client, head, **control_commands.LOOKS[str(head["name"])](self._engine, head))

    def change_kept(self, client: Asker, head: Head, turn: Turn) -> None:
        self._answer(client, head, **_KEPT[str(head["name"])](self._engine, head, turn))

    # ── DAGs ──

    def pause(self, client: Asker, head: Head, turn: Turn) -> None:
        dag_id, paused = str(head["dag_id"]), head["name"] == "pause"
        if self._engine.versions.current(dag_id) is None:
            refuse(client, head, "no_such_dag", f"There is no DAG '{dag_id}'. List them with: venturi ls")
            return
        set_paused(self._engine, dag_id, paused, turn)
        self._answer(client, head, dag_id=dag_id, paused=paused)

    def refresh(self, client: Client, head: Head, turn: Turn) -> None:
        file = head.get("file")
        if file:
            self._files.changed({os.path.abspath(str(file))})
        else:
            self._files.changed(set(self._files.files))
        self._answer(client, head)

    # ── pools and settings ──

    def pool_set(self, client: Asker, head: Head, turn: Turn) -> None:
        name, slots, deferred = str(head["pool"]), int(head["slots"]), head.get("include_deferred")
        if not name or slots < -1:
            raise ValueError("a pool has a name and 0 or more slots, or -1 for no limit")
        pool = self._engine.world.pool(name)
        pool.slots, pool.defined = slots, True
        if deferred is not None:
            pool.include_deferred = bool(deferred)
        turn.batch.pools.append(PoolChange(name, slots, head.get("description"), deferred))
        told = {"pool": name, "slots": slots, "include_deferred": pool.include_deferred}
        turn.batch.events.append(Event(turn.now, "pool", None, None, told))
        self._answer(client, head, **told)

    def pool_remove(self, client: Asker, head: Head, turn: Turn) -> None:
        """What uses it still goes on as in a pool that nobody has defined: one at a time."""
        name = str(head["pool"])
        if name == DEFAULT_POOL:
            refuse(client, head, "default_pool", f"The pool '{name}' cannot be removed; give it other slots instead.")
        elif name not in self._engine.world.pools or name not in {p.name for p in self._engine.reader.pools()}:
            refuse(client, head, "no_such_pool", f"There is no pool '{name}'. List them with: venturi pools ls")
        else:
            pool = self._engine.world.pool(name)
            pool.slots, pool.include_deferred, pool.defined = UNDEFINED_POOL_SLOTS, False, False
            turn.batch.pools.append(PoolChange(name, None))
            turn.batch.events.append(Event(turn.now, "pool", None, None, {"pool": name, "slots": None}))
            self._answer(client, head, pool=name)

    def take_over(self, client: Asker, head: Head, turn: Turn) -> None:
        if self._engine.foreground:
            refuse(
                client, head, "foreground", "`venturi run` starts nothing by time; the next `venturi up` takes it over."
            )
            return
        self._answer(client, head, **coming.take_over(self._engine, head, turn))

    def asset_event(self, client: Asker, head: Head, turn: Turn) -> None:
        self._answer(client, head, **self._engine.assets.tell(head, turn))

    def asset_forget(self, client: Asker, head: Head, turn: Turn) -> None:
        asset, dag_id = head.get("asset"), head.get("dag_id")
        key = None if asset is None else (str(asset[0]), str(asset[1]))
        if key is None and dag_id is None:
            raise ValueError("say a DAG, an asset, or both")
        n = self._engine.assets.forget(None if dag_id is None else str(dag_id), key, turn)
        told = {"dag_id": dag_id, "asset": asset, "forgotten": n}
        turn.batch.events.append(Event(turn.now, "asset_forget", None if dag_id is None else str(dag_id), None, told))
        self._answer(client, head, forgotten=n)

    def settings_changed(self, client: Client, head: Head, turn: Turn) -> None:
        """Somebody has set or removed variables or connections in the database. Answered when what had read them has
        been read again, so that whatever is started then finds the new value."""
        states = self._settings.look()
        files = sorted(state.file for state in states)
        left = set(files)

        def then(state: FileState, _: Turn) -> None:
            left.discard(state.file)
            if not left:
                self._answer(client, head, files=files)

        for state in states:
            state.wanted_by.append(then)
        if not states:
            self._answer(client, head, files=files)

    # ── looking on ──

    def _on_commit(self, turn: Turn, last_event: int) -> None:
        self._settings.committed(len(turn.batch.events), last_event)
        self.tell_followers(turn, last_event)

    def follow(self, client: Client, head: Head, turn: Turn) -> None:
        run = self._unfinished(head)
        if run is None:
            # It may become final in this very turn: what the database says counts only once that is committed.
            self._engine.after_commit(lambda: self._tell_kept(client, head))
            return
        client.follows.add(run.id)
        self._answer(client, head, state=run.state.value)

    def _tell_kept(self, client: Client, head: Head) -> None:
        kept = self._engine.reader.run_state(str(head["dag_id"]), str(head["run_id"]))
        if kept is None:
            message = f"DAG '{head['dag_id']}' has no run '{head['run_id']}'."
            refuse(client, head, "no_such_run", message)
            return
        answer(client, head, state=kept)
        client.send({"k": "event", "run_id": head["run_id"], "state": kept})

    def tell_followers(self, turn: Turn, last_event: int) -> None:
        """After each commit: what changed in the runs somebody follows."""
        if self.control is None or not any(c.follows for c in self.control.clients):
            return
        changed: dict[int, list[list[Any]]] = {}
        for m in turn.batch.task_moves:
            changed.setdefault(m.run, []).append([m.task_id, m.map_index, m.after.value, m.try_number, m.reason])
        groups: dict[int, list[list[Any]]] = {}
        for g in turn.batch.group_moves:
            groups.setdefault(g.run, []).append([g.task_id, g.n, g.state.value])
        states = {m.run: (m.after.value, m.reason) for m in turn.batch.run_moves}
        final = {m.run for m in turn.batch.run_moves if m.after in RUN_FINAL}
        for client in list(self.control.clients):
            for run_id in client.follows & (changed.keys() | states.keys() | groups.keys()):
                state, reason = states.get(run_id, ("running", None))
                client.out += _event(run_id, state, reason, last_event, changed.get(run_id), groups.get(run_id))
                if run_id in final:
                    client.follows.discard(run_id)
            self.control.settle(client)

    def status(self, client: Client, head: Head, turn: Turn) -> None:
        world = self._engine.world
        answer(
            client,
            head,
            pid=os.getpid(),
            epoch=self._engine.epoch,
            foreground=self._engine.foreground,
            online=world.capacity.online,
            runs=len(world.runs),
            live=len(world.by_token),
            dags=len(world.dags),
            now=turn.now,
        )

    def why(self, client: Client, head: Head, turn: Turn) -> None:
        """What keeps a DAG, a run or a task, by what is committed and what is in memory."""
        told = whys.answer(
            whys.known_by(self._engine), turn.now, str(head["dag_id"]), head.get("run_id"), head.get("task")
        )
        answer(client, head, **told)

    def stop(self, client: Client, head: Head, turn: Turn) -> None:
        """Acknowledged at once; the engine ends when its attempts have, or the time given is over."""
        self.stopping = {**head, "at": turn.now}
        answer(client, head)


def _event(run: int, state: str, reason: str | None, last: int, changed: Any, groups: Any) -> bytes:
    head = {"k": "event", "run": run, "state": state, "reason": reason, "last_event": last}
    return encode({**head, "changed": changed or [], "groups": groups or []})


def _interval(given: Any) -> tuple[float, float] | None:
    """What a run is about, where that is said and not left to its timetable."""
    if given is None:
        return None
    if isinstance(given, list) and len(given) == 2 and float(given[0]) <= float(given[1]):
        return float(given[0]), float(given[1])
    raise ValueError("an interval is its start and its end")


def _date(text: str) -> float:
    try:
        made = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise ValueError(f"'{text}' is no date; write it like 2026-01-31 or 2026-01-31T12:00:00+00:00") from None
    return (made if made.tzinfo else made.replace(tzinfo=timezone.utc)).timestamp()


_KEPT = {**kept_commands.ACTS, **removing.ACTS}
_Act = Callable[[Commands, Any, Head, Turn], None]
_COMMANDS: dict[str, _Act] = {
    "trigger": Commands.trigger,
    "run_file": Commands.run_file,
    "pause": Commands.pause,
    "unpause": Commands.pause,
    "cancel_run": Commands.cancel_run,
    **dict.fromkeys(control_commands.ACTS, Commands.change),
    **dict.fromkeys(control_commands.LOOKS, Commands.look_at_change),
    "answer": Commands.answer_question,
    **dict.fromkeys(_KEPT, Commands.change_kept),
    "pool_set": Commands.pool_set,
    "pool_remove": Commands.pool_remove,
    "take_over": Commands.take_over,
    "asset_event": Commands.asset_event,
    "asset_forget": Commands.asset_forget,
    "settings_changed": Commands.settings_changed,
    "refresh": Commands.refresh,
    "follow": Commands.follow,
    "status": Commands.status,
    **backfill_commands.COMMANDS,
    **retention_commands.COMMANDS,
    "why": Commands.why,
    "stop": Commands.stop,
}
# What makes sense to be done later, when an engine is there again.
_LASTING = {
    name: _COMMANDS[name]
    for name in (
        *("trigger", "pause", "unpause", "cancel_run", "pool_set", "pool_remove", "take_over"),
        *("asset_event", "asset_forget"),
        "answer",
        *backfill_commands.LASTING,
        *control_commands.ACTS,
        *_KEPT,
        *retention_commands.LASTING,
    )
}
