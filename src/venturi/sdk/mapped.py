"""Mapped tasks: `Operator.partial(…).expand(…)` is one task in the DAG and many instances in a run.

Owns what differs by instance and how one instance's operator is made from it. How many instances there are, and which
element each one gets, is `core.mapping`'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from . import building
from .exceptions import BadAuthoring, UnmappableXComTypePushed
from .operator import COMMON, SWALLOWED, BaseOperator, Task, merged_defaults, own_arguments
from .references import Reference, XComArg, elements_of, resolved

if TYPE_CHECKING:
    from ..core.spec import MapSource

# Common arguments that decide about an instance before its element is looked at.
_UNMAPPABLE = COMMON - {"doc", "doc_md", "executor_config", "params", "inlets", "outlets"}


def _wrong(problem: str, advice: str) -> BadAuthoring:
    at = building.author_position()
    return BadAuthoring(problem=problem, file=at.file, line=at.line, advice=advice)


def check_source(name: str, value: Any) -> Any:
    """A thing that can be mapped over: a list, tuple, set, dict or range, or another task's value."""
    if isinstance(value, (set, frozenset)):
        return list(value)
    if isinstance(value, (XComArg, Mapping)) or (isinstance(value, Sequence) and not isinstance(value, (str, bytes))):
        return value
    if isinstance(value, Task):
        return value.output
    raise _wrong(
        f"expand() cannot map over {name}={value!r}, a {type(value).__name__}",
        "Give a list, a dict or another task's result; what is the same for all instances goes into partial().",
    )


def check_sets(kwargs: Any) -> Any:
    """What expand_kwargs() takes: dicts of arguments, some perhaps values of tasks, or a value that is such a list."""
    if isinstance(kwargs, Task):
        return kwargs.output
    if isinstance(kwargs, XComArg):
        return kwargs
    if isinstance(kwargs, (str, bytes, Mapping)) or not isinstance(kwargs, Sequence):
        raise _wrong(
            f"expand_kwargs() cannot map over a {type(kwargs).__name__}",
            "Give a list of dicts, or another task's result that is one.",
        )
    for element in kwargs:
        if not isinstance(element, (Mapping, XComArg)):
            raise _wrong(
                f"expand_kwargs() maps over dicts of arguments, but an element is {element!r}", "Make it a dict."
            )
    return kwargs


def sources_of(sources: Mapping[str, Any]) -> tuple[MapSource, ...]:
    """What is mapped over, as the engine counts it."""
    from ..core.spec import MapSource

    return tuple(
        source.map_source(name) if isinstance(source, XComArg) else MapSource(name, length=len(source))
        for name, source in sources.items()
    )


def element_of(name: str, source: Any, elements: Mapping[str, Any], indices: Mapping[str, int], context: Any) -> Any:
    """One instance's element of one mapped argument."""
    if isinstance(source, XComArg):
        return source.element(elements[name])
    return resolved(elements_of(source)[indices[name]], context)


def arguments_in(element: Any, task_id: str) -> dict[str, Any]:
    """An element of expand_kwargs()."""
    if not isinstance(element, Mapping):
        raise UnmappableXComTypePushed(
            f"expand_kwargs() of task '{task_id}' maps over dicts of arguments, but an element is {element!r}."
        )
    for name in element:
        if not isinstance(name, str):
            raise UnmappableXComTypePushed(f"expand_kwargs() of task '{task_id}' got the key {name!r}, no text.")
    return dict(element)


class Partial:
    """An operator class with the arguments its instances share."""

    def __init__(self, operator_class: type[BaseOperator], arguments: dict[str, Any], into: str | None = None) -> None:
        self.operator_class = operator_class
        self.arguments = arguments
        self.into = into  # the argument whose dict takes the elements: op_kwargs for decorated functions
        if "task_id" not in arguments:
            raise _wrong(f"{operator_class.__name__}.partial() got no task_id", "Give it one.")

    def expand(self, **sources: Any) -> MappedOperator:
        """One instance per element; several arguments give every combination, the last one varying fastest."""
        if not sources:
            raise _wrong("expand() got nothing to map over", "Name at least one argument.")
        given: Mapping[str, Any] = self.arguments.get(self.into, {}) if self.into else self.arguments
        for name, value in sources.items():
            if name in given:
                raise _wrong(f"'{name}' is in partial() and in expand()", "Give it in one of them.")
            if not self.into and (name in _UNMAPPABLE or name in ("task_id", "dag", "task_group")):
                raise _wrong(f"'{name}' cannot differ by mapped instance", "Move it to partial().")
            sources[name] = check_source(name, value)
        self._check_names(sources)
        return MappedOperator(self, sources)

    def expand_kwargs(self, kwargs: Any, *, strict: bool = True) -> MappedOperator:
        """One instance per element, each element a dict of arguments."""
        return MappedOperator(self, {"": check_sets(kwargs)})

    def _check_names(self, sources: Mapping[str, Any]) -> None:
        if self.into is not None:
            return
        names, _ = own_arguments(self.operator_class)
        strays = sorted(set(sources) - names - COMMON)
        if strays and names:
            raise _wrong(
                f"{self.operator_class.__name__} does not know the argument '{strays[0]}' given to expand()",
                f"It has: {', '.join(sorted(names))}.",
            )

    def __repr__(self) -> str:
        return f"<Partial({self.operator_class.__name__})>"


