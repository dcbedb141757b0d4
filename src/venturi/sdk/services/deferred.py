"""Waiting for services without a process: triggers that look where a task would look, in the trigger host.

Owns the way from a sensor's `deferrable=True` to its trigger and back, and the trigger of one HTTP request. A look
blocks, so each is made in a thread. What only the author's file can judge (`check_fn`, `response_check`) is asked in
the task, which goes on once there is something to judge, and waits again if the answer is no.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from .. import times
from ..building import detached
from ..sensors import BaseSensorOperator, PokeReturnValue
from ..triggers import BaseTrigger, TriggerEvent
from ..waiting import deferrable_unless_said


class PokeTrigger(BaseTrigger):
    """Fires when a sensor's poke says so. The sensor is made here from its class and plain arguments."""

    def __init__(self, sensor: str, arguments: dict[str, Any], poke_interval: float) -> None:
        super().__init__()
        self.sensor, self.arguments, self.poke_interval = sensor, arguments, poke_interval

    def serialize(self) -> tuple[str, dict[str, Any]]:
        told = {"sensor": self.sensor, "arguments": self.arguments, "poke_interval": self.poke_interval}
        return f"{__name__}.PokeTrigger", told

    async def run(self) -> AsyncIterator[TriggerEvent]:
        sensor = self._made()
        while True:
            await asyncio.sleep(self.poke_interval)  # the task itself has looked just before
            if await asyncio.to_thread(sensor.poke, {}):
                break
        yield TriggerEvent(True)

    def _made(self) -> Any:
        import importlib

        module, _, name = self.sensor.rpartition(".")
        with detached():
            return getattr(importlib.import_module(module), name)(task_id="trigger", **self.arguments)


class DeferredSensor(BaseSensorOperator):
    """A sensor that waits in a trigger where `deferrable` says so, else as any other.

    An author's subclass has a poke of its own, which only their file knows: it is called again instead.
    """

    def __init__(self, *, deferrable: bool | None = None, **kwargs: Any) -> None:
        self.deferrable = deferrable_unless_said() if deferrable is None else bool(deferrable)
        if self.deferrable and not type(self).__module__.startswith(__package__):
            self.deferrable = False
            kwargs["mode"] = "reschedule"
        super().__init__(**kwargs)

    def look_arguments(self) -> dict[str, Any]:
        """What makes a sensor that looks at the same, as plain data."""
        raise NotImplementedError

    def is_judged_here(self) -> bool:
        """Whether the author's own check has the last word."""
        raise NotImplementedError

    def execute(self, context: Any) -> Any:
        return self._look(context) if self.deferrable else super().execute(context)

    def execute_complete(self, context: Any, event: Any = None) -> Any:
        return self._look(context) if self.is_judged_here() else None

    def _look(self, context: Any) -> Any:
        found = self._poke(context)
        if not found:
            self._wait(context)
        return found.xcom_value if isinstance(found, PokeReturnValue) else None

    def _wait(self, context: Any) -> None:
        began_at = context["ti"].first_poke_at or times.utcnow()
        waited_s = (times.utcnow() - began_at).total_seconds()
        if waited_s > self.timeout:
            self._is_late(waited_s)
        sensor = f"{type(self).__module__}.{type(self).__qualname__}"
        self.defer(
            trigger=PokeTrigger(sensor, self.look_arguments(), self.poke_interval),
            method_name="execute_complete",
            timeout=timedelta(seconds=max(0.0, self.timeout - waited_s)),
        )


class RequestTrigger(BaseTrigger):
    """Sends one HTTP request; the event holds the response's parts, of which `response_from` makes one again."""

    def __init__(self, hook: dict[str, Any], request: dict[str, Any]) -> None:
        super().__init__()
        self.hook, self.request = hook, request

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{__name__}.RequestTrigger", {"hook": self.hook, "request": self.request}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        yield TriggerEvent(await asyncio.to_thread(self._send))

    def _send(self) -> dict[str, Any]:
        from .http import HttpHook

        return parts_of(HttpHook(**self.hook).run(**self.request))


def parts_of(response: Any) -> dict[str, Any]:
    return {
        "status_code": response.status_code,
        "reason": response.reason,
        "url": response.url,
        "headers": dict(response.headers),
        "encoding": response.encoding,
        "cookies": dict(response.cookies),
        "elapsed_s": response.elapsed.total_seconds(),
        "body": base64.b64encode(response.content).decode(),
    }


def response_from(parts: dict[str, Any]) -> Any:
    from .packages import needed

    made = needed("requests", "An HTTP task").Response()
    made.status_code, made.reason, made.url = parts["status_code"], parts["reason"], parts["url"]
    made.headers.update(parts["headers"])
    made.cookies.update(parts["cookies"])
    made.encoding, made.elapsed = parts["encoding"], timedelta(seconds=parts["elapsed_s"])
    made._content = base64.b64decode(parts["body"])
    return made
