"""`XCom` itself, as files of every generation call it: values asked for, set and cleared beside `ti.xcom_pull/push`.

Owns these spellings. A task sets values of its own and clears values of its own run; anything else of the database is
not here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..core.names import RETURN_KEY
from .columns import WithColumns
from .context import get_current_context
from .exceptions import AirflowException
from .port import Value, port
from .references import settled
from .value_backend import has_read

XCOM_RETURN_KEY = RETURN_KEY


class BaseXCom(metaclass=WithColumns):
    """One value that a task has left, and the ways to ask for some."""

    XCOM_RETURN_KEY = RETURN_KEY

    def __init__(self, *, key: str, value: Any, task_id: str, dag_id: str, run_id: str, map_index: int = -1) -> None:
        self.key, self.value = key, value
        self.task_id, self.dag_id, self.run_id, self.map_index = task_id, dag_id, run_id, map_index

    @classmethod
    def get_one(
        cls,
        execution_date: Any = None,
        key: str | None = None,
        task_id: str | None = None,
        dag_id: str | None = None,
        include_prior_dates: bool = False,
        session: Any = None,
        *,
        run_id: str | None = None,
        map_index: int | None = None,
    ) -> Any:
        """The value; None where there is none. Without a task, the newest under the key."""
        found = _asked(execution_date, key, task_id, dag_id, run_id, map_index, include_prior_dates)
        if task_id is not None and map_index is None:
            found = [one for one in found if one.map_index < 0] or found[:1]
        if not found or has_read(port()):
            return found[-1].value if found else None
        return cls.deserialize_value(_Held(found[-1].value))

    @classmethod
    def get_many(
        cls,
        execution_date: Any = None,
        key: str | None = None,
        task_ids: str | Iterable[str] | None = None,
        dag_ids: str | Iterable[str] | None = None,
        map_indexes: int | Iterable[int] | None = None,
        include_prior_dates: bool = False,
        limit: int | None = None,
        session: Any = None,
        *,
        run_id: str | None = None,
    ) -> Found:
        """All that fit, as objects with a `value`."""
        made = Found()
        for dag_id in [dag_ids] if isinstance(dag_ids, str) or dag_ids is None else list(dag_ids):
            where = _where(dag_id, run_id)
            for one in _asked(execution_date, key, task_ids, dag_id, run_id, map_indexes, include_prior_dates):
                made.append(
                    cls(
                        key=key or RETURN_KEY,
                        value=one.value,
                        task_id=one.task_id,
                        dag_id=where[0],
                        run_id=where[1],
                        map_index=one.map_index,
                    )
                )
        return Found(made[:limit])

    @classmethod
    def get_all(cls, *, key: str, dag_id: str, task_id: str, run_id: str, include_prior_dates: bool = False) -> Any:
        """The values of all instances of a task; None where there is none."""
        found = _asked(None, key, task_id, dag_id, run_id, None, include_prior_dates)
        return [one.value for one in found] if found else None

    @classmethod
    def get_value(cls, *, ti_key: Any, key: str | None = None, session: Any = None) -> Any:
        """Of the task instance with this key."""
        if isinstance(ti_key, tuple) and not hasattr(ti_key, "task_id"):
            dag_id, task_id, run_id, _, map_index = ti_key
        else:
            dag_id, task_id, run_id, map_index = ti_key.dag_id, ti_key.task_id, ti_key.run_id, ti_key.map_index
        return cls.get_one(key=key, dag_id=dag_id, task_id=task_id, run_id=run_id, map_index=map_index)

    @classmethod
    def set(
        cls,
        key: str,
        value: Any,
        task_id: str | None = None,
        dag_id: str | None = None,
        execution_date: Any = None,
        session: Any = None,
        *,
        run_id: str | None = None,
        map_index: int = -1,
        **_: Any,
    ) -> None:
        """A value of the running task's own."""
        ti = get_current_context()["ti"]
        own = (ti.dag_id, ti.task_id, ti.run_id)
        meant = (dag_id or ti.dag_id, task_id or ti.task_id, run_id or ti.run_id)
        if meant != own or map_index not in (-1, ti.map_index):
            raise AirflowException(
                f"Task '{ti.task_id}' sets a value of task '{meant[1]}' (run {meant[2]}); a task sets values of its "
                "own alone. Return it, or push it, in the task that it belongs to."
            )
        port().put(key, settled(value))

    @classmethod
    def clear(
        cls,
        execution_date: Any = None,
        dag_id: str | None = None,
        task_id: str | None = None,
        session: Any = None,
        *,
        run_id: str | None = None,
        map_index: int | None = None,
    ) -> None:
        """All values of a task of the same run."""
        ti = get_current_context()["ti"]
        _of_this_run(ti, dag_id, run_id)
        port().clear_values(task_id or ti.task_id, map_index, None)

    @classmethod
    def delete(
        cls,
        key: Any = None,
        task_id: str | None = None,
        dag_id: str | None = None,
        run_id: str | None = None,
        **more: Any,
    ) -> None:
        """One value of a task of the same run; or, as in 1.10 and 2.x, of each object given."""
        ti = get_current_context()["ti"]
        for one in key if isinstance(key, (list, tuple)) else [key]:
            if isinstance(one, BaseXCom):
                _of_this_run(ti, one.dag_id, one.run_id)
                port().clear_values(one.task_id, one.map_index, one.key)
            else:
                _of_this_run(ti, dag_id, run_id)
                port().clear_values(task_id or ti.task_id, more.get("map_index"), one)

    @staticmethod
    def serialize_value(value: Any, **_: Any) -> Any:
        """Values are encoded where they are kept; a class of the author's own calls this for what it has made."""
        return value

    @staticmethod
    def deserialize_value(result: Any) -> Any:
        return result.value

    @classmethod
    def purge(cls, xcom: Any, *args: Any) -> None:
        """Nothing is kept elsewhere."""

    def __repr__(self) -> str:
        return f'<XCom "{self.key}" ({self.task_id}[{self.map_index}] @ {self.run_id})>'


