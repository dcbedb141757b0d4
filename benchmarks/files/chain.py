from datetime import datetime

from airflow.operators.python import PythonOperator

from airflow import DAG


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


with DAG("chain", start_date=datetime(2024, 1, 1), schedule=None) as dag:
    before = None
    for i in range(40):
        task = PythonOperator(task_id=f"t{i}", python_callable=fib, op_args=[10])
        if before is not None:
            before >> task
        before = task
