"""What a `@task.<kind>` is made of: the operator that holds the function, and the factory that makes the decorator.

Decorators of provider wheels are built on these two.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from .operator import BaseOperator
from .taskflow import TaskDecorators


class DecoratedOperator(BaseOperator):
    """First among the bases of an operator that takes a function: keeps it, and hands the rest on."""

    template_fields: Collection[str] = ("op_args", "op_kwargs")

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        task_id: str,
        op_args: Collection[Any] | None = None,
        op_kwargs: Mapping[str, Any] | None = None,
        kwargs_to_upstream: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        self.python_callable = python_callable
        self.op_args = list(op_args or ())
        self.op_kwargs = dict(op_kwargs or {})
        super().__init__(task_id=task_id, **(kwargs_to_upstream or {}), **kwargs)

    def get_python_source(self) -> str:
        from .source import source_of

        return source_of(self.python_callable)


def task_decorator_factory(
    python_callable: Callable[..., Any] | None = None,
    *,
    multiple_outputs: bool | None = None,
    decorated_operator_class: type[BaseOperator],
    **kwargs: Any,
) -> Any:
    """The decorator whose calls make tasks of this operator class."""
    return TaskDecorators._decorate(decorated_operator_class, python_callable, kwargs, multiple_outputs)


def get_unique_task_id(task_id: str, *_: Any, **__: Any) -> str:
    """Task ids that are taken get a number when the task is made."""
    return task_id


def is_async_callable(func: Any) -> bool:
    import functools
    import inspect

    while isinstance(func, functools.partial):
        func = func.func
    return inspect.iscoroutinefunction(func) or inspect.iscoroutinefunction(getattr(func, "__call__", None))  # noqa: B004


class BaseAsyncOperator(BaseOperator):
    """Extend it and give `aexecute(context)`."""

    is_async = True

    async def aexecute(self, context: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no aexecute() method.")

    def execute(self, context: Any) -> Any:
        import asyncio

        return asyncio.run(self.aexecute(context))
