"""The link classes of operators, and the key of a task instance, as wheels and older files use them."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple


class TaskInstanceKey(NamedTuple):
    dag_id: str
    task_id: str
    run_id: str
    try_number: int = 1
    map_index: int = -1


class BaseOperatorLink:
    """A link beside a task; kept by operators, not shown."""

    operators: ClassVar[list[Any]] = []
    name = ""

    @property
    def xcom_key(self) -> str:
        return f"_link_{type(self).__name__}"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        raise NotImplementedError(f"{type(self).__name__} has no get_link().")
