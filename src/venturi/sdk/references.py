"""Arguments that are not yet values: another task's result, a DAG parameter. Resolved in the attempt, before execute.

Owns finding such references in arguments and resolving them there. `XComArg` is one task's value; mapped over, it
gives one instance per element.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..core.names import RETURN_KEY
from .exceptions import XComNotFound
from .nodes import Node
from .port import port

if TYPE_CHECKING:
    from .dag import DAG
    from .operator import Task


class Reference:
    """Something that stands in an argument for a value that exists only at run time."""

    def tasks(self) -> list[Task]:
        """Whose values it needs: these come before the task that holds the reference."""
        return []

    def resolve(self, context: Mapping[str, Any]) -> Any:
        raise NotImplementedError


class XComArg(Reference, Node):
    """What another task returned or pushed. `arg["key"]` is the value under that key."""

    def __init__(self, operator: Task, key: str = RETURN_KEY) -> None:
        self.operator = operator
        self.key = key

    def __getitem__(self, key: str) -> XComArg:
        if not isinstance(key, str):
            raise ValueError(f"XComArg only supports str lookup, received {type(key).__name__}")
        return XComArg(self.operator, key)

    def __iter__(self) -> Iterator[Any]:
        raise TypeError(
            f"The result of task '{self.operator.task_id}' exists only at run time, so it cannot be iterated here. "
            "Use .expand() to make one task instance per element, or iterate inside a task."
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, XComArg) and self.operator is other.operator and self.key == other.key

    def __hash__(self) -> int:
        return hash((id(self.operator), self.key))

    def __repr__(self) -> str:
        return f"XComArg({self.operator.task_id}, {self.key})"

    def __str__(self) -> str:
        """In an f-string it becomes a template that pulls the value."""
        pull = f"task_ids='{self.operator.task_id}', dag_id='{self.operator.dag_id}', key='{self.key}'"
        return "{{ task_instance.xcom_pull(" + pull + ") }}"

    @property
    def roots(self) -> list[Task]:
        return [self.operator]

    leaves = roots

    def tasks(self) -> list[Task]:
        return [self.operator]

    def resolve(self, context: Mapping[str, Any]) -> Any:
        task_id = self.operator.task_id
        if self.operator.is_mapped:
            return MappedValues(lambda: [found.value for found in port().values(self.key, [task_id])])
        found = port().values(self.key, [task_id])
        if found:
            return found[0].value
        if self.key == RETURN_KEY:
            return None
        raise XComNotFound(self.operator.dag_id, task_id, self.key)

    def _later(self, what: str) -> Any:
        raise NotImplementedError(f"XComArg.{what}() is not served yet. Do this step in a task of its own meanwhile.")

    def map(self, f: Callable[[Any], Any]) -> Any:
        self._later("map")

    def zip(self, *others: Any, fillvalue: Any = None) -> Any:
        self._later("zip")

    def concat(self, *others: Any) -> Any:
        self._later("concat")


class MappedValues(Sequence[Any]):
    """The values of all instances of a mapped task, by map index; asked for when first looked at."""

    def __init__(self, ask: Callable[[], list[Any]]) -> None:
        self._ask = ask
        self._held: list[Any] | None = None

    def _values(self) -> list[Any]:
        if self._held is None:
            self._held = self._ask()
        return self._held

    def __len__(self) -> int:
        return len(self._values())

    def __getitem__(self, at: Any) -> Any:
        return self._values()[at]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and not isinstance(other, (str, bytes)) and self._values() == list(other)

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return repr(self._values())


class DagParam(Reference):
    """A parameter of the DAG, handed to a function under `@dag`."""

    def __init__(self, dag: DAG, name: str) -> None:
        self.dag = dag
        self.name = name

    def resolve(self, context: Mapping[str, Any]) -> Any:
        return context["params"].get(self.name)

    def __repr__(self) -> str:
        return f"DagParam({self.name})"

    def __str__(self) -> str:
        return "{{ params." + self.name + " }}"


def settled(value: Any) -> Any:
    """What is kept of a value that a task returns or pushes: the values of mapped instances become a plain list."""
    return list(value) if isinstance(value, MappedValues) else value


def references_in(value: Any, depth: int = 0) -> Iterator[Reference]:
    """Every reference in an argument, through lists, dicts and objects that have template fields."""
    if isinstance(value, (str, int, float, bytes)) or value is None or depth > 20:
        return
    if isinstance(value, Reference):
        yield value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from references_in(key, depth + 1)
            yield from references_in(part, depth + 1)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for part in value:
            yield from references_in(part, depth + 1)
    elif not isinstance(value, (type, Node)):
        for name in getattr(value, "template_fields", ()) or ():
            yield from references_in(getattr(value, name, None), depth + 1)


def resolved(value: Any, context: Mapping[str, Any]) -> Any:
    """The argument with every reference in it replaced; the very same object when it holds none."""
    if next(references_in(value), None) is None:
        return value
    if isinstance(value, Reference):
        return value.resolve(context)
    if isinstance(value, dict):
        return {key: resolved(part, context) for key, part in value.items()}
    if isinstance(value, (list, set, frozenset)):
        return type(value)(resolved(part, context) for part in value)
    if isinstance(value, tuple):
        parts = [resolved(part, context) for part in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    return value
