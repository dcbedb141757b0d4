"""Arguments that are not yet values: another task's result, a DAG parameter. Resolved in the attempt, before execute.

Owns finding such references in arguments and resolving them there. `XComArg` is one task's value; mapped over, it
gives one instance per element, and so do what its map(), zip() and concat() make.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from ..core.names import RETURN_KEY
from .exceptions import XComNotFound
from .nodes import Node
from .port import port

if TYPE_CHECKING:
    from ..core.spec import MapSource
    from .dag import DAG
    from .operator import Task

UNFILLED: Any = object()  # zip() without a fill value


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
        return type(other) is XComArg and self.operator is other.operator and self.key == other.key

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
        return self.tasks()

    leaves = roots

    def tasks(self) -> list[Task]:
        return [self.operator]

    def iter_references(self) -> Iterator[tuple[Task, str]]:
        for task in self.tasks():
            yield task, self.key

    def resolve(self, context: Mapping[str, Any]) -> Any:
        task_id = self.operator.task_id
        if self.operator.is_many:
            index = _index_shared_with(self.operator, context)
            if index is None:
                return MappedValues(lambda: [found.value for found in port().values(self.key, [task_id])])
            found = port().values(self.key, [task_id], [index])
        else:
            found = port().values(self.key, [task_id])
        if found:
            return found[0].value
        if self.key == RETURN_KEY or self.operator.multiple_outputs:
            return None
        raise XComNotFound(self.operator.dag_id, task_id, self.key)

    # ── mapped over ──

    def map_source(self, argument: str = "") -> MapSource:
        from ..core.spec import MapSource

        return MapSource(argument, task_id=self.operator.task_id, key=self.key)

    def element(self, pick: Any) -> Any:
        """One element, from what the engine sent of it."""
        return pick

    def map(self, f: Callable[[Any], Any]) -> XComArg:
        """Each element goes through the function, in the task that gets it."""
        if not callable(f) or hasattr(f, "operator_class"):
            raise ValueError("map() argument must be a plain function, not a @task operator")
        return MappedArg(self, f)

    def zip(self, *others: Any, fillvalue: Any = UNFILLED) -> XComArg:
        """Elements side by side as tuples, up to the shortest; with a fill value, up to the longest."""
        return ZippedArg([self, *map(as_reference, others)], fillvalue)

    def concat(self, *others: Any) -> XComArg:
        """The elements of each, one after the other."""
        return JoinedArg([self, *map(as_reference, others)])

    # ── setups and teardowns ──

    @property
    def is_setup(self) -> bool:
        return self.operator.is_setup

    @is_setup.setter
    def is_setup(self, value: bool) -> None:
        self.operator.is_setup = value

    @property
    def is_teardown(self) -> bool:
        return self.operator.is_teardown

    @is_teardown.setter
    def is_teardown(self, value: bool) -> None:
        self.operator.is_teardown = value

    @property
    def on_failure_fail_dagrun(self) -> bool:
        return self.operator.on_failure_fail_dagrun

    @on_failure_fail_dagrun.setter
    def on_failure_fail_dagrun(self, value: bool) -> None:
        self.operator.on_failure_fail_dagrun = value

    def as_setup(self) -> XComArg:
        self.operator.as_setup()
        return self

    def as_teardown(self, *, setups: Any = None, on_failure_fail_dagrun: bool | None = None) -> XComArg:
        self.operator.as_teardown(setups=setups, on_failure_fail_dagrun=on_failure_fail_dagrun)
        return self

    def __enter__(self) -> Any:
        return self.operator.__enter__()

    def __exit__(self, *exc: object) -> None:
        self.operator.__exit__(*exc)


PlainXComArg = XComArg


def _index_shared_with(operator: Task, context: Mapping[str, Any]) -> int | None:
    """The map index at which a task of a mapped group is meant, asked by another of that group."""
    group = operator.mapped_group
    ti = context["ti"]
    return ti.map_index if group is not None and ti.task.mapped_group is group and ti.map_index >= 0 else None


def as_reference(value: Any) -> XComArg:
    if isinstance(value, XComArg):
        return value
    if getattr(value, "is_task", False):
        found: XComArg = value.output
        return found
    if isinstance(value, (Sequence, Mapping)) and not isinstance(value, (str, bytes)):
        return LiteralArg(value)
    raise TypeError(f"A task's result can be joined with another task's result or a list, not with {value!r}.")


def elements_of(source: Any) -> Sequence[Any]:
    """A literal's elements in order; those of a dict are its pairs."""
    return list(source.items()) if isinstance(source, Mapping) else source


