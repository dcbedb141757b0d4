from datetime import datetime

from airflow import DAG
from airflow.operators.python import PythonOperator


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


with DAG("fan_out", start_date=datetime(2024, 1, 1), schedule=None) as dag:
    first = PythonOperator(task_id="first", python_callable=fib, op_args=[10])
    last = PythonOperator(task_id="last", python_callable=fib, op_args=[10])
    middle = [PythonOperator(task_id=f"t{i}", python_callable=fib, op_args=[10]) for i in range(500)]
    first >> middle >> last
