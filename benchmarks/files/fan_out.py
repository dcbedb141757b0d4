from datetime import datetime

from airflow.operators.python import PythonOperator

from airflow import DAG


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


for name, isolation in (("fan_out", "fork"), ("fan_out_reuse", "reuse")):
    with DAG(name, start_date=datetime(2024, 1, 1), schedule=None) as dag:
        first = PythonOperator(task_id="first", python_callable=fib, op_args=[10])
        last = PythonOperator(task_id="last", python_callable=fib, op_args=[10])
        count = 500 if isolation == "fork" else 5000
        middle = [
            PythonOperator(task_id=f"t{i}", python_callable=fib, op_args=[10], executor_config={"isolation": isolation})
            for i in range(count)
        ]
        first >> middle >> last
    globals()[name] = dag
