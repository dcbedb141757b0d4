"""Names of `airflow.models` and others that stand for rows of Airflow's database."""

from .rows import Refused, Served

SERVED: list[Served] = [
    (
        "sdk.xcoms.BaseXCom",
        "airflow.models:XCom airflow.models.xcom:XCom airflow.models.xcom:BaseXCom airflow.sdk:BaseXCom "
        "airflow.sdk.bases.xcom:BaseXCom airflow.sdk.execution_time.xcom:XCom airflow.providers.common.compat.sdk:XCom",
        "Values are asked for, set by their own task and cleared; the database is not behind it. Of a class of one's "
        "own ([core] xcom_backend) serialize_value and deserialize_value are called, except for values that tasks are "
        "mapped over.",
    ),
    (
        "sdk.references.MappedValues",
        "airflow.sdk.execution_time.lazy_sequence:LazyXComSequence airflow.models.xcom:LazyXComSelectSequence "
        "airflow.models.xcom:LazyXComAccess",
        "",
    ),
]

REFUSED: list[Refused] = []
