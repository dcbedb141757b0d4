"""The executor contract: what the engine may ask of a place where attempts run, and what comes back, as values.

Owns the vocabulary between engine and executors. A new executor is one class with these methods.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(slots=True)
class Start:
    """Run one attempt; sent only after its `starting` row is committed."""

    token: int
    source: dict[str, Any]  # wire.messages.source
    context: bytes  # the attempt's context as JSON, opaque on the way
    log: str
    what: str
    isolation: str = "fork"
    time_limit_s: float | None = None
    memory_limit_mb: float | None = None
    fork_safe: bool = True
    gpus: tuple[str, ...] = ()  # the devices it may see
    cpus: float | None = None  # how many cores it has asked for


@dataclass(slots=True)
class Watch:
    """Run a trigger until it has an event; sent only after its deferral is committed, and to each new crew again.

    One that `fires_again` goes on after each event that the engine has told to be taken (`go_on`)."""

    token: int
    source: dict[str, Any]
    trigger: str  # the class, as module.name
    data: bytes  # encoded arguments
    log: str
    what: str
    instance: dict[str, Any] | None  # None: of a watcher, which waits for no task
    fires_again: bool = False
    code: str = ""  # of a watcher: a hash of what it runs by, which is never run by an older one


@dataclass(slots=True)
class Connected:
    """The executor is there (again): what is alive and what waits. Ends follow, then `Settled`."""

    slots: int
    alive: dict[int, tuple[int, float]]  # token → (pid, started at)
    waiting: set[int]
    watched: set[int] = field(default_factory=set)  # tokens whose triggers run, or have an event that is not yet taken


@dataclass(slots=True)
class Settled:
    """Every end the executor knows of has been told; a token it did not name never ran."""

    named: set[int]


@dataclass(slots=True)
class Disconnected:
    reason: str


@dataclass(slots=True)
class Started:
    token: int
    pid: int
    at: float


@dataclass(slots=True)
class Ended:
    token: int
    outcome: str  # core.states.Outcome
    at: float
    detail: dict[str, Any] = field(default_factory=dict)  # the fields of wire.messages.ended
    value: bytes = b""


@dataclass(slots=True)
class Fired:
    """A trigger has its event: the fields of wire.messages.fired."""

    token: int
    kind: str
    detail: dict[str, Any] = field(default_factory=dict)
    payload: bytes = b""  # encoded


@dataclass(slots=True)
class Asked:
    token: int
    request: int
    what: str
    detail: dict[str, Any]
    body: bytes = b""


@dataclass(slots=True)
class Loaded:
    """A DAG file was read. `error` is set when it could not be."""

    request: int
    specs: bytes  # JSON list of DagSpec
    detail: dict[str, Any]
    error: dict[str, Any] | None = None


@dataclass(slots=True)
class Dated:
    """What a timetable class of the author's own has said: the fields of wire.messages.dated."""

    request: int
    detail: dict[str, Any]


Report = Connected | Settled | Disconnected | Started | Ended | Fired | Asked | Loaded | Dated


class Executor(Protocol):
    @property
    def slots(self) -> int: ...
    def fileno(self) -> int:
        """Readable when `poll` has something; −1 while disconnected."""

    def submit(self, starts: list[Start]) -> None: ...
    def cancel(self, token: int, reason: str, grace_s: float) -> None: ...
    def acknowledge(self, tokens: list[int]) -> None:
        """The ends of these attempts are durable."""

    def watch(self, watches: list[Watch]) -> None: ...
    def unwatch(self, tokens: list[int]) -> None: ...
    def go_on(self, token: int, event: int) -> None: ...
    def answer(self, token: int, request: int, ok: bool, detail: dict[str, Any], body: bytes = b"") -> None: ...
    def load(
        self, request: int, source: dict[str, Any], time_limit_s: float, memory_limit_mb: float | None
    ) -> None: ...
    def ask_dates(
        self, request: int, source: dict[str, Any], want: dict[str, Any], time_limit_s: float, fork_safe: bool
    ) -> None:
        """Of a timetable class of the author's own; what is asked while disconnected is not answered."""

    def poll(self) -> list[Report]:
        """Everything that has arrived; never blocks."""

    def flush(self) -> None:
        """Send what is waiting to be sent, in one write where possible."""
