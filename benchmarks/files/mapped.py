from datetime import datetime

from airflow.decorators import task

from airflow import DAG

with DAG("mapped", start_date=datetime(2024, 1, 1), schedule=None) as dag:

    @task(executor_config={"isolation": "reuse"})
    def one(x):
        return x + 1

    one.expand(x=list(range(100_000)))