class MappedOperator(Task):
    """The one task that stands in the DAG for all its instances."""

    is_mapped = True

    def __init__(self, partial: Partial, sources: dict[str, Any]) -> None:
        self.position = building.author_position(2)
        self.operator_class = partial.operator_class
        self.template_fields = partial.operator_class.template_fields
        self.into = partial.into
        self.sources = sources
        arguments = dict(partial.arguments)
        dag = arguments.pop("dag", None) or building.open_dag()
        group = arguments.pop("task_group", None) or building.open_group(dag)
        around = group.mapped_around() if group is not None else None
        if around is not None:
            raise _wrong(
                f"Task '{arguments['task_id']}' is mapped inside the mapped group '{around.node_id}'",
                "Airflow has no mapping inside a mapping; map the group over the combinations, or the task after it.",
            )
        defaults = merged_defaults(dag, group, arguments.pop("default_args", None))
        names, _ = own_arguments(self.operator_class)
        for name in names & defaults.keys():
            if name not in sources:
                arguments.setdefault(name, defaults[name])
        task_id = arguments.pop("task_id")
        # `shared` is what an instance is made with: everything given, and the defaults that reached this task.
        self.shared: dict[str, Any] = {name: defaults[name] for name in COMMON & defaults.keys()}
        self.shared.update(arguments)
        self.settle(task_id, defaults, arguments, group)
        self._refuse_strays(arguments, names)
        if dag is not None:
            dag.add_task(self)
        self.follow_references(list(sources.values()))
        self.follow_references(list(self.shared.values()))

    def _refuse_strays(self, arguments: Mapping[str, Any], names: frozenset[str]) -> None:
        strays = sorted(set(arguments) - names - SWALLOWED)
        if strays and names:
            raise _wrong(
                f"{self.operator_class.__name__} '{self.task_id}' does not know the argument '{strays[0]}'",
                "Remove it, or correct its name.",
            )

    @property
    def task_type(self) -> str:
        return self.operator_class.__name__

    @property
    def operator_name(self) -> str:
        return self.operator_class.custom_operator_name or self.task_type

    @property
    def partial_kwargs(self) -> dict[str, Any]:
        return self.shared

    def map_sources(self) -> tuple[MapSource, ...]:
        return sources_of(self.sources)

    def element(
        self, elements: Mapping[str, Any], indices: Mapping[str, int], context: Any
    ) -> tuple[dict[str, Any], set[int]]:
        """The arguments that are this instance's own, and the ids of those values that no template may touch."""
        found = {name: element_of(name, source, elements, indices, context) for name, source in self.sources.items()}
        if "" in found:
            whole = arguments_in(found[""], self.task_id)
            return whole, {id(v) for v in whole.values()} if isinstance(self.sources[""], Reference) else set()
        return found, {id(found[name]) for name, source in self.sources.items() if isinstance(source, Reference)}

    def unmap(self, element: Mapping[str, Any]) -> BaseOperator:
        """The operator of one instance, outside of any DAG's building but knowing its DAG."""
        arguments = dict(self.shared)
        if self.into is not None:
            arguments[self.into] = {**(arguments.get(self.into) or {}), **element}
        else:
            if "params" in element:
                arguments["params"] = {**(arguments.get("params") or {}), **element["params"]}
            arguments.update({name: value for name, value in element.items() if name != "params"})
        with building.detached():
            operator = self.operator_class(task_id=self.task_id, **arguments)
        operator.__dict__.update(
            dag_=self.dag_,
            task_group=self.task_group,
            upstream_task_ids=self.upstream_task_ids,
            downstream_task_ids=self.downstream_task_ids,
            position=self.position,
        )
        return operator
