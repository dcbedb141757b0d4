"""The official client of Airflow 3.3, from the registry and unmodified, against `venturi up`."""

from __future__ import annotations

import pytest

from .tour import SHARE_MIN, share, table, take_tour


@pytest.mark.slow
def test_nine_of_ten_operations_of_the_official_client_are_answered(tmp_path):
    told = take_tour(tmp_path)
    print(table(told))
    assert not told["failures"]
    assert share(told) >= SHARE_MIN
