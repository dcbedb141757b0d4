"""Mapped groups, joined values and teardowns through the whole of it: file, engine, attempts, database."""

from __future__ import annotations

from .conftest import Place

GROUPS = """
from airflow.sdk import dag, setup, task, task_group, teardown

@dag(schedule=None)
def groups():
    @task
    def numbers():
        return [3, 4, 5]

    @task
    def words():
        return {"a": 1, "b": 2}

    @setup
    def up(x):
        return x

    @task
    def half(x):
        return 12 // (x - 4)

    @task
    def keep(x, ti=None):
        return [x, ti.map_index]

    @teardown
    def down(x):
        return -x

    @task_group
    def work(x):
        made = up(x)
        halved = half(made)
        with down(made) as scope:
            scope.add_task(halved)
        keep(halved)

    @task(trigger_rule="all_done")
    def total(found, ti=None):
        return [found, list(ti.xcom_pull(task_ids="work.keep"))]  # a teardown is not waited for

    @task
    def show(x):
        return str(x)

    n, w = numbers(), words()
    end = total("all")
    work.expand(x=n) >> end
    pairs = n.map(lambda i: i * 10).zip(w.map(tuple), [7, 8, 9], fillvalue=None)
    show.override(task_id="joined").expand(x=pairs.concat([None]))

groups()
"""


def test_a_mapped_group_with_setups_and_joined_values_runs_in_processes(place: Place) -> None:
    said = place("run", place.file("groups.py", GROUPS), "--json")
    assert said.status == 0, said.err
    rows = {(t["task_id"], t["map_index"]): t for t in said.json["tasks"]}

    def states(task_id: str) -> dict[int, str]:
        return {index: t["state"] for (name, index), t in sorted(rows.items()) if name == task_id}

    assert states("work.half") == {0: "success", 1: "failed", 2: "success"}
    assert states("work.keep") == {0: "success", 1: "upstream_failed", 2: "success"}
    assert states("work.down") == {0: "success", 1: "success", 2: "success"}
    assert rows["total", -1]["value"] == ["all", [[-12, 0], [12, 2]]]
    pairs = [rows["joined", index]["value"] for index in range(4)]
    assert pairs == ["(30, ('a', 1), 7)", "(40, ('b', 2), 8)", "(50, None, 9)", "None"]
