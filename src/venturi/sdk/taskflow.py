"""`@task` and its kin: a function becomes a task when it is called while a DAG is built.

Owns the decorators and the operators behind them. `@task.<kind>` differs by the operator class alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from . import building
from .calling import takes
from .context import KEYS
from .exceptions import AirflowException, BadAuthoring
from .mapped import Partial
from .operator import BaseOperator, Task
from .python import PythonOperator
from .references import Reference, XComArg


class DecoratedPython(PythonOperator):
    custom_operator_name = "@task"


class TaskDecorator:
    """A function under `@task`. Calling it makes a task and gives its (future) result."""

    def __init__(
        self, function: Callable[..., Any], operator_class: type[BaseOperator], arguments: dict[str, Any]
    ) -> None:
        if not callable(function):
            raise TypeError(f"@task decorates functions, not {function!r}.")
        self.function = function
        self.operator_class = operator_class
        self.arguments = arguments
        self._signature: Any = None
        self.is_setup = self.is_teardown = self.on_failure_fail_dagrun = False
        self.__wrapped__ = function
        self.__name__: str = getattr(function, "__name__", "task")
        self.__qualname__: str = getattr(function, "__qualname__", self.__name__)
        self.__module__: str = getattr(function, "__module__", "")
        self.__doc__ = getattr(function, "__doc__", None)

    def __call__(self, *args: Any, **kwargs: Any) -> XComArg:
        self._check_call(args, kwargs)
        return self.finished(self.operator_class(op_args=args, op_kwargs=kwargs, **self._operator_arguments()))

    def finished(self, operator: Task) -> XComArg:
        """A task made from this function, with what `@setup` and `@teardown` have said."""
        operator.is_setup, operator.is_teardown = self.is_setup, self.is_teardown
        if self.is_teardown:
            operator.as_teardown(on_failure_fail_dagrun=self.on_failure_fail_dagrun)
        return XComArg(operator)

    def override(self, **arguments: Any) -> TaskDecorator:
        """The same function with other operator arguments."""
        made = TaskDecorator(self.function, self.operator_class, {**self.arguments, **arguments})
        made._signature = self._signature
        made.is_setup, made.is_teardown = self.is_setup, self.is_teardown
        made.on_failure_fail_dagrun = self.on_failure_fail_dagrun
        return made

    def partial(self, **kwargs: Any) -> PartialCall:
        self._check_names(kwargs, "partial")
        return PartialCall(self, kwargs)

    def expand(self, **sources: Any) -> XComArg:
        return PartialCall(self, {}).expand(**sources)

    def expand_kwargs(self, kwargs: Any, *, strict: bool = True) -> XComArg:
        return PartialCall(self, {}).expand_kwargs(kwargs, strict=strict)

    def _operator_arguments(self) -> dict[str, Any]:
        arguments = dict(self.arguments)
        if self.is_teardown and "trigger_rule" in arguments:
            raise ValueError("Trigger rule not configurable for teardown tasks.")
        dag = arguments.get("dag") or building.open_dag()
        group = arguments.get("task_group") or building.open_group(dag)
        label = arguments.pop("task_id", None) or re.sub(r"\W", "_", self.__name__)
        arguments["task_id"] = _free_label(label, dag, group)
        if arguments.get("multiple_outputs") is None:
            arguments["multiple_outputs"] = returns_dict(self.function)
        if self.__doc__ and not any(name in arguments for name in ("doc_md", "doc", "doc_rst", "doc_json", "doc_yaml")):
            arguments["doc_md"] = self.__doc__
        arguments["python_callable"] = self.function
        return arguments

    def _check_call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """A call that cannot work is told where it stands, not when the task runs. Context keys come by themselves."""
        if self._signature is None:
            import inspect

            signature = inspect.signature(self.function)
            self._signature = signature.replace(
                parameters=[
                    p.replace(default=None) if p.name in KEYS and p.default is p.empty and p.kind in (1, 3) else p
                    for p in _optional_after_optional(signature.parameters.values())
                ]
            )
        try:
            self._signature.bind(*args, **kwargs)
        except TypeError as error:
            at = building.author_position()
            raise BadAuthoring(
                problem=f"The call of task function {self.__name__}() does not fit it: {error}",
                file=at.file,
                line=at.line,
                advice="Give what the function takes.",
            ) from None

    def _check_names(self, given: Mapping[str, Any], where: str) -> None:
        wanted = takes(self.function)
        if wanted is None or wanted.everything:
            return
        strays = sorted(set(given) - set(wanted.names))
        if strays:
            at = building.author_position()
            raise BadAuthoring(
                problem=f"{self.__name__}.{where}() got the argument '{strays[0]}', which the function does not take",
                file=at.file,
                line=at.line,
                advice=f"It takes: {', '.join(wanted.names) or 'nothing'}.",
            )

    def __repr__(self) -> str:
        return f"<{self.operator_class.custom_operator_name or '@task'} {self.__name__}>"


def _optional_after_optional(parameters: Any) -> list[Any]:
    """Python forbids a parameter without default after one with; the defaults given to context keys may cause that."""
    found: list[Any] = []
    optional = False
    for p in parameters:
        if optional and p.default is p.empty and p.kind in (0, 1):
            p = p.replace(default=None)
        optional = optional or (p.kind in (0, 1) and (p.default is not p.empty or p.name in KEYS))
        found.append(p)
    return found


def _free_label(label: str, dag: Any, group: Any) -> str:
    if dag is None or group is None:
        return label
    full = group.child_id(label)
    free = dag.free_id(full)
    return str(free[len(full) - len(label) :]) if free != full else label


class PartialCall:
    """A task function with the arguments that all its instances share."""

    def __init__(self, decorator: TaskDecorator, kwargs: dict[str, Any]) -> None:
        self.decorator = decorator
        self.kwargs = kwargs

    def _partial(self) -> Partial:
        arguments = self.decorator._operator_arguments()
        arguments["op_kwargs"] = self.kwargs
        return Partial(self.decorator.operator_class, arguments, into="op_kwargs")

    def partial(self, **kwargs: Any) -> PartialCall:
        return PartialCall(self.decorator, {**self.kwargs, **kwargs})

    def expand(self, **sources: Any) -> XComArg:
        self.decorator._check_names(sources, "expand")
        return self.decorator.finished(self._partial().expand(**sources))

    def expand_kwargs(self, kwargs: Any, *, strict: bool = True) -> XComArg:
        return self.decorator.finished(self._partial().expand_kwargs(kwargs, strict=strict))


_DICT_TEXT = re.compile(r"\s*(typing\.|t\.)?(dict|Dict|Mapping|MutableMapping|TypedDict)\b")


def returns_dict(function: Callable[..., Any]) -> bool:
    """Whether the annotation says that the function returns a dict, which then makes one value per key."""
    said = getattr(function, "__annotations__", {}).get("return")
    if said is None:
        return False
    if isinstance(said, str):
        if _DICT_TEXT.match(said):
            return True
        said = getattr(function, "__globals__", {}).get(said)
    origin = getattr(said, "__origin__", said)
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _later(kind: str) -> Any:
    raise AirflowException(f"@task.{kind} is not served yet. Use @task, or the classic operator, meanwhile.")


def _of_wheels(kind: str) -> Any:
    """The decorator that an installed provider wheel brings."""
    from .provided import decorators, object_at

    place = decorators().get(kind)
    return None if place is None else object_at(place)


class TaskDecorators:
    """`task` itself: `@task`, `@task(retries=2)`, `@task.branch` …"""

    def __call__(self, python_callable: Any = None, *, multiple_outputs: bool | None = None, **arguments: Any) -> Any:
        return self._decorate(DecoratedPython, python_callable, arguments, multiple_outputs)

    @staticmethod
    def _decorate(
        operator_class: type[BaseOperator],
        function: Any,
        arguments: dict[str, Any],
        multiple_outputs: bool | None = None,
    ) -> Any:
        if multiple_outputs is not None:
            arguments["multiple_outputs"] = multiple_outputs
        if function is not None:
            if isinstance(function, Reference) or not callable(function):
                raise TypeError("@task takes its arguments by name: @task(task_id='…').")
            return TaskDecorator(function, operator_class, arguments)
        return lambda decorated: TaskDecorator(decorated, operator_class, arguments)

    python = __call__

    @staticmethod
    def run_if(condition: Callable[[Any], Any], skip_message: str | None = None) -> Any:
        from .conditions import run_if

        return run_if(condition, skip_message)

    @staticmethod
    def skip_if(condition: Callable[[Any], Any], skip_message: str | None = None) -> Any:
        from .conditions import skip_if

        return skip_if(condition, skip_message)

    def branch(self, python_callable: Any = None, *, multiple_outputs: bool | None = None, **arguments: Any) -> Any:
        from .decorated import DecoratedBranch

        return self._decorate(DecoratedBranch, python_callable, arguments, multiple_outputs or False)

    def short_circuit(
        self, python_callable: Any = None, *, multiple_outputs: bool | None = None, **arguments: Any
    ) -> Any:
        from .decorated import DecoratedShortCircuit

        return self._decorate(DecoratedShortCircuit, python_callable, arguments, multiple_outputs or False)

    def sensor(self, python_callable: Any = None, *, multiple_outputs: bool | None = None, **arguments: Any) -> Any:
        from .decorated import DecoratedSensor

        return self._decorate(DecoratedSensor, python_callable, arguments, multiple_outputs or False)

    def bash(self, python_callable: Any = None, **arguments: Any) -> Any:
        from .decorated import DecoratedBash

        return self._decorate(DecoratedBash, python_callable, arguments, bool(arguments.get("multiple_outputs")))

    def virtualenv(self, python_callable: Any = None, **arguments: Any) -> Any:
        from .interpreters import DecoratedVirtualenv

        return self._decorate(DecoratedVirtualenv, python_callable, arguments)

    def external_python(self, python: str | None = None, python_callable: Any = None, **arguments: Any) -> Any:
        from .interpreters import DecoratedExternalPython

        return self._decorate(DecoratedExternalPython, python_callable, {"python": python, **arguments})

    def branch_virtualenv(self, python_callable: Any = None, **arguments: Any) -> Any:
        from .interpreters import DecoratedBranchVirtualenv

        arguments.setdefault("multiple_outputs", False)
        return self._decorate(DecoratedBranchVirtualenv, python_callable, arguments)

    def branch_external_python(self, python: str | None = None, python_callable: Any = None, **arguments: Any) -> Any:
        from .interpreters import DecoratedBranchExternalPython

        arguments = {"multiple_outputs": False, "python": python, **arguments}
        return self._decorate(DecoratedBranchExternalPython, python_callable, arguments)

    def stub(self, python_callable: Any = None, **arguments: Any) -> Any:
        from .interpreters import DecoratedStub

        return self._decorate(DecoratedStub, python_callable, arguments)

    def __getattr__(self, kind: str) -> Any:
        if not kind.startswith("_"):
            found = _of_wheels(kind)
            if found is not None:
                return found
        if kind == "docker":
            from .services.docker_task import docker_task

            return docker_task
        if kind == "kubernetes":
            _later(kind)
        known = ", ".join(name for name in vars(TaskDecorators) if not name.startswith("_"))
        raise AttributeError(f"There is no @task.{kind}. There are: {known}.")


task = TaskDecorators()
