"""Operators, and what they are built from."""

from .rows import Refused, Served

_BASES = "airflow.sdk.bases"
_STANDARD = "airflow.providers.standard"

SERVED: list[Served] = [
    # ── operators ──
    (
        "sdk.operator.BaseOperator",
        f"airflow.models airflow.models.baseoperator airflow.sdk {_BASES}.operator airflow.models.operator"
        " airflow.providers.common.compat.sdk airflow.operators",
        "run_as_user is kept and not acted on: attempts run as the user of Venturi.",
    ),
    (
        "sdk.python.PythonOperator",
        f"airflow.operators.python airflow.operators.python_operator {_STANDARD}.operators.python airflow.operators",
        "",
    ),
    (
        "sdk.python.BranchPythonOperator",
        f"airflow.operators.python airflow.operators.python_operator {_STANDARD}.operators.python airflow.operators",
        "",
    ),
    (
        "sdk.python.ShortCircuitOperator",
        f"airflow.operators.python airflow.operators.python_operator {_STANDARD}.operators.python airflow.operators",
        "",
    ),
    (
        "sdk.python.BaseBranchOperator",
        f"airflow.operators.branch airflow.operators.branch_operator {_STANDARD}.operators.branch airflow.sdk "
        "airflow.sdk.bases.branch",
        "",
    ),
    (
        "sdk.python.BranchMixIn",
        f"airflow.operators.branch {_STANDARD}.operators.branch {_BASES}.branch airflow.sdk",
        "",
    ),
    (
        "sdk.python.SkipMixin",
        f"airflow.models airflow.models.skipmixin airflow.sdk {_BASES}.skipmixin {_STANDARD}.utils.skipmixin",
        "",
    ),
    (
        "sdk.branching.LatestOnlyOperator",
        f"airflow.operators.latest_only airflow.operators.latest_only_operator airflow.operators "
        f"{_STANDARD}.operators.latest_only",
        "The newest interval is told by the length of the run's own.",
    ),
    (
        "sdk.branching.BranchDayOfWeekOperator",
        f"airflow.operators.weekday airflow.operators.weekday_operator {_STANDARD}.operators.weekday",
        "",
    ),
    (
        "sdk.branching.BranchDateTimeOperator",
        f"airflow.operators.datetime airflow.operators.datetime_branch_operator {_STANDARD}.operators.datetime",
        "",
    ),
    (
        "sdk.subdag.SubDagOperator",
        "airflow.operators.subdag airflow.operators.subdag_operator airflow.operators",
        "Its tasks are a task group of the outer DAG.",
    ),
    *[
        (f"sdk.interpreters.{name}", f"airflow.operators.python {_STANDARD}.operators.python", "")
        for name in (
            "ExternalPythonOperator",
            "BranchPythonVirtualenvOperator",
            "BranchExternalPythonOperator",
        )
    ],
    (
        "sdk.interpreters.PythonVirtualenvOperator",
        f"airflow.operators.python airflow.operators.python_operator {_STANDARD}.operators.python airflow.operators",
        "",
    ),
    ("sdk.python.is_venv_installed", f"airflow.operators.python {_STANDARD}.operators.python", ""),
    (
        "sdk.bash.BashOperator",
        f"airflow.operators.bash airflow.operators.bash_operator {_STANDARD}.operators.bash airflow.operators",
        "",
    ),
    ("sdk.empty.EmptyOperator", f"airflow.operators.empty {_STANDARD}.operators.empty", ""),
    (
        "sdk.empty.EmptyOperator",
        "airflow.operators.dummy:DummyOperator airflow.operators.dummy_operator:DummyOperator "
        "airflow.operators:DummyOperator airflow.operators.dummy:EmptyOperator",
        "",
    ),
    (
        "sdk.context.get_current_context",
        f"airflow.operators.python airflow.sdk {_STANDARD}.operators.python airflow.task.context",
        "",
    ),
]

REFUSED: list[Refused] = []
