"""Task groups mapped over values: each instance of the group is a small run of its own."""

from __future__ import annotations

import pytest

from venturi import DAG, PythonOperator, TaskGroup, task, task_group
from venturi.core.spec import MapSource, check_graph
from venturi.sdk.describe import describe
from venturi.sdk.exceptions import BadAuthoring
from venturi.testing import run_dag

from .loading import load


def values(result, task_id):
    return {index: result.value(name, index) for (name, index) in sorted(result.states) if name == task_id}


def states(result, task_id):
    return {index: state for (name, index), state in sorted(result.states.items()) if name == task_id}


def test_a_group_mapped_over_a_tasks_result_hands_each_index_its_own_values():
    with DAG("d", schedule=None) as dag:

        @task
        def numbers():
            return [1, 2, 3]

        @task
        def double(x):
            return 2 * x

        @task
        def add(x, y, ti=None):
            return [x + y, ti.map_index]

        @task
        def total(xs):
            return [list(x) for x in xs]

        @task_group
        def work(x, y):
            return add(double(x), y)

        total(work.partial(y=100).expand(x=numbers()))
    spec = describe(dag)
    check_graph(spec)
    assert spec.groups[0].mapped == (MapSource("x", task_id="numbers"),)
    assert spec.task("work.double").upstream == ("numbers",)
    result = run_dag(dag)
    assert values(result, "work.double") == {0: 2, 1: 4, 2: 6}
    assert values(result, "work.add") == {0: [102, 0], 1: [104, 1], 2: [106, 2]}
    assert result.value("total") == [[102, 0], [104, 1], [106, 2]]


def test_several_arguments_of_a_group_give_every_combination():
    with DAG("d", schedule=None) as dag:

        @task
        def pair(a, b):
            return f"{a}{b}"

        @task_group
        def g(a, b):
            pair(a, b)

        g.expand(a=["x", "y"], b=[1, 2])
    assert list(values(run_dag(dag), "g.pair").values()) == ["x1", "x2", "y1", "y2"]


def test_a_group_is_mapped_over_sets_of_arguments_with_its_own_defaults_behind_them():
    with DAG("d", schedule=None) as dag:

        @task
        def sets():
            return [{"a": 1, "b": 2}, {"a": 3}]

        @task
        def show(a, b):
            return [a, b]

        @task_group
        def g(a, b=0):
            show(a, b)

        g.expand_kwargs(sets())
        g.override(group_id="h").expand_kwargs([{"a": 7}, {"a": 8, "b": 9}])
    result = run_dag(dag)
    assert values(result, "g.show") == {0: [1, 2], 1: [3, 0]}
    assert values(result, "h.show") == {0: [7, 0], 1: [8, 9]}


def test_a_failure_stays_at_its_index_and_what_follows_the_group_sees_it():
    with DAG("d", schedule=None) as dag:

        @task
        def half(x):
            return 10 // x

        @task
        def keep(x):
            return x

        @task_group
        def g(x):
            keep(half(x))

        @task(trigger_rule="all_done")
        def after(ti=None):
            return list(ti.xcom_pull(task_ids="g.keep"))

        g.expand(x=[1, 0, 5]) >> after()
    result = run_dag(dag)
    assert states(result, "g.half") == {0: "success", 1: "failed", 2: "success"}
    assert states(result, "g.keep") == {0: "success", 1: "upstream_failed", 2: "success"}
    assert result.value("after") == [10, 2]


def test_classic_operators_templates_and_groups_inside_take_the_mapped_argument():
    with DAG("d", schedule=None) as dag:

        @task
        def names():
            return ["a", "b"]

        @task_group
        def g(name):
            with TaskGroup("inner"):
                PythonOperator(task_id="show", python_callable=lambda *x: list(x), op_args=[name, "{{ ti.map_index }}"])

        g.expand(name=names())
    result = run_dag(dag)
    assert values(result, "g.inner.show") == {0: ["a", "0"], 1: ["b", "1"]}


