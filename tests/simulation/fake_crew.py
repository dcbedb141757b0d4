"""A crew made of dictionaries: what a real one, its zygotes, attempts and spool do, under a seeded random hand.

It keeps what outlives whom: the spool and living attempts outlive the crew, everything here outlives the engine.
Effects are counted when a body begins, as somebody outside would.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import dataclass
from typing import Any

from venturi.core.starting import NOT_STARTED
from venturi.executors.base import (
    Connected,
    Disconnected,
    Ended,
    Fired,
    Loaded,
    Report,
    Settled,
    Start,
    Started,
    Watch,
)


@dataclass
class Attempt:
    token: int
    key: tuple[str, str, int]  # run id, task id, map index
    context: dict[str, Any]
    state: str = "waiting"  # waiting, live, over
    result: Ended | None = None
    cancelled: str | None = None


@dataclass
class Trigger:
    """Of a deferred task, in a host of this crew: it goes with the crew, and a new one is told of it again."""

    token: int
    fires: bool
    event: Fired | None = None


@dataclass
class Plans:
    """How likely each mishap is."""

    lose_attempt: float = 0.0  # a living attempt dies without a result
    duplicate: float = 0.0
    shuffle: float = 0.0
    fail: float = 0.2
    skip: float = 0.05
    reschedule: float = 0.05
    defer: float = 0.1
    never_fires: float = 0.2  # a trigger whose only end is its time


def _told(context: dict[str, Any]) -> list[tuple[str, str]]:
    """What the callbacks of a miss are about."""
    call, dag_id = context["call"], context["dag_id"]
    deadline = [(f"{dag_id} {context['run_id']}", f"deadline {call['deadline']['n']}")] if "deadline" in call else []
    return deadline + [(f"{dag_id} {sla['run_id']}", f"the SLA of {sla['task_id']}") for sla in call.get("slas", ())]


def _missed(context: dict[str, Any]) -> str:
    return ", ".join(f"{what} in {run}" for run, what in _told(context))


class FakeCrew:
    def __init__(self, rng: random.Random, plans: Plans, slots: int = 3) -> None:
        self.rng, self.plans = rng, plans
        self.slots = slots
        self.now = 0.0
        self.attempts: dict[int, Attempt] = {}
        self.out: list[Report] = []  # on the way to the engine
        self.effects: Counter[tuple[tuple[str, str, int], int]] = Counter()  # (instance, try) → bodies begun
        self.tokens_begun: Counter[int] = Counter()
        self.connected = False
        self.problems: list[str] = []
        self.submitted: set[int] = set()
        self.triggers: dict[int, Trigger] = {}
        self.waits: dict[tuple[tuple[str, str, int], int], int] = {}  # (instance, try) → token it is deferred under
        self.resumed: Counter[int] = Counter()  # that token → bodies that went on by its event and were not lost
        self.called: Counter[tuple[tuple[str, str, int], int]] = Counter()  # callbacks begun
        self.told: Counter[tuple[str, str]] = Counter()  # (DAG and run, what it has missed) → callbacks begun
        self.said_of_assets: set[int] = set()
        self.asked: dict[str, dict[str, float]] = {}  # task id → of the machine
        self.runs_end_again = False  # people open them again, so that an end of one is not told from the next
        self.asset_prefix = ""  # of the names of assets and their alias

    # ── the executor contract ──

    def fileno(self) -> int:
        return -1

    def connect(self) -> None:
        """A new engine, or a new crew: it tells everything it holds."""
        self.connected = True
        alive = {a.token: (1, self.now) for a in self.attempts.values() if a.state == "live"}
        waiting = {a.token for a in self.attempts.values() if a.state == "waiting"}
        told = [a.result for a in self.attempts.values() if a.state == "over" and a.result is not None]
        self.rng.shuffle(told)
        named = set(alive) | waiting | {e.token for e in told}
        self.out = [Connected(self.slots, alive, waiting, set(self.triggers)), *told, Settled(named)]

    def submit(self, starts: list[Start]) -> None:
        for start in starts:
            if start.token in self.submitted:
                self.problems.append(f"token {start.token} was handed out twice")
            self.submitted.add(start.token)
            if not self.connected:
                continue
            context = json.loads(start.context)
            key = (context["run_id"], context["task_id"], context["map_index"])
            call = context.get("call")
            if call is not None:
                told = "" if call["of_run"] else context["task_id"]
                part = context["token"] if call["of_run"] and self.runs_end_again else context["try_number"]
                what = f"{told} {_missed(context) or call['kind']} {part}"
                # Of a deadline of an earlier schedule of the same database, too, whose runs have the same names.
                key = (f"{context['dag_id']} {context['run_id']}", what, context["map_index"])
            self.attempts[start.token] = Attempt(start.token, key, context)

    def watch(self, watches: list[Watch]) -> None:
        for watch in watches if self.connected else ():
            known = self.triggers.get(watch.token)
            if known is None:
                self.triggers[watch.token] = Trigger(watch.token, self.rng.random() >= self.plans.never_fires)
            elif known.event is not None:
                self.out.append(known.event)

    def unwatch(self, tokens: list[int]) -> None:
        for token in tokens if self.connected else ():
            self.triggers.pop(token, None)

    def go_on(self, token: int, event: int) -> None:
        raise AssertionError("the simulation has no watchers")

    def cancel(self, token: int, reason: str, grace_s: float) -> None:
        attempt = self.attempts.get(token)
        if self.connected and attempt is not None:
            attempt.cancelled = reason

    def acknowledge(self, tokens: list[int]) -> None:
        if self.connected:
            for token in tokens:
                attempt = self.attempts.get(token)
                if attempt is not None and attempt.state != "over":
                    self.problems.append(f"token {token} was acknowledged while it lived")
                self.attempts.pop(token, None)

    def answer(self, token: int, request: int, ok: bool, detail: dict[str, Any], body: bytes = b"") -> None:
        raise AssertionError("the simulated attempts ask nothing")

    def load(self, request: int, source: dict[str, Any], time_limit_s: float, memory_limit_mb: float | None) -> None:
        raise AssertionError("the simulation loads no files")

    def ask_dates(
        self, request: int, source: dict[str, Any], want: dict[str, Any], time_limit_s: float, fork_safe: bool
    ) -> None:
        raise AssertionError("the simulation has no timetables of its own")

    def flush(self) -> None:
        pass

    def poll(self) -> list[Report]:
        out, self.out = self.out, []
        if self.rng.random() < self.plans.shuffle and not any(isinstance(r, Connected) for r in out):
            self.rng.shuffle(out)
        if out and self.rng.random() < self.plans.duplicate:
            ends = [r for r in out if isinstance(r, (Ended, Started, Fired))]
            out += self.rng.sample(ends, k=min(2, len(ends)))
        if len(out) > 1 and self.rng.random() < self.plans.shuffle:  # some of it is late
            cut = self.rng.randrange(1, len(out))
            out, self.out = out[:cut], out[cut:]
        return out

    # ── what happens there ──

    def act(self) -> None:
        """One thing happens to one attempt, or to one trigger."""
        waiting = [t for t in self.triggers.values() if t.fires and t.event is None]
        if waiting and self.rng.random() < 0.3:
            self._fire(self.rng.choice(waiting))
            return
        able = [a for a in self.attempts.values() if a.state != "over"]
        if not able:
            return
        attempt = self.rng.choice(able)
        if attempt.state == "waiting":
            if attempt.cancelled is not None:
                self._over(attempt, "cancelled", attempt.cancelled)
            else:
                self._fork(attempt)
        elif attempt.cancelled is not None:
            self._over(attempt, "cancelled", attempt.cancelled)
        elif self.rng.random() < self.plans.lose_attempt:
            self._over(attempt, "failed", "killed by SIGKILL")
        else:
            self._over(attempt, *self._outcome(attempt))

    def _fire(self, trigger: Trigger) -> None:
        trigger.event = Fired(trigger.token, "event", {}, b'"hello"')
        if self.connected:
            self.out.append(trigger.event)

    def _fork(self, attempt: Attempt) -> None:
        for other in self.attempts.values():
            if other.state == "live" and other.key == attempt.key:
                self.problems.append(f"two living attempts of {attempt.key}: {other.token} and {attempt.token}")
        attempt.state = "live"
        self._count_the_machine(attempt)
        self.tokens_begun[attempt.token] += 1
        tried = (attempt.key, attempt.context["try_number"])
        self.effects[tried] += 1
        if "call" in attempt.context:
            self.called[tried] += 1
            self.told.update(_told(attempt.context))
        elif (told := self._goes_on_with(attempt)) != (kept := self.waits.get(tried)):
            self.problems.append(f"{tried} was deferred under {kept} and goes on with {told}")
        if self.connected:
            self.out.append(Started(attempt.token, 1000 + attempt.token, self.now))

    def _count_the_machine(self, began: Attempt) -> None:
        """No core and no device is ever given twice: seen from where they are used."""
        on: Counter[str] = Counter()
        cpus = 0.0
        for attempt in self.attempts.values():
            if attempt.state == "live" and "call" not in attempt.context:
                asked = self.asked.get(attempt.key[1], {})
                cpus += asked.get("cpus", 0)
                for device in attempt.context.get("gpus", ()):
                    on[device] += min(1000, round(asked.get("gpus", 0) * 1000))
        if cpus > 4 or any(share > 1000 for share in on.values()):
            self.problems.append(f"{began.key} began with {cpus} cores and {dict(on)} given out")
        wanted = self.asked.get(began.key[1], {}).get("gpus", 0)
        if "call" not in began.context and len(began.context.get("gpus", ())) != -(-wanted // 1):
            self.problems.append(f"{began.key} asked for {wanted} devices and has {began.context.get('gpus')}")

    def _goes_on_with(self, attempt: Attempt) -> int | None:
        """The token whose event this attempt goes on by."""
        resume = attempt.context.get("resume")
        return None if resume is None else int(resume["data"]["trigger"]["of"])

    def _outcome(self, attempt: Attempt) -> tuple[str, str]:
        roll = self.rng.random()
        if "call" in attempt.context:
            return ("success", "") if roll < 0.8 else ("failed", "KeyError: in a callback")
        if roll < self.plans.fail:
            return "failed", "ValueError: no luck"
        if roll < self.plans.fail + self.plans.skip:
            return "skipped", "nothing to do"
        if roll < self.plans.fail + self.plans.skip + self.plans.reschedule:
            return "reschedule", ""
        if roll < self.plans.fail + self.plans.skip + self.plans.reschedule + self.plans.defer:
            return "deferred", ""
        return "success", ""

    def _over(self, attempt: Attempt, outcome: str, reason: str) -> None:
        attempt.state = "over"
        detail: dict[str, Any] = {"reason": reason} if reason else {}
        if outcome == "success":
            detail["value"] = {"kind": "list", "length": attempt.token % 4}
        tried = (attempt.key, attempt.context["try_number"])
        is_lost = reason.startswith(NOT_STARTED)  # and so goes on by the same event again
        went_on = None if is_lost else self.waits.pop(tried, None)
        if went_on is not None:
            self.resumed[went_on] += 1
        if outcome == "deferred":
            self.waits[tried] = attempt.token
            timeout_s = None if self.plans.never_fires == 0 else 5.0
            detail["wait"] = {"trigger": "m.T", "method": "go_on", "timeout_s": timeout_s}
        if attempt.token % 5 == 0:  # a failure may carry one too: it must not count
            name, alias = f"{self.asset_prefix}{attempt.key[1]}", f"{self.asset_prefix}all"
            asset = {"name": name, "uri": f"s3://{attempt.key[0]}", "extra": {"token": attempt.token}}
            detail["asset_events"] = [{**asset, "aliases": [alias], "partition": None}]
            self.said_of_assets.add(attempt.token)
        if outcome == "reschedule":
            detail["wake_at"] = self.now + 5
        elements = json.dumps(list(range(attempt.token % 4))).encode() if outcome == "success" else b""
        if outcome == "deferred":
            elements = json.dumps({"trigger": {"of": attempt.token}, "method": {}}).encode()
        attempt.result = Ended(attempt.token, outcome, self.now, detail, elements)
        if self.connected:
            self.out.append(attempt.result)

    def crash(self) -> None:
        """kill -9 of the crew: what it had not forked is gone, what lives goes on or dies with it, the spool stays."""
        for token in [t for t, a in self.attempts.items() if a.state == "waiting"]:
            del self.attempts[token]
        for attempt in self.attempts.values():
            if attempt.state == "live" and self.rng.random() < 0.5:
                attempt.state = "over"
                attempt.result = Ended(attempt.token, "lost", self.now, {"reason": "its machine went down"})
        self.triggers.clear()
        self.out = [Disconnected("killed")] if self.connected else []
        self.connected = False

    def engine_crashed(self) -> None:
        self.connected = False
        self.out = []


__all__ = ["FakeCrew", "Loaded", "Plans"]