class DerivedArg(XComArg):
    """Made from the values of tasks. It has no key of its own."""

    key = RETURN_KEY

    def __init__(self, parts: list[XComArg]) -> None:
        self.parts = parts

    @property
    def operator(self) -> Task:  # type: ignore[override]
        return self.tasks()[0]

    def __getitem__(self, key: str) -> XComArg:
        raise TypeError(f"{self!r} has no keys; take one from a task's result before map(), zip() or concat().")

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def __str__(self) -> str:
        return repr(self)

    def tasks(self) -> list[Task]:
        return [task for part in self.parts for task in part.tasks()]

    def _values(self, context: Mapping[str, Any], what: str) -> list[Sequence[Any]]:
        found = [part.resolve(context) for part in self.parts]
        for value in found:
            if not isinstance(value, (Sequence, Mapping)) or isinstance(value, (str, bytes)):
                raise ValueError(f"XCom {what} expects sequence or dict, not {type(value).__name__}")
        return [elements_of(value) for value in found]


class LiteralArg(DerivedArg):
    """A list or dict of the DAG file, joined with task results."""

    def __init__(self, values: Any) -> None:
        super().__init__([])
        self.values = elements_of(values)

    def __repr__(self) -> str:
        return repr(self.values)

    def resolve(self, context: Mapping[str, Any]) -> Any:
        return resolved(self.values, context)

    def map_source(self, argument: str = "") -> MapSource:
        from ..core.spec import MapSource

        return MapSource(argument, length=len(self.values))

    def element(self, pick: Any) -> Any:
        return self.values[pick]


class MappedArg(DerivedArg):
    """`arg.map(f)`"""

    def __init__(self, arg: XComArg, function: Callable[[Any], Any]) -> None:
        super().__init__([arg])
        self.function = function

    def __repr__(self) -> str:
        return f"{self.parts[0]!r}.map({getattr(self.function, '__name__', 'function')})"

    def resolve(self, context: Mapping[str, Any]) -> Any:
        (values,) = self._values(context, "map")
        return MappedValues(lambda: [self.function(value) for value in values])

    def map_source(self, argument: str = "") -> MapSource:
        return self.parts[0].map_source(argument)

    def element(self, pick: Any) -> Any:
        return self.function(self.parts[0].element(pick))


class ZippedArg(DerivedArg):
    """`arg.zip(…)`"""

    def __init__(self, parts: list[XComArg], fill: Any) -> None:
        super().__init__(parts)
        self.fill = fill

    def __repr__(self) -> str:
        return f"{self.parts[0]!r}.zip({', '.join(map(repr, self.parts[1:]))})"

    def resolve(self, context: Mapping[str, Any]) -> Any:
        values = self._values(context, "zip")
        if self.fill is UNFILLED:
            return list(zip(*values, strict=False))
        return list(zip_longest(*values, fillvalue=self.fill))

    def map_source(self, argument: str = "") -> MapSource:
        from ..core.spec import MapSource

        join = "zip" if self.fill is UNFILLED else "zip_longest"
        return MapSource(argument, join=join, parts=tuple(part.map_source() for part in self.parts))

    def element(self, pick: Any) -> Any:
        return tuple(part.element(held[0]) if held else self.fill for part, held in zip(self.parts, pick, strict=True))


class JoinedArg(DerivedArg):
    """`arg.concat(…)`"""

    def __repr__(self) -> str:
        return f"{self.parts[0]!r}.concat({', '.join(map(repr, self.parts[1:]))})"

    def resolve(self, context: Mapping[str, Any]) -> Any:
        return [element for values in self._values(context, "concat") for element in values]

    def map_source(self, argument: str = "") -> MapSource:
        from ..core.spec import MapSource

        return MapSource(argument, join="concat", parts=tuple(part.map_source() for part in self.parts))

    def element(self, pick: Any) -> Any:
        chosen, held = pick
        return self.parts[chosen].element(held)


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

    def __venturi_value__(self) -> list[Any]:
        """What is kept where it stands inside a value."""
        return self._values()

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