def test_a_branch_in_a_mapped_group_chooses_at_its_own_index():
    with DAG("d", schedule=None) as dag:

        @task.branch
        def choose(x):
            return "g.even" if x % 2 == 0 else "g.odd"

        @task
        def even(): ...

        @task
        def odd(): ...

        @task_group
        def g(x):
            choose(x) >> [even(), odd()]

        g.expand(x=[1, 2])
    result = run_dag(dag)
    assert states(result, "g.even") == {0: "skipped", 1: "success"}
    assert states(result, "g.odd") == {0: "success", 1: "skipped"}


def test_a_group_over_nothing_is_skipped():
    with DAG("d", schedule=None) as dag:

        @task
        def nothing():
            return []

        @task
        def show(x): ...

        @task_group
        def g(x):
            show(x)

        g.expand(x=nothing())
    result = run_dag(dag)
    assert states(result, "g.show") == {-1: "skipped"}
    assert result.state == "success"


def test_a_task_after_the_group_may_be_mapped_over_its_values():
    with DAG("d", schedule=None) as dag:

        @task
        def double(x):
            return 2 * x

        @task_group
        def g(x):
            return double(x)

        double.override(task_id="again").expand(x=g.expand(x=[1, 2]))
    assert values(run_dag(dag), "again") == {0: 4, 1: 8}


@task
def f(x):
    return x


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        (lambda x: f.expand(x=[1]), "mapped inside the mapped group 'g'"),
        (lambda x: task_group(group_id="h")(lambda y: f(y)).expand(y=[1, 2]), "inside the mapped group 'g'"),
        (lambda x: task_group(group_id="h")(lambda y: f(y)).expand(y=x), "cannot be nested"),
    ],
)
def test_mapping_inside_a_mapping_is_refused_as_in_airflow(inside, message):
    with DAG("d", schedule=None), pytest.raises(TypeError, match=message):
        task_group(group_id="g")(lambda x: inside(x)).expand(x=[1, 2])


@pytest.mark.parametrize(
    ("inside", "sentence", "line"),
    [
        ("f.expand(x=[1, 2])", "Task 'f' is mapped inside the mapped group 'g'", 11),
        ("BashOperator.partial(task_id='b').expand(bash_command=['a'])", "Task 'b' is mapped inside", 11),
        ("h.expand(y=[1, 2])", "The mapped group 'g.h' is inside the mapped group 'g'", 11),
        ("h.expand(y=x)", "The mapped group 'h' is mapped over an argument of the mapped group around it", 11),
        ("plain(x)", "The mapped group 'g.plain.h' is inside the mapped group 'g'", 15),
    ],
)
def test_mapping_inside_a_mapping_is_one_sentence_with_file_and_line(inside, sentence, line, tmp_path):
    text = f"""
from airflow.decorators import dag, task, task_group
from airflow.operators.bash import BashOperator
@task
def f(x): ...
@task_group
def h(y):
    f(y)
@task_group
def g(x):
    {inside}
@task_group
def plain(x):
    f(x)
    h.expand(y=[1])
@dag(schedule=None)
def d():
    g.expand(x=[1, 2])
d()
"""
    with pytest.raises(BadAuthoring) as refused:
        load(tmp_path, text)
    assert str(refused.value).startswith(sentence)
    assert str(refused.value.parts["file"]).startswith(str(tmp_path))
    assert refused.value.parts["line"] == line


def test_what_a_group_does_not_take_is_told_when_the_file_is_read():
    @task_group
    def g(x):
        f(x)

    with DAG("d", schedule=None):
        with pytest.raises(TypeError, match="got the argument 'y'"):
            g.expand(y=[1])
        with pytest.raises(TypeError, match="in partial"):
            g.partial(x=1).expand(x=[1])
        with pytest.raises(TypeError, match="nothing to map over"):
            g.expand()
        with pytest.raises(TypeError, match="cannot map over x=3"):
            g.expand(x=3)


def test_an_empty_group_lets_arrows_through():
    with DAG("d", schedule=None) as dag:
        a, b = f.override(task_id="a")(1), f.override(task_id="b")(2)
        with TaskGroup("empty") as empty:
            pass
        a >> empty >> b
    assert describe(dag).task("b").upstream == ("a",)
