"""Names of the rows of Airflow's database, and of what works on them: maintenance DAGs import these.

They can be imported, annotated with, and named with their columns (`Log.dttm`) wherever a file does so while it is
read; what would read or write Airflow's database says that there is none. `DagModel` alone answers what is asked most.
"""

from __future__ import annotations

from typing import Any

from ..sdk.columns import Column, NoDatabase
from ..sdk.port import port
from .server_side import NotOurs

_NAMES = frozenset(
    {
        *("Log", "Pool", "SlaMiss", "TaskFail", "TaskReschedule", "RenderedTaskInstanceFields", "Trigger", "Job"),
        *("BaseJob", "LocalTaskJob", "SchedulerJob", "BackfillJob", "TriggererJob", "SchedulerJobRunner"),
        *("LocalTaskJobRunner", "BackfillJobRunner", "TriggererJobRunner", "DagProcessorJobRunner", "BaseJobRunner"),
        *("DagTag", "DagPickle", "DagCode", "DagVersion", "DagWarning", "DagOwnerAttributes", "SerializedDagModel"),
        *("DagRunNote", "TaskInstanceNote", "TaskInstanceHistory", "TaskMap", "LogTemplate", "DbCallbackRequest"),
        *("DagPriorityParsingRequest", "ParseImportError", "Callback", "Deadline", "DeadlineAlert", "HITLDetail"),
        *("Team", "Backfill", "BackfillDagRun", "DagBundleModel", "XComModel", "Base", "User", "Chart", "KnownEvent"),
        *("KnownEventType", "KubeResourceVersion", "KubeWorkerIdentifier", "MetastoreBackend"),
        *("AssetModel", "AssetEvent", "AssetAliasModel", "AssetDagRunQueue", "AssetActive", "TaskOutletAssetReference"),
        *("DagScheduleAssetReference", "DatasetModel", "DatasetEvent", "DatasetAliasModel", "DatasetDagRunQueue"),
        *("DagScheduleDatasetReference", "TaskOutletDatasetReference", "UtcDateTime", "ExtendedJSON", "Interval"),
    }
)
_FUNCTIONS = frozenset(
    {
        *("clear_task_instances", "merge_conn", "create_default_connections", "add_default_pool_if_not_exists"),
        *("initdb", "upgradedb", "resetdb", "checkdb", "run_cleanup", "import_all_models", "run_job", "execute_job"),
        *("most_recent_job", "get_pool", "get_pools", "create_pool", "delete_pool", "delete_dag", "set_state"),
        *("set_dag_run_state_to_success", "set_dag_run_state_to_failed", "set_dag_run_state_to_running"),
        *("set_dag_run_state_to_queued", "get_task", "get_task_instance", "get_code", "configure_orm"),
        *("with_row_locks", "nulls_first", "lock_rows", "alchemy_to_dict"),
    }
)


class _RowMeta(type):
    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Column(f"{cls.__name__}.{name}")


class DatabaseRow(metaclass=_RowMeta):
    """The base of all such classes."""

    def __init__(self, *_: Any, **__: Any) -> None:
        raise NoDatabase(type(self).__name__)


class DagModel(DatabaseRow):
    """What is kept of a DAG, read at the moment it is asked for."""

    def __init__(self, dag_id: str, told: dict[str, Any]) -> None:
        self.dag_id, self.fileloc = dag_id, told.get("file")
        self.is_paused, self.is_active = bool(told.get("paused")), True

    @staticmethod
    def get_dagmodel(dag_id: str, session: Any = None) -> DagModel | None:
        told = port().dag(dag_id)
        return None if told is None else DagModel(dag_id, told)

    get_current = get_dagmodel

    @staticmethod
    def get_paused_dag_ids(dag_ids: list[str], session: Any = None) -> set[str]:
        return {dag_id for dag_id in dag_ids if (port().dag(dag_id) or {}).get("paused")}

    def get_is_paused(self, *_: Any, **__: Any) -> bool:
        return self.is_paused

    def get_last_dagrun(self, session: Any = None, include_externally_triggered: bool = False) -> Any:
        return get_last_dagrun(self.dag_id, session, include_externally_triggered)

    def set_is_paused(self, is_paused: bool, **_: Any) -> None:
        verb = "pause" if is_paused else "unpause"
        raise NotOurs(f"A DAG is not {verb}d by another one here. Do it with: venturi {verb} {self.dag_id}")

    def __repr__(self) -> str:
        return f"<DAG: {self.dag_id}>"


def get_last_dagrun(dag_id: str, session: Any = None, include_externally_triggered: bool = False, **_: Any) -> Any:
    """The newest run by logical date; one that somebody triggered only where that is asked for."""
    from ..sdk.runs import find

    by_hand = None if include_externally_triggered else False
    found = find(dag_id, external_trigger=by_hand, newest_first=True)
    return found[0] if found else None


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        made: Any = _RowMeta(name, (DatabaseRow,), {"__module__": __name__, "__doc__": DatabaseRow.__doc__})
    elif name in _FUNCTIONS:

        def made(*_: Any, **__: Any) -> Any:
            raise NoDatabase(f"{name}()")

        made.__name__ = name
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = made
    return made
