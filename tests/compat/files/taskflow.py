"""Decorated tasks: values, mapping in all its forms, and values of mapped tasks."""

from datetime import datetime

from airflow.decorators import dag, task


@dag(start_date=datetime(2024, 1, 1), schedule=None, catchup=False)
def taskflow():
    @task
    def numbers():
        return [1, 2, 3]

    @task
    def letters() -> list:
        return ["a", "b"]

    @task(multiple_outputs=True)
    def several():
        return {"left": 1, "right": {"deep": [2]}}

    @task
    def several_by_annotation() -> dict[str, int]:
        return {"one": 1, "two": 2}

    @task
    def add(a, b=10):
        return a + b

    @task
    def add_all(values):
        return sum(values)

    @task
    def nothing():
        return None

    @task
    def empty():
        return []

    @task
    def pairs():
        return [{"a": 1, "b": 2}, {"a": 3, "b": 4}]

    @task
    def see(value=None):
        return {"seen": value, "kind": type(value).__name__}

    @task
    def pull(ti=None):
        return {
            "one": ti.xcom_pull(task_ids="numbers"),
            "two": list(ti.xcom_pull(task_ids=["numbers", "letters"])),
            "none": ti.xcom_pull(task_ids="nothing"),
            "key": ti.xcom_pull(task_ids="several", key="left"),
            "missing": ti.xcom_pull(task_ids="several", key="no such"),
            "mapped": sorted(ti.xcom_pull(task_ids="add__3") or []),
            "one_of_mapped": ti.xcom_pull(task_ids="add__3", map_indexes=1),
        }

    @task
    def push(ti=None):
        ti.xcom_push(key="mine", value={"a": [1, None, 2.5]})
        ti.xcom_push(key="mine", value={"a": [1, None, 3.5]})

    n = numbers()
    s = several()
    add(1)
    add(s["left"], 5)
    add.override(task_id="add_once_more", retries=0)(5, 6)
    mapped = add.expand(a=n)
    add_all(mapped)
    hundreds = add.partial(b=100).expand(a=[1, 2])
    add.expand(a=n, b=[1000, 2000])
    add.expand_kwargs(pairs())
    add.expand(a=empty())
    words = letters()
    see.expand(value=words)
    see.expand(value={"k": 1, "l": 2})
    see.expand(value=n.map(lambda x: x * x))
    see.expand(value=n.zip(letters()))
    see.expand(value=n.zip(letters(), fillvalue="-"))
    see.expand(value=n.concat(letters()))
    see(several_by_annotation())
    none = nothing()
    see(none)
    see([n, {"inside": n}])
    [mapped, hundreds, words, none, s] >> pull() >> push()


taskflow()
