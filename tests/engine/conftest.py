from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from venturi.config import Config
from venturi.core.spec import DagSpec, to_json
from venturi.core.step import Turn
from venturi.engine.clock import WallClock
from venturi.engine.commands import Commands
from venturi.engine.dagfiles import DagFiles
from venturi.engine.turn import Engine
from venturi.executors.base import Connected, Ended, Loaded, Report, Settled, Start, Started, Watch
from venturi.store import Store, open_store


class Recorder:
    """An executor that does nothing but write down what it is told; tests say what it reports."""

    def __init__(self) -> None:
        self.slots = 4
        self.starts: list[Start] = []
        self.acks: list[int] = []
        self.cancels: list[tuple[int, str]] = []
        self.answers: list[tuple[int, bool, dict[str, Any], bytes]] = []
        self.loads: list[tuple[int, dict[str, Any]]] = []
        self.questions: list[tuple[int, dict[str, Any]]] = []  # to timetables of the authors' own
        self.watches: list[Watch] = []
        self.unwatched: list[int] = []
        self.gone_on: list[tuple[int, int]] = []

    def fileno(self) -> int:
        return -1

    def submit(self, starts: list[Start]) -> None:
        self.starts += starts

    def acknowledge(self, tokens: list[int]) -> None:
        self.acks += tokens

    def cancel(self, token: int, reason: str, grace_s: float) -> None:
        self.cancels.append((token, reason))

    def watch(self, watches: list[Watch]) -> None:
        self.watches += watches

    def unwatch(self, tokens: list[int]) -> None:
        self.unwatched += tokens

    def go_on(self, token: int, event: int) -> None:
        self.gone_on.append((token, event))

    def answer(self, token: int, request: int, ok: bool, detail: dict[str, Any], body: bytes = b"") -> None:
        self.answers.append((token, ok, detail, body))

    def load(self, request: int, source: dict[str, Any], time_limit_s: float, memory_limit_mb: float | None) -> None:
        self.loads.append((request, source))

    def ask_dates(
        self, request: int, source: dict[str, Any], want: dict[str, Any], time_limit_s: float, fork_safe: bool
    ) -> None:
        self.questions.append((request, want))

    def flush(self) -> None: ...
    def poll(self) -> list[Report]:
        return []


class Bench:
    """An engine, its commands and files, over a recorder; time stands still unless a test moves it."""

    def __init__(self, folder: Path, roots: list[Path], foreground: bool = False, config: Config | None = None) -> None:
        self.folder, self.roots = folder, roots
        self.now = 1_700_000_000.0
        self.config = config or Config(dags_paused_at_creation=False, start_timeout_s=0.0)
        self.store: Store = open_store(folder / "venturi.db", key_file=folder / "sealing.key")
        self.start(foreground)

    def start(self, foreground: bool = False) -> None:
        """A new engine on the same database, as after a crash."""
        self.executor = Recorder()
        self.engine = Engine(self.store, self.executor, self.config, self.folder / "values", foreground)
        self.files = DagFiles(self.engine, self.roots)
        self.commands = Commands(self.engine, self.files, WallClock())
        self.turn()
        self.turn(Connected(4, {}, set()))

    def settle(self, *named: int) -> None:
        self.turn(Settled(set(named)))

    def turn(self, *reports: Report, do: Callable[[Turn], Any] | None = None) -> None:
        commands = [*self.commands.take_pending(), self.files.tell_gone]
        if do is not None:
            commands.append(do)
        self.engine.turn(reports, commands, self.now)
        if self.engine.waits:
            self.engine.finish()
        self.files.pump()

    def declare(self, spec: DagSpec, file: str = "/dags/one.py", version: str = "v1") -> None:
        """As if a file with this DAG had been read."""
        self.files.want(file, lambda state, turn: None)
        self.files.pump()
        self.loaded([spec], version)

    def loaded(self, specs: list[DagSpec], version: str = "v1", request: int | None = None, **more: Any) -> None:
        body = json.dumps([to_json(spec) for spec in specs]).encode()
        if request is None:
            request = self.executor.loads[-1][0]
        self.turn(Loaded(request, body, {"version": version, "modules": {}, **more}))

    def trigger(self, dag_id: str, **more: Any) -> str:
        made: list[str] = []
        self.turn(do=lambda turn: made.append(self.commands.make_run(dag_id, turn, **more).run_id))
        return made[0]

    def started(self, token: int) -> Started:
        return Started(token, 4000 + token, self.now)

    def ended(
        self, token: int, outcome: str = "success", value: bytes = b"", length: int | None = None, **detail: Any
    ) -> Ended:
        if value:
            detail["value"] = {"kind": "list", "length": length}
        return Ended(token, outcome, self.now, detail, value)

    def states(self, dag_id: str, run_id: str) -> dict[str, str]:
        with self.store.reader() as reader:
            run = reader.run(dag_id, run_id)
            assert run is not None
            rows = reader.instances(run.id).rows
            return {r.task_id if r.map_index < 0 else f"{r.task_id}[{r.map_index}]": r.state for r in rows}

    def run_state(self, dag_id: str, run_id: str) -> str | None:
        with self.store.reader() as reader:
            return reader.run_state(dag_id, run_id)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    roots = tmp_path / "dags"
    roots.mkdir()
    made = Bench(tmp_path, [roots])
    made.settle()
    yield made
    made.store.close()
