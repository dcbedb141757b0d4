"""The DAG files that the interface is shown with: every state, groups, mapped tasks, params, a schedule, and a failure.

Read as text: a home of its own gets them.
"""

SHOP = """
import os
import time
from datetime import datetime, timedelta

from airflow.datasets import Dataset
from airflow.decorators import dag, task, task_group
from airflow.models.param import Param

START = datetime(2026, 1, 1)


@dag(schedule="0 6 * * *", start_date=START, catchup=False, tags=["shop", "daily"],
     description="Orders of the day, by region",
     default_args={"owner": "ann"}, doc_md="# Orders\\n\\nWhat was **sold** yesterday, by region.")
def orders_daily():
    @task
    def extract():
        print("120 orders")
        return {"orders": 120, "regions": ["north", "south", "east"]}

    @task
    def regions():
        return ["north", "south", "east", "west"]

    @task_group
    def per_region():
        @task
        def clean(region):
            print("cleaning", region)
            return region

        @task
        def count(found):
            return len(list(found))

        count(clean.expand(region=regions()))

    @task
    def report():
        print("\\x1b[32mwritten\\x1b[0m")
        return {"total": 4711.5}

    extract() >> per_region() >> report()


orders_daily()


@dag(schedule=timedelta(hours=1), start_date=START, catchup=False, tags=["shop"], default_args={"owner": "bob"})
def stock_check():
    @task
    def fetch():
        return 3

    @task(retries=0)
    def compare():
        print("comparing 41 shelves")
        raise ValueError("shelf 17 holds -2 boxes")

    @task
    def tell():
        pass

    fetch() >> compare() >> tell()


stock_check()


@dag(schedule=None, tags=["models"], default_args={"owner": "ann"}, description="Waits until it is let go",
     params={"epochs": Param(3, type="integer", minimum=1, maximum=50, description="How often it sees the data")})
def train_model():
    @task
    def load():
        return list(range(5))

    @task
    def fit(n, **context):
        while not os.path.exists(context["dag_run"].conf.get("go", "/")):
            time.sleep(0.02)
        return n

    @task
    def evaluate(found):
        return sum(found)

    evaluate(fit.expand(n=load()))


train_model()


@dag(schedule=None, tags=["shop", "models"], description="Nothing but a hello")
def hello_shop():
    @task
    def hello():
        return "hello"

    hello()


hello_shop()


@dag(schedule=[Dataset("s3://shop/orders")], start_date=START, tags=["models"],
     dag_display_name="Recommendations, again")
def recommend():
    @task
    def build():
        pass

    build()


recommend()
"""

BROKEN = """
from airflow.decorators import dag, task


@dag(schedule=None)
def invoices():
    @task
    def read():
        return total

    read()


invoices()
print(nothing_is_called_so)
"""

MANY = """
from datetime import datetime

from airflow import DAG
from airflow.operators.empty import EmptyOperator

for n in range({many}):
    with DAG(f"sensor_{{n:03d}}", schedule="@hourly", start_date=datetime(2026, 1, 1), catchup=False,
             tags=["sensors", "north" if n % 3 else "south"]) as made:
        EmptyOperator(task_id="read") >> EmptyOperator(task_id="store")
    globals()[made.dag_id] = made
"""
