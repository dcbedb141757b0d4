"""Stands in for an operator, a sensor or a hook of 1.10 whose provider wheel is not installed.

1.10 brought them all along, so a file of its time loads with any of them: its other tasks run, and what lies elsewhere
says which wheel to install when it runs. Owns nothing of what they did.
"""

from __future__ import annotations

from typing import Any, NoReturn

from .connections import BaseHook
from .exceptions import AirflowException
from .operator import COMMON, BaseOperator

_MAKING = COMMON | {"dag", "task_group", "default_args"}


def stand_in(path: str, wheel: str) -> type:
    """A class of that name, by the path that the file took it from; the same one each time."""
    known = _made.get(path)
    if known is None:
        name = path.rpartition(".")[2]
        base: type = _HookUninstalled if name.endswith("Hook") else _OperatorUninstalled
        known = _made[path] = type(name, (base,), {"__module__": __name__, "path": path, "wheel": wheel})
    return known


_made: dict[str, type] = {}


def _sentence(path: str, wheel: str) -> str:
    return f"'{path}' belongs to {wheel}, which is not installed: add that line to requirements.txt, or install it."


class _OperatorUninstalled(BaseOperator):
    path: str
    wheel: str

    def __init__(self, task_id: str, **arguments: Any) -> None:
        own = {name: arguments.pop(name) for name in list(arguments) if name not in _MAKING}
        super().__init__(task_id, **arguments)
        for name, value in own.items():
            self.__dict__.setdefault(name, value)
            self.follow_references(value)
        if self.dag is not None:
            said = f"Task '{self.task_id}' (line {self.position.line}) cannot run: {_sentence(self.path, self.wheel)}"
            self.dag.warnings.append(said)

    def execute(self, context: Any) -> NoReturn:
        raise AirflowException(_sentence(self.path, self.wheel))

    poke = execute


class _Uninstalled(AirflowException, AttributeError):
    """An attribute too, so that whoever merely looks whether there is one finds none."""


class _HookUninstalled(BaseHook):
    path: str
    wheel: str

    def __init__(self, *_: Any, **__: Any) -> None:
        """Files make hooks while they are imported."""

    def get_conn(self) -> NoReturn:
        raise AirflowException(_sentence(self.path, self.wheel))

    def __getattr__(self, name: str) -> NoReturn:
        raise _Uninstalled(_sentence(self.path, self.wheel))
