"""Parts of Airflow's server that DAG files, their tests and maintenance DAGs import: its database, its executors."""

from .rows import Refused, Served, Told

_ROW = Told("Can be imported and its columns named; there is no database of Airflow behind it.")
_EXECUTOR = Told("Can be made and given; Venturi's own executors run the tasks.")
_M = "airflow.models"

# row → modules that have it
_ROWS = (
    ("Log", f"{_M} {_M}.log"),
    ("Pool", f"{_M} {_M}.pool"),
    ("SlaMiss", f"{_M} {_M}.slamiss"),
    ("TaskFail", f"{_M} {_M}.taskfail"),
    ("TaskReschedule", f"{_M} {_M}.taskreschedule"),
    ("RenderedTaskInstanceFields", f"{_M} {_M}.renderedtifields"),
    ("Trigger", f"{_M} {_M}.trigger"),
    ("DagTag", f"{_M} {_M}.dag"),
    ("DagOwnerAttributes", f"{_M}.dag"),
    ("DagPickle", f"{_M} {_M}.dagpickle"),
    ("DagCode", f"{_M}.dagcode"),
    ("DagVersion", f"{_M}.dag_version"),
    ("DagWarning", f"{_M} {_M}.dagwarning"),
    ("DagBundleModel", f"{_M}.dagbundle"),
    ("DagRunNote", f"{_M}.dagrun"),
    ("TaskInstanceNote", f"{_M}.taskinstance"),
    ("TaskInstanceHistory", f"{_M}.taskinstancehistory"),
    ("TaskMap", f"{_M}.taskmap"),
    ("LogTemplate", f"{_M}.tasklog"),
    ("DbCallbackRequest", f"{_M} {_M}.db_callback_request"),
    ("DagPriorityParsingRequest", f"{_M}.dagbag"),
    ("ParseImportError", f"{_M}.errors {_M}.errors:ImportError {_M}:ImportError"),
    ("Callback", f"{_M} {_M}.callback"),
    ("Deadline", f"{_M} {_M}.deadline"),
    ("DeadlineAlert", f"{_M} {_M}.deadline_alert"),
    ("HITLDetail", f"{_M} {_M}.hitl"),
    ("Team", f"{_M} {_M}.team"),
    ("Backfill", f"{_M}.backfill"),
    ("BackfillDagRun", f"{_M}.backfill"),
    ("XComModel", f"{_M}.xcom"),
    ("Base", f"{_M}.base {_M}"),
    ("User", f"{_M} {_M}.user"),
    ("Chart", f"{_M} {_M}.chart"),
    ("KnownEvent", f"{_M} {_M}.knownevent"),
    ("KnownEventType", f"{_M} {_M}.knownevent"),
    ("KubeResourceVersion", f"{_M} {_M}.kubernetes"),
    ("KubeWorkerIdentifier", f"{_M} {_M}.kubernetes"),
    ("AssetModel", f"{_M}.asset"),
    ("AssetEvent", f"{_M}.asset"),
    ("AssetAliasModel", f"{_M}.asset"),
    ("AssetActive", f"{_M}.asset"),
    ("AssetDagRunQueue", f"{_M}.asset"),
    ("DagScheduleAssetReference", f"{_M}.asset"),
    ("TaskOutletAssetReference", f"{_M}.asset"),
    ("DatasetModel", f"{_M}.dataset"),
    ("DatasetEvent", f"{_M}.dataset"),
    ("DatasetAliasModel", f"{_M}.dataset"),
    ("DatasetDagRunQueue", f"{_M}.dataset"),
    ("DagScheduleDatasetReference", f"{_M}.dataset"),
    ("TaskOutletDatasetReference", f"{_M}.dataset"),
    ("Job", f"airflow.jobs.job {_M}"),
    ("BaseJob", "airflow.jobs airflow.jobs.base_job"),
    ("LocalTaskJob", "airflow.jobs airflow.jobs.local_task_job"),
    ("SchedulerJob", "airflow.jobs airflow.jobs.scheduler_job"),
    ("BackfillJob", "airflow.jobs airflow.jobs.backfill_job"),
    ("TriggererJob", "airflow.jobs.triggerer_job"),
    ("BaseJobRunner", "airflow.jobs.base_job_runner"),
    ("SchedulerJobRunner", "airflow.jobs.scheduler_job_runner"),
    ("LocalTaskJobRunner", "airflow.jobs.local_task_job_runner"),
    ("BackfillJobRunner", "airflow.jobs.backfill_job_runner"),
    ("TriggererJobRunner", "airflow.jobs.triggerer_job_runner"),
    ("DagProcessorJobRunner", "airflow.jobs.dag_processor_job_runner"),
    ("MetastoreBackend", "airflow.secrets.metastore"),
    ("UtcDateTime", "airflow.utils.sqlalchemy"),
    ("ExtendedJSON", "airflow.utils.sqlalchemy"),
    ("Interval", "airflow.utils.sqlalchemy"),
)
_FUNCTIONS = (
    ("clear_task_instances", f"{_M} {_M}.taskinstance"),
    ("import_all_models", _M),
    *[
        (name, "airflow.utils.db")
        for name in (
            *("merge_conn", "create_default_connections", "add_default_pool_if_not_exists", "initdb", "upgradedb"),
            *("resetdb", "checkdb"),
        )
    ],
    ("run_cleanup", "airflow.utils.db_cleanup"),
    *[(name, "airflow.jobs.job") for name in ("run_job", "execute_job", "most_recent_job")],
    *[
        (name, "airflow.api.common.experimental.pool airflow.api.common.experimental")
        for name in ("get_pool", "get_pools", "create_pool", "delete_pool")
    ],
    ("delete_dag", "airflow.api.common.delete_dag airflow.api.common.experimental.delete_dag"),
    *[
        (name, "airflow.api.common.mark_tasks airflow.api.common.experimental.mark_tasks")
        for name in (
            *("set_state", "set_dag_run_state_to_success", "set_dag_run_state_to_failed"),
            "set_dag_run_state_to_running",
        )
    ],
    ("set_dag_run_state_to_queued", "airflow.api.common.mark_tasks"),
    *[(name, f"airflow.api.common.experimental.{name}") for name in ("get_task", "get_task_instance", "get_code")],
    ("configure_orm", "airflow.settings"),
    *[(name, "airflow.utils.sqlalchemy") for name in ("with_row_locks", "nulls_first", "lock_rows")],
    ("alchemy_to_dict", "airflow.utils.helpers"),
)
_EXECUTORS = (
    ("LocalExecutor", "airflow.executors.local_executor airflow.executors"),
    ("SequentialExecutor", "airflow.executors.sequential_executor airflow.executors"),
    ("CeleryExecutor", "airflow.executors.celery_executor airflow.executors"),
    ("KubernetesExecutor", "airflow.executors.kubernetes_executor airflow.executors"),
    ("CeleryKubernetesExecutor", "airflow.executors.celery_kubernetes_executor"),
    ("LocalKubernetesExecutor", "airflow.executors.local_kubernetes_executor"),
    ("DebugExecutor", "airflow.executors.debug_executor"),
    ("DaskExecutor", "airflow.executors.dask_executor airflow.contrib.executors.dask_executor"),
    ("get_default_executor", "airflow.executors airflow.executors:GetDefaultExecutor"),
)