class _Held:
    def __init__(self, value: Any) -> None:
        self.value = value


class Found(list[BaseXCom]):
    """What get_many gives: a list, which also answers as a query would."""

    def first(self) -> BaseXCom | None:
        return self[0] if self else None

    def all(self) -> list[BaseXCom]:
        return list(self)


def _where(dag_id: str | None, run_id: str | None) -> tuple[str, str]:
    ti = get_current_context()["ti"]
    return dag_id or ti.dag_id, run_id or ti.run_id


def _of_this_run(ti: Any, dag_id: str | None, run_id: str | None) -> None:
    if (dag_id or ti.dag_id, run_id or ti.run_id) != (ti.dag_id, ti.run_id):
        raise AirflowException(f"Values of run {run_id} of DAG '{dag_id}' cannot be cleared by a task of another run.")


def _asked(
    execution_date: Any, key: Any, task_ids: Any, dag_id: Any, run_id: Any, map_indexes: Any, include_prior_dates: bool
) -> list[Value]:
    if execution_date is not None and run_id is None:
        context = get_current_context()
        if execution_date != context["execution_date"]:
            raise AirflowException(
                "Values are asked for by run_id=; of another execution_date's run its id is not known."
            )
    ids = None if task_ids is None else [task_ids] if isinstance(task_ids, str) else list(task_ids)
    indexes = None if map_indexes is None else [map_indexes] if isinstance(map_indexes, int) else list(map_indexes)
    return port().values(
        key or RETURN_KEY,
        ids,
        map_indexes=indexes,
        dag_id=dag_id,
        run_id=run_id,
        include_prior_dates=include_prior_dates,
    )


XCom = BaseXCom
