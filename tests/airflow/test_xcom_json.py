"""The JSON that classes of values of official providers write."""

import json
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest

from venturi.airflow.xcom_json import XComDecoder, XComEncoder


def test_what_is_written_is_read_as_it_was():
    value = {
        "plain": [1, 2.5, None, True, "text", {"deep": []}],
        "at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc),
        "day": date(2026, 1, 2),
        "for": timedelta(hours=1.5),
        "price": Decimal("1.10"),
        "id": UUID(int=7),
        "raw": b"\x00\xff",
        "pair": (1, (date(2026, 1, 2), {3})),
    }
    text = json.dumps(value, cls=XComEncoder)
    assert json.loads(text, cls=XComDecoder) == value
    assert json.loads(text)["plain"] == value["plain"]


@pytest.mark.parametrize("value", [object(), {1: 2}])
def test_what_cannot_be_written_is_an_error(value):
    with pytest.raises(TypeError, match="Return"):
        json.dumps([value], cls=XComEncoder)
