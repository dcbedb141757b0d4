"""Retry policies: a task's own word, after a failure, on whether and when it is tried again.

Owns the author-side classes and the question put to them. A policy may end a task earlier than its retries would, or
choose another wait; it never adds tries.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any


class RetryAction(Enum):
    RETRY = "retry"
    FAIL = "fail"
    DEFAULT = "default"


@dataclass(frozen=True)
class RetryDecision:
    """What a policy answers."""

    action: RetryAction = RetryAction.DEFAULT
    retry_delay: timedelta | None = None
    reason: str | None = None

    @classmethod
    def fail(cls, reason: str | None = None) -> RetryDecision:
        return cls(RetryAction.FAIL, reason=reason)

    @classmethod
    def retry(cls, delay: timedelta | None = None, reason: str | None = None) -> RetryDecision:
        return cls(RetryAction.RETRY, delay, reason)

    @classmethod
    def default(cls) -> RetryDecision:
        return cls()


class RetryPolicy:
    """Extend it and give `evaluate`."""

    def evaluate(self, exception: BaseException, try_number: int, max_tries: int, context: Any = None) -> RetryDecision:
        raise NotImplementedError(f"{type(self).__name__} has no evaluate().")

    def serialize(self) -> dict[str, Any]:
        return {"__type": type(self).__name__}

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> Any:
        return cls()


class RetryRule:
    """One kind of error, or a list of them, and what to do about it."""

    def __init__(
        self,
        exception: Any,
        action: RetryAction = RetryAction.RETRY,
        retry_delay: timedelta | None = None,
        reason: str | None = None,
        match_subclasses: bool = True,
    ) -> None:
        self.exception = exception
        self.action = action
        self.retry_delay = retry_delay
        self.reason = reason
        self.match_subclasses = match_subclasses
        for kind in self._kinds():
            if isinstance(kind, str) and "." not in kind:
                raise ValueError(
                    "RetryRule exception string must be a dotted import path (e.g. 'builtins.ValueError'), "
                    f"got {kind!r}"
                )

    def _kinds(self) -> list[Any]:
        return list(self.exception) if isinstance(self.exception, (list, tuple)) else [self.exception]

    def matches(self, exc: BaseException) -> bool:
        classes = type(exc).__mro__ if self.match_subclasses else (type(exc),)
        return any(_named(kind) in classes for kind in self._kinds())

    @property
    def exception_path(self) -> str:
        return ",".join(_path(kind) for kind in self._kinds())

    def serialize(self) -> dict[str, Any]:
        paths = [_path(kind) for kind in self._kinds()]
        told: dict[str, Any] = {
            "exception": paths[0] if len(paths) == 1 else paths,
            "action": self.action.value,
            "match_subclasses": self.match_subclasses,
        }
        if self.retry_delay is not None:
            told["retry_delay"] = self.retry_delay.total_seconds()
        if self.reason is not None:
            told["reason"] = self.reason
        return told

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> RetryRule:
        wait = data.get("retry_delay")
        return cls(
            data["exception"],
            RetryAction(data["action"]),
            None if wait is None else timedelta(seconds=wait),
            data.get("reason"),
            data.get("match_subclasses", True),
        )


def _path(kind: Any) -> str:
    return kind if isinstance(kind, str) else f"{kind.__module__}.{kind.__qualname__}"


def _named(kind: Any) -> Any:
    """The class; None for a name that cannot be imported, which no error is of."""
    if not isinstance(kind, str):
        return kind
    module, _, name = kind.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name, None)
    except ImportError:
        return None


class ExceptionRetryPolicy(RetryPolicy):
    """The first rule that fits decides."""

    def __init__(self, rules: list[RetryRule], default: RetryAction = RetryAction.DEFAULT) -> None:
        self.rules = rules
        self.default = default

    def evaluate(self, exception: BaseException, try_number: int, max_tries: int, context: Any = None) -> RetryDecision:
        for rule in self.rules:
            if rule.matches(exception):
                reason = rule.reason or f"Matched rule for {type(exception).__name__}"
                return RetryDecision(rule.action, rule.retry_delay, reason)
        return RetryDecision(self.default)

    def serialize(self) -> dict[str, Any]:
        return {
            "__type": "ExceptionRetryPolicy",
            "rules": [rule.serialize() for rule in self.rules],
            "default": self.default.value,
        }

    @classmethod
    def deserialize(cls, data: dict[str, Any]) -> ExceptionRetryPolicy:
        return cls([RetryRule.deserialize(rule) for rule in data["rules"]], RetryAction(data.get("default", "default")))
