"""Deadlines of runs: counted from when, how long, and what is called once it has passed. Kept in the spec.

Owns the author-side classes and their plain form. When one is due is the engine's (`core.deadlines`), what is called
then `missed`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from .plain import plain, plain_span


class Callback:
    """A function by its path, with arguments."""

    def __init__(self, callback_callable: Callable[..., Any] | str, kwargs: dict[str, Any] | None = None) -> None:
        if kwargs and "context" in kwargs:
            raise ValueError("context is a reserved kwarg for this class")
        self.path = self.path_of(callback_callable)
        self._function = callback_callable if callable(callback_callable) else None
        self.kwargs: dict[str, Any] = kwargs or {}

    @classmethod
    def path_of(cls, given: Callable[..., Any] | str) -> str:
        if callable(given):
            cls.verify_callable(given)
            return f"{given.__module__}.{given.__qualname__}"
        path = given.strip() if isinstance(given, str) else ""
        if not path or not all(part.isidentifier() for part in path.split(".")):
            raise ImportError(f"`{given}` doesn't look like a valid dot path.")
        return path

    @classmethod
    def verify_callable(cls, callback: Callable[..., Any]) -> None:
        """Raise for a function that cannot be called in this way."""

    def resolve(self) -> Callable[..., Any]:
        """What is called: as the file gave it, else by its path."""
        if self._function is None:
            import importlib

            module, _, name = self.path.rpartition(".")
            self._function = getattr(importlib.import_module(module), name)
        assert self._function is not None
        return self._function

    def serialize(self) -> dict[str, Any]:
        return {"path": self.path, "kwargs": self.kwargs}

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.serialize() == other.serialize()

    def __hash__(self) -> int:
        return hash(self.path)


class AsyncCallback(Callback):
    """Awaited among the triggers."""

    @classmethod
    def verify_callable(cls, callback: Callable[..., Any]) -> None:
        import inspect

        if not (inspect.iscoroutinefunction(callback) or hasattr(callback, "__await__")):
            raise AttributeError(f"Provided callback {callback} is not awaitable.")


class SyncCallback(Callback):
    """Called in a process of its own."""

    def __init__(
        self, callback_callable: Callable[..., Any] | str, kwargs: dict[str, Any] | None = None, executor: Any = None
    ) -> None:
        super().__init__(callback_callable, kwargs)
        self.executor = executor

    def serialize(self) -> dict[str, Any]:
        return {**super().serialize(), "executor": self.executor}


class BaseDeadlineReference:
    """The moment that a deadline counts from. Extend it and decorate the class with `@deadline_reference`."""

    @property
    def reference_name(self) -> str:
        return type(self).__name__

    def serialize_reference(self) -> dict[str, Any]:
        return {"reference_type": self.reference_name}

    @classmethod
    def deserialize_reference(cls, reference_data: dict[str, Any]) -> Any:
        return cls()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BaseDeadlineReference) and self.serialize_reference() == other.serialize_reference()

    def __hash__(self) -> int:
        return hash(repr(self.serialize_reference()))


class DagRunLogicalDateDeadline(BaseDeadlineReference):
    """The run's logical date."""


class DagRunQueuedAtDeadline(BaseDeadlineReference):
    """When the run was queued."""


@dataclass(eq=False)
class FixedDatetimeDeadline(BaseDeadlineReference):
    """One moment for all runs."""

    at: datetime

    def serialize_reference(self) -> dict[str, Any]:
        return {"reference_type": self.reference_name, "datetime": self.at.timestamp()}

    @classmethod
    def deserialize_reference(cls, reference_data: dict[str, Any]) -> Any:
        from .times import utc

        return cls(datetime.fromtimestamp(reference_data["datetime"], utc))


@dataclass(eq=False)
class AverageRuntimeDeadline(BaseDeadlineReference):
    """As long as the last runs took on average."""

    DEFAULT_LIMIT: ClassVar[int] = 10
    max_runs: int
    min_runs: int | None = None

    def __post_init__(self) -> None:
        if self.min_runs is None:
            self.min_runs = self.max_runs
        if self.min_runs < 1:
            raise ValueError("min_runs must be at least 1")

    def serialize_reference(self) -> dict[str, Any]:
        return {"reference_type": self.reference_name, "max_runs": self.max_runs, "min_runs": self.min_runs}

    @classmethod
    def deserialize_reference(cls, reference_data: dict[str, Any]) -> Any:
        return cls(reference_data.get("max_runs", cls.DEFAULT_LIMIT), reference_data.get("min_runs"))


