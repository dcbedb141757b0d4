"""Trigger hosts: processes that run the triggers of deferred tasks, one per interpreter and import roots.

Owns which host runs which trigger, events until the engine has taken them, and what becomes of triggers whose host
dies: it is started again; one that dies again and again is halved, until the trigger that ends it is alone.
"""

from __future__ import annotations

import os
from functools import partial
from time import monotonic

from ..crashpoints import crash_at
from ..linux import kill_group
from ..wire import messages
from ..wire.frames import Frame, Head, encode
from .deaths import how
from .engine_link import EngineLink
from .link import Link
from .logs import LogFile
from .loop import WRITE, Loop
from .settings import Settings
from .spawning import authors_environment, spawn

LINGER_S = 5.0  # without a trigger, for the next one
DEATHS_MAX = 5  # of a host before it is halved, or its one trigger fails
CALM_S = 10.0  # a host that lived this long has died for another reason than one before it
AGAIN_S = 0.05

Key = tuple[str, tuple[str, ...], str]  # interpreter, import roots, and of watchers a hash of their code


class Watched:
    """One trigger, until the engine wants it no more: there may be many, so its frame is kept as it is sent."""

    __slots__ = ("event", "events", "fires_again", "frame", "host", "log", "token")

    def __init__(self, head: Head, body: bytes, log: LogFile) -> None:
        self.token: int = head["token"]
        self.frame = encode(head, body)
        self.log = log
        self.host: Host | None = None
        self.event: bytes | None = None  # the frame of its last one, once it is there
        self.fires_again: bool = head.get("fires_again", False)
        self.events: dict[int, bytes] | None = None  # of one that goes on: those that are not taken yet


class Host:
    __slots__ = ("began_at", "deaths", "ending", "key", "link", "pid", "pidfd", "tokens")

    def __init__(self, key: Key, deaths: int = 0) -> None:
        self.key = key
        self.deaths = deaths
        self.tokens: set[int] = set()  # what it runs, without those that have their event
        self.pid = 0
        self.pidfd = -1
        self.link: Link | None = None
        self.began_at = 0.0
        self.ending = False


