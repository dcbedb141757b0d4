"""`XCom` and the link classes of operators, as wheels and older files use them."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

from ..core.names import RETURN_KEY as XCOM_RETURN_KEY
from ..sdk.port import port


class TaskInstanceKey(NamedTuple):
    dag_id: str
    task_id: str
    run_id: str
    try_number: int = 1
    map_index: int = -1


class XCom:
    """Values by run, DAG and task; the task instance's own methods are the usual way."""

    @classmethod
    def get_value(cls, *, ti_key: Any, key: str | None = None, session: Any = None) -> Any:
        return cls.get_one(
            dag_id=ti_key.dag_id, task_id=ti_key.task_id, run_id=ti_key.run_id, key=key, map_index=ti_key.map_index
        )

    @classmethod
    def get_one(
        cls,
        *,
        key: str | None = None,
        dag_id: str | None = None,
        task_id: str | None = None,
        run_id: str | None = None,
        map_index: int | None = None,
        include_prior_dates: bool = False,
        **_: Any,
    ) -> Any:
        indexes = None if map_index is None else [map_index]
        tasks = None if task_id is None else [task_id]
        found = port().values(key or XCOM_RETURN_KEY, tasks, indexes, dag_id, run_id, include_prior_dates)
        return found[-1].value if found else None

    @classmethod
    def get_all(cls, *, key: str, dag_id: str, task_id: str, run_id: str, **_: Any) -> list[Any]:
        return [value.value for value in port().values(key, [task_id], None, dag_id, run_id)]

    @classmethod
    def set(cls, key: str, value: Any, *_: Any, **__: Any) -> None:
        """For the task that is running."""
        port().put(key, value)


class BaseOperatorLink:
    """A link beside a task; kept by operators, not shown."""

    operators: ClassVar[list[Any]] = []
    name = ""

    @property
    def xcom_key(self) -> str:
        return f"_link_{type(self).__name__}"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        raise NotImplementedError(f"{type(self).__name__} has no get_link().")
