"""Where the building of DAGs stands in this process: the DAG and the group now open, the DAGs being collected, and
the author's own line. Owns these stacks and nothing else, so that every other module of the room may import it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .dag import DAG
    from .groups import TaskGroup
    from .scopes import Scope

OUR_FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


class Position(NamedTuple):
    file: str
    line: int


open_dags: list[DAG] = []
open_groups: list[TaskGroup] = []
collections: list[list[DAG]] = []
scopes: list[Scope] = []  # of setups and teardowns
_detached = 0


def author_position(depth: int = 1) -> Position:
    """The innermost line that is not ours: where the author made the thing that is being made."""
    frame = sys._getframe(depth)
    while True:
        file = frame.f_code.co_filename
        if not (file.startswith((OUR_FOLDER, "<frozen"))):
            return Position(file, frame.f_lineno)
        if frame.f_back is None:
            return Position("", 0)
        frame = frame.f_back


def is_detached() -> bool:
    return _detached > 0


def open_dag() -> DAG | None:
    return open_dags[-1] if open_dags and not _detached else None


def open_group(dag: DAG | None) -> TaskGroup | None:
    """The group a new task of this DAG goes into: the open one if it is of this DAG, else the DAG's own."""
    if dag is None:
        return None
    if open_groups and open_groups[-1].dag is dag:
        return open_groups[-1]
    return dag.task_group


@contextmanager
def detached() -> Iterator[None]:
    """Operators made meanwhile belong to no DAG, whatever is open: a mapped task becoming one of its instances."""
    global _detached
    _detached += 1
    try:
        yield
    finally:
        _detached -= 1
