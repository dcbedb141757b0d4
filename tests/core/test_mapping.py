from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from venturi.core import mapping

sizes = st.lists(st.integers(min_value=1, max_value=5), min_size=1, max_size=4)


@given(sizes)
def test_every_combination_is_met_once_with_the_last_argument_varying_fastest(lengths: list[int]) -> None:
    got = [tuple(mapping.indices(lengths, i)) for i in range(mapping.count(lengths))]
    assert got == list(product(*(range(n) for n in lengths)))


def test_an_empty_argument_gives_no_instance() -> None:
    assert mapping.count([3, 0, 2]) == 0
