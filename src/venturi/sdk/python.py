"""Operators that call a Python function, and the helpers of their kind."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from types import GeneratorType
from typing import Any

from .calling import call, is_generator_function
from .context import get_current_context
from .exceptions import AirflowException
from .operator import BaseOperator


class PythonOperator(BaseOperator):
    """Calls `python_callable(*op_args, **op_kwargs)`; context keys that it names (or **kwargs) are given too."""

    template_fields: Collection[str] = ("templates_dict", "op_args", "op_kwargs")
    ui_color = "#ffefeb"

    def __init__(
        self,
        *,
        python_callable: Callable[..., Any],
        op_args: Sequence[Any] | None = None,
        op_kwargs: Mapping[str, Any] | None = None,
        templates_dict: dict[str, Any] | None = None,
        templates_exts: Sequence[str] | None = None,
        show_return_value_in_logs: bool = True,
        provide_context: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not callable(python_callable):
            raise AirflowException("`python_callable` param must be callable")
        self.python_callable = python_callable
        self.op_args = op_args if op_args is not None else ()
        self.op_kwargs = op_kwargs if op_kwargs is not None else {}
        self.templates_dict = templates_dict
        self.show_return_value_in_logs = show_return_value_in_logs
        if templates_exts:
            self.template_ext = templates_exts

    def execute(self, context: Any) -> Any:
        if self.templates_dict is not None:
            context["templates_dict"] = self.templates_dict
        return self.execute_callable_in(context)

    def execute_callable_in(self, context: Any) -> Any:
        value = call(self.python_callable, tuple(self.op_args), self.op_kwargs, context)
        if type(value) is GeneratorType and is_generator_function(self.python_callable):
            from .asset_events import exhausted

            return exhausted(value, context["outlet_events"])
        return value


class SkipMixin:
    """For operators that leave out tasks behind them; these are skipped when the task has succeeded."""

    def skip(self, *parts: Any, tasks: Iterable[Any] | None = None, **_: Any) -> None:
        """The last list given names the tasks; 1.10 and 2.x put the run before it."""
        chosen = (
            tasks if tasks is not None else next((p for p in reversed(parts) if isinstance(p, (list, tuple, set))), ())
        )
        leave_out(task if isinstance(task, str) else task.task_id for task in chosen)

    def skip_all_except(self, ti: Any, branch_task_ids: Any, **_: Any) -> None:
        leave_out(left_out(ti.task, branch_task_ids))


def leave_out(task_ids: Iterable[str]) -> None:
    get_current_context()["ti"].left_out.update(task_ids)


def left_out(task: Any, chosen: Any) -> list[str]:
    """The direct downstream tasks that a branch does not follow, unless they lie behind one that it does."""
    if chosen is None:
        wanted: set[str] = set()
    elif isinstance(chosen, str):
        wanted = {chosen}
    elif isinstance(chosen, Iterable):
        wanted = set(chosen)
    else:
        raise AirflowException(f"A branch must return None, a task id or a collection of task ids, not {chosen!r}.")
    dag = task.dag
    followed: set[str] = set()
    for name in wanted:
        if not isinstance(name, str):
            raise AirflowException(f"A branch must return task ids, but one is {name!r}.")
        group = dag.task_group_dict.get(name)
        if group is not None:
            followed.update(root.task_id for root in group.roots)
        elif name in dag.task_dict:
            followed.add(name)
        else:
            raise AirflowException(
                f"'branch_task_ids' must contain only valid task_ids. Invalid tasks found: {{{name!r}}}."
            )
    behind = set(followed)
    for task_id in followed & task.downstream_task_ids:
        behind |= dag.task_dict[task_id].get_flat_relative_ids()
    return sorted(task.downstream_task_ids - behind)


class BranchMixIn(SkipMixin):
    def do_branch(self, context: Any, branches_to_execute: Any) -> Any:
        """Skips the other branches; what was returned is the task's value."""
        leave_out(left_out(context["task"], branches_to_execute))
        return branches_to_execute


class BaseBranchOperator(BaseOperator, BranchMixIn):
    """Extend it and give choose_branch(context)."""

    inherits_from_skipmixin = True

    def choose_branch(self, context: Any) -> Any:
        raise NotImplementedError

    def execute(self, context: Any) -> Any:
        return self.do_branch(context, self.choose_branch(context))


class BranchPythonOperator(PythonOperator, BranchMixIn):
    """Its function returns the id (or ids) of the direct downstream tasks to follow; the others are skipped."""

    inherits_from_skipmixin = True

    def execute(self, context: Any) -> Any:
        return self.do_branch(context, super().execute(context))


class ShortCircuitOperator(PythonOperator, SkipMixin):
    """If its function returns something false, everything behind it is skipped."""

    inherits_from_skipmixin = True

    def __init__(self, *, ignore_downstream_trigger_rules: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.ignore_downstream_trigger_rules = ignore_downstream_trigger_rules

    def execute(self, context: Any) -> Any:
        condition = super().execute(context)
        if not condition:
            task = context["task"]
            behind = task.get_flat_relative_ids() if self.ignore_downstream_trigger_rules else task.downstream_task_ids
            leave_out(task_id for task_id in behind if not task.dag.task_dict[task_id].is_teardown)
        return condition


def is_venv_installed() -> bool:
    """Whether a virtual environment can be made here."""
    import importlib.util
    import shutil

    return bool(
        shutil.which("virtualenv") or importlib.util.find_spec("virtualenv") or importlib.util.find_spec("venv")
    )
