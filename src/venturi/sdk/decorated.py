"""The operators behind `@task.branch`, `.short_circuit`, `.sensor` and `.bash`; loaded when one of them is used."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from .bash import BashOperator
from .calling import call
from .python import BranchPythonOperator, ShortCircuitOperator
from .sensors import PythonSensor


class DecoratedBranch(BranchPythonOperator):
    custom_operator_name = "@task.branch"


class DecoratedShortCircuit(ShortCircuitOperator):
    custom_operator_name = "@task.short_circuit"


class DecoratedSensor(PythonSensor):
    custom_operator_name = "@task.sensor"


class DecoratedBash(BashOperator):
    """The function's result is the command."""

    template_fields: Collection[str] = ("bash_command", "env", "cwd", "op_args", "op_kwargs")
    custom_operator_name = "@task.bash"

    def __init__(
        self, *, python_callable: Callable[..., Any], op_args: Any = (), op_kwargs: Any = None, **kwargs: Any
    ) -> None:
        kwargs.pop("bash_command", None)
        super().__init__(bash_command="", **kwargs)
        self.python_callable = python_callable
        self.op_args, self.op_kwargs = op_args, op_kwargs or {}

    def execute(self, context: Any) -> Any:
        command = call(self.python_callable, tuple(self.op_args), self.op_kwargs, context)
        if not isinstance(command, str) or not command.strip():
            raise TypeError("The returned value from the TaskFlow callable must be a non-empty string.")
        self.bash_command = self.render_template(command, context)
        return super().execute(context)
