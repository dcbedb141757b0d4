"""Values that stand for "not given", as wheels compare them."""

from __future__ import annotations

from typing import Any


class ArgNotSet:
    """The kind of NOTSET."""

    def __repr__(self) -> str:
        return "NOTSET"


class SetDuringExecution(ArgNotSet):
    """The kind of SET_DURING_EXECUTION: a decorated function's result fills it in."""

    def __repr__(self) -> str:
        return "DYNAMIC (set during execution)"


NOTSET = ArgNotSet()
SET_DURING_EXECUTION = SetDuringExecution()


def is_arg_set(value: Any) -> bool:
    return not isinstance(value, ArgNotSet)