SERVED: list[Served] = [
    (
        "airflow.dagbag.DagBag",
        f"{_M} {_M}.dagbag airflow.dag_processing.dagbag",
        "The DAGs of a folder, imported here and now, for tests; nothing is read from a database, and zips are left "
        "out.",
    ),
    ("airflow.dagbag.FileLoadStat", f"{_M}.dagbag airflow.dag_processing.dagbag", ""),
    (
        "airflow.database_rows.DagModel",
        f"{_M} {_M}.dag",
        "get_dagmodel() and get_current() tell whether a DAG is paused and where its file is; nothing is written.",
    ),
    ("airflow.database_rows.get_last_dagrun", f"{_M}.dag", "It reads what is kept."),
    *[(f"airflow.database_rows.{name}", paths, _ROW) for name, paths in _ROWS],
    *[(f"airflow.database_rows.{name}", paths, _ROW) for name, paths in _FUNCTIONS],
    *[(f"airflow.executors.{name}", paths, _EXECUTOR) for name, paths in _EXECUTORS],
    *[
        (f"airflow.executors.{name}", "airflow.executors.executor_constants", "")
        for name in (
            *("LOCAL_EXECUTOR", "SEQUENTIAL_EXECUTOR", "CELERY_EXECUTOR", "KUBERNETES_EXECUTOR", "DEBUG_EXECUTOR"),
            "DASK_EXECUTOR",
        )
    ],
    # ── runs of other DAGs, as code asks for them ──
    (
        "airflow.triggering.trigger_dag",
        "airflow.api.common.trigger_dag airflow.api.common.experimental.trigger_dag",
        "From a running task.",
    ),
    (
        "airflow.triggering.Client",
        "airflow.api.client.local_client airflow.api.client.json_client airflow.api.client.api_client",
        "trigger_dag() from a running task; the rest says what to use.",
    ),
    ("airflow.triggering.get_current_api_client", "airflow.api.client", "As its Client."),
    ("airflow.triggering.get_dag_run_state", "airflow.api.common.experimental.get_dag_run_state", ""),
    ("airflow.triggering.get_dag_runs", "airflow.api.common.experimental.get_dag_runs", ""),
    # ── pods of 1.10 ──
    *[
        (
            f"airflow.pods.{name}",
            f"airflow.kubernetes.{module} airflow.contrib.kubernetes.{module} "
            f"airflow.providers.cncf.kubernetes.backcompat.{module}",
            "A description that the operator of the provider wheel takes.",
        )
        for name, module in (
            ("Volume", "volume"),
            ("VolumeMount", "volume_mount"),
            ("Port", "pod"),
            ("Resources", "pod"),
            ("PodRuntimeInfoEnv", "pod_runtime_info_env"),
        )
    ],
]

REFUSED: list[Refused] = [
    (
        "airflow.contrib.kubernetes.pod.Pod airflow.kubernetes.pod_launcher.PodLauncher "
        "airflow.contrib.kubernetes.pod_launcher.PodLauncher",
        "Pods are started by KubernetesPodOperator of apache-airflow-providers-cncf-kubernetes.",
    ),
    (
        "airflow.contrib.hooks.sqoop_hook.SqoopHook airflow.contrib.operators.sqoop_operator.SqoopOperator",
        "Its provider has ended with Apache Sqoop; run the sqoop command by BashOperator.",
    ),
    (
        "airflow.contrib.operators.hipchat_operator.HipChatAPIOperator "
        "airflow.contrib.operators.hipchat_operator.HipChatAPISendRoomNotificationOperator",
        "HipChat has ended.",
    ),
    (
        "airflow.hooks.hdfs_hook.HDFSHook airflow.hooks.hdfs_hook.HDFSHookException",
        "Its library has ended with Python 2; use WebHDFSHook of apache-airflow-providers-apache-hdfs.",
    ),
    (
        "airflow.models.crypto.get_fernet airflow.models.crypto.NullFernet",
        "Venturi seals variables and connections itself; read them by Variable.get and BaseHook.get_connection.",
    ),
]
