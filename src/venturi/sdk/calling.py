"""Calls an author's function with what it asks for: its own arguments, and the context by name or as **kwargs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

_VARARGS, _VARKEYWORDS, _GENERATOR = 0x04, 0x08, 0x20


class Takes(NamedTuple):
    names: tuple[str, ...]  # in order; positional ones first
    positional: int
    everything: bool  # takes **kwargs


def takes(function: Callable[..., Any]) -> Takes | None:
    """What the function takes; None for builtins that do not tell. Read from the code object where there is one,
    because `inspect` costs an attempt more than the call itself."""
    code = getattr(function, "__code__", None)
    if code is not None and not hasattr(function, "__wrapped__"):
        skip = 1 if hasattr(function, "__self__") else 0
        names = code.co_varnames[skip : code.co_argcount + code.co_kwonlyargcount]
        return Takes(names, code.co_argcount - skip, bool(code.co_flags & _VARKEYWORDS))
    import inspect

    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    kinds = [(p.name, p.kind) for p in signature.parameters.values()]
    positional = [
        n for n, k in kinds if k in (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    ]
    named = [n for n, k in kinds if k is inspect.Parameter.KEYWORD_ONLY]
    return Takes((*positional, *named), len(positional), any(k is inspect.Parameter.VAR_KEYWORD for _, k in kinds))


def call(function: Callable[..., Any], args: Any, kwargs: Mapping[str, Any], context: Mapping[str, Any]) -> Any:
    """The author's own arguments win over the context."""
    given = dict(kwargs)
    wanted = takes(function)
    if wanted is not None:
        taken = set(wanted.names[: min(len(args), wanted.positional)])
        if wanted.everything:
            value_of = getattr(context, "spread", context.__getitem__)
            for name in context:
                if name not in given and name not in taken:
                    given[name] = value_of(name)
        else:
            for name in wanted.names:
                if name not in given and name not in taken and name in context:
                    given[name] = context[name]
    result = function(*args, **given)
    if hasattr(result, "__await__"):
        result = _awaited(result)
    return result


def is_generator_function(function: Callable[..., Any]) -> bool:
    """Whether the function itself yields; one that returns a generator does not."""
    while hasattr(function, "func"):  # functools.partial
        function = function.func
    code = getattr(function, "__code__", None)
    return bool(code is not None and code.co_flags & _GENERATOR)


def _awaited(coroutine: Any) -> Any:
    import asyncio

    async def run() -> Any:
        return await coroutine

    return asyncio.run(run())
