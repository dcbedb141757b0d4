"""What an expression of assets means: whether the events there are enough, and what must still come."""

from __future__ import annotations

from typing import Any

import pytest

from venturi.core import assets
from venturi.core.assets import Pile


def asset(name: str, uri: str | None = None) -> dict[str, Any]:
    return {"asset": {"name": name, "uri": uri or f"s3://{name}"}}


A, B, C = asset("a"), asset("b"), asset("c")
KEYS = {name: (name, f"s3://{name}") for name in "abc"}


def of_alias(alias: str) -> set[tuple[str, str]]:
    return {KEYS["b"]} if alias == "z" else set()


@pytest.mark.parametrize(
    ("expression", "enough", "not_enough"),
    [
        (A, ["a", "ab"], ["", "b"]),
        ({"all": [A, B]}, ["ab", "abc"], ["", "a", "b", "c"]),
        ({"any": [A, B]}, ["a", "b", "ab"], ["", "c"]),
        ({"all": [A, {"any": [B, C]}]}, ["ab", "ac"], ["a", "b", "bc"]),
        ({"any": [A, {"all": [B, C]}]}, ["a", "bc"], ["b", "c"]),
        ({"alias": "z"}, ["b"], ["a", "c"]),
        ({"alias": "nobody's"}, [], ["abc"]),
        ({"ref": {"name": "a"}}, ["a"], ["b"]),
        ({"ref": {"uri": "s3://a"}}, ["a"], ["b"]),
        ({"all": [{"ref": {"name": "a"}}, {"alias": "z"}]}, ["ab"], ["a", "b"]),
    ],
)
def test_a_condition_holds_by_what_there_is(expression: Any, enough: list[str], not_enough: list[str]) -> None:
    for there in enough:
        assert assets.holds(expression, [KEYS[name] for name in there], of_alias), there
        assert assets.lacking(expression, [KEYS[name] for name in there], of_alias) == ""
    for there in not_enough:
        assert not assets.holds(expression, [KEYS[name] for name in there], of_alias), there
        assert assets.lacking(expression, [KEYS[name] for name in there], of_alias)


def test_an_asset_is_told_by_name_and_uri_together() -> None:
    assert not assets.holds(A, [("a", "s3://other")], of_alias)


def test_what_lacks_is_said_in_words() -> None:
    both = {"all": [A, {"any": [B, {"alias": "y"}]}, {"ref": {"uri": "s3://c"}}]}
    assert assets.lacking(both, [KEYS["a"]], of_alias) == "(asset b or an asset of alias y) and asset s3://c"
    pile = Pile(*KEYS["a"])
    pile.add(1_769_860_980.0, counts=True)
    assert assets.waits_for({"all": [A, B]}, [pile], of_alias) == (
        "waits for asset b (has a since 2026-01-31 12:03 UTC)"
    )
    assert assets.waits_for({"all": [A, B]}, [], of_alias) == "waits for asset a and asset b"
    assert assets.waits_for(A, [pile], of_alias) == "has what it waits for (a since 2026-01-31 12:03 UTC)"


def test_an_expression_names_what_concerns_it() -> None:
    expression = {"any": [A, {"all": [{"alias": "z"}, {"ref": {"name": "n"}}]}]}
    assert list(assets.names_in(expression)) == [("asset", KEYS["a"]), ("alias", "z"), ("name", "n")]
    assert assets.concerns(expression, KEYS["b"], of_alias)
    assert assets.concerns(expression, ("n", "anywhere"), of_alias)
    assert not assets.concerns(expression, KEYS["c"], of_alias)


def test_a_pile_counts_what_came_while_its_dag_was_not_paused_and_spans_all() -> None:
    pile = Pile(*KEYS["a"])
    pile.add(5.0, counts=False, interval=(1.0, 2.0))
    assert (pile.n, pile.start, pile.end) == (0, 1.0, 2.0)
    pile.add(7.0, counts=True)
    pile.add(6.0, counts=True, interval=(None, 9.0))
    assert (pile.n, pile.first_at, pile.start, pile.end) == (2, 6.0, 1.0, 9.0)


@pytest.mark.parametrize(
    ("schedule", "condition"),
    [
        (None, None),
        ("@daily", None),
        ({"every_s": 60.0}, None),
        ({"assets": A}, A),
        ({"timetable": "AssetOrTimeSchedule", "assets": A, "time": "@daily"}, A),
    ],
)
def test_a_schedule_says_which_assets_start_it(schedule: Any, condition: Any) -> None:
    assert assets.condition_in(schedule) == condition
