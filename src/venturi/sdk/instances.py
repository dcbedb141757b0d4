"""`ti` and `dag_run`: the running task instance and its run, as author code sees them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..core.names import RETURN_KEY
from . import era, times
from .columns import WithColumns
from .port import Value, port
from .references import MappedValues, settled
from .rules import DagRunState, TaskInstanceState

if TYPE_CHECKING:
    import logging

    from .context import Context
    from .running import Instance


def _runs() -> Any:
    from . import runs

    return runs


ASSET_TRIGGERED = "asset_triggered"


def kind_of_run(run_type: str, run_id: str) -> str:
    """2.x says "dataset" where 3.x says "asset", and so do the names of the runs of its files."""
    by_dataset = run_type == ASSET_TRIGGERED and run_id.startswith("dataset_triggered__")
    return "dataset_triggered" if by_dataset else run_type


class TaskInstance(metaclass=WithColumns):
    """The attempt now running."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.task = context.task
        self.start_date: datetime = times.utcnow()
        self.end_date: datetime | None = None
        self.hostname = ""
        self.state = TaskInstanceState.RUNNING
        self.rendered_map_index: str | None = None
        self.left_out: set[str] = set()  # tasks to skip once this one has succeeded

    @property
    def _instance(self) -> Instance:
        return self._context.instance

    @property
    def dag_id(self) -> str:
        return self._instance.dag_id

    @property
    def run_id(self) -> str:
        return self._instance.run_id

    @property
    def task_id(self) -> str:
        return self._instance.task_id

    @property
    def map_index(self) -> int:
        return self._instance.map_index

    @property
    def try_number(self) -> int:
        return self._instance.try_number

    @property
    def max_tries(self) -> int:
        return self.task.retries + self._instance.tries_before

    @property
    def key(self) -> tuple[str, str, str, int, int]:
        return (self.dag_id, self.task_id, self.run_id, self.try_number, self.map_index)

    @property
    def idempotency_key(self) -> str:
        """The same for every try of this instance in this run: hand it to services that must act once."""
        return f"{self.dag_id}/{self.run_id}/{self.task_id}/{self.map_index}"

    @property
    def operator(self) -> str:
        return self.task.task_type

    @property
    def execution_date(self) -> Any:
        return self._context["execution_date"]

    @property
    def logical_date(self) -> Any:
        return self._context["logical_date"]

    @property
    def dag_run(self) -> Any:
        return self._context["dag_run"]

    @property
    def first_poke_at(self) -> datetime | None:
        return self._instance.first_poke_at

    @property
    def pool(self) -> str:
        return self.task.pool

    @property
    def queue(self) -> str:
        return self.task.queue

    @property
    def gpus(self) -> list[str]:
        """The devices that this attempt has been given, as CUDA_VISIBLE_DEVICES names them."""
        return list(self._instance.gpus)

    @property
    def log_url(self) -> str:
        return f"/dags/{self.dag_id}/runs/{self.run_id}/tasks/{self.task_id}"

    @property
    def log(self) -> logging.Logger:
        import logging

        return logging.getLogger("airflow.task")

    def get_dagrun(self, session: Any = None) -> Any:
        return self.dag_run

    @property
    def duration(self) -> float | None:
        if self.end_date is None or self.start_date is None:
            return None
        return (self.end_date - self.start_date).total_seconds()

    def current_state(self, session: Any = None) -> Any:
        return self.state

    # ── other runs, and other tasks of them ──────────────────────────────────────────────────────────────

    def get_previous_dagrun(self, state: Any = None, session: Any = None) -> Any:
        return _runs().previous(self.dag_run, state)

    def get_previous_ti(self, state: Any = None, session: Any = None, **_: Any) -> Any:
        """This task in the run before, or in the last one before where it ended so."""
        runs = _runs()
        run = runs.previous(self.dag_run)
        while run is not None:
            found = runs.instance(run, self.task_id, self.map_index)
            if found is not None and (state is None or found.state == state):
                return found
            run = runs.previous(run)
        return None

    @property
    def previous_ti(self) -> Any:
        return self.get_previous_ti()

    @property
    def previous_ti_success(self) -> Any:
        return self.get_previous_ti(state=TaskInstanceState.SUCCESS)

    @staticmethod
    def get_dr_count(dag_id: str, logical_dates: Any = None, run_ids: Any = None, states: Any = None) -> int:
        found: int = _runs().count_runs(dag_id, logical_dates, run_ids, states)
        return found

    @staticmethod
    def get_dagrun_state(dag_id: str, run_id: str) -> str | None:
        return port().run_state(dag_id, run_id)

    @staticmethod
    def get_ti_count(dag_id: str, map_index: int | None = None, **where: Any) -> int:
        found: int = _runs().count_instances(dag_id=dag_id, map_index=map_index, **where)
        return found

    @staticmethod
    def get_task_states(dag_id: str, map_index: int | None = None, **where: Any) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = _runs().task_states(dag_id, map_index, **where)
        return found

    def get_template_context(self, session: Any = None, ignore_param_exceptions: bool = True) -> Context:
        return self._context

    @property
    def mapped_element(self) -> Instance:
        """What a mapped group's arguments are resolved from."""
        return self._instance

    # ── values ───────────────────────────────────────────────────────────────────────────────────────────

    def xcom_push(self, key: str, value: Any, execution_date: Any = None, session: Any = None) -> None:
        port().put(key, settled(value))

    def xcom_pull(
        self,
        task_ids: str | Iterable[str] | None = None,
        dag_id: str | None = None,
        key: str | None = RETURN_KEY,
        include_prior_dates: bool = False,
        session: Any = None,
        *,
        map_indexes: int | Iterable[int] | None = None,
        default: Any = None,
        run_id: str | None = None,
    ) -> Any:
        """One task id gives that task's value (of a mapped task: all its instances' values); a list of ids gives a
        list. No id gives the newest value of any task of the run; in files of 3.x, this task's own."""
        three = self._context.dag.era is era.Era.THREE
        if task_ids is None and three:
            task_ids = self.task_id
        single = task_ids is None or isinstance(task_ids, str)
        ids = None if task_ids is None else [task_ids] if isinstance(task_ids, str) else list(task_ids)
        one_index = isinstance(map_indexes, int)
        indexes = None if map_indexes is None else [map_indexes] if isinstance(map_indexes, int) else list(map_indexes)
        found = port().values(
            key or RETURN_KEY,
            ids,
            map_indexes=indexes,
            dag_id=dag_id,
            run_id=run_id,
            include_prior_dates=include_prior_dates,
        )
        if ids is None and indexes is None:
            return found[-1].value if found else default
        if single and one_index:
            return found[-1].value if found else default
        if not single or indexes is not None:
            return self._in_order(found, ids, indexes, three, default)
        assert ids is not None
        if self._is_mapped(ids[0], dag_id) or any(value.map_index >= 0 for value in found):
            return MappedValues(lambda: [value.value for value in found])
        return found[0].value if found else default

    @staticmethod
    def _in_order(
        found: list[Value], ids: list[str] | None, indexes: list[int] | None, three: bool, default: Any
    ) -> list[Any]:
        """As the ids and indexes were given; what is not there is left out, and in 3.x stands as nothing."""
        if not three or ids is None:
            places = {task_id: at for at, task_id in enumerate(ids or ())}
            at_index = {index: at for at, index in enumerate(indexes or ())}
            found.sort(key=lambda v: (places.get(v.task_id, 0), at_index.get(v.map_index, v.map_index)))
            return [value.value for value in found]
        made: list[Any] = []
        for task_id in ids:
            of_task = {value.map_index: value.value for value in found if value.task_id == task_id}
            if indexes is not None:
                made += [of_task.get(index, default) for index in indexes]
            else:
                made += of_task.values() if of_task else [None]
        return made

    def _is_mapped(self, task_id: str, dag_id: str | None) -> bool:
        if dag_id not in (None, self.dag_id):
            return False
        task = self._context.dag.task_dict.get(task_id)
        return task is not None and task.is_many

    def __repr__(self) -> str:
        index = f" map_index={self.map_index}" if self.map_index >= 0 else ""
        return f"<TaskInstance: {self.dag_id}.{self.task_id} {self.run_id}{index} [{self.state}]>"


