"""The ten lines of the README."""

from airflow.decorators import dag, task


@dag(schedule=None)
def hello():
    @task
    def numbers():
        return [1, 2, 3]

    @task
    def square(n):
        return n * n

    square.expand(n=numbers())


hello()
