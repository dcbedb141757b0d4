"""The store: every change to the database is a method here, and its docstring says what is atomic.

Owns the writing connection and the order of writes in a commit. Decides nothing: moves come from core, guarded by
what their maker believed, and where the database says otherwise nothing of the batch is written.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from ..core.errors import EpochLost, GuardFailed, StoreError
from ..core.moves import Batch, DagVersion
from . import batches
from .drivers import transaction
from .opening import open_driver, read_driver
from .reading import Reader, ask, read_world
from .rows import CommandRow, VariableRow, World
from .statements import commit_text, write_text

TOKENS_AHEAD = 1000  # the floor is raised by this much at a time, so that most commits need not touch it


class Store:
    """The writing side. Of one thread; `reader()` gives others their own connection."""

    def __init__(self, address: str | Path, create: bool = True) -> None:
        self.address = address
        self._driver = open_driver(address, create)
        self._dialect = self._driver.dialect
        self._token_floor: int | None = None

    def close(self) -> None:
        self._driver.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def reader(self) -> Reader:
        """An own connection that cannot write, for another thread or process."""
        return Reader(read_driver(self.address))

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
        newest = max((move.token for moves in (batch.task_moves, batch.call_moves) for move in moves), default=0)
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
        return Reader(self._driver).version(id)

    def version_id(self, dag_id: str, digest: str) -> int | None:
        """The newest version of this DAG with this hash."""
        return Reader(self._driver).version_id(dag_id, digest)

    def token_run(self, token: int) -> int | None:
        """Which run this attempt is, or was, of."""
        return Reader(self._driver).token_run(token)

    # ── commands left for an engine ──────────────────────────────────────────────────────────────────────

    def put_command(self, name: str, payload: dict[str, Any]) -> int:
        """One short transaction, by any process: the command waits for the next engine. Its id."""
        with transaction(self._driver):
            params = {"name": name, "payload": json.dumps(payload), "at": time.time()}
            id: int = self._returning("put_command", params)
        return id

    def waiting_commands(self) -> list[CommandRow]:
        """Oldest first."""
        return Reader(self._driver).waiting_commands()

    # ── variables and connections ────────────────────────────────────────────────────────────────────────

    def variable_set(self, key: str, value: str, description: str | None = None) -> None:
        """One short transaction with its event, by any process. The event names the key and never the value."""
        now = time.time()
        with transaction(self._driver):
            self._lock_events()
            params = {"key": key, "value": value, "description": description, "at": now}
            self._driver.execute(write_text("variable_set", self._dialect), params)
            self._put_event(now, "variable", {"key": key, "change": "set"})

    def variable_delete(self, key: str) -> bool:
        """One short transaction with its event. Whether there was one."""
        now = time.time()
        with transaction(self._driver):
            self._lock_events()
            found = self._driver.execute(write_text("variable_delete", self._dialect), {"key": key}) > 0
            if found:
                self._put_event(now, "variable", {"key": key, "change": "deleted"})
        return found

    def variable_get(self, key: str) -> str | None:
        return Reader(self._driver).variable_get(key)

    def variable_list(self) -> list[VariableRow]:
        """By key."""
        return Reader(self._driver).variables()

    def connection_get(self, conn_id: str) -> dict[str, Any] | None:
        return Reader(self._driver).connection_get(conn_id)

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

    def _put_event(self, at: float, kind: str, data: Any) -> None:
        self._driver.write(commit_text("event", self._dialect), [(at, kind, None, None, json.dumps(data))])

    def _returning(self, name: str, params: dict[str, Any]) -> Any:
        return self._driver.all(write_text(name, self._dialect), params)[0][0]


def open_store(address: str | Path, create: bool = True) -> Store:
    """A file or URL to a store. With `create` a missing database is made and an older one migrated; a damaged one, or
    one of a newer Venturi, is refused with one sentence."""
    return Store(address, create)
