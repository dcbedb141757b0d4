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

from venturi.executors.base import Connected, Disconnected, Ended, Loaded, Report, Settled, Start, Started


@dataclass
class Attempt:
    token: int
    key: tuple[str, str, int]  # run id, task id, map index
    context: dict[str, Any]
    state: str = "waiting"  # waiting, live, over
    result: Ended | None = None
    cancelled: str | None = None


@dataclass
class Plans:
    """How likely each mishap is."""

    lose_attempt: float = 0.0  # a living attempt dies without a result
    duplicate: float = 0.0
    shuffle: float = 0.0
    fail: float = 0.2
    skip: float = 0.05
    reschedule: float = 0.05


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
        self.out = [Connected(self.slots, alive, waiting), *told, Settled(named)]

    def reconnect(self) -> None:
        self.connect()

    def submit(self, starts: list[Start]) -> None:
        for start in starts:
            if start.token in self.submitted:
                self.problems.append(f"token {start.token} was handed out twice")
            self.submitted.add(start.token)
            if not self.connected:
                continue
            context = json.loads(start.context)
            key = (context["run_id"], context["task_id"], context["map_index"])
            self.attempts[start.token] = Attempt(start.token, key, context)

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

    def flush(self) -> None:
        pass

    def poll(self) -> list[Report]:
        out, self.out = self.out, []
        if self.rng.random() < self.plans.shuffle and not any(isinstance(r, Connected) for r in out):
            self.rng.shuffle(out)
        if out and self.rng.random() < self.plans.duplicate:
            ends = [r for r in out if isinstance(r, (Ended, Started))]
            out += self.rng.sample(ends, k=min(2, len(ends)))
        if len(out) > 1 and self.rng.random() < self.plans.shuffle:  # some of it is late
            cut = self.rng.randrange(1, len(out))
            out, self.out = out[:cut], out[cut:]
        return out

    # ── what happens there ──

    def act(self) -> None:
        """One thing happens to one attempt."""
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

    def _fork(self, attempt: Attempt) -> None:
        for other in self.attempts.values():
            if other.state == "live" and other.key == attempt.key:
                self.problems.append(f"two living attempts of {attempt.key}: {other.token} and {attempt.token}")
        attempt.state = "live"
        self.tokens_begun[attempt.token] += 1
        self.effects[attempt.key, attempt.context["try_number"]] += 1
        if self.connected:
            self.out.append(Started(attempt.token, 1000 + attempt.token, self.now))

    def _outcome(self, attempt: Attempt) -> tuple[str, str]:
        roll = self.rng.random()
        if roll < self.plans.fail:
            return "failed", "ValueError: no luck"
        if roll < self.plans.fail + self.plans.skip:
            return "skipped", "nothing to do"
        if roll < self.plans.fail + self.plans.skip + self.plans.reschedule:
            return "reschedule", ""
        return "success", ""

    def _over(self, attempt: Attempt, outcome: str, reason: str) -> None:
        attempt.state = "over"
        detail: dict[str, Any] = {"reason": reason} if reason else {}
        if outcome == "success":
            detail["value"] = {"kind": "list", "length": attempt.token % 4}
        if outcome == "reschedule":
            detail["wake_at"] = self.now + 5
        elements = json.dumps(list(range(attempt.token % 4))).encode() if outcome == "success" else b""
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
        self.out = [Disconnected("killed")] if self.connected else []
        self.connected = False

    def engine_crashed(self) -> None:
        self.connected = False
        self.out = []


__all__ = ["FakeCrew", "Loaded", "Plans"]
