"""Functions in another interpreter, and in an environment made for them."""

import sys
from datetime import datetime

from airflow import DAG
from airflow.operators.empty import EmptyOperator
from airflow.operators.python import (
    BranchExternalPythonOperator,
    BranchPythonVirtualenvOperator,
    ExternalPythonOperator,
    PythonVirtualenvOperator,
)


def answers(question):
    return len(question)


def chooses():
    return "chosen"


with DAG("other_pythons", start_date=datetime(2022, 1, 1), schedule=None):
    elsewhere = {"python": sys.executable, "expect_airflow": False}
    made = {"requirements": [], "system_site_packages": True}
    one = ExternalPythonOperator(task_id="one", python_callable=answers, op_args=["what"], **elsewhere)
    two = PythonVirtualenvOperator(task_id="two", python_callable=answers, op_args=["what"], **made)
    branches = [
        BranchExternalPythonOperator(task_id="by_one", python_callable=chooses, **elsewhere),
        BranchPythonVirtualenvOperator(task_id="by_two", python_callable=chooses, **made),
    ]
    [one, two] >> branches[0]
    branches >> EmptyOperator(task_id="chosen")
    branches[0] >> EmptyOperator(task_id="not_chosen")
