from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .stand_in import House


@pytest.fixture
def make_house(tmp_path: Path) -> Iterator[Callable[..., House]]:
    houses: list[House] = []

    def make(start: bool = True, **config: Any) -> House:
        house = House(tmp_path / f"home{len(houses)}", **config)
        houses.append(house)
        if start:
            house.start_crew()
        return house

    yield make
    for house in houses:
        house.close()


@pytest.fixture
def house(make_house: Callable[..., House]) -> House:
    return make_house()
