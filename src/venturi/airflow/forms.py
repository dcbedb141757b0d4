"""Names of how Airflow makes and describes DAGs: for annotations, `isinstance`, and tests of one's own DAGs."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple

from ..sdk.dag import DAG
from ..sdk.operator import BaseOperator


class AirflowParsingContext(NamedTuple):
    """Which DAG and task this reading of the file is for; None while all of it is read."""

    dag_id: str | None
    task_id: str | None


def get_parsing_context() -> AirflowParsingContext:
    """In an attempt, what is run; while the file is read, nothing: one reading serves all tasks."""
    from ..sdk.context import get_current_context

    try:
        ti = get_current_context()["ti"]
    except Exception:
        return AirflowParsingContext(
            os.environ.get("_AIRFLOW_PARSING_CONTEXT_DAG_ID"), os.environ.get("_AIRFLOW_PARSING_CONTEXT_TASK_ID")
        )
    return AirflowParsingContext(ti.dag_id, ti.task_id)


def check_cycle(dag: DAG) -> None:
    """Raises AirflowDagCycleException if the DAG goes in circles."""
    dag.topological_sort()


class SmoothOperator(BaseOperator):
    """Says where to listen to a song."""

    ui_color = "#e8f7e4"
    yt_link = "https://www.youtube.com/watch?v=4TYv2PhG89A"

    def execute(self, context: Any) -> None:
        self.log.info("A song about this operator: %s", self.yt_link)


def result(decorated: Any) -> Any:
    """`@result` over `@task`: the value of this task is what the DAG comes to."""
    if not hasattr(decorated, "function") and not hasattr(decorated, "override"):
        raise TypeError("@result stands over a function under @task.")
    decorated.returns_dag_result = True
    return decorated


def poke_mode_only(cls: Any) -> Any:
    """A sensor that must not be called anew in a process of its own each time."""
    made: Callable[..., None] = cls.__init__

    def __init__(self: Any, *args: Any, **named: Any) -> None:
        if named.get("mode", "poke") != "poke":
            raise ValueError(f"{cls.__name__} has the mode 'poke' only.")
        made(self, *args, **named)

    __init__.__wrapped__ = made  # type: ignore[attr-defined]
    cls.__init__ = __init__
    return cls
