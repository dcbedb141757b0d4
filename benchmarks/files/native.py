from datetime import datetime

from venturi import DAG, task


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


with DAG("native", start_date=datetime(2024, 1, 1), schedule=None) as dag:

    @task
    def step(value):  # noqa: ARG001
        return fib(10)

    value = None
    for _ in range(40):
        value = step(value)
