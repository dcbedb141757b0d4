"""Task groups: names, nesting, arrows to and from them, and groups that are mapped."""

from datetime import datetime

from airflow import DAG
from airflow.decorators import task, task_group
from airflow.models.baseoperator import chain, cross_downstream
from airflow.operators.empty import EmptyOperator
from airflow.utils.edgemodifier import Label
from airflow.utils.task_group import TaskGroup

with DAG("groups", start_date=datetime(2024, 1, 1), schedule="@daily", catchup=False) as dag:
    start = EmptyOperator(task_id="start")
    end = EmptyOperator(task_id="end")

    with TaskGroup("outer", tooltip="the outer one") as outer:
        first = EmptyOperator(task_id="first")
        with TaskGroup("inner") as inner:
            deep = [EmptyOperator(task_id=f"deep_{n}") for n in range(2)]
            EmptyOperator(task_id="last") << deep
        first >> inner

    with TaskGroup("bare", prefix_group_id=False) as bare:
        EmptyOperator(task_id="without_prefix")
        with TaskGroup("below") as below:
            EmptyOperator(task_id="with_prefix")

    with TaskGroup("nothing_in_it") as nothing:
        pass

    start >> Label("goes in") >> outer >> bare >> end
    start >> nothing >> end
    chain(start, [EmptyOperator(task_id="a"), EmptyOperator(task_id="b")], [EmptyOperator(task_id="c"), below], end)
    cross_downstream([start], [EmptyOperator(task_id="x"), EmptyOperator(task_id="y")])

    @task
    def numbers():
        return [1, 2, 3]

    @task
    def double(n):
        return 2 * n

    @task
    def less(n, by):
        return n - by

    @task
    def total(values):
        return sorted(values)

    @task_group
    def each(n, by=1):
        """One of them."""
        return less(double(n), by)

    total(each.expand(n=numbers()))
    total(each.override(group_id="each_by_two").partial(by=2).expand(n=[10, 20]))
    each(5)
    each(6)