@dataclass(frozen=True)
class VariableInterval:
    """As many seconds as a variable says when the run is made."""

    key: str

    def resolve(self) -> timedelta:
        from .variables import Variable

        found = Variable.get(self.key)
        try:
            return timedelta(seconds=int(found))
        except (TypeError, ValueError):
            raise ValueError(f"VariableInterval '{self.key}' must be an integer (seconds), got: {found!r}") from None


class DeadlineAlert:
    """`DAG(deadline=DeadlineAlert(reference=…, interval=…, callback=…))`."""

    def __init__(
        self, reference: BaseDeadlineReference, interval: Any, callback: Callback, name: str | None = None
    ) -> None:
        if not isinstance(callback, (AsyncCallback, SyncCallback)):
            raise ValueError(f"Callbacks of type {type(callback).__name__} are not currently supported")
        self.reference = reference
        self.interval = interval
        self.callback = callback
        self.name = name

    def as_plain(self) -> dict[str, Any]:
        span = {"variable": self.interval.key} if isinstance(self.interval, VariableInterval) else self.interval
        told = {
            "reference": plain(self.reference.serialize_reference()),
            "interval": span if isinstance(span, dict) else plain_span(span),
            "callback": {"kind": type(self.callback).__name__, **plain(self.callback.serialize())},
        }
        return {**told, "name": self.name} if self.name else told

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DeadlineAlert) and self.as_plain() == other.as_plain()

    def __hash__(self) -> int:
        return hash(repr(self.as_plain()))


class DeadlineReference:
    """The references there are, by name."""

    class TYPES:
        """When a reference is evaluated."""

        DAGRUN_CREATED: tuple[type[BaseDeadlineReference], ...] = (
            DagRunLogicalDateDeadline,
            FixedDatetimeDeadline,
            AverageRuntimeDeadline,
        )
        DAGRUN_QUEUED: tuple[type[BaseDeadlineReference], ...] = (DagRunQueuedAtDeadline,)
        DAGRUN: tuple[type[BaseDeadlineReference], ...] = (*DAGRUN_CREATED, *DAGRUN_QUEUED)

    DAGRUN_LOGICAL_DATE = DagRunLogicalDateDeadline()
    DAGRUN_QUEUED_AT = DagRunQueuedAtDeadline()

    @classmethod
    def AVERAGE_RUNTIME(cls, max_runs: int = 0, min_runs: int | None = None) -> BaseDeadlineReference:
        return AverageRuntimeDeadline(max_runs or AverageRuntimeDeadline.DEFAULT_LIMIT, min_runs)

    @classmethod
    def FIXED_DATETIME(cls, dt: datetime) -> BaseDeadlineReference:
        return FixedDatetimeDeadline(dt)

    @classmethod
    def register_custom_reference(
        cls,
        reference_class: type[BaseDeadlineReference],
        deadline_reference_type: tuple[type[BaseDeadlineReference], ...] | None = None,
    ) -> type[BaseDeadlineReference]:
        if not issubclass(reference_class, BaseDeadlineReference):
            raise ValueError(f"{reference_class.__name__} must inherit from BaseDeadlineReference")
        try:
            made = reference_class()
        except TypeError as error:
            raise TypeError(
                f"{reference_class.__name__} must be constructible with no arguments to be registered as a deadline "
                f"reference: {error}"
            ) from error
        kinds = cls.TYPES
        if deadline_reference_type is None or deadline_reference_type is kinds.DAGRUN_CREATED:
            kinds.DAGRUN_CREATED = (*kinds.DAGRUN_CREATED, reference_class)
        elif deadline_reference_type is kinds.DAGRUN_QUEUED:
            kinds.DAGRUN_QUEUED = (*kinds.DAGRUN_QUEUED, reference_class)
        else:
            raise ValueError(f"{deadline_reference_type} is none of DeadlineReference.TYPES.")
        kinds.DAGRUN = (*kinds.DAGRUN_CREATED, *kinds.DAGRUN_QUEUED)
        setattr(cls, reference_class.__name__, made)
        return reference_class


def deadline_reference(deadline_reference_type: Any = None) -> Any:
    """Makes a class of one's own known as `DeadlineReference.<its name>`."""
    if isinstance(deadline_reference_type, type):
        return DeadlineReference.register_custom_reference(deadline_reference_type)
    return lambda kind: DeadlineReference.register_custom_reference(kind, deadline_reference_type)