class DagRun(metaclass=WithColumns):
    """The run this attempt belongs to."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.state = DagRunState.RUNNING

    @property
    def _instance(self) -> Instance:
        return self._context.instance

    @property
    def dag_id(self) -> str:
        return self._instance.dag_id

    @property
    def run_id(self) -> str:
        return self._instance.run_id

    @property
    def run_type(self) -> str:
        return kind_of_run(self._instance.run_type, self.run_id)

    @property
    def conf(self) -> dict[str, Any]:
        return self._instance.conf

    @property
    def partition_key(self) -> str | None:
        return self._instance.partition_key

    @property
    def partition_date(self) -> datetime | None:
        """When that partition begins, where its key says so."""
        began = self._instance.partition_date
        return None if began is None else times.with_pendulum(began)

    @property
    def external_trigger(self) -> bool:
        return self._instance.run_type == "manual"

    @property
    def dag(self) -> Any:
        return self._context.dag

    @property
    def logical_date(self) -> Any:
        """None of a run that assets have started, in files of 3.x."""
        return None if self._instance.run_type == ASSET_TRIGGERED and not self._instance.logical_date else self._date

    @property
    def execution_date(self) -> Any:
        return self.logical_date

    @property
    def _date(self) -> Any:
        return self._context["logical_date"]

    @property
    def run_after(self) -> Any:
        return self._context["data_interval_end"]

    @property
    def data_interval_start(self) -> Any:
        return self._context["data_interval_start"]

    @property
    def data_interval_end(self) -> Any:
        return self._context["data_interval_end"]

    @property
    def queued_at(self) -> datetime | None:
        return self._instance.run_queued_at

    @property
    def start_date(self) -> datetime | None:
        return self._instance.run_started_at

    @staticmethod
    def find(
        dag_id: Any = None,
        run_id: Any = None,
        execution_date: Any = None,
        state: Any = None,
        external_trigger: bool | None = None,
        no_backfills: bool = False,
        run_type: Any = None,
        session: Any = None,  # noqa: ARG004
        execution_start_date: Any = None,
        execution_end_date: Any = None,
        logical_date: Any = None,
        logical_start_date: Any = None,
        logical_end_date: Any = None,
    ) -> list[Any]:
        """Runs of a DAG, or of several, by logical date."""
        date = execution_date if execution_date is not None else logical_date
        start, end = execution_start_date or logical_start_date, execution_end_date or logical_end_date
        found: list[Any] = _runs().find(dag_id, run_id, date, state, run_type, start, end, external_trigger)
        return [run for run in found if run.run_type != "backfill"] if no_backfills else found

    @staticmethod
    def find_duplicate(dag_id: str, run_id: str, **_: Any) -> Any:
        return next(iter(_runs().find(dag_id, run_id)), None)

    def get_task_instance(self, task_id: str, session: Any = None, *, map_index: int = -1) -> Any:
        """None where it has not been touched yet."""
        return _runs().instance(self, task_id, map_index)

    def get_task_instances(self, state: Any = None, session: Any = None) -> list[Any]:
        found: list[Any] = _runs().instances(self, state)
        return found

    def get_previous_dagrun(self, state: Any = None, session: Any = None) -> Any:
        return _runs().previous(self, state)

    def get_state(self) -> Any:
        return self.state

    def get_task_states(self, task_ids: Iterable[str] | None = None) -> dict[str, str]:
        return port().task_states(self.dag_id, self.run_id, None if task_ids is None else list(task_ids))

    def __repr__(self) -> str:
        return f"<DagRun {self.dag_id} @ {self.run_id}>"
