"""The store: every change to the database is a method here, and its docstring says what is atomic.

Owns the writing connection and the order of writes in a commit. Decides nothing: moves come from core, guarded by
what their maker believed, and where the database says otherwise nothing of the batch is written.

Files of the value store (`values/<sha>`) are named by content: one file may be the value of many tasks and runs. An
attempt writes its file before the row that names it, so that a file without a row may be one that is about to have one.
`engine.sweeping` removes those that no row names and that are older than any living attempt.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..core.errors import EpochLost, GuardFailed, StoreError
from ..core.moves import Batch, DagVersion
from . import batches
from .accounts import Accounts
from .drivers import transaction
from .opening import open_driver, read_driver
from .reading import Reader, ask, read_world, sealed_text
from .rows import CommandRow, ConnectionRow, VariableRow, World
from .sealing import Sealer
from .statements import commit_text, write_text

TOKENS_AHEAD = 1000  # the floor is raised by this much at a time, so that most commits need not touch it


class Store:
    """The writing side. Of one thread; `reader()` gives others their own connection."""

    def __init__(self, address: str | Path, create: bool = True, key_file: Path | None = None) -> None:
        self.address = address
        self._sealer = Sealer(key_file)
        self._driver = open_driver(address, create)
        self._dialect = self._driver.dialect
        self._reads = Reader(self._driver, self._sealer)
        self._token_floor: int | None = None

    @property
    def accounts(self) -> Accounts:
        """Who may sign in, and what they have; on this store's connection."""
        return Accounts(self._driver)

    def close(self) -> None:
        self._driver.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def reader(self) -> Reader:
        """An own connection that cannot write, for another thread or process."""
        return Reader(read_driver(self.address), Sealer(self._sealer.file))

    # ── the engine's ─────────────────────────────────────────────────────────────────────────────────────

    def take_epoch(self) -> int:
        """One transaction: from its commit on, every commit under an older epoch fails."""
        with transaction(self._driver):
            epoch = self._meta("epoch") + 1
            self._set_meta("epoch", epoch)
        self._token_floor = None
        return epoch

    def commit(self, batch: Batch, epoch: int) -> int:
        """All of the batch or nothing, in one transaction; durable when this returns. The newest event's id.

        EpochLost when another engine has taken over, GuardFailed when a row is not as its move says it was, Conflict
        when a new row's key is taken; nothing is written then.
        """
        try:
            return self._commit(batch, epoch, clean=False)
        except UnicodeEncodeError:
            # A reason or a name quotes a lone surrogate, which no database takes as text.
            return self._commit(batch, epoch, clean=True)

    def _commit(self, batch: Batch, epoch: int, clean: bool) -> int:
        with transaction(self._driver):
            newest = self._meta("epoch")
            if newest != epoch:
                raise EpochLost(theirs=newest, ours=epoch)
            floor = self._raise_floor(batch)
            for name, rows, guarded in batches.writes(batch):
                if clean:
                    rows = batches.cleaned(rows)
                changed = self._driver.write(commit_text(name, self._dialect), rows)
                if guarded and changed != len(rows):
                    raise GuardFailed(missed=len(rows) - changed, expected=len(rows))
            last_event: int = ask(self._driver, "last_event")[0][0] or 0
        self._token_floor = floor
        return last_event

    def _raise_floor(self, batch: Batch) -> int:
        """Tokens only grow, over restarts and deletions: none is committed above the floor that is kept."""
        floor = self._meta("token_floor") if self._token_floor is None else self._token_floor
        named = (batch.task_moves, batch.call_moves, batch.asset_events)
        newest = max((one.token for several in named for one in several), default=0)
        if newest > floor:
            floor = newest + TOKENS_AHEAD
            self._set_meta("token_floor", floor)
        return floor

    def counters(self) -> tuple[int, int, int, int]:
        """The next run id, token, version id and call id, as of one moment. A token is above every one committed."""
        run, token, floor, version, call = ask(self._driver, "newest_ids")[0]
        return (run or 0) + 1, max(token or 0, int(floor)) + 1, (version or 0) + 1, (call or 0) + 1

    def load_world(self) -> World:
        """Everything a restarting engine needs, as of one moment."""
        return read_world(self._driver)

    def version(self, id: int) -> DagVersion:
        return self._reads.version(id)

    def version_id(self, dag_id: str, digest: str) -> int | None:
        """The newest version of this DAG with this hash."""
        return self._reads.version_id(dag_id, digest)

    def token_run(self, token: int) -> int | None:
        """Which run this attempt is, or was, of."""
        return self._reads.token_run(token)

    # ── commands left for an engine ──────────────────────────────────────────────────────────────────────

    def put_command(self, name: str, payload: dict[str, Any]) -> int:
        """One short transaction, by any process: the command waits for the next engine. Its id."""
        with transaction(self._driver):
            params = {"name": name, "payload": json.dumps(payload), "at": time.time()}
            id: int = self._returning("put_command", params)
        return id

    def waiting_commands(self) -> list[CommandRow]:
        """Oldest first."""
        return self._reads.waiting_commands()

    # ── variables and connections ────────────────────────────────────────────────────────────────────────

    def variable_set(self, key: str, value: str, description: str | None = None) -> None:
        """One short transaction with its event, by any process. The event names the key and never the value."""
        with self._change("variable", {"key": key, "change": "set"}) as now:
            sealed = self._sealer.seal("variable", key, value, self._nothing_is_sealed)
            self._write("variable_set", key=key, sealed=sealed, description=description, at=now)

    def variable_delete(self, key: str) -> bool:
        """One short transaction with its event. Whether there was one."""
        return self._delete("variable_delete", "variable", "key", key)

    def connection_set(self, conn_id: str, fields: Mapping[str, Any]) -> None:
        """All fields anew, in one short transaction with its event. A description that is not given stays."""
        sealed_fields = {k: v for k, v in fields.items() if k not in ("conn_id", "conn_type", "description")}
        with self._change("connection", {"conn_id": conn_id, "change": "set"}) as now:
            sealed = self._sealer.seal("connection", conn_id, json.dumps(sealed_fields), self._nothing_is_sealed)
            more = {name: fields.get(name) for name in ("conn_type", "description")}
            self._write("connection_set", conn_id=conn_id, sealed=sealed, at=now, **more)

    def connection_delete(self, conn_id: str) -> bool:
        """One short transaction with its event. Whether there was one."""
        return self._delete("connection_delete", "connection", "conn_id", conn_id)

    def rotate_key(self) -> int:
        """Everything sealed anew with a new key, in one transaction; how much that was. What other processes seal and
        open meanwhile they can: the old key goes when the last row has the new one."""
        with self._sealer.rotating(), transaction(self._driver):
            self._lock_events()
            variables, connections = ask(self._driver, "variables"), ask(self._driver, "connections")
            for row in variables:
                text = sealed_text(self._sealer, row) or ""
                self._write("variable_seal", key_=row[0], sealed=self._sealer.seal("variable", row[0], text, bool))
            for row in connections:
                text = self._sealer.open("connection", row[0], bytes(row[2]))
                self._write("connection_seal", key_=row[0], sealed=self._sealer.seal("connection", row[0], text, bool))
            self._put_event(time.time(), "key", {"change": "rotated"})
        return len(variables) + len(connections)

    def variable(self, key: str) -> str | None:
        return self._reads.variable(key)

    def variables(self) -> list[VariableRow]:
        """By key, unopened."""
        return self._reads.variables()

    def connection(self, conn_id: str) -> dict[str, Any] | None:
        """Opened: every field that is set."""
        return self._reads.connection(conn_id)

    def connections(self) -> list[ConnectionRow]:
        """By id, unopened."""
        return self._reads.connections()

    def _nothing_is_sealed(self) -> bool:
        return not ask(self._driver, "sealed")

    def _delete(self, statement: str, kind: str, column: str, name: str) -> bool:
        now = time.time()
        with transaction(self._driver):
            self._lock_events()
            found = self._write(statement, **{column: name}) > 0
            if found:
                self._put_event(now, kind, {column: name, "change": "deleted"})
        return found

    @contextmanager
    def _change(self, kind: str, data: dict[str, str]) -> Iterator[float]:
        """A short transaction around one write, with its event."""
        now = time.time()
        with transaction(self._driver):
            self._lock_events()
            yield now
            self._put_event(now, kind, data)

    # ── inside a transaction ─────────────────────────────────────────────────────────────────────────────

    def _meta(self, key: str) -> int:
        # Locks the row on Postgres, so that commits, and with them event ids, come one after the other.
        found = self._driver.all(write_text("meta", self._dialect), {"key": key})
        if not found:
            raise StoreError(reason=f"its table meta has lost the row '{key}'; restore it from a backup")
        return int(found[0][0])

    def _set_meta(self, key: str, value: int) -> None:
        self._driver.execute(write_text("set_meta", self._dialect), {"key_": key, "value": str(value)})

    def _lock_events(self) -> None:
        """Events of other writers take their ids in the order of their commits too."""
        self._meta("epoch")

    def _write(self, name: str, **params: Any) -> int:
        return self._driver.execute(write_text(name, self._dialect), params)

    def _put_event(self, at: float, kind: str, data: Any) -> None:
        self._driver.write(commit_text("event", self._dialect), [(at, kind, None, None, json.dumps(data))])

    def _returning(self, name: str, params: dict[str, Any]) -> Any:
        return self._driver.all(write_text(name, self._dialect), params)[0][0]


def open_store(address: str | Path, create: bool = True, key_file: Path | None = None) -> Store:
    """A file or URL to a store. With `create` a missing database is made and an older one migrated; a damaged one, or
    one of a newer Venturi, is refused with one sentence. Connections and variables are sealed with the `key_file`."""
    return Store(address, create, key_file)
