"""Triggers: what a deferred task waits for, run by the trigger host in its one event loop, many beside each other.

Owns the classes that authors extend, and the triggers of time and files. Those that look at other DAGs are in
`sdk.elsewhere`. Nothing here may block: a trigger that does holds up all others of its environment.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from . import times

if TYPE_CHECKING:
    import logging

_TEMPORAL = "airflow.providers.standard.triggers.temporal"
_FILE = "airflow.providers.standard.triggers.file"


class TriggerEvent:
    """What a trigger has to say; the payload is handed to the method by which the task goes on."""

    def __init__(self, payload: Any = None, **_: Any) -> None:
        self.payload = payload

    def __repr__(self) -> str:
        return f"TriggerEvent<{self.payload!r}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TriggerEvent) and other.payload == self.payload

    __hash__ = None  # type: ignore[assignment]


class BaseTaskEndEvent(TriggerEvent):
    """An event that ends the task itself: none of its methods is called any more."""

    ends_as = ""

    def __init__(self, *, xcoms: dict[str, Any] | None = None, **more: Any) -> None:
        super().__init__(payload=self.ends_as, **more)
        self.xcoms = xcoms


class TaskSuccessEvent(BaseTaskEndEvent):
    """The task has succeeded."""

    ends_as = "success"


class TaskFailedEvent(BaseTaskEndEvent):
    """The task has failed, and is not tried again."""

    ends_as = "failed"


class TaskSkippedEvent(BaseTaskEndEvent):
    """The task is skipped."""

    ends_as = "skipped"


class BaseTrigger:
    """Extend it, and give `serialize()` and `async def run(self)`, which yields one TriggerEvent.

    A trigger may be run more than once: whoever runs it may die after it has spoken and before that is committed, and
    it is then made anew. The first event to be committed is the one by which the task goes on; a second changes
    nothing. So a trigger should look and wait, and leave what must happen once to the method that the task names.
    """

    supports_triggerer_queue = True

    def __init__(self, **kwargs: Any) -> None:
        self.kwargs = kwargs
        self.task_instance: Any = None
        self.trigger_id: int | None = None

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """The class as `module.name`, and the arguments to make it anew."""
        raise NotImplementedError(f"{type(self).__name__} has no serialize().")

    def run(self) -> AsyncIterator[TriggerEvent]:
        raise NotImplementedError(f"{type(self).__name__} has no run().")

    def wait_words(self) -> str | None:
        """What it waits for, after "waits for"; ours say it."""
        return None

    async def cleanup(self) -> None:
        """Called when the trigger is over or not wanted any more."""

    @property
    def log(self) -> logging.Logger:
        import logging

        return logging.getLogger(f"airflow.task.triggers.{type(self).__module__}.{type(self).__name__}")

    def __repr__(self) -> str:
        path, kwargs = self.serialize()
        return f"<{path} {', '.join(f'{name}={value!r}' for name, value in kwargs.items())}>"


class BaseEventTrigger(BaseTrigger):
    """A trigger that can watch an asset as well: each event it yields is one of the asset, and it goes on. One that
    ends, or breaks, is begun again after a while."""

    @staticmethod
    def hash(classpath: str, kwargs: dict[str, Any]) -> int:
        return hash((classpath, repr(sorted(kwargs.items(), key=lambda item: item[0]))))


@dataclass
class StartTriggerArgs:
    """A task that begins by waiting: `start_from_trigger = True` and these on the operator."""

    trigger_cls: str
    next_method: str
    trigger_kwargs: dict[str, Any] | None = None
    next_kwargs: dict[str, Any] | None = None
    timeout: timedelta | None = None


# ── time ─────────────────────────────────────────────────────────────────────────────────────────────────


class DateTimeTrigger(BaseTrigger):
    """Fires at a moment."""

    def __init__(self, moment: datetime, *, end_from_trigger: bool = False) -> None:
        super().__init__()
        if not isinstance(moment, datetime):
            raise TypeError(f"Expected datetime.datetime type for moment. Got {type(moment)}")
        if moment.tzinfo is None:
            raise ValueError("You cannot pass naive datetimes")
        self.moment = moment
        self.end_from_trigger = end_from_trigger

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{_TEMPORAL}.DateTimeTrigger", {"moment": self.moment, "end_from_trigger": self.end_from_trigger}

    def wait_words(self) -> str:
        return self.moment.astimezone(times.utc).isoformat(timespec="seconds")

    async def run(self) -> AsyncIterator[TriggerEvent]:
        import asyncio

        while (left_s := (self.moment - times.utcnow()).total_seconds()) > 0:
            await asyncio.sleep(min(left_s, 3600.0))  # in parts, so that a changed clock is noticed
        yield TaskSuccessEvent() if self.end_from_trigger else TriggerEvent(self.moment)


class TimeDeltaTrigger(DateTimeTrigger):
    """Fires a time from now; that moment is kept when the trigger is made anew."""

    def __init__(self, delta: timedelta, *, end_from_trigger: bool = False) -> None:
        super().__init__(moment=times.utcnow() + delta, end_from_trigger=end_from_trigger)


# ── files ────────────────────────────────────────────────────────────────────────────────────────────────


class FileTrigger(BaseTrigger):
    """Fires when a file, or any that fits a pattern, is there; of a folder: when a file is in it."""

    def __init__(
        self,
        filepath: str,
        recursive: bool = False,
        poke_interval: float = 5.0,
        end_from_trigger: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        self.filepath, self.recursive, self.poke_interval = filepath, recursive, poke_interval
        self.end_from_trigger = end_from_trigger

    def serialize(self) -> tuple[str, dict[str, Any]]:
        given = {"filepath": self.filepath, "recursive": self.recursive, "poke_interval": self.poke_interval}
        if self.end_from_trigger:
            given["end_from_trigger"] = True
        return f"{_FILE}.FileTrigger", given

    def wait_words(self) -> str:
        return f"the file {self.filepath}"

    async def run(self) -> AsyncIterator[TriggerEvent]:
        from .looking import looker

        found = await looker().found(self.filepath, self.recursive, self.poke_interval)
        self.log.info("Found %s", found)
        yield TaskSuccessEvent() if self.end_from_trigger else TriggerEvent(True)


class FileDeleteTrigger(BaseEventTrigger):
    """Fires when a file is there, and deletes it."""

    def __init__(self, filepath: str, poke_interval: float = 5.0, **kwargs: Any) -> None:
        super().__init__()
        self.filepath, self.poke_interval = filepath, poke_interval

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return f"{_FILE}.FileDeleteTrigger", {"filepath": self.filepath, "poke_interval": self.poke_interval}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        import asyncio

        while not await asyncio.to_thread(os.path.isfile, self.filepath):
            await asyncio.sleep(self.poke_interval)
        await asyncio.to_thread(os.unlink, self.filepath)
        self.log.info("File %s has been deleted", self.filepath)
        yield TriggerEvent(True)


class DirectoryFileDeleteTrigger(BaseEventTrigger):
    """Fires when a file of this name is in the folder, and deletes it."""

    def __init__(self, directory: str, filename: str, poke_interval: float = 5.0, **kwargs: Any) -> None:
        super().__init__()
        self.directory, self.filename, self.poke_interval = directory, filename, poke_interval

    def serialize(self) -> tuple[str, dict[str, Any]]:
        told = {"directory": self.directory, "filename": self.filename, "poke_interval": self.poke_interval}
        return f"{_FILE}.DirectoryFileDeleteTrigger", told

    async def run(self) -> AsyncIterator[TriggerEvent]:
        async for event in FileDeleteTrigger(os.path.join(self.directory, self.filename), self.poke_interval).run():
            yield event


def found_file(pattern: str, recursive: bool = False) -> str | None:
    """The first file that fits, or None: a folder fits once there is a file in it or below."""
    import glob

    for path in glob.iglob(pattern, recursive=recursive):
        if os.path.isfile(path):
            return path
        for _, _, files in os.walk(path):
            if files:
                return path
    return None


# ── for tests of one's own operators ─────────────────────────────────────────────────────────────────────


class SuccessTrigger(BaseTrigger):
    """Fires at once."""

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return "airflow.triggers.testing.SuccessTrigger", {}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        yield TriggerEvent(True)


class FailureTrigger(BaseTrigger):
    """Breaks at once."""

    def serialize(self) -> tuple[str, dict[str, Any]]:
        return "airflow.triggers.testing.FailureTrigger", {}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        raise ValueError("Deliberate trigger failure")
        yield
