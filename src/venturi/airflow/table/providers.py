"""Names under `airflow.providers` that we serve where no wheel is installed, or where the wheel has dropped them."""

from .rows import Refused, Served

_P = "airflow.providers"
_DOCKER = f"{_P}.docker"
_SQL = f"{_P}.common.sql"
_S3 = f"{_P}.amazon.aws.operators.s3"

_DROPPED = "Of older files: the wheel has dropped it."
_SUBCLASS = "A subclass with deferrable=True waits by being called again, not in a trigger."

SERVED: list[Served] = [
    # ── mail ──
    (
        "sdk.services.email.EmailOperator",
        f"{_P}.smtp.operators.smtp airflow.operators.email airflow.operators.email_operator airflow.operators",
        "Without a named server the mail is kept in the outbox of the home.",
    ),
    ("sdk.services.email.SmtpHook", f"{_P}.smtp.hooks.smtp", "get_email_body() and the reading of mail are not there."),
    # ── docker ──
    (
        "sdk.services.docker.DockerOperator",
        f"{_DOCKER}.operators.docker",
        "auto_remove='success' removes a container that has succeeded and keeps a failed one.",
    ),
    ("sdk.services.docker_engine.DockerHook", f"{_DOCKER}.hooks.docker", ""),
    (
        "sdk.services.docker_task.docker_task",
        f"{_DOCKER}.decorators.docker",
        "The function gets the arguments of its call; context values are not put into the container.",
    ),
    ("sdk.services.docker.DockerContainerFailedException", f"{_DOCKER}.exceptions {_DOCKER}.operators.docker", ""),
    ("sdk.services.docker.DockerContainerFailedSkipException", f"{_DOCKER}.exceptions {_DOCKER}.operators.docker", ""),
    # ── http ──
    ("sdk.services.http.HttpHook", f"{_P}.http.hooks.http", "No lookup by SRV records."),
    (
        "sdk.services.http.HttpOperator",
        f"{_P}.http.operators.http",
        "With deferrable=True and auth_type or retry_args the task itself makes the request.",
    ),
    ("sdk.services.http.HttpOperator", f"{_P}.http.operators.http:SimpleHttpOperator", _DROPPED),
    ("sdk.services.http.HttpSensor", f"{_P}.http.sensors.http", _SUBCLASS),
    # ── sql ──
    ("sdk.services.database.DbApiHook", f"{_SQL}.hooks.sql", "No dialects and no lineage."),
    ("sdk.services.database.fetch_all_handler", f"{_SQL}.hooks.sql {_SQL}.hooks.handlers", ""),
    ("sdk.services.database.fetch_one_handler", f"{_SQL}.hooks.sql {_SQL}.hooks.handlers", ""),
    *[
        (f"sdk.services.sql.{name}", f"{_SQL}.operators.sql", "")
        for name in ("BaseSQLOperator", "SQLExecuteQueryOperator", "SQLInsertRowsOperator", "BranchSQLOperator")
    ],
    *[
        (f"sdk.services.sql_checks.{name}", f"{_SQL}.operators.sql", "")
        for name in (
            *("SQLCheckOperator", "SQLValueCheckOperator", "SQLThresholdCheckOperator", "SQLIntervalCheckOperator"),
            *("SQLTableCheckOperator", "SQLColumnCheckOperator"),
        )
    ],
    ("sdk.services.sql.SqlSensor", f"{_SQL}.sensors.sql", ""),
    ("sdk.services.postgres.PostgresHook", f"{_P}.postgres.hooks.postgres", "No IAM or Azure login."),
    ("sdk.services.sql.PostgresOperator", f"{_P}.postgres.operators.postgres", _DROPPED),
    ("sdk.services.sqlite.SqliteHook", f"{_P}.sqlite.hooks.sqlite", ""),
    ("sdk.services.sql.SqliteOperator", f"{_P}.sqlite.operators.sqlite", _DROPPED),
    (
        "sdk.services.sql.RedshiftSQLOperator",
        f"{_P}.amazon.aws.operators.redshift_sql {_P}.amazon.aws.operators.redshift",
        f"{_DROPPED} It works with a connection of the wheel.",
    ),
    # ── s3 ──
    (
        "sdk.services.aws.AwsBaseHook",
        f"{_P}.amazon.aws.hooks.base_aws {_P}.amazon.aws.hooks.base_aws:AwsGenericHook",
        "Keys, profiles and an assumed role; no web identity and no SAML.",
    ),
    ("sdk.services.s3.S3Hook", f"{_P}.amazon.aws.hooks.s3", "No S3 Select, no tagging but the reading of it."),
    *[
        (f"sdk.services.s3_tasks.{name}", _S3, "")
        for name in (
            *("S3CreateBucketOperator", "S3DeleteBucketOperator", "S3CopyObjectOperator", "S3CreateObjectOperator"),
            *("S3DeleteObjectsOperator", "S3ListOperator", "S3ListPrefixesOperator"),
        )
    ],
    ("sdk.services.s3_tasks.LocalFilesystemToS3Operator", f"{_P}.amazon.aws.transfers.local_to_s3", ""),
    ("sdk.services.s3_tasks.S3KeySensor", f"{_P}.amazon.aws.sensors.s3", _SUBCLASS),
]

REFUSED: list[Refused] = []
