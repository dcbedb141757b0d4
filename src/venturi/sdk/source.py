"""The source text of an author's function, as it can run elsewhere: in a container, in another interpreter."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable
from typing import Any

_OURS = frozenset(
    {
        *("task", "setup", "teardown", "run_if", "skip_if", "setup_task", "teardown_task", "python_task"),
        *("virtualenv_task", "external_python_task", "branch_virtualenv_task", "branch_external_python_task"),
    }
)


def source_of(function: Callable[..., Any]) -> str:
    """From `def` on, without the decorators that made a task of it; others stay, and must be known there."""
    import inspect

    from .exceptions import AirflowException

    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    try:
        text = textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError) as error:
        name = getattr(function, "__name__", repr(function))
        raise AirflowException(
            f"The source of {name}() cannot be found ({error}); write it with `def` in a file."
        ) from None
    tree = ast.parse(text)
    made = tree.body[0]
    if not isinstance(made, (ast.FunctionDef, ast.AsyncFunctionDef)):
        raise AirflowException(f"{text.splitlines()[0]!r} is no function that could be shipped; write it with `def`.")
    lines = text.splitlines()
    gone: set[int] = set()
    for decorator in made.decorator_list:
        if _root(decorator) in _OURS:
            gone.update(range(decorator.lineno, (decorator.end_lineno or decorator.lineno) + 1))
    return "\n".join(line for number, line in enumerate(lines, 1) if number not in gone) + "\n"


def _root(node: ast.expr) -> str:
    """`task` of `@task.docker(image=…)` and of `@sdk.task`."""
    names = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Attribute):
            names.append(node.attr)
            node = node.value
        else:
            return ""
    names.append(node.id)
    return next((name for name in names if name in _OURS), "")
