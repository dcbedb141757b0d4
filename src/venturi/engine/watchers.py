"""Watchers of assets: triggers that make an event of an asset each time they fire, while an unpaused DAG starts by it.

Owns which of them run, that each event of theirs is written once, and when one that broke or ended begins again. They
run where the triggers of deferred tasks do. A watcher is known by what it does, so that it goes on over a new engine;
it waits after each event until that is committed. Which runs an event starts is `assets`'.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from ..core.assets import Key, watchers_in
from ..core.moves import AssetEventRow, DagVersion, Event, StateRow
from ..core.names import MODULE_OF_A_FILE
from ..core.step import Turn
from ..core.world import WHOLE
from ..executors.base import Fired, Watch
from ..wire.log_names import watcher_log_name

if TYPE_CHECKING:
    from .turn import Engine

SCOPE = "watchers"  # where it is kept which event of each was the last one
TOKENS_FROM = 1 << 52  # no attempt's comes so far
AGAIN_S, AGAIN_S_MAX = 1.0, 60.0


@dataclass(slots=True)
class Watcher:
    token: int
    name: str
    watch: Watch
    assets: list[Key] = field(default_factory=list)
    dags: list[str] = field(default_factory=list)
    failures: int = 0  # one after the other
    problem: str | None = None  # with which the last of them came
    again_at: float | None = None  # None: it runs


class Watchers:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._all: dict[int, Watcher] = {}
        self._last: dict[int, int] = {}  # the newest event of each that is written
        self._look = False

    def restart(self) -> None:
        """From what the database says. Those that an executor still runs go on."""
        self._look = not self._engine.foreground
        self._all = self._wanted() if self._look else {}
        kept = self._engine.reader.stored_states(SCOPE, 0.0) if self._look else []
        self._last = {int(token): int(event) for token, event, _, _ in kept}

    def touch(self) -> None:
        """A DAG has another version, or is paused or not."""
        self._look = not self._engine.foreground

    def knows(self, token: int) -> bool:
        return token in self._all

    def names_in(self, dag_id: str) -> dict[str, str | None]:
        """Those that watch for this DAG, each with what is wrong with it."""
        return {one.name: one.problem for one in self._all.values() if dag_id in one.dags}

    def next_at(self) -> float | None:
        if not self._engine.world.capacity.online:
            return None  # none can begin: to wake for them would be to wake without end
        return min((one.again_at for one in self._all.values() if one.again_at is not None), default=None)

    # ── the turn ──

    def act(self, turn: Turn) -> None:
        if self._look:
            self._look = False
            self._look_again(turn)
        if self._all and self._engine.world.capacity.online:
            due = [one for one in self._all.values() if one.again_at is not None and one.again_at <= turn.now]
            self._begin(due)

    def connected(self) -> None:
        """An executor that may know none of them: what it does know, telling it again does not change."""
        self._begin(list(self._all.values()))

    def _begin(self, several: list[Watcher]) -> None:
        for one in several:
            one.again_at = None
        watches = [one.watch for one in several]
        if watches:
            self._engine.after_commit(lambda: self._engine.executor.watch(watches))

    def _wanted(self) -> dict[int, Watcher]:
        wanted: dict[int, Watcher] = {}
        for version in self._engine.versions.all_current():
            if version.ad_hoc or self._engine.world.dag(version.dag_id).paused:
                continue
            for key, told in watchers_in(version.spec.get("schedule")):
                one = _watcher(version, told)
                one = wanted.setdefault(one.token, one)
                one.assets += [key] if key not in one.assets else []
                one.dags += [version.dag_id] if version.dag_id not in one.dags else []
        return wanted

    def _look_again(self, turn: Turn) -> None:
        wanted = self._wanted()
        gone = [token for token in self._all if token not in wanted]
        for token in {*gone, *(self._last.keys() - wanted.keys())}:
            self._last.pop(token, None)
            turn.batch.states.append(StateRow(SCOPE, str(token), None, turn.now))
        if gone:
            self._engine.after_commit(lambda: self._engine.executor.unwatch(gone))
        for token, one in wanted.items():
            known = self._all.get(token)
            if known is not None:
                one.failures, one.problem, one.again_at = known.failures, known.problem, known.again_at
            else:
                one.again_at = turn.now
        self._all = wanted

    def fired(self, report: Fired, turn: Turn) -> None:
        """An event, or the end of it."""
        engine, one = self._engine, self._all[report.token]
        if report.kind == "event":
            number = int(report.detail["event"])
            if number > self._last.get(one.token, 0):
                self._last[one.token] = number
                turn.batch.states.append(StateRow(SCOPE, str(one.token), str(number), turn.now))
                engine.assets.happened(_events(one, report.payload, engine.take_token(), turn.now), None, turn)
            one.failures, one.problem = 0, None
            engine.after_commit(lambda: engine.executor.go_on(one.token, number))
            return
        is_broken = report.kind == "error"
        one.failures = one.failures + 1 if is_broken else 0
        one.problem = str(report.detail.get("message") or "it broke") if is_broken else None
        one.again_at = turn.now + min(AGAIN_S_MAX, AGAIN_S * 2 ** max(0, one.failures - 1))
        if is_broken:
            told = {"watcher": one.name, "assets": [name for name, _ in one.assets], "why": one.problem}
            turn.batch.events.append(Event(turn.now, "watcher_failed", one.dags[0], None, told))
        engine.after_commit(lambda: engine.executor.unwatch([one.token]))


def _watcher(version: DagVersion, told: dict[str, Any]) -> Watcher:
    source, trigger = version.source["load"], str(told["trigger"])
    data = json.dumps(told.get("kwargs") or {}, ensure_ascii=False, separators=(",", ":"))
    file, code = _code_of(version, trigger)
    same = (source["python"], *source["roots"], file, code, trigger, data)
    token = TOKENS_FROM | int.from_bytes(sha256("\0".join(map(str, same)).encode()).digest()[:8], "big") >> 12
    name = str(told["name"])
    watch = Watch(
        token=token,
        source=source,
        trigger=trigger,
        data=data.encode(),
        log=watcher_log_name(name, token),
        what=f"watcher {name}",
        instance=None,
        fires_again=True,
        code=code,
    )
    return Watcher(token, name, watch)


def _code_of(version: DagVersion, trigger: str) -> tuple[str, str]:
    """The DAG file, if the class stands in it, and a hash of the module that it stands in, where that is the author's
    own."""
    source = version.source["load"]
    if trigger.startswith(MODULE_OF_A_FILE):
        return str(source["file"]), str(source["version"])
    end = f"/{trigger.rpartition('.')[0].replace('.', '/')}.py"
    return "", next((str(sha) for path, sha in version.source.get("modules", {}).items() if path.endswith(end)), "")


def _events(one: Watcher, payload: bytes, token: int, at: float) -> list[AssetEventRow]:
    extra = {"from_trigger": True, "payload": json.loads(payload) if payload else None}
    return [
        AssetEventRow(token, n, at, name, uri, extra, [], None, dag_id="", run_id="", task_id="", map_index=WHOLE)
        for n, (name, uri) in enumerate(one.assets)
    ]