class TriggerHosts:
    def __init__(self, loop: Loop, settings: Settings, engine: EngineLink) -> None:
        self._loop = loop
        self._settings = settings
        self._engine = engine
        self._watched: dict[int, Watched] = {}
        self._hosts: dict[Key, Host] = {}  # the one that gets what is new
        self._all: set[Host] = set()
        self._ended = False
        self.pids: set[int] = set()

    # ── from the engine ──

    def watch(self, head: Head, body: bytes) -> None:
        crash_at("crew:watch-received")
        token = head["token"]
        known = self._watched.get(token)
        if known is not None:
            for event in (*(known.events or {}).values(), known.event):
                if event is not None:
                    self._engine.send_bytes(event)
            return
        s = self._settings
        log = LogFile(f"{s.logs}/{head['log']}", s.log_bytes_max, s.log_line_bytes_max)
        watched = self._watched[token] = Watched(head, body, log)
        source = head["source"]
        key = (source["python"], tuple(source["roots"]), head.get("code", ""))
        host = self._hosts.get(key)
        if host is None or host.ending:
            host = self._hosts[key] = Host(key)
        self._give(watched, host)

    def unwatch(self, tokens: list[int]) -> None:
        crash_at("crew:unwatch-received")
        for token in tokens:
            watched = self._watched.pop(token, None)
            self._engine.forget_asks(token)
            if watched is not None and watched.host is not None:
                host = watched.host
                if host.link is not None:
                    host.link.send(messages.unwatch([token]))
                self._take_away(watched)

    def go_on(self, head: Head) -> None:
        watched = self._watched.get(head["token"])
        if watched is not None and watched.events is not None:
            watched.events.pop(head["event"], None)
            if watched.host is not None and watched.host.link is not None:
                watched.host.link.send(head)

    def answer(self, head: Head, body: bytes) -> None:
        watched = self._watched.get(head["token"])
        if watched is None:
            return
        if head.get("mask"):
            watched.log.mask([str(secret) for secret in head["mask"]])
        if watched.host is not None and watched.host.link is not None:
            watched.host.link.send(head, body)

    def tokens(self) -> list[int]:
        return list(self._watched)

    # ── hosts ──

    def _give(self, watched: Watched, host: Host) -> None:
        watched.host = host
        host.tokens.add(watched.token)
        if host.pid == 0:
            self._start(host)
        if host.link is not None:
            host.link.send_bytes(watched.frame)

    def _start(self, host: Host) -> None:
        s = self._settings
        python, roots, _ = host.key
        told = {
            "places": [s.spool, s.values, s.sources, s.socket, "", s.value_inline_bytes_max],
            "roots": roots,
            "blocks_s_max": s.trigger_blocks_s_max,
        }
        try:
            host.pid, ours = spawn(python, "venturi.runtime.triggers", told, authors_environment(python))
        except OSError as error:
            self._loop.after(0, partial(self._fail_all, host, f"The interpreter {python} cannot be started: {error}."))
            return
        host.began_at = monotonic()
        host.pidfd = os.pidfd_open(host.pid)
        host.link = Link(self._loop, ours)
        self.pids.add(host.pid)
        self._all.add(host)
        self._loop.add(host.link.fileno, partial(self._on_link, host))
        self._loop.add(host.pidfd, partial(self._on_death, host))

    def _take_away(self, watched: Watched) -> None:
        host, watched.host = watched.host, None
        if host is None:
            return
        host.tokens.discard(watched.token)
        if not host.tokens:
            self._loop.after(LINGER_S, partial(self._end_if_idle, host))

    def _end_if_idle(self, host: Host) -> None:
        if not host.tokens and host.link is not None:
            self._let_go(host)

    def _let_go(self, host: Host) -> None:
        """It ends at the end of its channel."""
        host.ending = True
        if self._hosts.get(host.key) is host:
            del self._hosts[host.key]
        if host.link is not None:
            host.link.close()
            host.link = None

    def end(self) -> None:
        self._ended = True
        for host in list(self._all):
            self._let_go(host)

    # ── what a host says ──

    def _on_link(self, host: Host, events: int) -> None:
        link = host.link
        if link is None:
            return
        if events & WRITE:
            link.flush()
        frames, alive = link.receive()
        for frame in frames:
            self._on_frame(frame)
        if not alive and host.link is link:
            link.close()
            host.link = None

    def _on_frame(self, frame: Frame) -> None:
        head, body = frame
        watched = self._watched.get(head["token"])
        if watched is None:
            return
        kind = head["k"]
        if kind == "fired":
            self._fire(watched, head, body)
        elif kind == "said":
            watched.log.feed(head["text"].encode("utf-8", "backslashreplace"))
            watched.log.finish()
        elif kind == "ask" and head["what"] == "mask":
            watched.log.mask([str(secret) for secret in head.get("secrets") or []])
            self.answer(messages.answer(head["token"], head["request"], True), b"")
        elif kind == "ask":
            self._engine.ask(head, body)

    def _fire(self, watched: Watched, head: Head, body: bytes) -> None:
        if watched.fires_again and head["kind"] == "event":
            event = encode(head, body)
            watched.events = {**(watched.events or {}), head["event"]: event}
            self._engine.send_bytes(event)
            return
        self._take_away(watched)
        if watched.event is None:
            watched.event = encode(head, body)
            self._engine.forget_asks(watched.token)
            self._engine.send_bytes(watched.event)
            crash_at("crew:event-relayed")

    # ── deaths ──

    def _on_death(self, host: Host, _: int) -> None:
        self._on_link(host, 0)
        self._loop.close(host.pidfd)
        try:
            _, status = os.waitpid(host.pid, 0)
        except ChildProcessError:
            status = 0
        self.pids.discard(host.pid)
        self._all.discard(host)
        try:
            kill_group(host.pid, 9)  # what its triggers have started
        except OSError:
            pass
        if host.link is not None:
            host.link.close()
            host.link = None
        host.pid = 0
        if self._hosts.get(host.key) is host:
            del self._hosts[host.key]
        if host.tokens and not self._ended:
            host.deaths = 1 if monotonic() - host.began_at > CALM_S else host.deaths + 1
            self._loop.after(AGAIN_S, partial(self._after_death, host, status))

    def _after_death(self, host: Host, status: int) -> None:
        tokens = sorted(host.tokens)
        if not tokens or self._ended:
            return
        if host.deaths < DEATHS_MAX:
            self._rebuild(Host(host.key, host.deaths), tokens)
        elif len(tokens) == 1:
            self._fail_all(host, f"The process that ran the trigger died {host.deaths} times. {how(status)}")
        else:
            half = len(tokens) // 2
            self._rebuild(Host(host.key, host.deaths - 1), tokens[:half])
            self._rebuild(Host(host.key, host.deaths - 1), tokens[half:])

    def _rebuild(self, host: Host, tokens: list[int]) -> None:
        self._hosts.setdefault(host.key, host)
        for token in tokens:
            watched = self._watched.get(token)
            if watched is not None:
                self._give(watched, host)

    def _fail_all(self, host: Host, message: str) -> None:
        for token in list(host.tokens):
            watched = self._watched.get(token)
            if watched is not None:
                watched.log.finish("ERROR", message)
                self._fire(watched, messages.fired(token, "error", message=message), b"")
