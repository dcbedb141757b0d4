"""Lists are chosen, ordered and cut by the database, the same on both."""

from __future__ import annotations

from typing import Any

import pytest

from venturi.core.errors import NotFound
from venturi.core.moves import GroupMove, RunMove, ValueRow
from venturi.core.states import RunState
from venturi.store import Reader, Store
from venturi.store.reading_pages import Condition, Order

from .making import NOW, S, batch, move, new_run, starting


def runs(reader: Reader, *conditions: Condition, order: Any = (), limit: int | None = None, offset: int = 0) -> Any:
    found = reader.page("runs", conditions, order, limit, offset)
    return [row[2] for row in found.rows], found.total


@pytest.fixture
def several(store: Store) -> Store:
    """Four runs, of which the first has ended."""
    made = [
        new_run(1, run_id="a%b", logical_date=10.0),
        new_run(2, run_id="Abc", logical_date=None),
        new_run(3, run_id="x_y", dag_id="e", logical_date=5.0),
        new_run(4, run_id="x\\y", dag_id="e", logical_date=20.0),
    ]
    epoch = store.take_epoch()
    store.commit(batch(new_runs=made), epoch)
    store.commit(batch(run_moves=[RunMove(1, RunState.QUEUED, RunState.RUNNING, NOW)]), epoch)
    store.commit(batch(run_moves=[RunMove(1, RunState.RUNNING, RunState.SUCCESS, NOW + 2)]), epoch)
    return store


def test_a_page_is_a_part_of_what_fits_and_says_how_much_that_is(several: Store) -> None:
    with several.reader() as reader:
        assert runs(reader, limit=2, offset=1) == (["Abc", "x_y"], 4)
        assert runs(reader, Condition("dag_id", "is", "e"), limit=1) == (["x_y"], 2)
        assert runs(reader, limit=0) == ([], 4)
        assert runs(reader, Condition("state", "in", ["success", "failed"])) == (["a%b"], 1)
        assert runs(reader, Condition("run_id", "out", ["Abc", "x_y"])) == (["a%b", "x\\y"], 2)
        assert runs(reader, Condition("logical_date", "ge", 10.0), Condition("logical_date", "lt", 20.0)) == (
            ["a%b"],
            1,
        )
        assert runs(reader, Condition("logical_date", "empty", True)) == (["Abc"], 1)
        assert runs(reader, Condition("duration", "gt", 1.0)) == (["a%b"], 1)


def test_what_is_not_there_comes_last_in_either_order(several: Store) -> None:
    with several.reader() as reader:
        assert runs(reader, order=[Order("logical_date")])[0] == ["x_y", "a%b", "x\\y", "Abc"]
        assert runs(reader, order=[Order("logical_date", True)])[0] == ["x\\y", "a%b", "x_y", "Abc"]
        assert runs(reader, order=[Order("dag_id", True), Order("run_id")])[0][:2] in (["x\\y", "x_y"], ["x_y", "x\\y"])


def test_patterns_know_wildcards_and_prefixes_do_not(several: Store) -> None:
    with several.reader() as reader:
        assert runs(reader, Condition("run_id", "like", ["aB"]))[0] == ["Abc"]
        assert runs(reader, Condition("run_id", "like", ["x_y"]))[0] == ["x_y", "x\\y"]
        assert runs(reader, Condition("run_id", "like", ["\\"]))[0] == ["x\\y"]
        assert runs(reader, Condition("run_id", "like", ["bc", "a%b"]))[0] == ["a%b", "Abc"]
        assert runs(reader, Condition("run_id", "prefix", ["A"]))[0] == ["Abc"]
        assert runs(reader, Condition("run_id", "prefix", ["x_", "a%"]))[0] == ["a%b", "x_y"]


def test_a_field_that_is_not_on_the_list_is_refused(several: Store) -> None:
    with several.reader() as reader, pytest.raises(NotFound, match="field 'idempotency_key'"):
        runs(reader, Condition("idempotency_key", "is", "x"))


def test_a_mapped_group_is_listed_until_its_instances_are(store: Store) -> None:
    epoch = store.take_epoch()
    group = GroupMove(1, "m", 2, 0, S.SCHEDULED, NOW, None, [2])
    store.commit(batch(new_runs=[new_run(1)], group_moves=[group], task_moves=[*starting("a", 1)]), epoch)
    with store.reader() as reader:

        def listed() -> list[tuple[str, int, str]]:
            return [row[1:4] for row in reader.page("instances", [Condition("run", "is", 1)]).rows]

        assert listed() == [("a", -1, "starting"), ("m", -1, "scheduled")]
        assert reader.page("instances", [Condition("state", "in", ["scheduled"])], (), 5).total == 1
        store.commit(batch(task_moves=[move("m", S.NONE, S.SCHEDULED, 0, map_index=1)]), epoch)
        assert listed() == [("a", -1, "starting"), ("m", 1, "scheduled")]
        assert reader.touched_groups([1]) == [(1, "m", 2)]


def test_values_are_listed_without_what_they_hold(store: Store) -> None:
    epoch = store.take_epoch()
    values = [ValueRow(1, "a", -1, key, 1, "int", None, "1") for key in ("k", "return_value")]
    store.commit(batch(new_runs=[new_run(1)], values=values), epoch)
    with store.reader() as reader:
        found = reader.page("values", [Condition("key", "prefix", ["ret"])], (), 5)
        assert [row[1:4] for row in found.rows] == [("a", -1, "return_value")]


ORDERS = [(), ("logical_date",), ("-logical_date",), ("-dag_id", "run_id"), ("duration", "-id"), ("note", "state")]


@pytest.mark.parametrize("order", ORDERS, ids=map(str, ORDERS))
@pytest.mark.parametrize("size", [1, 2, 3, 9])
def test_a_row_leads_to_those_after_it_and_before_it_in_any_order(several: Store, order: Any, size: int) -> None:
    """By what it is ordered by, so that a row that comes or goes meanwhile moves no other."""
    by = [Order(name.removeprefix("-"), name.startswith("-")) for name in order]
    with several.reader() as reader:
        whole = [row[0] for row in reader.page("runs", (), by).rows]
        forth: list[int] = []
        pages = [reader.seek("runs", (), by, size)]
        while True:
            forth += [row[0] for row in pages[-1].rows]
            if not pages[-1].more:
                break
            pages.append(reader.seek("runs", (), by, size, pages[-1].keys[-1]))
        assert forth == whole
        back = [row[0] for row in pages[-1].rows]
        at = pages[-1]
        while (at := reader.seek("runs", (), by, size, at.keys[0], backwards=True)).rows:
            back = [row[0] for row in at.rows] + back
            if not at.more:
                break
        assert back == whole


def test_a_row_that_is_gone_meanwhile_still_says_where_it_was(several: Store) -> None:
    with several.reader() as reader:
        first = reader.seek("runs", (), [Order("run_id")], 2)
        others = [Condition("run_id", "out", [first.rows[-1][2]])]
        assert [row[2] for row in reader.seek("runs", others, [Order("run_id")], 9, first.keys[-1]).rows] == [
            row[2] for row in reader.page("runs", (), [Order("run_id")]).rows[2:]
        ]
