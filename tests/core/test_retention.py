"""Which runs may go: by age and by number."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from venturi.core.errors import Refused
from venturi.core.retention import Rule, rule_of

NOW = 1_700_000_000.0
DAY = 86_400.0


class Row(NamedTuple):
    id: int
    ended_at: float | None
    state: str = "success"
    run_id: str = "r"


@pytest.mark.parametrize(
    ("row", "goes"),
    [
        (Row(1, NOW - 9 * DAY), True),
        (Row(1, NOW - 9 * DAY, "failed"), True),
        (Row(1, NOW - DAY), False),  # too young
        (Row(1, None, "running"), False),
        (Row(1, NOW - 9 * DAY, "queued"), False),  # begun anew after it had ended
        (Row(5, NOW - 9 * DAY), False),  # of the newest
        (Row(3, NOW - 9 * DAY), False),  # somebody looks back at it
    ],
)
def test_a_run_goes_when_it_is_old_and_over_and_nobody_needs_it(row: Row, goes: bool) -> None:
    assert Rule(NOW - 5 * DAY).holds_for(row, 5, {3}) is goes


def test_by_number_alone_its_age_is_nothing() -> None:
    assert Rule(None, 3).holds_for(Row(1, NOW), 5, ())


def test_a_stretch_of_young_runs_ends_the_search() -> None:
    rule = Rule(NOW)
    assert rule.is_past([Row(1, NOW + 1), Row(2, NOW + 2)])
    assert not rule.is_past([Row(1, NOW + 1), Row(2, NOW - 1)])
    assert not rule.is_past([Row(1, None)])
    assert not Rule(None).is_past([Row(1, NOW + 1)])


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("90d", NOW - 90 * DAY),
        ("12h", NOW - DAY / 2),
        ("2w", NOW - 14 * DAY),
        ("1.5d", NOW - 1.5 * DAY),
        ("2023-11-01", 1_698_796_800.0),
        ("2023-11-01T01:00:00+01:00", 1_698_796_800.0),
    ],
)
def test_how_old_is_an_age_or_a_date(text: str, moment: float) -> None:
    assert rule_of(text, None, (), NOW) == Rule(moment)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ((None, None), "Nothing says what may go. Say --before AGE or DATE, or --keep N."),
        (("old", None), "--before 'old' is no age and no date; write it like 90d, 12h, 2w or 2026-01-31."),
        (("2024-01-01", None), "--before 2024-01-01 is still to come; what is not over stays."),
        ((None, 0), "--keep 0 is too few. The newest run of a DAG stays in any case."),
    ],
)
def test_what_cannot_be_is_one_sentence(given: tuple[str | None, int | None], sentence: str) -> None:
    with pytest.raises(Refused) as caught:
        rule_of(*given, (), NOW)
    assert str(caught.value) == sentence
