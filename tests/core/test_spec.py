from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from venturi.core.errors import DagCycle, DuplicateTask, NotWithout, UnknownTask
from venturi.core.spec import DagSpec, GroupSpec, MapSource, TaskSpec, check_graph, dag_from_json, to_json, with_only


def dag(**upstream: str) -> DagSpec:
    tasks = tuple(TaskSpec(name, upstream=tuple(ups.split())) for name, ups in upstream.items())
    return DagSpec("d", tasks=tasks)


def test_a_spec_survives_json_and_leaves_its_defaults_out() -> None:
    task = TaskSpec("b", upstream=("a",), is_mapped=True, mapped=(MapSource("x", 3), MapSource("y", None, "a")))
    spec = DagSpec("d", tasks=(TaskSpec("a"), task), groups=(GroupSpec("g"),), params={"p": {"value": 1}}, tags=("x",))
    assert dag_from_json(to_json(spec)) == spec
    assert to_json(TaskSpec("a")) == {"task_id": "a"}


def test_a_field_of_a_newer_version_is_passed_over() -> None:
    assert (
        dag_from_json({"dag_id": "d", "unheard_of": 1, "tasks": [{"task_id": "a", "new": 2}]}).tasks[0].task_id == "a"
    )


def test_a_cycle_is_named_in_the_direction_of_its_arrows() -> None:
    with pytest.raises(DagCycle) as caught:
        check_graph(dag(start="", a="start c", b="a", c="b"))
    named = caught.value.parts["path"].split(" → ")
    assert sorted(named[:-1]) == ["a", "b", "c"]
    assert named[0] == named[-1]
    arrows = {("a", "b"), ("b", "c"), ("c", "a")}
    assert all(pair in arrows for pair in pairwise(named))


def test_a_task_upstream_of_itself_is_a_cycle() -> None:
    with pytest.raises(DagCycle, match="a → a"):
        check_graph(dag(a="a"))


def test_two_tasks_of_one_name_are_refused() -> None:
    with pytest.raises(DuplicateTask, match="'a' is used twice"):
        check_graph(DagSpec("d", tasks=(TaskSpec("a"), TaskSpec("a"))))


def test_an_arrow_from_nowhere_is_refused() -> None:
    with pytest.raises(UnknownTask, match="no task 'x'"):
        check_graph(dag(a="x"))


def test_a_chain_of_ten_thousand_is_ordered_without_recursion() -> None:
    tasks = tuple(TaskSpec(f"t{i}", upstream=(f"t{i - 1}",) if i else ()) for i in range(10_000))
    assert check_graph(DagSpec("d", tasks=tasks)) == [t.task_id for t in tasks]


@given(st.lists(st.sets(st.integers(min_value=0, max_value=19)), min_size=1, max_size=20))
def test_whatever_the_arrows_the_order_respects_them_or_a_true_cycle_is_named(edges: list[set[int]]) -> None:
    n = len(edges)
    tasks = tuple(
        TaskSpec(f"t{i}", upstream=tuple(f"t{u}" for u in sorted(ups) if u < n)) for i, ups in enumerate(edges)
    )
    upstream = {t.task_id: t.upstream for t in tasks}
    try:
        order = check_graph(DagSpec("d", tasks=tasks))
    except DagCycle as cycle:
        path = cycle.parts["path"].split(" → ")
        assert path[0] == path[-1]
        assert all(a in upstream[b] for a, b in pairwise(path))
        return
    at = {task_id: i for i, task_id in enumerate(order)}
    assert sorted(at) == sorted(upstream)
    assert all(at[up] < at[task_id] for task_id, ups in upstream.items() for up in ups)


def test_of_a_dag_some_tasks_can_be_taken_alone() -> None:
    spec = DagSpec(
        "d",
        tasks=(
            TaskSpec("a"),
            TaskSpec("b", upstream=("a",)),
            TaskSpec("c", upstream=("a", "b"), mapped=(MapSource("x", None, "b"),), is_mapped=True),
        ),
    )
    part = with_only(spec, ["c", "b"])
    assert [(t.task_id, t.upstream) for t in part.tasks] == [("b", ()), ("c", ("b",))]
    with pytest.raises(NotWithout, match="'c' of DAG 'd' is mapped over what 'b' returns"):
        with_only(spec, ["c"])
    with pytest.raises(UnknownTask, match="no task 'x'"):
        with_only(spec, ["x"])
