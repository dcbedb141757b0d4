"""Reading the database from the web's threads: a few connections that are handed round, and specs kept in memory.

Owns these connections and the memory of DAG versions, which never change. Writes nothing.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ..config import Config, Home
from ..core.errors import StoreError
from ..core.moves import DagVersion
from ..core.spec import DagSpec, TaskSpec, dag_from_json
from ..store import Reader, Store, open_store

SPECS_MAX = 500
TASKS_MAX = 100_000  # in all the specs that are kept


@dataclass(slots=True)
class Known:
    """A version of a DAG, read once."""

    id: int
    dag_id: str
    at: float
    number: int  # among the versions of its DAG, from 1
    spec: DagSpec
    source: dict[str, Any]
    tasks: dict[str, TaskSpec]
    downstream: dict[str, list[str]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.spec.label or self.dag_id


class Readers:
    def __init__(self, home: Home, config: Config) -> None:
        self._home, self._config = home, config
        self._idle: list[Reader] = []
        self._store: Store | None = None
        self._lock = threading.Lock()
        self._known: OrderedDict[int, Known] = OrderedDict()

    @contextmanager
    def take(self) -> Iterator[Reader]:
        reader = self._one()
        try:
            yield reader
        except StoreError:
            reader.close()  # whatever is wrong with it, the next question gets a new connection
            raise
        except BaseException:
            self._give_back(reader)
            raise
        else:
            self._give_back(reader)

    def _one(self) -> Reader:
        with self._lock:
            if self._idle:
                return self._idle.pop()
            if self._store is None:
                self._store = self.store()
            return self._store.reader()

    def _give_back(self, reader: Reader) -> None:
        with self._lock:
            self._idle.append(reader)

    def store(self) -> Store:
        """One that may write variables and connections; whoever opens it closes it."""
        address = self._config.database_url or self._home.database
        if self._config.database_url is None and not self._home.database.exists():
            raise StoreError(reason="there is none yet; start Venturi with: venturi up")
        return open_store(address, create=False, key_file=self._home.sealing_key)

    def version(self, reader: Reader, id: int) -> Known:
        with self._lock:
            known = self._known.get(id)
            if known is not None:
                self._known.move_to_end(id)
                return known
        made = _known(reader.version(id), reader)
        with self._lock:
            self._known[id] = made
            while len(self._known) > SPECS_MAX or (self._tasks() > TASKS_MAX and len(self._known) > 1):
                self._known.popitem(last=False)
        return made

    def _tasks(self) -> int:
        return sum(len(known.tasks) for known in self._known.values())


def _known(version: DagVersion, reader: Reader) -> Known:
    spec = dag_from_json(version.spec)
    number = sum(1 for id, *_ in reader.version_list(version.dag_id) if id <= version.id)
    made = Known(
        version.id, version.dag_id, version.at, number, spec, version.source, {t.task_id: t for t in spec.tasks}
    )
    for task in spec.tasks:
        for up in task.upstream:
            made.downstream.setdefault(up, []).append(task.task_id)
    return made
