from datetime import datetime

from airflow.operators.empty import EmptyOperator
from airflow.operators.python import PythonOperator

from airflow import DAG


def nothing():
    pass


with DAG("ten_thousand", start_date=datetime(2024, 1, 1), schedule=None) as dag:
    layers = []
    for layer in range(100):
        now = [
            PythonOperator(task_id=f"t{layer}_{i}", python_callable=nothing, executor_config={"isolation": "reuse"})
            for i in range(100)
        ]
        if layers:
            gate = EmptyOperator(task_id=f"gate{layer}")
            layers[-1] >> gate >> now
        layers.append(now)
