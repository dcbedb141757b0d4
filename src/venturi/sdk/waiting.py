"""Sensors of ours whose wait is a condition: looked at once by the task, then by a trigger, so that no process waits.

Owns the way there and back, the same in every mode. What the condition is, is each sensor's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from . import times
from .deferring import FAIL, TIMED_OUT
from .sensors import BaseSensorOperator, PokeReturnValue
from .settings import conf
from .triggers import BaseTrigger

_OURS = __name__.partition(".")[0] + "."


def deferrable_unless_said() -> bool:
    """`deferrable=None`: as [operators] default_deferrable says."""
    return conf.getboolean("operators", "default_deferrable", fallback=False)


class WaitingSensor(BaseSensorOperator):
    """Waits for what `condition()` says, after one look of its own.

    An author's subclass that looks in a way of its own (`poke`, `execute`) is called again as its mode says, as any
    other sensor is.
    """

    def __init__(self, *, deferrable: bool | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.deferrable = deferrable_unless_said() if deferrable is None else bool(deferrable)

    def condition(self, context: Any, ends: bool) -> BaseTrigger:
        """`ends`: nothing is left for the task to do then, so the trigger may end it."""
        raise NotImplementedError(f"{type(self).__name__} has no condition().")

    def execute(self, context: Any) -> Any:
        if not (self.deferrable or self._is_ours("poke", "execute")):
            return super().execute(context)
        began_at = context["ti"].first_poke_at or times.utcnow()
        if not self.deferrable or self._is_ours("execute_complete"):
            found = self._poke(context)
            if found:
                return found.xcom_value if isinstance(found, PokeReturnValue) else None
        waited_s = (times.utcnow() - began_at).total_seconds()
        if waited_s > self.timeout:
            self._is_late(waited_s)
        self.defer(
            trigger=self.condition(context, self._is_over_with_its_trigger()),
            method_name="execute_complete" if self.deferrable else "go_on",
            timeout=timedelta(seconds=max(0.0, self.timeout - waited_s)),
        )
        return None

    def go_on(self, context: Any, event: Any = None) -> Any:
        """What follows from the trigger's event where the author has not asked for a trigger."""
        return self.judge(context, event)

    def execute_complete(self, context: Any, event: Any = None) -> Any:
        return self.judge(context, event)

    def judge(self, context: Any, event: Any) -> Any:
        """The condition holds, unless the event says otherwise."""

    def resume_execution(self, next_method: str, next_kwargs: Mapping[str, Any] | None, context: Any) -> Any:
        if next_method == FAIL and (next_kwargs or {}).get("error") == TIMED_OUT and self._is_ours("poke"):
            if self._poke(context):  # a last look, as whoever pokes has one at the end of his time
                return None
            began_at = context["ti"].first_poke_at
            if began_at is not None:
                self._is_late((times.utcnow() - began_at).total_seconds())
        return super().resume_execution(next_method, dict(next_kwargs or {}), context)

    def _is_over_with_its_trigger(self) -> bool:
        hooks = (self.pre_execute_hook, self.post_execute_hook, self.on_execute_callback, self.outlets)
        steps = ("go_on", "execute_complete", "judge", "resume_execution", "pre_execute", "post_execute")
        return not any(hooks) and self._is_ours(*steps)

    def _is_ours(self, *names: str) -> bool:
        """Whether these are as we have written them."""
        for name in names:
            owner = next((kind for kind in type(self).__mro__ if name in vars(kind)), None)
            if name in vars(self) or owner is None or not owner.__module__.startswith(_OURS):
                return False
        return True
