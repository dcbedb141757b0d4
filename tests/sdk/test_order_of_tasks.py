"""Tasks sort by their ids, and a `>` that was meant as `>>` neither fails nor draws an arrow."""

from __future__ import annotations

from venturi.sdk.dag import DAG
from venturi.sdk.empty import EmptyOperator


def test_tasks_sort_by_their_ids_and_a_comparison_is_no_arrow():
    with DAG("d", schedule=None):
        b, a = EmptyOperator(task_id="b"), EmptyOperator(task_id="a")
    assert sorted([b, a]) == [a, b]
    assert b > a
    assert a.downstream_task_ids == b.downstream_task_ids == set()
