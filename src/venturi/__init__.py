"""Venturi runs ML pipelines written as Airflow DAG files: one command, a process per task, nothing lost.

What authors need is here by name and loaded when it is named: `from venturi import DAG, dag, task`.
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_WHERE = {
    "DAG": "dag",
    "dag": "dag",
    "task": "taskflow",
    "task_group": "groups",
    "TaskGroup": "groups",
    "BaseOperator": "operator",
    "PythonOperator": "python",
    "BranchPythonOperator": "python",
    "ShortCircuitOperator": "python",
    "BashOperator": "bash",
    "EmptyOperator": "empty",
    "BaseSensorOperator": "sensors",
    "PythonSensor": "sensors",
    "PokeReturnValue": "sensors",
    "Param": "params",
    "Variable": "variables",
    "Connection": "connections",
    "Label": "nodes",
    "chain": "nodes",
    "chain_linear": "nodes",
    "cross_downstream": "nodes",
    "setup": "scopes",
    "teardown": "scopes",
    "TriggerRule": "rules",
    "get_current_context": "context",
    "literal": "templates",
}

__all__ = [*_WHERE]

if TYPE_CHECKING:
    from .sdk.bash import BashOperator as BashOperator
    from .sdk.connections import Connection as Connection
    from .sdk.context import get_current_context as get_current_context
    from .sdk.dag import DAG as DAG
    from .sdk.dag import dag as dag
    from .sdk.empty import EmptyOperator as EmptyOperator
    from .sdk.groups import TaskGroup as TaskGroup
    from .sdk.groups import task_group as task_group
    from .sdk.nodes import Label as Label
    from .sdk.nodes import chain as chain
    from .sdk.nodes import chain_linear as chain_linear
    from .sdk.nodes import cross_downstream as cross_downstream
    from .sdk.operator import BaseOperator as BaseOperator
    from .sdk.params import Param as Param
    from .sdk.python import BranchPythonOperator as BranchPythonOperator
    from .sdk.python import PythonOperator as PythonOperator
    from .sdk.python import ShortCircuitOperator as ShortCircuitOperator
    from .sdk.rules import TriggerRule as TriggerRule
    from .sdk.scopes import setup as setup
    from .sdk.scopes import teardown as teardown
    from .sdk.sensors import BaseSensorOperator as BaseSensorOperator
    from .sdk.sensors import PokeReturnValue as PokeReturnValue
    from .sdk.sensors import PythonSensor as PythonSensor
    from .sdk.taskflow import task as task
    from .sdk.templates import literal as literal
    from .sdk.variables import Variable as Variable


def __getattr__(name: str) -> Any:
    module = _WHERE.get(name)
    if module is None:
        raise AttributeError(f"module 'venturi' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".sdk.{module}", __name__), name)
